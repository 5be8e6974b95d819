#include "unit/checks.h"

#include <stdio.h>

#include "log_engine/log_record.h"

static const char good[] = "cathaya-log-record v1\n"
                           "origin oid/1.3.6.1.4.1.32473.1.0.1\n"
                           "hash sm3\n"
                           "batch 12\n"
                           "size 12000\n"
                           "root AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n"
                           "settled-batch 10\n"
                           "settled-size 10000\n"
                           "settled-root AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\n"
                           "first-batch 2\n"
                           "min-index 512\n"
                           "removed-index 256\n"
                           "max-not-after 1793283605\n"
                           "landmark 3\n"
                           "first-landmark 1\n"
                           "state open\n";

static void the_record_is_read_and_written(void **state)
{
    (void)state;
    struct log_record r;
    struct error err = {.status = STATUS_OK};
    struct builder again;
    OK(log_record_parse(bytes_of_text(good), &r, &err));
    assert_int_equal(r.size, 12000);
    assert_int_equal(r.root[31], 1);
    assert_int_equal(r.settled_root[0], 2);
    assert_int_equal(r.removed_index, 256);
    assert_false(r.is_closed);
    builder_init(&again, 4096);
    OK(log_record_write(&r, &again, &err));
    assert_bytes(builder_view(&again), bytes_of_text(good));
    builder_clear(&again);
}

/* The record with one text replaced by another. */
static void assert_refused(const char *from, const char *to, const char *why)
{
    char text[2048];
    struct log_record r;
    struct error err = {.status = STATUS_OK};
    const char *at = strstr(good, from);
    assert_non_null(at);
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
    assert_says(log_record_parse(bytes_of_text(text), &r, &err), &err, STATUS_MALFORMED, why);
}

static void every_other_text_is_refused(void **state)
{
    (void)state;
    assert_refused("v1", "v2", "line 1");
    assert_refused("batch 12", "batch 012", "batch");
    assert_refused("batch 12", "batch  12", "batch");
    assert_refused("size 12000\n", "", "size");
    assert_refused("AQE=\n", "AQF=\n", "root");
    assert_refused("AQEBAQE=\n", "AQEB\n", "root");
    assert_refused("hash sm3", "hash ", "hash");
    assert_refused("state open\n", "state opened\n", "state");
    assert_refused("state open\n", "state open", "state");
    assert_refused("state open\n", "state open\n\n", "after state");
    assert_refused("settled-batch 10", "settled-batch 13", "settled-batch");
    assert_refused("settled-size 10000", "settled-size 12000", "settled-batch");
    assert_refused("first-batch 2", "first-batch 0", "first-batch");
    assert_refused("first-batch 2", "first-batch 12", "first-batch");
    assert_refused("min-index 512", "min-index 10001", "min-index");
    assert_refused("removed-index 256", "removed-index 513", "min-index");
    assert_refused("first-landmark 1", "first-landmark 5", "first-landmark");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_record_is_read_and_written),
        cmocka_unit_test(every_other_text_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
