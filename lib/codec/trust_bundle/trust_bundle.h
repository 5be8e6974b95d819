/* trust_bundle.h - what a client trusts, as one document [GM 14], docs/trust-bundle.md:
 *
 *   struct {
 *     uint8 label[16] = "trust-bundle/v2" LF;
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

#define TRUST_BUNDLE_LABEL "trust-bundle/v2\n"
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
/* Two of each algorithm and role, as many to roll over to, and both sets at once while a client changes over. */
#define TRUST_BUNDLE_KEYS_MAX 32
/* Those who sign records about websites: a CA or two of each operator. */
#define TRUST_BUNDLE_SIGNERS_MAX 256
/* Names that an anchor is restricted to, or kept from; the longest public constraints have some 60. */
#define TRUST_BUNDLE_NAMES_PER_ANCHOR_MAX 256
#define TRUST_BUNDLE_NAMES_MAX 65536
/* Ranges of serial numbers that a root program takes back one by one; what is more is the CA's CRL. */
#define TRUST_BUNDLE_SERIALS_PER_ANCHOR_MAX 4096
#define TRUST_BUNDLE_SERIALS_MAX 131072
/* A serial number has at most 20 octets [RFC5280 4.1.2.2]. */
#define TRUST_BUNDLE_SERIAL_SIZE 20
/* As many as a log list has room for. */
#define TRUST_BUNDLE_PREVIOUS_PER_CT_LOG_MAX 4
#define TRUST_BUNDLE_PREVIOUS_MAX (TRUST_BUNDLE_CT_LOGS_MAX * TRUST_BUNDLE_PREVIOUS_PER_CT_LOG_MAX)
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
    TRUST_BUNDLE_SECTION_KEYS = 9,
    TRUST_BUNDLE_SECTION_SIGNERS = 10
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
    TRUST_BUNDLE_TIMESTAMP = 6,
    TRUST_BUNDLE_DOCUMENT = 7, /* signatures of PDF and ODF */
    TRUST_BUNDLE_E_INVOICE = 8
};

/* uint16 purposes<2..2^8-2>, strictly ascending. */
struct trust_bundle_purposes {
    size_t count; /* at least 1 */
    uint16_t at[TRUST_BUNDLE_PURPOSES_MAX];
};

bool trust_bundle_purposes_have(const struct trust_bundle_purposes *purposes, uint16_t purpose);

/* trust_bundle_purpose_name is the word that commands and files have for it: "tls", "tls-intranet", "tls-client", "email",
 * "code", "timestamp", "document", "e-invoice"; NULL for private ones and those that are not known.
 * trust_bundle_purpose_by_name is 0 for another word. */
const char *trust_bundle_purpose_name(uint16_t purpose);
uint16_t trust_bundle_purpose_by_name(struct bytes name);

/* trust_bundle_is_dns_name: a name of an anchor's limits. Lower case letters, digits, "-" and "_" in labels of 1 to 63, 253 bytes at most:
 * what a DNS name in a certificate can have, and no second spelling of it. */
bool trust_bundle_is_dns_name(struct bytes name);

enum trust_bundle_anchor_kind { TRUST_BUNDLE_ROOT = 0, TRUST_BUNDLE_INTERMEDIATE = 1 };

/* Trust levels T1 to T4. */
#define TRUST_BUNDLE_LEVEL_MIN 1
#define TRUST_BUNDLE_LEVEL_MAX 4

/* Serial numbers of what an anchor's key has signed, both ends inclusive: unsigned, big endian, zeros before. */
struct trust_bundle_serials {
    uint8_t first[TRUST_BUNDLE_SERIAL_SIZE], last[TRUST_BUNDLE_SERIAL_SIZE];
};

/* How far a root or intermediate is trusted. It holds for every path through it.
 *   struct { uint8 flags; uint8 level_max; uint64 distrust_after; uint64 sct_distrust_after;
 *            DnsName permitted<0..2^16-1>; DnsName excluded<0..2^16-1>; SerialRange serials<0..2^24-1>; } Limits;
 *   flags: bit 0, only listed intermediates; no others.    opaque DnsName<1..2^8-1>;
 *   struct { opaque first[20]; opaque last[20]; } SerialRange; */
struct trust_bundle_limits {
    bool has_listed_intermediates_only; /* an intermediate below it that this bundle does not list is not good */
    uint8_t level_max;                  /* no certificate below it has a higher level; 4: no limit */
    int64_t distrust_after_s;           /* certificates below it with a later notBefore are not good; 0: no such time */
    int64_t sct_distrust_after_s;       /* nor those whose earliest SCT is later, or that have none; 0: no such time */
    /* In names, each list ascending: "example.com" is that name and all below it. Lower case, A-labels, no dot at the ends.
     * permitted empty: all names; an excluded one wins. */
    size_t permitted_first, permitted_count, excluded_first, excluded_count;
    /* In serials: what it has issued with these numbers is revoked. Ascending, with a gap between two. */
    size_t serial_first, serial_count;
};

/* A classic root, or an intermediate that servers may forget to send. Whether it is GM (an SM2 key) or
 * international stands in the certificate. Key: the certificate, as bytes.
 *   struct { AnchorKind kind; purposes; Limits limits; opaque certificate<1..2^24-1>; } Anchor; */
struct trust_bundle_anchor {
    enum trust_bundle_anchor_kind kind;
    struct trust_bundle_purposes purposes;
    struct trust_bundle_limits limits; /* level_max 4 and all else zero: none */
    struct bytes certificate;          /* DER */
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
enum trust_bundle_ct_kind { TRUST_BUNDLE_CT_RFC6962 = 1, TRUST_BUNDLE_CT_STATIC = 2 };

/* Who ran a CT log before. */
struct trust_bundle_previous {
    struct bytes operator_name;
    int64_t end_s; /* until then, exclusive */
};

/* All that a log list says of a log (trust_ct_logs.h makes one of it). Key: suite, then the SPKI as bytes.
 *   struct { Suite suite; CtKind kind; uint8 is_test; opaque spki<1..2^16-1>; opaque operator<1..2^8-1>;
 *            Text description<0..2^8-1>; opaque submission_url<0..2^8-1>; opaque monitoring_url<0..2^8-1>; uint32 mmd;
 *            CtState state; uint64 since; FinalHead final<0..40>; uint64 covers_from; uint64 covers_until;
 *            Previous previous<0..2^16-1>; } CtLog;
 *   struct { uint64 size; opaque root[32]; } FinalHead;
 *   struct { opaque operator<1..2^8-1>; uint64 end; } Previous;      // end ascends strictly */
struct trust_bundle_ct_log {
    enum trust_bundle_suite suite; /* GM: SM2 / SM3; international: SHA-256 */
    enum trust_bundle_ct_kind kind;
    bool is_test;
    struct bytes spki;
    struct bytes operator_name; /* now */
    struct bytes description;
    struct bytes submission_url; /* empty: not known */
    struct bytes monitoring_url; /* of an RFC 6962 log it is the submission URL */
    uint32_t mmd_s;
    enum trust_bundle_ct_state state;
    int64_t since_s;     /* of the state */
    bool has_final_head; /* of a read-only log: nothing is ever added behind it */
    uint64_t final_size;
    uint8_t final_root[HASH_SIZE];
    int64_t covers_from_s, covers_until_s; /* of notAfter, half open; both 0: all */
    size_t previous_first, previous_count; /* in previous */
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
 *   struct { opaque certificate<1..2^24-1>; opaque operator<1..2^8-1>; purposes; uint8 level_max; Url urls<0..2^16-1>;
 *            Rule rules<0..2^16-1>; } MtcCa;      opaque Url<1..2^8-1>; */
struct trust_bundle_ca {
    struct tai id;            /* read from the certificate */
    struct bytes certificate; /* DER */
    struct bytes operator_name;
    struct trust_bundle_purposes purposes;
    uint8_t level_max;             /* 1 to 4: no certificate of it has a higher level */
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

/* The policies, both as texts that rules read (docs/policy-rules.md, docs/ct-policy.md). Section 7:
 *   struct { uint16 version = 1; opaque policy<1..2^24-1>; opaque ct_policies<0..2^24-1>; } */
#define TRUST_BUNDLE_POLICY_VERSION 1
struct trust_bundle_policy {
    struct bytes policy;      /* empty: the section is absent */
    struct bytes ct_policies; /* empty: none */
};

/* Website identity records, whose bytes codec/identity defines. Section 8:
 *   struct { uint16 version = 1; opaque records<1..rest>; } */
#define TRUST_BUNDLE_IDENTITIES_VERSION 1

enum trust_bundle_key_role {
    TRUST_BUNDLE_KEY_BUNDLE = 1, /* signs bundles: TrustVersion */
    TRUST_BUNDLE_KEY_VERSIONS = 2 /* signs checkpoints of the log of versions */
};

/* A key of the distributor: a client that holds this bundle takes the next one by these keys, in place of those that it has
 * pinned (rules/bundle_signature.h). Key: role, then the SPKI.
 *   struct { KeyRole role; opaque algorithm<1..2^8-1>; opaque spki<1..2^16-1>;
 *            select (role) { case bundle: ; case versions: NoteType type; Text name<1..2^8-1>; Text origin<1..2^8-1>; } } SigningKey;
 * type: the signature type of a signed note (codec/note/note_key.h). All keys of the log of versions have one origin. */
struct trust_bundle_key {
    enum trust_bundle_key_role role;
    struct bytes algorithm; /* whole AlgorithmIdentifier */
    struct bytes spki;
    /* Of the log of versions alone: */
    uint8_t note_type;
    struct bytes note_name; /* of its lines */
    struct bytes origin;    /* first line of the log's checkpoints */
};

/* Who signs website identity records. Key: the SPKI.
 *   struct { opaque algorithm<1..2^8-1>; opaque spki<1..2^16-1>; opaque operator<1..2^8-1>; uint8 level_max; } IdentitySigner; */
struct trust_bundle_signer {
    struct bytes algorithm; /* whole AlgorithmIdentifier */
    struct bytes spki;
    struct bytes operator_name;
    uint8_t level_max; /* 1 to 4: its records count at most for this */
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
    struct trust_bundle_policy policy;
    struct bytes identities; /* records; empty: the section is absent */
    struct array keys;       /* struct trust_bundle_key */
    struct array signers;    /* struct trust_bundle_signer */
    /* pools */
    struct array urls;      /* struct bytes */
    struct array rules;     /* struct trust_bundle_rule */
    struct array members;   /* struct tai */
    struct array landmarks; /* struct trust_bundle_landmark */
    struct array names;     /* struct bytes */
    struct array serials;   /* struct trust_bundle_serials */
    struct array previous;  /* struct trust_bundle_previous */
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
static inline const struct trust_bundle_signer *trust_bundle_signer_at(const struct trust_bundle *b, size_t i)
{
    return (const struct trust_bundle_signer *)array_at(&b->signers, i);
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
static inline struct bytes trust_bundle_permitted(const struct trust_bundle *b, const struct trust_bundle_limits *limits, size_t i)
{
    return *(const struct bytes *)array_at(&b->names, limits->permitted_first + i);
}
static inline struct bytes trust_bundle_excluded(const struct trust_bundle *b, const struct trust_bundle_limits *limits, size_t i)
{
    return *(const struct bytes *)array_at(&b->names, limits->excluded_first + i);
}
static inline const struct trust_bundle_serials *trust_bundle_serials_at(const struct trust_bundle *b,
                                                                         const struct trust_bundle_limits *limits, size_t i)
{
    return (const struct trust_bundle_serials *)array_at(&b->serials, limits->serial_first + i);
}
static inline const struct trust_bundle_previous *trust_bundle_previous_at(const struct trust_bundle *b,
                                                                           const struct trust_bundle_ct_log *log, size_t i)
{
    return (const struct trust_bundle_previous *)array_at(&b->previous, log->previous_first + i);
}

#endif
