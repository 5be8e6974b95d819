#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "fakes/loopback_server.h"

#define DAY_S 86400

static void must(bool is_good)
{
    if (!is_good) {
        fprintf(stderr, "loopback_certificates: OpenSSL refuses\n");
        abort();
    }
}

static void extend(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    must(extension != NULL && X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

static X509_NAME *name_of(const char *text)
{
    X509_NAME *name = X509_NAME_new();
    must(name != NULL
         && X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)text, -1, -1, 0)
                == 1);
    return name;
}

/* A certificate for key by the issuer's key, valid around now. */
static X509 *make(const char *subject, EVP_PKEY *key, const char *issuer, EVP_PKEY *issuer_key,
                  bool is_ca)
{
    X509 *certificate = X509_new();
    X509_NAME *subject_name = name_of(subject), *issuer_name = name_of(issuer);
    must(certificate != NULL && X509_set_version(certificate, X509_VERSION_3) == 1
         && ASN1_INTEGER_set(X509_get_serialNumber(certificate), is_ca ? 1 : 2) == 1
         && X509_set_subject_name(certificate, subject_name) == 1
         && X509_set_issuer_name(certificate, issuer_name) == 1
         && X509_set_pubkey(certificate, key) == 1
         && X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY_S) != NULL
         && X509_gmtime_adj(X509_getm_notAfter(certificate), DAY_S) != NULL);
    if (is_ca) {
        extend(certificate, NID_basic_constraints, "critical,CA:TRUE");
        extend(certificate, NID_key_usage, "critical,keyCertSign");
    } else {
        extend(certificate, NID_subject_alt_name, "DNS:localhost,DNS:www.example.com,IP:127.0.0.1");
        extend(certificate, NID_ext_key_usage, "serverAuth");
    }
    must(X509_sign(certificate, issuer_key, EVP_sha256()) > 0);
    X509_NAME_free(subject_name);
    X509_NAME_free(issuer_name);
    return certificate;
}

static void take(BIO *bio, char out[LOOPBACK_PEM_MAX])
{
    int len = BIO_read(bio, out, LOOPBACK_PEM_MAX - 1);
    must(len > 0);
    out[len] = '\0';
    BIO_free(bio);
}

static void write_certificate(X509 *certificate, char out[LOOPBACK_PEM_MAX])
{
    BIO *bio = BIO_new(BIO_s_mem());
    must(bio != NULL && PEM_write_bio_X509(bio, certificate) == 1);
    X509_free(certificate);
    take(bio, out);
}

static void write_key(EVP_PKEY *key, char out[LOOPBACK_PEM_MAX])
{
    BIO *bio = BIO_new(BIO_s_mem());
    must(bio != NULL && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1);
    take(bio, out);
}

const struct loopback_certificates *loopback_certificates(void)
{
    static struct loopback_certificates made;
    if (made.key[0] != '\0')
        return &made;
    EVP_PKEY *ca = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256"), *leaf = EVP_EC_gen("P-256");
    must(ca != NULL && other != NULL && leaf != NULL);
    write_certificate(make("Test CA", ca, "Test CA", ca, true), made.ca);
    write_certificate(make("Test CA", other, "Test CA", other, true), made.other_ca);
    write_certificate(make("localhost", leaf, "Test CA", ca, false), made.certificate);
    write_key(leaf, made.key);
    EVP_PKEY_free(ca);
    EVP_PKEY_free(other);
    EVP_PKEY_free(leaf);
    return &made;
}
