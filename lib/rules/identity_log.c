#include "rules/identity_log.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "rules/identity_log_internal.h"

#define SLOTS_MIN ((size_t)64)
#define NO_INDEX UINT32_MAX

enum status identity_log_new(struct identity_log **out, struct error *err)
{
    struct identity_log *log = (struct identity_log *)calloc(1, sizeof *log);
    if (log == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    log->items = array_of(sizeof(struct identity_log_item), (size_t)WEBSITE_IDENTITY_LOG_MAX);
    enum status s = identity_tree_init(&log->tree, err);
    if (s == STATUS_OK)
        *out = log;
    else
        identity_log_free(log);
    return s;
}

void identity_log_free(struct identity_log *log)
{
    if (log == NULL)
        return;
    for (size_t i = 0; i < log->items.count; i++)
        free(identity_log_item_at(log, i)->memory);
    array_clear(&log->items);
    identity_tree_clear(&log->tree);
    free(log->slots);
    free(log);
}

uint64_t identity_log_size(const struct identity_log *log)
{
    return log->items.count;
}

const struct website_identity_entry *identity_log_at(const struct identity_log *log, uint64_t index)
{
    return &identity_log_item_at(log, (size_t)index)->entry;
}

const struct website_identity_revocation *identity_log_revocation_of(const struct identity_log *log, uint64_t index)
{
    uint32_t by = identity_log_item_at(log, (size_t)index)->revoked_by;
    return by == NO_INDEX ? NULL : &identity_log_at(log, by)->revocation;
}

/* ---- records by signer and serial number ---- */

/* Whoever chooses serial numbers so that they meet is a signer of the program, and makes the curator's machine slow: the
 * key ID, a hash, begins the mix. */
static size_t slot_of(const uint8_t *signer, uint64_t serial, size_t slot_count)
{
    uint64_t mix;
    memcpy(&mix, signer, sizeof mix);
    mix = (mix ^ serial) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(mix >> 32) & (slot_count - 1);
}

/* The slot of that record, or the empty one where it belongs. */
static size_t find_slot(const struct identity_log *log, const uint8_t *signer, uint64_t serial)
{
    size_t at = slot_of(signer, serial, log->slot_count);
    for (; log->slots[at] != NO_INDEX; at = (at + 1) & (log->slot_count - 1)) {
        const struct website_identity *r = &identity_log_at(log, log->slots[at])->record;
        if (r->serial == serial && memcmp(r->signer, signer, sizeof r->signer) == 0)
            break;
    }
    return at;
}

static enum status grow_slots(struct identity_log *log, struct error *err)
{
    if (log->slot_count > 2 * log->items.count)
        return STATUS_OK;
    size_t count = log->slot_count == 0 ? SLOTS_MIN : 2 * log->slot_count;
    uint32_t *slots = (uint32_t *)malloc(count * sizeof *slots);
    if (slots == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    memset(slots, 0xff, count * sizeof *slots);
    free(log->slots);
    log->slots = slots;
    log->slot_count = count;
    for (size_t i = 0; i < log->items.count; i++) {
        const struct website_identity_entry *e = identity_log_at(log, i);
        if (!e->is_revocation)
            log->slots[find_slot(log, e->record.signer, e->record.serial)] = (uint32_t)i;
    }
    return STATUS_OK;
}

/* ---- appending ---- */

static enum status check_place(const struct identity_log *log, const struct website_identity_entry *e, size_t *slot,
                               struct error *err)
{
    uint64_t serial = e->is_revocation ? e->revocation.serial : e->record.serial;
    *slot = find_slot(log, e->is_revocation ? e->revocation.signer : e->record.signer, serial);
    bool is_there = log->slots[*slot] != NO_INDEX;
    if (!e->is_revocation)
        return !is_there ? STATUS_OK
                         : error_set(err, STATUS_CONFLICT, "identity log: its signer has used serial number %llu for entry %u",
                                     (unsigned long long)serial, log->slots[*slot]);
    if (!is_there)
        return error_set(err, STATUS_NOT_FOUND, "identity log: no record of this signer with serial number %llu to revoke",
                         (unsigned long long)serial);
    return identity_log_revocation_of(log, log->slots[*slot]) == NULL
               ? STATUS_OK
               : error_set(err, STATUS_CONFLICT, "identity log: serial number %llu of this signer is revoked already",
                           (unsigned long long)serial);
}

enum status identity_log_append(struct identity_log *log, struct bytes entry, struct error *err)
{
    struct identity_log_item item = {.revoked_by = NO_INDEX};
    size_t slot = 0;
    item.memory = (uint8_t *)malloc(entry.len + 1);
    if (item.memory == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    if (entry.len > 0)
        memcpy(item.memory, entry.data, entry.len);
    enum status s = website_identity_parse_entry(bytes_of(item.memory, entry.len), &item.entry, err);
    if (s == STATUS_OK)
        s = grow_slots(log, err);
    if (s == STATUS_OK)
        s = check_place(log, &item.entry, &slot, err);
    uint32_t index = (uint32_t)log->items.count;
    if (s == STATUS_OK)
        s = array_insert(&log->items, index, &item, "entries of the identity log", err);
    if (s != STATUS_OK) {
        free(item.memory);
        return s;
    }
    if (item.entry.is_revocation)
        identity_log_item_at(log, log->slots[slot])->revoked_by = index;
    else
        log->slots[slot] = index;
    return identity_tree_add(&log->tree, item.entry.whole, err);
}

/* ---- text ---- */

void identity_log_write_line(struct bytes entry, struct builder *out)
{
    text_write_base64(out, entry);
    builder_u8(out, '\n');
}

/* Gives the entry of each line to take; a line that is none, or is not taken, is a STATUS_USAGE. */
static enum status each_entry(struct bytes text, enum status (*take)(void *context, struct bytes entry, struct error *err), void *context,
                              struct error *err)
{
    struct bytes rest = text, line;
    struct builder entry;
    enum status s = STATUS_OK;
    size_t number = 0;
    builder_init(&entry, WEBSITE_IDENTITY_ENTRY_SIZE_MAX);
    while (s == STATUS_OK && text_next_line(&rest, &line)) {
        number++;
        builder_reset(&entry);
        if (!text_parse_base64(line, &entry) || entry.len == 0)
            s = error_set(err, STATUS_USAGE, "identity log, line %zu: no base64 of an entry", number);
        else if ((s = take(context, builder_view(&entry), err)) != STATUS_OK)
            s = error_prefix(err, s == STATUS_NO_MEMORY ? s : STATUS_USAGE, "identity log, line %zu", number);
    }
    builder_clear(&entry);
    return s;
}

static enum status append_entry(void *context, struct bytes entry, struct error *err)
{
    return identity_log_append((struct identity_log *)context, entry, err);
}

enum status identity_log_read(struct identity_log *log, struct bytes text, struct error *err)
{
    return each_entry(text, append_entry, log, err);
}

static enum status add_leaf(void *context, struct bytes entry, struct error *err)
{
    return identity_tree_add((struct identity_tree *)context, entry, err);
}

enum status identity_log_text_root(struct bytes text, uint8_t out[HASH_SIZE], struct error *err)
{
    struct identity_tree tree;
    enum status s = identity_tree_init(&tree, err);
    if (s == STATUS_OK)
        s = each_entry(text, add_leaf, &tree, err);
    if (s == STATUS_OK)
        s = identity_tree_root(&tree, identity_tree_size(&tree), out, err);
    identity_tree_clear(&tree);
    return s;
}

/* ---- roots ---- */

enum status identity_log_root(struct identity_log *log, uint64_t size, uint8_t out[HASH_SIZE], struct error *err)
{
    if (size > identity_log_size(log))
        return error_set(err, STATUS_NOT_FOUND, "identity log: it has %llu entries, not %llu",
                         (unsigned long long)identity_log_size(log), (unsigned long long)size);
    return identity_tree_root(&log->tree, size, out, err);
}

enum status identity_log_check_section(struct identity_log *log, const struct website_identity_section *section,
                                       struct error *err)
{
    uint8_t root[HASH_SIZE];
    enum status s = identity_log_root(log, section->log_size, root, err);
    if (s == STATUS_NOT_FOUND)
        return error_prefix(err, STATUS_REFUSED, "the bundle speaks of a longer log");
    if (s != STATUS_OK)
        return s;
    if (memcmp(root, section->log_root, HASH_SIZE) != 0)
        return error_set(err, STATUS_REFUSED, "identity log: its first %llu entries have another root than the bundle says",
                         (unsigned long long)section->log_size);
    for (size_t i = 0; i < section->records.count; i++) {
        const struct website_identity_logged *l = (const struct website_identity_logged *)array_at(&section->records, i);
        if (!bytes_equal(l->entry.whole, identity_log_at(log, l->index)->whole))
            return error_set(err, STATUS_REFUSED, "identity log: entry %llu is not the record that the bundle has",
                             (unsigned long long)l->index);
    }
    return STATUS_OK;
}
