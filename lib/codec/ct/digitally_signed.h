/* digitally_signed.h - a signature with its algorithm, as CT has them [RFC5246 4.7], [RFC6962 3.2, 3.5]:
 *
 *   struct { uint8 hash, signature; opaque signature<0..2^16-1>; } DigitallySigned;
 *
 * In tree heads it stands alone; in an SCT its two fields are the last ones (sct_list.h).
 */
#ifndef CATHAYA_CODEC_CT_DIGITALLY_SIGNED_H
#define CATHAYA_CODEC_CT_DIGITALLY_SIGNED_H

#include "base/builder.h"
#include "base/reader.h"
#include "crypto/key.h"

#define DIGITALLY_SIGNED_ECDSA_SHA256 0x0403
#define DIGITALLY_SIGNED_SM2_SM3 0x0708 /* [GM 4] */
/* A P-256 or SM2 signature in DER has at most 72 bytes. */
#define DIGITALLY_SIGNED_SIZE_MAX (2 + 2 + 80)

struct digitally_signed {
    uint16_t algorithm; /* both bytes */
    struct bytes signature; /* borrows */
};

/* digitally_signed_parse reads a whole one: STATUS_MALFORMED with the offset, also for bytes behind it and
 * for an empty signature. */
MUST_USE enum status digitally_signed_parse(struct bytes input, struct digitally_signed *out,
                                            struct error *err);

/* digitally_signed_write appends one. */
void digitally_signed_write(const struct digitally_signed *value, struct builder *out);

/* digitally_signed_algorithm is what signatures by keys of alg are marked with; 0 for an algorithm that no
 * CT log signs with. */
uint16_t digitally_signed_algorithm(const struct signature_alg *alg);

/* digitally_signed_verify is STATUS_OK when value is a signature of message by key, marked as such.
 * STATUS_REFUSED when not. */
MUST_USE enum status digitally_signed_verify(const struct public_key *key, struct bytes message,
                                             const struct digitally_signed *value, struct error *err);

#endif
