/* monitor_scan.h - a batch of entries of a log, compared with the watch list: pure, on any thread.
 *
 * What comes out are notifications, not yet told apart from those that were sent before (notifier.h does that), and rows for
 * the index of names.
 */
#ifndef CATHAYA_SERVICE_MONITOR_MONITOR_SCAN_H
#define CATHAYA_SERVICE_MONITOR_MONITOR_SCAN_H

#include "base/array.h"
#include "ports/domain_index.h"
#include "ports/log_feed.h"
#include "rules/watch_list.h"
#include "service/monitor/notification.h"

/* struct monitor_watch is one version of the watch list, kept by everybody who reads it. */
struct monitor_watch;
MUST_USE enum status monitor_watch_new(struct watch_list *list, struct monitor_watch **out, struct error *err); /* takes list */
struct monitor_watch *monitor_watch_keep(struct monitor_watch *watch);
void monitor_watch_release(struct monitor_watch *watch); /* from any thread; NULL is fine */
const struct watch_list *monitor_watch_list(const struct monitor_watch *watch);

struct monitor_scan_input {
    const struct monitor_watch *watch;
    const char *log, *url; /* the log's name and where it is */
    bool is_mtc;           /* an issuance log: its entry types are those of MTC */
    int64_t now_ms;
    const struct followed_batch *batch;
    bool wants_index;
};

/* What a batch gave. Owned; monitor_found_free. */
struct monitor_found {
    struct array notifications; /* struct notification *, in order of index */
    struct array indices;       /* uint64_t, of each */
    struct array rows;          /* struct domain_index_entry; wants_index: one for each entry that has names */
    uint64_t entry_count, hit_count, authorized_count, broken_count, unknown_count, ca_count;
    struct builder memory;      /* what rows borrow from */
    struct array row_names;     /* struct bytes */
};

/* monitor_scan compares a batch. STATUS_NO_MEMORY is its only failure. A found one is made also for entries that nobody
 * watches, when they are of an unknown type, a CA's certificate or cannot be read: such things are told, never skipped. */
MUST_USE enum status monitor_scan(const struct monitor_scan_input *input, struct monitor_found **out, struct error *err);
void monitor_found_free(struct monitor_found *found);

#endif
