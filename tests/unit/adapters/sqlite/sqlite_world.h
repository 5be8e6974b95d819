/* sqlite_world.h - a directory of its own for each test of a database. */
#ifndef CATHAYA_TESTS_SQLITE_WORLD_H
#define CATHAYA_TESTS_SQLITE_WORLD_H

#include "unit/checks.h"

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char world_root[64], world_path[96];

static inline int world_remove_file(const char *name, const struct stat *info, int type, struct FTW *at)
{
    (void)info, (void)type, (void)at;
    return remove(name);
}

static inline int world_set_up(void **state)
{
    (void)state;
    (void)snprintf(world_root, sizeof world_root, "/tmp/cathaya-sqlite-XXXXXX");
    assert_non_null(mkdtemp(world_root));
    (void)snprintf(world_path, sizeof world_path, "%s/test.db", world_root);
    return 0;
}

static inline int world_tear_down(void **state)
{
    (void)state;
    (void)nftw(world_root, world_remove_file, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}

#define WORLD_TEST(function) cmocka_unit_test_setup_teardown(function, world_set_up, world_tear_down)

#endif
