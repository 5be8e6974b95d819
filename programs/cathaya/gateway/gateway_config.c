#include "gateway/gateway_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "config_file.h"
#include "gateway/gateway_config_parts.h"

#define DAY_S 86400
#define MS_MAX 3600000

static cfg_opt_t listen_options[] = {
    CFG_STR("kind", "https", CFGF_NONE),
    CFG_END(),
};

static cfg_opt_t limit_options[] = {
    CFG_INT("connections", 20000, CFGF_NONE),
    CFG_INT("connections-per-address", 512, CFGF_NONE),
    CFG_INT("handshakes-per-s", 2000, CFGF_NONE),
    CFG_INT("head-bytes", 32768, CFGF_NONE),
    CFG_INT("handshake-ms", 10000, CFGF_NONE),
    CFG_INT("head-ms", 15000, CFGF_NONE),
    CFG_INT("body-ms", 60000, CFGF_NONE),
    CFG_INT("idle-ms", 60000, CFGF_NONE),
    CFG_INT("backend-connect-ms", 3000, CFGF_NONE),
    CFG_INT("backend-answer-ms", 60000, CFGF_NONE),
    CFG_INT("slowest-bytes-per-s", 1024, CFGF_NONE),
    CFG_END(),
};

static cfg_opt_t options[] = {
    CFG_STR("directory", "state", CFGF_NONE),
    CFG_STR("user", "", CFGF_NONE),
    CFG_INT("workers", 0, CFGF_NONE),
    CFG_STR("admin-listen", "", CFGF_NONE),
    CFG_INT("trust-anchors-code-point", 0xca34, CFGF_NONE),
    CFG_INT("ticket-rotation-s", 6 * 3600, CFGF_NONE),
    CFG_STR("stage", "landmark", CFGF_NONE),
    CFG_STR("trust", "", CFGF_NONE),
    CFG_STR("policy-check", "", CFGF_NONE),
    CFG_STR_LIST("public-labels", NULL, CFGF_NODEFAULT),
    CFG_STR("access-log", "", CFGF_NONE),
    CFG_STR("log-format", "text", CFGF_NONE),
    CFG_STR("log-level", "info", CFGF_NONE),
    CFG_SEC("listen", listen_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
    CFG_SEC("issuer", gateway_config_issuer_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
    CFG_SEC("site", gateway_config_site_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
    CFG_SEC("limits", limit_options, CFGF_NONE),
    CFG_END(),
};

/* ---- single settings ---- */

enum status gateway_config_number(cfg_t *cfg, const char *name, long min, long max, uint32_t *out,
                                  struct error *err)
{
    long value = cfg_getint(cfg, name);
    if (value < min || value > max)
        return error_set(err, STATUS_USAGE, "%s: %ld to %ld", name, min, max);
    *out = (uint32_t)value;
    return STATUS_OK;
}

const char *gateway_config_text(cfg_t *cfg, const char *name)
{
    const char *value = cfg_getstr(cfg, name);
    return value == NULL || value[0] == '\0' ? NULL : value;
}

/* ---- blocks ---- */

static enum status read_listeners(struct gateway_config *config, struct error *err)
{
    config->listener_count = cfg_size(config->cfg, "listen");
    if (config->listener_count < 1 || config->listener_count > GATEWAY_LISTENERS_MAX)
        return error_set(err, STATUS_USAGE, "1 to %d blocks like: listen \"0.0.0.0:443\" { kind = \"https\" }",
                         GATEWAY_LISTENERS_MAX);
    for (unsigned i = 0; i < config->listener_count; i++) {
        cfg_t *block = cfg_getnsec(config->cfg, "listen", i);
        const char *kind = cfg_getstr(block, "kind");
        bool is_https = strcmp(kind, "https") == 0;
        if (!is_https && strcmp(kind, "http") != 0)
            return error_set(err, STATUS_USAGE, "listen \"%s\": kind: \"https\" or \"http\"", cfg_title(block));
        config->listeners[i].address = cfg_title(block);
        config->listeners[i].kind = is_https ? GATEWAY_HTTPS : GATEWAY_HTTP;
    }
    return STATUS_OK;
}

static enum status read_issuers(struct gateway_config *config, struct error *err)
{
    size_t count = cfg_size(config->cfg, "issuer");
    if (count > GATEWAY_ISSUERS_MAX)
        return error_set(err, STATUS_USAGE, "issuer: at most %d of them", GATEWAY_ISSUERS_MAX);
    config->issuers = calloc(count + 1, sizeof *config->issuers);
    if (config->issuers == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status s = STATUS_OK;
    for (unsigned i = 0; s == STATUS_OK && i < count; i++) {
        cfg_t *block = cfg_getnsec(config->cfg, "issuer", i);
        s = gateway_config_read_issuer(config, block, &config->issuers[config->issuer_count++], err);
        if (s != STATUS_OK)
            s = error_prefix(err, s, "issuer \"%s\"", cfg_title(block));
    }
    return s;
}

static enum status read_sites(struct gateway_config *config, struct error *err)
{
    enum transition_stage stage;
    size_t count = cfg_size(config->cfg, "site");
    if (!certificate_choice_stage_by_name(bytes_of_text(cfg_getstr(config->cfg, "stage")), &stage))
        return error_set(err, STATUS_USAGE, "stage: \"classic\", \"standalone\" or \"landmark\"");
    if (count < 1 || count > GATEWAY_SITES_MAX)
        return error_set(err, STATUS_USAGE, "1 to %d blocks like: site \"www.example.com\" { ... }", GATEWAY_SITES_MAX);
    config->sites = calloc(count, sizeof *config->sites);
    if (config->sites == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status s = STATUS_OK;
    for (unsigned i = 0; s == STATUS_OK && i < count; i++) {
        cfg_t *block = cfg_getnsec(config->cfg, "site", i);
        s = gateway_config_read_site(config, block, stage, &config->sites[config->site_count++], err);
        if (s != STATUS_OK)
            s = error_prefix(err, s, "site \"%s\"", cfg_title(block));
    }
    return s;
}

static bool has_name(const struct gateway_site *site, const char *name)
{
    for (size_t i = 0; i < site->name_count; i++)
        if (strcmp(site->names[i], name) == 0)
            return true;
    return false;
}

/* A name is of one site, and at most one site is the default. */
static enum status check_sites(const struct gateway_config *config, struct error *err)
{
    size_t default_count = 0;
    for (size_t i = 0; i < config->site_count; i++) {
        const struct gateway_site *site = &config->sites[i];
        default_count += site->is_default;
        if (default_count > 1)
            return error_set(err, STATUS_USAGE, "site \"%s\": default: there is another default site", site->title);
        for (size_t j = 0; j < site->name_count; j++)
            for (size_t k = 0; k < i; k++)
                if (has_name(&config->sites[k], site->names[j]))
                    return error_set(err, STATUS_USAGE, "site \"%s\": names: %s is a name of site \"%s\" too",
                                     site->title, site->names[j], config->sites[k].title);
    }
    return STATUS_OK;
}

static bool is_challenge_reachable(const struct gateway_config *config, enum gateway_challenge challenge)
{
    enum gateway_listener_kind kind = challenge == GATEWAY_HTTP_01 ? GATEWAY_HTTP : GATEWAY_HTTPS;
    for (size_t i = 0; i < config->listener_count; i++)
        if (config->listeners[i].kind == kind)
            return true;
    return challenge == GATEWAY_DNS_01;
}

static enum status check_issuers(const struct gateway_config *config, struct error *err)
{
    for (size_t i = 0; i < config->issuer_count; i++)
        if (!is_challenge_reachable(config, config->issuers[i].challenge))
            return error_set(err, STATUS_USAGE, "issuer \"%s\": challenge: there is no listener of kind \"%s\" for it",
                             config->issuers[i].name,
                             config->issuers[i].challenge == GATEWAY_HTTP_01 ? "http" : "https");
    return STATUS_OK;
}

/* ---- values ---- */

static enum status read_limits(struct gateway_config *config, struct error *err)
{
    cfg_t *cfg = cfg_getsec(config->cfg, "limits");
    struct gateway_limits *l = &config->limits;
    const struct {
        const char *name;
        long min, max;
        uint32_t *out;
    } rows[] = {
        {"connections", 1, 10000000, &l->connections},
        {"connections-per-address", 0, 10000000, &l->connections_per_address},
        {"handshakes-per-s", 1, 10000000, &l->handshakes_per_s},
        {"head-bytes", 1024, 1 << 20, &l->head_size},
        {"handshake-ms", 100, MS_MAX, &l->handshake_ms},
        {"head-ms", 100, MS_MAX, &l->head_ms},
        {"body-ms", 100, MS_MAX, &l->body_ms},
        {"idle-ms", 100, MS_MAX, &l->idle_ms},
        {"backend-connect-ms", 10, MS_MAX, &l->backend_connect_ms},
        {"backend-answer-ms", 10, MS_MAX, &l->backend_answer_ms},
        {"slowest-bytes-per-s", 1, 1 << 30, &l->slowest_bytes_per_s},
    };
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < sizeof rows / sizeof rows[0]; i++)
        s = gateway_config_number(cfg, rows[i].name, rows[i].min, rows[i].max, rows[i].out, err);
    return s;
}

static enum status read_log(struct gateway_config *config, struct error *err)
{
    const char *format = cfg_getstr(config->cfg, "log-format"), *access = cfg_getstr(config->cfg, "access-log");
    bool is_json = strcmp(format, "json") == 0;
    if (!is_json && strcmp(format, "text") != 0)
        return error_set(err, STATUS_USAGE, "log-format: \"text\" or \"json\"");
    if (!service_log_parse_level(cfg_getstr(config->cfg, "log-level"), &config->log_level))
        return error_set(err, STATUS_USAGE, "log-level: \"debug\", \"info\", \"warning\" or \"error\"");
    config->log_format = is_json ? SERVICE_LOG_JSON : SERVICE_LOG_TEXT;
    if (strcmp(access, "-") == 0) {
        (void)snprintf(config->access_log, sizeof config->access_log, "-");
        return STATUS_OK;
    }
    return config_file_path(config->base, access, config->access_log, sizeof config->access_log, err);
}

/* Without a trust directory nobody has said that clients of a root program come: what such clients would say is told, and decides
 * nothing. */
static enum status read_policy(struct gateway_config *config, struct error *err)
{
    static const char *const names[] = {"refuse", "warn", "off"};
    const char *check = gateway_config_text(config->cfg, "policy-check");
    enum status s = config_file_path(config->base, cfg_getstr(config->cfg, "trust"), config->trust, sizeof config->trust, err);
    size_t i = config->trust[0] != '\0' ? GATEWAY_POLICY_REFUSE : GATEWAY_POLICY_WARN;
    if (check != NULL)
        for (i = 0; i < sizeof names / sizeof *names && strcmp(names[i], check) != 0; i++)
            continue;
    if (s == STATUS_OK && i == sizeof names / sizeof *names)
        s = error_set(err, STATUS_USAGE, "policy-check: \"refuse\", \"warn\" or \"off\"");
    config->policy_check = (enum gateway_policy_check)i;
    config->public_label_count = cfg_size(config->cfg, "public-labels");
    if (s == STATUS_OK && config->public_label_count > GATEWAY_LABELS_MAX)
        s = error_set(err, STATUS_USAGE, "public-labels: at most %d of them", GATEWAY_LABELS_MAX);
    for (unsigned k = 0; s == STATUS_OK && k < config->public_label_count; k++)
        config->public_labels[k] = cfg_getnstr(config->cfg, "public-labels", k);
    return s;
}

/* The socket of operators stands there, and the kernel has little room for its path. */
static enum status check_directory(const struct gateway_config *config, struct error *err)
{
    struct sockaddr_un name;
    int len = snprintf(NULL, 0, "%s/" GATEWAY_SOCKET_NAME, config->directory);
    return len < (int)sizeof name.sun_path
               ? STATUS_OK
               : error_set(err, STATUS_USAGE, "directory: %s/" GATEWAY_SOCKET_NAME ": the path of a socket has at most %zu bytes",
                           config->directory, sizeof name.sun_path - 1);
}

static size_t default_workers(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : cores > GATEWAY_WORKERS_MAX ? GATEWAY_WORKERS_MAX : (size_t)cores;
}

static enum status read_values(struct gateway_config *config, struct error *err)
{
    uint32_t workers = 0, code_point = 0;
    config->user = gateway_config_text(config->cfg, "user");
    config->admin_listen = gateway_config_text(config->cfg, "admin-listen");
    enum status s = config_file_path(config->base, cfg_getstr(config->cfg, "directory"),
                                     config->directory, sizeof config->directory, err);
    if (s == STATUS_OK)
        s = check_directory(config, err);
    if (s == STATUS_OK)
        s = gateway_config_number(config->cfg, "workers", 0, GATEWAY_WORKERS_MAX, &workers, err);
    if (s == STATUS_OK)
        s = gateway_config_number(config->cfg, "trust-anchors-code-point", 1, 65535, &code_point, err);
    if (s == STATUS_OK)
        s = gateway_config_number(config->cfg, "ticket-rotation-s", 0, DAY_S, &config->ticket_rotation_s, err);
    config->worker_count = workers > 0 ? workers : default_workers();
    config->trust_anchors_code_point = (uint16_t)code_point;
    if (s == STATUS_OK)
        s = read_policy(config, err);
    return s == STATUS_OK ? read_log(config, err) : s;
}

static enum status read_all(struct gateway_config *config, struct error *err)
{
    enum status s = read_values(config, err);
    if (s == STATUS_OK)
        s = read_limits(config, err);
    if (s == STATUS_OK)
        s = read_listeners(config, err);
    if (s == STATUS_OK)
        s = read_issuers(config, err);
    if (s == STATUS_OK)
        s = read_sites(config, err);
    if (s == STATUS_OK)
        s = check_sites(config, err);
    return s == STATUS_OK ? check_issuers(config, err) : s;
}

enum status gateway_config_read(const char *path, struct gateway_config **out, struct error *err)
{
    struct gateway_config *config = calloc(1, sizeof *config);
    *out = NULL;
    if (config == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status s = config_file_base(path, config->base, sizeof config->base, err);
    if (s == STATUS_OK)
        s = config_file_parse(path, options, &config->cfg, err);
    if (s == STATUS_OK)
        s = config_file_locate(path, config->cfg, read_all(config, err), err);
    if (s != STATUS_OK) {
        gateway_config_free(config);
        return s;
    }
    *out = config;
    return STATUS_OK;
}

void gateway_config_free(struct gateway_config *config)
{
    if (config == NULL)
        return;
    if (config->cfg != NULL)
        cfg_free(config->cfg);
    free(config->issuers);
    free(config->sites);
    free(config);
}
