#include <string.h>

#include "rules/caa.h"
#include "service/validation/attempt.h"

/* [BR 3.2.2.8] asks for one more try before a failed lookup means anything; for us it then means no. */
#define CAA_TRIES_MAX 2

static void look(struct attempt *a);

static void judge(struct attempt *a, const struct dns_answer *answer)
{
    struct error err = {.status = STATUS_OK};
    const struct validation *v = a->owner;
    struct caa_question q = {
        .issuers = v->config.issuers, .issuer_count = v->config.issuer_count,
        .is_wildcard = a->request.is_wildcard, .method = validation_method_name(a->request.challenge),
        .account_url = a->request.account_url,
    };
    if (caa_check(answer->records, answer->record_count, &q, &err) == STATUS_OK)
        attempt_succeed(a);
    else
        attempt_fail(a, "caa", "CAA at %s: %s", a->caa_at, err.text);
}

/* The climb ends below the root [RFC8659 3]. */
static void climb(struct attempt *a)
{
    const char *dot = strchr(a->caa_at, '.');
    if (dot == NULL || dot[1] == '\0') {
        attempt_succeed(a);
        return;
    }
    a->caa_at = dot + 1;
    a->caa_tries = 0;
    look(a);
}

static void on_records(struct attempt *a, enum dns_type type, const struct dns_answer *answer)
{
    if (answer->outcome == DNS_FOUND && answer->record_count > 0)
        judge(a, answer);
    else if (answer->outcome == DNS_FAILED && a->caa_tries < CAA_TRIES_MAX)
        look(a);
    else if (answer->outcome == DNS_FAILED || answer->outcome == DNS_BOGUS)
        lookup_fail(a, a->caa_at, type, answer);
    else
        climb(a);
}

static void look(struct attempt *a)
{
    a->caa_tries++;
    lookup_start(a, a->caa_at, DNS_CAA, on_records);
}

void caa_walk_start(struct attempt *a)
{
    a->caa_at = a->request.identifier.value;
    a->caa_tries = 0;
    look(a);
}
