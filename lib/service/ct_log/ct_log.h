/* ct_log.h - a Certificate Transparency log [RFC6962] on a tiled tree [C2SP static-ct-api], in both suites [GM 4].
 *
 * A submission is parsed and judged in the pool (chain to an accepted root, precertificate rules, temporal
 * interval), waits for its batch, and on the log's serial worker gets the SCT that it has had before, or a timestamp
 * and an index. While the batch is appended (log_engine: durable, sequenced, published) its SCTs are signed in the
 * pool; none is answered before the tree head that covers it is published, so there is no merge delay.
 *
 * The loop parses, queues and answers, and never waits for a disk or a signature. What the serial worker touches
 * (engine, index) nobody else touches; the RFC 6962 reads have a serial worker of their own, which reads the published
 * objects and believes only what leads to the published root.
 */
#ifndef CATHAYA_SERVICE_CT_LOG_CT_LOG_H
#define CATHAYA_SERVICE_CT_LOG_CT_LOG_H

#include "codec/ct/ct_suite.h"
#include "crypto/algorithm.h"
#include "log_engine/log_engine.h"
#include "metrics/metrics.h"
#include "ports/clock.h"
#include "ports/ct_index.h"
#include "ports/ct_signer.h"
#include "ports/events.h"
#include "ports/http.h"
#include "ports/timer.h"
#include "ports/work.h"

/* A cosigned message has room for 255 bytes of origin. */
#define CT_LOG_ORIGIN_MAX 255
/* Submissions of one batch: 5,000 a second with a flush every 200 ms are 1,000; a bulk has 256. */
#define CT_LOG_BATCH_MAX 4096
/* Entries of one add-mtc-entries [GM 4]. */
#define CT_LOG_MTC_ENTRIES_MAX 256
/* MTC CAs whose entries one log takes. */
#define CT_LOG_MTC_CAS_MAX 64
/* Accepted roots: all root programs together have some 500; what was removed by the browsers stays here. */
#define CT_LOG_ROOTS_MAX 4096
#define CT_LOG_REMOVED_ROOTS_MAX 256

/* What of the states of a log list [digest 2.2] the log itself acts upon: the first three take submissions. */
enum ct_log_state { CT_LOG_PENDING, CT_LOG_QUALIFIED, CT_LOG_USABLE, CT_LOG_READONLY, CT_LOG_RETIRED };

struct ct_log_limits {
    uint32_t submissions_per_address_per_s; /* entries of one address (IPv6: /64), with a burst of two seconds; 0: no limit. A body
                                             * counts as one entry, and one more for each 16 KiB; a bulk as what it has, too */
    uint32_t submissions_per_s;             /* of all together; 0: no limit */
    uint32_t pending_max;                   /* entries under way; above: 503 */
    uint32_t chain_bytes_max;               /* of a submitted chain in DER, and the base of the limit of a body */
    uint32_t get_entries_max;               /* entries of one get-entries */
    uint32_t reads_max;                     /* reads under way; above: 503 */
};

/* ct_log_default_limits: 100, 5000, 10000, 524288, 1000, 256. */
struct ct_log_limits ct_log_default_limits(void);

/* Everything that a pointer points to is borrowed and must outlive the log; strings too. */
struct ct_log_config {
    const char *title;            /* "2027h1": names the log in metrics and events */
    const char *submission_url;   /* without a slash at the end; the origin is it without its scheme */
    const char *monitoring_url;   /* NULL: the same */
    const char *description;      /* of the list entry; NULL: made of the title */
    const char *operator_name;
    const char *const *operator_emails;
    size_t operator_email_count;
    const struct ct_suite *suite;
    enum ct_log_state state;
    int64_t state_since_s;        /* of the list entry; 0: the start of the process; of a frozen log its last tree head */
    uint32_t mmd_s;
    int64_t not_after_start_s, not_after_end_s; /* half open, for notAfter; both 0: no interval */
    bool refuses_expired;         /* also what has expired when it is submitted */

    const struct algorithms *algorithms;
    struct ct_signer signer;

    /* Stores, record, cosigners and externals are the caller's to fill in; what makes the engine that of a CT
     * log (origin, hash, leaf format, tree head signer) is filled in here. */
    struct log_config engine;
    struct object_store read_store; /* the public objects once more, on `read_work`; get NULL: engine's, where both works are one */
    struct ct_index index;        /* on `work` */
    struct ct_index read_index;   /* on `read_work`: a second, reading connection, or the same where both works are one */
    struct work_port work;        /* serial */
    struct work_port read_work;   /* serial */
    struct work_port pool;        /* parallel */
    struct timer_port timer;
    struct clock_port clock;
    struct events_port events;
    struct metrics *metrics;      /* NULL: none */

    struct bytes roots_pem;       /* at the start; what was accepted before stays accepted */
    const char *const *removed_roots; /* hex SHA-256 of certificates: removals by name */
    size_t removed_root_count;

    bool takes_mtc_entries;
    const struct bytes *mtc_ca_certificates; /* DER; parsed here */
    size_t mtc_ca_count;

    struct ct_log_limits limits;
    uint32_t flush_ms;            /* a batch at least so often while submissions wait */
    uint32_t refresh_s;           /* a new tree head at least so often while the log is not closed */
    uint32_t reopen_ms;           /* how soon an engine that has stopped is opened again; 0: 5 s */

    /* on_tree_head, which may be NULL, is told on the loop of every published checkpoint: for those who ask
     * witnesses. The note is borrowed for the call. */
    void (*on_tree_head)(void *context, uint64_t size, const uint8_t root[HASH_SIZE], struct bytes note);
    /* reopen_stores is called on `work` after a failure, when the engine is closed: stores that are unusable after a failed sync are
     * opened anew, and config's changed in place. NULL: they go on as they are. */
    enum status (*reopen_stores)(void *context, struct log_config *engine, struct error *err);
    void *context;
};

struct ct_log;

/* ct_log_new founds the log where there is none, opens and recovers it where there is one, brings the index up to
 * the tree, joins the roots to those of earlier lives, publishes log.v3.json, and starts. Everything is done before it
 * returns, on the caller's thread. STATUS_USAGE for a configuration that cannot be, STATUS_REFUSED when what is on disk
 * is of another log or damaged. */
MUST_USE enum status ct_log_new(const struct ct_log_config *config, struct ct_log **out, struct error *err);

/* ct_log_stop: no more submissions are taken (503); those under way end. Then ct_log_has_work becomes false, when
 * all jobs have ended. */
void ct_log_stop(struct ct_log *log);
bool ct_log_has_work(const struct ct_log *log);

/* ct_log_free closes the engine; there may be no work, and config.metrics are not written after it. NULL is fine. */
void ct_log_free(struct ct_log *log);

/* ct_log_handler answers everything below <path of the submission URL>/ct/v1/: submissions [RFC6962 4.1, 4.2, 4.7], [GM 4]
 * and reads [RFC6962 4.3 to 4.8]; to be a route of that. ct_log_read_handler answers the reads alone; to be a route of
 * <path of the monitoring URL>/ct/v1/, where that is another one. The rest is 404. Each lives as long as the log. */
struct http_handler ct_log_handler(struct ct_log *log);
struct http_handler ct_log_read_handler(struct ct_log *log);

/* ct_log_set_roots takes a new list of roots: what is new is accepted, what is missing stays accepted (and is reported), unless it
 * is named in `removed`. Copies what it is given. STATUS_CONFLICT when the roots are being changed already, STATUS_LIMIT,
 * STATUS_NO_MEMORY. What becomes of it is an event: "ct-log-roots-changed", when it is durable, or "ct-log-roots-not-changed" with the
 * reason: then nothing changes. */
MUST_USE enum status ct_log_set_roots(struct ct_log *log, struct bytes pem, const char *const *removed, size_t removed_count,
                                      struct error *err);

/* ct_log_set_state changes the state at run time, and log.v3.json with it. STATUS_REFUSED: a log that is closed
 * for good never takes submissions again. */
MUST_USE enum status ct_log_set_state(struct ct_log *log, enum ct_log_state state, int64_t since_s, struct error *err);

/* How freezing and pruning ended; called once, on the loop. */
typedef void ct_log_done(void *cookie, enum status status, const struct error *err);

/* ct_log_freeze makes the log read-only for good: submissions under way end, the last tree head is signed, and
 * nothing is ever signed after it. STATUS_CONFLICT when somebody else is at it; of a log that is frozen it does nothing. done may be
 * NULL, here and below. */
void ct_log_freeze(struct ct_log *log, ct_log_done *done, void *cookie);

/* ct_log_prune removes the entries of a log whose interval ended more than retain_s ago. Before that, of a log without an
 * interval, and of one that is not frozen, it does nothing and says STATUS_AGAIN. */
void ct_log_prune(struct ct_log *log, int64_t retain_s, ct_log_done *done, void *cookie);

/* ct_log_add_line adds a witness's line to the published checkpoint of this size, if it is still the published one. */
void ct_log_add_line(struct ct_log *log, uint64_t size, const char *name, uint64_t timestamp_s, struct bytes signature);

/* ct_log_engine is the engine, for proofs to witnesses: on `work` alone, and not kept, for it is opened anew after a failure.
 * NULL while it has stopped. */
struct log_engine *ct_log_engine(const struct ct_log *log);

struct ct_log_status {
    const char *title, *origin;
    enum ct_log_state state;
    bool is_ready;            /* the engine is alive, and the tree head is not older than the MMD unless closed */
    bool is_frozen;           /* closed for good */
    uint64_t size, min_index;
    uint64_t tree_head_ms;    /* of the published tree head */
    int64_t tree_head_age_ms;
    uint8_t root[HASH_SIZE];
    uint64_t index_size;      /* entries that the index has */
    size_t pending_count, root_count;
};
struct ct_log_status ct_log_status(const struct ct_log *log);

/* ct_log_write_list appends a log list with this log alone; log.v3.json is the entry in it. */
MUST_USE enum status ct_log_write_list(const struct ct_log *log, struct builder *out, struct error *err);

#endif
