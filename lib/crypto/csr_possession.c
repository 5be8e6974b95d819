#include "crypto/csr_possession.h"

#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "crypto/context.h"
#include "crypto/evp_key.h"
#include "crypto/signature_identifier.h"
#include "crypto/subject_key.h"

/* The bytes of CertificationRequestInfo in der, which d2i_X509_REQ has accepted. */
static struct bytes info_of(struct bytes der)
{
    const unsigned char *outer = der.data;
    long len;
    int tag, class;
    (void)ASN1_get_object(&outer, &len, &tag, &class, (long)der.len);
    const unsigned char *contents = outer;
    (void)ASN1_get_object(&contents, &len, &tag, &class, len);
    return bytes_of(outer, (size_t)(contents - outer) + (size_t)len);
}

static bool is_signed(X509_REQ *req, EVP_PKEY *pkey, struct bytes der)
{
    const ASN1_BIT_STRING *bits;
    const X509_ALGOR *algorithm;
    X509_REQ_get0_signature(req, &bits, &algorithm);
    struct bytes signature = bytes_of(ASN1_STRING_get0_data(bits), (size_t)ASN1_STRING_length(bits));
    struct bytes info = info_of(der);
    return signature_identifier_is_signed(algorithm, pkey, bytes_of_text(SM2_ID), info, signature) ||
           (EVP_PKEY_is_a(pkey, "SM2") &&
            signature_identifier_is_signed(algorithm, pkey, bytes_of_text(""), info, signature));
}

static enum status check_signature(X509_REQ *req, EVP_PKEY *pkey, struct bytes der,
                                   struct error *err)
{
    if (is_signed(req, pkey, der))
        return STATUS_OK;
    return error_set(err, STATUS_REFUSED, "certification request: its signature is not by its key: "
                                          "no proof of possession");
}

static enum status check_key(X509_REQ *req, struct error *err)
{
    unsigned char *spki = NULL;
    int len = i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(req), &spki);
    if (len <= 0)
        return error_set(err, STATUS_MALFORMED, "certification request: bad key");
    enum status s = subject_key_check(bytes_of(spki, (size_t)len), err);
    OPENSSL_free(spki);
    return s;
}

static enum status check(X509_REQ *req, struct bytes der, struct error *err)
{
    enum status s = check_key(req, err);
    if (s != STATUS_OK)
        return s;
    EVP_PKEY *pkey = X509_REQ_get0_pubkey(req);
    if (pkey == NULL)
        return error_set(err, STATUS_MALFORMED, "certification request: bad key: %s",
                         context_openssl_reason());
    const X509_ALGOR *algorithm;
    X509_REQ_get0_signature(req, NULL, &algorithm);
    s = signature_identifier_check(algorithm, pkey, "certification request", err);
    return s == STATUS_OK ? check_signature(req, pkey, der, err) : s;
}

/* Nothing behind the request, and no BER around its parts; csr_parse looks into them. */
static bool is_der_of(X509_REQ *req, struct bytes der)
{
    unsigned char *again = NULL;
    int len = i2d_X509_REQ(req, &again);
    bool is_same = len > 0 && bytes_equal(der, bytes_of(again, (size_t)len));
    OPENSSL_free(again);
    return is_same;
}

enum status csr_possession_verify(struct bytes der, struct error *err)
{
    X509_REQ *req = X509_REQ_new_ex(context_library(), context_properties());
    if (req == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    const unsigned char *at = der.data;
    enum status s;
    /* d2i frees req and sets it to NULL when it fails. */
    if (der.len > INT32_MAX || d2i_X509_REQ(&req, &at, (long)der.len) == NULL || !is_der_of(req, der))
        s = error_set(err, STATUS_MALFORMED, "certification request: not PKCS#10 in DER: %s",
                      context_openssl_reason());
    else
        s = check(req, der, err);
    X509_REQ_free(req);
    return s;
}
