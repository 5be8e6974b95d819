#include "monitor/monitor_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_file.h"
#include "monitor/monitor_settings_parts.h"

#define DAY_S 86400
#define INTERVAL_MAX_MS 86400000
#define RETENTION_MAX_DAYS 36500
#define REQUESTS_MAX 10000

static cfg_opt_t peer_options[] = {
    CFG_STR("ca-file", "", CFGF_NONE),
    CFG_END(),
};

static cfg_opt_t action_options[] = {
    CFG_STR("jsonl", "", CFGF_NONE),
    CFG_STR("webhook", "", CFGF_NONE),
    CFG_STR("webhook-ca-file", "", CFGF_NONE),
    CFG_STR("webhook-authorization-file", "", CFGF_NONE),
    CFG_STR("mail", "", CFGF_NONE),
    CFG_STR("sendmail", "/usr/sbin/sendmail", CFGF_NONE),
    CFG_STR("hook", "", CFGF_NONE),
    CFG_END(),
};

static cfg_opt_t options[] = {
    CFG_STR("directory", "state", CFGF_NONE),
    CFG_STR("ca-file", "", CFGF_NONE),
    CFG_STR("watch-list", NULL, CFGF_NODEFAULT),
    CFG_STR_LIST("log-list", NULL, CFGF_NODEFAULT),
    CFG_INT("interval-ms", 10000, CFGF_NONE),
    CFG_INT("probe-interval-ms", 300000, CFGF_NONE),
    CFG_INT("requests-per-s", 50, CFGF_NONE),
    CFG_BOOL("from-now", cfg_false, CFGF_NONE),
    CFG_BOOL("index", cfg_true, CFGF_NONE),
    CFG_INT("index-retention-days", 0, CFGF_NONE),
    CFG_SEC("log", monitor_settings_log_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
    CFG_SEC("trust", monitor_settings_trust_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
    CFG_SEC("peer", peer_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
    CFG_SEC("action", action_options, CFGF_MULTI),
    SERVICE_LISTEN_OPTIONS,
    CONFIG_FILE_ALGORITHMS,
    CFG_END(),
};

static enum status wrong(struct error *err, const char *what)
{
    return error_set(err, STATUS_USAGE, "%s", what);
}

/* ---- values ---- */

static enum status read_paths(struct monitor_settings *m, cfg_t *cfg, struct error *err)
{
    const struct {
        const char *name;
        char *out;
    } rows[] = {{"directory", m->directory},
                {"ca-file", m->ca_file},
                {"watch-list", m->watch_list}};
    if (cfg_getstr(cfg, "watch-list") == NULL)
        return wrong(err, "watch-list: the file that says what is watched for");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum status s = config_file_path(m->base, cfg_getstr(cfg, rows[i].name), rows[i].out, MONITOR_PATH_MAX, err);
        if (s != STATUS_OK)
            return error_prefix(err, s, "%s", rows[i].name);
    }
    return STATUS_OK;
}

static enum status read_number(cfg_t *cfg, const char *name, long min, long max, uint64_t *out, struct error *err)
{
    long value = cfg_getint(cfg, name);
    if (value < min || value > max)
        return error_set(err, STATUS_USAGE, "%s: %ld to %ld", name, min, max);
    *out = (uint64_t)value;
    return STATUS_OK;
}

static enum status read_values(struct monitor_settings *m, cfg_t *cfg, struct error *err)
{
    uint64_t requests = 0, days = 0;
    m->has_index = cfg_getbool(cfg, "index");
    m->is_from_now = cfg_getbool(cfg, "from-now");
    enum status s = read_number(cfg, "interval-ms", 100, INTERVAL_MAX_MS, &m->interval_ms, err);
    if (s == STATUS_OK)
        s = read_number(cfg, "probe-interval-ms", 100, INTERVAL_MAX_MS, &m->probe_ms, err);
    if (s == STATUS_OK)
        s = read_number(cfg, "requests-per-s", 1, REQUESTS_MAX, &requests, err);
    if (s == STATUS_OK)
        s = read_number(cfg, "index-retention-days", 0, RETENTION_MAX_DAYS, &days, err);
    m->requests_per_s = (unsigned)requests;
    m->index_retention_s = days * DAY_S;
    return s;
}

/* ---- actions and peers ---- */

static enum status add_action(struct monitor_settings *m, cfg_t *section, enum monitor_action_kind kind, const char *option,
                              struct error *err)
{
    const char *value = cfg_getstr(section, option);
    unsigned number = 1;
    if (value[0] == '\0')
        return STATUS_OK;
    if (m->action_count == NOTIFIER_ACTIONS_MAX)
        return error_set(err, STATUS_USAGE, "more than %d actions", NOTIFIER_ACTIONS_MAX);
    struct monitor_settings_action *a = &m->actions[m->action_count++];
    for (size_t i = 0; i + 1 < m->action_count; i++)
        number += m->actions[i].kind == kind;
    a->kind = kind;
    (void)snprintf(a->name, sizeof a->name, number == 1 ? "%s" : "%s-%u", option, number);
    if (kind == MONITOR_ACTION_WEBHOOK && !(strncmp(value, "https://", 8) == 0 || strncmp(value, "http://", 7) == 0))
        return wrong(err, "webhook: a URL");
    if (kind == MONITOR_ACTION_MAIL && (strchr(value, '@') == NULL || value[0] == '-' || strpbrk(value, " \t\r\n,") != NULL))
        return wrong(err, "mail: one address");
    if (kind == MONITOR_ACTION_MAIL || kind == MONITOR_ACTION_WEBHOOK)
        return (size_t)snprintf(a->target, sizeof a->target, "%s", value) < sizeof a->target ? STATUS_OK
                                                                                              : wrong(err, "too long");
    return config_file_path(m->base, value, a->target, sizeof a->target, err);
}

static enum status read_action(struct monitor_settings *m, cfg_t *section, struct error *err)
{
    static const char *const names[] = {"jsonl", "webhook", "mail", "hook"};
    size_t first = m->action_count;
    enum status s = STATUS_OK;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && s == STATUS_OK; i++)
        s = add_action(m, section, (enum monitor_action_kind)i, names[i], err);
    if (s == STATUS_OK && m->action_count == first)
        s = wrong(err, "an action is jsonl, webhook, mail or hook");
    for (; s == STATUS_OK && first < m->action_count; first++) {
        struct monitor_settings_action *a = &m->actions[first];
        s = config_file_path(m->base, cfg_getstr(section, "sendmail"), a->sendmail, sizeof a->sendmail, err);
        if (s == STATUS_OK)
            s = config_file_path(m->base, cfg_getstr(section, "webhook-ca-file"), a->ca_file, sizeof a->ca_file, err);
        if (s == STATUS_OK)
            s = config_file_path(m->base, cfg_getstr(section, "webhook-authorization-file"), a->authorization_file,
                                 sizeof a->authorization_file, err);
    }
    return s;
}

/* Somebody is always told. */
static enum status add_default_action(struct monitor_settings *m, struct error *err)
{
    struct monitor_settings_action *a = &m->actions[0];
    if (m->action_count > 0)
        return STATUS_OK;
    a->kind = MONITOR_ACTION_JSONL;
    (void)snprintf(a->name, sizeof a->name, "jsonl");
    m->action_count = 1;
    return (size_t)snprintf(a->target, sizeof a->target, "%s/notifications.jsonl", m->directory) < sizeof a->target
               ? STATUS_OK
               : wrong(err, "directory: too long");
}

static enum status read_peer(struct monitor_settings *m, cfg_t *section, struct error *err)
{
    if (m->peer_count == GOSSIP_PEERS_MAX)
        return error_set(err, STATUS_USAGE, "more than %d peers", GOSSIP_PEERS_MAX);
    struct monitor_settings_peer *peer = &m->peers[m->peer_count];
    if (!monitor_settings_is_url(cfg_title(section), sizeof peer->url))
        return wrong(err, "a peer is a URL, http: or https:, without a slash at its end");
    (void)snprintf(peer->url, sizeof peer->url, "%s", cfg_title(section));
    enum status s = config_file_path(m->base, cfg_getstr(section, "ca-file"), peer->ca_file, sizeof peer->ca_file, err);
    m->gossip_peers[m->peer_count++] =
        (struct gossip_peer){peer->url, peer->ca_file[0] != '\0' ? peer->ca_file : m->ca_file[0] != '\0' ? m->ca_file : NULL};
    return s;
}

/* ---- a file ---- */

typedef enum status read_section(struct monitor_settings *m, cfg_t *section, struct error *err);

static enum status read_sections(struct monitor_settings *m, cfg_t *cfg, const char *name, read_section *read,
                                 struct error *err)
{
    for (unsigned i = 0; i < cfg_size(cfg, name); i++) {
        cfg_t *section = cfg_getnsec(cfg, name, i);
        const char *title = cfg_title(section);
        enum status s = read(m, section, err);
        if (s != STATUS_OK)
            return error_prefix(err, s == STATUS_NO_MEMORY ? s : STATUS_USAGE, "%s%s%s%s", name,
                                title != NULL ? " \"" : "", title != NULL ? title : "", title != NULL ? "\"" : "");
    }
    return STATUS_OK;
}

static enum status check_names(const struct monitor_settings *m, struct error *err)
{
    if (m->log_count == 0 && m->trust_count == 0)
        return wrong(err, "no log block, no log in a log-list and no trust block: nothing to follow");
    for (size_t i = 0; i < m->trust_count; i++)
        for (size_t k = 0; k < m->log_count + i; k++) {
            const char *name = k < m->log_count ? m->logs[k]->name : m->trusts[k - m->log_count]->name;
            const char *id = k < m->log_count ? m->logs[k]->id : m->trusts[k - m->log_count]->keys.origin;
            if (strcmp(name, m->trusts[i]->name) == 0 || strcmp(id, m->trusts[i]->keys.origin) == 0)
                return error_set(err, STATUS_USAGE, "trust \"%s\" has the name, or the origin, of \"%s\"", m->trusts[i]->name, name);
        }
    for (size_t i = 0; i < m->log_count; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(m->logs[i]->name, m->logs[k]->name) == 0 || strcmp(m->logs[i]->id, m->logs[k]->id) == 0)
                return error_set(err, STATUS_USAGE, "%s and %s are one log, or have one name", m->logs[k]->name,
                                 m->logs[i]->name);
    return STATUS_OK;
}

static enum status read_all(struct monitor_settings *m, const char *path, cfg_t *cfg, struct error *err)
{
    enum status s = config_file_add_algorithms(path, cfg, algorithms_file_add_to_table, m->algorithms, err);
    if (s == STATUS_OK)
        s = read_paths(m, cfg, err);
    if (s == STATUS_OK)
        s = service_listen_read(cfg, m->base, &m->listen, err);
    if (s == STATUS_OK)
        s = read_values(m, cfg, err);
    if (s == STATUS_OK)
        s = read_sections(m, cfg, "action", read_action, err);
    if (s == STATUS_OK)
        s = add_default_action(m, err);
    if (s == STATUS_OK)
        s = read_sections(m, cfg, "peer", read_peer, err);
    if (s == STATUS_OK)
        s = read_sections(m, cfg, "log", monitor_settings_read_log, err);
    if (s == STATUS_OK)
        s = read_sections(m, cfg, "trust", monitor_settings_read_trust, err);
    for (unsigned i = 0; s == STATUS_OK && i < cfg_size(cfg, "log-list"); i++) {
        s = monitor_settings_read_list(m, cfg_getnstr(cfg, "log-list", i), err);
        s = error_prefix(err, s, "log-list");
    }
    return s == STATUS_OK ? check_names(m, err) : s;
}

enum status monitor_settings_read(const char *path, const char *algorithms_file, struct monitor_settings **out,
                                  struct error *err)
{
    cfg_t *cfg = NULL;
    struct monitor_settings *m = calloc(1, sizeof *m);
    *out = NULL;
    if (m == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status s = config_file_base(path, m->base, sizeof m->base, err);
    if (s == STATUS_OK)
        s = algorithms_file_open(algorithms_file, &m->algorithms, err);
    if (s == STATUS_OK)
        s = config_file_parse(path, options, &cfg, err);
    if (s == STATUS_OK) {
        s = read_all(m, path, cfg, err);
        s = config_file_locate(path, cfg, s == STATUS_MALFORMED || s == STATUS_LIMIT || s == STATUS_CONFLICT ? STATUS_USAGE : s, err);
    }
    if (cfg != NULL)
        (void)cfg_free(cfg);
    if (s != STATUS_OK) {
        monitor_settings_free(m);
        return s;
    }
    *out = m;
    return STATUS_OK;
}

void monitor_settings_free(struct monitor_settings *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->log_count; i++)
        monitor_settings_free_log(m->logs[i]);
    for (size_t i = 0; i < m->trust_count; i++)
        monitor_settings_free_trust(m->trusts[i]);
    algorithms_free(m->algorithms);
    free(m);
}

void monitor_settings_socket(const struct monitor_settings *m, char out[MONITOR_PATH_MAX + 16])
{
    (void)snprintf(out, MONITOR_PATH_MAX + 16, "%s/control", m->directory);
}
