/* identity_ask.h - who a host is, by a trust directory: the lookup of rules/identity_lookup.h, with the lists that it needs fetched
 * from the distributor, and shown. */
#ifndef CATHAYA_PROGRAM_IDENTITY_IDENTITY_ASK_H
#define CATHAYA_PROGRAM_IDENTITY_IDENTITY_ASK_H

#include <jansson.h>

#include "policy/policy_set.h"
#include "rules/identity_lookup.h"
#include "trust/trust_directory.h"

/* An answer is small; who waits is a person. */
#define IDENTITY_ASK_TIMEOUT_MS 10000

struct identity_ask {
    const struct trust_directory *directory;
    const struct algorithms *algorithms;
    const char *url;     /* of the distributor, without a slash at its end; NULL or "": nobody is asked */
    const char *ca_file; /* for https; NULL: the system's */
};

/* identity_ask_host answers for a host; *view is for identity_view_free, also after a failure (NULL), and the answer borrows from it.
 * When lists cannot be had the answer is IDENTITY_ASK, and *why says so in words (of at most size bytes). It waits for the
 * network: not for a running program's loop. */
MUST_USE enum status identity_ask_host(const struct identity_ask *ask, struct bytes host, int64_t now_s, struct identity_view **view,
                                       struct identity_answer *answer, char *why, size_t size, struct error *err);

/* identity_ask_verdict is "none", "known", "conflict", "not_asked". identity_ask_json is the answer as an object: verdict, level (null or
 * "T3"), records. identity_ask_print prints it as lines of a report (judging/judging_report.h). */
const char *identity_ask_verdict(enum identity_verdict verdict);
json_t *identity_ask_json(const struct identity_answer *answer, const char *why);
void identity_ask_print(const struct identity_answer *answer, const char *why, enum policy_language language);

#endif
