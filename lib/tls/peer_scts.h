/* peer_scts.h - the SCTs of a leaf, whatever way they came, and whether each verifies by the listed logs. Private to tls/. */
#ifndef CATHAYA_TLS_PEER_SCTS_H
#define CATHAYA_TLS_PEER_SCTS_H

#include "rules/sct_check.h"
#include "tls/peer_verify.h"

/* Clocks of logs and clients may differ by so much. */
#define PEER_SCTS_SKEW_S 300

/* peer_scts_collect appends the SCTs of a list to the verdict; peer_scts_of_certificate those that the leaf carries;
 * peer_scts_of_ocsp those of a response that was found good, about the leaf. What cannot be read is counted. */
void peer_scts_collect(struct peer_verdict *v, enum peer_sct_source source, struct bytes list);
void peer_scts_of_certificate(struct peer_verdict *v, const struct certificate *leaf);
void peer_scts_of_ocsp(struct peer_verdict *v, struct bytes response, const struct certificate *leaf);

/* What SCTs are over: the leaf as it is, its TBSCertificate for the issuer's key, and the entry of an issuance log. */
struct peer_scts_subject {
    struct builder tbs, entry;
    struct tai log_id;
    bool is_mtc;
    struct sct_check_subject whole, embedded, logged;
    bool has_embedded; /* what is over the issuer's key can be checked: `embedded`, or `logged` */
    struct error why;  /* when it is not */
};

/* peer_scts_prepare takes a directly signed leaf with its issuer's SubjectPublicKeyInfo (empty: not known);
 * peer_scts_prepare_mtc a Merkle Tree Certificate as its proof was judged. peer_scts_clear must follow, after a failure too.
 * What is given is borrowed. STATUS_NO_MEMORY; all else is said with each SCT. */
MUST_USE enum status peer_scts_prepare(const struct certificate *leaf, struct bytes issuer_spki, struct peer_scts_subject *out,
                                       struct error *err);
MUST_USE enum status peer_scts_prepare_mtc(const struct certificate *leaf, const struct proof_verdict *proof,
                                           struct peer_scts_subject *out, struct error *err);
void peer_scts_clear(struct peer_scts_subject *subject);

/* peer_scts_check: STATUS_OK when the SCT verifies by a listed log; *log is its row, NULL when none has its ID. STATUS_REFUSED with
 * the reason, STATUS_NO_MEMORY. */
MUST_USE enum status peer_scts_check(const struct peer_trust *trust, const struct peer_scts_subject *subject, const struct peer_sct *sct,
                                     int64_t at_s, const struct log_list_log **log, struct error *err);

/* peer_scts_first_s is the time of the earliest SCT of the verdict that is good by the issuer's key; INT64_MAX: none is. */
int64_t peer_scts_first_s(const struct peer_trust *trust, const struct certificate *leaf, struct bytes issuer_spki,
                          const struct peer_verdict *v, int64_t at_s);

#endif
