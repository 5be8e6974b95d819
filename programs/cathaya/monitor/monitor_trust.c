/* Watchers of distributors: their findings, and what they may ask the followers of logs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/monitor_service.h"

static void finding(void *cookie, const struct log_finding *what)
{
    struct monitor_watched *w = cookie;
    monitor_finding(w->service->monitor, w->number, what);
}

static void contact(void *cookie, const struct followed_contact *what)
{
    struct monitor_watched *w = cookie;
    monitor_contact(w->service->monitor, w->number, what);
}

static void progress(void *cookie, const struct bundle_watcher_status *status)
{
    struct monitor_watched *w = cookie;
    const struct monitor_progress now = {.tree_size = status->log_size, .verified_size = status->log_size,
                                         .tree_head_ms = status->issued_s * 1000, .contact_ms = status->contact_ms};
    monitor_set_progress(w->service->monitor, w->number, &now);
}

static void round_done(void *cookie, enum status status, const struct error *err)
{
    struct monitor_watched *w = cookie;
    if (status != STATUS_OK)
        events_report(&w->service->events, EVENT_DEBUG, "round-not-finished", {"trust", w->settings->name}, {"reason", err->text});
}

static bool log_head(void *cookie, const struct tai *ca_id, uint16_t log_number, struct bundle_watcher_log *out)
{
    const struct monitor_watched *w = cookie;
    struct followed_head head;
    for (size_t i = 0; i < w->service->followed_count; i++) {
        const struct monitor_followed *f = &w->service->followed[i];
        if (f->settings->kind != LOG_KIND_MTC || f->settings->log_number != log_number || !tai_equal(&f->settings->ca->id, ca_id) ||
            !log_follower_head(f->follower, &head))
            continue;
        *out = (struct bundle_watcher_log){.hash = f->settings->hash, .url = f->settings->url, .size = head.size};
        memcpy(out->root, head.root, HASH_SIZE);
        return true;
    }
    return false;
}

static void identity(void *cookie, uint64_t index, const struct website_identity_entry *entry)
{
    struct monitor_watched *w = cookie;
    monitor_identity(w->service->monitor, w->number, index, entry);
}

/* ---- making them ---- */

static enum status open_store(struct monitor_watched *w, struct error *err)
{
    char path[MONITOR_PATH_MAX + 128];
    (void)snprintf(path, sizeof path, "%s/logs/%s", w->service->settings->directory, w->settings->name);
    return posix_object_store_open(path, POSIX_PRIVATE, true, &w->store, err);
}

static enum status new_watcher(struct monitor_watched *w, struct error *err)
{
    static const struct bundle_watcher_callbacks callbacks = {.finding = finding, .contact = contact, .progress = progress, .log_head = log_head,
                                                             .round_done = round_done, .identity = identity};
    const struct monitor_service *service = w->service;
    const struct monitor_settings_trust *from = w->settings;
    const struct bundle_watcher_config config = {.name = from->name,
                                                 .url = from->url,
                                                 .ca_file = service->settings->ca_file[0] != '\0' ? service->settings->ca_file : NULL,
                                                 .keys = &from->section,
                                                 .algorithms = service->settings->algorithms,
                                                 .interval_ms = from->interval_ms,
                                                 .late_ms = from->late_ms,
                                                 .fetch = curl_fetch_port(service->fetch),
                                                 .timer = service->timers,
                                                 .clock = service->clock,
                                                 .state = posix_object_store_port(w->store)};
    return bundle_watcher_new(&config, &callbacks, w, &w->watcher, err);
}

/* Monitor and gossip number them behind the logs. */
enum status monitor_trust_add(struct monitor_service *service, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; i < service->settings->trust_count && s == STATUS_OK; i++) {
        struct monitor_watched *w = &service->watched[service->watched_count++];
        *w = (struct monitor_watched){.service = service, .settings = service->settings->trusts[i]};
        const struct monitor_log_config log = {w->settings->name, w->settings->url, 0};
        size_t number;
        s = monitor_add_log(service->monitor, &log, &w->number, err);
        if (s == STATUS_OK)
            s = gossip_add_log(service->gossip, w->settings->keys.origin, true, &number, err);
        if (s == STATUS_OK)
            s = open_store(w, err);
        if (s == STATUS_OK)
            s = new_watcher(w, err);
        s = error_prefix(err, s, "trust %s", w->settings->name);
    }
    return s;
}

void monitor_trust_start(struct monitor_service *service)
{
    for (size_t i = 0; i < service->watched_count; i++)
        bundle_watcher_start(service->watched[i].watcher);
}

void monitor_trust_stop(struct monitor_service *service, void (*stopped)(void *cookie))
{
    for (size_t i = 0; i < service->watched_count; i++)
        bundle_watcher_stop(service->watched[i].watcher, stopped, service);
}

void monitor_trust_free(struct monitor_service *service)
{
    for (size_t i = 0; i < service->watched_count; i++) {
        bundle_watcher_free(service->watched[i].watcher);
        posix_object_store_close(service->watched[i].store);
    }
}

bool monitor_trust_head(const struct monitor_service *service, size_t number, struct followed_head *out)
{
    const struct monitor_watched *w = &service->watched[number - service->followed_count];
    return bundle_watcher_head(w->watcher, out);
}

enum status monitor_trust_view(struct monitor_service *service, size_t number, const struct followed_head *head, const char *from,
                               struct error *err)
{
    return bundle_watcher_view(service->watched[number - service->followed_count].watcher, head->signature, from, err);
}
