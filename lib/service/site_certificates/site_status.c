/* What people are told. */
#include <stdio.h>
#include <string.h>

#include "service/site_certificates/site_internal.h"

struct texts {
    char landmark[32];
};

static const char *landmark_of(const struct site_certificate *c, const struct site_generation *g, struct texts *texts)
{
    if (g == NULL || !site_kind_is_mtc(c->kind))
        return "";
    if (g->landmark == SITE_LANDMARK_WAITING)
        return "waiting";
    const struct site_leaf *leaf = g->landmark == SITE_LANDMARK_HERE ? &g->relative : &g->leaf;
    if (!leaf->has_negotiation)
        return "not offered";
    (void)snprintf(texts->landmark, sizeof texts->landmark, "%llu", (unsigned long long)leaf->landmark);
    return texts->landmark;
}

static const char *state_of(const struct site_certificate *c, const struct site_generation *g, int64_t now_s)
{
    if (g != NULL && site_certificate_is_usable(c, g, now_s))
        return "deployed";
    if (c->is_ordering)
        return "ordering";
    if (c->is_damaged)
        return "damaged";
    if (g == NULL)
        return "none";
    return g->is_revoked ? "revoked" : g->leaf.not_after_s < now_s ? "expired" : "other names";
}

static void set_next(struct site_status *row, const char *action, int64_t at_s)
{
    row->next_action = action;
    row->next_action_s = at_s;
}

static void find_next(struct site_certificates *sc, struct site_certificate *c, int64_t now_s, struct site_status *row)
{
    const struct site_generation *g = site_current(c);
    const char *why;
    int64_t when_s;
    if (c->issuer_count == 0)
        set_next(row, "check file", now_s + sc->config.tick_s);
    else if (sc->is_store_broken)
        set_next(row, sc->config.reopen_store != NULL ? "open disk" : "start again", sc->mend_s > now_s ? sc->mend_s : now_s);
    else if (c->is_ordering)
        set_next(row, "order", c->order.begun_s);
    else if (!site_certificate_is_wanting(c, now_s, &why))
        set_next(row, "renew", c->renew_s);
    else if (site_issue_choose(c, now_s, &when_s) != NULL)
        set_next(row, c->failures > 0 ? "try again" : "order", now_s);
    else
        set_next(row, "try again", when_s);
    if (g != NULL && g->landmark == SITE_LANDMARK_WAITING && !c->is_ordering && !sc->is_store_broken && g->landmark_next_s < row->next_action_s)
        set_next(row, "landmark", g->landmark_next_s > now_s ? g->landmark_next_s : now_s);
}

static size_t count_old(const struct site_certificate *c, int64_t now_s)
{
    size_t count = 0;
    for (size_t i = 1; site_kind_is_mtc(c->kind) && i < c->generation_count; i++)
        count += site_certificate_is_usable(c, &c->generations[i], now_s);
    return count;
}

static void tell(struct site_certificates *sc, struct site_entry *site, struct site_certificate *c, int64_t now_s,
                 void (*each)(void *context, const struct site_status *row), void *context)
{
    const struct site_generation *g = site_current(c);
    struct texts texts;
    struct site_status row = {
        .site = site->name, .kind = c->kind, .source = c->issuer_count == 0 ? "files" : "acme", .landmark = landmark_of(c, g, &texts),
        .state = state_of(c, g, now_s), .issuer = "", .serial = g != NULL ? g->leaf.serial : "",
        .not_before_s = g != NULL ? g->leaf.not_before_s : 0, .not_after_s = g != NULL ? g->leaf.not_after_s : 0,
        .last_error = sc->is_store_broken ? sc->store_error : c->last_error, .last_error_s = c->last_error_s, .failures = c->failures,
        .old_count = (unsigned)count_old(c, now_s)};
    if (c->issuer_count > 0)
        row.issuer = g != NULL ? g->issuer : c->order.number != 0 ? c->order.issuer : c->issuers[0];
    find_next(sc, c, now_s, &row);
    each(context, &row);
}

void site_certificates_status(const struct site_certificates *sc, void (*each)(void *context, const struct site_status *row), void *context)
{
    int64_t now_s = site_now_s(sc);
    for (size_t i = 0; i < sc->entry_count; i++)
        for (unsigned k = 0; k < SITE_KINDS; k++)
            if (sc->entries[i]->certificates[k] != NULL)
                tell((struct site_certificates *)(uintptr_t)sc, sc->entries[i], sc->entries[i]->certificates[k], now_s, each, context);
}
