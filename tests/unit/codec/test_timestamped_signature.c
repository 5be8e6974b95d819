#include "unit/codec/codec_checks.h"

#include "codec/note/timestamped_signature.h"

static void round_trip(void **state)
{
    (void)state;
    static const char *const good[] = {"0000000000000000 00", "7fffffffffffffff 0102",
                                       "00000000641850cb ff"};
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct hex payload = unhex(good[i]);
        struct timestamped_signature c;
        assert_int_equal(timestamped_signature_parse(hex_bytes(&payload), &c, NULL), STATUS_OK);
        struct builder b;
        builder_init(&b, 64);
        assert_int_equal(timestamped_signature_write(&c, &b, NULL), STATUS_OK);
        assert_bytes(builder_view(&b), hex_bytes(&payload));
        builder_clear(&b);
    }
}

static void bad(void **state)
{
    (void)state;
    static const char *const cases[] = {"", "00000000000000", "0000000000000000",
                                        "8000000000000000 00", "ffffffffffffffff 00"};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hex payload = unhex(cases[i]);
        struct timestamped_signature c;
        struct error err;
        assert_int_equal(timestamped_signature_parse(hex_bytes(&payload), &c, &err), STATUS_MALFORMED);
        assert_says(&err, STATUS_MALFORMED, "cosignature");
    }
    struct builder b;
    builder_init(&b, 64);
    struct timestamped_signature late = {.timestamp_s = UINT64_C(1) << 63, .signature = bytes_of_text("x")};
    struct timestamped_signature empty = {.timestamp_s = 1};
    assert_int_equal(timestamped_signature_write(&late, &b, NULL), STATUS_USAGE);
    assert_int_equal(timestamped_signature_write(&empty, &b, NULL), STATUS_USAGE);
    assert_int_equal(timestamped_signature_write_ed25519_message(late.timestamp_s, late.signature, &b, NULL),
                     STATUS_USAGE);
    builder_clear(&b);
}

static void ed25519_message(void **state)
{
    (void)state;
    struct builder b;
    builder_init(&b, 256);
    assert_int_equal(timestamped_signature_write_ed25519_message(1679315147, bytes_of_text("o\n1\nr\n"), &b,
                                                       NULL), STATUS_OK);
    assert_text(builder_view(&b), "cosignature/v1\ntime 1679315147\no\n1\nr\n");
    builder_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(bad),
        cmocka_unit_test(ed25519_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
