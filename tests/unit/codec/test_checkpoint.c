#include "unit/codec/codec_checks.h"

#include "codec/note/checkpoint.h"

#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
/* The example of C2SP tlog-checkpoint. */
#define EXAMPLE "example.com/behind-the-sofa\n20852163\n" ROOT "\n"

static void assert_round_trip(const char *text)
{
    struct checkpoint c;
    struct error err;
    if (checkpoint_parse(bytes_of_text(text), &c, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    struct builder b;
    builder_init(&b, 1024);
    assert_int_equal(checkpoint_write(&c, &b, NULL), STATUS_OK);
    assert_text(builder_view(&b), text);
    builder_clear(&b);
}

static void good(void **state)
{
    (void)state;
    struct checkpoint c;
    assert_int_equal(checkpoint_parse(bytes_of_text(EXAMPLE), &c, NULL), STATUS_OK);
    assert_text(c.origin, "example.com/behind-the-sofa");
    assert_int_equal(c.size, 20852163);
    assert_int_equal(c.root[0], 0x0a);
    assert_int_equal(c.root[31], 0x62);
    assert_int_equal(c.extensions.len, 0);
    assert_round_trip(EXAMPLE);
    assert_round_trip("o\n0\n" ROOT "\n");
    assert_round_trip("o with spaces+\n18446744073709551615\n" ROOT "\n");
    assert_round_trip("o\n1\n" ROOT "\nextension\n \n");
    assert_int_equal(checkpoint_parse(bytes_of_text("o\n1\n" ROOT "\nx\ny\n"), &c, NULL),
                     STATUS_OK);
    assert_text(c.extensions, "x\ny\n");
}

static void bad(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "line 1"},
        {"o", "line 1"},
        {"\n1\n" ROOT "\n", "line 1"},
        {"o\xff\n1\n" ROOT "\n", "line 1"},
        {"o\r\n1\n" ROOT "\n", "line 1"},
        {"o\n", "line 2"},
        {"o\n\n" ROOT "\n", "line 2"},
        {"o\n01\n" ROOT "\n", "line 2"},
        {"o\n+1\n" ROOT "\n", "line 2"},
        {"o\n-1\n" ROOT "\n", "line 2"},
        {"o\n 1\n" ROOT "\n", "line 2"},
        {"o\n1 \n" ROOT "\n", "line 2"},
        {"o\n0x1\n" ROOT "\n", "line 2"},
        {"o\n18446744073709551616\n" ROOT "\n", "line 2"},
        {"o\n1\n", "line 3"},
        {"o\n1\n" ROOT, "line 3"},
        {"o\n1\n\n", "line 3"},
        {"o\n1\nAAAA\n", "line 3"},
        {"o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n", "line 3"},
        {"o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n", "line 3"},
        {"o\n1\nCsUYapGGPo4dkMgIAUqom_Xajj7h2fB2MPA3j2jxq2I=\n", "line 3"},
        {"o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2Jh\n", "line 3"},
        {"o\n1\n" ROOT "AAAA\n", "line 3"},
        {"o\n1\n" ROOT "\n\n", "line 4"},
        {"o\n1\n" ROOT "\nx", "line 4"},
        {"o\n1\n" ROOT "\nx\n\n", "line 5"},
        {"o\n1\n" ROOT "\nx\n\xff\n", "line 5"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct checkpoint c;
        struct error err;
        assert_int_equal(checkpoint_parse(bytes_of_text(cases[i].text), &c, &err),
                         STATUS_MALFORMED);
        assert_says(&err, STATUS_MALFORMED, cases[i].says);
    }
}

static void bad_writes(void **state)
{
    (void)state;
    static const char *const origins[] = {"", "a\nb", "a\r", "\xff"};
    static const char *const extensions[] = {"\n", "x", "x\n\n", "x\ny"};
    struct builder b;
    builder_init(&b, 1024);
    for (size_t i = 0; i < COUNT_OF(origins); i++) {
        struct checkpoint c = {.origin = bytes_of_text(origins[i])};
        assert_int_equal(checkpoint_write(&c, &b, NULL), STATUS_MALFORMED);
    }
    for (size_t i = 0; i < COUNT_OF(extensions); i++) {
        struct checkpoint c = {.origin = bytes_of_text("o"),
                               .extensions = bytes_of_text(extensions[i])};
        assert_int_equal(checkpoint_write(&c, &b, NULL), STATUS_MALFORMED);
    }
    assert_int_equal(b.len, 0);
    builder_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good),
        cmocka_unit_test(bad),
        cmocka_unit_test(bad_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
