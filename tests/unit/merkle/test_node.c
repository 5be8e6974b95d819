#include "unit/merkle/model.h"

#include "base/text.h"
#include "merkle/node.h"

static void assert_hex(const uint8_t hash[HASH_SIZE], const char *hex)
{
    char text[2 * HASH_SIZE + 1];
    text_hex(bytes_of(hash, HASH_SIZE), text);
    assert_string_equal(text, hex);
}

static void known_hashes(const struct hash_alg *alg, const char *empty, const char *leaf,
                         const char *pair)
{
    struct hasher h;
    assert_int_equal(hasher_init(&h, alg, NULL), STATUS_OK);
    uint8_t a[HASH_SIZE], b[HASH_SIZE];
    node_empty_hash(&h, a);
    assert_hex(a, empty);
    node_leaf_hash(&h, bytes_of("\0", 1), a);
    assert_hex(a, leaf);
    node_leaf_hash(&h, bytes_of("\1", 1), b);
    uint8_t out[HASH_SIZE];
    node_hash(&h, a, b, out);
    assert_hex(out, pair);
    /* out may be either side */
    uint8_t left[HASH_SIZE];
    memcpy(left, a, HASH_SIZE);
    node_hash(&h, left, b, left);
    assert_hex(left, pair);
    node_hash(&h, a, b, b);
    assert_hex(b, pair);
    hasher_clear(&h);
}

/* MTH(empty), MTH(d0) and MTH(D2) of the trees of the accumulated vectors. */
static void sha256(void **state)
{
    (void)state;
    known_hashes(&hash_sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                 "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                 "a20bf9a7cc2dc8a08f5f415a71b19f6ac427bab54d24eec868b5d3103449953a");
}

static void sm3(void **state)
{
    (void)state;
    known_hashes(&hash_sm3, "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b",
                 "af83a966222057ac761246a7543c580d9111014f4e5e3cb1281db33151160335",
                 "a2aeb70489c194c619e9183b17f213bb90d739f2a0d966b1ec6f7be9602723e4");
}

#define PAIRS_MAX 400 /* some batches of node_pairs */

static void assert_pairs(struct hasher *h, size_t count)
{
    static uint8_t pairs[2 * PAIRS_MAX][HASH_SIZE], out[PAIRS_MAX + 1][HASH_SIZE];
    for (size_t i = 0; i < 2 * PAIRS_MAX; i++)
        hasher_one(h, bytes_of(&i, sizeof i), pairs[i]);
    memset(out, 0xee, sizeof out);
    node_pairs(h, pairs[0], count, out);
    for (size_t i = 0; i < count; i++) {
        uint8_t want[HASH_SIZE];
        node_hash(h, pairs[2 * i], pairs[2 * i + 1], want);
        assert_memory_equal(out[i], want, HASH_SIZE);
    }
    for (size_t i = 0; i < HASH_SIZE; i++)
        assert_int_equal(out[count][i], 0xee);
    node_pairs(h, pairs[0], count, pairs);
    assert_memory_equal(pairs, out, count * HASH_SIZE);
}

static void pairs_are_nodes(void **state)
{
    (void)state;
    static const struct hash_alg *const algs[] = {&hash_sha256, &hash_sm3};
    static const size_t counts[] = {0, 1, 2, 3, 127, 128, 129, 255, 256, 257, PAIRS_MAX};
    for (size_t a = 0; a < 2; a++) {
        struct hasher h;
        assert_int_equal(hasher_init(&h, algs[a], NULL), STATUS_OK);
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
            assert_pairs(&h, counts[i]);
        hasher_clear(&h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256),
        cmocka_unit_test(sm3),
        cmocka_unit_test(pairs_are_nodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
