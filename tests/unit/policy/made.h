/* made.h - subjects for tests of policy: certificates as DER, with a path, logs and cosigners, described by fields. Nothing is signed:
 * the engine looks at no signature. */
#ifndef CATHAYA_TESTS_UNIT_POLICY_MADE_H
#define CATHAYA_TESTS_UNIT_POLICY_MADE_H

#include "policy/policy.h"

#define MADE_DAY_S ((int64_t)86400)
/* 2026-10-01T00:00:00Z, and a month later. */
#define MADE_BEFORE_S INT64_C(1790812800)
#define MADE_AT_S (MADE_BEFORE_S + 31 * MADE_DAY_S)

enum made_key { MADE_SM2, MADE_P256, MADE_P384, MADE_P521, MADE_P224, MADE_RSA, MADE_ED25519, MADE_MLDSA44 };
enum made_signature { MADE_BY_SM2, MADE_BY_SM2_NULL, MADE_BY_ECDSA, MADE_BY_RSA, MADE_BY_RSA_SHA1, MADE_BY_MTC };

/* Bits of aia and key usage. */
#define MADE_AIA_ISSUERS 0x1u
#define MADE_AIA_OCSP 0x2u
#define MADE_AIA_LDAP 0x4u /* caIssuers, and no http URL */
#define MADE_AIA_OTHER 0x8u /* another method */

#define MADE_NAMES 8
struct made_certificate {
    enum made_key key;
    unsigned rsa_bits, rsa_exponent;
    enum made_signature signature;
    const char *cn, *o, *ou, *given, *surname; /* NULL: not there */
    const char *second_cn;
    const char *dns[MADE_NAMES], *ips[MADE_NAMES], *email, *uri; /* subjectAltName; ips as text */
    bool has_bad_ip;          /* 5 bytes */
    int san_critical;         /* -1: as the subject has it; 0, 1 */
    const char *policies[4];  /* dotted */
    const char *eku[6];       /* dotted */
    bool is_eku_critical;
    uint8_t key_usage;        /* 0: not there */
    bool is_key_usage_critical;
    const char *aki;          /* text of keyIdentifier; NULL: not there */
    bool has_aki_serial;      /* issuer and serial number in it, too */
    const char *ski;
    unsigned aia;             /* MADE_AIA_*; 0: not there */
    bool has_crl, has_name_constraints, is_ca, has_poison, has_sct_list, has_bad_sct_list, has_unknown_critical;
    struct bytes serial;
    int64_t not_before_s, not_after_s;
    /* What the trust says of it: of issuers. */
    bool is_listed, is_root, has_listed_intermediates_only, is_unreadable;
    uint16_t purposes[4];     /* ascending, 0 ends */
    uint8_t level_max;
};

struct made_sct {
    size_t log; /* of made.list; SIZE_MAX: of none */
    unsigned delivery;
    bool is_bad;
};

struct made_cosigner {
    enum policy_cosigner_role role;
    const char *operator_name;
    bool is_bad;
};

/* Logs of made.list: GM ones of ZoTrus (two), Second and Third, then international ones of North (two), South and West. */
enum made_log { MADE_GM_1, MADE_GM_2, MADE_GM_SECOND, MADE_GM_THIRD, MADE_NORTH_1, MADE_NORTH_2, MADE_SOUTH, MADE_WEST, MADE_LOGS };

#define MADE_ISSUERS 4
#define MADE_SCTS 8
struct made {
    /* what tests change */
    struct made_certificate leaf, issuers[MADE_ISSUERS]; /* the issuer of the leaf first, the root last */
    size_t issuer_count;
    const char *path_fault; /* the path does not hold */
    struct made_sct scts[MADE_SCTS];
    size_t sct_count;
    enum log_list_state states[MADE_LOGS];
    int64_t list_age_s; /* of the list of logs */
    bool has_no_list;
    struct made_cosigner cosigners[MADE_SCTS];
    size_t cosigner_count;
    bool is_landmark, are_rules_broken;
    uint16_t purpose;
    int64_t at_s;
    const char *asked, *asked_ip;
    bool is_issuing, are_names_validated, has_no_path, has_no_transparency, has_no_names, has_no_signature;
    /* what made_build makes of it */
    struct policy_subject subject;
    struct policy_path path;
    struct policy_transparency transparency;
    struct policy_names names;
    struct log_list list;
    struct policy_sct built_scts[MADE_SCTS];
    struct policy_cosigner built_cosigners[MADE_SCTS];
    uint8_t memory[1 + MADE_ISSUERS][4096], ip[16];
};

enum made_base {
    MADE_GM,          /* public, classic, DV, three months, one SCT */
    MADE_INTL,        /* the same with P-256, two SCTs */
    MADE_MTC,         /* GM, seven days, one mirror */
    MADE_INTL_MTC,
    MADE_INTRANET,    /* GM, two years, two SCTs */
    MADE_INTL_INTRANET,
    MADE_EMAIL,       /* GM, MV */
    MADE_DOCUMENT,    /* GM, MV */
    MADE_INTL_DOCUMENT, /* RSA */
    MADE_TIMESTAMP,
    MADE_E_INVOICE,   /* RSA */
    MADE_GM_E_INVOICE,
    MADE_CLIENT,
    MADE_CODE,
    MADE_BASES
};

/* made_init is a subject of that kind against which the shipped policy has nothing. made_build makes it after the test has changed
 * it; fails the test when it cannot. made_clear frees what made_build made. */
void made_init(struct made *m, enum made_base base);
void made_build(struct made *m);
void made_clear(struct made *m);

/* made_move moves the leaf so that it begins at that time, as long as before, and is looked at then. */
void made_move(struct made *m, int64_t not_before_s);

/* made_judge builds, judges and clears. */
void made_judge(struct made *m, const struct policy_set *set, struct policy_answer *answer);

/* made_base_name, for messages. */
const char *made_base_name(enum made_base base);

#endif
