#include "rules/watch_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Names and what a wildcard covers of them are two links; U-labels are a third. */
#define LINKS_MAX ((size_t)WATCH_LIST_ITEMS_MAX * 3)
#define SLOTS_FIRST 64

void watch_table_init(struct watch_table *table)
{
    *table = (struct watch_table){.links = array_of(sizeof(struct watch_link), LINKS_MAX)};
    builder_init(&table->keys, WATCH_LIST_SIZE_MAX * 2);
}

void watch_table_clear(struct watch_table *table)
{
    array_clear(&table->links);
    builder_clear(&table->keys);
    free(table->slots);
    table->slots = NULL;
}

/* ---- hashing ---- */

uint64_t watch_table_hash_start(void)
{
    return 0xcbf29ce484222325U;
}

uint64_t watch_table_hash(struct bytes key)
{
    uint64_t hash = watch_table_hash_start();
    for (size_t i = key.len; i > 0; i--)
        hash = watch_table_hash_step(hash, key.data[i - 1]);
    return hash;
}

/* FNV's low bits know little of the last byte's high ones. */
static size_t slot_of(const struct watch_table *table, enum watch_tag tag, uint64_t hash)
{
    hash = (hash ^ (uint64_t)tag) * 0x9e3779b97f4a7c15U;
    return (size_t)(hash >> 32) & (table->slot_count - 1);
}

static const struct watch_link *link_at(const struct watch_table *table, uint32_t number)
{
    return array_at(&table->links, number - 1);
}

static bool is_key(const struct watch_table *table, const struct watch_link *link, enum watch_tag tag, uint64_t hash,
                   struct bytes key)
{
    return link->hash == hash && link->tag == tag &&
           bytes_equal(bytes_of(table->keys.data + link->key_at, link->key_len), key);
}

/* The slot of a key, or the free one where it belongs. */
static size_t find_slot(const struct watch_table *table, enum watch_tag tag, uint64_t hash, struct bytes key)
{
    size_t slot = slot_of(table, tag, hash);
    while (table->slots[slot] != 0 && !is_key(table, link_at(table, table->slots[slot]), tag, hash, key))
        slot = (slot + 1) & (table->slot_count - 1);
    return slot;
}

const struct watch_link *watch_table_find(const struct watch_table *table, enum watch_tag tag, uint64_t hash,
                                          struct bytes key)
{
    if (table->slot_count == 0)
        return NULL;
    size_t slot = find_slot(table, tag, hash, key);
    return table->slots[slot] == 0 ? NULL : link_at(table, table->slots[slot]);
}

const struct watch_link *watch_table_next(const struct watch_table *table, const struct watch_link *link)
{
    return link->next == 0 ? NULL : link_at(table, link->next);
}

/* ---- making ---- */

static enum status grow(struct watch_table *table, struct error *err)
{
    size_t count = table->slot_count == 0 ? SLOTS_FIRST : table->slot_count * 2;
    uint32_t *old = table->slots, *slots = calloc(count, sizeof *slots);
    size_t old_count = table->slot_count;
    if (slots == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a watch list");
    table->slots = slots;
    table->slot_count = count;
    for (size_t i = 0; i < old_count; i++) {
        if (old[i] == 0)
            continue;
        const struct watch_link *first = link_at(table, old[i]);
        struct bytes key = bytes_of(table->keys.data + first->key_at, first->key_len);
        slots[find_slot(table, (enum watch_tag)first->tag, first->hash, key)] = old[i];
    }
    free(old);
    return STATUS_OK;
}

enum status watch_table_add(struct watch_table *table, enum watch_tag tag, struct bytes key, uint32_t item,
                            struct error *err)
{
    enum status s = table->links.count * 2 >= table->slot_count ? grow(table, err) : STATUS_OK;
    if (s != STATUS_OK)
        return s;
    uint64_t hash = watch_table_hash(key);
    size_t slot = find_slot(table, tag, hash, key);
    struct watch_link link = {.hash = hash, .item = item, .next = table->slots[slot], .tag = (uint8_t)tag,
                              .key_len = (uint32_t)key.len};
    if (link.next != 0) {
        link.key_at = link_at(table, link.next)->key_at;
    } else {
        link.key_at = (uint32_t)table->keys.len;
        builder_bytes(&table->keys, key);
        s = builder_status(&table->keys, "watch list", err);
    }
    if (s == STATUS_OK)
        s = array_insert(&table->links, table->links.count, &link, "items of a watch list", err);
    if (s == STATUS_OK)
        table->slots[slot] = (uint32_t)table->links.count;
    return s;
}

/* ---- spellings ---- */

/* From the end, so that what does not fit is cut in front. */
struct bytes watch_table_fold_name(struct bytes name, uint8_t out[WATCH_NAME_KEPT])
{
    size_t at = WATCH_NAME_KEPT;
    bool is_label = false;
    for (size_t i = name.len; i > 0 && at > 0; i--) {
        uint8_t c = text_lower(name.data[i - 1]);
        if (c == '.' && !is_label)
            continue;
        is_label = c != '.';
        out[--at] = c;
    }
    while (at < WATCH_NAME_KEPT && out[at] == '.')
        at++;
    return bytes_of(out + at, WATCH_NAME_KEPT - at);
}

struct bytes watch_table_fold_text(struct bytes text, uint8_t out[WATCH_LIST_LINE_MAX])
{
    size_t len = 0;
    bool has_blank = false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text_lower(text.data[i]);
        if (c == ' ' || (c >= '\t' && c <= '\r') || c == '\0') {
            has_blank = len > 0;
            continue;
        }
        if (len + 2 > WATCH_LIST_LINE_MAX)
            return bytes_of(out, 0);
        if (has_blank)
            out[len++] = ' ';
        has_blank = false;
        out[len++] = c;
    }
    return bytes_of(out, len);
}

struct bytes watch_table_fold_address(const uint8_t *address, size_t len, unsigned bits,
                                      uint8_t out[WATCH_ADDRESS_KEY_SIZE])
{
    out[0] = (uint8_t)bits;
    for (size_t i = 0; i < len; i++) {
        unsigned before = (unsigned)i * 8;
        unsigned mask = bits >= before + 8 ? 0xff : bits <= before ? 0 : (0xff00U >> (bits - before)) & 0xff;
        out[1 + i] = (uint8_t)(address[i] & mask);
    }
    return bytes_of(out, 1 + len);
}
