/* Signed notes, their signature lines alone, and the cosignatures in them. */
#include "fuzz/fuzz_checks.h"

#include "codec/note/timestamped_signature.h"
#include "codec/note/note.h"

/* Static: a note has 64 signatures. */
static struct note note;

static void check_cosignature(struct bytes payload)
{
    struct timestamped_signature c;
    struct error err;
    enum status status = timestamped_signature_parse(payload, &c, &err);
    if (status != STATUS_OK) {
        require_refusal(status, &err);
        return;
    }
    struct builder again;
    builder_init(&again, NOTE_SIZE_MAX);
    require(timestamped_signature_write(&c, &again, NULL) == STATUS_OK);
    require_same(&again, payload);
}

static void write_signatures(struct builder *out)
{
    struct builder payload;
    builder_init(&payload, NOTE_SIZE_MAX);
    for (size_t i = 0; i < note.signature_count; i++) {
        const struct note_signature *s = &note.signatures[i];
        size_t at = i;
        require(note_find(&note, s->name, s->key_id, &at) == s);
        builder_reset(&payload);
        require(note_signature_payload(s, &payload, NULL) == STATUS_OK);
        check_cosignature(builder_view(&payload));
        require(note_write_signature(s->name, s->key_id, builder_view(&payload), out, NULL) ==
                STATUS_OK);
    }
    builder_clear(&payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes input = bytes_of(data, size);
    struct error err;
    struct builder again;
    enum status status = note_parse(input, &note, &err);
    builder_init(&again, NOTE_SIZE_MAX);
    if (status == STATUS_OK) {
        require(note_write_text(note.text, &again, NULL) == STATUS_OK);
        write_signatures(&again);
        require_same(&again, input);
    } else {
        require_refusal(status, &err);
    }
    status = note_parse_signatures(input, &note, &err);
    builder_init(&again, NOTE_SIZE_MAX);
    if (status == STATUS_OK) {
        write_signatures(&again);
        require_same(&again, input);
    } else {
        require_refusal(status, &err);
    }
    return 0;
}
