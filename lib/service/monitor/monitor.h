/* monitor.h - the monitor's role: what followers of logs have verified becomes notifications, rows of an index of names,
 * figures of uptime, and gossip with other monitors.
 *
 * A follower gives what it has verified (the program translates):
 *   a worker's thread   monitor_scan (monitor_scan.h), with monitor_watch_of
 *   the loop's thread   monitor_take; monitor_keep says when all of it is durable: only then may the follower's position move on, so that
 *                       nothing is lost by a crash. What was told before is not told again.
 *   the loop's thread   monitor_finding, monitor_contact, monitor_set_progress
 *
 * State, in an object store: queue/, seen/ (notifier.h), certificates/, evidence/, uptime/, facts/.
 */
#ifndef CATHAYA_SERVICE_MONITOR_MONITOR_H
#define CATHAYA_SERVICE_MONITOR_MONITOR_H

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
#define MONITOR_NAME_MAX 200

struct monitor;

struct monitor_config {
    struct clock_port clock;
    struct timer_port timer;
    struct fetch_port fetch;
    struct work_port state_work; /* serial: state is touched there alone */
    struct work_port index_work; /* serial: index is touched there alone */
    struct object_store state;
    const struct domain_index *index; /* NULL: none */
    struct events_port events;
    struct metrics *metrics;
    const struct notifier_action *actions; /* copied; what they point to is borrowed */
    size_t action_count;
    uint64_t flush_ms;     /* how often figures of uptime are kept */
    uint64_t retention_s;  /* index rows of certificates that ended so long ago are pruned; 0: none */
};

/* monitor_new reads the state, on this thread, before anything else runs. */
MUST_USE enum status monitor_new(const struct monitor_config *config, struct monitor **out, struct error *err);

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

/* monitor_add_log gives the number by which the log is known here. */
MUST_USE enum status monitor_add_log(struct monitor *m, const struct monitor_log_config *log, size_t *number,
                                     struct error *err);

/* monitor_take takes what a batch gave; NULL: it could not be looked at, and the log is never kept beyond it. */
void monitor_take(struct monitor *m, size_t log, struct monitor_found *found);

/* monitor_keep: is all that was taken of the log durable? STATUS_AGAIN: not yet, or too much waits for delivery; STATUS_IO: it
 * cannot be made durable. Only STATUS_OK lets the follower forget it. */
MUST_USE enum status monitor_keep(const struct monitor *m, size_t log, struct error *err);

/* monitor_finding tells a finding, once. monitor_contact counts an answer, or its absence, for the endpoint's uptime. */
void monitor_finding(struct monitor *m, size_t log, const struct log_finding *finding);
void monitor_contact(struct monitor *m, size_t log, const struct followed_contact *contact);

/* Where a log stands, as its follower says. */
struct monitor_progress {
    uint64_t tree_size, verified_size;
    int64_t tree_head_ms, contact_ms; /* the time in the newest tree head; when the log last answered well; 0: none */
};
void monitor_set_progress(struct monitor *m, size_t log, const struct monitor_progress *progress);

/* monitor_test queues a test notification; done when it is durable. */
MUST_USE enum status monitor_test(struct monitor *m, notifier_done *done, void *cookie, struct error *err);

/* monitor_write_status appends one JSON object: logs, watch list, queue, index. */
MUST_USE enum status monitor_write_status(struct monitor *m, struct builder *out, struct error *err);

/* monitor_why_not_ready is NULL, or what keeps it from working. */
const char *monitor_why_not_ready(const struct monitor *m);

#endif
