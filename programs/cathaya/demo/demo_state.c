#include "demo/demo_state.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Descriptors that the walk may hold: deeper than the demo's directories go. */
#define WALK_DEPTH 16

enum status demo_state_open(struct demo_state *state, const char *path, struct error *err)
{
    const char *parent = getenv("TMPDIR");
    *state = (struct demo_state){.is_temporary = path == NULL};
    int len = path != NULL ? snprintf(state->path, sizeof state->path, "%s", path)
                           : snprintf(state->path, sizeof state->path, "%s/cathaya-demo-XXXXXX",
                                      parent != NULL && parent[0] != '\0' ? parent : "/tmp");
    if (len < 0 || (size_t)len >= sizeof state->path - 64)
        return error_set(err, STATUS_USAGE, "%.80s...: path too long", state->path);
    if (path == NULL && mkdtemp(state->path) == NULL)
        return error_set(err, STATUS_IO, "%s: %s", state->path, strerror(errno));
    if (path != NULL && mkdir(path, 0755) != 0 && errno != EEXIST)
        return error_set(err, STATUS_IO, "%s: %s", path, strerror(errno));
    return STATUS_OK;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

void demo_state_close(struct demo_state *state)
{
    if (state->is_temporary)
        (void)nftw(state->path, remove_one, WALK_DEPTH, FTW_DEPTH | FTW_PHYS);
}
