/* monitor_settings.h - the configuration of `cathaya monitor`; examples/monitor.conf is its description. */
#ifndef CATHAYA_PROGRAM_MONITOR_MONITOR_SETTINGS_H
#define CATHAYA_PROGRAM_MONITOR_MONITOR_SETTINGS_H

#include "crypto/key.h"
#include "rules/trust_store.h"
#include "service/bundle_watcher/bundle_watcher.h"
#include "service/log_follower/log_follower.h"
#include "service/monitor/gossip.h"
#include "service/monitor/monitor.h"
#include "service/service_listen.h"

#define MONITOR_PATH_MAX 512

/* A log that is followed. */
struct monitor_settings_log {
    char name[LOG_FOLLOWER_NAME_MAX + 1];
    enum log_kind kind;
    const struct hash_alg *hash;
    char url[LOG_FOLLOWER_URL_MAX], submission_url[LOG_FOLLOWER_URL_MAX], origin[256];
    char id[GOSSIP_LOG_MAX + 1]; /* what gossip calls it: hex of the LogID, or the origin */
    struct public_key *key;      /* CT; owned */
    uint64_t mmd_ms;
    bool has_interval;
    int64_t not_after_start_s, not_after_end_s;
    enum followed_state state;
    bool has_final;
    uint64_t final_size;
    uint8_t final_root[HASH_SIZE];
    struct trust_store *store; /* mtc; owned */
    const struct trust_ca *ca;
    uint16_t log_number;
    uint64_t minimum_index;
    char mirrors[LOG_FOLLOWER_MIRRORS_MAX][LOG_FOLLOWER_URL_MAX];
    const char *mirror_urls[LOG_FOLLOWER_MIRRORS_MAX];
    size_t mirror_count;
    uint64_t mirror_lag_ms; /* 0: the follower's own */
};

enum monitor_action_kind { MONITOR_ACTION_JSONL, MONITOR_ACTION_WEBHOOK, MONITOR_ACTION_MAIL, MONITOR_ACTION_HOOK };

struct monitor_settings_action {
    enum monitor_action_kind kind;
    char name[32];                 /* "jsonl", "webhook-2" */
    char target[MONITOR_PATH_MAX]; /* file, URL, address or program */
    char sendmail[MONITOR_PATH_MAX];
    char ca_file[MONITOR_PATH_MAX], authorization_file[MONITOR_PATH_MAX]; /* of a webhook, or "" */
};

struct monitor_settings_peer {
    char url[LOG_FOLLOWER_URL_MAX];
    char ca_file[MONITOR_PATH_MAX];
};

/* Distributors of trust bundles: there are a few in the world. */
#define MONITOR_TRUSTS_MAX 8

struct monitor_settings_trust {
    char name[LOG_FOLLOWER_NAME_MAX + 1];
    char url[BUNDLE_WATCHER_URL_MAX];
    struct bundle_keys keys;
    struct trust_bundle section; /* section 9: the keys */
    uint64_t interval_ms, late_ms;
};

struct monitor_settings {
    struct algorithms *algorithms;
    char base[MONITOR_PATH_MAX], directory[MONITOR_PATH_MAX];
    struct service_listen listen;
    char ca_file[MONITOR_PATH_MAX]; /* for https of logs and mirrors; "": the system's */
    char watch_list[MONITOR_PATH_MAX];
    bool has_index, is_from_now;
    uint64_t interval_ms, probe_ms;
    unsigned requests_per_s;
    uint64_t index_retention_s;
    struct monitor_settings_log *logs[MONITOR_LOGS_MAX];
    size_t log_count;
    struct monitor_settings_trust *trusts[MONITOR_TRUSTS_MAX];
    size_t trust_count;
    struct monitor_settings_peer peers[GOSSIP_PEERS_MAX];
    struct gossip_peer gossip_peers[GOSSIP_PEERS_MAX];
    size_t peer_count;
    struct monitor_settings_action actions[NOTIFIER_ACTIONS_MAX];
    size_t action_count;
};

/* monitor_settings_read reads the file and what it names. STATUS_USAGE with file and line. algorithms_file may be NULL. */
MUST_USE enum status monitor_settings_read(const char *path, const char *algorithms_file, struct monitor_settings **out,
                                           struct error *err);
void monitor_settings_free(struct monitor_settings *settings);

/* monitor_settings_socket is the service's own, for `monitor status` and `monitor report`. */
#define MONITOR_FIGURES_PATH "/figures"
void monitor_settings_socket(const struct monitor_settings *settings, char out[MONITOR_PATH_MAX + 16]);

#endif
