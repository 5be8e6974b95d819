#include "unit/codec/codec_checks.h"

#include "codec/landmarks/landmarks.h"

#define NOW 100

/* 16 KiB each: not on the stack of every test. */
static struct landmarks list, other;

static void assert_round_trip(const char *text)
{
    struct error err;
    if (landmarks_parse(bytes_of_text(text), NOW, &list, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    struct builder b;
    builder_init(&b, LANDMARKS_SIZE_MAX);
    assert_int_equal(landmarks_write(&list, &b, NULL), STATUS_OK);
    assert_text(builder_view(&b), text);
    builder_clear(&b);
}

static void good(void **state)
{
    (void)state;
    assert_round_trip("0\n0 0\n");
    assert_int_equal(list.format, LANDMARKS_WITH_EXPIRY);
    assert_int_equal(landmarks_active_count(&list, NOW), 0);
    assert_round_trip("1\n5 100\n0 0\n");
    assert_round_trip("3\n13 300\n9 200\n5 99\n");
    assert_int_equal(list.latest, 3);
    assert_int_equal(list.count, 3);
    assert_int_equal(list.at[1].tree_size, 9);
    assert_int_equal(list.at[1].expiry_s, 200);
    assert_int_equal(landmarks_active_count(&list, NOW), 2);
    /* Equal expiries, and more than one expired landmark. */
    assert_round_trip("3\n13 99\n9 99\n5 99\n0 0\n");
    assert_int_equal(landmarks_active_count(&list, NOW), 0);
    assert_round_trip("281474976710655\n281474976710655 9223372036854775807\n"
                      "281474976710654 0\n");
}

static void good_old_format(void **state)
{
    (void)state;
    assert_round_trip("7 7\n18\n17\n13\n9\n5\n4\n2\n0\n");
    assert_int_equal(list.format, LANDMARKS_WITH_COUNT);
    assert_int_equal(list.latest, 7);
    assert_int_equal(list.count, 8);
    assert_int_equal(landmarks_active_count(&list, NOW), 7);
    assert_round_trip("0 0\n0\n");
    assert_round_trip("9 1\n30\n20\n");
}

static void bad(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "line 1"},
        {"0", "line 1"},
        {"\n0 0\n", "line 1"},
        {"00\n0 0\n", "line 1"},
        {"01\n5 100\n0 0\n", "line 1"},
        {"+1\n5 100\n0 0\n", "line 1"},
        {"1\r\n5 100\n0 0\n", "line 1"},
        {"281474976710656\n0 0\n", "line 1"},
        {"0\n", "line 2: no landmark follows"},
        {"1\n5 100\n0 0", "line 3: no newline"},
        {"1\n5 100\n0 0\n\n", "line 4"},
        {"1\n5  100\n0 0\n", "line 2"},
        {"1\n 5 100\n0 0\n", "line 2"},
        {"1\n5 100 \n0 0\n", "line 2"},
        {"1\n5\t100\n0 0\n", "line 2"},
        {"1\n5 \n0 0\n", "line 2"},
        {"1\n5\n0 0\n", "line 2"},
        {"1\n 100\n0 0\n", "line 2"},
        {"1\n05 100\n0 0\n", "line 2"},
        {"1\n5 0100\n0 0\n", "line 2"},
        {"1\n5 -1\n0 0\n", "line 2"},
        {"1\n5 9223372036854775808\n0 0\n", "line 2"},
        {"1\n281474976710656 100\n0 0\n", "line 2"},
        {"1\n5 100\n0 0\n0 0\n", "line 4: more landmarks"},
        {"0\n0 0\n0 0\n", "line 3: more landmarks"},
        {"2\n9 100\n9 90\n", "line 3: tree size does not decrease"},
        {"2\n9 100\n10 90\n", "line 3: tree size does not decrease"},
        {"2\n9 90\n5 91\n", "line 3: expiry increases"},
        {"1\n5 100\n", "line 2: the last landmark is not expired"},
        {"3\n13 300\n9 200\n5 100\n", "line 4: the last landmark is not expired"},
        {"0\n1 0\n", "landmark 0"},
        {"0\n0 1\n", "landmark 0"},
        {"1\n5 99\n1 0\n", "landmark 0"},
        {"1\n5 99\n0 1\n", "landmark 0"},
        {"5\n4 90\n", "below the landmark's number"},
        {"5\n0 0\n", "below the landmark's number"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct error err;
        assert_int_equal(landmarks_parse(bytes_of_text(cases[i].text), NOW, &list, &err),
                         STATUS_MALFORMED);
        assert_says(&err, STATUS_MALFORMED, cases[i].says);
    }
}

static void bad_old_format(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"1 \n5\n0\n", "line 1"},       {" 1\n5\n0\n", "line 1"},      {"1  1\n5\n0\n", "line 1"},
        {"1 1 \n5\n0\n", "line 1"},     {"1 01\n5\n0\n", "line 1"},    {"1 1\n5\n", "line 1: says 1"},
        {"1 0\n5\n0\n", "line 1: says 0"}, {"1 2\n5\n0\n", "line 1: says 2"},
        {"1 2\n5\n0\n0\n", "line 4: more landmarks"},
        {"1 1\n5 100\n0 0\n", "line 2"}, {"1 1\n5\n5\n", "landmark 0"},
        {"2 1\n5\n5\n", "does not decrease"}, {"0 0\n1\n", "landmark 0"}, {"1 1\n", "line 2"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct error err;
        assert_int_equal(landmarks_parse(bytes_of_text(cases[i].text), NOW, &list, &err),
                         STATUS_MALFORMED);
        assert_says(&err, STATUS_MALFORMED, cases[i].says);
    }
}

static void write_long(struct builder *b, unsigned lines)
{
    builder_printf(b, "%u\n", lines + 10);
    for (unsigned i = 0; i < lines; i++)
        builder_printf(b, "%u 50\n", 10000 - i);
}

static void limit(void **state)
{
    (void)state;
    struct builder b;
    builder_init(&b, LANDMARKS_SIZE_MAX);
    write_long(&b, LANDMARKS_LINES_MAX);
    assert_int_equal(landmarks_parse(builder_view(&b), NOW, &list, NULL), STATUS_OK);
    assert_int_equal(list.count, LANDMARKS_LINES_MAX);
    builder_reset(&b);
    write_long(&b, LANDMARKS_LINES_MAX + 1);
    struct error err;
    assert_int_equal(landmarks_parse(builder_view(&b), NOW, &list, &err), STATUS_LIMIT);
    assert_says(&err, STATUS_LIMIT, "line 1027");
    builder_clear(&b);
}

static void bad_writes(void **state)
{
    (void)state;
    static const struct landmark rows[] = {
        {LANDMARKS_NUMBER_MAX + 1, 0}, {5, -1}, {0, 0},
    };
    struct builder b;
    builder_init(&b, LANDMARKS_SIZE_MAX);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        list = (struct landmarks){.latest = 1, .count = 1};
        list.at[0] = rows[i];
        assert_int_equal(landmarks_write(&list, &b, NULL), STATUS_MALFORMED);
    }
    landmarks_init(&list);
    list.latest = LANDMARKS_NUMBER_MAX + 1;
    assert_int_equal(landmarks_write(&list, &b, NULL), STATUS_MALFORMED);
    landmarks_init(&list);
    list.count = 0;
    assert_int_equal(landmarks_write(&list, &b, NULL), STATUS_MALFORMED);
    list.count = LANDMARKS_LINES_MAX + 1;
    assert_int_equal(landmarks_write(&list, &b, NULL), STATUS_LIMIT);
    assert_int_equal(b.len, 0);
    builder_clear(&b);
}

/* At a time when no line is expired yet, nothing is forgotten. */
static void adding_earlier(void **state)
{
    (void)state;
    assert_int_equal(landmarks_parse(bytes_of_text("3\n13 300\n9 99\n"), NOW, &list, NULL),
                     STATUS_OK);
    assert_int_equal(landmarks_add(&list, (struct landmark){20, 300}, 50, NULL), STATUS_OK);
    assert_int_equal(list.count, 3);
    assert_int_equal(list.at[2].tree_size, 9);
}

static void adding(void **state)
{
    (void)state;
    landmarks_init(&list);
    struct builder b;
    builder_init(&b, LANDMARKS_SIZE_MAX);
    static const struct landmark steps[] = {{5, 110}, {9, 120}, {13, 120}, {20, 150}};
    for (size_t i = 0; i < COUNT_OF(steps); i++)
        assert_int_equal(landmarks_add(&list, steps[i], NOW, NULL), STATUS_OK);
    assert_int_equal(landmarks_write(&list, &b, NULL), STATUS_OK);
    assert_text(builder_view(&b), "4\n20 150\n13 120\n9 120\n5 110\n0 0\n");
    /* At 121 landmarks 1 to 3 are expired: the newest of them stays. */
    builder_reset(&b);
    assert_int_equal(landmarks_add(&list, (struct landmark){30, 160}, 121, NULL), STATUS_OK);
    assert_int_equal(landmarks_write(&list, &b, NULL), STATUS_OK);
    assert_text(builder_view(&b), "5\n30 160\n20 150\n13 120\n");
    assert_int_equal(landmarks_check_expired(&list, 121, NULL), STATUS_OK);
    assert_int_equal(landmarks_check_expired(&list, 120, NULL), STATUS_MALFORMED);
    other = list;
    static const struct landmark bad_steps[] = {{30, 170}, {29, 170}, {31, 159},
                                                {LANDMARKS_NUMBER_MAX + 1, 170}};
    for (size_t i = 0; i < COUNT_OF(bad_steps); i++)
        assert_int_equal(landmarks_add(&list, bad_steps[i], 121, NULL), STATUS_REFUSED);
    assert_memory_equal(&list, &other, sizeof list);
    builder_clear(&b);
}

static void adding_up_to_the_limit(void **state)
{
    (void)state;
    landmarks_init(&list);
    for (uint64_t i = 1; i <= LANDMARKS_ACTIVE_MAX; i++)
        assert_int_equal(landmarks_add(&list, (struct landmark){i, 200}, NOW, NULL), STATUS_OK);
    assert_int_equal(list.count, LANDMARKS_LINES_MAX);
    struct landmark next = {LANDMARKS_LINES_MAX, 300};
    assert_int_equal(landmarks_add(&list, next, NOW, NULL), STATUS_LIMIT);
    assert_int_equal(landmarks_add(&list, next, 201, NULL), STATUS_OK);
    assert_int_equal(list.count, 2);
    assert_int_equal(landmarks_parse(bytes_of_text("1 1\n5\n0\n"), NOW, &list, NULL), STATUS_OK);
    assert_int_equal(landmarks_add(&list, next, NOW, NULL), STATUS_USAGE);
}

static void finding(void **state)
{
    (void)state;
    uint64_t number;
    assert_int_equal(landmarks_parse(bytes_of_text("3\n13 300\n9 200\n5 99\n"), NOW, &list, NULL),
                     STATUS_OK);
    static const struct {
        uint64_t index, number;
        enum status status;
    } cases[] = {
        {13, 0, STATUS_AGAIN}, {UINT64_MAX, 0, STATUS_AGAIN}, {12, 3, STATUS_OK}, {9, 3, STATUS_OK},
        {8, 2, STATUS_OK},     {5, 2, STATUS_OK},             {4, 0, STATUS_NOT_FOUND},
        {0, 0, STATUS_NOT_FOUND},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        number = 0;
        assert_int_equal(landmarks_find(&list, cases[i].index, &number, NULL), cases[i].status);
        assert_int_equal(number, cases[i].number);
    }
    assert_int_equal(landmarks_parse(bytes_of_text("1\n5 100\n0 0\n"), NOW, &list, NULL),
                     STATUS_OK);
    assert_int_equal(landmarks_find(&list, 0, &number, NULL), STATUS_OK);
    assert_int_equal(number, 1);
    landmarks_init(&list);
    assert_int_equal(landmarks_find(&list, 0, &number, NULL), STATUS_AGAIN);
}

static void subtrees(void **state)
{
    (void)state;
    struct subtree two[2];
    assert_int_equal(landmarks_parse(bytes_of_text("3\n13 300\n5 200\n4 99\n"), NOW, &list, NULL),
                     STATUS_OK);
    assert_int_equal(landmarks_subtrees(&list, 3, two, NULL), STATUS_OK);
    assert_true(subtree_equal(two[0], (struct subtree){4, 8}));
    assert_true(subtree_equal(two[1], (struct subtree){8, 13}));
    assert_int_equal(landmarks_subtrees(&list, 2, two, NULL), STATUS_OK);
    assert_true(subtree_equal(two[0], (struct subtree){4, 5}));
    assert_true(subtree_equal(two[1], (struct subtree){5, 5}));
    assert_int_equal(landmarks_subtrees(&list, 1, two, NULL), STATUS_NOT_FOUND);
    assert_int_equal(landmarks_subtrees(&list, 4, two, NULL), STATUS_NOT_FOUND);
    assert_int_equal(landmarks_subtrees(&list, 0, two, NULL), STATUS_OK);
    assert_true(subtree_equal(two[0], (struct subtree){0, 0}));
    assert_true(subtree_equal(two[1], (struct subtree){0, 0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good),    cmocka_unit_test(good_old_format),
        cmocka_unit_test(bad),     cmocka_unit_test(bad_old_format),
        cmocka_unit_test(limit),   cmocka_unit_test(adding),
        cmocka_unit_test(finding), cmocka_unit_test(adding_up_to_the_limit),
        cmocka_unit_test(subtrees), cmocka_unit_test(bad_writes),
        cmocka_unit_test(adding_earlier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
