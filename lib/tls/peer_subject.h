/* peer_subject.h - from a judged connection or file to what lib/policy judges: the parts of the leaf, its path with what the list
 * says of each certificate, every SCT of every delivery checked against the listed logs, and every cosigner of a Merkle Tree Certificate.
 *
 *   s = peer_verify(trust, hashers, &request, &verdict, &err);          // also when it says no
 *   s2 = peer_subject_new(&(struct peer_subject_question){...}, &subject, &err);
 *   policy_judge(policies, peer_subject_policy(subject), &answer, &err);
 *   peer_subject_free(subject);
 */
#ifndef CATHAYA_TLS_PEER_SUBJECT_H
#define CATHAYA_TLS_PEER_SUBJECT_H

#include "policy/policy_subject.h"
#include "tls/peer_verify.h"

struct peer_subject;

/* All borrowed; what the subject is made of has to stay until peer_subject_free. */
struct peer_subject_question {
    const struct peer_trust *trust;       /* the logs of peer_trust_set_logs, or of its contents; without any, SCTs are not looked at */
    const struct peer_request *request;   /* as it was judged */
    const struct peer_verdict *verdict;   /* of peer_verify for it, STATUS_OK or not */
    enum status outcome;                  /* what peer_verify has said, and */
    const char *why;                      /* its reason in words; NULL or "" for none */
    const struct policy_names *names;     /* NULL: rules about names are not looked at */
};

/* peer_subject_new: STATUS_MALFORMED when the leaf cannot be read at all, STATUS_NO_MEMORY. What is wrong with path, SCTs or
 * cosigners is no failure: it stands in the subject. */
MUST_USE enum status peer_subject_new(const struct peer_subject_question *question, struct peer_subject **out, struct error *err);
void peer_subject_free(struct peer_subject *subject);

/* peer_subject_policy borrows the subject, complete for policy_judge. */
const struct policy_subject *peer_subject_policy(const struct peer_subject *subject);

#endif
