/* Reading a registry: each statement's form, what files have to be there, and what was understood. */
#include "unit/registry/registry_maker.h"

static struct maker base;

static void expect_refused(const struct maker *m, enum status status, const char *says)
{
    struct registry *r;
    struct error err = {.status = STATUS_OK};
    enum status s = maker_try(m, &r, &err);
    if (s != status || r != NULL || strstr(err.text, says) == NULL)
        fail_msg("%d \"%s\", not %d \"%s\"", (int)s, err.text, (int)status, says);
}

static void test_what_is_understood(void **state)
{
    (void)state;
    struct registry *r = maker_read(&base);
    const struct registry_thing *root = registry_find_thing(r, REGISTRY_ROOT, "rsa");
    struct trust_bundle_purposes purposes;
    assert_string_equal(r->program.name_zh, "测试计划");
    assert_string_equal(r->program.website, "");
    assert_int_equal(r->program.audit_period_days, 366);
    assert_int_equal(r->operators.count, 2);
    assert_int_equal(r->things.count, 9);
    assert_string_equal(registry_operator_name(r, root), "Example CA");
    assert_int_equal(root->level_max, 3);
    assert_int_equal(registry_find_thing(r, REGISTRY_ROOT, "sm2")->level_max, 4);
    assert_false(registry_is_sm2(root));
    assert_true(registry_is_sm2(registry_find_thing(r, REGISTRY_ROOT, "sm2")));
    assert_true(registry_is_sm2(registry_find_thing(r, REGISTRY_CT_LOG, "l1")));
    /* A state begins with its day. */
    registry_purposes_at(r, root, maker_day("2026-03-01"), &purposes);
    assert_int_equal(purposes.count, 2);
    assert_int_equal(purposes.at[1], TRUST_BUNDLE_EMAIL);
    registry_purposes_at(r, root, maker_day("2026-03-01") - 1, &purposes);
    assert_int_equal(purposes.count, 0);
    assert_int_equal(registry_state_at(r, root, TRUST_BUNDLE_TLS, maker_day("2026-01-02"))->state, REGISTRY_APPLIED);
    assert_null(registry_state_at(r, root, TRUST_BUNDLE_TLS, maker_day("2026-01-01")));
    assert_null(registry_state_at(r, root, TRUST_BUNDLE_CODE, maker_day(MAKER_AT)));
    /* A day that something holds through ends with it. */
    const struct registry_audit *audit = REGISTRY_PART(r, audit, audits, root->audits, 0);
    assert_int_equal(audit->until_s, maker_day("2026-01-01"));
    assert_int_equal(audit->line, 6);
    assert_ptr_equal(registry_find_certificate(r, "mtc"), registry_find_thing(r, REGISTRY_MTC_CA, "mtc"));
    assert_null(registry_find_certificate(r, "m1"));
    assert_null(registry_find_operator(r, "nobody"));
    assert_string_equal(registry_word(r, REGISTRY_PART(r, rule, rules, registry_find_certificate(r, "mtc")->rules, 0)->members, 0), "m1");
    registry_free(r);
}

static void test_statements(void **state)
{
    (void)state;
    /* File, statement, and what of the reason; NULL: it is good. */
    static const struct {
        const char *file, *line, *says;
    } rows[] = {
        {"roots/rsa.conf", "nonsense 1", "roots/rsa.conf:9: \"nonsense\" is no statement"},
        {"roots/rsa.conf", "level-max 3", "roots/rsa.conf:9: level-max: it stands in line 3 already"},
        {"roots/sm2.conf", "level-max 0", "expected: level-max 1|2|3|4"},
        {"roots/sm2.conf", "level-max 5", "expected"},
        {"roots/sm2.conf", "level-max 1", NULL},
        {"roots/sm2.conf", "level-max 4 4", "expected"},
        {"roots/rsa.conf", "url https://a.test", "is no statement"},
        {"roots/rsa.conf", "state tls accepted 2026-02-30 x", "expected: state"},
        {"roots/rsa.conf", "state tls accepted 2026-2-1 x", "expected: state"},
        {"roots/rsa.conf", "state tls accepted 1767225600 x", "expected: state"},
        {"roots/rsa.conf", "state tls accepted 2026-02-28T12:00:00Z x", NULL},
        {"roots/rsa.conf", "state tls,tlz accepted 2026-02-28 x", "\"tlz\" is no purpose"},
        {"roots/rsa.conf", "state tls, accepted 2026-02-28 x", "\"\" is no purpose"},
        {"roots/rsa.conf", "state tls maybe 2026-02-28 x", "expected: state"},
        {"roots/rsa.conf", "state tls accepted 2026-02-28", "expected: state"},
        {"roots/rsa.conf", "state tls accepted 2026-02-28 \"\"", "expected: state"},
        {"roots/rsa.conf", "state tls accepted 2026-02-28 \"x", "a quote is not closed"},
        {"roots/rsa.conf", "state tls accepted 2026-02-28 \"x\"y", "a blank is missing behind a quote"},
        {"roots/rsa.conf", "state tls accepted 2026-02-28 x\"y", "a quote inside a word"},
        {"roots/rsa.conf", "state tls accepted 2026-02-28 \"a\\b\"", "a backslash in quotes"},
        {"roots/rsa.conf", "state tls accepted 2026-02-28 \"a\\\\b\\\"\" # why", NULL},
        {"roots/rsa.conf", "state tls accepted 2026-02-28 \xff", "not printable UTF-8"},
        /* Not seen, or read in another direction: U+202E, U+200B; a joiner of letters that is seen stays. */
        {"roots/rsa.conf", "state tls accepted 2026-02-28 a\xe2\x80\xae" "b", "not printable UTF-8"},
        {"roots/rsa.conf", "state tls accepted 2026-02-28 a\xe2\x80\x8b" "b", "not printable UTF-8"},
        {"roots/rsa.conf", "state tls accepted 2026-02-28 a\xe2\x80\x90" "b", NULL},
        {"roots/rsa.conf", "\"\" x", "begins with its name"},
        {"roots/rsa.conf", "audit webtrust-ca tls from 2025-01-01 until 2025-01-01 published 2026-02-01 https://a.test/", NULL},
        {"roots/rsa.conf", "audit webtrust-ca tls from 2025-01-02 until 2025-01-01 published 2026-02-01 https://a.test/", "ends before it begins"},
        {"roots/rsa.conf", "audit webtrust tls from 2025-01-02 until 2025-01-01 published 2026-02-01 https://a.test/", "expected: audit"},
        {"roots/rsa.conf", "audit webtrust-ca tls from 2025-01-01 until 2025-12-31 published 2026-02-01 ftp://a.test/", "begins with https"},
        {"roots/rsa.conf", "audit webtrust-ca tls from 2025-01-01 until 2025-12-31 published 2026-02-01 \"https://a.test/ b\"", "without blanks"},
        /* A statement is published when its time is over: one of a year that has still to come would never be overdue. */
        {"roots/rsa.conf", "audit webtrust-ca tls from 2025-01-01 until 2025-12-31 published 2025-12-31 https://a.test/", NULL},
        {"roots/rsa.conf", "audit webtrust-ca tls from 2025-01-01 until 2025-12-31 published 2025-12-30 https://a.test/", "published before"},
        /* 0 is "none" in a bundle, and there is nothing before it. */
        {"roots/rsa.conf", "distrust-after 1970-01-02", NULL},
        {"roots/rsa.conf", "distrust-after 1970-01-01", "expected: distrust-after"},
        {"roots/rsa.conf", "distrust-after 1969-12-31", "expected: distrust-after"},
        {"roots/rsa.conf", "permit-name example.cn", NULL},
        {"roots/rsa.conf", "permit-name a..cn", "a DNS name"},
        {"roots/rsa.conf", "permit-name _a.cn", NULL},
        {"roots/rsa.conf", "exclude-name abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz12345678901.cn", NULL},
        {"roots/rsa.conf", "exclude-name abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz123456789012.cn", "a DNS name"},
        {"roots/rsa.conf", "permit-name .cn", "a DNS name"},
        {"roots/rsa.conf", "permit-name Example.cn", "a DNS name"},
        {"roots/rsa.conf", "revoked 00 ff x", NULL},
        {"roots/rsa.conf", "revoked 0100 ff x", "above the last"},
        {"roots/rsa.conf", "revoked 1 ff x", "a serial number"},
        {"roots/rsa.conf", "revoked 0102030405060708090a0b0c0d0e0f1011121314 0102030405060708090a0b0c0d0e0f1011121314 x", NULL},
        {"roots/rsa.conf", "revoked 01 0102030405060708090a0b0c0d0e0f101112131415 x", "a serial number"},
        {"mtc-cas/mtc.conf", "revoked 1:5 1:7 x", NULL},
        {"mtc-cas/mtc.conf", "revoked 1:7 1:5 x", "above the last"},
        {"mtc-cas/mtc.conf", "revoked 0:7 1:5 x", "expected: revoked"},
        {"mtc-cas/mtc.conf", "require operators 2 m1", "1 to as many"},
        {"mtc-cas/mtc.conf", "require operators 0 m1", "1 to as many"},
        {"mtc-cas/mtc.conf", "require operators 1 m1 m1", "m1 is named twice"},
        {"mtc-cas/mtc.conf", "require operators 1 m7", "there is no cosigner m7"},
        {"mtc-cas/mtc.conf", "minimum-index 1 100 x", NULL},
        {"mtc-cas/mtc.conf", "minimum-index 0 100 x", "expected: minimum-index"},
        {"intermediates/i1.conf", "issuer sm2", "it stands in line 2 already"},
        {"intermediates/i1.conf", "e-invoice-oid 1.2.156.1", NULL},
        {"intermediates/i1.conf", "e-invoice-oid 1.2.x", "expected: e-invoice-oid"},
        {"ct-logs/l1.conf", "previous-operator ca before 2025-01-01", NULL},
        {"ct-logs/l1.conf", "previous-operator nobody before 2025-01-01", "there is no operator nobody"},
        {"ct-logs/l1.conf", "final-tree-head 5 00", "expected: final-tree-head"},
        {"ct-logs/l1.conf", "state accepted 2026-03-01 x", "expected: state pending"},
        {"bundle-keys/k1.conf", "operator ca", "is no statement"},
        {"operators/ca.conf", "country China", "it stands in line 3"},
        {"operators/mirror.conf", "country cn", "expected: country"},
        {"operators/mirror.conf", "contact nobody", "is no mail address"},
        {"operators/ca.conf", "name zh again", "it is there twice"},
        {"operators/ca.conf", "licence miit \"\" from 2020-01-01 until 2021-01-01", "expected: licence"},
        {"registry.conf", "setting audit-period-days 400", NULL},
        {"registry.conf", "setting audit-period-days 4000", "expected: setting"},
        {"registry.conf", "setting log-uptime 10000", NULL},
        {"registry.conf", "setting log-uptime 10001", "expected: setting"},
        {"registry.conf", "registry-format 1", "it stands in line 1 already"},
        {"applications/a1.conf", "subject roots/nothing tls", "there is no root nothing"},
        {"applications/a1.conf", "subject applications/a1", "FOLDER/ID of an operator or a thing"},
        {"applications/a1.conf", "test-site good m1 https://a.test", "there is no root, intermediate or MTC CA m1"},
        {"applications/a1.conf", "step opened 2026-01-01 x", "expected: step received"},
        {"applications/a1.conf", "visit 2026-01-01 perhaps https://a.test x", "expected: visit"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct maker m;
        maker_copy(&base, &m);
        maker_add(&m, rows[i].file, rows[i].line);
        if (rows[i].says == NULL)
            registry_free(maker_read(&m));
        else
            expect_refused(&m, STATUS_USAGE, rows[i].says);
        maker_clear_copy(&m);
    }
}

static void test_files(void **state)
{
    (void)state;
    /* Edits: a file that is put (NULL text: dropped), and what of the reason. */
    static const struct {
        const char *name, *text, *says;
    } rows[] = {
        {"registry.conf", NULL, "no registry.conf"},
        {"registry.conf", "registry-format 2\nname en A\ncontact a@b.test\n", "this program reads format 1"},
        {"registry.conf", "registry-format 1\nname zh A\ncontact a@b.test\n", "no statement: name en"},
        {"registry.conf", "registry-format 1\nname en A\n", "no statement: contact"},
        {"roots/rsa.pem", NULL, "its certificate or key is not there: roots/rsa.pem"},
        {"roots/rsa.conf", NULL, "what it belongs to is not there: roots/rsa.conf"},
        {"roots/rsa.pem", "", "one block of PEM"},
        {"roots/x.txt", "x", "no file of a registry"},
        {"roots/X.conf", "x", "no file of a registry"},
        {"roots/.conf", "x", "no file of a registry"},
        {"roots/a/b.conf", "x", "no file of a registry"},
        {"operators/ca.pem", "x", "no file of a registry"},
        {"operators/ca.conf", NULL, "there is no operator ca"},
        {"other/ca.conf", "x", "no file of a registry"},
        {"cosigners/m1.conf", "operator mirror\nid 32473.2\nrole mirror\nalgorithm ed25519\n", "cosigners/m1.pem"},
        {"cosigners/m1.conf", "operator mirror\nid 32473.2\nrole mirror\nalgorithm nothing\n", "algorithm nothing is not known"},
        {"cosigners/m1.conf", "operator mirror\nid 32473..2\nrole mirror\nalgorithm sm2_sm3\n", "expected: id"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct maker m;
        maker_copy(&base, &m);
        if (rows[i].text == NULL)
            maker_drop(&m, rows[i].name);
        else
            maker_text(&m, rows[i].name, rows[i].text);
        expect_refused(&m, STATUS_USAGE, rows[i].says);
        maker_clear_copy(&m);
    }
}

/* The wrong certificate in the right place. */
static void test_pem(void **state)
{
    (void)state;
    static const struct {
        const char *to, *from;
    } rows[] = {{"roots/rsa.pem", "cosigners/m1.pem"}, {"cosigners/m1.pem", "roots/rsa.pem"}, {"mtc-cas/mtc.pem", "roots/rsa.pem"}};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct maker m;
        maker_copy(&base, &m);
        maker_put(&m, rows[i].to, builder_view(&maker_find(&m, rows[i].from)->content));
        expect_refused(&m, STATUS_USAGE, rows[i].to);
        maker_clear_copy(&m);
    }
    struct maker m;
    struct builder two;
    maker_copy(&base, &m);
    builder_init(&two, REGISTRY_FILE_SIZE_MAX);
    builder_bytes(&two, builder_view(&maker_find(&m, "roots/rsa.pem")->content));
    builder_bytes(&two, builder_view(&maker_find(&m, "roots/sm2.pem")->content));
    maker_put(&m, "roots/rsa.pem", builder_view(&two));
    expect_refused(&m, STATUS_USAGE, "and no more");
    builder_clear(&two);
    maker_clear_copy(&m);
}

static void add_lines(struct maker *m, size_t count)
{
    struct maker_file *file = maker_find(m, "roots/rsa.conf");
    for (size_t i = 0; i < count; i++)
        builder_text(&file->content, "included mozilla from 2020-01-01 https://p.test/\n");
}

static void test_limits(void **state)
{
    (void)state;
    struct maker m;
    char line[REGISTRY_LINE_MAX + 2];
    maker_copy(&base, &m);
    /* A comment may be as long as a line. */
    memset(line, '#', sizeof line);
    line[REGISTRY_LINE_MAX] = '\0';
    maker_add(&m, "roots/rsa.conf", line);
    registry_free(maker_read(&m));
    line[REGISTRY_LINE_MAX] = '#';
    line[REGISTRY_LINE_MAX + 1] = '\0';
    maker_add(&m, "roots/rsa.conf", line);
    expect_refused(&m, STATUS_USAGE, "longer than 4096 bytes");
    maker_clear_copy(&m);
    maker_copy(&base, &m);
    add_lines(&m, REGISTRY_STATEMENTS_PER_FILE_MAX - 8);
    registry_free(maker_read(&m));
    add_lines(&m, 1);
    expect_refused(&m, STATUS_LIMIT, "more than 8192 statements");
    maker_clear_copy(&m);
    maker_copy(&base, &m);
    struct maker_file *file = maker_find(&m, "policies/ct-policy.conf");
    while (file->content.len < REGISTRY_FILE_SIZE_MAX)
        builder_u8(&file->content, '#');
    registry_free(maker_read(&m));
    builder_u8(&file->content, '#');
    expect_refused(&m, STATUS_LIMIT, "policies/ct-policy.conf: more than");
    maker_clear_copy(&m);
}

/* CR LF, blanks, comments, no end of the last line: all the same. */
/* What a bundle does not take, a registry does not either: it would stop all that come after. */
static void test_limits_of_bundles(void **state)
{
    (void)state;
    struct maker m;
    char line[MAKER_LINE_MAX];
    maker_copy(&base, &m);
    for (unsigned i = 0; i < TRUST_BUNDLE_NAMES_PER_ANCHOR_MAX; i++) {
        snprintf(line, sizeof line, "permit-name n%u.cn", i);
        maker_add(&m, "roots/rsa.conf", line);
    }
    registry_free(maker_read(&m));
    maker_add(&m, "roots/rsa.conf", "permit-name more.cn");
    expect_refused(&m, STATUS_USAGE, "more than 256 of them");
    maker_cut(&m, "roots/rsa.conf", "permit-name");
    for (unsigned i = 0; i < TRUST_BUNDLE_SERIALS_PER_ANCHOR_MAX; i++) {
        snprintf(line, sizeof line, "revoked %08x %08x x", 2 * i, 2 * i);
        maker_add(&m, "roots/rsa.conf", line);
    }
    registry_free(maker_read(&m));
    maker_add(&m, "roots/rsa.conf", "revoked ffff ffff x");
    expect_refused(&m, STATUS_USAGE, "more than 4096 of them");
    maker_clear_copy(&m);
}

static void test_lines(void **state)
{
    (void)state;
    struct maker m;
    maker_copy(&base, &m);
    maker_text(&m, "operators/mirror.conf", "\r\n# who\r\n  name  en\t\"Mir#rors\"  # 1\r\nwebsite https://a.test/#b");
    struct registry *r = maker_read(&m);
    const struct registry_operator *o = registry_find_operator(r, "mirror");
    assert_string_equal(o->name_en, "Mir#rors");
    assert_string_equal(o->website, "https://a.test/#b");
    registry_free(r);
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_understood), cmocka_unit_test(test_statements), cmocka_unit_test(test_files),
        cmocka_unit_test(test_pem),                cmocka_unit_test(test_limits),     cmocka_unit_test(test_lines),
        cmocka_unit_test(test_limits_of_bundles),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
