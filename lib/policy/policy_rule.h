/* policy_rule.h - how a rule is written: a row {id, what it needs, a function of a few lines} in the table of a file
 * policy_rules_*.c, and a line in policy_rules.c that adds the table. Private to policy/.
 *
 * A check says what is so. For whom a rule is, from when, and what follows is in the policy file: `rule ID EFFECT for ...`.
 * Numbers come from view_limit, choices from view_setting.
 */
#ifndef CATHAYA_POLICY_POLICY_RULE_H
#define CATHAYA_POLICY_POLICY_RULE_H

#include "codec/x509/extensions.h"
#include "policy/policy.h"

/* Certificates have below 20 attributes in a subject, and below 8 policies. A subject with more is not judged; more policies count as
 * ones that cannot be read. */
#define POLICY_ATTRIBUTES_MAX 32
#define POLICY_POLICIES_MAX 16
/* A DNS name and its NUL. */
#define POLICY_DNS_NAME_SIZE 254

enum policy_key_kind {
    POLICY_KEY_UNKNOWN, POLICY_KEY_SM2, POLICY_KEY_P256, POLICY_KEY_P384, POLICY_KEY_P521, POLICY_KEY_RSA, POLICY_KEY_ED25519,
    POLICY_KEY_MLDSA
};

/* A SubjectPublicKeyInfo, as its DER says; that it is a key is not checked. */
struct policy_key {
    enum policy_key_kind kind;
    size_t rsa_bits;       /* of the modulus */
    uint64_t rsa_exponent; /* UINT64_MAX: larger */
};
struct policy_key policy_key_read(struct bytes spki);

struct policy_attribute {
    struct bytes oid; /* contents */
    uint8_t tag;      /* of the value */
    struct bytes value;
};

/* A certificate of the path, leaf first. */
struct policy_view_certificate {
    const struct policy_path_certificate *row;
    bool is_read; /* the rest could be read */
    struct certificate cert;
    struct extensions extensions;
    struct policy_key key;
};

/* Everything that rules look at, read once. */
struct policy_view {
    const struct policy_set *set;
    const struct policy_subject *subject;
    bool is_gm;                   /* the leaf's key is SM2 */
    bool is_intranet;             /* [IN-00] purpose, policy OID, an internal name or a reserved address */
    uint16_t purpose;             /* subject->purpose, but TRUST_BUNDLE_TLS_INTRANET when is_intranet */
    bool has_intranet_oid, has_intranet_name;
    int64_t issued_s;             /* at_s when it is being issued, else notBefore */
    int64_t length_s;             /* of the validity, as `setting length` counts */
    struct policy_key key;
    struct extensions extensions;
    size_t extension_count;
    struct extension extension[EXTENSIONS_MAX];
    size_t attribute_count;
    struct policy_attribute attributes[POLICY_ATTRIBUTES_MAX];
    bool are_policies_bad;        /* certificatePolicies is there and cannot be read, or has too many */
    size_t policy_count;
    struct bytes policies[POLICY_POLICIES_MAX]; /* OID contents of certificatePolicies */
    size_t certificate_count;     /* 0: no path, or not looked at */
    struct policy_view_certificate certificates[POLICY_PATH_MAX];
    char *evidence;               /* POLICY_EVIDENCE_SIZE, "" before each rule */
    /* By policy OIDs: the level that is shown, the one that it claims (the path may allow less), the OID that decided (NULL when none is
     * recognised: 1), how many there are; and recognised ones beside them, of the other kind of servers (a lower one counts) or of the other
     * world's arc (which does not). */
    uint8_t level, own_level;
    const struct policy_oid *level_oid;
    bool has_level_conflict;
    size_t oid_count, other_oid_count, other_arc_count;
    size_t not_issuers_count; /* that an issuer of the path may not say */
    struct policy_ct {
        bool is_judged;              /* the rest is set: policy_ct.h */
        const struct ct_policy *policy; /* NULL: none is to be kept */
        const char *stage;
        struct ct_policy_needs needs;
        size_t counted;              /* SCTs that count */
        enum status status;          /* of ct_policy_judge */
        struct error err;
    } ct;
};

enum policy_outcome {
    POLICY_KEPT,
    POLICY_BROKEN,
    POLICY_BROKEN_MILDLY, /* a setting says that it is only a warning, whatever the effect (unless that is less) */
    POLICY_UNKNOWN,       /* cannot be said: evidence says why */
    POLICY_NO_CASE        /* the rule says nothing about such a certificate */
};

/* What a rule needs: without it the result is "not looked at". */
#define POLICY_NEEDS_PATH 0x1u         /* subject->path */
#define POLICY_NEEDS_TRANSPARENCY 0x2u /* subject->transparency */
#define POLICY_NEEDS_NAMES 0x4u        /* subject->names */
#define POLICY_NEEDS_ISSUING 0x8u      /* subject->is_issuing: nobody else can tell */
#define POLICY_ON_NAMES 0x10u         /* can be decided from the names alone: part of policy_judge_names */
#define POLICY_BY_CT_DATE 0x20u       /* the dates of its lines are read by `setting ct-date` */

struct policy_rule {
    const char *id;
    unsigned needs;
    enum policy_outcome (*check)(struct policy_view *view);
};

struct policy_rule_table {
    const struct policy_rule *rules;
    size_t count;
};

/* The tables, one for each file. */
extern const struct policy_rule_table policy_rules_rp, policy_rules_ct, policy_rules_br,
    policy_rules_names, policy_rules_extensions, policy_rules_chain, policy_rules_in, policy_rules_purpose;

/* policy_rules_at is rule i of all tables, NULL behind the last; policy_rules_find is the index of an id, POLICY_RULES_MAX when
 * there is none. */
const struct policy_rule *policy_rules_at(size_t i);
size_t policy_rules_find(struct bytes id);

/* ---- for checks ---- */

/* policy_view_broken writes the evidence and is POLICY_BROKEN; policy_view_kept the same for POLICY_KEPT (say something only when
 * it helps a reader). policy_view_unless is POLICY_KEPT when is_kept, else policy_view_broken with a fixed text. */
enum policy_outcome policy_view_broken(struct policy_view *view, const char *format, ...) __attribute__((format(printf, 2, 3)));
enum policy_outcome policy_view_kept(struct policy_view *view, const char *format, ...) __attribute__((format(printf, 2, 3)));
enum policy_outcome policy_view_unknown(struct policy_view *view, const char *format, ...) __attribute__((format(printf, 2, 3)));
enum policy_outcome policy_view_unless(bool is_kept, struct policy_view *view, const char *text);

/* policy_view_limit is the limit in force when it was issued; policy_view_is_set, does that setting have that value? */
int64_t policy_view_limit(const struct policy_view *view, enum policy_limit limit);
bool policy_view_is_set(const struct policy_view *view, enum policy_setting setting, enum policy_value value);

/* policy_view_effect is what follows from a rule (its index) for this certificate now: POLICY_OFF when no line of it is in force. */
enum policy_effect policy_view_effect(const struct policy_view *view, size_t rule);

/* policy_view_extension finds an extension of the leaf by the contents of its OID, NULL when it is not there.
 * policy_view_attribute finds the first attribute of the subject. */
const struct extension *policy_view_extension(const struct policy_view *view, struct bytes oid);
const struct policy_attribute *policy_view_attribute(const struct policy_view *view, struct bytes oid);

/* policy_view_has_aia: does an authorityInfoAccess (contents of its extnValue) have an http URL, for caIssuers, or with `setting aia
 * any` for OCSP too? */
bool policy_view_has_aia(const struct policy_view *view, struct bytes aia);

/* policy_view_find_extension is policy_view_extension for any certificate: contents of Extensions. */
bool policy_view_find_extension(struct bytes extensions, struct bytes oid, struct extension *out);

/* policy_view_is_below: is it that name, or one below it? */
bool policy_view_is_below(const char *name, const char *end);

/* policy_view_is_internal: has nobody in the Internet this name (in lower case, without "*.")? By the settings home-arpa and onion,
 * and subject->names; false without those. policy_view_is_reserved: an address that no public certificate may hold, by the setting
 * reserved-addresses. */
bool policy_view_is_internal(const struct policy_view *view, const char *name);
bool policy_view_is_reserved(const struct policy_view *view, struct bytes address);

/* policy_view_next_dns gives the next dNSName of a SAN (contents of GeneralNames in r) in lower case, without "*."; names that are
 * longer than DNS names, or have NUL bytes, are stepped over. */
bool policy_view_next_dns(struct reader *r, char name[POLICY_DNS_NAME_SIZE], bool *is_wildcard);

/* policy_view_attribute_text writes the value of an attribute as UTF-8 with a NUL, cut to size; false for a form that is not
 * PrintableString, UTF8String, IA5String, BMPString or NumericString, or has a NUL. */
bool policy_view_attribute_text(const struct policy_attribute *attribute, char *out, size_t size);

/* Contents of OBJECT IDENTIFIERs. */
#define POLICY_OID(contents) ((struct bytes){(const uint8_t *)(contents), sizeof(contents) - 1})
#define POLICY_OID_SURNAME POLICY_OID("\x55\x04\x04")
#define POLICY_OID_ORGANISATION POLICY_OID("\x55\x04\x0a")
#define POLICY_OID_GIVEN_NAME POLICY_OID("\x55\x04\x2a")
#define POLICY_OID_CERTIFICATE_POLICIES POLICY_OID("\x55\x1d\x20")
#define POLICY_OID_POISON POLICY_OID("\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x03")

#endif
