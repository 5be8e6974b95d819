/* site_time.h - when what is done: pure arithmetic on times. Times in seconds since the Epoch.
 *
 * `random` is any 32 bits, all equally likely.
 */
#ifndef CATHAYA_SERVICE_SITE_CERTIFICATES_SITE_TIME_H
#define CATHAYA_SERVICE_SITE_CERTIFICATES_SITE_TIME_H

#include <stdbool.h>
#include <stdint.h>

/* A server that says to come back later than this is asked after it all the same [RFC9773 4.3.3]. */
#define SITE_TIME_PAUSE_MAX_S 86400

/* site_time_renewal is when a certificate is renewed without the CA's advice: around 75 % of its lifetime [MTC 11],
 * from 72 to 78 %, so that those of one day are not renewed in one second. */
int64_t site_time_renewal(int64_t not_before_s, int64_t not_after_s, uint32_t random);

/* site_time_in_window is a time in [start_s, end_s) [RFC9773 4.2], but never after 90 % of the lifetime: a CA that errs
 * does not make a site's certificate expire. */
int64_t site_time_in_window(int64_t start_s, int64_t end_s, int64_t not_before_s, int64_t not_after_s, uint32_t random);

/* site_time_advice_pause is how long to wait before the CA's advice is asked for again: its Retry-After (0: none, then
 * six hours), from a minute to a day; for those that live less than a day from 1/50 of the lifetime (where that is less
 * than a minute) to 1/10. */
int64_t site_time_advice_pause(int64_t lifetime_s, int64_t retry_after_s);

/* site_time_backoff is the pause after `failures` failures in a row (from 1): first_s, doubled after each more, at most
 * max_s, spread by a fifth to either side; and not less than the server asked for. */
int64_t site_time_backoff(unsigned failures, int64_t first_s, int64_t max_s, int64_t retry_after_s, uint32_t random);

/* site_time_landmark_pause is how long to wait for a landmark: what the server says, from a second to an hour; without a
 * word from 30 s on, longer each time. */
int64_t site_time_landmark_pause(unsigned polls, int64_t retry_after_s);

/* site_time_is_near: is so much of the lifetime (55 %) gone that it is renewed along with another of its site? */
bool site_time_is_near(int64_t not_before_s, int64_t not_after_s, int64_t now_s);

/* site_time_bound is at_s, but not further ahead than max_s from now: a clock that has gone back does not put things off. */
static inline int64_t site_time_bound(int64_t at_s, int64_t now_s, int64_t max_s)
{
    return at_s > now_s + max_s ? now_s + max_s : at_s;
}

#endif
