/* tls_answer.h - the inside of a public answer. */
#ifndef CATHAYA_API_TLS_TLS_ANSWER_H
#define CATHAYA_API_TLS_TLS_ANSWER_H

#include <cathaya/policy.h>

#include "api_tls/tls_parts.h"
#include "tls/peer_judge.h"

/* tls_answer_new copies what a judgement says; only the texts of the policy are borrowed. STATUS_NO_MEMORY. */
MUST_USE enum status tls_answer_new(const struct policy_set *set, const struct peer_judgement *judgement,
                                    struct cathaya_answer **out, struct error *err);

#endif
