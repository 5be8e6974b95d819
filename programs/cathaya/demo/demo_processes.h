/* demo_processes.h - the demo's children: services that stay, and programs that are run to their end.
 *
 * Each has a log below the demo's directory with what it writes on stderr, and on stdout. Nobody outlives the demo:
 * demo_processes_end stops all of them, and the kernel kills them when the demo itself is killed. On the event loop.
 */
#ifndef CATHAYA_PROGRAMS_DEMO_DEMO_PROCESSES_H
#define CATHAYA_PROGRAMS_DEMO_DEMO_PROCESSES_H

#include <sys/types.h>

#include "adapters/event_loop/event_loop.h"
#include "base/builder.h"

#define DEMO_PROCESSES_MAX 96
#define DEMO_ARGUMENTS_MAX 24
#define DEMO_PROCESS_NAME_SIZE 48
#define DEMO_ADDRESS_SIZE 64
#define DEMO_LOG_PATH_SIZE 4096
/* Of a program's stdout: tables of the demo, a chain of certificates, policy lines of 1,024 landmarks. */
#define DEMO_PROCESS_OUTPUT_MAX ((size_t)4 * 1024 * 1024)

struct demo_process {
    struct demo_processes *all;
    char name[DEMO_PROCESS_NAME_SIZE];
    char log[DEMO_LOG_PATH_SIZE];
    pid_t pid; /* 0: it has ended, and was waited for */
    int exit_status; /* 128 + number when a signal ended it */
    int out;   /* -1: its stdout has come to its end */
    struct event_watch *watch;
    struct builder output; /* stdout */
    bool is_service;       /* its end is a failure as long as nobody ended it */
    double started_s, ended_s;
};

struct demo_processes {
    struct event_loop *loop;
    char directory[DEMO_LOG_PATH_SIZE]; /* of the logs; exists */
    char self[DEMO_LOG_PATH_SIZE];      /* this program */
    struct event_signal *signals[3];
    size_t count;
    struct demo_process list[DEMO_PROCESSES_MAX];
    bool is_stopping; /* SIGTERM or SIGINT has come */
};

/* demo_processes_open watches SIGCHLD, SIGTERM and SIGINT. all is zeroed before; demo_processes_end follows in any case. */
MUST_USE enum status demo_processes_open(struct demo_processes *all, struct event_loop *loop, const char *directory,
                                         struct error *err);
/* demo_processes_end stops everybody, the newest first, and returns when nobody is left. */
void demo_processes_end(struct demo_processes *all);

/* demo_processes_start runs arguments[0] (found in PATH; "cathaya" is this program) with further arguments up to a NULL.
 * environment, NULL or "NAME=VALUE", is added. */
MUST_USE enum status demo_processes_start(struct demo_processes *all, const char *name, const char *const *arguments,
                                          const char *environment, struct demo_process **out, struct error *err);

/* demo_processes_wait runs the loop until is_done (asked every few milliseconds) says yes. STATUS_AGAIN when SIGTERM or
 * SIGINT came, STATUS_REFUSED when a service ended, STATUS_IO after timeout_s. */
MUST_USE enum status demo_processes_wait(struct demo_processes *all, bool (*is_done)(void *context), void *context,
                                         unsigned timeout_s, const char *what, struct error *err);

/* demo_process_wait_ready waits for "ready" of a service of ours, and gives the address of its line "ready KIND ADDRESS". */
MUST_USE enum status demo_process_wait_ready(struct demo_process *process, const char *kind,
                                             char address[DEMO_ADDRESS_SIZE], struct error *err);

/* demo_process_finish waits for the end of a program, which must be exit status 0. */
MUST_USE enum status demo_process_finish(struct demo_process *process, unsigned timeout_s, struct error *err);

/* demo_processes_run starts and finishes a program. */
MUST_USE enum status demo_processes_run(struct demo_processes *all, const char *name, const char *const *arguments,
                                        struct demo_process **out, struct error *err);

/* demo_processes_ask is the same for a program that judges: exit status 1, a no, is an answer too. */
MUST_USE enum status demo_processes_ask(struct demo_processes *all, const char *name, const char *const *arguments,
                                        struct demo_process **out, struct error *err);

/* demo_process_failed says in err how it ended, with the last line of its log. */
enum status demo_process_failed(const struct demo_process *process, struct error *err);

/* demo_processes_find: is there such a program in PATH? */
bool demo_processes_find(const char *name);

#endif
