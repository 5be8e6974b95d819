/* ct_log_internal.h - what the files of the CT log share; private to service/ct_log.
 *
 * Threads: struct ct_log is the loop's. A submission belongs to the pool while it is judged, to the loop while it waits, and to
 * its batch afterwards; a batch belongs to the worker while it is planned, to worker and pool, each its own fields, while it is
 * appended and signed, and to the loop between. struct ct_log_store is the worker's, struct ct_log_reader the read worker's.
 */
#ifndef CATHAYA_SERVICE_CT_LOG_CT_LOG_INTERNAL_H
#define CATHAYA_SERVICE_CT_LOG_CT_LOG_INTERNAL_H

#include "codec/ct/digitally_signed.h"
#include "codec/ct/leaf.h"
#include "codec/mtc/ca_certificate.h"
#include "ct_json/ct_json.h"
#include "rules/ct_chain.h"
#include "service/ct_log/ct_log.h"
#include "service/ct_log/ct_log_issuers.h"
#include "service/ct_log/ct_log_limits.h"
#include "service/ct_log/ct_log_store.h"

/* Bodies of submissions under way: each may hold chain_bytes_max, and pending_max of them would be gigabytes. */
#define CT_LOG_PENDING_BYTES_MAX ((size_t)256 << 20)
/* A longer body counts as several entries with the rate limits: megabytes of JSON take a tenth of a second to read, and are sent
 * in some thousand bytes of gzip. Usual chains have 4 to 12 KiB. */
#define CT_LOG_BYTES_PER_ENTRY ((size_t)16 << 10)
/* Clients wait some 5 s for a log, and then submit again what it is at work on: a log that needs longer than this, beside the flush,
 * refuses what comes while more than a little waits, so that what it has is answered in time. */
#define CT_LOG_SLOW_MS 3000
#define CT_LOG_SLOW_PENDING 256
/* Entries of a batch in bytes: the engine takes LOG_BATCH_BYTES_MAX; a bulk of entries is whole in one batch. */
#define CT_LOG_BATCH_BYTES_MAX ((size_t)32 << 20)
/* Batches that are planned, appended, signed at a time: the next ones are judged meanwhile. */
#define CT_LOG_BATCHES_MAX 3
/* Entries of one signing job: 10 ms of SM2, so that all cores end at about the same time. */
#define CT_LOG_SIGN_CHUNK 32
/* extensions with a leaf_index alone. */
#define CT_LOG_EXTENSIONS_SIZE 8
/* Objects of the private store that keep accepted roots, DER, by their hex SHA-256. */
#define CT_LOG_ROOTS_FOLDER "roots"
#define CT_LOG_OBJECT_LIST "log.v3.json"
/* A clock that is so far behind the last tree head is wrong: nothing is dated by it. */
#define CT_LOG_CLOCK_BEHIND_MAX_MS 60000

/* ---- roots: immutable, shared by jobs; counted on the loop ---- */

struct ct_log_roots {
    unsigned ref_count;
    struct ct_chain_roots *set;
    struct builder json; /* the answer of get-roots */
};

/* An MTC CA whose entries are taken. */
struct ct_log_mtc_ca {
    struct bytes der; /* borrowed */
    struct ca_certificate certificate;
    struct public_key *key;
    uint8_t key_hash[HASH_SIZE];    /* the log's hash of the SubjectPublicKeyInfo */
    uint8_t fingerprint[HASH_SIZE]; /* the log's hash of the certificate */
};

/* ---- submissions ---- */

/* A leaf on its way. Leaf, pre_certificate and chain borrow from the submission. */
struct ct_log_entry {
    struct leaf_tile tile;          /* timestamp and extensions are set by the plan */
    int64_t not_after_s;
    uint8_t submission[HASH_SIZE];  /* hash over the entry without timestamp and extensions */
    bool is_new;                    /* planned: not a duplicate */
    uint64_t index;
    uint8_t extensions[CT_LOG_EXTENSIONS_SIZE];
    uint8_t signature[LOG_TREE_HEAD_SIGNATURE_MAX]; /* DER */
    size_t signature_len;
};

enum ct_log_kind { CT_LOG_ADD_CHAIN, CT_LOG_ADD_PRE_CHAIN, CT_LOG_ADD_MTC };

struct ct_log_submission {
    struct ct_log *log;
    struct http_exchange *x;
    struct ct_log_submission *next; /* in the queue, in the batch */
    enum ct_log_kind kind;
    int64_t now_ms;                 /* when it came */
    struct ct_log_roots *roots;
    size_t counted_entries, counted_bytes; /* of what is pending */

    /* set by judging */
    enum status status;
    struct error err;
    size_t entry_count;
    struct ct_log_entry *entries;
    size_t tile_bytes; /* of all entries as they are stored */
    struct ct_log_object objects[CT_CHAIN_DEPTH_MAX];
    size_t object_count;
    struct ct_log_found found[CT_CHAIN_DEPTH_MAX]; /* issuers that were not known before */
    size_t found_count;
    bool has_chain, has_mtc;      /* parsed: */
    struct ct_json_blobs chain;   /* what entries and objects borrow from, */
    struct ct_json_mtc mtc;
    struct builder memory;        /* and what was made of it */
};

/* ---- batches ---- */

struct ct_log_batch;

/* A run of entries to be signed on one thread. */
struct ct_log_sign_job {
    struct ct_log_batch *batch;
    size_t start, end;
    enum status status;
    struct error err;
};

struct ct_log_batch {
    struct ct_log *log;
    struct ct_log_submission *submissions;
    struct ct_log_entry **entries; /* of all submissions, in order */
    size_t entry_count;

    /* planning and appending: the worker's */
    size_t new_count;
    struct builder run;              /* the new entries as they are stored */
    struct log_entry_input *inputs;  /* new_count */
    struct ct_index_row *rows;       /* new_count */
    uint64_t first;                  /* index of the first of them */
    bool is_planned, is_stopped;     /* is_stopped: the engine has, by this or before */
    enum status status;
    struct error err;
    struct log_tree_head head;       /* published by it */
    struct builder note;
    uint64_t index_size;
    enum status index_status;        /* the index's own failure: the entries are in the log all the same */
    struct error index_err;

    /* signing */
    struct ct_log_sign_job *jobs;
    size_t job_count, jobs_left;     /* on the loop; the append is one of jobs_left */
};

/* ---- the loop's half ---- */

struct ct_log_metrics {
    struct metric *size, *tree_head_time, *submissions[3], *refused[3], *duplicates, *limited, *full, *failed, *batches,
        *batch_entries, *answer_seconds, *pending, *reads, *index_size, *roots;
};

struct ct_log {
    struct ct_log_config config;
    char origin[CT_LOG_ORIGIN_MAX + 1];
    char *submission_path, *monitoring_path; /* of request paths: "/2027h1/ct/v1/" */
    uint8_t log_id[HASH_SIZE];
    uint16_t signature_algorithm;
    struct ct_log_mtc_ca *mtc_cas;

    enum ct_log_state state;
    int64_t state_since_s;
    struct ct_log_roots *roots;
    struct ct_log_issuers issuers;
    struct ct_log_limits_table limits;

    /* Judged, waiting for a batch. */
    struct ct_log_submission *queue, **queue_end;
    size_t queue_entries, queue_bytes;
    /* Everything between the request and its answer. */
    size_t pending_entries, pending_bytes;
    int64_t answer_ms; /* how long the last answer took */
    size_t judging_count, batch_count, read_count, job_count;
    uint64_t flush_timer, refresh_timer, reopen_timer;
    bool is_planning;  /* a batch is, and the next one waits for it */
    bool is_flush_due; /* the time is over, and a batch has not been started yet */

    bool is_stopping, is_frozen, is_dead;
    bool is_freezing; /* waits for submissions under way, then: */
    bool is_freeze_running, is_refreshing, is_changing_roots;
    ct_log_done *freeze_done;
    void *freeze_cookie;

    struct log_tree_head head; /* published */
    uint64_t min_index, index_size;
    struct ct_log_store store;
    struct ct_log_reader *reader;
    struct ct_log_metrics metrics;
    char *labels[1 + 3]; /* log="..."; and with kind="..." */
};

/* ---- ct_log_setup.c ---- */

/* ct_log_setup checks the configuration, and makes of it what does not change. */
MUST_USE enum status ct_log_setup(struct ct_log *log, struct error *err);
void ct_log_setup_metrics(struct ct_log *log);

/* ---- ct_log.c ---- */

/* ct_log_submit_job runs a job of the log, and counts it until ct_log_job_ended. */
void ct_log_submit_job(struct ct_log *log, const struct work_port *work, void (*run)(void *), void (*done)(void *),
                       void *cookie);
void ct_log_job_ended(struct ct_log *log);

/* ct_log_report reports an event with the log's title and one more field. */
void ct_log_report(const struct ct_log *log, enum event_level level, const char *what, const char *name,
                   const char *value);

/* ---- ct_log_roots.c ---- */

/* ct_log_roots_join reads the roots that are kept in the store and those of the PEM, leaves out the removed,
 * keeps and forgets in the store accordingly, and makes the set. On the worker, or before there is one. */
MUST_USE enum status ct_log_roots_join(const struct ct_log_config *config, const struct object_store *store,
                                       struct bytes pem, const char *const *removed, size_t removed_count,
                                       struct ct_log_roots **out, size_t *kept_count, struct error *err);
void ct_log_roots_release(struct ct_log_roots *roots);

/* ---- ct_log_judge.c, ct_log_mtc.c: in the pool ---- */

/* ct_log_judge parses and judges a submission; what it says is in the submission. */
void ct_log_judge(struct ct_log_submission *s);
MUST_USE enum status ct_log_judge_mtc(struct ct_log_submission *s, struct hasher *h, struct error *err);

/* ct_log_check_dates: is this notAfter one that the log takes? */
MUST_USE enum status ct_log_check_dates(const struct ct_log_submission *s, int64_t not_after_s, struct error *err);
/* ct_log_finish_entries names the submissions, and checks their sizes. */
MUST_USE enum status ct_log_finish_entries(struct ct_log_submission *s, struct hasher *h, struct error *err);

/* ---- ct_log_submit.c ---- */

void ct_log_submit(struct ct_log *log, struct http_exchange *x, enum ct_log_kind kind);
void ct_log_submission_free(struct ct_log_submission *s);

/* ---- ct_log_batch.c ---- */

/* ct_log_enqueue gives a submission that was judged good to the next batch. */
void ct_log_enqueue(struct ct_log *log, struct ct_log_submission *s);
/* ct_log_flush starts batches of what waits. */
void ct_log_flush(struct ct_log *log);

/* ---- ct_log_time.c: what happens without a request ---- */

/* ct_log_published takes a tree head that has been published. */
void ct_log_published(struct ct_log *log, const struct log_tree_head *head, const struct builder *note);
void ct_log_plan_refresh(struct ct_log *log);
/* ct_log_died: the engine has stopped; it is opened anew in a while. */
void ct_log_died(struct ct_log *log, const struct error *err);
/* ct_log_go_on freezes when nothing is under way any more, if somebody wants that. */
void ct_log_go_on(struct ct_log *log);
void ct_log_show(struct ct_log *log);
/* ct_log_write_entry appends log.v3.json; ct_log_publish_list puts it anew, by the worker. */
MUST_USE enum status ct_log_write_entry(const struct ct_log *log, struct builder *out, struct error *err);
void ct_log_publish_list(struct ct_log *log);
/* ct_log_report_kept warns of roots that are accepted still and were in no file. */
void ct_log_report_kept(const struct ct_log *log, size_t kept_count);

/* ---- ct_log_answer.c ---- */

/* ct_log_refuse answers with a status and {"error_message": ...}; retry_after_s 0: no such header. */
void ct_log_refuse(struct http_exchange *x, int status, uint32_t retry_after_s, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* ct_log_answer_json sends what is in the body, 200. */
void ct_log_answer_json(struct http_exchange *x);
/* ct_log_answer_submission answers a submission that is durable, and frees it. */
void ct_log_answer_submission(struct ct_log_submission *s);
/* ct_log_fail_submission answers one that failed for no fault of its own, and frees it. */
void ct_log_fail_submission(struct ct_log_submission *s, enum status status);

/* ---- ct_log_read.c ---- */

struct ct_log_reader;
MUST_USE enum status ct_log_reader_new(const struct ct_log *log, struct ct_log_reader **out, struct error *err);
void ct_log_reader_free(struct ct_log_reader *reader);
/* ct_log_read answers the GET of `name`, which follows the path of the log; false: there is none of that name. */
bool ct_log_read(struct ct_log *log, struct http_exchange *x, struct bytes name);

#endif
