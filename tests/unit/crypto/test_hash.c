#include "unit/checks.h"

#include <openssl/evp.h>

#include "crypto/hash.h"

#define LENGTH_MAX 600

static uint8_t message[LENGTH_MAX + 1];

static int fill(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof message; i++)
        message[i] = (uint8_t)(i * 167 + i / 256 + 13);
    return 0;
}

static void start(struct hasher *h, const struct hash_alg *alg)
{
    struct error err;
    OK(hasher_init(h, alg, &err));
}

static void assert_hash(const struct hash_alg *alg, struct bytes text, const char *want)
{
    struct hasher h;
    uint8_t out[HASH_SIZE];
    start(&h, alg);
    hasher_one(&h, text, out);
    assert_true(hasher_is_good(&h));
    assert_hex(BYTES_OF(out), want);
    hasher_clear(&h);
    hasher_clear(&h);
}

/* GB/T 32905-2016, appendix A; FIPS 180-4's examples. */
static void standard_vectors(void **state)
{
    (void)state;
    assert_hash(&hash_sm3, bytes_of_text("abc"),
                "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
    assert_hash(&hash_sm3, bytes_of_text("abcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcd"),
                "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732");
    assert_hash(&hash_sm3, bytes_of(NULL, 0),
                "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b");
    assert_hash(&hash_sha256, bytes_of_text("abc"),
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_hash(&hash_sha256, bytes_of(NULL, 0),
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void reference(const struct hash_alg *alg, size_t len, uint8_t out[HASH_SIZE])
{
    const EVP_MD *md = alg == &hash_sm3 ? EVP_sm3() : EVP_sha256();
    unsigned out_len;
    assert_int_equal(EVP_Digest(message, len, out, &out_len, md, NULL), 1);
    assert_int_equal(out_len, HASH_SIZE);
}

/* Every length in one piece and cut in two at every place, one hasher for all. */
static void every_split(const struct hash_alg *alg, size_t length_max)
{
    struct hasher h;
    start(&h, alg);
    for (size_t len = 0; len <= length_max; len++) {
        uint8_t want[HASH_SIZE], out[HASH_SIZE];
        reference(alg, len, want);
        for (size_t cut = 0; cut <= len; cut++) {
            hasher_start(&h);
            hasher_update(&h, bytes_of(message, cut));
            hasher_update(&h, bytes_of(message + cut, len - cut));
            hasher_finish(&h, out);
            assert_memory_equal(out, want, HASH_SIZE);
        }
    }
    hasher_clear(&h);
}

static void sm3_every_split(void **state)
{
    (void)state;
    every_split(&hash_sm3, LENGTH_MAX);
}

static void sha256_every_split(void **state)
{
    (void)state;
    every_split(&hash_sha256, 150);
}

/* Pieces of every size, and pieces of nothing between them. */
static void many_pieces(void **state)
{
    (void)state;
    uint8_t want[HASH_SIZE], out[HASH_SIZE];
    struct hasher h;
    start(&h, &hash_sm3);
    reference(&hash_sm3, LENGTH_MAX, want);
    for (size_t step = 1; step <= 130; step++) {
        hasher_start(&h);
        for (size_t at = 0; at < LENGTH_MAX; at += step) {
            hasher_update(&h, bytes_of(message + at, LENGTH_MAX - at < step ? LENGTH_MAX - at : step));
            hasher_update(&h, bytes_of(NULL, 0));
        }
        hasher_finish(&h, out);
        assert_memory_equal(out, want, HASH_SIZE);
    }
    hasher_clear(&h);
}

/* start forgets what came before it. */
static void starting_over(void **state)
{
    (void)state;
    static const struct hash_alg *const algs[] = {&hash_sm3, &hash_sha256};
    for (size_t a = 0; a < LENGTH(algs); a++) {
        uint8_t want[HASH_SIZE], out[HASH_SIZE];
        struct hasher h;
        start(&h, algs[a]);
        reference(algs[a], 100, want);
        hasher_start(&h);
        hasher_update(&h, bytes_of(message + 1, 77));
        hasher_one(&h, bytes_of(message, 100), out);
        assert_memory_equal(out, want, HASH_SIZE);
        hasher_clear(&h);
    }
}

static void many(void **state)
{
    (void)state;
    static const struct hash_alg *const algs[] = {&hash_sm3, &hash_sha256};
    static const size_t counts[] = {0, 1, 2, 7, 8, 9, 15, 16, 17, 33};
    for (size_t a = 0; a < LENGTH(algs); a++)
        for (size_t c = 0; c < LENGTH(counts); c++) {
            struct hasher h;
            struct bytes messages[33];
            uint8_t out[34][HASH_SIZE], want[HASH_SIZE];
            memset(out, 0xee, sizeof out);
            start(&h, algs[a]);
            for (size_t i = 0; i < counts[c]; i++)
                messages[i] = bytes_of(message, (i * 37) % 140);
            hasher_many(&h, 0x01, messages, counts[c], out);
            for (size_t i = 0; i < counts[c]; i++) {
                hasher_start(&h);
                hasher_update(&h, bytes_of("\x01", 1));
                hasher_update(&h, messages[i]);
                hasher_finish(&h, want);
                assert_memory_equal(out[i], want, HASH_SIZE);
            }
            for (size_t i = 0; i < HASH_SIZE; i++)
                assert_int_equal(out[counts[c]][i], 0xee);
            hasher_clear(&h);
        }
}

static void failure_sticks(void **state)
{
    (void)state;
    static const uint8_t zeros[HASH_SIZE];
    struct hasher h;
    struct error err;
    uint8_t out[HASH_SIZE];
    start(&h, &hash_sm3);
    OK(hasher_status(&h, &err));
    h.has_failed = true;
    hasher_one(&h, bytes_of(message, 3), out);
    assert_memory_equal(out, zeros, HASH_SIZE);
    assert_false(hasher_is_good(&h));
    assert_says(hasher_status(&h, &err), &err, STATUS_NO_MEMORY, "hash function");
    hasher_clear(&h);
}

static void rows(void **state)
{
    (void)state;
    struct hasher h;
    struct error err;
    assert_ptr_equal(hash_by_name("sm3"), &hash_sm3);
    assert_ptr_equal(hash_by_name("sha256"), &hash_sha256);
    assert_null(hash_by_name("sha512"));
    assert_null(hash_by_name(""));
    struct hash_alg row = hash_sha256;
    row.evp_name = "SHA2-512";
    assert_says(hasher_init(&h, &row, &err), &err, STATUS_USAGE, "32-byte output");
    hasher_clear(&h);
    row.evp_name = "no-such-hash";
    assert_says(hasher_init(&h, &row, &err), &err, STATUS_USAGE, "not available");
    hasher_clear(&h);
}

static void labels(void **state)
{
    (void)state;
    const struct bytes parts[] = {bytes_of_text("a"), bytes_of(NULL, 0), bytes_of_text("bc")};
    uint8_t out[HASH_SIZE];
    assert_true(hash_label_sha256(parts, 3, out));
    assert_hex(BYTES_OF(out), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(standard_vectors), cmocka_unit_test(sm3_every_split),
        cmocka_unit_test(many_pieces),      cmocka_unit_test(sha256_every_split),
        cmocka_unit_test(starting_over),    cmocka_unit_test(many),
        cmocka_unit_test(failure_sticks),   cmocka_unit_test(rows),
        cmocka_unit_test(labels),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}
