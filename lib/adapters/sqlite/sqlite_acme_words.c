#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/sqlite/sqlite_acme.h"

static enum status keep(struct sqlite_acme_store *s, int64_t id, struct bytes text, struct error *err)
{
    if (s->word_count == ACME_WORDS_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d names of profiles and CAs", ACME_WORDS_MAX);
    struct acme_word *word = &s->words[s->word_count];
    if (text.len >= sizeof word->text)
        return sqlite_acme_pack_damaged(s, "word", (acme_id)id, err);
    word->id = id;
    memcpy(word->text, text.data, text.len);
    word->text[text.len] = '\0';
    s->word_count++;
    return STATUS_OK;
}

static enum status load(struct sqlite_acme_store *s, struct error *err)
{
    struct sqlite_call call;
    if (s->are_words_loaded)
        return STATUS_OK;
    if (s->words == NULL)
        s->words = calloc(ACME_WORDS_MAX, sizeof *s->words);
    if (s->words == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for names");
    s->word_count = 0;
    enum status status = STATUS_OK;
    sqlite_call_read(&call, s->db, ACME_SQL_WORDS, err);
    while (status == STATUS_OK && sqlite_call_next(&call)) {
        int64_t id = sqlite_call_get_int(&call);
        status = keep(s, id, sqlite_call_get_bytes(&call), err);
    }
    enum status ended = sqlite_call_end(&call);
    status = status == STATUS_OK ? ended : status;
    s->are_words_loaded = status == STATUS_OK;
    return status;
}

void sqlite_acme_words_forget(struct sqlite_acme_store *s)
{
    s->are_words_loaded = false;
}

enum status sqlite_acme_words_id(struct sqlite_acme_store *s, const char *text, bool may_add,
                                 int64_t *id, struct error *err)
{
    struct sqlite_call call;
    enum status status = load(s, err);
    for (size_t i = 0; status == STATUS_OK && i < s->word_count; i++)
        if (strcmp(s->words[i].text, text) == 0) {
            *id = s->words[i].id;
            return STATUS_OK;
        }
    if (status != STATUS_OK)
        return status;
    if (!may_add)
        return error_set(err, STATUS_NOT_FOUND, "no record names %s", text);
    if (s->word_count == ACME_WORDS_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d names of profiles and CAs", ACME_WORDS_MAX);
    sqlite_call_write(&call, s->db, ACME_SQL_WORD_ADD, err);
    sqlite_call_bytes(&call, bytes_of_text(text));
    status = sqlite_call_run(&call);
    if (status != STATUS_OK)
        return status;
    *id = sqlite3_last_insert_rowid(s->db->handle);
    return keep(s, *id, bytes_of_text(text), err);
}

/* A reader does not see what the writer adds before it loads again. */
static const struct acme_word *find(const struct sqlite_acme_store *s, int64_t id)
{
    for (size_t i = 0; i < s->word_count; i++)
        if (s->words[i].id == id)
            return &s->words[i];
    return NULL;
}

enum status sqlite_acme_words_text(struct sqlite_acme_store *s, int64_t id,
                                   char out[ACME_NAME_SIZE], struct error *err)
{
    enum status status = load(s, err);
    const struct acme_word *word = status == STATUS_OK ? find(s, id) : NULL;
    if (status == STATUS_OK && word == NULL) {
        sqlite_acme_words_forget(s);
        status = load(s, err);
        word = status == STATUS_OK ? find(s, id) : NULL;
    }
    if (status != STATUS_OK)
        return status;
    if (word == NULL)
        return sqlite_acme_pack_damaged(s, "word", (acme_id)id, err);
    memcpy(out, word->text, ACME_NAME_SIZE);
    return STATUS_OK;
}
