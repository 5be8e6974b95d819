/* gossip.h - tree heads exchanged with other monitors, so that a log that shows each its own history is caught.
 *
 * Every interval each peer is sent our newest heads and answers with its own; peers do the same to us. A head that we do not have is
 * given to whoever follows its log (view), who verifies and compares it; a contradiction is that one's finding. Anybody may send:
 * what is not signed by a log is dropped, and the work that somebody can cause is bounded.
 */
#ifndef CATHAYA_SERVICE_MONITOR_GOSSIP_H
#define CATHAYA_SERVICE_MONITOR_GOSSIP_H

#include "metrics/metrics.h"
#include "ports/clock.h"
#include "ports/events.h"
#include "ports/fetch.h"
#include "ports/http.h"
#include "ports/timer.h"
#include "service/monitor/gossip_message.h"

#define GOSSIP_PEERS_MAX 32
#define GOSSIP_LOGS_MAX 512
#define GOSSIP_TIMEOUT_MS 20000
/* Heads of one message that are given on: each costs a signature to verify. What is left comes again with the next one. */
#define GOSSIP_VIEWS_MAX 128
/* Messages from one address (or one IPv6 network of 64 bits) in a second, and in reserve; and from all together: a log that wants to keep
 * monitors from each other shall need more than one machine for it. All at once are a third of a core, should nothing be signed. */
#define GOSSIP_MESSAGES_PER_S 10
#define GOSSIP_MESSAGES_BURST 50
#define GOSSIP_ALL_PER_S 40
#define GOSSIP_ALL_BURST 200
/* Addresses share so many places. */
#define GOSSIP_PLACES 256
/* Heads that were given on lately, so as not to be again. */
#define GOSSIP_RECENT 4096

struct gossip_peer {
    const char *url;     /* without a slash at its end */
    const char *ca_file; /* NULL: the system's */
};

struct gossip_config {
    struct clock_port clock;
    struct timer_port timer;
    struct fetch_port fetch;
    struct events_port events;
    struct metrics *metrics;
    uint64_t interval_ms;
    const struct gossip_peer *peers; /* borrowed */
    size_t peer_count;
    void *context;
    /* head gives our newest head of a log; false: none yet. Borrowed until the next call. */
    bool (*head)(void *context, size_t log, struct followed_head *out);
    /* view takes somebody's head. Anything but STATUS_OK: it was not taken, which is counted. */
    enum status (*view)(void *context, size_t log, const struct followed_head *head, const char *from, struct error *err);
};

struct gossip;
MUST_USE enum status gossip_new(const struct gossip_config *config, struct gossip **out, struct error *err);
/* gossip_free: after gossip_stop has called back, or without a start. */
void gossip_free(struct gossip *g);

/* gossip_add_log: id is what messages call it (copied): hex of the LogID, or (is_checkpoint) the origin. *number is for head and
 * view. STATUS_LIMIT, STATUS_CONFLICT. */
MUST_USE enum status gossip_add_log(struct gossip *g, const char *id, bool is_checkpoint, size_t *number, struct error *err);

void gossip_start(struct gossip *g);
void gossip_stop(struct gossip *g, void (*stopped)(void *cookie), void *cookie);

/* gossip_handler answers POST on GOSSIP_PATH. */
struct http_handler gossip_handler(struct gossip *g);

/* How it goes with a peer. */
struct gossip_peer_status {
    const char *url;
    int64_t good_ms;     /* its last good answer; 0: none */
    const char *failure; /* "" */
};
size_t gossip_peer_count(const struct gossip *g);
void gossip_peer_status(const struct gossip *g, size_t peer, struct gossip_peer_status *out);

#endif
