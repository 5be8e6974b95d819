/* object_path.h - names of the numbered objects in a log's private store: "batch/x001/x234/067". */
#ifndef CATHAYA_TILED_TREE_OBJECT_PATH_H
#define CATHAYA_TILED_TREE_OBJECT_PATH_H

#include "base/bytes.h"
#include "ports/object_store.h"

/* A name, and its NUL. */
#define OBJECT_PATH_SIZE (OBJECT_NAME_MAX + 1)

/* object_path writes folder, '/' and the number in groups of three digits, all but the last after an
 * x, as in tile paths [C2SP tlog-tiles]: no folder is ever named like an object. */
void object_path(const char *folder, uint64_t number, char out[OBJECT_PATH_SIZE]);

/* object_path_parse is the strict inverse; false for any other name. */
MUST_USE bool object_path_parse(const char *folder, const char *name, uint64_t *number);

#endif
