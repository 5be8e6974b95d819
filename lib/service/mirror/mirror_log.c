/* One mirrored log: opening, its record, its end. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/mirror/mirror_internal.h"

/* ---- answers ---- */

void mirror_answer_init(struct mirror_answer *answer)
{
    *answer = (struct mirror_answer){.content_type = "text/plain; charset=utf-8"};
    builder_init(&answer->body, NOTE_SIZE_MAX);
}

void mirror_answer_clear(struct mirror_answer *answer)
{
    builder_clear(&answer->body);
}

void mirror_answer_text(struct mirror_answer *answer, int status, const char *format, ...)
{
    char text[ERROR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    answer->status = status;
    answer->content_type = "text/plain; charset=utf-8";
    builder_reset(&answer->body);
    builder_printf(&answer->body, "%s\n", text);
}

/* ---- the record ---- */

enum status mirror_log_die(struct mirror_log *log, enum status status, struct error *err)
{
    if (!log->is_dead) {
        log->failure = *err;
        log->failure.status = status;
        __atomic_store_n(&log->is_dead, true, __ATOMIC_RELEASE);
        events_report(&log->mirror->events, EVENT_ERROR, "mirror-log-stopped",
                      {"origin", log->config.origin}, {"reason", err->text});
    }
    return status;
}

void mirror_log_fail(struct mirror_log *log, enum status status, const struct error *err,
                     struct mirror_answer *answer)
{
    events_report(&log->mirror->events, EVENT_ERROR, "mirror-failed",
                  {"origin", log->config.origin}, {"reason", err->text});
    /* The reason may name files: it is the operator's. */
    mirror_answer_text(answer, status == STATUS_NO_MEMORY ? 503 : 500, "internal failure");
}

static enum status read_record(struct mirror_log *log, struct error *err)
{
    builder_reset(&log->record_memory);
    enum status status = mirror_record_parse(builder_view(&log->record_text), &log->record_memory,
                                             &log->record, err);
    if (status == STATUS_MALFORMED)
        return error_set(err, STATUS_REFUSED, "the record of %s is damaged: restore it from a backup",
                         log->config.origin);
    return status;
}

enum status mirror_log_swap(struct mirror_log *log, const struct mirror_record *next,
                            struct error *err)
{
    const struct record_store *store = &log->config.record;
    struct builder text;
    builder_init(&text, RECORD_MAX);
    enum status status = mirror_record_write(next, &text, err);
    if (status != STATUS_OK) {
        builder_clear(&text);
        return status;
    }
    status = store->swap(store->context, builder_view(&log->record_text), builder_view(&text), err);
    if (status == STATUS_OK) {
        builder_clear(&log->record_text);
        log->record_text = text;
        status = read_record(log, err);
    } else {
        builder_clear(&text);
    }
    return status == STATUS_OK ? status : mirror_log_die(log, status, err);
}

/* ---- opening ---- */

void mirror_log_remember_pending(struct mirror_log *log)
{
    if (log->record.pending.note.len == 0)
        return;
    struct mirror_recent *slot = &log->recent[log->recent_next++ % MIRROR_RECENT_MAX];
    slot->size = log->record.pending.size;
    memcpy(slot->root, log->record.pending.root, HASH_SIZE);
    builder_reset(&slot->note);
    builder_bytes(&slot->note, log->record.pending.note);
}

static enum status create_record(struct mirror_log *log, struct error *err)
{
    struct mirror_record first = {.origin = bytes_of_text(log->config.origin),
                                  .hash = log->config.hash};
    node_empty_hash(&log->hasher, first.stored_root);
    builder_reset(&log->record_text);
    enum status status = hasher_status(&log->hasher, err);
    return status == STATUS_OK ? mirror_log_swap(log, &first, err) : status;
}

static enum status load(struct mirror_log *log, struct error *err)
{
    const struct record_store *store = &log->config.record;
    enum status status = store->load(store->context, &log->record_text, err);
    if (status == STATUS_NOT_FOUND)
        return create_record(log, err);
    if (status == STATUS_OK)
        status = read_record(log, err);
    if (status == STATUS_OK && (!bytes_is_text(log->record.origin, log->config.origin) ||
                                log->record.hash != log->config.hash))
        return error_set(err, STATUS_REFUSED, "the record is of another log than %s with %s",
                         log->config.origin, log->config.hash->name);
    return status;
}

struct tree_read mirror_log_reading(struct mirror_log *log)
{
    return (struct tree_read){.store = &log->config.tiles,
                              .format = &leaf_format_mtc,
                              .hasher = &log->hasher,
                              .scratch = &log->scratch,
                              .min_index = log->record.min_index,
                              .cache = &log->cache,
                              .edge = log->edge};
}

/* What is served may be lost or torn, and is made again from what the record has committed to. */
static enum status publish_again(struct mirror_log *log, enum mirror_role role,
                                 const struct object_store *store, const struct mirror_point *point,
                                 struct error *err)
{
    struct builder lines;
    if (store->put == NULL || point->note.len == 0 || !mirror_cosign_has_role(log->mirror, role))
        return STATUS_OK;
    builder_init(&lines, NOTE_SIZE_MAX);
    enum status status = mirror_cosign_checkpoint(log, role, point, &lines, err);
    if (status == STATUS_OK)
        status = mirror_cosign_publish(log, store, point, builder_view(&lines), err);
    builder_clear(&lines);
    return status;
}

static enum status open_state(struct mirror_log *log, struct error *err)
{
    enum status status = load(log, err);
    if (status != STATUS_OK)
        return status;
    struct tree_read t = mirror_log_reading(log);
    status = tree_read_edge(&t, log->record.stored_size, log->record.stored_root, log->edge, err);
    if (status == STATUS_OK)
        status = publish_again(log, MIRROR_ROLE_MIRROR, &log->config.tiles, &log->record.mirrored, err);
    if (status == STATUS_OK)
        status = publish_again(log, MIRROR_ROLE_WITNESS, &log->config.witness, &log->record.pending,
                               err);
    if (status == STATUS_OK)
        mirror_log_remember_pending(log);
    return status;
}

static void make_metrics(struct mirror_log *log)
{
    struct metrics *m = log->mirror->metrics;
    struct mirror_log_metrics *out = &log->metrics;
    const char *labels = log->labels;
    if (m == NULL)
        return;
    out->pending_size = metrics_gauge(m, "cathaya_mirror_pending_size", labels,
                                      "Size of the newest checkpoint of the log that was seen.");
    out->mirrored_size = metrics_gauge(m, "cathaya_mirror_mirrored_size", labels,
                                       "Size of the newest checkpoint that is stored and cosigned.");
    out->stored_size =
        metrics_gauge(m, "cathaya_mirror_stored_size", labels, "Entries that are stored.");
    out->witnessed = metrics_counter(m, "cathaya_mirror_checkpoints_total", labels,
                                     "Checkpoints taken by add-checkpoint.");
    out->cosigned = metrics_counter(m, "cathaya_mirror_cosigned_total", labels,
                                    "Uploads that ended with a cosignature.");
    out->subtrees =
        metrics_counter(m, "cathaya_mirror_subtrees_total", labels, "Subtrees that were cosigned.");
    out->entries =
        metrics_counter(m, "cathaya_mirror_entries_total", labels, "Entries that were stored.");
    out->refused = metrics_counter(m, "cathaya_mirror_refused_total", labels,
                                   "Requests that a proof or a signature did not support.");
    out->evidence = metrics_counter(m, "cathaya_mirror_evidence_total", labels,
                                    "Files of evidence that were kept.");
}

void mirror_log_show(struct mirror_log *log)
{
    if (log->record.pending.note.len > 0)
        __atomic_store_n(&log->has_checkpoint, true, __ATOMIC_RELEASE);
    if (log->mirror->metrics == NULL)
        return;
    metric_set(log->metrics.pending_size, (double)log->record.pending.size);
    metric_set(log->metrics.mirrored_size, (double)log->record.mirrored.size);
    metric_set(log->metrics.stored_size, (double)mirror_log_next_entry(log));
}

static void init(struct mirror_log *log)
{
    builder_init(&log->record_text, RECORD_MAX);
    builder_init(&log->record_memory, RECORD_MAX);
    builder_init(&log->scratch, ENTRY_BUNDLE_SIZE_MAX);
    tree_edge_init(&log->edges[0], &leaf_format_mtc);
    tree_edge_init(&log->edges[1], &leaf_format_mtc);
    log->edge = &log->edges[0];
    log->next_edge = &log->edges[1];
    for (size_t i = 0; i < MIRROR_RECENT_MAX; i++)
        builder_init(&log->recent[i].note, NOTE_SIZE_MAX);
}

static enum status make_labels(struct mirror_log *log, struct error *err)
{
    size_t size = strlen(log->config.origin) + sizeof "origin=\"\"";
    log->labels = malloc(size);
    if (log->labels == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a mirrored log");
    (void)snprintf(log->labels, size, "origin=\"%s\"", log->config.origin);
    return STATUS_OK;
}

enum status mirror_log_open(const struct mirror_config *mirror,
                            const struct mirror_log_config *config, struct mirror_log **out,
                            struct error *err)
{
    struct mirror_log *log = calloc(1, sizeof *log);
    *out = NULL;
    if (log == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a mirrored log");
    log->mirror = mirror;
    log->config = *config;
    init(log);
    enum status status = hasher_init(&log->hasher, config->hash, err);
    if (status == STATUS_OK)
        status = tile_cache_init(&log->cache, err);
    if (status == STATUS_OK)
        status = make_labels(log, err);
    if (status == STATUS_OK)
        status = open_state(log, err);
    if (status != STATUS_OK) {
        mirror_log_free(log);
        return error_prefix(err, status, "mirror of %s", config->origin);
    }
    make_metrics(log);
    mirror_log_show(log);
    *out = log;
    return STATUS_OK;
}

enum status mirror_log_revive(struct mirror_log **log, struct error *err)
{
    struct mirror_log *old = *log, *next;
    const struct mirror_config *mirror = old->mirror;
    struct mirror_log_config config = old->config;
    enum status status = mirror->reopen(mirror->context, &config, err);
    if (status == STATUS_OK)
        status = mirror_log_open(mirror, &config, &next, err);
    if (status != STATUS_OK)
        return status;
    /* The metrics are the same ones. */
    free(next->labels);
    next->labels = old->labels;
    old->labels = NULL;
    *log = next;
    mirror_log_free(old);
    events_report(&mirror->events, EVENT_INFO, "mirror-log-reopened", {"origin", next->config.origin});
    return STATUS_OK;
}

void mirror_log_free(struct mirror_log *log)
{
    if (log == NULL)
        return;
    hasher_clear(&log->hasher);
    builder_clear(&log->record_text);
    builder_clear(&log->record_memory);
    builder_clear(&log->scratch);
    tree_edge_clear(&log->edges[0]);
    tree_edge_clear(&log->edges[1]);
    tree_growth_clear(&log->growth);
    tile_cache_clear(&log->cache);
    for (size_t i = 0; i < MIRROR_RECENT_MAX; i++)
        builder_clear(&log->recent[i].note);
    free(log->labels);
    free(log);
}
