/* run_validation.h - looking at names, from here and from the remote perspectives. */
#ifndef CATHAYA_PROGRAMS_CA_RUN_RUN_VALIDATION_H
#define CATHAYA_PROGRAMS_CA_RUN_RUN_VALIDATION_H

#include "adapters/http_client/curl_fetch.h"
#include "adapters/tls_client/tls_prober.h"
#include "ca_run/run_config.h"
#include "service/validation/mpic_validator.h"
#include "service/validation/perspective_client.h"

struct run_validation {
    struct unbound_resolver *resolver;
    struct tls_prober *prober;
    struct validation *primary;
    struct perspective_client *clients[RUN_PERSPECTIVES_MAX];
    size_t client_count;
    struct validation_perspective remotes[RUN_PERSPECTIVES_MAX];
    struct mpic_phase phase; /* of a relaxed quorum */
    struct mpic_allowance allowance;
    struct mpic_quorum quorum;
    struct mpic_validator *mpic;
    struct validator_port port;
};

/* run_validation_open: fetch and the ports are borrowed. STATUS_USAGE when the perspectives cannot make the quorum
 * of the day. run_validation_close must follow also after a failure, and after curl_fetch_stop; v is to be
 * zeroed before. */
MUST_USE enum status run_validation_open(struct run_validation *v, const struct run_config *config,
                                         struct event_loop *loop, struct curl_fetch *fetch,
                                         const struct events_port *events, struct metrics *metrics,
                                         struct error *err);

/* run_validation_check: can the configured perspectives make the quorum of today? STATUS_USAGE with the numbers. */
MUST_USE enum status run_validation_check(const struct run_config *config, struct error *err);
void run_validation_close(struct run_validation *v);

#endif
