#include "unit/checks.h"

#include "rules/dns_name.h"

static struct error err;

#define LABEL_63 "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-0123456789"
_Static_assert(sizeof LABEL_63 == 65, "one more than a label may have: tests cut it");

/* count labels of 9 characters and a dot, then `last`. */
static struct bytes name_of_length(size_t len)
{
    uint8_t *name = malloc(len);
    assert_non_null(name);
    for (size_t i = 0; i < len; i++)
        name[i] = i % 10 == 9 && i + 1 < len ? '.' : 'a';
    return bytes_of(name, len);
}

static void good(const char *text, bool allow_wildcard)
{
    struct bytes name = heap_copy(bytes_of_text(text));
    assert_ok(dns_name_check(name, allow_wildcard, &err), &err, text);
    heap_free(name);
}

static void bad(struct bytes text, bool allow_wildcard, const char *fragment)
{
    struct bytes name = heap_copy(text);
    assert_says(dns_name_check(name, allow_wildcard, &err), &err, STATUS_REFUSED, fragment);
    heap_free(name);
}

static void bad_text(const char *text, const char *fragment)
{
    bad(bytes_of_text(text), true, fragment);
}

static void good_names(void **state)
{
    (void)state;
    good("example.com", false);
    good("WWW.Example.COM", false);
    good("a.b", false);
    good("1.example", false);
    good("1.2.3.4.example", false);
    good("a-b.a--b.abc--b.c", false);
    good("ab-c.a-bc", false);
    good("xn--fiqs8s.XN--FIQS8S", false);
    good("1a.1b", false);
    good("0x1.0x2", false);
    good("*.example.com", true);
    good("example.com", true);
}

static void lengths(void **state)
{
    (void)state;
    struct bytes longest = name_of_length(DNS_NAME_MAX), longer = name_of_length(DNS_NAME_MAX + 1);
    assert_ok(dns_name_check(longest, false, &err), &err, "253 characters");
    bad(longer, false, "253");
    heap_free(longest);
    heap_free(longer);
    char name[80];
    memcpy(name, LABEL_63, 63);
    memcpy(name + 63, ".com", 5);
    good(name, false);
    memcpy(name, LABEL_63, 64);
    memcpy(name + 64, ".com", 5);
    bad_text(name, "63");
    /* with a wildcard the two characters of it count too */
    struct bytes wild = name_of_length(DNS_NAME_MAX + 1);
    memcpy((uint8_t *)(uintptr_t)wild.data, "*.", 2);
    bad(wild, true, "253");
    heap_free(wild);
}

static void bad_names(void **state)
{
    (void)state;
    assert_says(dns_name_check(bytes_of(NULL, 0), true, &err), &err, STATUS_REFUSED, "it is empty");
    bad_text("", "empty");
    bad_text(".", "empty label");
    bad_text("example.com.", "dot at the end");
    bad_text(".example.com", "empty label");
    bad_text("www..example.com", "empty label");
    bad_text("example", "single label");
    bad_text("localhost", "single label");
    bad_text("www example.com", "character other than");
    bad_text("www_1.example.com", "character other than");
    bad_text("www.ex*mple.com", "character other than");
    bad_text("www.example.com/", "character other than");
    bad_text("m\xc3\xbcnchen.de", "character other than");
    bad_text("[::1].com", "character other than");
    bad(bytes_of("www.example.com\0.evil.org", 25), true, "character other than");
    bad_text("a.b@", "character other than");
    bad_text("a.b[", "character other than");
    bad_text("a.b`", "character other than");
    bad_text("a.b{", "character other than");
    bad_text("a.b:", "character other than");
    bad_text("-www.example.com", "hyphen at the start or end");
    bad_text("www-.example.com", "hyphen at the start or end");
    bad_text("www.-", "hyphen at the start or end");
    bad_text("xn--.example.com", "hyphen at the start or end");
    bad_text("ab--cd.example.com", "third and fourth");
    bad_text("xm--cd.example.com", "third and fourth");
    bad_text("192.0.2.1", "last label of digits");
    bad_text("example.1", "last label of digits");
    bad_text("www.example.007", "last label of digits");
}

static void wildcards(void **state)
{
    (void)state;
    bad(bytes_of_text("*.example.com"), false, "wildcard");
    bad_text("*", "character other than");
    bad_text("*.", "empty label");
    bad_text("*.com", "fewer than two labels");
    bad_text("*.*.example.com", "character other than");
    bad_text("www.*.example.com", "character other than");
    bad_text("w*.example.com", "character other than");
    bad_text("*w.example.com", "character other than");
    bad_text("**.example.com", "character other than");
    bad_text("*.example.1", "last label of digits");
}

/* The reason shows no control characters, and not a whole page. */
static void reason_is_printable(void **state)
{
    (void)state;
    bad_text("a\x1b[2J\n.com", "\"a?[2J?.com\"");
    struct bytes longer = name_of_length(400);
    bad(longer, true, "...\"");
    heap_free(longer);
}

static void lower_case(void **state)
{
    (void)state;
    struct builder b;
    builder_init(&b, 100);
    dns_name_write_lower(bytes_of_text("*.WWW-[@`{Az09."), &b);
    assert_bytes(builder_view(&b), bytes_of_text("*.www-[@`{az09."));
    dns_name_write_lower(bytes_of(NULL, 0), &b);
    assert_true(builder_is_good(&b));
    builder_clear(&b);
    builder_init(&b, 2);
    dns_name_write_lower(bytes_of_text("abc"), &b);
    assert_false(builder_is_good(&b));
    builder_clear(&b);
}

static bool matches(const char *presented, const char *reference)
{
    struct bytes p = heap_copy(bytes_of_text(presented)), r = heap_copy(bytes_of_text(reference));
    bool is_match = dns_name_matches(p, r);
    heap_free(p);
    heap_free(r);
    return is_match;
}

static void matching(void **state)
{
    (void)state;
    static const char *const yes[][2] = {
        {"www.example.com", "www.example.com"},
        {"WWW.example.com", "www.EXAMPLE.com"},
        {"www.example.com", "www.example.com."},
        {"localhost", "localhost"},
        {"my_host.example.com", "my_host.example.com"},
        {"xn--fiqs8s.example", "xn--fiqs8s.example"},
        {"*.example.com", "www.example.com"},
        {"*.Example.com", "WWW.example.COM."},
        {"*.example.com", "xn--fiqs8s.example.com"},
        {"*.a.example.com", "b.a.example.com"},
    };
    for (size_t i = 0; i < LENGTH(yes); i++)
        if (!matches(yes[i][0], yes[i][1]))
            fail_msg("%s does not match %s", yes[i][0], yes[i][1]);
    static const char *const no[][2] = {
        {"www.example.com", "example.com"},
        {"example.com", "www.example.com"},
        {"www.example.com", "www.example.org"},
        {"www.example.com", ""},
        {"", ""},
        {".", "."},
        {"www.example.com", "www.example.com.."},
        {"www.example.com.", "www.example.com"},
        {"www.example.com.", "www.example.com."},
        {"*.example.com", "example.com"},
        {"*.example.com", ".example.com"},
        {"*.example.com", "a.b.example.com"},
        {"*.example.com", "*.example.com"},
        {"*.example.com", "www.example.com.."},
        {"*.com", "example.com"},
        {"*.", "example."},
        {"*", "localhost"},
        {"*", "*"},
        {"*.localdomain", "host.localdomain"},
        {"w*.example.com", "www.example.com"},
        {"*w.example.com", "www.example.com"},
        {"www.*.com", "www.example.com"},
        {"xn--*.example.com", "xn--fiqs8s.example.com"},
        {"*.*.com", "www.example.com"},
        {"*.-example.com", "www.-example.com"},
        {"192.0.2.1", "192.0.2.1"},
        {"*.0.2.1", "192.0.2.1"},
        {"www example.com", "www example.com"},
        {"::1", "::1"},
        {"a..com", "a..com"},
        {"\xc3\xbc.example.com", "\xc3\xbc.example.com"},
    };
    for (size_t i = 0; i < LENGTH(no); i++)
        if (matches(no[i][0], no[i][1]))
            fail_msg("%s matches %s", no[i][0], no[i][1]);
    assert_false(dns_name_matches(bytes_of("www.example.com\0.evil.org", 25), bytes_of_text("www.example.com")));
    assert_false(dns_name_matches(bytes_of("www.example.com\0", 16), bytes_of("www.example.com\0", 16)));
    assert_false(dns_name_matches(bytes_of(NULL, 0), bytes_of(NULL, 0)));
    struct bytes longest = name_of_length(DNS_NAME_MAX), longer = name_of_length(DNS_NAME_MAX + 1);
    assert_true(dns_name_matches(longest, longest));
    assert_false(dns_name_matches(longer, longer));
    heap_free(longest);
    heap_free(longer);
    struct bytes label = bytes_of(LABEL_63, 63), too_long = bytes_of(LABEL_63, 64);
    assert_true(dns_name_matches(label, label));
    assert_false(dns_name_matches(too_long, too_long));
}

static void addresses(void **state)
{
    (void)state;
    static const char *const good_texts[][2] = {
        {"192.0.2.1", "c0000201"},
        {"0.0.0.0", "00000000"},
        {"255.255.255.255", "ffffffff"},
        {"::", "00000000000000000000000000000000"},
        {"::1", "00000000000000000000000000000001"},
        {"2001:DB8::a", "20010db800000000000000000000000a"},
        {"1:2:3:4:5:6:7:8", "00010002000300040005000600070008"},
        {"1:2:3:4:5:6:7::", "00010002000300040005000600070000"},
        {"::ffff:192.0.2.1", "00000000000000000000ffffc0000201"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffffffffffffffffffffffffffffffff"},
    };
    uint8_t out[16];
    size_t len;
    for (size_t i = 0; i < LENGTH(good_texts); i++) {
        struct bytes text = heap_copy(bytes_of_text(good_texts[i][0]));
        if (!ip_address_parse(text, out, &len))
            fail_msg("%s", good_texts[i][0]);
        assert_hex(bytes_of(out, len), good_texts[i][1]);
        heap_free(text);
    }
    static const char *const bad_texts[] = {
        "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.04", "0x1.2.3.4", "1.2.3.4 ", " 1.2.3.4", "1.2.3.-4",
        "1.2.3.4.", ".1.2.3.4", "1..2.3", "1.2.3.4/24", "1.2.3.a", "1.2.3.0000", "example.com",
        ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "::g", "::1%eth0", "[::1]", "::1/64",
        "1:2:3:4:5:6:7:8::", "::1.2.3", "::1.2.3.256", "::01.2.3.4", ":1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:", "::1 ",
        "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000",
    };
    for (size_t i = 0; i < LENGTH(bad_texts); i++) {
        struct bytes text = heap_copy(bytes_of_text(bad_texts[i]));
        if (ip_address_parse(text, out, &len))
            fail_msg("%s", bad_texts[i]);
        heap_free(text);
    }
    assert_false(ip_address_parse(bytes_of("1.2.3.4\0", 8), out, &len));
    assert_false(ip_address_parse(bytes_of("1.2.3.4\0x", 9), out, &len));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_names), cmocka_unit_test(lengths),   cmocka_unit_test(bad_names),
        cmocka_unit_test(wildcards),  cmocka_unit_test(lower_case), cmocka_unit_test(reason_is_printable),
        cmocka_unit_test(matching),   cmocka_unit_test(addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
