#include "unit/checks.h"

#include <stdio.h>

#include "codec/revocations/revocations.h"

static struct error err;
static const char header[] = "oid/1.3.6.1.4.1.32473.1.0.1\nrevocations 7 1795000000 1795003600\nminimum-index 256\n";

static enum status parse(const char *lines, struct revocations *out)
{
    char text[1024];
    (void)snprintf(text, sizeof text, "%s%s", header, lines);
    static char kept[1024];
    memcpy(kept, text, sizeof kept);
    revocations_init(out);
    return revocations_parse_text(bytes_of_text(kept), out, &err);
}

static void reads_and_writes(void **state)
{
    (void)state;
    struct revocations r;
    struct builder b;
    OK(parse("300 300 1 1795000000\n512 767 4 1795000001\n", &r));
    assert_int_equal(r.sequence, 7);
    assert_int_equal(r.minimum_index, 256);
    assert_int_equal(r.ranges.count, 2);
    assert_true(revocations_contain(&r, 0));
    assert_true(revocations_contain(&r, 255));
    assert_false(revocations_contain(&r, 256));
    assert_true(revocations_contain(&r, 300));
    assert_false(revocations_contain(&r, 511));
    assert_true(revocations_contain(&r, 767));
    assert_false(revocations_contain(&r, 768));
    builder_init(&b, 4096);
    OK(revocations_write_text(&r, &b, &err));
    struct revocations again;
    revocations_init(&again);
    OK(revocations_parse_text(builder_view(&b), &again, &err));
    assert_int_equal(again.ranges.count, 2);
    struct revocation *first = array_at(&r.ranges, 0);
    first->last = 600; /* into the next one */
    builder_reset(&b);
    assert_int_equal(revocations_write_text(&r, &b, &err), STATUS_USAGE);
    revocations_clear(&again);
    revocations_clear(&r);
    builder_clear(&b);
}

static void refuses(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "1 2 1\n", "1 2 11 5\n", "2 1 1 5\n", "1 2 1 5", "1 2 1 5 \n", " 1 2 1 5\n", "01 2 1 5\n", "1  2 1 5\n",
        "5 6 1 5\n6 7 1 5\n", "5 6 1 5\n1 2 1 5\n", "281474976710656 281474976710656 1 5\n", "\n",
    };
    for (size_t i = 0; i < LENGTH(bad); i++) {
        struct revocations r;
        if (parse(bad[i], &r) != STATUS_MALFORMED)
            fail_msg("row %zu was taken", i);
        revocations_clear(&r);
    }
    static const char *const headers[] = {
        "", "o\n", "o\nrevocations 1 2 1\nminimum-index 0\n", "o\nrevocations 1 1 2\nminimum-index\n",
        "o\nrevocations 1 1 2\n", "\nrevocations 1 1 2\nminimum-index 0\n", "o\nrevoked 1 1 2\nminimum-index 0\n",
    };
    for (size_t i = 0; i < LENGTH(headers); i++) {
        struct revocations r;
        revocations_init(&r);
        if (revocations_parse_text(bytes_of_text(headers[i]), &r, &err) != STATUS_MALFORMED)
            fail_msg("header %zu was taken", i);
        revocations_clear(&r);
    }
}

/* Signed by the CA's key under this label: not by another key, not a changed text, not under another. */
static void verifies(void **state)
{
    (void)state;
    struct algorithms *algorithms;
    struct private_key *key, *other;
    struct builder file, message, signature;
    struct bytes name = bytes_of_text("oid/1.3.6.1.4.1.32473.1");
    uint8_t key_id[NOTE_KEY_ID_SIZE];
    struct revocations r;
    OK(algorithms_new(&algorithms, &err));
    const struct signature_alg *alg = algorithms_by_name(algorithms, bytes_of_text("sm2_sm3"));
    OK(private_key_generate(alg, &key, &err));
    OK(private_key_generate(alg, &other, &err));
    builder_init(&file, 4096);
    builder_init(&message, 4096);
    builder_init(&signature, 4096);
    revocations_write_message(bytes_of_text(header), &message);
    OK(private_key_sign(key, builder_view(&message), &signature, &err));
    OK(note_write_text(bytes_of_text(header), &file, &err));
    OK(revocations_key_id(name, private_key_public(key), key_id, &err));
    OK(note_write_signature(name, key_id, builder_view(&signature), &file, &err));
    revocations_init(&r);
    OK(revocations_read(builder_view(&file), name, private_key_public(key), &r, &err));
    assert_int_equal(r.sequence, 7);
    revocations_clear(&r);
    revocations_init(&r);
    assert_says(revocations_read(builder_view(&file), name, private_key_public(other), &r, &err), &err,
                STATUS_REFUSED, "not signed by the CA");
    file.data[40] ^= 1; /* in the text */
    assert_int_not_equal(revocations_read(builder_view(&file), name, private_key_public(key), &r, &err), STATUS_OK);
    revocations_clear(&r);
    builder_clear(&signature);
    builder_clear(&message);
    builder_clear(&file);
    private_key_free(other);
    private_key_free(key);
    algorithms_free(algorithms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_writes),
        cmocka_unit_test(refuses),
        cmocka_unit_test(verifies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
