/* fake_timer.h - time that passes when the test says so: timer port, clock port, and the queue of what
 * "later" is for the other fakes.
 *
 * Nothing is ever called from within a port's start: a test calls fake_timer_run, which runs what is due,
 * in order, until nothing is. */
#ifndef CATHAYA_TESTS_FAKES_FAKE_TIMER_H
#define CATHAYA_TESTS_FAKES_FAKE_TIMER_H

#include <stddef.h>

#include "ports/clock.h"
#include "ports/timer.h"

struct fake_timer;

/* fake_timer_new starts at now_ms. */
struct fake_timer *fake_timer_new(int64_t now_ms);
void fake_timer_free(struct fake_timer *t);

struct timer_port fake_timer_port(struct fake_timer *t);
struct clock_port fake_timer_clock(struct fake_timer *t);

/* fake_timer_run runs what is due now; the result is how many calls that were. */
size_t fake_timer_run(struct fake_timer *t);
/* fake_timer_advance lets time pass, stopping at every timer on the way. */
void fake_timer_advance(struct fake_timer *t, uint64_t delay_ms);
/* fake_timer_pending is how many timers are set. */
size_t fake_timer_pending(const struct fake_timer *t);

#endif
