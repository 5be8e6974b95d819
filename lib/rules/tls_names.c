#include "rules/tls_names.h"

#include <string.h>

#include "base/text.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* Within a world and a version the order is that of preference. */
static const struct tls_suite_name suites[] = {
    {0x00c6, "TLS_SM4_GCM_SM3", "TLS_SM4_GCM_SM3", TLS_WORLD_GM, true, TLS_KEY_ANY},
    {0x00c7, "TLS_SM4_CCM_SM3", "TLS_SM4_CCM_SM3", TLS_WORLD_GM, true, TLS_KEY_ANY},
    {0x1301, "TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256", TLS_WORLD_INTL, true, TLS_KEY_ANY},
    {0x1302, "TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384", TLS_WORLD_INTL, true, TLS_KEY_ANY},
    {0x1303, "TLS_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256", TLS_WORLD_INTL, true, TLS_KEY_ANY},
    {0x1304, "TLS_AES_128_CCM_SHA256", NULL, TLS_WORLD_INTL, true, TLS_KEY_ANY},
    {0x1305, "TLS_AES_128_CCM_8_SHA256", NULL, TLS_WORLD_INTL, true, TLS_KEY_ANY},
    /* TLS 1.2: what has forward secrecy and an AEAD, and nothing else. */
    {0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256", TLS_WORLD_INTL, false, TLS_KEY_ECDSA},
    {0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384", TLS_WORLD_INTL, false, TLS_KEY_ECDSA},
    {0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305", TLS_WORLD_INTL, false, TLS_KEY_ECDSA},
    {0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256", TLS_WORLD_INTL, false, TLS_KEY_RSA},
    {0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384", TLS_WORLD_INTL, false, TLS_KEY_RSA},
    {0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305", TLS_WORLD_INTL, false, TLS_KEY_RSA},
    /* Known by name alone. */
    {0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", NULL, TLS_WORLD_INTL, false, TLS_KEY_ECDSA},
    {0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", NULL, TLS_WORLD_INTL, false, TLS_KEY_ECDSA},
    {0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", NULL, TLS_WORLD_INTL, false, TLS_KEY_ECDSA},
    {0xc024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", NULL, TLS_WORLD_INTL, false, TLS_KEY_ECDSA},
    {0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", NULL, TLS_WORLD_INTL, false, TLS_KEY_RSA},
    {0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", NULL, TLS_WORLD_INTL, false, TLS_KEY_RSA},
    {0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", NULL, TLS_WORLD_INTL, false, TLS_KEY_RSA},
    {0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", NULL, TLS_WORLD_INTL, false, TLS_KEY_RSA},
    {0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256", NULL, TLS_WORLD_INTL, false, TLS_KEY_RSA},
    {0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384", NULL, TLS_WORLD_INTL, false, TLS_KEY_RSA},
    {0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA", NULL, TLS_WORLD_INTL, false, TLS_KEY_RSA},
    {0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA", NULL, TLS_WORLD_INTL, false, TLS_KEY_RSA},
    {0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256", NULL, TLS_WORLD_INTL, false, TLS_KEY_RSA},
    {0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", NULL, TLS_WORLD_INTL, false, TLS_KEY_RSA},
    {0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", NULL, TLS_WORLD_INTL, false, TLS_KEY_RSA},
    {0xccaa, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256", NULL, TLS_WORLD_INTL, false, TLS_KEY_RSA},
    {0x00ff, "TLS_EMPTY_RENEGOTIATION_INFO_SCSV", NULL, TLS_WORLD_INTL, false, TLS_KEY_ANY},
    {0x5600, "TLS_FALLBACK_SCSV", NULL, TLS_WORLD_INTL, false, TLS_KEY_ANY},
};

static const struct tls_group_name groups[] = {
    {0x11ee, "curveSM2MLKEM768", "curveSM2MLKEM768", TLS_WORLD_GM, true},
    {0x0029, "curveSM2", "curveSM2", TLS_WORLD_GM, false},
    {0x11ec, "X25519MLKEM768", "X25519MLKEM768", TLS_WORLD_INTL, true},
    {0x11eb, "SecP256r1MLKEM768", "SecP256r1MLKEM768", TLS_WORLD_INTL, true},
    {0x11ed, "SecP384r1MLKEM1024", "SecP384r1MLKEM1024", TLS_WORLD_INTL, true},
    {0x001d, "x25519", "X25519", TLS_WORLD_INTL, false},
    {0x0017, "secp256r1", "secp256r1", TLS_WORLD_INTL, false},
    {0x0018, "secp384r1", "secp384r1", TLS_WORLD_INTL, false},
    {0x001e, "x448", "X448", TLS_WORLD_INTL, false},
    {0x0019, "secp521r1", "secp521r1", TLS_WORLD_INTL, false},
    /* Known by name alone. */
    {0x001a, "brainpoolP256r1", NULL, TLS_WORLD_INTL, false},
    {0x001b, "brainpoolP384r1", NULL, TLS_WORLD_INTL, false},
    {0x001c, "brainpoolP512r1", NULL, TLS_WORLD_INTL, false},
    {0x001f, "brainpoolP256r1tls13", NULL, TLS_WORLD_INTL, false},
    {0x0020, "brainpoolP384r1tls13", NULL, TLS_WORLD_INTL, false},
    {0x0021, "brainpoolP512r1tls13", NULL, TLS_WORLD_INTL, false},
    {0x0100, "ffdhe2048", NULL, TLS_WORLD_INTL, false},
    {0x0101, "ffdhe3072", NULL, TLS_WORLD_INTL, false},
    {0x0102, "ffdhe4096", NULL, TLS_WORLD_INTL, false},
    {0x0103, "ffdhe6144", NULL, TLS_WORLD_INTL, false},
    {0x0104, "ffdhe8192", NULL, TLS_WORLD_INTL, false},
    {0x0200, "MLKEM512", NULL, TLS_WORLD_INTL, false},
    {0x0201, "MLKEM768", NULL, TLS_WORLD_INTL, false},
    {0x0202, "MLKEM1024", NULL, TLS_WORLD_INTL, false},
    {0x6399, "X25519Kyber768Draft00", NULL, TLS_WORLD_INTL, false},
};

static const struct tls_scheme_name schemes[] = {
    {0x0708, "sm2sig_sm3", "sm2sig_sm3", TLS_KEY_SM2, TLS_GROUP_CURVESM2, true},
    {0x0403, "ecdsa_secp256r1_sha256", "ecdsa_secp256r1_sha256", TLS_KEY_ECDSA, TLS_GROUP_SECP256R1, true},
    {0x0807, "ed25519", "ed25519", TLS_KEY_EDDSA, 0, true},
    {0x0503, "ecdsa_secp384r1_sha384", "ecdsa_secp384r1_sha384", TLS_KEY_ECDSA, TLS_GROUP_SECP384R1, true},
    {0x0603, "ecdsa_secp521r1_sha512", "ecdsa_secp521r1_sha512", TLS_KEY_ECDSA, 0x0019, true},
    {0x0808, "ed448", "ed448", TLS_KEY_EDDSA, 0, true},
    {0x0804, "rsa_pss_rsae_sha256", "rsa_pss_rsae_sha256", TLS_KEY_RSA, 0, true},
    {0x0805, "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha384", TLS_KEY_RSA, 0, true},
    {0x0806, "rsa_pss_rsae_sha512", "rsa_pss_rsae_sha512", TLS_KEY_RSA, 0, true},
    {0x0809, "rsa_pss_pss_sha256", "rsa_pss_pss_sha256", TLS_KEY_RSA, 0, true},
    {0x080a, "rsa_pss_pss_sha384", "rsa_pss_pss_sha384", TLS_KEY_RSA, 0, true},
    {0x080b, "rsa_pss_pss_sha512", "rsa_pss_pss_sha512", TLS_KEY_RSA, 0, true},
    {0x0904, "mldsa44", "mldsa44", TLS_KEY_ML_DSA, 0, true},
    {0x0905, "mldsa65", "mldsa65", TLS_KEY_ML_DSA, 0, true},
    {0x0906, "mldsa87", "mldsa87", TLS_KEY_ML_DSA, 0, true},
    {0x0401, "rsa_pkcs1_sha256", "rsa_pkcs1_sha256", TLS_KEY_RSA, 0, false},
    {0x0501, "rsa_pkcs1_sha384", "rsa_pkcs1_sha384", TLS_KEY_RSA, 0, false},
    {0x0601, "rsa_pkcs1_sha512", "rsa_pkcs1_sha512", TLS_KEY_RSA, 0, false},
    /* Known by name alone. */
    {0x0201, "rsa_pkcs1_sha1", NULL, TLS_KEY_RSA, 0, false},
    {0x0203, "ecdsa_sha1", NULL, TLS_KEY_ECDSA, 0, false},
    {0x0301, "rsa_pkcs1_sha224", NULL, TLS_KEY_RSA, 0, false},
    {0x0303, "ecdsa_sha224", NULL, TLS_KEY_ECDSA, 0, false},
    {0x081a, "ecdsa_brainpoolP256r1tls13_sha256", NULL, TLS_KEY_ECDSA, 0x001f, true},
    {0x081b, "ecdsa_brainpoolP384r1tls13_sha384", NULL, TLS_KEY_ECDSA, 0x0020, true},
    {0x081c, "ecdsa_brainpoolP512r1tls13_sha512", NULL, TLS_KEY_ECDSA, 0x0021, true},
};

bool tls_codes_contain(struct tls_codes list, uint16_t code)
{
    for (size_t i = 0; i < list.count; i++)
        if (list.codes[i] == code)
            return true;
    return false;
}

const struct tls_suite_name *tls_names_suite(uint16_t code)
{
    for (size_t i = 0; i < LENGTH(suites); i++)
        if (suites[i].code == code)
            return &suites[i];
    return NULL;
}

const struct tls_group_name *tls_names_group(uint16_t code)
{
    for (size_t i = 0; i < LENGTH(groups); i++)
        if (groups[i].code == code)
            return &groups[i];
    return NULL;
}

const struct tls_scheme_name *tls_names_scheme(uint16_t code)
{
    for (size_t i = 0; i < LENGTH(schemes); i++)
        if (schemes[i].code == code)
            return &schemes[i];
    return NULL;
}

const struct tls_suite_name *tls_names_suite_at(size_t i)
{
    return i < LENGTH(suites) ? &suites[i] : NULL;
}

const struct tls_group_name *tls_names_group_at(size_t i)
{
    return i < LENGTH(groups) ? &groups[i] : NULL;
}

const struct tls_scheme_name *tls_names_scheme_at(size_t i)
{
    return i < LENGTH(schemes) ? &schemes[i] : NULL;
}

static bool is_called(struct bytes name, const char *known)
{
    struct bytes other = bytes_of_text(known != NULL ? known : "");
    if (name.len == 0 || name.len != other.len)
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (text_lower(name.data[i]) != text_lower(other.data[i]))
            return false;
    return true;
}

const struct tls_group_name *tls_names_group_by_name(struct bytes name)
{
    for (size_t i = 0; i < LENGTH(groups); i++)
        if (is_called(name, groups[i].name) || is_called(name, groups[i].openssl_name))
            return &groups[i];
    return NULL;
}

const struct tls_scheme_name *tls_names_scheme_by_name(struct bytes name)
{
    for (size_t i = 0; i < LENGTH(schemes); i++)
        if (is_called(name, schemes[i].name) || is_called(name, schemes[i].openssl_name))
            return &schemes[i];
    return NULL;
}

bool tls_names_is_grease(uint16_t code)
{
    return (code & 0x0f0f) == 0x0a0a && code >> 8 == (code & 0xff);
}

static void write_name(const char *name, uint16_t code, struct builder *out)
{
    if (name != NULL)
        builder_text(out, name);
    else if (tls_names_is_grease(code))
        builder_printf(out, "GREASE (0x%04x)", code);
    else
        builder_printf(out, "0x%04x", code);
}

void tls_names_write_suite(uint16_t code, struct builder *out)
{
    const struct tls_suite_name *row = tls_names_suite(code);
    write_name(row != NULL ? row->name : NULL, code, out);
}

void tls_names_write_group(uint16_t code, struct builder *out)
{
    const struct tls_group_name *row = tls_names_group(code);
    write_name(row != NULL ? row->name : NULL, code, out);
}

void tls_names_write_scheme(uint16_t code, struct builder *out)
{
    const struct tls_scheme_name *row = tls_names_scheme(code);
    write_name(row != NULL ? row->name : NULL, code, out);
}

static void write_openssl_name(const char *name, bool *is_first, struct builder *out)
{
    if (name == NULL)
        return;
    if (!*is_first)
        builder_u8(out, ':');
    builder_text(out, name);
    *is_first = false;
}

void tls_names_openssl_suites(struct tls_codes list, bool is_tls13, struct builder *out)
{
    bool is_first = true;
    for (size_t i = 0; i < list.count; i++) {
        const struct tls_suite_name *row = tls_names_suite(list.codes[i]);
        if (row != NULL && row->is_tls13 == is_tls13)
            write_openssl_name(row->openssl_name, &is_first, out);
    }
}

void tls_names_openssl_schemes(struct tls_codes list, struct builder *out)
{
    bool is_first = true;
    for (size_t i = 0; i < list.count; i++) {
        const struct tls_scheme_name *row = tls_names_scheme(list.codes[i]);
        write_openssl_name(row != NULL ? row->openssl_name : NULL, &is_first, out);
    }
}
