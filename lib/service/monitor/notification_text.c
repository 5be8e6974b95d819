/* A notification as a mail and as the environment of a program. */
#include <jansson.h>
#include <string.h>

#include "service/monitor/notification.h"

#define MAIL_LINE_MAX 900 /* [RFC5321 4.5.3.1.6]: 1,000 with CR LF; longer ones are folded */

static json_t *load(const char *json, struct error *err)
{
    json_error_t reason;
    json_t *object = json_loads(json, JSON_REJECT_DUPLICATES, &reason);
    if (object != NULL && json_is_object(object))
        return object;
    json_decref(object);
    (void)error_set(err, STATUS_MALFORMED, "no notification: %s", reason.text);
    return NULL;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

/* A value in one line, whatever it holds. */
static void write_value(struct builder *out, const char *text, size_t max)
{
    for (size_t i = 0; i < max && text[i] != '\0'; i++)
        builder_u8(out, (uint8_t)text[i] < 0x20 || text[i] == 0x7f ? '?' : (uint8_t)text[i]);
}

static void write_list(struct builder *out, const json_t *list, const char *between, size_t max)
{
    size_t i, begin = out->len;
    json_t *item;
    json_array_foreach(list, i, item) {
        if (out->len - begin > max) {
            builder_text(out, between);
            builder_text(out, "...");
            return;
        }
        if (i > 0)
            builder_text(out, between);
        if (json_is_string(item))
            write_value(out, json_string_value(item), max);
    }
}

/* ---- mail ---- */

static bool is_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if ((uint8_t)*text > 0x7e)
            return false;
    return true;
}

/* Headers are ASCII: a subject with more than that says its event alone. */
static void write_subject(struct builder *out, const json_t *object)
{
    const json_t *first = json_array_get(json_object_get(object, "watch"), 0);
    const char *what = json_is_string(first) ? json_string_value(first) : text_of(object, "log");
    builder_text(out, "Subject: [cathaya monitor] ");
    write_value(out, text_of(object, "event"), 40);
    if (*what != '\0' && is_ascii(what)) {
        builder_text(out, ": ");
        write_value(out, what, 200);
    }
    builder_text(out, "\n");
}

static void write_fields(struct builder *out, json_t *object)
{
    void *at;
    for (at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        const json_t *value = json_object_iter_value(at);
        const char *name = json_object_iter_key(at);
        if (strcmp(name, "text") == 0)
            continue;
        builder_printf(out, "%s: ", name);
        if (json_is_string(value))
            write_value(out, json_string_value(value), MAIL_LINE_MAX);
        else if (json_is_integer(value))
            builder_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        else if (json_is_array(value))
            write_list(out, value, "\n    ", 16384);
        builder_text(out, "\n");
    }
}

enum status notification_text_write_mail(const char *json, const char *to, struct builder *out, struct error *err)
{
    json_t *object = load(json, err);
    if (object == NULL)
        return STATUS_MALFORMED;
    builder_text(out, "To: ");
    write_value(out, to, 500);
    builder_text(out, "\n");
    write_subject(out, object);
    builder_printf(out, "Message-ID: <%.16s.%s@cathaya.monitor>\n", text_of(object, "id"), text_of(object, "event"));
    builder_text(out, "Auto-Submitted: auto-generated\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
                      "Content-Transfer-Encoding: 8bit\n\n");
    write_value(out, text_of(object, "text"), MAIL_LINE_MAX);
    builder_text(out, "\n\n");
    write_fields(out, object);
    json_decref(object);
    return builder_status(out, "mail", err);
}

/* ---- environment ---- */

/* What a program's environment takes in all is 2 MB on Linux, one string 128 kB. */
#define VALUE_MAX 32768

static void write_variable(struct builder *out, const char *name, const char *value)
{
    if (*value == '\0')
        return;
    builder_printf(out, "CATHAYA_%s=", name);
    write_value(out, value, VALUE_MAX);
    builder_u8(out, '\0');
}

static void write_list_variable(struct builder *out, const char *name, const json_t *list)
{
    if (json_array_size(list) == 0)
        return;
    builder_printf(out, "CATHAYA_%s=", name);
    write_list(out, list, ",", VALUE_MAX);
    builder_u8(out, '\0');
}

static void write_file(struct builder *out, const json_t *object, const char *directory)
{
    const char *file = text_of(object, "certificate");
    if (*file == '\0')
        file = text_of(object, "evidence");
    if (*file != '\0')
        builder_printf(out, "CATHAYA_FILE=%s/%s%c", directory, file, '\0');
}

enum status notification_text_write_environment(const char *json, const char *directory, struct builder *out, struct error *err)
{
    static const struct {
        const char *variable, *field;
    } rows[] = {{"EVENT", "event"},          {"ID", "id"},           {"TIME", "time"},
                {"TEXT", "text"},            {"LOG", "log"},         {"LOG_URL", "log_url"},
                {"ENTRY_TYPE", "entry_type"}, {"SUBJECT", "subject"}, {"ISSUER", "issuer"},
                {"SERIAL", "serial"},        {"NOT_BEFORE", "not_before"}, {"NOT_AFTER", "not_after"},
                {"CERT_SHA256", "sha256"},   {"TBS_SHA256", "tbs_sha256"}, {"FINDING", "finding"},
                {"SEVERITY", "severity"},    {"STATE", "state"}};
    json_t *object = load(json, err);
    if (object == NULL)
        return STATUS_MALFORMED;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        write_variable(out, rows[i].variable, text_of(object, rows[i].field));
    const json_t *index = json_object_get(object, "index"), *watch = json_object_get(object, "watch");
    const json_t *first = json_array_get(watch, 0);
    if (json_is_integer(index))
        builder_printf(out, "CATHAYA_LOG_INDEX=%" JSON_INTEGER_FORMAT "%c", json_integer_value(index), '\0');
    if (json_is_string(first))
        write_variable(out, "WATCH_ITEM", json_string_value(first));
    write_list_variable(out, "WATCH_ITEMS", watch);
    write_list_variable(out, "DNS_NAMES", json_object_get(object, "names"));
    write_file(out, object, directory);
    write_variable(out, "JSON", json);
    json_decref(object);
    return builder_status(out, "environment", err);
}
