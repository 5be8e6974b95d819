#include "unit/checks.h"

#include "codec/mtc/cosigned_message.h"

static struct error err;

static struct cosigned_message example(void)
{
    struct cosigned_message m = {
        .cosigner_name = bytes_of_text("oid/1.3.6.1.4.1.32473.1"),
        .log_origin = bytes_of_text("oid/1.3.6.1.4.1.32473.1.0.1"),
        .subtree = {2048, 2122},
    };
    struct bytes hash = heap_hex("348d317a0ec02eaacc0c962d30c21c9d4e9be44e1d15875677a748f321f6c21d");
    memcpy(m.hash, hash.data, HASH_SIZE);
    heap_free(hash);
    return m;
}

static void assert_message(const struct cosigned_message *m, const char *want)
{
    struct builder b;
    builder_init(&b, COSIGNED_MESSAGE_MAX);
    OK(cosigned_message_write(m, &b, &err));
    assert_hex(builder_view(&b), want);
    builder_clear(&b);
}

static void refused(const struct cosigned_message *m, size_t room, enum status status, const char *fragment)
{
    struct builder b;
    builder_init(&b, room);
    assert_says(cosigned_message_write(m, &b, &err), &err, status, fragment);
    builder_clear(&b);
}

/* CA 32473.1, log 1, [2048, 2122): the draft's own demonstration. */
static void draft_example(void **state)
{
    (void)state;
    struct cosigned_message m = example();
    assert_message(&m, "737562747265652f76310a00 17 6f69642f312e332e362e312e342e312e33323437332e31 0000000000000000"
                       "1b 6f69642f312e332e362e312e342e312e33323437332e312e302e31 0000000000000800 000000000000084a"
                       "348d317a0ec02eaacc0c962d30c21c9d4e9be44e1d15875677a748f321f6c21d");
}

static void checkpoint(void **state)
{
    (void)state;
    struct cosigned_message m = example();
    m.cosigner_name = bytes_of_text("c");
    m.log_origin = bytes_of_text("o");
    m.subtree = (struct subtree){0, UINT64_MAX};
    m.timestamp = 0x0102030405060708;
    assert_message(&m, "737562747265652f76310a00 01 63 0102030405060708 01 6f 0000000000000000 ffffffffffffffff"
                       "348d317a0ec02eaacc0c962d30c21c9d4e9be44e1d15875677a748f321f6c21d");
    m.subtree.start = 1;
    refused(&m, COSIGNED_MESSAGE_MAX, STATUS_MALFORMED, "a timestamp goes only with");
}

static void names(void **state)
{
    (void)state;
    static uint8_t name[256];
    struct cosigned_message m = example();
    m.cosigner_name = m.log_origin = bytes_of(name, 255);
    struct builder b;
    builder_init(&b, COSIGNED_MESSAGE_MAX);
    OK(cosigned_message_write(&m, &b, &err));
    assert_int_equal(b.len, COSIGNED_MESSAGE_MAX);
    builder_clear(&b);
    m.cosigner_name = bytes_of(name, 256);
    refused(&m, 1000, STATUS_MALFORMED, "a name of 256 bytes");
    m.cosigner_name = bytes_of(name, 0);
    refused(&m, 1000, STATUS_MALFORMED, "a name of 0 bytes");
    m = example();
    m.log_origin = bytes_of(name, 256);
    refused(&m, 1000, STATUS_MALFORMED, "a name of 256 bytes");
    m.log_origin = bytes_of(NULL, 0);
    refused(&m, 1000, STATUS_MALFORMED, "a name of 0 bytes");
    m = example();
    refused(&m, 40, STATUS_LIMIT, "CosignedMessage");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draft_example),
        cmocka_unit_test(checkpoint),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
