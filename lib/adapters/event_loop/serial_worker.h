/* serial_worker.h - one thread that runs jobs one after the other, in the order of submission. */
#ifndef CATHAYA_ADAPTERS_EVENT_LOOP_SERIAL_WORKER_H
#define CATHAYA_ADAPTERS_EVENT_LOOP_SERIAL_WORKER_H

#include "adapters/event_loop/event_loop.h"

struct serial_worker;

MUST_USE enum status serial_worker_new(struct event_loop *loop, struct serial_worker **out,
                                       struct error *err);

/* serial_worker_port is the port of ports/work.h; submit is for the loop's thread. */
struct work_port serial_worker_port(struct serial_worker *worker);

/* serial_worker_waiting_count is how many jobs have been submitted whose done was not yet called. */
size_t serial_worker_waiting_count(const struct serial_worker *worker);

/* serial_worker_free runs what is in the queue to its end, calls done for all of it, and also for the
 * jobs that these submit; then the thread ends. NULL is fine. */
void serial_worker_free(struct serial_worker *worker);

#endif
