#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/civil_time.h"
#include "base/text.h"
#include "registry/registry_parts.h"

#define DAY_S 86400

bool registry_fields_word(struct registry_reading *reading, const char **out)
{
    const struct registry_run *words = &reading->statement.words;
    if (reading->at == words->count)
        return false;
    *out = registry_word(reading->r, *words, reading->at++);
    return true;
}

bool registry_fields_text(struct registry_reading *reading, size_t max, const char **out)
{
    if (!registry_fields_word(reading, out) || (*out)[0] == '\0')
        return false;
    return strlen(*out) <= max || registry_fields_wrong(reading, "longer than %zu bytes", max);
}

bool registry_fields_is(struct registry_reading *reading, const char *word)
{
    const char *next;
    size_t before = reading->at;
    if (registry_fields_word(reading, &next) && strcmp(next, word) == 0)
        return true;
    reading->at = before;
    return false;
}

bool registry_fields_id(struct registry_reading *reading, const char **out)
{
    return registry_fields_text(reading, REGISTRY_ID_MAX, out);
}

bool registry_fields_url(struct registry_reading *reading, const char **out)
{
    if (!registry_fields_text(reading, TRUST_BUNDLE_TEXT_MAX, out))
        return false;
    for (const char *c = *out; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~')
            return registry_fields_wrong(reading, "a URL is ASCII without blanks");
    return strncmp(*out, "https://", 8) == 0 || strncmp(*out, "http://", 7) == 0 ||
           registry_fields_wrong(reading, "a URL begins with https:// or http://");
}

bool registry_parse_day(struct bytes text, bool is_through, int64_t *out)
{
    char whole[CIVIL_TIME_TEXT_SIZE];
    if (text.len == CIVIL_TIME_TEXT_SIZE - 1)
        return civil_time_parse(text, out) && *out > 0;
    if (text.len != 10)
        return false;
    snprintf(whole, sizeof whole, "%.10sT00:00:00Z", (const char *)text.data);
    if (!civil_time_parse(bytes_of_text(whole), out) || *out <= 0)
        return false;
    *out += is_through ? DAY_S : 0;
    return true;
}

static bool take_day(struct registry_reading *reading, bool is_through, int64_t *out)
{
    const char *word;
    return registry_fields_word(reading, &word) && registry_parse_day(bytes_of_text(word), is_through, out);
}

bool registry_fields_day(struct registry_reading *reading, int64_t *out)
{
    return take_day(reading, false, out);
}

bool registry_fields_through(struct registry_reading *reading, int64_t *out)
{
    return take_day(reading, true, out);
}

bool registry_fields_period(struct registry_reading *reading, int64_t *from_s, int64_t *until_s)
{
    if (!registry_fields_is(reading, "from") || !registry_fields_day(reading, from_s) || !registry_fields_is(reading, "until") ||
        !registry_fields_through(reading, until_s))
        return false;
    return *from_s < *until_s || registry_fields_wrong(reading, "it ends before it begins");
}

bool registry_fields_number(struct registry_reading *reading, uint64_t max, uint64_t *out)
{
    const char *word;
    return registry_fields_word(reading, &word) && text_parse_u64(bytes_of_text(word), max, out);
}

bool registry_fields_purposes(struct registry_reading *reading, registry_purposes *out)
{
    const char *word;
    *out = 0;
    if (!registry_fields_word(reading, &word))
        return false;
    for (;;) {
        size_t len = strcspn(word, ",");
        uint16_t purpose = trust_bundle_purpose_by_name(bytes_of(word, len));
        if (purpose == 0)
            return registry_fields_wrong(reading, "\"%.*s\" is no purpose", (int)(len < 40 ? len : 40), word);
        *out |= UINT32_C(1) << purpose;
        if (word[len] == '\0')
            return true;
        word += len + 1;
    }
}

bool registry_fields_choice(struct registry_reading *reading, const char *const *names, size_t *out)
{
    for (*out = 0; names[*out] != NULL; (*out)++)
        if (registry_fields_is(reading, names[*out]))
            return true;
    return false;
}

bool registry_fields_serial(struct registry_reading *reading, struct bytes *out)
{
    const char *word;
    if (!registry_fields_word(reading, &word))
        return false;
    size_t len = strlen(word) / 2;
    uint8_t *memory = len >= 1 && len <= TRUST_BUNDLE_SERIAL_SIZE ? registry_keep(reading->r, len) : NULL;
    if (memory == NULL || !text_parse_hex(bytes_of_text(word), memory, len))
        return registry_fields_wrong(reading, "a serial number is 1 to %d bytes in hex, two digits each", TRUST_BUNDLE_SERIAL_SIZE);
    *out = bytes_of(memory, len);
    while (out->len > 1 && out->data[0] == 0)
        *out = bytes_of(out->data + 1, out->len - 1);
    return true;
}

bool registry_fields_is_over(const struct registry_reading *reading)
{
    return reading->at == reading->statement.words.count;
}

bool registry_fields_wrong(struct registry_reading *reading, const char *format, ...)
{
    char text[ERROR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    reading->has_reason = true;
    error_set(reading->err, STATUS_USAGE, "%s", text);
    return false;
}

bool registry_fields_keep(struct registry_reading *reading, struct array *pool, struct registry_run *run, const void *item)
{
    if (run->count == 0)
        run->first = pool->count;
    if (array_insert(pool, pool->count, item, "statements", reading->err) != STATUS_OK) {
        reading->has_reason = true;
        return false;
    }
    run->count++;
    return true;
}

/* ---- a file by its table ---- */

static const char *keyword_of(const struct registry_reading *reading, const struct registry_statement *statement)
{
    return registry_word(reading->r, statement->words, 0);
}

static const struct registry_statement *statement_at(const struct registry_reading *reading, size_t i)
{
    return array_at(&reading->r->statements, reading->head->statements.first + i);
}

static enum status read_row(struct registry_reading *reading, const struct registry_row *row, struct error *err)
{
    unsigned first_line = 0;
    for (size_t i = 0; i < reading->head->statements.count; i++) {
        const struct registry_statement statement = *statement_at(reading, i);
        if (strcmp(keyword_of(reading, &statement), row->keyword) != 0)
            continue;
        reading->statement = statement;
        reading->at = 1;
        reading->has_reason = false;
        if (row->is_once && first_line > 0)
            return error_set(err, STATUS_USAGE, "%s:%u: %s: it stands in line %u already", reading->head->file, statement.line,
                             row->keyword, first_line);
        first_line = statement.line;
        if (row->read(reading) && registry_fields_is_over(reading))
            continue;
        if (reading->has_reason)
            return error_prefix(err, err->status, "%s:%u: %s", reading->head->file, statement.line, row->keyword);
        return error_set(err, STATUS_USAGE, "%s:%u: expected: %s %s", reading->head->file, statement.line, row->keyword, row->form);
    }
    if (row->is_required && first_line == 0)
        return error_set(err, STATUS_USAGE, "%s: no statement: %s %s", reading->head->file, row->keyword, row->form);
    return STATUS_OK;
}

static bool is_known(const struct registry_row *const *tables, enum registry_kind kind, const char *keyword)
{
    for (; *tables != NULL; tables++)
        for (const struct registry_row *row = *tables; row->keyword != NULL; row++)
            if ((row->kinds & REGISTRY_BIT(kind)) != 0 && strcmp(row->keyword, keyword) == 0)
                return true;
    return false;
}

enum status registry_fields_read(struct registry_reading *reading, const struct registry_row *const *tables, struct error *err)
{
    struct error own = {.status = STATUS_OK};
    enum status s = STATUS_OK;
    reading->err = err != NULL ? err : &own;
    for (size_t i = 0; i < reading->head->statements.count; i++)
        if (!is_known(tables, reading->head->kind, keyword_of(reading, statement_at(reading, i))))
            return error_set(err, STATUS_USAGE, "%s:%u: \"%.40s\" is no statement for a file in this place", reading->head->file,
                             statement_at(reading, i)->line, keyword_of(reading, statement_at(reading, i)));
    for (; s == STATUS_OK && *tables != NULL; tables++)
        for (const struct registry_row *row = *tables; s == STATUS_OK && row->keyword != NULL; row++)
            if ((row->kinds & REGISTRY_BIT(reading->head->kind)) != 0)
                s = read_row(reading, row, reading->err);
    return s;
}
