/* ct_log_limits.h - how many entries one address, and all together, may submit; private to service/ct_log.
 *
 * Token buckets: each fills at its rate up to CT_LOG_LIMITS_BURST_S seconds of it. The table of addresses has a fixed size: when
 * it is full, the address whose bucket lacks least is forgotten, which gives it nothing but what it lacked.
 */
#ifndef CATHAYA_SERVICE_CT_LOG_CT_LOG_LIMITS_H
#define CATHAYA_SERVICE_CT_LOG_CT_LOG_LIMITS_H

#include "base/bytes.h"
#include "base/status.h"

/* A client that comes back after a pause may catch up a little. */
#define CT_LOG_LIMITS_BURST_S 2
/* Addresses: SETS * WAYS, 768 KiB. Logs have a few hundred submitters. */
#define CT_LOG_LIMITS_SETS 4096
#define CT_LOG_LIMITS_WAYS 8

struct ct_log_bucket {
    uint64_t key;     /* 0: free */
    int64_t full_at_us; /* when it is full again: all that a bucket needs to know */
};

struct ct_log_limits_table {
    uint64_t seed; /* so that nobody can choose addresses of one set */
    uint32_t per_address_per_s, per_s; /* 0: no limit */
    struct ct_log_bucket all;
    struct ct_log_bucket *buckets; /* SETS * WAYS */
};

MUST_USE enum status ct_log_limits_init(struct ct_log_limits_table *t, uint32_t per_address_per_s, uint32_t per_s,
                                        struct error *err);
void ct_log_limits_clear(struct ct_log_limits_table *t);

/* ct_log_limits_take takes `count` tokens of the peer (a numeric address; IPv6: its /64) and of all. STATUS_LIMIT, nothing
 * is taken, and *retry_after_s says when it may be tried again; *is_address says whose limit it was. A request for more than a
 * burst is let through when the bucket is full, and paid for afterwards. */
MUST_USE enum status ct_log_limits_take(struct ct_log_limits_table *t, const char *peer, int64_t now_ms, uint32_t count,
                                        uint32_t *retry_after_s, bool *is_address);

#endif
