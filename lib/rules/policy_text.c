#include "rules/policy_text.h"

#include <string.h>

#include "base/text.h"

/* The words of a statement that are still to be read. */
struct statement {
    struct bytes rest;
};

static enum status wrong(struct error *err, const char *what)
{
    return error_set(err, STATUS_USAGE, "%s", what);
}

static bool next_id(struct statement *st, struct tai *id)
{
    struct bytes word;
    return text_next_word(&st->rest, &word) && tai_parse_text(word, id, NULL) == STATUS_OK;
}

static bool next_number(struct statement *st, uint64_t max, uint64_t *value)
{
    struct bytes word;
    return text_next_word(&st->rest, &word) && text_parse_u64(word, max, value);
}

static bool next_base64(struct statement *st, struct builder *out)
{
    struct bytes word;
    return text_next_word(&st->rest, &word) && text_parse_base64(word, out);
}

static bool is_at_end(const struct statement *st)
{
    struct bytes rest = st->rest, word;
    return !text_next_word(&rest, &word);
}

static enum status read_cosigner(struct statement *st, struct trust_store *store, struct error *err)
{
    struct tai id;
    struct bytes alg;
    uint8_t memory[KEY_SPKI_MAX];
    struct builder spki;
    builder_init_fixed(&spki, memory, sizeof memory);
    if (!next_id(st, &id) || !text_next_word(&st->rest, &alg) || !next_base64(st, &spki) || !is_at_end(st))
        return wrong(err, "expected: cosigner ID ALG BASE64(SPKI)");
    return trust_store_add_cosigner(store, &id, alg, builder_view(&spki), err);
}

static enum status read_trusted_subtree(struct statement *st, struct trust_store *store,
                                        struct error *err)
{
    struct tai ca_id;
    uint64_t log_number;
    struct subtree subtree;
    uint8_t memory[HASH_SIZE];
    struct builder hash;
    builder_init_fixed(&hash, memory, sizeof memory);
    if (!next_id(st, &ca_id) || !next_number(st, UINT16_MAX, &log_number) ||
        !next_number(st, UINT64_MAX, &subtree.start) || !next_number(st, UINT64_MAX, &subtree.end) ||
        !next_base64(st, &hash) || hash.len != HASH_SIZE || !is_at_end(st))
        return wrong(err, "expected: trusted-subtree CA-ID LOG START END BASE64(32-byte hash)");
    return trust_store_add_subtree(store, &ca_id, (uint16_t)log_number, subtree, memory, err);
}

static enum status read_require_cosigners(struct statement *st, struct trust_store *store,
                                          struct error *err)
{
    struct bytes mode;
    uint64_t needed = 1;
    struct tai ids[TRUST_COSIGNERS_MAX];
    size_t count = 0;
    bool has_mode = text_next_word(&st->rest, &mode);
    bool is_all = has_mode && bytes_is_text(mode, "all");
    if (!has_mode || (!is_all && !bytes_is_text(mode, "any") &&
                      !text_parse_u64(mode, TRUST_COSIGNERS_MAX, &needed)))
        return wrong(err, "expected: require-cosigners all|any|N ID...");
    while (!is_at_end(st)) {
        if (count == TRUST_COSIGNERS_MAX || !next_id(st, &ids[count]))
            return wrong(err, "require-cosigners: a bad cosigner ID, or too many");
        count++;
    }
    return trust_store_require(store, is_all ? count : (size_t)needed, ids, count, err);
}

/* A serial number as a number, or as LOG:INDEX [MTC 6.2]. */
static bool next_serial(struct statement *st, uint64_t *serial)
{
    struct bytes word;
    uint64_t log_number, index;
    if (!text_next_word(&st->rest, &word))
        return false;
    const uint8_t *colon = memchr(word.data, ':', word.len);
    if (colon == NULL)
        return text_parse_u64(word, UINT64_MAX, serial);
    size_t before = (size_t)(colon - word.data);
    if (!text_parse_u64(bytes_of(word.data, before), UINT16_MAX, &log_number) ||
        !text_parse_u64(bytes_of(colon + 1, word.len - before - 1), ((uint64_t)1 << 48) - 1, &index))
        return false;
    *serial = log_number << 48 | index;
    return true;
}

static enum status read_revoked(struct statement *st, struct trust_store *store, struct error *err)
{
    struct tai ca_id;
    uint64_t first, last;
    if (!next_id(st, &ca_id) || !next_serial(st, &first) || !next_serial(st, &last) || !is_at_end(st))
        return wrong(err, "expected: revoked CA-ID FIRST LAST (serial numbers, or LOG:INDEX)");
    return trust_store_add_revoked(store, &ca_id, first, last, err);
}

static enum status read_statement(struct bytes line, struct trust_store *store, struct error *err)
{
    static const struct {
        const char *word;
        enum status (*read)(struct statement *st, struct trust_store *store, struct error *err);
    } statements[] = {
        {"cosigner", read_cosigner},
        {"trusted-subtree", read_trusted_subtree},
        {"require-cosigners", read_require_cosigners},
        {"revoked", read_revoked},
    };
    struct statement st = {line};
    struct bytes word;
    if (!text_next_word(&st.rest, &word))
        return STATUS_OK;
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++)
        if (bytes_is_text(word, statements[i].word))
            return statements[i].read(&st, store, err);
    return error_set(err, STATUS_USAGE, "unknown statement \"%.*s\"", (int)(word.len < 40 ? word.len : 40),
                     (const char *)word.data);
}

enum status policy_text_read(struct bytes text, struct trust_store *store, struct error *err)
{
    struct bytes line;
    for (size_t number = 1; text_next_line(&text, &line); number++) {
        const uint8_t *comment = line.len > 0 ? memchr(line.data, '#', line.len) : NULL;
        if (comment != NULL)
            line.len = (size_t)(comment - line.data);
        /* Whatever is wrong in it: the file is. */
        if (read_statement(line, store, err) != STATUS_OK)
            return error_prefix(err, STATUS_USAGE, "line %zu", number);
    }
    return STATUS_OK;
}
