#include "adapters/posix/posix_clock.h"

#include <stddef.h>
#include <time.h>

static int64_t now_ms(void *context)
{
    (void)context;
    struct timespec now;
    /* Cannot fail for CLOCK_REALTIME; 1970 would be noticed by everything that is dated. */
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return 0;
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct clock_port posix_clock(void)
{
    return (struct clock_port){.context = NULL, .now_ms = now_ms};
}

int64_t posix_clock_monotonic_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
