#include "crypto/evp_key.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#include <openssl/x509.h>

#include <string.h>

#include "crypto/context.h"

/* A URI names one object; a few more are looked at to say so. */
#define URI_OBJECTS_MAX 16

size_t evp_key_write_spki(EVP_PKEY *pkey, unsigned char **der)
{
    *der = NULL;
    /* A key remembers how its point and curve were written when it was read, and writes them so. */
    bool has_point = EVP_PKEY_is_a(pkey, "EC") || EVP_PKEY_is_a(pkey, "SM2");
    if (has_point &&
        (EVP_PKEY_set_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                        OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) != 1 ||
         EVP_PKEY_set_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_ENCODING,
                                        OSSL_PKEY_EC_ENCODING_GROUP) != 1))
        return 0;
    int len = i2d_PUBKEY(pkey, der);
    return len > 0 ? (size_t)len : 0;
}

bool evp_key_is_canonical(EVP_PKEY *pkey, struct bytes spki)
{
    unsigned char *der;
    size_t len = evp_key_write_spki(pkey, &der);
    bool is_same = len > 0 && bytes_equal(spki, bytes_of(der, len));
    OPENSSL_free(der);
    return is_same;
}

bool evp_key_write_pem(EVP_PKEY *pkey, struct builder *out)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    char *data = NULL;
    long len = 0;
    if (bio != NULL && PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) == 1)
        len = BIO_get_mem_data(bio, &data);
    if (len > 0)
        builder_bytes(out, bytes_of(data, (size_t)len));
    BIO_free(bio);
    return len > 0;
}

/* A key file with a pass phrase is refused instead of asking on the terminal. */
static int no_pass_phrase(char *buf, int size, int rwflag, void *context)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)context;
    return -1;
}

EVP_PKEY *evp_key_read_pem(struct bytes pem)
{
    /* An empty file is no key; a NULL buffer would be an error of another kind. */
    BIO *bio = BIO_new_mem_buf(pem.data != NULL ? (const void *)pem.data : "", (int)pem.len);
    if (bio == NULL)
        return NULL;
    EVP_PKEY *pkey = PEM_read_bio_PrivateKey_ex(bio, NULL, no_pass_phrase, NULL, context_library(),
                                                context_properties());
    BIO_free(bio);
    return pkey;
}

/* Takes the next object; false at the end. */
static bool take_object(OSSL_STORE_CTX *store, EVP_PKEY **pkey, size_t *count)
{
    OSSL_STORE_INFO *info = OSSL_STORE_load(store);
    if (info == NULL)
        return OSSL_STORE_eof(store) == 0 && OSSL_STORE_error(store) == 0;
    if (OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY) {
        EVP_PKEY_free(*pkey);
        *pkey = OSSL_STORE_INFO_get1_PKEY(info);
        (*count)++;
    }
    OSSL_STORE_INFO_free(info);
    return true;
}

enum status evp_key_load_uri(const char *uri, EVP_PKEY **out, struct error *err)
{
    EVP_PKEY *pkey = NULL;
    size_t count = 0;
    /* UI_null answers nothing: a key with a pass phrase is refused instead of asking on the terminal. */
    OSSL_STORE_CTX *store = OSSL_STORE_open_ex(uri, context_library(), context_properties(), UI_null(), NULL, NULL, NULL, NULL);
    if (store != NULL && OSSL_STORE_expect(store, OSSL_STORE_INFO_PKEY) == 1)
        for (size_t i = 0; i < URI_OBJECTS_MAX && take_object(store, &pkey, &count); i++)
            continue;
    (void)OSSL_STORE_close(store);
    *out = count == 1 ? pkey : NULL;
    if (count == 1)
        return STATUS_OK;
    EVP_PKEY_free(pkey);
    if (count == 0)
        return error_set(err, STATUS_NOT_FOUND, "no private key here: %s", context_openssl_reason());
    return error_set(err, STATUS_MALFORMED, "more than one private key: name one");
}

bool evp_key_is_ours(const EVP_PKEY *pkey)
{
    const OSSL_PROVIDER *provider = EVP_PKEY_get0_provider(pkey);
    return provider != NULL && strcmp(OSSL_PROVIDER_get0_name(provider), "default") == 0;
}

EVP_PKEY *evp_key_public_copy(EVP_PKEY *pkey)
{
    OSSL_PARAM *params = NULL;
    EVP_PKEY *copy = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(context_library(), EVP_PKEY_get0_type_name(pkey), "provider=default");
    if (ctx == NULL || EVP_PKEY_todata(pkey, EVP_PKEY_PUBLIC_KEY, &params) != 1 || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &copy, EVP_PKEY_PUBLIC_KEY, params) != 1)
        copy = NULL;
    OSSL_PARAM_free(params);
    EVP_PKEY_CTX_free(ctx);
    return copy;
}
