/* posix_clock.h - the system's clock. */
#ifndef CATHAYA_ADAPTERS_POSIX_POSIX_CLOCK_H
#define CATHAYA_ADAPTERS_POSIX_POSIX_CLOCK_H

#include "ports/clock.h"

/* posix_clock is CLOCK_REALTIME. */
struct clock_port posix_clock(void);

/* posix_clock_monotonic_ms is CLOCK_MONOTONIC in milliseconds: for deadlines, which no change of the time moves. */
int64_t posix_clock_monotonic_ms(void);

#endif
