/* CT logs of a bundle as a log list, and back. */
#include "unit/rules/bundle_maker.h"

#include "codec/trust_bundle/trust_ct_logs.h"

static struct error err;

static void exact(void **state)
{
    (void)state;
    struct bundle_world *w = calloc(1, sizeof *w);
    struct log_list list;
    assert_non_null(w);
    bundle_world_init(w);
    log_list_init(&list);
    OK(trust_ct_logs_list(&w->bundle, &list, &err));
    assert_string_equal(list.version, "7");
    assert_int_equal(list.timestamp_s, MAKER_NOW);
    assert_int_equal(log_list_count(&list), 1);
    const struct log_list_log *log = log_list_at(&list, 0);
    assert_ptr_equal(log->suite, &ct_suite_gm);
    assert_true(log->is_tiled && log->is_test && log->has_final_tree_head && log->has_interval);
    assert_int_equal(log->state, LOG_LIST_READONLY);
    assert_int_equal(log->state_since_s, 5);
    assert_int_equal(log->mmd_s, 60);
    assert_int_equal(log->final_size, 9);
    assert_int_equal(log->final_root[0], 7);
    assert_string_equal(log->submission_url, "https://ct.example/2026");
    assert_string_equal(log->monitoring_url, "https://read.example/2026");
    assert_string_equal(log->description, "CT 2026");
    /* Both neighbours of each time at which something changes. */
    static const char *const at[] = {"First", "First", "First", "Second", "CT", "CT"};
    for (int64_t time = 0; time < 6; time++)
        assert_string_equal(log_list_operator_at(&list, log, time), at[time]);
    assert_false(log_list_takes(log, 5));
    assert_true(log_list_takes(log, 6));
    assert_false(log_list_takes(log, 7));
    /* The ID is the suite's hash of the key. */
    assert_ptr_equal(log_list_find(&list, BYTES_OF(log->log_id)), log);
    struct trust_bundle_ct_log back;
    OK(trust_ct_logs_of(&list, log, &w->bundle, &back, &err));
    w->bundle.ct_logs.count = 0;
    bundle_push(&w->bundle.ct_logs, &back);
    struct builder out;
    builder_init(&out, TRUST_BUNDLE_SIZE_MAX);
    OK(trust_bundle_write(&w->bundle, &out, &err));
    struct trust_bundle again;
    struct log_list twice;
    trust_bundle_init(&again);
    log_list_init(&twice);
    OK(trust_bundle_parse(builder_view(&out), &again, &err));
    OK(trust_ct_logs_list(&again, &twice, &err));
    assert_memory_equal(log_list_at(&twice, 0), log, sizeof *log);
    builder_clear(&out);
    log_list_clear(&twice);
    log_list_clear(&list);
    trust_bundle_clear(&again);
    bundle_world_clear(w);
    free(w);
}

/* Operators of one name are one; a log without an interval takes everything. */
static void operators(void **state)
{
    (void)state;
    static const uint8_t keys[3][3] = {{1}, {2}, {3}};
    struct trust_bundle b;
    struct log_list list;
    trust_bundle_init(&b);
    log_list_init(&list);
    b.version = 1;
    for (size_t i = 0; i < 3; i++) {
        struct trust_bundle_ct_log log = {.suite = TRUST_BUNDLE_INTL, .kind = TRUST_BUNDLE_CT_RFC6962, .spki = bytes_of(keys[i], 3),
                                          .operator_name = bytes_of_text(i == 1 ? "B" : "A"), .state = TRUST_BUNDLE_CT_USABLE,
                                          .submission_url = bytes_of_text("https://ct.example/"), .monitoring_url = bytes_of_text("https://ct.example/")};
        bundle_push(&b.ct_logs, &log);
    }
    OK(trust_ct_logs_list(&b, &list, &err));
    assert_int_equal(list.operators.count, 2);
    assert_int_equal(log_list_at(&list, 0)->operator_index, log_list_at(&list, 2)->operator_index);
    assert_string_equal(log_list_at(&list, 0)->submission_url, "https://ct.example");
    assert_true(log_list_takes(log_list_at(&list, 0), 0));
    log_list_clear(&list);
    trust_bundle_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(exact), cmocka_unit_test(operators)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
