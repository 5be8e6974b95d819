/* monitor_found.h - how an entry becomes a notification and a row of the index. Inside service/monitor/monitor_scan. */
#ifndef CATHAYA_SERVICE_MONITOR_MONITOR_FOUND_H
#define CATHAYA_SERVICE_MONITOR_MONITOR_FOUND_H

#include "rules/certificate_names.h"
#include "service/monitor/monitor_scan.h"

/* A batch of certificates with a thousand names of 255 bytes each. */
#define MONITOR_FOUND_MEMORY_MAX ((size_t)512 << 20)

/* An entry that is being looked at. */
struct monitor_subject {
    const struct followed_entry *entry;
    const struct certificate_names *names; /* NULL: they could not be read at all */
    struct hasher_set *hashers;
    enum domain_index_kind kind;
    struct watch_hits hits;
    bool is_told;
    enum notification_event event;
};

/* monitor_found_add_row adds an entry's names; what rows borrow is put right by monitor_found_end. */
MUST_USE enum status monitor_found_add_row(struct monitor_found *found, const struct monitor_scan_input *input,
                                           const struct monitor_subject *what, struct error *err);
MUST_USE enum status monitor_found_end(struct monitor_found *found, struct error *err);

/* monitor_found_tell makes a notification, unless the certificate is authorized. */
MUST_USE enum status monitor_found_tell(struct monitor_found *found, const struct monitor_scan_input *input,
                                        const struct monitor_subject *what, struct error *err);

#endif
