/* A provider of our own that knows keys by their public half and asks somebody else for signatures.
 *
 * It lives in a library context of its own, in which nothing else is: its keys are of type "SM2" or "EC" there, as
 * libssl wants them, and no search for an SM2 implementation anywhere else in the process ever finds it. Its one
 * signature has a name that nobody else has, so that OpenSSL does not try to sign with another provider's. */
#include "tls/remote_key_parts.h"

#include <stdlib.h>

#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include "crypto/context.h"

#define PROVIDER "cathaya-remote"
#define PROPERTIES "provider=" PROVIDER
#define SIGNATURE "CATHAYA-REMOTE"
/* Our own parameter of fromdata: where the key is in memory. */
#define PARAM_KEY "cathaya-remote-key"

struct remote_key *remote_key_keep(struct remote_key *key)
{
    (void)atomic_fetch_add_explicit(&key->count, 1, memory_order_relaxed);
    return key;
}

void remote_key_release(struct remote_key *key)
{
    if (key == NULL || atomic_fetch_sub_explicit(&key->count, 1, memory_order_acq_rel) > 1)
        return;
    EVP_PKEY_free(key->public_half);
    free(key);
}

const char *remote_key_take_reason(void)
{
    return remote_signature_take_reason();
}

/* ---- key management: a holder of one remote_key ---- */

static void *keymgmt_new(void *provider)
{
    (void)provider;
    return calloc(1, sizeof(struct remote_holder));
}

static void keymgmt_free(void *data)
{
    struct remote_holder *holder = data;
    if (holder == NULL)
        return;
    remote_key_release(holder->key);
    free(holder);
}

static void *keymgmt_dup(const void *data, int selection)
{
    const struct remote_holder *from = data;
    struct remote_holder *to = calloc(1, sizeof *to);
    (void)selection;
    if (to != NULL && from->key != NULL)
        to->key = remote_key_keep(from->key);
    return to;
}

static int keymgmt_has(const void *data, int selection)
{
    const struct remote_holder *holder = data;
    (void)selection;
    return holder != NULL && holder->key != NULL;
}

static int keymgmt_match(const void *a, const void *b, int selection)
{
    const struct remote_holder *one = a, *other = b;
    (void)selection;
    return one->key != NULL && other->key != NULL && EVP_PKEY_eq(one->key->public_half, other->key->public_half) == 1;
}

/* Only what remote_key_new hands over: another provider's key is no key of ours. */
static int keymgmt_import(void *data, int selection, const OSSL_PARAM params[])
{
    struct remote_holder *holder = data;
    struct remote_key *key = NULL;
    void *at = (void *)&key;
    size_t len = 0;
    const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, PARAM_KEY);
    (void)selection;
    if (p == NULL || OSSL_PARAM_get_octet_string(p, &at, sizeof key, &len) != 1 || len != sizeof key || key == NULL)
        return 0;
    holder->key = remote_key_keep(key);
    return 1;
}

static const OSSL_PARAM *keymgmt_import_types(int selection)
{
    static const OSSL_PARAM types[] = {OSSL_PARAM_octet_string(PARAM_KEY, NULL, 0), OSSL_PARAM_END};
    (void)selection;
    return types;
}

/* The public half is all that there is to give. */
static int keymgmt_export(void *data, int selection, OSSL_CALLBACK *callback, void *argument)
{
    const struct remote_holder *holder = data;
    OSSL_PARAM *params = NULL;
    (void)selection;
    if (holder->key == NULL || EVP_PKEY_todata(holder->key->public_half, EVP_PKEY_PUBLIC_KEY, &params) != 1)
        return 0;
    int result = callback(params, argument);
    OSSL_PARAM_free(params);
    return result;
}

static const OSSL_PARAM *keymgmt_export_types(int selection)
{
    static const OSSL_PARAM types[] = {OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
                                       OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0), OSSL_PARAM_END};
    (void)selection;
    return types;
}

static int keymgmt_get_params(void *data, OSSL_PARAM params[])
{
    const struct remote_holder *holder = data;
    return holder->key != NULL && EVP_PKEY_get_params(holder->key->public_half, params) == 1;
}

static const OSSL_PARAM *keymgmt_gettable(void *provider)
{
    static const OSSL_PARAM types[] = {OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
                                       OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
                                       OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
                                       OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
                                       OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL, 0),
                                       OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, NULL, 0),
                                       OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0), OSSL_PARAM_END};
    (void)provider;
    return types;
}

static const char *keymgmt_operation(int operation)
{
    return operation == OSSL_OP_SIGNATURE ? SIGNATURE : NULL;
}

static const OSSL_DISPATCH keymgmt[] = {
    ROW(OSSL_FUNC_KEYMGMT_NEW, keymgmt_new),
    ROW(OSSL_FUNC_KEYMGMT_FREE, keymgmt_free),
    ROW(OSSL_FUNC_KEYMGMT_DUP, keymgmt_dup),
    ROW(OSSL_FUNC_KEYMGMT_HAS, keymgmt_has),
    ROW(OSSL_FUNC_KEYMGMT_MATCH, keymgmt_match),
    ROW(OSSL_FUNC_KEYMGMT_IMPORT, keymgmt_import),
    ROW(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, keymgmt_import_types),
    ROW(OSSL_FUNC_KEYMGMT_EXPORT, keymgmt_export),
    ROW(OSSL_FUNC_KEYMGMT_EXPORT_TYPES, keymgmt_export_types),
    ROW(OSSL_FUNC_KEYMGMT_GET_PARAMS, keymgmt_get_params),
    ROW(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, keymgmt_gettable),
    ROW(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, keymgmt_operation),
    OSSL_DISPATCH_END,
};

/* ---- the provider ---- */

/* Key types as the default provider calls them, whose other names X.509 and libssl may use. */
static const OSSL_ALGORITHM keymgmts[] = {
    {"SM2:1.2.156.10197.1.301", PROPERTIES, keymgmt, NULL},
    {"EC:id-ecPublicKey:1.2.840.10045.2.1", PROPERTIES, keymgmt, NULL},
    {"ED25519:1.3.101.112", PROPERTIES, keymgmt, NULL},
    {"ML-DSA-44:MLDSA44:2.16.840.1.101.3.4.3.17:id-ml-dsa-44", PROPERTIES, keymgmt, NULL},
    {"ML-DSA-65:MLDSA65:2.16.840.1.101.3.4.3.18:id-ml-dsa-65", PROPERTIES, keymgmt, NULL},
    {"ML-DSA-87:MLDSA87:2.16.840.1.101.3.4.3.19:id-ml-dsa-87", PROPERTIES, keymgmt, NULL},
    {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM signatures[] = {
    {SIGNATURE, PROPERTIES, remote_signature, NULL},
    {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM *query(void *provider, int operation, int *no_cache)
{
    (void)provider;
    *no_cache = 0;
    if (operation == OSSL_OP_KEYMGMT)
        return keymgmts;
    return operation == OSSL_OP_SIGNATURE ? signatures : NULL;
}

static int provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out, void **context)
{
    static const OSSL_DISPATCH functions[] = {ROW(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query), OSSL_DISPATCH_END};
    static char nothing;
    (void)handle;
    (void)in;
    *out = functions;
    *context = &nothing;
    return 1;
}

/* Once in the process, and until its end. */
static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
static OSSL_LIB_CTX *library;

static void load(void)
{
    OSSL_LIB_CTX *ctx = OSSL_LIB_CTX_new();
    if (ctx != NULL && OSSL_PROVIDER_add_builtin(ctx, PROVIDER, provider_init) == 1 &&
        OSSL_PROVIDER_load(ctx, PROVIDER) != NULL)
        library = ctx;
    else
        OSSL_LIB_CTX_free(ctx);
}

enum status remote_key_new(EVP_PKEY *public_half, const struct remote_signer *signer, EVP_PKEY **out,
                           struct error *err)
{
    *out = NULL;
    (void)context_library();
    struct remote_key *key = CRYPTO_THREAD_run_once(&once, load) == 1 && library != NULL ? calloc(1, sizeof *key) : NULL;
    if (key == NULL)
        return error_set(err, STATUS_NO_MEMORY, "remote key: %s", context_openssl_reason());
    atomic_init(&key->count, 1);
    key->signer = *signer;
    key->is_gm = EVP_PKEY_is_a(public_half, "SM2") == 1;
    if (EVP_PKEY_up_ref(public_half) == 1)
        key->public_half = public_half;
    OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string(PARAM_KEY, (void *)&key, sizeof key), OSSL_PARAM_END};
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(library, EVP_PKEY_get0_type_name(public_half), NULL);
    bool is_made = ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
                   EVP_PKEY_fromdata(ctx, out, EVP_PKEY_KEYPAIR, params) == 1;
    EVP_PKEY_CTX_free(ctx);
    remote_key_release(key); /* OpenSSL's key keeps it */
    if (is_made)
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "remote key: not for a key of type %s: %s", EVP_PKEY_get0_type_name(public_half),
                     context_openssl_reason());
}
