/* gateway_policy.h - what clients will say of a certificate, before it is deployed and while it is: judged by the policy and the
 * trust directory that clients of a root program have.
 *
 * A trust directory that is missing, damaged or expired never keeps a certificate from being deployed: then paths, SCTs and
 * cosigners are not looked at, the leaf is judged by the policy that is built in, and the log says why. So it is without one.
 */
#ifndef CATHAYA_PROGRAM_GATEWAY_GATEWAY_POLICY_H
#define CATHAYA_PROGRAM_GATEWAY_GATEWAY_POLICY_H

#include <jansson.h>

#include "gateway/gateway_config.h"
#include "ports/clock.h"
#include "ports/events.h"
#include "ports/timer.h"
#include "service/site_certificates/site_certificates.h"

/* The directory is looked at so often; `trust update` writes it once an hour. */
#define GATEWAY_POLICY_LOOK_MS 60000
/* What is deployed is judged anew after this, whatever has changed: dates of the policy come. */
#define GATEWAY_POLICY_AGAIN_S 86400

struct gateway_policy;

struct gateway_policy_ports {
    struct clock_port clock;
    struct timer_port timer;
    struct events_port *events;
    void *context;
    /* on_change: what was refused may be judged otherwise now. Not called by gateway_policy_new. */
    void (*on_change)(void *context);
};

/* gateway_policy_new reads policy and directory; that a directory cannot be read is told, and no failure. config is borrowed until
 * gateway_policy_configure gives another one. STATUS_NO_MEMORY, STATUS_USAGE. */
MUST_USE enum status gateway_policy_new(const struct gateway_config *config, const struct gateway_policy_ports *ports,
                                        struct gateway_policy **out, struct error *err);

/* gateway_policy_free: the timer calls nothing any more. NULL is fine. */
void gateway_policy_free(struct gateway_policy *policy);

/* gateway_policy_configure goes on with another configuration, reads the directory again, and judges what is deployed anew. */
MUST_USE enum status gateway_policy_configure(struct gateway_policy *policy, const struct gateway_config *config, struct error *err);

/* gateway_policy_judge is site_certificates' judge: STATUS_REFUSED with rule, what was found and what to do, when the policy calls
 * it not secure or untrusted and policy-check is "refuse". The landmark-relative form of a certificate that was judged already is
 * judged by its leaf: which landmarks clients have is their affair. */
MUST_USE enum status gateway_policy_judge(struct gateway_policy *policy, const char *site, const struct site_credential *credential,
                                          struct error *err);

/* gateway_policy_deployed says what a site is served with from now on. */
void gateway_policy_deployed(struct gateway_policy *policy, const char *site, const struct site_credential *credentials,
                             size_t count);

/* gateway_policy_status is {check, trust, loaded_at, reason, policy}; gateway_policy_of what the policy says of the site's
 * certificate of a kind now: {verdict, level, kind, rule, text, text_zh, fix}, null when it was not asked. */
json_t *gateway_policy_status(const struct gateway_policy *policy);
json_t *gateway_policy_of(const struct gateway_policy *policy, const char *site, enum site_kind kind);

#endif
