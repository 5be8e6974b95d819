/* sct_list.h - lists of signed certificate timestamps, and one of version 1 [RFC6962 3.2, 3.3].
 *
 *   opaque SerializedSCT<1..2^16-1>;
 *   struct { SerializedSCT sct_list<1..2^16-1>; } SignedCertificateTimestampList;
 *
 *   struct {                                      // SerializedSCT of version 1
 *       Version sct_version;                      // 0
 *       LogID id;                                 // 32 bytes
 *       uint64 timestamp;                         // milliseconds since 1970
 *       opaque extensions<0..2^16-1>;
 *       uint8 hash, signature algorithm;          // 04 03, 08 04...; 07 08 of GM logs [GM 4]
 *       opaque signature<0..2^16-1>;
 *   } SignedCertificateTimestamp;
 *
 *   extensions of a tiled log [C2SP static-ct-api]: any order, none twice, leaf_index is type 0
 *     struct { uint8 type; opaque data<0..2^16-1>; } Extension;
 *
 * The same list is in a certificate's extension (inside an OCTET STRING), in the TLS extension, in an OCSP
 * staple and in the certificate property 0xFF01. An SCT of another version is kept as it is.
 */
#ifndef CATHAYA_CODEC_CT_SCT_LIST_H
#define CATHAYA_CODEC_CT_SCT_LIST_H

#include "base/builder.h"
#include "base/bytes.h"
#include "base/reader.h"
#include "base/status.h"

#define SCT_V1 0
#define SCT_LOG_ID_SIZE 32
/* A uint40. */
#define SCT_LEAF_INDEX_MAX ((UINT64_C(1) << 40) - 1)
/* Policies ask for two to five; a list with more than 32 is refused, for each may cost a signature check. */
#define SCT_LIST_MAX 32
/* A list has a 16-bit length. */
#define SCT_LIST_SIZE_MAX (2 + 65535)

/* Everything borrows. */
struct sct {
    struct bytes serialized; /* the whole SerializedSCT, without its length; not looked at by sct_write */
    uint8_t version;         /* only with SCT_V1 do the others mean something */
    struct bytes log_id;     /* SCT_LOG_ID_SIZE bytes */
    uint64_t timestamp_ms;
    struct bytes extensions;
    uint16_t algorithm; /* both bytes: 0x0403 is ECDSA with SHA-256, 0x0708 SM2 with SM3 */
    struct bytes signature;
};

struct sct_list {
    size_t count;
    struct sct scts[SCT_LIST_MAX];
};

/* sct_list_parse reads a whole list. STATUS_MALFORMED with the offset: also for an empty list or SCT;
 * STATUS_LIMIT for more than SCT_LIST_MAX. */
MUST_USE enum status sct_list_parse(struct bytes input, struct sct_list *out, struct error *err);

/* sct_list_write appends a list of SCTs as they are in `serialized`. STATUS_USAGE for an empty list or SCT,
 * STATUS_LIMIT when it is too long. */
MUST_USE enum status sct_list_write(const struct sct *scts, size_t count, struct builder *out,
                                    struct error *err);

/* sct_write appends a SerializedSCT of version 1, without its length, from its fields (STATUS_USAGE for another
 * version or a log ID of another size). */
MUST_USE enum status sct_write(const struct sct *sct, struct builder *out, struct error *err);

/* sct_leaf_index reads the extensions as a tiled log writes them. STATUS_NOT_FOUND when they have no
 * leaf_index; STATUS_MALFORMED when they are no list of extensions, have a type twice or an index that is
 * not 5 bytes: RFC 6962 allows other logs that, so it breaks nothing but the index. */
MUST_USE enum status sct_leaf_index(const struct sct *sct, uint64_t *index, struct error *err);

/* sct_write_leaf_index appends extensions with a leaf_index alone. STATUS_USAGE above SCT_LEAF_INDEX_MAX. */
MUST_USE enum status sct_write_leaf_index(uint64_t index, struct builder *out, struct error *err);

#endif
