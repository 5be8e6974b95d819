/* mirror.h - mirror and witness of issuance logs [C2SP tlog-mirror], [C2SP tlog-witness].
 *
 * For each log a mirror holds the entries, as tiles, and a record (mirror_record.h). What it signs, the
 * record has durably committed to before: a pending checkpoint before a witness key signs it, stored entries
 * before a mirror key does. All state of a log is touched by the jobs of its own serial worker alone; the event
 * loop parses, queues and answers, and never waits for a disk.
 *
 * Refused views of a log that contradict what is known become evidence files (codec/evidence).
 */
#ifndef CATHAYA_SERVICE_MIRROR_MIRROR_H
#define CATHAYA_SERVICE_MIRROR_MIRROR_H

#include "codec/note/checkpoint_verify.h"
#include "metrics/metrics.h"
#include "ports/clock.h"
#include "ports/cosigner.h"
#include "ports/events.h"
#include "ports/http.h"
#include "ports/object_store.h"
#include "ports/record_store.h"
#include "ports/work.h"

/* SM2, ML-DSA-44 and Ed25519 as mirror and as witness, and room to roll keys over. */
#define MIRROR_COSIGNERS_MAX 8
#define MIRROR_LOG_KEYS_MAX 4
/* A cosigned message has room for 255 bytes of origin. */
#define MIRROR_ORIGIN_MAX 255
/* Each log is a thread, and 1.3 MiB of edge and cache. */
#define MIRROR_LOGS_MAX 256
/* Uploads at a time, of one log and of all: each may hold MIRROR_INBOX_MAX and a package. */
#define MIRROR_UPLOADS_PER_LOG_MAX 8
#define MIRROR_UPLOADS_MAX 32
/* Bytes of an upload that came faster than they were verified: after that it is a prefix, 202. */
#define MIRROR_INBOX_MAX ((size_t)32 << 20)
/* Jobs of one log that wait: a CA has one or two under way. */
#define MIRROR_JOBS_MAX 64
/* Pending checkpoints that are still good as an upload_end [C2SP tlog-mirror]. */
#define MIRROR_RECENT_MAX 8
/* Entries that are uploaded although they are stored: one request's, of who raced with another. */
#define MIRROR_EXCESS_MAX 8192
/* Files of evidence about one log in one run: a thousandth lie says nothing new. */
#define MIRROR_EVIDENCE_MAX 64

enum mirror_role {
    MIRROR_ROLE_MIRROR, /* signs what is stored */
    MIRROR_ROLE_WITNESS /* signs what is consistent; another name and key than every mirror's */
};

/* A cosigner of ours. */
struct mirror_cosigner {
    enum mirror_role role;
    char name[MIRROR_ORIGIN_MAX + 1];
    enum note_key_type type;
    const struct public_key *key; /* borrowed */
    struct cosigner port;         /* not for type 04 */
    /* For type 04 alone (Ed25519 of C2SP, checkpoints only): signs a message as it is. */
    enum status (*sign_message)(void *context, struct bytes message, struct builder *out,
                                struct error *err);
    void *sign_message_context;
};

struct mirror_log_key {
    char name[MIRROR_ORIGIN_MAX + 1];
    enum note_key_type type;
    const struct public_key *key; /* borrowed */
};

struct mirror_log_config {
    char origin[MIRROR_ORIGIN_MAX + 1];
    const struct hash_alg *hash;
    struct mirror_log_key keys[MIRROR_LOG_KEYS_MAX];
    size_t key_count;
    struct object_store tiles;    /* public: the log's monitoring prefix of the mirror */
    struct object_store witness;  /* public: that of the witness; put NULL: no witness */
    struct object_store evidence; /* private; put NULL: none is kept */
    struct record_store record;
    struct work_port work; /* serial */
};

struct mirror;

struct mirror_config {
    const struct mirror_cosigner *cosigners; /* borrowed, as are what they point to */
    size_t cosigner_count;
    struct clock_port clock;
    struct events_port events;
    struct metrics *metrics; /* NULL: none */
    const char *submission_prefix; /* of request paths: "" or "/m"; borrowed */
    /* open_unknown, which may be NULL, is asked on the event loop about an origin that is not known: the next
     * unused log of a known CA is added with mirror_add_log and STATUS_OK [C2SP mtc-tlog]. */
    enum status (*open_unknown)(void *context, struct mirror *mirror, struct bytes origin,
                                struct error *err);
    /* reopen, which may be NULL, is asked on the event loop when a log was stopped by a failure and somebody wants it
     * again: config's stores are closed and opened anew. NULL: it stays stopped until the next start. */
    enum status (*reopen)(void *context, struct mirror_log_config *config, struct error *err);
    void *context;
};

MUST_USE enum status mirror_new(const struct mirror_config *config, struct mirror **out,
                                struct error *err);

/* mirror_free: no request and no job may be left. */
void mirror_free(struct mirror *mirror);

/* mirror_add_log opens a log: reads its record, checks the stored tree against it, and publishes again what a
 * crash may have lost. STATUS_REFUSED when what is on disk is not what the record says. Copies config. */
MUST_USE enum status mirror_add_log(struct mirror *mirror, const struct mirror_log_config *config,
                                    struct error *err);

/* mirror_has_checkpoint: is there a log with this origin whose key has signed a checkpoint? */
bool mirror_has_checkpoint(const struct mirror *mirror, struct bytes origin);

/* mirror_handler answers POST <prefix>/add-checkpoint, add-entries and sign-subtree; everything else is 404.
 * Lives as long as the mirror. */
struct http_handler mirror_handler(struct mirror *mirror);

/* mirror_is_ready: is no log stopped by a failure? */
bool mirror_is_ready(const struct mirror *mirror);

/* mirror_prune raises the minimum index of every log to the first entry that is not older than retention_s after
 * its notAfter, on the logs' workers; what it did is reported as events. Null entries have no date. */
void mirror_prune(struct mirror *mirror, int64_t retention_s);

/* mirror_take_landmarks is given the landmarks document of a log as its CA serves it. The log's worker judges it: what lies in
 * the mirrored tree and changes nothing that was taken before is served beside the tiles as "landmarks", durably; one that is
 * ahead of the mirror waits for the next time; any other is reported as an event "landmarks-refused". STATUS_NOT_FOUND for an
 * unknown log, STATUS_LIMIT when there is no room for it. On the event loop. */
MUST_USE enum status mirror_take_landmarks(struct mirror *mirror, struct bytes origin, struct bytes document,
                                           struct error *err);

/* mirror_has_work: is any job or upload under way? For shutting down. */
bool mirror_has_work(const struct mirror *mirror);

#endif
