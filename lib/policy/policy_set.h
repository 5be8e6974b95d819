/* policy_set.h - the policy of a root program: a text file with every rule's effect, every number, date, setting and sentence.
 * docs/policy-rules.md says what is in it; policies/root-program.conf is the one that is shipped, and built in.
 *
 * What a rule looks at is code (policy_rule.h); what follows from it, from when on, for which certificates and with which
 * numbers is here. A rule, setting or limit that the file has and the code has not is an error, unless its line says
 * `optional`. One that the code has and the file has not is an error for the file's author; a client, which may be newer than the
 * curator's file, goes on (enum policy_source).
 */
#ifndef CATHAYA_POLICY_POLICY_SET_H
#define CATHAYA_POLICY_POLICY_SET_H

#include "codec/trust_bundle/trust_bundle.h"
#include "rules/ct_policy.h"

/* The shipped file has some 60 KiB. */
#define POLICY_TEXT_MAX ((size_t)1024 * 1024)
#define POLICY_LINE_MAX 4096
#define POLICY_NAME_SIZE 64
/* Rules of the code: answers have a row for each. */
#define POLICY_RULES_MAX 128
/* Lines `rule` of one rule; dates of one limit. */
#define POLICY_RULE_LINES_MAX 16
#define POLICY_LIMIT_ROWS_MAX 16
#define POLICY_OIDS_MAX 256

/* What follows from a rule that is not kept. Each verdict includes those before it. */
enum policy_effect {
    POLICY_OFF,
    POLICY_INFO,
    POLICY_WARN,
    POLICY_LEVEL_T1,        /* it is shown as T1, whatever it says of itself */
    POLICY_NOT_TRANSPARENT,
    POLICY_NOT_SECURE,
    POLICY_UNTRUSTED
};

/* One for each ambiguity of the programs' texts. Values are words: enum policy_value. */
enum policy_setting {
    POLICY_SETTING_LENGTH,             /* inclusive|exact: is the last second part of the validity? */
    POLICY_SETTING_CT_DATE,            /* clock|issued: by what is the CT rules' date read? */
    POLICY_SETTING_CT_SHORTFALL,       /* strict|lenient: fewer SCTs than needed, but not none */
    POLICY_SETTING_MTC_TRANSPARENCY,   /* cosigners|scts|either */
    POLICY_SETTING_INTRANET_LIFETIME_MIN, /* warn|refuse|off: below limit intranet-lifetime-min */
    POLICY_SETTING_GM_LIFETIME,        /* br|own: limit tls-lifetime, or limit gm-lifetime */
    POLICY_SETTING_SUBJECT_FQDN_IN_SAN, /* required|off */
    POLICY_SETTING_CLIENT_AUTH,        /* gm-required|any */
    POLICY_SETTING_AIA,                /* caissuers|any */
    POLICY_SETTING_POLICY_OIDS,        /* same-level|one: how many recognised policy OIDs there may be */
    POLICY_SETTING_OID_ARCS,           /* own|any: does an OID of the other world's arc count? */
    POLICY_SETTING_LEVEL_CONTENT,      /* t1|keep: the subject does not have what the level says */
    POLICY_SETTING_RESERVED_ADDRESSES, /* registry|registry+multicast|not-global */
    POLICY_SETTING_HOME_ARPA,          /* internal|public */
    POLICY_SETTING_ONION,              /* public|internal */
    POLICY_SETTINGS
};

enum policy_value {
    POLICY_VALUE_NONE,
    POLICY_VALUE_INCLUSIVE, POLICY_VALUE_EXACT,
    POLICY_VALUE_CLOCK, POLICY_VALUE_ISSUED,
    POLICY_VALUE_STRICT, POLICY_VALUE_LENIENT,
    POLICY_VALUE_COSIGNERS, POLICY_VALUE_SCTS, POLICY_VALUE_EITHER,
    POLICY_VALUE_WARN, POLICY_VALUE_REFUSE, POLICY_VALUE_OFF,
    POLICY_VALUE_BR, POLICY_VALUE_OWN,
    POLICY_VALUE_REQUIRED, POLICY_VALUE_GM_REQUIRED, POLICY_VALUE_ANY,
    POLICY_VALUE_CAISSUERS,
    POLICY_VALUE_SAME_LEVEL, POLICY_VALUE_ONE,
    POLICY_VALUE_T1, POLICY_VALUE_KEEP,
    POLICY_VALUE_REGISTRY, POLICY_VALUE_REGISTRY_MULTICAST, POLICY_VALUE_NOT_GLOBAL,
    POLICY_VALUE_INTERNAL, POLICY_VALUE_PUBLIC,
    POLICY_VALUES
};

/* Numbers with dates. Those with a unit of time are in seconds. */
enum policy_limit {
    POLICY_LIMIT_TLS_LIFETIME,         /* s, by the day of issuance [BR 6.3.2] */
    POLICY_LIMIT_TLS_LIFETIME_ADVISED, /* s: what the BR say that it should be at most, a day below */
    POLICY_LIMIT_GM_LIFETIME,          /* s, with `setting gm-lifetime own` */
    POLICY_LIMIT_DCV_REUSE,            /* s: how old a validation of a name may be [BR 4.2.1] */
    POLICY_LIMIT_SHORT_LIVED,          /* s: up to this nothing for revocation is asked for [BR 1.6.1] */
    POLICY_LIMIT_BACKDATE,             /* s: notBefore before the signing [BR 7.1.2.7] */
    POLICY_LIMIT_SERIAL_BITS_MIN,      /* bits */
    POLICY_LIMIT_RSA_BITS_MIN,         /* bits [BR 6.1.5] */
    POLICY_LIMIT_RSA_BITS_MAX,         /* bits */
    POLICY_LIMIT_RSA_EXPONENT_MIN,
    POLICY_LIMIT_INTRANET_YEARS_MAX,   /* calendar years [IN-05] */
    POLICY_LIMIT_INTRANET_LIFETIME_MIN, /* s */
    POLICY_LIMIT_EMAIL_LIFETIME,       /* s [S/MIME BR 6.3.2] */
    POLICY_LIMIT_DOCUMENT_LIFETIME,    /* s */
    POLICY_LIMIT_TIMESTAMP_LIFETIME,   /* s */
    POLICY_LIMIT_E_INVOICE_RSA_BITS,   /* bits, exactly [RP-09] */
    POLICY_LIMIT_E_INVOICE_LIFETIME,   /* s */
    POLICY_LIMIT_MTC_MIRRORS,          /* mirrors of other operators than the CA's that have signed */
    POLICY_LIMITS
};

enum policy_language { POLICY_EN, POLICY_ZH };
#define POLICY_LANGUAGES 2

/* Whose CT policy. */
enum policy_ct_for { POLICY_CT_GM_PUBLIC, POLICY_CT_INTL_PUBLIC, POLICY_CT_INTRANET, POLICY_CT_FORS };

/* A policy and its CT policies, read once; immutable, shared by threads. */
struct policy_set;

/* Where a policy comes from, which decides what becomes of rules, settings and limits that the code has and the file does not name. */
enum policy_source {
    POLICY_FROM_AUTHOR, /* a file, read by who writes or chooses it: an error */
    POLICY_FROM_BUNDLE  /* with a trust bundle, of a curator whose program may be older: such a rule is "not looked at", with no effect;
                         * a setting or limit is as in the shipped policy */
};

/* policy_set_read reads both texts (files, or those of a bundle's section 7), which are not needed after it. STATUS_USAGE with
 * "policy: line N" or "CT policies: line N" at the first that is wrong; STATUS_NO_MEMORY. policy_set_free (NULL is fine) after
 * success. */
MUST_USE enum status policy_set_read(struct bytes policy, struct bytes ct_policies, enum policy_source source, struct policy_set **out,
                                     struct error *err);
void policy_set_free(struct policy_set *set);

/* policy_set_default_text and policy_set_default_ct_text are the shipped files, as they were when this was built. policy_set_default
 * reads them. */
struct bytes policy_set_default_text(void);
struct bytes policy_set_default_ct_text(void);
MUST_USE enum status policy_set_default(struct policy_set **out, struct error *err);

/* ---- questions; all answers are borrowed ---- */

const char *policy_set_name(const struct policy_set *set);
uint64_t policy_set_version(const struct policy_set *set);
enum policy_value policy_set_setting(const struct policy_set *set, enum policy_setting setting);

/* policy_set_limit is the value in force at that time: seconds or a count. Every limit has one from the beginning of time. */
int64_t policy_set_limit(const struct policy_set *set, enum policy_limit limit, int64_t at_s);

/* policy_set_ct is the CT policy for those, NULL when there is none to keep. */
const struct ct_policy *policy_set_ct(const struct policy_set *set, enum policy_ct_for who);

/* policy_set_title is what a user is told when the rule is not kept; policy_set_fix, what an operator has to do. "" for a rule that
 * the code does not have. */
const char *policy_set_title(const struct policy_set *set, const char *rule_id, enum policy_language language);
const char *policy_set_fix(const struct policy_set *set, const char *rule_id, enum policy_language language);

/* A row of the table of policy OIDs. */
struct policy_oid {
    char dotted[POLICY_NAME_SIZE];
    uint8_t der[POLICY_NAME_SIZE]; /* contents of the OBJECT IDENTIFIER */
    uint8_t der_len;
    uint16_t purpose; /* enum trust_bundle_purpose */
    uint8_t level;    /* 1-4 */
    char kind[4];     /* "DV" */
    char arc[8];      /* "gm", "intl", "cabf", "any" */
};
size_t policy_set_oid_count(const struct policy_set *set);
const struct policy_oid *policy_set_oid_at(const struct policy_set *set, size_t i);

/* The words that the file has for them; those of purposes are trust_bundle_purpose_name. */
const char *policy_effect_name(enum policy_effect effect);
const char *policy_setting_name(enum policy_setting setting);
const char *policy_value_name(enum policy_value value);
const char *policy_limit_name(enum policy_limit limit);

#endif
