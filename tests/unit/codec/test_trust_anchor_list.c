#include "unit/codec/codec_checks.h"

#include "codec/tai/trust_anchor_list.h"

/* 17 KiB: not on the stack of every test. */
static struct trust_anchor_list list;

static enum status parse(const char *hex, enum trust_anchor_place place, struct error *err)
{
    struct hex input = unhex(hex);
    return trust_anchor_list_parse(hex_bytes(&input), place, &list, err);
}

static void assert_round_trip(const char *hex, enum trust_anchor_place place, size_t count)
{
    struct error err;
    struct hex input = unhex(hex);
    if (parse(hex, place, &err) != STATUS_OK)
        fail_msg("%s: %s", hex, err.text);
    assert_int_equal(list.count, count);
    assert_int_equal(list.unusable_count, 0);
    assert_int_equal(list.left_out_count, 0);
    struct builder b;
    builder_init(&b, TRUST_ANCHOR_LIST_SIZE_MAX);
    assert_int_equal(trust_anchor_list_write(list.ids, list.count, place, &b, &err), STATUS_OK);
    assert_bytes(builder_view(&b), hex_bytes(&input));
    builder_clear(&b);
}

static void assert_id(size_t i, const char *text)
{
    char id[TAI_TEXT_SIZE];
    tai_text(&list.ids[i], id);
    assert_string_equal(id, text);
}

/* [TAI 4.1]: the extension_data of the digest's examples. */
static void examples(void **state)
{
    (void)state;
    assert_round_trip("0000", TRUST_ANCHOR_REQUESTED, 0);
    assert_round_trip("0005 04 81fd5901", TRUST_ANCHOR_REQUESTED, 1);
    assert_id(0, "32473.1");
    /* The two of the SvcParam example of TAI -04. */
    assert_round_trip("000b 04 81fd5901 05 81fd590201", TRUST_ANCHOR_AVAILABLE, 2);
    assert_id(0, "32473.1");
    assert_id(1, "32473.2.1");
    /* The order of the sender stays, and so does an ID twice. */
    assert_round_trip("000a 04 81fd5902 04 81fd5901", TRUST_ANCHOR_AVAILABLE, 2);
    assert_id(0, "32473.2");
    assert_round_trip("000a 04 81fd5901 04 81fd5901", TRUST_ANCHOR_REQUESTED, 2);
    assert_round_trip("0002 01 00", TRUST_ANCHOR_REQUESTED, 1);
}

static void assert_refused(const char *hex, enum trust_anchor_place place, const char *fragment)
{
    struct error err;
    if (parse(hex, place, &err) == STATUS_OK)
        fail_msg("%s was taken", hex);
    assert_says(&err, STATUS_MALFORMED, fragment);
}

static void refused(void **state)
{
    (void)state;
    assert_refused("", TRUST_ANCHOR_REQUESTED, "length");
    assert_refused("00", TRUST_ANCHOR_REQUESTED, "length");
    assert_refused("0006 04 81fd5901", TRUST_ANCHOR_REQUESTED, "length");
    assert_refused("0004 04 81fd5901", TRUST_ANCHOR_REQUESTED, "length");
    assert_refused("0000 00", TRUST_ANCHOR_REQUESTED, "length");
    assert_refused("0000", TRUST_ANCHOR_AVAILABLE, "empty list");
    assert_refused("0005 05 81fd5901", TRUST_ANCHOR_REQUESTED, "cut short");
    assert_refused("0001 00", TRUST_ANCHOR_REQUESTED, "empty");
    assert_refused("0006 04 81fd5901 00", TRUST_ANCHOR_REQUESTED, "empty");
    assert_refused("0003 02 8001", TRUST_ANCHOR_REQUESTED, "shortest");
    assert_refused("0004 03 01 8001", TRUST_ANCHOR_REQUESTED, "shortest");
    assert_refused("0002 01 81", TRUST_ANCHOR_REQUESTED, "cut short");
    /* A bad ID behind a good one. */
    assert_refused("0008 04 81fd5901 02 8001", TRUST_ANCHOR_REQUESTED, "shortest");
    /* Bad all the same when it is too long to be kept. */
    assert_refused("0022 21 80" "0000000000000000000000000000000000000000000000000000000000000000",
                   TRUST_ANCHOR_REQUESTED, "shortest");
}

/* What a peer of TAI -04 may send breaks nothing. */
static void unusable(void **state)
{
    (void)state;
    struct error err;
    /* 33 components, and 32: the limit. */
    assert_int_equal(parse("0048 21" "010101010101010101010101010101010101010101010101010101010101010101"
                           "20" "0202020202020202020202020202020202020202020202020202020202020202"
                           "04 81fd5901", TRUST_ANCHOR_REQUESTED, &err), STATUS_OK);
    assert_int_equal(list.unusable_count, 1);
    assert_int_equal(list.count, 2);
    assert_int_equal(list.ids[0].len, 32);
    assert_id(1, "32473.1");
    /* A component of 2^64. */
    assert_int_equal(parse("0010 0a 82808080808080808000 04 81fd5901", TRUST_ANCHOR_REQUESTED, &err),
                     STATUS_OK);
    assert_int_equal(list.unusable_count, 1);
    assert_int_equal(list.count, 1);
}

static void limits(void **state)
{
    (void)state;
    struct error err;
    struct builder b;
    builder_init(&b, TRUST_ANCHOR_LIST_SIZE_MAX);
    size_t vector = builder_open_vector(&b, 2);
    for (size_t i = 0; i < TRUST_ANCHOR_LIST_MAX + 3; i++) {
        builder_u8(&b, 3);
        builder_u8(&b, 1);
        builder_u16(&b, (uint16_t)(0x8100 | (i / 128) << 8 | i % 128));
    }
    builder_close_vector(&b, vector, 2);
    assert_int_equal(trust_anchor_list_parse(builder_view(&b), TRUST_ANCHOR_REQUESTED, &list, &err),
                     STATUS_OK);
    assert_int_equal(list.count, TRUST_ANCHOR_LIST_MAX);
    assert_int_equal(list.left_out_count, 3);
    /* Malformed behind the limit is malformed. */
    builder_reset(&b);
    vector = builder_open_vector(&b, 2);
    for (size_t i = 0; i < TRUST_ANCHOR_LIST_MAX; i++)
        builder_u16(&b, 0x0101);
    builder_u8(&b, 0);
    builder_close_vector(&b, vector, 2);
    assert_int_equal(trust_anchor_list_parse(builder_view(&b), TRUST_ANCHOR_REQUESTED, &list, &err),
                     STATUS_MALFORMED);
    builder_clear(&b);
}

static void writing(void **state)
{
    (void)state;
    struct error err;
    struct tai ids[2] = {{.len = 1, .data = {7}}, {.len = 0}};
    struct builder b;
    builder_init(&b, 64);
    assert_int_equal(trust_anchor_list_write(NULL, 0, TRUST_ANCHOR_AVAILABLE, &b, &err),
                     STATUS_USAGE);
    assert_int_equal(trust_anchor_list_write(NULL, 0, TRUST_ANCHOR_REQUESTED, &b, &err), STATUS_OK);
    assert_int_equal(b.len, 2);
    assert_int_equal(trust_anchor_list_write(ids, 2, TRUST_ANCHOR_REQUESTED, &b, &err),
                     STATUS_USAGE);
    builder_clear(&b);
    builder_init_fixed(&b, &(uint8_t[3]){0}, 3);
    assert_int_equal(trust_anchor_list_write(ids, 1, TRUST_ANCHOR_REQUESTED, &b, &err),
                     STATUS_LIMIT);
    builder_clear(&b);
}

static void adding(void **state)
{
    (void)state;
    struct error err;
    struct tai id = {.len = 2, .data = {0x81, 0}};
    trust_anchor_list_clear(&list);
    for (int round = 0; round < 2; round++)
        for (unsigned i = 0; i < TRUST_ANCHOR_LIST_MAX; i++) {
            id.data[0] = (uint8_t)(0x81 + i / 128);
            id.data[1] = (uint8_t)(i % 128);
            assert_int_equal(trust_anchor_list_add(&list, &id, &err), STATUS_OK);
        }
    assert_int_equal(list.count, TRUST_ANCHOR_LIST_MAX);
    id.data[0] = 0xff;
    assert_int_equal(trust_anchor_list_add(&list, &id, &err), STATUS_LIMIT);
    assert_says(&err, STATUS_LIMIT, "512");
}

static void in_certificate(void **state)
{
    (void)state;
    struct error err;
    assert_int_equal(trust_anchor_list_check_certificate(bytes_of(NULL, 0), &err), STATUS_OK);
    assert_int_equal(trust_anchor_list_check_certificate(bytes_of("\0\0", 2), &err),
                     STATUS_MALFORMED);
    assert_says(&err, STATUS_MALFORMED, "not empty");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples), cmocka_unit_test(refused),  cmocka_unit_test(unusable),
        cmocka_unit_test(limits),   cmocka_unit_test(writing),  cmocka_unit_test(adding),
        cmocka_unit_test(in_certificate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
