/* hash.h - the tree hashes, behind one table.
 *
 * A hash belongs to a CA ID [MTC 5.1]; all of them give 32 bytes [GM 1]. struct hash_alg says which
 * one, struct hasher does the work and is reused: nothing is allocated after hasher_init.
 */
#ifndef CATHAYA_CRYPTO_HASH_H
#define CATHAYA_CRYPTO_HASH_H

#include "base/bytes.h"
#include "base/status.h"

#define HASH_SIZE 32

struct hasher;

/* A row of the table: the unit that a faster implementation (several lanes) replaces. */
struct hash_alg {
    const char *name;     /* "sm3", "sha256" */
    const char *evp_name; /* for EVP_MD_fetch; also names algorithms without a row of their own */
    void (*start)(struct hasher *h);
    void (*update)(struct hasher *h, struct bytes part);
    void (*finish)(struct hasher *h, uint8_t out[HASH_SIZE]);
    /* out[i] = HASH(prefix || messages[i]) for all i; see hasher_many. */
    void (*many)(struct hasher *h, uint8_t prefix, const struct bytes *messages, size_t count,
                 uint8_t (*out)[HASH_SIZE]);
};

extern const struct hash_alg hash_sm3;    /* our own code; GB/T 32905 */
extern const struct hash_alg hash_sha256; /* EVP */

/* hash_by_name is the row of that name, NULL when there is none. */
const struct hash_alg *hash_by_name(const char *name);

struct sm3_state {
    uint32_t v[8];
    uint64_t total;
    uint8_t block[64];
};

/* struct hasher is one digest in progress, to be reused; one thread at a time. */
struct hasher {
    const struct hash_alg *alg;
    bool has_failed; /* the library underneath failed once: every result since is worthless */
    union {
        struct sm3_state sm3;
        void *evp; /* EVP_MD_CTX */
    } state;
};

/* hasher_init prepares h for alg (allocates for EVP hashes). hasher_clear must follow. */
MUST_USE enum status hasher_init(struct hasher *h, const struct hash_alg *alg, struct error *err);
void hasher_clear(struct hasher *h);

/* hasher_start, hasher_update..., hasher_finish: one message. None of them returns an error: a
 * failure sticks in has_failed, the outputs are zeros from then on, and whoever draws a conclusion
 * from hashes asks hasher_is_good first. */
void hasher_start(struct hasher *h);
void hasher_update(struct hasher *h, struct bytes part);
void hasher_finish(struct hasher *h, uint8_t out[HASH_SIZE]);

static inline bool hasher_is_good(const struct hasher *h)
{
    return !h->has_failed;
}

/* hasher_status is STATUS_OK, or STATUS_NO_MEMORY with a reason after a failure underneath. */
MUST_USE enum status hasher_status(const struct hasher *h, struct error *err);

/* hasher_one is HASH(message). */
void hasher_one(struct hasher *h, struct bytes message, uint8_t out[HASH_SIZE]);

/* hash_message is HASH(message) for who hashes one and keeps no hasher. STATUS_NO_MEMORY. */
MUST_USE enum status hash_message(const struct hash_alg *alg, struct bytes message, uint8_t out[HASH_SIZE],
                                  struct error *err);

/* hasher_many is out[i] = HASH(prefix || messages[i]): leaves with prefix 0, nodes with prefix 1
 * [RFC9162 2.1.1]. Implementations may run several lanes; out must not overlap the messages. */
void hasher_many(struct hasher *h, uint8_t prefix, const struct bytes *messages, size_t count,
                 uint8_t (*out)[HASH_SIZE]);

/* struct hasher_set is one hasher per row of the table: what a thread needs that meets CAs of both
 * suites. */
#define HASH_ROWS 2
struct hasher_set {
    struct hasher hashers[HASH_ROWS];
};

MUST_USE enum status hasher_set_init(struct hasher_set *set, struct error *err);
void hasher_set_clear(struct hasher_set *set);

/* hasher_set_get is the hasher of alg, which must be a row of the table. */
struct hasher *hasher_set_get(struct hasher_set *set, const struct hash_alg *alg);

/* hash_label_sha256 is SHA-256 of the parts one after the other, for labels (note key IDs, paths): not a
 * tree hash. False only when the library underneath fails. */
MUST_USE bool hash_label_sha256(const struct bytes *parts, size_t count, uint8_t out[HASH_SIZE]);

/* hash_label_sha1 is SHA-1 of the message, for the one label that is still made with it: how OCSP clients name an
 * issuer [RFC5019 2.1.1]. Nothing is ever believed because of it. False only when the library underneath fails. */
#define HASH_LABEL_SHA1_SIZE 20
MUST_USE bool hash_label_sha1(struct bytes message, uint8_t out[HASH_LABEL_SHA1_SIZE]);

#endif
