#include "unit/adapters/sqlite/acme_records.h"

static struct error err;

static int set_up(void **state)
{
    (void)world_set_up(state);
    records_open();
    return 0;
}

static int tear_down(void **state)
{
    records_close();
    return world_tear_down(state);
}

#define PORT records_port
#define CONTEXT records_port.context
#define MEMORY &records_memory

static void assert_certificate(const struct acme_certificate *got, const struct acme_certificate *want)
{
    assert_int_equal(got->id, want->id);
    assert_int_equal(got->order, want->order);
    assert_int_equal(got->account, want->account);
    assert_string_equal(got->ca, want->ca);
    assert_string_equal(got->profile, want->profile);
    assert_bytes(bytes_of(got->serial, got->serial_len), bytes_of(want->serial, want->serial_len));
    assert_memory_equal(got->spki_hash, want->spki_hash, 32);
    assert_int_equal(got->not_before_s, want->not_before_s);
    assert_int_equal(got->not_after_s, want->not_after_s);
    assert_bytes(got->der, want->der);
    assert_bytes(got->names, want->names);
    assert_int_equal(got->revoked_s, want->revoked_s);
    assert_int_equal(got->reason, want->reason);
    assert_int_equal(got->replaced_by, want->replaced_by);
}

static void certificates_are_kept(void **state)
{
    (void)state;
    struct acme_certificate c = records_certificate(3, 4, 1ull << 48 | 5), d = records_certificate(3, 5, 7), got;
    uint8_t der[3000];
    memset(der, 0x30, sizeof der);
    d.der = BYTES_OF(der);
    (void)snprintf(d.ca, sizeof d.ca, "intl-classic");
    memset(d.serial, 0xff, sizeof d.serial);
    d.serial_len = ACME_SERIAL_MAX;
    d.names = (struct bytes){NULL, 0};
    OK(PORT.put_certificate(CONTEXT, &c, &err));
    OK(PORT.put_certificate(CONTEXT, &d, &err));
    records_reopen();
    OK(PORT.get_certificate(CONTEXT, c.id, MEMORY, &got, &err));
    assert_certificate(&got, &c);
    OK(PORT.find_certificate(CONTEXT, d.ca, bytes_of(d.serial, d.serial_len), MEMORY, &got, &err));
    assert_certificate(&got, &d);
    assert_int_equal(PORT.find_certificate(CONTEXT, c.ca, bytes_of(d.serial, d.serial_len), MEMORY, &got, &err),
                     STATUS_NOT_FOUND);
    assert_int_equal(PORT.find_certificate(CONTEXT, "unknown", bytes_of(d.serial, d.serial_len), MEMORY, &got, &err),
                     STATUS_NOT_FOUND);
    assert_int_equal(PORT.get_certificate(CONTEXT, 9, MEMORY, &got, &err), STATUS_NOT_FOUND);
    /* Revoked, and replaced; and everything else may change as well. */
    c.revoked_s = RECORDS_NOW_S + 4;
    c.reason = 0;
    c.replaced_by = 12;
    OK(PORT.put_certificate(CONTEXT, &c, &err));
    d.der = (struct bytes){NULL, 0};
    d.not_after_s++;
    d.account = 9;
    OK(PORT.put_certificate(CONTEXT, &d, &err));
    records_reopen();
    OK(PORT.get_certificate(CONTEXT, c.id, MEMORY, &got, &err));
    assert_certificate(&got, &c);
    OK(PORT.get_certificate(CONTEXT, d.id, MEMORY, &got, &err));
    assert_certificate(&got, &d);
    c.revoked_s = 0; /* a hold that ends */
    OK(PORT.put_certificate(CONTEXT, &c, &err));
    OK(PORT.get_certificate(CONTEXT, c.id, MEMORY, &got, &err));
    assert_certificate(&got, &c);
}

static void a_serial_number_is_given_once(void **state)
{
    (void)state;
    struct acme_certificate c = records_certificate(3, 4, 5), again = c, missing = c;
    OK(PORT.put_certificate(CONTEXT, &c, &err));
    assert_int_equal(PORT.put_certificate(CONTEXT, &again, &err), STATUS_CONFLICT);
    (void)snprintf(again.ca, sizeof again.ca, "other");
    OK(PORT.put_certificate(CONTEXT, &again, &err));
    missing.id = 70;
    assert_int_equal(PORT.put_certificate(CONTEXT, &missing, &err), STATUS_NOT_FOUND);
    again.serial_len = ACME_SERIAL_MAX + 1;
    assert_int_equal(PORT.put_certificate(CONTEXT, &again, &err), STATUS_LIMIT);
}

/* ---- queries ---- */

/* IDs 1 to 10: serial number = ID, key ID % 5 + 1, account 1 to 5 odd ones, 2 for even ones. */
static void fill(void)
{
    for (uint64_t i = 1; i <= 10; i++) {
        struct acme_certificate c = records_certificate(i % 2 == 0 ? 2 : 1, i, i);
        (void)snprintf(c.ca, sizeof c.ca, "%s", i <= 5 ? "gm" : "intl");
        (void)snprintf(c.profile, sizeof c.profile, "%s", i <= 3 ? "gm-intranet" : "mtc");
        c.not_before_s += (int64_t)i;
        c.not_after_s += (int64_t)i;
        c.revoked_s = i == 4 || i == 7 ? RECORDS_NOW_S : 0;
        c.names = bytes_of_text(i == 1   ? "example.com\nwww.example.com\n"
                                : i == 2 ? "*.example.com\n"
                                : i == 3 ? "a.b.example.com" /* without LF */
                                : i == 4 ? "notexample.com\n"
                                         : "192.0.2.1\n");
        OK(PORT.put_certificate(CONTEXT, &c, &err));
        assert_int_equal(c.id, i);
    }
}

/* The IDs that a query gives, as text: "1 2 3". */
static void assert_query(struct acme_certificate_query q, const char *want)
{
    acme_id ids[16];
    size_t count, used = 0;
    char text[128] = "";
    OK(PORT.list_certificates(CONTEXT, &q, ids, 16, &count, &err));
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%d", i > 0 ? " " : "", (int)ids[i]);
    assert_string_equal(text, want);
    /* One at a time gives the same. */
    size_t alone = 0;
    for (q.after = 0; ; alone++) {
        acme_id id;
        OK(PORT.list_certificates(CONTEXT, &q, &id, 1, &count, &err));
        if (count == 0)
            break;
        assert_int_equal(id, ids[alone]);
        q.after = id;
    }
    assert_true(alone == 0 ? want[0] == '\0' : ids[alone - 1] == q.after);
}

typedef struct acme_certificate_query Query;

static void certificates_are_found_by_each_condition(void **state)
{
    (void)state;
    fill();
    uint8_t key[32];
    memset(key, 3, sizeof key);
    assert_query((Query){.ca = NULL}, "1 2 3 4 5 6 7 8 9 10");
    assert_query((Query){.account = 2}, "2 4 6 8 10");
    assert_query((Query){.account = 7}, "");
    assert_query((Query){.ca = "gm"}, "1 2 3 4 5");
    assert_query((Query){.ca = "nobody"}, "");
    assert_query((Query){.profile = "gm-intranet"}, "1 2 3");
    assert_query((Query){.profile = "gm"}, ""); /* a word, but of a CA */
    assert_query((Query){.spki_hash = key}, "2 7");
    assert_query((Query){.is_revoked_only = true}, "4 7");
    assert_query((Query){.is_unrevoked_only = true}, "1 2 3 5 6 8 9 10");
    assert_query((Query){.is_unrevoked_only = true, .is_revoked_only = true}, "");
    assert_query((Query){.not_after_from_s = RECORDS_NOW_S + 7 * RECORDS_DAY_S - 1 + 8}, "8 9 10");
    assert_query((Query){.issued_from_s = RECORDS_NOW_S + 3, .issued_to_s = RECORDS_NOW_S + 5}, "3 4");
    key[31] = 4; /* the index holds the first bytes only */
    assert_query((Query){.spki_hash = key}, "");
}

static void certificates_are_found_by_name(void **state)
{
    (void)state;
    fill();
    assert_query((Query){.name = "example.com"}, "1 2");
    assert_query((Query){.name = "*.example.com"}, "2");
    assert_query((Query){.name = "www.example.com"}, "1");
    assert_query((Query){.name = "a.b.example.com"}, "3");
    assert_query((Query){.name = ".example.com"}, "1 2 3");
    assert_query((Query){.name = ".b.example.com"}, "3");
    assert_query((Query){.name = "com"}, "");
    assert_query((Query){.name = ".com"}, "1 2 3 4");
    assert_query((Query){.name = "192.0.2.1", .account = 2}, "6 8 10");
    assert_query((Query){.name = ""}, "");
}

static void certificates_are_found_by_serial_number(void **state)
{
    (void)state;
    fill();
    uint8_t raw[4][8] = {{0, 0, 0, 0, 0, 0, 0, 9}, {0, 0, 0, 0, 0, 0, 0, 2}, {0, 0, 0, 0, 0, 0, 0, 99}, {0, 0, 0, 0, 0, 0, 0, 2}};
    struct bytes serials[5];
    for (size_t i = 0; i < 4; i++)
        serials[i] = BYTES_OF(raw[i]);
    serials[4] = bytes_of(raw[1] + 7, 1); /* another number */
    assert_query((Query){.serials = serials, .serial_count = 5}, "2 9");
    assert_query((Query){.serials = serials, .serial_count = 5, .ca = "gm"}, "2");
    assert_query((Query){.serials = serials, .serial_count = 5, .is_revoked_only = true}, "");
    assert_query((Query){.serials = serials, .serial_count = 0}, ""); /* any of none */
}

static void conditions_are_joined(void **state)
{
    (void)state;
    fill();
    uint8_t key[32];
    memset(key, 3, sizeof key);
    assert_query((Query){.spki_hash = key, .is_revoked_only = true}, "7");
    assert_query((Query){.account = 1, .ca = "intl", .is_unrevoked_only = true}, "9");
    assert_query((Query){.account = 2, .profile = "mtc", .ca = "gm"}, "4");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(certificates_are_kept),
        TEST(a_serial_number_is_given_once),
        TEST(certificates_are_found_by_each_condition),
        TEST(certificates_are_found_by_name),
        TEST(certificates_are_found_by_serial_number),
        TEST(conditions_are_joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
