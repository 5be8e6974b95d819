/* trust_directory.h - what a client trusts, in a directory (docs/trust-bundle.md):
 *
 *   DIR/trust.bundle            what the operator imported, or a signed bundle in its envelope
 *   DIR/keys                    keys that a signed bundle has to be signed with; no file: it is local and unsigned
 *   DIR/logs/CA-ID.N            landmarks of log N of that CA, as `trust update` took them from the log
 *   DIR/lock                    held by the one writer
 *
 * Every file is put in place as a whole. A damaged one makes the whole directory refused: a file that is skipped could
 * be the one with the revocations. Files of other names (a temporary one that a crash left) are not looked at.
 */
#ifndef CATHAYA_PROGRAM_TRUST_TRUST_DIRECTORY_H
#define CATHAYA_PROGRAM_TRUST_TRUST_DIRECTORY_H

#include "rules/trust_contents.h"

struct trust_directory;

/* trust_directory_load reads a directory as it is now and makes what connections are judged by. A running program loads
 * it again when it likes: what was loaded before stays as it was. STATUS_NOT_FOUND when there is no trust.bundle,
 * STATUS_REFUSED (MALFORMED, LIMIT) when something is damaged, not signed by its keys, or expired; STATUS_IO.
 * algorithms must outlive it. Reasons begin with the path. */
MUST_USE enum status trust_directory_load(const char *path, const struct algorithms *algorithms,
                                          const struct trust_contents_settings *settings,
                                          struct trust_directory **out, struct error *err);
void trust_directory_free(struct trust_directory *directory);

/* Borrowed; immutable, so threads may share it. */
const struct trust_contents *trust_directory_contents(const struct trust_directory *directory);
const struct trust_bundle *trust_directory_bundle(const struct trust_directory *directory);

#endif
