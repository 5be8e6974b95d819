/* monitor.h - the monitor's role: what followers of logs have verified becomes notifications, rows of an index of names,
 * figures of uptime, and gossip with other monitors.
 *
 * A follower gives what it has verified (the program translates):
 *   a worker's thread   monitor_scan (monitor_scan.h), with monitor_watch_of
 *   the loop's thread   monitor_take; config.kept says what of it is durable: only so far may the follower's position move on, so that
 *                       nothing is lost by a crash. What was told before is not told again.
 *   the loop's thread   monitor_finding, monitor_contact, monitor_set_progress
 *
 * State: queue/, seen/ (notifier.h), uptime/NAME, facts/NAME (log_facts.h). Files: certificates/, evidence/.
 */
#ifndef CATHAYA_SERVICE_MONITOR_MONITOR_H
#define CATHAYA_SERVICE_MONITOR_MONITOR_H

#include "codec/identity/website_identity.h"
#include "metrics/metrics.h"
#include "ports/clock.h"
#include "ports/domain_index.h"
#include "ports/events.h"
#include "ports/fetch.h"
#include "ports/http.h"
#include "ports/object_store.h"
#include "ports/log_feed.h"
#include "ports/timer.h"
#include "ports/work.h"
#include "rules/log_finding.h"
#include "service/monitor/monitor_scan.h"
#include "service/monitor/notifier.h"

/* Logs of all public programs together are about 100; shards of some years more. */
#define MONITOR_LOGS_MAX 512
#define MONITOR_NAME_MAX 63 /* [a-z0-9._-] */
/* Odd entries (unreadable, unknown, of CAs) of a log in an hour that are told one by one. */
#define MONITOR_ODD_MAX 100

struct monitor;

struct monitor_config {
    struct clock_port clock;
    struct timer_port timer;
    struct fetch_port fetch;
    struct work_port state_work; /* serial: state is touched there alone */
    struct work_port index_work; /* serial: index is touched there alone */
    struct object_store state, files;
    const struct domain_index *index; /* NULL: none */
    struct events_port events;
    struct metrics *metrics;
    const struct notifier_action *actions; /* copied; what they point to is borrowed */
    size_t action_count;
    uint64_t flush_ms;      /* how often figures of uptime are kept */
    uint64_t interval_ms;   /* of the followers' rounds: one sample of uptime */
    uint64_t probe_ms;      /* how often each endpoint is asked beside that; 0: not at all */
    uint64_t retention_s;   /* index rows of certificates that ended so long ago are pruned; 0: none */
    void *context;
    void (*kept)(void *context, size_t log, uint64_t end);
};

/* monitor_new reads the state, on this thread, before anything else runs. */
MUST_USE enum status monitor_new(const struct monitor_config *config, struct monitor **out, struct error *err);

/* monitor_start begins to deliver and to keep figures. */
void monitor_start(struct monitor *m);

/* monitor_stop ends timers and keeps the figures; done is called when the last job is through. Then monitor_free. */
void monitor_stop(struct monitor *m, void (*done)(void *cookie), void *cookie);
void monitor_free(struct monitor *m);

/* monitor_set_watch takes a new watch list; scans that are under way end with the old one. */
void monitor_set_watch(struct monitor *m, struct monitor_watch *watch);
/* monitor_watch_of gives the newest, kept for the caller, on any thread; NULL before the first. */
struct monitor_watch *monitor_watch_of(struct monitor *m);

struct monitor_log_config {
    const char *name, *url;
    uint64_t mmd_s; /* 0: none */
};

/* monitor_add_log, before anything runs, gives the number by which the log is known here. */
MUST_USE enum status monitor_add_log(struct monitor *m, const struct monitor_log_config *log, size_t *number,
                                     struct error *err);

/* monitor_take takes what the batch that ends before `end` gave; batches of a log come in their order. NULL: it could not be looked at,
 * and nothing of the log is kept from there on. config.kept is called, later or from within, when everything below an index is
 * durable: only so far may the follower forget. */
void monitor_take(struct monitor *m, size_t log, uint64_t end, struct monitor_found *found);

/* monitor_finding tells a finding, once. monitor_contact counts an answer, or its absence, for the endpoint's uptime. */
void monitor_finding(struct monitor *m, size_t log, const struct log_finding *finding);
void monitor_contact(struct monitor *m, size_t log, const struct followed_contact *contact);

/* monitor_identity tells a record of website identity, once, when the watch list has its domain or its organisation. */
void monitor_identity(struct monitor *m, size_t log, uint64_t index, const struct website_identity_entry *entry);

/* Where a log stands, as its follower says. */
struct monitor_progress {
    uint64_t tree_size, verified_size;
    int64_t tree_head_ms, contact_ms; /* the time in the newest tree head; when the log last answered well; 0: none */
};
void monitor_set_progress(struct monitor *m, size_t log, const struct monitor_progress *progress);

/* monitor_status is one JSON object for operators, whose reference is the caller's: logs, watch list, actions, index. Stable names:
 * docs in cathaya-monitor.1. NULL without memory. */
struct json_t *monitor_status(struct monitor *m);

/* monitor_write_figures appends what is known now of a log, as the state has it after the next flush: uptime (uptime.h), or facts
 * (log_facts.h). STATUS_NOT_FOUND: no log of this name. */
MUST_USE enum status monitor_write_figures(const struct monitor *m, struct bytes log, bool is_uptime, struct builder *out);

/* monitor_set_metrics brings figures that are kept elsewhere up to date, before metrics are written. */
void monitor_set_metrics(struct monitor *m);

/* monitor_why_not_ready is NULL, or what keeps it from working. */
const char *monitor_why_not_ready(const struct monitor *m);

#endif
