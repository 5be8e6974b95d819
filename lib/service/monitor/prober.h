/* prober.h - asks every endpoint of a log now and then, whether its follower needs it or not: what the programs that admit logs do to
 * measure uptime.
 *
 * rfc6962: get-sth, get-sth-consistency, get-entries, get-proof-by-hash, get-entry-and-proof, get-roots, add-chain, add-pre-chain.
 * static-ct: checkpoint, tile, data, issuer, get-roots, add-chain, add-pre-chain. mtc: checkpoint, landmarks.
 * The two that submit are sent an empty chain: a log that refuses it (400) is there. What the first entry says is asked for next: its
 * leaf hash, its issuer.
 */
#ifndef CATHAYA_SERVICE_MONITOR_PROBER_H
#define CATHAYA_SERVICE_MONITOR_PROBER_H

#include "ports/clock.h"
#include "ports/fetch.h"
#include "ports/log_feed.h"
#include "ports/timer.h"

#define PROBER_LOGS_MAX 512
#define PROBER_TIMEOUT_MS 20000
/* An endpoint of each log at a time, so many logs at once. */
#define PROBER_UNDER_WAY_MAX 16
#define PROBER_URL_MAX 700

enum prober_kind { PROBER_RFC6962, PROBER_STATIC_CT, PROBER_MTC };

struct prober_log {
    enum prober_kind kind;
    const struct hash_alg *hash;
    const char *url, *submission_url; /* without a slash at the end; borrowed */
};

struct prober_config {
    struct clock_port clock;
    struct timer_port timer;
    struct fetch_port fetch;
    uint64_t interval_ms;
    const char *ca_file; /* NULL: the system's */
    void *context;
    /* tree_size: entries in the newest head of a log; 0: none known. */
    uint64_t (*tree_size)(void *context, size_t log);
    void (*contact)(void *context, size_t log, const struct followed_contact *contact);
};

struct prober;
MUST_USE enum status prober_new(const struct prober_config *config, struct prober **out, struct error *err);
/* prober_free: nothing is under way any more: after prober_stop has called back, or without a start. */
void prober_free(struct prober *p);

/* prober_add_log: logs are numbered from 0. */
MUST_USE enum status prober_add_log(struct prober *p, const struct prober_log *log, struct error *err);

/* Probes begin an interval after the start: logs are young then, and heads are known. */
void prober_start(struct prober *p);
void prober_stop(struct prober *p, void (*stopped)(void *cookie), void *cookie);

#endif
