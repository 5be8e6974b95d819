/* perspective_server.h - the other end of perspective_client.h: validates from here for a CA that knows the
 * secret. Whoever has it can make this machine look at any public host, and nothing else. */
#ifndef CATHAYA_SERVICE_VALIDATION_PERSPECTIVE_SERVER_H
#define CATHAYA_SERVICE_VALIDATION_PERSPECTIVE_SERVER_H

#include "metrics/metrics.h"
#include "ports/events.h"
#include "ports/http.h"
#include "ports/validator.h"

/* Old and new while a secret is changed, and one for each of several CAs. */
#define PERSPECTIVE_SECRETS_MAX 8

struct perspective_server_config {
    struct validator_port validator;
    const char *const *secrets; /* copied; perspective_secret_check holds for each */
    size_t secret_count;
    bool is_intranet_allowed; /* requests for intranets are answered, not refused */
    const struct events_port *events; /* NULL: nobody listens; borrowed */
    struct metrics *metrics;          /* NULL: nothing is counted */
};

struct perspective_server;

MUST_USE enum status perspective_server_new(const struct perspective_server_config *config,
                                            struct perspective_server **out, struct error *err);
/* perspective_server_free: exchanges that have no response yet never get one. */
void perspective_server_free(struct perspective_server *s);

/* perspective_server_handler answers POST /validate. */
struct http_handler perspective_server_handler(struct perspective_server *s);

#endif
