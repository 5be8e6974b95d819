/* events.h - what a role reports to its operator: one event, with fields. The program makes log lines
 * of it. Never a secret: no keys, no tokens, no key authorizations, no authorization headers. */
#ifndef CATHAYA_PORTS_EVENTS_H
#define CATHAYA_PORTS_EVENTS_H

#include <stddef.h>

enum event_level {
    EVENT_DEBUG,
    EVENT_INFO,    /* somebody may want to know what was done */
    EVENT_WARNING, /* works, but somebody should look */
    EVENT_ERROR    /* does not work: somebody must look */
};

struct event_field {
    const char *name, *value;
};

struct events_port {
    void *context;
    /* report takes a short name of what happened ("order-valid", "mirror-refused") and its fields. */
    void (*report)(void *context, enum event_level level, const char *what,
                   const struct event_field *fields, size_t field_count);
};

/* events_report (port, level, what, name, value, name, value, ...): an even number of strings. */
#define events_report(port, level, what, ...)                                                        \
    do {                                                                                             \
        const struct event_field events_fields_[] = {__VA_ARGS__};                                   \
        (port)->report((port)->context, (level), (what), events_fields_,                             \
                       sizeof events_fields_ / sizeof events_fields_[0]);                            \
    } while (0)

#endif
