#include "service/monitor/notification.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil_time.h"
#include "base/text.h"

#define YEAR_S ((int64_t)366 * 86400)
#define HOUR_MS 3600000
/* A name in JSON; longer ones are cut. */
#define NAME_SHOWN_MAX 255

static const char *const event_names[NOTIFICATION_EVENTS] = {
    "certificate", "ca-certificate", "unreadable", "unknown-entry", "suppressed", "finding", "identity", "test"};

const char *notification_event_name(enum notification_event event)
{
    return event_names[event];
}

void notification_free(struct notification *n)
{
    if (n == NULL)
        return;
    free(n->json);
    free(n->attachment);
    free(n);
}

void notification_file_name(enum notification_event event, const uint8_t id[NOTIFICATION_ID_SIZE],
                            char out[NOTIFICATION_FILE_SIZE])
{
    char hex[2 * NOTIFICATION_ID_SIZE + 1];
    text_hex(bytes_of(id, NOTIFICATION_ID_SIZE), hex);
    (void)snprintf(out, NOTIFICATION_FILE_SIZE, event == NOTIFICATION_FINDING ? "evidence/%s.txt" : "certificates/%s.der",
                   hex);
}

/* ---- JSON ---- */

static void set_time(json_t *object, const char *name, int64_t epoch_s)
{
    char text[CIVIL_TIME_TEXT_SIZE];
    civil_time_format(epoch_s, text);
    (void)json_object_set_new(object, name, json_string(text));
}

/* Whatever a certificate holds becomes printable: what JSON or a terminal would trip over is a question mark. */
static void set_text(json_t *object, const char *name, struct bytes value)
{
    char text[2048];
    size_t len = value.len < sizeof text - 1 ? value.len : sizeof text - 1;
    memcpy(text, value.data, len);
    if (!text_is_printable_utf8(bytes_of(text, len)))
        for (size_t i = 0; i < len; i++)
            if ((uint8_t)text[i] < 0x20 || (uint8_t)text[i] > 0x7e)
                text[i] = '?';
    json_t *string = json_stringn(text, len);
    if (name != NULL)
        (void)json_object_set_new(object, name, string);
    else
        (void)json_array_append_new(object, string);
}

static void set_text_or_null(json_t *object, const char *name, const char *value)
{
    if (value != NULL)
        set_text(object, name, bytes_of_text(value));
    else
        (void)json_object_set_new(object, name, json_null());
}

static void set_lists(json_t *object, const struct notification_parts *parts)
{
    json_t *watch = json_array(), *names = json_array();
    for (size_t i = 0; i < parts->watch_count; i++)
        set_text(watch, NULL, bytes_of_text(parts->watch[i]));
    for (size_t i = 0; i < parts->name_count && i < NOTIFICATION_NAMES_MAX; i++)
        set_text(names, NULL, bytes_of(parts->names[i].data, parts->names[i].len < NAME_SHOWN_MAX ? parts->names[i].len
                                                                                                 : NAME_SHOWN_MAX));
    if (parts->watch_count > 0)
        (void)json_object_set(object, "watch", watch);
    if (parts->name_count > 0) {
        (void)json_object_set(object, "names", names);
        (void)json_object_set_new(object, "name_count", json_integer((json_int_t)parts->name_count));
    }
    json_decref(watch);
    json_decref(names);
}

static json_t *make_json(const struct notification *n, const struct notification_parts *parts)
{
    char hex[2 * NOTIFICATION_ID_SIZE + 1], file[NOTIFICATION_FILE_SIZE];
    json_t *object = json_object();
    text_hex(BYTES_OF(n->id), hex);
    (void)json_object_set_new(object, "id", json_string(hex));
    (void)json_object_set_new(object, "event", json_string(notification_event_name(parts->event)));
    set_time(object, "time", parts->now_ms / 1000);
    set_text_or_null(object, "log", parts->log);
    set_text_or_null(object, "log_url", parts->url);
    set_text(object, "text", bytes_of_text(parts->text));
    if (parts->has_index)
        (void)json_object_set_new(object, "index", json_integer((json_int_t)parts->index));
    for (size_t i = 0; i < NOTIFICATION_FIELDS_MAX && parts->fields[i].name != NULL; i++)
        if (parts->fields[i].value != NULL)
            set_text(object, parts->fields[i].name, bytes_of_text(parts->fields[i].value));
    set_lists(object, parts);
    notification_file_name(parts->event, n->id, file);
    if (parts->attachment.len > 0)
        (void)json_object_set_new(object, parts->event == NOTIFICATION_FINDING ? "evidence" : "certificate",
                                  json_string(file));
    return object;
}

/* ---- making ---- */

static bool copy_parts(struct notification *n, const struct notification_parts *parts)
{
    json_t *object = make_json(n, parts);
    n->json = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(object);
    if (parts->attachment.len > 0) {
        n->attachment = malloc(parts->attachment.len);
        if (n->attachment == NULL)
            return false;
        memcpy(n->attachment, parts->attachment.data, parts->attachment.len);
        n->attachment_len = parts->attachment.len;
    }
    return n->json != NULL;
}

enum status notification_new(const struct notification_parts *parts, struct notification **out, struct error *err)
{
    struct notification *n = calloc(1, sizeof *n);
    *out = NULL;
    if (n == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a notification");
    n->event = parts->event;
    n->expires_s = parts->expires_s > 0 ? parts->expires_s : parts->now_ms / 1000 + YEAR_S;
    if (!hash_label_sha256(parts->identity, parts->identity_count, n->id) || !copy_parts(n, parts)) {
        notification_free(n);
        return error_set(err, STATUS_NO_MEMORY, "no memory for a notification");
    }
    *out = n;
    return STATUS_OK;
}

enum status notification_new_test(int64_t now_ms, const char *seed, struct notification **out, struct error *err)
{
    const struct bytes identity[] = {bytes_of_text("test "), bytes_of_text(seed)};
    const struct notification_parts parts = {
        .event = NOTIFICATION_TEST,
        .now_ms = now_ms,
        .text = "A test of this monitor's actions: nothing has happened.",
        .identity = identity,
        .identity_count = 2,
    };
    return notification_new(&parts, out, err);
}

/* A state that ends and begins again is told again, in the next hour: a monitor that restarts would tell it each time. */
static bool is_state(enum finding_severity severity)
{
    return severity != FINDING_CRITICAL;
}

enum status notification_new_finding(const struct log_finding *finding, const char *url, struct notification **out,
                                     struct error *err)
{
    char index[32] = "", hour[32] = "", text[1024];
    const char *name = log_finding_name(finding->id);
    if (finding->has_index)
        (void)snprintf(index, sizeof index, "%llu", (unsigned long long)finding->index);
    if (is_state(finding->severity) && !finding->has_index)
        (void)snprintf(hour, sizeof hour, "%lld", (long long)(finding->seen_ms / HOUR_MS));
    (void)snprintf(text, sizeof text, "%s: %s%s: %s", finding->log, finding->is_over ? "over: " : "", name, finding->text);
    const struct bytes nul = bytes_of("", 1);
    const struct bytes identity[] = {
        bytes_of_text("finding"), nul, bytes_of_text(finding->log), nul, bytes_of_text(name), nul,
        bytes_of_text(finding->source != NULL ? finding->source : ""), nul, bytes_of_text(index), nul, bytes_of_text(hour),
        bytes_of_text(finding->is_over ? "over" : "begun"), nul,
        is_state(finding->severity) ? nul : bytes_of_text(finding->text)};
    const struct notification_parts parts = {
        .event = NOTIFICATION_FINDING,
        .now_ms = finding->seen_ms,
        .log = finding->log,
        .url = url,
        .text = text,
        .has_index = finding->has_index,
        .index = finding->index,
        .fields = {{"finding", name},
                   {"severity", log_finding_severity_name(finding->severity)},
                   {"source", finding->source},
                   {"state", finding->is_over ? "over" : NULL}},
        .identity = identity,
        .identity_count = sizeof identity / sizeof identity[0],
        .attachment = finding->evidence,
    };
    return notification_new(&parts, out, err);
}

enum status notification_new_suppressed(const char *log, const char *url, uint64_t first, int64_t now_ms,
                                        struct notification **out, struct error *err)
{
    char text[512], hour[32], until[CIVIL_TIME_TEXT_SIZE];
    (void)snprintf(hour, sizeof hour, "%lld", (long long)(now_ms / HOUR_MS));
    civil_time_format((now_ms / HOUR_MS + 1) * (HOUR_MS / 1000), until);
    (void)snprintf(text, sizeof text,
                   "%s: many entries are unreadable, unknown, of CAs or against the log's rules: from entry %llu on they are not told one by one until %s",
                   log, (unsigned long long)first, until);
    const struct bytes nul = bytes_of("", 1);
    const struct bytes identity[] = {bytes_of_text("suppressed"), nul, bytes_of_text(log), nul, bytes_of_text(hour)};
    const struct notification_parts parts = {
        .event = NOTIFICATION_SUPPRESSED,
        .now_ms = now_ms,
        .log = log,
        .url = url,
        .text = text,
        .has_index = true,
        .index = first,
        .identity = identity,
        .identity_count = sizeof identity / sizeof identity[0],
    };
    return notification_new(&parts, out, err);
}
