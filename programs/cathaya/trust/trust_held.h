/* trust_held.h - what a trust directory keeps beside a signed bundle:
 *
 *   DIR/held/N      a trust file for version N of the bundle: section 9 with the keys that N was judged by, and as its note the
 *                   checkpoint of the log of versions that later ones have to be consistent with
 *   DIR/trust.url   the base URL of the distributor, and LF
 *
 * held/N is written before the bundle is put in place: after a crash in between, the bundle that is there still has its own. */
#ifndef CATHAYA_PROGRAM_TRUST_TRUST_HELD_H
#define CATHAYA_PROGRAM_TRUST_TRUST_HELD_H

#include "trust/trust_keys.h"

/* A base that paths are put behind. */
#define TRUST_HELD_URL_MAX 1024

/* trust_held_read reads held/VERSION. Without such a file: the pinned keys, and no note. note is empty before. Statuses of
 * trust_keys_read; *out is for bundle_keys_clear in any case. */
MUST_USE enum status trust_held_read(const char *dir, uint64_t version, const struct algorithms *algorithms, struct bundle_keys *out,
                                     struct builder *note, struct error *err);

/* trust_held_write puts it in place, durably. trust_held_sweep removes those of other versions; what cannot be removed does no harm. */
MUST_USE enum status trust_held_write(const char *dir, uint64_t version, const struct bundle_keys *keys, int64_t now_s, struct bytes note,
                                      struct error *err);
void trust_held_sweep(const char *dir, uint64_t version);

/* trust_held_read_url appends the URL without a slash at its end, and a NUL: "" when the directory has none. STATUS_MALFORMED.
 * trust_held_write_url puts it in place; the same again is no change. STATUS_USAGE for what is no URL. */
MUST_USE enum status trust_held_read_url(const char *dir, struct builder *out, struct error *err);
MUST_USE enum status trust_held_write_url(const char *dir, const char *url, bool *is_changed, struct error *err);

#endif
