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
static void write_basis(const struct verify_report *report, char out[REASON_MAX])
{
    const struct cathaya_result *result = report->result;
    const struct peer_verdict *chain = report->chain;
    struct builder b;
    builder_init_fixed(&b, out, REASON_MAX - 1);
    if (chain != NULL) {
        builder_printf(&b, "classic: a chain of %zu certificates to the root \"%s\"", chain->subject_count,
                       chain->subject_count > 0 ? chain->subjects[chain->subject_count - 1] : "");
        out[b.len] = '\0';
        return;
    }
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

/* Who is trusted and not secure is no yes when the policy was asked. */
static bool is_yes(const struct verify_report *report)
{
    return report->err->status == CATHAYA_OK &&
           (report->judging == NULL || report->judging->answer->verdict == POLICY_VERDICT_SECURE);
}

static void write_reason(const struct verify_report *report, char out[REASON_MAX])
{
    char why[REASON_MAX / 2];
    if (report->err->status != CATHAYA_OK) {
        (void)snprintf(out, REASON_MAX, "%s", report->err->reason);
        return;
    }
    write_basis(report, out);
    if (is_yes(report))
        return;
    judging_report_reason(report->judging, why, sizeof why);
    (void)snprintf(out, REASON_MAX, "%s: %s", judging_verdict(report->judging->answer->verdict, report->judging->language), why);
}

void verify_report_line(const struct verify_report *report)
{
    char reason[REASON_MAX];
    write_reason(report, reason);
    output_line("%s: %s %s", report->file, is_yes(report) ? "OK" : "FAIL", reason);
    if (report->judging != NULL)
        judging_report_lines(report->judging);
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

static const char *mode_name(const struct verify_report *report)
{
    enum cathaya_mode mode = report->result->mode;
    if (report->chain != NULL)
        return "classic";
    return mode == CATHAYA_MODE_LANDMARK ? "landmark" : mode == CATHAYA_MODE_STANDALONE ? "standalone" : "";
}

/* The names of `fetch`, in an object of their own. */
static json_t *policy_answer(const struct verify_report *report)
{
    if (report->judging == NULL)
        return json_null();
    json_t *o = json_object();
    judging_report_fill(report->judging, o);
    return o;
}

void verify_report_json(const struct verify_report *report)
{
    const struct cathaya_result *result = report->result;
    char reason[REASON_MAX];
    write_reason(report, reason);
    json_t *o = json_object();
    output_json_text(o, "file", report->file);
    json_object_set_new(o, "ok", json_boolean(is_yes(report)));
    json_object_set_new(o, "status", json_string(status_name((enum status)report->err->status)));
    output_json_text(o, "reason", reason);
    json_object_set_new(o, "mode", text_or_null(mode_name(report)));
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
    json_object_set_new(o, "policy_answer", policy_answer(report));
    output_json(o);
}
