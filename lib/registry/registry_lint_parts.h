/* registry_lint_parts.h - what the files of registry_lint*.c share. */
#ifndef CATHAYA_REGISTRY_REGISTRY_LINT_PARTS_H
#define CATHAYA_REGISTRY_REGISTRY_LINT_PARTS_H

#include "registry/registry_lint.h"
#include "registry/registry_parts.h"

#define REGISTRY_DAY_S INT64_C(86400)

/* One for each finding: its row in registry_lint_rows.c. */
enum registry_finding_id {
    FINDING_POLICY_MISSING,
    FINDING_POLICY_WRONG,
    FINDING_OPERATOR_CONTACT,
    FINDING_OPERATOR_SAME_NAME,
    FINDING_LICENCE_ENDS,
    FINDING_CONTROL_WITHOUT_NOTICE,
    FINDING_STATE_ORDER,
    FINDING_RESTRICTED_WITHOUT_LIMIT,
    FINDING_APPLICATION_MISSING,
    FINDING_APPLICATION_DOCUMENTS,
    FINDING_TEST_SITES_MISSING,
    FINDING_TEST_DOCUMENT_MISSING,
    FINDING_TEST_SITE_FAILED,
    FINDING_TEST_SITE_NOT_VISITED,
    FINDING_APPLICATION_WAITS,
    FINDING_APPLICATION_NOT_DONE,
    FINDING_STEP_ORDER,
    FINDING_AUDIT_MISSING,
    FINDING_AUDIT_OVERDUE,
    FINDING_AUDIT_SOON,
    FINDING_AUDIT_LATE,
    FINDING_AUDIT_GAP,
    FINDING_AUDIT_LONG,
    FINDING_ETSI_CASE,
    FINDING_SM2_LICENCE,
    FINDING_SM2_CASE,
    FINDING_AATL_MISSING,
    FINDING_E_INVOICE_LICENCE,
    FINDING_E_INVOICE_ROOT_KEY,
    FINDING_E_INVOICE_INTERMEDIATE,
    FINDING_INTRANET_WITH_PUBLIC,
    FINDING_INTERMEDIATE_UNDISCLOSED,
    FINDING_INTERMEDIATE_EXPIRED,
    FINDING_DISCLOSURE_MISSING,
    FINDING_DISCLOSURE_OLD,
    FINDING_DISCLOSURE_COUNT,
    FINDING_CERTIFICATE_EXPIRED,
    FINDING_CERTIFICATE_ENDS,
    FINDING_CERTIFICATE_NOT_CA,
    FINDING_KEY_WEAK,
    FINDING_ISSUER_MISMATCH,
    FINDING_ISSUER_NOT_TRUSTED,
    FINDING_DEFAULT_SM2,
    FINDING_SAME_KEY,
    FINDING_MTC_NO_RULE,
    FINDING_MTC_OWN_MIRROR,
    FINDING_MTC_RULE_UNMET,
    FINDING_MTC_NO_URL,
    FINDING_CT_LOG_NO_STATE,
    FINDING_CT_LOG_OVER,
    FINDING_CT_LOG_HEAD,
    FINDING_IDENTITY_SIGNER,
    FINDING_BUNDLE_KEYS,
    FINDING_INCIDENT_NO_REPORT,
    FINDING_INCIDENT_OPEN,
    FINDING_EXCEPTION_UNKNOWN,
    FINDING_IDS
};

struct registry_lint_row {
    const char *id;
    enum registry_severity severity;
    const char *fix;
};
extern const struct registry_lint_row registry_lint_rows[FINDING_IDS];

struct registry_linting {
    const struct registry *r;
    int64_t at_s;
    struct registry_report *report;
    enum status status; /* the first failure sticks: memory, limit */
    struct error *err;
};

/* What a finding is about. */
struct registry_place {
    const struct registry_head *head;
    struct registry_run exceptions;
    unsigned line;
    uint16_t purpose;
};

static inline struct registry_place registry_place_of(const struct registry_thing *thing, unsigned line, uint16_t purpose)
{
    return (struct registry_place){&thing->head, thing->exceptions, line, purpose};
}

/* registry_lint_say adds a finding. An exception that is in force makes it a note. */
void registry_lint_say(struct registry_linting *l, enum registry_finding_id id, struct registry_place place, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* "2026-02-01" */
struct registry_day {
    char text[24];
};
struct registry_day registry_day_of(int64_t at_s);

/* registry_lint_control: changes of control that were not told before they took effect. */
void registry_lint_control(struct registry_linting *l, struct registry_run controls, struct registry_place place);

/* registry_is_covered: an intermediate whose operator runs what is above it too, up to a root or intermediate that is trusted for the purpose,
 * under a root that does not ask for listed ones alone: the audits and application above are its own. */
bool registry_is_covered(const struct registry_linting *l, const struct registry_thing *thing, uint16_t purpose);

/* registry_root_of is the root above an intermediate; the thing itself when it is none, or when issuers go in a circle. */
const struct registry_thing *registry_root_of(const struct registry *r, const struct registry_thing *thing);

/* The parts, one for each file. */
void registry_lint_audits(struct registry_linting *l, const struct registry_thing *thing, uint16_t purpose);
void registry_lint_audit_history(struct registry_linting *l, const struct registry_thing *thing);
void registry_lint_certificate(struct registry_linting *l, const struct registry_thing *thing,
                               const struct trust_bundle_purposes *purposes);
/* registry_lint_disclosed is for an intermediate that is trusted for nothing by itself: it stands in the registry because servers send it. */
void registry_lint_disclosed(struct registry_linting *l, const struct registry_thing *thing);
void registry_lint_application(struct registry_linting *l, const struct registry_thing *thing, uint16_t purpose);
void registry_lint_mtc_ca(struct registry_linting *l, const struct registry_thing *thing);
void registry_lint_ct_log(struct registry_linting *l, const struct registry_thing *thing);
void registry_lint_same_keys(struct registry_linting *l);
void registry_lint_signers(struct registry_linting *l);
void registry_lint_cases(struct registry_linting *l);

#endif
