/* policy_subject.h - what a policy judges: a leaf, or what is about to become one, with all that is known about its path and
 * its transparency. Everything is borrowed. What is NULL was not looked at, and rules that need it say so.
 *
 * Signatures are not checked here: whoever fills a path or a transparency has checked them.
 */
#ifndef CATHAYA_POLICY_POLICY_SUBJECT_H
#define CATHAYA_POLICY_POLICY_SUBJECT_H

#include "codec/tai/tai.h"
#include "codec/trust_bundle/trust_bundle.h"
#include "codec/x509/certificate.h"
#include "rules/ct_policy.h"

/* As many as a server may send, and a root. */
#define POLICY_PATH_MAX 11
/* Cosigners of one certificate: a proof has room for no more that are sensible. */
#define POLICY_COSIGNERS_MAX 64

enum policy_form {
    POLICY_CLASSIC, /* a directly signed certificate */
    POLICY_MTC      /* a Merkle Tree Certificate, or an entry of an issuance log */
};

/* A certificate of a path, and what the trust says of it. */
struct policy_path_certificate {
    struct bytes der;
    bool is_listed;                        /* stands in the trust: a root, intermediate or MTC CA. The rest is about it */
    bool is_root;                          /* a listed root, or the MTC CA */
    struct trust_bundle_purposes purposes; /* count 0 when it is not listed */
    bool has_listed_intermediates_only;    /* what stands between it and the leaf has to be listed too [RP-02] */
    uint8_t level_max;                     /* 1-4: no certificate below it has a higher level; 0: as 4, no limit */
};

/* The path that was found; of several candidates, the one that came farthest. */
struct policy_path {
    size_t count; /* leaf first, as far as it was found; of an MTC the leaf and the CA's certificate. 0: nothing but the leaf is
                   * known */
    struct policy_path_certificate certificates[POLICY_PATH_MAX];
    bool is_valid;   /* complete and validated as a whole: signatures, times, names, constraints, limits of the trust such as distrust
                      * dates, revocation as far as it is known; of an MTC its proof. Purposes and has_listed_intermediates_only are
                      * looked at here too, whatever is_valid says */
    const char *why; /* is_valid false: the reason in words */
};

struct policy_sct {
    const struct log_list_log *log; /* a row of the list; NULL: no log that the list has */
    uint8_t log_id[HASH_SIZE];
    unsigned delivery;              /* one CT_POLICY_* */
    uint64_t timestamp_ms;
    bool is_good;                   /* sct_check said yes */
    const char *why;                /* why not, in words; NULL when it is good */
};

enum policy_cosigner_role { POLICY_COSIGNER_CA, POLICY_COSIGNER_CERTIFYING, POLICY_COSIGNER_WITNESS, POLICY_COSIGNER_MIRROR,
                            POLICY_COSIGNER_UNKNOWN };

/* A cosignature that an MTC carries. */
struct policy_cosigner {
    struct tai id;
    enum policy_cosigner_role role;
    struct bytes operator_name; /* empty: not known */
    bool is_good;
    const char *why;            /* why not; NULL when it is good */
};

/* All SCTs, however they came, and for an MTC all cosignatures. */
struct policy_transparency {
    const struct log_list *logs; /* NULL: no list is there, and SCTs are not judged */
    const struct policy_sct *scts;
    size_t sct_count; /* at most CT_POLICY_SCTS_MAX */
    /* MTC */
    const struct policy_cosigner *cosigners;
    size_t cosigner_count;
    struct bytes ca_operator;    /* who runs the CA */
    bool is_landmark;            /* good by a landmark's subtree that the trust has: it has the quorum of its distribution */
    bool are_rules_met;          /* the trust's own rules for this CA's cosigners */
};

/* Questions about names that need lists which are not here. */
struct policy_names {
    bool (*is_public_suffix)(void *context, const char *name); /* in lower case, without "*." */
    bool (*is_internal_name)(void *context, const char *name); /* below no public suffix */
    void *context;
};

struct policy_subject {
    uint16_t purpose;    /* enum trust_bundle_purpose: what it is to be used for. TRUST_BUNDLE_TLS takes both kinds of servers:
                          * what is for an intranet by its names or OIDs is judged as such */
    enum policy_form form;
    struct bytes serial;     /* contents of the INTEGER; empty for a log entry, which has none */
    struct bytes subject;    /* whole Name */
    struct bytes spki;       /* whole */
    struct bytes extensions; /* contents of Extensions */
    struct bytes signature;  /* whole AlgorithmIdentifier that it is signed by; empty: not known */
    int64_t not_before_s, not_after_s; /* inclusive both */
    int64_t at_s;            /* the caller's clock */
    bool is_precert;
    bool is_issuing;         /* it is about to be issued, at at_s; otherwise notBefore is taken for the time of issuance */
    bool are_names_validated; /* is_issuing: its public names and addresses have been validated [IN-04] */
    struct bytes dns_name;   /* the name that was asked for (A-labels), or */
    struct bytes ip;         /* the address of 4 or 16 bytes; both empty: not checked */
    const struct policy_path *path;
    const struct policy_transparency *transparency;
    const struct policy_names *names;
};

/* policy_subject_of_certificate fills the parts of the leaf, its form and is_precert from a parsed certificate; the rest is zero
 * but for purpose and at_s. */
struct policy_subject policy_subject_of_certificate(const struct certificate *cert, uint16_t purpose, int64_t at_s);

#endif
