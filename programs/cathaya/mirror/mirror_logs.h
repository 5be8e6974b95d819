/* mirror_logs.h - the logs of a running mirror: their files, threads and paths.
 *
 *   DIR/logs/HASH/      record, lock, evidence/
 *   DIR/mirror/HASH/    checkpoint, tile/...        ; served
 *   DIR/witness/HASH/   checkpoint                  ; served
 *
 * HASH is the SHA-256 of the origin in hex [C2SP tlog-mirror].
 */
#ifndef CATHAYA_PROGRAM_MIRROR_MIRROR_LOGS_H
#define CATHAYA_PROGRAM_MIRROR_MIRROR_LOGS_H

#include "adapters/http_server/http_server.h"
#include "mirror/mirror_config.h"

struct mirror_logs;

/* mirror_logs_new makes the directories of the state. Everything is borrowed. */
MUST_USE enum status mirror_logs_new(const struct mirror_config_file *config, struct event_loop *loop,
                                     struct http_server *server, struct mirror_logs **out,
                                     struct error *err);

/* mirror_logs_open opens the logs that are configured, and those of CAs that are there already. */
MUST_USE enum status mirror_logs_open(struct mirror_logs *logs, struct mirror *mirror,
                                      struct error *err);

/* mirror_logs_open_unknown is the open_unknown of mirror_config; its context is the struct mirror_logs. */
enum status mirror_logs_open_unknown(void *context, struct mirror *mirror, struct bytes origin,
                                     struct error *err);

/* mirror_logs_reopen is the reopen of mirror_config. */
enum status mirror_logs_reopen(void *context, struct mirror_log_config *config, struct error *err);

/* mirror_logs_ca_origin is the origin of a CA's log number; mirror_logs_newest_used the largest number that the CA has signed a
 * checkpoint of, 0 when there is none. */
void mirror_logs_ca_origin(const struct mirror_config_ca *ca, uint64_t number, char out[MIRROR_ORIGIN_MAX + 1]);
uint64_t mirror_logs_newest_used(const struct mirror *mirror, const struct mirror_config_ca *ca);

/* mirror_logs_finish_work waits for the jobs of all logs. */
void mirror_logs_finish_work(struct mirror_logs *logs);

/* mirror_logs_free: after the mirror and the server. */
void mirror_logs_free(struct mirror_logs *logs);

#endif
