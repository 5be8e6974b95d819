/* peer_verify.h - is this server who it says it is? The judgement of a browser about the certificates that a
 * TLS server has sent, without sockets and without a clock; and the same for certificates in files and for other purposes.
 *
 * A Merkle Tree Certificate is judged by rules/verify_certificate; a directly signed chain by its path to a listed root
 * (peer_path.h), and what was stapled [RFC6960]. Then pairing: an SM2 key only under an SM4 suite and with a GM group, and those
 * for nobody else [RFC8998]. A CA may certify keys of either world [GM 1].
 * SCTs are collected whole; what they are worth is for a policy (peer_subject.h), but for roots that are trusted for what was
 * logged until some time: for those they are verified here.
 */
#ifndef CATHAYA_TLS_PEER_VERIFY_H
#define CATHAYA_TLS_PEER_VERIFY_H

#include "codec/ct/sct_list.h"
#include "crypto/hash.h"
#include "rules/verify_proof.h"
#include "tls/peer_path.h"

/* Certificates that a server may send; public CAs need three, four with a cross certificate. */
#define PEER_CHAIN_MAX 10
/* SCTs of all sources together, each of which may cost a signature check; policies ask for two to five. */
#define PEER_SCTS_MAX 32
#define PEER_SUBJECT_SIZE 160

enum peer_mode {
    PEER_MODE_NONE,
    PEER_MODE_LANDMARK,   /* an MTC without cosignatures: good by a trusted subtree alone */
    PEER_MODE_STANDALONE, /* an MTC with cosignatures; proof.basis says what it was good by */
    PEER_MODE_CLASSIC     /* a directly signed chain */
};

/* peer_mode_name is "landmark", "standalone", "classic" or "". */
const char *peer_mode_name(enum peer_mode mode);

/* What is asked about. All borrowed. */
struct peer_request {
    const struct bytes *chain; /* DER, the leaf first, as it was sent */
    size_t count;
    struct bytes dns_name;     /* the name that was dialled (A-labels); or */
    struct bytes ip;           /* the address, 4 or 16 bytes. Both empty: names are not checked */
    int64_t at_s;
    uint16_t purpose;          /* enum trust_bundle_purpose; 0: TRUST_BUNDLE_TLS. For TLS and TLS-intranet a root of either is good
                                * (peer_path.h), and the verdict says of which it is */
    struct peer_scope scope;
    bool is_unpaired;          /* no TLS connection is there: suite and group are not looked at */
    bool is_tls13;
    uint16_t suite, group;     /* as on the wire */
    bool is_anchor_confirmed;  /* the server says that the path is for an ID that was asked for: nothing else is in it */
    struct bytes sct_list;     /* the TLS extension [RFC6962 3.3.1]; empty: none */
    struct bytes ocsp_response; /* stapled, DER; empty: none */
    struct bytes property_scts; /* beside a Merkle Tree Certificate in a file: property FF01 [GM 4]; empty: none */
};

enum peer_sct_source {
    PEER_SCT_CERTIFICATE,
    PEER_SCT_TLS,
    PEER_SCT_OCSP,
    PEER_SCT_PROPERTY
};

/* peer_sct_source_name is "certificate", "tls", "ocsp" or "property". */
const char *peer_sct_source_name(enum peer_sct_source source);

struct peer_sct {
    enum peer_sct_source source;
    struct sct sct; /* borrowed from the request; of another version than 1 only `serialized` means something */
};

enum peer_ocsp {
    PEER_OCSP_NONE,
    PEER_OCSP_GOOD,
    PEER_OCSP_IGNORED /* signed by nobody who may, out of date, or about another certificate */
};

/* A value, filled as far as the judgement came. What it borrows is the request's and the trust's. */
struct peer_verdict {
    enum peer_mode mode;   /* what it is; set for a refused one too, once that is known */
    /* Of the leaf's key, which signs the handshake: what it may be paired with, and the kind that a server takes it for
     * (docs/decisions/0017). ca_world is that of the CA's hash for an MTC, which may be the other one; the same for chains. */
    enum peer_world world, ca_world;
    size_t chain_count;
    size_t chain_size;     /* bytes of DER together */
    char subjects[PEER_CHAIN_MAX][PEER_SUBJECT_SIZE]; /* leaf first; of a classic one up to its root */
    size_t subject_count;
    int64_t not_before_s, not_after_s;
    struct peer_path path;      /* of a directly signed chain: also why there is none */
    struct proof_verdict proof; /* of an MTC; proof.ca borrows from the trust */
    size_t cosignature_count;   /* that an MTC carries, good or not */
    struct peer_sct scts[PEER_SCTS_MAX];
    size_t sct_count;
    size_t unread_list_count;   /* lists of SCTs that are there and cannot be read */
    size_t left_out_sct_count;  /* beyond PEER_SCTS_MAX */
    enum peer_ocsp ocsp;
};

/* peer_verify judges. STATUS_OK is the only yes; err has the reason in words. hashers are the thread's. */
MUST_USE enum status peer_verify(const struct peer_trust *trust, struct hasher_set *hashers,
                                 const struct peer_request *request, struct peer_verdict *verdict, struct error *err);

#endif
