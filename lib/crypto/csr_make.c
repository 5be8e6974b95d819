#include "crypto/csr_make.h"

#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "crypto/context.h"
#include "crypto/evp_key.h"

struct key_kind {
    const char *name, *type, *group, *digest;
    unsigned bits;
};

static const struct key_kind kinds[] = {
    {"sm2", "SM2", NULL, "SM3", 0},          {"p256", "EC", "P-256", "SHA2-256", 0},
    {"p384", "EC", "P-384", "SHA2-384", 0},  {"rsa2048", "RSA", NULL, "SHA2-256", 2048},
    {"ed25519", "ED25519", NULL, NULL, 0},   {"mldsa44", "ML-DSA-44", NULL, NULL, 0},
};

static EVP_PKEY *make_key(const struct key_kind *kind)
{
    OSSL_PARAM params[2] = {OSSL_PARAM_END, OSSL_PARAM_END};
    char group[16];
    unsigned bits = kind->bits;
    if (kind->group != NULL) {
        (void)snprintf(group, sizeof group, "%s", kind->group);
        params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
    } else if (bits != 0) {
        params[0] = OSSL_PARAM_construct_uint(OSSL_PKEY_PARAM_RSA_BITS, &bits);
    }
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(context_library(), kind->type, context_properties());
    if (ctx == NULL || EVP_PKEY_keygen_init(ctx) != 1 || EVP_PKEY_CTX_set_params(ctx, params) != 1 ||
        EVP_PKEY_generate(ctx, &key) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    return key;
}

/* An address has a colon, or digits and dots alone; no DNS name of a certificate ends in digits. */
static bool is_address(const char *name)
{
    return strchr(name, ':') != NULL || (name[0] != '\0' && strspn(name, "0123456789.") == strlen(name));
}

/* A DNS name as it is, whatever characters it has. */
static GENERAL_NAME *make_name(const char *text)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_STRING *value = is_address(text) ? a2i_IPADDRESS(text) : ASN1_IA5STRING_new();
    bool is_made = name != NULL && value != NULL && (is_address(text) || ASN1_STRING_set(value, text, -1) == 1);
    if (is_made) {
        GENERAL_NAME_set0_value(name, is_address(text) ? GEN_IPADD : GEN_DNS, value);
        return name;
    }
    ASN1_STRING_free(value);
    GENERAL_NAME_free(name);
    return NULL;
}

static X509_EXTENSION *make_san(const char *const *list, size_t count)
{
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    bool is_made = names != NULL && count > 0;
    for (size_t i = 0; is_made && i < count; i++) {
        GENERAL_NAME *name = make_name(list[i]);
        is_made = name != NULL && sk_GENERAL_NAME_push(names, name) > 0;
        if (!is_made)
            GENERAL_NAME_free(name);
    }
    X509_EXTENSION *san = is_made ? X509V3_EXT_i2d(NID_subject_alt_name, 0, names) : NULL;
    GENERAL_NAMES_free(names);
    return san;
}

static bool add_names(X509_REQ *req, const char *const *names, size_t count)
{
    X509_EXTENSION *san = make_san(names, count);
    STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
    bool is_added = san != NULL && list != NULL && sk_X509_EXTENSION_push(list, san) > 0;
    if (!is_added)
        X509_EXTENSION_free(san);
    is_added = is_added && X509_REQ_add_extensions(req, list) == 1;
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
    return is_added;
}

/* The request keeps the ID, and signing takes it from there. */
static bool set_sm2_id(X509_REQ *req)
{
    ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();
    if (id == NULL || ASN1_OCTET_STRING_set(id, (const unsigned char *)SM2_ID, sizeof SM2_ID - 1) != 1) {
        ASN1_OCTET_STRING_free(id);
        return false;
    }
    X509_REQ_set0_distinguishing_id(req, id);
    return true;
}

static bool sign(X509_REQ *req, EVP_PKEY *key, const struct key_kind *kind)
{
    if (strcmp(kind->type, "SM2") == 0 && !set_sm2_id(req))
        return false;
    EVP_MD *md = kind->digest != NULL
                     ? EVP_MD_fetch(context_library(), kind->digest, context_properties())
                     : NULL;
    bool is_signed = (kind->digest == NULL || md != NULL) && X509_REQ_sign(req, key, md) > 0;
    EVP_MD_free(md);
    return is_signed;
}

static bool write_request(X509_REQ *req, struct builder *out)
{
    unsigned char *der = NULL;
    int len = i2d_X509_REQ(req, &der);
    if (len > 0)
        builder_bytes(out, bytes_of(der, (size_t)len));
    OPENSSL_free(der);
    return len > 0;
}

static bool write_signed(EVP_PKEY *key, const struct key_kind *kind, const char *const *names, size_t count, struct builder *out)
{
    X509_REQ *req = X509_REQ_new_ex(context_library(), context_properties());
    bool is_made = req != NULL && X509_REQ_set_version(req, X509_REQ_VERSION_1) == 1 && X509_REQ_set_pubkey(req, key) == 1 &&
                   add_names(req, names, count) && sign(req, key, kind) && write_request(req, out);
    X509_REQ_free(req);
    return is_made;
}

static const struct key_kind *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

bool csr_make_key_is_known(const char *kind)
{
    return find_kind(kind) != NULL;
}

enum status csr_make(const char *kind, const char *dns_name, struct builder *csr_der,
                     struct builder *key_pem, struct error *err)
{
    const struct key_kind *found = find_kind(kind);
    if (found == NULL)
        return error_set(err, STATUS_USAGE, "unknown kind of key \"%s\"", kind);
    EVP_PKEY *key = make_key(found);
    bool is_made = key != NULL && write_signed(key, found, &dns_name, 1, csr_der) && evp_key_write_pem(key, key_pem);
    EVP_PKEY_free(key);
    if (!is_made)
        return error_set(err, STATUS_NO_MEMORY, "certification request for %s: %s", dns_name,
                         context_openssl_reason());
    enum status s = builder_status(csr_der, "certification request", err);
    return s == STATUS_OK ? builder_status(key_pem, "private key", err) : s;
}

enum status csr_make_key(const char *kind, struct builder *key_pem, struct error *err)
{
    const struct key_kind *found = find_kind(kind);
    if (found == NULL)
        return error_set(err, STATUS_USAGE, "unknown kind of key \"%s\"", kind);
    EVP_PKEY *key = make_key(found);
    bool is_made = key != NULL && evp_key_write_pem(key, key_pem);
    EVP_PKEY_free(key);
    return is_made ? builder_status(key_pem, "private key", err)
                   : error_set(err, STATUS_NO_MEMORY, "new key: %s", context_openssl_reason());
}

/* The kind that a key is of: type, and curve where there are several. */
static const struct key_kind *kind_of(const EVP_PKEY *key)
{
    char group[48] = "";
    (void)EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group, NULL);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const char *wanted = kinds[i].group;
        bool is_p256 = strcmp(group, "prime256v1") == 0;
        const char *got = is_p256 ? "P-256" : strcmp(group, "secp384r1") == 0 ? "P-384" : group;
        if (EVP_PKEY_is_a(key, kinds[i].type) && (wanted == NULL || strcmp(wanted, got) == 0))
            return &kinds[i];
    }
    return NULL;
}

enum status csr_make_request(struct bytes key_pem, const char *const *names, size_t name_count, struct builder *csr_der,
                             struct error *err)
{
    EVP_PKEY *key = evp_key_read_pem(key_pem);
    const struct key_kind *kind = key != NULL ? kind_of(key) : NULL;
    bool is_made = kind != NULL && write_signed(key, kind, names, name_count, csr_der);
    EVP_PKEY_free(key);
    if (!is_made)
        return error_set(err, STATUS_USAGE, "certification request: %s", kind == NULL ? "no key of a kind that we make"
                                                                                       : context_openssl_reason());
    return builder_status(csr_der, "certification request", err);
}
