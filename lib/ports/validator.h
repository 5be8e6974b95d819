/* validator.h - finding out whether somebody controls a name, from one or several places [BR 3.2.2.4],
 * [BR 3.2.2.9]. On the thread of the event loop. */
#ifndef CATHAYA_PORTS_VALIDATOR_H
#define CATHAYA_PORTS_VALIDATOR_H

#include "ports/acme_store.h"

struct validation_request {
    enum acme_challenge challenge;
    struct acme_identifier identifier; /* without "*." */
    bool is_wildcard;
    bool is_intranet;              /* private addresses and internal names are allowed, CAA is not asked */
    const char *token;             /* base64url; NULL for dns-persist-01 */
    const char *key_authorization; /* token.thumbprint; NULL for dns-persist-01 */
    const char *account_url;
    bool is_caa_only;              /* look at CAA again, for `challenge` as the validation method [RFC8657 4] */
};

/* Borrowed for the duration of done. */
struct validation_result {
    /* NULL when it is valid, else the ACME error type without its prefix: "unauthorized", "connection",
     * "dns", "caa", "tls", "incorrectResponse", "malformed", "serverInternal". */
    const char *problem;
    const char *detail; /* what was seen, from where, what to do; never the key authorization */
    /* The longest that the authorization may be reused, 0: not at all; UINT32_MAX: no limit of this
     * method's. */
    uint32_t reuse_max_s;
};

typedef void validator_done(void *cookie, const struct validation_result *result);

struct validator_port {
    void *context;
    /* validate copies the request and calls done exactly once, later. STATUS_LIMIT when too many are
     * under way; then done is not called. */
    enum status (*validate)(void *context, const struct validation_request *request,
                            validator_done *done, void *cookie, struct error *err);
};

#endif
