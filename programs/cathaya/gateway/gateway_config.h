/* gateway_config.h - the configuration of `cathaya gateway run`; examples/gateway.conf has every setting with its
 * meaning. Relative paths begin at the file's directory. */
#ifndef CATHAYA_PROGRAM_GATEWAY_CONFIG_H
#define CATHAYA_PROGRAM_GATEWAY_CONFIG_H

#include <confuse.h>

#include "rules/certificate_choice.h"
#include "service/service_log.h"
#include "service/site_certificates/site_certificates.h"

#define GATEWAY_PATH_MAX 1024
/* In the directory: where `gateway status` and the like ask. */
#define GATEWAY_SOCKET_NAME "control.sock"
#define GATEWAY_LISTENERS_MAX 16
#define GATEWAY_SITES_MAX 1000
#define GATEWAY_ISSUERS_MAX 32
#define GATEWAY_BACKENDS_MAX 32
#define GATEWAY_WORKERS_MAX 64
/* Top-level labels of a test's or an enterprise's own that count as public. */
#define GATEWAY_LABELS_MAX 32

enum gateway_listener_kind { GATEWAY_HTTPS, GATEWAY_HTTP };

struct gateway_listener {
    const char *address; /* "ADDRESS:PORT" */
    enum gateway_listener_kind kind;
};

/* How control over a name is shown to an ACME server. */
enum gateway_challenge { GATEWAY_HTTP_01, GATEWAY_TLS_ALPN_01, GATEWAY_DNS_01 };

struct gateway_issuer {
    const char *name, *directory;
    const char *contact, *profile, *eab_kid; /* NULL: none */
    char ca_file[GATEWAY_PATH_MAX], eab_key_file[GATEWAY_PATH_MAX], dns_hook[GATEWAY_PATH_MAX]; /* "": none */
    enum gateway_challenge challenge;
};

/* One kind of certificate of a site. */
struct gateway_certificate {
    bool is_wanted;
    /* By ACME: places in the list of issuers, the preferred one first. None: from files. */
    size_t issuers[SITE_ISSUERS_MAX], issuer_count;
    const char *key_type; /* "sm2", "p256"...; NULL: by the kind */
    char chain_file[GATEWAY_PATH_MAX], key[GATEWAY_PATH_MAX]; /* key as key_file.h names it; "": none */
    const char *key_provider;                                 /* NULL: none */
};

struct gateway_health {
    const char *path; /* NULL: a connection is enough */
    uint32_t interval_ms, timeout_ms, rise, fall;
};

struct gateway_site {
    const char *title;
    const char *names[SITE_NAMES_MAX];
    size_t name_count;
    const char *backends[GATEWAY_BACKENDS_MAX];
    size_t backend_count;
    struct gateway_certificate certificates[SITE_KINDS];
    enum transition_stage stage;
    struct gateway_health health;
    uint64_t hsts_max_age_s;
    bool is_default, is_tcp, has_http2, sends_proxy, redirects_http, is_mtc_without_trust_anchors;
};

struct gateway_limits {
    uint32_t connections, connections_per_address, handshakes_per_s, head_size;
    uint32_t handshake_ms, head_ms, body_ms, idle_ms, backend_connect_ms, backend_answer_ms, slowest_bytes_per_s;
};

/* What is done with a certificate that the policy calls not secure or untrusted. */
enum gateway_policy_check { GATEWAY_POLICY_REFUSE, GATEWAY_POLICY_WARN, GATEWAY_POLICY_OFF };

struct gateway_config {
    cfg_t *cfg;                   /* texts borrow from it */
    char base[GATEWAY_PATH_MAX];  /* of relative paths */
    char directory[GATEWAY_PATH_MAX], access_log[GATEWAY_PATH_MAX]; /* access_log "": off, "-": stdout */
    const char *user, *admin_listen;                                /* NULL: none */
    char trust[GATEWAY_PATH_MAX]; /* the trust directory of the clients that it is for; "": none */
    enum gateway_policy_check policy_check;
    const char *public_labels[GATEWAY_LABELS_MAX];
    size_t public_label_count;
    size_t worker_count;
    uint16_t trust_anchors_code_point;
    uint32_t ticket_rotation_s;   /* 0: no tickets */
    enum service_log_format log_format;
    enum event_level log_level;
    struct gateway_listener listeners[GATEWAY_LISTENERS_MAX];
    size_t listener_count;
    struct gateway_issuer *issuers;
    size_t issuer_count;
    struct gateway_site *sites;
    size_t site_count;
    struct gateway_limits limits;
};

/* gateway_config_read reads and checks all of it; no key is opened and nothing is asked. STATUS_USAGE with file and
 * line. gateway_config_free takes it back; NULL is fine. */
MUST_USE enum status gateway_config_read(const char *path, struct gateway_config **out, struct error *err);
void gateway_config_free(struct gateway_config *config);

#endif
