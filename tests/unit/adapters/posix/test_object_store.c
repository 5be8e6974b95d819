#include "unit/checks.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/posix/posix_object_store.h"

static char root[64];
static struct posix_object_store *store;
static struct object_store port;

static int remove_file(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info, (void)type, (void)at;
    return remove(path);
}

static int set_up(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    (void)snprintf(root, sizeof root, "/tmp/cathaya-store-XXXXXX");
    assert_non_null(mkdtemp(root));
    OK(posix_object_store_open(root, POSIX_PUBLIC, false, &store, &err));
    port = posix_object_store_port(store);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    posix_object_store_close(store);
    (void)nftw(root, remove_file, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}

static struct stat stat_of(const char *name)
{
    struct stat info;
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", root, name);
    assert_int_equal(lstat(path, &info), 0);
    return info;
}

static bool exists(const char *name)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", root, name);
    return access(path, F_OK) == 0;
}

static void assert_value(const char *name, const char *want)
{
    struct error err = {.status = STATUS_OK};
    struct builder out;
    builder_init(&out, 1000);
    OK(port.get(port.context, name, &out, &err));
    assert_bytes(builder_view(&out), bytes_of_text(want));
    builder_clear(&out);
}

static void objects_are_files(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct builder out;
    builder_init(&out, 1000);
    OK(port.put(port.context, "tile/0/x001/067.p/12", bytes_of_text("abc"), &err));
    OK(port.put(port.context, "checkpoint", bytes_of_text("one"), &err));
    OK(port.put(port.context, "checkpoint", bytes_of_text("two"), &err));
    assert_value("tile/0/x001/067.p/12", "abc");
    assert_value("checkpoint", "two");
    assert_int_equal(stat_of("checkpoint").st_mode & 07777 & ~0022, 0644);
    assert_int_equal(stat_of("tile/0").st_mode & 07777 & ~0022, 0755);
    OK(port.sync(port.context, &err));
    OK(port.sync(port.context, &err));
    assert_int_equal(port.get(port.context, "nothing", &out, &err), STATUS_NOT_FOUND);
    assert_int_equal(port.get(port.context, "checkpoint/below", &out, &err), STATUS_NOT_FOUND);
    assert_int_equal(port.remove(port.context, "nothing", &err), STATUS_NOT_FOUND);
    assert_int_equal(port.get(port.context, "tile/0", &out, &err), STATUS_IO);
    assert_non_null(strstr(err.text, root)); /* whoever reads it knows no descriptor */
    builder_clear(&out);
}

static void what_is_too_long_is_refused(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct builder out;
    builder_init(&out, 2);
    OK(port.put(port.context, "a", bytes_of_text("abc"), &err));
    assert_int_equal(port.get(port.context, "a", &out, &err), STATUS_LIMIT);
    builder_clear(&out);
}

static void what_is_no_place_for_a_directory_is_wrong_usage(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct posix_object_store *mine;
    char path[128];
    OK(port.put(port.context, "file", bytes_of_text("abc"), &err));
    (void)snprintf(path, sizeof path, "%s/file", root);
    assert_int_equal(posix_object_store_open(path, POSIX_PRIVATE, true, &mine, &err), STATUS_USAGE);
    (void)snprintf(path, sizeof path, "%s/nowhere/store", root);
    assert_int_equal(posix_object_store_open(path, POSIX_PRIVATE, true, &mine, &err), STATUS_USAGE);
}

static void private_objects_are_for_the_owner(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct posix_object_store *mine;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/private", root);
    assert_int_equal(posix_object_store_open(path, POSIX_PRIVATE, false, &mine, &err),
                     STATUS_NOT_FOUND);
    OK(posix_object_store_open(path, POSIX_PRIVATE, true, &mine, &err));
    struct object_store p = posix_object_store_port(mine);
    OK(p.put(p.context, "staged/001", bytes_of_text("abc"), &err));
    assert_int_equal(stat_of("private").st_mode & 07777, 0700);
    assert_int_equal(stat_of("private/staged").st_mode & 07777, 0700);
    assert_int_equal(stat_of("private/staged/001").st_mode & 07777, 0600);
    posix_object_store_close(mine);
}

static void empty_directories_are_not_kept(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    OK(port.put(port.context, "a/b/c/1", bytes_of_text("1"), &err));
    OK(port.put(port.context, "a/b/2", bytes_of_text("2"), &err));
    OK(port.sync(port.context, &err));
    OK(port.remove(port.context, "a/b/c/1", &err));
    assert_false(exists("a/b/c"));
    assert_true(exists("a/b"));
    OK(port.sync(port.context, &err)); /* a directory that has gone is no failure */
    OK(port.put(port.context, "a/b/c/1", bytes_of_text("1"), &err));
    OK(port.remove(port.context, "a/b/2", &err));
    OK(port.remove(port.context, "a/b/c/1", &err));
    assert_false(exists("a"));
    OK(port.sync(port.context, &err));
}

static enum status count_and_remove(void *context, const char *name, struct error *err)
{
    ++*(size_t *)context;
    return port.remove(port.context, name, err);
}

static enum status count_only(void *context, const char *name, struct error *err)
{
    (void)name, (void)err;
    ++*(size_t *)context;
    return STATUS_OK;
}

static enum status stop(void *context, const char *name, struct error *err)
{
    (void)context;
    return error_set(err, STATUS_REFUSED, "%s", name);
}

static void list_calls_for_every_object_below(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    size_t count = 0;
    char path[128];
    for (unsigned i = 0; i < 300; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "t/x%03u/%03u", i / 100, i);
        OK(port.put(port.context, name, bytes_of_text("x"), &err));
    }
    OK(port.put(port.context, "ta/1", bytes_of_text("x"), &err));
    /* Neither is an object: what a crash in put leaves, and a link. */
    (void)snprintf(path, sizeof path, "%s/t/.put~", root);
    assert_true(close(open(path, O_CREAT | O_WRONLY, 0600)) == 0);
    (void)snprintf(path, sizeof path, "%s/t/link", root);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    OK(port.list(port.context, "t/", count_only, &count, &err));
    assert_int_equal(count, 300);
    assert_says(port.list(port.context, "ta/", stop, NULL, &err), &err, STATUS_REFUSED, "ta/1");
    count = 0;
    OK(port.list(port.context, "t/x001/", count_and_remove, &count, &err));
    assert_int_equal(count, 100);
    assert_false(exists("t/x001"));
    OK(port.list(port.context, "none/", stop, NULL, &err));
    struct builder out;
    builder_init(&out, 100000);
    assert_int_equal(port.get(port.context, "t/link", &out, &err), STATUS_IO);
    builder_clear(&out);
}

static void other_names_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",      "/a",     "a/",  "a//b", "..",    "../a", "a/../b",
                                      "a/./b", "./a",    "A",   "a b",  "a~",    "a\\b", "a\n",
                                      "a/..",  "a/.",    ".",   "\xc3\xa9"};
    char long_name[OBJECT_NAME_MAX + 2];
    struct error err = {.status = STATUS_OK};
    struct builder out;
    builder_init(&out, 1000);
    for (size_t i = 0; i < LENGTH(bad); i++) {
        assert_int_equal(port.put(port.context, bad[i], bytes_of_text("x"), &err), STATUS_USAGE);
        assert_int_equal(port.get(port.context, bad[i], &out, &err), STATUS_USAGE);
        assert_int_equal(port.remove(port.context, bad[i], &err), STATUS_USAGE);
    }
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    assert_int_equal(port.put(port.context, long_name, bytes_of_text("x"), &err), STATUS_USAGE);
    long_name[OBJECT_NAME_MAX] = '\0';
    OK(port.put(port.context, long_name, bytes_of_text("x"), &err));
    OK(port.put(port.context, "...", bytes_of_text("x"), &err));
    builder_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(objects_are_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_too_long_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_place_for_a_directory_is_wrong_usage, set_up, tear_down),
        cmocka_unit_test_setup_teardown(private_objects_are_for_the_owner, set_up, tear_down),
        cmocka_unit_test_setup_teardown(empty_directories_are_not_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(list_calls_for_every_object_below, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_names_are_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
