/* test_durability.c - which calls make things durable, and in which order: fsync, syncfs and renameat are
 * wrapped by the linker. */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/posix/posix_object_store.h"
#include "adapters/posix/posix_record_store.h"
#include "unit/checks.h"

#define EVENTS_MAX 512
#define EVENT_SIZE 160

static char events[EVENTS_MAX][EVENT_SIZE];
static size_t event_count;
static int failing; /* errno for the next fsync or syncfs; 0: none */
static char root[64];

int __real_fsync(int fd);
int __real_syncfs(int fd);
int __real_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_fsync(int fd);
int __wrap_syncfs(int fd);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to);

/* The path below root; "." for root itself. */
static void note(const char *what, int fd)
{
    char link[64], path[1024];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof path - 1);
    assert_true(len > 0 && event_count < EVENTS_MAX);
    path[len] = '\0';
    const char *name = strncmp(path, root, strlen(root)) != 0 ? path
                       : path[strlen(root)] == '/'            ? path + strlen(root) + 1
                                                              : ".";
    (void)snprintf(events[event_count++], EVENT_SIZE, "%s %.120s", what, name);
}

static int break_off(void)
{
    errno = failing;
    failing = 0;
    return -1;
}

int __wrap_fsync(int fd)
{
    note("fsync", fd);
    return failing != 0 ? break_off() : __real_fsync(fd);
}

int __wrap_syncfs(int fd)
{
    note("syncfs", fd);
    return failing != 0 ? break_off() : __real_syncfs(fd);
}

int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    (void)snprintf(events[event_count++], EVENT_SIZE, "rename %.120s", to);
    return __real_renameat(from_fd, from, to_fd, to);
}

static size_t position(const char *event)
{
    for (size_t i = 0; i < event_count; i++)
        if (strcmp(events[i], event) == 0)
            return i;
    fail_msg("no \"%s\"", event);
    return 0;
}

static int make_root(void **state)
{
    (void)state;
    (void)snprintf(root, sizeof root, "/tmp/cathaya-durability-XXXXXX");
    event_count = 0;
    failing = 0;
    return mkdtemp(root) != NULL ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

static int remove_root(void **state)
{
    (void)state;
    return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void a_record_is_durable_before_swap_returns(void **state)
{
    (void)state;
    struct posix_record_store *records;
    assert_int_equal(posix_record_store_open(root, false, &records, NULL), STATUS_OK);
    struct record_store port = posix_record_store_port(records);
    event_count = 0;
    assert_int_equal(port.swap(port.context, bytes_of(NULL, 0), bytes_of_text("one"), NULL), STATUS_OK);
    assert_int_equal(event_count, 3);
    assert_string_equal(events[0], "fsync record.new~");
    assert_string_equal(events[1], "rename record");
    assert_string_equal(events[2], "fsync .");
    posix_record_store_close(records);
}

/* A writer that was killed between rename and fsync, or whose fsync failed, leaves a record that can be read and
 * may be gone after a power cut. */
static void a_record_that_is_found_is_made_durable(void **state)
{
    (void)state;
    struct posix_record_store *records;
    struct builder out;
    builder_init(&out, RECORD_MAX);
    assert_int_equal(posix_record_store_open(root, false, &records, NULL), STATUS_OK);
    struct record_store port = posix_record_store_port(records);
    assert_int_equal(port.swap(port.context, bytes_of(NULL, 0), bytes_of_text("one"), NULL), STATUS_OK);
    posix_record_store_close(records);

    event_count = 0;
    assert_int_equal(posix_record_store_open(root, false, &records, NULL), STATUS_OK);
    assert_int_equal(event_count, 3);
    assert_string_equal(events[0], "fsync record.new~");
    assert_string_equal(events[1], "rename record");
    assert_string_equal(events[2], "fsync .");
    port = posix_record_store_port(records);
    assert_int_equal(port.load(port.context, &out, NULL), STATUS_OK);
    assert_bytes(builder_view(&out), bytes_of_text("one"));
    posix_record_store_close(records);

    failing = EIO;
    assert_int_equal(posix_record_store_open(root, false, &records, NULL), STATUS_IO);
    event_count = 0;
    assert_int_equal(posix_record_store_open_read_only(root, &records, NULL), STATUS_OK);
    assert_int_equal(event_count, 0);
    posix_record_store_close(records);
    builder_clear(&out);
}

static void nothing_is_read_from_a_dead_record_store(void **state)
{
    (void)state;
    struct posix_record_store *records;
    struct builder out;
    builder_init(&out, RECORD_MAX);
    assert_int_equal(posix_record_store_open(root, false, &records, NULL), STATUS_OK);
    struct record_store port = posix_record_store_port(records);
    failing = EIO;
    assert_int_equal(port.swap(port.context, bytes_of(NULL, 0), bytes_of_text("one"), NULL), STATUS_IO);
    assert_int_equal(port.load(port.context, &out, NULL), STATUS_IO);
    posix_record_store_close(records);
    builder_clear(&out);
}

static void put(const struct object_store *port, const char *name)
{
    assert_int_equal(port->put(port->context, name, bytes_of_text("x"), NULL), STATUS_OK);
}

static void every_file_and_directory_is_synced(void **state)
{
    (void)state;
    struct posix_object_store *objects;
    assert_int_equal(posix_object_store_open(root, POSIX_PUBLIC, false, &objects, NULL), STATUS_OK);
    struct object_store port = posix_object_store_port(objects);
    put(&port, "top");
    put(&port, "a/b/001");
    put(&port, "a/b/002");
    for (size_t i = 0; i < event_count; i++)
        assert_int_equal(strncmp(events[i], "rename ", 7), 0);
    assert_int_equal(port.sync(port.context, NULL), STATUS_OK);
    size_t last_file = position("fsync a/b/001");
    if (position("fsync a/b/002") > last_file)
        last_file = position("fsync a/b/002");
    if (position("fsync top") > last_file)
        last_file = position("fsync top");
    /* A name is worth nothing before what it names is there. */
    assert_true(position("fsync a/b") > last_file);
    assert_true(position("fsync a") > last_file);
    assert_true(position("fsync .") > last_file);
    posix_object_store_close(objects);
}

static void many_files_are_synced_together(void **state)
{
    (void)state;
    struct posix_object_store *objects;
    assert_int_equal(posix_object_store_open(root, POSIX_PUBLIC, false, &objects, NULL), STATUS_OK);
    struct object_store port = posix_object_store_port(objects);
    for (int i = 0; i < 200; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "tile/0/%03d", i);
        put(&port, name);
    }
    event_count = 0;
    assert_int_equal(port.sync(port.context, NULL), STATUS_OK);
    /* One syncfs, or on an old kernel every file and three directories. */
    if (event_count == 1)
        assert_string_equal(events[0], "syncfs .");
    else
        assert_int_equal(event_count, 200 + 3);
    event_count = 0;
    assert_int_equal(port.sync(port.context, NULL), STATUS_OK);
    assert_int_equal(event_count, 0);
    posix_object_store_close(objects);
}

static void a_failed_sync_ends_the_store(void **state)
{
    (void)state;
    for (int count = 1; count <= 200; count += 199) {
        struct posix_object_store *objects;
        struct error err = {.status = STATUS_OK};
        assert_int_equal(posix_object_store_open(root, POSIX_PUBLIC, false, &objects, NULL), STATUS_OK);
        struct object_store port = posix_object_store_port(objects);
        for (int i = 0; i < count; i++) {
            char name[32];
            (void)snprintf(name, sizeof name, "tile/0/%03d", i);
            put(&port, name);
        }
        failing = EIO;
        assert_int_equal(port.sync(port.context, &err), STATUS_IO);
        assert_non_null(strstr(err.text, "sync"));
        assert_int_equal(port.sync(port.context, NULL), STATUS_IO);
        assert_int_equal(port.put(port.context, "later", bytes_of_text("x"), NULL), STATUS_IO);
        posix_object_store_close(objects);
        event_count = 0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_record_is_durable_before_swap_returns, make_root, remove_root),
        cmocka_unit_test_setup_teardown(a_record_that_is_found_is_made_durable, make_root, remove_root),
        cmocka_unit_test_setup_teardown(nothing_is_read_from_a_dead_record_store, make_root, remove_root),
        cmocka_unit_test_setup_teardown(every_file_and_directory_is_synced, make_root, remove_root),
        cmocka_unit_test_setup_teardown(many_files_are_synced_together, make_root, remove_root),
        cmocka_unit_test_setup_teardown(a_failed_sync_ends_the_store, make_root, remove_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
