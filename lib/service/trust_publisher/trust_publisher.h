/* trust_publisher.h - the distributor: makes the versions of a trust bundle, each one an entry of a log of versions, and keeps the
 * folder that clients read [GM 14].
 *
 * A build:
 *   1. every log of every MTC CA of the registry's bundle is asked (service/landmark_update): a checkpoint that meets the CA's
 *      rules, each landmark subtree proven to be part of it, what the log's CA has revoked. What was verified is held; a log
 *      that lies, shrinks or does not answer keeps the landmarks that were held, until they expire, and the report says so;
 *   2. files of others (pages, identity records) and the contents of version N = size of the log of versions + 1 are written and made
 *      durable;
 *   3. TrustVersion N is appended to the log. From here on version N is that, whatever happens;
 *   4. what the log has is signed, never anything else; envelope, deltas and log go to the published folder, `latest` last;
 *   5. what is too old is removed.
 * A crash after 3 is finished by the next trust_publisher_open; one before it has signed nothing. So no version ever has two
 * contents that are signed.
 *
 * Every build makes a version, also when nothing has changed: `issued` is how a client knows that nothing else was revoked,
 * and a monitor that nobody holds versions back.
 *
 * Keys: each version carries section 9, the keys that sign what comes after it. A version whose section 9 is another than that of the
 * version before is a rotation: the keys of the version before sign it, and it stays below bundles/ for ever, for clients that
 * were away.
 *
 * Objects of the state: contents/N (TrustBundle of the last versions), held/LOG-ID/N (codec/trust_bundle/trust_file.h: landmarks, what
 * is revoked, the newest checkpoint and revocations file), evidence/LOG-ID/SECONDS, rotations/N (which versions are rotations).
 * Those of the log of versions stand beside them (log_engine.h).
 *
 * Calls and callbacks are on the event loop's thread; the stores and the signers are used on a worker's thread while a build is
 * under way, and by nobody else.
 */
#ifndef CATHAYA_SERVICE_TRUST_PUBLISHER_H
#define CATHAYA_SERVICE_TRUST_PUBLISHER_H

#include "codec/trust_bundle/trust_envelope.h"
#include "log_engine/log_engine.h"
#include "ports/document_signer.h"
#include "ports/events.h"
#include "ports/fetch.h"
#include "ports/work.h"

/* A week of hourly versions is 168; a month leaves room. */
#define TRUST_PUBLISHER_DELTAS_MAX 744
#define TRUST_PUBLISHER_BUNDLES_MAX 744
/* Two of each algorithm, and as many to roll over to. */
#define TRUST_PUBLISHER_SIGNERS_MAX TRUST_BUNDLE_KEYS_MAX
/* Pages of the program, identity records. */
#define TRUST_PUBLISHER_FILES_MAX 65600

struct trust_publisher_config {
    const char *origin;          /* of the log of versions; borrowed, as everything here */
    struct object_store state;   /* private: ours, and the log's */
    struct record_store record;  /* of the log of versions */
    struct object_store log;     /* what is served below log/ */
    struct object_store published; /* the folder; log/ in it is the store above */
    const struct document_signer *signers; /* of bundles; those that clients have have to be among them, one of each algorithm */
    size_t signer_count;
    const struct cosigner *log_signers;    /* of the log of versions: with names (the origin), at least one of each algorithm */
    size_t log_signer_count;
    const struct algorithms *algorithms;
    struct fetch_port fetch;
    struct clock_port clock;
    struct work_port work;
    struct events_port events;
    const char *ca_file;         /* for https; NULL: the system's */
    int64_t valid_for_s;         /* of a version */
    unsigned delta_count;        /* deltas from so many versions before; 0: none */
    unsigned bundle_count;       /* so many of the newest versions stay below bundles/; at least 1 */
    unsigned parallel;           /* CAs that are asked at once; 0: 8 */
};

/* A file of the published folder that others make: index.html, identity/... Files below identity/ stay as long as deltas go back
 * from the newest version whose input had one of their folder; those of one folder stand together. */
struct trust_publisher_file {
    const char *name;
    struct bytes content;
};

/* What a version is made of; borrowed until done was called. */
struct trust_publisher_input {
    const struct trust_bundle *bundle; /* registry_to_bundle's; keys: those that sign what comes after this version, of both roles */
    const struct trust_publisher_file *files;
    size_t file_count;
};

/* How one log was followed. */
struct trust_publisher_log {
    struct tai ca_id;
    uint16_t log_number;
    size_t landmark_count; /* in the bundle */
    size_t new_landmarks;
    uint64_t tree_size;    /* of the checkpoint that is held; 0: none */
    uint64_t newest_landmark;
    char *url;             /* that answered; NULL: none did */
    /* STATUS_OK: as it should be. Otherwise what is held stays: STATUS_IO not reached, STATUS_AGAIN too few cosigners have signed
     * yet; all others are refusals, STATUS_CONFLICT with evidence. */
    enum status status;
    char *reason;          /* "" for STATUS_OK */
    char *evidence;        /* the object; NULL: none */
};

struct trust_publisher_delta {
    uint64_t from;
    size_t size;
};

/* What a build has done; borrowed for the duration of done. */
struct trust_publisher_report {
    enum status status;        /* STATUS_OK: version is published */
    const struct error *error;
    uint64_t version;
    int64_t issued_s, expires_s;
    size_t contents_size, envelope_size;
    bool is_rotation;
    struct array logs;         /* struct trust_publisher_log */
    struct array deltas;       /* struct trust_publisher_delta, newest `from` first */
    size_t landmark_count, revoked_count; /* in the bundle */
    size_t left_out_count;     /* landmarks of CAs that have more than their share of a bundle */
    size_t joined_count;       /* revoked ranges that had to be joined with others, so that all fit */
    int64_t duration_ms;
};

static inline const struct trust_publisher_log *trust_publisher_log_at(const struct trust_publisher_report *r, size_t i)
{
    return (const struct trust_publisher_log *)array_at(&r->logs, i);
}
static inline const struct trust_publisher_delta *trust_publisher_delta_at(const struct trust_publisher_report *r, size_t i)
{
    return (const struct trust_publisher_delta *)array_at(&r->deltas, i);
}

typedef void trust_publisher_done(void *cookie, const struct trust_publisher_report *report);

struct trust_publisher;

/* trust_publisher_open opens the state, founds it when there is none, and finishes what a crash left. STATUS_REFUSED when state,
 * record and published folder do not belong together (a backup that is older than what clients have seen): nothing is signed
 * then. STATUS_USAGE for keys that cannot be. It works on the disk: for start-up, not for an event loop that others wait for. */
MUST_USE enum status trust_publisher_open(const struct trust_publisher_config *config, struct trust_publisher **out,
                                          struct error *err);

/* trust_publisher_build begins a build and calls done exactly once, later. STATUS_CONFLICT while another one is under way;
 * after a failure done is not called. When a build has failed in the log or on the disk the publisher takes no more: free it
 * and open it again (trust_publisher_has_failed). */
MUST_USE enum status trust_publisher_build(struct trust_publisher *publisher, const struct trust_publisher_input *input,
                                           trust_publisher_done *done, void *cookie, struct error *err);

bool trust_publisher_has_failed(const struct trust_publisher *publisher);

/* trust_publisher_is_busy: is a build under way? */
bool trust_publisher_is_busy(const struct trust_publisher *publisher);

/* The newest version that is published; 0: none. *issued_s, *expires_s: of it. */
uint64_t trust_publisher_version(const struct trust_publisher *publisher, int64_t *issued_s, int64_t *expires_s);

/* trust_publisher_close may be called when no build is under way, or none of its fetches and jobs will ever end. NULL is
 * fine. */
void trust_publisher_close(struct trust_publisher *publisher);

#endif
