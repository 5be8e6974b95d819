#include "tiled_tree/leaf_format.h"

#include <inttypes.h>

#include "codec/ct/leaf.h"
#include "codec/ct/sct_list.h"
#include "codec/mtc/log_entry.h"
#include "codec/tiles/entry_bundle.h"
#include "codec/trust_bundle/trust_envelope.h"

/* ---- issuance logs ---- */

static bool next_mtc(struct reader *r, struct stored_leaf *out)
{
    out->time_ms = 0;
    if (!entry_bundle_next(r, &out->entry))
        return false;
    out->hashed = out->entry;
    return true;
}

static enum status check_mtc(struct bytes entry, uint64_t index, struct error *err)
{
    struct log_entry parsed;
    (void)index;
    enum status status = log_entry_parse(entry, &parsed, err);
    if (status != STATUS_OK)
        return status;
    if (parsed.type != LOG_ENTRY_NULL && parsed.type != LOG_ENTRY_TBS_CERT)
        return error_set(err, STATUS_REFUSED, "it has the unknown type %u", parsed.type);
    if (parsed.extensions.len > 2)
        return error_set(err, STATUS_REFUSED, "it has extensions: none are known");
    return STATUS_OK;
}

const struct leaf_format leaf_format_mtc = {
    .name = "mtc",
    .folder = "entries",
    .entry_max = ENTRY_BUNDLE_ENTRY_MAX,
    .stored_max = 2 + ENTRY_BUNDLE_ENTRY_MAX,
    .size_max = (UINT64_C(1) << 48) - 1,
    .prefix_len = 1,
    .next = next_mtc,
    .append = entry_bundle_append,
    .check = check_mtc,
};

/* ---- CT logs ---- */

static bool next_ct(struct reader *r, struct stored_leaf *out)
{
    struct leaf_tile tile;
    struct bytes before = reader_rest(r);
    if (leaf_tile_next(r, &tile, NULL) != STATUS_OK)
        return false;
    *out = (struct stored_leaf){.entry = bytes_of(before.data, before.len - reader_left(r)),
                                .hashed = tile.timestamped,
                                .time_ms = tile.leaf.timestamp_ms};
    return true;
}

static enum status check_ct(struct bytes entry, uint64_t index, struct error *err)
{
    struct leaf_tile tile;
    struct reader r;
    uint64_t said;
    reader_init(&r, entry);
    enum status status = leaf_tile_next(&r, &tile, err);
    if (status == STATUS_NOT_FOUND)
        return error_set(err, STATUS_MALFORMED, "it is empty");
    if (status == STATUS_OK && !reader_is_at_end(&r))
        return error_at(err, STATUS_MALFORMED, reader_offset(&r), "it goes on after a TileLeaf");
    if (status == STATUS_OK)
        status = leaf_index(&tile.leaf, &said, err);
    if (status == STATUS_OK && said != index)
        return error_set(err, STATUS_REFUSED, "its leaf_index is %" PRIu64 ", its place %" PRIu64, said, index);
    return status == STATUS_NOT_FOUND ? STATUS_MALFORMED : status;
}

const struct leaf_format leaf_format_ct = {
    .name = "ct",
    .folder = "data",
    .entry_max = LEAF_TILE_ENTRY_MAX,
    .stored_max = LEAF_TILE_ENTRY_MAX,
    .size_max = SCT_LEAF_INDEX_MAX + 1,
    .prefix = {0, 0, 0},
    .prefix_len = 1 + LEAF_MERKLE_PREFIX_SIZE,
    .next = next_ct,
    .append = builder_bytes,
    .check = check_ct,
};

/* ---- the log of a trust bundle's versions ---- */

static bool next_trust(struct reader *r, struct stored_leaf *out)
{
    struct reader before = *r;
    bool is_one = next_mtc(r, out) && out->entry.len == TRUST_ENVELOPE_VERSION_SIZE;
    if (!is_one)
        *r = before;
    return is_one;
}

static enum status check_trust(struct bytes entry, uint64_t index, struct error *err)
{
    struct reader r;
    struct bytes label;
    uint64_t version;
    reader_init(&r, entry);
    if (entry.len != TRUST_ENVELOPE_VERSION_SIZE || !reader_bytes(&r, TRUST_ENVELOPE_LABEL_SIZE, &label) ||
        !bytes_is_text(label, TRUST_ENVELOPE_VERSION_LABEL) || !reader_u64(&r, &version))
        return error_set(err, STATUS_MALFORMED, "it is no TrustVersion");
    if (index == UINT64_MAX || version != index + 1)
        return error_set(err, STATUS_REFUSED, "it is of version %" PRIu64 ", its place that of version %" PRIu64, version, index + 1);
    return STATUS_OK;
}

const struct leaf_format leaf_format_trust = {
    .name = "trust",
    .folder = "entries",
    .entry_max = TRUST_ENVELOPE_VERSION_SIZE,
    .stored_max = 2 + TRUST_ENVELOPE_VERSION_SIZE,
    .size_max = (UINT64_C(1) << 48) - 1,
    .prefix_len = 1,
    .next = next_trust,
    .append = entry_bundle_append,
    .check = check_trust,
};

/* ---- bundles ---- */

enum status leaf_format_parse(const struct leaf_format *format, struct bytes bundle,
                              unsigned expected_count, struct leaf_bundle *out, struct error *err)
{
    struct reader r;
    if (expected_count == 0 || expected_count > TILE_WIDTH)
        return error_set(err, STATUS_USAGE, "entry bundle of %u entries: 1 to %d are allowed",
                         expected_count, TILE_WIDTH);
    reader_init(&r, bundle);
    for (unsigned i = 0; i < expected_count; i++)
        if (!format->next(&r, &out->leaves[i]))
            return error_at(err, STATUS_MALFORMED, reader_offset(&r),
                            "entry bundle ends in entry %u of %u", i, expected_count);
    if (!reader_is_at_end(&r))
        return error_at(err, STATUS_MALFORMED, reader_offset(&r),
                        "entry bundle goes on after %u entries", expected_count);
    out->count = expected_count;
    return STATUS_OK;
}

/* With one byte of prefix, as hasher_many has it, which may work in lanes. */
static void hash_plain(const struct leaf_format *format, struct hasher *h, const struct stored_leaf *leaves,
                       size_t count, uint8_t (*out)[HASH_SIZE])
{
    struct bytes messages[TILE_WIDTH];
    for (size_t done = 0, now; done < count; done += now) {
        now = count - done < TILE_WIDTH ? count - done : TILE_WIDTH;
        for (size_t i = 0; i < now; i++)
            messages[i] = leaves[done + i].hashed;
        hasher_many(h, format->prefix[0], messages, now, out + done);
    }
}

void leaf_format_hash(const struct leaf_format *format, struct hasher *h, const struct stored_leaf *leaves,
                      size_t count, uint8_t (*out)[HASH_SIZE])
{
    if (format->prefix_len == 1) {
        hash_plain(format, h, leaves, count, out);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        hasher_start(h);
        hasher_update(h, bytes_of(format->prefix, format->prefix_len));
        hasher_update(h, leaves[i].hashed);
        hasher_finish(h, out[i]);
    }
}

void leaf_format_path(const struct leaf_format *format, const struct tile *tile, char out[TILE_PATH_SIZE])
{
    tile_path_in(tile, format->folder, out);
}

enum status leaf_format_parse_path(const struct leaf_format *format, struct bytes path, struct tile *out,
                                   struct error *err)
{
    return tile_parse_path_in(path, format->folder, out, err);
}
