/* ctlog_log.h - one log of a running `cathaya ctlog run`: its files (ctlog_files.h), threads and paths. */
#ifndef CATHAYA_PROGRAM_CTLOG_CTLOG_LOG_H
#define CATHAYA_PROGRAM_CTLOG_CTLOG_LOG_H

#include "adapters/http_server/http_server.h"
#include "ctlog/ctlog_config.h"
#include "ports/fetch.h"

/* Borrowed for the life of the log. */
struct ctlog_log_ports {
    struct event_loop *loop;
    struct http_server *server;
    struct fetch_port fetch;
    struct events_port events;
    struct metrics *metrics;
};

struct ctlog_log;

/* ctlog_log_open opens a log and adds its routes; config and settings are borrowed. */
MUST_USE enum status ctlog_log_open(const struct ctlog_config *config, const struct ctlog_config_log *settings,
                                    const struct ctlog_log_ports *ports, struct ctlog_log **out, struct error *err);

struct ct_log *ctlog_log_role(const struct ctlog_log *log);
const struct ctlog_config_log *ctlog_log_settings(const struct ctlog_log *log);

/* ctlog_log_reload takes roots and state from settings that were read anew; what was accepted stays accepted. */
MUST_USE enum status ctlog_log_reload(struct ctlog_log *log, const struct ctlog_config_log *settings, struct error *err);

/* ctlog_log_run begins what is done from time to time: pruning after the interval's end. */
void ctlog_log_run(struct ctlog_log *log);

/* ctlog_log_stop takes no more submissions; those that were taken are answered. */
void ctlog_log_stop(struct ctlog_log *log);

/* ctlog_log_free waits for the log's jobs: after the server. NULL is fine. */
void ctlog_log_free(struct ctlog_log *log);

#endif
