#include "inspect/view.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil_time.h"
#include "base/text.h"
#include "output.h"

#define EXACT_IN_DOUBLE ((uint64_t)1 << 53)
#define NAME_COLUMNS 24
#define INDENT 2
/* 32 bytes a line. */
#define HEX_COLUMNS 64

/* The formatted text, to be freed; NULL when there is no memory. */
static char *format_text(const char *format, va_list values) __attribute__((format(printf, 1, 0)));

static char *format_text(const char *format, va_list values)
{
    char *text = NULL;
    if (vasprintf(&text, format, values) < 0)
        text = NULL;
    return text;
}

void view_text(json_t *at, const char *name, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    char *text = format_text(format, values);
    va_end(values);
    output_json_text(at, name, text != NULL ? text : "");
    free(text);
}

void view_add(json_t *list, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    char *text = format_text(format, values);
    va_end(values);
    json_t *holder = json_object();
    output_json_text(holder, "text", text != NULL ? text : "");
    json_array_append(list, json_object_get(holder, "text"));
    json_decref(holder);
    free(text);
}

void view_bytes(json_t *at, const char *name, struct bytes value)
{
    struct builder b;
    builder_init(&b, 2 * value.len + 1);
    text_write_hex(&b, value);
    json_object_set_new(at, name, json_stringn(b.data != NULL ? (const char *)b.data : "", b.len));
    builder_clear(&b);
}

void view_number(json_t *at, const char *name, uint64_t value)
{
    if (value <= EXACT_IN_DOUBLE)
        json_object_set_new(at, name, json_integer((json_int_t)value));
    else
        view_text(at, name, "%llu", (unsigned long long)value);
}

void view_time(json_t *at, const char *name, int64_t epoch_s)
{
    char text[CIVIL_TIME_TEXT_SIZE];
    civil_time_format(epoch_s, text);
    view_text(at, name, "%s", text);
}

void view_flag(json_t *at, const char *name, bool value)
{
    json_object_set_new(at, name, json_boolean(value));
}

json_t *view_object(json_t *at, const char *name)
{
    json_t *child = json_object();
    json_object_set_new(at, name, child);
    return child;
}

json_t *view_list(json_t *at, const char *name)
{
    json_t *child = json_array();
    json_object_set_new(at, name, child);
    return child;
}

json_t *view_item(json_t *list)
{
    json_t *child = json_object();
    json_array_append_new(list, child);
    return child;
}

/* ---- for people ---- */

static void print_value(int indent, const char *name, const char *value)
{
    char label[80];
    (void)snprintf(label, sizeof label, "%*s%s", indent, "", name);
    for (char *c = label; *c != '\0'; c++)
        if (*c == '_')
            *c = ' ';
    if (value[0] == '\0')
        output_line("%s", label);
    else
        output_line("%-*s %s", NAME_COLUMNS + indent, label, value);
}

static bool is_hex(const char *text)
{
    return text[strspn(text, "0123456789abcdef")] == '\0';
}

static void print_text(int indent, const char *name, const char *text)
{
    if (text[0] == '\0') {
        print_value(indent, name, "(empty)");
        return;
    }
    if (!is_hex(text) || strlen(text) <= HEX_COLUMNS) {
        print_value(indent, name, text);
        return;
    }
    for (size_t i = 0, len = strlen(text); i < len; i += HEX_COLUMNS) {
        char line[HEX_COLUMNS + 1];
        (void)snprintf(line, sizeof line, "%s", text + i);
        print_value(indent, i == 0 ? name : "", line);
    }
}

static void print_scalar(int indent, const char *name, const json_t *value)
{
    char number[24];
    if (json_is_string(value)) {
        print_text(indent, name, json_string_value(value));
    } else if (json_is_integer(value)) {
        (void)snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
        print_value(indent, name, number);
    } else {
        print_value(indent, name, json_is_true(value) ? "yes" : json_is_false(value) ? "no" : "-");
    }
}

/* "entries" and 1 make "entry 1". */
static void number_item(char *out, size_t size, const char *name, size_t number)
{
    int len = (int)strlen(name);
    if (len > 3 && strcmp(name + len - 3, "ies") == 0)
        (void)snprintf(out, size, "%.*sy %zu", len - 3, name, number);
    else
        (void)snprintf(out, size, "%.*s %zu", len > 1 && name[len - 1] == 's' ? len - 1 : len, name, number);
}

static void print_members(int indent, const json_t *object);

static void print_list(int indent, const char *name, const json_t *list)
{
    size_t i;
    const json_t *item;
    if (json_array_size(list) == 0)
        print_value(indent, name, "none");
    json_array_foreach(list, i, item) {
        char numbered[80];
        if (!json_is_object(item)) {
            print_scalar(indent, i == 0 ? name : "", item);
            continue;
        }
        number_item(numbered, sizeof numbered, name, i + 1);
        print_value(indent, numbered, "");
        print_members(indent + INDENT, item);
    }
}

/* Recursion is as deep as what we build: four levels. */
static void print_members(int indent, const json_t *object)
{
    for (void *i = json_object_iter((json_t *)(uintptr_t)object); i != NULL;
         i = json_object_iter_next((json_t *)(uintptr_t)object, i)) {
        const char *name = json_object_iter_key(i);
        const json_t *value = json_object_iter_value(i);
        if (json_is_array(value)) {
            print_list(indent, name, value);
        } else if (json_is_object(value)) {
            print_value(indent, name, "");
            print_members(indent + INDENT, value);
        } else {
            print_scalar(indent, name, value);
        }
    }
}

void view_print(const json_t *object)
{
    print_members(0, object);
}
