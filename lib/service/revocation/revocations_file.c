#include "service/revocation/revocations_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 256

/* ---- collecting ---- */

static int compare(const void *a, const void *b)
{
    const struct revocation *x = a, *y = b;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return x->revoked_s < y->revoked_s ? -1 : x->revoked_s > y->revoked_s;
}

static enum status read_all(const struct revocations_file *file, struct array *ranges,
                            struct error *err)
{
    struct revoked_range page[PAGE];
    size_t count = PAGE;
    uint64_t after = 0;
    enum status s = STATUS_OK;
    while (s == STATUS_OK && count == PAGE) {
        s = file->issuance->list_revoked(file->issuance->context, after, page, PAGE, &count, err);
        for (size_t i = 0; s == STATUS_OK && i < count; i++) {
            after = page[i].sequence;
            if (page[i].log_number != file->log_number)
                continue;
            struct revocation range = {page[i].first, page[i].last, page[i].reason, page[i].revoked_s};
            s = array_insert(ranges, ranges->count, &range, "revocations", err);
        }
    }
    return s;
}

/* In place: each range takes up what overlaps it, and what follows it with the same reason and time. */
static void merge(struct array *ranges)
{
    size_t kept = 0;
    for (size_t i = 0; i < ranges->count; i++) {
        struct revocation next = *(struct revocation *)array_at(ranges, i);
        struct revocation *last = kept > 0 ? array_at(ranges, kept - 1) : NULL;
        bool is_same = last != NULL && last->reason == next.reason && last->revoked_s == next.revoked_s;
        if (last != NULL && is_same && next.first <= last->last + 1) {
            last->last = next.last > last->last ? next.last : last->last;
            continue;
        }
        if (last != NULL && next.first <= last->last) {
            if (next.last <= last->last)
                continue;
            next.first = last->last + 1;
        }
        memcpy(array_at(ranges, kept++), &next, sizeof next);
    }
    ranges->count = kept;
}

enum status revocations_file_collect(const struct revocations_file *file, struct array *ranges,
                                     struct error *err)
{
    enum status s = read_all(file, ranges, err);
    if (s != STATUS_OK || ranges->count == 0)
        return s;
    qsort(ranges->items, ranges->count, ranges->item_size, compare);
    merge(ranges);
    return STATUS_OK;
}

/* ---- publishing ---- */

/* Above the file that is there, and time: a lost store must not make the sequence go back. */
static void follow(const struct revocations_file *file, const char *path, struct bytes name, struct revocations *list)
{
    struct builder old;
    struct revocations there;
    builder_init(&old, REVOCATIONS_SIZE_MAX);
    revocations_init(&there);
    list->sequence = (uint64_t)list->issued_s;
    if (file->store.get(file->store.context, path, &old, NULL) == STATUS_OK &&
        revocations_read(builder_view(&old), name, file->signer.key, &there, NULL) == STATUS_OK) {
        if (there.sequence >= list->sequence)
            list->sequence = there.sequence + 1;
        if (there.minimum_index > list->minimum_index)
            list->minimum_index = there.minimum_index;
    }
    revocations_clear(&there);
    builder_clear(&old);
}

/* text and the CA's line, as a note. */
static enum status sign(const struct revocations_file *file, struct bytes name, struct bytes text,
                        struct builder *note, struct error *err)
{
    uint8_t key_id[NOTE_KEY_ID_SIZE];
    struct builder message, signature;
    builder_init(&message, REVOCATIONS_SIZE_MAX + sizeof REVOCATIONS_LABEL);
    builder_init(&signature, SIGNATURE_SIZE_MAX);
    revocations_write_message(text, &message);
    enum status s = builder_status(&message, "revocations", err);
    if (s == STATUS_OK)
        s = revocations_key_id(name, file->signer.key, key_id, err);
    if (s == STATUS_OK)
        s = file->signer.sign(file->signer.context, builder_view(&message), &signature, err);
    if (s == STATUS_OK)
        s = note_write_text(text, note, err);
    if (s == STATUS_OK)
        s = note_write_signature(name, key_id, builder_view(&signature), note, err);
    builder_clear(&signature);
    builder_clear(&message);
    return s;
}

enum status revocations_file_publish(const struct revocations_file *file, uint64_t minimum_index,
                                     struct error *err)
{
    char name[TAI_NAME_SIZE], origin[TAI_NAME_SIZE], path[REVOCATIONS_FILE_PATH_SIZE];
    struct revocations list;
    struct builder text, note;
    tai_name(&file->ca_id, name);
    tai_name(&file->log_id, origin);
    revocations_init(&list);
    builder_init(&text, REVOCATIONS_SIZE_MAX);
    builder_init(&note, NOTE_SIZE_MAX);
    list.issued_s = file->clock.now_ms(file->clock.context) / 1000;
    list.next_s = list.issued_s + REVOCATIONS_FILE_LIFETIME_S;
    list.origin = bytes_of_text(origin);
    list.minimum_index = minimum_index;
    (void)snprintf(path, sizeof path, "%u/" REVOCATIONS_FILE_NAME, file->log_number);
    follow(file, path, bytes_of_text(name), &list);
    enum status s = revocations_file_collect(file, &list.ranges, err);
    if (s == STATUS_OK)
        s = revocations_write_text(&list, &text, err);
    if (s == STATUS_OK)
        s = sign(file, bytes_of_text(name), builder_view(&text), &note, err);
    if (s == STATUS_OK)
        s = file->store.put(file->store.context, path, builder_view(&note), err);
    if (s == STATUS_OK)
        s = file->store.sync(file->store.context, err);
    builder_clear(&note);
    builder_clear(&text);
    revocations_clear(&list);
    return s;
}
