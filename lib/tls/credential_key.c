/* The private key of a credential: from PEM, from OpenSSL's store, or somewhere else. */
#include "tls/tls_credential_parts.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "crypto/context.h"
#include "crypto/evp_key.h"
#include "crypto/key.h"

/* What a server signs in TLS 1.3, over a transcript hash that none has: a key that is asked to prove itself
 * is asked for nothing that it would refuse, and gives nothing away [RFC8446 4.4.3]. */
#define TRIAL_SPACES 64
#define TRIAL_CONTEXT "TLS 1.3, server CertificateVerify"
#define TRIAL_SIZE (TRIAL_SPACES + sizeof TRIAL_CONTEXT + 32)

static void fill_trial(uint8_t out[TRIAL_SIZE])
{
    memset(out, 0, TRIAL_SIZE);
    memset(out, ' ', TRIAL_SPACES);
    memcpy(out + TRIAL_SPACES, TRIAL_CONTEXT, sizeof TRIAL_CONTEXT);
}

/* The one that TLS signs with: of ECDSA that of the curve. NULL: the algorithm has none. */
static const char *trial_digest(EVP_PKEY *key)
{
    if (EVP_PKEY_is_a(key, "SM2"))
        return "SM3";
    if (EVP_PKEY_is_a(key, "EC"))
        return EVP_PKEY_get_bits(key) <= 256 ? "SHA256" : EVP_PKEY_get_bits(key) <= 384 ? "SHA384" : "SHA512";
    return EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS") ? "SHA256" : NULL;
}

/* Signs, or verifies, the trial message. */
static bool try_once(EVP_PKEY *key, bool is_gm, const char *digest, uint8_t *signature, size_t *len, bool is_sign)
{
    uint8_t trial[TRIAL_SIZE];
    char id[] = SM2_TLS_ID;
    OSSL_PARAM params[2] = {OSSL_PARAM_END, OSSL_PARAM_END};
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (is_gm)
        params[0] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_DIST_ID, id, sizeof id - 1);
    fill_trial(trial);
    bool ok = ctx != NULL;
    if (ok && is_sign)
        ok = EVP_DigestSignInit_ex(ctx, NULL, digest, context_library(), context_properties(), key, params) == 1 &&
             EVP_DigestSign(ctx, signature, len, trial, sizeof trial) == 1;
    else if (ok)
        ok = EVP_DigestVerifyInit_ex(ctx, NULL, digest, context_library(), context_properties(), key, params) == 1 &&
             EVP_DigestVerify(ctx, signature, *len, trial, sizeof trial) == 1;
    EVP_MD_CTX_free(ctx);
    return ok;
}

static enum status try_key(const struct tls_credential *c, struct error *err)
{
    EVP_PKEY *public = X509_get0_pubkey(c->leaf);
    int max = EVP_PKEY_get_size(public);
    size_t len = max > 0 ? (size_t)max : 0;
    bool is_gm = EVP_PKEY_is_a(public, "SM2") == 1;
    const char *digest = trial_digest(public);
    uint8_t *signature = OPENSSL_malloc(len + 1);
    bool is_made = signature != NULL && len > 0 && try_once(c->key, is_gm, digest, signature, &len, true);
    bool is_good = is_made && try_once(public, is_gm, digest, signature, &len, false);
    OPENSSL_free(signature);
    const char *why = context_openssl_reason(), *signer = remote_key_take_reason();
    if (is_good)
        return STATUS_OK;
    if (is_made)
        return error_set(err, STATUS_USAGE, "private key: it is not the leaf's");
    return error_set(err, STATUS_USAGE, "private key: it does not sign: %s",
                     signer[0] != '\0' ? signer : why);
}

static enum status read_pem(struct tls_credential *c, struct bytes pem, struct error *err)
{
    if (pem.len > KEY_PEM_MAX)
        return error_set(err, STATUS_USAGE, "private key: a file longer than %d bytes", KEY_PEM_MAX);
    c->key = evp_key_read_pem(pem);
    if (c->key == NULL)
        return error_set(err, STATUS_USAGE, "private key: not an unencrypted PEM private key: %s",
                         context_openssl_reason());
    if (EVP_PKEY_eq(X509_get0_pubkey(c->leaf), c->key) != 1)
        return error_set(err, STATUS_USAGE, "private key: it is not the leaf's: %s", context_openssl_reason());
    return STATUS_OK;
}

static enum status load_uri(struct tls_credential *c, const char *uri, const char *provider, struct error *err)
{
    enum status s = context_load_provider(provider != NULL ? provider : "", err);
    if (s == STATUS_OK)
        s = evp_key_load_uri(uri, &c->key, err);
    return s == STATUS_OK ? try_key(c, err) : error_prefix(err, s, "private key");
}

enum status credential_key_open(struct tls_credential *c, const struct tls_credential_settings *settings,
                                struct error *err)
{
    int count = (settings->key_pem.len > 0) + (settings->key_uri != NULL) + (settings->key_remote != NULL);
    if (count != 1)
        return error_set(err, STATUS_USAGE, "private key: %s", count == 0 ? "there is none" : "more than one");
    if (settings->key_pem.len > 0)
        return read_pem(c, settings->key_pem, err);
    if (settings->key_uri != NULL)
        return load_uri(c, settings->key_uri, settings->key_provider, err);
    enum status s = remote_key_new(X509_get0_pubkey(c->leaf), settings->key_remote, &c->key, err);
    return s == STATUS_OK && !settings->key_remote->is_away ? try_key(c, err) : s;
}
