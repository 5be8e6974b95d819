#include "unit/checks.h"

#include <stdio.h>

#include "codec/identity/website_identity_list.h"

static struct error err;

/* The vector of docs/website-identity.md. */
static const char record_hex[] =
    "736974652d6964656e746974792f310a" /* label */
    "0101010101010101010101010101010101010101010101010101010101010101"
    "0000000000000007"
    "0f 7777772e6578616d706c652e636f6d" /* www.example.com */
    "01"
    "0c e7a4bae4be8be585ace58fb8" /* four Han characters */
    "0b 4578616d706c6520436f2e" /* Example Co. */
    "434e 03 395858"
    "04"
    "000000006a000000" "000000006a000064";

static struct website_identity example(void)
{
    struct website_identity r = {.serial = 7, .domain = bytes_of_text("www.example.com"), .scope = WEBSITE_IDENTITY_SUBDOMAINS,
                                 .name_zh = bytes_of_text("\xe7\xa4\xba\xe4\xbe\x8b\xe5\x85\xac\xe5\x8f\xb8"),
                                 .name_en = bytes_of_text("Example Co."), .country = {'C', 'N'},
                                 .registration = bytes_of_text("9XX"), .level = 4, .issued_s = 0x6a000000,
                                 .until_s = 0x6a000064};
    memset(r.signer, 1, sizeof r.signer);
    return r;
}

static void record_as_documented(void **state)
{
    (void)state;
    struct bytes want = heap_hex(record_hex);
    struct website_identity r = example(), again;
    struct builder b;
    builder_init(&b, 2048);
    OK(website_identity_write(&r, &b, &err));
    assert_int_equal(b.len, want.len);
    assert_memory_equal(b.data, want.data, want.len);
    OK(website_identity_parse(want, &again, &err));
    assert_int_equal(again.serial, 7);
    assert_int_equal(again.scope, WEBSITE_IDENTITY_SUBDOMAINS);
    assert_int_equal(again.level, 4);
    assert_true(bytes_equal(again.domain, r.domain));
    assert_true(bytes_equal(again.name_zh, r.name_zh));
    assert_int_equal(again.until_s, r.until_s);
    builder_clear(&b);
    heap_free(want);
}

/* Each shorter one, one byte more, and each field spoiled. */
static void record_refused(void **state)
{
    (void)state;
    struct bytes good = heap_hex(record_hex);
    struct website_identity r;
    for (size_t len = 0; len < good.len; len++) {
        struct bytes cut = heap_copy(bytes_of(good.data, len));
        if (website_identity_parse(cut, &r, &err) == STATUS_OK)
            fail_msg("cut at %zu", len);
        heap_free(cut);
    }
    uint8_t more[256];
    memcpy(more, good.data, good.len);
    more[good.len] = 0;
    assert_int_equal(website_identity_parse(bytes_of(more, good.len + 1), &r, &err), STATUS_MALFORMED);
    more[0] ^= 1;
    assert_int_equal(website_identity_parse(bytes_of(more, good.len), &r, &err), STATUS_MALFORMED);
    more[0] ^= 1;
    more[72] = 2; /* scope */
    assert_int_equal(website_identity_parse(bytes_of(more, good.len), &r, &err), STATUS_MALFORMED);
    heap_free(good);
}

static void expect_refused(const struct website_identity *r, bool is_good)
{
    struct builder b;
    builder_init(&b, 4096);
    assert_int_equal(website_identity_write(r, &b, &err), is_good ? STATUS_OK : STATUS_USAGE);
    builder_clear(&b);
}

static void limits_of_fields(void **state)
{
    (void)state;
    char longest[257];
    struct website_identity r = example();
    memset(longest, 'a', sizeof longest);
    r.serial = 0;
    expect_refused(&r, false);
    r = example();
    for (unsigned level = 0; level < 7; level++) {
        r.level = level;
        expect_refused(&r, level >= 2 && level <= 4);
    }
    r = example();
    r.until_s = r.issued_s;
    expect_refused(&r, true);
    r.until_s--;
    expect_refused(&r, false);
    r.until_s = r.issued_s + WEBSITE_IDENTITY_LIFETIME_MAX_S;
    expect_refused(&r, true);
    r.until_s++;
    expect_refused(&r, false);
    r = example();
    r.name_en = bytes_of(longest, 255);
    expect_refused(&r, true);
    r.name_en.len++;
    expect_refused(&r, false);
    r = example();
    r.registration = bytes_of(longest, 64);
    expect_refused(&r, true);
    r.registration.len++;
    expect_refused(&r, false);
    r.registration.len = 0;
    expect_refused(&r, false);
    r = example();
    r.name_en.len = 0;
    expect_refused(&r, true);
    r.name_zh.len = 0;
    expect_refused(&r, false);
    r = example();
    r.country[1] = 'n';
    expect_refused(&r, false);
}

static void names(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_zh, is_en;
    } rows[] = {
        {"", false, false},
        {"Example Ltd.", true, true},
        {"Soci\xc3\xa9t\xc3\xa9 (A/S) & Co", false, true},
        {"\xe5\x8c\x97\xe4\xba\xac\xef\xbc\x88\xe7\xa4\xba\xe4\xbe\x8b\xef\xbc\x89", true, false}, /* full-width parentheses */
        {"\xe4\xb8\x80", true, false},       /* U+4E00, the first of the block */
        {"\xe9\xbf\xbf", true, false},       /* U+9FFF, the last */
        {"\xea\x80\x80", false, false},      /* U+A000 */
        {"\xe2\xbc\x80", false, false},      /* U+2F00, a radical that looks like U+4E00 */
        {"\xef\xa4\x80", false, false},      /* U+F900, a compatibility form */
        {"\xef\xbc\xa1", false, false},      /* full-width A */
        {"\xd0\x90pple", false, false},      /* Cyrillic A */
        {"Ex\xce\xb1mple", false, false},    /* Greek alpha */
        {"a\xcc\x81", false, false},         /* a combining mark */
        {"\xc9\x8f", false, true},           /* U+024F */
        {"\xc9\x90", false, false},          /* U+0250 */
        {"\xc3\x97", false, false},          /* the times sign */
        {"\xc7\x80", false, false},          /* U+01C0, a click that looks like a bar */
        {"\xc7\x8c", false, false},          /* U+01CC, nj in one */
        {"ab\xe2\x80\xae" "cd", false, false}, /* right-to-left override */
        {"ab\xe2\x81\xa6" "cd", false, false}, /* isolate */
        {"ab\xe2\x80\x8b" "cd", false, false}, /* zero width space */
        {"ab\xc2\xa0" "cd", false, false},   /* no-break space */
        {"ab\xc2\xad" "cd", false, false},   /* soft hyphen */
        {"ab\xe3\x80\x80" "cd", false, false}, /* ideographic space */
        {"ab\xef\xbb\xbf", false, false},    /* byte order mark */
        {"\xf3\xa0\x81\x81", false, false},  /* a tag character */
        {"ab\ncd", false, false},
        {"ab\x7f", false, false},
        {"a  b", false, false},
        {" ab", false, false},
        {"ab ", false, false},
        {"a b", true, true},
        {"\xc3", false, false},
        {"\xe4\xb8", false, false},
        {"\xc1\x81", false, false},          /* overlong A */
        {"a:b", false, false},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct bytes text = heap_copy(bytes_of_text(rows[i].text));
        if (website_identity_is_name_zh(text) != rows[i].is_zh || website_identity_is_name_en(text) != rows[i].is_en)
            fail_msg("row %zu: %s", i, rows[i].text);
        heap_free(text);
    }
    assert_false(website_identity_is_name_en(bytes_of("a\0b", 3)));
}

static void domains(void **state)
{
    (void)state;
    static const char *const good[] = {"a.b", "example.com", "xn--fiqs8s.cn", "1.example", "a-b.c-d.example", "x.1a"};
    static const char *const bad[] = {"", "com", ".com", "com.", "a..b", "Example.com", "a_b.example", "-a.example", "a-.example",
                                      "192.0.2.1", "*.example.com", "a.example.", "\xe4\xb8\xad.cn", "a b.example", "a.b:443"};
    for (size_t i = 0; i < LENGTH(good); i++)
        if (!website_identity_is_domain(bytes_of_text(good[i])))
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < LENGTH(bad); i++)
        if (website_identity_is_domain(bytes_of_text(bad[i])))
            fail_msg("%s", bad[i]);
    char label[80], name[300];
    memset(label, 'a', sizeof label);
    for (size_t len = 63; len <= 64; len++) {
        (void)snprintf(name, sizeof name, "%.*s.b", (int)len, label);
        assert_int_equal(website_identity_is_domain(bytes_of_text(name)), len == 63);
    }
    for (size_t len = 61; len <= 62; len++) { /* 3 * 64 + len: 253 and 254 */
        (void)snprintf(name, sizeof name, "%.63s.%.63s.%.63s.%.*s", label, label, label, (int)len, label);
        assert_int_equal(website_identity_is_domain(bytes_of_text(name)), len == 61);
    }
}

static void covers(void **state)
{
    (void)state;
    struct website_identity r = example();
    assert_true(website_identity_covers(&r, bytes_of_text("www.example.com")));
    assert_true(website_identity_covers(&r, bytes_of_text("a.b.www.example.com")));
    assert_false(website_identity_covers(&r, bytes_of_text("example.com")));
    assert_false(website_identity_covers(&r, bytes_of_text("awww.example.com")));
    assert_false(website_identity_covers(&r, bytes_of_text(".www.example.com.evil")));
    r.scope = WEBSITE_IDENTITY_EXACT;
    assert_true(website_identity_covers(&r, bytes_of_text("www.example.com")));
    assert_false(website_identity_covers(&r, bytes_of_text("a.www.example.com")));
}

static void revocation(void **state)
{
    (void)state;
    struct website_identity_revocation r = {.serial = 7, .time_s = 5, .reason = WEBSITE_IDENTITY_DOMAIN_GONE}, again;
    struct builder b;
    builder_init(&b, 256);
    OK(website_identity_write_revocation(&r, &b, &err));
    assert_int_equal(b.len, 16 + 32 + 8 + 8 + 1);
    OK(website_identity_parse_revocation(builder_view(&b), &again, &err));
    assert_int_equal(again.reason, WEBSITE_IDENTITY_DOMAIN_GONE);
    for (size_t len = 0; len < b.len; len++)
        assert_int_equal(website_identity_parse_revocation(bytes_of(b.data, len), &again, &err), STATUS_MALFORMED);
    b.data[b.len - 1] = 2; /* no reason has this number */
    assert_int_equal(website_identity_parse_revocation(builder_view(&b), &again, &err), STATUS_MALFORMED);
    r.serial = 0;
    assert_int_equal(website_identity_write_revocation(&r, &b, &err), STATUS_USAGE);
    builder_clear(&b);
    enum website_identity_reason reason;
    for (unsigned i = 0; i < 16; i++)
        if (website_identity_reason_name(i) != NULL) {
            assert_true(website_identity_reason_by_name(bytes_of_text(website_identity_reason_name(i)), &reason));
            assert_int_equal(reason, i);
        }
    assert_false(website_identity_reason_by_name(bytes_of_text("no"), &reason));
}

static void entry_of(const struct website_identity *r, struct builder *out)
{
    struct builder statement;
    builder_init(&statement, 2048);
    OK(website_identity_write(r, &statement, &err));
    OK(website_identity_write_entry(builder_view(&statement), bytes_of_text("signature"), out, &err));
    builder_clear(&statement);
}

static void sections_and_lists(void **state)
{
    (void)state;
    struct website_identity r = example();
    struct builder entry, b;
    uint8_t path[64] = {5};
    builder_init(&entry, 4096);
    builder_init(&b, 65536);
    entry_of(&r, &entry);
    struct website_identity_logged l = {.index = 3, .path = BYTES_OF(path)};
    OK(website_identity_parse_entry(builder_view(&entry), &l.entry, &err));
    struct website_identity_section section, again;
    website_identity_section_init(&section);
    section.log_size = 4;
    section.digits = 1;
    OK(array_insert(&section.records, 0, &l, "records", &err));
    OK(website_identity_section_write(&section, &b, &err));
    website_identity_section_init(&again);
    OK(website_identity_section_parse(builder_view(&b), &again, &err));
    assert_int_equal(again.records.count, 1);
    website_identity_section_clear(&again);
    for (size_t len = 0; len < b.len; len++) {
        website_identity_section_init(&again);
        /* The end of the header alone is an end too. */
        assert_int_equal(website_identity_section_parse(bytes_of(b.data, len), &again, &err) == STATUS_OK, len == 8 + 32 + 2 + 32);
        website_identity_section_clear(&again);
    }
    builder_reset(&b);
    section.log_size = 3; /* index 3 is beyond it */
    assert_int_equal(website_identity_section_write(&section, &b, &err), STATUS_USAGE);
    section.log_size = 4;
    section.coverage = WEBSITE_IDENTITY_ASKED; /* has no records of its own */
    assert_int_equal(website_identity_section_write(&section, &b, &err), STATUS_USAGE);
    OK(array_insert(&section.records, 0, &l, "records", &err)); /* twice */
    section.coverage = WEBSITE_IDENTITY_ALL;
    builder_reset(&b);
    assert_int_equal(website_identity_section_write(&section, &b, &err), STATUS_USAGE);
    website_identity_section_clear(&section);

    struct website_identity_list list, list_again;
    website_identity_list_init(&list);
    list.log_size = 4;
    list.digits = 2;
    list.prefix = 255;
    OK(array_insert(&list.records, 0, &l, "records", &err));
    builder_reset(&b);
    OK(website_identity_list_write(&list, &b, &err));
    website_identity_list_init(&list_again);
    OK(website_identity_list_parse(builder_view(&b), &list_again, &err));
    assert_int_equal(list_again.prefix, 255);
    website_identity_list_clear(&list_again);
    b.data[16 + 8 + 1] = 1; /* prefix 0x1ff has three digits */
    website_identity_list_init(&list_again);
    assert_int_equal(website_identity_list_parse(builder_view(&b), &list_again, &err), STATUS_MALFORMED);
    website_identity_list_clear(&list_again);
    list.prefix = 256;
    assert_int_equal(website_identity_list_write(&list, &b, &err), STATUS_USAGE);
    website_identity_list_clear(&list);
    builder_clear(&entry);
    builder_clear(&b);
}

static void prefixes_and_paths(void **state)
{
    (void)state;
    /* SHA-256("example.com") begins with a379. */
    static const uint32_t want[] = {0, 0xa, 0xa3, 0xa37, 0xa379};
    static const char *const paths[] = {"all", "a", "a3", "a37", "a379"};
    uint8_t root[HASH_SIZE] = {0xab, 0, 0, 0, 0, 0, 0, 0x0f, 0xff};
    char path[WEBSITE_IDENTITY_PATH_MAX], full[64];
    uint32_t prefix;
    for (unsigned digits = 0; digits <= WEBSITE_IDENTITY_DIGITS_MAX; digits++) {
        assert_true(website_identity_prefix(bytes_of_text("example.com"), digits, &prefix));
        assert_int_equal(prefix, want[digits]);
        website_identity_list_path(root, digits, prefix, path);
        (void)snprintf(full, sizeof full, "identity/ab0000000000000f/%s", paths[digits]);
        assert_string_equal(path, full);
    }
    website_identity_list_path(root, 4, 1, path);
    assert_string_equal(path, "identity/ab0000000000000f/0001");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(record_as_documented), cmocka_unit_test(record_refused), cmocka_unit_test(limits_of_fields),
        cmocka_unit_test(names),                cmocka_unit_test(domains),        cmocka_unit_test(covers),
        cmocka_unit_test(revocation),           cmocka_unit_test(sections_and_lists), cmocka_unit_test(prefixes_and_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
