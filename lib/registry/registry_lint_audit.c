/* Audits, licences, and the big programs: who may be trusted for what (seed 002 sections 1.1 and 1.2). */
#include <string.h>

#include "registry/registry_lint_parts.h"

#define BIT(scheme) (UINT32_C(1) << (scheme))

/* A condition: of each set one scheme at least has to be there. 0 ends it. */
struct condition {
    uint32_t sets[4];
};

static const struct condition webtrust_any = {{BIT(REGISTRY_WEBTRUST_CA)}};
static const struct condition webtrust_tls = {{BIT(REGISTRY_WEBTRUST_CA), BIT(REGISTRY_WEBTRUST_BASELINE)}};
static const struct condition webtrust_ev = {
    {BIT(REGISTRY_WEBTRUST_CA), BIT(REGISTRY_WEBTRUST_BASELINE), BIT(REGISTRY_WEBTRUST_EV)}};
/* LCP is what every stricter policy contains. */
#define NCP (BIT(REGISTRY_ETSI_NCP) | BIT(REGISTRY_ETSI_NCP_PLUS))
static const struct condition etsi_any = {{BIT(REGISTRY_ETSI_LCP) | NCP}};
static const struct condition etsi_tls = {{BIT(REGISTRY_ETSI_LCP) | NCP, BIT(REGISTRY_ETSI_DVCP) | BIT(REGISTRY_ETSI_OVCP)}};
static const struct condition etsi_ev = {{NCP, BIT(REGISTRY_ETSI_EVCP)}};

static bool is_tls(uint16_t purpose)
{
    return purpose == TRUST_BUNDLE_TLS || purpose == TRUST_BUNDLE_TLS_INTRANET;
}

/* The newest statement of one of these schemes about a purpose that was published by then. */
static const struct registry_audit *newest(const struct registry_linting *l, const struct registry_thing *thing, uint16_t purpose,
                                           uint32_t schemes)
{
    const struct registry_audit *found = NULL;
    for (size_t i = 0; i < thing->audits.count; i++) {
        const struct registry_audit *audit = REGISTRY_PART(l->r, audit, audits, thing->audits, i);
        bool is_one = (BIT(audit->scheme) & schemes) != 0 && (audit->purposes & (UINT32_C(1) << purpose)) != 0 &&
                      audit->published_s <= l->at_s;
        if (is_one && (found == NULL || audit->until_s > found->until_s))
            found = audit;
    }
    return found;
}

/* Until when, exclusive, a statement counts: the next period may last a year, and its statement may come a quarter later. */
static int64_t counts_until(const struct registry_linting *l, const struct registry_audit *audit)
{
    return audit->until_s + ((int64_t)l->r->program.audit_period_days + l->r->program.audit_report_days) * REGISTRY_DAY_S;
}

static const char *scheme_of(uint32_t set)
{
    unsigned scheme = 0;
    while ((set & BIT(scheme)) == 0)
        scheme++;
    return registry_scheme_name((enum registry_scheme)scheme);
}

struct standing {
    bool is_there;                      /* each set has a statement, new or old */
    const struct registry_audit *first; /* the one that stops to count first */
    char missing[160];                  /* of sets without one the first scheme each */
};

static struct standing look(const struct registry_linting *l, const struct registry_thing *thing, uint16_t purpose,
                            const struct condition *condition)
{
    struct standing standing = {.is_there = true};
    for (size_t i = 0; condition->sets[i] != 0; i++) {
        const struct registry_audit *audit = newest(l, thing, purpose, condition->sets[i]);
        if (audit == NULL) {
            size_t len = strlen(standing.missing);
            registry_format(standing.missing + len, sizeof standing.missing - len, "%s%s", len > 0 ? ", " : "", scheme_of(condition->sets[i]));
            standing.is_there = false;
        } else if (standing.first == NULL || audit->until_s < standing.first->until_s) {
            standing.first = audit;
        }
    }
    return standing;
}

static bool is_current(const struct registry_linting *l, const struct standing *standing)
{
    return standing->is_there && l->at_s < counts_until(l, standing->first);
}

static void say_standing(struct registry_linting *l, const struct registry_thing *thing, uint16_t purpose,
                         const struct standing *standing)
{
    if (!standing->is_there) {
        registry_lint_say(l, FINDING_AUDIT_MISSING, registry_place_of(thing, 0, purpose), "%s: no audit statement %s",
                          registry_purpose_name(purpose), standing->missing);
        return;
    }
    const struct registry_audit *first = standing->first;
    int64_t until_s = counts_until(l, first);
    struct registry_place place = registry_place_of(thing, first->line, purpose);
    if (l->at_s >= until_s)
        registry_lint_say(l, FINDING_AUDIT_OVERDUE, place, "%s: the next %s was due on %s; the last one is about the time until %s",
                          registry_purpose_name(purpose), registry_scheme_name(first->scheme), registry_day_of(until_s - 1).text,
                          registry_day_of(first->until_s - 1).text);
    else if (l->at_s >= until_s - (int64_t)l->r->program.warn_days * REGISTRY_DAY_S)
        registry_lint_say(l, FINDING_AUDIT_SOON, place, "%s: the next %s is due on %s", registry_purpose_name(purpose),
                          registry_scheme_name(first->scheme), registry_day_of(until_s - 1).text);
}

static void lint_webtrust_or_etsi(struct registry_linting *l, const struct registry_thing *thing, uint16_t purpose)
{
    /* T4 is EV for servers alone. */
    bool is_ev = is_tls(purpose) && thing->level_max == TRUST_BUNDLE_LEVEL_MAX;
    struct standing webtrust = look(l, thing, purpose, is_ev ? &webtrust_ev : is_tls(purpose) ? &webtrust_tls : &webtrust_any);
    struct standing etsi = look(l, thing, purpose, is_ev ? &etsi_ev : is_tls(purpose) ? &etsi_tls : &etsi_any);
    bool is_by_etsi = !is_current(l, &webtrust) && (is_current(l, &etsi) || (etsi.is_there && !webtrust.is_there));
    if (is_by_etsi)
        registry_lint_say(l, FINDING_ETSI_CASE, registry_place_of(thing, etsi.first->line, purpose), "%s: audited by ETSI EN 319 411-1",
                          registry_purpose_name(purpose));
    say_standing(l, thing, purpose, is_by_etsi ? &etsi : &webtrust);
}

/* ---- licences and programs ---- */

static bool has_licence(const struct registry_linting *l, const struct registry_operator *o, enum registry_licence_kind kind)
{
    for (size_t i = 0; i < o->licences.count; i++) {
        const struct registry_licence *licence = REGISTRY_PART(l->r, licence, licences, o->licences, i);
        if (licence->kind == kind && licence->from_s <= l->at_s && l->at_s < licence->until_s)
            return true;
    }
    return false;
}

static const char *missing_licence(const struct registry_linting *l, const struct registry_operator *o)
{
    bool has_miit = has_licence(l, o, REGISTRY_MIIT), has_sca = has_licence(l, o, REGISTRY_SCA);
    return has_miit && has_sca ? NULL : has_miit ? "of SCA" : has_sca ? "of MIIT" : "of MIIT and of SCA";
}

/* first to last: which programs count. */
static bool is_included(const struct registry_linting *l, struct registry_run run, enum registry_program_kind first,
                        enum registry_program_kind last)
{
    for (size_t i = 0; i < run.count; i++) {
        const struct registry_inclusion *inclusion = REGISTRY_PART(l->r, inclusion, inclusions, run, i);
        if (inclusion->program >= first && inclusion->program <= last && inclusion->from_s <= l->at_s &&
            l->at_s < inclusion->until_s)
            return true;
    }
    return false;
}

static void lint_sm2(struct registry_linting *l, const struct registry_thing *thing, uint16_t purpose)
{
    const struct registry_operator *o = registry_operator_of(l->r, thing);
    const char *missing = missing_licence(l, o);
    struct registry_place place = registry_place_of(thing, 0, purpose);
    if (missing == NULL)
        return;
    bool needs_licence = purpose == TRUST_BUNDLE_DOCUMENT || purpose == TRUST_BUNDLE_TIMESTAMP;
    struct standing webtrust = look(l, thing, purpose, is_tls(purpose) ? &webtrust_tls : &webtrust_any);
    bool is_in_big_program = is_included(l, o->inclusions, REGISTRY_MICROSOFT, REGISTRY_APPLE);
    if (needs_licence || !is_in_big_program || !webtrust.is_there) {
        registry_lint_say(l, FINDING_SM2_LICENCE, place, "%s: %s has no licence %s in force", registry_purpose_name(purpose),
                          o->name_en, missing);
        return;
    }
    say_standing(l, thing, purpose, &webtrust);
    if (is_current(l, &webtrust))
        registry_lint_say(l, FINDING_SM2_CASE, place, "%s: %s has no licence %s; WebTrust and a root in a big program stand for it",
                          registry_purpose_name(purpose), o->name_en, missing);
}

/* ---- purposes with conditions of their own ---- */

static void lint_aatl(struct registry_linting *l, const struct registry_thing *thing, uint16_t purpose)
{
    const struct registry_thing *root = registry_root_of(l->r, thing);
    if (!is_included(l, thing->inclusions, REGISTRY_AATL, REGISTRY_AATL) &&
        !is_included(l, root->inclusions, REGISTRY_AATL, REGISTRY_AATL))
        registry_lint_say(l, FINDING_AATL_MISSING, registry_place_of(thing, 0, purpose), "%s: it is not in Adobe's list",
                          registry_purpose_name(purpose));
}

static void lint_e_invoice(struct registry_linting *l, const struct registry_thing *thing)
{
    const struct registry_operator *o = registry_operator_of(l->r, thing);
    const char *missing = missing_licence(l, o);
    if (missing != NULL)
        registry_lint_say(l, FINDING_E_INVOICE_LICENCE, registry_place_of(thing, 0, TRUST_BUNDLE_E_INVOICE),
                          "e-invoice: %s has no licence %s in force", o->name_en, missing);
}

void registry_lint_audits(struct registry_linting *l, const struct registry_thing *thing, uint16_t purpose)
{
    bool is_sm2 = registry_is_sm2(thing);
    /* The national root is there by law; Chromium's roots are watched by their own programs. */
    if (thing->is_only_listed || thing->is_default)
        return;
    if (purpose == TRUST_BUNDLE_E_INVOICE)
        lint_e_invoice(l, thing);
    if (!is_sm2 && (purpose == TRUST_BUNDLE_DOCUMENT || purpose == TRUST_BUNDLE_TIMESTAMP))
        lint_aatl(l, thing, purpose);
    if (registry_is_covered(l, thing, purpose))
        return;
    if (is_sm2)
        lint_sm2(l, thing, purpose);
    else
        lint_webtrust_or_etsi(l, thing, purpose);
}

/* ---- how statements follow each other ---- */

/* The statement of the same scheme, about the same purposes in part, that ended last before this one. */
static const struct registry_audit *audit_before(const struct registry_linting *l, const struct registry_thing *thing,
                                                 const struct registry_audit *audit)
{
    const struct registry_audit *found = NULL;
    for (size_t i = 0; i < thing->audits.count; i++) {
        const struct registry_audit *other = REGISTRY_PART(l->r, audit, audits, thing->audits, i);
        bool is_before = other != audit && other->scheme == audit->scheme && (other->purposes & audit->purposes) != 0 &&
                         other->until_s < audit->until_s;
        if (is_before && (found == NULL || other->until_s > found->until_s))
            found = other;
    }
    return found;
}

void registry_lint_audit_history(struct registry_linting *l, const struct registry_thing *thing)
{
    const struct registry_program *p = &l->r->program;
    for (size_t i = 0; i < thing->audits.count; i++) {
        const struct registry_audit *audit = REGISTRY_PART(l->r, audit, audits, thing->audits, i);
        const struct registry_audit *before = audit_before(l, thing, audit);
        struct registry_place place = registry_place_of(thing, audit->line, REGISTRY_ITSELF);
        const char *scheme = registry_scheme_name(audit->scheme);
        /* What is published on the day of the deadline is in time. */
        if (audit->published_s >= audit->until_s + p->audit_report_days * REGISTRY_DAY_S)
            registry_lint_say(l, FINDING_AUDIT_LATE, place, "%s: about the time until %s, published on %s", scheme,
                              registry_day_of(audit->until_s - 1).text, registry_day_of(audit->published_s).text);
        if (audit->until_s - audit->from_s > p->audit_period_days * REGISTRY_DAY_S)
            registry_lint_say(l, FINDING_AUDIT_LONG, place, "%s: from %s until %s is more than %u days", scheme,
                              registry_day_of(audit->from_s).text, registry_day_of(audit->until_s - 1).text, p->audit_period_days);
        if (before != NULL && before->until_s < audit->from_s)
            registry_lint_say(l, FINDING_AUDIT_GAP, place, "%s: nothing about the time from %s until %s", scheme,
                              registry_day_of(before->until_s).text, registry_day_of(audit->from_s - 1).text);
    }
}
