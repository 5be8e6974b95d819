/* certificate_choice.h - which certificate this client gets: a pure function of its ClientHello, the
 * site's candidates and settings. Made when the ClientHello is read, before suite and group are fixed
 * (docs/decisions/0017-certificate-choice.md).
 *
 * The order is GM before international (where the client can, and always with SM4, curveSM2 and an SM2
 * key together [RFC8998]), in each landmark before standalone before classic. A Merkle Tree Certificate
 * goes to clients whose trust_anchors ask for it [TAI 4.2] [MTC 8]. A client that asks for exactly one ID
 * tries for the second time [TAI 4.3]: what has that trust anchor goes first, whatever its kind.
 */
#ifndef CATHAYA_RULES_CERTIFICATE_CHOICE_H
#define CATHAYA_RULES_CERTIFICATE_CHOICE_H

#include "codec/properties/properties.h"
#include "rules/tls_names.h"

/* Best first: the numbers are the order of preference. GM is what has an SM2 key, whatever hash its CA's tree has:
 * RFC 8998 is about the key (docs/decisions/0017-certificate-choice.md). */
enum credential_kind {
    CREDENTIAL_GM_LANDMARK,
    CREDENTIAL_GM_STANDALONE,
    CREDENTIAL_GM_CLASSIC,
    CREDENTIAL_INTL_LANDMARK,
    CREDENTIAL_INTL_STANDALONE,
    CREDENTIAL_INTL_CLASSIC
};
#define CREDENTIAL_KIND_COUNT 6

/* What a site does with its Merkle Tree Certificates. Classic ones are not touched by this. */
enum transition_stage {
    STAGE_CLASSIC,    /* none is served */
    STAGE_STANDALONE, /* standalone ones are piloted, landmark-relative ones wait */
    STAGE_LANDMARK    /* landmark-relative ones are preferred */
};

/* What the client offers. Everything is borrowed; code points of GREASE or unknown ones may be there. */
struct choice_client {
    struct bytes server_name; /* without dot at the end; empty: none. For explanations alone */
    bool has_tls13;
    bool has_tls12;
    struct tls_codes suites;
    struct tls_codes groups;      /* supported_groups */
    struct tls_codes key_shares;  /* the groups of key_share */
    struct tls_codes schemes;     /* signature_algorithms */
    bool has_cert_schemes;        /* extension 50 is there */
    struct tls_codes cert_schemes; /* signature_algorithms_cert */
    bool has_trust_anchors;       /* the extension is there, maybe with an empty list */
    const struct tai *trust_anchors;
    size_t trust_anchor_count;
};

/* A certificate with its key. Everything is borrowed. */
struct choice_candidate {
    enum credential_kind kind;
    struct tls_codes schemes13; /* what its key can sign in TLS 1.3, best first (tls_names_key_schemes) */
    struct tls_codes schemes12; /* and in TLS 1.2; empty: not to be used there */
    /* What the certificates of a classic chain are signed with, the leaf's first, without a self-signed
     * root (tls_names_certificate_scheme; 0 for one without a code point). Empty for an MTC. */
    struct tls_codes chain_schemes;
    const struct properties *properties; /* trust anchor ID, groups, negotiation; NULL: takes no part in trust_anchors */
    int64_t not_before_s; /* first and last second of validity; not served in the last one */
    int64_t not_after_s;
};

struct choice_settings {
    enum transition_stage stage;
    int64_t now_s;
    bool is_mtc_without_trust_anchors; /* standalone ones go also to clients that send no trust_anchors */
};

/* Why a candidate was taken or not: the first rule that said no. */
enum choice_reason {
    CHOICE_TAKEN,
    CHOICE_TAKEN_UNASKED,       /* an MTC that was not asked for: nothing else serves this client, which may
                                   try again with an ID of EncryptedExtensions */
    CHOICE_TAKEN_EARLY,         /* not valid yet by the clock here, and nothing that is valid serves this client:
                                   the clock is slow */
    CHOICE_BETTER_KIND,         /* it would do, but a better kind does too */
    CHOICE_BETTER_MATCH,        /* another's trust anchor was asked for, this one's was not: of the same kind,
                                   or the client asks for that one alone */
    CHOICE_BETTER_CHAIN,        /* same kind: the client knows the signatures of another chain better */
    CHOICE_BETTER_KEY,          /* same kind: another's key has the better scheme */
    CHOICE_SHORTER_VALID,       /* same kind: another is valid for longer (or stands first) */
    CHOICE_NOT_YET_VALID,
    CHOICE_EXPIRED,
    CHOICE_STAGE,               /* the site's stage does not serve this kind */
    CHOICE_KEY_OF_OTHER_WORLD,  /* GM without an SM2 key, or international with one */
    CHOICE_NO_VERSION,          /* the client has neither TLS 1.3 nor 1.2 */
    CHOICE_NO_TLS13,            /* GM and MTC: TLS 1.3 only */
    CHOICE_NO_SUITE,            /* the client offers no suite for it (GM: no SM4 suite) */
    CHOICE_NO_GROUP,            /* no group for it (GM: neither curveSM2 nor curveSM2MLKEM768) */
    CHOICE_NO_SCHEME,           /* the client takes no signature that its key makes */
    CHOICE_CERTIFICATE_SCHEME,  /* extension 50 is there and leaves out the certificate's signature (of an
                                   MTC: sm2sig_sm3, which OpenSSL takes it for) */
    CHOICE_SM2_WITH_EXTENSION_50, /* OpenSSL 4.0 serves no directly signed SM2 certificate with extension 50 */
    CHOICE_NO_TRUST_ANCHORS,    /* the client sent no trust_anchors, and it is an MTC or asks for negotiation */
    CHOICE_ANCHOR_NOT_ASKED     /* the client's trust_anchors do not ask for it, and it is an MTC or asks for negotiation */
};
#define CHOICE_REASON_COUNT (CHOICE_ANCHOR_NOT_ASKED + 1)

/* Six kinds of several CAs, and old ones until they expire. */
#define CHOICE_CANDIDATES_MAX 64
/* The TLS 1.3 suites of one world, or the TLS 1.2 suites of one kind of key. */
#define CHOICE_SUITES_MAX 8
#define CHOICE_NONE SIZE_MAX

/* struct choice is a value. With index CHOICE_NONE only the reasons mean something (handshake_failure). */
struct choice {
    size_t index;
    bool is_tls13;           /* false: TLS 1.2 */
    bool is_anchor_matched;  /* send the empty trust_anchors extension in Certificate */
    bool is_retry_needed;    /* the client sent no key share for the group: HelloRetryRequest */
    uint16_t scheme;         /* of CertificateVerify or ServerKeyExchange */
    uint16_t group;          /* the one group that the connection is restricted to */
    uint16_t suites[CHOICE_SUITES_MAX]; /* the suites it is restricted to: offered ones, best first */
    size_t suite_count;
    /* Candidates with a trust anchor ID that could serve this client if it asked for them, best first:
     * their IDs are for EncryptedExtensions. Empty when the client sent no trust_anchors. */
    uint8_t available[CHOICE_CANDIDATES_MAX];
    size_t available_count;
    enum choice_reason reasons[CHOICE_CANDIDATES_MAX]; /* one for each candidate */
    size_t candidate_count;
};

/* certificate_choice_make decides. Candidates beyond CHOICE_CANDIDATES_MAX are not looked at: who makes the
 * site refuses more. The ClientHello that follows a HelloRetryRequest gets the same answer, without retry.
 * A client that speaks TLS 1.3 is served with that or not at all. */
void certificate_choice_make(const struct choice_client *client,
                             const struct choice_candidate *candidates, size_t count,
                             const struct choice_settings *settings, struct choice *out);

/* certificate_choice_reason_text is a phrase: "expired", "the client offers no SM4 suite"... */
const char *certificate_choice_reason_text(enum choice_reason reason);

/* certificate_choice_kind_name is "gm-landmark", "gm-standalone", "gm-classic", "intl-landmark"...;
 * certificate_choice_stage_name "classic", "standalone", "landmark". */
const char *certificate_choice_kind_name(enum credential_kind kind);
const char *certificate_choice_stage_name(enum transition_stage stage);
MUST_USE bool certificate_choice_stage_by_name(struct bytes name, enum transition_stage *out);

static inline bool credential_kind_is_gm(enum credential_kind kind)
{
    return kind <= CREDENTIAL_GM_CLASSIC;
}

static inline bool credential_kind_is_mtc(enum credential_kind kind)
{
    return kind != CREDENTIAL_GM_CLASSIC && kind != CREDENTIAL_INTL_CLASSIC;
}

static inline bool credential_kind_is_landmark(enum credential_kind kind)
{
    return kind == CREDENTIAL_GM_LANDMARK || kind == CREDENTIAL_INTL_LANDMARK;
}

#endif
