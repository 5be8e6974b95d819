#include "service/site_certificates/site_time.h"

#define ADVICE_DEFAULT_S (6 * 3600)
#define ADVICE_MIN_S 60
#define LANDMARK_FIRST_S 30
#define LANDMARK_MAX_S 3600
/* Doubling stops long before a shift would overflow. */
#define DOUBLINGS_MAX 20

static int64_t clamp(int64_t value, int64_t min, int64_t max)
{
    return value < min ? min : value > max ? max : value;
}

/* random scaled to [0, span). */
static int64_t share(int64_t span, uint32_t random)
{
    return span <= 0 ? 0 : (int64_t)(((double)span * random) / 4294967296.0);
}

int64_t site_time_renewal(int64_t not_before_s, int64_t not_after_s, uint32_t random)
{
    int64_t lifetime_s = not_after_s - not_before_s;
    return not_before_s + lifetime_s * 72 / 100 + share(lifetime_s * 6 / 100, random);
}

int64_t site_time_in_window(int64_t start_s, int64_t end_s, int64_t not_before_s, int64_t not_after_s, uint32_t random)
{
    int64_t latest_s = not_before_s + (not_after_s - not_before_s) * 9 / 10;
    int64_t at_s = end_s > start_s ? start_s + share(end_s - start_s, random) : start_s;
    return at_s > latest_s ? latest_s : at_s;
}

int64_t site_time_advice_pause(int64_t lifetime_s, int64_t retry_after_s)
{
    int64_t part_s = clamp(lifetime_s / 50, 1, SITE_TIME_PAUSE_MAX_S);
    int64_t min_s = part_s < ADVICE_MIN_S ? part_s : ADVICE_MIN_S;
    int64_t wish_s = retry_after_s > 0 ? retry_after_s : ADVICE_DEFAULT_S;
    /* A Retry-After of hours is no use to a certificate that lives for minutes. */
    int64_t max_s = lifetime_s < SITE_TIME_PAUSE_MAX_S ? (lifetime_s / 10 > min_s ? lifetime_s / 10 : min_s) : SITE_TIME_PAUSE_MAX_S;
    return clamp(wish_s, min_s, max_s);
}

int64_t site_time_backoff(unsigned failures, int64_t first_s, int64_t max_s, int64_t retry_after_s, uint32_t random)
{
    unsigned doublings = failures == 0 ? 0 : failures - 1;
    int64_t pause_s = first_s << (doublings < DOUBLINGS_MAX ? doublings : DOUBLINGS_MAX);
    pause_s = clamp(pause_s, 1, max_s);
    pause_s += share(pause_s * 2 / 5 + 1, random) - pause_s / 5;
    int64_t wish_s = clamp(retry_after_s, 0, SITE_TIME_PAUSE_MAX_S);
    return pause_s > wish_s ? pause_s : wish_s;
}

int64_t site_time_landmark_pause(unsigned polls, int64_t retry_after_s)
{
    int64_t own_s = (int64_t)LANDMARK_FIRST_S << (polls < DOUBLINGS_MAX ? polls : DOUBLINGS_MAX);
    return clamp(retry_after_s > 0 ? retry_after_s : own_s, 1, LANDMARK_MAX_S);
}

bool site_time_is_near(int64_t not_before_s, int64_t not_after_s, int64_t now_s)
{
    return now_s >= not_before_s + (not_after_s - not_before_s) * 55 / 100;
}
