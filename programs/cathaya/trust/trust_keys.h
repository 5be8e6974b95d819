/* trust_keys.h - the keys that a trust directory pins: DIR/trust.keys, a trust file of a bundle with section 9 alone. What comes after
 * them stands in held/ (trust_held.h). */
#ifndef CATHAYA_PROGRAM_TRUST_TRUST_KEYS_H
#define CATHAYA_PROGRAM_TRUST_TRUST_KEYS_H

#include "rules/bundle_keys.h"

/* trust_keys_exist: does the directory pin keys? One that cannot be looked at does. */
bool trust_keys_exist(const char *dir);

/* trust_keys_read reads DIR/trust.keys: STATUS_USAGE when there is none, STATUS_MALFORMED, STATUS_REFUSED for a key that
 * cannot be used. Reasons begin with the path. *out is for bundle_keys_clear in any case; algorithms must outlive it. */
MUST_USE enum status trust_keys_read(const char *dir, const struct algorithms *algorithms, struct bundle_keys *out,
                                     struct error *err);

/* trust_keys_read_file is the same for the path of any such file; *note (NULL: not wanted) gets its note appended. */
MUST_USE enum status trust_keys_read_file(const char *path, const struct algorithms *algorithms, struct bundle_keys *out,
                                          struct builder *note, struct error *err);

/* trust_keys_write_file puts one in place, durably, with a version of its own. */
MUST_USE enum status trust_keys_write_file(const char *path, const struct bundle_keys *keys, uint64_t version, int64_t now_s,
                                           struct bytes note, struct error *err);

/* trust_keys_add reads a file with a public key that signs bundles (SubjectPublicKeyInfo, PEM or DER), or one with all keys, as
 * trust.keys is. trust_keys_add_log reads a verifier key of the log of versions (codec/note/vkey.h), of that origin (NULL: its
 * name). Both are of one of the algorithms that are required; one that is there already is no second one. Reasons begin with the
 * path. */
MUST_USE enum status trust_keys_add(struct bundle_keys *keys, const char *file, const struct algorithms *algorithms,
                                    struct error *err);
MUST_USE enum status trust_keys_add_log(struct bundle_keys *keys, const char *file, const char *origin,
                                        const struct algorithms *algorithms, struct error *err);

/* trust_keys_pin makes DIR/trust.keys; whoever calls holds the directory's lock. The same keys again are no change, others
 * STATUS_CONFLICT. STATUS_USAGE when there is none of an algorithm that is required. */
MUST_USE enum status trust_keys_pin(const char *dir, const struct bundle_keys *keys, const struct algorithms *algorithms,
                                    int64_t now_s, bool *is_changed, struct error *err);

#endif
