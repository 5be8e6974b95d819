/* metrics.h - counters, gauges and histograms, and their Prometheus text.
 *
 * A registry belongs to one process; metrics are made while starting and live as long as it. Adding is
 * safe from any thread. Source: the Prometheus text exposition format 0.0.4.
 */
#ifndef CATHAYA_METRICS_METRICS_H
#define CATHAYA_METRICS_METRICS_H

#include "base/builder.h"

struct metrics;
struct metric;

MUST_USE enum status metrics_new(struct metrics **out, struct error *err);
void metrics_free(struct metrics *m);

/* metrics_counter, metrics_gauge and metrics_histogram make a metric, or give the one with the same
 * name and labels. labels is "" or `a="b",c="d"`. The strings must outlive the registry. They give
 * a metric that counts nowhere when memory is out or m is NULL, never NULL. */
struct metric *metrics_counter(struct metrics *m, const char *name, const char *labels,
                               const char *help);
struct metric *metrics_gauge(struct metrics *m, const char *name, const char *labels,
                             const char *help);
/* Buckets of 1, 2, 5 ms and so on up to 100 s; values are in seconds. */
struct metric *metrics_histogram(struct metrics *m, const char *name, const char *labels,
                                 const char *help);

void metric_add(struct metric *metric, double value);     /* counter: value >= 0 */
void metric_set(struct metric *metric, double value);     /* gauge */
void metric_observe(struct metric *metric, double value); /* histogram */

/* metrics_write appends the text of all metrics: names in the order of their making, and the metrics of
 * one name together. */
void metrics_write(struct metrics *m, struct builder *out);

#endif
