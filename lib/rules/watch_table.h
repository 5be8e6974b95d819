/* watch_table.h - where the items of a watch list are found by what a certificate presents. Inside rules/watch_list. */
#ifndef CATHAYA_RULES_WATCH_TABLE_H
#define CATHAYA_RULES_WATCH_TABLE_H

#include "base/array.h"
#include "rules/watch_list.h"

/* What a key is. */
enum watch_tag {
    WATCH_TAG_DOMAIN,       /* a name */
    WATCH_TAG_SUBTREE,      /* a name; found by each name below it too */
    WATCH_TAG_COVERED,      /* what a wildcard has behind its "*.", of a watched name */
    WATCH_TAG_ADDRESS,      /* number of bits, and the address with all others zero */
    WATCH_TAG_ORGANISATION, /* folded */
    WATCH_TAG_SPKI,
    WATCH_TAG_AUTHORIZED
};

/* Names are hashed from their end, so that one pass gives the hashes of all domains that a name is below. */
uint64_t watch_table_hash_start(void);
static inline uint64_t watch_table_hash_step(uint64_t hash, uint8_t byte)
{
    return (hash ^ byte) * 0x100000001b3U; /* FNV-1a: the table holds the operator's words, not the attacker's */
}
uint64_t watch_table_hash(struct bytes key);

/* Items with one key form a chain. */
struct watch_link {
    uint64_t hash;
    uint32_t item, next; /* next: number + 1, 0: the end */
    uint32_t key_at, key_len;
    uint8_t tag;
};

struct watch_table {
    struct array links;    /* struct watch_link */
    struct builder keys;
    uint32_t *slots;       /* number of the first link + 1; 0: free */
    size_t slot_count;     /* a power of two, or 0 */
};

void watch_table_init(struct watch_table *table);
void watch_table_clear(struct watch_table *table);

/* watch_table_add puts an item under a key. */
MUST_USE enum status watch_table_add(struct watch_table *table, enum watch_tag tag, struct bytes key, uint32_t item,
                                     struct error *err);

/* watch_table_find is the first link of a key, NULL when there is none; watch_table_next the one behind it. */
const struct watch_link *watch_table_find(const struct watch_table *table, enum watch_tag tag, uint64_t hash,
                                          struct bytes key);
const struct watch_link *watch_table_next(const struct watch_table *table, const struct watch_link *link);

/* What both files of the watch list know of it. */
struct watch_list {
    struct array items; /* struct watch_item */
    struct builder texts;
    struct watch_table table;
    size_t counts[WATCH_KINDS];
    uint8_t bits4[33], bits6[129]; /* lengths of prefixes that there are, each once */
    size_t bits4_count, bits6_count;
};

/* A presented name as it is compared: lower case, without empty labels, its last WATCH_NAME_KEPT bytes: no name in DNS is
 * longer than 253. */
#define WATCH_NAME_KEPT 512
struct bytes watch_table_fold_name(struct bytes name, uint8_t out[WATCH_NAME_KEPT]);

/* watch_table_fold_text: lower case, one blank for each run of blanks, none at the ends; empty when it does not fit. */
struct bytes watch_table_fold_text(struct bytes text, uint8_t out[WATCH_LIST_LINE_MAX]);

/* watch_table_fold_address: the key of a range. */
#define WATCH_ADDRESS_KEY_SIZE 17
struct bytes watch_table_fold_address(const uint8_t *address, size_t len, unsigned bits,
                                      uint8_t out[WATCH_ADDRESS_KEY_SIZE]);

#endif
