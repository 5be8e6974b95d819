/* Opening, locking, migrating, and what happens when something breaks. */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "adapters/sqlite/sqlite_backup.h"
#include "adapters/sqlite/sqlite_call.h"
#include "unit/adapters/sqlite/acme_records.h"

static struct error err;

/* A kind of three versions, and what earlier programs knew of it. */
enum { SQL_PUT, SQL_COUNT_ROWS, SQL_STATEMENTS };
static const char *const statements[SQL_STATEMENTS] = {"INSERT INTO t(value) VALUES(?)", "SELECT count(*) FROM t"};
static const char *const migrations[] = {
    "CREATE TABLE t(id INTEGER PRIMARY KEY, value BLOB)",
    "ALTER TABLE t ADD COLUMN extra INTEGER; UPDATE t SET extra = id * 2",
    "CREATE TABLE u(id INTEGER PRIMARY KEY); INSERT INTO u SELECT extra FROM t",
};
static const struct sqlite_kind version_1 = {"a test database", 4711, migrations, 1, statements, SQL_STATEMENTS};
static const struct sqlite_kind version_3 = {"a test database", 4711, migrations, 3, statements, SQL_STATEMENTS};
static const struct sqlite_kind other_kind = {"another database", 4712, migrations, 1, statements, SQL_STATEMENTS};

static struct sqlite_database *open_db(const struct sqlite_kind *kind, enum sqlite_access access)
{
    struct sqlite_database *db;
    OK(sqlite_database_open(world_path, access, kind, &db, &err));
    return db;
}

static void assert_no_open(const struct sqlite_kind *kind, enum sqlite_access access, enum status want, const char *says)
{
    struct sqlite_database *db;
    assert_int_equal(sqlite_database_open(world_path, access, kind, &db, &err), want);
    assert_null(db);
    if (strstr(err.text, says) == NULL || strstr(err.text, world_root) == NULL)
        fail_msg("%s: does not say %s", err.text, says);
}

static enum status put(struct sqlite_database *db, const void *data, size_t len)
{
    struct sqlite_call call;
    sqlite_call_write(&call, db, SQL_PUT, &err);
    sqlite_call_bytes(&call, bytes_of(data, len));
    return sqlite_call_run(&call);
}

static int64_t count_rows(struct sqlite_database *db)
{
    struct sqlite_call call;
    int64_t count = -1;
    sqlite_call_read(&call, db, SQL_COUNT_ROWS, &err);
    if (sqlite_call_next(&call))
        count = sqlite_call_get_int(&call);
    OK(sqlite_call_end(&call));
    return count;
}

static int64_t number(struct sqlite_database *db, const char *sql)
{
    int64_t value = -1;
    OK(sqlite_database_number(db, sql, &value, &err));
    return value;
}

/* ---- versions ---- */

static void a_new_database_has_the_newest_version(void **state)
{
    (void)state;
    struct stat info;
    assert_no_open(&version_3, SQLITE_FOR_READING, STATUS_NOT_FOUND, "no such database");
    assert_no_open(&version_3, SQLITE_FOR_WRITING, STATUS_NOT_FOUND, "no such database");
    struct sqlite_database *db = open_db(&version_3, SQLITE_MAY_CREATE);
    assert_int_equal(number(db, "PRAGMA user_version"), 3);
    assert_int_equal(number(db, "PRAGMA application_id"), 4711);
    assert_int_equal(number(db, "PRAGMA synchronous"), 2);
    assert_int_equal(number(db, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
    sqlite_database_close(db);
    assert_int_equal(stat(world_path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void older_versions_are_migrated_in_order(void **state)
{
    (void)state;
    struct sqlite_database *db = open_db(&version_1, SQLITE_MAY_CREATE);
    OK(put(db, "a", 1));
    OK(put(db, "b", 1));
    OK(sqlite_database_commit(db, &err));
    sqlite_database_close(db);
    assert_no_open(&version_3, SQLITE_FOR_READING, STATUS_REFUSED, "older version 1");
    db = open_db(&version_3, SQLITE_FOR_WRITING);
    assert_int_equal(number(db, "PRAGMA user_version"), 3);
    assert_int_equal(number(db, "SELECT sum(id) FROM u"), 6);
    sqlite_database_close(db);
    assert_no_open(&version_1, SQLITE_FOR_WRITING, STATUS_REFUSED, "version 3, and this program knows versions up to 1");
    assert_no_open(&version_1, SQLITE_FOR_READING, STATUS_REFUSED, "newer program");
    assert_no_open(&other_kind, SQLITE_FOR_WRITING, STATUS_REFUSED, "not another database");
    db = open_db(&version_3, SQLITE_FOR_READING);
    assert_int_equal(count_rows(db), 2);
    sqlite_database_close(db);
}

static void a_migration_that_fails_leaves_the_version_before(void **state)
{
    (void)state;
    static const char *const bad[] = {"CREATE TABLE t(id INTEGER PRIMARY KEY, value BLOB)",
                                      "CREATE TABLE v(id INTEGER); INSERT INTO nowhere VALUES(1)"};
    const struct sqlite_kind broken = {"a test database", 4711, bad, 2, statements, SQL_STATEMENTS};
    struct sqlite_database *db = open_db(&version_1, SQLITE_MAY_CREATE);
    sqlite_database_close(db);
    assert_no_open(&broken, SQLITE_FOR_WRITING, STATUS_IO, "migration to version 2");
    db = open_db(&version_1, SQLITE_FOR_WRITING);
    assert_int_equal(number(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'v'"), 0);
    sqlite_database_close(db);
}

static void an_empty_file_has_lost_everything(void **state)
{
    (void)state;
    int fd = open(world_path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    assert_no_open(&version_1, SQLITE_FOR_WRITING, STATUS_IO, "empty");
    sqlite_database_close(open_db(&version_1, SQLITE_MAY_CREATE)); /* what an interrupted making leaves */
}

/* ---- the lock ---- */

static void one_process_writes(void **state)
{
    (void)state;
    char pid[64];
    struct sqlite_database *db = open_db(&version_1, SQLITE_MAY_CREATE), *reader;
    (void)snprintf(pid, sizeof pid, "process %ld has it open for writing", (long)getpid());
    assert_no_open(&version_1, SQLITE_FOR_WRITING, STATUS_REFUSED, pid);
    OK(put(db, "a", 1));
    reader = open_db(&version_1, SQLITE_FOR_READING);
    assert_int_equal(count_rows(reader), 0);
    OK(sqlite_database_commit(db, &err));
    assert_int_equal(count_rows(reader), 1);
    assert_int_equal(put(reader, "b", 1), STATUS_REFUSED);
    sqlite_database_close(db);
    assert_int_equal(count_rows(reader), 1);
    db = open_db(&version_1, SQLITE_FOR_WRITING); /* a reader is no obstacle */
    OK(put(db, "c", 1));
    OK(sqlite_database_commit(db, &err));
    assert_int_equal(count_rows(reader), 2);
    sqlite_database_close(reader);
    sqlite_database_close(db);
}

/* Another program that does not know of our lock. */
static void a_stranger_who_locks_is_said(void **state)
{
    (void)state;
    sqlite3 *stranger;
    struct sqlite_database *db = open_db(&version_1, SQLITE_MAY_CREATE);
    (void)sqlite3_busy_timeout(db->handle, 1);
    assert_int_equal(sqlite3_open(world_path, &stranger), SQLITE_OK);
    assert_int_equal(sqlite3_exec(stranger, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(put(db, "a", 1), STATUS_IO);
    assert_non_null(strstr(err.text, "locked"));
    assert_int_equal(sqlite3_exec(stranger, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(stranger), SQLITE_OK);
    OK(put(db, "a", 1));
    OK(sqlite_database_commit(db, &err));
    sqlite_database_close(db);
}

/* ---- killed ---- */

/* Commits one row after the other, the last group never, until it is killed. */
static void write_until_killed(int ready)
{
    struct sqlite_database *db;
    if (sqlite_database_open(world_path, SQLITE_FOR_WRITING, &version_1, &db, &err) != STATUS_OK)
        _exit(1);
    for (int i = 0; i < 10; i++)
        if (put(db, "committed", 9) != STATUS_OK || sqlite_database_commit(db, &err) != STATUS_OK)
            _exit(1);
    /* Large enough that pages of it are in the WAL already. */
    (void)sqlite3_exec(db->handle, "PRAGMA cache_size=5", NULL, NULL, NULL);
    static const char row[3000];
    for (int i = 0; i < 200; i++)
        if (put(db, row, sizeof row) != STATUS_OK)
            _exit(1);
    if (write(ready, "x", 1) != 1)
        _exit(1);
    for (;;)
        (void)pause();
}

static void what_was_committed_survives_a_kill(void **state)
{
    (void)state;
    sqlite_database_close(open_db(&version_1, SQLITE_MAY_CREATE));
    for (int round = 1; round <= 3; round++) {
        int ends[2], exit_status;
        char x;
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0)
            write_until_killed(ends[1]);
        assert_int_equal(read(ends[0], &x, 1), 1);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, &exit_status, 0), child);
        assert_true(WIFSIGNALED(exit_status));
        (void)close(ends[0]);
        (void)close(ends[1]);
        struct sqlite_database *reader = open_db(&version_1, SQLITE_FOR_READING);
        assert_int_equal(count_rows(reader), 10 * round);
        struct sqlite_database *db = open_db(&version_1, SQLITE_FOR_WRITING);
        assert_int_equal(count_rows(db), 10 * round);
        OK(sqlite_database_check(db, 0, &err));
        sqlite_database_close(db);
        sqlite_database_close(reader);
    }
}

/* ---- a full disk ---- */

/* Half a group is never committed, and after the cure it goes on. */
static void assert_survives_full(struct sqlite_database *db)
{
    static const char row[3000];
    enum status s = STATUS_OK;
    for (int i = 0; i < 1000 && s == STATUS_OK; i++) {
        s = put(db, row, sizeof row);
        if (s == STATUS_OK && i % 100 == 99)
            s = sqlite_database_commit(db, &err);
    }
    assert_int_equal(s, STATUS_IO);
    if (db->is_open) {
        assert_int_equal(put(db, "x", 1), STATUS_IO);
        assert_true(strstr(err.text, "the transaction has failed") != NULL || strstr(err.text, "not used any more") != NULL);
        assert_int_equal(sqlite_database_commit(db, &err), STATUS_IO);
        assert_int_equal(sqlite_database_ready(db, &err), STATUS_IO);
    }
    sqlite_database_rollback(db);
}

static void a_full_database_says_so_and_goes_on(void **state)
{
    (void)state;
    struct sqlite_database *db = open_db(&version_1, SQLITE_MAY_CREATE);
    OK(put(db, "kept", 4));
    OK(sqlite_database_commit(db, &err));
    assert_int_equal(number(db, "PRAGMA max_page_count=30"), 30);
    assert_survives_full(db);
    assert_int_equal(count_rows(db), 1);
    (void)number(db, "PRAGMA max_page_count=100000");
    OK(put(db, "more", 4));
    OK(sqlite_database_commit(db, &err));
    assert_int_equal(count_rows(db), 2);
    sqlite_database_close(db);
}

/* A write that fails as on a full file system: what is on disk is for the next process to see. */
static void a_failed_write_is_the_end_of_this_process(void **state)
{
    (void)state;
    sqlite_database_close(open_db(&version_1, SQLITE_MAY_CREATE));
    struct sqlite_database *db = open_db(&version_1, SQLITE_FOR_WRITING);
    OK(put(db, "kept", 4));
    OK(sqlite_database_commit(db, &err));
    struct rlimit old, small = {200000, 0};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small.rlim_max = old.rlim_max;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_survives_full(db);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    (void)signal(SIGXFSZ, handler);
    assert_int_equal(put(db, "x", 1), STATUS_IO);
    assert_non_null(strstr(err.text, "not used any more"));
    assert_int_equal(sqlite_database_ready(db, &err), STATUS_IO);
    sqlite_database_close(db);
    db = open_db(&version_1, SQLITE_FOR_WRITING);
    assert_int_equal(count_rows(db), 1);
    OK(put(db, "more", 4));
    OK(sqlite_database_commit(db, &err));
    sqlite_database_close(db);
}

/* ---- damage ---- */

static void overwrite(const char *path, off_t from, size_t len, int byte)
{
    static uint8_t junk[65536];
    memset(junk, byte, sizeof junk);
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, junk, len, from), len);
    assert_int_equal(close(fd), 0);
}

static void fill(int count)
{
    static const char row[3000];
    struct sqlite_database *db = open_db(&version_1, SQLITE_MAY_CREATE);
    for (int i = 0; i < count; i++)
        OK(put(db, row, sizeof row));
    OK(sqlite_database_commit(db, &err));
    sqlite_database_close(db);
}

static void what_is_no_database_is_refused(void **state)
{
    (void)state;
    fill(1);
    overwrite(world_path, 0, 100, 'x');
    assert_no_open(&version_1, SQLITE_FOR_WRITING, STATUS_IO, "not a database");
    assert_no_open(&version_1, SQLITE_FOR_READING, STATUS_IO, "restore it from a backup");
}

static void damage_is_found_after_a_crash_and_by_a_check(void **state)
{
    (void)state;
    char lock[128];
    fill(100);
    overwrite(world_path, 20 * 4096, 8 * 4096, 0x5a);
    /* Ended in order: opened without a look at all of it; a check finds it, and so does reading. */
    struct sqlite_database *db = open_db(&version_1, SQLITE_FOR_WRITING);
    assert_int_equal(sqlite_database_check(db, 0, &err), STATUS_IO);
    assert_non_null(strstr(err.text, "damaged"));
    sqlite_database_close(db);
    (void)snprintf(lock, sizeof lock, "%s.lock", world_path);
    int fd = open(lock, O_WRONLY);
    assert_int_equal(write(fd, "4194303\n", 8), 8); /* of a process that has not closed */
    assert_int_equal(close(fd), 0);
    assert_no_open(&version_1, SQLITE_FOR_WRITING, STATUS_IO, "damaged");
    assert_no_open(&version_1, SQLITE_FOR_WRITING, STATUS_IO, "damaged"); /* and again */
}

static void a_damaged_row_is_said(void **state)
{
    (void)state;
    struct acme_account account = records_account(1);
    struct acme_authz authz = records_authz(1, "example.com");
    const struct acme_identifier name = records_name("example.com");
    const acme_id id = 1;
    struct acme_order order = records_order(1, &name, &id, 1);
    struct acme_certificate certificate = records_certificate(1, 1, 1);
    records_open();
    struct acme_store port = records_port;
    OK(port.put_account(port.context, &account, &err));
    OK(port.put_authz(port.context, &authz, &err));
    OK(port.put_order(port.context, &order, &err));
    OK(port.put_certificate(port.context, &certificate, &err));
    OK(port.commit(port.context, &err));
    records_close();
    /* Every length, from nothing: never accepted with less than what was written, never read beyond. */
    for (int len = 0; len < 24; len++) {
        char sql[256];
        sqlite3 *db;
        (void)snprintf(sql, sizeof sql,
                       "UPDATE account SET body = substr(body, 1, %d); UPDATE authz SET body = substr(body, 1, %d);"
                       "UPDATE orders SET body = substr(body, 1, %d); UPDATE certificate SET body = substr(body, 1, %d)",
                       23 - len, 23 - len, 23 - len, len > 8 ? 23 - len : 15);
        assert_int_equal(sqlite3_open(world_path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
        records_open();
        port = records_port;
        assert_int_equal(port.get_account(port.context, 1, &records_memory, &account, &err), STATUS_IO);
        assert_non_null(strstr(err.text, "account 1 is damaged"));
        assert_int_equal(port.get_authz(port.context, 1, &records_memory, &authz, &err), STATUS_IO);
        assert_int_equal(port.get_order(port.context, 1, &records_memory, &order, &err), STATUS_IO);
        if (len > 8)
            assert_int_equal(port.get_certificate(port.context, 1, &records_memory, &certificate, &err), STATUS_IO);
        records_close();
    }
}

/* ---- copies ---- */

/* Runs check as somebody who may only read; true without root rights to give up. */
static bool as_nobody(bool (*check)(void))
{
    int exit_status;
    if (geteuid() != 0)
        return true;
    pid_t child = fork();
    if (child == 0)
        _exit(setresuid(65534, 65534, 65534) == 0 && check() ? 0 : 1);
    return waitpid(child, &exit_status, 0) == child && WIFEXITED(exit_status) && WEXITSTATUS(exit_status) == 0;
}

static bool has_two_rows(void)
{
    struct sqlite_database *db;
    struct sqlite_call call;
    int64_t count = 0;
    if (sqlite_database_open(world_path, SQLITE_FOR_READING, &version_1, &db, &err) != STATUS_OK)
        return false;
    sqlite_call_read(&call, db, SQL_COUNT_ROWS, &err);
    if (sqlite_call_next(&call))
        count = sqlite_call_get_int(&call);
    bool is_good = sqlite_call_end(&call) == STATUS_OK && count == 2;
    sqlite_database_close(db);
    return is_good;
}

static void copy_file(const char *name, const char *copy)
{
    static uint8_t content[1 << 20];
    int in = open(name, O_RDONLY), out = open(copy, O_WRONLY | O_CREAT | O_TRUNC, 0444);
    assert_true(in >= 0 && out >= 0);
    ssize_t len = read(in, content, sizeof content);
    assert_true(len >= 0 && write(out, content, (size_t)len) == len);
    assert_int_equal(close(in), 0);
    assert_int_equal(close(out), 0);
}

static void a_copy_is_read_where_nothing_can_be_written(void **state)
{
    (void)state;
    char folder[96], copy[128], wal[128], copied_wal[160], original[96];
    struct sqlite_database *db = open_db(&version_1, SQLITE_MAY_CREATE);
    OK(put(db, "a", 1));
    OK(put(db, "b", 1));
    OK(sqlite_database_commit(db, &err));
    (void)snprintf(folder, sizeof folder, "%s/c#py %%", world_root); /* what a URI has to escape */
    (void)snprintf(copy, sizeof copy, "%s/test.db", folder);
    (void)snprintf(wal, sizeof wal, "%s-wal", world_path);
    (void)snprintf(copied_wal, sizeof copied_wal, "%s-wal", copy);
    (void)snprintf(original, sizeof original, "%s", world_path);
    assert_int_equal(chmod(world_root, 0755), 0);
    assert_int_equal(mkdir(folder, 0755), 0);
    /* The rows are in the WAL alone. */
    copy_file(original, copy);
    copy_file(wal, copied_wal);
    (void)snprintf(world_path, sizeof world_path, "%s/c#py %%/test.db", world_root);
    assert_true(as_nobody(has_two_rows));
    /* And without a WAL. */
    assert_int_equal(unlink(copied_wal), 0);
    assert_int_equal(unlink(copy), 0);
    OK(sqlite_backup_copy(original, copy, &err));
    assert_int_equal(chmod(copy, 0444), 0);
    assert_true(as_nobody(has_two_rows));
    assert_int_equal(access(copied_wal, F_OK), -1);
    sqlite_database_close(db);
}

static void a_copied_acme_database_is_another_instance(void **state)
{
    (void)state;
    char copy[128];
    uint8_t instance[SQLITE_ACME_INSTANCE_SIZE];
    records_open();
    memcpy(instance, sqlite_acme_store_instance(records_store), sizeof instance);
    records_reopen();
    assert_memory_equal(instance, sqlite_acme_store_instance(records_store), sizeof instance);
    (void)snprintf(copy, sizeof copy, "%s/copy.db", world_root);
    OK(sqlite_backup_copy(world_path, copy, &err));
    records_close();
    assert_int_equal(rename(copy, world_path), 0);
    records_open();
    assert_memory_not_equal(instance, sqlite_acme_store_instance(records_store), sizeof instance);
    records_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_new_database_has_the_newest_version),
        WORLD_TEST(older_versions_are_migrated_in_order),
        WORLD_TEST(a_migration_that_fails_leaves_the_version_before),
        WORLD_TEST(an_empty_file_has_lost_everything),
        WORLD_TEST(one_process_writes),
        WORLD_TEST(a_stranger_who_locks_is_said),
        WORLD_TEST(what_was_committed_survives_a_kill),
        WORLD_TEST(a_full_database_says_so_and_goes_on),
        WORLD_TEST(a_failed_write_is_the_end_of_this_process),
        WORLD_TEST(what_is_no_database_is_refused),
        WORLD_TEST(damage_is_found_after_a_crash_and_by_a_check),
        WORLD_TEST(a_damaged_row_is_said),
        WORLD_TEST(a_copy_is_read_where_nothing_can_be_written),
        WORLD_TEST(a_copied_acme_database_is_another_instance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
