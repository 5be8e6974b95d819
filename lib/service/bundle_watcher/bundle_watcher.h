/* bundle_watcher.h - watches a distributor of trust bundles, as everybody's eyes [GM 14]: does every version that it shows stand in one
 * log, signed by the keys that may, in order of numbers and times, with landmarks that the logs really have?
 *
 * A round, every interval_ms:
 *   1. `latest`; then each version since the last one that was looked at: first those that name new keys, then the newest ones.
 *      Signatures, proof and times are judged as a client does (rules/bundle_signature.h), by the keys that the version before
 *      names;
 *   2. log/checkpoint: signed, and one history with every checkpoint before it, those in the bundles among them. Two that are not:
 *      a finding with evidence;
 *   3. each version's entry is what the bundle hashes to;
 *   4. the landmarks of each log that somebody follows here are held against that log's own tree: each one once, and again when a
 *      later version has it with other hashes. A log whose tiles are not there is looked at in a later round.
 * Beside 1, website identities: the log that section 8 speaks of goes on from that of the version before, and section and lists are what
 * its text gives. The text is fetched when it has grown, and once more before anything is called a lie; one that is not there,
 * in two rounds one after the other, or longer than BUNDLE_WATCHER_IDENTITIES_MAX, is a finding too.
 * What is known is durable in the state, under `name`: a watcher that starts again goes on where it was. The first round begins with
 * the newest version.
 *
 * All calls and callbacks are on the event loop's thread.
 */
#ifndef CATHAYA_SERVICE_BUNDLE_WATCHER_H
#define CATHAYA_SERVICE_BUNDLE_WATCHER_H

#include "codec/identity/website_identity.h"
#include "ports/clock.h"
#include "ports/fetch.h"
#include "ports/log_feed.h"
#include "ports/object_store.h"
#include "ports/timer.h"
#include "rules/bundle_keys.h"
#include "rules/log_finding.h"

#define BUNDLE_WATCHER_NAME_MAX 63 /* [a-z0-9._-] */
#define BUNDLE_WATCHER_URL_MAX 512
/* Versions that are looked at in one round; a monitor that was away for longer skips the older ones, whose bundles are gone. */
#define BUNDLE_WATCHER_VERSIONS_MAX 32
/* Of the log of website identities: 220,000 entries with signatures of SM2, 19,000 with those of ML-DSA-44. It is judged in one piece, on the
 * loop's thread, once a day and when it has grown; that took two to four seconds for the former, less than one for the latter. */
#define BUNDLE_WATCHER_IDENTITIES_MAX ((size_t)64 << 20)

/* What the caller trusts of an issuance log. Borrowed until the next callback. */
struct bundle_watcher_log {
    const struct hash_alg *hash;
    const char *url; /* with the log number */
    uint64_t size;
    uint8_t root[HASH_SIZE];
};

struct bundle_watcher_config {
    const char *name;              /* in findings, and of its state; borrowed, as everything here */
    const char *url;               /* of the distributor, without a slash at its end */
    const char *ca_file;           /* for https; NULL: the system's */
    const struct trust_bundle *keys; /* section 9: the keys to begin with, of both roles; copied */
    const struct algorithms *algorithms;
    uint64_t interval_ms;
    uint64_t late_ms; /* a newest version that is older is a finding; 0: none */
    struct fetch_port fetch;
    struct timer_port timer;
    struct clock_port clock;
    struct object_store state;
};

struct bundle_watcher_status {
    uint64_t version;  /* the newest one that was looked at */
    uint64_t log_size; /* of the newest checkpoint that is trusted */
    int64_t issued_s;
    int64_t contact_ms; /* last good answer; 0: none */
};

/* Any may be NULL. */
struct bundle_watcher_callbacks {
    void (*finding)(void *cookie, const struct log_finding *finding);
    void (*contact)(void *cookie, const struct followed_contact *contact);
    void (*progress)(void *cookie, const struct bundle_watcher_status *status);
    /* log_head: the head of an issuance log that the caller follows himself; false: he does not. */
    bool (*log_head)(void *cookie, const struct tai *ca_id, uint16_t log_number, struct bundle_watcher_log *out);
    void (*round_done)(void *cookie, enum status status, const struct error *err);
    /* identity: a record that is new in the log of website identities, whose tree the distributor has signed. Its own signature is its
     * signer's matter: clients verify it. Borrowed for the call. After a crash some come again. */
    void (*identity)(void *cookie, uint64_t index, const struct website_identity_entry *entry);
};

struct bundle_watcher;

/* bundle_watcher_new reads the state. STATUS_USAGE for keys that are not complete, STATUS_REFUSED for a damaged state. */
MUST_USE enum status bundle_watcher_new(const struct bundle_watcher_config *config, const struct bundle_watcher_callbacks *callbacks,
                                        void *cookie, struct bundle_watcher **out, struct error *err);

/* bundle_watcher_start begins the first round, soon. bundle_watcher_stop: no callback comes after it but `stopped` (may be NULL), when
 * nothing is under way any more, never before it returns; then bundle_watcher_free is allowed, as before a start. */
void bundle_watcher_start(struct bundle_watcher *w);
void bundle_watcher_stop(struct bundle_watcher *w, void (*stopped)(void *cookie), void *cookie);
void bundle_watcher_free(struct bundle_watcher *w);

/* bundle_watcher_head is the newest checkpoint that is trusted, for gossip; false: none yet. signature: the whole note. */
bool bundle_watcher_head(const struct bundle_watcher *w, struct followed_head *out);

/* bundle_watcher_view judges a checkpoint that somebody else has seen: STATUS_REFUSED when the keys have not signed it. It is compared
 * in the next round. from names who says so. STATUS_LIMIT while another one waits. */
MUST_USE enum status bundle_watcher_view(struct bundle_watcher *w, struct bytes note, const char *from, struct error *err);

#endif
