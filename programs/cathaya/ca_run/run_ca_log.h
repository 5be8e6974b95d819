/* run_ca_log.h - a CA directory as the sequencer and the clients of mirrors see it: their tables of functions. On the
 * CA's worker only. */
#ifndef CATHAYA_PROGRAMS_CA_RUN_RUN_CA_LOG_H
#define CATHAYA_PROGRAMS_CA_RUN_RUN_CA_LOG_H

#include "ca/ca_directory.h"
#include "service/cosigning/cosigning.h"
#include "service/sequencer/sequencer.h"

/* Closed logs that are open to be read: certificates of the last lifetime are in one or two of them. */
#define RUN_OLD_LOGS_MAX 4

struct run_old_log {
    struct ca_directory *directory; /* NULL: none */
    int64_t opened_s;
};

struct run_ca_log {
    struct ca_directory directory;
    struct issuer_batch batch;
    struct recent_keys *recent_keys;
    struct lint_subject lint;
    struct run_old_log old[RUN_OLD_LOGS_MAX];
    struct builder ca_pem; /* what follows the leaf in a plain chain */
    size_t scts_wanted;    /* beside each certificate of the current log */
};

/* run_ca_log_open opens the CA; peers is borrowed. run_ca_log_close must follow also after a failure; log is to be zeroed
 * before. */
MUST_USE enum status run_ca_log_open(struct run_ca_log *log, const char *path, const struct ca_directory_peers *peers,
                                     const struct lint_subject *lint, struct algorithms *algorithms, struct error *err);
void run_ca_log_close(struct run_ca_log *log);

struct sequencer_ca run_ca_log_sequencer(struct run_ca_log *log);
struct cosigning_log run_ca_log_cosigning(struct run_ca_log *log);

#endif
