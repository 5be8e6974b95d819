/* seen_set.h - which notifications were queued already, in memory. Inside service/monitor. */
#ifndef CATHAYA_SERVICE_MONITOR_SEEN_SET_H
#define CATHAYA_SERVICE_MONITOR_SEEN_SET_H

#include "base/status.h"
#include "service/monitor/notification.h"

struct seen_item {
    int64_t expires_s;
    uint8_t id[NOTIFICATION_ID_SIZE];
};

/* The zero set is empty. */
struct seen_set {
    struct seen_item *items; /* expires_s 0: free */
    size_t count, slot_count;
};

/* seen_set_add says in *is_new whether it was not there. STATUS_NO_MEMORY. */
MUST_USE enum status seen_set_add(struct seen_set *set, const uint8_t id[NOTIFICATION_ID_SIZE], int64_t expires_s,
                                  bool *is_new, struct error *err);

bool seen_set_has(const struct seen_set *set, const uint8_t id[NOTIFICATION_ID_SIZE]);

/* seen_set_expire forgets what has expired. STATUS_NO_MEMORY: nothing was forgotten. */
MUST_USE enum status seen_set_expire(struct seen_set *set, int64_t now_s, struct error *err);
void seen_set_clear(struct seen_set *set);

#endif
