#include "codec/ct/leaf.h"

#include "codec/ct/sct_list.h"

#define VERSION_V1 0
#define TYPE_TIMESTAMPED_ENTRY 0
#define UNKNOWN_TYPE 0xffff
/* MTCLogEntry: no extensions and a type. */
#define MTC_ENTRY_MIN 4

static const uint8_t merkle_prefix[LEAF_MERKLE_PREFIX_SIZE] = {VERSION_V1, TYPE_TIMESTAMPED_ENTRY};

static bool read_certificate(struct reader *r, struct bytes *out)
{
    struct reader child;
    if (!reader_vector_u24(r, &child) || reader_is_at_end(&child))
        return false;
    *out = reader_rest(&child);
    return true;
}

static bool read_mtc(struct reader *r, struct leaf_mtc *out)
{
    struct reader id, entry;
    if (!reader_bytes(r, HASH_SIZE, &out->ca_key_hash) || !reader_vector_u8(r, &id) ||
        !reader_u48(r, &out->index) || !reader_vector_u16(r, &entry))
        return false;
    out->log_id = reader_rest(&id);
    out->entry = reader_rest(&entry);
    return out->log_id.len >= 1 && out->log_id.len <= LEAF_MTC_LOG_ID_MAX && out->entry.len >= MTC_ENTRY_MIN;
}

static bool is_known(uint16_t type)
{
    return type == LEAF_X509 || type == LEAF_PRECERT || type == LEAF_TBS_CERT;
}

static bool read_signed_entry(struct reader *r, struct leaf *out)
{
    switch (out->type) {
    case LEAF_X509:
        return read_certificate(r, &out->certificate);
    case LEAF_PRECERT:
        return reader_bytes(r, HASH_SIZE, &out->issuer_key_hash) && read_certificate(r, &out->tbs);
    default:
        return read_mtc(r, &out->mtc);
    }
}

enum status leaf_read(struct reader *r, struct leaf *out, struct error *err)
{
    struct reader at = *r, extensions;
    *out = (struct leaf){.type = UNKNOWN_TYPE};
    if (!reader_u64(&at, &out->timestamp_ms) || !reader_u16(&at, &out->type))
        return error_at(err, STATUS_MALFORMED, reader_offset(&at), "log entry: cut short");
    if (!is_known(out->type))
        return error_at(err, STATUS_REFUSED, reader_offset(r), "log entry: entry type %04x is not known", out->type);
    if (!read_signed_entry(&at, out))
        return error_at(err, STATUS_MALFORMED, reader_offset(&at), "log entry: bad %s", leaf_type_name(out->type));
    if (!reader_vector_u16(&at, &extensions))
        return error_at(err, STATUS_MALFORMED, reader_offset(&at), "log entry: its extensions are cut short");
    out->extensions = reader_rest(&extensions);
    *r = at;
    return STATUS_OK;
}

enum status leaf_parse(struct bytes merkle_leaf, struct leaf *out, struct error *err)
{
    struct reader r;
    struct bytes prefix;
    *out = (struct leaf){.type = UNKNOWN_TYPE};
    reader_init(&r, merkle_leaf);
    if (!reader_bytes(&r, LEAF_MERKLE_PREFIX_SIZE, &prefix))
        return error_set(err, STATUS_MALFORMED, "MerkleTreeLeaf: cut short");
    if (!bytes_equal(prefix, BYTES_OF(merkle_prefix)))
        return error_set(err, STATUS_REFUSED, "MerkleTreeLeaf: version %u, type %u is not known", prefix.data[0],
                         prefix.data[1]);
    enum status s = leaf_read(&r, out, err);
    if (s == STATUS_OK && !reader_is_at_end(&r))
        return error_at(err, STATUS_MALFORMED, reader_offset(&r), "MerkleTreeLeaf: bytes behind it");
    return s;
}

static void write_certificate(struct builder *out, struct bytes certificate)
{
    size_t mark = builder_open_vector(out, 3);
    builder_bytes(out, certificate);
    builder_close_vector(out, mark, 3);
}

static void write_mtc(struct builder *out, const struct leaf_mtc *mtc)
{
    builder_bytes(out, mtc->ca_key_hash);
    size_t id = builder_open_vector(out, 1);
    builder_bytes(out, mtc->log_id);
    builder_close_vector(out, id, 1);
    builder_u48(out, mtc->index);
    size_t entry = builder_open_vector(out, 2);
    builder_bytes(out, mtc->entry);
    builder_close_vector(out, entry, 2);
}

static bool is_writable(const struct leaf *leaf)
{
    switch (leaf->type) {
    case LEAF_X509:
        return leaf->certificate.len > 0;
    case LEAF_PRECERT:
        return leaf->issuer_key_hash.len == HASH_SIZE && leaf->tbs.len > 0;
    case LEAF_TBS_CERT:
        return leaf->mtc.ca_key_hash.len == HASH_SIZE && leaf->mtc.log_id.len >= 1 &&
               leaf->mtc.log_id.len <= LEAF_MTC_LOG_ID_MAX && leaf->mtc.entry.len >= MTC_ENTRY_MIN;
    default:
        return false;
    }
}

enum status leaf_write(const struct leaf *leaf, struct builder *out, struct error *err)
{
    if (!is_writable(leaf))
        return error_set(err, STATUS_USAGE, "log entry of type %04x: a field is not of its size, or the type is not known",
                         leaf->type);
    builder_u64(out, leaf->timestamp_ms);
    builder_u16(out, leaf->type);
    if (leaf->type == LEAF_X509) {
        write_certificate(out, leaf->certificate);
    } else if (leaf->type == LEAF_PRECERT) {
        builder_bytes(out, leaf->issuer_key_hash);
        write_certificate(out, leaf->tbs);
    } else {
        write_mtc(out, &leaf->mtc);
    }
    size_t mark = builder_open_vector(out, 2);
    builder_bytes(out, leaf->extensions);
    builder_close_vector(out, mark, 2);
    return builder_status(out, "log entry", err);
}

enum status leaf_write_merkle(const struct leaf *leaf, struct builder *out, struct error *err)
{
    builder_bytes(out, BYTES_OF(merkle_prefix));
    return leaf_write(leaf, out, err);
}

void leaf_hash(struct hasher *h, struct bytes timestamped, uint8_t out[HASH_SIZE])
{
    /* The 00 of a leaf, and the two of a MerkleTreeLeaf. */
    static const uint8_t prefix[1 + LEAF_MERKLE_PREFIX_SIZE] = {0, VERSION_V1, TYPE_TIMESTAMPED_ENTRY};
    hasher_start(h);
    hasher_update(h, BYTES_OF(prefix));
    hasher_update(h, timestamped);
    hasher_finish(h, out);
}

enum status leaf_index(const struct leaf *leaf, uint64_t *index, struct error *err)
{
    return sct_leaf_index(&(struct sct){.extensions = leaf->extensions}, index, err);
}

const char *leaf_type_name(uint16_t type)
{
    switch (type) {
    case LEAF_X509:
        return "x509_entry";
    case LEAF_PRECERT:
        return "precert_entry";
    case LEAF_TBS_CERT:
        return "tbs_cert_entry";
    default:
        return "unknown";
    }
}

/* ---- data tiles ---- */

/* What follows the TimestampedEntry. */
static bool read_rest(struct reader *r, struct leaf_tile *out)
{
    struct reader chain;
    out->pre_certificate = bytes_of(NULL, 0);
    if (out->leaf.type == LEAF_PRECERT && !read_certificate(r, &out->pre_certificate))
        return false;
    if (!reader_vector_u16(r, &chain))
        return false;
    out->chain = reader_rest(&chain);
    return out->chain.len % HASH_SIZE == 0;
}

enum status leaf_tile_next(struct reader *r, struct leaf_tile *out, struct error *err)
{
    struct reader at = *r;
    if (reader_is_at_end(r))
        return error_set(err, STATUS_NOT_FOUND, "no more entries");
    enum status s = leaf_read(&at, &out->leaf, err);
    if (s != STATUS_OK)
        return s;
    out->timestamped = bytes_of(r->at, (size_t)(at.at - r->at));
    if (!read_rest(&at, out))
        return error_at(err, STATUS_MALFORMED, reader_offset(&at),
                        "data tile: the end of an entry is cut short, or its chain is no run of fingerprints");
    if ((size_t)(at.at - r->at) > LEAF_TILE_ENTRY_MAX)
        return error_at(err, STATUS_LIMIT, reader_offset(r), "data tile: an entry of more than %zu bytes",
                        LEAF_TILE_ENTRY_MAX);
    *r = at;
    return STATUS_OK;
}

enum status leaf_tile_write(const struct leaf_tile *entry, struct builder *out, struct error *err)
{
    size_t start = out->len;
    bool is_precert = entry->leaf.type == LEAF_PRECERT;
    if (entry->chain.len % HASH_SIZE != 0 || (is_precert && entry->pre_certificate.len == 0))
        return error_set(err, STATUS_USAGE, "data tile: no precertificate, or a chain that is no run of fingerprints");
    enum status s = leaf_write(&entry->leaf, out, err);
    if (s != STATUS_OK)
        return s;
    if (is_precert)
        write_certificate(out, entry->pre_certificate);
    size_t mark = builder_open_vector(out, 2);
    builder_bytes(out, entry->chain);
    builder_close_vector(out, mark, 2);
    if (builder_is_good(out) && out->len - start > LEAF_TILE_ENTRY_MAX)
        return error_set(err, STATUS_LIMIT, "data tile: an entry of more than %zu bytes", LEAF_TILE_ENTRY_MAX);
    return builder_status(out, "data tile", err);
}

/* ---- extra_data ---- */

bool leaf_chain_next(struct reader *r, struct bytes *certificate)
{
    return read_certificate(r, certificate);
}

enum status leaf_extra_parse(uint16_t type, struct bytes extra_data, struct leaf_extra *out, struct error *err)
{
    struct reader r, chain;
    struct bytes certificate;
    *out = (struct leaf_extra){.chain_count = 0};
    if (!is_known(type))
        return error_set(err, STATUS_REFUSED, "extra_data: entry type %04x is not known", type);
    reader_init(&r, extra_data);
    if ((type == LEAF_PRECERT && !read_certificate(&r, &out->pre_certificate)) || !reader_vector_u24(&r, &chain) ||
        !reader_is_at_end(&r))
        return error_at(err, STATUS_MALFORMED, reader_offset(&r), "extra_data: cut short, or bytes behind the chain");
    out->chain = reader_rest(&chain);
    for (; !reader_is_at_end(&chain); out->chain_count++)
        if (!read_certificate(&chain, &certificate))
            return error_at(err, STATUS_MALFORMED, reader_offset(&chain), "extra_data: a certificate is cut short, or empty");
    return STATUS_OK;
}

enum status leaf_extra_write(uint16_t type, struct bytes pre_certificate, const struct bytes *chain, size_t chain_count,
                             struct builder *out, struct error *err)
{
    if (!is_known(type) || (type == LEAF_PRECERT && pre_certificate.len == 0))
        return error_set(err, STATUS_USAGE, "extra_data: no precertificate, or an unknown entry type");
    if (type == LEAF_PRECERT)
        write_certificate(out, pre_certificate);
    size_t mark = builder_open_vector(out, 3);
    for (size_t i = 0; i < chain_count; i++)
        write_certificate(out, chain[i]);
    builder_close_vector(out, mark, 3);
    return builder_status(out, "extra_data", err);
}
