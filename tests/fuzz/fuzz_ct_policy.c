/* CT policies: what is read gives the same answers each time, and what is chosen is judged good. */
#include "fuzz/fuzz_checks.h"

#include "rules/ct_policy.h"

#define NOW_S INT64_C(1767225600)
#define LOG_COUNT 6

static struct log_list list;
static struct ct_policy_choice choice;

static void make_list(void)
{
    struct error err;
    static const struct log_list_operator operators[] = {{.name = "One"}, {.name = "Two"}, {.name = "ZoTrus"}};
    log_list_init(&list);
    list.timestamp_s = NOW_S;
    for (size_t i = 0; i < 3; i++)
        require(array_insert(&list.operators, i, &operators[i], "operators", &err) == STATUS_OK);
    for (size_t i = 0; i < LOG_COUNT; i++) {
        struct log_list_log log = {.suite = i % 2 == 0 ? &ct_suite_gm : &ct_suite_intl, .operator_index = i % 3,
                                   .state = i < 4 ? LOG_LIST_USABLE : LOG_LIST_QUALIFIED, .is_tiled = i < 3};
        log.log_id[0] = (uint8_t)i;
        require(array_insert(&list.logs, i, &log, "logs", &err) == STATUS_OK);
    }
}

static void use(const struct ct_policy *policy, int64_t length_s)
{
    struct error err;
    struct ct_policy_sct scts[LOG_COUNT];
    const struct ct_policy_question q = {.not_before_s = NOW_S, .not_after_s = NOW_S + length_s, .at_s = NOW_S};
    enum status status = ct_policy_select(policy, &list, &q, &choice, &err);
    require(status == STATUS_OK || status == STATUS_NOT_FOUND);
    require(choice.needed <= choice.count && choice.count <= LOG_COUNT);
    for (size_t i = 0; i < choice.needed; i++)
        scts[i] = (struct ct_policy_sct){choice.logs[i], 1, 0xfu};
    enum status judged = ct_policy_judge(policy, &list, NOW_S, NOW_S + length_s, scts, choice.needed, NOW_S, &err);
    require(judged == STATUS_OK || judged == STATUS_REFUSED);
    /* What is asked may be in a state that does not count: the policy says so itself. */
    if (status == STATUS_NOT_FOUND)
        require(judged == STATUS_REFUSED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err;
    struct ct_policy_set *set;
    enum status status = ct_policy_set_read(bytes_of(data, size), &set, &err);
    if (status != STATUS_OK) {
        require(status == STATUS_USAGE && err.text[0] != '\0');
        return 0;
    }
    make_list();
    for (size_t i = 0; i < ct_policy_set_count(set); i++) {
        const struct ct_policy *policy = ct_policy_set_at(set, i);
        require(ct_policy_set_find(set, bytes_of_text(ct_policy_name(policy))) == policy);
        use(policy, 90 * 86400);
        use(policy, 400 * 86400);
    }
    log_list_clear(&list);
    ct_policy_set_free(set);
    return 0;
}
