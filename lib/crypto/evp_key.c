#include "crypto/evp_key.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "crypto/context.h"

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
