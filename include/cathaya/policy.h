/* cathaya/policy.h - what a browser tells its user about a certificate, and why: the judgement of a root program.
 *
 * A verdict (secure, not transparent, not secure, untrusted), a level of identity (T1 to T4) with its kind, what the address bar
 * shows, and one row for each rule of the policy, with texts in English and Chinese; every signed certificate timestamp and
 * every cosigner one by one. In libcathaya-tls. No I/O, no clock, no global state.
 *
 * Use: fill a cathaya_tls_trust; cathaya_policy_new on it, once; for each connection cathaya_policy_judge_connection when its
 * handshake is done, or has failed; read the answer before anything is sent; cathaya_answer_free. What a handshake has failed
 * for is untrusted. One that is done may be untrusted, too, by a rule of the policy: a public name below a root that is listed for
 * intranets alone, say. That a connection is not secure, or not transparent, is said here alone, and what follows from it is the
 * browser's affair.
 *
 * Threads: a policy is immutable, any number of threads share it. An answer belongs to one thread at a time.
 * Ownership: all pointers that are given to a function are borrowed for the call, except where it says "keeps". Texts in an
 * answer live as long as the answer, and the policy has to outlive its answers. All texts are UTF-8, NUL-terminated, never
 * NULL ("" is what is not known), and have no control characters.
 */
#ifndef CATHAYA_POLICY_H
#define CATHAYA_POLICY_H

#include <cathaya/tls.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Worst last. */
enum cathaya_verdict {
    CATHAYA_VERDICT_SECURE = 0,
    CATHAYA_VERDICT_NOT_TRANSPARENT = 1, /* not logged as it should be, by a rule that is not enforced yet */
    CATHAYA_VERDICT_NOT_SECURE = 2,      /* "不安全" */
    CATHAYA_VERDICT_UNTRUSTED = 3        /* there is no way to a root of the program for this purpose */
};

enum cathaya_language {
    CATHAYA_LANGUAGE_EN = 0,
    CATHAYA_LANGUAGE_ZH = 1
};
#define CATHAYA_LANGUAGES 2

/* What a certificate is to be used for: the numbers of docs/trust-bundle.md. */
enum cathaya_purpose {
    CATHAYA_PURPOSE_TLS = 1, /* servers of both kinds: what is for an intranet by its names is judged as such */
    CATHAYA_PURPOSE_TLS_INTRANET = 2,
    CATHAYA_PURPOSE_TLS_CLIENT = 3,
    CATHAYA_PURPOSE_EMAIL = 4,
    CATHAYA_PURPOSE_CODE = 5,
    CATHAYA_PURPOSE_TIMESTAMP = 6,
    CATHAYA_PURPOSE_DOCUMENT = 7,
    CATHAYA_PURPOSE_E_INVOICE = 8
};

/* ---- the policy ---- */

struct cathaya_policy;

/* cathaya_policy_new reads the policy of the first bundle that was added to the trust (docs/trust-bundle.md, section 7), or,
 * when it has none, the one that is built into the library. A rule of the library that a bundle's policy does not name is not looked
 * at, and has no title and no fix. Keeps the pointer to the trust, which has to be complete and outlive the
 * policy. CATHAYA_MALFORMED and CATHAYA_USAGE (with the line) for a policy that cannot be read: there is no way round it, such a
 * bundle is refused. CATHAYA_NO_MEMORY. cathaya_policy_free takes it back (NULL is fine). */
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status cathaya_policy_new(const struct cathaya_tls_trust *trust,
                                                                    struct cathaya_policy **out, struct cathaya_error *err);
CATHAYA_API void cathaya_policy_free(struct cathaya_policy *policy);

/* cathaya_policy_name and cathaya_policy_version are what the policy calls itself; cathaya_policy_is_built_in is not 0 when no
 * bundle brought one. */
CATHAYA_API const char *cathaya_policy_name(const struct cathaya_policy *policy);
CATHAYA_API uint64_t cathaya_policy_version(const struct cathaya_policy *policy);
CATHAYA_API int cathaya_policy_is_built_in(const struct cathaya_policy *policy);

/* ---- judging ---- */

/* A public suffix list of the browser's own. Both functions get a name in A-labels and small letters without "*."; not 0 is
 * yes. Called during the judging alone, on its thread. Without it the rules about internal names are not looked at. */
struct cathaya_policy_names {
    int (*is_public_suffix)(void *context, const char *name); /* "com", "com.cn" */
    int (*is_internal_name)(void *context, const char *name); /* below no public suffix: "printer", "nas.lan" */
    void *context;
};

struct cathaya_answer;

/* cathaya_policy_judge_connection judges what the server of a connection has shown, at the time and for the name of its target.
 * names may be NULL. The connection may have failed; CATHAYA_NOT_FOUND when it came to no certificate. CATHAYA_MALFORMED when
 * the certificate cannot be read, CATHAYA_USAGE when the connection is of another trust than the policy, CATHAYA_NO_MEMORY. The
 * answer does not need the connection any more. */
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status
cathaya_policy_judge_connection(const struct cathaya_policy *policy, const struct cathaya_tls *connection,
                                const struct cathaya_policy_names *names, struct cathaya_answer **out,
                                struct cathaya_error *err);

/* A certificate in DER. */
struct cathaya_der {
    const uint8_t *data;
    size_t len;
};

/* What is asked about certificates that came some other way. Zero it, then fill it. */
struct cathaya_policy_request {
    const struct cathaya_der *chain;  /* the leaf first, then what came with it in any order, CATHAYA_TLS_CHAIN_MAX at most */
    size_t chain_count;
    int64_t at;                       /* seconds since the Epoch, to the end of the year 9999: the caller's clock */
    enum cathaya_purpose purpose;     /* 0: CATHAYA_PURPOSE_TLS */
    const char *dns_name;             /* the name that it has to be for, as A-labels; NULL: names are not compared */
    const uint8_t *ip;                /* or the address, ip_len 4 or 16; NULL: none */
    size_t ip_len;
    const uint8_t *sct_list;          /* SignedCertificateTimestampList that came beside it [RFC6962 3.3]; NULL: none */
    size_t sct_list_len;
    const uint8_t *ocsp_response;     /* DER, that came beside it; NULL: none */
    size_t ocsp_response_len;
    const struct cathaya_policy_names *names; /* NULL: names are not looked at */
};

/* cathaya_policy_judge judges certificates. CATHAYA_MALFORMED when the leaf cannot be read, CATHAYA_USAGE for a request that
 * makes no sense, CATHAYA_LIMIT for too many certificates, CATHAYA_NO_MEMORY: then there is no answer. That a certificate is
 * untrusted is an answer. */
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status cathaya_policy_judge(const struct cathaya_policy *policy,
                                                                      const struct cathaya_policy_request *request,
                                                                      struct cathaya_answer **out, struct cathaya_error *err);
CATHAYA_API void cathaya_answer_free(struct cathaya_answer *answer);

/* ---- the answer ---- */

#define CATHAYA_KIND_SIZE 4
#define CATHAYA_RULES_MAX 128
#define CATHAYA_ANSWER_SCTS_MAX 96
#define CATHAYA_ANSWER_COSIGNERS_MAX 64

/* What the address bar shows. */
enum cathaya_icon {
    CATHAYA_ICON_UNTRUSTED = 0,
    CATHAYA_ICON_NOT_SECURE = 1,
    CATHAYA_ICON_NOT_TRANSPARENT = 2,
    CATHAYA_ICON_LOCK_T1 = 3,     /* a grey lock: the name alone is validated */
    CATHAYA_ICON_LOCK_T2 = 4,     /* a light green lock: an individual */
    CATHAYA_ICON_LOCK_T3 = 5,     /* a green lock: an organisation */
    CATHAYA_ICON_GREEN_BAR_T4 = 6 /* a green bar with the organisation's name */
};

struct cathaya_answer_summary {
    enum cathaya_verdict verdict;
    unsigned level;                  /* 1-4: T1-T4 */
    char kind[CATHAYA_KIND_SIZE];    /* "DV", "IV", "OV", "EV", "MV", "SV"; "" when no policy OID said so */
    enum cathaya_icon icon;
    const char *icon_name;           /* the policy's own word */
    const char *saying[CATHAYA_LANGUAGES]; /* what the user is told */
    const char *organisation;        /* from T3 on */
    const char *worst_rule;          /* id of the rule that made the verdict; "" when it is secure */
    const char *reason;              /* why it is untrusted, in words for people */
    int is_intranet, is_gm;
    enum cathaya_purpose purpose;    /* that it was judged for */
    size_t rule_count, sct_count, cosigner_count;
};
CATHAYA_API void cathaya_answer_summary(const struct cathaya_answer *answer, struct cathaya_answer_summary *out);

enum cathaya_rule_result {
    CATHAYA_RULE_PASS = 0,
    CATHAYA_RULE_FAIL = 1,
    CATHAYA_RULE_WARN = 2,
    CATHAYA_RULE_INFO = 3,
    CATHAYA_RULE_NOT_LOOKED_AT = 4, /* what it needs was not there: evidence says what */
    CATHAYA_RULE_NOT_APPLICABLE = 5
};

/* What follows from a rule that is not kept. */
enum cathaya_rule_effect {
    CATHAYA_EFFECT_OFF = 0,
    CATHAYA_EFFECT_INFO = 1,
    CATHAYA_EFFECT_WARN = 2,
    CATHAYA_EFFECT_LEVEL_T1 = 3, /* it is shown as T1 */
    CATHAYA_EFFECT_NOT_TRANSPARENT = 4,
    CATHAYA_EFFECT_NOT_SECURE = 5,
    CATHAYA_EFFECT_UNTRUSTED = 6
};

struct cathaya_rule {
    const char *id;                       /* "RP-05", "br-validity": stays the same from version to version */
    enum cathaya_rule_result result;
    enum cathaya_rule_effect effect;
    const char *evidence;                 /* what was found, in English */
    const char *title[CATHAYA_LANGUAGES]; /* what a user is told when it is not kept */
    const char *fix[CATHAYA_LANGUAGES];   /* what an operator has to do */
};

/* A verdict is about what was looked at: a rule that is CATHAYA_RULE_NOT_LOOKED_AT with an effect that is worse than the verdict could
 * have changed it, for want of names, of logs or of a name to compare with; its evidence says which.
 *
 * cathaya_answer_rule gives rule i; 0 behind the last one, which leaves *out alone. So do the two below. */
CATHAYA_API CATHAYA_MUST_USE int cathaya_answer_rule(const struct cathaya_answer *answer, size_t i, struct cathaya_rule *out);

/* How a timestamp came: bits. */
#define CATHAYA_DELIVERY_CERTIFICATE 1u
#define CATHAYA_DELIVERY_TLS 2u
#define CATHAYA_DELIVERY_OCSP 4u
#define CATHAYA_DELIVERY_PROPERTY 8u /* beside a Merkle Tree Certificate */

struct cathaya_answer_sct {
    uint8_t log_id[CATHAYA_HASH_SIZE];
    uint64_t timestamp_ms;
    unsigned delivery;
    int is_good;           /* of a log of the list, and its signature verifies */
    const char *log_name;  /* as the list describes the log; "" when no list has it */
    const char *log_operator;
    const char *reason;    /* why it is not good */
};
CATHAYA_API CATHAYA_MUST_USE int cathaya_answer_sct(const struct cathaya_answer *answer, size_t i, struct cathaya_answer_sct *out);

enum cathaya_cosigner_role {
    CATHAYA_COSIGNER_CA = 0,
    CATHAYA_COSIGNER_CERTIFYING = 1, /* a second one of the CA */
    CATHAYA_COSIGNER_WITNESS = 2,
    CATHAYA_COSIGNER_MIRROR = 3,
    CATHAYA_COSIGNER_UNKNOWN = 4
};

struct cathaya_answer_cosigner {
    const char *id; /* "32473.1" */
    enum cathaya_cosigner_role role;
    const char *operator_name;
    int is_good;
    const char *reason; /* why it is not good */
};
CATHAYA_API CATHAYA_MUST_USE int cathaya_answer_cosigner(const struct cathaya_answer *answer, size_t i,
                                                         struct cathaya_answer_cosigner *out);

/* cathaya_verdict_name is "secure", "not_transparent", "not_secure", "untrusted"; cathaya_rule_result_name "pass", "fail", "warn",
 * "info", "not_looked_at", "not_applicable". "" for what is none. */
CATHAYA_API const char *cathaya_verdict_name(enum cathaya_verdict verdict);
CATHAYA_API const char *cathaya_rule_result_name(enum cathaya_rule_result result);

#ifdef __cplusplus
}
#endif

#endif
