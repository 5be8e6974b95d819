/* signer_memory.h - what a key remembers: the last tree of every log that it has signed.
 *
 *   cathaya-signer-memory v1
 *   key <base64>                       SHA-256 of its SubjectPublicKeyInfo
 *   tree <origin> <size> <base64>      one line per log
 *
 * Every line ends with LF; sizes in decimal without leading zeros. It is one record (ports/record_store.h).
 */
#ifndef CATHAYA_SERVICE_SIGNER_SIGNER_MEMORY_H
#define CATHAYA_SERVICE_SIGNER_SIGNER_MEMORY_H

#include "base/builder.h"
#include "crypto/hash.h"

/* So many of the longest lines fit a record. A CA has at most five logs, and a mirror has its own memory. */
#define SIGNER_MEMORY_LOGS_MAX 96
#define SIGNER_ORIGIN_MAX 255

struct signer_tree {
    char origin[SIGNER_ORIGIN_MAX + 1];
    uint64_t size;
    uint8_t root[HASH_SIZE];
};

struct signer_memory {
    uint8_t key[HASH_SIZE];
    size_t count;
    struct signer_tree trees[SIGNER_MEMORY_LOGS_MAX];
};

/* signer_memory_parse: STATUS_MALFORMED for every other text, also when a log is there twice. */
MUST_USE enum status signer_memory_parse(struct bytes text, struct signer_memory *out, struct error *err);
void signer_memory_write(const struct signer_memory *memory, struct builder *out);

/* signer_memory_find is the tree of that log; NULL when none was signed. */
struct signer_tree *signer_memory_find(struct signer_memory *memory, struct bytes origin);

/* signer_memory_is_origin: 1 to 255 bytes of printable ASCII without a blank. */
bool signer_memory_is_origin(struct bytes origin);

#endif
