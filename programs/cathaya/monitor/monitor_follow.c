/* Followers of logs, and what they hand to the monitor. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/monitor_service.h"

/* ---- what comes of a follower ---- */

/* On a worker's thread. */
static void *look(void *cookie, const struct followed_batch *batch)
{
    struct monitor_followed *f = cookie;
    struct monitor_watch *watch = monitor_watch_of(f->service->monitor);
    const struct monitor_scan_input input = {.watch = watch,
                                             .log = f->settings->name,
                                             .url = f->settings->url,
                                             .is_mtc = f->settings->kind == LOG_KIND_MTC,
                                             .now_ms = f->service->clock.now_ms(f->service->clock.context),
                                             .batch = batch,
                                             .wants_index = f->service->index != NULL};
    struct monitor_found *found = NULL;
    struct error err;
    if (monitor_scan(&input, &found, &err) != STATUS_OK)
        found = NULL; /* the monitor keeps nothing from here on */
    monitor_watch_release(watch);
    return found;
}

static void drop(void *cookie, void *result)
{
    (void)cookie;
    monitor_found_free(result);
}

static void entries(void *cookie, const struct followed_batch *batch)
{
    struct monitor_followed *f = cookie;
    monitor_take(f->service->monitor, f->number, batch->start + batch->count, batch->look_result);
}

static void note_progress(struct monitor_followed *f)
{
    struct follower_status status;
    log_follower_status(f->follower, &status);
    const struct monitor_progress progress = {.tree_size = status.head_size,
                                              .verified_size = status.verified_size,
                                              .tree_head_ms = (int64_t)status.head_timestamp_ms,
                                              .contact_ms = status.contact_ms};
    monitor_set_progress(f->service->monitor, f->number, &progress);
}

static void progressed(void *cookie, uint64_t verified_size)
{
    (void)verified_size;
    note_progress(cookie);
}

static void finding(void *cookie, const struct log_finding *what)
{
    struct monitor_followed *f = cookie;
    monitor_finding(f->service->monitor, f->number, what);
}

static void contact(void *cookie, const struct followed_contact *what)
{
    struct monitor_followed *f = cookie;
    monitor_contact(f->service->monitor, f->number, what);
}

static void tree_head(void *cookie, const struct followed_head *head)
{
    (void)head;
    note_progress(cookie);
}

static void round_done(void *cookie, enum status status, const struct error *err)
{
    struct monitor_followed *f = cookie;
    note_progress(f);
    if (status != STATUS_OK)
        events_report(&f->service->events, EVENT_DEBUG, "round-not-finished", {"log", f->settings->name}, {"reason", err->text});
}

/* ---- making them ---- */

static struct followed_log what_to_follow(const struct monitor_service *service, const struct monitor_settings_log *from)
{
    return (struct followed_log){
        .name = from->name,
        .kind = from->kind,
        .hash = from->hash,
        .url = from->url,
        .origin = from->origin[0] != '\0' ? from->origin : NULL,
        .submission_url = from->submission_url[0] != '\0' ? from->submission_url : NULL,
        .key = from->key,
        .mmd_ms = from->mmd_ms,
        .has_interval = from->has_interval,
        .not_after_start_s = from->not_after_start_s,
        .not_after_end_s = from->not_after_end_s,
        .state = from->state,
        .has_final = from->has_final,
        .final_size = from->final_size,
        .ca = from->ca,
        .store = from->store,
        .log_number = from->log_number,
        .minimum_index = from->minimum_index,
        .mirrors = from->mirror_urls,
        .mirror_count = from->mirror_count,
        .mirror_lag_ms = from->mirror_lag_ms,
        .ca_file = service->settings->ca_file[0] != '\0' ? service->settings->ca_file : NULL,
    };
}

static enum status open_store(struct monitor_followed *f, struct error *err)
{
    char path[MONITOR_PATH_MAX + 128];
    (void)snprintf(path, sizeof path, "%s/logs/%s", f->service->settings->directory, f->settings->name);
    return posix_object_store_open(path, POSIX_PRIVATE, true, &f->store, err);
}

static enum status new_follower(struct monitor_followed *f, struct error *err)
{
    static const struct follower_callbacks callbacks = {.look = look,
                                                        .drop = drop,
                                                        .entries = entries,
                                                        .progress = progressed,
                                                        .finding = finding,
                                                        .contact = contact,
                                                        .tree_head = tree_head,
                                                        .round_done = round_done};
    struct monitor_service *service = f->service;
    struct followed_log log = what_to_follow(service, f->settings);
    memcpy(log.final_root, f->settings->final_root, sizeof log.final_root);
    const struct follower_options options = {.interval_ms = service->settings->interval_ms,
                                             .requests_per_s = service->settings->requests_per_s,
                                             .is_keeping = true,
                                             .is_retelling = true, /* what was told and not kept is told again */
                                             .is_from_now = service->settings->is_from_now &&
                                                            f->settings->kind != LOG_KIND_RFC6962};
    const struct follower_ports ports = {.fetch = curl_fetch_port(service->fetch),
                                         .timer = service->timers,
                                         .clock = service->clock,
                                         .state = posix_object_store_port(f->store),
                                         .work = event_loop_pool(service->loop),
                                         .algorithms = service->settings->algorithms};
    return log_follower_new(&log, &options, &ports, &callbacks, f, &f->follower, err);
}

/* All parts number logs in the same order. */
static enum status introduce(struct monitor_followed *f, struct error *err)
{
    struct monitor_service *service = f->service;
    const struct monitor_settings_log *from = f->settings;
    const struct monitor_log_config log = {from->name, from->url, from->mmd_ms / 1000};
    const struct prober_log probed = {
        .kind = from->kind == LOG_KIND_RFC6962 ? PROBER_RFC6962 : from->kind == LOG_KIND_STATIC_CT ? PROBER_STATIC_CT : PROBER_MTC,
        .hash = from->hash,
        .url = from->url,
        .submission_url = from->submission_url};
    size_t number;
    enum status s = monitor_add_log(service->monitor, &log, &f->number, err);
    if (s == STATUS_OK)
        s = gossip_add_log(service->gossip, from->id, from->kind == LOG_KIND_MTC, &number, err);
    return s == STATUS_OK ? prober_add_log(service->prober, &probed, err) : s;
}

enum status monitor_follow_add(struct monitor_service *service, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; i < service->settings->log_count && s == STATUS_OK; i++) {
        struct monitor_followed *f = &service->followed[service->followed_count++];
        *f = (struct monitor_followed){.service = service, .settings = service->settings->logs[i]};
        s = introduce(f, err);
        if (s == STATUS_OK)
            s = open_store(f, err);
        if (s == STATUS_OK)
            s = new_follower(f, err);
        s = error_prefix(err, s, "log %s", f->settings->name);
    }
    return s;
}

void monitor_follow_start(struct monitor_service *service)
{
    for (size_t i = 0; i < service->followed_count; i++)
        log_follower_start(service->followed[i].follower);
}

void monitor_follow_stop(struct monitor_service *service, void (*stopped)(void *cookie))
{
    for (size_t i = 0; i < service->followed_count; i++)
        log_follower_stop(service->followed[i].follower, stopped, service);
}

void monitor_follow_free(struct monitor_service *service)
{
    for (size_t i = 0; i < service->followed_count; i++) {
        log_follower_free(service->followed[i].follower);
        posix_object_store_close(service->followed[i].store);
    }
}

/* ---- what others ask ---- */

void monitor_follow_kept(void *context, size_t log, uint64_t end)
{
    struct monitor_service *service = context;
    log_follower_kept(service->followed[log].follower, end);
}

bool monitor_follow_head(void *context, size_t log, struct followed_head *out)
{
    const struct monitor_service *service = context;
    if (log >= service->followed_count)
        return monitor_trust_head(service, log, out);
    return log_follower_head(service->followed[log].follower, out);
}

enum status monitor_follow_view(void *context, size_t log, const struct followed_head *head, const char *from,
                                struct error *err)
{
    struct monitor_service *service = context;
    if (log >= service->followed_count)
        return monitor_trust_view(service, log, head, from, err);
    return log_follower_view(service->followed[log].follower, head, from, err);
}

uint64_t monitor_follow_tree_size(void *context, size_t log)
{
    struct followed_head head;
    return monitor_follow_head(context, log, &head) ? head.size : 0;
}

void monitor_follow_contact(void *context, size_t log, const struct followed_contact *what)
{
    struct monitor_service *service = context;
    monitor_contact(service->monitor, log, what);
}
