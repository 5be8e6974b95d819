/* perspective_config.h - the configuration of `cathaya perspective run`; the commented example is
 * examples/perspective.conf. */
#ifndef CATHAYA_PROGRAM_PERSPECTIVE_CONFIG_H
#define CATHAYA_PROGRAM_PERSPECTIVE_CONFIG_H

#include <confuse.h>

#include "base/builder.h"
#include "service/dns_config.h"
#include "service/service_log.h"
#include "service/validation/perspective_server.h"
#include "service/validation/validation.h"

#define PERSPECTIVE_LISTENERS_MAX 8
#define PERSPECTIVE_RANGES_MAX 16
#define PERSPECTIVE_IDENTITIES_MAX 16
#define PERSPECTIVE_PATH_MAX 4096

/* Texts are cfg's. Made and cleared in place: it is not moved. */
struct perspective_config {
    cfg_t *cfg;
    char directory[PERSPECTIVE_PATH_MAX]; /* of the file */
    const char *listeners[PERSPECTIVE_LISTENERS_MAX];
    size_t listener_count;
    struct builder tls_certificate, tls_key; /* PEM; empty: no TLS */
    const char *admin_listen; /* "" for none */
    struct service_log log;
    struct builder secrets[PERSPECTIVE_SECRETS_MAX]; /* each with a NUL */
    size_t secret_count;
    const char *identities[PERSPECTIVE_IDENTITIES_MAX];
    struct validation_range reach[PERSPECTIVE_RANGES_MAX];
    struct validation_config validation;
    bool is_intranet_allowed;
    struct dns_config dns;
};

/* perspective_config_read: STATUS_USAGE, with the file's name, for whatever is wrong.
 * perspective_config_free follows also after a failure. */
MUST_USE enum status perspective_config_read(const char *path, struct perspective_config **out,
                                             struct error *err);
void perspective_config_free(struct perspective_config *config);

#endif
