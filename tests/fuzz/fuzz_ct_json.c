/* The JSON of CT logs, all of it over the same bytes: what was read and is written again is read as the same. */
#include "fuzz/fuzz_checks.h"

#include "ct_json/ct_json.h"

#define AGAIN_MAX ((size_t)1 << 22)

static struct builder again;
static struct error err;

static bool is_read(enum status status)
{
    if (status != STATUS_OK)
        require_refusal(status, &err);
    return status == STATUS_OK;
}

static void chain(struct bytes body)
{
    struct ct_json_blobs one, two;
    if (!is_read(ct_json_parse_chain(body, &one, &err)))
        return;
    builder_reset(&again);
    require(ct_json_write_chain(one.items, one.count, &again, &err) == STATUS_OK);
    require(ct_json_parse_chain(builder_view(&again), &two, &err) == STATUS_OK);
    require(one.count == two.count);
    for (size_t i = 0; i < one.count; i++)
        require(bytes_equal(one.items[i], two.items[i]));
    ct_json_blobs_clear(&one);
    ct_json_blobs_clear(&two);
}

static void sct(struct bytes body)
{
    struct sct fields;
    struct builder serialized;
    builder_init(&serialized, SCT_LIST_SIZE_MAX);
    enum status status = ct_json_parse_sct(body, &serialized, &fields, &err);
    if (status == STATUS_OK) {
        builder_reset(&again);
        /* A signature that is too long for our answers, or a time of more than 63 bits, is not written. */
        (void)!ct_json_write_sct(&fields, &again, &err);
    } else {
        require_refusal(status, &err);
    }
    builder_clear(&serialized);
}

static void tree_head(const struct ct_suite *suite, struct bytes body)
{
    struct tree_head head, other;
    struct builder signature, second;
    builder_init(&signature, AGAIN_MAX);
    builder_init(&second, AGAIN_MAX);
    if (is_read(ct_json_parse_sth(suite, body, &head, &signature, &err))) {
        builder_reset(&again);
        require(ct_json_write_sth(suite, &head, builder_view(&signature), &again, &err) == STATUS_OK);
        require(ct_json_parse_sth(suite, builder_view(&again), &other, &second, &err) == STATUS_OK);
        require(head.size == other.size && head.timestamp_ms == other.timestamp_ms);
    }
    builder_clear(&signature);
    builder_clear(&second);
}

static void proofs(struct bytes body)
{
    struct builder proof;
    uint64_t index;
    builder_init(&proof, AGAIN_MAX);
    if (is_read(ct_json_parse_consistency(body, &proof, &err))) {
        builder_reset(&again);
        require(ct_json_write_consistency(builder_view(&proof), &again, &err) == STATUS_OK);
    }
    builder_reset(&proof);
    if (is_read(ct_json_parse_inclusion(body, &index, &proof, &err))) {
        builder_reset(&again);
        require(ct_json_write_inclusion(index, builder_view(&proof), &again, &err) == STATUS_OK);
    }
    builder_clear(&proof);
}

static void lists(struct bytes body)
{
    struct ct_json_blobs blobs;
    struct ct_json_entries entries;
    struct ct_json_mtc mtc;
    if (is_read(ct_json_parse_scts(body, &blobs, &err)))
        ct_json_blobs_clear(&blobs);
    if (is_read(ct_json_parse_roots(body, &blobs, &err)))
        ct_json_blobs_clear(&blobs);
    if (is_read(ct_json_parse_entry_and_proof(body, &blobs, &err))) {
        require(blobs.count == 3 && blobs.items[2].len % HASH_SIZE == 0);
        ct_json_blobs_clear(&blobs);
    }
    if (is_read(ct_json_parse_entries(body, &entries, &err))) {
        require(entries.count > 0);
        ct_json_entries_clear(&entries);
    }
    if (is_read(ct_json_parse_mtc(body, &mtc, &err))) {
        builder_reset(&again);
        require(ct_json_write_mtc(mtc.checkpoint, mtc.entries, mtc.count, &again, &err) == STATUS_OK);
        ct_json_mtc_clear(&mtc);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes body = bytes_of(data, size);
    builder_init(&again, AGAIN_MAX);
    chain(body);
    sct(body);
    tree_head(&ct_suite_gm, body);
    tree_head(&ct_suite_intl, body);
    proofs(body);
    lists(body);
    builder_clear(&again);
    return 0;
}
