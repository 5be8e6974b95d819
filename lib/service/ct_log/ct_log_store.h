/* ct_log_store.h - the worker's half of a CT log: its engine, its index, the issuers that it serves (ct_log_store.c), and what is done
 * with a batch (ct_log_plan.c); private to service/ct_log.
 */
#ifndef CATHAYA_SERVICE_CT_LOG_CT_LOG_STORE_H
#define CATHAYA_SERVICE_CT_LOG_CT_LOG_STORE_H

#include "codec/ct/leaf.h"
#include "service/ct_log/ct_log.h"

#define CT_LOG_ISSUER_FOLDER "issuer"
/* "issuer/<hex>" and its NUL. */
#define CT_LOG_ISSUER_NAME_SIZE (sizeof CT_LOG_ISSUER_FOLDER + 2 * HASH_SIZE + 1)

struct ct_log_batch;

/* A certificate that has to be served below issuer/. */
struct ct_log_object {
    uint8_t fingerprint[HASH_SIZE];
    struct bytes der;
};

#define CT_LOG_KNOWN_OBJECTS_MAX 8192

struct ct_log_store {
    const struct ct_log_config *config;
    struct log_config engine_config;
    struct log_engine *engine; /* NULL: stopped by a failure */
    struct hasher hasher;
    bool is_index_behind;      /* an index write failed: it is brought up before the next plan */
    bool has_unsynced;         /* objects that were put and must last before an entry names them */
    struct ct_log_object_set {
        size_t count;
        uint8_t (*fingerprints)[HASH_SIZE]; /* 2 * KNOWN_OBJECTS_MAX slots, zeros are free */
    } known;
};

MUST_USE enum status ct_log_store_init(struct ct_log_store *store, const struct ct_log_config *config, const char *origin,
                                       struct error *err);
void ct_log_store_clear(struct ct_log_store *store);

/* ct_log_store_open founds or opens the engine and brings the index up to it. */
MUST_USE enum status ct_log_store_open(struct ct_log_store *store, struct error *err);
/* ct_log_store_reopen closes what has stopped and opens it anew, with stores opened anew. */
MUST_USE enum status ct_log_store_reopen(struct ct_log_store *store, struct error *err);
/* ct_log_store_catch_up adds to the index what the tree has and the index has not. */
MUST_USE enum status ct_log_store_catch_up(struct ct_log_store *store, struct error *err);
/* ct_log_store_check is STATUS_AGAIN when the engine has stopped. A failure of the engine that is final closes it. */
MUST_USE enum status ct_log_store_check(const struct ct_log_store *store, struct error *err);
enum status ct_log_store_failed(struct ct_log_store *store, enum status status, struct error *err);

/* ct_log_store_put_object puts issuer/<hex>, unless it is known to be there. */
MUST_USE enum status ct_log_store_put_object(struct ct_log_store *store, const struct ct_log_object *object,
                                             struct error *err);

void ct_log_issuer_name(const uint8_t fingerprint[HASH_SIZE], char out[CT_LOG_ISSUER_NAME_SIZE]);

/* ct_log_submission_hash is the name of a submission: the hash over its entry without timestamp and extensions. */
void ct_log_submission_hash(struct hasher *h, const struct leaf *leaf, uint8_t out[HASH_SIZE]);

/* ct_log_plan gives every entry its index and timestamp, and makes what is to be appended; ct_log_append appends it, and
 * tells the index. Each leaves its status in the batch. */
void ct_log_plan(struct ct_log_store *store, struct ct_log_batch *batch);
void ct_log_append(struct ct_log_store *store, struct ct_log_batch *batch);

#endif
