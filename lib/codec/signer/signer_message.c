#include "codec/signer/signer_message.h"

#include <string.h>

#define VERSION 1

/* ---- requests ---- */

static bool read_name(struct reader *r, size_t max, struct bytes *out)
{
    struct reader name;
    if (!reader_vector_u8(r, &name) || reader_is_at_end(&name) || reader_left(&name) > max)
        return false;
    *out = reader_rest(&name);
    return true;
}

static bool read_proof(struct reader *r, struct bytes *out)
{
    struct reader proof;
    if (!reader_vector_u16(r, &proof) || reader_left(&proof) > SIGNER_PROOF_MAX ||
        reader_left(&proof) % HASH_SIZE != 0)
        return false;
    *out = reader_rest(&proof);
    return true;
}

static bool read_statement(struct reader *r, struct signer_request *out)
{
    struct cosigned_message *m = &out->statement;
    bool is_tree = out->operation == SIGNER_TREE;
    uint64_t *first = is_tree ? &m->timestamp : &m->subtree.start;
    return read_name(r, UINT8_MAX, &m->cosigner_name) && read_name(r, UINT8_MAX, &m->log_origin) &&
           reader_u64(r, first) && reader_u64(r, &m->subtree.end) && reader_copy(r, m->hash, HASH_SIZE) &&
           read_proof(r, &out->proof) && m->timestamp <= COSIGNED_MESSAGE_TIMESTAMP_MAX &&
           is_tree == (m->timestamp != 0) && subtree_is_valid(m->subtree);
}

static bool read_document(struct reader *r, struct bytes *out)
{
    struct reader document;
    if (!reader_vector_u24(r, &document) || reader_is_at_end(&document) ||
        reader_left(&document) > SIGNER_DOCUMENT_MAX)
        return false;
    *out = reader_rest(&document);
    return true;
}

static bool read_fields(struct reader *r, struct signer_request *out)
{
    if (out->operation == SIGNER_LIST)
        return true;
    if (!read_name(r, SIGNER_KEY_ID_MAX, &out->key_id))
        return false;
    switch (out->operation) {
    case SIGNER_LAST:
        return read_name(r, UINT8_MAX, &out->statement.log_origin);
    case SIGNER_TREE:
    case SIGNER_SUBTREE:
        return read_statement(r, out);
    case SIGNER_DOCUMENT:
    case SIGNER_HANDSHAKE:
        return read_document(r, &out->document);
    case SIGNER_LIST:
        break;
    }
    return false;
}

enum status signer_request_parse(struct bytes input, struct signer_request *out, struct error *err)
{
    struct reader r;
    uint8_t version, operation;
    *out = (struct signer_request){.operation = SIGNER_LIST};
    reader_init(&r, input);
    if (!reader_u8(&r, &version) || version != VERSION || !reader_u8(&r, &operation) ||
        operation < SIGNER_LIST || operation > SIGNER_HANDSHAKE)
        return error_at(err, STATUS_MALFORMED, 0, "signer request: another version, or no known operation");
    out->operation = (enum signer_operation)operation;
    if (!read_fields(&r, out) || !reader_is_at_end(&r))
        return error_at(err, STATUS_MALFORMED, reader_offset(&r), "signer request: its fields are not those of operation %u",
                        operation);
    return STATUS_OK;
}

static void write_name(struct bytes name, struct builder *out)
{
    size_t mark = builder_open_vector(out, 1);
    builder_bytes(out, name);
    builder_close_vector(out, mark, 1);
}

static void write_statement(const struct signer_request *request, struct builder *out)
{
    const struct cosigned_message *m = &request->statement;
    write_name(m->cosigner_name, out);
    write_name(m->log_origin, out);
    builder_u64(out, request->operation == SIGNER_TREE ? m->timestamp : m->subtree.start);
    builder_u64(out, m->subtree.end);
    builder_bytes(out, BYTES_OF(m->hash));
    size_t mark = builder_open_vector(out, 2);
    builder_bytes(out, request->proof);
    builder_close_vector(out, mark, 2);
}

static bool fits_operation(const struct signer_request *request)
{
    const struct cosigned_message *m = &request->statement;
    if (request->operation == SIGNER_TREE)
        return m->timestamp != 0 && m->subtree.start == 0;
    return request->operation != SIGNER_SUBTREE || m->timestamp == 0;
}

enum status signer_request_write(const struct signer_request *request, struct builder *out,
                                 struct error *err)
{
    if (!fits_operation(request))
        return error_set(err, STATUS_USAGE, "signer request: a tree has a time and begins at 0, a subtree has no time");
    builder_u8(out, VERSION);
    builder_u8(out, (uint8_t)request->operation);
    if (request->operation != SIGNER_LIST)
        write_name(request->key_id, out);
    if (request->operation == SIGNER_LAST)
        write_name(request->statement.log_origin, out);
    if (request->operation == SIGNER_TREE || request->operation == SIGNER_SUBTREE)
        write_statement(request, out);
    if (request->operation == SIGNER_DOCUMENT || request->operation == SIGNER_HANDSHAKE) {
        size_t mark = builder_open_vector(out, 3);
        builder_bytes(out, request->document);
        builder_close_vector(out, mark, 3);
    }
    return builder_status(out, "signer request", err);
}

/* ---- answers ---- */

void signer_answer_start(enum signer_verdict verdict, struct builder *out)
{
    builder_u8(out, VERSION);
    builder_u8(out, (uint8_t)verdict);
}

enum status signer_answer_parse(struct bytes input, struct signer_answer *out, struct error *err)
{
    struct reader r;
    uint8_t version, verdict;
    reader_init(&r, input);
    if (!reader_u8(&r, &version) || version != VERSION || !reader_u8(&r, &verdict) || verdict > SIGNER_FAILED)
        return error_at(err, STATUS_MALFORMED, 0, "signer answer: another version, or no known verdict");
    out->verdict = (enum signer_verdict)verdict;
    out->body = reader_rest(&r);
    return STATUS_OK;
}

enum status signer_key_row_read(struct reader *body, struct signer_key_row *out, struct error *err)
{
    struct reader spki;
    if (reader_is_at_end(body))
        return error_set(err, STATUS_NOT_FOUND, "no more keys");
    if (!read_name(body, SIGNER_KEY_ID_MAX, &out->key_id) ||
        !read_name(body, ALGORITHM_NAME_MAX, &out->algorithm) || !reader_vector_u16(body, &spki) ||
        reader_is_at_end(&spki))
        return error_at(err, STATUS_MALFORMED, reader_offset(body), "signer answer: not a list of keys");
    out->spki = reader_rest(&spki);
    return STATUS_OK;
}

void signer_key_row_write(const struct signer_key_row *row, struct builder *out)
{
    write_name(row->key_id, out);
    write_name(row->algorithm, out);
    size_t mark = builder_open_vector(out, 2);
    builder_bytes(out, row->spki);
    builder_close_vector(out, mark, 2);
}

enum status signer_last_parse(struct bytes body, struct signer_last *out, struct error *err)
{
    static const uint8_t none[HASH_SIZE];
    struct reader r;
    uint8_t known;
    reader_init(&r, body);
    if (!reader_u8(&r, &known) || known > 1 || !reader_u64(&r, &out->size) ||
        !reader_copy(&r, out->root, HASH_SIZE) || !reader_is_at_end(&r) ||
        (known == 0 && (out->size != 0 || memcmp(out->root, none, HASH_SIZE) != 0)))
        return error_at(err, STATUS_MALFORMED, reader_offset(&r), "signer answer: not a size and a root");
    out->is_known = known == 1;
    return STATUS_OK;
}

void signer_last_write(const struct signer_last *last, struct builder *out)
{
    builder_u8(out, last->is_known);
    builder_u64(out, last->size);
    builder_bytes(out, BYTES_OF(last->root));
}
