/* What lint finds: a registry that it has nothing against, and single changes of it, each with the neighbour that is still good. */
#include "unit/registry/registry_maker.h"

#include "registry/registry_lint_parts.h"

static struct maker base;
static bool has_seen[FINDING_IDS];

static void see(const char *id)
{
    for (size_t i = 0; i < FINDING_IDS; i++)
        has_seen[i] = has_seen[i] || strcmp(registry_lint_rows[i].id, id) == 0;
}

/* Edits are lines: "FILE + STATEMENT", "FILE - BEGINNING"; ";;" between two. */
static void apply(struct maker *m, const char *edits)
{
    char copy[4 * MAKER_LINE_MAX], *at = copy, *next;
    snprintf(copy, sizeof copy, "%s", edits);
    for (; at != NULL && *at != '\0'; at = next) {
        next = strstr(at, ";;");
        if (next != NULL) {
            *next = '\0';
            next += 2;
        }
        char *space = strchr(at, ' ');
        assert_non_null(space);
        *space = '\0';
        if (space[1] == '+')
            maker_add(m, at, space + 3);
        else
            maker_cut(m, at, space + 3);
    }
}

static char found[8192];

/* All findings of a day as "id file severity|", but those that wait for nothing else. */
static const char *lint_at(const struct maker *m, const char *day)
{
    struct registry *r = maker_read(m);
    struct registry_report report;
    struct error err;
    OK(registry_lint(r, maker_day(day), &report, &err));
    found[0] = '\0';
    for (size_t i = 0; i < report.findings.count; i++) {
        const struct registry_finding *finding = registry_finding_at(&report, i);
        size_t len = strlen(found);
        snprintf(found + len, sizeof found - len, "%s %s %s|", finding->id, finding->head->file, registry_severity_name(finding->severity));
        assert_true(finding->text[0] != '\0' && finding->fix[0] != '\0');
        see(finding->id);
    }
    assert_int_equal(report.findings.count, report.error_count + report.warning_count + report.note_count);
    registry_report_clear(&report);
    registry_free(r);
    return found;
}

static const char *lint_with(const char *day, const char *edits)
{
    struct maker m;
    maker_copy(&base, &m);
    apply(&m, edits);
    if (maker_find(&m, "cosigners/m2.conf") != NULL)
        maker_public_key(&m, "cosigners/m2.pem", "sm2_sm3");
    const char *all = lint_at(&m, day);
    maker_clear_copy(&m);
    return all;
}

struct row {
    const char *edits, *day, *expected;
};

static void check(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *all = lint_with(rows[i].day, rows[i].edits);
        if (strcmp(all, rows[i].expected) != 0)
            fail_msg("%s on %s: \"%s\", not \"%s\"", rows[i].edits, rows[i].day, all, rows[i].expected);
    }
}
#define CHECK(rows) check(rows, LENGTH(rows))

static void test_clean(void **state)
{
    (void)state;
    assert_string_equal(lint_at(&base, MAKER_AT), "");
}

/* What is beyond the limit is counted. */
static void test_many(void **state)
{
    (void)state;
    struct maker m;
    struct registry_report report;
    struct error err;
    maker_copy(&base, &m);
    for (size_t i = 0; i < REGISTRY_FINDINGS_MAX + 1; i++)
        maker_add(&m, i % 2 == 0 ? "roots/rsa.conf" : "roots/sm2.conf", "exception nonsense from 2026-01-01 until 2026-12-31 x");
    struct registry *r = maker_read(&m);
    OK(registry_lint(r, maker_day(MAKER_AT), &report, &err));
    assert_int_equal(report.findings.count, REGISTRY_FINDINGS_MAX);
    assert_int_equal(report.error_count, REGISTRY_FINDINGS_MAX + 1);
    registry_report_clear(&report);
    registry_free(r);
    maker_clear_copy(&m);
}

/* What is missing is said at once, not one after the other. */
static void test_all_that_is_missing(void **state)
{
    (void)state;
    struct maker m;
    struct registry_report report;
    struct error err;
    maker_copy(&base, &m);
    apply(&m, "roots/rsa.conf - level-max;;roots/rsa.conf - audit");
    struct registry *r = maker_read(&m);
    OK(registry_lint(r, maker_day(MAKER_AT), &report, &err));
    assert_string_equal(registry_finding_at(&report, 0)->text, "tls: no audit statement webtrust-ca, webtrust-baseline, webtrust-ev");
    assert_string_equal(registry_finding_at(&report, 1)->text, "email: no audit statement webtrust-ca");
    registry_report_clear(&report);
    registry_free(r);
    maker_clear_copy(&m);
}

/* A period that ends on 2025-12-31 is followed by one of 366 days, and 92 for its statement: 2027-04-03 is the last good day. */
static void test_audits(void **state)
{
    (void)state;
    static const char later[] = ";;operators/ca.conf - licence;;operators/ca.conf + licence miit M from 2022-01-01 until 2030-01-01"
                                ";;operators/ca.conf + licence sca S from 2022-01-01 until 2030-01-01"
                                ";;roots/rsa.conf + disclosure 2027-01-01 1 https://ca.test/i"
                                ";;roots/sm2.conf + disclosure 2027-01-01 0 https://ca.test/i";
    static const char both[] = "audit-soon roots/rsa.conf warning|audit-soon roots/rsa.conf warning|";
    char day[600];
    snprintf(day, sizeof day, "%s", later + 2);
    assert_string_equal(lint_with("2027-01-03", day), "");
    assert_string_equal(lint_with("2027-01-04", day), both);
    assert_string_equal(lint_with("2027-04-03T23:59:59Z", day), both);
    assert_string_equal(lint_with("2027-04-04", day), "audit-overdue roots/rsa.conf error|audit-overdue roots/rsa.conf error|");
    static const struct row rows[] = {
        {"roots/rsa.conf - audit webtrust-baseline", MAKER_AT, "audit-missing roots/rsa.conf error|"},
        {"roots/rsa.conf - audit webtrust-ca", MAKER_AT, "audit-missing roots/rsa.conf error|audit-missing roots/rsa.conf error|"},
        /* EV: T4 has its own statement. */
        {"roots/rsa.conf - level-max", MAKER_AT, "audit-missing roots/rsa.conf error|"},
        {"roots/rsa.conf - level-max;;roots/rsa.conf + audit webtrust-ev tls from 2025-01-01 until 2025-12-31 published 2026-02-01 https://a.test/3",
         MAKER_AT, ""},
        /* A statement of another purpose does not count, and one that is not published yet. */
        {"roots/rsa.conf - audit webtrust-baseline;;roots/rsa.conf + audit webtrust-baseline email from 2025-01-01 until 2025-12-31 published 2026-02-01 https://a.test/2",
         MAKER_AT, "audit-missing roots/rsa.conf error|"},
        {"roots/rsa.conf - audit webtrust-baseline;;roots/rsa.conf + audit webtrust-baseline tls from 2025-01-01 until 2025-12-31 published 2026-06-02 https://a.test/2",
         MAKER_AT, "audit-missing roots/rsa.conf error|audit-late roots/rsa.conf warning|"},
        /* The last day on time, and the day after. */
        {"roots/rsa.conf - audit webtrust-baseline;;roots/rsa.conf + audit webtrust-baseline tls from 2025-01-01 until 2025-12-31 published 2026-04-02 https://a.test/2",
         MAKER_AT, ""},
        {"roots/rsa.conf - audit webtrust-baseline;;roots/rsa.conf + audit webtrust-baseline tls from 2025-01-01 until 2025-12-31 published 2026-04-03 https://a.test/2",
         MAKER_AT, "audit-late roots/rsa.conf warning|"},
        /* 366 days, and 367. */
        {"roots/rsa.conf - audit webtrust-baseline;;roots/rsa.conf + audit webtrust-baseline tls from 2024-12-31 until 2025-12-31 published 2026-02-01 https://a.test/2",
         MAKER_AT, ""},
        {"roots/rsa.conf - audit webtrust-baseline;;roots/rsa.conf + audit webtrust-baseline tls from 2024-12-30 until 2025-12-31 published 2026-02-01 https://a.test/2",
         MAKER_AT, "audit-long roots/rsa.conf warning|"},
        /* The period before ends on the day before, or one day earlier. */
        {"roots/rsa.conf + audit webtrust-ca tls from 2024-01-01 until 2024-12-31 published 2025-02-01 https://a.test/0", MAKER_AT, ""},
        {"roots/rsa.conf + audit webtrust-ca tls from 2024-01-01 until 2024-12-30 published 2025-02-01 https://a.test/0", MAKER_AT,
         "audit-gap roots/rsa.conf warning|"},
        /* ETSI in place of WebTrust, for servers and for mail; LCP alone is not enough for servers. */
        {"roots/rsa.conf - audit;;roots/rsa.conf + audit etsi-ncp tls,email from 2025-01-01 until 2025-12-31 published 2026-02-01 https://a.test/1"
         ";;roots/rsa.conf + audit etsi-ovcp tls from 2025-01-01 until 2025-12-31 published 2026-02-01 https://a.test/1",
         MAKER_AT, "etsi-case roots/rsa.conf warning|etsi-case roots/rsa.conf warning|"},
        {"roots/rsa.conf - audit;;roots/rsa.conf + audit etsi-lcp tls,email from 2025-01-01 until 2025-12-31 published 2026-02-01 https://a.test/1",
         MAKER_AT, "audit-missing roots/rsa.conf error|etsi-case roots/rsa.conf warning|"},
        {"roots/rsa.conf - audit;;roots/rsa.conf + audit etsi-ncp tls,email from 2025-01-01 until 2025-12-31 published 2026-02-01 https://a.test/1"
         ";;roots/rsa.conf + audit etsi-ovcp tls from 2025-01-01 until 2025-12-31 published 2026-02-01 https://a.test/1"
         ";;roots/rsa.conf + exception etsi-case from 2026-03-01 until 2026-12-31 decided",
         MAKER_AT, "etsi-case roots/rsa.conf note|etsi-case roots/rsa.conf note|"},
        /* What the other programs watch. */
        {"roots/rsa.conf - audit;;roots/rsa.conf - disclosure;;roots/rsa.conf + default-trusted;;applications/a1.conf - subject roots/rsa", MAKER_AT, ""},
    };
    CHECK(rows);
}

static void test_licences(void **state)
{
    (void)state;
    static const char sm2_both[] = "sm2-licence roots/sm2.conf error|sm2-licence mtc-cas/mtc.conf error|";
    static const struct row rows[] = {
        /* The licences hold through 2027-01-31; 90 days before, lint speaks. */
        {"roots/rsa.conf + exception audit-soon from 2026-01-01 until 2030-01-01 x;;roots/rsa.conf + disclosure 2026-12-01 1 https://ca.test/i"
         ";;roots/sm2.conf + disclosure 2026-12-01 0 https://ca.test/i",
         "2026-11-02", ""},
        {"", "2026-11-03", "licence-ends operators/ca.conf warning|licence-ends operators/ca.conf warning|"},
        {"roots/sm2.conf + disclosure 2026-12-01 0 https://ca.test/i;;roots/rsa.conf + disclosure 2026-12-01 1 https://ca.test/i"
         ";;roots/rsa.conf - state",
         "2027-01-31T23:59:59Z",
         "licence-ends operators/ca.conf warning|licence-ends operators/ca.conf warning|"
         "application-not-done applications/a1.conf warning|application-not-done applications/a1.conf warning|"},
        {"roots/sm2.conf + disclosure 2026-12-01 0 https://ca.test/i;;roots/rsa.conf + disclosure 2026-12-01 1 https://ca.test/i"
         ";;roots/rsa.conf - state;;applications/a1.conf - subject roots/rsa",
         "2027-02-01", sm2_both},
        {"operators/ca.conf - licence miit", MAKER_AT, sm2_both},
        {"operators/ca.conf - licence", MAKER_AT, sm2_both},
        /* Without a licence, case by case: WebTrust and a root in a big program. */
        {"operators/ca.conf - licence;;operators/ca.conf + included mozilla from 2020-01-01 https://p.test/1;;mtc-cas/mtc.conf - state", MAKER_AT,
         "sm2-licence roots/sm2.conf error|application-not-done applications/a1.conf warning|"},
        {"operators/ca.conf - licence;;operators/ca.conf + included mozilla from 2020-01-01 https://p.test/1;;mtc-cas/mtc.conf - state"
         ";;applications/a1.conf - subject mtc-cas"
         ";;roots/sm2.conf + audit webtrust-ca tls from 2025-01-01 until 2025-12-31 published 2026-02-01 https://a.test/1"
         ";;roots/sm2.conf + audit webtrust-baseline tls from 2025-01-01 until 2025-12-31 published 2026-02-01 https://a.test/2",
         MAKER_AT, "sm2-case roots/sm2.conf warning|"},
        /* ... as long as the audits go on. */
        {"operators/ca.conf - licence;;operators/ca.conf + included mozilla from 2020-01-01 https://p.test/1;;mtc-cas/mtc.conf - state"
         ";;applications/a1.conf - subject mtc-cas"
         ";;roots/sm2.conf + audit webtrust-ca tls from 2025-01-01 until 2025-12-31 published 2026-02-01 https://a.test/1"
         ";;roots/sm2.conf + audit webtrust-baseline tls from 2023-01-01 until 2023-12-31 published 2024-02-01 https://a.test/2",
         MAKER_AT, "audit-overdue roots/sm2.conf error|"},
        /* ... which has ended; and AATL is none of the four. */
        {"operators/ca.conf - licence;;operators/ca.conf + included mozilla from 2020-01-01 until 2026-05-31 https://p.test/1", MAKER_AT, sm2_both},
        {"operators/ca.conf - licence;;operators/ca.conf + included aatl from 2020-01-01 https://p.test/1", MAKER_AT, sm2_both},
    };
    CHECK(rows);
}

static void test_purposes(void **state)
{
    (void)state;
    static const char doc[] = "applications/a1.conf + subject roots/rsa document;;applications/a1.conf + signed-document document 2026-01-02 documents/d.pdf"
                              ";;roots/rsa.conf + state document accepted 2026-03-01 ok"
                              ";;roots/rsa.conf + audit webtrust-ca document from 2025-01-01 until 2025-12-31 published 2026-02-01 https://a.test/1";
    char text[1500];
    assert_string_equal(lint_with(MAKER_AT, doc), "aatl-missing roots/rsa.conf error|");
    snprintf(text, sizeof text, "%s;;roots/rsa.conf + included aatl from 2024-01-01 https://p.test/aatl", doc);
    assert_string_equal(lint_with(MAKER_AT, text), "");
    static const char invoice[] = "applications/a1.conf + subject roots/sm2 e-invoice;;applications/a1.conf + signed-document e-invoice 2026-01-02 documents/d.pdf"
                                  ";;roots/sm2.conf + state e-invoice accepted 2026-03-01 ok";
    assert_string_equal(lint_with(MAKER_AT, invoice), "e-invoice-intermediate roots/sm2.conf error|");
    static const struct row rows[] = {
        /* No SM2 root for documents without licences, whoever else has the CA. */
        {"operators/ca.conf - licence;;operators/ca.conf + included apple from 2020-01-01 https://p.test/1;;mtc-cas/mtc.conf - state"
         ";;applications/a1.conf - subject mtc-cas;;roots/sm2.conf - state;;roots/sm2.conf + state document accepted 2026-03-01 ok"
         ";;applications/a1.conf - subject roots/sm2;;applications/a1.conf + subject roots/sm2 document"
         ";;applications/a1.conf + signed-document document 2026-01-02 documents/d.pdf",
         MAKER_AT, "sm2-licence roots/sm2.conf error|"},
        /* Intranet and public servers. */
        {"roots/sm2.conf + state tls-intranet accepted 2026-03-01 ok;;applications/a1.conf + subject roots/sm2 tls-intranet", MAKER_AT,
         "intranet-with-public roots/sm2.conf error|"},
        {"roots/sm2.conf - state;;applications/a1.conf - subject roots/sm2;;roots/sm2.conf + state tls-intranet accepted 2026-03-01 ok"
         ";;applications/a1.conf + subject roots/sm2 tls-intranet",
         MAKER_AT, ""},
        /* Limits and states. */
        {"roots/sm2.conf + state tls restricted 2026-04-01 x", MAKER_AT, "restricted-without-limit roots/sm2.conf error|"},
        {"roots/sm2.conf + state tls restricted 2026-04-01 x;;roots/sm2.conf + permit-name cn", MAKER_AT, ""},
        {"roots/sm2.conf + state tls removed 2026-02-28 x", MAKER_AT, "state-order roots/sm2.conf error|"},
        {"roots/sm2.conf + state tls removed 2026-03-01 x", MAKER_AT, ""},
        {"roots/sm2.conf + exception no-such-thing from 2026-01-01 until 2026-12-31 x", MAKER_AT, "exception-unknown roots/sm2.conf error|"},
        {"operators/ca.conf - contact", MAKER_AT, "operator-contact operators/ca.conf warning|"},
        {"operators/mirror.conf - name;;operators/mirror.conf + name en \"Example CA\"", MAKER_AT, "operator-same-name operators/mirror.conf error|"},
        /* Control: told on the day is told in time. */
        {"operators/ca.conf + control noticed 2026-05-01 effective 2026-05-01 sold", MAKER_AT, ""},
        {"operators/ca.conf + control noticed 2026-05-02 effective 2026-05-01 sold", MAKER_AT, "control-without-notice operators/ca.conf error|"},
        {"operators/ca.conf + control noticed never effective 2026-05-01 sold", MAKER_AT, "control-without-notice operators/ca.conf error|"},
        {"operators/ca.conf + control noticed never effective 2026-06-02 sold", MAKER_AT, ""},
        {"roots/rsa.conf + control noticed never effective 2026-05-01 sold", MAKER_AT, "control-without-notice roots/rsa.conf error|"},
    };
    CHECK(rows);
}

/* A root that is itself trusted for neither has no intermediates of both kinds either. */
static void test_intranet_beside_public(void **state)
{
    (void)state;
    struct maker m;
    maker_copy(&base, &m);
    apply(&m, "roots/rsa.conf - state;;applications/a1.conf - subject roots/rsa;;intermediates/i1.conf + state tls accepted 2026-03-01 x");
    maker_text(&m, "intermediates/i2.conf", "operator ca\nissuer rsa\ndisclosed 2026-01-05\nstate tls-intranet accepted 2026-03-01 x\n");
    maker_certificate(&m, (struct maker_certificate){.file = "intermediates/i2.pem", .subject = "Example RSA CA 2", .issuer = "Example RSA",
                                                    .key = "P-256"});
    assert_non_null(strstr(lint_at(&m, MAKER_AT), "intranet-with-public intermediates/i2.conf error|"));
    assert_null(strstr(found, "intranet-with-public intermediates/i1.conf"));
    /* Another root's is nothing to it, nor one that is trusted no more. */
    maker_add(&m, "intermediates/i1.conf", "state tls removed 2026-05-01 x");
    assert_null(strstr(lint_at(&m, MAKER_AT), "intranet-with-public"));
    maker_clear_copy(&m);
}

static void test_disclosure(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"roots/rsa.conf - disclosure", MAKER_AT, "disclosure-missing roots/rsa.conf error|"},
        {"roots/rsa.conf - disclosure;;roots/rsa.conf + disclosure 2026-01-05 2 https://ca.test/i", MAKER_AT, "disclosure-count roots/rsa.conf error|"},
        {"roots/rsa.conf - disclosure;;roots/rsa.conf + disclosure 2025-05-31 1 https://ca.test/i", MAKER_AT, ""},
        {"roots/rsa.conf - disclosure;;roots/rsa.conf + disclosure 2025-05-30 1 https://ca.test/i", MAKER_AT, "disclosure-old roots/rsa.conf error|"},
        {"roots/rsa.conf - disclosure;;roots/rsa.conf + disclosure 2026-06-02 1 https://ca.test/i", MAKER_AT, "disclosure-missing roots/rsa.conf error|"},
        {"intermediates/i1.conf + state tls accepted 2026-03-01 x", MAKER_AT, ""},
        {"intermediates/i1.conf - disclosed;;intermediates/i1.conf + state tls accepted 2026-03-01 x", MAKER_AT,
         "intermediate-undisclosed intermediates/i1.conf error|"},
        /* Its root's audits and application are its own for what the root is trusted for. */
        {"intermediates/i1.conf + state code accepted 2026-03-01 x", MAKER_AT,
         "issuer-not-trusted intermediates/i1.conf warning|audit-missing intermediates/i1.conf error|application-missing intermediates/i1.conf error|"},
        /* Another operator's intermediate stands for itself. */
        {"intermediates/i1.conf - operator;;intermediates/i1.conf + operator mirror;;intermediates/i1.conf + state email accepted 2026-03-01 x", MAKER_AT,
         "audit-missing intermediates/i1.conf error|application-missing intermediates/i1.conf error|"},
        {"intermediates/i1.conf - issuer;;intermediates/i1.conf + issuer sm2;;intermediates/i1.conf + state tls accepted 2026-03-01 x", MAKER_AT,
         "disclosure-count roots/rsa.conf error|disclosure-count roots/sm2.conf error|issuer-mismatch intermediates/i1.conf error|"},
    };
    CHECK(rows);
}

static void test_applications(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"applications/a1.conf - subject roots/sm2", MAKER_AT, "application-missing roots/sm2.conf error|"},
        {"applications/a1.conf - document form", MAKER_AT,
         "application-documents roots/rsa.conf error|application-documents roots/rsa.conf error|application-documents roots/sm2.conf error|"
         "application-documents mtc-cas/mtc.conf error|"},
        {"applications/a1.conf - document cps;;applications/a1.conf + document cp 2026-01-02 https://ca.test/cp", MAKER_AT, ""},
        {"applications/a1.conf - signed-document", MAKER_AT, "test-document-missing roots/rsa.conf error|"},
        {"applications/a1.conf - test-site revoked sm2", MAKER_AT, "test-sites-missing roots/sm2.conf error|"},
        {"applications/a1.conf - visit 2026-02-20 passed https://good.sm2.test/", MAKER_AT, "test-site-not-visited applications/a1.conf warning|"},
        {"applications/a1.conf + visit 2026-02-21 failed https://good.sm2.test/ refused", MAKER_AT, "test-site-failed applications/a1.conf error|"},
        {"applications/a1.conf + visit 2026-02-21 failed https://good.sm2.test/ refused;;applications/a1.conf + visit 2026-02-22 passed https://good.sm2.test/ ok",
         MAKER_AT, ""},
        {"roots/sm2.conf - state tls accepted", MAKER_AT, "application-not-done applications/a1.conf warning|"},
        {"applications/a1.conf - step accepted;;roots/rsa.conf - state;;roots/sm2.conf - state;;mtc-cas/mtc.conf - state;;identity-signers/s1.conf - state", MAKER_AT,
         "application-waits applications/a1.conf note|"},
        {"applications/a1.conf - step;;applications/a1.conf + step received 2026-01-02 x;;applications/a1.conf + step accepted 2026-01-01 x", MAKER_AT,
         "step-order applications/a1.conf error|"},
        {"applications/a1.conf - step received", MAKER_AT, "step-order applications/a1.conf error|"},
        {"incidents/n1.conf + title Late;;incidents/n1.conf + operator ca;;incidents/n1.conf + step opened 2026-05-18 x", MAKER_AT,
         "incident-open incidents/n1.conf note|"},
        {"incidents/n1.conf + title Late;;incidents/n1.conf + operator ca;;incidents/n1.conf + step opened 2026-05-17 x", MAKER_AT,
         "incident-no-report incidents/n1.conf error|incident-open incidents/n1.conf note|"},
        {"incidents/n1.conf + title Late;;incidents/n1.conf + operator ca;;incidents/n1.conf + step opened 2026-01-17 x"
         ";;incidents/n1.conf + step report 2026-01-20 x;;incidents/n1.conf + step closed 2026-02-20 x",
         MAKER_AT, ""},
    };
    CHECK(rows);
}

static void test_other_things(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"mtc-cas/mtc.conf - require", MAKER_AT, "mtc-no-rule mtc-cas/mtc.conf error|"},
        {"mtc-cas/mtc.conf - url", MAKER_AT, "mtc-no-url mtc-cas/mtc.conf error|"},
        {"mtc-cas/mtc.conf - require;;mtc-cas/mtc.conf + require signatures 1 m1", MAKER_AT, ""},
        {"cosigners/m1.conf - operator;;cosigners/m1.conf + operator ca", MAKER_AT,
         "mtc-rule-unmet mtc-cas/mtc.conf error|"},
        {"cosigners/m1.conf - operator;;cosigners/m1.conf + operator ca;;mtc-cas/mtc.conf - require;;mtc-cas/mtc.conf + require signatures 1 m1", MAKER_AT,
         "mtc-own-mirror mtc-cas/mtc.conf error|"},
        {"cosigners/m1.conf - role;;cosigners/m1.conf + role witness", MAKER_AT, "mtc-own-mirror mtc-cas/mtc.conf error|"},
        {"cosigners/m1.conf + state removed 2026-06-01 x", MAKER_AT, "mtc-rule-unmet mtc-cas/mtc.conf error|"},
        /* Two mirrors of one operator are one. */
        {"cosigners/m2.conf + operator mirror;;cosigners/m2.conf + id 32473.3;;cosigners/m2.conf + role mirror;;cosigners/m2.conf + algorithm sm2_sm3"
         ";;cosigners/m2.conf + state accepted 2026-02-01 x;;mtc-cas/mtc.conf - require;;mtc-cas/mtc.conf + require operators 2 m1 m2", MAKER_AT,
         "mtc-rule-unmet mtc-cas/mtc.conf error|"},
        {"cosigners/m2.conf + operator third;;cosigners/m2.conf + id 32473.3;;cosigners/m2.conf + role mirror;;cosigners/m2.conf + algorithm sm2_sm3"
         ";;operators/third.conf + name en Third;;cosigners/m2.conf + state accepted 2026-02-01 x;;mtc-cas/mtc.conf - require;;mtc-cas/mtc.conf + require operators 2 m1 m2", MAKER_AT,
         ""},
        {"cosigners/m1.conf + state removed 2026-06-02 x", MAKER_AT, ""},
        {"ct-logs/l1.conf - state", MAKER_AT, "ct-log-no-state ct-logs/l1.conf warning|"},
        {"ct-logs/l1.conf + interval from 2026-01-01 before 2026-06-02", MAKER_AT, ""},
        {"ct-logs/l1.conf + interval from 2026-01-01 before 2026-06-01", MAKER_AT, "ct-log-over ct-logs/l1.conf warning|"},
        {"ct-logs/l1.conf + state readonly 2026-05-01 x", MAKER_AT, "ct-log-head ct-logs/l1.conf error|"},
        {"bundle-keys/k2.conf + state removed 2026-05-01 x", MAKER_AT, "bundle-keys bundle-keys/k1.conf error|"},
        {"identity-signers/s1.conf - operator;;identity-signers/s1.conf + operator mirror", MAKER_AT, "identity-signer identity-signers/s1.conf error|"},
    };
    CHECK(rows);
}

/* ---- certificates ---- */

static const char *lint_root(struct maker_certificate certificate, const char *day, const char *edits)
{
    struct maker m;
    maker_copy(&base, &m);
    certificate.file = "roots/rsa.pem";
    certificate.subject = "Example RSA";
    maker_certificate(&m, certificate);
    apply(&m, edits);
    const char *all = lint_at(&m, day);
    maker_clear_copy(&m);
    return all;
}

static void test_certificates(void **state)
{
    (void)state;
    assert_string_equal(lint_root((struct maker_certificate){.key = "RSA-2048", .until = "2026-08-31"}, MAKER_AT, ""), "");
    assert_string_equal(lint_root((struct maker_certificate){.key = "RSA-2048", .until = "2026-08-30"}, MAKER_AT, ""),
                        "certificate-ends roots/rsa.conf warning|");
    assert_string_equal(lint_root((struct maker_certificate){.key = "RSA-2048", .until = "2026-06-01"}, MAKER_AT, ""),
                        "certificate-ends roots/rsa.conf warning|");
    assert_string_equal(lint_root((struct maker_certificate){.key = "RSA-2048", .until = "2026-05-31"}, MAKER_AT, ""),
                        "certificate-expired roots/rsa.conf error|");
    assert_string_equal(lint_root((struct maker_certificate){.key = "RSA-2048", .is_leaf = true}, MAKER_AT, ""),
                        "certificate-not-ca roots/rsa.conf error|");
    assert_string_equal(lint_root((struct maker_certificate){.key = "RSA-1024"}, MAKER_AT, ""), "key-weak roots/rsa.conf error|");
    assert_string_equal(lint_root((struct maker_certificate){.key = "RSA-2048", .issuer = "Somebody"}, MAKER_AT, ""),
                        "issuer-mismatch roots/rsa.conf error|");
    assert_string_equal(lint_root((struct maker_certificate){.key = "SM2"}, MAKER_AT, "roots/rsa.conf + default-trusted"),
                        "default-sm2 roots/rsa.conf error|");
    static const char invoice[] = "applications/a1.conf + subject roots/rsa e-invoice;;applications/a1.conf + signed-document e-invoice 2026-01-02 documents/d.pdf"
                                  ";;roots/rsa.conf + state e-invoice accepted 2026-03-01 ok"
                                  ";;roots/rsa.conf + audit webtrust-ca e-invoice from 2025-01-01 until 2025-12-31 published 2026-02-01 https://a.test/1"
                                  ";;intermediates/i1.conf + e-invoice-oid 1.2.156.32473.1;;intermediates/i1.conf + state e-invoice accepted 2026-03-01 ok";
    assert_string_equal(lint_root((struct maker_certificate){.key = "RSA-2048"}, MAKER_AT, invoice), "");
    assert_string_equal(lint_root((struct maker_certificate){.key = "RSA-3072"}, MAKER_AT, invoice), "e-invoice-root-key roots/rsa.conf error|");
    char more[2000];
    snprintf(more, sizeof more, "%s;;intermediates/i1.conf + state email accepted 2026-03-01 x", invoice);
    assert_string_equal(lint_root((struct maker_certificate){.key = "RSA-2048"}, MAKER_AT, more),
                        "e-invoice-intermediate intermediates/i1.conf error|");
    snprintf(more, sizeof more, "%s;;operators/ca.conf - licence sca;;roots/sm2.conf - state;;mtc-cas/mtc.conf - state;;applications/a1.conf - subject roots/sm2"
             ";;applications/a1.conf - subject mtc-cas", invoice);
    assert_string_equal(lint_root((struct maker_certificate){.key = "RSA-2048"}, MAKER_AT, more),
                        "e-invoice-licence roots/rsa.conf error|e-invoice-licence intermediates/i1.conf error|");
}

/* What is only disclosed: the last second of a certificate, and the first one after it. */
static void test_disclosed(void **state)
{
    (void)state;
    struct maker m;
    maker_copy(&base, &m);
    maker_certificate(&m, (struct maker_certificate){.file = "intermediates/i1.pem", .subject = "I1", .issuer = "Example RSA", .key = "P-256",
                                                     .until = "2026-06-01"});
    assert_string_equal(lint_at(&m, "2026-06-01"), "");
    assert_string_equal(lint_at(&m, "2026-06-01T00:00:01Z"), "intermediate-expired intermediates/i1.conf warning|");
    maker_clear_copy(&m);
    static const struct row rows[] = {
        {"intermediates/i1.conf - disclosed", MAKER_AT, "intermediate-undisclosed intermediates/i1.conf error|"},
        {"intermediates/i1.conf - disclosed;;intermediates/i1.conf + disclosed 2026-06-02", MAKER_AT, "intermediate-undisclosed intermediates/i1.conf error|"},
        {"intermediates/i1.conf - issuer;;intermediates/i1.conf + issuer sm2;;roots/rsa.conf - disclosure;;roots/rsa.conf + disclosure 2026-01-05 0 https://ca.test/i"
         ";;roots/sm2.conf - disclosure;;roots/sm2.conf + disclosure 2026-01-05 1 https://ca.test/i",
         MAKER_AT, "issuer-mismatch intermediates/i1.conf error|"},
        /* Below a root that is trusted for nothing, nobody asks. */
        {"intermediates/i1.conf - disclosed;;roots/rsa.conf - state;;applications/a1.conf - subject roots/rsa", MAKER_AT, ""},
    };
    CHECK(rows);
}

/* Under the national root, every intermediate stands for itself. */
static void test_national_root(void **state)
{
    (void)state;
    struct maker m;
    maker_copy(&base, &m);
    maker_text(&m, "operators/state.conf", "name en \"National CA\"\ncontact n@state.test\n");
    maker_text(&m, "roots/national.conf", "operator state\nonly-listed-intermediates\nstate tls accepted 2020-01-01 \"by law\"\n");
    maker_certificate(&m, (struct maker_certificate){.file = "roots/national.pem", .subject = "National SM2", .key = "SM2"});
    maker_text(&m, "intermediates/n1.conf", "operator ca\nissuer national\ndisclosed 2026-01-02\nstate tls accepted 2026-03-01 x\n");
    maker_certificate(&m, (struct maker_certificate){.file = "intermediates/n1.pem", .subject = "N1", .issuer = "National SM2", .key = "SM2"});
    assert_string_equal(lint_at(&m, MAKER_AT), "application-missing intermediates/n1.conf error|");
    maker_cut(&m, "operators/ca.conf", "licence sca");
    assert_non_null(strstr(lint_at(&m, MAKER_AT), "sm2-licence intermediates/n1.conf error|"));
    maker_clear_copy(&m);
}

static void test_same_keys(void **state)
{
    (void)state;
    struct maker m;
    maker_copy(&base, &m);
    maker_text(&m, "ct-logs/l2.conf", "operator mirror\nsuite gm\ninterface static\nsubmission-url https://l2.test\nmonitoring-url https://m2.test\nmmd 60\nstate pending 2026-01-01 x\n");
    maker_put(&m, "ct-logs/l2.pem", builder_view(&maker_find(&m, "ct-logs/l1.pem")->content));
    maker_text(&m, "cosigners/m2.conf", "operator mirror\nid 32473.2\nrole witness\nalgorithm ed25519\nstate accepted 2026-01-01 x\n");
    maker_public_key(&m, "cosigners/m2.pem", "ed25519");
    const char *all = lint_at(&m, MAKER_AT);
    assert_true(strstr(all, "same-key ct-logs/l1.conf error|") != NULL || strstr(all, "same-key ct-logs/l2.conf error|") != NULL);
    assert_true(strstr(all, "same-key cosigners/m1.conf error|") != NULL || strstr(all, "same-key cosigners/m2.conf error|") != NULL);
    maker_clear_copy(&m);
}

static void test_policies(void **state)
{
    (void)state;
    struct maker m;
    maker_copy(&base, &m);
    maker_text(&m, "policies/root-program.conf", "policy-format 1\nnonsense\n");
    assert_string_equal(lint_at(&m, MAKER_AT), "policy-wrong registry.conf error|");
    maker_drop(&m, "policies/root-program.conf");
    assert_string_equal(lint_at(&m, MAKER_AT), "policy-missing registry.conf error|");
    maker_clear_copy(&m);
}

/* Comes last: a finding that no test above has made is one that nobody has tried. And people can look each one up. */
static void test_none_is_left(void **state)
{
    (void)state;
    FILE *file = fopen(ROOT_PROGRAM_DOCUMENT, "rb");
    static char text[100000];
    char quoted[64];
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    for (size_t i = 0; i < FINDING_IDS; i++) {
        snprintf(quoted, sizeof quoted, "| `%s` (%s) |", registry_lint_rows[i].id, registry_severity_name(registry_lint_rows[i].severity));
        if (!has_seen[i] || strstr(text, quoted) == NULL)
            fail_msg("%s: %s", registry_lint_rows[i].id, has_seen[i] ? "not in docs/root-program.md" : "no test has it");
    }
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
        cmocka_unit_test(test_clean),        cmocka_unit_test(test_audits),       cmocka_unit_test(test_licences),
        cmocka_unit_test(test_purposes),     cmocka_unit_test(test_disclosure),   cmocka_unit_test(test_applications),
        cmocka_unit_test(test_other_things), cmocka_unit_test(test_certificates), cmocka_unit_test(test_disclosed),    cmocka_unit_test(test_national_root),
        cmocka_unit_test(test_same_keys),    cmocka_unit_test(test_policies),      cmocka_unit_test(test_many), cmocka_unit_test(test_intranet_beside_public),
        cmocka_unit_test(test_all_that_is_missing),
        cmocka_unit_test(test_none_is_left),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
