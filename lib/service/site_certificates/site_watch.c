/* What is asked about a certificate that is there: its landmark-relative form, and when the CA wants it renewed. */
#include <stdio.h>
#include <string.h>

#include "codec/pem/pem.h"
#include "service/site_certificates/site_internal.h"

/* A server without renewal information may have it one day. */
#define NO_ADVICE_S SITE_TIME_PAUSE_MAX_S
/* The first question about a new certificate, and the soonest that its issuer's advice makes it be replaced: an hour. */
#define SETTLE_MAX_S 3600
#define FIRST_ADVICE_MAX_S 60
/* With one issuer at a time: after a start all sites want to know. */
#define QUESTIONS_MAX 16
/* Questions for what comes beside a certificate: a day with the growing pauses between them. */
#define MORE_POLLS_MAX 24
#define MORE_AGAIN_S 60

static int64_t part_of(const struct site_leaf *leaf, int64_t max_s)
{
    int64_t part_s = (leaf->not_after_s - leaf->not_before_s) / 50;
    return part_s < 1 ? 1 : part_s > max_s ? max_s : part_s;
}

void site_watch_begin(struct site_certificate *c, int64_t now_s)
{
    const struct site_generation *g = site_current(c);
    int64_t soonest_s = now_s + part_of(&g->leaf, SETTLE_MAX_S);
    c->renew_s = site_time_renewal(g->leaf.not_before_s, g->leaf.not_after_s, site_certificates_random());
    c->renew_s = c->renew_s < soonest_s ? soonest_s : c->renew_s;
    c->window_start_s = c->window_end_s = 0;
    c->advice_next_s = now_s + part_of(&g->leaf, FIRST_ADVICE_MAX_S);
}

/* ---- landmark ---- */

static enum status check_relative(const struct site_generation *g, const struct site_leaf *relative, struct error *err)
{
    if (!relative->is_mtc || !relative->has_negotiation)
        return error_set(err, STATUS_REFUSED, "what came is not relative to a landmark, or has no properties that say so");
    if (!site_leaf_is_same_entry(&g->leaf, relative))
        return error_set(err, STATUS_REFUSED, "the landmark-relative form is of another certificate");
    return STATUS_OK;
}

static enum status take_relative(struct site_certificate *c, struct bytes chain, struct error *err)
{
    struct site_generation *g = site_current(c);
    struct site_leaf relative;
    enum status s = site_leaf_read(chain, &relative, err);
    if (s == STATUS_OK)
        s = check_relative(g, &relative, err);
    if (s == STATUS_OK)
        s = site_deploy_check(c, &relative, &g->key, err);
    if (s == STATUS_OK)
        s = site_store_put_form(c, g->number, &relative, true, err);
    if (s != STATUS_OK) {
        site_leaf_clear(&relative);
        return s;
    }
    g->relative = relative;
    g->landmark = SITE_LANDMARK_HERE;
    if (c->failures == 0) { /* what is there is about this landmark */
        c->last_error[0] = '\0';
        c->last_error_s = 0;
    }
    (void)site_store_keep(c);
    site_certificates_event(c, EVENT_INFO, "site-landmark", g->leaf.serial);
    return STATUS_OK;
}

static void fetched(void *cookie, enum status status, struct bytes chain, int64_t retry_after_s, const struct error *err)
{
    struct site_certificate *c = cookie;
    struct site_generation *g = site_current(c);
    struct error own = {.status = STATUS_OK};
    c->is_landmark_asked = false;
    site_certificates_count(c->owner, c->landmark_asked, 0, -1);
    if (site_certificates_release(c))
        return;
    if (g == NULL || g->number != c->landmark_number || g->landmark != SITE_LANDMARK_WAITING)
        return;
    if (status == STATUS_OK) {
        status = take_relative(c, chain, &own);
        err = &own;
    }
    if (status == STATUS_NOT_FOUND) {
        g->landmark = SITE_LANDMARK_NONE;
        (void)site_store_keep(c);
    } else if (status != STATUS_OK) {
        g->landmark_next_s = site_now_s(c->owner) + site_time_landmark_pause(g->landmark_polls++, status == STATUS_AGAIN ? retry_after_s : 0);
    }
    if (status != STATUS_OK && status != STATUS_AGAIN)
        site_certificates_fail(c, "site-landmark-failed", err);
    site_certificates_schedule(c->owner, 0);
}

static void ask_landmark(struct site_certificate *c, struct site_issuer_entry *issuer, int64_t now_s)
{
    struct site_generation *g = site_current(c);
    struct error err = {.status = STATUS_OK};
    g->landmark_next_s = site_time_bound(g->landmark_next_s, now_s, SETTLE_MAX_S);
    if (g->landmark != SITE_LANDMARK_WAITING || c->is_landmark_asked || g->landmark_next_s > now_s ||
        issuer->questions_under_way >= QUESTIONS_MAX)
        return;
    c->landmark_number = g->number;
    c->is_landmark_asked = true;
    memcpy(c->landmark_asked, issuer->name, sizeof c->landmark_asked);
    issuer->questions_under_way++;
    if (issuer->acme.fetch_alternate(issuer->acme.context, g->alternate_url, fetched, c, &err) == STATUS_OK)
        return;
    site_certificates_count(c->owner, c->landmark_asked, 0, -1);
    c->is_landmark_asked = false;
    g->landmark_next_s = now_s + site_time_landmark_pause(g->landmark_polls++, 0);
}

/* ---- more properties ---- */

void site_watch_more(struct site_generation *g, const char *url, int64_t more_s, int64_t now_s)
{
    int64_t pause_s = (int64_t)1 << (g->more_polls < 12 ? g->more_polls : 12);
    bool is_asked = g->leaf.is_mtc && url != NULL && more_s > 0 && g->more_polls++ < MORE_POLLS_MAX;
    if (!is_asked || (url != g->more_url && (size_t)snprintf(g->more_url, sizeof g->more_url, "%s", url) >= sizeof g->more_url))
        g->more_url[0] = '\0';
    g->more_next_s = now_s + (more_s > pause_s ? more_s : pause_s);
}

/* The chain that is there with the properties that came: another cosignature is no reason to replace it. */
static enum status with_properties(const struct site_generation *g, const struct site_leaf *got, struct site_leaf *out, struct error *err)
{
    struct builder pem;
    builder_init(&pem, 2 * SITE_CHAIN_MAX);
    enum status s = pem_write(PROPERTIES_PEM_LABEL, builder_view(&got->properties), &pem, err);
    builder_bytes(&pem, builder_view(&g->leaf.chain));
    if (s == STATUS_OK)
        s = builder_status(&pem, "chain", err);
    if (s == STATUS_OK)
        s = site_leaf_read(builder_view(&pem), out, err);
    builder_clear(&pem);
    return s;
}

static enum status put_more(struct site_certificate *c, const struct site_leaf *got, struct error *err)
{
    struct site_generation *g = site_current(c);
    struct site_leaf leaf;
    site_leaf_init(&leaf);
    enum status s = with_properties(g, got, &leaf, err);
    if (s == STATUS_OK)
        s = site_deploy_check(c, &leaf, &g->key, err);
    if (s == STATUS_OK)
        s = site_store_put_scts(c, g->number, &leaf, err);
    if (s != STATUS_OK) {
        site_leaf_clear(&leaf);
        return s;
    }
    site_leaf_clear(&g->leaf);
    g->leaf = leaf;
    site_certificates_event(c, EVENT_INFO, "site-scts", g->leaf.serial);
    return STATUS_OK;
}

static enum status take_more(struct site_certificate *c, struct bytes chain, struct error *err)
{
    const struct site_generation *g = site_current(c);
    struct site_leaf got;
    enum status s = site_leaf_read(chain, &got, err);
    if (s == STATUS_OK && (got.has_negotiation || !site_leaf_is_same_entry(&g->leaf, &got)))
        s = error_set(err, STATUS_REFUSED, "what came is another certificate");
    if (s == STATUS_OK && got.has_scts && !bytes_equal(builder_view(&got.properties), builder_view(&g->leaf.properties)))
        s = put_more(c, &got, err);
    site_leaf_clear(&got);
    return s;
}

static void got_more(void *cookie, enum status status, struct bytes chain, int64_t retry_after_s, const struct error *err)
{
    struct site_certificate *c = cookie;
    struct site_generation *g = site_current(c);
    struct error own = {.status = STATUS_OK};
    c->is_more_asked = false;
    site_certificates_count(c->owner, c->more_asked, 0, -1);
    if (site_certificates_release(c))
        return;
    if (g == NULL || g->number != c->more_number || g->more_url[0] == '\0')
        return;
    if (status == STATUS_OK) {
        status = take_more(c, chain, &own);
        err = &own;
    }
    /* It serves without; a server that is away is asked again. */
    if (status != STATUS_OK)
        site_certificates_event(c, EVENT_WARNING, "site-scts-failed", err->text);
    site_watch_more(g, g->more_url, status == STATUS_OK || status == STATUS_REFUSED ? retry_after_s : MORE_AGAIN_S, site_now_s(c->owner));
    (void)site_store_keep(c);
    site_certificates_schedule(c->owner, 0);
}

static void ask_more(struct site_certificate *c, struct site_issuer_entry *issuer, int64_t now_s)
{
    struct site_generation *g = site_current(c);
    struct error err = {.status = STATUS_OK};
    g->more_next_s = site_time_bound(g->more_next_s, now_s, SETTLE_MAX_S);
    if (g->more_url[0] == '\0' || c->is_more_asked || g->more_next_s > now_s || issuer->questions_under_way >= QUESTIONS_MAX)
        return;
    c->more_number = g->number;
    c->is_more_asked = true;
    memcpy(c->more_asked, issuer->name, sizeof c->more_asked);
    issuer->questions_under_way++;
    if (issuer->acme.fetch_alternate(issuer->acme.context, g->more_url, got_more, c, &err) == STATUS_OK)
        return;
    site_certificates_count(c->owner, c->more_asked, 0, -1);
    c->is_more_asked = false;
    site_watch_more(g, g->more_url, MORE_AGAIN_S, now_s);
}

/* ---- advice [RFC9773] ---- */

static void take_window(struct site_certificate *c, int64_t start_s, int64_t end_s)
{
    const struct site_generation *g = site_current(c);
    if (start_s == c->window_start_s && end_s == c->window_end_s)
        return; /* the time that was drawn stays */
    int64_t at_s = site_time_in_window(start_s, end_s, g->leaf.not_before_s, g->leaf.not_after_s, site_certificates_random());
    int64_t soonest_s = g->obtained_s + part_of(&g->leaf, SETTLE_MAX_S);
    c->window_start_s = start_s;
    c->window_end_s = end_s;
    c->renew_s = at_s < soonest_s ? soonest_s : at_s;
    (void)site_store_keep(c);
}

static void advised(void *cookie, enum status status, int64_t start_s, int64_t end_s, int64_t retry_after_s, const struct error *err)
{
    struct site_certificate *c = cookie;
    const struct site_generation *g = site_current(c);
    c->is_advice_asked = false;
    site_certificates_count(c->owner, c->advice_asked, 0, -1);
    if (site_certificates_release(c))
        return;
    if (g == NULL || g->number != c->advice_number)
        return;
    int64_t lifetime_s = g->leaf.not_after_s - g->leaf.not_before_s;
    c->advice_next_s = site_now_s(c->owner) + (status == STATUS_NOT_FOUND ? NO_ADVICE_S : site_time_advice_pause(lifetime_s, retry_after_s));
    if (status == STATUS_OK)
        take_window(c, start_s, end_s);
    else if (status != STATUS_NOT_FOUND)
        site_certificates_event(c, EVENT_WARNING, "site-renewal-information", err->text);
    site_certificates_schedule(c->owner, 0);
}

static void ask_advice(struct site_certificate *c, struct site_issuer_entry *issuer, int64_t now_s)
{
    const struct site_generation *g = site_current(c);
    struct error err = {.status = STATUS_OK};
    int64_t lifetime_s = g->leaf.not_after_s - g->leaf.not_before_s;
    c->advice_next_s = site_time_bound(c->advice_next_s, now_s, SITE_TIME_PAUSE_MAX_S);
    if (issuer->acme.renewal_info == NULL || g->leaf.id[0] == '\0' || c->is_advice_asked || c->is_ordering || c->advice_next_s > now_s ||
        issuer->questions_under_way >= QUESTIONS_MAX)
        return;
    c->advice_number = g->number;
    c->is_advice_asked = true;
    memcpy(c->advice_asked, issuer->name, sizeof c->advice_asked);
    issuer->questions_under_way++;
    enum status s = issuer->acme.renewal_info(issuer->acme.context, g->leaf.id, advised, c, &err);
    if (s == STATUS_OK)
        return;
    site_certificates_count(c->owner, c->advice_asked, 0, -1);
    c->is_advice_asked = false;
    c->advice_next_s = now_s + (s == STATUS_NOT_FOUND ? NO_ADVICE_S : site_time_advice_pause(lifetime_s, 0));
}

void site_watch_look(struct site_certificate *c, int64_t now_s)
{
    const struct site_generation *g = site_current(c);
    struct site_issuer_entry *issuer = g != NULL ? site_certificates_issuer(c->owner, g->issuer) : NULL;
    if (issuer == NULL || g->is_revoked || g->leaf.not_after_s < now_s || c->owner->is_store_broken)
        return;
    ask_landmark(c, issuer, now_s);
    ask_more(c, issuer, now_s);
    ask_advice(c, issuer, now_s);
}
