#include "verify_report.h"

#include <stdio.h>
#include <string.h>

#include "base/builder.h"
#include "base/status.h"
#include "base/text.h"
#include "output.h"

#define REASON_MAX 2048

/* The CA cosigner, then the others, with `separator` between. */
static void write_cosigners(struct builder *b, const struct cathaya_result *result)
{
    builder_text(b, result->ca_id);
    for (const char *c = result->cosigners; *c != '\0'; c++) {
        if (c == result->cosigners)
            builder_text(b, ", ");
        if (*c == ' ')
            builder_text(b, ", ");
        else
            builder_u8(b, (uint8_t)*c);
    }
}

/* What a yes rests on. */
static void write_basis(const struct cathaya_result *result, char out[REASON_MAX])
{
    struct builder b;
    builder_init_fixed(&b, out, REASON_MAX - 1);
    if (result->mode == CATHAYA_MODE_LANDMARK) {
        builder_text(&b, "landmark: trusted subtree ");
    } else {
        builder_text(&b, "standalone: cosigned by ");
        write_cosigners(&b, result);
        builder_text(&b, " over subtree ");
    }
    builder_printf(&b, "[%llu, %llu) of log %u of %s (%s, %s)", (unsigned long long)result->start,
                   (unsigned long long)result->end, result->log_number, result->ca_id, result->draft,
                   result->hash);
    out[b.len] = '\0';
}

void verify_report_line(const char *file, const struct cathaya_result *result,
                        const struct cathaya_error *err)
{
    char basis[REASON_MAX];
    if (err->status != CATHAYA_OK) {
        output_line("%s: FAIL %s", file, err->reason);
        return;
    }
    write_basis(result, basis);
    output_line("%s: OK %s", file, basis);
}

static json_t *text_or_null(const char *text)
{
    return text[0] != '\0' ? json_string(text) : json_null();
}

static json_t *hash_or_null(const uint8_t hash[CATHAYA_HASH_SIZE])
{
    static const uint8_t none[CATHAYA_HASH_SIZE];
    char hex[2 * CATHAYA_HASH_SIZE + 1];
    if (memcmp(hash, none, sizeof none) == 0)
        return json_null();
    text_hex(bytes_of(hash, CATHAYA_HASH_SIZE), hex);
    return json_string(hex);
}

static json_t *number_or_null(bool is_known, uint64_t value)
{
    return is_known ? json_integer((json_int_t)value) : json_null();
}

static json_t *list_cosigners(const struct cathaya_result *result)
{
    json_t *list = json_array();
    if (result->has_ca_signature)
        json_array_append_new(list, json_string(result->ca_id));
    struct bytes rest = bytes_of_text(result->cosigners), word;
    while (text_next_word(&rest, &word))
        json_array_append_new(list, json_stringn((const char *)word.data, word.len));
    return list;
}

/* A serial number may be above what a double holds: text. */
static json_t *serial_or_null(uint64_t serial)
{
    char text[24];
    if (serial == 0)
        return json_null();
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)serial);
    return json_string(text);
}

static const char *mode_name(enum cathaya_mode mode)
{
    return mode == CATHAYA_MODE_LANDMARK ? "landmark" : mode == CATHAYA_MODE_STANDALONE ? "standalone" : "";
}

void verify_report_json(const char *file, const struct cathaya_result *result,
                        const struct cathaya_error *err)
{
    bool is_ok = err->status == CATHAYA_OK;
    char basis[REASON_MAX];
    if (is_ok)
        write_basis(result, basis);
    json_t *o = json_object();
    output_json_text(o, "file", file);
    json_object_set_new(o, "ok", json_boolean(is_ok));
    json_object_set_new(o, "status", json_string(status_name((enum status)err->status)));
    output_json_text(o, "reason", is_ok ? basis : err->reason);
    json_object_set_new(o, "mode", text_or_null(mode_name(result->mode)));
    json_object_set_new(o, "ca_id", text_or_null(result->ca_id));
    json_object_set_new(o, "draft", text_or_null(result->draft));
    json_object_set_new(o, "hash", text_or_null(result->hash));
    json_object_set_new(o, "serial", serial_or_null(result->serial));
    json_object_set_new(o, "log", number_or_null(result->serial != 0, result->log_number));
    json_object_set_new(o, "index", number_or_null(result->serial != 0, result->index));
    json_object_set_new(o, "start", number_or_null(result->end != 0, result->start));
    json_object_set_new(o, "end", number_or_null(result->end != 0, result->end));
    json_object_set_new(o, "entry_hash", hash_or_null(result->entry_hash));
    json_object_set_new(o, "subtree_hash", hash_or_null(result->subtree_hash));
    json_object_set_new(o, "cosigners", list_cosigners(result));
    output_json(o);
}
