/* clock.h - what time it is. */
#ifndef CATHAYA_PORTS_CLOCK_H
#define CATHAYA_PORTS_CLOCK_H

#include <stdint.h>

struct clock_port {
    void *context;
    /* now_ms is milliseconds since the Epoch. */
    int64_t (*now_ms)(void *context);
};

#endif
