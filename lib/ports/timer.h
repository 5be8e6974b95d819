/* timer.h - calling back after a time, on the thread of the event loop. */
#ifndef CATHAYA_PORTS_TIMER_H
#define CATHAYA_PORTS_TIMER_H

#include <stdint.h>

struct timer_port {
    void *context;
    /* start calls fire once, at least delay_ms from now and never before it returns; the result names
     * the timer and is never 0. */
    uint64_t (*start)(void *context, uint64_t delay_ms, void (*fire)(void *cookie), void *cookie);
    /* cancel forgets a timer; one that has fired, or 0, is fine. */
    void (*cancel)(void *context, uint64_t timer);
};

#endif
