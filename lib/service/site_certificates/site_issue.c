/* One order: whom to ask, what to ask for, what to do with the answer. */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "crypto/csr_make.h"
#include "codec/x509/csr.h"
#include "service/site_certificates/site_internal.h"

/* Who cannot be reached is tried again this often at least: it may come back at any moment. */
#define UNREACHABLE_MAX_S 300
/* An order that does not end and does not fail is given up for a new one: its part of the server may never come back. */
#define ORDER_AGE_MAX_S 86400

/* ---- whom ---- */

static struct site_hold *find_hold(struct site_certificate *c, const char *issuer)
{
    for (size_t i = 0; i < c->hold_count; i++)
        if (strcmp(c->holds[i].issuer, issuer) == 0)
            return &c->holds[i];
    return NULL;
}

static int64_t free_from_s(struct site_certificate *c, struct site_issuer_entry *issuer, int64_t now_s)
{
    struct site_hold *hold = find_hold(c, issuer->name);
    issuer->until_s = site_time_bound(issuer->until_s, now_s, SITE_TIME_PAUSE_MAX_S);
    c->pause_until_s = site_time_bound(c->pause_until_s, now_s, SITE_TIME_PAUSE_MAX_S);
    int64_t from_s = c->pause_until_s > issuer->until_s ? c->pause_until_s : issuer->until_s;
    if (hold == NULL)
        return from_s;
    hold->until_s = site_time_bound(hold->until_s, now_s, SITE_TIME_PAUSE_MAX_S);
    return hold->until_s > from_s ? hold->until_s : from_s;
}

struct site_issuer_entry *site_issue_choose(struct site_certificate *c, int64_t now_s, int64_t *when_s)
{
    *when_s = INT64_MAX;
    for (size_t i = 0; i < c->issuer_count; i++) {
        struct site_issuer_entry *issuer = site_certificates_issuer(c->owner, c->issuers[i]);
        int64_t from_s = issuer != NULL ? free_from_s(c, issuer, now_s) : INT64_MAX;
        if (from_s <= now_s)
            return issuer;
        *when_s = from_s < *when_s ? from_s : *when_s;
    }
    return NULL;
}

/* ---- after a failure ---- */

/* Those of issuers that are not asked any more make room. */
static struct site_hold *take_hold(struct site_certificate *c, const char *issuer)
{
    struct site_hold *hold = find_hold(c, issuer);
    if (hold != NULL)
        return hold;
    if (c->hold_count == SITE_ISSUERS_MAX)
        memmove(&c->holds[0], &c->holds[1], --c->hold_count * sizeof c->holds[0]);
    hold = &c->holds[c->hold_count++];
    *hold = (struct site_hold){.failures = 0};
    (void)snprintf(hold->issuer, sizeof hold->issuer, "%s", issuer);
    return hold;
}

static void remove_hold(struct site_certificate *c, const char *issuer)
{
    struct site_hold *hold = find_hold(c, issuer);
    if (hold != NULL)
        *hold = c->holds[--c->hold_count];
}

/* The key of an order that is given up is never used. */
static void abandon(struct site_certificate *c)
{
    uint64_t number = c->order.number;
    site_certificate_clear_order(c);
    if (site_store_keep(c))
        site_store_drop(c, number);
}

static void put_off(struct site_certificate *c, const char *name, enum status status, int64_t retry_after_s, int64_t now_s)
{
    const struct site_certificates_config *config = &c->owner->config;
    struct site_issuer_entry *issuer = site_certificates_issuer(c->owner, name);
    uint32_t random = site_certificates_random();
    int64_t max_s = config->retry_max_s < UNREACHABLE_MAX_S ? config->retry_max_s : UNREACHABLE_MAX_S;
    if (c->is_store_failing) {
        c->is_store_failing = false;
        c->pause_until_s = now_s + site_time_backoff(c->failures, config->retry_first_s, max_s, 0, random);
        return;
    }
    if (status == STATUS_IO && retry_after_s == 0 && issuer != NULL) {
        /* Several orders find out together: that counts once. */
        if (issuer->until_s <= now_s)
            issuer->until_s = now_s + site_time_backoff(++issuer->failures, config->retry_first_s, max_s, 0, random);
        return;
    }
    struct site_hold *hold = take_hold(c, name);
    hold->until_s = now_s + site_time_backoff(++hold->failures, config->retry_first_s, config->retry_max_s, retry_after_s, random);
}

static void failed(struct site_certificate *c, const char *issuer, enum status status, int64_t retry_after_s, const struct error *err)
{
    struct error said;
    char name[SITE_ISSUER_SIZE];
    int64_t now_s = site_now_s(c->owner);
    bool is_kept = c->is_store_failing || ((status == STATUS_AGAIN || status == STATUS_IO) && now_s - c->order.begun_s < ORDER_AGE_MAX_S);
    (void)snprintf(name, sizeof name, "%s", issuer);
    (void)error_set(&said, status, "%s: %.250s", c->is_store_failing ? "the disk" : name, err->text);
    c->failures++;
    put_off(c, name, status, retry_after_s, now_s);
    site_certificates_fail(c, "site-order-failed", &said);
    if (status == STATUS_REFUSED)
        c->is_without_replaces = true;
    if (c->order.number != 0 && !is_kept)
        abandon(c);
    else
        (void)site_store_keep(c);
    site_certificates_schedule(c->owner, 0);
}

/* ---- the certificate ---- */

static enum status check(const struct site_certificate *c, const struct site_leaf *leaf, struct error *err)
{
    enum status s = site_leaf_check(leaf, c->kind, builder_view(&c->order.key), site_now_s(c->owner), err);
    for (size_t i = 0; s == STATUS_OK && i < c->order.name_count; i++)
        if (!site_leaf_covers(leaf, c->order.names[i]))
            s = error_set(err, STATUS_REFUSED, "the certificate is not for %s", c->order.names[i]);
    return s == STATUS_OK ? site_deploy_check(c, leaf, &c->order.key, err) : s;
}

static void adopt(struct site_certificate *c, struct site_leaf *leaf, const struct site_acme_certificate *got, int64_t more_s, int64_t now_s)
{
    const char *alternate_url = got->alternate_url;
    uint64_t dropped, number = c->order.number;
    struct site_generation *g = site_certificate_push(c, &dropped);
    g->number = number;
    memcpy(g->issuer, c->order.issuer, sizeof g->issuer);
    memcpy(g->key_type, c->order.key_type, sizeof g->key_type);
    g->obtained_s = now_s;
    g->leaf = *leaf;
    g->key = c->order.key;
    builder_init(&c->order.key, KEY_PEM_MAX);
    if (g->leaf.is_mtc && alternate_url[0] != '\0' &&
        snprintf(g->alternate_url, sizeof g->alternate_url, "%s", alternate_url) < (int)sizeof g->alternate_url)
        g->landmark = SITE_LANDMARK_WAITING;
    site_watch_more(g, got->url, more_s, now_s);
    site_certificate_clear_order(c);
    remove_hold(c, g->issuer);
    c->failures = 0;
    c->last_error[0] = '\0';
    c->last_error_s = 0;
    c->is_due = c->is_damaged = c->is_without_replaces = false;
    site_watch_begin(c, now_s);
    if (site_store_keep(c))
        site_store_drop(c, dropped);
}

static void accept(struct site_certificate *c, const struct site_acme_certificate *got, int64_t more_s)
{
    struct error err = {.status = STATUS_OK};
    struct site_leaf leaf;
    struct site_issuer_entry *issuer = site_certificates_issuer(c->owner, c->order.issuer);
    enum status s = site_leaf_read(got->chain, &leaf, &err);
    if (s == STATUS_OK)
        s = check(c, &leaf, &err);
    if (s == STATUS_OK) {
        s = site_store_put_form(c, c->order.number, &leaf, false, &err);
        c->is_store_failing = s != STATUS_OK;
        s = s != STATUS_OK ? STATUS_IO : s; /* it can be downloaded again */
    }
    if (s != STATUS_OK) {
        site_leaf_clear(&leaf);
        failed(c, c->order.issuer, s == STATUS_MALFORMED ? STATUS_REFUSED : s, 0, &err);
        return;
    }
    if (issuer != NULL)
        issuer->failures = 0;
    adopt(c, &leaf, got, more_s, site_now_s(c->owner));
    site_certificates_event(c, EVENT_INFO, "site-certificate", c->generations[0].leaf.serial);
    site_certificates_schedule(c->owner, 0);
}

/* ---- callbacks ---- */

static enum status ordered(void *cookie, const char *order_url, struct error *err)
{
    struct site_certificate *c = cookie;
    if (c->site == NULL || c->owner->is_stopped)
        return error_set(err, STATUS_REFUSED, "the certificate is not wanted any more");
    if (snprintf(c->order.url, sizeof c->order.url, "%s", order_url) >= (int)sizeof c->order.url) {
        c->order.url[0] = '\0';
        return error_set(err, STATUS_LIMIT, "the order's URL is too long");
    }
    enum status s = site_store_save(c, err);
    c->order.is_kept = s == STATUS_OK;
    c->is_store_failing = s != STATUS_OK;
    return s;
}

static void issued(void *cookie, enum status status, const struct site_acme_certificate *certificate, int64_t retry_after_s,
                   const struct error *err)
{
    struct site_certificate *c = cookie;
    c->is_ordering = false;
    site_certificates_count(c->owner, c->order.issuer, -1, 0);
    if (site_certificates_release(c))
        return;
    if (status == STATUS_OK)
        accept(c, certificate, retry_after_s);
    else if (status == STATUS_NOT_FOUND) {
        site_certificates_event(c, EVENT_WARNING, "site-order-gone", err->text);
        abandon(c);
        site_certificates_schedule(c->owner, 0);
    } else if (status == STATUS_REFUSED && c->is_replacing && c->order.url[0] == '\0') {
        /* An order whose URL was lost in a crash has replaced it, as a rule; or the server has forgotten it [RFC9773 5]. */
        c->is_without_replaces = true;
        site_certificates_event(c, EVENT_WARNING, "site-replaces-refused", err->text);
        site_certificates_schedule(c->owner, 0);
    } else {
        failed(c, c->order.issuer, status, retry_after_s, err);
    }
}

/* ---- begin ---- */

static bool is_for_names(const struct site_order *order, const struct site_entry *site)
{
    bool is_same = order->name_count == site->name_count;
    for (size_t i = 0; is_same && i < order->name_count; i++)
        is_same = strcmp(order->names[i], site->names[i]) == 0;
    return is_same;
}

static enum status copy_names(struct site_order *order, const struct site_entry *site, struct error *err)
{
    order->names = calloc(site->name_count, sizeof order->names[0]);
    if (order->names == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    memcpy(order->names, site->names, site->name_count * sizeof order->names[0]);
    order->name_count = site->name_count;
    return STATUS_OK;
}

/* A number and a key. */
static enum status begin_new(struct site_certificate *c, const struct site_issuer_entry *issuer, int64_t now_s, struct error *err)
{
    struct site_order *order = &c->order;
    memcpy(order->issuer, issuer->name, sizeof order->issuer);
    memcpy(order->key_type, c->key_type, sizeof order->key_type);
    order->begun_s = now_s;
    order->is_kept = false;
    enum status s = copy_names(order, c->site, err);
    if (s == STATUS_OK)
        s = csr_make_key(c->key_type, &order->key, err);
    if (s == STATUS_OK)
        order->number = ++c->last_number;
    else
        site_certificate_clear_order(c);
    return s;
}

/* Durable before anybody hears of them. */
static enum status keep(struct site_certificate *c, struct error *err)
{
    struct site_order *order = &c->order;
    if (order->is_kept)
        return STATUS_OK;
    enum status s = site_store_put_key(c, order->number, builder_view(&order->key), err);
    if (s == STATUS_OK)
        s = site_store_save(c, err);
    order->is_kept = s == STATUS_OK;
    c->is_store_failing = s != STATUS_OK;
    return s == STATUS_OK ? s : STATUS_IO; /* and it is tried again */
}

/* ARI's `replaces`: only the issuer of the old one knows it. */
static const char *replaces_of(struct site_certificate *c, const struct site_issuer_entry *issuer)
{
    const struct site_generation *g = site_current(c);
    bool has_advice = g != NULL && c->window_end_s != 0 && strcmp(g->issuer, issuer->name) == 0;
    return has_advice && !c->is_without_replaces && g->leaf.id[0] != '\0' ? g->leaf.id : NULL;
}

static enum status ask(struct site_certificate *c, struct site_issuer_entry *issuer, struct error *err)
{
    const char *names[SITE_NAMES_MAX];
    struct builder csr;
    for (size_t i = 0; i < c->order.name_count; i++)
        names[i] = c->order.names[i];
    builder_init(&csr, CSR_SIZE_MAX);
    enum status s = csr_make_request(builder_view(&c->order.key), names, c->order.name_count, &csr, err);
    const struct site_acme_request request = {
        .names = names, .name_count = c->order.name_count, .csr = builder_view(&csr), .replaces = replaces_of(c, issuer),
        .order_url = c->order.url[0] != '\0' ? c->order.url : NULL};
    c->is_replacing = request.replaces != NULL;
    if (s == STATUS_OK) {
        c->is_ordering = true; /* before: whoever answers at once, against the rule, does no harm */
        issuer->orders_under_way++;
        s = issuer->acme.issue(issuer->acme.context, &request, ordered, issued, c, err);
        if (s != STATUS_OK) {
            c->is_ordering = false;
            site_certificates_count(c->owner, issuer->name, -1, 0);
        }
    }
    builder_clear(&csr);
    return s;
}

void site_issue_begin(struct site_certificate *c, struct site_issuer_entry *issuer, int64_t now_s)
{
    struct error err = {.status = STATUS_OK};
    enum status s = STATUS_OK;
    bool is_other = strcmp(c->order.issuer, issuer->name) != 0 || strcmp(c->order.key_type, c->key_type) != 0 ||
                    !is_for_names(&c->order, c->site);
    if (c->order.number != 0 && is_other)
        abandon(c);
    if (c->order.number == 0)
        s = begin_new(c, issuer, now_s, &err);
    if (s == STATUS_OK)
        s = keep(c, &err);
    if (s == STATUS_OK)
        s = ask(c, issuer, &err);
    if (s != STATUS_OK) {
        failed(c, issuer->name, s == STATUS_LIMIT ? STATUS_AGAIN : s, 0, &err);
        return;
    }
    site_certificates_event(c, EVENT_INFO, "site-order", issuer->name);
}
