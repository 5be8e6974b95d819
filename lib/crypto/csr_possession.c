#include "crypto/csr_possession.h"

#include <openssl/asn1.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "crypto/context.h"
#include "crypto/evp_key.h"
#include "crypto/subject_key.h"

#define ALLOWED                                                                                    \
    "allowed are SM2 with SM3, RSA and RSA-PSS with SHA-256/384/512, ECDSA with SHA-256/384/512, " \
    "Ed25519 and ML-DSA"

enum parameters {
    PARAMETERS_ABSENT,
    PARAMETERS_ABSENT_OR_NULL, /* [RFC4055 5]; SM2 has both in the field */
    PARAMETERS_PSS,
};

/* Which signature goes with which key. What is not here is refused: SHA-1 and MD5 above all. */
static const struct signature_row {
    int nid;
    const char *key_type;
    enum parameters parameters;
} signature_rows[] = {
    {NID_SM2_with_SM3, "SM2", PARAMETERS_ABSENT_OR_NULL},
    {NID_sha256WithRSAEncryption, "RSA", PARAMETERS_ABSENT_OR_NULL},
    {NID_sha384WithRSAEncryption, "RSA", PARAMETERS_ABSENT_OR_NULL},
    {NID_sha512WithRSAEncryption, "RSA", PARAMETERS_ABSENT_OR_NULL},
    {NID_rsassaPss, "RSA", PARAMETERS_PSS},
    {NID_ecdsa_with_SHA256, "EC", PARAMETERS_ABSENT},
    {NID_ecdsa_with_SHA384, "EC", PARAMETERS_ABSENT},
    {NID_ecdsa_with_SHA512, "EC", PARAMETERS_ABSENT},
    {NID_ED25519, "ED25519", PARAMETERS_ABSENT},
    {NID_ML_DSA_44, "ML-DSA-44", PARAMETERS_ABSENT},
    {NID_ML_DSA_65, "ML-DSA-65", PARAMETERS_ABSENT},
    {NID_ML_DSA_87, "ML-DSA-87", PARAMETERS_ABSENT},
};
#define SIGNATURE_ROW_COUNT (sizeof signature_rows / sizeof signature_rows[0])

static bool is_sha2(const X509_ALGOR *algorithm)
{
    const ASN1_OBJECT *oid;
    if (algorithm == NULL)
        return false; /* the default is SHA-1 */
    X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
    int nid = OBJ_obj2nid(oid);
    return nid == NID_sha256 || nid == NID_sha384 || nid == NID_sha512;
}

/* MGF1 with SHA-2: the hash is the parameter of the parameter. */
static bool is_mgf1_with_sha2(const X509_ALGOR *algorithm)
{
    const ASN1_OBJECT *oid;
    const void *value;
    int type;
    if (algorithm == NULL)
        return false;
    X509_ALGOR_get0(&oid, &type, &value, algorithm);
    if (OBJ_obj2nid(oid) != NID_mgf1 || type != V_ASN1_SEQUENCE)
        return false;
    X509_ALGOR *hash = ASN1_item_unpack(value, ASN1_ITEM_rptr(X509_ALGOR));
    bool is_good = is_sha2(hash);
    X509_ALGOR_free(hash);
    return is_good;
}

static bool are_pss_parameters(int type, const void *value)
{
    if (type != V_ASN1_SEQUENCE)
        return false;
    RSA_PSS_PARAMS *pss = ASN1_item_unpack(value, ASN1_ITEM_rptr(RSA_PSS_PARAMS));
    bool are_good = pss != NULL && is_sha2(pss->hashAlgorithm) &&
                    is_mgf1_with_sha2(pss->maskGenAlgorithm);
    RSA_PSS_PARAMS_free(pss);
    return are_good;
}

static bool are_parameters_good(const X509_ALGOR *algorithm, enum parameters wanted)
{
    const void *value;
    int type;
    X509_ALGOR_get0(NULL, &type, &value, algorithm);
    if (wanted == PARAMETERS_PSS)
        return are_pss_parameters(type, value);
    return type == V_ASN1_UNDEF || (wanted == PARAMETERS_ABSENT_OR_NULL && type == V_ASN1_NULL);
}

static enum status check_algorithm(const X509_REQ *req, EVP_PKEY *pkey, struct error *err)
{
    const X509_ALGOR *algorithm;
    const ASN1_OBJECT *oid;
    char name[64];
    X509_REQ_get0_signature(req, NULL, &algorithm);
    X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
    int nid = OBJ_obj2nid(oid);
    (void)OBJ_obj2txt(name, sizeof name, oid, 0);
    for (size_t i = 0; i < SIGNATURE_ROW_COUNT; i++) {
        if (signature_rows[i].nid != nid)
            continue;
        if (!EVP_PKEY_is_a(pkey, signature_rows[i].key_type))
            return error_set(err, STATUS_REFUSED,
                             "certification request: signature algorithm %s does not go with its key", name);
        if (!are_parameters_good(algorithm, signature_rows[i].parameters))
            return error_set(err, STATUS_REFUSED,
                             "certification request: bad parameters of signature algorithm %s; " ALLOWED, name);
        return STATUS_OK;
    }
    return error_set(err, STATUS_REFUSED, "certification request: signed with %s; " ALLOWED, name);
}

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

/* X509_REQ_verify cannot be told the empty ID: only the parameters of the init call can. */
static bool is_sm2_signed_under(const char *id, size_t id_len, EVP_PKEY *pkey, struct bytes info,
                                struct bytes signature)
{
    const OSSL_PARAM params[2] = {
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_DIST_ID, (char *)(uintptr_t)id, id_len),
        OSSL_PARAM_END,
    };
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool is_signed = ctx != NULL &&
                     EVP_DigestVerifyInit_ex(ctx, NULL, "SM3", context_library(),
                                             context_properties(), pkey, params) == 1 &&
                     EVP_DigestVerify(ctx, signature.data, signature.len, info.data, info.len) == 1;
    EVP_MD_CTX_free(ctx);
    return is_signed;
}

static bool is_signed(X509_REQ *req, EVP_PKEY *pkey, struct bytes der)
{
    if (!EVP_PKEY_is_a(pkey, "SM2"))
        return X509_REQ_verify_ex(req, pkey, context_library(), context_properties()) == 1;
    const ASN1_BIT_STRING *bits;
    X509_REQ_get0_signature(req, &bits, NULL);
    struct bytes signature = bytes_of(ASN1_STRING_get0_data(bits), (size_t)ASN1_STRING_length(bits));
    struct bytes info = info_of(der);
    return is_sm2_signed_under(SM2_ID, sizeof SM2_ID - 1, pkey, info, signature) ||
           is_sm2_signed_under("", 0, pkey, info, signature);
}

static enum status check_signature(X509_REQ *req, EVP_PKEY *pkey, struct bytes der,
                                   struct error *err)
{
    bool is_possessed = is_signed(req, pkey, der);
    (void)context_openssl_reason();
    if (is_possessed)
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
    s = check_algorithm(req, pkey, err);
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
