#include "codec/revocations/revocations.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "base/text.h"
#include "codec/note/checkpoint.h"
#include "codec/note/note_key.h"

#define INDEX_MAX (((uint64_t)1 << 48) - 1)
#define TIME_MAX ((uint64_t)INT64_MAX)
#define REASON_MAX 10

void revocations_init(struct revocations *r)
{
    *r = (struct revocations){.ranges = array_of(sizeof(struct revocation), REVOCATIONS_MAX)};
}

void revocations_clear(struct revocations *r)
{
    array_clear(&r->ranges);
}

/* ---- writing ---- */

static bool is_ordered(const struct revocation *before, const struct revocation *range)
{
    return range->first <= range->last && range->last <= INDEX_MAX && range->reason >= 0 &&
           range->reason <= REASON_MAX && range->revoked_s >= 0 && (before == NULL || range->first > before->last);
}

enum status revocations_write_text(const struct revocations *r, struct builder *out, struct error *err)
{
    builder_bytes(out, r->origin);
    builder_printf(out, "\nrevocations %" PRIu64 " %" PRId64 " %" PRId64 "\nminimum-index %" PRIu64 "\n",
                   r->sequence, r->issued_s, r->next_s, r->minimum_index);
    const struct revocation *before = NULL;
    for (size_t i = 0; i < r->ranges.count; i++) {
        const struct revocation *range = array_at(&r->ranges, i);
        if (!is_ordered(before, range))
            return error_set(err, STATUS_USAGE, "revocations: range %zu is not in order", i);
        builder_printf(out, "%" PRIu64 " %" PRIu64 " %d %" PRId64 "\n", range->first, range->last,
                       range->reason, range->revoked_s);
        before = range;
    }
    return builder_status(out, "revocations", err);
}

void revocations_write_message(struct bytes text, struct builder *out)
{
    builder_text(out, REVOCATIONS_LABEL);
    builder_bytes(out, text);
}

/* ---- reading ---- */

/* The next word of a line: up to one space, or to its end. */
static bool next_number(struct reader *line, uint64_t max, uint64_t *out)
{
    struct bytes word;
    if (reader_until(line, ' ', &word))
        return !reader_is_at_end(line) && text_parse_u64(word, max, out);
    word = reader_rest(line);
    return word.len > 0 && text_parse_u64(word, max, out) && reader_skip(line, word.len);
}

static bool next_word_is(struct reader *line, const char *word)
{
    struct bytes found;
    return reader_until(line, ' ', &found) && bytes_is_text(found, word);
}

static bool read_header(struct reader *r, struct revocations *out)
{
    struct reader line;
    uint64_t issued, next;
    if (!reader_line(r, &line) || reader_is_at_end(&line))
        return false;
    out->origin = reader_rest(&line);
    if (!reader_line(r, &line) || !next_word_is(&line, "revocations") ||
        !next_number(&line, UINT64_MAX, &out->sequence) || !next_number(&line, TIME_MAX, &issued) ||
        !next_number(&line, TIME_MAX, &next) || !reader_is_at_end(&line) || next < issued)
        return false;
    out->issued_s = (int64_t)issued;
    out->next_s = (int64_t)next;
    return reader_line(r, &line) && next_word_is(&line, "minimum-index") &&
           next_number(&line, INDEX_MAX + 1, &out->minimum_index) && reader_is_at_end(&line);
}

static bool read_range(struct reader *r, struct revocation *out)
{
    struct reader line;
    uint64_t reason, revoked;
    if (!reader_line(r, &line) || !next_number(&line, INDEX_MAX, &out->first) ||
        !next_number(&line, INDEX_MAX, &out->last) || !next_number(&line, REASON_MAX, &reason) ||
        !next_number(&line, TIME_MAX, &revoked) || !reader_is_at_end(&line))
        return false;
    out->reason = (int)reason;
    out->revoked_s = (int64_t)revoked;
    return true;
}

enum status revocations_parse_text(struct bytes text, struct revocations *out, struct error *err)
{
    struct reader r;
    struct revocation range, before;
    reader_init(&r, text);
    if (!read_header(&r, out))
        return error_at(err, STATUS_MALFORMED, reader_offset(&r), "revocations: bad origin, revocations or minimum-index line");
    while (!reader_is_at_end(&r)) {
        size_t offset = reader_offset(&r);
        if (!read_range(&r, &range) || !is_ordered(out->ranges.count > 0 ? &before : NULL, &range))
            return error_at(err, STATUS_MALFORMED, offset, "revocations: a bad range, or not in order");
        enum status s = array_insert(&out->ranges, out->ranges.count, &range, "revocations", err);
        if (s != STATUS_OK)
            return s;
        before = range;
    }
    return STATUS_OK;
}

enum status revocations_key_id(struct bytes name, const struct public_key *key,
                               uint8_t out[NOTE_KEY_ID_SIZE], struct error *err)
{
    const char *oid = public_key_alg(key)->oid;
    const uint8_t type[] = {'\n', NOTE_KEY_OTHER};
    const struct bytes parts[] = {name, BYTES_OF(type), bytes_of_text("mtc-revocations/v1/"), bytes_of_text(oid),
                                  bytes_of_text("\n"), public_key_spki(key)};
    uint8_t digest[HASH_SIZE];
    if (!note_is_name(name))
        return error_set(err, STATUS_USAGE, "key name of a note: empty, or with spaces, controls or \"+\"");
    if (!hash_label_sha256(parts, sizeof parts / sizeof parts[0], digest))
        return error_set(err, STATUS_NO_MEMORY, "key ID of revocations: hashing failed");
    memcpy(out, digest, NOTE_KEY_ID_SIZE);
    return STATUS_OK;
}

/* Every line of the CA's key must verify, and there is one. */
static enum status verify(const struct note *note, struct bytes name, const struct public_key *key,
                          struct error *err)
{
    uint8_t key_id[NOTE_KEY_ID_SIZE];
    struct builder message, payload;
    const struct note_signature *signature;
    size_t at = 0, count = 0;
    builder_init(&message, REVOCATIONS_SIZE_MAX + sizeof REVOCATIONS_LABEL);
    builder_init(&payload, SIGNATURE_SIZE_MAX);
    revocations_write_message(note->text, &message);
    enum status s = builder_status(&message, "revocations", err);
    if (s == STATUS_OK)
        s = revocations_key_id(name, key, key_id, err);
    while (s == STATUS_OK && (signature = note_find(note, name, key_id, &at)) != NULL) {
        builder_reset(&payload);
        s = note_signature_payload(signature, &payload, err);
        if (s == STATUS_OK)
            s = public_key_verify(key, builder_view(&message), builder_view(&payload), err);
        count++;
    }
    if (s == STATUS_OK && count == 0)
        s = error_set(err, STATUS_REFUSED, "revocations: not signed by the CA");
    builder_clear(&payload);
    builder_clear(&message);
    return s;
}

enum status revocations_read(struct bytes file, struct bytes name, const struct public_key *key,
                             struct revocations *out, struct error *err)
{
    struct note *note = calloc(1, sizeof *note);
    if (note == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status s = note_parse(file, note, err);
    if (s == STATUS_OK)
        s = verify(note, name, key, err);
    if (s == STATUS_OK)
        s = revocations_parse_text(note->text, out, err);
    free(note);
    return s;
}

static int compare_index(const void *key, const void *item)
{
    uint64_t index = *(const uint64_t *)key;
    const struct revocation *range = item;
    return index < range->first ? -1 : index > range->last ? 1 : 0;
}

bool revocations_contain(const struct revocations *r, uint64_t index)
{
    size_t at;
    return index < r->minimum_index || array_find(&r->ranges, &index, compare_index, &at);
}
