/* cathayatest.c - an OpenSSL provider as a token's would be: it knows OpenSSL's headers and the core's functions, links
 * no libcrypto, and keeps its private keys to itself.
 *
 *   cathayatest:NAME    the Ed25519 key whose seed is NAME, filled up with zeros
 *   cathayatest:none    nothing
 *   cathayatest:two     two keys
 *   cathayatest:liar    a key whose signatures are wrong
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <nettle/eddsa.h>
#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/core_object.h>

#define SCHEME "cathayatest:"

struct key {
    unsigned char seed[ED25519_KEY_SIZE], public[ED25519_KEY_SIZE];
    bool is_liar;
};

/* The core's function table is one of generic pointers. */
#define ROW(id, function) {id, (void (*)(void))(function)}

/* ---- the store ---- */

struct store {
    struct key *key;
    unsigned left;
};

static void *store_open(void *provider, const char *uri)
{
    (void)provider;
    size_t len = strlen(uri);
    const char *name = uri + sizeof SCHEME - 1;
    if (strncmp(uri, SCHEME, sizeof SCHEME - 1) != 0 || len - (sizeof SCHEME - 1) > ED25519_KEY_SIZE)
        return NULL;
    struct store *store = calloc(1, sizeof *store);
    struct key *key = calloc(1, sizeof *key);
    if (store == NULL || key == NULL) {
        free(store);
        free(key);
        return NULL;
    }
    memcpy(key->seed, name, strlen(name));
    ed25519_sha512_public_key(key->public, key->seed);
    key->is_liar = strcmp(name, "liar") == 0;
    store->key = key;
    store->left = strcmp(name, "none") == 0 ? 0 : strcmp(name, "two") == 0 ? 2 : 1;
    return store;
}

static int store_load(void *context, OSSL_CALLBACK *object, void *object_arg, OSSL_PASSPHRASE_CALLBACK *pass, void *pass_arg)
{
    struct store *store = context;
    int type = OSSL_OBJECT_PKEY;
    char name[] = "ED25519";
    (void)pass;
    (void)pass_arg;
    if (store->left == 0)
        return 0;
    store->left--;
    OSSL_PARAM params[] = {
        {OSSL_OBJECT_PARAM_TYPE, OSSL_PARAM_INTEGER, &type, sizeof type, 0},
        {OSSL_OBJECT_PARAM_DATA_TYPE, OSSL_PARAM_UTF8_STRING, name, sizeof name - 1, 0},
        {OSSL_OBJECT_PARAM_REFERENCE, OSSL_PARAM_OCTET_STRING, &store->key, sizeof store->key, 0},
        OSSL_PARAM_END,
    };
    return object(params, object_arg);
}

static int store_eof(void *context)
{
    return ((struct store *)context)->left == 0;
}

static int store_close(void *context)
{
    struct store *store = context;
    free(store->key);
    free(store);
    return 1;
}

static const OSSL_DISPATCH store_functions[] = {
    ROW(OSSL_FUNC_STORE_OPEN, store_open), ROW(OSSL_FUNC_STORE_LOAD, store_load),
    ROW(OSSL_FUNC_STORE_EOF, store_eof),   ROW(OSSL_FUNC_STORE_CLOSE, store_close), {0, NULL},
};

/* ---- keys: the public half comes out, the other does not ---- */

static void *key_new(void *provider)
{
    (void)provider;
    return calloc(1, sizeof(struct key));
}

static void key_free(void *key)
{
    free(key);
}

static void *key_load(const void *reference, size_t size)
{
    struct key *copy = malloc(sizeof *copy);
    if (copy != NULL && size == sizeof(struct key *))
        *copy = **(struct key *const *)reference;
    return copy;
}

static int key_has(const void *key, int selection)
{
    (void)key;
    (void)selection;
    return 1;
}

static int key_match(const void *a, const void *b, int selection)
{
    (void)selection;
    return memcmp(((const struct key *)a)->public, ((const struct key *)b)->public, ED25519_KEY_SIZE) == 0;
}

static int key_export(void *context, int selection, OSSL_CALLBACK *take, void *take_arg)
{
    struct key *key = context;
    OSSL_PARAM params[] = {{OSSL_PKEY_PARAM_PUB_KEY, OSSL_PARAM_OCTET_STRING, key->public, sizeof key->public, 0}, OSSL_PARAM_END};
    return (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) == 0 && take(params, take_arg);
}

static const OSSL_PARAM *key_export_types(int selection)
{
    static const OSSL_PARAM types[] = {{OSSL_PKEY_PARAM_PUB_KEY, OSSL_PARAM_OCTET_STRING, NULL, 0, 0}, OSSL_PARAM_END};
    return (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) == 0 ? types : NULL;
}

static const OSSL_PARAM *key_gettable(void *provider)
{
    static const OSSL_PARAM types[] = {
        {OSSL_PKEY_PARAM_BITS, OSSL_PARAM_INTEGER, NULL, 0, 0},
        {OSSL_PKEY_PARAM_SECURITY_BITS, OSSL_PARAM_INTEGER, NULL, 0, 0},
        {OSSL_PKEY_PARAM_MAX_SIZE, OSSL_PARAM_INTEGER, NULL, 0, 0},
        OSSL_PARAM_END,
    };
    (void)provider;
    return types;
}

static int key_get(void *context, OSSL_PARAM params[])
{
    static const struct {
        const char *name;
        int value;
    } rows[] = {{OSSL_PKEY_PARAM_BITS, 256}, {OSSL_PKEY_PARAM_SECURITY_BITS, 128}, {OSSL_PKEY_PARAM_MAX_SIZE, ED25519_SIGNATURE_SIZE}};
    (void)context;
    for (OSSL_PARAM *p = params; p->key != NULL; p++)
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
            if (strcmp(p->key, rows[i].name) == 0 && p->data_size == sizeof(int)) {
                memcpy(p->data, &rows[i].value, sizeof(int));
                p->return_size = sizeof(int);
            }
    return 1;
}

static const OSSL_DISPATCH key_functions[] = {
    ROW(OSSL_FUNC_KEYMGMT_NEW, key_new),       ROW(OSSL_FUNC_KEYMGMT_FREE, key_free),
    ROW(OSSL_FUNC_KEYMGMT_LOAD, key_load),     ROW(OSSL_FUNC_KEYMGMT_HAS, key_has),
    ROW(OSSL_FUNC_KEYMGMT_MATCH, key_match),   ROW(OSSL_FUNC_KEYMGMT_EXPORT, key_export),
    ROW(OSSL_FUNC_KEYMGMT_EXPORT_TYPES, key_export_types), ROW(OSSL_FUNC_KEYMGMT_GET_PARAMS, key_get),
    ROW(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, key_gettable),  {0, NULL},
};

/* ---- signatures ---- */

struct signature {
    struct key *key; /* borrowed */
};

static void *signature_new(void *provider, const char *properties)
{
    (void)provider;
    (void)properties;
    return calloc(1, sizeof(struct signature));
}

static void signature_free(void *context)
{
    free(context);
}

static int signature_init(void *context, const char *digest, void *key, const OSSL_PARAM params[])
{
    (void)params;
    if (key != NULL)
        ((struct signature *)context)->key = key;
    return digest == NULL || digest[0] == '\0';
}

static int signature_sign(void *context, unsigned char *out, size_t *len, size_t size, const unsigned char *text, size_t text_len)
{
    const struct key *key = ((struct signature *)context)->key;
    *len = ED25519_SIGNATURE_SIZE;
    if (out == NULL)
        return 1;
    if (size < ED25519_SIGNATURE_SIZE)
        return 0;
    ed25519_sha512_sign(key->public, key->seed, text_len, text, out);
    if (key->is_liar)
        out[0] ^= 1;
    return 1;
}

static const OSSL_DISPATCH signature_functions[] = {
    ROW(OSSL_FUNC_SIGNATURE_NEWCTX, signature_new), ROW(OSSL_FUNC_SIGNATURE_FREECTX, signature_free),
    ROW(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, signature_init), ROW(OSSL_FUNC_SIGNATURE_DIGEST_SIGN, signature_sign),
    {0, NULL},
};

/* ---- the provider ---- */

static const OSSL_ALGORITHM *query(void *provider, int operation, int *no_cache)
{
    static const char property[] = "provider=cathayatest";
    static const OSSL_ALGORITHM stores[] = {{"cathayatest", property, store_functions, NULL}, {NULL, NULL, NULL, NULL}};
    static const OSSL_ALGORITHM keys[] = {{"ED25519", property, key_functions, NULL}, {NULL, NULL, NULL, NULL}};
    static const OSSL_ALGORITHM signatures[] = {{"ED25519", property, signature_functions, NULL}, {NULL, NULL, NULL, NULL}};
    (void)provider;
    *no_cache = 0;
    switch (operation) {
    case OSSL_OP_STORE:
        return stores;
    case OSSL_OP_KEYMGMT:
        return keys;
    case OSSL_OP_SIGNATURE:
        return signatures;
    default:
        return NULL;
    }
}

__attribute__((visibility("default"))) int OSSL_provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
                                                              const OSSL_DISPATCH **out, void **provider);

int OSSL_provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out, void **provider)
{
    static const OSSL_DISPATCH functions[] = {ROW(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query), {0, NULL}};
    (void)in;
    *out = functions;
    *provider = (void *)(uintptr_t)handle;
    return 1;
}
