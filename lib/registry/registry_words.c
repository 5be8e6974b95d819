#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "registry/registry_parts.h"

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/* What stands in quotes, from behind the first one; *at ends behind the last one. */
static enum status take_quoted(struct bytes line, size_t *at, char **memory, struct error *err)
{
    for (; *at < line.len; (*at)++) {
        uint8_t c = line.data[*at];
        if (c == '"') {
            (*at)++;
            return *at == line.len || is_blank(line.data[*at]) ? STATUS_OK
                                                               : error_set(err, STATUS_USAGE, "a blank is missing behind a quote");
        }
        if (c == '\\') {
            if (*at + 1 == line.len || (line.data[*at + 1] != '"' && line.data[*at + 1] != '\\'))
                return error_set(err, STATUS_USAGE, "a backslash in quotes stands before a quote or a backslash");
            c = line.data[++*at];
        }
        *(*memory)++ = (char)c;
    }
    return error_set(err, STATUS_USAGE, "a quote is not closed");
}

static enum status take_plain(struct bytes line, size_t *at, char **memory, struct error *err)
{
    for (; *at < line.len && !is_blank(line.data[*at]); (*at)++) {
        if (line.data[*at] == '"')
            return error_set(err, STATUS_USAGE, "a quote inside a word");
        *(*memory)++ = (char)line.data[*at];
    }
    return STATUS_OK;
}

enum status registry_words_split(struct bytes line, char *memory, struct registry_words *out, struct error *err)
{
    size_t at = 0;
    out->count = 0;
    out->end = 0;
    for (;;) {
        while (at < line.len && is_blank(line.data[at]))
            at++;
        out->comment_at = at;
        if (at == line.len || line.data[at] == '#')
            return STATUS_OK;
        if (out->count == REGISTRY_WORDS_MAX)
            return error_set(err, STATUS_USAGE, "more than %d words", REGISTRY_WORDS_MAX);
        char *word = memory;
        bool is_quoted = line.data[at] == '"';
        at += is_quoted ? 1 : 0;
        enum status s = is_quoted ? take_quoted(line, &at, &memory, err) : take_plain(line, &at, &memory, err);
        if (s != STATUS_OK)
            return s;
        if (!text_is_printable_utf8(bytes_of(word, (size_t)(memory - word))))
            return error_set(err, STATUS_USAGE, "a word that is not printable UTF-8");
        *memory++ = '\0';
        out->at[out->count++] = word;
        out->end = at;
    }
}

void registry_format_args(char *out, size_t size, const char *format, va_list args)
{
    int len = vsnprintf(out, size, format, args);
    if (len < 0 || (size_t)len < size)
        return;
    size_t at = size - 1;
    /* A character's first byte is the last one that does not begin with the bits 10. */
    while (at > 0 && ((uint8_t)out[at - 1] & 0xc0) == 0x80)
        at--;
    if (at > 0 && (uint8_t)out[at - 1] >= 0xc0)
        out[at - 1] = '\0';
}

void registry_format(char *out, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    registry_format_args(out, size, format, args);
    va_end(args);
}
