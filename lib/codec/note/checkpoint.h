/* checkpoint.h - the text of a checkpoint [C2SP tlog-checkpoint].
 *
 *   checkpoint = origin LF size LF base64(root[32]) LF *(extension LF)
 *
 * No line is empty. size is decimal without leading zeros.
 */
#ifndef CATHAYA_CODEC_NOTE_CHECKPOINT_H
#define CATHAYA_CODEC_NOTE_CHECKPOINT_H

#include "base/builder.h"
#include "base/bytes.h"
#include "base/status.h"
#include "crypto/hash.h"

struct checkpoint {
    struct bytes origin; /* borrows */
    uint64_t size;
    uint8_t root[HASH_SIZE];
    struct bytes extensions; /* borrows: whole lines with their LF, most often empty */
};

/* checkpoint_parse reads the text of a note (note.text): STATUS_MALFORMED with the line. */
MUST_USE enum status checkpoint_parse(struct bytes text, struct checkpoint *out, struct error *err);

/* checkpoint_write appends the text: STATUS_MALFORMED when the origin is empty or has control
 * characters, or when the extensions are not whole non-empty lines. */
MUST_USE enum status checkpoint_write(const struct checkpoint *checkpoint, struct builder *out,
                                      struct error *err);

#endif
