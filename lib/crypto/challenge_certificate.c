#include "crypto/challenge_certificate.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <string.h>

#include "crypto/context.h"
#include "crypto/evp_key.h"

#define HALF_WEEK_S 302400
#define ACME_IDENTIFIER_OID "1.3.6.1.5.5.7.1.31"
#define DIGEST_SIZE 32

static bool add_name(X509 *certificate, const char *identifier, bool is_ip)
{
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_STRING *value = is_ip ? a2i_IPADDRESS(identifier) : ASN1_IA5STRING_new();
    bool is_added = names != NULL && name != NULL && value != NULL && (is_ip || ASN1_STRING_set(value, identifier, -1) == 1);
    if (is_added) {
        GENERAL_NAME_set0_value(name, is_ip ? GEN_IPADD : GEN_DNS, value);
        value = NULL;
        is_added = sk_GENERAL_NAME_push(names, name) > 0;
    }
    if (is_added) {
        name = NULL;
        is_added = X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0) == 1;
    }
    ASN1_STRING_free(value);
    GENERAL_NAME_free(name);
    GENERAL_NAMES_free(names);
    return is_added;
}

/* The value is an OCTET STRING in the OCTET STRING that every extension has. */
static bool add_digest(X509 *certificate, const uint8_t digest[DIGEST_SIZE])
{
    uint8_t der[2 + DIGEST_SIZE] = {V_ASN1_OCTET_STRING, DIGEST_SIZE};
    memcpy(der + 2, digest, DIGEST_SIZE);
    ASN1_OBJECT *oid = OBJ_txt2obj(ACME_IDENTIFIER_OID, 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    X509_EXTENSION *extension = NULL;
    if (oid != NULL && value != NULL && ASN1_OCTET_STRING_set(value, der, sizeof der) == 1)
        extension = X509_EXTENSION_create_by_OBJ(NULL, oid, 1, value);
    bool is_added = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(oid);
    return is_added;
}

static bool set_times(X509 *certificate, int64_t now_s)
{
    return ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)(now_s - HALF_WEEK_S)) != NULL &&
           ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)(now_s + HALF_WEEK_S)) != NULL;
}

static bool set_subject(X509 *certificate)
{
    X509_NAME *name = X509_NAME_new();
    bool is_set = name != NULL && X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"acme-challenge", -1, -1, 0) == 1 &&
                  X509_set_subject_name(certificate, name) == 1 && X509_set_issuer_name(certificate, name) == 1;
    X509_NAME_free(name);
    return is_set;
}

static bool write_pem(X509 *certificate, struct builder *out)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data = NULL;
    long len = 0;
    if (bio != NULL && PEM_write_bio_X509(bio, certificate) == 1)
        len = BIO_get_mem_data(bio, &data);
    if (len > 0)
        builder_bytes(out, bytes_of(data, (size_t)len));
    BIO_free(bio);
    return len > 0;
}

enum status challenge_certificate_make(const char *identifier, bool is_ip, const uint8_t digest[DIGEST_SIZE], int64_t now_s,
                                       struct builder *certificate_pem, struct builder *key_pem, struct error *err)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(context_library(), context_properties(), "EC", "P-256");
    X509 *certificate = X509_new_ex(context_library(), context_properties());
    EVP_MD *md = EVP_MD_fetch(context_library(), "SHA2-256", context_properties());
    bool is_made = key != NULL && certificate != NULL && md != NULL && X509_set_version(certificate, X509_VERSION_3) == 1 &&
                   ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1 && set_subject(certificate) &&
                   set_times(certificate, now_s) && X509_set_pubkey(certificate, key) == 1 &&
                   add_name(certificate, identifier, is_ip) && add_digest(certificate, digest) &&
                   X509_sign(certificate, key, md) > 0 && write_pem(certificate, certificate_pem) && evp_key_write_pem(key, key_pem);
    EVP_MD_free(md);
    X509_free(certificate);
    EVP_PKEY_free(key);
    if (!is_made)
        return error_set(err, STATUS_USAGE, "certificate of a challenge for %.200s: %s", identifier, context_openssl_reason());
    enum status s = builder_status(certificate_pem, "certificate of a challenge", err);
    return s == STATUS_OK ? builder_status(key_pem, "its key", err) : s;
}
