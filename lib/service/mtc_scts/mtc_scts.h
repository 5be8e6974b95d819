/* mtc_scts.h - SCTs over the entries of an issuance log, for clients that still ask for SCTs [GM 4, 5(b)].
 *
 * After each checkpoint the entries that are new go to CT logs, up to 256 in one request, each with its proof
 * (add-mtc-entries); what comes back is verified and kept. Nobody waits for it: a certificate is there without them, and then
 * with them, as certificate property 0xFF01.
 *
 * As many logs are asked as SCTs are wanted, of several operators where there are; one that keeps failing gets another beside
 * it. Each goes through the log at its own pace from where it was asked first, and goes on there after a restart. What has
 * expired, or is outside of a log's temporal interval, is left out.
 *
 * In the CA's store:
 *   mtcsct/<log number>/<index / 256>/<log ID>   SerializedSCTs of 256 entries in order, each with a 16-bit length; 0: none
 *   mtcsct-next/<log number>/<log ID>            where that log goes on (u64)
 *   mtcsct-pruned/<log number>                   blocks below are gone, as their entries are (u64)
 *
 * Runs on the thread of the event loop; the CA's log and store are used on its serial worker, signatures verified in the pool.
 */
#ifndef CATHAYA_SERVICE_MTC_SCTS_MTC_SCTS_H
#define CATHAYA_SERVICE_MTC_SCTS_MTC_SCTS_H

#include "codec/ct/log_list.h"
#include "codec/tai/tai.h"
#include "metrics/metrics.h"
#include "ports/clock.h"
#include "ports/events.h"
#include "ports/fetch.h"
#include "ports/object_store.h"
#include "ports/timer.h"
#include "ports/work.h"

/* SCTs that a profile may ask for. */
#define MTC_SCTS_NEEDED_MAX 8
/* Logs of one suite that take certificates now: shards of a few operators. */
#define MTC_SCTS_LOGS_MAX 64
/* Entries of one request [GM 4], and what one object of the store is about. */
#define MTC_SCTS_BULK 256
/* No Merkle Tree Certificate is valid for longer: logs are wanted that take what ends now, and what ends then. */
#define MTC_SCTS_LIFETIME_S ((int64_t)7 * 86400)

/* Our issuance log; on the worker only. */
struct mtc_scts_source {
    void *context;
    enum status (*get_state)(void *context, uint64_t *size, uint64_t *min_index, struct error *err);
    /* read_entry appends an MTCLogEntry; STATUS_NOT_FOUND: pruned. */
    enum status (*read_entry)(void *context, uint64_t index, struct builder *out, struct error *err);
    /* make_inclusion appends the proof of an entry in the tree of tree_size. */
    enum status (*make_inclusion)(void *context, uint64_t index, uint64_t tree_size, struct builder *out, struct error *err);
};

/* Borrowed for the life of the client. */
struct mtc_scts_config {
    const char *ca;              /* its name, for events */
    struct tai log_id;           /* of the issuance log */
    uint16_t log_number;
    struct bytes ca_spki;        /* of the CA cosigner */
    const struct ct_suite *suite; /* of the logs that are asked */
    unsigned needed;             /* SCTs of an entry, each of another log */
    uint64_t first_index;        /* a log that was never asked begins with this entry: the size when the process began */
    struct mtc_scts_source source;
    struct object_store store;   /* on the worker */
    const struct algorithms *algorithms;
    struct work_port worker;     /* the CA's, serial */
    struct work_port pool;
    struct fetch_port fetch;
    struct timer_port timer;
    struct clock_port clock;
    struct events_port events;
    struct metrics *metrics;
    const char *metrics_labels;
    const char *ca_file;         /* PEM that the logs' TLS certificates chain to; NULL: the system's */
    uint32_t timeout_ms;         /* of a request */
    uint32_t retry_min_ms, retry_max_ms; /* after the first failure; at most */
};

struct mtc_scts;

MUST_USE enum status mtc_scts_new(const struct mtc_scts_config *config, struct mtc_scts **out, struct error *err);

/* mtc_scts_free ends it; memory goes when the last request and the last job have ended. NULL is fine. */
void mtc_scts_free(struct mtc_scts *m);

/* mtc_scts_set_logs takes the logs of a list that come into question; what is known of one that was there stays. The list is
 * copied. */
MUST_USE enum status mtc_scts_set_logs(struct mtc_scts *m, const struct log_list *list, struct error *err);

/* mtc_scts_see tells of a checkpoint: its size, and the note with the CA's signature, which is copied. */
void mtc_scts_see(struct mtc_scts *m, uint64_t size, struct bytes note);

/* mtc_scts_read appends the SignedCertificateTimestampList of an entry. STATUS_NOT_FOUND: there is none (yet). On the worker. */
MUST_USE enum status mtc_scts_read(const struct object_store *store, uint16_t log_number, uint64_t index, struct builder *list,
                                   struct error *err);

/* Where it stands, for status and tests. */
struct mtc_scts_state {
    size_t log_count, active_count; /* in question; asked */
    uint64_t done_size;             /* up to here every log that is asked is through */
};
struct mtc_scts_state mtc_scts_state(const struct mtc_scts *m);

#endif
