/* fsck: is everything that is stored what was signed? */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log_engine/log_internal.h"

void log_fsck_problem(struct fsck *f, const char *format, ...)
{
    char text[ERROR_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    f->report->problem_count++;
    if (f->problem != NULL)
        f->problem(f->context, text);
}

enum status log_fsck_get(struct fsck *f, const struct object_store *store, const char *path,
                         bool *is_there, struct error *err)
{
    builder_reset(&f->bytes);
    enum status status = store->get(store->context, path, &f->bytes, err);
    *is_there = status == STATUS_OK;
    if (status == STATUS_LIMIT)
        log_fsck_problem(f, "%s is longer than any such object", path);
    return status == STATUS_NOT_FOUND || status == STATUS_LIMIT ? STATUS_OK : status;
}

/* ---- the checkpoint ---- */

static enum status check_checkpoint(struct fsck *f, struct error *err)
{
    struct log_engine *log = f->log;
    struct published_checkpoint published;
    enum status status = log_read_checkpoint(log, &published, err);
    if (status == STATUS_NOT_FOUND || status == STATUS_MALFORMED) {
        log_fsck_problem(f, "the published checkpoint is missing or damaged: opening the log for "
                         "writing publishes it again");
        return STATUS_OK;
    }
    if (status != STATUS_OK)
        return status;
    if (!published.is_ours)
        log_fsck_problem(f, "the published checkpoint has no good signature of the %s: opening the log "
                         "for writing publishes it again", log_has_landmarks(log) ? "CA" : "log");
    if (published.has_bad_external)
        log_fsck_problem(f, "the published checkpoint has a line of a mirror or witness that does not verify: "
                         "the next one replaces it");
    bool is_current = published.size == log_size(log) || (log->config.is_read_only &&
                                                          published.size > log_size(log));
    if (!is_current || (published.size == log_size(log) &&
                        memcmp(published.root, log->root, HASH_SIZE) != 0))
        log_fsck_problem(f, "the published checkpoint (%" PRIu64 " entries) is not that of the record "
                         "(%" PRIu64 "): find out who wrote it", published.size, log_size(log));
    return STATUS_OK;
}

/* What a closed CT log can never make again. */
static enum status check_final(struct fsck *f, struct error *err)
{
    struct published_checkpoint final;
    struct error why = {.status = STATUS_OK};
    struct builder note;
    if (!log_is_final(f->log))
        return STATUS_OK;
    builder_init(&note, NOTE_SIZE_MAX);
    enum status status = log_read_final(f->log, &note, &final, &why);
    builder_clear(&note);
    if (status == STATUS_REFUSED)
        log_fsck_problem(f, "%s", why.text);
    else if (status != STATUS_OK)
        return error_set(err, status, "%s", why.text);
    return STATUS_OK;
}

/* ---- batches ---- */

static enum status check_subtree_hashes(struct fsck *f, const struct batch_object *object,
                                        struct error *err)
{
    struct node_source source = log_node_source(f->log);
    for (size_t i = 0; i < object->subtree_count; i++) {
        const struct cosigned_subtree *s = &object->subtrees[i];
        uint8_t hash[HASH_SIZE];
        /* Of pruned entries only the signatures can be checked. */
        if (s->subtree.start < f->log->record.min_index)
            continue;
        enum status status = proof_subtree_hash(&f->log->hasher, &source, s->subtree, hash, err);
        if (status == STATUS_REFUSED)
            continue; /* a tile is wrong, which has been reported */
        if (status != STATUS_OK)
            return status;
        if (memcmp(hash, s->hash, HASH_SIZE) != 0)
            log_fsck_problem(f, "batch %" PRIu64 ": the cosigned hash of [%" PRIu64 ", %" PRIu64
                             ") is not that of the tree: two histories were signed, or the object is "
                             "damaged", object->number, s->subtree.start, s->subtree.end);
    }
    return STATUS_OK;
}

static enum status check_batch(struct fsck *f, uint64_t number, uint64_t *end, struct error *err)
{
    struct batch_object object;
    enum status status = log_read_batch_object(f->log, number, &f->bytes, &object, err);
    /* A prune that was cut short has removed it, and the next one goes on. */
    bool is_removed = status == STATUS_NOT_FOUND &&
                      f->log->record.removed_index < f->log->record.min_index;
    if (is_removed) {
        *end = UINT64_MAX;
        return STATUS_OK;
    }
    if (status == STATUS_NOT_FOUND || status == STATUS_REFUSED || status == STATUS_LIMIT) {
        log_fsck_problem(f, "the object of batch %" PRIu64 " is missing or damaged: restore it from a "
                         "backup; its certificates can still be had as landmark-relative ones", number);
        *end = UINT64_MAX;
        return STATUS_OK;
    }
    if (status != STATUS_OK)
        return status;
    f->report->batches_checked++;
    if (*end != UINT64_MAX && object.start != *end)
        log_fsck_problem(f, "batch %" PRIu64 " starts at %" PRIu64 ", the one before ends at %" PRIu64,
                         number, object.start, *end);
    *end = object.end;
    if (object.end > log_size(f->log)) {
        log_fsck_problem(f, "batch %" PRIu64 " ends beyond the tree", number);
        return STATUS_OK;
    }
    status = log_verify_batch_object(f->log, &object, 1, err);
    if (status == STATUS_NO_MEMORY)
        return status;
    if (status != STATUS_OK)
        log_fsck_problem(f, "batch %" PRIu64 ": the CA cosigner has not signed, or a configured "
                         "cosigner's signature does not verify", number);
    return check_subtree_hashes(f, &object, err);
}

static enum status check_batches(struct fsck *f, struct error *err)
{
    struct log_engine *log = f->log;
    if (!log_keeps_batches(log))
        return STATUS_OK;
    uint64_t end = log->record.first_batch == 1 ? 0 : UINT64_MAX;
    enum status status = STATUS_OK;
    for (uint64_t n = log->record.first_batch; n <= log->record.batch && status == STATUS_OK; n++) {
        /* A reader stands on an older checkpoint than the record, if a writer is at work. */
        if (log->config.is_read_only && end == log_size(log))
            return STATUS_OK;
        status = check_batch(f, n, &end, err);
    }
    if (status == STATUS_OK && end != UINT64_MAX && end != log_size(log) && log_size(log) > 0)
        log_fsck_problem(f, "the last batch ends at %" PRIu64 ", the tree at %" PRIu64, end,
                         log_size(log));
    return status;
}

/* ---- landmarks ---- */

static enum status check_published_landmarks(struct fsck *f, struct error *err)
{
    bool is_there = false;
    enum status status = log_fsck_get(f, &f->log->config.public_store, OBJECT_LANDMARKS, &is_there, err);
    if (status != STATUS_OK)
        return status;
    struct builder want;
    builder_init(&want, LANDMARKS_SIZE_MAX);
    status = landmarks_write(&f->log->landmarks, &want, err);
    if (status == STATUS_OK &&
        (!is_there || !bytes_equal(builder_view(&want), builder_view(&f->bytes))))
        log_fsck_problem(f, "the published landmarks are not those of the log: opening the log for "
                         "writing publishes them again");
    builder_clear(&want);
    return status;
}

static enum status check_landmarks(struct fsck *f, struct error *err)
{
    struct log_engine *log = f->log;
    if (!log_has_landmarks(log))
        return STATUS_OK;
    if (log->landmarks.at[0].tree_size > log_size(log))
        log_fsck_problem(f, "landmark %" PRIu64 " has more entries than the log", log->landmarks.latest);
    for (uint64_t n = log->record.first_landmark; n <= log->record.landmark; n++) {
        enum status status = log_read_landmarks(log, n, &log->old_landmarks, err);
        if (status == STATUS_IO || status == STATUS_NO_MEMORY)
            return status;
        bool is_removed = status == STATUS_NOT_FOUND &&
                          log->record.removed_index < log->record.min_index;
        if (is_removed)
            continue;
        f->report->landmarks_checked++;
        if (status != STATUS_OK)
            log_fsck_problem(f, "the list of landmark %" PRIu64 " is missing or damaged: restore it from "
                             "a backup", n);
        else if (!log_landmarks_agree(&log->old_landmarks, &log->landmarks))
            log_fsck_problem(f, "the list of landmark %" PRIu64 " contradicts the newest one", n);
    }
    return check_published_landmarks(f, err);
}

/* ---- what should not be there ---- */

/* Do the entries of an old partial bundle hash to these leaves? */
static bool has_leaves(struct fsck *f, unsigned width, uint8_t (*leaves)[HASH_SIZE])
{
    uint8_t hashes[TILE_WIDTH][HASH_SIZE];
    f->log->bundle_index = UINT64_MAX;
    const struct leaf_format *format = f->log->config.leaf_format;
    if (leaf_format_parse(format, builder_view(&f->bytes), width, &f->log->parsed, NULL) != STATUS_OK)
        return false;
    leaf_format_hash(format, &f->log->hasher, f->log->parsed.leaves, width, hashes);
    return memcmp(hashes, leaves, (size_t)width * HASH_SIZE) == 0;
}

/* A smaller partial tile was published with an older checkpoint: it must be the front of the tile. */
static enum status check_old_partial(struct fsck *f, const struct tile *tile, const char *name,
                                     struct error *err)
{
    uint8_t(*nodes)[HASH_SIZE];
    bool is_there = false;
    enum status status = log_tile_nodes(f->log, tile->level, tile->index, &nodes, err);
    if (status == STATUS_REFUSED || status == STATUS_NOT_FOUND)
        return STATUS_OK; /* has been reported */
    if (status == STATUS_OK)
        status = log_fsck_get(f, &f->log->config.public_store, name, &is_there, err);
    if (status != STATUS_OK || !is_there)
        return status;
    f->report->tiles_checked++;
    bool is_front = tile->is_entries ? has_leaves(f, tile->width, nodes)
                                     : bytes_equal(builder_view(&f->bytes),
                                                   bytes_of(nodes, (size_t)tile->width * HASH_SIZE));
    if (!is_front)
        log_fsck_problem(f, "%s is not the front of its tile: remove it", name);
    return STATUS_OK;
}

static enum status check_public_name(void *context, const char *name, struct error *err)
{
    struct fsck *f = context;
    struct tile tile;
    if (leaf_format_parse_path(f->log->config.leaf_format, bytes_of_text(name), &tile, NULL) != STATUS_OK) {
        log_fsck_problem(f, "%s is not the name of a tile: remove it", name);
        return STATUS_OK;
    }
    unsigned width = tile_width(log_size(f->log), tile.level, tile.index);
    if (tile.width > width) {
        /* A writer at work is ahead of a reader. */
        if (!f->log->config.is_read_only)
            log_fsck_problem(f, "%s lies beyond the tree: find out who put it", name);
        return STATUS_OK;
    }
    if (tile.width == width || tile_end_index(&tile) <= f->log->record.min_index)
        return STATUS_OK;
    return check_old_partial(f, &tile, name, err);
}

static enum status check_private_name(void *context, const char *name, struct error *err)
{
    struct fsck *f = context;
    const struct log_record *r = &f->log->record;
    uint64_t number;
    (void)err;
    bool is_expected =
        (object_path_parse(FOLDER_STAGED, name, &number) && number <= r->batch &&
         (number > r->settled_batch || f->log->config.is_read_only)) ||
        (object_path_parse(FOLDER_BATCH, name, &number) && number <= r->batch) ||
        (object_path_parse(FOLDER_COSIGNED, name, &number) && number <= r->batch) ||
        (strcmp(name, OBJECT_FINAL) == 0 && log_is_final(f->log)) ||
        /* One may have been put by a life that ended before the record named it. */
        (object_path_parse(FOLDER_LANDMARKS, name, &number) && number <= r->landmark + 1);
    if (!is_expected && !f->log->config.is_read_only)
        log_fsck_problem(f, "%s does not belong to this log: remove it", name);
    return STATUS_OK;
}

static enum status check_names(struct fsck *f, struct error *err)
{
    static const char *const folders[] = {FOLDER_STAGED "/", FOLDER_BATCH "/", FOLDER_COSIGNED "/",
                                         FOLDER_LANDMARKS "/", FOLDER_FINAL "/"};
    const struct object_store *store = &f->log->config.public_store;
    enum status status = store->list(store->context, "tile/", check_public_name, f, err);
    store = &f->log->config.private_store;
    for (size_t i = 0; i < sizeof folders / sizeof *folders && status == STATUS_OK; i++)
        status = store->list(store->context, folders[i], check_private_name, f, err);
    return status;
}

static enum status check_all(struct fsck *f, struct error *err)
{
    enum status status = log_fsck_tree(f, err);
    if (status == STATUS_OK)
        status = check_checkpoint(f, err);
    if (status == STATUS_OK)
        status = check_final(f, err);
    if (status == STATUS_OK)
        status = check_batches(f, err);
    if (status == STATUS_OK)
        status = check_landmarks(f, err);
    if (status == STATUS_OK)
        status = check_names(f, err);
    if (status == STATUS_OK && f->report->problem_count > 0)
        status = error_set(err, STATUS_REFUSED, "%" PRIu64 " problems found",
                           f->report->problem_count);
    return status;
}

enum status log_fsck(struct log_engine *log, void (*problem)(void *context, const char *text),
                     void (*progress)(void *context, uint64_t done, uint64_t all), void *context,
                     struct log_fsck_report *report, struct error *err)
{
    *report = (struct log_fsck_report){.entries_checked = 0};
    enum status status = log_check_alive(log, err);
    if (status != STATUS_OK)
        return status;
    struct fsck *f = calloc(1, sizeof *f);
    if (f == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory to check the log");
    f->log = log;
    f->problem = problem;
    f->progress = progress;
    f->context = context;
    f->report = report;
    builder_init(&f->bytes, log_object_size_max(log));
    status = check_all(f, err);
    builder_clear(&f->bytes);
    free(f);
    return status;
}
