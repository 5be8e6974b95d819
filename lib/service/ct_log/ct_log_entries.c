/* get-entries: from TileLeafs to leaf_input and extra_data [RFC6962 4.6]. */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "service/ct_log/ct_log_read.h"

/* A certificate of a chain is at most what a submission may be. */
#define ISSUER_MAX CT_CHAIN_SIZE_MAX

/* ---- bundles ---- */

/* Entries that do not hash to what the tree has are not the log's: nobody is to hear of them. */
static enum status check_bundle(struct ct_log_reader *reader, const struct tree_read *t, uint64_t bundle_index, struct error *err)
{
    uint8_t hashes[TILE_WIDTH][HASH_SIZE], (*nodes)[HASH_SIZE];
    leaf_format_hash(&leaf_format_ct, &reader->hasher, reader->parsed.leaves, TILE_WIDTH, hashes);
    enum status status = tree_read_nodes(t, 0, bundle_index, &nodes, err);
    if (status == STATUS_OK && memcmp(nodes, hashes, sizeof hashes) != 0)
        status = error_set(err, STATUS_MALFORMED, "an entry is not the one that the tree has");
    return status;
}

static enum status read_bundle(struct ct_log_reader *reader, const struct ct_log_query *q, uint64_t bundle_index,
                               struct error *err)
{
    unsigned width = tile_width(q->head.size, 0, bundle_index), got = 0;
    struct tile tile = {.is_entries = true, .index = bundle_index, .width = width};
    struct tree_read t = ct_log_reader_reading(reader, q->min_index);
    if (reader->bundle_index == bundle_index)
        return STATUS_OK;
    reader->bundle_index = UINT64_MAX;
    builder_reset(&reader->bundle);
    if (width < TILE_WIDTH) { /* that of the edge, which is checked */
        builder_bytes(&reader->bundle, builder_view(&reader->edge.bundle));
    } else {
        enum status status = tree_read_tile(&t, tile, &got, err);
        if (status != STATUS_OK)
            return status;
        struct builder read = reader->scratch;
        reader->scratch = reader->bundle;
        reader->bundle = read;
    }
    enum status status = builder_status(&reader->bundle, "a data tile", err);
    if (status == STATUS_OK)
        status = leaf_format_parse(&leaf_format_ct, builder_view(&reader->bundle), width, &reader->parsed, err);
    if (status == STATUS_OK && width == TILE_WIDTH)
        status = check_bundle(reader, &t, bundle_index, err);
    if (status == STATUS_MALFORMED)
        return error_set(err, STATUS_IO, "data tile %" PRIu64 " is damaged: restore it from a mirror, then run fsck", bundle_index);
    if (status == STATUS_OK)
        reader->bundle_index = bundle_index;
    return status;
}

/* ---- issuers ---- */

/* Issuers are few, and named by their hashes: whoever comes to a slot later takes it. */
static enum status read_issuer(struct ct_log_reader *reader, const uint8_t fingerprint[HASH_SIZE], struct bytes *der,
                               struct error *err)
{
    char name[CT_LOG_ISSUER_NAME_SIZE];
    uint64_t first;
    memcpy(&first, fingerprint, sizeof first);
    struct ct_log_read_issuer *slot = &reader->issuers[first % CT_LOG_READ_ISSUERS_MAX];
    *der = builder_view(&slot->der);
    if (der->len > 0 && memcmp(slot->fingerprint, fingerprint, HASH_SIZE) == 0)
        return STATUS_OK;
    builder_clear(&slot->der);
    builder_init(&slot->der, ISSUER_MAX);
    ct_log_issuer_name(fingerprint, name);
    enum status status = reader->store.get(reader->store.context, name, &slot->der, err);
    if (status == STATUS_NOT_FOUND)
        status = error_set(err, STATUS_IO, "%s is missing: restore it from a mirror", name);
    if (status != STATUS_OK) {
        builder_reset(&slot->der);
        return status;
    }
    memcpy(slot->fingerprint, fingerprint, HASH_SIZE);
    *der = builder_view(&slot->der);
    return STATUS_OK;
}

/* Two issuers of one chain may share a slot: the chain is put together in memory of its own. */
static enum status write_chain(struct ct_log_reader *reader, struct bytes fingerprints, struct error *err)
{
    struct builder *out = &reader->extra_data;
    size_t mark = builder_open_vector(out, 3);
    for (size_t at = 0; at + HASH_SIZE <= fingerprints.len; at += HASH_SIZE) {
        struct bytes der;
        enum status status = read_issuer(reader, fingerprints.data + at, &der, err);
        if (status != STATUS_OK)
            return status;
        size_t certificate = builder_open_vector(out, 3);
        builder_bytes(out, der);
        builder_close_vector(out, certificate, 3);
    }
    builder_close_vector(out, mark, 3);
    return builder_status(out, "extra_data", err);
}

/* ---- entries ---- */

enum status ct_log_reader_entry(struct ct_log_reader *reader, const struct ct_log_query *q, uint64_t index,
                                struct error *err)
{
    struct leaf_tile tile;
    struct reader r;
    enum status status = read_bundle(reader, q, index / TILE_WIDTH, err);
    if (status != STATUS_OK)
        return status;
    reader_init(&r, reader->parsed.leaves[index % TILE_WIDTH].entry);
    status = leaf_tile_next(&r, &tile, err);
    if (status != STATUS_OK)
        return error_set(err, STATUS_IO, "entry %" PRIu64 " is damaged", index);
    builder_reset(&reader->leaf_input);
    builder_u16(&reader->leaf_input, 0); /* version and leaf_type */
    builder_bytes(&reader->leaf_input, tile.timestamped);
    builder_reset(&reader->extra_data);
    if (tile.leaf.type == LEAF_PRECERT) {
        size_t mark = builder_open_vector(&reader->extra_data, 3);
        builder_bytes(&reader->extra_data, tile.pre_certificate);
        builder_close_vector(&reader->extra_data, mark, 3);
    }
    status = write_chain(reader, tile.chain, err);
    return status == STATUS_OK ? builder_status(&reader->leaf_input, "leaf_input", err) : status;
}

enum status ct_log_reader_entries(struct ct_log_reader *reader, struct ct_log_query *q, struct error *err)
{
    uint64_t count_max = reader->log->config.limits.get_entries_max, end = q->second;
    if (q->first >= q->head.size)
        return error_set(err, STATUS_NOT_FOUND, "the log has %" PRIu64 " entries", q->head.size);
    if (end >= q->head.size)
        end = q->head.size - 1;
    if (end - q->first >= count_max)
        end = q->first + count_max - 1;
    ct_json_open_entries(&q->body);
    for (uint64_t index = q->first; index <= end && (index == q->first || q->body.len < CT_LOG_READ_BYTES_MAX); index++) {
        enum status status = ct_log_reader_entry(reader, q, index, err);
        if (status != STATUS_OK)
            return status;
        ct_json_add_entry(&q->body, index == q->first, builder_view(&reader->leaf_input), builder_view(&reader->extra_data));
    }
    ct_json_close_entries(&q->body);
    return STATUS_OK;
}
