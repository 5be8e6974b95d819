/* Applications with their documents and test sites, and incidents. */
#include <string.h>

#include "registry/registry_lint_parts.h"

/* The last step of that kind whose day has come, NULL when there is none. */
static const struct registry_step *step_of(const struct registry_linting *l, const struct registry_case *c, enum registry_step_kind kind)
{
    const struct registry_step *found = NULL;
    for (size_t i = 0; i < c->steps.count; i++) {
        const struct registry_step *step = REGISTRY_PART(l->r, step, steps, c->steps, i);
        if (step->step == kind && step->at_s <= l->at_s)
            found = step;
    }
    return found;
}

static bool is_about(const struct registry_linting *l, const struct registry_case *c, const struct registry_thing *thing, uint16_t purpose)
{
    for (size_t i = 0; i < c->subjects.count; i++) {
        const struct registry_subject *subject = REGISTRY_PART(l->r, subject, subjects, c->subjects, i);
        if (subject->kind == thing->head.kind && strcmp(subject->id, thing->head.id) == 0 &&
            (subject->purposes == 0 || (subject->purposes & (UINT32_C(1) << purpose)) != 0))
            return true;
    }
    return false;
}

/* The newest application that was accepted. */
static const struct registry_case *application_for(const struct registry_linting *l, const struct registry_thing *thing, uint16_t purpose)
{
    const struct registry_case *found = NULL;
    int64_t found_s = 0;
    for (size_t i = 0; i < l->r->applications.count; i++) {
        const struct registry_case *c = registry_application_at(l->r, i);
        const struct registry_step *step = is_about(l, c, thing, purpose) ? step_of(l, c, REGISTRY_STEP_ACCEPTED) : NULL;
        if (step == NULL || (found != NULL && step->at_s < found_s))
            continue;
        found = c;
        found_s = step->at_s;
    }
    return found;
}

static bool has_document(const struct registry_linting *l, const struct registry_case *c, enum registry_document_kind kind)
{
    for (size_t i = 0; i < c->documents.count; i++) {
        const struct registry_document *document = REGISTRY_PART(l->r, document, documents, c->documents, i);
        if (document->kind == kind && document->purpose == 0)
            return true;
    }
    return false;
}

static bool has_signed_document(const struct registry_linting *l, const struct registry_case *c, uint16_t purpose)
{
    for (size_t i = 0; i < c->documents.count; i++)
        if (REGISTRY_PART(l->r, document, documents, c->documents, i)->purpose == purpose)
            return true;
    return false;
}

static bool has_test_site(const struct registry_linting *l, const struct registry_case *c, const struct registry_thing *thing,
                          enum registry_test_site_kind kind)
{
    for (size_t i = 0; i < c->test_sites.count; i++) {
        const struct registry_test_site *site = REGISTRY_PART(l->r, test_site, test_sites, c->test_sites, i);
        if (site->kind == kind && strcmp(site->thing_id, thing->head.id) == 0)
            return true;
    }
    return false;
}

void registry_lint_application(struct registry_linting *l, const struct registry_thing *thing, uint16_t purpose)
{
    const struct registry_case *c = application_for(l, thing, purpose);
    const char *name = registry_purpose_name(purpose);
    struct registry_place place = registry_place_of(thing, 0, purpose);
    if (thing->is_only_listed || thing->is_default || registry_is_covered(l, thing, purpose))
        return;
    if (c == NULL) {
        registry_lint_say(l, FINDING_APPLICATION_MISSING, place, "%s: no application was accepted", name);
        return;
    }
    if (!has_document(l, c, REGISTRY_DOCUMENT_FORM))
        registry_lint_say(l, FINDING_APPLICATION_DOCUMENTS, place, "%s: %s has no form", name, c->head.file);
    if (!has_document(l, c, REGISTRY_DOCUMENT_CP) && !has_document(l, c, REGISTRY_DOCUMENT_CPS))
        registry_lint_say(l, FINDING_APPLICATION_DOCUMENTS, place, "%s: %s has no CP and no CPS", name, c->head.file);
    if (purpose != TRUST_BUNDLE_TLS && purpose != TRUST_BUNDLE_TLS_INTRANET) {
        if (!has_signed_document(l, c, purpose))
            registry_lint_say(l, FINDING_TEST_DOCUMENT_MISSING, place, "%s: %s has no signed test document for it", name, c->head.file);
        return;
    }
    /* What stands in an intranet nobody visits from here. */
    if (purpose == TRUST_BUNDLE_TLS_INTRANET)
        return;
    for (unsigned kind = REGISTRY_SITE_GOOD; kind <= REGISTRY_SITE_REVOKED; kind++)
        if (!has_test_site(l, c, thing, (enum registry_test_site_kind)kind))
            registry_lint_say(l, FINDING_TEST_SITES_MISSING, place, "%s: %s has no test site with a certificate that is %s", name,
                              c->head.file, registry_test_site_name((enum registry_test_site_kind)kind));
}

/* ---- all cases ---- */

static struct registry_place place_of(const struct registry_case *c, unsigned line)
{
    return (struct registry_place){.head = &c->head, .exceptions = c->exceptions, .line = line};
}

static void lint_steps(struct registry_linting *l, const struct registry_case *c, enum registry_step_kind first)
{
    for (size_t i = 0; i < c->steps.count; i++) {
        const struct registry_step *step = REGISTRY_PART(l->r, step, steps, c->steps, i);
        if (i == 0 && step->step != first)
            registry_lint_say(l, FINDING_STEP_ORDER, place_of(c, step->line), "the first step is not %s", registry_step_name(first));
        if (i > 0 && step->at_s < REGISTRY_PART(l->r, step, steps, c->steps, i - 1)->at_s)
            registry_lint_say(l, FINDING_STEP_ORDER, place_of(c, step->line), "the step of %s goes back",
                              registry_day_of(step->at_s).text);
    }
}

static const struct registry_step *last_step(const struct registry_linting *l, const struct registry_case *c)
{
    const struct registry_step *last = NULL;
    for (size_t i = 0; i < c->steps.count; i++) {
        const struct registry_step *step = REGISTRY_PART(l->r, step, steps, c->steps, i);
        if (step->at_s <= l->at_s)
            last = step;
    }
    return last;
}

static void lint_visits(struct registry_linting *l, const struct registry_case *c)
{
    for (size_t i = 0; i < c->test_sites.count; i++) {
        const struct registry_test_site *site = REGISTRY_PART(l->r, test_site, test_sites, c->test_sites, i);
        const struct registry_visit *last = NULL;
        for (size_t j = 0; j < c->visits.count; j++) {
            const struct registry_visit *visit = REGISTRY_PART(l->r, visit, visits, c->visits, j);
            if (strcmp(visit->url, site->url) == 0 && visit->at_s <= l->at_s && (last == NULL || visit->at_s >= last->at_s))
                last = visit;
        }
        if (last == NULL)
            registry_lint_say(l, FINDING_TEST_SITE_NOT_VISITED, place_of(c, site->line), "nobody has visited %s", site->url);
        else if (!last->is_passed)
            registry_lint_say(l, FINDING_TEST_SITE_FAILED, place_of(c, last->line), "%s: %s", site->url, last->text);
    }
}

/* What was accepted as an application and is not trusted: never was, or somebody forgot. */
static void lint_outcome(struct registry_linting *l, const struct registry_case *c, const struct registry_step *accepted)
{
    for (size_t i = 0; i < c->subjects.count; i++) {
        const struct registry_subject *subject = REGISTRY_PART(l->r, subject, subjects, c->subjects, i);
        if (subject->kind == REGISTRY_OPERATOR || subject->kind == REGISTRY_CT_LOG)
            continue;
        const struct registry_thing *thing = registry_find_thing(l->r, subject->kind, subject->id);
        for (uint16_t purpose = 0; purpose <= REGISTRY_PURPOSE_MAX; purpose++) {
            bool is_asked = (subject->purposes & (UINT32_C(1) << purpose)) != 0 ||
                            (subject->purposes == 0 && purpose == 0 && !registry_has_purposes(subject->kind));
            const struct registry_state *state = registry_state_at(l->r, thing, purpose, l->at_s);
            if (is_asked && (state == NULL || state->state == REGISTRY_APPLIED))
                registry_lint_say(l, FINDING_APPLICATION_NOT_DONE, place_of(c, accepted->line), "%s/%s%s%s is not accepted",
                                  registry_kind_folder(subject->kind), subject->id, purpose != 0 ? " for " : "",
                                  registry_purpose_name(purpose));
        }
    }
}

static void lint_application(struct registry_linting *l, const struct registry_case *c)
{
    const struct registry_step *last = last_step(l, c);
    lint_steps(l, c, REGISTRY_STEP_RECEIVED);
    if (last == NULL || last->step == REGISTRY_STEP_REFUSED || last->step == REGISTRY_STEP_WITHDRAWN)
        return;
    lint_visits(l, c);
    if (last->step == REGISTRY_STEP_ACCEPTED)
        lint_outcome(l, c, last);
    else
        registry_lint_say(l, FINDING_APPLICATION_WAITS, place_of(c, last->line), "%s since %s", registry_step_name(last->step),
                          registry_day_of(last->at_s).text);
}

static void lint_incident(struct registry_linting *l, const struct registry_case *c)
{
    const struct registry_step *opened = step_of(l, c, REGISTRY_STEP_OPENED), *last = last_step(l, c);
    lint_steps(l, c, REGISTRY_STEP_OPENED);
    if (opened == NULL || last == NULL)
        return;
    if (step_of(l, c, REGISTRY_STEP_REPORT) == NULL &&
        l->at_s >= opened->at_s + ((int64_t)l->r->program.report_days + 1) * REGISTRY_DAY_S)
        registry_lint_say(l, FINDING_INCIDENT_NO_REPORT, place_of(c, opened->line), "opened on %s, and no report has come",
                          registry_day_of(opened->at_s).text);
    if (last->step != REGISTRY_STEP_CLOSED)
        registry_lint_say(l, FINDING_INCIDENT_OPEN, place_of(c, last->line), "open since %s", registry_day_of(opened->at_s).text);
}

void registry_lint_cases(struct registry_linting *l)
{
    for (size_t i = 0; i < l->r->applications.count; i++)
        lint_application(l, registry_application_at(l->r, i));
    for (size_t i = 0; i < l->r->incidents.count; i++)
        lint_incident(l, registry_incident_at(l->r, i));
}
