/* service_listen.h - where a service listens, its TLS, and how it reports: the settings that services have in common.
 *
 *   listen = {"0.0.0.0:443"}              # plain HTTP without the next two
 *   tls-certificate = "tls/chain.pem"
 *   tls-key = "tls/key.pem"
 *   admin-listen = "127.0.0.1:9181"       # for operators; "": none
 *   log-format = "text"                   # or json
 */
#ifndef CATHAYA_PROGRAM_SERVICE_LISTEN_H
#define CATHAYA_PROGRAM_SERVICE_LISTEN_H

#include <confuse.h>

#include "adapters/http_server/http_server.h"
#include "ports/events.h"

#define SERVICE_LISTEN_MAX 8
#define SERVICE_LISTEN_PATH_MAX 512

/* SERVICE_LISTEN_OPTIONS are rows of a table of options. */
#define SERVICE_LISTEN_OPTIONS \
    CFG_STR_LIST("listen", NULL, CFGF_NODEFAULT), CFG_STR("tls-certificate", "", CFGF_NONE), CFG_STR("tls-key", "", CFGF_NONE), \
        CFG_STR("admin-listen", "", CFGF_NONE), CFG_STR("log-format", "text", CFGF_NONE)

struct service_listen {
    char addresses[SERVICE_LISTEN_MAX][HTTP_SERVER_ADDRESS_SIZE];
    size_t address_count;
    char tls_certificate[SERVICE_LISTEN_PATH_MAX], tls_key[SERVICE_LISTEN_PATH_MAX]; /* or "" */
    char admin[HTTP_SERVER_ADDRESS_SIZE];                                            /* or "" */
    bool is_json;
};

/* service_listen_read reads the settings; relative paths begin at base. STATUS_USAGE. That there is no address is the
 * caller's to judge: service_listen_required is STATUS_USAGE then. */
MUST_USE enum status service_listen_read(cfg_t *cfg, const char *base, struct service_listen *out, struct error *err);
MUST_USE enum status service_listen_required(const struct service_listen *settings, struct error *err);

/* service_listen_open lets the server listen at all addresses, as its first listeners. *tls is its TLS, which the caller frees;
 * NULL: plain HTTP. */
MUST_USE enum status service_listen_open(const struct service_listen *settings, struct http_server *server,
                                         struct tls_context **tls, struct error *err);

/* service_listen_reload reads certificate and key again, of settings that may be newer than those that were opened, and tells what
 * came of it; what cannot be read changes nothing. *tls NULL: there is none to reload. */
void service_listen_reload(const struct service_listen *settings, size_t address_count, struct http_server *server,
                           struct tls_context **tls, const struct events_port *events);

#endif
