/* run_service.h - the CA service put together: CAs, validation, ACME, listeners. */
#ifndef CATHAYA_PROGRAMS_CA_RUN_RUN_SERVICE_H
#define CATHAYA_PROGRAMS_CA_RUN_RUN_SERVICE_H

#include "adapters/http_server/http_server.h"
#include "adapters/http_server/static_files.h"
#include "adapters/sqlite/sqlite_acme_store.h"
#include "ca_run/run_admin.h"
#include "ca_run/run_classic_ca.h"
#include "ca_run/run_ct.h"
#include "ca_run/run_config.h"
#include "ca_run/run_expiry.h"
#include "ca_run/run_mtc_ca.h"
#include "ca_run/run_validation.h"
#include "service/service_admin.h"
#include "service/service_log.h"
#include "service/service_run.h"

/* Of every CA: the files of its logs, and its other files. */
#define RUN_ROUTES_MAX 128
#define RUN_PREFIX_SIZE 128

struct run_service {
    const char *config_path;
    struct run_config *config;  /* what the CAs and profiles were made from */
    struct run_config *current; /* of the newest reload; the same at first */
    /* What ACME goes by, and what a reload prepares beside it. */
    struct run_acme {
        struct acme_config config;
        struct acme_profile profiles[ACME_PROFILES_MAX];
    } acme_configs[2];
    size_t acme_current;
    struct algorithms *algorithms;
    struct service_log log;
    struct events_port events;
    struct service_run *run;
    struct metrics *metrics;
    struct curl_fetch *fetch;
    struct public_names *names;
    struct run_lint lint;
    struct run_retired *retired; /* configurations whose policy a worker may still have */
    struct run_validation validation;
    struct ct_submission *ct; /* NULL without a ct block */
    struct run_expiry *expiry;
    struct sqlite_acme_store *database;
    struct acme_store store;
    struct timer_port timers;
    struct work_port pool;
    struct clock_port clock;
    struct run_mtc_ca cas[RUN_CAS_MAX];
    struct run_classic_ca classics[RUN_CLASSICS_MAX];
    const struct certificate_profile *ca_profiles[RUN_CAS_MAX + RUN_CLASSICS_MAX][ACME_PROFILES_MAX];
    struct acme *acme;
    struct event_hook *hook;
    struct http_server *http, *plain_http, *admin_http, *socket_http; /* plain_http: NULL without http-listen */
    size_t tls_listener_count;
    struct service_admin admin;
    struct run_admin revoking;
    struct static_files *files[RUN_ROUTES_MAX];
    char prefixes[RUN_ROUTES_MAX][RUN_PREFIX_SIZE];
    size_t file_count;
    char base_path[RUN_PREFIX_SIZE];
};

/* run_service_open puts everything together and listens; config is taken. run_service_close must follow
 * also after a failure; service is to be zeroed before. */
MUST_USE enum status run_service_open(struct run_service *service, const char *config_path, struct run_config *config,
                                      struct algorithms *algorithms, struct error *err);

/* run_service_until_stopped serves until SIGTERM. */
void run_service_until_stopped(struct run_service *service);

void run_service_close(struct run_service *service);

/* run_service_add_files serves a directory below the base URL at path; for the CAs, while opening. */
MUST_USE enum status run_service_add_files(struct run_service *service, const char *directory, const char *path,
                                           uint64_t (*landmarks_max_age_s)(void *context), void *context, struct error *err);

/* run_service_check opens nothing but looks at what the configuration names: TLS files, policies, CA directories. */
MUST_USE enum status run_service_check(const struct run_config *config, struct algorithms *algorithms, struct error *err);

#endif
