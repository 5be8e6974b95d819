/* trust_anchor_list.h - the contents of the TLS extension trust_anchors, in its three places [TAI 4.1].
 *
 *   opaque TrustAnchorID<1..32>;                            (-04: <1..2^8-1>)
 *   ClientHello, CertificateRequest:  TrustAnchorID RequestedTrustAnchorList<0..2^16-1>;
 *   EncryptedExtensions:              TrustAnchorID AvailableTrustAnchorList<1..2^16-1>;
 *   Certificate (first entry alone):  empty
 *
 * Every ID is checked, to the end of the list. Two kinds of IDs are well-formed and not kept, because no
 * certificate of ours has them: those over 32 bytes (of a peer that speaks TAI -04) and those with a
 * component of 2^64 or more. They are counted, and break no handshake. An ID twice is allowed by the
 * specification and kept twice.
 */
#ifndef CATHAYA_CODEC_TAI_TRUST_ANCHOR_LIST_H
#define CATHAYA_CODEC_TAI_TRUST_ANCHOR_LIST_H

#include "codec/tai/tai.h"

/* A browser knows fewer than 200 CAs, and of a Merkle Tree CA one group stands for all its landmarks.
 * Of a longer list the first 512 are kept and the others counted: what they ask for is found by the
 * client's retry, which has one ID. */
#define TRUST_ANCHOR_LIST_MAX 512
/* A list has a 16-bit length. */
#define TRUST_ANCHOR_LIST_SIZE_MAX (2 + 65535)
/* The extension's number until IANA assigns one: what experiments use. */
#define TRUST_ANCHOR_LIST_CODE_POINT 0xca34

enum trust_anchor_place {
    TRUST_ANCHOR_REQUESTED, /* may be empty */
    TRUST_ANCHOR_AVAILABLE  /* may not */
};

/* 17 KiB. The order is the sender's; it means preference in an AvailableTrustAnchorList alone. */
struct trust_anchor_list {
    size_t count;
    size_t unusable_count; /* well-formed, but no struct tai */
    size_t left_out_count; /* usable, beyond TRUST_ANCHOR_LIST_MAX */
    struct tai ids[TRUST_ANCHOR_LIST_MAX];
};

/* trust_anchor_list_parse reads a whole extension: STATUS_MALFORMED with the offset (decode_error in TLS).
 * *out is not set beyond out->count. */
MUST_USE enum status trust_anchor_list_parse(struct bytes extension, enum trust_anchor_place place,
                                             struct trust_anchor_list *out, struct error *err);

/* trust_anchor_list_write appends the extension's contents. STATUS_USAGE for "no ID" among the IDs, or an
 * AvailableTrustAnchorList of none; STATUS_LIMIT above 2^16-1 bytes. */
MUST_USE enum status trust_anchor_list_write(const struct tai *ids, size_t count,
                                             enum trust_anchor_place place, struct builder *out,
                                             struct error *err);

/* trust_anchor_list_check_certificate is STATUS_OK for the extension in Certificate: it is empty. */
MUST_USE enum status trust_anchor_list_check_certificate(struct bytes extension, struct error *err);

/* trust_anchor_list_clear makes the empty list; trust_anchor_list_add adds an ID at the end, unless it
 * is there already. STATUS_LIMIT when the list is full. */
void trust_anchor_list_clear(struct trust_anchor_list *list);
MUST_USE enum status trust_anchor_list_add(struct trust_anchor_list *list, const struct tai *id,
                                           struct error *err);

#endif
