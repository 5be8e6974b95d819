/* registry_directory.h - a registry on disk: the files of registry/registry.h below a directory, and changes of them.
 *
 * Other files (README.md, documents/, .git) may be there and are left alone; in the registry's own folders only those whose names begin
 * with a dot or end in .md. A change of several files is written into DIR/.change first and then moved into place; whoever
 * opens the registry next finishes a move that was cut short, so that nobody reads half a change.
 */
#ifndef CATHAYA_PROGRAM_REGISTRY_REGISTRY_DIRECTORY_H
#define CATHAYA_PROGRAM_REGISTRY_REGISTRY_DIRECTORY_H

#include "registry/registry.h"

struct registry_directory;

/* registry_directory_open reads the registry. To change it one process at a time has it: STATUS_CONFLICT when another one does.
 * STATUS_USAGE with file and line for what cannot be read (registry_read);
 * STATUS_AGAIN when it changes while it is read, again and again. algorithms must outlive it. */
MUST_USE enum status registry_directory_open(const char *path, const struct algorithms *algorithms, bool is_for_change,
                                             struct registry_directory **out, struct error *err);
/* registry_directory_new starts one in a directory that has no registry yet; it is made. STATUS_CONFLICT when there is one. */
MUST_USE enum status registry_directory_new(const char *path, const struct algorithms *algorithms, struct registry_directory **out,
                                            struct error *err);
void registry_directory_close(struct registry_directory *directory);

/* registry_directory_registry is what was read last; borrowed until registry_directory_check or _close. NULL of a new one. */
const struct registry *registry_directory_registry(const struct registry_directory *directory);

/* registry_directory_text is a file with the changes so far; {NULL, 0} when it is not there. Borrowed until the next put. */
struct bytes registry_directory_text(const struct registry_directory *directory, const char *name);

/* registry_directory_put changes a file, or makes it; nothing is written yet. */
MUST_USE enum status registry_directory_put(struct registry_directory *directory, const char *name, struct bytes content,
                                            struct error *err);

/* Edits of one statement (registry_edit.h) of a file. The file has to be there. */
MUST_USE enum status registry_directory_add(struct registry_directory *directory, const char *name, const char *const *words,
                                            size_t count, struct error *err);
MUST_USE enum status registry_directory_set(struct registry_directory *directory, const char *name, const char *const *words,
                                            size_t count, size_t key_count, struct error *err);
MUST_USE enum status registry_directory_remove(struct registry_directory *directory, const char *name, const char *const *words,
                                               size_t count, struct error *err);

/* registry_directory_check reads the registry with the changes. registry_directory_write checks, and puts the changed files into place,
 * all or none. */
MUST_USE enum status registry_directory_check(struct registry_directory *directory, struct error *err);
MUST_USE enum status registry_directory_write(struct registry_directory *directory, struct error *err);

#endif
