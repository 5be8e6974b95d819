/* Single statements of a text: what was there stays as it was, to the byte. */
#include "unit/checks.h"

#include "registry/registry_edit.h"
#include "registry/registry.h"

static const char text[] = "# a root\n"
                           "operator ca   # who\n"
                           "\n"
                           "state tls applied 2026-01-01 \"because\"\n"
                           "\tname \"A \\\"B\\\"\"   # its name\n"
                           "state tls accepted 2026-02-01 x";

typedef enum status edit(struct bytes, const char *const *, size_t, struct builder *, struct error *);

static enum status set_by_one(struct bytes in, const char *const *words, size_t count, struct builder *out, struct error *err)
{
    return registry_edit_set(in, words, count, 1, out, err);
}

static void check(edit *how, const char *const *words, size_t count, const char *expected)
{
    struct builder out;
    struct error err;
    builder_init(&out, 10000);
    OK(how(bytes_of_text(text), words, count, &out, &err));
    builder_u8(&out, 0);
    assert_string_equal((const char *)out.data, expected);
    builder_clear(&out);
}

static void test_add(void **state)
{
    (void)state;
    static const char *const words[] = {"state", "tls", "removed", "2026-03-01", "with \"quotes\" and \\"};
    check(registry_edit_add, words, 5,
          "# a root\noperator ca   # who\n\nstate tls applied 2026-01-01 \"because\"\n\tname \"A \\\"B\\\"\"   # its name\n"
          "state tls accepted 2026-02-01 x\nstate tls removed 2026-03-01 \"with \\\"quotes\\\" and \\\\\"\n");
    static const char *const other[] = {"level-max", "3"};
    check(registry_edit_add, other, 2,
          "# a root\noperator ca   # who\n\nstate tls applied 2026-01-01 \"because\"\n\tname \"A \\\"B\\\"\"   # its name\n"
          "state tls accepted 2026-02-01 x\nlevel-max 3\n");
}

static void test_set(void **state)
{
    (void)state;
    static const char *const words[] = {"name", "#C", ""};
    check(set_by_one, words, 3,
          "# a root\noperator ca   # who\n\nstate tls applied 2026-01-01 \"because\"\nname \"#C\" \"\"   # its name\n"
          "state tls accepted 2026-02-01 x\n");
    static const char *const fresh[] = {"issuer", "r"};
    check(set_by_one, fresh, 2,
          "# a root\noperator ca   # who\n\nstate tls applied 2026-01-01 \"because\"\n\tname \"A \\\"B\\\"\"   # its name\n"
          "state tls accepted 2026-02-01 x\nissuer r\n");
}

static void test_remove(void **state)
{
    (void)state;
    static const char *const words[] = {"state", "tls", "applied"};
    check(registry_edit_remove, words, 3,
          "# a root\noperator ca   # who\n\n\tname \"A \\\"B\\\"\"   # its name\nstate tls accepted 2026-02-01 x\n");
    static const char *const absent[] = {"state", "email"};
    struct builder out;
    struct error err;
    builder_init(&out, 10000);
    assert_int_equal(registry_edit_remove(bytes_of_text(text), absent, 2, &out, &err), STATUS_NOT_FOUND);
    builder_clear(&out);
}

/* Line ends of other systems stay; a last line without one, or with half of one, gets it. */
static void test_line_ends(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {{"", "z 1\n"},           {"\n", "\nz 1\n"},          {"a 1", "a 1\nz 1\n"},
                {"a 1\r", "a 1\r\nz 1\n"}, {"a 1\r\n", "a 1\r\nz 1\n"}, {"z 0\r\na 1\r", "z 0\r\nz 1\na 1\r\n"}};
    static const char *const words[] = {"z", "1"};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct builder out;
        struct error err;
        builder_init(&out, 1000);
        OK(registry_edit_add(bytes_of_text(rows[i].in), words, 2, &out, &err));
        builder_u8(&out, 0);
        assert_string_equal((const char *)out.data, rows[i].out);
        builder_clear(&out);
    }
}

static enum status try_write(const char *word, size_t *len)
{
    struct builder out;
    struct error err;
    const char *const words[] = {"name", word};
    builder_init(&out, 100000);
    enum status s = registry_edit_write(words, 2, &out, &err);
    *len = out.len;
    builder_clear(&out);
    return s;
}

static void test_limits(void **state)
{
    (void)state;
    static char longest[REGISTRY_LINE_MAX + 1];
    size_t len;
    assert_int_equal(try_write("a\nb", &len), STATUS_USAGE);
    assert_int_equal(try_write("a\tb", &len), STATUS_USAGE);
    assert_int_equal(try_write("\xff", &len), STATUS_USAGE);
    memset(longest, 'x', sizeof longest);
    longest[REGISTRY_LINE_MAX - 5] = '\0'; /* "name " */
    assert_int_equal(try_write(longest, &len), STATUS_OK);
    assert_int_equal(len, REGISTRY_LINE_MAX + 1);
    longest[REGISTRY_LINE_MAX - 5] = 'x';
    longest[REGISTRY_LINE_MAX - 4] = '\0';
    assert_int_equal(try_write(longest, &len), STATUS_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_add), cmocka_unit_test(test_set), cmocka_unit_test(test_remove),
                                       cmocka_unit_test(test_line_ends),
                                       cmocka_unit_test(test_limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
