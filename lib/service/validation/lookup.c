#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/validation/attempt.h"

/* A lookup lives until the resolver has answered, and the attempt with it. */
struct lookup {
    struct attempt *attempt;
    enum dns_type type;
    lookup_then *then;
    struct timer_port timer;
    uint64_t timeout;
    bool is_over;
};

static void on_answer(void *cookie, const struct dns_answer *answer)
{
    struct lookup *l = cookie;
    struct attempt *a = l->attempt;
    if (!l->is_over)
        l->timer.cancel(l->timer.context, l->timeout);
    if (!l->is_over && !a->is_over)
        l->then(a, l->type, answer);
    free(l);
    attempt_release(a);
}

static void on_timeout(void *cookie)
{
    struct lookup *l = cookie;
    struct dns_answer answer = {.outcome = DNS_FAILED, .why = "no answer in time"};
    l->is_over = true;
    if (!l->attempt->is_over)
        l->then(l->attempt, l->type, &answer);
}

void lookup_start(struct attempt *a, const char *name, enum dns_type type, lookup_then *then)
{
    struct validation *v = a->owner;
    struct error err = {.status = STATUS_OK};
    struct lookup *l = calloc(1, sizeof *l);
    if (l == NULL) {
        attempt_fail(a, "serverInternal", "out of memory");
        return;
    }
    *l = (struct lookup){.attempt = a, .type = type, .then = then, .timer = v->ports.timer};
    attempt_hold(a);
    if (v->ports.resolver.start(v->ports.resolver.context, name, type, on_answer, l, &err) == STATUS_OK) {
        l->timeout = l->timer.start(l->timer.context, v->config.dns_timeout_ms, on_timeout, l);
        return;
    }
    free(l);
    attempt_busy(a, &err);
    attempt_release(a);
}

static const char *type_name(enum dns_type type)
{
    return type == DNS_A ? "A" : type == DNS_AAAA ? "AAAA" : type == DNS_TXT ? "TXT" : "CAA";
}

/* The resolver's reason may hold words of a stranger's server. */
static void show(const char *text, char out[80])
{
    size_t i = 0;
    for (; i < 79 && text[i] != '\0'; i++)
        out[i] = text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?';
    out[i] = '\0';
}

void lookup_fail(struct attempt *a, const char *name, enum dns_type type, const struct dns_answer *answer)
{
    char why[80];
    show(answer->why, why);
    if (answer->outcome == DNS_BOGUS)
        attempt_fail(a, "dns", "DNSSEC: the %s records of %s do not validate (%s); repair the zone's signatures",
                     type_name(type), name, why);
    else
        attempt_fail(a, "dns", "looking up the %s records of %s failed (%s)", type_name(type), name, why);
}
