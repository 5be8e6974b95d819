/* What a follower keeps, in two objects of which the newer whole one counts: a torn one is known by its digest.
 *
 *   cathaya-follower v1
 *   sequence N
 *   log HEX                                  ; of kind, origin and key: another log's state is refused
 *   trusted SIZE TIME SEEN ROOT SIGNATURE    ; optional; base64
 *   head SIZE TIME SEEN ROOT SIGNATURE       ; the history, oldest first
 *   frontier SIZE HASHES                     ; entries that the listener has kept; "-": none
 *   verified SIZE
 *   landmarks BASE64                         ; optional
 *   told HEX                                 ; a finding that was told
 *   end HEX                                  ; SHA-256 of all before
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "service/log_follower/follower_internal.h"

#define FIRST_LINE "cathaya-follower v1\n"

static enum status write_log_id(const struct log_follower *f, char hex[2 * HASH_SIZE + 1], struct error *err)
{
    uint8_t digest[HASH_SIZE];
    const struct bytes parts[] = {bytes_of_text(log_kind_name(f->log.kind)), bytes_of("", 1), bytes_of_text(f->origin),
                                  bytes_of("", 1), public_key_spki(f->key)};
    if (!hash_label_sha256(parts, sizeof parts / sizeof parts[0], digest))
        return error_set(err, STATUS_NO_MEMORY, "hashing fails");
    text_hex(BYTES_OF(digest), hex);
    return STATUS_OK;
}

static void object_name(const struct log_follower *f, uint64_t sequence, char out[OBJECT_NAME_MAX + 1])
{
    (void)snprintf(out, OBJECT_NAME_MAX + 1, "%s/state-%u", f->name, (unsigned)(sequence & 1));
}

/* ---- snapshots of the frontier ---- */

void follower_snapshot(struct log_follower *f)
{
    size_t n = f->snapshot_count;
    uint64_t last = n > 0 ? f->snapshots[n - 1].size : f->saved.size;
    bool is_target = f->frontier.size == f->target_size;
    if (!is_target && f->frontier.size - last < FOLLOWER_SNAPSHOT_EVERY)
        return;
    if (n == FOLLOWER_SNAPSHOTS_MAX)
        f->snapshots[n - 1] = f->frontier;
    else
        f->snapshots[f->snapshot_count++] = f->frontier;
    struct error err;
    if (!is_target && follower_state_save(f, &err) != STATUS_OK)
        follower_round_fail(f, err.status, &err);
}

/* The newest one that the listener has kept. */
static void take_kept(struct log_follower *f)
{
    size_t count = 0;
    while (count < f->snapshot_count && f->snapshots[count].size <= f->kept_size)
        count++;
    if (count == 0)
        return;
    f->saved = f->snapshots[count - 1];
    f->snapshot_count -= count;
    memmove(&f->snapshots[0], &f->snapshots[count], f->snapshot_count * sizeof f->snapshots[0]);
    f->is_dirty = true;
}

/* ---- writing ---- */

static void write_view(const char *word, const struct view *v, struct builder *out)
{
    builder_printf(out, "%s %" PRIu64 " %" PRIu64 " %" PRIu64 " ", word, v->size, v->timestamp_ms, (uint64_t)v->seen_ms);
    text_write_base64(out, BYTES_OF(v->root));
    builder_u8(out, ' ');
    text_write_base64(out, bytes_of(v->signature, v->signature_len));
    builder_u8(out, '\n');
}

static void write_frontier(const struct frontier *frontier, struct builder *out)
{
    struct builder hashes;
    builder_init(&hashes, sizeof frontier->hashes);
    for (unsigned level = 0; level < 64; level++)
        if ((frontier->size >> level & 1) != 0)
            builder_bytes(&hashes, BYTES_OF(frontier->hashes[level]));
    builder_printf(out, "frontier %" PRIu64 " ", frontier->size);
    if (hashes.len == 0)
        builder_u8(out, '-');
    text_write_base64(out, builder_view(&hashes));
    builder_u8(out, '\n');
    builder_clear(&hashes);
}

static enum status write_all(const struct log_follower *f, struct builder *out, struct error *err)
{
    char hex[2 * HASH_SIZE + 1];
    uint8_t digest[HASH_SIZE];
    enum status s = write_log_id(f, hex, err);
    if (s != STATUS_OK)
        return s;
    builder_printf(out, FIRST_LINE "sequence %" PRIu64 "\nlog %s\n", f->state_sequence, hex);
    if (f->trusted.is_there)
        write_view("trusted", &f->trusted, out);
    for (size_t i = 0; i < f->history_count; i++)
        write_view("head", &f->history[i], out);
    write_frontier(&f->saved, out);
    builder_printf(out, "verified %" PRIu64 "\n", f->verified_size < f->saved.size ? f->verified_size : f->saved.size);
    if (f->landmarks.len > 0) {
        builder_text(out, "landmarks ");
        text_write_base64(out, builder_view(&f->landmarks));
        builder_u8(out, '\n');
    }
    for (size_t i = 0; i < f->told_count && i < FOLLOWER_TOLD_MAX; i++)
        builder_printf(out, "told %016" PRIx64 "\n", f->told[i]);
    const struct bytes all = builder_view(out);
    if (!hash_label_sha256(&all, 1, digest))
        return error_set(err, STATUS_NO_MEMORY, "hashing fails");
    text_hex(BYTES_OF(digest), hex);
    builder_printf(out, "end %s\n", hex);
    return builder_status(out, "state of a log", err);
}

enum status follower_state_save(struct log_follower *f, struct error *err)
{
    char name[OBJECT_NAME_MAX + 1];
    struct builder text;
    const struct object_store *store = &f->ports.state;
    take_kept(f);
    if (!f->is_dirty || store->put == NULL)
        return STATUS_OK;
    if (f->is_store_lost)
        return error_set(err, STATUS_IO, "state of log %s: nothing is durable any more since a sync failed; start again", f->name);
    f->state_sequence++;
    object_name(f, f->state_sequence, name);
    builder_init(&text, FOLLOWER_STATE_MAX);
    enum status s = write_all(f, &text, err);
    if (s == STATUS_OK)
        s = store->put(store->context, name, builder_view(&text), err);
    if (s == STATUS_OK) {
        s = store->sync(store->context, err);
        f->is_store_lost = s != STATUS_OK;
    }
    builder_clear(&text);
    f->is_dirty = s != STATUS_OK;
    return error_prefix(err, s, "state of log %s", f->name);
}

/* ---- reading ---- */

struct stored {
    uint64_t sequence;
    struct bytes text; /* up to the line `end` */
};

/* Whole, and what was written. */
static bool is_whole(struct bytes text, struct stored *out)
{
    const size_t end_len = 4 + 2 * HASH_SIZE + 1;
    uint8_t digest[HASH_SIZE], written[HASH_SIZE];
    struct bytes line, word, rest = text;
    if (text.len < end_len)
        return false;
    out->text = bytes_of(text.data, text.len - end_len);
    const uint8_t *end = text.data + out->text.len;
    return memcmp(end, "end ", 4) == 0 && end[end_len - 1] == '\n' &&
           text_parse_hex(bytes_of(end + 4, (size_t)2 * HASH_SIZE), written, HASH_SIZE) &&
           hash_label_sha256(&out->text, 1, digest) && memcmp(digest, written, HASH_SIZE) == 0 &&
           text_next_line(&rest, &line) && text_next_line(&rest, &line) && text_next_word(&line, &word) &&
           bytes_is_text(word, "sequence") && text_next_word(&line, &word) && text_parse_u64(word, UINT64_MAX, &out->sequence);
}

static bool next_number(struct bytes *line, uint64_t *value)
{
    struct bytes word;
    return text_next_word(line, &word) && text_parse_u64(word, UINT64_MAX, value);
}

static bool next_base64(struct bytes *line, struct builder *out)
{
    struct bytes word;
    builder_reset(out);
    return text_next_word(line, &word) && text_parse_base64(word, out) && builder_is_good(out);
}

static bool read_view(struct bytes line, struct builder *memory, struct view *out)
{
    uint64_t seen;
    struct view v = {.is_there = true};
    if (!next_number(&line, &v.size) || !next_number(&line, &v.timestamp_ms) || !next_number(&line, &seen) ||
        !next_base64(&line, memory) || memory->len != HASH_SIZE)
        return false;
    memcpy(v.root, memory->data, HASH_SIZE);
    v.seen_ms = (int64_t)seen;
    if (!next_base64(&line, memory) || (v.signature = malloc(memory->len + 1)) == NULL)
        return false;
    memcpy(v.signature, memory->data, memory->len);
    v.signature_len = memory->len;
    view_clear(out);
    *out = v;
    return true;
}

static bool read_frontier(struct bytes line, struct builder *memory, struct frontier *out)
{
    struct frontier frontier = {.size = 0};
    size_t at = 0;
    if (!next_number(&line, &frontier.size))
        return false;
    if (frontier.size > 0 && !next_base64(&line, memory))
        return false;
    if (memory->len != (size_t)__builtin_popcountll(frontier.size) * HASH_SIZE && frontier.size > 0)
        return false;
    for (unsigned level = 0; level < 64; level++)
        if ((frontier.size >> level & 1) != 0)
            memcpy(frontier.hashes[level], memory->data + HASH_SIZE * at++, HASH_SIZE);
    *out = frontier;
    return true;
}

static bool read_told(struct log_follower *f, struct bytes line)
{
    struct bytes word;
    uint8_t value[8];
    if (!text_next_word(&line, &word) || !text_parse_hex(word, value, sizeof value))
        return false;
    uint64_t mark = 0;
    for (size_t i = 0; i < sizeof value; i++)
        mark = mark << 8 | value[i];
    if (f->told_count < FOLLOWER_TOLD_MAX && !f->options.is_retelling)
        f->told[f->told_count++] = mark;
    return true;
}

static bool read_line(struct log_follower *f, struct bytes line, const char *log_id, struct builder *memory)
{
    struct bytes word;
    if (!text_next_word(&line, &word))
        return false;
    if (bytes_is_text(word, "log"))
        return bytes_is_text(line, log_id) || (text_next_word(&line, &word) && bytes_is_text(word, log_id));
    if (bytes_is_text(word, "trusted"))
        return read_view(line, memory, &f->trusted);
    if (bytes_is_text(word, "head"))
        return f->history_count < FOLLOWER_HISTORY_MAX && read_view(line, memory, &f->history[f->history_count]) &&
               ++f->history_count > 0;
    if (bytes_is_text(word, "frontier"))
        return read_frontier(line, memory, &f->saved);
    if (bytes_is_text(word, "verified"))
        return next_number(&line, &f->verified_size);
    if (bytes_is_text(word, "landmarks"))
        return next_base64(&line, &f->landmarks);
    return bytes_is_text(word, "told") ? read_told(f, line) : bytes_is_text(word, "sequence");
}

static enum status read_all(struct log_follower *f, struct bytes text, struct error *err)
{
    char log_id[2 * HASH_SIZE + 1];
    struct builder memory;
    struct bytes line, rest = text;
    enum status s = write_log_id(f, log_id, err);
    builder_init(&memory, FOLLOWER_STATE_MAX);
    if (s == STATUS_OK && (!text_next_line(&rest, &line) || !bytes_is_text(line, "cathaya-follower v1")))
        s = error_set(err, STATUS_USAGE, "state of log %s: of another program or version", f->name);
    for (unsigned number = 2; s == STATUS_OK && text_next_line(&rest, &line); number++)
        if (!read_line(f, line, log_id, &memory))
            s = error_set(err, STATUS_USAGE, "state of log %s: line %u is not what belongs there: is it the state of another log?",
                          f->name, number);
    builder_clear(&memory);
    if (s != STATUS_OK)
        return s;
    f->frontier = f->saved;
    f->kept_size = f->saved.size;
    return STATUS_OK;
}

enum status follower_state_load(struct log_follower *f, struct error *err)
{
    char name[OBJECT_NAME_MAX + 1];
    struct builder texts[2];
    struct stored stored, newest = {.sequence = 0};
    unsigned there = 0;
    enum status s = STATUS_OK;
    const struct object_store *store = &f->ports.state;
    if (store->get == NULL)
        return STATUS_OK;
    for (unsigned i = 0; i < 2; i++) {
        builder_init(&texts[i], FOLLOWER_STATE_MAX);
        object_name(f, i, name);
        enum status got = s == STATUS_OK ? store->get(store->context, name, &texts[i], err) : s;
        if (got != STATUS_OK && got != STATUS_NOT_FOUND)
            s = got;
        there += got == STATUS_OK;
        if (got == STATUS_OK && is_whole(builder_view(&texts[i]), &stored) && stored.sequence >= newest.sequence)
            newest = stored;
    }
    if (s == STATUS_OK && newest.text.len > 0) {
        f->state_sequence = newest.sequence;
        s = read_all(f, newest.text, err);
    } else if (s == STATUS_OK && there == 2) {
        /* A crash tears one. To begin anew in silence would forget which history was trusted. */
        s = error_set(err, STATUS_IO, "state of log %s: both copies are damaged: put them back, or remove them to begin anew", f->name);
    }
    builder_clear(&texts[0]);
    builder_clear(&texts[1]);
    return s;
}
