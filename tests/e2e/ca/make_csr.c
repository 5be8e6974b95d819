/* make_csr.c - certification requests for the tests, good and bad ones.
 *
 *   make_csr KIND NAMES OUT [DIGEST|- [ID_HEX|- [COMMON_NAME|- [KEY_FILE]]]]
 *
 * writes OUT.csr and OUT.key (PEM). KIND is sm2, p224, p256, p384, secp256k1, rsaBITS, ed25519 or mldsaNN; NAMES is
 * OpenSSL's list ("DNS:a.example.com,IP:192.0.2.1"), "" for a request without names. DIGEST signs instead of the
 * usual one; ID_HEX is the SM2 ID, "" for the empty one; KEY_FILE has a key to use again.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

static const struct kind {
    const char *name, *type, *group, *digest;
    int signature_nid; /* NID_undef: from key and digest */
} kinds[] = {
    {"sm2", "SM2", NULL, "SM3", NID_SM2_with_SM3},
    {"p224", "EC", "P-224", "SHA2-256", NID_undef},
    {"p256", "EC", "P-256", "SHA2-256", NID_undef},
    {"p384", "EC", "P-384", "SHA2-384", NID_undef},
    {"secp256k1", "EC", "secp256k1", "SHA2-256", NID_undef},
    {"rsa1024", "RSA", "1024", "SHA2-256", NID_undef},
    {"rsa2048", "RSA", "2048", "SHA2-256", NID_undef},
    {"ed25519", "ED25519", NULL, NULL, NID_ED25519},
    {"mldsa44", "ML-DSA-44", NULL, NULL, NID_ML_DSA_44},
    {"mldsa65", "ML-DSA-65", NULL, NULL, NID_ML_DSA_65},
    {"mldsa87", "ML-DSA-87", NULL, NULL, NID_ML_DSA_87},
};

static const char sm2_id[] = "1234567812345678";

static _Noreturn void fail(const char *what)
{
    (void)fprintf(stderr, "make_csr: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

static const struct kind *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    fail("unknown KIND");
}

static EVP_PKEY *make_key(const struct kind *kind)
{
    EVP_PKEY *key;
    if (strcmp(kind->type, "EC") == 0)
        key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind->group);
    else if (strcmp(kind->type, "RSA") == 0)
        key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)strtoul(kind->group, NULL, 10));
    else
        key = EVP_PKEY_Q_keygen(NULL, NULL, kind->type);
    if (key == NULL)
        fail("cannot make a key");
    return key;
}

static EVP_PKEY *read_key(const char *path)
{
    BIO *file = BIO_new_file(path, "r");
    EVP_PKEY *key = file != NULL ? PEM_read_bio_PrivateKey(file, NULL, NULL, NULL) : NULL;
    if (key == NULL)
        fail("cannot read KEY_FILE");
    (void)BIO_free(file);
    return key;
}

static void add_names(X509_REQ *req, const char *names)
{
    X509_EXTENSION *san = X509V3_EXT_nconf_nid(NULL, NULL, NID_subject_alt_name, names);
    STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
    if (san == NULL || list == NULL || sk_X509_EXTENSION_push(list, san) <= 0 ||
        X509_REQ_add_extensions(req, list) != 1)
        fail("cannot add NAMES");
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}

static void add_common_name(X509_REQ *req, const char *name)
{
    X509_NAME *subject = X509_NAME_new();
    if (subject == NULL ||
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0) != 1 ||
        X509_REQ_set_subject_name(req, subject) != 1)
        fail("cannot add COMMON_NAME");
    X509_NAME_free(subject);
}

static void set_algorithm(X509_REQ *req, EVP_PKEY *key, const struct kind *kind, const EVP_MD *md)
{
    int nid = kind->signature_nid;
    bool is_rsa = EVP_PKEY_is_a(key, "RSA");
    if (nid == NID_undef && OBJ_find_sigid_by_algs(&nid, EVP_MD_get_type(md), EVP_PKEY_get_base_id(key)) != 1)
        fail("no signature algorithm for key and DIGEST");
    X509_ALGOR *algorithm = X509_ALGOR_new();
    if (algorithm == NULL || X509_ALGOR_set0(algorithm, OBJ_nid2obj(nid), is_rsa ? V_ASN1_NULL : V_ASN1_UNDEF, NULL) != 1 ||
        X509_REQ_set1_signature_algo(req, algorithm) != 1)
        fail("cannot set the signature algorithm");
    X509_ALGOR_free(algorithm);
}

/* By hand, because X509_REQ_sign cannot be told the empty ID. */
static void sign(X509_REQ *req, EVP_PKEY *key, const struct kind *kind, const char *digest,
                 const unsigned char *id, size_t id_len)
{
    EVP_MD *md = digest != NULL ? EVP_MD_fetch(NULL, digest, NULL) : NULL;
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_DIST_ID, (char *)(uintptr_t)id, id_len),
        OSSL_PARAM_END,
    };
    if (digest != NULL && md == NULL)
        fail("unknown DIGEST");
    set_algorithm(req, key, kind, md);
    unsigned char *info = NULL;
    int info_len = i2d_re_X509_REQ_tbs(req, &info);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t len = 0;
    if (info_len <= 0 || ctx == NULL ||
        EVP_DigestSignInit_ex(ctx, NULL, digest, NULL, NULL, key, EVP_PKEY_is_a(key, "SM2") ? params : NULL) != 1 ||
        EVP_DigestSign(ctx, NULL, &len, info, (size_t)info_len) != 1)
        fail("cannot begin to sign");
    unsigned char *signature = malloc(len);
    ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();
    if (signature == NULL || bits == NULL || EVP_DigestSign(ctx, signature, &len, info, (size_t)info_len) != 1 ||
        ASN1_BIT_STRING_set1(bits, signature, len, 0) != 1)
        fail("cannot sign");
    X509_REQ_set0_signature(req, bits);
    free(signature);
    OPENSSL_free(info);
    EVP_MD_CTX_free(ctx);
    EVP_MD_free(md);
}

static BIO *create(const char *base, const char *suffix)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s%s", base, suffix) >= (int)sizeof path)
        fail("path too long");
    BIO *file = BIO_new_file(path, "w");
    if (file == NULL)
        fail("cannot create a file");
    return file;
}

static const char *optional(int argc, char **argv, int i)
{
    return i < argc && strcmp(argv[i], "-") != 0 ? argv[i] : NULL;
}

int main(int argc, char **argv)
{
    if (argc < 4 || argc > 8)
        fail("usage: make_csr KIND NAMES OUT [DIGEST|- [ID_HEX|- [COMMON_NAME|- [KEY_FILE]]]]");
    const struct kind *kind = find_kind(argv[1]);
    const char *digest = optional(argc, argv, 4), *id_hex = optional(argc, argv, 5);
    const char *common_name = optional(argc, argv, 6), *key_file = optional(argc, argv, 7);
    unsigned char id[64];
    size_t id_len = sizeof sm2_id - 1;
    memcpy(id, sm2_id, id_len);
    if (id_hex != NULL && id_hex[0] == '\0')
        id_len = 0;
    else if (id_hex != NULL && OPENSSL_hexstr2buf_ex(id, sizeof id, &id_len, id_hex, '\0') != 1)
        fail("bad ID_HEX");

    EVP_PKEY *key = key_file != NULL ? read_key(key_file) : make_key(kind);
    X509_REQ *req = X509_REQ_new();
    if (req == NULL || X509_REQ_set_version(req, X509_REQ_VERSION_1) != 1 || X509_REQ_set_pubkey(req, key) != 1)
        fail("cannot begin the request");
    if (argv[2][0] != '\0')
        add_names(req, argv[2]);
    if (common_name != NULL)
        add_common_name(req, common_name);
    sign(req, key, kind, digest != NULL ? digest : kind->digest, id, id_len);

    BIO *csr_file = create(argv[3], ".csr"), *key_out = create(argv[3], ".key");
    if (PEM_write_bio_X509_REQ(csr_file, req) != 1 ||
        PEM_write_bio_PKCS8PrivateKey(key_out, key, NULL, NULL, 0, NULL, NULL) != 1)
        fail("cannot write");
    (void)BIO_free(csr_file);
    (void)BIO_free(key_out);
    X509_REQ_free(req);
    EVP_PKEY_free(key);
    return 0;
}
