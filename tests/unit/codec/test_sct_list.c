#include "unit/codec/codec_checks.h"

#include "codec/ct/sct_list.h"

#define LOG_ID "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
/* Version 1, 2026-11-22 in ms, leaf_index 5, SM2 with SM3 (0708), a signature of four bytes. */
#define GM_SCT "00" LOG_ID "0000019aa9040400" "0008 00 0005 0000000005" "0708" "0004 deadbeef"
/* Without extensions, ECDSA with SHA-256. */
#define ECDSA_SCT "00" LOG_ID "0000019aa9040401" "0000" "0403" "0003 abcdef"
#define GM_SIZE "003b"
#define ECDSA_SIZE "0032"

static void assert_round_trip(const char *hex, struct sct_list *list)
{
    struct error err;
    static struct hex input; /* what the list borrows from */
    input = unhex(hex);
    if (sct_list_parse(hex_bytes(&input), list, &err) != STATUS_OK)
        fail_msg("%s: %s", hex, err.text);
    struct builder b;
    builder_init(&b, SCT_LIST_SIZE_MAX);
    assert_int_equal(sct_list_write(list->scts, list->count, &b, &err), STATUS_OK);
    assert_bytes(builder_view(&b), hex_bytes(&input));
    /* From its fields, one of version 1 is the same again. */
    for (size_t i = 0; i < list->count; i++) {
        if (list->scts[i].version != SCT_V1)
            continue;
        builder_reset(&b);
        assert_int_equal(sct_write(&list->scts[i], &b, &err), STATUS_OK);
        assert_bytes(builder_view(&b), list->scts[i].serialized);
    }
    builder_clear(&b);
}

static void fields(void **state)
{
    (void)state;
    struct sct_list list;
    struct error err;
    uint64_t index = 0;
    assert_round_trip("0071" GM_SIZE GM_SCT ECDSA_SIZE ECDSA_SCT, &list);
    assert_int_equal(list.count, 2);
    const struct sct *sct = &list.scts[0];
    struct hex log_id = unhex(LOG_ID);
    assert_bytes(sct->log_id, hex_bytes(&log_id));
    assert_int_equal(sct->timestamp_ms, UINT64_C(0x19aa9040400));
    assert_int_equal(sct->algorithm, 0x0708);
    assert_int_equal(sct->signature.len, 4);
    assert_int_equal(sct_leaf_index(sct, &index, &err), STATUS_OK);
    assert_int_equal(index, 5);
    assert_int_equal(list.scts[1].algorithm, 0x0403);
    assert_int_equal(list.scts[1].extensions.len, 0);
    assert_int_equal(sct_leaf_index(&list.scts[1], &index, &err), STATUS_NOT_FOUND);
}

/* Version 2 would be another format: kept, and not looked into. */
static void other_version(void **state)
{
    (void)state;
    struct sct_list list;
    struct error err;
    struct builder b;
    assert_round_trip("003a 0001 ff 0001 01" ECDSA_SIZE ECDSA_SCT, &list);
    assert_int_equal(list.count, 3);
    assert_int_equal(list.scts[0].version, 0xff);
    assert_int_equal(list.scts[0].serialized.len, 1);
    builder_init(&b, 64);
    assert_int_equal(sct_write(&list.scts[1], &b, &err), STATUS_USAGE);
    builder_clear(&b);
}

static void assert_refused(const char *hex, enum status status, const char *fragment)
{
    struct error err;
    struct sct_list list;
    struct hex input = unhex(hex);
    if (sct_list_parse(hex_bytes(&input), &list, &err) == STATUS_OK)
        fail_msg("%s was taken", hex);
    assert_says(&err, status, fragment);
}

static void refused(void **state)
{
    (void)state;
    assert_refused("", STATUS_MALFORMED, "length");
    assert_refused("0000", STATUS_MALFORMED, "empty");
    assert_refused("0034" ECDSA_SIZE ECDSA_SCT "00", STATUS_MALFORMED, "length");
    assert_refused("0035" ECDSA_SIZE ECDSA_SCT, STATUS_MALFORMED, "length");
    assert_refused("0035" ECDSA_SIZE ECDSA_SCT "00", STATUS_MALFORMED, "cut short");
    assert_refused("0002 0000", STATUS_MALFORMED, "empty");
    assert_refused("0003 0001 00", STATUS_MALFORMED, "cut short");
    /* A byte after the signature, and one less. */
    assert_refused("0035 0033" ECDSA_SCT "00", STATUS_MALFORMED, "bytes after");
    assert_refused("0033 0031" "00" LOG_ID "0000019aa9040401" "0000" "0403" "0003 abcd",
                   STATUS_MALFORMED, "cut short");
}

static void limits(void **state)
{
    (void)state;
    struct error err;
    struct sct_list list;
    struct builder b;
    for (unsigned count = SCT_LIST_MAX; count <= SCT_LIST_MAX + 1; count++) {
        builder_init(&b, SCT_LIST_SIZE_MAX);
        size_t vector = builder_open_vector(&b, 2);
        for (unsigned i = 0; i < count; i++) {
            builder_u16(&b, 1);
            builder_u8(&b, 9);
        }
        builder_close_vector(&b, vector, 2);
        assert_int_equal(sct_list_parse(builder_view(&b), &list, &err),
                         count > SCT_LIST_MAX ? STATUS_LIMIT : STATUS_OK);
        builder_clear(&b);
    }
    builder_init(&b, 64);
    assert_int_equal(sct_list_write(NULL, 0, &b, &err), STATUS_USAGE);
    assert_int_equal(sct_list_write(&(struct sct){.version = 1}, 1, &b, &err), STATUS_USAGE);
    assert_int_equal(sct_write(&(struct sct){.version = SCT_V1}, &b, &err), STATUS_USAGE);
    builder_clear(&b);
}

static enum status index_of(const char *hex, uint64_t *index)
{
    struct error err;
    struct hex extensions = unhex(hex);
    return sct_leaf_index(&(struct sct){.extensions = hex_bytes(&extensions)}, index, &err);
}

/* [C2SP static-ct-api]: any order, none twice. */
static void leaf_index(void **state)
{
    (void)state;
    uint64_t index = 0;
    assert_int_equal(index_of("00 0005 ffffffffff", &index), STATUS_OK);
    assert_int_equal(index, SCT_LEAF_INDEX_MAX);
    assert_int_equal(index_of("07 0001 00 00 0005 0000000009 08 0000", &index), STATUS_OK);
    assert_int_equal(index, 9);
    assert_int_equal(index_of("07 0001 00", &index), STATUS_NOT_FOUND);
    assert_int_equal(index_of("00 0004 00000009", &index), STATUS_MALFORMED);
    assert_int_equal(index_of("00 0006 000000000009", &index), STATUS_MALFORMED);
    assert_int_equal(index_of("00 0005 0000000009 00 0005 0000000009", &index), STATUS_MALFORMED);
    assert_int_equal(index_of("00 0005 0000000009 07 0001 00 07 0001 00", &index), STATUS_MALFORMED);
    assert_int_equal(index_of("00 0005 0000000009 07", &index), STATUS_MALFORMED);
    assert_int_equal(index_of("ab", &index), STATUS_MALFORMED);
    assert_int_equal(index, 9);

    struct error err;
    struct builder b;
    builder_init(&b, 64);
    assert_int_equal(sct_write_leaf_index(UINT64_C(0x123456789a), &b, &err), STATUS_OK);
    struct hex want = unhex("00 0005 123456789a");
    assert_bytes(builder_view(&b), hex_bytes(&want));
    assert_int_equal(sct_write_leaf_index(SCT_LEAF_INDEX_MAX + 1, &b, &err), STATUS_USAGE);
    builder_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields), cmocka_unit_test(other_version), cmocka_unit_test(refused),
        cmocka_unit_test(limits), cmocka_unit_test(leaf_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
