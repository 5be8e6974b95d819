#include "unit/checks.h"

#include "codec/ct/leaf.h"
#include "codec/ct/sct_list.h"
#include "codec/tiles/entry_bundle.h"
#include "merkle/node.h"
#include "tiled_tree/leaf_format.h"

/* A TileLeaf by hand, and what of it is hashed. */
static const uint8_t x509[] = {
    0, 0, 1, 0x8f, 0, 0, 0, 5,       /* timestamp */
    0, 0,                            /* x509_entry */
    0, 0, 3, 0xaa, 0xbb, 0xcc,       /* the certificate */
    0, 8, 0, 0, 5, 0, 0, 0, 0, 7,    /* extensions: leaf_index 7 */
    0, 0x20,                         /* one fingerprint */
    1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8};
#define X509_HASHED 26

static const uint8_t precert[] = {
    0, 0, 1, 0x8f, 0, 0, 0, 6,
    0, 1,                            /* precert_entry */
    9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
    0, 0, 1, 0xdd,                   /* the TBSCertificate */
    0, 8, 0, 0, 5, 0, 0, 0, 0, 8,
    0, 0, 2, 0xee, 0xff,             /* the precertificate */
    0, 0};                           /* no fingerprints */
#define PRECERT_HASHED 56

static void a_run_of_ct_entries_is_split(void **state)
{
    (void)state;
    struct builder run;
    struct reader r;
    struct stored_leaf leaf;
    builder_init(&run, 1024);
    leaf_format_ct.append(&run, BYTES_OF(x509));
    leaf_format_ct.append(&run, BYTES_OF(precert));
    reader_init(&r, builder_view(&run));
    assert_true(leaf_format_ct.next(&r, &leaf));
    assert_bytes(leaf.entry, BYTES_OF(x509));
    assert_bytes(leaf.hashed, bytes_of(x509, X509_HASHED));
    assert_int_equal(leaf.time_ms, UINT64_C(0x18f00000005));
    assert_true(leaf_format_ct.next(&r, &leaf));
    assert_bytes(leaf.entry, BYTES_OF(precert));
    assert_bytes(leaf.hashed, bytes_of(precert, PRECERT_HASHED));
    assert_true(reader_is_at_end(&r));
    assert_false(leaf_format_ct.next(&r, &leaf));
    /* One cut short anywhere is none, and the reader stays. */
    for (size_t len = 0; len < sizeof precert; len++) {
        reader_init(&r, bytes_of(precert, len));
        assert_false(leaf_format_ct.next(&r, &leaf));
        assert_int_equal(reader_left(&r), len);
    }
    builder_clear(&run);
}

/* HASH(00 || MerkleTreeLeaf), MerkleTreeLeaf = 00 00 || TimestampedEntry [RFC6962 2.1, 3.4]. */
static void the_leaf_hash_is_that_of_rfc6962(void **state)
{
    (void)state;
    static const struct hash_alg *const algs[] = {&hash_sm3, &hash_sha256};
    for (size_t i = 0; i < LENGTH(algs); i++) {
        struct error err = {.status = STATUS_OK};
        struct hasher h;
        struct leaf_bundle bundle;
        struct builder run, message;
        uint8_t found[2][HASH_SIZE], want[HASH_SIZE];
        OK(hasher_init(&h, algs[i], &err));
        builder_init(&run, 1024);
        builder_init(&message, 1024);
        builder_bytes(&run, BYTES_OF(precert));
        builder_bytes(&run, BYTES_OF(x509));
        OK(leaf_format_parse(&leaf_format_ct, builder_view(&run), 2, &bundle, &err));
        leaf_format_hash(&leaf_format_ct, &h, bundle.leaves, 2, found);
        builder_u24(&message, 0);
        builder_bytes(&message, bytes_of(x509, X509_HASHED));
        hasher_one(&h, builder_view(&message), want);
        assert_memory_equal(found[1], want, HASH_SIZE);
        leaf_hash(&h, bytes_of(precert, PRECERT_HASHED), want);
        assert_memory_equal(found[0], want, HASH_SIZE);
        builder_clear(&message);
        builder_clear(&run);
        hasher_clear(&h);
    }
}

static void an_mtc_entry_is_hashed_without_its_length(void **state)
{
    (void)state;
    static const uint8_t bundle_bytes[] = {0, 4, 0, 0, 0, 0, 0, 5, 0, 0, 0, 1, 7};
    struct leaf_bundle bundle;
    struct error err = {.status = STATUS_OK};
    struct hasher h;
    uint8_t found[2][HASH_SIZE], want[HASH_SIZE];
    OK(hasher_init(&h, &hash_sha256, &err));
    OK(leaf_format_parse(&leaf_format_mtc, BYTES_OF(bundle_bytes), 2, &bundle, &err));
    assert_int_equal(bundle.leaves[1].entry.len, 5);
    leaf_format_hash(&leaf_format_mtc, &h, bundle.leaves, 2, found);
    node_leaf_hash(&h, bytes_of(bundle_bytes + 8, 5), want);
    assert_memory_equal(found[1], want, HASH_SIZE);
    hasher_clear(&h);
}

static void a_bundle_has_exactly_its_entries(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct leaf_bundle bundle;
    const struct leaf_format *f = &leaf_format_ct;
    assert_says(leaf_format_parse(f, BYTES_OF(x509), 2, &bundle, &err), &err, STATUS_MALFORMED, "ends in entry 1 of 2");
    assert_says(leaf_format_parse(f, BYTES_OF(x509), 0, &bundle, &err), &err, STATUS_USAGE, "0 entries");
    assert_says(leaf_format_parse(f, BYTES_OF(x509), 257, &bundle, &err), &err, STATUS_USAGE, "257 entries");
    static const uint8_t more[sizeof x509 + 1] = {0};
    assert_int_equal(leaf_format_parse(f, BYTES_OF(more), 1, &bundle, &err), STATUS_MALFORMED);
}

static void an_entry_says_where_it_stands(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    uint8_t other[sizeof x509 + 1];
    OK(leaf_format_ct.check(BYTES_OF(x509), 7, &err));
    OK(leaf_format_ct.check(BYTES_OF(precert), 8, &err));
    assert_says(leaf_format_ct.check(BYTES_OF(x509), 8, &err), &err, STATUS_REFUSED, "its leaf_index is 7, its place 8");
    assert_int_equal(leaf_format_ct.check(bytes_of(x509, 0), 0, &err), STATUS_MALFORMED);
    memcpy(other, x509, sizeof x509);
    assert_says(leaf_format_ct.check(BYTES_OF(other), 7, &err), &err, STATUS_MALFORMED, "goes on");
    other[9] = 2; /* a type that nobody knows */
    assert_int_equal(leaf_format_ct.check(bytes_of(other, sizeof x509), 7, &err), STATUS_REFUSED);
    static const uint8_t bare[] = {0, 0, 1, 0x8f, 0, 0, 0, 5, 0, 0, 0, 0, 1, 0xaa, 0, 0, 0, 0}; /* no leaf_index */
    assert_int_equal(leaf_format_ct.check(BYTES_OF(bare), 0, &err), STATUS_MALFORMED);
}

static void an_entry_has_a_greatest_length(void **state)
{
    (void)state;
    struct builder out, extensions;
    struct error err = {.status = STATUS_OK};
    size_t len = leaf_format_ct.entry_max - 8 - 2 - 3 - 10 - 2; /* the certificate of the longest x509 entry */
    uint8_t *certificate = calloc(1, len + 1);
    assert_non_null(certificate);
    builder_init(&out, 2 * leaf_format_ct.entry_max);
    builder_init(&extensions, 16);
    OK(sct_write_leaf_index(70000, &extensions, &err));
    struct leaf_tile tile = {.leaf = {.timestamp_ms = 1, .type = LEAF_X509, .certificate = bytes_of(certificate, len)}};
    tile.leaf.extensions = builder_view(&extensions);
    OK(leaf_tile_write(&tile, &out, &err));
    assert_int_equal(out.len, leaf_format_ct.entry_max);
    OK(leaf_format_ct.check(builder_view(&out), 70000, &err));
    builder_reset(&out);
    tile.leaf.certificate.len++;
    assert_int_equal(leaf_tile_write(&tile, &out, &err), STATUS_LIMIT);
    builder_clear(&out);
    builder_clear(&extensions);
    free(certificate);
}

static void paths_have_the_folder_of_the_format(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    char path[TILE_PATH_SIZE];
    struct tile tile = {.is_entries = true, .index = 1234067, .width = 9}, parsed;
    leaf_format_path(&leaf_format_ct, &tile, path);
    assert_string_equal(path, "tile/data/x001/x234/067.p/9");
    OK(leaf_format_parse_path(&leaf_format_ct, bytes_of_text(path), &parsed, &err));
    assert_true(parsed.is_entries && parsed.index == 1234067 && parsed.width == 9);
    assert_says(leaf_format_parse_path(&leaf_format_mtc, bytes_of_text(path), &parsed, &err), &err, STATUS_MALFORMED,
                "\"entries\"");
    leaf_format_path(&leaf_format_mtc, &tile, path);
    assert_string_equal(path, "tile/entries/x001/x234/067.p/9");
    assert_says(leaf_format_parse_path(&leaf_format_ct, bytes_of_text(path), &parsed, &err), &err, STATUS_MALFORMED,
                "\"data\"");
    tile.is_entries = false;
    tile.level = 2;
    leaf_format_path(&leaf_format_ct, &tile, path);
    assert_string_equal(path, "tile/2/x001/x234/067.p/9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_of_ct_entries_is_split),
        cmocka_unit_test(the_leaf_hash_is_that_of_rfc6962),
        cmocka_unit_test(an_mtc_entry_is_hashed_without_its_length),
        cmocka_unit_test(a_bundle_has_exactly_its_entries),
        cmocka_unit_test(an_entry_says_where_it_stands),
        cmocka_unit_test(an_entry_has_a_greatest_length),
        cmocka_unit_test(paths_have_the_folder_of_the_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
