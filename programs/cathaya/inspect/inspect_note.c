#include "inspect/inspect.h"

#include <stdlib.h>

#include "base/text.h"
#include "codec/ct/tree_head.h"
#include "codec/note/checkpoint.h"
#include "codec/note/timestamped_signature.h"
#include "codec/note/note.h"
#include "codec/tai/tai.h"
#include "inspect/view.h"

/* A line does not say its algorithm; the length of the payload tells most of them apart. */
static const struct {
    size_t len;
    bool has_timestamp;
    const char *name;
} payloads[] = {
    {64, false, "Ed25519 signature (type 01)"},
    {72, true, "Ed25519 cosignature (type 04)"},
    {2420, false, "ML-DSA-44, without a timestamp"},
    {2428, true, "ML-DSA-44 cosignature (type 06)"},
    {3309, false, "ML-DSA-65, without a timestamp"},
    {3317, true, "ML-DSA-65 cosignature (type ff)"},
    {4627, false, "ML-DSA-87, without a timestamp"},
    {4635, true, "ML-DSA-87 cosignature (type ff)"},
};

/* A SEQUENCE of two INTEGERs, as long as the payload says. */
static bool is_der_signature(struct bytes b)
{
    return b.len > 8 && b.len < 160 && b.data[0] == 0x30 && b.data[1] == b.len - 2 && b.data[2] == 0x02;
}

static const char *guess(struct bytes payload, bool *has_timestamp)
{
    *has_timestamp = false;
    for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++)
        if (payloads[i].len == payload.len) {
            *has_timestamp = payloads[i].has_timestamp;
            return payloads[i].name;
        }
    if (is_der_signature(payload))
        return "ECDSA or SM2, without a timestamp";
    if (payload.len > 8 && is_der_signature(bytes_of(payload.data + 8, payload.len - 8))) {
        *has_timestamp = true;
        return "ECDSA or SM2 cosignature (type ff)";
    }
    return "unknown";
}

static enum status show_signature(json_t *out, const struct note_signature *signature,
                                  struct error *err)
{
    struct builder payload;
    struct timestamped_signature c;
    bool has_timestamp;
    builder_init(&payload, NOTE_SIZE_MAX);
    enum status s = note_signature_payload(signature, &payload, err);
    struct bytes b = builder_view(&payload);
    view_text(out, "name", "%.*s", (int)signature->name.len, (const char *)signature->name.data);
    view_bytes(out, "key_id", BYTES_OF(signature->key_id));
    struct digitally_signed head;
    uint64_t timestamp_ms;
    if (s == STATUS_OK && tree_head_parse_note_signature(b, &timestamp_ms, &head, NULL) == STATUS_OK) {
        view_text(out, "looks_like", "tree head of a CT log (type 05)");
        view_number(out, "timestamp_ms", timestamp_ms);
        view_time(out, "timestamp", (int64_t)(timestamp_ms / 1000));
        view_number(out, "signature_bytes", head.signature.len);
        view_bytes(out, "signature", head.signature);
    } else if (s == STATUS_OK) {
        view_text(out, "looks_like", "%s", guess(b, &has_timestamp));
        if (has_timestamp && timestamped_signature_parse(b, &c, NULL) == STATUS_OK) {
            view_time(out, "timestamp", (int64_t)c.timestamp_s);
            b = c.signature;
        }
        view_number(out, "signature_bytes", b.len);
        view_bytes(out, "signature", b);
    }
    builder_clear(&payload);
    return s;
}

static void show_text(json_t *out, struct bytes text)
{
    struct checkpoint checkpoint;
    struct bytes line;
    if (checkpoint_parse(text, &checkpoint, NULL) != STATUS_OK) {
        json_t *lines = view_list(out, "text");
        while (text_next_line(&text, &line))
            view_add(lines, "%.*s", (int)line.len, (const char *)line.data);
        return;
    }
    view_text(out, "form", "checkpoint");
    view_text(out, "origin", "%.*s", (int)checkpoint.origin.len, (const char *)checkpoint.origin.data);
    struct tai log_id, ca_id;
    uint16_t log_number;
    char id[TAI_TEXT_SIZE];
    if (tai_parse_name(checkpoint.origin, &log_id, NULL) == STATUS_OK &&
        tai_split_log_id(&log_id, &ca_id, &log_number)) {
        tai_text(&ca_id, id);
        view_text(out, "ca_id", "%s", id);
        view_number(out, "log", log_number);
    }
    view_number(out, "size", checkpoint.size);
    view_bytes(out, "root", BYTES_OF(checkpoint.root));
    if (checkpoint.extensions.len == 0)
        return;
    json_t *extensions = view_list(out, "extension_lines");
    while (text_next_line(&checkpoint.extensions, &line))
        view_add(extensions, "%.*s", (int)line.len, (const char *)line.data);
}

enum status inspect_note(const struct inspect_input *in, json_t *out, struct error *err)
{
    struct note *note = malloc(sizeof *note);
    if (note == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status s = note_parse(in->content, note, err);
    if (s == STATUS_OK) {
        view_number(out, "bytes", in->content.len);
        show_text(out, note->text);
        json_t *list = view_list(out, "signatures");
        for (size_t i = 0; s == STATUS_OK && i < note->signature_count; i++)
            s = show_signature(view_item(list), &note->signatures[i], err);
    }
    free(note);
    return s;
}
