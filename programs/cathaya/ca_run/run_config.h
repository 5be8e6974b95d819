/* run_config.h - the configuration of `cathaya ca run`: one file for all CAs of the process. The commented
 * example is examples/ca-run.conf. */
#ifndef CATHAYA_PROGRAMS_CA_RUN_RUN_CONFIG_H
#define CATHAYA_PROGRAMS_CA_RUN_RUN_CONFIG_H

#include "rules/certificate_profile.h"
#include "rules/mpic.h"
#include "service/acme/acme.h"
#include "service/dns_config.h"
#include "service/validation/validation.h"

/* CAs of one process: GM and international, Merkle Tree and classic, public and intranet. */
#define RUN_CAS_MAX 8
#define RUN_CLASSICS_MAX 8
#define RUN_LISTENERS_MAX 8
#define RUN_PERSPECTIVES_MAX 16
#define RUN_EAB_KEYS_MAX 256
#define RUN_OVERRIDES_MAX 256
#define RUN_REACH_MAX 16
#define RUN_PATH_MAX 4096

#define RUN_MONITORING_MAX 16

struct policy_set;

/* Where a mirror publishes what it has: its monitoring prefix [C2SP tlog-mirror]. */
struct run_monitoring {
    const char *name, *url; /* name: of its note signatures */
};

/* A Merkle Tree CA of the process, with its log and mirrors. */
struct run_ca {
    const char *name;
    char directory[RUN_PATH_MAX];
    char policy[RUN_PATH_MAX]; /* C2SP tlog-policy: its mirrors and the quorum; "" for none */
    const char *prefix_url;    /* CA prefix URL: the logs are below it; NULL: base-url/log/NAME */
    int64_t interval_ms;       /* between checkpoints */
    uint64_t pool_entries;
    int64_t landmark_interval_s;
    int64_t prune_interval_s, prune_grace_s;
    int64_t watch_s; /* between looks at what the mirrors publish; 0: only when they contradict */
    size_t monitoring_count;
    struct run_monitoring monitoring[RUN_MONITORING_MAX]; /* others publish at URL/mirror, as `cathaya mirror run` does */
};

struct run_classic {
    const char *name;
    char directory[RUN_PATH_MAX];
    bool has_ocsp;           /* it answers at base-url/classic/NAME/ocsp, and its certificates say so */
    bool has_ocsp_scts, has_ocsp_nonce;
    int64_t ocsp_validity_s; /* from thisUpdate to nextUpdate */
    const char *ocsp_key, *ocsp_key_provider; /* as key_file.h names keys; NULL: DIR/keys/ocsp.pem */
};

/* More than the lists of two worlds, and a few of one's own. */
#define RUN_CT_LISTS_MAX 8

/* The `ct` block: which logs there are, and what profiles ask of them. */
struct run_ct {
    bool is_given;
    size_t list_count;
    char lists[RUN_CT_LISTS_MAX][RUN_PATH_MAX];
    char policy_file[RUN_PATH_MAX];
    char ca_file[RUN_PATH_MAX]; /* "" for the system's */
    int64_t deadline_ms, log_timeout_ms;
};

struct run_perspective {
    const char *name, *url, *region;
    char ca_file[RUN_PATH_MAX]; /* "" for the system's */
    struct builder secret;
};

/* Everything is owned, most of it by cfg. */
struct run_config {
    void *cfg;
    char directory[RUN_PATH_MAX]; /* of the file: relative paths begin here */
    size_t listener_count;
    const char *listeners[RUN_LISTENERS_MAX]; /* ADDRESS:PORT */
    size_t http_listener_count;
    const char *http_listeners[RUN_LISTENERS_MAX]; /* plain: what certificates of classic CAs lead to */
    char tls_certificate[RUN_PATH_MAX], tls_key[RUN_PATH_MAX]; /* "" for plain HTTP */
    const char *admin_listen; /* NULL: none */
    char admin_socket[RUN_PATH_MAX];
    char database[RUN_PATH_MAX];
    bool is_log_json;
    struct policy_set *policy; /* what is issued keeps its rules */

    size_t ca_count;
    struct run_ca cas[RUN_CAS_MAX];
    size_t classic_count;
    struct run_classic classics[RUN_CLASSICS_MAX];
    size_t profile_count;
    struct certificate_profile profiles[ACME_PROFILES_MAX];
    struct run_ct ct;
    unsigned challenges;

    size_t perspective_count;
    struct run_perspective perspectives[RUN_PERSPECTIVES_MAX];
    bool is_quorum_relaxed; /* by name: fewer perspectives than the BR ask for, for demos and intranets */
    unsigned quorum_remote, quorum_failures; /* when it is relaxed */
    struct dns_config dns;
    uint16_t http_port, tls_port; /* where http-01 and tls-alpn-01 look: 80 and 443 */
    size_t public_label_count;
    const char *public_labels[16]; /* top-level labels that count as public: demos, tests */
    size_t reach_count;
    struct validation_range reach[RUN_REACH_MAX]; /* allowed although they are not global: demos, tests */

    size_t eab_count;
    struct acme_eab_key eab_keys[RUN_EAB_KEYS_MAX];
    struct builder eab_secrets[RUN_EAB_KEYS_MAX];
    size_t override_count;
    struct acme_limit_override overrides[RUN_OVERRIDES_MAX];
    size_t caa_count;
    const char *caa_identities[10]; /* a dns-persist-01 challenge has no room for more */
    struct acme_config acme; /* all but profiles, which need the issuers */
};

/* run_config_read reads and checks a file, with every file that it names but keys of CAs. STATUS_USAGE
 * names file, line and cure. run_config_free follows in any case. */
MUST_USE enum status run_config_read(const char *path, struct run_config **out, struct error *err);
void run_config_free(struct run_config *config);

/* run_config_locate puts file and line in front of the reason of a failure that came later, and returns status. */
enum status run_config_locate(const struct run_config *config, const char *path, enum status status, struct error *err);

#endif
