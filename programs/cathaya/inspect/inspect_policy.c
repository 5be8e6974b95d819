#include "inspect/inspect.h"

#include <string.h>

#include "base/builder.h"
#include "base/text.h"
#include "crypto/key.h"
#include "crypto/subject_key.h"
#include "inspect/view.h"

/* Words of each statement by name; the last name takes all that are left when it ends with "...". */
static const struct statement {
    const char *word;
    const char *names[6];
} statements[] = {
    {"cosigner", {"id", "algorithm", "key"}},
    {"trusted-subtree", {"ca_id", "log", "start", "end", "hash"}},
    {"require-cosigners", {"needed", "cosigners..."}},
    {"revoked", {"ca_id", "first", "last"}},
};

static void show_key(json_t *item, struct bytes base64)
{
    uint8_t memory[KEY_SPKI_MAX];
    char kind[SUBJECT_KEY_TEXT_SIZE];
    struct builder spki;
    builder_init_fixed(&spki, memory, sizeof memory);
    if (!text_parse_base64(base64, &spki))
        return;
    subject_key_describe(builder_view(&spki), kind, sizeof kind);
    view_text(item, "key_kind", "%s", kind);
}

static bool show_words(json_t *item, const struct statement *statement, struct bytes rest)
{
    struct bytes word;
    for (size_t i = 0; statement->names[i] != NULL; i++) {
        const char *name = statement->names[i];
        if (strcmp(name, "cosigners...") == 0) {
            json_t *list = view_list(item, "cosigners");
            while (text_next_word(&rest, &word))
                view_add(list, "%.*s", (int)word.len, (const char *)word.data);
            return json_array_size(list) > 0;
        }
        if (!text_next_word(&rest, &word))
            return false;
        view_text(item, name, "%.*s", (int)word.len, (const char *)word.data);
        if (strcmp(name, "key") == 0)
            show_key(item, word);
    }
    return !text_next_word(&rest, &word);
}

static const struct statement *find(struct bytes word)
{
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++)
        if (bytes_is_text(word, statements[i].word))
            return &statements[i];
    return NULL;
}

enum status inspect_policy(const struct inspect_input *in, json_t *out, struct error *err)
{
    struct bytes rest = in->content, line, word;
    json_t *list = view_list(out, "statements");
    for (size_t number = 1; text_next_line(&rest, &line); number++) {
        const uint8_t *comment = line.len > 0 ? memchr(line.data, '#', line.len) : NULL;
        if (comment != NULL)
            line.len = (size_t)(comment - line.data);
        if (!text_next_word(&line, &word))
            continue;
        const struct statement *statement = find(word);
        if (statement == NULL)
            return error_set(err, STATUS_MALFORMED, "line %zu: unknown statement", number);
        json_t *item = view_item(list);
        view_number(item, "line", number);
        view_text(item, "statement", "%s", statement->word);
        if (!show_words(item, statement, line))
            return error_set(err, STATUS_MALFORMED, "line %zu: too few or too many words", number);
    }
    if (json_array_size(list) == 0)
        return error_set(err, STATUS_MALFORMED, "no statement of a policy");
    return STATUS_OK;
}
