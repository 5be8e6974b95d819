/* monitor_service.h - a running monitor: followers, the monitor's role, gossip, probes, servers, and how they end. */
#ifndef CATHAYA_PROGRAM_MONITOR_MONITOR_SERVICE_H
#define CATHAYA_PROGRAM_MONITOR_MONITOR_SERVICE_H

#include "adapters/event_loop/serial_worker.h"
#include "adapters/http_client/curl_fetch.h"
#include "adapters/http_server/http_server.h"
#include "adapters/posix/posix_object_store.h"
#include "adapters/sqlite/sqlite_domain_index.h"
#include "adapters/sqlite/sqlite_state_store.h"
#include "monitor/monitor_actions.h"
#include "monitor/monitor_settings.h"
#include "monitor/monitor_watch_file.h"
#include "service/monitor/prober.h"
#include "service/service_admin.h"
#include "service/service_log.h"
#include "service/service_run.h"

struct monitor_service;

/* A log that is followed: numbers are the same in settings, monitor, gossip and prober. */
struct monitor_followed {
    struct monitor_service *service;
    const struct monitor_settings_log *settings;
    size_t number;
    struct log_follower *follower;
    struct posix_object_store *store;
    bool has_stopped;
};

/* A distributor that is watched: monitor and gossip number them behind the logs. */
struct monitor_watched {
    struct monitor_service *service;
    const struct monitor_settings_trust *settings;
    size_t number;
    struct bundle_watcher *watcher;
    struct posix_object_store *store;
};

struct monitor_service {
    struct monitor_settings *settings; /* owned */
    struct service_log log;
    struct events_port events;
    struct metrics *metrics;
    struct service_run *run;
    struct event_loop *loop;
    struct clock_port clock;
    struct timer_port timers;
    struct curl_fetch *fetch;
    struct sqlite_state_store *state;
    struct sqlite_domain_index *index;
    struct domain_index index_port;
    struct posix_object_store *files;
    struct serial_worker *state_worker, *index_worker;
    struct monitor_actions *actions;
    struct monitor *monitor;
    struct gossip *gossip;
    struct prober *prober;
    struct monitor_followed followed[MONITOR_LOGS_MAX];
    size_t followed_count;
    struct monitor_watched watched[MONITOR_TRUSTS_MAX];
    size_t watched_count;
    struct monitor_watch_file watch_file;
    struct http_server *server, *admin_server, *control_server;
    struct service_admin admin;
    struct tls_context *tls;
    uint64_t look_timer;
    size_t stopping; /* parts that have not ended yet */
    bool is_started, has_ended;
};

/* ---- monitor_trust.c ---- */

/* As monitor_follow_*, for the distributors; after the logs. */
MUST_USE enum status monitor_trust_add(struct monitor_service *service, struct error *err);
void monitor_trust_start(struct monitor_service *service);
void monitor_trust_stop(struct monitor_service *service, void (*stopped)(void *cookie));
void monitor_trust_free(struct monitor_service *service);
bool monitor_trust_head(const struct monitor_service *service, size_t number, struct followed_head *out);
MUST_USE enum status monitor_trust_view(struct monitor_service *service, size_t number, const struct followed_head *head,
                                        const char *from, struct error *err);

/* monitor_service_start takes service->settings. monitor_service_end follows, also after a failure. */
MUST_USE enum status monitor_service_start(struct monitor_service *service, struct error *err);
void monitor_service_end(struct monitor_service *service);

/* ---- monitor_follow.c ---- */

/* monitor_follow_add makes the follower of each log of the settings, and tells the other parts of it. */
MUST_USE enum status monitor_follow_add(struct monitor_service *service, struct error *err);
void monitor_follow_start(struct monitor_service *service);
/* monitor_follow_stop: stopped is called for each. */
void monitor_follow_stop(struct monitor_service *service, void (*stopped)(void *cookie));
void monitor_follow_free(struct monitor_service *service);

/* What the monitor, gossip and the prober ask; context is the service. */
void monitor_follow_kept(void *context, size_t log, uint64_t end);
bool monitor_follow_head(void *context, size_t log, struct followed_head *out);
enum status monitor_follow_view(void *context, size_t log, const struct followed_head *head, const char *from,
                                struct error *err);
uint64_t monitor_follow_tree_size(void *context, size_t log);
void monitor_follow_contact(void *context, size_t log, const struct followed_contact *contact);

/* ---- monitor_status_page.c ---- */

/* monitor_status_handler answers GET /status. */
struct http_handler monitor_status_handler(struct monitor_service *service);
/* monitor_figures_handler answers GET MONITOR_FIGURES_PATH/{uptime,facts}/LOG, on the control socket alone. */
struct http_handler monitor_figures_handler(struct monitor_service *service);

#endif
