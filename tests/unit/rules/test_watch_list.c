/* Watch lists: what is read, what is refused with its line, and what certificates hit. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/text.h"
#include "rules/watch_list.h"

/* The one name that this library of A-labels knows. */
static enum status to_ascii(void *context, struct bytes name, struct builder *out, struct error *err)
{
    (void)context;
    if (!bytes_is_text(name, "b\xc3\xbc"
                             "cher.example"))
        return error_set(err, STATUS_USAGE, "no such name");
    builder_text(out, "xn--bcher-kva.example");
    return STATUS_OK;
}

static const struct watch_idn idn = {.to_ascii = to_ascii};

static struct watch_list *read_list(const char *text)
{
    struct watch_list *list;
    struct error err = {.text = ""};
    enum status s = watch_list_read(bytes_of_text(text), &idn, &list, &err);
    if (s != STATUS_OK)
        fail_msg("%s", err.text);
    return list;
}

/* The texts of what a name hits, with commas between. */
static const char *hits_of(const struct watch_list *list, struct bytes name)
{
    static char text[4096];
    struct watch_hits hits = {.count = 0};
    size_t len = 0;
    watch_list_match_name(list, name, &hits);
    text[0] = '\0';
    for (size_t i = 0; i < hits.count; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", i > 0 ? "," : "", hits.items[i]->text);
    return text;
}

#define assert_hits(list, name, expected) assert_string_equal(hits_of(list, bytes_of_text(name)), expected)

static void test_names(void **state)
{
    (void)state;
    struct watch_list *list = read_list("# mine\n"
                                        "domain www.example.com # the site\n"
                                        "domain .Example.ORG.\r\n"
                                        "\n"
                                        "domain example.net\n"
                                        "domain example.net\n");
    assert_int_equal(watch_list_count(list, WATCH_DOMAIN), 2);
    assert_int_equal(watch_list_count(list, WATCH_SUBTREE), 1);
    assert_hits(list, "www.example.com", "domain www.example.com");
    assert_hits(list, "WWW.Example.COM.", "domain www.example.com");
    assert_hits(list, "a.www.example.com", "");
    assert_hits(list, "example.com", "");
    assert_hits(list, "example.org", "domain .example.org");
    assert_hits(list, "a.b.c.d.e.f.example.org", "domain .example.org");
    assert_hits(list, "notexample.org", "");
    assert_hits(list, "example.org.attacker.test", "");
    assert_hits(list, "org", "");
    assert_hits(list, "", "");
    assert_hits(list, ".", "");
    assert_hits(list, "example.net", "domain example.net");
    assert_hits(list, "www.example.net", "");
    watch_list_free(list);
}

static void test_wildcards(void **state)
{
    (void)state;
    struct watch_list *list = read_list("domain www.example.com\ndomain .example.org\n");
    assert_hits(list, "*.example.com", "domain www.example.com");
    assert_hits(list, "w*.example.com", "domain www.example.com");
    assert_hits(list, "*.www.example.com", "");
    assert_hits(list, "*.com", "");
    assert_hits(list, "*.example.org", "domain .example.org");
    assert_hits(list, "*.a.example.org", "domain .example.org");
    assert_hits(list, "*.org", "domain .example.org"); /* it covers example.org itself */
    assert_hits(list, "*", "");
    watch_list_free(list);
}

static void test_hidden_names(void **state)
{
    (void)state;
    static const char nul[] = "www.example.com\0.attacker.test";
    static const char joined[] = "www.exam\0ple.com";
    struct watch_list *list = read_list("domain www.example.com\ndomain .example.org\nip 192.0.2.7\n");
    assert_string_equal(hits_of(list, bytes_of(nul, sizeof nul - 1)), "domain www.example.com");
    assert_string_equal(hits_of(list, bytes_of(joined, sizeof joined - 1)), "domain www.example.com");
    assert_hits(list, "https://www.example.com/path", "domain www.example.com");
    assert_hits(list, " www.example.com", "domain www.example.com");
    assert_hits(list, "www..example.com..", "domain www.example.com");
    assert_hits(list, "?.example.org", "domain .example.org");
    assert_hits(list, "user@example.org", "domain .example.org");
    assert_hits(list, "192.0.2.7", "ip 192.0.2.7");
    assert_hits(list, "192.0.2.8", "");
    watch_list_free(list);
}

static void test_no_lookalikes(void **state)
{
    (void)state;
    struct watch_list *list = read_list("domain .b\xc3\xbc"
                                        "cher.example\ndomain example.com\n");
    assert_hits(list, "www.xn--bcher-kva.example", "domain .xn--bcher-kva.example");
    assert_hits(list, "www.b\xc3\xbc"
                      "cher.example",
                "domain .xn--bcher-kva.example"); /* a CA that does not know the rules */
    assert_hits(list, "bucher.example", "");
    assert_hits(list, "ex\xc3\xa4mple.com", "");
    watch_list_free(list);
}

static void test_long_names(void **state)
{
    (void)state;
    struct watch_list *list = read_list("domain .example.com\ndomain www.example.com\n");
    size_t len = 200000;
    char *name = malloc(len);
    assert_non_null(name);
    for (size_t i = 0; i < len; i++)
        name[i] = i % 2 == 0 ? 'a' : '.';
    memcpy(name + len - 12, ".example.com", 12);
    assert_string_equal(hits_of(list, bytes_of(name, len)), "domain .example.com");
    memset(name, '.', len);
    assert_string_equal(hits_of(list, bytes_of(name, len)), "");
    memset(name, 0, len);
    memcpy(name + len - 15, "www.example.com", 15);
    assert_string_equal(hits_of(list, bytes_of(name, len)), "domain .example.com,domain www.example.com");
    free(name);
    watch_list_free(list);
}

static const char *address_hits(const struct watch_list *list, const uint8_t *address, size_t len)
{
    static char text[256];
    struct watch_hits hits = {.count = 0};
    watch_list_match_address(list, bytes_of(address, len), &hits);
    text[0] = '\0';
    for (size_t i = 0, at = 0; i < hits.count; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%s", i > 0 ? "," : "", hits.items[i]->text);
    return text;
}

static void test_addresses(void **state)
{
    (void)state;
    struct watch_list *list = read_list("ip 192.0.2.0/24\nip 192.0.2.7\nip 2001:db8::/33\nip 198.51.100.0/23\n");
    const uint8_t a[] = {192, 0, 2, 7}, b[] = {192, 0, 3, 7}, c[] = {198, 51, 101, 1}, odd[8] = {192, 0, 2, 7};
    uint8_t six[16] = {0x20, 0x01, 0x0d, 0xb8, 0x7f}, mapped[16] = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 9};
    assert_string_equal(address_hits(list, a, 4), "ip 192.0.2.0/24,ip 192.0.2.7");
    assert_string_equal(address_hits(list, b, 4), "");
    assert_string_equal(address_hits(list, c, 4), "ip 198.51.100.0/23");
    assert_string_equal(address_hits(list, odd, 8), "");
    assert_string_equal(address_hits(list, six, 16), "ip 2001:db8::/33");
    six[4] = 0x80;
    assert_string_equal(address_hits(list, six, 16), "");
    assert_string_equal(address_hits(list, mapped, 16), "ip 192.0.2.0/24");
    assert_hits(list, "2001:db8::1", "ip 2001:db8::/33");
    watch_list_free(list);
    list = read_list("ip 0.0.0.0/0\n");
    assert_string_equal(address_hits(list, a, 4), "ip 0.0.0.0/0");
    assert_string_equal(address_hits(list, six, 16), "");
    watch_list_free(list);
}

static void test_organisations_and_hashes(void **state)
{
    (void)state;
    struct watch_list *list =
        read_list("org \"Example  \\\"Trading\\\" Ltd\" # us\n"
                  "spki 00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff\n"
                  "authorized ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n");
    struct watch_hits hits = {.count = 0};
    uint8_t hash[HASH_SIZE];
    watch_list_match_organisation(list, bytes_of_text(" EXAMPLE \"trading\"  ltd "), &hits);
    assert_int_equal(hits.count, 1);
    assert_string_equal(hits.items[0]->text, "org \"Example  \"Trading\" Ltd\"");
    watch_list_match_organisation(list, bytes_of_text("Example Trading Ltd"), &hits);
    watch_list_match_organisation(list, bytes_of_text(""), &hits);
    assert_int_equal(hits.count, 1);
    assert_true(text_parse_hex(bytes_of_text("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"), hash,
                               sizeof hash));
    watch_list_match_spki(list, hash, &hits);
    assert_int_equal(hits.count, 2);
    assert_int_equal(hits.items[1]->line, 2);
    assert_false(watch_list_is_authorized(list, hash));
    hash[0] = 0xff;
    assert_true(watch_list_is_authorized(list, hash));
    watch_list_match_spki(list, hash, &hits);
    assert_int_equal(hits.count, 2);
    watch_list_free(list);
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *text, *reason;
    } cases[] = {
        {"domain\n", "line 1: a word"},
        {"domain # nothing\n", "line 1: a word"},
        {"\n\ndomains example.com\n", "line 3: \"domains\""},
        {"domain *.example.com\n", "line 1: a wildcard"},
        {"domain a..example.com\n", "line 1: an empty label"},
        {"domain ..example.com\n", "line 1: an empty label"},
        {"domain .\n", "line 1: no name"},
        {"domain exa/mple.com\n", "line 1: \\x2f"},
        {"domain example.com example.org\n", "line 1: something follows"},
        {"domain x\xc3\xa9.example\n", "line 1: no such name"},
        {"ip 192.0.2.1/24\n", "line 1: the address has bits"},
        {"ip 192.0.2.0/33\n", "line 1: no address"},
        {"ip 192.0.2\n", "line 1: no address"},
        {"ip 2001:db8::/129\n", "line 1: no address"},
        {"ip /8\n", "line 1: no address"},
        {"org Example\n", "line 1: an organisation"},
        {"org \"\"\n", "line 1: an organisation"},
        {"org \"Example\n", "line 1: an organisation"},
        {"org \"Example\\\n", "line 1: an organisation"},
        {"org \"Example\" x\n", "line 1: something follows"},
        {"spki 00:11\n", "line 1: 64 hex"},
        {"authorized 0g112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n", "line 1: 64 hex"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct watch_list *list = (void *)1;
        struct error err = {.text = ""};
        assert_int_equal(watch_list_read(bytes_of_text(cases[i].text), &idn, &list, &err), STATUS_USAGE);
        assert_null(list);
        if (strncmp(err.text, cases[i].reason, strlen(cases[i].reason)) != 0)
            fail_msg("%s: %s", cases[i].text, err.text);
    }
    struct watch_list *list;
    struct error err;
    static const char nul[] = "domain example.com\0\n";
    assert_int_equal(watch_list_read(bytes_of(nul, sizeof nul - 1), &idn, &list, &err), STATUS_USAGE);
    assert_int_equal(watch_list_read(bytes_of_text("domain b\xc3\xbc"
                                                   "cher.example"),
                                     NULL, &list, &err),
                     STATUS_USAGE);
    assert_int_equal(watch_list_read((struct bytes){NULL, 0}, NULL, &list, &err), STATUS_OK);
    watch_list_free(list);
}

/* Ten thousand names, and a wildcard for all of them: hits are cut, and asking does not get slower with the list. */
static void test_many(void **state)
{
    (void)state;
    struct builder text;
    builder_init(&text, WATCH_LIST_SIZE_MAX);
    for (int i = 0; i < 10000; i++)
        builder_printf(&text, "domain host-%d.many.example\ndomain .d%d.example\n", i, i);
    struct watch_list *list;
    struct error err;
    assert_int_equal(watch_list_read(builder_view(&text), NULL, &list, &err), STATUS_OK);
    assert_int_equal(watch_list_count(list, WATCH_DOMAIN), 10000);
    assert_int_equal(watch_list_count(list, WATCH_SUBTREE), 10000);
    struct watch_hits hits = {.count = 0};
    watch_list_match_name(list, bytes_of_text("*.many.example"), &hits);
    assert_int_equal(hits.count, WATCH_HITS_MAX);
    assert_true(hits.is_cut);
    for (int i = 0; i < 10000; i++) {
        char name[64], expected[64];
        (void)snprintf(name, sizeof name, "a.b.d%d.example", i);
        (void)snprintf(expected, sizeof expected, "domain .d%d.example", i);
        assert_hits(list, name, expected);
    }
    size_t found = 0;
    for (int i = 0; i < 1000000; i++) {
        struct watch_hits none = {.count = 0};
        watch_list_match_name(list, bytes_of_text("some.name.that.nobody-watches.example"), &none);
        found += none.count;
    }
    assert_int_equal(found, 0);
    builder_clear(&text);
    watch_list_free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_wildcards),
        cmocka_unit_test(test_hidden_names),
        cmocka_unit_test(test_no_lookalikes),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_organisations_and_hashes),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
