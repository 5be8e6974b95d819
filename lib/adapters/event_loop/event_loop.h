/* event_loop.h - the one loop that a service's thread runs: descriptors, timers, signals, and jobs on
 * other threads.
 *
 * Everything here is for the loop's own thread, before, during or after event_loop_run, except
 * event_loop_stop and event_loop_post. A process may have several loops, one per thread; signals belong to one
 * of them. What is made of a loop is given back before the loop is freed. A callback may give
 * back anything, also itself.
 *
 * A job, a timer or a hook has no way to fail: a process that cannot get the few bytes for one ends.
 */
#ifndef CATHAYA_ADAPTERS_EVENT_LOOP_EVENT_LOOP_H
#define CATHAYA_ADAPTERS_EVENT_LOOP_EVENT_LOOP_H

#include "base/status.h"
#include "ports/timer.h"
#include "ports/work.h"

struct event_loop;

/* event_loop_new also ignores SIGPIPE in the process: sendfile and TLS have no flag against it. */
MUST_USE enum status event_loop_new(struct event_loop **out, struct error *err);

/* event_loop_free first waits for the pool's jobs and calls what is to be called when they are done.
 * NULL is fine. */
void event_loop_free(struct event_loop *loop);

/* event_loop_run handles events until event_loop_stop. It may be called again after that. */
void event_loop_run(struct event_loop *loop);

/* event_loop_stop lets event_loop_run return soon; called before run, run returns after one round. Safe
 * from any thread and from a signal handler. */
void event_loop_stop(struct event_loop *loop);

/* event_loop_post calls run on the loop's thread, in the next round, in the order of the calls; safe from any
 * thread as long as the loop is there. What was posted when the loop is freed is called before it goes. */
void event_loop_post(struct event_loop *loop, void (*run)(void *cookie), void *cookie);

/* event_loop_unpost forgets what was posted with the cookie and has not been called yet; for the loop's thread, by
 * whom the cookie goes with. */
void event_loop_unpost(struct event_loop *loop, const void *cookie);

/* event_loop_now_ms is a time that never goes back, as it was when the present round of events began. */
uint64_t event_loop_now_ms(const struct event_loop *loop);

/* ---- ports ---- */

/* Timers: as ports/timer.h says; those that wait when the loop is freed are forgotten. */
struct timer_port event_loop_timers(struct event_loop *loop);

/* The pool: as many threads as libuv gives (4, or UV_THREADPOOL_SIZE). */
struct work_port event_loop_pool(struct event_loop *loop);

/* ---- descriptors ---- */

#define EVENT_READABLE 1U
#define EVENT_WRITABLE 2U
/* The descriptor failed; both other bits are set too, so that reading or writing finds out why. Nothing
 * more comes until event_watch_change. */
#define EVENT_FAILED 4U

struct event_watch;
typedef void event_watch_callback(void *cookie, unsigned events);

/* event_loop_watch calls back whenever one of the events (EVENT_READABLE, EVENT_WRITABLE, both, or 0
 * for not now) holds: level-triggered. The descriptor becomes non-blocking, must be something that can
 * be polled (STATUS_IO otherwise: a regular file cannot), may be watched once at a time, and stays the
 * caller's. */
MUST_USE enum status event_loop_watch(struct event_loop *loop, int fd, unsigned events,
                                      event_watch_callback *callback, void *cookie,
                                      struct event_watch **out, struct error *err);

/* event_watch_change sets the events that are watched for; the same ones again cost nothing. */
void event_watch_change(struct event_watch *watch, unsigned events);

/* event_watch_free ends it at once: no callback comes after it, and the descriptor may be closed. NULL
 * is fine. */
void event_watch_free(struct event_watch *watch);

/* ---- signals ---- */

struct event_signal;

/* event_loop_signal calls back on the loop's thread for every (one or more) number that came. */
MUST_USE enum status event_loop_signal(struct event_loop *loop, int number,
                                       void (*callback)(void *cookie, int number), void *cookie,
                                       struct event_signal **out, struct error *err);
void event_signal_free(struct event_signal *handler);

/* ---- the end of a round ---- */

struct event_hook;

/* event_loop_at_end_of_round calls callback once per round of the loop: after every descriptor, timer,
 * signal and finished job that was due has been handled, and before the loop waits for the next ones.
 * So what one round has gathered, say in a database transaction, can be committed for all of it, and
 * the answers that waited for this be sent, with no delay for anybody. It also runs when nothing was
 * gathered, and once more before event_loop_run returns. Hooks are called in the order of their
 * making. */
struct event_hook *event_loop_at_end_of_round(struct event_loop *loop, void (*callback)(void *cookie),
                                              void *cookie);
void event_hook_free(struct event_hook *hook);

#endif
