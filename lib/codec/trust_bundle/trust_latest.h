/* trust_latest.h - the small file that says what a distributor has [GM 14], `latest`. Lines of text, each ended by LF, in this
 * order:
 *
 *   trust-latest/v1
 *   version 731
 *   issued 1763800000                      seconds since the Epoch
 *   expires 1764404800
 *   bundle 183211 SHA-256                  size of `bundle` (the envelope), and its SHA-256 in 64 hex digits
 *   rotation 12                            versions that name new keys (section 9 unlike the one before), ascending: bundles/12 is
 *   rotation 400                           there; a client that holds an older one has to take it before what comes after it
 *   delta 563 7310                         delta/563, from that version to the newest, has so many bytes; ascending
 *   delta 564 7102
 *
 * Numbers are decimal without leading zeros. It is not signed: it says what to fetch, and what is fetched is judged.
 */
#ifndef CATHAYA_CODEC_TRUST_BUNDLE_TRUST_LATEST_H
#define CATHAYA_CODEC_TRUST_BUNDLE_TRUST_LATEST_H

#include "codec/trust_bundle/trust_bundle.h"

#define TRUST_LATEST_LABEL "trust-latest/v1\n"
/* Keys change once in a year or two; a client that has missed more of them is set up anew. */
#define TRUST_LATEST_ROTATIONS_MAX 64
/* A month of hourly versions. */
#define TRUST_LATEST_DELTAS_MAX 1024
/* All lines at their longest. */
#define TRUST_LATEST_SIZE_MAX 65536

struct trust_latest_delta {
    uint64_t from; /* below version */
    uint32_t size; /* of the TrustDelta, in bytes; 1 to TRUST_DELTA_SIZE_MAX */
};

/* A value: nothing is borrowed. */
struct trust_latest {
    uint64_t version;
    int64_t issued_s, expires_s;
    uint32_t bundle_size; /* of the TrustEnvelope, in bytes */
    uint8_t bundle_sha256[HASH_SIZE];
    size_t rotation_count;
    uint64_t rotations[TRUST_LATEST_ROTATIONS_MAX]; /* ascending, at most version */
    size_t delta_count;
    struct trust_latest_delta deltas[TRUST_LATEST_DELTAS_MAX]; /* ascending by from */
};

/* trust_latest_parse reads a whole file: STATUS_MALFORMED with the line, STATUS_LIMIT. */
MUST_USE enum status trust_latest_parse(struct bytes input, struct trust_latest *out, struct error *err);

/* trust_latest_write appends one; STATUS_USAGE for what could not be read again. */
MUST_USE enum status trust_latest_write(const struct trust_latest *latest, struct builder *out, struct error *err);

/* trust_latest_delta finds the delta from that version; NULL: there is none. */
const struct trust_latest_delta *trust_latest_delta(const struct trust_latest *latest, uint64_t from);

/* trust_latest_rotation is the first rotation above `held`; 0: none. */
uint64_t trust_latest_rotation(const struct trust_latest *latest, uint64_t held);

#endif
