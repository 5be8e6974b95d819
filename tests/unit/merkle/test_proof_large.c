/* Proofs in trees that nobody can store: sizes around the powers of two up to 2^64 - 1. */
#include "unit/merkle/proof_checks.h"

#include "base/text.h"

#define TWO(n) (UINT64_C(1) << (n))

static const uint64_t tree_sizes[] = {
    TWO(47) - 1,
    TWO(47),
    TWO(47) + 1,
    TWO(48) - TWO(24) + TWO(12),
    TWO(48) - 1,
    TWO(48),
    TWO(62) + 1,
    TWO(63) - 1,
    TWO(63),
    TWO(63) - TWO(31) + TWO(15),
    TWO(63) + 1,
    UINT64_MAX - 1,
    UINT64_MAX,
    0x123456789abcdef,
    0xaaaaaaaaaaaaaaaa,
    0x5555555555555555,
};

#define TREE_COUNT (sizeof tree_sizes / sizeof tree_sizes[0])

/* Numbers that need not be good, only the same every time (xorshift64). */
static uint64_t next_number(void)
{
    static uint64_t x = 88172645463325252;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return x;
}

/* The largest valid subtree that begins at `start` and ends at `end` or before: all of them begin
 * like this. */
static struct subtree subtree_from(uint64_t start, uint64_t end)
{
    while (!model_is_valid(start, end))
        end = start + (end - start) / 2;
    return (struct subtree){start, end};
}

static void inclusions_in(struct model *m, struct subtree s)
{
    checks_subtree_hash(m, s);
    if (s.start == s.end)
        return;
    checks_inclusion(m, s, s.start);
    checks_inclusion(m, s, s.end - 1);
    checks_inclusion(m, s, s.start + (s.end - s.start) / 2);
    checks_inclusion(m, s, s.start + next_number() % (s.end - s.start));
}

static void check_subtree_of(struct model *m, struct subtree s, uint64_t tree_size)
{
    inclusions_in(m, s);
    checks_consistency(m, s, tree_size);
}

static void check_tree(struct model *m, uint64_t n)
{
    check_subtree_of(m, (struct subtree){0, n}, n);
    for (unsigned level = 0; level < 64 && TWO(level) <= n; level++) {
        /* A prefix of a power of two and its neighbours, and the last such subtree of the tree. */
        uint64_t size = TWO(level), last = n & ~(size - 1);
        checks_consistency(m, (struct subtree){0, size}, n);
        checks_consistency(m, (struct subtree){0, size - 1}, n);
        checks_consistency(m, (struct subtree){0, n - (size - 1)}, n);
        check_subtree_of(m, (struct subtree){last, n}, n);
        check_subtree_of(m, (struct subtree){last - size, last}, n);
    }
    for (unsigned i = 0; i < 20; i++) {
        unsigned zeros = (unsigned)(next_number() % 64);
        uint64_t start = next_number() % n & ~(TWO(zeros) - 1);
        check_subtree_of(m, subtree_from(start, start + 1 + next_number() % (n - start)), n);
    }
}

/* Every stride-th tree. */
static void trees_of(const struct hash_alg *alg, size_t stride)
{
    struct model *m = model_new(alg);
    for (size_t i = 0; i < TREE_COUNT; i += stride)
        check_tree(m, tree_sizes[i]);
    model_free(m);
}

static void large_trees_sha256(void **state)
{
    (void)state;
    trees_of(&hash_sha256, 1);
}

static void large_trees_sm3(void **state)
{
    (void)state;
    trees_of(&hash_sm3, 4);
}

/* The named limits are reached, and are enough. */
static void the_longest_proofs(void **state)
{
    (void)state;
    struct model *m = model_new(&hash_sm3);
    struct node_source source = model_source(m, UINT64_MAX);
    struct subtree whole = {0, UINT64_MAX}, three = {0, 3};
    struct builder out;
    builder_init(&out, PROOF_CONSISTENCY_HASHES_MAX * HASH_SIZE);
    assert_int_equal(proof_make_inclusion(&m->h, &source, whole, 0, &out, NULL), STATUS_OK);
    assert_int_equal(out.len, PROOF_HASHES_MAX * HASH_SIZE);
    builder_reset(&out);
    assert_int_equal(proof_make_consistency(&m->h, &source, three, UINT64_MAX, &out, NULL),
                     STATUS_OK);
    assert_int_equal(out.len, PROOF_CONSISTENCY_HASHES_MAX * HASH_SIZE);
    builder_clear(&out);
    model_free(m);
}

static void parse_hashes(const char *const *hex, size_t count, uint8_t (*out)[HASH_SIZE])
{
    for (size_t i = 0; i < count; i++)
        assert_true(text_parse_hex(bytes_of_text(hex[i]), out[i], HASH_SIZE));
}

/* From demo/large_consistency_proofs.txt of the draft's repository: the subtree [0, 2^48 - 2^24) of
 * a tree of 2^48 - 2^24 + 2^12 entries, SHA-256. */
static void a_large_proof_of_the_draft(void **state)
{
    (void)state;
    static const char *const hex[] = {
        "a51df1fa15a9a0296ab32966e91c81c7175ecc87a1bff140b339c380b3d9297a", /* the subtree */
        "660afc6a5d50d93ad9d6bcc6758c57b2520fb4dda5be49398e1be3929d7cc0b3", /* the tree */
        "e95c04b6f0500c6210eac954afa096ccec8a497e9e8dc051ca3b7713c301a2d9",
        "8daf6357905b4382c0df84b42bcbe0d5c4d0f83d291e3a923453cec92f654266",
        "7e89e7aaa9e17efb8370917146a3a7feb26c4b6eadf5770d3dd5b6581ac394c8",
        "6fa5c9e7afe0591dd131a91c97f40658e0de919a828c5ccdf1a149e71f53dcbe",
        "38bcb07d8cbbfe9ad4af040552d0325b0de71e5b645b23167e066769a9797c2b",
        "88590740f1c7172f3967be697c18abe9807f1cca69a4cabc1036ad9679e84dd0",
        "5d0fa20beb2727b811bd3ba512b4d23e7273dd99c1b16b3f619882988785ee6d",
        "160fe9870f5d1ef0443bc0e8e6f21f8a9274838ddf086f9a3b1c3089c5185818",
        "cd0f7c8c81d49e5e4c6bed1c56343c714ba97f2d7449381b9bbaf16d6c715f80",
        "a042cb95587cce2f696dea27647517224bff0aa5a2c84dca9f74e7dc9b9e7969",
        "4c25f64c1113959b9c6a22866b9cd193602183845ef64a9075054b12426b6e05",
        "66c7aec1d762499789740a38c13f917ff43c64b60cf353afd277313d8ca677b9",
        "04f296b9b250c5a0acb9d4ea81b01402fcdb0849d76728caaac48523ad7815d3",
        "c3b0d7ba55b67fcaaf174e1c8b87bedad52c01c156f19811a246f8781ef136e0",
        "be00d72e1863a37e1759c2bcbcf9c88c0e1c95dd0c9575495cda98c5ab1e494a",
        "3392f02ba0300751b4b603217dd515bdc5b222170cbc95e2123a761f5631f5dc",
        "4a316ebc7c22902ede534009cb48877311d793c7a8862efdabc4611766b91d02",
        "97d59564282aeab49f983862d988a57a9e0317d5f30405b5318e4b04791fbe67",
        "0c3297aa2d66ac97f9aa41d22bf1fa0bb9e225b6e13615da1147a241ed1a769f",
        "11d1e9514225b24425ec61b2c09aecefee6ea3a02c48c3ddf03ed34b4165dd3e",
        "5cbdfcce6dc8a670a361e6a58882b98bba0e44514c084d2cb3658848057aa5f5",
        "271ca6d63058bcc6685b11a8195080092105800ae73a6065ab255ed04d370e37",
        "0e591a004d744953fd74c47f4c136b4d5c285a7b83c101c067116164725323b2",
        "acef9fffe476eab7fba6b4a6e20e369908056538674f76c19f6c61ea6544dbb7",
        "b1d56f82b25ced1019359fafb60c1db86f923aeb920d12977ef894f90f3463e9",
    };
    enum { COUNT = sizeof hex / sizeof hex[0] };
    static uint8_t hashes[COUNT][HASH_SIZE];
    parse_hashes(hex, COUNT, hashes);
    struct hasher h;
    assert_int_equal(hasher_init(&h, &hash_sha256, NULL), STATUS_OK);
    struct subtree s = {0, 0xffffff000000};
    struct bytes proof = bytes_of(hashes[2], (COUNT - 2) * HASH_SIZE);
    assert_int_equal(
        proof_check_consistency(&h, s, 0xffffff001000, hashes[0], hashes[1], proof, NULL),
        STATUS_OK);
    hashes[COUNT - 1][0] ^= 1;
    assert_int_equal(
        proof_check_consistency(&h, s, 0xffffff001000, hashes[0], hashes[1], proof, NULL),
        STATUS_REFUSED);
    hasher_clear(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_trees_sha256),
        cmocka_unit_test(large_trees_sm3),
        cmocka_unit_test(the_longest_proofs),
        cmocka_unit_test(a_large_proof_of_the_draft),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
