#include "rules/lint.h"

#include <string.h>

#include "rules/dns_name.h"
#include "rules/lint_rules.h"

static bool is_in_scope(const struct lint_rule *rule, const struct certificate_profile *profile)
{
    unsigned have = (profile->is_intranet ? LINT_INTRANET : LINT_PUBLIC) |
                    (profile->kind == PROFILE_MTC ? LINT_MTC : LINT_CLASSIC) |
                    (profile->is_gm ? LINT_GM : 0);
    return (rule->scope & have) == rule->scope;
}

/* The first finding is the reason; all of them are the report. */
static enum status apply(struct lint_view *view, bool is_on_names, struct lint_report *report,
                         struct error *err)
{
    enum status s = STATUS_OK;
    if (report != NULL)
        report->count = 0;
    for (size_t i = 0; i < lint_rules_count; i++) {
        const struct lint_rule *rule = &lint_rules[i];
        if ((is_on_names && !rule->is_on_names) || !is_in_scope(rule, view->subject->profile))
            continue;
        view->text[0] = '\0';
        if (rule->is_kept(view))
            continue;
        if (s == STATUS_OK)
            s = error_set(err, STATUS_REFUSED, "%s (%s): %s", rule->name, rule->source, view->text);
        if (report != NULL && report->count < LINT_FINDINGS_MAX) {
            struct lint_finding *finding = &report->findings[report->count++];
            finding->rule = rule->name;
            finding->source = rule->source;
            memcpy(finding->text, view->text, sizeof view->text);
        }
    }
    return s;
}

enum status lint_check(const struct lint_subject *subject, struct lint_report *report,
                       struct error *err)
{
    struct lint_view view = {.subject = subject};
    enum status s = extensions_parse(subject->extensions, &view.extensions, err);
    return s == STATUS_OK ? apply(&view, false, report, err) : s;
}

enum status lint_check_names(const struct lint_subject *subject, struct bytes general_names,
                             struct lint_report *report, struct error *err)
{
    struct lint_view view = {.subject = subject, .extensions = {.subject_alt_name = general_names}};
    return apply(&view, true, report, err);
}

bool lint_is_internal(const struct lint_subject *subject, bool is_address, const char *name)
{
    uint8_t address[16];
    size_t len;
    if (!is_address)
        return subject->is_internal_name != NULL && subject->is_internal_name(subject->context, name);
    return subject->is_reserved_address != NULL && ip_address_parse(bytes_of_text(name), address, &len) &&
           subject->is_reserved_address(bytes_of(address, len));
}

