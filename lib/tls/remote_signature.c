/* Signatures of remote keys: what OpenSSL asks for becomes a question to the signer. */
#include "tls/remote_key_parts.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "crypto/context.h"
#include "crypto/evp_key.h"
#include "rules/tls_names.h"

#define ID_MAX 64
/* What TLS signs: 64 spaces, a context string and a hash; or two randoms and a key share. ML-DSA keys and RSA
 * groups never come here. */
#define MESSAGE_MAX 4096

static _Thread_local char reason[ERROR_TEXT_MAX];
static _Thread_local bool has_reason;

const char *remote_signature_take_reason(void)
{
    bool is_new = has_reason;
    has_reason = false;
    return is_new ? reason : "";
}

struct operation {
    struct remote_key *key;
    uint16_t scheme;
    char id[ID_MAX];
    size_t id_len;
};

static void *signature_new(void *provider, const char *properties)
{
    (void)provider;
    (void)properties;
    return calloc(1, sizeof(struct operation));
}

static void signature_free(void *context)
{
    struct operation *op = context;
    if (op == NULL)
        return;
    remote_key_release(op->key);
    free(op);
}

/* The scheme of the key, which fixes the digest [RFC8446 4.2.3]. TLS 1.2 lets ECDSA take others: not here. */
static bool set_scheme(struct operation *op, const char *digest)
{
    static const struct {
        uint16_t scheme;
        const char *digest;
    } rows[] = {{TLS_SCHEME_SM2SIG_SM3, "SM3"}, {TLS_SCHEME_ECDSA_P256_SHA256, "SHA256"}, {0x0503, "SHA384"}, {0x0603, "SHA512"}};
    char group[64] = "";
    EVP_PKEY *key = op->key->public_half;
    (void)EVP_PKEY_get_group_name(key, group, sizeof group, NULL);
    struct tls_codes schemes = tls_names_key_schemes(EVP_PKEY_get0_type_name(key), group, true);
    if (schemes.count == 0)
        return false;
    op->scheme = schemes.codes[0];
    bool is_named = digest != NULL && digest[0] != '\0', has_digest = false;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].scheme != op->scheme)
            continue;
        has_digest = true;
        EVP_MD *md = is_named ? EVP_MD_fetch(context_library(), digest, context_properties()) : NULL;
        bool is_right = !is_named || (md != NULL && EVP_MD_is_a(md, rows[i].digest) == 1);
        EVP_MD_free(md);
        if (!is_right)
            return false;
    }
    return has_digest || !is_named;
}

static int signature_set_params(void *context, const OSSL_PARAM params[])
{
    struct operation *op = context;
    const OSSL_PARAM *p;
    void *at = op->id;
    if (params == NULL)
        return 1;
    p = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_DIST_ID);
    if (p != NULL)
        return OSSL_PARAM_get_octet_string(p, &at, sizeof op->id, &op->id_len);
    /* libssl says which version it is, and means the ID by that. */
    if (op->key != NULL && op->key->is_gm && OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_TLS_VERSION) != NULL) {
        memcpy(op->id, SM2_TLS_ID, sizeof SM2_TLS_ID - 1);
        op->id_len = sizeof SM2_TLS_ID - 1;
    }
    return 1;
}

static int signature_init(void *context, const char *digest, void *key, const OSSL_PARAM params[])
{
    struct operation *op = context;
    const struct remote_holder *holder = key;
    if (holder != NULL && holder->key != NULL && op->key != holder->key) {
        remote_key_release(op->key);
        op->key = remote_key_keep(holder->key);
    }
    return op->key != NULL && set_scheme(op, digest) && signature_set_params(op, params);
}

static int signature_sign(void *context, unsigned char *out, size_t *len, size_t size, const unsigned char *message,
                          size_t message_len)
{
    struct operation *op = context;
    struct builder signature;
    struct error err = {.text = ""};
    int max = EVP_PKEY_get_size(op->key->public_half);
    has_reason = false;
    if (max <= 0)
        return 0;
    if (out == NULL) {
        *len = (size_t)max;
        return 1;
    }
    builder_init(&signature, (size_t)max);
    enum status s = message_len <= MESSAGE_MAX
                        ? op->key->signer.sign(op->key->signer.context, op->scheme, bytes_of(op->id, op->id_len),
                                               bytes_of(message, message_len), &signature, &err)
                        : error_set(&err, STATUS_LIMIT, "a message of %zu bytes", message_len);
    bool is_good = s == STATUS_OK && builder_is_good(&signature) && signature.len > 0 && signature.len <= size;
    if (is_good) {
        memcpy(out, signature.data, signature.len);
        *len = signature.len;
    } else {
        (void)error_prefix(&err, s != STATUS_OK ? s : error_set(&err, STATUS_LIMIT, "a signature that is too long"),
                           "the remote key does not sign");
        memcpy(reason, err.text, sizeof reason);
        has_reason = true;
    }
    builder_clear(&signature);
    return is_good ? 1 : 0;
}

static const OSSL_PARAM *signature_settable(void *context, void *provider)
{
    static const OSSL_PARAM types[] = {OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_DIST_ID, NULL, 0),
                                       OSSL_PARAM_int(OSSL_SIGNATURE_PARAM_TLS_VERSION, NULL), OSSL_PARAM_END};
    (void)context;
    (void)provider;
    return types;
}

const OSSL_DISPATCH remote_signature[] = {
    ROW(OSSL_FUNC_SIGNATURE_NEWCTX, signature_new),
    ROW(OSSL_FUNC_SIGNATURE_FREECTX, signature_free),
    ROW(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, signature_init),
    ROW(OSSL_FUNC_SIGNATURE_DIGEST_SIGN, signature_sign),
    ROW(OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, signature_set_params),
    ROW(OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, signature_settable),
    OSSL_DISPATCH_END,
};
