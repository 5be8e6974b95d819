/* trust_directory.h - what a client trusts, in a directory (docs/trust-bundle.md):
 *
 *   DIR/trust.bundle   what the operator imported himself (codec/trust_bundle/trust_file.h), or a signed bundle in its
 *                      envelope (codec/trust_bundle/trust_envelope.h)
 *   DIR/trust.keys     a bundle with keys alone, as a trust file: trust.bundle has to be signed with them. No such file:
 *                      it is local and unsigned
 *   DIR/logs/LOG-ID    landmarks and revoked ranges of an issuance log (32473.8.0.1), as `trust update` took them from the
 *                      log: a trust file of a bundle with that log alone, and the checkpoint and the revocations file that
 *                      were seen last
 *   DIR/held/N         of version N of a signed bundle: the keys that it was judged by, and the checkpoint of the log of versions
 *                      (trust_held.h)
 *   DIR/trust.url      where updates come from
 *   DIR/lock           held by the one writer
 *
 * Every file is put in place as a whole. A damaged one makes the whole directory refused: a file that is skipped could
 * be the one with the revocations. Files of other names (a temporary one that a crash left) are not looked at.
 */
#ifndef CATHAYA_PROGRAM_TRUST_TRUST_DIRECTORY_H
#define CATHAYA_PROGRAM_TRUST_TRUST_DIRECTORY_H

#include "codec/trust_bundle/trust_envelope.h"
#include "codec/trust_bundle/trust_file.h"
#include "rules/bundle_signature.h"
#include "rules/trust_contents.h"

/* A log's file, which is read as a bundle of its own. */
struct trust_directory_log {
    struct builder memory;
    struct trust_bundle bundle; /* with one log */
    struct bytes note;          /* of the checkpoint that was seen last */
    struct bytes revocations;   /* the signed file that was taken last (codec/revocations); empty: none */
    struct bytes contents;      /* what bundle was parsed from */
    bool is_outdated;           /* after trust_directory_judge: its landmarks do not count for the new bundle, and are left out */
};

struct trust_directory {
    struct builder memory;
    struct trust_bundle bundle;
    struct bytes bundle_bytes; /* what bundle was parsed from */
    bool is_signed;
    bool is_expired;           /* at the time of trust_directory_load: without landmarks */
    struct bundle_keys keys;   /* of a signed one: those in force for the next version */
    struct builder note;       /* of a signed one: the checkpoint of the log of versions that is held; empty: none */
    struct version_checkpoint checkpoint; /* that of its own proof; size 0: no log of versions. Borrows from memory */
    struct trust_directory_log *logs; /* by CA ID and number */
    size_t log_count;
    struct trust_contents *contents; /* after trust_directory_load alone */
};

/* trust_directory_load reads a directory as it is now and makes what connections are judged by. A running program loads
 * it again when it likes: what was loaded before stays as it was. STATUS_NOT_FOUND when there is no trust.bundle,
 * STATUS_REFUSED (MALFORMED, LIMIT) when something is damaged, not signed by its keys, or not to be used at that time any
 * more (bundle_signature_check_use); STATUS_IO. algorithms must outlive it. Reasons begin with the path. */
MUST_USE enum status trust_directory_load(const char *path, const struct algorithms *algorithms,
                                          const struct trust_contents_settings *settings,
                                          struct trust_directory **out, struct error *err);

/* trust_directory_warn appends one sentence about the age of a signed bundle, or nothing: that it has expired, and what is not
 * used any more, or that more than half of its time is over. */
void trust_directory_warn(const struct trust_directory *directory, int64_t now_s, struct builder *out);

/* trust_directory_read is the same without making contents, and without looking whether the bundle has expired. */
MUST_USE enum status trust_directory_read(const char *path, const struct algorithms *algorithms,
                                          struct trust_directory **out, struct error *err);

/* trust_directory_print_warning prints that sentence on stderr, when there is one. */
void trust_directory_print_warning(const struct trust_directory *directory, int64_t now_s);

/* trust_directory_judge reads the directory as it would be with this envelope as its trust.bundle, and makes contents of it:
 * it has to pass bundle_signature_check with what is held, and its new keys have to be usable; logs' files must not contradict
 * it. Landmarks in a log's file whose checkpoint is not signed as the new bundle asks (another key of the CA, a stricter rule) are left
 * out: whoever had the old key must not keep a client from the new one. Nothing is written. STATUS_CONFLICT for a contradiction. *checkpoint is as bundle_signature_check has it, also after a
 * failure, and borrows from envelope. */
MUST_USE enum status trust_directory_judge(const char *path, struct bytes envelope, const struct bundle_signature_pins *held,
                                           const struct algorithms *algorithms, struct trust_directory **out,
                                           struct version_checkpoint *checkpoint, struct error *err);
void trust_directory_free(struct trust_directory *directory);

/* trust_directory_log finds the file of a log; NULL: there is none. */
const struct trust_directory_log *trust_directory_log_of(const struct trust_directory *directory, const struct tai *ca_id,
                                                         uint16_t log_number);

/* trust_directory_write_bundle (local), trust_directory_write_signed and trust_directory_write_log put a file in place, durably; the folders are made. Whoever
 * writes holds the lock (posix_record_store_open on the directory). note: the checkpoint; revocations: the signed file. */
MUST_USE enum status trust_directory_write_bundle(const char *path, const struct trust_bundle *bundle, struct error *err);
MUST_USE enum status trust_directory_write_signed(const char *path, struct bytes envelope, struct error *err);
MUST_USE enum status trust_directory_write_log(const char *path, const struct trust_bundle *bundle, struct bytes note,
                                               struct bytes revocations, struct error *err);

/* Borrowed; immutable, so threads may share it. */
static inline const struct trust_contents *trust_directory_contents(const struct trust_directory *directory)
{
    return directory->contents;
}
static inline const struct trust_bundle *trust_directory_bundle(const struct trust_directory *directory)
{
    return &directory->bundle;
}

#endif
