/* tls_names.h - cipher suites, groups and signature schemes of TLS: one table of code points, names and
 * what the policy of this project says about each.
 *
 * Whoever writes or prints a code point, gives one to OpenSSL or decides by one asks here. A code point
 * that is not in the table is no error: peers offer many.
 */
#ifndef CATHAYA_RULES_TLS_NAMES_H
#define CATHAYA_RULES_TLS_NAMES_H

#include "base/builder.h"
#include "base/bytes.h"

/* Cipher suites. */
#define TLS_SUITE_SM4_GCM_SM3 0x00c6 /* [RFC8998 2] */
#define TLS_SUITE_SM4_CCM_SM3 0x00c7
#define TLS_SUITE_AES_128_GCM_SHA256 0x1301 /* [RFC8446 B.4] */
#define TLS_SUITE_AES_256_GCM_SHA384 0x1302
#define TLS_SUITE_CHACHA20_POLY1305_SHA256 0x1303

/* Groups. */
#define TLS_GROUP_SECP256R1 0x0017
#define TLS_GROUP_SECP384R1 0x0018
#define TLS_GROUP_X25519 0x001d
#define TLS_GROUP_CURVESM2 0x0029       /* [RFC8998 2] */
#define TLS_GROUP_X25519MLKEM768 0x11ec
#define TLS_GROUP_CURVESM2MLKEM768 0x11ee

/* Signature schemes. */
#define TLS_SCHEME_RSA_PKCS1_SHA256 0x0401
#define TLS_SCHEME_ECDSA_P256_SHA256 0x0403
#define TLS_SCHEME_SM2SIG_SM3 0x0708 /* [RFC8998 2] */
#define TLS_SCHEME_RSA_PSS_SHA256 0x0804
#define TLS_SCHEME_ED25519 0x0807
#define TLS_SCHEME_ML_DSA_44 0x0904

/* struct tls_codes borrows a list of code points, the sender's order. */
struct tls_codes {
    const uint16_t *codes;
    size_t count;
};

#define TLS_CODES_OF(array) ((struct tls_codes){(array), sizeof(array) / sizeof *(array)})

/* tls_codes_contain says whether a list has a code point. */
bool tls_codes_contain(struct tls_codes list, uint16_t code);

/* The two worlds of the policy: a GM suite, group or key is never paired with one of the other. */
enum tls_world { TLS_WORLD_INTL, TLS_WORLD_GM };

/* What kind of key makes a signature; in TLS 1.2 the suite names it too. */
enum tls_key_family { TLS_KEY_ANY, TLS_KEY_RSA, TLS_KEY_ECDSA, TLS_KEY_EDDSA, TLS_KEY_SM2, TLS_KEY_ML_DSA };

struct tls_suite_name {
    uint16_t code;
    const char *name;         /* IANA's: "TLS_SM4_GCM_SM3" */
    const char *openssl_name; /* as SSL_set_ciphersuites (1.3) or SSL_set_cipher_list (1.2) takes it; NULL: not served */
    enum tls_world world;
    bool is_tls13;            /* of TLS 1.3 alone; the others are of TLS 1.2 */
    enum tls_key_family family; /* what TLS 1.2 authenticates with; TLS_KEY_ANY in TLS 1.3 */
};

struct tls_group_name {
    uint16_t code;
    const char *name;         /* IANA's: "curveSM2MLKEM768" */
    const char *openssl_name; /* as SSL_set1_groups_list takes it; NULL: not served */
    enum tls_world world;
    bool is_hybrid; /* with ML-KEM: safe against a quantum computer; TLS 1.3 only */
};

struct tls_scheme_name {
    uint16_t code;
    const char *name;         /* IANA's: "sm2sig_sm3" */
    const char *openssl_name; /* as SSL_set1_sigalgs_list takes it; NULL: not served */
    enum tls_key_family family;
    uint16_t group;    /* ECDSA in TLS 1.3: the curve of the key; 0 otherwise */
    bool is_tls13;     /* allowed in CertificateVerify of TLS 1.3 [RFC8446 4.2.3] */
};

/* The row of a code point, NULL when the table has none. */
const struct tls_suite_name *tls_names_suite(uint16_t code);
const struct tls_group_name *tls_names_group(uint16_t code);
const struct tls_scheme_name *tls_names_scheme(uint16_t code);

/* Row i of a table, NULL behind the last one. Within a world and a version, the order of suites and groups
 * is that of preference. */
const struct tls_suite_name *tls_names_suite_at(size_t i);
const struct tls_group_name *tls_names_group_at(size_t i);
const struct tls_scheme_name *tls_names_scheme_at(size_t i);

/* tls_names_group_by_name and the other find a row by the name that OpenSSL or IANA gives it, whatever the
 * case of the letters; NULL when there is none. */
const struct tls_group_name *tls_names_group_by_name(struct bytes name);
const struct tls_scheme_name *tls_names_scheme_by_name(struct bytes name);

/* tls_names_is_grease: a value that means nothing and must be ignored [RFC8701]. */
bool tls_names_is_grease(uint16_t code);

/* tls_names_write_suite and the others append IANA's name, "GREASE (0x1a1a)" or "0x1234". */
void tls_names_write_suite(uint16_t code, struct builder *out);
void tls_names_write_group(uint16_t code, struct builder *out);
void tls_names_write_scheme(uint16_t code, struct builder *out);

/* tls_names_openssl_suites and _schemes append the names that OpenSSL takes, with ':' between them;
 * code points that are not served are left out. OpenSSL takes suites of TLS 1.3 and 1.2 apart
 * (SSL_set_ciphersuites, SSL_set_cipher_list). */
void tls_names_openssl_suites(struct tls_codes list, bool is_tls13, struct builder *out);
void tls_names_openssl_schemes(struct tls_codes list, struct builder *out);

/* tls_names_key_schemes gives the schemes that a key can make, best first: key_type and group are those
 * of struct signature_alg or EVP: "SM2", "EC" with "P-256" or "prime256v1"..., "RSA", "RSA-PSS",
 * "ED25519", "ML-DSA-44"...; group may be NULL where there is none. Empty for a key that TLS does not
 * know, and for GM keys in TLS 1.2. The list is static. */
struct tls_codes tls_names_key_schemes(const char *key_type, const char *group, bool is_tls13);

/* tls_names_certificate_scheme is the scheme of extensions 13 and 50 that stands for the signature
 * algorithm of a certificate: oid is the contents of its OBJECT IDENTIFIER. 0 when there is none (as for
 * id-alg-mtcProof, and RSASSA-PSS, whose hash stands in the parameters). */
uint16_t tls_names_certificate_scheme(struct bytes oid);

#endif
