/* The rounds: at every tick, and whenever something has come, all certificates are looked at. */
#include "service/site_certificates/site_certificates.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "crypto/random.h"
#include "service/site_certificates/site_internal.h"

#define ORDERS_DEFAULT 8
#define RETRY_FIRST_DEFAULT_S 10
#define RETRY_MAX_DEFAULT_S 3600
#define TICK_DEFAULT_S 10
/* Rounds are not closer than this, but for what has just come. */
#define ROUND_MS 1000
/* And those are put together: a round costs about ten microseconds per site, and may take a tenth of the time. */
#define SITES_PER_MS 10
/* A disk that failed is tried again that often. */
#define MEND_S 60

/* ---- help for the other files ---- */

uint32_t site_certificates_random(void)
{
    uint32_t value;
    return random_bytes(&value, sizeof value, NULL) == STATUS_OK ? value : UINT32_MAX / 2;
}

void site_certificates_event(const struct site_certificate *c, enum event_level level, const char *what, const char *text)
{
    const struct events_port *events = &c->owner->config.events;
    events_report(events, level, what, {"site", c->site != NULL ? c->site->name : c->directory}, {"kind", site_kind_name(c->kind)},
                  {"detail", text});
}

void site_certificates_fail(struct site_certificate *c, const char *what, const struct error *err)
{
    (void)snprintf(c->last_error, sizeof c->last_error, "%s", err->text);
    c->last_error_s = site_now_s(c->owner);
    site_certificates_event(c, EVENT_ERROR, what, err->text);
}

struct site_issuer_entry *site_certificates_issuer(struct site_certificates *sc, const char *name)
{
    for (size_t i = 0; i < sc->issuer_count; i++)
        if (strcmp(sc->issuers[i].name, name) == 0)
            return &sc->issuers[i];
    return NULL;
}

static void add(unsigned *count, int change)
{
    *count = change < 0 && *count == 0 ? 0 : *count + (unsigned)change; /* an issuer that went, and came back */
}

void site_certificates_count(struct site_certificates *sc, const char *name, int orders, int questions)
{
    struct site_issuer_entry *issuer = site_certificates_issuer(sc, name);
    if (issuer == NULL)
        return;
    add(&issuer->orders_under_way, orders);
    add(&issuer->questions_under_way, questions);
}

/* ---- rounds ---- */

static void note(int64_t *wake_s, int64_t at_s)
{
    *wake_s = at_s < *wake_s ? at_s : *wake_s;
}

/* What has expired goes, when something newer is there to be served. */
static void prune(struct site_certificate *c, int64_t now_s)
{
    uint64_t numbers[SITE_GENERATIONS_MAX];
    size_t count = 0;
    if (c->generation_count < 2 || !site_certificate_is_usable(c, &c->generations[0], now_s))
        return;
    for (size_t i = c->generation_count - 1; i > 0; i--) {
        if (c->generations[i].leaf.not_after_s >= now_s && !c->generations[i].is_revoked)
            continue;
        numbers[count++] = c->generations[i].number;
        site_certificate_remove(c, i);
    }
    bool is_kept = count > 0 && site_store_keep(c);
    for (size_t i = 0; is_kept && i < count; i++)
        site_store_drop(c, numbers[i]);
}

/* The others of a site whose time is near go along, so that it changes once and not for each kind. */
static void take_along(struct site_entry *site, int64_t now_s)
{
    for (unsigned kind = 0; kind < SITE_KINDS; kind++) {
        struct site_certificate *c = site->certificates[kind];
        const struct site_generation *g = c != NULL && c->issuer_count > 0 ? site_current(c) : NULL;
        if (g != NULL && site_time_is_near(g->leaf.not_before_s, g->leaf.not_after_s, now_s))
            c->is_due = true;
    }
}

static void look_at_orders(struct site_certificates *sc, struct site_entry *site, int64_t now_s, int64_t *wake_s)
{
    const char *why;
    for (unsigned kind = 0; kind < SITE_KINDS; kind++) {
        struct site_certificate *c = site->certificates[kind];
        int64_t when_s;
        if (c == NULL || c->issuer_count == 0 || c->is_ordering || sc->is_store_broken)
            continue;
        if (!site_certificate_is_wanting(c, now_s, &why)) {
            note(wake_s, c->renew_s);
            continue;
        }
        struct site_issuer_entry *issuer = site_issue_choose(c, now_s, &when_s);
        if (issuer == NULL)
            note(wake_s, when_s);
        else if (issuer->orders_under_way < sc->config.orders_max)
            site_issue_begin(c, issuer, now_s);
    }
}

static bool is_one_wanting(struct site_entry *site, int64_t now_s)
{
    const char *why;
    for (unsigned kind = 0; kind < SITE_KINDS; kind++) {
        struct site_certificate *c = site->certificates[kind];
        if (c != NULL && c->issuer_count > 0 && site_certificate_is_wanting(c, now_s, &why))
            return true;
    }
    return false;
}

static void look_at(struct site_certificates *sc, struct site_entry *site, int64_t now_s, int64_t *wake_s)
{
    for (unsigned kind = 0; kind < SITE_KINDS; kind++) {
        struct site_certificate *c = site->certificates[kind];
        if (c == NULL)
            continue;
        if (c->issuer_count == 0) {
            site_files_look(c, now_s);
        } else {
            if (c->is_unsaved && !sc->is_store_broken && site_time_bound(c->save_again_s, now_s, SITE_SAVE_AGAIN_S) <= now_s)
                (void)site_store_keep(c);
            prune(c, now_s);
            site_watch_look(c, now_s);
        }
        for (size_t i = 0; i < c->generation_count; i++) {
            const struct site_generation *g = &c->generations[i];
            if (g->leaf.not_after_s >= now_s)
                note(wake_s, g->leaf.not_after_s + 1);
            if (i == 0 && g->landmark == SITE_LANDMARK_WAITING && !c->is_landmark_asked)
                note(wake_s, g->landmark_next_s);
            if (i == 0 && g->more_url[0] != '\0' && !c->is_more_asked)
                note(wake_s, g->more_next_s);
        }
        if (c->generation_count > 0 && c->issuer_count > 0 && !c->is_advice_asked && c->advice_next_s > now_s)
            note(wake_s, c->advice_next_s);
    }
    if (is_one_wanting(site, now_s))
        take_along(site, now_s);
    look_at_orders(sc, site, now_s, wake_s);
    site_deploy_look(sc, site, now_s);
}

/* After a failed sync nobody knows what is on disk: all that is here is put again, into a store that knows nothing. */
static void mend(struct site_certificates *sc, int64_t now_s)
{
    struct error err = {.status = STATUS_OK};
    sc->mend_s = site_time_bound(sc->mend_s, now_s, MEND_S);
    if (!sc->is_store_broken || sc->config.reopen_store == NULL || sc->mend_s > now_s)
        return;
    sc->mend_s = now_s + MEND_S;
    enum status s = sc->config.reopen_store(sc->config.context, &sc->config.store, &err);
    sc->is_store_broken = s != STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < sc->entry_count; i++) {
        for (unsigned k = 0; s == STATUS_OK && k < SITE_KINDS; k++) {
            struct site_certificate *c = sc->entries[i]->certificates[k];
            if (c != NULL && c->is_loaded)
                s = site_store_mend(c, &err);
        }
    }
    if (s != STATUS_OK) {
        sc->is_store_broken = true;
        (void)snprintf(sc->store_error, sizeof sc->store_error, "%s", err.text);
    }
    events_report(&sc->config.events, s == STATUS_OK ? EVENT_WARNING : EVENT_ERROR, s == STATUS_OK ? "site-store-mended" : "site-store-broken",
                  {"detail", s == STATUS_OK ? "the state has been written again" : sc->store_error});
}

static void tick(void *cookie)
{
    struct site_certificates *sc = cookie;
    int64_t now_s = site_now_s(sc), wake_s = now_s + sc->config.tick_s;
    sc->timer = 0;
    sc->is_soon = false;
    mend(sc, now_s);
    for (size_t i = 0; i < sc->entry_count; i++)
        look_at(sc, sc->entries[i], now_s, &wake_s);
    if (sc->timer != 0) /* something has been put off within the round */
        return;
    int64_t left_ms = (wake_s - now_s) * 1000;
    site_certificates_schedule(sc, left_ms < ROUND_MS ? ROUND_MS : (uint64_t)left_ms);
}

void site_certificates_schedule(struct site_certificates *sc, uint64_t delay_ms)
{
    const struct timer_port *timer = &sc->config.timer;
    if (sc->is_soon || sc->is_stopped)
        return;
    sc->is_soon = delay_ms == 0;
    if (sc->is_soon)
        delay_ms = sc->entry_count / SITES_PER_MS;
    timer->cancel(timer->context, sc->timer);
    sc->timer = timer->start(timer->context, delay_ms, tick, sc);
}

void site_certificates_judge_again(struct site_certificates *sc)
{
    for (size_t i = 0; i < sc->entry_count; i++)
        for (unsigned kind = 0; kind < SITE_KINDS; kind++) {
            struct site_certificate *c = sc->entries[i]->certificates[kind];
            if (c != NULL && c->issuer_count == 0 && c->failures > 0)
                c->has_stamps = false;
        }
    site_certificates_schedule(sc, 0);
}

/* ---- life ---- */

enum status site_certificates_new(const struct site_certificates_config *config, struct site_certificates **out, struct error *err)
{
    struct site_certificates *sc = calloc(1, sizeof *sc);
    if (sc == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    sc->config = *config;
    sc->config.orders_max = config->orders_max != 0 ? config->orders_max : ORDERS_DEFAULT;
    sc->config.retry_first_s = config->retry_first_s != 0 ? config->retry_first_s : RETRY_FIRST_DEFAULT_S;
    sc->config.retry_max_s = config->retry_max_s != 0 ? config->retry_max_s : RETRY_MAX_DEFAULT_S;
    sc->config.tick_s = config->tick_s != 0 ? config->tick_s : TICK_DEFAULT_S;
    *out = sc;
    return STATUS_OK;
}

void site_certificates_free_entry(struct site_entry *entry)
{
    if (entry != NULL)
        free(entry->names);
    free(entry);
}

bool site_certificates_release(struct site_certificate *c)
{
    struct site_certificates *sc = c->owner;
    if (sc->is_stopped)
        return true;
    if (c->site != NULL)
        return false;
    if (c->is_ordering || c->is_landmark_asked || c->is_advice_asked || c->is_more_asked)
        return true; /* of no use, but still to be called */
    for (size_t i = 0; i < sc->leaving_count; i++)
        if (sc->leaving[i] == c)
            sc->leaving[i--] = sc->leaving[--sc->leaving_count];
    site_certificate_free(c);
    return true;
}

void site_certificates_stop(struct site_certificates *sc)
{
    sc->is_stopped = true;
    sc->config.timer.cancel(sc->config.timer.context, sc->timer);
    sc->timer = 0;
}

void site_certificates_free(struct site_certificates *sc)
{
    if (sc == NULL)
        return;
    sc->config.timer.cancel(sc->config.timer.context, sc->timer);
    for (size_t i = 0; i < sc->entry_count; i++) {
        for (unsigned kind = 0; kind < SITE_KINDS; kind++)
            site_certificate_free(sc->entries[i]->certificates[kind]);
        site_certificates_free_entry(sc->entries[i]);
    }
    for (size_t i = 0; i < sc->leaving_count; i++)
        site_certificate_free(sc->leaving[i]);
    free(sc->entries);
    free(sc->leaving);
    free(sc->issuers);
    free(sc);
}

/* ---- asked by people ---- */

static void renew_one(struct site_certificate *c, bool is_revoked)
{
    struct site_generation *g = site_current(c);
    c->is_due = true;
    if (g != NULL && is_revoked)
        g->is_revoked = true;
    (void)site_store_keep(c);
}

enum status site_certificates_renew(struct site_certificates *sc, const char *site, const enum site_kind *kind, bool is_revoked,
                                    struct error *err)
{
    size_t count = 0;
    for (size_t i = 0; i < sc->entry_count; i++) {
        struct site_entry *entry = sc->entries[i];
        for (unsigned k = 0; k < SITE_KINDS; k++) {
            struct site_certificate *c = entry->certificates[k];
            if (c == NULL || c->issuer_count == 0 || (site != NULL && strcmp(site, entry->name) != 0) || (kind != NULL && *kind != k))
                continue;
            renew_one(c, is_revoked);
            count++;
        }
    }
    if (count == 0)
        return error_set(err, STATUS_NOT_FOUND, "there is no such certificate that comes from an issuer");
    site_certificates_schedule(sc, 0);
    return STATUS_OK;
}
