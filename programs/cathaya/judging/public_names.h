/* public_names.h - what the rules about names ask the outside: the public suffix list, and the registries of addresses. One of it
 * for the CA's linter, and for all that judges by the policy. */
#ifndef CATHAYA_PROGRAM_JUDGING_PUBLIC_NAMES_H
#define CATHAYA_PROGRAM_JUDGING_PUBLIC_NAMES_H

#include "base/bytes.h"
#include "base/status.h"

struct public_names; /* a public suffix list; used by all threads, never changed */

/* public_names_new loads a list; NULL: the one built into libpsl. extra are top-level labels that count as public though
 * no registry has them ("test", for demos and tests); borrowed. STATUS_USAGE. public_names_free takes it back (NULL is fine). */
MUST_USE enum status public_names_new(const char *public_suffix_file, const char *const *extra, size_t extra_count,
                                      struct public_names **out, struct error *err);
void public_names_free(struct public_names *names);

/* The callbacks; context is a struct public_names. public_names_is_suffix: is this name a public suffix [BR 3.2.2.6]?
 * public_names_is_internal: is it one that nobody has in the public Internet [BR 1.6.1 Internal Name]? names are A-labels in
 * small letters, without "*.". public_names_is_reserved: has nobody this address (4 or 16 bytes) there? */
bool public_names_is_suffix(void *context, const char *name);
bool public_names_is_internal(void *context, const char *name);
bool public_names_is_reserved(struct bytes address);

#endif
