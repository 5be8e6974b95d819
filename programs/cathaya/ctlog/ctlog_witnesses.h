/* ctlog_witnesses.h - the witnesses of one log: each is shown every tree head, and its cosignatures are published with it
 * [C2SP tlog-witness]. */
#ifndef CATHAYA_PROGRAM_CTLOG_CTLOG_WITNESSES_H
#define CATHAYA_PROGRAM_CTLOG_CTLOG_WITNESSES_H

#include "ctlog/ctlog_log.h"
#include "service/cosigning/cosigning.h"

/* One log's; zeroed at first. */
struct ctlog_witnesses {
    const struct ctlog_config_log *settings;
    char origin[CT_LOG_ORIGIN_MAX + 1];
    char labels[CTLOG_WITNESSES_MAX][2 * CTLOG_URL_MAX];
    struct log_external externals[CTLOG_WITNESSES_MAX];
    struct cosigning *clients[CTLOG_WITNESSES_MAX];
    struct hasher hasher; /* on the log's worker */
    bool has_hasher;
    struct ct_log *log;   /* NULL: not open yet, or not any more */
    char evidence_directory[CTLOG_PATH_MAX];
    struct events_port events;
};

/* ctlog_witnesses_set fills externals, for the log's configuration, before the log is opened. */
void ctlog_witnesses_set(struct ctlog_witnesses *w, const struct ctlog_config_log *settings, const char *evidence_directory);

/* ctlog_witnesses_start begins with a log that is open; work is its worker. */
MUST_USE enum status ctlog_witnesses_start(struct ctlog_witnesses *w, struct ct_log *log, const struct ctlog_log_ports *ports,
                                           struct work_port work, struct error *err);

/* ctlog_witnesses_see shows a tree head. */
void ctlog_witnesses_see(struct ctlog_witnesses *w, uint64_t size, const uint8_t root[HASH_SIZE], struct bytes note);

/* ctlog_witnesses_stop ends the clients; ctlog_witnesses_clear follows when the worker has no more jobs. */
void ctlog_witnesses_stop(struct ctlog_witnesses *w);
void ctlog_witnesses_clear(struct ctlog_witnesses *w);

#endif
