/* registry_lint.h - what is wrong, missing or overdue in a registry on a day, by the program's rules (seed 002 sections 1, 2 and 5;
 * docs/root-program.md has each finding). */
#ifndef CATHAYA_REGISTRY_REGISTRY_LINT_H
#define CATHAYA_REGISTRY_REGISTRY_LINT_H

#include "registry/registry.h"

/* A thousand things with four findings each; what is beyond is counted, and not in the report. */
#define REGISTRY_FINDINGS_MAX 4096

enum registry_severity {
    REGISTRY_ERROR = 0, /* a condition is not met: what it is about must not be trusted like this */
    REGISTRY_WARNING,   /* something ends soon, or is unusual */
    REGISTRY_NOTE       /* an exception of the manager is in force; an application waits */
};
const char *registry_severity_name(enum registry_severity severity);

struct registry_finding {
    const char *id; /* "audit-overdue": static */
    enum registry_severity severity;
    const struct registry_head *head; /* borrowed of the registry: what it is about */
    unsigned line;   /* in head->file; 0: the file as a whole */
    uint16_t purpose; /* or REGISTRY_ITSELF */
    char text[ERROR_TEXT_MAX]; /* what is wrong, with the values */
    const char *fix;           /* what to do: static */
};

struct registry_report {
    struct array findings; /* struct registry_finding, in the order of files; the first REGISTRY_FINDINGS_MAX */
    size_t error_count, warning_count, note_count;
};

/* registry_lint fills an empty report. STATUS_NO_MEMORY alone: what is wrong with the registry is in
 * the report. registry_report_clear follows in any case. */
MUST_USE enum status registry_lint(const struct registry *registry, int64_t at_s, struct registry_report *report, struct error *err);
void registry_report_clear(struct registry_report *report);

static inline const struct registry_finding *registry_finding_at(const struct registry_report *report, size_t i)
{
    return (const struct registry_finding *)array_at(&report->findings, i);
}

#endif
