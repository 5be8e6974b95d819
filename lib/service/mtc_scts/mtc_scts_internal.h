/* mtc_scts_internal.h - what the files of service/mtc_scts share. */
#ifndef CATHAYA_SERVICE_MTC_SCTS_MTC_SCTS_INTERNAL_H
#define CATHAYA_SERVICE_MTC_SCTS_MTC_SCTS_INTERNAL_H

#include "crypto/key.h"
#include "service/mtc_scts/mtc_scts.h"

/* A log that has failed so often gets another one beside it. */
#define MTC_SCTS_FAILURES_MAX 3
/* So many entries alone refused one after the other: it is not the entries. */
#define MTC_SCTS_REFUSALS_MAX 8
#define MTC_SCTS_ID_HEX (2 * HASH_SIZE + 1)

/* A CT log. */
struct mtc_ct {
    struct mtc_scts *m;
    struct log_list_log row;
    struct public_key *key;
    char operator_name[LOG_LIST_TEXT_MAX + 1];
    char id[MTC_SCTS_ID_HEX];
    bool is_listed, is_active, is_busy;
    unsigned failures, refusals; /* in a row */
    size_t bulk;                 /* entries of the next request, at most */
    uint64_t timer;              /* until it is asked again; 0: none */
    /* Of a round while there is one, which is on the worker then. */
    bool has_next;
    uint64_t next;               /* the first entry that it has not been asked about */
    uint64_t refused_from;       /* the first of the refusals */
};

struct mtc_scts {
    struct mtc_scts_config config;
    unsigned references; /* the owner, and every round under way */
    bool is_stopped;
    uint64_t seen_size;
    struct builder note;
    size_t ct_count;
    struct mtc_ct *cts[MTC_SCTS_LOGS_MAX];
    struct metric *kept, *failed, *backlog;
};

/* ---- mtc_scts.c ---- */

void mtc_scts_go_on(struct mtc_ct *ct);
void mtc_scts_fail(struct mtc_ct *ct, const char *what, const char *reason, int64_t retry_after_s);
void mtc_scts_drop(struct mtc_scts *m);

/* ---- mtc_scts_round.c ---- */

/* mtc_scts_round_start begins a request, and calls mtc_scts_go_on when it is over. */
void mtc_scts_round_start(struct mtc_ct *ct);

/* ---- mtc_scts_store.c; on the worker ---- */

MUST_USE enum status mtc_scts_store_next(const struct mtc_scts_config *config, const char *id, uint64_t *next, struct error *err);
MUST_USE enum status mtc_scts_store_put_next(const struct mtc_scts_config *config, const char *id, uint64_t next, struct error *err);

/* mtc_scts_store_prune removes what is about entries that are pruned, a few blocks at a time; nothing is synced. */
MUST_USE enum status mtc_scts_store_prune(const struct mtc_scts_config *config, uint64_t min_index, struct error *err);

/* mtc_scts_store_keep puts SerializedSCTs of entries of one block, in order of their index; nothing is synced. */
MUST_USE enum status mtc_scts_store_keep(const struct mtc_scts_config *config, const char *id, const uint64_t *indexes,
                                         const struct bytes *scts, size_t count, struct error *err);

#endif
