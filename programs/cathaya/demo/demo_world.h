/* demo_world.h - the services of the demo on loopback, and who uses them: a mock DNS, two perspectives, two mirrors of each
 * suite, four CT logs of two operators, one process with four CAs, a root program with its distributor, a
 * gateway in front of a page, and a monitor. Private to programs/cathaya/demo.
 *
 *   DIR/services/             configurations, keys and state of all of them
 *   DIR/services/logs/        what they write
 *   DIR/services/certificates what the ACME clients got
 *   DIR/services/ctlog-*      CT logs of two operators
 *   DIR/services/gateway      the gateway's state
 *   DIR/services/registry     what the root program keeps; trust-* what its distributor has
 *   DIR/services/trust        what the clients at the gateway trust
 *   DIR/demo.json             where everything is, for other programs
 */
#ifndef CATHAYA_PROGRAMS_DEMO_DEMO_WORLD_H
#define CATHAYA_PROGRAMS_DEMO_DEMO_WORLD_H

#include <cathaya/verify.h>

#include "adapters/http_client/curl_fetch.h"
#include "adapters/http_server/http_server.h"
#include "codec/ct/log_list.h"
#include "codec/note/vkey.h"
#include "demo/demo_processes.h"

/* Paths below the state directory; that one may be DEMO_STATE_PATH_MAX long. */
#define DEMO_PATH_SIZE 1200
#define DEMO_STATE_PATH_MAX 1000
#define DEMO_URL_SIZE 128
#define DEMO_BASE_URL_SIZE 40 /* https://localhost:65535 */
#define DEMO_SUITES 2
#define DEMO_PROFILES 4
#define DEMO_MIRRORS 4
#define DEMO_PERSPECTIVES 2
#define DEMO_OPERATORS 2 /* of CT logs; each has one of each suite */
#define DEMO_CERTIFICATES_MAX 16
#define DEMO_HOST_SIZE 64
#define DEMO_VISITS 4
/* The site behind the gateway. */
#define DEMO_SITE "www.demo.test"
/* What the monitor watches for its owner. */
#define DEMO_BANK "bank.demo.test"
/* Whose certificate no log of the program has. */
#define DEMO_OLD_SITE "old.demo.test"
#define DEMO_JUDGED 5

struct demo_mirror {
    const char *suite, *id, *algorithm, *label;
    char url[DEMO_URL_SIZE];
    struct builder vkey_text;
    struct vkey vkey;
};

/* A Merkle Tree CA of the service. */
struct demo_issuer {
    const char *suite, *id;
    char ca_file[DEMO_PATH_SIZE], log_url[DEMO_URL_SIZE];
};

struct demo_profile {
    const char *name, *suite, *key_kind;
    bool is_mtc;
};

/* A certificate that a client got, and what a relying party says about it. */
struct demo_certificate {
    const char *client, *mode; /* "standalone", "landmark", "classic" */
    const struct demo_profile *profile;
    char host[DEMO_HOST_SIZE], path[DEMO_PATH_SIZE];
    double seconds; /* from the order to the certificate */
    size_t bytes;   /* of the certificates that a server sends */
    uint64_t index;
    char cosigners[CATHAYA_COSIGNERS_SIZE + CATHAYA_ID_SIZE]; /* the CA, and who else has signed; or whose SCTs it has */
    bool is_right;  /* accepted, and refused for another name */
    char reason[512];
};

/* A log as its own server shows it. */
struct demo_log_view {
    uint64_t size;
    char signers[256];
    uint64_t mirror_sizes[DEMO_MIRRORS];
};

/* A client at the gateway, and what it got. */
struct demo_visit {
    const char *profile; /* of `cathaya fetch --as` */
    char kind[32], group[32], suite[64], verdict[32], level[8];
    char owner[128]; /* of the website, as the root program knows it */
    size_t certificate_bytes, flight_bytes;
    unsigned long long handshake_ms;
    bool is_right; /* the kind that it should get, and the page */
};

/* What a user is told about a certificate. */
struct demo_judged {
    const char *what;
    char level[8], verdict[32], rule[32]; /* the rule that decided; "" of a secure one */
    char said_en[256], said_zh[256];
    bool is_right;
};

/* Deltas that the client took: how many, and the newest. */
struct demo_delta {
    size_t count;
    uint64_t from, to; /* versions */
    size_t bytes, bundle_bytes;
    uint64_t due_ns;   /* when the client asks again */
};

/* A log that comes to have two histories: two processes with one key, the second below its own address. */
struct demo_fork {
    char url[DEMO_URL_SIZE], other_url[DEMO_URL_SIZE];
    uint8_t spki[LOG_LIST_KEY_MAX];
    size_t spki_len;
    struct demo_process *processes[2];
};

/* What the monitor has told, and how soon. */
struct demo_monitor {
    double report_s; /* from the certificate that nobody ordered to the report */
    char report_log[64];
    double caught_s; /* from the log's second history to the proof of it */
};

struct demo_world {
    char state[DEMO_PATH_SIZE];
    struct algorithms *algorithms;
    struct event_loop *loop;
    struct curl_fetch *fetch;
    struct demo_processes processes;
    uint16_t http01_port, acme_port, dns_port, management_port, gateway_port, monitor_port;
    char base_url[DEMO_BASE_URL_SIZE], dns[DEMO_ADDRESS_SIZE], perspectives[DEMO_PERSPECTIVES][DEMO_ADDRESS_SIZE];
    char ca_file[DEMO_PATH_SIZE]; /* of the ACME endpoint */
    struct http_server *http01;
    char http01_address[DEMO_ADDRESS_SIZE]; /* without port */
    struct demo_mirror mirrors[DEMO_MIRRORS];
    struct demo_issuer issuers[DEMO_SUITES];
    struct log_list ctlogs;
    struct demo_fork fork;
    struct demo_monitor monitor;
    char monitor_url[DEMO_URL_SIZE], monitor_status_url[DEMO_URL_SIZE];
    size_t certificate_count;
    struct demo_certificate certificates[DEMO_CERTIFICATES_MAX];
    struct demo_log_view logs[DEMO_SUITES];
    struct http_server *page; /* what is behind the gateway */
    struct classic_chain *old_chain;
    char trust_url[DEMO_URL_SIZE]; /* the distributor */
    char trust[DEMO_PATH_SIZE]; /* a client's trust directory */
    struct demo_judged judged[DEMO_JUDGED];
    struct demo_delta delta;
    struct demo_visit visits[DEMO_VISITS];
    bool is_json;
};

extern const struct demo_profile demo_profiles[DEMO_PROFILES];

/* demo_path is the path of something below DIR/services. */
MUST_USE enum status demo_path(const struct demo_world *w, char out[DEMO_PATH_SIZE], struct error *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
MUST_USE enum status demo_write(const struct demo_world *w, const char *name, struct bytes content, unsigned mode,
                                struct error *err);
/* demo_say tells people what is going on, at once; nothing with --json. */
void demo_say(const struct demo_world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- demo_ports.c ---- */

/* demo_port finds a port of 127.0.0.1 that is free for TCP and UDP. */
MUST_USE enum status demo_port(uint16_t *out, struct error *err);

/* ---- demo_setup.c: what operators do once ---- */

MUST_USE enum status demo_setup(struct demo_world *w, struct error *err);

/* ---- demo_config.c: configuration files ---- */

MUST_USE enum status demo_config_perspective(const struct demo_world *w, size_t i, struct error *err);
MUST_USE enum status demo_config_mirror(const struct demo_world *w, size_t i, struct error *err);
MUST_USE enum status demo_config_policies(const struct demo_world *w, struct error *err);
MUST_USE enum status demo_config_ca(const struct demo_world *w, struct error *err);
MUST_USE enum status demo_config_gateway(const struct demo_world *w, const char *backend, struct error *err);

/* ---- demo_services.c ---- */

MUST_USE enum status demo_services_start(struct demo_world *w, struct error *err);

/* ---- demo_ctlog.c, demo_scts.c: CT logs of two operators, and who counts their timestamps ---- */

const char *demo_ctlog_operator(size_t i);
MUST_USE enum status demo_ctlog_start(struct demo_world *w, struct error *err);
MUST_USE enum status demo_ctlog_write_policy(const struct demo_world *w, struct error *err);
/* demo_scts_judge is STATUS_OK when the SCTs in a leaf verify and are enough, and one less would not be. who says whose. */
MUST_USE enum status demo_scts_judge(const struct demo_world *w, const char *suite, struct bytes leaf, struct bytes issuer,
                                     char *who, size_t size, struct error *err);

/* ---- demo_dns.c ---- */

MUST_USE enum status demo_dns_start(struct demo_world *w, struct error *err);
/* demo_dns_add lets a name of the demo's own have an address. */
MUST_USE enum status demo_dns_add(struct demo_world *w, const char *host, const char *address, struct error *err);

/* ---- demo_fetch.c ---- */

/* demo_fetch asks and waits; the answer must be 200. body is reset. */
MUST_USE enum status demo_fetch(struct demo_world *w, const char *url, struct bytes post, struct builder *body,
                                struct error *err);

/* ---- demo_http01.c: a web server for the demo's own names, beside the address that others use ---- */

MUST_USE enum status demo_http01_start(struct demo_world *w, struct error *err);
void demo_http01_stop(struct demo_world *w);

/* ---- demo_acme.c, demo_acme_tiny.c: the two clients ---- */

/* demo_acme_add makes the next certificate of the list, with a name that is validated at the demo's web server. */
MUST_USE enum status demo_acme_add(struct demo_world *w, const char *client, const char *mode,
                                   const struct demo_profile *profile, struct demo_certificate **out, struct error *err);
MUST_USE enum status demo_acme_run(struct demo_world *w, struct error *err);
MUST_USE enum status demo_acme_tiny_run(struct demo_world *w, struct error *err);
/* demo_acme_tiny_get gets one more certificate, for any name, which stays as services/HOST.pem. */
MUST_USE enum status demo_acme_tiny_get(struct demo_world *w, const struct demo_profile *profile, const char *host,
                                        struct error *err);

/* ---- demo_relying.c: what relying parties say ---- */

/* demo_relying_run judges every certificate; *wrong_count is how many verdicts were not right. */
MUST_USE enum status demo_relying_run(struct demo_world *w, size_t *wrong_count, struct error *err);

/* demo_relying_policy writes which cosigners a relying party wants (docs/policy-file.md). */
void demo_relying_policy(const struct demo_world *w, const char *suite, struct builder *out);

/* ---- demo_gateway.c, demo_visit.c: a site that gets its certificates by itself, and clients of every kind ---- */

MUST_USE enum status demo_gateway_start(struct demo_world *w, struct error *err);
void demo_gateway_stop(struct demo_world *w);
/* demo_visit_run waits until the site has everything, brings a client's trust up to date, and lets the four kinds of
 * client come; *wrong_count is how many did not get what they should. */
MUST_USE enum status demo_visit_run(struct demo_world *w, size_t *wrong_count, struct error *err);

/* ---- demo_registry.c, demo_identity.c, demo_trust.c, demo_judge.c: a root program, its distributor, and what users are told ---- */

/* demo_registry_write writes services/registry; old_chain's root is in it, though no log of it has its certificates. */
MUST_USE enum status demo_registry_write(struct demo_world *w, struct error *err);
/* demo_trust_start makes registry, keys and distributor; demo_trust_client a client's directory with the first bundle;
 * demo_trust_delta waits until the client takes a delta; demo_trust_watch keeps it up to date from now on. */
MUST_USE enum status demo_trust_start(struct demo_world *w, struct error *err);
void demo_trust_stop(struct demo_world *w);
MUST_USE enum status demo_trust_client(struct demo_world *w, struct error *err);
MUST_USE enum status demo_trust_delta(struct demo_world *w, struct error *err);
MUST_USE enum status demo_trust_watch(struct demo_world *w, struct error *err);
/* demo_identity_key makes the key of who says whose websites are; the caller frees it. demo_identity_add has the demo's site said. */
MUST_USE enum status demo_identity_key(const struct demo_world *w, struct private_key **out, struct error *err);
MUST_USE enum status demo_identity_add(struct demo_world *w, struct error *err);
/* demo_judge_run has good and bad certificates judged; *wrong_count grows by the verdicts that are not right. */
MUST_USE enum status demo_judge_run(struct demo_world *w, size_t *wrong_count, struct error *err);

/* ---- demo_fork.c, demo_monitor.c: what logs are watched for ---- */

/* demo_fork_start runs the log that will have two histories, demo_fork_split gives it the second one, and demo_fork_tell gives the
 * tree head of that one to a monitor, as another monitor would. */
MUST_USE enum status demo_fork_start(struct demo_world *w, struct error *err);
MUST_USE enum status demo_fork_split(struct demo_world *w, struct error *err);
MUST_USE enum status demo_fork_tell(struct demo_world *w, const char *monitor_url, struct error *err);
MUST_USE enum status demo_monitor_start(struct demo_world *w, struct error *err);
MUST_USE enum status demo_monitor_run(struct demo_world *w, struct error *err);

/* ---- demo_logs.c ---- */

/* demo_logs_look reads the checkpoints of logs and mirrors over HTTP. */
MUST_USE enum status demo_logs_look(struct demo_world *w, struct error *err);

/* ---- demo_report.c, demo_json.c ---- */

void demo_report(const struct demo_world *w);
MUST_USE enum status demo_json_write(const struct demo_world *w, struct error *err);

#endif
