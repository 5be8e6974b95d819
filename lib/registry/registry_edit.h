/* registry_edit.h - what commands change in a registry's files: single statements. Comments, blank lines and the order of
 * everything else stay as they are. Words are written with quotes where they need them. */
#ifndef CATHAYA_REGISTRY_REGISTRY_EDIT_H
#define CATHAYA_REGISTRY_REGISTRY_EDIT_H

#include "base/builder.h"

/* registry_edit_add writes text with one statement more to out: behind the last statement of its keyword, or at the end.
 * STATUS_USAGE when a word cannot be written (not printable UTF-8), or the line is longer than REGISTRY_LINE_MAX. */
MUST_USE enum status registry_edit_add(struct bytes text, const char *const *words, size_t count, struct builder *out,
                                       struct error *err);

/* registry_edit_set is registry_edit_add for a keyword that stands once: the statement takes the place of the one that begins with
 * the same `key_count` words, when there is one. A comment at the end of the old line stays. */
MUST_USE enum status registry_edit_set(struct bytes text, const char *const *words, size_t count, size_t key_count,
                                       struct builder *out, struct error *err);

/* registry_edit_remove leaves out the statements that begin with these words. STATUS_NOT_FOUND when there is none. */
MUST_USE enum status registry_edit_remove(struct bytes text, const char *const *words, size_t count, struct builder *out,
                                          struct error *err);

/* registry_edit_write appends one statement with a line end. */
MUST_USE enum status registry_edit_write(const char *const *words, size_t count, struct builder *out, struct error *err);

#endif
