/* identity_log_internal.h - what identity_log.c and identity_publication.c share. */
#ifndef CATHAYA_RULES_IDENTITY_LOG_INTERNAL_H
#define CATHAYA_RULES_IDENTITY_LOG_INTERNAL_H

#include "rules/identity_log.h"
#include "rules/identity_tree.h"

struct identity_log_item {
    uint8_t *memory; /* the entry's bytes */
    struct website_identity_entry entry;
    uint32_t revoked_by; /* index of the revocation; UINT32_MAX: none */
};

struct identity_log {
    struct array items; /* struct identity_log_item */
    struct identity_tree tree;
    uint32_t *slots; /* a hash table of records: signer and serial number to index */
    size_t slot_count; /* a power of two, more than twice the entries */
};

static inline struct identity_log_item *identity_log_item_at(const struct identity_log *log, size_t i)
{
    return (struct identity_log_item *)array_at(&log->items, i);
}

#endif
