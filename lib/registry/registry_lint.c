#include "registry/registry_lint.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/civil_time.h"
#include "policy/policy_set.h"
#include "registry/registry_lint_parts.h"

/* ---- findings ---- */

struct registry_day registry_day_of(int64_t at_s)
{
    struct registry_day day;
    char text[CIVIL_TIME_TEXT_SIZE];
    civil_time_format(at_s, text);
    snprintf(day.text, sizeof day.text, "%.10s", text);
    return day;
}

static const struct registry_exception *exception_for(const struct registry_linting *l, const char *id, struct registry_run run)
{
    for (size_t i = 0; i < run.count; i++) {
        const struct registry_exception *e = REGISTRY_PART(l->r, exception, exceptions, run, i);
        if (strcmp(e->finding, id) == 0 && e->from_s <= l->at_s && l->at_s < e->until_s)
            return e;
    }
    return NULL;
}

static size_t *count_of(struct registry_report *report, enum registry_severity severity)
{
    return severity == REGISTRY_ERROR     ? &report->error_count
           : severity == REGISTRY_WARNING ? &report->warning_count
                                          : &report->note_count;
}

void registry_lint_say(struct registry_linting *l, enum registry_finding_id id, struct registry_place place, const char *format, ...)
{
    const struct registry_lint_row *row = &registry_lint_rows[id];
    const struct registry_exception *exception = exception_for(l, row->id, place.exceptions);
    struct registry_finding finding = {.id = row->id, .severity = exception != NULL ? REGISTRY_NOTE : row->severity,
                                       .head = place.head, .line = place.line, .purpose = place.purpose, .fix = row->fix};
    va_list args;
    va_start(args, format);
    registry_format_args(finding.text, sizeof finding.text, format, args);
    va_end(args);
    size_t len = strlen(finding.text);
    if (exception != NULL) {
        registry_format(finding.text + len, sizeof finding.text - len, " (exception until %s: %s)",
                 registry_day_of(exception->until_s - 1).text, exception->reason);
        finding.fix = "decide again before the exception ends";
    }
    if (l->status == STATUS_OK && l->report->findings.count < REGISTRY_FINDINGS_MAX)
        l->status = array_insert(&l->report->findings, l->report->findings.count, &finding, "findings", l->err);
    if (l->status == STATUS_OK)
        (*count_of(l->report, finding.severity))++;
}

void registry_report_clear(struct registry_report *report)
{
    array_clear(&report->findings);
}

/* ---- the program and its operators ---- */

static void lint_program(struct registry_linting *l)
{
    const struct registry_place place = {.head = &l->r->program.head};
    struct policy_set *set;
    struct error err = {.status = STATUS_OK};
    if (l->r->policy_text.len == 0 || l->r->ct_policy_text.len == 0) {
        registry_lint_say(l, FINDING_POLICY_MISSING, place, "policies/%s.conf is not there",
                          l->r->policy_text.len == 0 ? "root-program" : "ct-policy");
        return;
    }
    if (policy_set_read(l->r->policy_text, l->r->ct_policy_text, POLICY_FROM_AUTHOR, &set, &err) != STATUS_OK)
        registry_lint_say(l, FINDING_POLICY_WRONG, place, "%s", err.text);
    else
        policy_set_free(set);
}

static bool runs_something_trusted(const struct registry_linting *l, const struct registry_operator *o)
{
    struct trust_bundle_purposes purposes;
    for (size_t i = 0; i < l->r->things.count; i++) {
        const struct registry_thing *thing = registry_thing_at(l->r, i);
        if (!registry_has_purposes(thing->head.kind) || strcmp(thing->operator_id, o->head.id) != 0)
            continue;
        registry_purposes_at(l->r, thing, l->at_s, &purposes);
        if (purposes.count > 0 && !thing->is_default)
            return true;
    }
    return false;
}

/* The last day of each kind of licence, when it is near; one that has ended is what sm2-licence finds. */
static void lint_licences(struct registry_linting *l, const struct registry_operator *o, struct registry_place place)
{
    static const char *const names[] = {"MIIT", "SCA"};
    for (unsigned kind = REGISTRY_MIIT; kind <= REGISTRY_SCA; kind++) {
        const struct registry_licence *last = NULL;
        for (size_t i = 0; i < o->licences.count; i++) {
            const struct registry_licence *licence = REGISTRY_PART(l->r, licence, licences, o->licences, i);
            if (licence->kind == kind && (last == NULL || licence->until_s > last->until_s))
                last = licence;
        }
        if (last == NULL || last->until_s <= l->at_s || last->until_s > l->at_s + l->r->program.warn_days * REGISTRY_DAY_S)
            continue;
        place.line = last->line;
        registry_lint_say(l, FINDING_LICENCE_ENDS, place, "the licence of %s %s ends on %s", names[kind], last->number,
                          registry_day_of(last->until_s - 1).text);
    }
}

void registry_lint_control(struct registry_linting *l, struct registry_run controls, struct registry_place place)
{
    for (size_t i = 0; i < controls.count; i++) {
        const struct registry_control *control = REGISTRY_PART(l->r, control, controls, controls, i);
        place.line = control->line;
        if (control->effective_s > l->at_s || control->noticed_s <= control->effective_s)
            continue;
        registry_lint_say(l, FINDING_CONTROL_WITHOUT_NOTICE, place, "control changed on %s, %s%s: %s",
                          registry_day_of(control->effective_s).text,
                          control->noticed_s == INT64_MAX ? "and nobody told us" : "and we were told on ",
                          control->noticed_s == INT64_MAX ? "" : registry_day_of(control->noticed_s).text, control->text);
    }
}

static void lint_exceptions(struct registry_linting *l, struct registry_run exceptions, struct registry_place place)
{
    for (size_t i = 0; i < exceptions.count; i++) {
        const struct registry_exception *e = REGISTRY_PART(l->r, exception, exceptions, exceptions, i);
        size_t row = 0;
        while (row < FINDING_IDS && strcmp(registry_lint_rows[row].id, e->finding) != 0)
            row++;
        place.line = e->line;
        if (row == FINDING_IDS)
            registry_lint_say(l, FINDING_EXCEPTION_UNKNOWN, place, "\"%s\" is no finding", e->finding);
    }
}

static void lint_operator(struct registry_linting *l, size_t at)
{
    const struct registry_operator *o = registry_operator_at(l->r, at);
    struct registry_place place = {.head = &o->head, .exceptions = o->exceptions};
    lint_exceptions(l, o->exceptions, place);
    for (size_t i = 0; i < at; i++)
        if (strcmp(registry_operator_at(l->r, i)->name_en, o->name_en) == 0)
            registry_lint_say(l, FINDING_OPERATOR_SAME_NAME, place, "%s has the same name, %s", registry_operator_at(l->r, i)->head.file,
                              o->name_en);
    registry_lint_control(l, o->controls, place);
    if (!runs_something_trusted(l, o))
        return;
    if (o->contacts.count == 0)
        registry_lint_say(l, FINDING_OPERATOR_CONTACT, place, "%s has no contact", o->name_en);
    lint_licences(l, o, place);
}

/* ---- things ---- */

static void lint_states(struct registry_linting *l, const struct registry_thing *thing)
{
    for (size_t i = 1; i < thing->states.count; i++) {
        const struct registry_state *state = REGISTRY_PART(l->r, state, states, thing->states, i), *before = NULL;
        for (size_t j = 0; j < i; j++)
            if (REGISTRY_PART(l->r, state, states, thing->states, j)->purpose == state->purpose)
                before = REGISTRY_PART(l->r, state, states, thing->states, j);
        if (before != NULL && before->since_s > state->since_s)
            registry_lint_say(l, FINDING_STATE_ORDER, registry_place_of(thing, state->line, state->purpose),
                              "the state of %s goes back, behind that of %s", registry_day_of(state->since_s).text,
                              registry_day_of(before->since_s).text);
    }
}

static bool has_limit(const struct registry_thing *thing)
{
    return thing->distrust_after_s != 0 || thing->sct_distrust_after_s != 0 || thing->permitted.count > 0 ||
           thing->excluded.count > 0 || thing->serials.count > 0 || thing->minimums.count > 0 ||
           thing->level_max < TRUST_BUNDLE_LEVEL_MAX || thing->is_only_listed;
}

static void lint_purposes(struct registry_linting *l, const struct registry_thing *thing)
{
    struct trust_bundle_purposes purposes;
    registry_purposes_at(l->r, thing, l->at_s, &purposes);
    if (purposes.count == 0) {
        if (thing->head.kind == REGISTRY_INTERMEDIATE)
            registry_lint_disclosed(l, thing);
        return;
    }
    registry_lint_certificate(l, thing, &purposes);
    for (size_t i = 0; i < purposes.count; i++) {
        const struct registry_state *state = registry_state_at(l->r, thing, purposes.at[i], l->at_s);
        if (state->state == REGISTRY_RESTRICTED && !has_limit(thing))
            registry_lint_say(l, FINDING_RESTRICTED_WITHOUT_LIMIT, registry_place_of(thing, state->line, purposes.at[i]),
                              "%s is restricted, and no limit says how", registry_purpose_name(purposes.at[i]));
        registry_lint_audits(l, thing, purposes.at[i]);
        registry_lint_application(l, thing, purposes.at[i]);
    }
    registry_lint_audit_history(l, thing);
    if (thing->head.kind == REGISTRY_MTC_CA)
        registry_lint_mtc_ca(l, thing);
}

static void lint_thing(struct registry_linting *l, const struct registry_thing *thing)
{
    lint_exceptions(l, thing->exceptions, registry_place_of(thing, 0, REGISTRY_ITSELF));
    lint_states(l, thing);
    registry_lint_control(l, thing->controls, registry_place_of(thing, 0, REGISTRY_ITSELF));
    if (registry_has_purposes(thing->head.kind))
        lint_purposes(l, thing);
    else if (thing->head.kind == REGISTRY_CT_LOG)
        registry_lint_ct_log(l, thing);
}

enum status registry_lint(const struct registry *registry, int64_t at_s, struct registry_report *report, struct error *err)
{
    struct registry_linting l = {registry, at_s, report, STATUS_OK, err};
    *report = (struct registry_report){.findings = array_of(sizeof(struct registry_finding), REGISTRY_FINDINGS_MAX)};
    lint_program(&l);
    for (size_t i = 0; i < registry->operators.count; i++)
        lint_operator(&l, i);
    for (size_t i = 0; i < registry->things.count; i++)
        lint_thing(&l, registry_thing_at(registry, i));
    registry_lint_same_keys(&l);
    registry_lint_signers(&l);
    for (size_t i = 0; i < registry->applications.count; i++) {
        const struct registry_case *c = registry_application_at(registry, i);
        lint_exceptions(&l, c->exceptions, (struct registry_place){.head = &c->head, .exceptions = c->exceptions});
    }
    registry_lint_cases(&l);
    return l.status;
}
