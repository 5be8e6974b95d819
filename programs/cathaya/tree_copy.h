/* tree_copy.h - copying the files of a directory that is in use, as a backup: made beside its place, and put there as a
 * whole. */
#ifndef CATHAYA_PROGRAM_TREE_COPY_H
#define CATHAYA_PROGRAM_TREE_COPY_H

#include <time.h>

#include "base/status.h"

#define TREE_COPY_PATH_MAX 4096

/* Where a copy comes from and goes to; absolute. */
struct tree_copy_place {
    char from[TREE_COPY_PATH_MAX], out[TREE_COPY_PATH_MAX], temporary[TREE_COPY_PATH_MAX + 8];
};

/* tree_copy_begin makes the temporary directory (0700). STATUS_USAGE when out is there and not empty, or within from. */
MUST_USE enum status tree_copy_begin(const char *from, const char *out, struct tree_copy_place *place,
                                     struct error *err);

/* tree_copy_publish makes all of it durable and gives it its name. */
MUST_USE enum status tree_copy_publish(const struct tree_copy_place *place, struct error *err);

/* What is copied. name is relative: "log/1/record"; of a folder that is not wanted nothing is. */
struct tree_copy_selection {
    bool (*is_wanted)(const char *name, bool with_keys);
    bool with_keys;
    const struct timespec *moment; /* files that were written at or after it are left out; NULL: none */
};

/* tree_copy_run copies every wanted file that is not in `to` as it is in `from`, with its mode and time. A file that
 * goes away meanwhile is left out. */
MUST_USE enum status tree_copy_run(const char *from, const char *to, const struct tree_copy_selection *selection,
                                   struct error *err);

/* tree_copy_file copies one file; none is fine. */
MUST_USE enum status tree_copy_file(const char *from, const char *to, struct error *err);

/* tree_copy_remove removes a directory with everything in it; none is fine. */
MUST_USE enum status tree_copy_remove(const char *path, struct error *err);

bool tree_copy_is_before(struct timespec a, struct timespec b);

#endif
