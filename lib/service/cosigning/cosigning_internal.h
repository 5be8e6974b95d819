/* cosigning_internal.h - what the files of the cosigning client share; private to service/cosigning. */
#ifndef CATHAYA_SERVICE_COSIGNING_COSIGNING_INTERNAL_H
#define CATHAYA_SERVICE_COSIGNING_COSIGNING_INTERNAL_H

#include "service/cosigning/cosigning.h"

#include "codec/witness/mirror_info.h"
#include "merkle/proof.h"

/* Signature lines of a peer with a few keys, or a ticket. */
#define COSIGNING_ANSWER_MAX ((size_t)192 * 1024)
/* Conflicts in one round: two views that move past each other settle within two. */
#define COSIGNING_CONFLICTS_MAX 4

struct wanted {
    struct subtree subtree;
    uint8_t hash[HASH_SIZE];
    bool is_asked; /* a request is under way */
};

struct cosigning {
    struct cosigning_config config;
    char id_text[TAI_TEXT_SIZE];
    unsigned references; /* the owner, and every job and request under way */
    bool is_stopped;
    /* our newest checkpoint */
    uint64_t seen_size;
    uint8_t seen_root[HASH_SIZE];
    struct builder seen_note;
    /* what the peer has */
    uint64_t pending_size; /* the last checkpoint that it took */
    bool is_upload_due;    /* and the entries up to it are next, although there may be a newer one by now */
    bool knows_next;
    uint64_t next_entry;
    uint64_t furthest_entry; /* the largest next entry that it has ever accepted up to */
    uint64_t upload_end;   /* that it asks for; 0: pending_size */
    struct builder ticket;
    uint64_t signed_size;  /* the newest checkpoint that it has signed, */
    struct builder signed_note; /* with its line alone */
    /* what is to be done */
    struct wanted wanted[COSIGNING_WANTED_MAX];
    size_t wanted_count;
    unsigned busy_count; /* steps under way that are not subtrees' */
    unsigned asked_count;
    unsigned conflicts;
    unsigned failures;
    bool has_contradicted, is_proven;
    uint64_t timer; /* of the next round, 0: none */
    uint64_t watch_timer;
    uint64_t random;
    struct metric *signed_metric, *failed_metric, *refused_metric, *lag_metric;
};

/* One request: its body is made on the worker, it is sent, and its answer is looked at. */
struct step {
    struct cosigning *c;
    void (*run)(struct step *step);  /* on the worker: fills body and root, or status and err */
    const char *path, *content_type; /* to send it to; NULL path: nothing is sent */
    bool is_gzip;
    void (*answer)(struct step *step, const struct fetch_response *response);
    bool is_subtree;
    bool is_watch; /* a look without a reason: beside the others */
    bool is_proof; /* judged: the peer has signed two views */
    uint64_t old_size, size;         /* add-checkpoint: both; otherwise the checkpoint's size */
    uint64_t start;                  /* add-entries */
    struct subtree subtree;
    uint8_t hash[HASH_SIZE];
    struct builder note;             /* that is sent; or that is compared */
    struct builder ticket, body;
    struct builder other;            /* a second note of ours, to compare with */
    uint8_t root[HASH_SIZE];         /* of our tree of `size` */
    enum status status;
    struct error err;
};

/* ---- cosigning.c ---- */

/* step_new takes a reference on c; NULL without memory, which is reported and tried again later. */
struct step *step_new(struct cosigning *c, void (*run)(struct step *step));
/* step_start begins with the worker; the step ends itself. */
void step_start(struct step *step);

/* cosigning_fail reports what went wrong and waits before the next round. */
void cosigning_fail(struct cosigning *c, const char *what, const char *reason);
/* cosigning_fail_answer is that for an answer that says nothing useful. */
void cosigning_fail_answer(struct cosigning *c, const char *what, const struct fetch_response *response);
/* cosigning_progress forgets failures. */
void cosigning_progress(struct cosigning *c);
/* cosigning_refuse: a cosignature was no good. One that does not verify is a reason to look at what the peer publishes. */
void cosigning_refuse(struct cosigning *c, enum status status, const struct error *err);
/* cosigning_conflict: may the round go on after another conflict? Otherwise it has failed. */
bool cosigning_conflict(struct cosigning *c, const char *what);
void cosigning_event(struct cosigning *c, enum event_level level, const char *what, const char *reason);

/* ---- the steps ---- */

void checkpoint_step_start(struct cosigning *c);
void upload_step_start(struct cosigning *c);
void subtree_step_start(struct cosigning *c, size_t wanted);
/* compare_step_watch has the peer's view looked at after a while, and again and again. */
void compare_step_watch(struct cosigning *c);
/* compare_step_start fetches the peer's view and holds it against ours, because it contradicts. */
void compare_step_start(struct cosigning *c, const char *why);

/* ---- cosignature.c ---- */

/* cosignature_find_checkpoint finds the peer's line over our checkpoint in an answer. STATUS_NOT_FOUND when
 * it has none, STATUS_REFUSED when it does not verify, STATUS_MALFORMED. signature borrows from memory. */
MUST_USE enum status cosignature_find_checkpoint(const struct cosigning *c, struct bytes lines, uint64_t size,
                                                 const uint8_t root[HASH_SIZE], struct builder *memory,
                                                 uint64_t *timestamp_s, struct bytes *signature,
                                                 struct error *err);
/* cosignature_find_subtree is the same for a subtree. */
MUST_USE enum status cosignature_find_subtree(const struct cosigning *c, struct bytes lines,
                                              struct subtree subtree, const uint8_t hash[HASH_SIZE],
                                              struct builder *memory, struct bytes *signature,
                                              struct error *err);
/* cosignature_write_note writes the checkpoint of ours with the peer's line alone. */
MUST_USE enum status cosignature_write_note(const struct cosigning *c, uint64_t size,
                                            const uint8_t root[HASH_SIZE], uint64_t timestamp_s,
                                            struct bytes signature, struct builder *out, struct error *err);

/* ---- gzip.c ---- */

/* gzip_compress appends input as a gzip file. */
MUST_USE enum status gzip_compress(struct bytes input, struct builder *out, struct error *err);

static inline bool answer_has_type(const struct fetch_response *response, const char *type)
{
    struct bytes wanted = bytes_of_text(type), got = response->content_type;
    return got.len >= wanted.len && bytes_equal(bytes_of(got.data, wanted.len), wanted) &&
           (got.len == wanted.len || got.data[wanted.len] == ';' || got.data[wanted.len] == ' ');
}

#endif
