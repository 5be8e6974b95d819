/* notifier.h - the queue between what was found and who is told: at least once over crashes, with retry and back-off.
 *
 * State:  queue/ID          the notification's JSON, and a line of what is done already
 *         seen/EXPIRY-ID    it was queued, and is not queued again before
 * Files:  certificates/ID.der, evidence/ID.txt (notification_file_name)
 *
 * All of it is durable before add counts as such. An action that fails is tried again after 1 s, 2 s, 4 s and so on up to an
 * hour, at once after a restart, and for as long as it takes. Between its success and the note of it lies a moment in which a
 * crash makes it happen twice, with the same id.
 */
#ifndef CATHAYA_SERVICE_MONITOR_NOTIFIER_H
#define CATHAYA_SERVICE_MONITOR_NOTIFIER_H

#include "metrics/metrics.h"
#include "ports/clock.h"
#include "ports/events.h"
#include "ports/object_store.h"
#include "ports/timer.h"
#include "ports/work.h"
#include "service/monitor/notification.h"

#define NOTIFIER_ACTIONS_MAX 16
/* What waits is in memory too, a few kB each. Above the first followers are asked to wait; above the second nothing is taken: it is
 * found again by the next process. */
#define NOTIFIER_WAITING_HIGH 10000
#define NOTIFIER_WAITING_MAX 50000
/* IDs that were told; 40 bytes each. The oldest go first. */
#define NOTIFIER_SEEN_MAX 1000000
/* One action's calls under way: a hook that hangs does not stop the others, and does not get a thousand of it. */
#define NOTIFIER_UNDER_WAY_MAX 4
#define NOTIFIER_RETRY_FIRST_MS 1000
#define NOTIFIER_RETRY_MAX_MS 3600000

/* One way of telling. name is what the queue remembers: stable over restarts, of [a-z0-9-]. */
struct notifier_action {
    const char *name;
    void *context;
    /* start tells json; done is called once, later. json and id are borrowed until then. */
    void (*start)(void *context, const char *json, void (*done)(void *cookie, enum status status, const struct error *err),
                  void *cookie);
};

struct notifier_config {
    struct clock_port clock;
    struct timer_port timer;
    struct work_port work; /* serial: both stores are touched there alone, and in notifier_new */
    struct object_store state, files;
    struct events_port events;
    struct metrics *metrics;
    const struct notifier_action *actions;
    size_t action_count;
};

struct notifier;
MUST_USE enum status notifier_new(const struct notifier_config *config, struct notifier **out, struct error *err);
/* notifier_free: no call of an action and no job is under way any more (notifier_is_idle). */
void notifier_free(struct notifier *n);

/* notifier_start begins to deliver; notifier_stop starts no more calls. */
void notifier_start(struct notifier *n);
void notifier_stop(struct notifier *n);
bool notifier_is_idle(const struct notifier *n);

typedef void notifier_done(void *cookie, enum status status, const struct error *err);

/* notifier_add takes notifications: those that are new are queued, all are the notifier's. done (may be NULL) is called once, later:
 * STATUS_OK when everything is durable, also what came before; STATUS_LIMIT: nothing was taken; STATUS_IO: it is not known what is
 * durable, and nothing will be any more in this process. */
void notifier_add(struct notifier *n, struct notification **notifications, size_t count, notifier_done *done,
                  void *cookie);

/* notifier_has says whether a notification was queued before. */
bool notifier_has(const struct notifier *n, const uint8_t id[NOTIFICATION_ID_SIZE]);

/* notifier_why_not is NULL, or why nothing can be made durable any more. */
const char *notifier_why_not(const struct notifier *n);

size_t notifier_waiting_count(const struct notifier *n);
uint64_t notifier_delivered_count(const struct notifier *n, size_t action);
/* notifier_last_failure of an action; "" when its last call was good. */
const char *notifier_last_failure(const struct notifier *n, size_t action);

#endif
