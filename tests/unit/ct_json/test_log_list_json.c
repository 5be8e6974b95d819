#include "unit/checks.h"

#include <stdio.h>

#include "ct_json/log_list_json.h"

/* A key of its own for each log: these are no keys, and nothing here looks. */
static void key_of(char digit, const struct ct_suite *suite, char key[16], char log_id[64])
{
    struct error err;
    struct builder b;
    uint8_t bytes[3] = {(uint8_t)digit, 1, 2}, id[HASH_SIZE];
    builder_init_fixed(&b, key, 15);
    text_write_base64(&b, BYTES_OF(bytes));
    key[b.len] = '\0';
    OK(ct_suite_hash(suite, BYTES_OF(bytes), id, &err));
    builder_init_fixed(&b, log_id, 63);
    text_write_base64(&b, BYTES_OF(id));
    log_id[b.len] = '\0';
}

/* $Kn and $In are the key and the ID of log n by SHA-256, $Gn its ID by SM3. */
static struct bytes fill(const char *pattern)
{
    struct builder b;
    builder_init(&b, (size_t)1 << 16);
    for (; *pattern != '\0'; pattern++) {
        if (*pattern != '$') {
            builder_u8(&b, (uint8_t)*pattern);
            continue;
        }
        char key[16], id[64], kind = pattern[1];
        key_of(pattern[2], kind == 'G' ? &ct_suite_gm : &ct_suite_intl, key, id);
        builder_text(&b, kind == 'K' ? key : id);
        pattern += 2;
    }
    struct bytes copy = heap_copy(builder_view(&b));
    builder_clear(&b);
    return copy;
}

#define LOG(more) "{\"description\":\"a log\",\"log_id\":\"$I1\",\"key\":\"$K1\",\"url\":\"https://ct.example/a/\",\"mmd\":86400" more "}"
#define LIST(log) "{\"operators\":[{\"name\":\"One\",\"email\":[\"a@b.example\"],\"logs\":[" log "]}]}"

static const char whole[] =
    "{\"version\":\"88.26\",\"log_list_timestamp\":\"2026-01-01T00:00:00Z\",\"is_all_logs\":false,\"operators\":["
    "{\"name\":\"Google\",\"email\":[\"ct@example.com\",\"b@example.com\"],\"logs\":["
    "{\"description\":\"Argon2027h1\",\"log_id\":\"$I1\",\"key\":\"$K1\",\"url\":\"https://ct.example/argon2027h1/\",\"mmd\":86400,"
    "\"state\":{\"usable\":{\"timestamp\":\"2024-11-11T14:29:59.123Z\"}},\"temporal_interval\":{\"start_inclusive\":"
    "\"2027-01-01T00:00:00Z\",\"end_exclusive\":\"2027-07-01T00:00:00Z\"},\"dns\":\"argon.example\"},"
    "{\"description\":\"Old\",\"log_id\":\"$I2\",\"key\":\"$K2\",\"url\":\"https://ct.example/old\",\"mmd\":86400,"
    "\"state\":{\"readonly\":{\"timestamp\":\"2024-11-11T14:29:59Z\",\"final_tree_head\":{\"sha256_root_hash\":\"$I3\","
    "\"tree_size\":1234}}},\"previous_operators\":[{\"name\":\"B\",\"end_time\":\"2024-01-01T00:00:00Z\"},"
    "{\"name\":\"A\",\"end_time\":\"2023-01-01T00:00:00Z\"}]}],"
    "\"tiled_logs\":[{\"description\":\"Tiled\",\"log_id\":\"$I4\",\"key\":\"$K4\",\"submission_url\":\"https://s.example/t/\","
    "\"monitoring_url\":\"https://m.example/t/\",\"mmd\":60,\"log_type\":\"test\"}]},"
    "{\"name\":\"GM\",\"tiled_logs\":[{\"suite\":\"gm\",\"description\":\"GM\",\"log_id\":\"$G5\",\"key\":\"$K5\",\"submission_url\":"
    "\"https://g.example/t\",\"monitoring_url\":\"https://g.example/t\",\"mmd\":60,\"state\":{\"readonly\":{\"timestamp\":"
    "\"2026-01-11T00:00:00Z\",\"final_tree_head\":{\"sm3_root_hash\":\"$G6\",\"tree_size\":9}}}}]}]}";

static void assert_whole(const struct log_list *list)
{
    assert_string_equal(list->version, "88.26");
    assert_int_equal(list->timestamp_s, INT64_C(1767225600));
    assert_int_equal(log_list_count(list), 4);
    const struct log_list_log *a = log_list_at(list, 0), *old = log_list_at(list, 1), *tiled = log_list_at(list, 2),
                              *gm = log_list_at(list, 3);
    assert_string_equal(log_list_operator(list, a), "Google");
    assert_string_equal(a->description, "Argon2027h1");
    assert_string_equal(a->submission_url, "https://ct.example/argon2027h1");
    assert_string_equal(a->monitoring_url, a->submission_url);
    assert_true(!a->is_tiled && a->suite == &ct_suite_intl && a->has_interval && !a->is_test);
    assert_int_equal(a->state, LOG_LIST_USABLE);
    assert_int_equal(a->state_since_s, 1731335399);
    assert_int_equal(a->mmd_s, 86400);
    assert_int_equal(a->interval_end_s - a->interval_start_s, 181 * 86400);
    assert_true(old->has_final_tree_head && old->final_size == 1234 && old->state == LOG_LIST_READONLY);
    assert_int_equal(old->previous_count, 2);
    assert_string_equal(old->previous[0].name, "A");
    assert_true(tiled->is_tiled && tiled->is_test && tiled->state == LOG_LIST_UNKNOWN && tiled->mmd_s == 60);
    assert_string_equal(tiled->monitoring_url, "https://m.example/t");
    assert_string_equal(log_list_operator(list, gm), "GM");
    assert_true(gm->suite == &ct_suite_gm && gm->final_size == 9);
    assert_int_equal(((const struct log_list_operator *)array_at(&list->operators, 0))->email_count, 2);
}

static void there_and_back(void **state)
{
    (void)state;
    struct log_list list;
    struct error err;
    struct builder first, second;
    struct bytes text = fill(whole);
    builder_init(&first, (size_t)1 << 20);
    builder_init(&second, (size_t)1 << 20);
    OK(log_list_json_parse(text, &list, &err));
    assert_whole(&list);
    OK(log_list_json_write(&list, &first, &err));
    log_list_clear(&list);
    OK(log_list_json_parse(builder_view(&first), &list, &err));
    assert_whole(&list);
    OK(log_list_json_write(&list, &second, &err));
    assert_bytes(builder_view(&second), builder_view(&first));
    log_list_clear(&list);
    builder_clear(&first);
    builder_clear(&second);
    heap_free(text);
}

/* log.v3.json: one log alone. */
static void single(void **state)
{
    (void)state;
    struct log_list list;
    struct error err;
    struct bytes text = fill(LOG(""));
    OK(log_list_json_parse(text, &list, &err));
    assert_int_equal(log_list_count(&list), 1);
    assert_string_equal(log_list_operator(&list, log_list_at(&list, 0)), "");
    /* As we write it. */
    struct builder once, again;
    struct log_list read;
    builder_init(&once, LOG_LIST_JSON_SIZE_MAX);
    builder_init(&again, LOG_LIST_JSON_SIZE_MAX);
    OK(log_list_json_write_log(log_list_at(&list, 0), &once, &err));
    OK(log_list_json_parse(builder_view(&once), &read, &err));
    OK(log_list_json_write_log(log_list_at(&read, 0), &again, &err));
    assert_bytes(builder_view(&once), builder_view(&again));
    builder_clear(&once);
    builder_clear(&again);
    log_list_clear(&read);
    log_list_clear(&list);
    heap_free(text);
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        const char *text, *fragment;
    } rows[] = {
        {"", "no JSON"},
        {"{}", "\"operators\""},
        {"{\"operators\":[{}]}", "\"name\""},
        {LIST("{}"), "\"key\""},
        {LIST("{\"key\":\"$K1\",\"log_id\":\"$I2\"}"), "\"log_id\" is not the sha256 hash of \"key\""},
        {LIST("{\"suite\":\"gm\",\"key\":\"$K1\",\"log_id\":\"$I1\"}"), "\"log_id\" is not the sm3 hash"},
        {LIST("{\"suite\":\"sm2\",\"key\":\"$K1\",\"log_id\":\"$I1\"}"), "\"suite\""},
        {LIST("{\"description\":\"a log\",\"key\":\"$K1\",\"log_id\":\"$I1\"}"), "\"a log\": log list: \"url\""},
        {LIST("{\"key\":\"$K1\",\"log_id\":\"$I1\",\"submission_url\":\"x\"}"), "\"monitoring_url\""},
        {LIST("{\"key\":\"$K1\",\"log_id\":\"$I1\",\"url\":\"//\"}"), "\"url\" is empty"},
        {LIST("{\"key\":\"$K1\",\"log_id\":\"$I1\",\"url\":\"x\"}"), "\"mmd\""},
        {LIST(LOG("") "," LOG("")), "twice"},
        {LIST(LOG(",\"state\":{\"fine\":{\"timestamp\":\"2026-01-01T00:00:00Z\"}}")), "state \"fine\" is not known"},
        {LIST(LOG(",\"state\":\"usable\"")), "\"state\" is not an object"},
        {LIST(LOG(",\"state\":{\"usable\":{}}")), "\"timestamp\""},
        {LIST(LOG(",\"state\":{\"usable\":{\"timestamp\":\"1767225600\"}}")), "no time"},
        {LIST(LOG(",\"state\":{\"usable\":{\"timestamp\":\"2026-01-01\"}}")), "no time"},
        {LIST(LOG(",\"temporal_interval\":{\"start_inclusive\":\"2027-01-01T00:00:00Z\",\"end_exclusive\":"
                  "\"2027-01-01T00:00:00Z\"}")),
         "ends before it starts"},
        {LIST(LOG(",\"mmd\":1")), "no JSON"},
        {LIST(LOG(",\"state\":{\"readonly\":{\"timestamp\":\"2026-01-01T00:00:00Z\",\"final_tree_head\":{\"tree_size\":1}}}")),
         "sha256_root_hash"},
        {"{\"log_list_timestamp\":5,\"operators\":[]}", "log_list_timestamp"},
        {"{\"operators\":[{\"name\":\"x\",\"email\":[1]}]}", "\"email\""},
        {"{\"operators\":[{\"name\":\"x\\n\"}]}", "\"name\""},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct log_list list;
        struct error err;
        struct bytes text = fill(rows[i].text);
        enum status s = log_list_json_parse(text, &list, &err);
        if ((s != STATUS_MALFORMED && s != STATUS_LIMIT) || strstr(err.text, rows[i].fragment) == NULL)
            fail_msg("row %zu: %s: %s", i, status_name(s), err.text);
        heap_free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(there_and_back), cmocka_unit_test(single), cmocka_unit_test(refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
