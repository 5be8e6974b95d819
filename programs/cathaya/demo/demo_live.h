/* demo_live.h - the demo with its services: started, used, shown, and ended. */
#ifndef CATHAYA_PROGRAMS_DEMO_DEMO_LIVE_H
#define CATHAYA_PROGRAMS_DEMO_DEMO_LIVE_H

#include "crypto/algorithm.h"

struct demo_live {
    const char *state;           /* a directory */
    const char *algorithms_file; /* NULL: none */
    uint64_t entries;            /* of the big logs; 0: there are none */
    uint16_t http01_port;        /* 0: any free one */
    bool is_staying, is_json;
};

/* demo_live_run gives the exit status; nobody that it started is left. */
int demo_live_run(const struct demo_live *live, struct algorithms *algorithms);

#endif
