/* trust_bundle.h - what a client trusts, as one document [GM 14], docs/trust-bundle.md:
 *
 *   struct {
 *     uint8 label[16] = "trust-bundle/v1" LF;
 *     uint64 version; uint64 issued; uint64 expires;        // seconds since the Epoch
 *     struct { uint16 type; opaque data<0..2^24-1>; } Section sections[rest];
 *   } TrustBundle;                                          // at most 2^24-1 bytes
 *
 * Types ascend strictly, and an empty section is not written. The elements of a section ascend strictly by
 * their key, so there is one spelling for each content. A type that is not known is refused below 0x8000
 * and skipped from there on.
 *
 * A parsed bundle borrows all its texts and certificates from the input. Lists of elements are arrays that it
 * owns; the parts of elements stand in pools, as runs [first, first + count).
 */
#ifndef CATHAYA_CODEC_TRUST_BUNDLE_TRUST_BUNDLE_H
#define CATHAYA_CODEC_TRUST_BUNDLE_TRUST_BUNDLE_H

#include "base/array.h"
#include "base/builder.h"
#include "codec/tai/tai.h"
#include "crypto/hash.h"

#define TRUST_BUNDLE_LABEL "trust-bundle/v1\n"
#define TRUST_BUNDLE_LABEL_SIZE 16
/* It fits the envelope's vector: a thousand logs with 169 landmarks each have 13 MB. */
#define TRUST_BUNDLE_SIZE_MAX (((size_t)1 << 24) - 1)
/* The largest public root programs have some 150 roots and 2,000 known intermediates. */
#define TRUST_BUNDLE_ANCHORS_MAX 8192
/* Public log lists have below a hundred with all retired ones. */
#define TRUST_BUNDLE_CT_LOGS_MAX 1024
/* As many as a trust store takes. */
#define TRUST_BUNDLE_COSIGNERS_MAX 256
#define TRUST_BUNDLE_CAS_MAX 1024
/* The CA's own, and its mirrors. */
#define TRUST_BUNDLE_URLS_PER_CA_MAX 16
/* An authenticity set, a transparency set, witnesses, and room. */
#define TRUST_BUNDLE_RULES_PER_CA_MAX 8
#define TRUST_BUNDLE_MEMBERS_PER_RULE_MAX 64
#define TRUST_BUNDLE_RULES_MAX ((size_t)TRUST_BUNDLE_CAS_MAX * TRUST_BUNDLE_RULES_PER_CA_MAX)
#define TRUST_BUNDLE_MEMBERS_MAX (TRUST_BUNDLE_RULES_MAX * 8)
/* A CA starts a log a year, or one in a week in tests. */
#define TRUST_BUNDLE_LOGS_MAX 8192
/* 78 bytes each: what fits. */
#define TRUST_BUNDLE_LANDMARKS_MAX 262144
/* As many as one log's landmarks document lists (LANDMARKS_ACTIVE_MAX). */
#define TRUST_BUNDLE_LANDMARKS_PER_LOG_MAX 1024
#define TRUST_BUNDLE_REVOKED_MAX 524288
/* Two of each algorithm, and as many to roll over to. */
#define TRUST_BUNDLE_KEYS_MAX 16
#define TRUST_BUNDLE_PURPOSES_MAX 32
#define TRUST_BUNDLE_TEXT_MAX 255
#define TRUST_BUNDLE_SPKI_MAX 8192
/* Entries of a log, and landmarks, are counted in 48 bits [MTC 5.2, 6.4.3]. */
#define TRUST_BUNDLE_U48_MAX ((UINT64_C(1) << 48) - 1)

enum trust_bundle_section {
    TRUST_BUNDLE_SECTION_ANCHORS = 1,
    TRUST_BUNDLE_SECTION_CT_LOGS = 2,
    TRUST_BUNDLE_SECTION_COSIGNERS = 3,
    TRUST_BUNDLE_SECTION_CAS = 4,
    TRUST_BUNDLE_SECTION_REVOKED = 5,
    TRUST_BUNDLE_SECTION_LOGS = 6,
    TRUST_BUNDLE_SECTION_POLICY = 7,
    TRUST_BUNDLE_SECTION_IDENTITIES = 8,
    TRUST_BUNDLE_SECTION_KEYS = 9
};
/* Sections from here on may be skipped by who does not know them. */
#define TRUST_BUNDLE_SECTION_OPTIONAL 0x8000

/* What a root, an intermediate or an MTC CA is trusted for. From 0xF000 on: private. */
enum trust_bundle_purpose {
    TRUST_BUNDLE_TLS = 1,          /* servers on the public network */
    TRUST_BUNDLE_TLS_INTRANET = 2, /* servers of an organisation's own network */
    TRUST_BUNDLE_TLS_CLIENT = 3,
    TRUST_BUNDLE_EMAIL = 4,
    TRUST_BUNDLE_CODE = 5,
    TRUST_BUNDLE_TIMESTAMP = 6
};

/* uint16 purposes<2..2^8-2>, strictly ascending. */
struct trust_bundle_purposes {
    size_t count; /* at least 1 */
    uint16_t at[TRUST_BUNDLE_PURPOSES_MAX];
};

bool trust_bundle_purposes_have(const struct trust_bundle_purposes *purposes, uint16_t purpose);

enum trust_bundle_anchor_kind { TRUST_BUNDLE_ROOT = 0, TRUST_BUNDLE_INTERMEDIATE = 1 };

/* A classic root, or an intermediate that servers may forget to send. Whether it is GM (an SM2 key) or
 * international stands in the certificate. Key: the certificate, as bytes.
 *   struct { AnchorKind kind; purposes; uint64 distrust_after; opaque certificate<1..2^24-1>; } Anchor; */
struct trust_bundle_anchor {
    enum trust_bundle_anchor_kind kind;
    struct trust_bundle_purposes purposes;
    int64_t distrust_after_s;  /* certificates below it with a later notBefore are not good; 0: no such time */
    struct bytes certificate;  /* DER */
};

/* State of a CT log, as log lists name them. */
enum trust_bundle_ct_state {
    TRUST_BUNDLE_CT_PENDING = 1,
    TRUST_BUNDLE_CT_QUALIFIED = 2,
    TRUST_BUNDLE_CT_USABLE = 3,
    TRUST_BUNDLE_CT_READONLY = 4,
    TRUST_BUNDLE_CT_RETIRED = 5,
    TRUST_BUNDLE_CT_REJECTED = 6
};

enum trust_bundle_suite { TRUST_BUNDLE_GM = 1, TRUST_BUNDLE_INTL = 2 };

/* Key: suite, then the SPKI as bytes.
 *   struct { Suite suite; opaque spki<1..2^16-1>; opaque operator<1..2^8-1>; opaque url<0..2^8-1>;
 *            CtState state; uint64 since; uint64 covers_from; uint64 covers_until; } CtLog; */
struct trust_bundle_ct_log {
    enum trust_bundle_suite suite; /* GM: SM2 / SM3; international: SHA-256 */
    struct bytes spki;
    struct bytes operator_name;
    struct bytes url; /* empty: not known */
    enum trust_bundle_ct_state state;
    int64_t since_s;                       /* of the state */
    int64_t covers_from_s, covers_until_s; /* of notAfter, half open; both 0: all */
};

enum trust_bundle_cosigner_role {
    TRUST_BUNDLE_CERTIFYING = 1, /* a second cosigner of the CA itself */
    TRUST_BUNDLE_WITNESS = 2,
    TRUST_BUNDLE_MIRROR = 3
};

/* Key: the ID, in the order of cosigners (tai_compare).
 *   struct { opaque id<1..2^8-1>; CosignerRole role; opaque algorithm<1..2^8-1>; opaque spki<1..2^16-1>;
 *            opaque operator<1..2^8-1>; } Cosigner; */
struct trust_bundle_cosigner {
    struct tai id;
    enum trust_bundle_cosigner_role role;
    struct bytes algorithm; /* whole AlgorithmIdentifier */
    struct bytes spki;
    struct bytes operator_name;
};

enum trust_bundle_rule_kind {
    TRUST_BUNDLE_SIGNATURES = 1, /* so many of the members */
    TRUST_BUNDLE_OPERATORS = 2   /* members of so many different operators, none of them the CA's [GM-45] */
};

/* Members are IDs of the bundle's cosigners, ascending.
 *   struct { RuleKind kind; uint16 needed; CosignerId members<2..2^16-1>; } Rule; */
struct trust_bundle_rule {
    enum trust_bundle_rule_kind kind;
    uint16_t needed;                  /* 1 to the number of members */
    size_t member_first, member_count; /* in members */
};

/* Key: the CA ID in its certificate, in the order of cosigners.
 *   struct { opaque certificate<1..2^24-1>; opaque operator<1..2^8-1>; purposes; Url urls<0..2^16-1>;
 *            Rule rules<0..2^16-1>; } MtcCa;      opaque Url<1..2^8-1>; */
struct trust_bundle_ca {
    struct tai id;            /* read from the certificate */
    struct bytes certificate; /* DER */
    struct bytes operator_name;
    struct trust_bundle_purposes purposes;
    size_t url_first, url_count;   /* in urls: URL "/" log number "/checkpoint"; the CA's first, then mirrors */
    size_t rule_first, rule_count; /* in rules: all of them have to be met, beside the CA cosigner */
};

/* Revoked serial numbers of a CA, both ends inclusive, ascending, and with a gap between two ranges.
 *   struct { opaque ca_id<1..2^8-1>; struct { uint64 first; uint64 last; } SerialRange ranges<16..2^24-1>; } */
struct trust_bundle_revoked {
    struct tai ca_id;
    uint64_t first, last;
};

/* An active landmark. Its number is the log's first_landmark and its place; its two subtrees cover
 * [size of the one before, tree_size), and only those that are not empty have a hash.
 *   struct { uint48 tree_size; uint64 expiry; Hash hashes[1 or 2]; } Landmark; */
struct trust_bundle_landmark {
    uint64_t tree_size;
    int64_t expiry_s;
    uint8_t hashes[2][HASH_SIZE]; /* zero where the subtree is empty */
};

/* What is known of one issuance log. Key: CA ID, log number.
 *   struct { opaque ca_id<1..2^8-1>; uint16 log_number; uint48 minimum_index; uint48 first_landmark;
 *            uint48 size_before; Landmark landmarks<0..2^24-1>; } IssuanceLog; */
struct trust_bundle_log {
    struct tai ca_id;
    uint16_t log_number;
    uint64_t minimum_index;  /* entries below it are revoked */
    uint64_t first_landmark; /* number of the first one listed; 0 when there is none */
    uint64_t size_before;    /* tree size of the landmark before that */
    size_t landmark_first, landmark_count; /* in landmarks: sizes ascend strictly, expiries never descend */
};

/* Bytes of a version of their own, whose meaning others define.
 *   struct { uint16 version; opaque data[rest]; } */
struct trust_bundle_blob {
    uint16_t version; /* 0: the section is absent */
    struct bytes data;
};

/* A key that signs later versions: a client takes these in place of those that it holds. Key: the SPKI.
 *   struct { opaque algorithm<1..2^8-1>; opaque spki<1..2^16-1>; } SigningKey; */
struct trust_bundle_key {
    struct bytes algorithm; /* whole AlgorithmIdentifier */
    struct bytes spki;
};

struct trust_bundle {
    uint64_t version; /* grows with each issue, from 1 */
    int64_t issued_s, expires_s; /* good while issued <= now <= expires; expires 0: never expires (local ones) */
    struct array anchors;    /* struct trust_bundle_anchor */
    struct array ct_logs;    /* struct trust_bundle_ct_log */
    struct array cosigners;  /* struct trust_bundle_cosigner */
    struct array cas;        /* struct trust_bundle_ca */
    struct array revoked;    /* struct trust_bundle_revoked: by CA, then by first */
    struct array logs;       /* struct trust_bundle_log */
    struct array keys;       /* struct trust_bundle_key */
    struct trust_bundle_blob policy, identities;
    /* pools */
    struct array urls;      /* struct bytes */
    struct array rules;     /* struct trust_bundle_rule */
    struct array members;   /* struct tai */
    struct array landmarks; /* struct trust_bundle_landmark */
};

/* trust_bundle_init makes an empty bundle; trust_bundle_clear frees what it owns, never what it borrows. */
void trust_bundle_init(struct trust_bundle *bundle);
void trust_bundle_clear(struct trust_bundle *bundle);

/* trust_bundle_parse reads a whole bundle into an empty one. STATUS_MALFORMED with the offset, STATUS_LIMIT for
 * more than above, STATUS_REFUSED for a section that has to be known and is not. Certificates of MTC CAs are
 * parsed, the others are not looked into. After a failure only trust_bundle_clear is left to do. */
MUST_USE enum status trust_bundle_parse(struct bytes input, struct trust_bundle *out, struct error *err);

/* trust_bundle_write appends a bundle. STATUS_USAGE when it could not be read again: elements out of order, twice,
 * or out of range. Sections that were skipped while reading are not written. */
MUST_USE enum status trust_bundle_write(const struct trust_bundle *bundle, struct builder *out, struct error *err);

/* trust_bundle_is: does it begin like one? */
bool trust_bundle_is(struct bytes input);

/* Elements, with their types. */
static inline const struct trust_bundle_anchor *trust_bundle_anchor_at(const struct trust_bundle *b, size_t i)
{
    return (const struct trust_bundle_anchor *)array_at(&b->anchors, i);
}
static inline const struct trust_bundle_ct_log *trust_bundle_ct_log_at(const struct trust_bundle *b, size_t i)
{
    return (const struct trust_bundle_ct_log *)array_at(&b->ct_logs, i);
}
static inline const struct trust_bundle_cosigner *trust_bundle_cosigner_at(const struct trust_bundle *b, size_t i)
{
    return (const struct trust_bundle_cosigner *)array_at(&b->cosigners, i);
}
static inline const struct trust_bundle_ca *trust_bundle_ca_at(const struct trust_bundle *b, size_t i)
{
    return (const struct trust_bundle_ca *)array_at(&b->cas, i);
}
static inline const struct trust_bundle_revoked *trust_bundle_revoked_at(const struct trust_bundle *b, size_t i)
{
    return (const struct trust_bundle_revoked *)array_at(&b->revoked, i);
}
static inline const struct trust_bundle_log *trust_bundle_log_at(const struct trust_bundle *b, size_t i)
{
    return (const struct trust_bundle_log *)array_at(&b->logs, i);
}
static inline const struct trust_bundle_key *trust_bundle_key_at(const struct trust_bundle *b, size_t i)
{
    return (const struct trust_bundle_key *)array_at(&b->keys, i);
}
/* Parts: number i of the element's own. */
static inline struct bytes trust_bundle_url(const struct trust_bundle *b, const struct trust_bundle_ca *ca, size_t i)
{
    return *(const struct bytes *)array_at(&b->urls, ca->url_first + i);
}
static inline const struct trust_bundle_rule *trust_bundle_rule_at(const struct trust_bundle *b,
                                                                   const struct trust_bundle_ca *ca, size_t i)
{
    return (const struct trust_bundle_rule *)array_at(&b->rules, ca->rule_first + i);
}
static inline const struct tai *trust_bundle_members(const struct trust_bundle *b, const struct trust_bundle_rule *rule)
{
    return (const struct tai *)array_at(&b->members, rule->member_first);
}
static inline const struct trust_bundle_landmark *trust_bundle_landmark_at(const struct trust_bundle *b,
                                                                           const struct trust_bundle_log *log, size_t i)
{
    return (const struct trust_bundle_landmark *)array_at(&b->landmarks, log->landmark_first + i);
}

#endif
