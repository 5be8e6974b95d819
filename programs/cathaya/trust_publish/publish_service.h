/* publish_service.h - a running `cathaya trust serve`. */
#ifndef CATHAYA_PROGRAM_TRUST_PUBLISH_PUBLISH_SERVICE_H
#define CATHAYA_PROGRAM_TRUST_PUBLISH_PUBLISH_SERVICE_H

#include "adapters/http_server/static_files.h"
#include "service/service_admin.h"
#include "service/service_log.h"
#include "service/service_run.h"
#include "trust_publish/distributor.h"

/* Where figures are kept. */
struct publish_metrics {
    struct metric *version, *issued, *expires, *bundle_bytes, *delta_bytes, *landmarks, *duration;
    struct metric *logs_ok, *logs_away, *logs_refused;
    struct metric *builds_ok, *builds_failed;
    struct metric *registry_errors;
};

struct publish_service {
    const char *config_file, *algorithms_file;
    struct publish_config *config;
    struct service_log log;
    struct events_port events;
    struct metrics *metrics;
    struct publish_metrics figures;
    struct service_run *run;
    struct timer_port timers;
    struct http_server *server, *admin_server; /* NULL: nobody listens */
    struct service_admin admin;
    struct tls_context *tls;
    struct static_files *files;
    struct curl_fetch *fetch;
    struct distributor *distributor;
    uint64_t timer;
    bool is_wanted_again; /* SIGHUP came during a build */
    bool has_served;      /* connections have ended, or there are none */
    struct error failure; /* of the last build */
    char why[ERROR_TEXT_MAX + 64];
};

/* publish_service_start opens everything and listens; config is the service's from here on. publish_service_end follows also after a
 * failure. */
MUST_USE enum status publish_service_start(struct publish_service *service, struct error *err);

/* publish_service_run returns when the service was stopped. */
void publish_service_run(struct publish_service *service);
void publish_service_end(struct publish_service *service);

#endif
