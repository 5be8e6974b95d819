#include "codec/identity/website_identity_list.h"

#include <stdio.h>
#include <string.h>

#include "base/reader.h"
#include "base/text.h"
#include "merkle/proof.h"

/* Enough that no two folders meet by accident; whoever makes one on purpose fools nobody, for the whole root is checked. */
#define PATH_ROOT_SIZE 8

static enum status malformed(const struct reader *r, const char *what, struct error *err)
{
    return error_at(err, STATUS_MALFORMED, reader_offset(r), "identity list: %s", what);
}

void website_identity_section_init(struct website_identity_section *section)
{
    *section = (struct website_identity_section){
        .coverage = WEBSITE_IDENTITY_ALL,
        .records = array_of(sizeof(struct website_identity_logged), WEBSITE_IDENTITY_RECORDS_MAX)};
}

void website_identity_section_clear(struct website_identity_section *section)
{
    array_clear(&section->records);
}

void website_identity_list_init(struct website_identity_list *list)
{
    *list = (struct website_identity_list){
        .records = array_of(sizeof(struct website_identity_logged), WEBSITE_IDENTITY_RECORDS_MAX)};
}

void website_identity_list_clear(struct website_identity_list *list)
{
    array_clear(&list->records);
}

/* ---- records with their proofs ---- */

static bool is_path_length(size_t len)
{
    return len % HASH_SIZE == 0 && len <= (size_t)PROOF_HASHES_MAX * HASH_SIZE;
}

static const struct website_identity_logged *logged_at(const struct array *records, size_t i)
{
    return (const struct website_identity_logged *)array_at(records, i);
}

static bool is_after(const struct array *records, size_t count, uint64_t index)
{
    return count == 0 || logged_at(records, count - 1)->index < index;
}

static enum status read_records(struct reader *r, uint64_t log_size, struct array *out, struct error *err)
{
    struct reader entry, path;
    while (!reader_is_at_end(r)) {
        struct website_identity_logged l;
        if (!reader_u64(r, &l.index) || l.index >= log_size || !is_after(out, out->count, l.index) ||
            !reader_vector_u16(r, &entry) || !reader_vector_u16(r, &path) || !is_path_length(reader_left(&path)))
            return malformed(r, "record, its place in the log, or its proof", err);
        l.path = reader_rest(&path);
        enum status s = website_identity_parse_entry(reader_rest(&entry), &l.entry, err);
        if (s == STATUS_OK && l.entry.is_revocation)
            s = malformed(r, "a revocation stands where a record belongs", err);
        if (s == STATUS_OK)
            s = array_insert(out, out->count, &l, "identity records", err);
        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}

static bool write_records(const struct array *records, uint64_t log_size, struct builder *out)
{
    for (size_t i = 0; i < records->count; i++) {
        const struct website_identity_logged *l = logged_at(records, i);
        if (l->index >= log_size || !is_after(records, i, l->index) || l->entry.is_revocation || !is_path_length(l->path.len))
            return false;
        builder_u64(out, l->index);
        size_t mark = builder_open_vector(out, 2);
        builder_bytes(out, l->entry.whole);
        builder_close_vector(out, mark, 2);
        mark = builder_open_vector(out, 2);
        builder_bytes(out, l->path);
        builder_close_vector(out, mark, 2);
    }
    return true;
}

/* ---- section 8 ---- */

static bool is_section_good(const struct website_identity_section *s)
{
    return s->log_size <= WEBSITE_IDENTITY_LOG_MAX && s->digits <= WEBSITE_IDENTITY_DIGITS_MAX &&
           (s->coverage == WEBSITE_IDENTITY_ALL || (s->coverage == WEBSITE_IDENTITY_ASKED && s->records.count == 0));
}

enum status website_identity_section_parse(struct bytes data, struct website_identity_section *out, struct error *err)
{
    struct reader r;
    uint8_t coverage, digits;
    reader_init(&r, data);
    if (!reader_u64(&r, &out->log_size) || !reader_copy(&r, out->log_root, HASH_SIZE) || !reader_u8(&r, &coverage) ||
        coverage < WEBSITE_IDENTITY_ALL || coverage > WEBSITE_IDENTITY_ASKED || !reader_u8(&r, &digits) ||
        !reader_copy(&r, out->lists_root, HASH_SIZE))
        return malformed(&r, "identities of the bundle", err);
    out->coverage = (enum website_identity_coverage)coverage;
    out->digits = digits;
    enum status s = read_records(&r, out->log_size, &out->records, err);
    return s != STATUS_OK || is_section_good(out) ? s : malformed(&r, "size of the log, coverage, or digits", err);
}

enum status website_identity_section_write(const struct website_identity_section *section, struct builder *out,
                                           struct error *err)
{
    if (!is_section_good(section))
        return error_set(err, STATUS_USAGE, "identities of a bundle: size of the log, coverage, or digits");
    builder_u64(out, section->log_size);
    builder_bytes(out, BYTES_OF(section->log_root));
    builder_u8(out, (uint8_t)section->coverage);
    builder_u8(out, (uint8_t)section->digits);
    builder_bytes(out, BYTES_OF(section->lists_root));
    if (!write_records(&section->records, section->log_size, out))
        return error_set(err, STATUS_USAGE, "identities of a bundle: records out of order, or that are none");
    return builder_status(out, "identities of a bundle", err);
}

/* ---- a list ---- */

static bool is_list_good(const struct website_identity_list *l)
{
    return l->log_size <= WEBSITE_IDENTITY_LOG_MAX && l->digits <= WEBSITE_IDENTITY_DIGITS_MAX &&
           l->prefix < (uint32_t)1 << (4 * l->digits);
}

enum status website_identity_list_parse(struct bytes input, struct website_identity_list *out, struct error *err)
{
    struct reader r, child;
    struct bytes label;
    uint8_t digits;
    uint16_t prefix;
    reader_init(&r, input);
    if (!reader_bytes(&r, WEBSITE_IDENTITY_LABEL_SIZE, &label) ||
        memcmp(label.data, WEBSITE_IDENTITY_LIST_LABEL, WEBSITE_IDENTITY_LABEL_SIZE) != 0 || !reader_u64(&r, &out->log_size) ||
        !reader_u8(&r, &digits) || !reader_u16(&r, &prefix))
        return malformed(&r, "this is none", err);
    out->digits = digits;
    out->prefix = prefix;
    if (!is_list_good(out))
        return malformed(&r, "size of the log, digits, or prefix", err);
    if (!reader_vector_u24(&r, &child) || !reader_is_at_end(&r))
        return malformed(&r, "records: cut short, or something after them", err);
    return read_records(&child, out->log_size, &out->records, err);
}

enum status website_identity_list_write(const struct website_identity_list *list, struct builder *out, struct error *err)
{
    if (!is_list_good(list))
        return error_set(err, STATUS_USAGE, "identity list: size of the log, digits, or prefix");
    builder_text(out, WEBSITE_IDENTITY_LIST_LABEL);
    builder_u64(out, list->log_size);
    builder_u8(out, (uint8_t)list->digits);
    builder_u16(out, (uint16_t)list->prefix);
    size_t mark = builder_open_vector(out, 3);
    if (!write_records(&list->records, list->log_size, out))
        return error_set(err, STATUS_USAGE, "identity list: records out of order, or that are none");
    builder_close_vector(out, mark, 3);
    return builder_status(out, "identity list", err);
}

/* ---- an answer ---- */

enum status website_identity_answer_parse(struct bytes input, struct website_identity_answer *out, struct error *err)
{
    struct reader r, list, path;
    if (input.len > WEBSITE_IDENTITY_ANSWER_SIZE_MAX)
        return error_set(err, STATUS_LIMIT, "identity list: longer than %zu bytes", WEBSITE_IDENTITY_ANSWER_SIZE_MAX);
    reader_init(&r, input);
    if (!reader_vector_u24(&r, &list) || !reader_vector_u16(&r, &path) || !reader_is_at_end(&r) || reader_is_at_end(&list) ||
        !is_path_length(reader_left(&path)))
        return malformed(&r, "list and proof", err);
    *out = (struct website_identity_answer){.list = reader_rest(&list), .path = reader_rest(&path)};
    return STATUS_OK;
}

enum status website_identity_answer_write(const struct website_identity_answer *answer, struct builder *out,
                                          struct error *err)
{
    if (answer->list.len == 0 || !is_path_length(answer->path.len) ||
        answer->list.len + answer->path.len + 5 > WEBSITE_IDENTITY_ANSWER_SIZE_MAX)
        return error_set(err, STATUS_USAGE, "identity list: with its proof longer than %zu bytes",
                         WEBSITE_IDENTITY_ANSWER_SIZE_MAX);
    size_t mark = builder_open_vector(out, 3);
    builder_bytes(out, answer->list);
    builder_close_vector(out, mark, 3);
    mark = builder_open_vector(out, 2);
    builder_bytes(out, answer->path);
    builder_close_vector(out, mark, 2);
    return builder_status(out, "identity list", err);
}

/* ---- which list ---- */

bool website_identity_prefix(struct bytes domain, unsigned digits, uint32_t *prefix)
{
    uint8_t hash[HASH_SIZE];
    if (!hash_label_sha256(&domain, 1, hash))
        return false;
    uint32_t four = (uint32_t)hash[0] << 8 | hash[1];
    *prefix = four >> (4 * (WEBSITE_IDENTITY_DIGITS_MAX - digits));
    return true;
}

void website_identity_list_path(const uint8_t lists_root[HASH_SIZE], unsigned digits, uint32_t prefix,
                                char out[WEBSITE_IDENTITY_PATH_MAX])
{
    char root[2 * PATH_ROOT_SIZE + 1];
    text_hex(bytes_of(lists_root, PATH_ROOT_SIZE), root);
    if (digits == 0)
        (void)snprintf(out, WEBSITE_IDENTITY_PATH_MAX, "identity/%s/all", root);
    else
        (void)snprintf(out, WEBSITE_IDENTITY_PATH_MAX, "identity/%s/%0*x", root, (int)digits, prefix);
}
