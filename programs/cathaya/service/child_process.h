/* child_process.h - a program that is run with an environment of its own and a text on its stdin; no shell. */
#ifndef CATHAYA_PROGRAM_SERVICE_CHILD_PROCESS_H
#define CATHAYA_PROGRAM_SERVICE_CHILD_PROCESS_H

#include "base/bytes.h"
#include "base/status.h"

#define CHILD_PROCESS_ARGUMENTS_MAX 8

struct child_process {
    const char *program;                 /* a path */
    const char *const *arguments;        /* behind the program's name; NULL ends them */
    struct bytes environment;            /* "NAME=VALUE", each ended by NUL; PATH is added */
    struct bytes input;                  /* its stdin; empty: /dev/null */
    int64_t limit_ms;                    /* what takes longer hangs */
};

/* child_process_run blocks until the program has ended: STATUS_OK for exit status 0, else STATUS_IO with what happened. After
 * limit_ms it and what it has started are killed. */
MUST_USE enum status child_process_run(const struct child_process *child, struct error *err);

#endif
