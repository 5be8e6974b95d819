/* What changed between two registries, in words. */
#include "unit/registry/registry_maker.h"

#include "registry/registry_diff.h"

static struct maker base;
static char told[16384];

static const char *diff(const struct maker *a, const struct maker *b)
{
    struct registry *before = maker_read(a), *after = maker_read(b);
    struct registry_changes changes;
    struct error err;
    OK(registry_diff(before, after, &changes, &err));
    told[0] = '\0';
    for (size_t i = 0; i < changes.changes.count; i++) {
        const struct registry_change *change = registry_change_at(&changes, i);
        size_t len = strlen(told);
        snprintf(told + len, sizeof told - len, "%s: %s\n", registry_change_name(change->kind), change->text);
    }
    registry_changes_clear(&changes);
    registry_free(before);
    registry_free(after);
    return told;
}

static void test_statements(void **state)
{
    (void)state;
    static const struct {
        const char *file, *cut, *add, *expected;
    } rows[] = {
        {"roots/rsa.conf", NULL, "# a comment", ""},
        {"roots/rsa.conf", NULL, "state tls removed 2026-05-01 \"it was sold\"", "state: root Example RSA (rsa): tls is removed from 2026-05-01: it was sold\n"},
        {"roots/rsa.conf", "state tls,email accepted", NULL, "state: root Example RSA (rsa): no longer: tls,email is accepted from 2026-03-01: all is there\n"},
        {"roots/rsa.conf", "level-max", "level-max 2", "limits: root Example RSA (rsa): trust level at most 2 (before: 3)\n"},
        {"roots/rsa.conf", "level-max", NULL, "limits: root Example RSA (rsa): no longer: trust level at most 3\n"},
        {"roots/rsa.conf", NULL, "distrust-after 2026-09-01", "limits: root Example RSA (rsa): nothing issued after 2026-09-01\n"},
        {"roots/rsa.conf", NULL, "permit-name cn", "limits: root Example RSA (rsa): only names below cn\n"},
        {"operators/ca.conf", "name en", "name en \"New CA\"",
         "record: operator New CA (ca): no longer: name en Example CA\nrecord: operator New CA (ca): name en New CA\n"},
        {"ct-logs/l1.conf", NULL, "state readonly 2026-04-01 frozen", "state: CT log l1: it is readonly from 2026-04-01: frozen\n"},
        {"registry.conf", NULL, "setting warn-days 60", "record: program Test Program: setting warn-days 60\n"},
        {"policies/ct-policy.conf", NULL, "# more", "record: program Test Program: policies/ct-policy.conf has changed\n"},
        {"applications/a1.conf", NULL, "step withdrawn 2026-05-01 \"by the CA\"",
         "record: application Example CA (a1): withdrawn 2026-05-01 by the CA\n"},
        /* The same line once more is a change. */
        {"roots/rsa.conf", NULL, "disclosure 2026-01-05 1 https://ca.test/intermediates",
         "record: root Example RSA (rsa): disclosure of intermediates 2026-01-05 1 https://ca.test/intermediates\n"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct maker m;
        maker_copy(&base, &m);
        if (rows[i].cut != NULL)
            maker_cut(&m, rows[i].file, rows[i].cut);
        if (rows[i].add != NULL)
            maker_add(&m, rows[i].file, rows[i].add);
        assert_string_equal(diff(&base, &m), rows[i].expected);
        maker_clear_copy(&m);
    }
}

/* The last state of a day is the one in force: to change places is a change. */
static void test_order(void **state)
{
    (void)state;
    struct maker a, b;
    maker_copy(&base, &a);
    maker_copy(&base, &b);
    maker_add(&a, "roots/sm2.conf", "state tls restricted 2026-05-01 first\nstate tls removed 2026-05-01 second");
    maker_add(&b, "roots/sm2.conf", "state tls removed 2026-05-01 second\nstate tls restricted 2026-05-01 first");
    assert_string_equal(diff(&a, &b), "state: root Example SM2 (sm2): in another order: tls is removed from 2026-05-01: second\n");
    assert_string_equal(diff(&a, &a), "");
    /* What is between them, and new, is no other order. */
    maker_cut(&b, "roots/sm2.conf", "state tls r");
    maker_add(&b, "roots/sm2.conf", "state tls restricted 2026-05-01 first\nstate email applied 2026-05-01 x\nstate tls removed 2026-05-01 second");
    assert_string_equal(diff(&a, &b), "state: root Example SM2 (sm2): email is applied from 2026-05-01: x\n");
    maker_clear_copy(&a);
    maker_clear_copy(&b);
    maker_copy(&base, &a);
    maker_copy(&base, &b);
    maker_add(&a, "mtc-cas/mtc.conf", "url https://mirror.test");
    maker_cut(&b, "mtc-cas/mtc.conf", "url");
    maker_add(&b, "mtc-cas/mtc.conf", "url https://mirror.test\nurl https://mtc.ca.test");
    assert_string_equal(diff(&a, &b), "record: MTC CA mtc: in another order: url https://mirror.test\n");
    maker_clear_copy(&a);
    maker_clear_copy(&b);
}

static void test_files(void **state)
{
    (void)state;
    struct maker m;
    maker_copy(&base, &m);
    maker_text(&m, "roots/aaa.conf", "operator ca\nname Aaa\nstate code applied 2026-05-01 \"第二次申请\"\naudit webtrust-ca code from 2025-01-01 until 2025-12-31 published 2026-02-01 https://a.test/1\n");
    maker_certificate(&m, (struct maker_certificate){.file = "roots/aaa.pem", .subject = "Aaa", .key = "P-256"});
    maker_public_key(&m, "bundle-keys/k2.pem", "mldsa44");
    assert_string_equal(diff(&base, &m), "added: root Aaa (aaa): it is new in the registry\nstate: root Aaa (aaa): code is applied from 2026-05-01: 第二次申请\n"
                                         "key: bundle key k2: it has another certificate or key\n");
    assert_string_equal(diff(&m, &base), "gone: root Aaa (aaa): it is not in the registry any more\nkey: bundle key k2: it has another certificate or key\n");
    maker_clear_copy(&m);
}

/* Texts that are too long are cut between characters. */
static void test_long(void **state)
{
    (void)state;
    struct maker m;
    char line[4 * 1000 + 64] = "require operators 1 m1";
    maker_copy(&base, &m);
    maker_text(&m, "incidents/n.conf", "title T\noperator ca\n");
    snprintf(line, sizeof line, "step opened 2026-01-01 \"");
    for (size_t i = 0; i < 333; i++)
        strcat(line, "中");
    strcat(line, "\"");
    maker_add(&m, "incidents/n.conf", line);
    diff(&base, &m);
    assert_non_null(strstr(told, "中\n"));
    assert_true(text_is_printable_utf8(bytes_of(strchr(told, '\n') + 1, strlen(strchr(told, '\n') + 1) - 1)));
    maker_clear_copy(&m);
}

static int set_up(void **state)
{
    (void)state;
    maker_init(&base);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    maker_clear(&base);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_statements), cmocka_unit_test(test_files), cmocka_unit_test(test_long),
                                       cmocka_unit_test(test_order)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
