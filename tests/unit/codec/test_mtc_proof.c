#include "unit/checks.h"

#include "codec/mtc/mtc_proof.h"

static struct error err;

/* 32473.1, as in the draft. */
#define ID "04 81fd5901"

static const struct draft *draft_05(void)
{
    static const uint8_t oid[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0xda, 0x4b, 0x2f, 0x02};
    const struct draft *draft = draft_find(BYTES_OF(oid), 4);
    assert_non_null(draft);
    return draft;
}

/* Parses, writes back what was parsed, and compares; the number of cosignatures. */
static size_t round_trip(const struct draft *draft, const char *hex, struct mtc_proof *out)
{
    static struct bytes kept; /* what out borrows from, until the next call */
    struct cosignature list[16];
    size_t count = 0;
    if (kept.data != NULL)
        heap_free(kept);
    kept = heap_hex(hex);
    assert_ok(mtc_proof_parse(kept, draft, out, &err), &err, hex);
    struct reader r;
    reader_init(&r, out->signatures);
    while (mtc_proof_next(&r, &list[count]))
        count++;
    assert_true(reader_is_at_end(&r));
    struct builder b;
    builder_init(&b, (size_t)1 << 20);
    OK(mtc_proof_write(out, draft, list, count, &b, &err));
    assert_bytes(builder_view(&b), kept);
    builder_clear(&b);
    return count;
}

static void empty_proof(void **state)
{
    (void)state;
    struct mtc_proof p;
    static const struct draft *const with_24_bits[] = {&draft_07, &draft_gm};
    for (size_t i = 0; i < LENGTH(with_24_bits); i++) {
        assert_int_equal(round_trip(with_24_bits[i], "0000 000000000000 000000000001 0000 000000", &p), 0);
        assert_hex(p.extensions, "0000");
        assert_int_equal(p.subtree.start, 0);
        assert_int_equal(p.subtree.end, 1);
        assert_int_equal(p.inclusion_proof.len, 0);
        assert_int_equal(p.signatures.len, 0);
    }
    assert_int_equal(round_trip(draft_05(), "0000 000000000000 000000000001 0000 0000", &p), 0);
}

static void fields(void **state)
{
    (void)state;
    struct mtc_proof p;
    assert_int_equal(round_trip(&draft_07, "0006 f0000002aabb 000000000800 ffffffffffff 0003 010203 00000b " ID "0004 deadbeef",
                                &p), 1);
    assert_hex(p.extensions, "0006f0000002aabb");
    assert_int_equal(p.subtree.start, 2048);
    assert_int_equal(p.subtree.end, (UINT64_C(1) << 48) - 1);
    assert_hex(p.inclusion_proof, "010203");
    struct reader r;
    struct cosignature c;
    reader_init(&r, p.signatures);
    assert_true(mtc_proof_next(&r, &c));
    assert_hex(c.cosigner_id, "81fd5901");
    assert_hex(c.signature, "deadbeef");
    assert_false(mtc_proof_next(&r, &c));
}

#define HEAD "0000 000000000000 000000000001 0000 "

/* Shorter IDs first, then by bytes; an unknown or impossible ID is no reason to refuse (GREASE), and
 * neither is a signature of no bytes. */
static void cosignatures(void **state)
{
    (void)state;
    struct mtc_proof p;
    assert_int_equal(round_trip(&draft_07, HEAD "000007 " ID "0000", &p), 1);
    assert_int_equal(round_trip(&draft_07, HEAD "00000e " ID "0000 04 81fd5902 0000", &p), 2);
    assert_int_equal(round_trip(&draft_07, HEAD "000015 01ff 0000 0200ff 0001aa 020100 0000 03800000 0000", &p), 4);
}

static void bad_proofs(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", "MTCProof: log entry: bad extensions (at byte 0)"},
        {"0008 00010000 00010000 000000000000 000000000001 0000 000000", "not in order, or one twice"},
        {"0000 0000000000", "cut short in start, end"},
        {"0000 000000000000 0000000000", "cut short in start, end"},
        {"0000 000000000000 000000000001", "bad inclusion_proof (at byte 14)"},
        {"0000 000000000000 000000000001 0001", "bad inclusion_proof (at byte 14)"},
        {HEAD, "bad signatures (at byte 16)"},
        {HEAD "0000", "bad signatures (at byte 16)"},
        {HEAD "000001", "bad signatures (at byte 16)"},
        {HEAD "000000 00", "bytes behind the end (at byte 19)"},
        {HEAD "000001 00", "bad cosignature (at byte 19)"},
        {HEAD "000003 00 0000", "bad cosignature (at byte 19)"},
        {HEAD "000005 " ID, "bad cosignature (at byte 19)"},
        {HEAD "000006 " ID "00", "bad cosignature (at byte 19)"},
        {HEAD "000007 " ID "0001", "bad cosignature (at byte 19)"},
        {HEAD "000008 " ID "0000 00", "bad cosignature (at byte 26)"},
        {HEAD "00000e " ID "0000" ID "0000", "not in order, or one twice (at byte 26)"},
        {HEAD "00000e 0481fd5902 0000" ID "0000", "not in order, or one twice (at byte 26)"},
        {HEAD "00000c " ID "0000 02ffff 0000", "not in order, or one twice (at byte 26)"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct bytes input = heap_hex(cases[i][0]);
        struct mtc_proof p;
        assert_says(mtc_proof_parse(input, &draft_07, &p, &err), &err, STATUS_MALFORMED, cases[i][1]);
        heap_free(input);
    }
    /* the length prefix is a matter of the version */
    struct bytes input = heap_hex(HEAD "000000");
    struct mtc_proof p;
    assert_says(mtc_proof_parse(input, draft_05(), &p, &err), &err, STATUS_MALFORMED, "bytes behind the end");
    heap_free(input);
}

static enum status write(const struct mtc_proof *p, const struct draft *draft, const struct cosignature *list,
                         size_t count)
{
    struct builder b;
    builder_init(&b, (size_t)1 << 25);
    enum status s = mtc_proof_write(p, draft, list, count, &b, &err);
    builder_clear(&b);
    return s;
}

/* The writer does not write what the reader refuses. */
static void bad_writing(void **state)
{
    (void)state;
    static const uint8_t zeros[65536 + 3];
    const struct mtc_proof good = {.extensions = bytes_of(zeros, 2), .subtree = {0, 1}};
    struct mtc_proof p = good;
    struct cosignature list[2] = {{bytes_of("\2", 1), bytes_of(NULL, 0)}, {bytes_of("\3", 1), bytes_of(NULL, 0)}};
    OK(write(&p, &draft_07, list, 2));
    list[1].cosigner_id = bytes_of("\2", 1);
    assert_says(write(&p, &draft_07, list, 2), &err, STATUS_MALFORMED, "not in order, or one twice");
    list[1].cosigner_id = bytes_of("\1", 1);
    assert_says(write(&p, &draft_07, list, 2), &err, STATUS_MALFORMED, "not in order, or one twice");
    list[0].cosigner_id = bytes_of("", 0);
    assert_says(write(&p, &draft_07, list, 1), &err, STATUS_MALFORMED, "cosigner ID of 0 bytes");
    list[0].cosigner_id = bytes_of(zeros, 255);
    OK(write(&p, &draft_07, list, 1));
    list[0].cosigner_id = bytes_of(zeros, 256);
    assert_says(write(&p, &draft_07, list, 1), &err, STATUS_MALFORMED, "cosigner ID of 256 bytes");
    list[0] = (struct cosignature){bytes_of("\1", 1), bytes_of(zeros, 65535)};
    OK(write(&p, &draft_07, list, 1));
    /* a vector of 16 bits has no room for that signature and its frame */
    assert_says(write(&p, draft_05(), list, 1), &err, STATUS_LIMIT, "MTCProof");
    list[0].signature = bytes_of(zeros, 65536);
    assert_says(write(&p, &draft_07, list, 1), &err, STATUS_LIMIT, "MTCProof");
    p.inclusion_proof = bytes_of(zeros, 65535);
    OK(write(&p, &draft_07, NULL, 0));
    p.inclusion_proof = bytes_of(zeros, 65536);
    assert_says(write(&p, &draft_07, NULL, 0), &err, STATUS_LIMIT, "MTCProof");
    p = good;
    p.subtree.end = (UINT64_C(1) << 48) - 1;
    OK(write(&p, &draft_07, NULL, 0));
    p.subtree.end = UINT64_C(1) << 48;
    assert_says(write(&p, &draft_07, NULL, 0), &err, STATUS_LIMIT, "MTCProof");
    p = good;
    p.subtree.start = UINT64_C(1) << 48;
    assert_says(write(&p, &draft_07, NULL, 0), &err, STATUS_LIMIT, "MTCProof");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_proof), cmocka_unit_test(fields),      cmocka_unit_test(cosignatures),
        cmocka_unit_test(bad_proofs),  cmocka_unit_test(bad_writing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
