/* A batch on a worker: split, hashed, looked at entry by entry. Nothing is allocated for an entry. */
#include "service/log_follower/follower_batch.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "codec/ct/leaf.h"
#include "codec/mtc/log_entry.h"
#include "codec/tiles/entry_bundle.h"
#include "codec/x509/certificate.h"
#include "merkle/node.h"
#include "rules/precert.h"

/* With too much to tell, what is worse takes the place of what is less so: nobody shall hide a lie behind eight oddities. */
static struct batch_note *place_of(struct batch *b, enum finding_id id)
{
    if (b->note_count < FOLLOWER_NOTES_MAX)
        return &b->notes[b->note_count++];
    b->notes_left_out++;
    for (size_t i = FOLLOWER_NOTES_MAX; i > 0; i--)
        if (log_finding_severity_of(b->notes[i - 1].id) < log_finding_severity_of(id))
            return &b->notes[i - 1];
    return NULL;
}

struct batch_note *follower_batch_note(struct batch *b, enum finding_id id, const struct followed_entry *e, const char *format, ...)
{
    struct batch_note *note = place_of(b, id);
    if (note == NULL)
        return NULL;
    *note = (struct batch_note){.id = id, .index = e->index, .timestamp_ms = e->timestamp_ms};
    va_list arguments;
    va_start(arguments, format);
    int len = snprintf(note->text, sizeof note->text, "entry %" PRIu64 ": ", e->index);
    (void)vsnprintf(note->text + len, sizeof note->text - (size_t)len, format, arguments);
    va_end(arguments);
    return note;
}

/* ---- one entry ---- */

static void look_at_time(struct batch *b, const struct followed_entry *e)
{
    const struct view_limits *l = &b->limits;
    bool is_old = e->index < l->old_size;
    uint64_t head_ms = is_old ? l->old_timestamp_ms : l->new_timestamp_ms;
    struct batch_note *note = NULL;
    if (head_ms != 0 && e->timestamp_ms > head_ms)
        note = follower_batch_note(b, FINDING_ENTRY_AFTER_HEAD, e, "its time is %" PRIu64 " ms after the tree head that has it",
                                   e->timestamp_ms - head_ms);
    else if (!is_old && l->old_timestamp_ms > e->timestamp_ms && b->f->log.mmd_ms > 0 &&
             l->old_timestamp_ms - e->timestamp_ms > b->f->log.mmd_ms)
        note = follower_batch_note(b, FINDING_LATE_MERGE, e,
                                   "the tree head of %" PRIu64 " entries is %" PRIu64 " ms newer than it, and does not have it",
                                   l->old_size, l->old_timestamp_ms - e->timestamp_ms);
    else if ((int64_t)e->timestamp_ms < 0 || (int64_t)e->timestamp_ms > b->now_ms + LOG_FOLLOWER_SKEW_MS)
        (void)follower_batch_note(b, FINDING_ENTRY_FROM_FUTURE, e, "its time is %" PRIu64 " ms, and now it is %" PRId64 " ms",
                                  e->timestamp_ms, b->now_ms);
    if (note == NULL)
        return;
    note->needs_proof = true;
    note->leaf = bytes_of(e->leaf.data - LEAF_MERKLE_PREFIX_SIZE, e->leaf.len + LEAF_MERKLE_PREFIX_SIZE);
}

static void look_at_interval(struct batch *b, const struct followed_entry *e, int64_t not_after_s)
{
    const struct followed_log *log = &b->f->log;
    if (log->has_interval && (not_after_s < log->not_after_start_s || not_after_s >= log->not_after_end_s))
        (void)follower_batch_note(b, FINDING_OUTSIDE_INTERVAL, e, "notAfter %" PRId64 " is outside of the log's interval", not_after_s);
}

/* What the leaf says has to be what the precertificate says [RFC6962 3.2]. */
static void look_at_precert(struct batch *b, struct followed_entry *e, const struct certificate *precert)
{
    struct error err = {.text = ""};
    builder_reset(&b->tbs);
    enum status s = precert_write_tbs(precert, &b->tbs, &err);
    e->is_other = s != STATUS_OK || !bytes_equal(builder_view(&b->tbs), e->tbs);
    if (s != STATUS_OK)
        (void)follower_batch_note(b, FINDING_PRECERT_MISMATCH, e, "what was submitted is no precertificate: %.120s", err.text);
    else if (e->is_other)
        (void)follower_batch_note(b, FINDING_PRECERT_MISMATCH, e, "the TBSCertificate in the leaf is not that of the precertificate");
}

static void look_at_certificate(struct batch *b, struct followed_entry *e)
{
    struct certificate certificate;
    struct error err = {.text = ""};
    /* A certificate that cannot be read is the listener's to tell: CAs make them, not logs. Of a precertificate the listener reads
     * what the leaf has; what stands beside it is nobody's word until it is compared. */
    if (certificate_parse(e->certificate, &certificate, &err) != STATUS_OK) {
        e->is_other = e->type == LEAF_PRECERT;
        if (e->is_other)
            (void)follower_batch_note(b, FINDING_PRECERT_MISMATCH, e, "what was submitted cannot be read: %.120s", err.text);
        return;
    }
    look_at_interval(b, e, certificate.not_after_s);
    if (e->type == LEAF_PRECERT)
        look_at_precert(b, e, &certificate);
}

/* rfc6962: the chain is there; the issuer of most entries is that of the one before. */
static void look_at_issuer(struct batch *b, const struct followed_entry *e)
{
    struct reader r;
    struct bytes issuer;
    struct certificate certificate;
    reader_init(&r, e->chain);
    if (b->f->log.kind != LOG_KIND_RFC6962 || e->type != LEAF_PRECERT || !leaf_chain_next(&r, &issuer))
        return;
    if (!bytes_equal(issuer, b->issuer)) {
        b->issuer = issuer;
        b->has_issuer = certificate_parse(issuer, &certificate, NULL) == STATUS_OK;
        if (b->has_issuer)
            precert_key_hash(&b->hasher, certificate.spki, b->issuer_key_hash);
    }
    if (b->has_issuer && !bytes_equal(e->issuer_key_hash, BYTES_OF(b->issuer_key_hash)))
        (void)follower_batch_note(b, FINDING_PRECERT_MISMATCH, e, "issuer_key_hash is not that of the issuer in its chain");
}

static void look_at(struct batch *b, struct followed_entry *e)
{
    if (e->is_malformed)
        return;
    if (follower_is_ct(b->f))
        look_at_time(b, e);
    if (e->certificate.len > 0)
        look_at_certificate(b, e);
    look_at_issuer(b, e);
}

/* ---- splitting ---- */

static void take_leaf(const struct leaf *leaf, struct followed_entry *e)
{
    e->type = leaf->type;
    e->timestamp_ms = leaf->timestamp_ms;
    if (leaf->type == LEAF_X509) {
        e->certificate = leaf->certificate;
    } else if (leaf->type == LEAF_PRECERT) {
        e->tbs = leaf->tbs;
        e->issuer_key_hash = leaf->issuer_key_hash;
    } else if (leaf->type == LEAF_TBS_CERT) {
        struct log_entry entry;
        e->issuer_key_hash = leaf->mtc.ca_key_hash;
        if (log_entry_parse(leaf->mtc.entry, &entry, NULL) == STATUS_OK)
            e->tbs = entry.data;
    }
}

/* The leaf with the two bytes that stand before it in the tree, in memory that does not move. */
static struct bytes copy_leaf(struct batch *b, struct bytes timestamped)
{
    size_t at = b->memory.len;
    builder_u16(&b->memory, 0);
    builder_bytes(&b->memory, timestamped);
    return bytes_of(b->memory.data + at, timestamped.len + LEAF_MERKLE_PREFIX_SIZE);
}

/* How long an entry of an unknown type is nobody can tell: it and those behind it have their hashes alone. */
static enum status leave_rest(struct batch *b, unsigned at, const struct leaf_tile *unknown)
{
    size_t first = at < b->skip ? 0 : at - b->skip;
    b->split_count = first;
    for (size_t i = first; i < b->count; i++)
        b->entries[i] = (struct followed_entry){.index = b->start + i, .type = UINT16_MAX, .is_malformed = true};
    struct followed_entry one = {.index = b->start - b->skip + at, .type = unknown->leaf.type};
    if (at >= b->skip) {
        b->entries[first].type = unknown->leaf.type;
        b->entries[first].timestamp_ms = unknown->leaf.timestamp_ms;
    }
    (void)follower_batch_note(b, FINDING_UNKNOWN_ENTRY_TYPE, &one, "of type %04x: it and the entries behind it in its tile cannot be read",
                              one.type);
    return b->hash_tile.len == 0 ? STATUS_AGAIN : STATUS_OK;
}

static enum status split_data_tile(struct batch *b, struct bytes *messages)
{
    struct reader r;
    struct leaf_tile leaf;
    reader_init(&r, builder_view(&b->body));
    if (builder_space(&b->memory, b->body.len + (size_t)LEAF_MERKLE_PREFIX_SIZE * TILE_WIDTH) == NULL)
        return builder_status(&b->memory, "entries", &b->err);
    builder_reset(&b->memory);
    for (unsigned i = 0; i < b->width; i++) {
        enum status s = leaf_tile_next(&r, &leaf, &b->err);
        if (s == STATUS_NOT_FOUND)
            return error_set(&b->err, STATUS_MALFORMED, "data tile: %u entries, and %u are expected", i, b->width);
        if (s == STATUS_REFUSED)
            return leave_rest(b, i, &leaf);
        if (s != STATUS_OK)
            return s;
        if (i < b->skip)
            continue;
        struct followed_entry *e = &b->entries[i - b->skip];
        *e = (struct followed_entry){.index = b->start + i - b->skip, .chain = leaf.chain};
        take_leaf(&leaf.leaf, e);
        if (e->type == LEAF_PRECERT)
            e->certificate = leaf.pre_certificate;
        messages[i - b->skip] = copy_leaf(b, leaf.timestamped);
        e->leaf = leaf.timestamped;
        e->leaf.data = messages[i - b->skip].data + LEAF_MERKLE_PREFIX_SIZE;
    }
    /* A full tile that stands in for a partial one goes on. */
    return b->is_full_tried || reader_is_at_end(&r) ? STATUS_OK
                                                    : error_set(&b->err, STATUS_MALFORMED, "data tile: more than %u entries", b->width);
}

static enum status split_entry_bundle(struct batch *b, struct bytes *messages)
{
    struct reader r;
    struct bytes bytes;
    struct log_entry entry;
    reader_init(&r, builder_view(&b->body));
    for (unsigned i = 0; i < b->width; i++) {
        if (!entry_bundle_next(&r, &bytes))
            return error_set(&b->err, STATUS_MALFORMED, "entry bundle: %u entries, and %u are expected", i, b->width);
        if (i < b->skip)
            continue;
        struct followed_entry *e = &b->entries[i - b->skip];
        *e = (struct followed_entry){.index = b->start + i - b->skip, .leaf = bytes, .type = UINT16_MAX};
        messages[i - b->skip] = bytes;
        e->is_malformed = log_entry_parse(bytes, &entry, &b->err) != STATUS_OK;
        if (e->is_malformed) {
            (void)follower_batch_note(b, FINDING_MALFORMED_ENTRY, e, "%.160s", b->err.text);
            continue;
        }
        e->type = entry.type;
        e->tbs = entry.data;
        if (entry.type != LOG_ENTRY_NULL && entry.type != LOG_ENTRY_TBS_CERT)
            (void)follower_batch_note(b, FINDING_UNKNOWN_ENTRY_TYPE, e, "of type %u", entry.type);
    }
    return b->is_full_tried || reader_is_at_end(&r) ? STATUS_OK
                                                    : error_set(&b->err, STATUS_MALFORMED, "entry bundle: more than %u entries", b->width);
}

static void split_extra(struct batch *b, struct bytes extra_data, struct followed_entry *e)
{
    struct leaf_extra extra;
    if (leaf_extra_parse(e->type, extra_data, &extra, &b->err) != STATUS_OK) {
        (void)follower_batch_note(b, FINDING_MALFORMED_ENTRY, e, "extra_data: %.140s", b->err.text);
        return;
    }
    e->chain = extra.chain;
    if (e->type == LEAF_PRECERT)
        e->certificate = extra.pre_certificate;
}

static enum status split_json(struct batch *b, struct bytes *messages)
{
    enum status s = ct_json_parse_entries(builder_view(&b->body), &b->json, &b->err);
    if (s != STATUS_OK)
        return s;
    b->has_json = true;
    b->count = b->json.count < b->asked ? b->json.count : b->asked;
    for (size_t i = 0; i < b->count; i++) {
        struct bytes input = b->json.items[i].leaf_input;
        struct followed_entry *e = &b->entries[i];
        struct leaf leaf = {.type = UINT16_MAX};
        *e = (struct followed_entry){.index = b->start + i, .leaf = input};
        messages[i] = input;
        s = leaf_parse(input, &leaf, &b->err);
        e->is_malformed = s != STATUS_OK;
        if (input.len >= LEAF_MERKLE_PREFIX_SIZE)
            e->leaf = bytes_of(input.data + LEAF_MERKLE_PREFIX_SIZE, input.len - LEAF_MERKLE_PREFIX_SIZE);
        e->type = leaf.type;
        e->timestamp_ms = leaf.timestamp_ms;
        if (s == STATUS_REFUSED) {
            (void)follower_batch_note(b, FINDING_UNKNOWN_ENTRY_TYPE, e, "%.160s", b->err.text);
        } else if (s != STATUS_OK) {
            (void)follower_batch_note(b, FINDING_MALFORMED_ENTRY, e, "%.160s", b->err.text);
        } else {
            take_leaf(&leaf, e);
            split_extra(b, b->json.items[i].extra_data, e);
        }
    }
    return STATUS_OK;
}

/* ---- all of it ---- */

/* The root of a full tile, so that whoever puts batches together hashes little. */
static void fold(struct batch *b)
{
    uint8_t row[TILE_WIDTH][HASH_SIZE];
    memcpy(row, b->leaf_hashes, sizeof row);
    for (size_t count = TILE_WIDTH; count > 1; count /= 2)
        node_pairs(&b->hasher, row[0], count / 2, row);
    memcpy(b->root, row[0], HASH_SIZE);
    b->has_root = true;
}

static enum status split(struct batch *b, struct bytes *messages)
{
    switch (b->f->log.kind) {
    case LOG_KIND_STATIC_CT:
        return split_data_tile(b, messages);
    case LOG_KIND_MTC:
        return split_entry_bundle(b, messages);
    case LOG_KIND_RFC6962:
        return split_json(b, messages);
    }
    return STATUS_USAGE;
}

void follower_batch_run(void *cookie)
{
    struct batch *b = cookie;
    struct bytes messages[LOG_FEED_BATCH_MAX];
    b->note_count = b->notes_left_out = 0;
    b->has_root = false;
    b->issuer = bytes_of(NULL, 0);
    b->has_issuer = false;
    b->view = (struct followed_batch){.start = b->start, .entries = b->entries, .hash = b->f->log.hash};
    b->split_count = SIZE_MAX;
    b->status = split(b, messages);
    if (b->status != STATUS_OK)
        return;
    size_t hashed = b->count < b->split_count ? b->count : b->split_count;
    hasher_many(&b->hasher, 0x00, messages, hashed, b->leaf_hashes);
    if (hashed < b->count)
        memcpy(b->leaf_hashes[hashed], b->hash_tile.data + (b->skip + hashed) * HASH_SIZE, (b->count - hashed) * HASH_SIZE);
    if (b->count == TILE_WIDTH && b->start % TILE_WIDTH == 0)
        fold(b);
    for (size_t i = 0; i < b->count; i++) {
        b->entries[i].leaf_hash = b->leaf_hashes[i];
        look_at(b, &b->entries[i]);
    }
    b->view.count = b->count;
    b->status = hasher_status(&b->hasher, &b->err);
    if (b->status == STATUS_OK && b->f->callbacks.look != NULL)
        b->view.look_result = b->f->callbacks.look(b->f->cookie, &b->view);
}

void follower_batch_reset(struct batch *b)
{
    if (b->view.look_result != NULL && b->f->callbacks.drop != NULL)
        b->f->callbacks.drop(b->f->cookie, b->view.look_result);
    b->view.look_result = NULL;
    if (b->has_json)
        ct_json_entries_clear(&b->json);
    b->has_json = false;
    builder_reset(&b->hash_tile);
    b->state = SLOT_FREE;
}

enum status follower_batch_init(struct batch *b, struct log_follower *f, struct error *err)
{
    size_t body_max = f->log.kind == LOG_KIND_RFC6962 ? CT_JSON_ENTRIES_MAX : FOLLOWER_BUNDLE_MAX;
    b->f = f;
    builder_init(&b->body, body_max);
    builder_init(&b->memory, body_max + (size_t)LEAF_MERKLE_PREFIX_SIZE * TILE_WIDTH);
    builder_init(&b->tbs, CERTIFICATE_SIZE_MAX);
    builder_init(&b->hash_tile, TILE_SIZE_MAX);
    b->leaf_hashes = calloc(LOG_FEED_BATCH_MAX, HASH_SIZE);
    b->entries = calloc(LOG_FEED_BATCH_MAX, sizeof *b->entries);
    if (b->leaf_hashes == NULL || b->entries == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status s = hasher_init(&b->hasher, f->log.hash, err);
    b->has_hasher = s == STATUS_OK;
    return s;
}

void follower_batch_clear(struct batch *b)
{
    if (b->f == NULL)
        return;
    follower_batch_reset(b);
    builder_clear(&b->body);
    builder_clear(&b->memory);
    builder_clear(&b->tbs);
    builder_clear(&b->hash_tile);
    free(b->leaf_hashes);
    free(b->entries);
    if (b->has_hasher)
        hasher_clear(&b->hasher);
    *b = (struct batch){.state = SLOT_FREE};
}
