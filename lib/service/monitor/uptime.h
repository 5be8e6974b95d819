/* uptime.h - how often the endpoints of a log answered, as the programs that admit logs count it: each endpoint for itself, over
 * the last 90 days, and the lowest of them is the log's.
 *
 * One sample is one interval in which an endpoint was asked: good when its first answer in it was. Intervals in which it was not asked
 * since the sample before count as that one's answer: who does not answer is asked less often, and shall not look better by that.
 * What we could not see is not
 * the log's fault: a failure counts only when somebody else answered us at that time (uptime_seen_well), so that our own network's
 * failures are gaps, and so are the hours in which we did not run.
 */
#ifndef CATHAYA_SERVICE_MONITOR_UPTIME_H
#define CATHAYA_SERVICE_MONITOR_UPTIME_H

#include "base/builder.h"

#define UPTIME_DAYS 90
/* RFC 6962 has eight paths, static-ct-api six, tlog-tiles five. */
#define UPTIME_ENDPOINTS_MAX 16
#define UPTIME_NAME_MAX 31
#define UPTIME_TEXT_MAX ((size_t)128 * 1024)

struct uptime_day {
    int64_t day; /* since the Epoch; 0: none */
    uint32_t good, bad;
};

struct uptime_endpoint {
    char name[UPTIME_NAME_MAX + 1];
    int64_t sample_ms;          /* when the last sample was taken */
    int64_t bad_since_ms;       /* it fails since then; 0: it does not */
    int64_t longest_outage_ms;  /* within the window, more or less: forgotten after UPTIME_DAYS */
    int64_t longest_outage_at_ms;
    struct uptime_day days[UPTIME_DAYS]; /* day modulo UPTIME_DAYS */
};

struct uptime {
    uint64_t interval_ms;
    uint64_t gap_ms;  /* samples farther apart have nothing to do with each other; 0: ten intervals */
    int64_t first_ms; /* when we began to look; 0: not yet */
    struct uptime_endpoint endpoints[UPTIME_ENDPOINTS_MAX];
    size_t endpoint_count;
    bool is_dirty;
};

/* uptime_note counts an answer. is_ours: nobody answered us at that time, so a failure says nothing. Endpoints beyond the limit are
 * not counted. */
void uptime_note(struct uptime *u, const char *endpoint, bool is_good, bool is_ours, int64_t now_ms);

/* What is known of an endpoint over the window that ends now. */
struct uptime_figures {
    uint64_t good, bad;     /* intervals */
    unsigned days;          /* with at least one sample */
    double ratio;           /* of good ones; 1 without samples */
    int64_t longest_outage_ms;
};
void uptime_figures(const struct uptime *u, size_t endpoint, int64_t now_ms, struct uptime_figures *out);

/* uptime_minimum is the endpoint with the lowest ratio among those with samples; false: there is none. */
bool uptime_minimum(const struct uptime *u, int64_t now_ms, size_t *endpoint, struct uptime_figures *out);

/* uptime_observed_days is for how many days we have looked, at most UPTIME_DAYS, and on how many of them. */
void uptime_observed_days(const struct uptime *u, int64_t now_ms, unsigned *since_days, unsigned *with_samples);

/* Lines of text: what a monitor keeps. STATUS_MALFORMED for anything else. */
void uptime_write(const struct uptime *u, struct builder *out);
MUST_USE enum status uptime_read(struct bytes text, struct uptime *out, struct error *err);

#endif
