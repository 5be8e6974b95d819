#include "unit/checks.h"

#include <stdio.h>

#include "rules/ct_policy.h"

#define DAY_S INT64_C(86400)
/* 2026-01-01T00:00:00Z. */
#define NOW_S INT64_C(1767225600)

static struct ct_policy_set *read_text(const char *text)
{
    struct error err;
    struct ct_policy_set *set;
    OK(ct_policy_set_read(bytes_of_text(text), &set, &err));
    return set;
}

static struct ct_policy_set *shipped(void)
{
    static char text[CT_POLICY_TEXT_MAX];
    FILE *file = fopen(SHIPPED_POLICIES, "rb");
    assert_non_null(file);
    size_t len = fread(text, 1, sizeof text - 1, file);
    text[len] = '\0';
    assert_int_equal(fclose(file), 0);
    return read_text(text);
}

static const struct ct_policy *find(const struct ct_policy_set *set, const char *name)
{
    const struct ct_policy *policy = ct_policy_set_find(set, bytes_of_text(name));
    assert_non_null(policy);
    return policy;
}

static size_t needed(const struct ct_policy *policy, int64_t length_s, int64_t at_s)
{
    struct ct_policy_needs needs;
    ct_policy_needed(policy, NOW_S, NOW_S + length_s, at_s, &needs);
    return needs.scts;
}

/* Each reading of 180 days, with its neighbours. */
static void lengths(void **state)
{
    (void)state;
    struct ct_policy_set *set = shipped();
    assert_int_equal(ct_policy_set_count(set), 4);
    const struct ct_policy *chrome = find(set, "chrome"), *apple = find(set, "apple"), *gm = find(set, "gm-browser");
    assert_int_equal(needed(chrome, 180 * DAY_S, NOW_S), 2);
    assert_int_equal(needed(chrome, 180 * DAY_S + 1, NOW_S), 3);
    assert_int_equal(needed(apple, 180 * DAY_S - 1, NOW_S), 2);
    assert_int_equal(needed(apple, 180 * DAY_S, NOW_S), 3);
    assert_int_equal(needed(gm, 180 * DAY_S - 1, NOW_S), 1);
    assert_int_equal(needed(gm, 180 * DAY_S, NOW_S), 2);
    assert_int_equal(needed(find(set, "gm-intranet"), 5 * 366 * DAY_S, NOW_S), 2);
    assert_int_equal(needed(find(set, "gm-intranet"), 90 * DAY_S, NOW_S), 1);
    ct_policy_set_free(set);
}

static void dates(void **state)
{
    (void)state;
    struct ct_policy_set *set = shipped();
    struct ct_policy_needs needs;
    const struct ct_policy *chrome = find(set, "chrome"), *gm = find(set, "gm-browser");
    /* A certificate of before Chrome asked. */
    ct_policy_needed(chrome, 1525132799, 1525132799 + 90 * DAY_S, NOW_S, &needs);
    assert_int_equal(needs.scts, 0);
    ct_policy_needed(chrome, 1525132800, 1525132800 + 90 * DAY_S, NOW_S, &needs);
    assert_int_equal(needs.scts, 2);
    assert_true(needs.is_enforced);
    assert_int_equal(needs.operators, 2);
    assert_int_equal(needs.live, 1);
    assert_int_equal(needs.delivery, CT_POLICY_EMBEDDED | CT_POLICY_TLS);
    /* By the clock: 2025-01-01. */
    ct_policy_needed(gm, NOW_S, NOW_S + 90 * DAY_S, 1735689599, &needs);
    assert_false(needs.is_enforced);
    ct_policy_needed(gm, NOW_S, NOW_S + 90 * DAY_S, 1735689600, &needs);
    assert_true(needs.is_enforced);
    assert_string_equal(ct_policy_stage_name(gm, NOW_S), "interim");
    assert_string_equal(ct_policy_stage_name(chrome, NOW_S), "");
    ct_policy_set_free(set);
}

#define BASE "delivery embedded\ncounted usable\nask usable\nscts longer 1\n"

static void stages(void **state)
{
    (void)state;
    struct ct_policy_set *set = read_text("policy p\n" BASE "operators 1\n"
                                          "stage a from 1000\nstage b from 2000\nscts upto 10 2\nscts longer 3\noperators 2\n"
                                          "stage c from never\nscts longer 4\n"
                                          "policy q\n" BASE "stage a from always\nstage c from never\nscts longer 4\nuse c\n");
    const struct ct_policy *p = find(set, "p"), *q = find(set, "q");
    struct ct_policy_needs needs;
    assert_int_equal(needed(p, DAY_S, 999), 0);
    assert_string_equal(ct_policy_stage_name(p, 999), "");
    assert_int_equal(needed(p, DAY_S, 1000), 1);
    assert_int_equal(needed(p, DAY_S, 1999), 1);
    assert_int_equal(needed(p, DAY_S, 2000), 2);
    assert_int_equal(needed(p, 11 * DAY_S, 2000), 3);
    assert_string_equal(ct_policy_stage_name(p, NOW_S), "b");
    ct_policy_needed(p, 0, 1, 1500, &needs);
    assert_int_equal(needs.operators, 1);
    ct_policy_needed(p, 0, 1, 2500, &needs);
    assert_int_equal(needs.operators, 2);
    assert_int_equal(needed(q, DAY_S, 0), 4);
    ct_policy_set_free(set);
}

static void bad_files(void **state)
{
    (void)state;
    static const struct {
        const char *text, *fragment;
    } rows[] = {
        {"scts longer 1\n", "line 1: a line `policy NAME` comes first"},
        {"policy p\nnonsense\n", "line 2: unknown statement \"nonsense\""},
        {"policy p\n" BASE "policy p\n" BASE, "line 6: policy p is there twice"},
        {"policy p\n" BASE "stage s\n", "line 6: expected: stage NAME from"},
        {"policy p\n" BASE "stage s from tomorrow\n", "line 6"},
        {"policy p\n" BASE "stage s from always\nstage s from never\n", "twice"},
        {"policy p\n" BASE "use s\n", "no stage s"},
        {"policy p\nscts upto 10 1\n", "no line `scts longer COUNT`"},
        {"policy p\nscts longer 1\nscts upto 10 2\n", "shorter times come first"},
        {"policy p\nscts longer 17\n", "expected: scts"},
        {"policy p\nscts longer 1 per-operator\n", "expected: scts"},
        {"policy p\nscts longer 1 x\n", "expected: scts"},
        {"policy p\ndelivery carrier-pigeon\n", "expected: delivery"},
        {"policy p\ndelivery\n", "expected: delivery"},
        {"policy p\ncounted good\n", "expected: counted"},
        {"policy p\nlive 1\n", "expected: live"},
        {"policy p\nsuite sm2\n", "expected: suite"},
        {"policy p\nlength about\n", "expected: length"},
        {"policy p\nrequire-operator 1\n", "expected: require-operator"},
        {"policy p\nrequire-operator 1 \"open\n", "expected: require-operator"},
        {"policy p\nlist-max-age x\n", "expected: list-max-age"},
        {"policy p\ncounted usable\nask usable\nscts longer 1\n", "no line `delivery`"},
        {"policy p\nask usable\ndelivery tls\nscts longer 1\n", "no line `counted`"},
        {"policy p\n" BASE "stage s from always\noperators -1\n", "line 7: expected: operators"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct error err;
        struct ct_policy_set *set;
        assert_says(ct_policy_set_read(bytes_of_text(rows[i].text), &set, &err), &err, STATUS_USAGE, rows[i].fragment);
        assert_null(set);
    }
}

/* ---- judging ---- */

static struct log_list_operator operators[] = {{.name = "One"}, {.name = "Two"}, {.name = "ZoTrus"}};

/* Logs 0..: suite, operator, state, tiled. */
static void make_list(struct log_list *list)
{
    static const struct {
        const struct ct_suite *suite;
        size_t operator_index;
        enum log_list_state state;
        bool is_tiled;
    } rows[] = {
        {&ct_suite_intl, 0, LOG_LIST_USABLE, true},   {&ct_suite_intl, 0, LOG_LIST_USABLE, true},
        {&ct_suite_intl, 1, LOG_LIST_USABLE, true},   {&ct_suite_intl, 1, LOG_LIST_RETIRED, false},
        {&ct_suite_intl, 2, LOG_LIST_USABLE, false},  {&ct_suite_intl, 2, LOG_LIST_PENDING, true},
        {&ct_suite_gm, 0, LOG_LIST_USABLE, true},     {&ct_suite_gm, 2, LOG_LIST_USABLE, true},
        {&ct_suite_gm, 1, LOG_LIST_QUALIFIED, true},
    };
    struct error err;
    log_list_init(list);
    list->timestamp_s = NOW_S - DAY_S;
    for (size_t i = 0; i < LENGTH(operators); i++)
        OK(array_insert(&list->operators, i, &operators[i], "operators", &err));
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct log_list_log log = {.suite = rows[i].suite, .operator_index = rows[i].operator_index, .state = rows[i].state,
                                   .is_tiled = rows[i].is_tiled, .state_since_s = NOW_S - 10 * DAY_S, .has_interval = true,
                                   .interval_start_s = NOW_S, .interval_end_s = NOW_S + 300 * DAY_S,
                                   .description = {'l', 'o', 'g', ' ', (char)('0' + i)}};
        log.log_id[0] = (uint8_t)i;
        OK(array_insert(&list->logs, i, &log, "logs", &err));
    }
}

static enum status judge_ways(const struct ct_policy *policy, const struct log_list *list, int64_t length_s, const int *logs,
                              const unsigned *ways, uint64_t timestamp_ms, struct error *err)
{
    struct ct_policy_sct scts[8];
    size_t count = 0;
    for (; logs[count] >= 0; count++)
        scts[count] = (struct ct_policy_sct){log_list_at(list, (size_t)logs[count]), timestamp_ms + count,
                                             ways != NULL ? ways[count] : CT_POLICY_EMBEDDED};
    return ct_policy_judge(policy, list, NOW_S, NOW_S + length_s, scts, count, NOW_S, err);
}

#define RECENT_MS ((uint64_t)(NOW_S - 100) * 1000)

static enum status judge(const struct ct_policy *policy, const struct log_list *list, int64_t length_s, const int *logs,
                         struct error *err)
{
    return judge_ways(policy, list, length_s, logs, NULL, RECENT_MS, err);
}

#define LOGS(...) ((const int[]){__VA_ARGS__, -1})

static void chrome(void **state)
{
    (void)state;
    struct ct_policy_set *set = shipped();
    struct log_list list;
    struct error err;
    const struct ct_policy *p = find(set, "chrome");
    make_list(&list);
    OK(judge(p, &list, 90 * DAY_S, LOGS(0, 2), &err));
    OK(judge(p, &list, 200 * DAY_S, LOGS(0, 1, 2), &err));
    assert_says(judge(p, &list, 200 * DAY_S, LOGS(0, 2), &err), &err, STATUS_REFUSED, "distinct logs: 2, needed are 3");
    assert_says(judge(p, &list, 90 * DAY_S, LOGS(0, 1), &err), &err, STATUS_REFUSED, "distinct operators: 1, needed are 2");
    assert_says(judge(p, &list, 90 * DAY_S, LOGS(-1), &err), &err, STATUS_REFUSED, "distinct logs: 0, needed are 2");
    assert_says(judge(p, &list, 90 * DAY_S, LOGS(0, 0), &err), &err, STATUS_REFUSED,
                "left out: the SCT of \"log 0\" is the second of its log");
    assert_says(judge(p, &list, 90 * DAY_S, LOGS(0, 5), &err), &err, STATUS_REFUSED, "in a state that does not count");
    assert_says(judge(p, &list, 90 * DAY_S, LOGS(0, 7), &err), &err, STATUS_REFUSED, "other suite");
    /* More than needed does no harm. */
    OK(judge(p, &list, 90 * DAY_S, LOGS(7, 5, 0, 0, 2), &err));
    /* A log that was retired ten days ago. */
    assert_says(judge(p, &list, 90 * DAY_S, LOGS(0, 3), &err), &err, STATUS_REFUSED, "before its log was retired");
    OK(judge_ways(p, &list, 90 * DAY_S, LOGS(0, 3), NULL, (uint64_t)(NOW_S - 11 * DAY_S) * 1000, &err));
    assert_says(judge_ways(p, &list, 90 * DAY_S, LOGS(3), NULL, (uint64_t)(NOW_S - 11 * DAY_S) * 1000, &err), &err,
                STATUS_REFUSED, "distinct logs: 1");
    const unsigned ocsp[] = {CT_POLICY_EMBEDDED, CT_POLICY_OCSP}, tls[] = {CT_POLICY_EMBEDDED, CT_POLICY_TLS};
    assert_says(judge_ways(p, &list, 90 * DAY_S, LOGS(0, 2), ocsp, RECENT_MS, &err), &err, STATUS_REFUSED,
                "came in a way that does not count");
    OK(judge_ways(p, &list, 90 * DAY_S, LOGS(0, 2), tls, RECENT_MS, &err));
    /* Seventy days later the list is too old to say no. */
    list.timestamp_s = NOW_S - 70 * DAY_S;
    OK(judge(p, &list, 90 * DAY_S, LOGS(0, 2), &err));
    list.timestamp_s--;
    assert_says(judge(p, &list, 90 * DAY_S, LOGS(0, 2), &err), &err, STATUS_AGAIN, "older than 70 days");
    log_list_clear(&list);
    ct_policy_set_free(set);
}

/* A log that was sold counts for who ran it when it signed. */
static void operator_then(void **state)
{
    (void)state;
    struct ct_policy_set *set = shipped();
    struct log_list list;
    struct error err;
    const struct ct_policy *p = find(set, "chrome");
    make_list(&list);
    struct log_list_log *sold = array_at(&list.logs, 1);
    sold->previous_count = 1;
    sold->previous[0] = (struct log_list_previous){.name = "Three", .end_s = NOW_S - 50};
    OK(judge(p, &list, 90 * DAY_S, LOGS(0, 1), &err));
    sold->previous[0].end_s = NOW_S - 200;
    assert_int_equal(judge(p, &list, 90 * DAY_S, LOGS(0, 1), &err), STATUS_REFUSED);
    log_list_clear(&list);
    ct_policy_set_free(set);
}

static void apple(void **state)
{
    (void)state;
    struct ct_policy_set *set = shipped();
    struct log_list list;
    struct error err;
    const struct ct_policy *p = find(set, "apple");
    make_list(&list);
    assert_says(judge(p, &list, 90 * DAY_S, LOGS(0, 2), &err), &err, STATUS_REFUSED, "RFC 6962 logs: 0, needed are 1");
    OK(judge(p, &list, 90 * DAY_S, LOGS(0, 4), &err));
    assert_says(judge(p, &list, 90 * DAY_S, LOGS(0, 1), &err), &err, STATUS_REFUSED, "one more of its operator");
    OK(judge(p, &list, 200 * DAY_S, LOGS(0, 1, 4), &err));
    /* Of an operator's the one counts that is of most use, whatever stands first. */
    const uint64_t before_ms = (uint64_t)(NOW_S - 11 * DAY_S) * 1000;
    OK(judge_ways(p, &list, 90 * DAY_S, LOGS(0, 3), NULL, before_ms, &err));
    OK(judge_ways(p, &list, 90 * DAY_S, LOGS(0, 3, 2), NULL, before_ms, &err));
    OK(judge_ways(p, &list, 90 * DAY_S, LOGS(0, 2, 3), NULL, before_ms, &err));
    log_list_clear(&list);
    ct_policy_set_free(set);
}

static void gm(void **state)
{
    (void)state;
    struct ct_policy_set *set = shipped();
    struct log_list list;
    struct error err;
    const struct ct_policy *p = find(set, "gm-browser");
    make_list(&list);
    OK(judge(p, &list, 90 * DAY_S, LOGS(6), &err));
    assert_int_equal(judge(p, &list, 90 * DAY_S, LOGS(-1), &err), STATUS_REFUSED);
    assert_int_equal(judge(p, &list, 90 * DAY_S, LOGS(0), &err), STATUS_REFUSED);
    assert_int_equal(judge(p, &list, 200 * DAY_S, LOGS(6), &err), STATUS_REFUSED);
    OK(judge(p, &list, 200 * DAY_S, LOGS(6, 8), &err));
    ct_policy_set_free(set);
    set = read_text("policy f\nsuite gm\nlength inclusive\ndelivery embedded\ncounted qualified usable\nask qualified usable\n"
                    "scts upto 180 2\nscts longer 3\nrequire-operator 1 \"ZoTrus\" \"Another # one\" # comment\n");
    p = find(set, "f");
    assert_says(judge(p, &list, 90 * DAY_S, LOGS(6, 8), &err), &err, STATUS_REFUSED, "operators that it requires: 0, needed are 1");
    OK(judge(p, &list, 90 * DAY_S, LOGS(6, 7), &err));
    ct_policy_set_free(set);
    log_list_clear(&list);
}

/* ---- choosing ---- */

static struct ct_policy_choice choice;

static enum status choose(const struct ct_policy *policy, const struct log_list *list, const int *have, const int *avoid,
                          int64_t length_s, uint64_t spread, struct error *err)
{
    const struct log_list_log *had[8], *avoided[8];
    size_t had_count = 0, avoided_count = 0;
    for (; have[had_count] >= 0; had_count++)
        had[had_count] = log_list_at(list, (size_t)have[had_count]);
    for (; avoid[avoided_count] >= 0; avoided_count++)
        avoided[avoided_count] = log_list_at(list, (size_t)avoid[avoided_count]);
    const struct ct_policy_question q = {.not_before_s = NOW_S, .not_after_s = NOW_S + length_s, .at_s = NOW_S, .have = had,
                                         .have_count = had_count, .avoid = avoided, .avoid_count = avoided_count,
                                         .spread = spread};
    return ct_policy_select(policy, list, &q, &choice, err);
}

/* What is chosen meets the policy, whatever the number. */
static void selection(void **state)
{
    (void)state;
    struct ct_policy_set *set = shipped();
    struct log_list list;
    struct error err;
    make_list(&list);
    static const char *const names[] = {"chrome", "apple", "gm-browser", "gm-intranet"};
    for (uint64_t spread = 0; spread < 20; spread++) {
        for (size_t i = 0; i < LENGTH(names); i++) {
            for (int64_t length_s = 90 * DAY_S; length_s < 300 * DAY_S; length_s += 110 * DAY_S) {
                const struct ct_policy *p = find(set, names[i]);
                OK(choose(p, &list, LOGS(-1), LOGS(-1), length_s, spread, &err));
                struct ct_policy_sct scts[8];
                assert_true(choice.needed == needed(p, length_s, NOW_S) && choice.count >= choice.needed);
                for (size_t j = 0; j < choice.needed; j++)
                    scts[j] = (struct ct_policy_sct){choice.logs[j], RECENT_MS, CT_POLICY_EMBEDDED};
                OK(ct_policy_judge(p, &list, NOW_S, NOW_S + length_s, scts, choice.needed, NOW_S, &err));
            }
        }
    }
    const struct ct_policy *p = find(set, "chrome");
    /* All that may be asked: usable, of the suite; not pending, not retired. */
    OK(choose(p, &list, LOGS(-1), LOGS(-1), 90 * DAY_S, 0, &err));
    assert_int_equal(choice.count, 4);
    /* One is there, one has failed. */
    OK(choose(p, &list, LOGS(0), LOGS(2), 90 * DAY_S, 0, &err));
    assert_int_equal(choice.needed, 1);
    assert_ptr_equal(choice.logs[0], log_list_at(&list, 4));
    assert_int_equal(choice.count, 2);
    OK(choose(p, &list, LOGS(0, 2), LOGS(-1), 90 * DAY_S, 0, &err));
    assert_int_equal(choice.needed, 0);
    /* Only logs of one operator are left. */
    assert_says(choose(p, &list, LOGS(-1), LOGS(2, 4), 90 * DAY_S, 0, &err), &err, STATUS_NOT_FOUND, "distinct operators: 1");
    /* Outside of every interval. */
    assert_says(choose(p, &list, LOGS(-1), LOGS(-1), 300 * DAY_S, 0, &err), &err, STATUS_NOT_FOUND, "distinct logs: 0");
    assert_int_equal(choice.count, 0);
    log_list_clear(&list);
    ct_policy_set_free(set);
}

/* With another number equals come in another order. */
static void spreads(void **state)
{
    (void)state;
    struct ct_policy_set *set = shipped();
    struct log_list list;
    struct error err;
    bool was_first[16] = {false};
    size_t firsts = 0;
    make_list(&list);
    for (uint64_t spread = 0; spread < 64; spread++) {
        OK(choose(find(set, "chrome"), &list, LOGS(-1), LOGS(-1), 90 * DAY_S, spread * UINT64_C(0x9e3779b97f4a7c15), &err));
        size_t first = (size_t)(choice.logs[0] - log_list_at(&list, 0));
        firsts += !was_first[first];
        was_first[first] = true;
    }
    assert_int_equal(firsts, 4);
    log_list_clear(&list);
    ct_policy_set_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths), cmocka_unit_test(dates),         cmocka_unit_test(stages), cmocka_unit_test(bad_files),
        cmocka_unit_test(chrome),  cmocka_unit_test(operator_then), cmocka_unit_test(apple),  cmocka_unit_test(gm),
        cmocka_unit_test(selection), cmocka_unit_test(spreads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
