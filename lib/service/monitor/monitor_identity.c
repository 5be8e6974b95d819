/* "This domain is this organisation", as a new record in the log of website identities says it: told when the domain is watched, or
 * the organisation is. */
#include <stdio.h>
#include <stdlib.h>

#include "base/civil_time.h"
#include "base/text.h"
#include "service/monitor/monitor_internal.h"

#define MONTH_S ((int64_t)30 * 86400)

/* What the notification borrows. */
struct shown {
    char name[2 * WEBSITE_IDENTITY_NAME_MAX + 8], registration[WEBSITE_IDENTITY_REGISTRATION_MAX + 8], level[8], serial[24];
    char signer[2 * WEBSITE_IDENTITY_SIGNER_SIZE + 1], issued[CIVIL_TIME_TEXT_SIZE], until[CIVIL_TIME_TEXT_SIZE], text[1536];
};

/* A record with subdomains is about the names below it as a wildcard is. */
static void match(const struct watch_list *list, const struct website_identity *r, struct watch_hits *hits)
{
    char wildcard[WEBSITE_IDENTITY_DOMAIN_MAX + 3];
    watch_list_match_name(list, r->domain, hits);
    if (r->scope == WEBSITE_IDENTITY_SUBDOMAINS) {
        (void)snprintf(wildcard, sizeof wildcard, "*.%.*s", (int)r->domain.len, (const char *)r->domain.data);
        watch_list_match_name(list, bytes_of_text(wildcard), hits);
    }
    if (r->name_zh.len > 0)
        watch_list_match_organisation(list, r->name_zh, hits);
    if (r->name_en.len > 0)
        watch_list_match_organisation(list, r->name_en, hits);
}

static void show(const struct monitor_log *log, uint64_t index, const struct website_identity *r, const struct watch_hits *hits,
                 struct shown *out)
{
    (void)snprintf(out->name, sizeof out->name, "%.*s%s%.*s", (int)r->name_zh.len, (const char *)r->name_zh.data,
                   r->name_zh.len > 0 && r->name_en.len > 0 ? " / " : "", (int)r->name_en.len, (const char *)r->name_en.data);
    (void)snprintf(out->registration, sizeof out->registration, "%.2s %.*s", (const char *)r->country, (int)r->registration.len,
                   (const char *)r->registration.data);
    (void)snprintf(out->level, sizeof out->level, "T%u", r->level);
    (void)snprintf(out->serial, sizeof out->serial, "%llu", (unsigned long long)r->serial);
    text_hex(BYTES_OF(r->signer), out->signer);
    civil_time_format(r->issued_s, out->issued);
    civil_time_format(r->until_s, out->until);
    (void)snprintf(out->text, sizeof out->text, "%s: a record of website identity, entry %llu: %.*s%s is %s (%s), %s; matches %.200s",
                   log->name, (unsigned long long)index, (int)r->domain.len, (const char *)r->domain.data,
                   r->scope == WEBSITE_IDENTITY_SUBDOMAINS ? " with all below it" : "", out->name, out->registration, out->level,
                   hits->items[0]->text);
}

static enum status make(const struct monitor *m, const struct monitor_log *log, uint64_t index, const struct website_identity_entry *e,
                        const struct watch_hits *hits, struct notification **out, struct error *err)
{
    const struct website_identity *r = &e->record;
    const struct bytes identity[] = {bytes_of_text("identity"), bytes_of("", 1), bytes_of_text(log->name), bytes_of("", 1), e->whole};
    struct shown *shown = calloc(1, sizeof *shown);
    int64_t now_ms = monitor_now_ms(m);
    if (shown == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a notification");
    show(log, index, r, hits, shown);
    struct notification_parts parts = {
        .event = NOTIFICATION_IDENTITY,
        .now_ms = now_ms,
        .expires_s = r->until_s > now_ms / 1000 + MONTH_S ? r->until_s : now_ms / 1000 + MONTH_S,
        .log = log->name,
        .url = log->url,
        .text = shown->text,
        .has_index = true,
        .index = index,
        .fields = {{"subject", shown->name}, {"registration", shown->registration}, {"level", shown->level},
                   {"scope", r->scope == WEBSITE_IDENTITY_SUBDOMAINS ? "subdomains" : "exact"}, {"signer", shown->signer},
                   {"serial", shown->serial}, {"not_before", shown->issued}, {"not_after", shown->until}},
        .names = &r->domain,
        .name_count = 1,
        .identity = identity,
        .identity_count = sizeof identity / sizeof identity[0],
    };
    for (; parts.watch_count < hits->count; parts.watch_count++)
        parts.watch[parts.watch_count] = hits->items[parts.watch_count]->text;
    enum status s = notification_new(&parts, out, err);
    free(shown);
    return s;
}

void monitor_identity(struct monitor *m, size_t number, uint64_t index, const struct website_identity_entry *entry)
{
    struct monitor_log *log = m->logs[number];
    struct monitor_watch *watch = monitor_watch_of(m);
    struct watch_hits hits = {.count = 0};
    struct notification *n = NULL;
    struct error err = {.status = STATUS_OK};
    enum status s = STATUS_OK;
    if (watch != NULL && !entry->is_revocation)
        match(monitor_watch_list(watch), &entry->record, &hits);
    /* Certificates wait for room in the queue; these cannot: they are of a signer of the program, and few. */
    if (hits.count > 0 && notifier_waiting_count(m->notifier) > NOTIFIER_WAITING_HIGH)
        s = error_set(&err, STATUS_LIMIT, "too many notifications wait");
    else if (hits.count > 0)
        s = make(m, log, index, entry, &hits, &n, &err);
    if (s != STATUS_OK)
        events_report(&m->config.events, EVENT_ERROR, "identity-not-told", {"log", log->name}, {"reason", err.text});
    else if (n != NULL)
        notifier_add(m->notifier, &n, 1, NULL, NULL);
    metric_add(m->hits, hits.count > 0 ? 1 : 0);
    monitor_watch_release(watch);
}
