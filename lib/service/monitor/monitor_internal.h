/* monitor_internal.h - what the files of the monitor share. Inside service/monitor.
 *
 *   monitor.c         logs, findings, contacts, figures that are kept
 *   monitor_take.c    what scans gave: told and indexed, in order
 *   monitor_status.c  what operators see
 */
#ifndef CATHAYA_SERVICE_MONITOR_MONITOR_INTERNAL_H
#define CATHAYA_SERVICE_MONITOR_MONITOR_INTERNAL_H

#include <pthread.h>

#include "base/array.h"
#include "service/monitor/log_facts.h"
#include "service/monitor/monitor.h"
#include "service/monitor/uptime.h"

#define MONITOR_HOSTS_MAX 256

/* What a scan gave, until it is durable. */
struct take {
    struct monitor *m;
    struct take *next;       /* of its log */
    struct take *next_index; /* in the queue of the index */
    struct take *next_held;
    size_t log;
    uint64_t end;
    struct monitor_found *found; /* NULL: it could not be looked at */
    bool is_told, is_indexed;
};

struct monitor_log {
    char name[MONITOR_NAME_MAX + 1], url[600];
    uint64_t mmd_s;
    struct uptime uptime;
    struct log_facts facts;
    struct take *first, *last;
    uint64_t taken_end, kept_end;
    bool is_lost;
    int64_t odd_hour;
    unsigned odd_count, critical_count; /* of that hour: odd entries and findings about entries; critical findings about entries */
    char labels[MONITOR_NAME_MAX + 16];
    struct metric *size_metric, *verified_metric, *behind_metric, *contact_metric, *entries_metric, *findings_metric;
};

/* Somebody who answers, or not: so that our own network's failures are known. */
struct monitor_host {
    char name[256];
    int64_t good_ms;
};

struct monitor {
    struct monitor_config config;
    struct notifier *notifier;
    pthread_mutex_t watch_lock; /* of watch alone: scans on workers take it while it is exchanged */
    struct monitor_watch *watch;
    struct monitor_log *logs[MONITOR_LOGS_MAX];
    size_t log_count;
    struct monitor_host hosts[MONITOR_HOSTS_MAX];
    size_t host_count;
    struct take *held;      /* the queue is full */
    struct take *to_index, **to_index_end;
    bool is_indexing;
    bool has_index_failed;
    struct error index_error;
    struct domain_index_stats index_stats;
    uint64_t pruned_count;
    int64_t stats_ms;
    uint64_t flush_timer, held_timer;
    size_t job_count;
    bool is_stopping;
    void (*stopped)(void *cookie);
    void *stopped_cookie;
    uint64_t stop_timer;
    struct metric *hits, *authorized, *broken, *unknown, *suppressed, *rows;
};

int64_t monitor_now_ms(const struct monitor *m);

/* monitor_is_too_odd counts one odd entry, or finding about an entry, of a log: true beyond MONITOR_ODD_MAX in its hour. What is
 * critical has a count of its own: oddities shall not hide it. */
bool monitor_is_too_odd(struct monitor *m, struct monitor_log *log, bool is_critical);

/* monitor_take_drop_all forgets what was not durable; no job is under way. */
void monitor_take_drop_all(struct monitor *m);
/* monitor_take_index_idle: does the index do nothing more of itself? */
void monitor_take_start_index(struct monitor *m);

#endif
