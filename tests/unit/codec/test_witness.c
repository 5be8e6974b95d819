#include "unit/codec/codec_checks.h"

#include "codec/witness/add_checkpoint.h"
#include "codec/witness/add_entries.h"
#include "codec/witness/mirror_info.h"
#include "codec/witness/sign_subtree.h"

/* The examples of C2SP tlog-witness, and the canonical sequence of tlog-mirror. */

#define HASH_LINE "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"

static void the_example_of_add_checkpoint(void **state)
{
    (void)state;
    static const char text[] = "old 20852014\n" HASH_LINE HASH_LINE "\nexample.com/behind-the-sofa\n20852163\n";
    struct add_checkpoint request;
    struct error err;
    assert_int_equal(add_checkpoint_parse(bytes_of_text(text), &request, &err), STATUS_OK);
    assert_int_equal(request.old_size, 20852014);
    assert_int_equal(request.proof.count, 2);
    assert_int_equal(request.proof.hashes[0][0], 0x3e);
    assert_true(bytes_is_text(request.note, "example.com/behind-the-sofa\n20852163\n"));
}

static void the_example_of_sign_subtree(void **state)
{
    (void)state;
    static const char text[] = "subtree 8 13\n" HASH_LINE HASH_LINE "\nexample.com/behind-the-sofa\n14\n";
    struct sign_subtree request;
    struct error err;
    assert_int_equal(sign_subtree_parse(bytes_of_text(text), &request, &err), STATUS_OK);
    assert_int_equal(request.subtree.start, 8);
    assert_int_equal(request.subtree.end, 13);
    assert_int_equal(request.proof.count, 1);
    static const char *const bad[] = {"subtree 8 013\n" HASH_LINE "\n", "subtree 8\n" HASH_LINE "\n",
                                      "subtree 9 13\n" HASH_LINE "\n", "subtree 8 13\n\n",
                                      "subtree 8 13\n" HASH_LINE, "Subtree 8 13\n" HASH_LINE "\n",
                                      "subtree 8 9223372036854775808\n" HASH_LINE "\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(sign_subtree_parse(bytes_of_text(bad[i]), &request, &err), STATUS_MALFORMED);
}

static void packages_are_aligned(void **state)
{
    (void)state;
    static const struct {
        uint64_t start, end, count, first_end, last_start;
    } cases[] = {{0, 0, 0, 0, 0},       {5, 5, 0, 0, 0},         {0, 1, 1, 1, 0},
                 {0, 256, 1, 256, 0},   {0, 257, 2, 256, 256},   {255, 257, 2, 256, 256},
                 {300, 400, 1, 400, 300}, {300, 1000, 3, 512, 768}, {256, 512, 1, 512, 256}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t count = add_entries_package_count(cases[i].start, cases[i].end);
        assert_int_equal(count, cases[i].count);
        if (count == 0)
            continue;
        struct subtree first = add_entries_package_range(cases[i].start, cases[i].end, 0);
        struct subtree last = add_entries_package_range(cases[i].start, cases[i].end, count - 1);
        assert_int_equal(first.start, cases[i].start);
        assert_int_equal(first.end, cases[i].first_end);
        assert_int_equal(last.start, cases[i].last_start);
        assert_int_equal(last.end, cases[i].end);
    }
}

static void packages_have_limits(void **state)
{
    (void)state;
    struct add_entries_reader r;
    struct error err;
    struct builder body;
    enum add_entries_event event;
    struct add_entries_header header = {.origin = bytes_of_text("o"), .upload_end = 9};
    static uint8_t large[70000], proof[64 * HASH_SIZE];
    builder_init(&body, (size_t)1 << 20);
    assert_int_equal(add_entries_write_header(&header, &body, &err), STATUS_OK);
    assert_int_equal(add_entries_write_package(bytes_of(NULL, 0), BYTES_OF(proof), &body, &err),
                     STATUS_LIMIT);
    for (int i = 0; i < 4; i++)
        entry_bundle_append(&body, bytes_of(large, 65535));
    add_entries_reader_init(&r, 1000);
    struct bytes piece = builder_view(&body);
    assert_int_equal(add_entries_reader_next(&r, &piece, &event, &err), STATUS_OK);
    assert_int_equal(event, ADD_ENTRIES_HEADER);
    assert_true(add_entries_reader_is_between(&r));
    assert_int_equal(add_entries_reader_next(&r, &piece, &event, &err), STATUS_LIMIT);
    assert_false(add_entries_reader_is_between(&r));
    add_entries_reader_clear(&r);
    builder_clear(&body);
}

static void mirror_info_is_three_lines(void **state)
{
    (void)state;
    struct mirror_info info;
    struct builder memory;
    struct error err;
    builder_init(&memory, 1024);
    assert_int_equal(mirror_info_parse(bytes_of_text("13\n8\ndGlja2V0\n"), &memory, &info, &err), STATUS_OK);
    assert_int_equal(info.tree_size, 13);
    assert_int_equal(info.next_entry, 8);
    assert_true(bytes_is_text(info.ticket, "ticket"));
    static const char *const bad[] = {"", "13\n8\n", "13\n8\n\n\n", "13\n08\n\n", "13\n8\n?\n", "13\n8\nAA==", "-1\n8\n\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(mirror_info_parse(bytes_of_text(bad[i]), &memory, &info, &err), STATUS_MALFORMED);
    builder_clear(&memory);
    uint64_t size;
    assert_int_equal(proof_lines_parse_size(bytes_of_text("20852163\n"), &size, &err), STATUS_OK);
    assert_int_equal(size, 20852163);
    assert_int_equal(proof_lines_parse_size(bytes_of_text("20852163"), &size, &err), STATUS_MALFORMED);
    assert_int_equal(proof_lines_parse_size(bytes_of_text("1\n2\n"), &size, &err), STATUS_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_add_checkpoint), cmocka_unit_test(the_example_of_sign_subtree),
        cmocka_unit_test(packages_are_aligned),          cmocka_unit_test(packages_have_limits),
        cmocka_unit_test(mirror_info_is_three_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
