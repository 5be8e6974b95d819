#include "unit/checks.h"

#include <stdlib.h>

static void decimal(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t max;
        bool is_good;
        uint64_t value;
    } cases[] = {
        {"0", UINT64_MAX, true, 0},
        {"7", 7, true, 7},
        {"8", 7, false, 0},
        {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, false, 0},
        {"18446744073709551620", UINT64_MAX, false, 0},
        {"99999999999999999999", UINT64_MAX, false, 0},
        {"184467440737095516150", UINT64_MAX, false, 0},
        {"", UINT64_MAX, false, 0},
        {"00", UINT64_MAX, false, 0},
        {"01", UINT64_MAX, false, 0},
        {"+1", UINT64_MAX, false, 0},
        {"-1", UINT64_MAX, false, 0},
        {" 1", UINT64_MAX, false, 0},
        {"1 ", UINT64_MAX, false, 0},
        {"1/", UINT64_MAX, false, 0},
        {"1:", UINT64_MAX, false, 0},
        {"0x1", UINT64_MAX, false, 0},
        {"1_0", UINT64_MAX, false, 0},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        uint64_t value = 99;
        struct bytes text = heap_copy(bytes_of_text(cases[i].text));
        if (text_parse_u64(text, cases[i].max, &value) != cases[i].is_good)
            fail_msg("\"%s\"", cases[i].text);
        if (cases[i].is_good)
            assert_int_equal(value, cases[i].value);
        heap_free(text);
    }
}

static void hex(void **state)
{
    (void)state;
    uint8_t out[4] = {0};
    assert_true(text_parse_hex(bytes_of_text("00fFaB9c"), out, 4));
    assert_memory_equal(out, "\x00\xff\xab\x9c", 4);
    assert_true(text_parse_hex(bytes_of_text(""), out, 0));
    static const char *const bad[] = {"00ff", "00ffab9", "00ffab9c0", "00ffab9g", "0 ffab9c", "00ffab9/",
                                      "00ffab9:", "00ffab9@", "00ffab9`", "0x0ffab9"};
    for (size_t i = 0; i < LENGTH(bad); i++)
        assert_false(text_parse_hex(bytes_of_text(bad[i]), out, 4));
    assert_false(text_parse_hex(bytes_of_text("000"), out, 1));
    char text[9];
    text_hex(bytes_of("\x00\xff\xab\x9c", 4), text);
    assert_string_equal(text, "00ffab9c");
    struct builder b;
    builder_init(&b, 8);
    text_write_hex(&b, bytes_of("\x0a\xf0", 2));
    assert_bytes(builder_view(&b), bytes_of_text("0af0"));
    builder_clear(&b);
}

static void base64(void **state)
{
    (void)state;
    /* [RFC4648 10] */
    static const char *const pairs[][2] = {
        {"", ""},           {"f", "Zg=="},         {"fo", "Zm8="},         {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xbf", "+/+/"},
    };
    for (size_t i = 0; i < LENGTH(pairs); i++) {
        struct builder b;
        builder_init(&b, 20);
        text_write_base64(&b, bytes_of_text(pairs[i][0]));
        assert_bytes(builder_view(&b), bytes_of_text(pairs[i][1]));
        builder_reset(&b);
        assert_true(text_parse_base64(bytes_of_text(pairs[i][1]), &b));
        assert_bytes(builder_view(&b), bytes_of_text(pairs[i][0]));
        builder_clear(&b);
    }
    static const char *const bad[] = {
        "Zg",       "Zg=",      "Zg===",    "Z===",     "====",    "Zh==",     "Zm9=",
        "Zg==Zg==", "Zm8=Zm8=", "Zm9v\n",   "Zm 9",     "Zm9v ",   "-_-_",     "Zm9v=",
        "=Zm9",     "Zm=v",     "Zm9v=Zm9", "Zm9\xc3",
    };
    for (size_t i = 0; i < LENGTH(bad); i++) {
        struct builder b;
        builder_init(&b, 20);
        struct bytes text = heap_copy(bytes_of_text(bad[i]));
        if (text_parse_base64(text, &b))
            fail_msg("\"%s\"", bad[i]);
        heap_free(text);
        builder_clear(&b);
    }
    struct builder b;
    builder_init(&b, 2);
    assert_false(text_parse_base64(bytes_of_text("Zm9v"), &b));
    builder_clear(&b);
}

static void base64url(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"", ""},         {"f", "Zg"},         {"fo", "Zm8"},         {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xbf", "-_-_"},
    };
    for (size_t i = 0; i < LENGTH(pairs); i++) {
        struct builder b;
        builder_init(&b, strlen(pairs[i][1])); /* not a byte more is written */
        text_write_base64url(&b, bytes_of_text(pairs[i][0]));
        assert_bytes(builder_view(&b), bytes_of_text(pairs[i][1]));
        builder_reset(&b);
        struct bytes text = heap_copy(bytes_of_text(pairs[i][1]));
        assert_true(text_parse_base64url(text, &b));
        heap_free(text);
        assert_bytes(builder_view(&b), bytes_of_text(pairs[i][0]));
        builder_clear(&b);
    }
    static const char *const bad[] = {
        "Z", "Zg=", "Zg==", "Zm9vY", "Zh", "Zm9", "Zm8=", "+/+/", "Zm9v\n", "Zm 9", "Zm9v Zg", "Zm9\xc3", "=", "Zm.9",
    };
    for (size_t i = 0; i < LENGTH(bad); i++) {
        struct builder b;
        builder_init(&b, 20);
        struct bytes text = heap_copy(bytes_of_text(bad[i]));
        if (text_parse_base64url(text, &b))
            fail_msg("\"%s\"", bad[i]);
        heap_free(text);
        builder_clear(&b);
    }
}

static void base64_of_everything(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 0x10000; i++) {
        uint8_t data[2] = {(uint8_t)(i >> 8), (uint8_t)i};
        struct builder text, back;
        uint8_t text_memory[4], back_memory[2];
        builder_init_fixed(&text, text_memory, sizeof text_memory);
        builder_init_fixed(&back, back_memory, sizeof back_memory);
        text_write_base64(&text, BYTES_OF(data));
        assert_true(text_parse_base64(builder_view(&text), &back));
        assert_bytes(builder_view(&back), BYTES_OF(data));
    }
}

static void utf8(void **state)
{
    (void)state;
    static const char *const good[] = {
        "", "abc ~", "\xc2\xa0", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xe5\x9b\xbd\xe5\xaf\x86",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
    };
    /* The neighbours of what is not seen: U+00AC, U+00AE, U+200A, U+2010, U+2027, U+202F, U+205F, U+2070. */
    static const char *const near[] = {"\xc2\xac", "\xc2\xae", "\xe2\x80\x8a", "\xe2\x80\x90", "\xe2\x80\xa7", "\xe2\x80\xaf",
                                       "\xe2\x81\x9f", "\xe2\x81\xb0"};
    for (size_t i = 0; i < LENGTH(near); i++)
        if (!text_is_printable_utf8(bytes_of_text(near[i])))
            fail_msg("near %zu", i);
    for (size_t i = 0; i < LENGTH(good); i++)
        if (!text_is_printable_utf8(bytes_of_text(good[i])))
            fail_msg("good %zu", i);
    static const char *const bad[] = {
        "\x01",             "\x1f",         "\n",           "\x7f",     "\xc2\x80", "\xc2\x9f",
        "\x80",             "\xbf",         "\xc0\x80",     "\xc1\xbf", "\xc2",     "\xe0\x9f\xbf",
        "\xe1\x80",         "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf",     "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xff", "\xc2" "a", "\xe1\x80" "a", "\xf1\x80\x80" "a",
        "a\xc2", "a\x80",
        /* Not seen, or another direction: U+00AD, U+061C, U+200B, U+200F, U+202A, U+202E, U+2060, U+206F, U+FEFF, U+E0041. */
        "\xc2\xad", "\xd8\x9c", "\xe2\x80\x8b", "\xe2\x80\x8f", "\xe2\x80\xaa", "\xe2\x80\xae", "\xe2\x81\xa0", "\xe2\x81\xaf",
        "\xef\xbb\xbf", "\xf3\xa0\x81\x81",
    };
    for (size_t i = 0; i < LENGTH(bad); i++) {
        struct bytes text = heap_copy(bytes_of_text(bad[i]));
        if (text_is_printable_utf8(text))
            fail_msg("bad %zu", i);
        heap_free(text);
    }
    assert_false(text_is_printable_utf8(bytes_of("a\0b", 3)));
}

static void words(void **state)
{
    (void)state;
    struct bytes rest = bytes_of_text(" \tone  two\t"), word;
    assert_true(text_next_word(&rest, &word));
    assert_bytes(word, bytes_of_text("one"));
    assert_true(text_next_word(&rest, &word));
    assert_bytes(word, bytes_of_text("two"));
    assert_false(text_next_word(&rest, &word));
    rest = bytes_of(NULL, 0);
    assert_false(text_next_word(&rest, &word));
}

static void lines(void **state)
{
    (void)state;
    static const char *const want[] = {"one", "", "two\r", "three", "four"};
    struct bytes rest = bytes_of_text("one\n\ntwo\r\r\nthree\r\nfour"), line;
    for (size_t i = 0; i < LENGTH(want); i++) {
        assert_true(text_next_line(&rest, &line));
        assert_bytes(line, bytes_of_text(want[i]));
    }
    assert_false(text_next_line(&rest, &line));
    rest = bytes_of_text("\n");
    assert_true(text_next_line(&rest, &line));
    assert_int_equal(line.len, 0);
    assert_false(text_next_line(&rest, &line));
}

static void a_copy_ends(void **state)
{
    (void)state;
    char *copy = text_dup(bytes_of("abcdef", 3)), *empty = text_dup(bytes_of(NULL, 0));
    assert_string_equal(copy, "abc");
    assert_string_equal(empty, "");
    free(copy);
    free(empty);
}

static void bytes_have_an_order(void **state)
{
    (void)state;
    static const char *const ordered[] = {"", "a", "a\x01", "ab", "b", "\xff"};
    const int count = (int)(sizeof ordered / sizeof *ordered);
    for (int i = 0; i < count; i++)
        for (int k = 0; k < count; k++) {
            int order = bytes_compare(bytes_of_text(ordered[i]), bytes_of_text(ordered[k]));
            assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
        }
    assert_int_equal(bytes_compare(bytes_of(NULL, 0), bytes_of(NULL, 0)), 0);
    assert_true(bytes_compare(bytes_of(NULL, 0), bytes_of_text("a")) < 0);
}

static void only_ascii_letters_are_made_small(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++)
        assert_int_equal(text_lower((uint8_t)c), c >= 'A' && c <= 'Z' ? c + 32 : c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimal), cmocka_unit_test(hex),   cmocka_unit_test(base64),
        cmocka_unit_test(utf8),    cmocka_unit_test(words), cmocka_unit_test(lines),
        cmocka_unit_test(base64url), cmocka_unit_test(a_copy_ends),
        cmocka_unit_test(base64_of_everything),
        cmocka_unit_test(bytes_have_an_order),
        cmocka_unit_test(only_ascii_letters_are_made_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
