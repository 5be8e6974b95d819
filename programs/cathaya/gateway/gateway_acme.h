/* gateway_acme.h - the issuers of a configuration as ports of service/site_certificates: one ACME client with an account
 * of its own for each, and the showing of what proves control over a name. */
#ifndef CATHAYA_PROGRAM_GATEWAY_ACME_H
#define CATHAYA_PROGRAM_GATEWAY_ACME_H

#include "gateway/gateway_deploy.h"
#include "ports/fetch.h"
#include "ports/timer.h"
#include "ports/work.h"

/* What all issuers use; borrowed. */
struct gateway_acme_ports {
    struct gateway_deploy *deploy;
    struct fetch_port fetch;
    struct timer_port timer;
    struct clock_port clock;
    struct work_port pool; /* for programs that change DNS */
    struct events_port *events;
    const struct algorithms *algorithms;
    const char *directory; /* of the gateway's state: the accounts' keys are in accounts/NAME.pem */
};

struct gateway_acme;

/* gateway_acme_new makes a client for each issuer of the configuration, and an account's key where there is none yet.
 * Nothing is asked before the first order. */
MUST_USE enum status gateway_acme_new(const struct gateway_config *config, const struct gateway_acme_ports *ports,
                                      struct gateway_acme **out, struct error *err);

/* gateway_acme_free: no operation may be under way, or those who would end it are gone. NULL is fine. */
void gateway_acme_free(struct gateway_acme *acme);

/* gateway_acme_issuers borrows the issuers, in the configuration's order. */
const struct site_issuer *gateway_acme_issuers(const struct gateway_acme *acme, size_t *count);

/* gateway_acme_is_busy: is anything under way? */
bool gateway_acme_is_busy(const struct gateway_acme *acme);

#endif
