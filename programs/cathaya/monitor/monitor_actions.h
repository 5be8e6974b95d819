/* monitor_actions.h - how people are told: lines of JSON, webhooks, mail, a program. */
#ifndef CATHAYA_PROGRAM_MONITOR_MONITOR_ACTIONS_H
#define CATHAYA_PROGRAM_MONITOR_MONITOR_ACTIONS_H

#include "adapters/event_loop/event_loop.h"
#include "monitor/monitor_settings.h"
#include "ports/fetch.h"

/* A receiver has this long to answer. */
#define MONITOR_ACTIONS_WEBHOOK_MS 30000

struct monitor_actions;

/* monitor_actions_new borrows all. Each action but webhooks has a thread of its own: a program that hangs holds nobody else up. */
MUST_USE enum status monitor_actions_new(const struct monitor_settings *settings, struct fetch_port fetch,
                                         struct event_loop *loop, struct monitor_actions **out, struct error *err);
void monitor_actions_free(struct monitor_actions *actions);

/* monitor_actions_list borrows what the notifier takes: settings->action_count of them. */
const struct notifier_action *monitor_actions_list(const struct monitor_actions *actions);

#endif
