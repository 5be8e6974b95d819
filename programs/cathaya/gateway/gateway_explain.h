/* gateway_explain.h - which certificate would this client get, and why: the running gateway's own choice, in words. */
#ifndef CATHAYA_PROGRAM_GATEWAY_EXPLAIN_H
#define CATHAYA_PROGRAM_GATEWAY_EXPLAIN_H

#include <jansson.h>

#include "tls/tls_sites.h"

struct gateway_question {
    const char *sni;          /* NULL: that of the ClientHello, or none */
    const char *client;       /* a profile's name (rules/client_profiles.h); not read when there is a ClientHello */
    const char *client_hello; /* base64; NULL: none */
    uint16_t trust_anchors_code_point;
    int64_t now_s;
};

/* gateway_explain gives {"text", "kind" (null: none), "candidates": [{"kind", "trust_anchor", "is_taken", "reason"}]},
 * which belongs to the caller. STATUS_USAGE for an unknown profile, STATUS_MALFORMED for a ClientHello that is none,
 * STATUS_NOT_FOUND for a name that nobody has. */
MUST_USE enum status gateway_explain(const struct tls_sites *sites, const struct gateway_question *question,
                                     json_t **out, struct error *err);

#endif
