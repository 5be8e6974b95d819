#include "crypto/signature_identifier.h"

#include <openssl/asn1.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>

#include "crypto/context.h"

#define ALLOWED                                                                                    \
    "allowed are SM2 with SM3, RSA and RSA-PSS with SHA-256/384/512, ECDSA with SHA-256/384/512, " \
    "Ed25519 and ML-DSA"
/* [RFC4055 3.1]: what is not written. */
#define PSS_SALT_DEFAULT 20

enum parameters {
    PARAMETERS_ABSENT,
    PARAMETERS_ABSENT_OR_NULL, /* [RFC4055 5]; SM2 has both in the field */
    PARAMETERS_PSS,
};

/* Which signature goes with which key. What is not here is refused: SHA-1 and MD5 above all. */
static const struct signature_row {
    int nid;
    const char *key_type;
    const char *digest; /* NULL: the key's own, or in the parameters */
    enum parameters parameters;
} signature_rows[] = {
    {NID_SM2_with_SM3, "SM2", "SM3", PARAMETERS_ABSENT_OR_NULL},
    {NID_sha256WithRSAEncryption, "RSA", "SHA2-256", PARAMETERS_ABSENT_OR_NULL},
    {NID_sha384WithRSAEncryption, "RSA", "SHA2-384", PARAMETERS_ABSENT_OR_NULL},
    {NID_sha512WithRSAEncryption, "RSA", "SHA2-512", PARAMETERS_ABSENT_OR_NULL},
    {NID_rsassaPss, "RSA", NULL, PARAMETERS_PSS},
    {NID_ecdsa_with_SHA256, "EC", "SHA2-256", PARAMETERS_ABSENT},
    {NID_ecdsa_with_SHA384, "EC", "SHA2-384", PARAMETERS_ABSENT},
    {NID_ecdsa_with_SHA512, "EC", "SHA2-512", PARAMETERS_ABSENT},
    {NID_ED25519, "ED25519", NULL, PARAMETERS_ABSENT},
    {NID_ML_DSA_44, "ML-DSA-44", NULL, PARAMETERS_ABSENT},
    {NID_ML_DSA_65, "ML-DSA-65", NULL, PARAMETERS_ABSENT},
    {NID_ML_DSA_87, "ML-DSA-87", NULL, PARAMETERS_ABSENT},
};
#define SIGNATURE_ROW_COUNT (sizeof signature_rows / sizeof signature_rows[0])

static int nid_of(const X509_ALGOR *algorithm)
{
    const ASN1_OBJECT *oid;
    X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
    return OBJ_obj2nid(oid);
}

static bool is_sha2(const X509_ALGOR *algorithm)
{
    if (algorithm == NULL)
        return false; /* the default is SHA-1 */
    int nid = nid_of(algorithm);
    return nid == NID_sha256 || nid == NID_sha384 || nid == NID_sha512;
}

/* The hash of MGF1: the parameter of the parameter; NULL when it is none of SHA-2. The caller frees it. */
static X509_ALGOR *mgf1_hash(const X509_ALGOR *algorithm)
{
    const ASN1_OBJECT *oid;
    const void *value;
    int type;
    if (algorithm == NULL)
        return NULL;
    X509_ALGOR_get0(&oid, &type, &value, algorithm);
    if (OBJ_obj2nid(oid) != NID_mgf1 || type != V_ASN1_SEQUENCE)
        return NULL;
    X509_ALGOR *hash = ASN1_item_unpack(value, ASN1_ITEM_rptr(X509_ALGOR));
    if (is_sha2(hash))
        return hash;
    X509_ALGOR_free(hash);
    return NULL;
}

/* The parameters of PSS when they are of SHA-2 throughout; the caller frees both. */
static RSA_PSS_PARAMS *read_pss(const X509_ALGOR *algorithm, X509_ALGOR **mgf1)
{
    const void *value;
    int type;
    *mgf1 = NULL;
    X509_ALGOR_get0(NULL, &type, &value, algorithm);
    if (type != V_ASN1_SEQUENCE)
        return NULL;
    RSA_PSS_PARAMS *pss = ASN1_item_unpack(value, ASN1_ITEM_rptr(RSA_PSS_PARAMS));
    if (pss != NULL && is_sha2(pss->hashAlgorithm))
        *mgf1 = mgf1_hash(pss->maskGenAlgorithm);
    if (*mgf1 != NULL)
        return pss;
    RSA_PSS_PARAMS_free(pss);
    return NULL;
}

static bool are_parameters_good(const X509_ALGOR *algorithm, enum parameters wanted)
{
    int type;
    if (wanted == PARAMETERS_PSS) {
        X509_ALGOR *mgf1;
        RSA_PSS_PARAMS *pss = read_pss(algorithm, &mgf1);
        bool are_good = pss != NULL;
        RSA_PSS_PARAMS_free(pss);
        X509_ALGOR_free(mgf1);
        return are_good;
    }
    X509_ALGOR_get0(NULL, &type, NULL, algorithm);
    return type == V_ASN1_UNDEF || (wanted == PARAMETERS_ABSENT_OR_NULL && type == V_ASN1_NULL);
}

static const struct signature_row *find_row(int nid)
{
    for (size_t i = 0; i < SIGNATURE_ROW_COUNT; i++)
        if (signature_rows[i].nid == nid)
            return &signature_rows[i];
    return NULL;
}

enum status signature_identifier_check(const X509_ALGOR *algorithm, EVP_PKEY *pkey, const char *what,
                                       struct error *err)
{
    const ASN1_OBJECT *oid;
    char name[64];
    X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
    (void)OBJ_obj2txt(name, sizeof name, oid, 0);
    const struct signature_row *row = find_row(OBJ_obj2nid(oid));
    if (row == NULL)
        return error_set(err, STATUS_REFUSED, "%s: signed with %s; " ALLOWED, what, name);
    if (!EVP_PKEY_is_a(pkey, row->key_type))
        return error_set(err, STATUS_REFUSED, "%s: signature algorithm %s does not go with its key", what, name);
    if (!are_parameters_good(algorithm, row->parameters))
        return error_set(err, STATUS_REFUSED, "%s: bad parameters of signature algorithm %s; " ALLOWED, what, name);
    return STATUS_OK;
}

/* Tells the context what the parameters say; *digest is the hash of the message. */
static bool use_pss(const X509_ALGOR *algorithm, EVP_MD_CTX *ctx, EVP_PKEY *pkey)
{
    X509_ALGOR *mgf1;
    EVP_PKEY_CTX *key_ctx = NULL;
    RSA_PSS_PARAMS *pss = read_pss(algorithm, &mgf1);
    if (pss == NULL)
        return false;
    long salt = pss->saltLength != NULL ? ASN1_INTEGER_get(pss->saltLength) : PSS_SALT_DEFAULT;
    bool is_used = salt >= 0 && salt <= EVP_PKEY_get_size(pkey) &&
                   EVP_DigestVerifyInit_ex(ctx, &key_ctx, OBJ_nid2sn(nid_of(pss->hashAlgorithm)), context_library(),
                                           context_properties(), pkey, NULL) == 1 &&
                   EVP_PKEY_CTX_set_rsa_padding(key_ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
                   EVP_PKEY_CTX_set_rsa_pss_saltlen(key_ctx, (int)salt) == 1 &&
                   EVP_PKEY_CTX_set_rsa_mgf1_md_name(key_ctx, OBJ_nid2sn(nid_of(mgf1)), context_properties()) == 1;
    RSA_PSS_PARAMS_free(pss);
    X509_ALGOR_free(mgf1);
    return is_used;
}

bool signature_identifier_is_signed(const X509_ALGOR *algorithm, EVP_PKEY *pkey, struct bytes sm2_id, struct bytes message,
                                    struct bytes signature)
{
    const OSSL_PARAM id[2] = {
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_DIST_ID, (void *)(uintptr_t)sm2_id.data, sm2_id.len),
        OSSL_PARAM_END,
    };
    const struct signature_row *row = find_row(nid_of(algorithm));
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool is_signed = ctx != NULL && row != NULL;
    if (is_signed && row->parameters == PARAMETERS_PSS)
        is_signed = use_pss(algorithm, ctx, pkey);
    else if (is_signed)
        is_signed = EVP_DigestVerifyInit_ex(ctx, NULL, row->digest, context_library(), context_properties(), pkey,
                                            row->nid == NID_SM2_with_SM3 ? id : NULL) == 1;
    is_signed = is_signed && EVP_DigestVerify(ctx, signature.data, signature.len, message.data, message.len) == 1;
    EVP_MD_CTX_free(ctx);
    (void)context_openssl_reason();
    return is_signed;
}
