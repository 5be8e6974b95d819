/* name_table.h - a hash table of names, built once and then only read. Names come from the configuration: nobody
 * hostile chooses what is in it, only what is looked for. */
#ifndef CATHAYA_ADAPTERS_PROXY_NAME_TABLE_H
#define CATHAYA_ADAPTERS_PROXY_NAME_TABLE_H

#include "base/bytes.h"
#include "base/status.h"

struct name_entry {
    uint32_t hash, index;
    struct bytes name, value;
};

/* The zero table is empty. */
struct name_table {
    struct name_entry **slots;
    size_t slot_count, count;
};

void name_table_clear(struct name_table *t);

/* name_table_add copies name and value (may be NULL). One that is there already is shadowed by nothing: the caller
 * has looked. */
MUST_USE enum status name_table_add(struct name_table *t, struct bytes name, uint32_t index, const struct bytes *value,
                                    struct error *err);
const struct name_entry *name_table_find(const struct name_table *t, struct bytes name);

#endif
