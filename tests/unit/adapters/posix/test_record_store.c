#include "unit/checks.h"

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "adapters/posix/posix_record_store.h"

static char root[64], path[96];

static int remove_file(const char *name, const struct stat *info, int type, struct FTW *at)
{
    (void)info, (void)type, (void)at;
    return remove(name);
}

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(root, sizeof root, "/tmp/cathaya-record-XXXXXX");
    assert_non_null(mkdtemp(root));
    (void)snprintf(path, sizeof path, "%s/log", root);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)nftw(root, remove_file, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}

static void assert_record(struct record_store port, const char *want)
{
    struct error err = {.status = STATUS_OK};
    struct builder out;
    builder_init(&out, RECORD_MAX);
    OK(port.load(port.context, &out, &err));
    assert_bytes(builder_view(&out), bytes_of_text(want));
    builder_clear(&out);
}

static void the_record_is_swapped(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct posix_record_store *s;
    struct builder out;
    struct stat info;
    char file[128];
    const struct bytes none = {NULL, 0}, one = bytes_of_text("one"), two = bytes_of_text("two");
    static uint8_t large[RECORD_MAX + 1];
    builder_init(&out, RECORD_MAX);
    assert_int_equal(posix_record_store_open(path, false, &s, &err), STATUS_NOT_FOUND);
    OK(posix_record_store_open(path, true, &s, &err));
    struct record_store port = posix_record_store_port(s);
    assert_int_equal(port.load(port.context, &out, &err), STATUS_NOT_FOUND);
    assert_int_equal(port.swap(port.context, one, two, &err), STATUS_CONFLICT);
    OK(port.swap(port.context, none, one, &err));
    assert_int_equal(port.swap(port.context, none, two, &err), STATUS_CONFLICT);
    assert_int_equal(port.swap(port.context, two, one, &err), STATUS_CONFLICT);
    assert_record(port, "one");
    OK(port.swap(port.context, one, two, &err));
    assert_record(port, "two");
    assert_int_equal(port.swap(port.context, two, none, &err), STATUS_LIMIT);
    assert_int_equal(port.swap(port.context, two, BYTES_OF(large), &err), STATUS_LIMIT);
    (void)snprintf(file, sizeof file, "%s/record", path);
    assert_int_equal(stat(file, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    posix_record_store_close(s);
    OK(posix_record_store_open(path, false, &s, &err));
    assert_record(posix_record_store_port(s), "two");
    posix_record_store_close(s);
    builder_clear(&out);
}

static void a_second_writer_is_refused(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct posix_record_store *first, *second, *reader;
    char pid[32];
    OK(posix_record_store_open(path, true, &first, &err));
    (void)snprintf(pid, sizeof pid, "process %ld ", (long)getpid());
    /* Not in this process, and not in another one. */
    assert_says(posix_record_store_open(path, false, &second, &err), &err, STATUS_REFUSED, pid);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(posix_record_store_open(path, false, &second, NULL) == STATUS_REFUSED ? 0 : 1);
    int result = -1;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);

    OK(posix_record_store_open_read_only(path, &reader, &err));
    struct record_store port = posix_record_store_port(reader);
    assert_says(port.swap(port.context, bytes_of(NULL, 0), bytes_of_text("x"), &err), &err,
                STATUS_REFUSED, "reading only");
    posix_record_store_close(reader);
    posix_record_store_close(first);
    OK(posix_record_store_open(path, false, &second, &err));
    posix_record_store_close(second);
    posix_record_store_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_record_is_swapped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_second_writer_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
