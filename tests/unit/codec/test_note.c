#include "unit/codec/codec_checks.h"

#include <stdio.h>

#include "codec/note/note.h"

#define DASH "\xe2\x80\x94 "
/* Key ID 01020304 and the payload 05; 8 characters. */
#define SIG "AQIDBAU="

/* The example of C2SP signed-note. */
#define EXAMPLE                                                                                    \
    "This is an example message.\n\n" DASH                                                         \
    "example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuw" \
    "HjG1Yu72IneyaQM=\n"

static void assert_parses(const char *input, const char *text, size_t signature_count)
{
    struct note note;
    struct error err;
    if (note_parse(bytes_of_text(input), &note, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    assert_text(note.text, text);
    assert_int_equal(note.signature_count, signature_count);
}

static void assert_refuses(const char *input, enum status status, const char *says)
{
    struct note note;
    struct error err;
    assert_int_equal(note_parse(bytes_of_text(input), &note, &err), status);
    assert_says(&err, status, says);
}

static void example(void **state)
{
    (void)state;
    struct note note;
    assert_int_equal(note_parse(bytes_of_text(EXAMPLE), &note, NULL), STATUS_OK);
    assert_text(note.text, "This is an example message.\n");
    assert_int_equal(note.signature_count, 1);
    assert_text(note.signatures[0].name, "example.com/foo");
    struct hex key_id = unhex("530d903a");
    assert_memory_equal(note.signatures[0].key_id, key_id.data, NOTE_KEY_ID_SIZE);
    uint8_t payload[64];
    struct builder b;
    builder_init_fixed(&b, payload, sizeof payload);
    assert_int_equal(note_signature_payload(&note.signatures[0], &b, NULL), STATUS_OK);
    assert_int_equal(b.len, 64);

    struct builder again;
    builder_init(&again, NOTE_SIZE_MAX);
    assert_int_equal(note_write_text(note.text, &again, NULL), STATUS_OK);
    assert_int_equal(note_write_signature(note.signatures[0].name, note.signatures[0].key_id,
                                          builder_view(&b), &again, NULL), STATUS_OK);
    assert_text(builder_view(&again), EXAMPLE);
    builder_clear(&again);
}

static void shapes(void **state)
{
    (void)state;
    assert_parses("a\n\n" DASH "n " SIG "\n", "a\n", 1);
    assert_parses("a\n\nb\n\n" DASH "n " SIG "\n" DASH "m " SIG "\n", "a\n\nb\n", 2);
    assert_parses("\n\n" DASH "n " SIG "\n", "\n", 1);
    assert_parses("a\n\n\n" DASH "n " SIG "\n", "a\n\n", 1);
    /* The text may look like a signature, and hold anything printable, DEL and C1 included. */
    assert_parses(DASH "n " SIG "\n\n" DASH "n " SIG "\n", DASH "n " SIG "\n", 1);
    assert_parses("\x7f\xc2\x85\xe4\xb8\xad\n\n" DASH "\xe4\xb8\xad/1 " SIG "\n",
                  "\x7f\xc2\x85\xe4\xb8\xad\n", 1);
    /* Two lines of one key: not an error of the format. */
    assert_parses("a\n\n" DASH "n " SIG "\n" DASH "n " SIG "\n", "a\n", 2);
}

static void bad_texts(void **state)
{
    (void)state;
    assert_refuses("", STATUS_MALFORMED, "no empty line");
    assert_refuses("a\n", STATUS_MALFORMED, "no empty line");
    assert_refuses("\n" DASH "n " SIG "\n", STATUS_MALFORMED, "no empty line");
    assert_refuses("a\n\n", STATUS_MALFORMED, "no signature");
    assert_refuses("a\n\n" DASH "n " SIG "\n\n", STATUS_MALFORMED, "no signature");
    assert_refuses("a\n\n" DASH "n " SIG, STATUS_MALFORMED, "line 3: no newline");
    assert_refuses("a\r\n\n" DASH "n " SIG "\n", STATUS_MALFORMED, "line 1: not UTF-8");
    assert_refuses("a\tb\n\n" DASH "n " SIG "\n", STATUS_MALFORMED, "line 1: not UTF-8");
    assert_refuses("a\nb\x1f\n\n" DASH "n " SIG "\n", STATUS_MALFORMED, "line 2: not UTF-8");
    struct note note;
    struct error err;
    static const char nul[] = "a\0b\n\n" DASH "n " SIG "\n";
    assert_int_equal(note_parse(bytes_of(nul, sizeof nul - 1), &note, &err), STATUS_MALFORMED);
}

static void bad_utf8(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\x80", "\xff", "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xe4\xb8", "\xc3(", "\xe4\xb8(",
    };
    static const char *const good[] = {
        "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
        "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(note_is_line(bytes_of_text(bad[i])));
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_true(note_is_line(bytes_of_text(good[i])));
}

static void names(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "a b", "a+b", "a\tb", "a\nb", "\xc2\x85", "a\xc2\xa0", "\xe1\x9a\x80", "\xe2\x80\x80",
        "\xe2\x80\x8a", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f",
        "\xe3\x80\x80", "\xff",
    };
    static const char *const good[] = {"oid/1.3.6.1.4.1.32473.1", "a", "example.com/foo",
                                       "\xe2\x80\x8b", "\xe4\xb8\xad", "-"};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(note_is_name(bytes_of_text(bad[i])));
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_true(note_is_name(bytes_of_text(good[i])));
}

static void bad_signature_lines(void **state)
{
    (void)state;
    static const struct {
        const char *line, *says;
    } bad[] = {
        {"- n " SIG, "em dash"},
        {"\xe2\x80\x93 n " SIG, "em dash"},
        {"\xe2\x80\x94" "n " SIG, "em dash"},
        {"x", "em dash"},
        {DASH, "key name"},
        {DASH "n", "key name"},
        {DASH " " SIG, "key name"},
        {DASH "n+ " SIG, "key name"},
        {DASH "n\xc2\xa0m " SIG, "key name"},
        {DASH "n ", "base64"},
        {DASH "n  " SIG, "base64"},
        {DASH "n " SIG " ", "base64"},
        {DASH "n m " SIG, "base64"},
        {DASH "n AQIDBA==", "base64"}, /* a key ID alone */
        {DASH "n AQID", "base64"},
        {DASH "n AQIDBAU", "base64"},
        {DASH "n AQIDBAV=", "base64"}, /* pad bits */
        {DASH "n AQIDBAU=AQIDBAU=", "base64"},
        {DASH "n AQID-_AF", "base64"},
        {DASH "n AQIDBAU==", "base64"},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        char input[200];
        assert_true(snprintf(input, sizeof input, "a\n\n" DASH "n " SIG "\n%s\n", bad[i].line) > 0);
        assert_refuses(input, STATUS_MALFORMED, bad[i].says);
        assert_refuses(input, STATUS_MALFORMED, "line 4");
    }
}

/* Base64 is checked in pieces: padding between two of them must be seen. */
static void long_base64(void **state)
{
    (void)state;
    for (size_t len = 240; len <= 1040; len += 4) {
        struct builder b;
        builder_init(&b, 4096);
        builder_text(&b, "a\n\n" DASH "n ");
        size_t start = b.len;
        for (size_t i = 0; i < len; i++)
            builder_u8(&b, 'A');
        builder_u8(&b, '\n');
        struct note note;
        assert_int_equal(note_parse(builder_view(&b), &note, NULL), STATUS_OK);
        assert_int_equal(note.signatures[0].base64.len, len);
        b.data[start + len - 1] = '=';
        assert_int_equal(note_parse(builder_view(&b), &note, NULL), STATUS_OK);
        if (len > 256) {
            b.data[start + 255] = '=';
            assert_int_equal(note_parse(builder_view(&b), &note, NULL), STATUS_MALFORMED);
        }
        builder_clear(&b);
    }
}

static void limits(void **state)
{
    (void)state;
    struct builder b;
    builder_init(&b, 2 * NOTE_SIZE_MAX);
    builder_text(&b, "a\n\n");
    for (int i = 0; i < NOTE_SIGNATURES_MAX; i++)
        builder_text(&b, DASH "n " SIG "\n");
    struct note note;
    struct error err;
    assert_int_equal(note_parse(builder_view(&b), &note, NULL), STATUS_OK);
    assert_int_equal(note.signature_count, NOTE_SIGNATURES_MAX);
    builder_text(&b, DASH "n " SIG "\n");
    assert_int_equal(note_parse(builder_view(&b), &note, &err), STATUS_LIMIT);
    assert_says(&err, STATUS_LIMIT, "line 67");
    uint8_t *space = builder_space(&b, NOTE_SIZE_MAX);
    memset(space, 'a', NOTE_SIZE_MAX);
    assert_int_equal(note_parse(builder_view(&b), &note, &err), STATUS_LIMIT);
    assert_int_equal(note_parse_signatures(builder_view(&b), &note, &err), STATUS_LIMIT);
    builder_clear(&b);
}

/* 16 signatures of ML-DSA-87 and long names fit. */
static void large_notes(void **state)
{
    (void)state;
    static uint8_t payload[8 + 4627];
    struct builder b;
    builder_init(&b, NOTE_SIZE_MAX);
    assert_int_equal(note_write_text(bytes_of_text("o\n1\nr\n"), &b, NULL), STATUS_OK);
    uint8_t key_id[NOTE_KEY_ID_SIZE] = {9, 9, 9, 9};
    for (int i = 0; i < 32; i++)
        assert_int_equal(note_write_signature(bytes_of_text("oid/1.3.6.1.4.1.32473.2.3"), key_id,
                                              BYTES_OF(payload), &b, NULL), STATUS_OK);
    struct note note;
    assert_int_equal(note_parse(builder_view(&b), &note, NULL), STATUS_OK);
    assert_int_equal(note.signature_count, 32);
    builder_clear(&b);
}

static void signature_lines_alone(void **state)
{
    (void)state;
    struct note note;
    struct error err;
    assert_int_equal(note_parse_signatures(bytes_of_text(DASH "n " SIG "\n"), &note, NULL),
                     STATUS_OK);
    assert_int_equal(note.signature_count, 1);
    assert_int_equal(note.text.len, 0);
    static const char *const bad[] = {"", "\n", DASH "n " SIG, "a\n\n" DASH "n " SIG "\n",
                                      DASH "n " SIG "\n\n"};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_int_equal(note_parse_signatures(bytes_of_text(bad[i]), &note, &err),
                         STATUS_MALFORMED);
}

static void finding(void **state)
{
    (void)state;
    struct note note;
    static const uint8_t id[NOTE_KEY_ID_SIZE] = {1, 2, 3, 4}, other[NOTE_KEY_ID_SIZE] = {1, 2, 3};
    assert_int_equal(note_parse(bytes_of_text("a\n\n" DASH "n " SIG "\n" DASH "m " SIG "\n" DASH
                                              "n AQIDBAY=\n"), &note, NULL), STATUS_OK);
    size_t at = 0;
    assert_ptr_equal(note_find(&note, bytes_of_text("n"), id, &at), &note.signatures[0]);
    assert_ptr_equal(note_find(&note, bytes_of_text("n"), id, &at), &note.signatures[2]);
    assert_null(note_find(&note, bytes_of_text("n"), id, &at));
    at = 0;
    assert_null(note_find(&note, bytes_of_text("n"), other, &at));
}

static void bad_writes(void **state)
{
    (void)state;
    static const uint8_t id[NOTE_KEY_ID_SIZE] = {1, 2, 3, 4};
    struct builder b;
    builder_init(&b, 64);
    struct error err;
    static const char *const texts[] = {"", "a", "a\nb", "a\r\n", "\xff\n"};
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        assert_int_equal(note_write_text(bytes_of_text(texts[i]), &b, &err), STATUS_MALFORMED);
    assert_int_equal(note_write_signature(bytes_of_text("a b"), id, bytes_of_text("x"), &b, &err),
                     STATUS_MALFORMED);
    assert_int_equal(note_write_signature(bytes_of_text("a"), id, bytes_of(NULL, 0), &b, &err),
                     STATUS_MALFORMED);
    assert_int_equal(b.len, 0);
    assert_int_equal(note_write_signature(bytes_of_text("a"), id, bytes_of(EXAMPLE, 60), &b, &err),
                     STATUS_LIMIT);
    builder_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(example),       cmocka_unit_test(shapes),
        cmocka_unit_test(bad_texts),     cmocka_unit_test(bad_utf8),
        cmocka_unit_test(names),         cmocka_unit_test(bad_signature_lines),
        cmocka_unit_test(long_base64),   cmocka_unit_test(limits),
        cmocka_unit_test(large_notes),   cmocka_unit_test(signature_lines_alone),
        cmocka_unit_test(finding),       cmocka_unit_test(bad_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
