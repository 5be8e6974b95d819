#include "crypto/key.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "crypto/context.h"
#include "crypto/evp_key.h"

struct public_key {
    const struct signature_alg *alg;
    EVP_PKEY *pkey;
    uint8_t *spki;
    size_t spki_len;
};

struct private_key {
    struct public_key public;
    EVP_PKEY *token; /* signs, where a provider keeps the private half; NULL: public.pkey has it */
};

static enum status no_memory(struct error *err)
{
    return error_set(err, STATUS_NO_MEMORY, "out of memory");
}

/* The key must be of the algorithm's type, and on its curve when the algorithm names one. */
static bool is_key_of(EVP_PKEY *pkey, const struct signature_alg *alg)
{
    if (pkey == NULL || !EVP_PKEY_is_a(pkey, alg->key_type))
        return false;
    if (alg->group[0] == '\0')
        return true;
    char group[64];
    size_t len = 0;
    if (EVP_PKEY_get_group_name(pkey, group, sizeof group, &len) != 1)
        return false;
    return EC_curve_nist2nid(alg->group) == OBJ_sn2nid(group);
}

/* Takes pkey in every case. Keeps the canonical SPKI, made by the library itself. */
static enum status adopt(struct public_key *key, const struct signature_alg *alg, EVP_PKEY *pkey,
                         struct error *err)
{
    key->alg = alg;
    key->pkey = pkey;
    if (!is_key_of(pkey, alg))
        return error_set(err, STATUS_MALFORMED, "not a key of algorithm %s", alg->name);
    unsigned char *der;
    size_t len = evp_key_write_spki(pkey, &der);
    if (len == 0)
        return no_memory(err);
    key->spki = malloc(len);
    if (key->spki != NULL)
        memcpy(key->spki, der, len);
    key->spki_len = len;
    OPENSSL_free(der);
    return key->spki != NULL ? STATUS_OK : no_memory(err);
}

static void release(struct public_key *key)
{
    EVP_PKEY_free(key->pkey);
    free(key->spki);
}

static EVP_PKEY *decode_spki(const struct signature_alg *alg, struct bytes spki)
{
    EVP_PKEY *pkey = NULL;
    OSSL_DECODER_CTX *decoder =
        OSSL_DECODER_CTX_new_for_pkey(&pkey, "DER", "SubjectPublicKeyInfo", alg->key_type,
                                      EVP_PKEY_PUBLIC_KEY, context_library(), context_properties());
    const unsigned char *at = spki.data;
    size_t left = spki.len;
    if (decoder != NULL)
        (void)OSSL_DECODER_from_data(decoder, &at, &left);
    OSSL_DECODER_CTX_free(decoder);
    (void)context_openssl_reason();
    return pkey;
}

enum status public_key_new(const struct signature_alg *alg, struct bytes spki,
                           struct public_key **out, struct error *err)
{
    *out = NULL;
    if (spki.len > KEY_SPKI_MAX)
        return error_set(err, STATUS_LIMIT, "public key longer than %d bytes", KEY_SPKI_MAX);
    struct public_key *key = calloc(1, sizeof *key);
    if (key == NULL)
        return no_memory(err);
    enum status s = adopt(key, alg, decode_spki(alg, spki), err);
    /* Points have several encodings and DER has readers that are lax: one key, one spelling. */
    if (s == STATUS_OK && !bytes_equal(spki, public_key_spki(key)))
        s = error_set(err, STATUS_MALFORMED, "public key of %s is not in its canonical encoding", alg->name);
    if (s != STATUS_OK) {
        public_key_free(key);
        return s;
    }
    *out = key;
    return STATUS_OK;
}

void public_key_free(struct public_key *key)
{
    if (key == NULL)
        return;
    release(key);
    free(key);
}

struct bytes public_key_spki(const struct public_key *key)
{
    return bytes_of(key->spki, key->spki_len);
}

const struct signature_alg *public_key_alg(const struct public_key *key)
{
    return key->alg;
}

/* A digest-sign or digest-verify context. SM2's ID must be there before the digest starts, because it
 * is hashed first; so it goes in with the parameters of the init call. */
static EVP_MD_CTX *start(const struct public_key *key, EVP_PKEY *pkey, bool is_sign, const char *sm2_id)
{
    OSSL_PARAM params[2] = {OSSL_PARAM_END, OSSL_PARAM_END};
    if (key->alg->has_sm2_id)
        params[0] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_DIST_ID, (void *)(uintptr_t)sm2_id, strlen(sm2_id));
    const char *digest = key->alg->digest[0] != '\0' ? key->alg->digest : NULL;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (ctx == NULL)
        return NULL;
    int ok = is_sign ? EVP_DigestSignInit_ex(ctx, NULL, digest, context_library(),
                                             context_properties(), pkey, params)
                     : EVP_DigestVerifyInit_ex(ctx, NULL, digest, context_library(),
                                               context_properties(), pkey, params);
    if (ok == 1)
        return ctx;
    EVP_MD_CTX_free(ctx);
    return NULL;
}

enum status public_key_verify(const struct public_key *key, struct bytes message,
                              struct bytes signature, struct error *err)
{
    EVP_MD_CTX *ctx = start(key, key->pkey, false, SM2_ID);
    if (ctx == NULL)
        return error_set(err, STATUS_NO_MEMORY, "%s: the crypto library cannot verify: %s",
                         key->alg->name, context_openssl_reason());
    int result = EVP_DigestVerify(ctx, signature.data, signature.len, message.data, message.len);
    EVP_MD_CTX_free(ctx);
    (void)context_openssl_reason();
    if (result == 1)
        return STATUS_OK;
    return error_set(err, STATUS_REFUSED, "the %s signature is not of this message by this key",
                     key->alg->name);
}

static enum status finish_private(const struct signature_alg *alg, EVP_PKEY *pkey,
                                  struct private_key **out, struct error *err)
{
    struct private_key *key = calloc(1, sizeof *key);
    if (key == NULL) {
        EVP_PKEY_free(pkey);
        return no_memory(err);
    }
    enum status s = adopt(&key->public, alg, pkey, err);
    if (s != STATUS_OK) {
        private_key_free(key);
        return s;
    }
    *out = key;
    return STATUS_OK;
}

enum status private_key_generate(const struct signature_alg *alg, struct private_key **out,
                                 struct error *err)
{
    *out = NULL;
    OSSL_PARAM params[2] = {OSSL_PARAM_END, OSSL_PARAM_END};
    char group[sizeof alg->group];
    if (alg->group[0] != '\0') {
        memcpy(group, alg->group, sizeof group);
        params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
    }
    EVP_PKEY_CTX *ctx =
        EVP_PKEY_CTX_new_from_name(context_library(), alg->key_type, context_properties());
    EVP_PKEY *pkey = NULL;
    bool is_made = ctx != NULL && EVP_PKEY_keygen_init(ctx) == 1 &&
                   EVP_PKEY_CTX_set_params(ctx, params) == 1 && EVP_PKEY_generate(ctx, &pkey) == 1;
    EVP_PKEY_CTX_free(ctx);
    if (!is_made)
        return error_set(err, STATUS_NO_MEMORY, "%s: key generation failed: %s", alg->name,
                         context_openssl_reason());
    return finish_private(alg, pkey, out, err);
}

enum status private_key_from_pem(const struct signature_alg *alg, struct bytes pem,
                                 struct private_key **out, struct error *err)
{
    *out = NULL;
    if (pem.len > KEY_PEM_MAX)
        return error_set(err, STATUS_LIMIT, "private key file longer than %d bytes", KEY_PEM_MAX);
    EVP_PKEY *pkey = evp_key_read_pem(pem);
    if (pkey == NULL)
        return error_set(err, STATUS_MALFORMED, "not an unencrypted PEM private key: %s",
                         context_openssl_reason());
    return finish_private(alg, pkey, out, err);
}

/* Nothing else is signed that looks like it. */
static enum status try_key(const struct private_key *key, struct error *err)
{
    static const char text[] = "cathaya: does this key fit its public half?";
    struct builder signature;
    builder_init(&signature, SIGNATURE_SIZE_MAX);
    enum status s = private_key_sign(key, bytes_of_text(text), &signature, err);
    if (s == STATUS_OK)
        s = public_key_verify(&key->public, bytes_of_text(text), builder_view(&signature), err);
    builder_clear(&signature);
    return s == STATUS_OK ? s : error_set(err, STATUS_REFUSED, "the key does not sign for its public half: %s",
                                          key->public.alg->name);
}

/* The provider has the private half, and everything public is done here: with a copy, in our own encoding. */
static enum status adopt_token(const struct signature_alg *alg, EVP_PKEY *token,
                               struct private_key **out, struct error *err)
{
    EVP_PKEY *copy = evp_key_public_copy(token);
    if (copy == NULL) {
        EVP_PKEY_free(token);
        return error_set(err, STATUS_MALFORMED, "the provider does not give the public half of a key of %s: %s",
                         alg->name, context_openssl_reason());
    }
    enum status s = finish_private(alg, copy, out, err);
    if (s != STATUS_OK) {
        EVP_PKEY_free(token);
        return s;
    }
    (*out)->token = token;
    return STATUS_OK;
}

enum status private_key_from_uri(const struct signature_alg *alg, const char *uri,
                                 const char *provider, struct private_key **out, struct error *err)
{
    EVP_PKEY *pkey;
    struct private_key *key = NULL;
    *out = NULL;
    enum status s = context_load_provider(provider, err);
    if (s == STATUS_OK)
        s = evp_key_load_uri(uri, &pkey, err);
    if (s != STATUS_OK)
        return s;
    /* An algorithm that only a provider knows is verified there too. */
    bool is_whole = evp_key_is_ours(pkey) || alg->provider[0] != '\0';
    s = is_whole ? finish_private(alg, pkey, &key, err) : adopt_token(alg, pkey, &key, err);
    if (s == STATUS_OK)
        s = try_key(key, err);
    if (s != STATUS_OK) {
        private_key_free(key);
        return s;
    }
    *out = key;
    return STATUS_OK;
}

void private_key_free(struct private_key *key)
{
    if (key == NULL)
        return;
    release(&key->public);
    EVP_PKEY_free(key->token);
    free(key);
}

enum status private_key_write_pem(const struct private_key *key, struct builder *out,
                                  struct error *err)
{
    if (!evp_key_write_pem(key->token != NULL ? key->token : key->public.pkey, out))
        return error_set(err, STATUS_NO_MEMORY, "%s: the key cannot be written as PKCS#8: %s",
                         key->public.alg->name, context_openssl_reason());
    return builder_status(out, "private key", err);
}

const struct public_key *private_key_public(const struct private_key *key)
{
    return &key->public;
}

static enum status sign_under(const struct private_key *key, const char *sm2_id, struct bytes message,
                              struct builder *out, struct error *err)
{
    const struct signature_alg *alg = key->public.alg;
    EVP_MD_CTX *ctx = start(&key->public, key->token != NULL ? key->token : key->public.pkey, true, sm2_id);
    size_t len = 0;
    if (ctx == NULL || EVP_DigestSign(ctx, NULL, &len, message.data, message.len) != 1) {
        EVP_MD_CTX_free(ctx);
        return error_set(err, STATUS_NO_MEMORY, "%s: the crypto library cannot sign: %s", alg->name,
                         context_openssl_reason());
    }
    size_t before = out->len;
    uint8_t *space = builder_space(out, len);
    bool is_signed = space != NULL && EVP_DigestSign(ctx, space, &len, message.data, message.len) == 1;
    EVP_MD_CTX_free(ctx);
    if (space == NULL)
        return builder_status(out, "signature", err);
    /* DER signatures vary in length; the first call gave the longest. */
    out->len = before + (is_signed ? len : 0);
    if (!is_signed)
        return error_set(err, STATUS_NO_MEMORY, "%s: signing failed: %s", alg->name,
                         context_openssl_reason());
    return STATUS_OK;
}

enum status private_key_sign(const struct private_key *key, struct bytes message,
                             struct builder *out, struct error *err)
{
    return sign_under(key, SM2_ID, message, out, err);
}

enum status private_key_sign_handshake(const struct private_key *key, struct bytes message,
                                       struct builder *out, struct error *err)
{
    return sign_under(key, SM2_TLS_ID, message, out, err);
}
