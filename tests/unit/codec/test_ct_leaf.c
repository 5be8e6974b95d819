#include "unit/checks.h"

#include "codec/ct/leaf.h"
#include "codec/ct/sct_input.h"
#include "merkle/node.h"

#define TIME "0000019aa9040400"
#define HASH "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define EXTENSIONS "0008 0000050000000007"
#define X509 TIME "0000 000003 aabbcc" EXTENSIONS
#define PRECERT TIME "0001" HASH "000002 ddee" EXTENSIONS
#define MTC TIME "ff01" HASH "04 8201b401" "0000 0011 2233" "0006 0000 0001 aabb" EXTENSIONS

static void one(struct bytes input, struct leaf *out)
{
    struct error err;
    struct builder b;
    struct reader r;
    reader_init(&r, input);
    OK(leaf_read(&r, out, &err));
    assert_true(reader_is_at_end(&r));
    builder_init(&b, 4096);
    OK(leaf_write(out, &b, &err));
    assert_bytes(builder_view(&b), input);
    builder_reset(&b);
    OK(leaf_write_merkle(out, &b, &err));
    /* What an SCT signs is the same run of bytes. */
    struct builder signed_bytes;
    builder_init(&signed_bytes, 4096);
    OK(sct_input_write(out, &signed_bytes, &err));
    assert_bytes(builder_view(&signed_bytes), builder_view(&b));
    struct leaf again;
    OK(leaf_parse(builder_view(&b), &again, &err));
    assert_int_equal(again.type, out->type);
    /* The leaf hash of the encoded entry is that of the MerkleTreeLeaf. */
    struct hasher h;
    uint8_t got[HASH_SIZE], want[HASH_SIZE];
    OK(hasher_init(&h, &hash_sm3, &err));
    leaf_hash(&h, input, got);
    node_leaf_hash(&h, builder_view(&b), want);
    assert_memory_equal(got, want, HASH_SIZE);
    hasher_clear(&h);
    builder_clear(&b);
    builder_clear(&signed_bytes);
}

static void kinds(void **state)
{
    (void)state;
    struct leaf leaf;
    struct error err;
    uint64_t index = 0;
    struct bytes input = heap_hex(X509);
    one(input, &leaf);
    assert_int_equal(leaf.timestamp_ms, UINT64_C(0x19aa9040400));
    assert_int_equal(leaf.type, LEAF_X509);
    assert_hex(leaf.certificate, "aabbcc");
    OK(leaf_index(&leaf, &index, &err));
    assert_int_equal(index, 7);
    heap_free(input);
    input = heap_hex(PRECERT);
    one(input, &leaf);
    assert_hex(leaf.issuer_key_hash, HASH);
    assert_hex(leaf.tbs, "ddee");
    heap_free(input);
    input = heap_hex(MTC);
    one(input, &leaf);
    assert_hex(leaf.mtc.ca_key_hash, HASH);
    assert_hex(leaf.mtc.log_id, "8201b401");
    assert_int_equal(leaf.mtc.index, 0x112233);
    assert_hex(leaf.mtc.entry, "00000001aabb");
    heap_free(input);
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        enum status status;
        const char *fragment;
    } rows[] = {
        {"", STATUS_MALFORMED, "cut short"},
        {TIME "00", STATUS_MALFORMED, "cut short"},
        {TIME "0002 000001 aa 0000", STATUS_REFUSED, "entry type 0002 is not known"},
        {TIME "ff02", STATUS_REFUSED, "entry type ff02"},
        {TIME "0000 000000 0000", STATUS_MALFORMED, "bad x509_entry"},
        {TIME "0000 000002 aa", STATUS_MALFORMED, "bad x509_entry"},
        {TIME "0001 0001 000001 aa 0000", STATUS_MALFORMED, "bad precert_entry"},
        {TIME "0001" HASH "000000 0000", STATUS_MALFORMED, "bad precert_entry"},
        {TIME "ff01" HASH "00 000000000001 0004 00000000 0000", STATUS_MALFORMED, "bad tbs_cert_entry"},
        {TIME "ff01" HASH "21" HASH "ff 000000000001 0004 00000000 0000", STATUS_MALFORMED, "bad tbs_cert_entry"},
        {TIME "ff01" HASH "01 05 000000000001 0003 000000 0000", STATUS_MALFORMED, "bad tbs_cert_entry"},
        {TIME "0000 000001 aa 0003 0000", STATUS_MALFORMED, "extensions are cut short"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct error err;
        struct leaf leaf;
        struct reader r;
        struct bytes input = heap_hex(rows[i].hex);
        reader_init(&r, input);
        assert_says(leaf_read(&r, &leaf, &err), &err, rows[i].status, rows[i].fragment);
        assert_int_equal(reader_offset(&r), 0);
        if (rows[i].status == STATUS_REFUSED)
            assert_true(leaf.timestamp_ms == UINT64_C(0x19aa9040400) && leaf.type != 0xffff);
        heap_free(input);
    }
    static const struct {
        const char *hex;
        enum status status;
    } merkle[] = {{"0000" X509, STATUS_OK}, {"0100" X509, STATUS_REFUSED}, {"0001" X509, STATUS_REFUSED},
                  {"0000" X509 "00", STATUS_MALFORMED}, {"00", STATUS_MALFORMED}};
    for (size_t i = 0; i < LENGTH(merkle); i++) {
        struct error err;
        struct leaf leaf;
        struct bytes input = heap_hex(merkle[i].hex);
        assert_int_equal(leaf_parse(input, &leaf, &err), merkle[i].status);
        if (merkle[i].status == STATUS_REFUSED)
            assert_int_equal(leaf.type, 0xffff);
        heap_free(input);
    }
}

static void unwritable(void **state)
{
    (void)state;
    struct error err;
    struct builder b;
    struct leaf leaves[] = {{.type = LEAF_X509}, {.type = 7, .certificate = bytes_of_text("x")},
                            {.type = LEAF_PRECERT, .tbs = bytes_of_text("x"), .issuer_key_hash = bytes_of_text("short")},
                            {.type = LEAF_TBS_CERT}};
    builder_init(&b, 256);
    for (size_t i = 0; i < LENGTH(leaves); i++)
        assert_int_equal(leaf_write(&leaves[i], &b, &err), STATUS_USAGE);
    builder_clear(&b);
}

static void tile(void **state)
{
    (void)state;
    /* Three entries: with two issuers, with its precertificate, with the MTC CA. */
    struct bytes input = heap_hex(X509 "0040" HASH HASH PRECERT "000003 010203" "0020" HASH MTC "0020" HASH);
    struct error err;
    struct reader r;
    struct builder b;
    struct leaf_tile entry;
    size_t count = 0;
    reader_init(&r, input);
    builder_init(&b, 4096);
    for (; leaf_tile_next(&r, &entry, &err) == STATUS_OK; count++) {
        OK(leaf_tile_write(&entry, &b, &err));
        assert_int_equal(entry.chain.len, count == 0 ? 64 : 32);
        assert_int_equal(entry.pre_certificate.len, count == 1 ? 3 : 0);
        assert_true(entry.timestamped.data >= input.data && entry.timestamped.len > 8);
    }
    assert_int_equal(err.status, STATUS_NOT_FOUND);
    assert_int_equal(count, 3);
    assert_bytes(builder_view(&b), input);
    entry.chain = bytes_of(entry.chain.data, 31);
    assert_int_equal(leaf_tile_write(&entry, &b, &err), STATUS_USAGE);
    builder_clear(&b);
    heap_free(input);
    static const struct {
        const char *hex;
        enum status status;
    } rows[] = {{X509, STATUS_MALFORMED}, {X509 "0001 00", STATUS_MALFORMED}, {X509 "0020" HASH "0000", STATUS_OK},
                {PRECERT "0000", STATUS_MALFORMED}, {PRECERT "000000 0000", STATUS_MALFORMED},
                {TIME "0005", STATUS_REFUSED}};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        input = heap_hex(rows[i].hex);
        reader_init(&r, input);
        assert_int_equal(leaf_tile_next(&r, &entry, &err), rows[i].status);
        heap_free(input);
    }
}

static void too_long(void **state)
{
    (void)state;
    struct error err;
    struct builder b;
    uint8_t *long_one = calloc(1, LEAF_TILE_ENTRY_MAX);
    assert_non_null(long_one);
    struct leaf_tile entry = {.leaf = {.type = LEAF_X509, .certificate = bytes_of(long_one, LEAF_TILE_ENTRY_MAX - 17)}};
    builder_init(&b, 2 * LEAF_TILE_ENTRY_MAX);
    OK(leaf_tile_write(&entry, &b, &err)); /* 8 + 2 + 3 + 2 + 2 bytes beside it */
    struct reader r;
    reader_init(&r, builder_view(&b));
    OK(leaf_tile_next(&r, &entry, &err));
    entry.leaf.certificate.len++;
    builder_reset(&b);
    assert_int_equal(leaf_tile_write(&entry, &b, &err), STATUS_LIMIT);
    free(long_one);
    builder_clear(&b);
}

static void extra_data(void **state)
{
    (void)state;
    struct error err;
    struct builder b;
    const struct bytes chain[] = {bytes_of_text("one"), bytes_of_text("three")};
    const uint16_t types[] = {LEAF_X509, LEAF_PRECERT, LEAF_TBS_CERT};
    builder_init(&b, 4096);
    for (size_t i = 0; i < LENGTH(types); i++) {
        struct leaf_extra extra;
        struct reader r;
        struct bytes certificate;
        size_t count = 0;
        builder_reset(&b);
        OK(leaf_extra_write(types[i], bytes_of_text("pre"), chain, 2, &b, &err));
        if (types[i] == LEAF_PRECERT)
            assert_hex(builder_view(&b), "000003 707265 00000e 000003 6f6e65 000005 7468726565");
        else
            assert_hex(builder_view(&b), "00000e 000003 6f6e65 000005 7468726565");
        OK(leaf_extra_parse(types[i], builder_view(&b), &extra, &err));
        assert_int_equal(extra.chain_count, 2);
        reader_init(&r, extra.chain);
        while (leaf_chain_next(&r, &certificate))
            assert_bytes(certificate, chain[count++]);
        assert_int_equal(count, 2);
        /* Cut or with something behind, it is none. */
        struct bytes bad = heap_copy(bytes_of(b.data, b.len - 1));
        assert_int_equal(leaf_extra_parse(types[i], bad, &extra, &err), STATUS_MALFORMED);
        heap_free(bad);
        builder_u8(&b, 0);
        assert_int_equal(leaf_extra_parse(types[i], builder_view(&b), &extra, &err), STATUS_MALFORMED);
    }
    struct leaf_extra extra;
    struct bytes empty = heap_hex("000000"), bad = heap_hex("000003 000000");
    OK(leaf_extra_parse(LEAF_X509, empty, &extra, &err));
    assert_int_equal(extra.chain_count, 0);
    assert_int_equal(leaf_extra_parse(LEAF_X509, bad, &extra, &err), STATUS_MALFORMED);
    assert_int_equal(leaf_extra_parse(9, empty, &extra, &err), STATUS_REFUSED);
    assert_int_equal(leaf_extra_write(9, bytes_of_text("x"), chain, 2, &b, &err), STATUS_USAGE);
    heap_free(empty);
    heap_free(bad);
    builder_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds), cmocka_unit_test(refusals), cmocka_unit_test(unwritable),
        cmocka_unit_test(tile),  cmocka_unit_test(too_long), cmocka_unit_test(extra_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
