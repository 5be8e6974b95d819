/* ctlog_service.h - a running `cathaya ctlog run`: its logs, the mirror beside them, and who listens. */
#ifndef CATHAYA_PROGRAM_CTLOG_CTLOG_SERVICE_H
#define CATHAYA_PROGRAM_CTLOG_CTLOG_SERVICE_H

#include "adapters/http_client/curl_fetch.h"
#include "ctlog/ctlog_log.h"
#include "mirror/mirror_service.h"
#include "service/service_admin.h"
#include "service/service_log.h"
#include "service/service_run.h"

struct ctlog_service {
    const char *config_file, *algorithms_file;
    struct ctlog_config *config;
    struct service_log log;
    struct events_port events;
    struct metrics *metrics;
    struct service_run *run;
    struct http_server *server, *admin_server, *socket_server;
    struct service_admin admin;
    struct tls_context *tls;
    struct curl_fetch *fetch;
    struct ctlog_log *logs[CTLOG_LOGS_MAX];
    size_t log_count;
    struct mirror_service *mirror; /* NULL: none */
    char why[CTLOG_TITLE_MAX + 64];
};

/* ctlog_service_start opens everything and listens; config is the service's from here on. ctlog_service_end follows also
 * after a failure. */
MUST_USE enum status ctlog_service_start(struct ctlog_service *service, struct error *err);

/* ctlog_service_run returns when the service was stopped. */
void ctlog_service_run(struct ctlog_service *service);
void ctlog_service_end(struct ctlog_service *service);

#endif
