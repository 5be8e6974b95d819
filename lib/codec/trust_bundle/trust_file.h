/* trust_file.h - a bundle as a client keeps it for itself, in its trust directory:
 *
 *   struct {
 *     uint8 label[16] = "trust-file/v001" LF, or "trust-file/v002" LF;
 *     opaque contents<1..2^24-1>;    // TrustBundle
 *     opaque note<0..2^24-1>;        // of a log: the signed checkpoint that was seen last
 *     opaque revocations<1..2^24-1>; // v002 alone, of a log: the signed revocations file that was taken last
 *     opaque digest[32];             // SHA-256 of everything before it
 *   } TrustFile;
 *
 * A file without revocations is v001, one with them v002: who knows v001 alone refuses what it cannot apply.
 * It is not signed: whoever can write the directory says what is trusted. The digest finds files that are cut short
 * or damaged.
 */
#ifndef CATHAYA_CODEC_TRUST_BUNDLE_TRUST_FILE_H
#define CATHAYA_CODEC_TRUST_BUNDLE_TRUST_FILE_H

#include "codec/note/note.h"
#include "codec/trust_bundle/trust_bundle.h"

#define TRUST_FILE_LABEL "trust-file/v001\n"
#define TRUST_FILE_LABEL_REVOCATIONS "trust-file/v002\n"
#define TRUST_FILE_LABEL_SIZE 16
#define TRUST_FILE_SIZE_MAX (TRUST_BUNDLE_SIZE_MAX + 2 * NOTE_SIZE_MAX + 64)

struct trust_file {
    struct bytes contents; /* for trust_bundle_parse */
    struct bytes note;     /* for note_parse; empty: none */
    struct bytes revocations; /* for revocations_read; empty: none */
};

/* trust_file_parse reads a whole file: STATUS_MALFORMED when it is damaged. *out borrows. */
MUST_USE enum status trust_file_parse(struct bytes input, struct trust_file *out, struct error *err);

/* trust_file_write appends one with a bundle as its contents; note, revocations: empty for none. */
MUST_USE enum status trust_file_write(const struct trust_bundle *bundle, struct bytes note, struct bytes revocations,
                                      struct builder *out, struct error *err);

/* trust_file_is: does it begin like one? */
bool trust_file_is(struct bytes input);

#endif
