/* add-entries: packages are verified against a pending checkpoint, stored, and at the end of each upload made
 * durable at once; the whole tree is cosigned then [C2SP tlog-mirror].
 *
 * Durable writes of one upload that is complete: the new objects (one sync), the record (one swap). What is put
 * but not synced when the process ends is uploaded again. */
#include <inttypes.h>
#include <string.h>

#include "base/reader.h"
#include "service/mirror/mirror_internal.h"

void mirror_entries_init(struct mirror_entries *entries)
{
    *entries = (struct mirror_entries){.start = 0};
    builder_init(&entries->note, NOTE_SIZE_MAX);
}

void mirror_entries_clear(struct mirror_entries *entries)
{
    builder_clear(&entries->note);
}

/* ---- the header ---- */

static void answer_info(struct mirror_log *log, int status, uint64_t tree_size,
                        struct mirror_answer *answer)
{
    struct mirror_info info = {.tree_size = tree_size, .next_entry = mirror_log_next_entry(log)};
    answer->status = status;
    answer->content_type = MIRROR_INFO_CONTENT_TYPE;
    builder_reset(&answer->body);
    mirror_info_write(&info, &answer->body);
}

static bool use_point(struct mirror_entries *entries, uint64_t size, const uint8_t root[HASH_SIZE],
                      struct bytes note)
{
    if (entries->end != size || note.len == 0)
        return false;
    memcpy(entries->root, root, HASH_SIZE);
    builder_reset(&entries->note);
    builder_bytes(&entries->note, note);
    return builder_is_good(&entries->note);
}

/* The checkpoint that the upload leads to: pending, one that was, or the mirrored one. */
static bool find_checkpoint(const struct mirror_log *log, struct mirror_entries *entries)
{
    const struct mirror_point *mirrored = &log->record.mirrored;
    for (size_t i = 0; i < MIRROR_RECENT_MAX; i++) {
        const struct mirror_recent *recent = &log->recent[i];
        if (use_point(entries, recent->size, recent->root, builder_view(&recent->note)))
            return true;
    }
    return use_point(entries, mirrored->size, mirrored->root, mirrored->note);
}

void mirror_entries_begin(struct mirror_log *log, const struct add_entries_header *header,
                          struct mirror_entries *entries, struct mirror_answer *answer)
{
    uint64_t next = mirror_log_next_entry(log);
    uint64_t pending = log->record.pending.size;
    entries->start = header->upload_start;
    entries->end = header->upload_end;
    if (log->is_dead)
        mirror_log_fail(log, STATUS_IO, &log->failure, answer);
    else if (log->record.pending.note.len == 0)
        mirror_answer_text(answer, 422, "no checkpoint of this log was added yet");
    else if (!find_checkpoint(log, entries) || entries->end < log->record.mirrored.size)
        answer_info(log, 409, pending, answer);
    else if (entries->start > next || entries->start < log->record.min_index || /* pruned: what is before it is gone */
             (next < entries->end ? next : entries->end) - entries->start > MIRROR_EXCESS_MAX)
        answer_info(log, 409, entries->end, answer);
}

/* ---- a package ---- */

/* The complete nodes above the leaves of one bundle. */
struct bundle_nodes {
    uint8_t nodes[TILE_NODES][HASH_SIZE];
};

static enum status read_bundle_node(void *context, unsigned level, uint64_t index,
                                    uint8_t out[HASH_SIZE], struct error *err)
{
    const struct bundle_nodes *b = context;
    if (level > TILE_HEIGHT || index >= (uint64_t)TILE_WIDTH >> level)
        return error_set(err, STATUS_USAGE, "a node outside of the bundle");
    memcpy(out, b->nodes[tree_edge_node_offset(level) + index], HASH_SIZE);
    return STATUS_OK;
}

/* The leaves of the package's bundle that come before it. */
static enum status stored_leaves(struct mirror_log *log, uint64_t first, unsigned count,
                                 uint8_t (*leaves)[HASH_SIZE], struct error *err)
{
    uint8_t(*nodes)[HASH_SIZE];
    if (count == 0)
        return STATUS_OK;
    struct tree_read t = mirror_log_reading(log);
    enum status status = tree_read_nodes(&t, 0, first / TILE_WIDTH, &nodes, err);
    if (status == STATUS_OK)
        memcpy(leaves, nodes, (size_t)count * HASH_SIZE);
    return status;
}

static enum status sent_leaves(struct mirror_log *log, const struct add_entries_package *package,
                               uint8_t (*leaves)[HASH_SIZE], struct error *err)
{
    struct bytes entries[TILE_WIDTH];
    struct reader r;
    size_t count = (size_t)subtree_size(package->range);
    reader_init(&r, package->entries);
    for (size_t i = 0; i < count; i++)
        if (!entry_bundle_next(&r, &entries[i]))
            return error_set(err, STATUS_MALFORMED, "add-entries: an entry is cut short");
    hasher_many(&log->hasher, 0, entries, count, leaves);
    return hasher_status(&log->hasher, err);
}

static enum status verify(struct mirror_log *log, const struct add_entries_package *package,
                          const struct mirror_entries *entries, struct error *err)
{
    struct bundle_nodes b;
    uint8_t leaves[TILE_WIDTH][HASH_SIZE], hash[HASH_SIZE];
    uint64_t first = package->range.start / TILE_WIDTH * TILE_WIDTH;
    unsigned before = (unsigned)(package->range.start - first);
    unsigned width = (unsigned)(package->range.end - first);
    enum status status = stored_leaves(log, first, before, leaves, err);
    if (status == STATUS_OK)
        status = sent_leaves(log, package, leaves + before, err);
    if (status != STATUS_OK)
        return status;
    tree_edge_tile_nodes(&log->hasher, leaves[0], width, b.nodes);
    struct node_source source = {.context = &b, .read = read_bundle_node};
    status = proof_subtree_hash(&log->hasher, &source, (struct subtree){0, width}, hash, err);
    if (status != STATUS_OK)
        return status;
    struct subtree s = {.start = first, .end = package->range.end};
    return proof_check_consistency(&log->hasher, s, entries->end, hash, entries->root,
                                   package->proof, err);
}

/* Full tiles and bundles at once: they will not change any more. */
static enum status put_full(struct mirror_log *log, struct error *err)
{
    struct tree_write w = {.store = &log->config.tiles, .format = &leaf_format_mtc, .scratch = &log->scratch, .is_replacing = true};
    return tree_write_full(&w, &log->growth, err);
}

/* Stores what the package has beyond the entries that are stored. */
static enum status store(struct mirror_log *log, const struct add_entries_package *package,
                         struct mirror_entries *entries, struct error *err)
{
    struct reader r;
    struct bytes entry;
    uint64_t next = mirror_log_next_entry(log);
    if (package->range.end <= next)
        return STATUS_OK;
    reader_init(&r, package->entries);
    for (uint64_t i = package->range.start; i < next; i++)
        if (!entry_bundle_next(&r, &entry))
            return error_set(err, STATUS_MALFORMED, "add-entries: an entry is cut short");
    enum status status = tree_edge_grow(log->edge, log->next_edge, &log->hasher, reader_rest(&r),
                                        package->range.end - next, &log->growth, err);
    if (status != STATUS_OK)
        return status;
    status = put_full(log, err);
    if (status != STATUS_OK)
        return mirror_log_die(log, status, err);
    struct tree_edge *old = log->edge;
    log->edge = log->next_edge;
    log->next_edge = old;
    entries->stored_count += package->range.end - next;
    if (log->mirror->metrics != NULL)
        metric_add(log->metrics.entries, (double)(package->range.end - next));
    return STATUS_OK;
}

void mirror_entries_take(struct mirror_log *log, const struct add_entries_package *package,
                         struct mirror_entries *entries, struct mirror_answer *answer)
{
    struct error err;
    if (log->is_dead) {
        mirror_log_fail(log, STATUS_IO, &log->failure, answer);
        return;
    }
    enum status status = verify(log, package, entries, &err);
    if (status == STATUS_REFUSED || status == STATUS_MALFORMED) {
        if (log->mirror->metrics != NULL)
            metric_add(log->metrics.refused, 1);
        mirror_answer_text(answer, 422, "entries from %" PRIu64 ": %s", package->range.start, err.text);
        return;
    }
    if (status == STATUS_OK)
        status = store(log, package, entries, &err);
    if (status != STATUS_OK)
        mirror_log_fail(log, status, &err, answer);
    else
        entries->package_count++;
}

/* ---- the end of an upload ---- */

/* The partial tiles of the tree of `size`, a part of the stored one: where the stored tree has a full tile, that one
 * holds it. */
static enum status put_partials(struct mirror_log *log, uint64_t size, struct error *err)
{
    struct tree_write w = {.store = &log->config.tiles, .format = &leaf_format_mtc, .scratch = &log->scratch, .is_replacing = true};
    return tree_write_partials_within(&w, log->edge, size, err);
}

static enum status commit_objects(struct mirror_log *log, const struct mirror_record *next,
                                  struct error *err)
{
    const struct object_store *store = &log->config.tiles;
    enum status status = STATUS_OK;
    if (next->stored_size != log->record.stored_size)
        status = put_partials(log, next->stored_size, err);
    if (status == STATUS_OK && next->mirrored.size != log->record.mirrored.size &&
        next->mirrored.size != next->stored_size)
        status = put_partials(log, next->mirrored.size, err);
    if (status == STATUS_OK)
        status = store->sync(store->context, err);
    return status == STATUS_OK ? status : mirror_log_die(log, status, err);
}

/* Every package was verified against this root, and so was the tree that they were added to: anything else is our own
 * memory or disk, and nothing is signed on its word. */
static bool is_root_of(const struct mirror_record *record, const struct mirror_entries *entries)
{
    return record->stored_size != entries->end || memcmp(record->stored_root, entries->root, HASH_SIZE) == 0;
}

static bool is_moved(const struct mirror_record *a, const struct mirror_record *b)
{
    return a->stored_size != b->stored_size || a->mirrored.size != b->mirrored.size ||
           a->mirrored.note.len == 0;
}

/* Objects first, then the record; after that it may be signed. */
static enum status commit(struct mirror_log *log, const struct mirror_entries *entries,
                          struct error *err)
{
    struct mirror_record next = log->record;
    uint64_t old_size = log->record.stored_size;
    next.stored_size = mirror_log_next_entry(log);
    tree_edge_root(log->edge, &log->hasher, next.stored_root);
    enum status status = hasher_status(&log->hasher, err);
    if (status != STATUS_OK)
        return status;
    if (entries->is_complete && !is_root_of(&next, entries))
        return mirror_log_die(log, error_set(err, STATUS_REFUSED, "the stored tree of %" PRIu64 " entries has another root than "
                                             "the checkpoint that it was verified against", entries->end), err);
    if (entries->is_complete) {
        next.mirrored = (struct mirror_point){.size = entries->end,
                                              .note = builder_view(&entries->note)};
        memcpy(next.mirrored.root, entries->root, HASH_SIZE);
    }
    if (!is_moved(&log->record, &next))
        return STATUS_OK;
    status = commit_objects(log, &next, err);
    if (status == STATUS_OK)
        status = mirror_log_swap(log, &next, err);
    if (status != STATUS_OK)
        return status;
    status = tree_write_drop_partials(&log->config.tiles, &leaf_format_mtc, old_size, log->record.stored_size, 0, err);
    return status == STATUS_OK ? status : mirror_log_die(log, status, err);
}

static enum status cosign(struct mirror_log *log, struct mirror_answer *answer, struct error *err)
{
    const struct mirror_point *point = &log->record.mirrored;
    enum status status = mirror_cosign_checkpoint(log, MIRROR_ROLE_MIRROR, point, &answer->body, err);
    if (status == STATUS_OK)
        status = mirror_cosign_publish(log, &log->config.tiles, point,
                                       builder_view(&answer->body), err);
    if (status == STATUS_OK)
        answer->status = 200;
    return status;
}

void mirror_entries_finish(struct mirror_log *log, struct mirror_entries *entries,
                           struct mirror_answer *answer)
{
    struct error err;
    if (log->is_dead) {
        mirror_log_fail(log, STATUS_IO, &log->failure, answer);
        return;
    }
    if (!entries->is_complete && entries->package_count == 0) {
        mirror_answer_text(answer, 400, "no whole package of entries came");
        return;
    }
    if (entries->is_complete && entries->end < log->record.mirrored.size) {
        answer_info(log, 409, log->record.pending.size, answer);
        return;
    }
    enum status status = commit(log, entries, &err);
    if (status == STATUS_OK && entries->is_complete)
        status = cosign(log, answer, &err);
    else if (status == STATUS_OK)
        answer_info(log, 202, entries->end, answer);
    if (status != STATUS_OK) {
        mirror_log_fail(log, status, &err, answer);
        return;
    }
    if (answer->status == 200 && log->mirror->metrics != NULL)
        metric_add(log->metrics.cosigned, 1);
    mirror_log_show(log);
}
