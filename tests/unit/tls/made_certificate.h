/* made_certificate.h - a self-signed certificate for a name, made on the spot. */
#ifndef CATHAYA_TESTS_UNIT_MADE_CERTIFICATE_H
#define CATHAYA_TESTS_UNIT_MADE_CERTIFICATE_H

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "unit/checks.h"

#include "crypto/context.h"

struct made_certificate {
    struct bytes pem, key_pem; /* on the heap */
};

static inline struct bytes made_take(BIO *bio)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);
    struct bytes copy = heap_copy(bytes_of(data, (size_t)len));
    BIO_free(bio);
    return copy;
}

static inline void made_certificate_new(struct made_certificate *out, const char *name)
{
    char names[128] = "DNS:";
    X509V3_CTX v3;
    (void)context_library();
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    assert_true(key != NULL && cert != NULL && strlen(name) < 100);
    memcpy(names + 4, name, strlen(name) + 1);
    assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), 1), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), -60));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), 3600));
    assert_int_equal(X509_set_pubkey(cert, key), 1);
    X509V3_set_ctx(&v3, cert, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &v3, NID_subject_alt_name, names);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(cert, extension, -1), 1);
    X509_EXTENSION_free(extension);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    BIO *pem = BIO_new(BIO_s_mem()), *key_pem = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_X509(pem, cert), 1);
    assert_int_equal(PEM_write_bio_PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL), 1);
    out->pem = made_take(pem);
    out->key_pem = made_take(key_pem);
    X509_free(cert);
    EVP_PKEY_free(key);
}

static inline void made_certificate_free(struct made_certificate *made)
{
    heap_free(made->pem);
    heap_free(made->key_pem);
}

#endif
