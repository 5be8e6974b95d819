/* C2SP tlog-policy files: the grammar, every rule that says no, and who makes a quorum. */
#include "unit/checks.h"

#include <stdio.h>

#include "rules/tlog_policy.h"

#define KEYS 8

static struct algorithms *algorithms;
static struct private_key *keys[KEYS];
static char vkeys[KEYS][512]; /* of w0..w7 */
static char names[KEYS][16];

static int set_up(void **state)
{
    (void)state;
    if (algorithms_new(&algorithms, NULL) != STATUS_OK)
        return -1;
    for (size_t i = 0; i < KEYS; i++) {
        struct builder b;
        const char *alg = i % 2 == 0 ? "ed25519" : "sm2_sm3";
        builder_init_fixed(&b, vkeys[i], sizeof vkeys[i]);
        (void)snprintf(names[i], sizeof names[i], "w%zu.test", i);
        if (private_key_generate(algorithms_by_name(algorithms, bytes_of_text(alg)), &keys[i], NULL) != STATUS_OK ||
            note_key_write_vkey_as(i % 2 == 0 ? NOTE_KEY_ED25519_COSIGNATURE : NOTE_KEY_OTHER,
                                   bytes_of_text(names[i]), private_key_public(keys[i]), &b, NULL) != STATUS_OK)
            return -1;
        builder_u8(&b, 0);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < KEYS; i++)
        private_key_free(keys[i]);
    algorithms_free(algorithms);
    return 0;
}

/* @0..@7 stand for the keys. */
static void expand(const char *text, struct builder *out)
{
    for (; *text != '\0'; text++) {
        if (*text == '@')
            builder_text(out, vkeys[*++text - '0']);
        else
            builder_u8(out, (uint8_t)*text);
    }
}

static enum status read_policy(const char *text, struct tlog_policy **out, struct error *err)
{
    struct builder b;
    builder_init(&b, 65536);
    expand(text, &b);
    struct bytes copy = heap_copy(builder_view(&b));
    enum status s = tlog_policy_read(copy, algorithms, out, err);
    heap_free(copy);
    builder_clear(&b);
    return s;
}

/* Which of w0.. have signed, as a string of digits. */
static bool is_met(const struct tlog_policy *policy, const char *signers)
{
    const char *list[16];
    const struct public_key *held[16];
    size_t count = 0;
    for (; signers[count] != '\0'; count++) {
        list[count] = names[signers[count] - '0'];
        held[count] = private_key_public(keys[signers[count] - '0']);
    }
    bool met = tlog_policy_is_met(policy, list, count);
    assert_int_equal(met, tlog_policy_is_met_by(policy, held, count));
    return met;
}

static const char example[] = "log @7\n"
                              "\n"
                              "  # a comment\n"
                              "witness X1 @0\n"
                              "witness X2 @1 https://x2.test/\n"
                              "\twitness  X3\t@2 \n"
                              "group X-witnesses 2 X1 X2 X3\n"
                              "witness Y1 @3\n"
                              "witness Y2 @4\n"
                              "witness Y3 @5\n"
                              "group Y-witnesses any Y1 Y2 Y3\n"
                              "group X-and-Y all X-witnesses Y-witnesses\n"
                              "quorum X-and-Y\n";

static void the_example_of_the_specification(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct tlog_policy *policy;
    OK(read_policy(example, &policy, &err));
    assert_int_equal(tlog_policy_log_count(policy), 1);
    assert_int_equal(tlog_policy_witness_count(policy), 6);
    assert_string_equal(tlog_policy_witness(policy, 1)->url, "https://x2.test/");
    assert_string_equal(tlog_policy_witness(policy, 2)->url, "");
    assert_string_equal(tlog_policy_log(policy, 0)->vkey.name, "w7.test");
    assert_true(is_met(policy, "013"));
    assert_true(is_met(policy, "215"));
    assert_true(is_met(policy, "012345"));
    assert_false(is_met(policy, ""));
    assert_false(is_met(policy, "012"));
    assert_false(is_met(policy, "0345"));
    assert_false(is_met(policy, "0003")); /* the same one does not count twice */
    assert_false(is_met(policy, "0673"));
    tlog_policy_free(policy);
}

static void simple_quorums(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct tlog_policy *policy;
    OK(read_policy("quorum none\n", &policy, &err));
    assert_true(is_met(policy, ""));
    tlog_policy_free(policy);
    OK(read_policy("witness a @0\nwitness b @1\nquorum b\n", &policy, &err));
    assert_true(is_met(policy, "1"));
    assert_false(is_met(policy, "0"));
    tlog_policy_free(policy);
    OK(read_policy("witness a @0\nquorum none\nwitness b @1\n", &policy, &err));
    assert_true(is_met(policy, ""));
    tlog_policy_free(policy);
}

static void every_rule_says_no(void **state)
{
    (void)state;
    static const struct {
        const char *text, *reason;
        enum status status;
    } bad[] = {
        {"", "line 1: there is no quorum", STATUS_USAGE},
        {"quorum none", "line 1: it has no line end", STATUS_USAGE},
        {"quorum none\r\n", "line 1: a control", STATUS_USAGE},
        {"quorum none\n# \x01\n", "line 2: a control", STATUS_USAGE},
        {"# \x7f\nquorum none\n", "line 1: a control", STATUS_USAGE},
        {"quorum none\nquorum none\n", "line 2: a second", STATUS_USAGE},
        {"quorum\n", "line 1: expected", STATUS_USAGE},
        {"quorum none none\n", "line 1: expected", STATUS_USAGE},
        {"quorum a\nwitness a @0\n", "line 1: the quorum is not defined", STATUS_USAGE},
        {"mirror a @0\n", "line 1: expected log", STATUS_USAGE},
        {"log\n", "line 1: expected: log VKEY", STATUS_USAGE},
        {"log @0 http://a http://b\n", "line 1: more words", STATUS_USAGE},
        {"log @0\nlog @0\nquorum none\n", "line 2: the same key", STATUS_USAGE},
        {"log nonsense\n", "line 1: verifier key", STATUS_USAGE},
        {"witness\n", "line 1: expected: witness", STATUS_USAGE},
        {"witness a\n", "line 1: expected: witness NAME VKEY", STATUS_USAGE},
        {"witness none @0\n", "line 1: \"none\"", STATUS_USAGE},
        {"witness a @0\nwitness a @1\n", "line 2: a is defined", STATUS_USAGE},
        {"witness a @0\nwitness b @0\n", "line 2: the same key", STATUS_USAGE},
        {"witness a @0\ngroup a any a\n", "line 2: a is defined", STATUS_USAGE},
        {"witness a @0\ngroup g any\n", "line 2: a group needs", STATUS_USAGE},
        {"witness a @0\ngroup g\n", "line 2: expected: group", STATUS_USAGE},
        {"witness a @0\ngroup g any g\n", "line 2: g is not defined", STATUS_USAGE},
        {"witness a @0\ngroup g any none\n", "line 2: none is not defined", STATUS_USAGE},
        {"group g any a\nwitness a @0\n", "line 1: a is not defined", STATUS_USAGE},
        {"witness a @0\ngroup g 0 a\n", "line 2: a group of 1", STATUS_USAGE},
        {"witness a @0\ngroup g 2 a\n", "line 2: a group of 1", STATUS_USAGE},
        {"witness a @0\ngroup g 01 a\n", "line 2: expected all", STATUS_USAGE},
        {"witness a @0\ngroup g some a\n", "line 2: expected all", STATUS_USAGE},
        {"witness a @0\ngroup g any a a\n", "line 2: a is a member", STATUS_USAGE},
        {"witness a @0\ngroup g any a\ngroup h any a\n", "line 3: a is a member", STATUS_USAGE},
    };
    struct error err = {.status = STATUS_OK};
    struct tlog_policy *policy;
    for (size_t i = 0; i < LENGTH(bad); i++)
        assert_says(read_policy(bad[i].text, &policy, &err), &err, bad[i].status, bad[i].reason);
}

static void there_are_limits(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct tlog_policy *policy;
    struct builder b;
    builder_init(&b, TLOG_POLICY_SIZE_MAX + 1);
    builder_text(&b, "witness w0 ");
    builder_text(&b, vkeys[0]);
    builder_text(&b, "\ngroup g0 any w0\n");
    for (int i = 1; i <= TLOG_POLICY_GROUPS_MAX; i++) {
        if (i == TLOG_POLICY_GROUPS_MAX) {
            size_t before = b.len;
            builder_printf(&b, "quorum g%d\n", i - 1);
            OK(tlog_policy_read(builder_view(&b), algorithms, &policy, &err));
            assert_true(is_met(policy, "0"));
            assert_false(is_met(policy, "1"));
            tlog_policy_free(policy);
            b.len = before;
        }
        builder_printf(&b, "group g%d all g%d\n", i, i - 1);
    }
    assert_says(tlog_policy_read(builder_view(&b), algorithms, &policy, &err), &err, STATUS_LIMIT,
                "line 66: more than 64 groups");
    uint8_t *more = builder_space(&b, TLOG_POLICY_SIZE_MAX + 1 - b.len);
    memset(more, '\n', TLOG_POLICY_SIZE_MAX + 1 - (size_t)(more - b.data));
    assert_says(tlog_policy_read(builder_view(&b), algorithms, &policy, &err), &err, STATUS_LIMIT, "bytes");
    builder_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_the_specification),
        cmocka_unit_test(simple_quorums),
        cmocka_unit_test(every_rule_says_no),
        cmocka_unit_test(there_are_limits),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
