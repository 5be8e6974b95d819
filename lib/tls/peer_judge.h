/* peer_judge.h - what the policy says of a server, or of certificates in files: peer_verify, peer_subject and policy_judge in one,
 * for all that shows it.
 *
 * What peer_verify refuses is untrusted, whatever the rules say: that names, suites, stapled answers and proofs are as they should
 * be is no matter of policy.
 */
#ifndef CATHAYA_TLS_PEER_JUDGE_H
#define CATHAYA_TLS_PEER_JUDGE_H

#include "policy/policy.h"
#include "tls/peer_subject.h"

/* Some 40 KiB: on the heap. */
struct peer_judgement {
    struct peer_subject *subject; /* what was judged: SCTs and cosigners one by one; NULL without a policy */
    struct policy_answer answer;
    struct peer_verdict peer;     /* of peer_verify */
    enum status outcome;          /* what it said, and ... */
    char reason[ERROR_TEXT_MAX];  /* ... why not; "" when it said yes */
};

/* peer_judge_verdict judges what peer_verify has judged already. What the question borrows has to stay until peer_judgement_free. STATUS_MALFORMED when the leaf cannot be read, STATUS_LIMIT,
 * STATUS_NO_MEMORY: there is no judgement. That it is untrusted is one. */
MUST_USE enum status peer_judge_verdict(const struct policy_set *set, const struct peer_subject_question *question,
                                        struct peer_judgement **out, struct error *err);

/* peer_judge_request asks peer_verify first; set NULL: that alone. Borrows trust, request with all that is in it, and names until peer_judgement_free. */
MUST_USE enum status peer_judge_request(const struct policy_set *set, const struct peer_trust *trust,
                                        const struct peer_request *request, const struct policy_names *names,
                                        struct peer_judgement **out, struct error *err);
void peer_judgement_free(struct peer_judgement *judgement);

#endif
