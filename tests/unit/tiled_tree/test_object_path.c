#include "unit/checks.h"

#include "tiled_tree/object_path.h"

static void a_number_has_one_path(void **state)
{
    (void)state;
    static const struct {
        uint64_t number;
        const char *path;
    } cases[] = {{0, "batch/000"},
                 {7, "batch/007"},
                 {999, "batch/999"},
                 {1000, "batch/x001/000"},
                 {1234067, "batch/x001/x234/067"},
                 {UINT64_C(9223372036854775807), "batch/x009/x223/x372/x036/x854/x775/807"}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char path[OBJECT_PATH_SIZE];
        uint64_t number;
        object_path("batch", cases[i].number, path);
        assert_string_equal(path, cases[i].path);
        assert_true(object_path_parse("batch", path, &number));
        assert_int_equal(number, cases[i].number);
    }
    static const char *const bad[] = {"batch/7", "batch/x000/007", "batch/0007", "staged/007", "batch",
                                      "batch/", "batch/x001", "batch/00a", "batch/x001/x00/000",
                                      "batch/x099/x999/x999/x999/x999/x999/999"};
    for (size_t i = 0; i < LENGTH(bad); i++) {
        uint64_t number;
        assert_false(object_path_parse("batch", bad[i], &number));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_has_one_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
