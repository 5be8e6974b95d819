/* gateway_deploy.h - what the workers are to serve with: sites of the configuration, their credentials as they come, the
 * answers to challenges. A change is gathered, and given to all workers at the end of the loop's round as one new
 * state. */
#ifndef CATHAYA_PROGRAM_GATEWAY_DEPLOY_H
#define CATHAYA_PROGRAM_GATEWAY_DEPLOY_H

#include "adapters/proxy/proxy.h"
#include "gateway/gateway_backends.h"
#include "gateway/gateway_config.h"
#include "ports/events.h"
#include "service/site_certificates/site_certificates.h"
#include "tls/tls_sites.h"

/* Challenges under way: orders of 100 names, several at a time. */
#define GATEWAY_CHALLENGES_MAX 1000

struct gateway_deploy;

/* gateway_deploy_new borrows events and has no sites yet. */
MUST_USE enum status gateway_deploy_new(struct event_loop *loop, struct events_port *events,
                                        struct gateway_deploy **out, struct error *err);
void gateway_deploy_free(struct gateway_deploy *deploy);

/* gateway_deploy_configure takes the sites of a configuration, which stays until the next one has been taken; the
 * credentials of sites that are in both are kept, those of the others until gateway_deploy_settle: the one before can be
 * configured again. backends are one group per site, in their order. Nothing changes for the workers before
 * gateway_deploy_start or the end of the round. */
MUST_USE enum status gateway_deploy_configure(struct gateway_deploy *deploy, const struct gateway_config *config,
                                              struct gateway_backends *backends, struct error *err);

/* gateway_deploy_settle forgets the credentials of sites that the configuration does not have. */
void gateway_deploy_settle(struct gateway_deploy *deploy);

/* gateway_deploy_start starts the proxy with what there is, and gives it what comes later. proxy is borrowed. */
MUST_USE enum status gateway_deploy_start(struct gateway_deploy *deploy, struct proxy *proxy, struct error *err);

/* gateway_deploy_stop: nothing more is given to the proxy. */
void gateway_deploy_stop(struct gateway_deploy *deploy);

/* gateway_deploy_set replaces the credentials of a site. One that cannot be used is left out, with an event. */
void gateway_deploy_set(struct gateway_deploy *deploy, const char *site, const struct site_credential *credentials,
                        size_t count);

/* gateway_deploy_check: could it be used? The reason when not. */
MUST_USE enum status gateway_deploy_check(const struct site_credential *credential, struct error *err);

size_t gateway_deploy_site_count(const struct gateway_deploy *deploy);
const char *gateway_deploy_site_title(const struct gateway_deploy *deploy, size_t site);

/* gateway_deploy_credentials borrows the credentials of a site. */
struct tls_credential *const *gateway_deploy_credentials(const struct gateway_deploy *deploy, size_t site, size_t *count);

/* gateway_deploy_staple replaces credential number i of a site by the same one with an OCSP response (empty: none).
 * Failures as of tls_credential_with_ocsp. */
MUST_USE enum status gateway_deploy_staple(struct gateway_deploy *deploy, size_t site, size_t i, struct bytes ocsp,
                                           int64_t now_s, struct error *err);

/* ---- challenges ---- */

/* When all workers answer. */
typedef void gateway_deploy_done(void *cookie);

/* gateway_deploy_add_token answers http-01 for a token. STATUS_LIMIT. */
MUST_USE enum status gateway_deploy_add_token(struct gateway_deploy *deploy, const char *token,
                                              const char *key_authorization, gateway_deploy_done *done, void *cookie,
                                              struct error *err);
void gateway_deploy_remove_token(struct gateway_deploy *deploy, const char *token);

/* gateway_deploy_add_alpn answers tls-alpn-01 for a name with a certificate and its key, both PEM. A server can show one
 * such certificate for a name at a time, and several issuers may ask at once: those behind the first wait, until
 * gateway_deploy_remove_alpn has taken that one away. token tells them apart. STATUS_LIMIT, or STATUS_USAGE for what is
 * none. */
MUST_USE enum status gateway_deploy_add_alpn(struct gateway_deploy *deploy, const char *token, const char *name,
                                             struct bytes chain_pem, struct bytes key_pem, gateway_deploy_done *done,
                                             void *cookie, struct error *err);
void gateway_deploy_remove_alpn(struct gateway_deploy *deploy, const char *token);

/* gateway_deploy_sites makes the TLS sites of a configuration with these credentials, as it does for the workers: for
 * `gateway explain` too. */
MUST_USE enum status gateway_deploy_sites(const struct gateway_deploy *deploy, struct tls_sites **out,
                                          struct error *err);

#endif
