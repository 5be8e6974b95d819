/* trust_contents.h - from a trust bundle to what connections are judged by: the trust store of Merkle Tree CAs, the
 * classic roots, and the trust anchor IDs that a client asks for [GM 14, MTC 7, MTC 8.2]. */
#ifndef CATHAYA_RULES_TRUST_CONTENTS_H
#define CATHAYA_RULES_TRUST_CONTENTS_H

#include "codec/trust_bundle/trust_ct_logs.h"
#include "rules/trust_store.h"

/* A trust_anchors extension has 2^16-1 bytes; nobody sends more than two for each CA's current log. */
#define TRUST_CONTENTS_IDS_MAX 2048

struct trust_contents_settings {
    int64_t now_s;         /* landmarks that are expired then are left out */
    uint16_t purpose;      /* enum trust_bundle_purpose: MTC CAs of other purposes are left out. 0: all are taken.
                            * TLS is for servers of both kinds: what is right for which is a matter of policy */
    bool is_without_landmarks; /* profile gm-no-landmarks: neither trusted subtrees nor their IDs */
};

/* A classic root or intermediate. Borrows from what the bundle was parsed from. */
struct trust_contents_anchor {
    struct bytes certificate; /* DER */
    bool is_gm;               /* its key is an SM2 key */
    bool is_root;
    struct trust_bundle_purposes purposes;
    struct trust_bundle_limits limits; /* its names and serial numbers are in names and serials below */
};

/* What the bundle says of an MTC CA of the store, and of a cosigner. Borrows like anchors. */
struct trust_contents_ca {
    struct tai id;
    struct bytes operator_name;
    struct trust_bundle_purposes purposes;
    uint8_t level_max;
};
struct trust_contents_cosigner {
    struct tai id;
    enum trust_bundle_cosigner_role role;
    struct bytes operator_name;
};

struct trust_contents {
    const struct algorithms *algorithms; /* of the store */
    struct trust_store *store; /* Merkle Tree CAs, cosigners, rules, trusted subtrees, revoked ranges */
    struct array anchors;      /* struct trust_contents_anchor: of all purposes */
    struct array names;        /* struct bytes, and ... */
    struct array serials;      /* struct trust_bundle_serials: what limits of anchors speak of */
    struct array cas;          /* struct trust_contents_ca */
    struct array cosigners;    /* struct trust_contents_cosigner */
    struct log_list ct_logs;   /* as old as the bundle */
    struct array gm_ids;       /* struct tai: what to ask for with GM CAs (SM3), ... */
    struct array intl_ids;     /* ... and with the others: CA ID, then CA.2.N.L for its logs */
};

/* trust_contents_new fills a new one. Several bundles make one content: the bundle, and the landmarks that were taken
 * from logs since (bundles with logs alone). The first bundle is the one that says which CAs there are; logs of other
 * CAs in the further ones are left out. Where two know a log, the one with the higher last landmark counts, and the
 * higher minimum index. STATUS_CONFLICT when they contradict each other; STATUS_REFUSED for a certificate or key
 * that cannot be used. algorithms and the input of the bundles are borrowed. */
MUST_USE enum status trust_contents_new(const struct trust_bundle *const *bundles, size_t bundle_count,
                                        const struct algorithms *algorithms,
                                        const struct trust_contents_settings *settings,
                                        struct trust_contents **out, struct error *err);
void trust_contents_free(struct trust_contents *contents);

static inline const struct trust_contents_anchor *trust_contents_anchor_at(const struct trust_contents *c, size_t i)
{
    return (const struct trust_contents_anchor *)array_at(&c->anchors, i);
}

/* trust_contents_is_sm2 says whether a certificate's key is an SM2 key; certificates that cannot be parsed have none. */
bool trust_contents_is_sm2(struct bytes certificate);

#endif
