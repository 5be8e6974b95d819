/* log_finding.h - what a log, or one of its mirrors, did that it must not do: a stable list of ids (docs/findings.md).
 *
 * A finding is about facts that were seen, not about requests that failed: what cannot be reached is in contacts, and becomes a
 * finding when it lasts.
 */
#ifndef CATHAYA_RULES_LOG_FINDING_H
#define CATHAYA_RULES_LOG_FINDING_H

#include "base/builder.h"
#include "base/bytes.h"
#include "base/status.h"

enum finding_severity {
    FINDING_NOTICE,  /* worth knowing; nothing is wrong yet */
    FINDING_WARNING, /* against the rules of the log, and may be repaired */
    FINDING_CRITICAL /* the log (or whoever has its key) lied */
};

enum finding_id {
    FINDING_SPLIT_VIEW,         /* two signed heads of one size with different roots */
    FINDING_NOT_A_PREFIX,       /* a signed head is no prefix of a larger one */
    FINDING_SHRANK,             /* a head with a newer time and fewer entries than an older one */
    FINDING_WENT_BACK,          /* the log shows an older head than before */
    FINDING_BAD_SIGNATURE,      /* a head that the log's key has not signed */
    FINDING_BAD_HEAD,           /* a head that cannot be read, or of another log */
    FINDING_BAD_CONSISTENCY,    /* no proof leads from the head before to this one */
    FINDING_ROOT_MISMATCH,      /* the entries do not give the head's root */
    FINDING_MISSING_ENTRY,      /* an entry that the head has is not served */
    FINDING_HEAD_FROM_FUTURE,
    FINDING_HEAD_STALE,         /* older than the MMD */
    FINDING_ENTRY_FROM_FUTURE,
    FINDING_ENTRY_AFTER_HEAD,   /* an entry with a time after the head that has it */
    FINDING_LATE_MERGE,         /* an entry whose time is more than the MMD before a head that lacks it */
    FINDING_SCT_NOT_HONOURED,   /* an SCT whose entry is not in a head that must have it */
    FINDING_READONLY_GREW,      /* a read-only or retired log has entries after its final tree head */
    FINDING_OUTSIDE_INTERVAL,   /* a certificate that expires outside of the log's temporal interval */
    FINDING_MALFORMED_ENTRY,    /* not the form that its log has */
    FINDING_UNKNOWN_ENTRY_TYPE,
    FINDING_PRECERT_MISMATCH,   /* the TBSCertificate of the leaf is not that of the precertificate, or of its issuer */
    FINDING_BAD_ISSUER,         /* an issuer that is not served, or does not hash to its fingerprint */
    FINDING_BAD_LANDMARKS,      /* not well-formed, not monotone, or beyond the checkpoint */
    FINDING_LANDMARK_CHANGED,   /* a landmark that was published has another size or expiry */
    FINDING_MIRROR_STALE,
    FINDING_MIRROR_DISAGREES,   /* a mirror serves another tree than the log */
    FINDING_COSIGNERS_MISSING,  /* too few of the cosigners that the policy asks for */
    FINDING_PRUNED_EARLY,       /* entries at or above the minimum index have gone */
    FINDING_UNREACHABLE,        /* no head for longer than the MMD, or an hour */
    /* Of distributors of trust bundles: */
    FINDING_BAD_VERSION,        /* a version that no client would take: signatures, proof, times */
    FINDING_VERSION_ORDER,      /* versions that go back in time, or are published without being in the log */
    FINDING_VERSION_CONTENTS,   /* a version that is signed with other contents than the log has */
    FINDING_VERSION_LANDMARK,   /* a landmark whose hashes the issuance log does not have */
    FINDING_VERSION_LATE,       /* the newest version is of long ago */
    FINDING_VERSION_IDENTITIES, /* website identities that the log of identities does not give */
    FINDING_IDENTITIES_REWRITTEN, /* a log of identities that is not what has grown out of the one before */
    FINDING_IDENTITIES_MISSING  /* that log cannot be had, or is longer than what is looked at */
};
#define FINDING_IDS 36

/* Borrowed for the call. */
struct log_finding {
    enum finding_id id;
    enum finding_severity severity;
    const char *log;     /* its name */
    const char *source;  /* the URL that showed it, or who told us */
    const char *text;    /* the facts, a sentence */
    bool is_over;        /* a state (stale, unreachable, mirrors) has ended */
    bool has_index;      /* it is about one entry */
    uint64_t index;
    int64_t seen_ms;
    struct bytes evidence; /* a file of codec/evidence that proves it to anybody; empty: none */
};

/* log_finding_name is the stable id: "split-view"; log_finding_severity_of and log_finding_severity_name belong to it. */
const char *log_finding_name(enum finding_id id);
enum finding_severity log_finding_severity_of(enum finding_id id);
const char *log_finding_severity_name(enum finding_severity severity);

#endif
