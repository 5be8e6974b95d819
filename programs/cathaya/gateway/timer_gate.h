/* timer_gate.h - timers that can be stopped all at once, for parts that have no end of their own: after that nothing
 * fires, and what would have been called may be gone. */
#ifndef CATHAYA_PROGRAM_GATEWAY_TIMER_GATE_H
#define CATHAYA_PROGRAM_GATEWAY_TIMER_GATE_H

#include "base/status.h"
#include "ports/timer.h"

struct timer_gate;

MUST_USE enum status timer_gate_new(struct timer_port timers, struct timer_gate **out, struct error *err);

struct timer_port timer_gate_port(struct timer_gate *gate);

/* timer_gate_close cancels all timers; later ones are taken and never fire. */
void timer_gate_close(struct timer_gate *gate);

/* timer_gate_free closes too; nobody may use the port any more. NULL is fine. */
void timer_gate_free(struct timer_gate *gate);

#endif
