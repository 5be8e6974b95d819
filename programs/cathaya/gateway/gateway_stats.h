/* gateway_stats.h - the workers' figures as metrics: cathaya_gateway_*. */
#ifndef CATHAYA_PROGRAM_GATEWAY_STATS_H
#define CATHAYA_PROGRAM_GATEWAY_STATS_H

#include "adapters/proxy/proxy.h"
#include "metrics/metrics.h"

#define GATEWAY_STATS_MAX 64

struct gateway_stats {
    struct metric *metrics[GATEWAY_STATS_MAX];
    double last[GATEWAY_STATS_MAX]; /* what a counter has been given so far */
    size_t count;
};

/* gateway_stats_init makes the metrics. */
void gateway_stats_init(struct gateway_stats *stats, struct metrics *metrics);

/* gateway_stats_update reads the workers' counters into them. */
void gateway_stats_update(struct gateway_stats *stats, const struct proxy *proxy);

#endif
