#include "codec/evidence/evidence.h"

#include <inttypes.h>
#include <string.h>

#include "base/civil_time.h"
#include "base/reader.h"
#include "base/text.h"
#include "codec/trust_bundle/trust_envelope.h"
#include "crypto/key.h"

#define FIRST_LINE "cathaya-evidence v1"

static const char *const kind_names[EVIDENCE_KINDS] = {
    [EVIDENCE_TWO_ROOTS] = "two-roots",
    [EVIDENCE_NOT_A_PREFIX] = "not-a-prefix",
    [EVIDENCE_TWO_SUBTREES] = "two-subtrees",
    [EVIDENCE_SHRANK] = "shrank",
    [EVIDENCE_ENTRY_AFTER_HEAD] = "entry-after-head",
    [EVIDENCE_LATE_MERGE] = "late-merge",
    [EVIDENCE_SCT_NOT_HONOURED] = "sct-not-honoured",
    [EVIDENCE_TWO_VERSIONS] = "two-versions",
};

const char *evidence_kind_name(enum evidence_kind kind)
{
    return kind_names[kind];
}

/* ---- what belongs to a kind ---- */

size_t evidence_statement_count(enum evidence_kind kind)
{
    return kind == EVIDENCE_ENTRY_AFTER_HEAD || kind == EVIDENCE_SCT_NOT_HONOURED ? 1 : 2;
}

static bool has_leaf(enum evidence_kind kind)
{
    return kind == EVIDENCE_ENTRY_AFTER_HEAD || kind == EVIDENCE_LATE_MERGE || kind == EVIDENCE_SCT_NOT_HONOURED;
}

static bool has_mmd(enum evidence_kind kind)
{
    return kind == EVIDENCE_LATE_MERGE || kind == EVIDENCE_SCT_NOT_HONOURED;
}

static bool has_part(const struct evidence *e)
{
    return e->kind == EVIDENCE_NOT_A_PREFIX || (e->kind == EVIDENCE_SCT_NOT_HONOURED && e->has_part);
}

static bool has_proof(const struct evidence *e)
{
    return has_part(e) || e->kind == EVIDENCE_ENTRY_AFTER_HEAD || e->kind == EVIDENCE_LATE_MERGE;
}

/* Which statements a kind has. */
static bool is_of_kind(const struct evidence *e)
{
    const struct evidence_statement *first = &e->statements[0], *second = &e->statements[1];
    if (e->kind != EVIDENCE_TWO_VERSIONS && (first->is_version || second->is_version))
        return false;
    switch (e->kind) {
    case EVIDENCE_TWO_VERSIONS:
        return first->is_version && second->is_version && first->version.len == TRUST_ENVELOPE_VERSION_SIZE &&
               second->version.len == TRUST_ENVELOPE_VERSION_SIZE;
    case EVIDENCE_TWO_ROOTS:
        return (first->is_note && second->is_note) || (first->is_sth && second->is_sth);
    case EVIDENCE_NOT_A_PREFIX:
        return second->is_sth ? first->is_sth : second->is_note && !first->is_sth;
    case EVIDENCE_TWO_SUBTREES:
        return !first->is_note && !first->is_sth && !second->is_note && !second->is_sth;
    case EVIDENCE_SHRANK:
    case EVIDENCE_LATE_MERGE:
        return first->is_sth && second->is_sth;
    case EVIDENCE_ENTRY_AFTER_HEAD:
    case EVIDENCE_SCT_NOT_HONOURED:
        return first->is_sth;
    }
    return false;
}

/* ---- reading ---- */

struct reading {
    struct reader r;
    struct builder *memory;
    struct evidence *out;
};

/* The rest of a line that begins with a word and a space. */
static bool read_field(struct reading *in, const char *name, struct reader *value)
{
    struct reader ahead = in->r;
    struct bytes word;
    if (!reader_line(&ahead, value) || !reader_until(value, ' ', &word) || !bytes_is_text(word, name))
        return false;
    in->r = ahead;
    return true;
}

/* Memory has room for all: what is borrowed stays. */
static bool decode(struct reading *in, struct bytes base64, struct bytes *out)
{
    size_t before = in->memory->len;
    if (base64.len == 0 || !text_parse_base64(base64, in->memory) || !builder_is_good(in->memory))
        return false;
    *out = bytes_of(in->memory->data + before, in->memory->len - before);
    return true;
}

static bool decode_hash(struct bytes base64, uint8_t hash[HASH_SIZE])
{
    struct builder b;
    builder_init_fixed(&b, hash, HASH_SIZE);
    return text_parse_base64(base64, &b) && builder_is_good(&b) && b.len == HASH_SIZE;
}

static bool read_kind(struct reading *in)
{
    struct reader value;
    if (!read_field(in, "kind", &value))
        return false;
    for (unsigned k = 0; k < EVIDENCE_KINDS; k++) {
        in->out->kind = (enum evidence_kind)k;
        if (bytes_is_text(reader_rest(&value), kind_names[k]))
            return true;
    }
    return false;
}

static bool read_hash_name(struct reading *in)
{
    struct reader value;
    if (!read_field(in, "hash", &value))
        return false;
    struct bytes name = reader_rest(&value);
    in->out->hash = bytes_is_text(name, hash_sm3.name)      ? &hash_sm3
                    : bytes_is_text(name, hash_sha256.name) ? &hash_sha256
                                                            : NULL;
    return in->out->hash != NULL;
}

static bool is_line_text(struct bytes text, size_t max)
{
    return text.len > 0 && text.len <= max && text_is_printable_utf8(text);
}

static bool is_oid(struct bytes oid)
{
    char text[ALGORITHM_OID_TEXT_MAX + 1];
    uint8_t memory[ALGORITHM_IDENTIFIER_MAX + ALGORITHM_OID_TEXT_MAX];
    struct builder der;
    if (oid.len == 0 || oid.len >= sizeof text || memchr(oid.data, '\0', oid.len) != NULL)
        return false;
    memcpy(text, oid.data, oid.len);
    text[oid.len] = '\0';
    builder_init_fixed(&der, memory, sizeof memory);
    return algorithm_oid_to_der(text, &der) && builder_is_good(&der);
}

static bool is_key(const struct evidence *e)
{
    return note_is_name(e->key_name) && e->key_name.len <= 255 && is_oid(e->key_oid) &&
           e->key_spki.len > 0 && e->key_spki.len <= KEY_SPKI_MAX;
}

static bool read_key(struct reading *in)
{
    struct reader value;
    struct evidence *e = in->out;
    return read_field(in, "key", &value) && reader_until(&value, ' ', &e->key_name) &&
           reader_until(&value, ' ', &e->key_oid) &&
           decode(in, reader_rest(&value), &e->key_spki) && is_key(e);
}

/* One spelling: what civil_time_format writes. */
static bool read_seen(struct reading *in)
{
    struct reader value;
    char again[CIVIL_TIME_TEXT_SIZE];
    if (!read_field(in, "seen", &value) ||
        !civil_time_parse(reader_rest(&value), &in->out->seen_s))
        return false;
    civil_time_format(in->out->seen_s, again);
    return bytes_is_text(reader_rest(&value), again);
}

static bool read_where(struct reading *in)
{
    struct reader value;
    if (!read_field(in, "where", &value))
        return false;
    in->out->where = reader_rest(&value);
    return is_line_text(in->out->where, EVIDENCE_WHERE_MAX);
}

static bool read_number(struct reader *r, uint64_t *value)
{
    struct bytes word;
    return reader_until(r, ' ', &word) && text_parse_u64(word, PROOF_LINES_SIZE_MAX, value);
}

static bool read_subtree(struct reading *in, struct evidence_statement *s)
{
    struct reader value;
    struct bytes hash;
    return read_field(in, "subtree", &value) && read_number(&value, &s->subtree.start) &&
           read_number(&value, &s->subtree.end) && read_number(&value, &s->timestamp_s) &&
           reader_until(&value, ' ', &hash) && decode_hash(hash, s->hash) &&
           decode(in, reader_rest(&value), &s->signature) && s->signature.len <= SIGNATURE_SIZE_MAX;
}

static bool read_version(struct reading *in, struct reader *value, struct evidence_statement *s)
{
    struct bytes version;
    return reader_until(value, ' ', &version) && decode(in, version, &s->version) && decode(in, reader_rest(value), &s->signature) &&
           s->signature.len <= SIGNATURE_SIZE_MAX;
}

static bool read_statement(struct reading *in, struct evidence_statement *s)
{
    struct reader value;
    struct bytes hash;
    *s = (struct evidence_statement){.is_note = read_field(in, "note", &value)};
    if (s->is_note)
        return decode(in, reader_rest(&value), &s->note) && s->note.len <= NOTE_SIZE_MAX;
    s->is_version = read_field(in, "version", &value);
    if (s->is_version)
        return read_version(in, &value, s);
    s->is_sth = read_field(in, "sth", &value);
    if (!s->is_sth)
        return read_subtree(in, s);
    return read_number(&value, &s->subtree.end) && read_number(&value, &s->timestamp_ms) &&
           reader_until(&value, ' ', &hash) && decode_hash(hash, s->hash) &&
           decode(in, reader_rest(&value), &s->signature) && s->signature.len <= SIGNATURE_SIZE_MAX;
}

static bool read_mmd(struct reading *in)
{
    struct reader value;
    return read_field(in, "mmd", &value) &&
           text_parse_u64(reader_rest(&value), EVIDENCE_MMD_MAX_MS, &in->out->mmd_ms);
}

static bool read_sct(struct reading *in)
{
    struct reader value;
    return read_field(in, "sct", &value) && decode(in, reader_rest(&value), &in->out->sct);
}

static bool read_leaf(struct reading *in)
{
    struct reader value;
    return read_field(in, "leaf", &value) && read_number(&value, &in->out->index) &&
           decode(in, reader_rest(&value), &in->out->leaf);
}

static bool read_part(struct reading *in)
{
    struct reader value;
    struct evidence *e = in->out;
    e->has_part = read_field(in, "part-hash", &value);
    if (e->has_part)
        return decode_hash(reader_rest(&value), e->part_hash);
    return e->kind == EVIDENCE_SCT_NOT_HONOURED;
}

static bool read_proof(struct reading *in)
{
    struct reader value, line;
    struct bytes hashes = {NULL, 0};
    struct evidence *e = in->out;
    if (read_field(in, "proof", &value))
        return decode(in, reader_rest(&value), &hashes) && proof_lines_set(&e->proof, hashes);
    return reader_line(&in->r, &line) && bytes_is_text(reader_rest(&line), "proof");
}

/* What stands behind the statements. */
static bool read_facts(struct reading *in)
{
    const struct evidence *e = in->out;
    bool may_have_part = e->kind == EVIDENCE_NOT_A_PREFIX || e->kind == EVIDENCE_SCT_NOT_HONOURED;
    return (!has_mmd(e->kind) || read_mmd(in)) &&
           (e->kind != EVIDENCE_SCT_NOT_HONOURED || read_sct(in)) &&
           (!has_leaf(e->kind) || read_leaf(in)) && (!may_have_part || read_part(in)) &&
           (!has_proof(e) || read_proof(in));
}

static bool read_all(struct reading *in)
{
    struct reader line;
    struct evidence *e = in->out;
    if (!reader_line(&in->r, &line) || !bytes_is_text(reader_rest(&line), FIRST_LINE) ||
        !read_kind(in) || !read_hash_name(in) || !read_field(in, "origin", &line))
        return false;
    e->origin = reader_rest(&line);
    return is_line_text(e->origin, 255) && read_key(in) && read_seen(in) && read_where(in) &&
           read_statement(in, &e->statements[0]) &&
           (evidence_statement_count(e->kind) == 1 || read_statement(in, &e->statements[1])) &&
           is_of_kind(e) && read_facts(in) && reader_is_at_end(&in->r);
}

enum status evidence_parse(struct bytes text, struct builder *memory, struct evidence *out,
                           struct error *err)
{
    struct reading in = {.memory = memory, .out = out};
    *out = (struct evidence){.kind = EVIDENCE_TWO_ROOTS};
    if (text.len > EVIDENCE_SIZE_MAX)
        return error_set(err, STATUS_LIMIT, "evidence: more than %zu bytes", EVIDENCE_SIZE_MAX);
    if (text.len == 0)
        return error_set(err, STATUS_MALFORMED, "evidence: empty");
    if (builder_space(memory, text.len) == NULL)
        return builder_status(memory, "evidence", err);
    builder_reset(memory);
    reader_init(&in.r, text);
    if (!read_all(&in))
        return error_at(err, STATUS_MALFORMED, reader_offset(&in.r),
                        "evidence: not what is allowed in this line");
    return STATUS_OK;
}

/* ---- writing ---- */

static void write_statement(const struct evidence_statement *s, struct builder *out)
{
    if (s->is_note) {
        builder_text(out, "note ");
        text_write_base64(out, s->note);
    } else if (s->is_version) {
        builder_text(out, "version ");
        text_write_base64(out, s->version);
        builder_u8(out, ' ');
        text_write_base64(out, s->signature);
    } else if (s->is_sth) {
        builder_printf(out, "sth %" PRIu64 " %" PRIu64 " ", s->subtree.end, s->timestamp_ms);
        text_write_base64(out, BYTES_OF(s->hash));
        builder_u8(out, ' ');
        text_write_base64(out, s->signature);
    } else {
        builder_printf(out, "subtree %" PRIu64 " %" PRIu64 " %" PRIu64 " ", s->subtree.start,
                       s->subtree.end, s->timestamp_s);
        text_write_base64(out, BYTES_OF(s->hash));
        builder_u8(out, ' ');
        text_write_base64(out, s->signature);
    }
    builder_u8(out, '\n');
}

static void write_facts(const struct evidence *e, struct builder *out)
{
    if (has_mmd(e->kind))
        builder_printf(out, "mmd %" PRIu64 "\n", e->mmd_ms);
    if (e->kind == EVIDENCE_SCT_NOT_HONOURED) {
        builder_text(out, "sct ");
        text_write_base64(out, e->sct);
        builder_u8(out, '\n');
    }
    if (has_leaf(e->kind)) {
        builder_printf(out, "leaf %" PRIu64 " ", e->index);
        text_write_base64(out, e->leaf);
        builder_u8(out, '\n');
    }
    if (has_part(e)) {
        builder_text(out, "part-hash ");
        proof_lines_write_hash(e->part_hash, out);
    }
    if (!has_proof(e))
        return;
    builder_text(out, e->proof.count == 0 ? "proof" : "proof ");
    text_write_base64(out, proof_lines_view(&e->proof));
    builder_u8(out, '\n');
}

enum status evidence_write(const struct evidence *e, struct builder *out, struct error *err)
{
    char seen[CIVIL_TIME_TEXT_SIZE];
    if (!is_of_kind(e) || !is_key(e) || !is_line_text(e->origin, 255) ||
        !is_line_text(e->where, EVIDENCE_WHERE_MAX) || e->mmd_ms > EVIDENCE_MMD_MAX_MS ||
        (has_leaf(e->kind) && e->leaf.len == 0) ||
        (e->kind == EVIDENCE_SCT_NOT_HONOURED && e->sct.len == 0))
        return error_set(err, STATUS_MALFORMED, "evidence: parts that no file can have");
    civil_time_format(e->seen_s, seen);
    builder_printf(out, FIRST_LINE "\nkind %s\nhash %s\norigin ", kind_names[e->kind], e->hash->name);
    builder_bytes(out, e->origin);
    builder_text(out, "\nkey ");
    builder_bytes(out, e->key_name);
    builder_u8(out, ' ');
    builder_bytes(out, e->key_oid);
    builder_u8(out, ' ');
    text_write_base64(out, e->key_spki);
    builder_printf(out, "\nseen %s\nwhere ", seen);
    builder_bytes(out, e->where);
    builder_u8(out, '\n');
    for (size_t i = 0; i < evidence_statement_count(e->kind); i++)
        write_statement(&e->statements[i], out);
    write_facts(e, out);
    return builder_status(out, "evidence", err);
}
