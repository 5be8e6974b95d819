/* properties.h - the properties of a certification path [TAI 7].
 *
 *   struct { uint16 type; opaque data<0..2^16-1>; } CertificateProperty;
 *   CertificateProperty CertificatePropertyList<0..2^16-1>;      // types strictly ascending
 *
 *   0 trust_anchor_id           the binary ID, without a length of its own
 *   1 trust_anchor_groups       TAI -05 and later:
 *                                 opaque TrustAnchorIDPattern<0..2^8-1>;
 *                                 TrustAnchorIDPattern TrustAnchorIDPatternList<1..2^16-1>;
 *                               TAI -04:
 *                                 struct { opaque base<1..2^8-1>; uint64 min; uint64 max; }
 *                                   TrustAnchorRange;
 *                                 TrustAnchorRange TrustAnchorRangeList<1..2^16-1>;
 *   2 trust_anchor_negotiation  empty
 *   0xFF01 (private)            SignedCertificateTimestampList over the log entry [GM 4]
 *
 * The two encodings of type 1 do not tell themselves apart: the caller says which one it is. Other
 * types are kept as they are and mean nothing.
 */
#ifndef CATHAYA_CODEC_PROPERTIES_PROPERTIES_H
#define CATHAYA_CODEC_PROPERTIES_PROPERTIES_H

#include "codec/tai/tai_pattern.h"

/* The PEM label of a list. */
#define PROPERTIES_PEM_LABEL "CERTIFICATE PROPERTIES"
/* A chain with a list in front of it, as ACME has it [TAI 7]. */
#define PROPERTIES_CHAIN_TYPE "application/pem-certificate-chain-with-properties"
/* A list has a 16-bit length. */
#define PROPERTIES_SIZE_MAX (2 + 65535)
/* An MTC has one group; several CAs that share timestamped groups have a few [MTC 8.2]. */
#define PROPERTIES_GROUPS_MAX 32
/* Types that we do not know: none is registered today. */
#define PROPERTIES_OTHERS_MAX 32

enum properties_type {
    PROPERTIES_TRUST_ANCHOR_ID = 0,
    PROPERTIES_TRUST_ANCHOR_GROUPS = 1,
    PROPERTIES_TRUST_ANCHOR_NEGOTIATION = 2,
    PROPERTIES_SCT_LIST = 0xff01
};

enum properties_encoding {
    PROPERTIES_WITH_PATTERNS, /* TAI -05 and later: what we write */
    PROPERTIES_WITH_RANGES    /* TAI -04, of peers that speak MTC -05 and before */
};

struct properties_other {
    uint16_t type;
    struct bytes data; /* borrows */
};

/* 9 KiB. Fill it by hand from zero, or with properties_parse. */
struct properties {
    struct tai trust_anchor_id; /* len 0: absent */
    size_t group_count;         /* 0: absent */
    struct tai_pattern groups[PROPERTIES_GROUPS_MAX];
    bool has_negotiation;
    bool has_sct_list;
    struct bytes sct_list; /* borrows: the list as TLS has it, not looked into */
    size_t other_count;
    struct properties_other others[PROPERTIES_OTHERS_MAX]; /* types ascending */
};

/* properties_parse reads a whole list: STATUS_MALFORMED with the offset, STATUS_LIMIT for more
 * groups or unknown types than above. A range of TAI -04 becomes the pattern that contains the same
 * IDs; its max 2^64-1 is "no upper bound". *out borrows from input. */
MUST_USE enum status properties_parse(struct bytes input, enum properties_encoding encoding,
                                      struct properties *out, struct error *err);

/* properties_write appends a list. STATUS_USAGE when others are out of order or of a known type, or
 * when a group is not a range of TAI -04 but is to be written as one. */
MUST_USE enum status properties_write(const struct properties *properties,
                                      enum properties_encoding encoding, struct builder *out,
                                      struct error *err);

/* properties_standalone fills the properties of a standalone certificate of a CA: its ID, and all
 * groups CA.2.{0-}.{0-}. properties_landmark those of a landmark-relative one: CA.1.N.L, the groups
 * CA.2.N.{L-}, and trust anchor negotiation [MTC 8.2]. STATUS_LIMIT when an ID is too long. */
MUST_USE enum status properties_standalone(const struct tai *ca, struct properties *out,
                                           struct error *err);
MUST_USE enum status properties_landmark(const struct tai *ca, uint16_t log_number,
                                         uint64_t landmark, struct properties *out,
                                         struct error *err);

#endif
