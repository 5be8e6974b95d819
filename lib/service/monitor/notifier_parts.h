/* notifier_parts.h - what the files of the notifier share. Inside service/monitor. */
#ifndef CATHAYA_SERVICE_MONITOR_NOTIFIER_PARTS_H
#define CATHAYA_SERVICE_MONITOR_NOTIFIER_PARTS_H

#include "service/monitor/notifier.h"
#include "service/monitor/seen_set.h"

/* One notification that waits; on the loop's thread. */
struct waiting {
    struct waiting *previous, *next;
    uint8_t id[NOTIFICATION_ID_SIZE];
    char *json;
    uint32_t done; /* a bit for each action */
    unsigned under_way;
    bool is_dirty; /* what is kept of it is older than `done` */
    struct {
        unsigned failures;
        int64_t next_ms;
        bool is_under_way;
    } actions[NOTIFIER_ACTIONS_MAX];
};

struct notifier_action_state {
    struct notifier_action action;
    unsigned under_way;
    uint64_t delivered;
    char failure[ERROR_TEXT_MAX];
    char labels[64];
    struct metric *good, *bad;
};

struct notifier {
    struct notifier_config config;
    struct notifier_action_state actions[NOTIFIER_ACTIONS_MAX];
    struct waiting *first, *last;
    size_t waiting_count, adding_count; /* adding: in jobs that are under way */
    struct seen_set seen;
    uint64_t timer, expire_timer;
    size_t job_count;
    bool is_running, is_keeping; /* is_keeping: a job that keeps what is done is under way */
    bool has_failed;
    struct error failure;
    struct metric *waiting_metric, *taken_metric, *known_metric;
};

/* notifier_fail notes that nothing can be made durable any more. */
void notifier_fail(struct notifier *n, const struct error *err);

/* notifier_append puts a waiting one at the end of the queue. */
void notifier_append(struct notifier *n, struct waiting *w);
void notifier_waiting_free(struct waiting *w);

/* ---- notifier_store.c: on the worker, or before it runs ---- */

#define NOTIFIER_NAME_SIZE 96
void notifier_store_queue_name(const uint8_t id[NOTIFICATION_ID_SIZE], char out[NOTIFIER_NAME_SIZE]);

/* notifier_store_load fills seen and the queue. */
MUST_USE enum status notifier_store_load(struct notifier *n, struct error *err);
/* notifier_store_put makes new ones durable. */
MUST_USE enum status notifier_store_put(const struct notifier_config *config, struct notification *const *notifications,
                                        size_t count, struct error *err);
/* notifier_store_expire removes what has expired from seen/. */
MUST_USE enum status notifier_store_expire(const struct notifier_config *config, int64_t now_s, struct error *err);

/* ---- notifier_deliver.c ---- */

/* notifier_deliver_keep makes durable what is done, soon: one job at a time. */
void notifier_deliver_keep(struct notifier *n);

/* notifier_deliver_pump starts what is due. */
void notifier_deliver_pump(struct notifier *n);

#endif
