/* Reading the policy file: what is wrong is said with its line, nothing of the file is used then, and each word has one meaning. */
#include "unit/checks.h"

#include <stdio.h>

#include "policy/policy_rule.h"
#include "unit/policy/made.h"

static struct error err;

/* The shipped file with a line instead of those that begin so, or (old NULL) behind it; new NULL: without them. The line's number. */
static size_t edit(const char *old, const char *new_line, struct builder *out)
{
    struct bytes rest = policy_set_default_text(), line;
    size_t number = 0, at = 0;
    bool is_done = old == NULL;
    while (text_next_line(&rest, &line)) {
        bool is_met = old != NULL && line.len >= strlen(old) && memcmp(line.data, old, strlen(old)) == 0;
        if (is_met && (new_line == NULL || is_done))
            continue;
        number++;
        if (is_met) {
            line = bytes_of_text(new_line);
            is_done = true;
            at = number;
        }
        builder_bytes(out, line);
        builder_u8(out, '\n');
    }
    if (old == NULL) {
        builder_text(out, new_line);
        at = number + 1;
    }
    return at;
}

static enum status read_edited_from(enum policy_source source, const char *old, const char *new_line, size_t *number, struct policy_set **set)
{
    struct builder text;
    builder_init(&text, 2 * POLICY_TEXT_MAX);
    *number = edit(old, new_line, &text);
    struct bytes copy = heap_copy(builder_view(&text)); /* of exactly its length, and gone when it is read */
    builder_clear(&text);
    err = (struct error){.status = STATUS_OK};
    enum status s = policy_set_read(copy, policy_set_default_ct_text(), source, set, &err);
    heap_free(copy);
    return s;
}

static enum status read_edited(const char *old, const char *new_line, size_t *number, struct policy_set **set)
{
    return read_edited_from(POLICY_FROM_AUTHOR, old, new_line, number, set);
}

static void refuse(const char *old, const char *new_line, const char *reason)
{
    struct policy_set *set = (struct policy_set *)&err;
    char where[48] = "policy: ";
    size_t number;
    enum status s = read_edited(old, new_line, &number, &set);
    if (new_line != NULL)
        (void)snprintf(where, sizeof where, "policy: line %zu: ", number);
    assert_says(s, &err, STATUS_USAGE, reason);
    if (strncmp(err.text, where, strlen(where)) != 0)
        fail_msg("%s does not begin with %s", err.text, where);
    assert_null(set);
}

static void take(const char *old, const char *new_line)
{
    struct policy_set *set;
    size_t number;
    OK(read_edited(old, new_line, &number, &set));
    policy_set_free(set);
}

static void test_form(void **state)
{
    (void)state;
    refuse(NULL, "nonsense", "unknown statement \"nonsense\"");
    refuse(NULL, "policy-format 1", "twice");
    refuse("policy-format", "policy-format 2", "format 2 of policies is not known");
    refuse("policy-format", "version 1", "policy-format 1` comes first");
    refuse("version", "version 0", "version N");
    refuse("version", "version 1 2", "version N");
    refuse("version", NULL, "have to be there");
    refuse(NULL, "version 3", "once");
    refuse("name", "name", "name \"...\"");
    refuse("name", NULL, "have to be there");
    take(NULL, "# a comment");
    take(NULL, "  ");
    char line[POLICY_LINE_MAX + 2];
    memset(line, '#', sizeof line);
    line[POLICY_LINE_MAX] = '\0';
    take(NULL, line);
    line[POLICY_LINE_MAX] = '#';
    line[POLICY_LINE_MAX + 1] = '\0';
    refuse(NULL, line, "longer than 4096 bytes");
}

static void test_settings_and_limits(void **state)
{
    (void)state;
    refuse("setting length", "setting length strict", "no value that setting length may have");
    refuse("setting length", "setting length", "setting NAME VALUE");
    refuse("setting length", "setting length exact twice", "no value");
    refuse(NULL, "setting length exact", "twice");
    refuse("setting length", NULL, "no line `setting length`");
    refuse(NULL, "setting other x", "there is no setting \"other\"");
    take(NULL, "setting other x optional");
    refuse(NULL, "setting other optional x", "there is no setting");
    refuse("limit backdate", "limit backdate from always 48", "NUMBER with d, h or s");
    refuse("limit backdate", "limit backdate from never 48h", "NUMBER with d, h or s");
    refuse("limit backdate", "limit backdate from 2020-01-01T00:00:00Z 48h", "first line of limit backdate is `from always`");
    refuse(NULL, "limit backdate from always 48h", "earlier dates come first");
    take(NULL, "limit backdate from 2020-01-01T00:00:00Z 47h");
    refuse("limit backdate", "limit backdate from always 99999999999999d", "NUMBER");
    refuse("limit rsa-bits-min", "limit rsa-bits-min from always 2048d", "limit NAME from TIME|always NUMBER");
    refuse("limit rsa-bits-min", "limit rsa-bits-min from always -1", "NUMBER");
    take("limit intranet-years-max", "limit intranet-years-max from always 1000000");
    refuse("limit intranet-years-max", "limit intranet-years-max from always 1000001", "limit NAME from TIME|always NUMBER");
    refuse("limit rsa-bits-min", NULL, "no line `limit rsa-bits-min`");
    refuse(NULL, "limit other from always 1", "there is no limit \"other\"");
    take(NULL, "limit other from always 1 optional");
}

static void test_oids_and_ct(void **state)
{
    (void)state;
    refuse(NULL, "oid 2.23.140.1.1 tls 4 EV cabf", "oid 2.23.140.1.1 is there twice");
    refuse(NULL, "oid 2.23.140.1.1.7 tls 5 EV cabf", "oid DOTTED");
    refuse(NULL, "oid 2.23.140.1.1.7 tls 0 EV cabf", "oid DOTTED");
    refuse(NULL, "oid 2.23.140.1.1.7 web 4 EV cabf", "oid DOTTED");
    refuse(NULL, "oid 2.23.140.1.1.7 tls 4 XV cabf", "oid DOTTED");
    refuse(NULL, "oid 2.23.140.1.1.7 tls 4 EV other", "oid DOTTED");
    refuse(NULL, "oid 2.99.x tls 4 EV cabf", "oid DOTTED");
    refuse(NULL, "oid 2.23.140.1.1.7 tls 4 EV cabf more", "oid DOTTED");
    take(NULL, "oid 2.23.140.1.1.7 tls 4 EV cabf");
    refuse(NULL, "ct-policy intranet none", "twice");
    refuse(NULL, "ct-policy everybody none", "ct-policy gm-public");
    struct policy_set *set;
    size_t number;
    assert_says(read_edited("ct-policy intranet", NULL, &number, &set), &err, STATUS_USAGE, "no line `ct-policy intranet`");
    assert_says(read_edited("ct-policy intranet", "ct-policy intranet other", &number, &set), &err, STATUS_USAGE,
                "the CT policies have no \"other\"");
    OK(read_edited("ct-policy intranet", "ct-policy intranet none", &number, &set));
    assert_null(policy_set_ct(set, POLICY_CT_INTRANET));
    assert_non_null(policy_set_ct(set, POLICY_CT_GM_PUBLIC));
    policy_set_free(set);
}

static void test_rules_and_texts(void **state)
{
    (void)state;
    refuse(NULL, "rule RP-99 warn", "there is no rule \"RP-99\"");
    take(NULL, "rule RP-99 warn optional");
    take(NULL, "rule RP-99 some new words 2 optional");
    take(NULL, "title RP-99 en \"A rule of a later version.\" optional");
    refuse(NULL, "rule RP-01 fatal", "rule ID EFFECT");
    refuse(NULL, "rule RP-01 warn for", "rule ID EFFECT");
    refuse(NULL, "rule RP-01 warn for nobody", "rule ID EFFECT");
    refuse(NULL, "rule RP-01 warn from yesterday", "rule ID EFFECT");
    refuse(NULL, "rule RP-01 warn issued-from always", "rule ID EFFECT");
    refuse(NULL, "rule RP-01 warn more", "rule ID EFFECT");
    take(NULL, "rule RP-01 warn for gm intl tls email from 2020-01-01T00:00:00Z issued-from 2020-01-01T00:00:00Z optional");
    refuse("rule RP-05", NULL, "no line `rule RP-05`");
    refuse("title RP-05 zh", NULL, "rule RP-05 has not both a title and a fix in en and zh");
    refuse("fix RP-05 en", NULL, "rule RP-05 has not both");
    refuse(NULL, "title RP-05 en \"Again.\"", "each once");
    refuse("title RP-05 en", "title RP-05 fr \"Non.\"", "each once");
    refuse("title RP-05 en", "title RP-05 en \"\"", "each once");
    refuse("title RP-05 en", "title RP-05 en word", "each once");
    refuse("title RP-05 en", "title RP-05 en \"no end", "each once");
    refuse("title RP-05 en", "title RP-05 en \"a bell \a\"", "each once");
    refuse("title RP-05 en", "title RP-05 en \"one\" \"two\"", "each once");
    refuse("say t1 en", NULL, "no line `icon (and `say`) for t1`");
    refuse("icon t1", "icon t1 rainbow", "icon ...");
    refuse(NULL, "icon t1 grey-lock", "each once");
    refuse("icon not-secure", NULL, "icon (and `say`) for not-secure");
}

/* A bundle's policy of a curator whose program does not have one of our rules yet. */
static void test_older_than_code(void **state)
{
    (void)state;
    static struct policy_answer answer;
    static const char *const words[] = {"rule", "title", "fix"};
    struct policy_set *set;
    struct builder text;
    struct bytes rest = policy_set_default_text(), line, word, id;
    struct made m;
    builder_init(&text, POLICY_TEXT_MAX);
    while (text_next_line(&rest, &line)) {
        struct bytes at = line;
        bool is_of_rule = false;
        if (text_next_word(&at, &word) && text_next_word(&at, &id))
            for (size_t i = 0; i < LENGTH(words); i++)
                is_of_rule = is_of_rule || (bytes_is_text(word, words[i]) && bytes_is_text(id, "RP-05"));
        if (is_of_rule)
            continue;
        builder_bytes(&text, line);
        builder_u8(&text, '\n');
    }
    assert_says(policy_set_read(builder_view(&text), policy_set_default_ct_text(), POLICY_FROM_AUTHOR, &set, &err), &err, STATUS_USAGE,
                "no line `rule RP-05`");
    OK(policy_set_read(builder_view(&text), policy_set_default_ct_text(), POLICY_FROM_BUNDLE, &set, &err));
    builder_clear(&text);
    made_init(&m, MADE_GM);
    m.leaf.aki = NULL;
    made_judge(&m, set, &answer);
    const struct policy_rule_result *row = policy_answer_find(&answer, "RP-05");
    assert_int_equal(row->result, POLICY_NOT_LOOKED_AT);
    assert_int_equal(row->effect, POLICY_OFF);
    assert_string_equal(row->evidence, "the policy does not name it");
    assert_int_equal(answer.verdict, POLICY_VERDICT_SECURE); /* br-aki is a warning */
    assert_string_equal(policy_set_title(set, "RP-05", POLICY_ZH), "");
    assert_string_equal(policy_set_fix(set, "RP-05", POLICY_EN), "");
    /* The others are as they were. */
    m.leaf.aia = 0;
    made_judge(&m, set, &answer);
    assert_string_equal(answer.worst, "RP-06");
    policy_set_free(set);
}

/* Settings and limits that it does not name are the shipped ones'; all else is as strict as for an author. */
static void test_older_values(void **state)
{
    (void)state;
    struct policy_set *set, *shipped;
    size_t number;
    OK(policy_set_default(&shipped, &err));
    OK(read_edited_from(POLICY_FROM_BUNDLE, "setting length", NULL, &number, &set));
    assert_int_equal(policy_set_setting(set, POLICY_SETTING_LENGTH), policy_set_setting(shipped, POLICY_SETTING_LENGTH));
    policy_set_free(set);
    OK(read_edited_from(POLICY_FROM_BUNDLE, "limit tls-lifetime ", NULL, &number, &set));
    for (int64_t at_s = INT64_C(1773532799); at_s <= INT64_C(1773532800); at_s++) /* the eve of 2026-03-15 and the day */
        assert_int_equal(policy_set_limit(set, POLICY_LIMIT_TLS_LIFETIME, at_s), policy_set_limit(shipped, POLICY_LIMIT_TLS_LIFETIME, at_s));
    policy_set_free(set);
    OK(read_edited_from(POLICY_FROM_BUNDLE, "setting length", "setting length exact", &number, &set));
    assert_int_equal(policy_set_setting(set, POLICY_SETTING_LENGTH), POLICY_VALUE_EXACT);
    policy_set_free(set);
    policy_set_free(shipped);
    assert_says(read_edited_from(POLICY_FROM_BUNDLE, "rule RP-05", NULL, &number, &set), &err, STATUS_USAGE, "no line `rule RP-05`");
    assert_says(read_edited_from(POLICY_FROM_BUNDLE, "fix RP-05 en", NULL, &number, &set), &err, STATUS_USAGE, "rule RP-05 has not both");
    assert_says(read_edited_from(POLICY_FROM_BUNDLE, NULL, "rule RP-99 warn", &number, &set), &err, STATUS_USAGE, "there is no rule");
    assert_says(read_edited_from(POLICY_FROM_BUNDLE, "icon t1", NULL, &number, &set), &err, STATUS_USAGE, "icon (and `say`) for t1");
    assert_says(read_edited_from(POLICY_FROM_BUNDLE, "ct-policy intranet", NULL, &number, &set), &err, STATUS_USAGE, "ct-policy intranet");
}

/* As many lines of one rule as there may be, and one more. */
static void test_rule_lines(void **state)
{
    (void)state;
    char lines[POLICY_RULE_LINES_MAX * 24] = "";
    size_t len = 0;
    for (int i = 0; i < POLICY_RULE_LINES_MAX - 1; i++)
        len += (size_t)snprintf(lines + len, sizeof lines - len, "rule RP-01 untrusted\n");
    take(NULL, lines);
    (void)snprintf(lines + len, sizeof lines - len, "rule RP-01 untrusted\n");
    struct policy_set *set;
    size_t number;
    assert_says(read_edited(NULL, lines, &number, &set), &err, STATUS_USAGE, "rule RP-01 has more than 16 lines");
}

static void test_size(void **state)
{
    (void)state;
    uint8_t *text = calloc(1, POLICY_TEXT_MAX + 1);
    struct policy_set *set;
    memset(text, '\n', POLICY_TEXT_MAX + 1);
    assert_says(policy_set_read(bytes_of(text, POLICY_TEXT_MAX + 1), policy_set_default_ct_text(), POLICY_FROM_AUTHOR, &set, &err), &err, STATUS_USAGE,
                "a file of more than 1048576 bytes");
    assert_says(policy_set_read(bytes_of(text, POLICY_TEXT_MAX), policy_set_default_ct_text(), POLICY_FROM_AUTHOR, &set, &err), &err, STATUS_USAGE,
                "have to be there");
    free(text);
    assert_says(policy_set_read(bytes_of(NULL, 0), policy_set_default_ct_text(), POLICY_FROM_AUTHOR, &set, &err), &err, STATUS_USAGE, "have to be there");
    assert_says(policy_set_read(policy_set_default_text(), bytes_of("x", 1), POLICY_FROM_AUTHOR, &set, &err), &err, STATUS_USAGE, "CT policies: line 1");
}

/* Each row of the table of OIDs gives its level and kind, in a certificate that has what they stand for. */
static void test_oid_levels(void **state)
{
    (void)state;
    static struct policy_answer answer;
    struct policy_set *set;
    OK(policy_set_default(&set, &err));
    assert_int_equal(policy_set_oid_count(set), 32);
    for (size_t i = 0; i < policy_set_oid_count(set); i++) {
        const struct policy_oid *row = policy_set_oid_at(set, i);
        bool is_intl = strcmp(row->arc, "intl") == 0;
        struct made m;
        made_init(&m, row->purpose == TRUST_BUNDLE_TLS_INTRANET ? MADE_INTL_INTRANET
                      : row->purpose == TRUST_BUNDLE_EMAIL      ? MADE_EMAIL
                      : row->purpose == TRUST_BUNDLE_DOCUMENT   ? (is_intl ? MADE_INTL_DOCUMENT : MADE_DOCUMENT)
                                                                : MADE_GM);
        m.leaf.policies[0] = row->dotted;
        bool has_o = strchr("OES", row->kind[0]) != NULL, has_person = strchr("IS", row->kind[0]) != NULL;
        m.leaf.o = has_o ? "某某有限公司" : NULL;
        m.leaf.given = has_person ? "三" : NULL;
        m.leaf.surname = has_person ? "张" : NULL;
        made_judge(&m, set, &answer);
        if (answer.level != row->level || strcmp(answer.kind, row->kind) != 0 || answer.verdict != POLICY_VERDICT_SECURE)
            fail_msg("%s: T%u %s %s", row->dotted, answer.level, answer.kind, answer.worst);
        assert_string_equal(answer.organisation, has_o && row->level >= 3 ? "某某有限公司" : "");
        static const char *const icons[] = {"grey-lock", "light-green-lock", "green-lock", "green-bar"};
        assert_string_equal(policy_icon(set, &answer), icons[row->level - 1]);
        assert_non_null(strstr(policy_saying(set, &answer, POLICY_EN), "Secure"));
        assert_non_null(strstr(policy_saying(set, &answer, POLICY_ZH), "安全"));
    }
    policy_set_free(set);
}

static void test_what_is_shown(void **state)
{
    (void)state;
    struct policy_set *set;
    struct policy_answer a = {.level = 4};
    OK(policy_set_default(&set, &err));
    a.verdict = POLICY_VERDICT_NOT_SECURE;
    assert_string_equal(policy_icon(set, &a), "not-secure");
    assert_non_null(strstr(policy_saying(set, &a, POLICY_ZH), "不安全"));
    a.verdict = POLICY_VERDICT_NOT_TRANSPARENT;
    assert_string_equal(policy_icon(set, &a), "not-transparent");
    assert_non_null(strstr(policy_saying(set, &a, POLICY_ZH), "证书不透明"));
    a.verdict = POLICY_VERDICT_UNTRUSTED;
    assert_string_equal(policy_icon(set, &a), "untrusted");
    for (size_t i = 0; policy_rules_at(i) != NULL; i++) {
        const char *id = policy_rules_at(i)->id;
        assert_int_equal(policy_rules_find(bytes_of_text(id)), i); /* no id twice */
        assert_true(policy_set_title(set, id, POLICY_ZH)[0] != '\0' && policy_set_fix(set, id, POLICY_EN)[0] != '\0');
        assert_string_not_equal(policy_set_title(set, id, POLICY_ZH), policy_set_title(set, id, POLICY_EN));
    }
    assert_string_equal(policy_set_title(set, "RP-99", POLICY_EN), "");
    assert_string_equal(policy_set_fix(set, "", POLICY_ZH), "");
    policy_set_free(set);
    policy_set_free(NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_form),       cmocka_unit_test(test_settings_and_limits), cmocka_unit_test(test_oids_and_ct),
        cmocka_unit_test(test_rules_and_texts), cmocka_unit_test(test_rule_lines),     cmocka_unit_test(test_size),
        cmocka_unit_test(test_oid_levels), cmocka_unit_test(test_what_is_shown),        cmocka_unit_test(test_older_than_code),
        cmocka_unit_test(test_older_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
