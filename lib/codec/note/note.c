#include "codec/note/note.h"

#include <string.h>

#include "base/reader.h"
#include "base/text.h"
#include "codec/note/utf8.h"

#define EM_DASH_SPACE "\xe2\x80\x94 "
/* Base64 is checked in pieces, so that nothing is allocated. */
#define BASE64_PIECE 256
#define BASE64_PIECE_DECODED (BASE64_PIECE / 4 * 3)

bool note_is_line(struct bytes line)
{
    struct reader r;
    reader_init(&r, line);
    uint32_t code;
    while (!reader_is_at_end(&r))
        if (!utf8_next(&r, &code) || code < 0x20)
            return false;
    return true;
}

bool note_is_name(struct bytes name)
{
    struct reader r;
    reader_init(&r, name);
    uint32_t code;
    while (!reader_is_at_end(&r))
        if (!utf8_next(&r, &code) || code < 0x20 || code == '+' || utf8_is_space(code))
            return false;
    return name.len > 0;
}

/* Checks the base64 and copies the key ID out of its first piece. */
static bool parse_base64(struct bytes base64, uint8_t key_id[NOTE_KEY_ID_SIZE])
{
    struct reader r;
    reader_init(&r, base64);
    size_t total = 0;
    while (!reader_is_at_end(&r)) {
        size_t len = reader_left(&r) < BASE64_PIECE ? reader_left(&r) : BASE64_PIECE;
        struct bytes piece;
        uint8_t decoded[BASE64_PIECE_DECODED];
        struct builder b;
        builder_init_fixed(&b, decoded, sizeof decoded);
        if (!reader_bytes(&r, len, &piece) || !text_parse_base64(piece, &b))
            return false;
        /* Padding belongs to the end of the whole. */
        if (!reader_is_at_end(&r) && b.len != sizeof decoded)
            return false;
        if (total == 0 && b.len > NOTE_KEY_ID_SIZE)
            memcpy(key_id, decoded, NOTE_KEY_ID_SIZE);
        total += b.len;
    }
    return total > NOTE_KEY_ID_SIZE;
}

static enum status parse_signature(struct reader *line, size_t number, struct note_signature *out,
                                   struct error *err)
{
    struct bytes dash;
    if (!reader_bytes(line, sizeof EM_DASH_SPACE - 1, &dash) || !bytes_is_text(dash, EM_DASH_SPACE))
        return error_set(
            err, STATUS_MALFORMED,
            "note, line %zu: signature line does not start with an em dash and a space", number);
    if (!reader_until(line, ' ', &out->name) || !note_is_name(out->name))
        return error_set(err, STATUS_MALFORMED,
                         "note, line %zu: no key name, or one with spaces, controls or \"+\"",
                         number);
    out->base64 = reader_rest(line);
    if (!parse_base64(out->base64, out->key_id))
        return error_set(err, STATUS_MALFORMED,
                         "note, line %zu: not canonical base64 of a key ID and a signature",
                         number);
    return STATUS_OK;
}

static enum status no_line_end(size_t number, struct error *err)
{
    return error_set(err, STATUS_MALFORMED, "note, line %zu: no newline at its end", number);
}

/* The signature lines from r to its end; `number` is the number of the line before them. */
static enum status parse_signatures(struct reader *r, size_t number, struct note *out,
                                    struct error *err)
{
    out->signature_count = 0;
    while (!reader_is_at_end(r)) {
        struct reader line;
        number++;
        if (!reader_line(r, &line))
            return no_line_end(number, err);
        if (out->signature_count == NOTE_SIGNATURES_MAX)
            return error_set(err, STATUS_LIMIT, "note, line %zu: more than %d signatures", number,
                             NOTE_SIGNATURES_MAX);
        enum status status =
            parse_signature(&line, number, &out->signatures[out->signature_count], err);
        if (status != STATUS_OK)
            return status;
        out->signature_count++;
    }
    if (out->signature_count == 0)
        return error_set(err, STATUS_MALFORMED, "note, line %zu: no signature follows", number);
    return STATUS_OK;
}

/* Goes through all lines: text_len is the length before the last empty line, `number` its number. */
static enum status find_last_empty_line(struct bytes input, size_t *text_len, size_t *number,
                                        struct error *err)
{
    struct reader r, line;
    reader_init(&r, input);
    *number = 0;
    for (size_t at = 1; !reader_is_at_end(&r); at++) {
        size_t start = reader_offset(&r);
        if (!reader_line(&r, &line))
            return no_line_end(at, err);
        if (!note_is_line(reader_rest(&line)))
            return error_set(err, STATUS_MALFORMED,
                             "note, line %zu: not UTF-8, or has control characters", at);
        /* The text has at least one line before the empty one. */
        if (reader_is_at_end(&line) && at > 1) {
            *text_len = start;
            *number = at;
        }
    }
    if (*number == 0)
        return error_set(err, STATUS_MALFORMED,
                         "note: no empty line between a text and its signatures");
    return STATUS_OK;
}

static enum status check_size(struct bytes input, struct error *err)
{
    if (input.len > NOTE_SIZE_MAX)
        return error_set(err, STATUS_LIMIT, "note of %zu bytes: at most %zu are read", input.len,
                         NOTE_SIZE_MAX);
    return STATUS_OK;
}

enum status note_parse(struct bytes input, struct note *out, struct error *err)
{
    size_t text_len = 0, number = 0;
    enum status status = check_size(input, err);
    if (status == STATUS_OK)
        status = find_last_empty_line(input, &text_len, &number, err);
    if (status != STATUS_OK)
        return status;
    struct reader r, empty;
    reader_init(&r, input);
    if (!reader_bytes(&r, text_len, &out->text) || !reader_line(&r, &empty))
        return no_line_end(number, err);
    return parse_signatures(&r, number, out, err);
}

enum status note_parse_signatures(struct bytes lines, struct note *out, struct error *err)
{
    enum status status = check_size(lines, err);
    if (status != STATUS_OK)
        return status;
    out->text = bytes_of(NULL, 0);
    struct reader r;
    reader_init(&r, lines);
    return parse_signatures(&r, 0, out, err);
}

const struct note_signature *note_find(const struct note *note, struct bytes name,
                                       const uint8_t key_id[NOTE_KEY_ID_SIZE], size_t *at)
{
    while (*at < note->signature_count) {
        const struct note_signature *s = &note->signatures[(*at)++];
        if (bytes_equal(s->name, name) && memcmp(s->key_id, key_id, NOTE_KEY_ID_SIZE) == 0)
            return s;
    }
    return NULL;
}

enum status note_signature_payload(const struct note_signature *signature, struct builder *out,
                                   struct error *err)
{
    struct builder whole;
    builder_init(&whole, NOTE_SIZE_MAX);
    enum status status = STATUS_OK;
    if (!text_parse_base64(signature->base64, &whole)) {
        status = builder_status(&whole, "signature of a note", err);
        if (status == STATUS_OK)
            status = error_set(err, STATUS_MALFORMED, "signature of a note: not canonical base64");
    }
    struct reader r;
    reader_init(&r, builder_view(&whole));
    if (status == STATUS_OK && !reader_skip(&r, NOTE_KEY_ID_SIZE))
        status = error_set(err, STATUS_MALFORMED, "signature of a note: no key ID");
    if (status == STATUS_OK) {
        builder_bytes(out, reader_rest(&r));
        status = builder_status(out, "signature of a note", err);
    }
    builder_clear(&whole);
    return status;
}

static bool is_note_text(struct bytes text)
{
    struct reader r, line;
    reader_init(&r, text);
    while (!reader_is_at_end(&r))
        if (!reader_line(&r, &line) || !note_is_line(reader_rest(&line)))
            return false;
    return text.len > 0;
}

enum status note_write_text(struct bytes text, struct builder *out, struct error *err)
{
    if (!is_note_text(text))
        return error_set(err, STATUS_MALFORMED,
                         "text of a note: empty, not UTF-8, with control "
                         "characters or without a final newline");
    builder_bytes(out, text);
    builder_u8(out, '\n');
    return builder_status(out, "note", err);
}

enum status note_write_signature(struct bytes name, const uint8_t key_id[NOTE_KEY_ID_SIZE],
                                 struct bytes payload, struct builder *out, struct error *err)
{
    if (!note_is_name(name))
        return error_set(err, STATUS_MALFORMED,
                         "key name of a note: empty, or with spaces, controls or \"+\"");
    if (payload.len == 0)
        return error_set(err, STATUS_MALFORMED, "empty signature of a note");
    struct builder whole;
    builder_init(&whole, NOTE_SIZE_MAX);
    builder_bytes(&whole, bytes_of(key_id, NOTE_KEY_ID_SIZE));
    builder_bytes(&whole, payload);
    enum status status = builder_status(&whole, "signature of a note", err);
    if (status == STATUS_OK) {
        builder_text(out, EM_DASH_SPACE);
        builder_bytes(out, name);
        builder_u8(out, ' ');
        text_write_base64(out, builder_view(&whole));
        builder_u8(out, '\n');
        status = builder_status(out, "note", err);
    }
    builder_clear(&whole);
    return status;
}
