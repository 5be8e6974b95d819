#include "registry/registry_edit.h"

#include <string.h>

#include "base/text.h"
#include "registry/registry_parts.h"

/* A word that the reader takes without quotes. */
static bool is_plain(const char *word)
{
    return word[0] != '\0' && word[0] != '#' && strpbrk(word, " \t\"") == NULL;
}

enum status registry_edit_write(const char *const *words, size_t count, struct builder *out, struct error *err)
{
    size_t before = out->len;
    for (size_t i = 0; i < count; i++) {
        if (!text_is_printable_utf8(bytes_of_text(words[i])))
            return error_set(err, STATUS_USAGE, "%s: a word that is not printable UTF-8", words[0]);
        builder_text(out, i > 0 ? " " : "");
        if (is_plain(words[i])) {
            builder_text(out, words[i]);
            continue;
        }
        builder_u8(out, '"');
        for (const char *c = words[i]; *c != '\0'; c++) {
            if (*c == '"' || *c == '\\')
                builder_u8(out, '\\');
            builder_u8(out, (uint8_t)*c);
        }
        builder_u8(out, '"');
    }
    if (out->len - before > REGISTRY_LINE_MAX)
        return error_set(err, STATUS_USAGE, "%s: the statement is longer than %d bytes", words[0], REGISTRY_LINE_MAX);
    builder_text(out, "\n");
    return builder_status(out, "a registry's file", err);
}

/* ---- lines of a text ---- */

struct line {
    struct bytes whole; /* with its line end */
    struct bytes text;  /* without */
    struct registry_words words;
};

/* A registry's file was read before it is edited, so that its lines can be split. memory: REGISTRY_LINE_MAX + 1. */
static enum status next_line(struct bytes *rest, char *memory, struct line *out, struct error *err)
{
    const uint8_t *start = rest->data;
    if (!text_next_line(rest, &out->text))
        return STATUS_NOT_FOUND;
    out->whole = bytes_of(start, (size_t)(rest->data - start));
    if (out->text.len > REGISTRY_LINE_MAX)
        return error_set(err, STATUS_USAGE, "a line is longer than %d bytes", REGISTRY_LINE_MAX);
    return registry_words_split(out->text, memory, &out->words, err);
}

static bool begins_with(const struct line *line, const char *const *words, size_t count)
{
    if (line->words.count < count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(line->words.at[i], words[i]) != 0)
            return false;
    return true;
}

/* whole is never empty: a line has an end, or bytes. */
static void write_whole(const struct line *line, struct builder *out)
{
    builder_bytes(out, line->whole);
    /* The last line of a file that a person wrote may have no end. */
    if (line->whole.data[line->whole.len - 1] != '\n')
        builder_text(out, "\n");
}

/* The end, in lines, of the last statement that begins with these words; 0: there is none. */
static enum status find_last(struct bytes text, const char *const *words, size_t count, size_t *last, struct error *err)
{
    char memory[REGISTRY_LINE_MAX + 1];
    struct line line;
    enum status s;
    *last = 0;
    for (size_t number = 1; (s = next_line(&text, memory, &line, err)) == STATUS_OK; number++)
        if (begins_with(&line, words, count))
            *last = number;
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

enum status registry_edit_add(struct bytes text, const char *const *words, size_t count, struct builder *out, struct error *err)
{
    char memory[REGISTRY_LINE_MAX + 1];
    struct line line;
    size_t last;
    enum status s = find_last(text, words, 1, &last, err);
    for (size_t number = 1; s == STATUS_OK; number++) {
        if (next_line(&text, memory, &line, NULL) != STATUS_OK)
            break;
        write_whole(&line, out);
        if (number == last)
            s = registry_edit_write(words, count, out, err);
    }
    if (s == STATUS_OK && last == 0)
        s = registry_edit_write(words, count, out, err);
    return s == STATUS_OK ? builder_status(out, "a registry's file", err) : s;
}

/* The new statement, with the comment of the old line behind it. */
static enum status write_in_place_of(const struct line *old, const char *const *words, size_t count, struct builder *out,
                                     struct error *err)
{
    enum status s = registry_edit_write(words, count, out, err);
    if (s != STATUS_OK || old->words.comment_at == old->text.len)
        return s;
    out->len--; /* the line end */
    builder_bytes(out, bytes_of(old->text.data + old->words.end, old->text.len - old->words.end));
    builder_text(out, "\n");
    return STATUS_OK;
}

enum status registry_edit_set(struct bytes text, const char *const *words, size_t count, size_t key_count, struct builder *out,
                              struct error *err)
{
    char memory[REGISTRY_LINE_MAX + 1];
    struct line line;
    size_t last;
    enum status s = find_last(text, words, key_count, &last, err);
    if (s == STATUS_OK && last == 0)
        return registry_edit_add(text, words, count, out, err);
    for (size_t number = 1; s == STATUS_OK; number++) {
        if (next_line(&text, memory, &line, NULL) != STATUS_OK)
            break;
        if (number == last)
            s = write_in_place_of(&line, words, count, out, err);
        else
            write_whole(&line, out);
    }
    return s == STATUS_OK ? builder_status(out, "a registry's file", err) : s;
}

enum status registry_edit_remove(struct bytes text, const char *const *words, size_t count, struct builder *out, struct error *err)
{
    char memory[REGISTRY_LINE_MAX + 1];
    struct line line;
    size_t last;
    enum status s = find_last(text, words, count, &last, err);
    if (s == STATUS_OK && last == 0)
        return error_set(err, STATUS_NOT_FOUND, "%s: there is no such statement", words[0]);
    while (s == STATUS_OK && next_line(&text, memory, &line, NULL) == STATUS_OK)
        if (!begins_with(&line, words, count))
            write_whole(&line, out);
    return s == STATUS_OK ? builder_status(out, "a registry's file", err) : s;
}
