/* lint.h - the check before issuance [BR 4.3.1.2]: does a certificate that is about to be issued keep
 * every rule that its profile is under? Pure: the rules are a table, each with its source.
 *
 * It reads what will be signed or logged, not what the issuer meant to write: so it finds mistakes of
 * the issuer too.
 */
#ifndef CATHAYA_RULES_LINT_H
#define CATHAYA_RULES_LINT_H

#include "codec/x509/extensions.h"
#include "rules/certificate_profile.h"

/* More than one certificate can have wrong at once and somebody still reads. */
#define LINT_FINDINGS_MAX 16
#define LINT_TEXT_SIZE 200
/* Without a way to be revoked a certificate is valid this long at most [BR 1.6.1 Short-lived]. */
#define LINT_SHORT_LIVED_S ((int64_t)7 * 86400)
/* [root program IN-05] */
#define LINT_INTRANET_MIN_S ((int64_t)365 * 86400)
#define LINT_INTRANET_MAX_S ((int64_t)5 * 366 * 86400)

/* What is looked at. Everything is borrowed. */
struct lint_subject {
    const struct certificate_profile *profile;
    struct bytes serial;  /* contents of the INTEGER; empty for a log entry, which has none */
    struct bytes subject; /* whole Name */
    struct bytes spki;    /* whole */
    struct bytes extensions; /* contents of Extensions */
    int64_t not_before_s, not_after_s; /* inclusive both */
    int64_t now_s;        /* decides which dated limits hold */
    bool is_precert;      /* to be signed with its poison, for logs alone [RFC6962 3.1] */
    /* Is this name a public suffix or below none (an internal name)? Both may be NULL: not checked. */
    bool (*is_public_suffix)(void *context, const char *name);
    bool (*is_internal_name)(void *context, const char *name);
    /* Is this address (4 or 16 bytes) one that nobody in the Internet has? */
    bool (*is_reserved_address)(struct bytes address);
    void *context;
};

struct lint_finding {
    const char *rule;   /* "br-validity" */
    const char *source; /* "BR 6.3.2" */
    char text[LINT_TEXT_SIZE];
};

struct lint_report {
    size_t count; /* at most LINT_FINDINGS_MAX are kept */
    struct lint_finding findings[LINT_FINDINGS_MAX];
};

/* lint_check applies every rule: STATUS_OK when all are kept, STATUS_REFUSED with the first finding in
 * err and all in report (which may be NULL). STATUS_MALFORMED when the parts cannot be read. */
MUST_USE enum status lint_check(const struct lint_subject *subject, struct lint_report *report,
                                struct error *err);

/* lint_check_names applies the rules on names alone: contents of GeneralNames, before there is a
 * key. Of subject only profile and the callbacks are looked at. */
MUST_USE enum status lint_check_names(const struct lint_subject *subject, struct bytes general_names,
                                      struct lint_report *report, struct error *err);

/* lint_is_internal: is this DNS name (without "*."), or address as text, one that nobody has in the public
 * Internet? False without the callbacks of subject, of which nothing else is looked at. */
bool lint_is_internal(const struct lint_subject *subject, bool is_address, const char *name);

/* lint_validity_max_s is the longest validity that the BR allow for what is issued at now_s [BR 6.3.2]. */
int64_t lint_validity_max_s(int64_t now_s);

/* lint_reuse_max_s is how old the validation of a name or address may be that is relied on at now_s [BR 4.2.1]. */
int64_t lint_reuse_max_s(int64_t now_s);

#endif
