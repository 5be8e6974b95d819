/* Reading the configuration of `cathaya ca run`: what is common to all parts. */
#include "ca_run/run_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ca_run/run_config_parts.h"
#include "ca_run/run_policy.h"
#include "config_file.h"
#include "key_file.h"
#include "service/ocsp_responder/ocsp_responder.h"

#define DAY_S ((int64_t)86400)

static cfg_opt_t mirror_options[] = {CFG_STR("monitoring-url", NULL, CFGF_NODEFAULT), CFG_END()};
static cfg_opt_t ca_options[] = {
    CFG_STR("directory", NULL, CFGF_NODEFAULT),
    CFG_STR("policy", "", CFGF_NONE),
    CFG_STR("prefix-url", NULL, CFGF_NODEFAULT),
    CFG_INT("checkpoint-interval-ms", 1000, CFGF_NONE),
    CFG_INT("pool-entries", 20000, CFGF_NONE),
    CFG_INT("landmark-interval", 3600, CFGF_NONE),
    CFG_INT("prune-interval", 86400, CFGF_NONE),
    CFG_INT("prune-grace", 86400, CFGF_NONE),
    CFG_INT("mirror-watch-interval", 60, CFGF_NONE),
    CFG_SEC("mirror", mirror_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
    CFG_END(),
};
static cfg_opt_t classic_options[] = {
    CFG_STR("directory", NULL, CFGF_NODEFAULT),
    CFG_BOOL("ocsp", cfg_false, CFGF_NONE),
    CFG_INT("ocsp-validity", OCSP_RESPONDER_VALIDITY_S, CFGF_NONE),
    CFG_BOOL("ocsp-scts", cfg_false, CFGF_NONE),
    CFG_BOOL("ocsp-nonce", cfg_false, CFGF_NONE),
    CFG_STR("ocsp-key", NULL, CFGF_NODEFAULT),
    CFG_STR("ocsp-key-provider", NULL, CFGF_NODEFAULT),
    CFG_END(),
};
static cfg_opt_t profile_options[] = {
    CFG_STR("ca", NULL, CFGF_NODEFAULT),
    CFG_STR("description", NULL, CFGF_NODEFAULT),
    CFG_INT("lifetime", 0, CFGF_NONE),
    CFG_INT("backdate", -1, CFGF_NONE),
    CFG_STR_LIST("keys", NULL, CFGF_NODEFAULT),
    CFG_BOOL("client-auth", cfg_false, CFGF_NODEFAULT),
    CFG_STR("policy-oid", NULL, CFGF_NODEFAULT),
    CFG_BOOL("wildcards", cfg_true, CFGF_NODEFAULT),
    CFG_BOOL("ips", cfg_false, CFGF_NODEFAULT),
    CFG_INT("names", 0, CFGF_NONE),
    CFG_INT("mirrors", -1, CFGF_NONE),
    CFG_STR("ct-policy", "none", CFGF_NONE),
    CFG_INT("mtc-scts", 0, CFGF_NONE),
    CFG_END(),
};
static cfg_opt_t ct_options[] = {
    CFG_STR_LIST("log-list", NULL, CFGF_NODEFAULT),
    CFG_STR("policy-file", NULL, CFGF_NODEFAULT),
    CFG_STR("ca-file", "", CFGF_NONE),
    CFG_INT("deadline-ms", 15000, CFGF_NONE),
    CFG_INT("log-timeout-ms", 5000, CFGF_NONE),
    CFG_END(),
};
static cfg_opt_t perspective_options[] = {
    CFG_STR("url", NULL, CFGF_NODEFAULT),
    CFG_STR("region", NULL, CFGF_NODEFAULT),
    CFG_STR("secret-file", NULL, CFGF_NODEFAULT),
    CFG_STR("ca-file", "", CFGF_NONE),
    CFG_END(),
};
static char all_challenges[] = "{http-01, dns-01, tls-alpn-01, dns-account-01, dns-persist-01}";
static cfg_opt_t validation_options[] = {
    CFG_STR_LIST("challenges", all_challenges, CFGF_NONE),
    CFG_INT("http-port", 80, CFGF_NONE),
    CFG_INT("tls-port", 443, CFGF_NONE),
    CFG_STR_LIST("caa-identities", NULL, CFGF_NODEFAULT),
    CFG_STR_LIST("reach", NULL, CFGF_NODEFAULT),
    CFG_STR_LIST("public-labels", NULL, CFGF_NODEFAULT),
    CFG_STR("quorum", "br", CFGF_NONE),
    CFG_INT("quorum-remote", 0, CFGF_NONE),
    CFG_INT("quorum-failures", 0, CFGF_NONE),
    CFG_END(),
};
static cfg_opt_t acme_options[] = {
    CFG_STR("terms-of-service", NULL, CFGF_NODEFAULT),
    CFG_STR("website", NULL, CFGF_NODEFAULT),
    CFG_BOOL("external-account-required", cfg_false, CFGF_NONE),
    CFG_STR("default-profile", "intl-classic", CFGF_NONE),
    CFG_STR("default-profile-sm2", "gm-classic", CFGF_NONE),
    CFG_INT("order-lifetime", 0, CFGF_NONE),
    CFG_INT("authorization-reuse", -1, CFGF_NONE),
    CFG_INT("finalize-wait-ms", -1, CFGF_NONE),
    CFG_INT("challenge-wait-ms", -1, CFGF_NONE),
    CFG_END(),
};
static cfg_opt_t eab_options[] = {
    CFG_STR("secret-file", NULL, CFGF_NODEFAULT), CFG_BOOL("reusable", cfg_false, CFGF_NONE), CFG_END()};
static cfg_opt_t override_options[] = {
    CFG_STR("limit", NULL, CFGF_NODEFAULT), CFG_INT("count", 0, CFGF_NONE), CFG_INT("period", 0, CFGF_NONE), CFG_END()};
static cfg_opt_t limits_options[] = {
    CFG_STR_LIST("accounts-per-address", NULL, CFGF_NODEFAULT),
    CFG_STR_LIST("accounts-per-range", NULL, CFGF_NODEFAULT),
    CFG_STR_LIST("orders-per-account", NULL, CFGF_NODEFAULT),
    CFG_STR_LIST("certificates-per-domain", NULL, CFGF_NODEFAULT),
    CFG_STR_LIST("certificates-per-set", NULL, CFGF_NODEFAULT),
    CFG_STR_LIST("failed-validations", NULL, CFGF_NODEFAULT),
    CFG_STR("public-suffix-file", "/usr/share/publicsuffix/public_suffix_list.dat", CFGF_NONE),
    CFG_SEC("override", override_options, CFGF_MULTI | CFGF_TITLE),
    CFG_END(),
};
static cfg_opt_t options[] = {
    CFG_STR("base-url", NULL, CFGF_NODEFAULT),
    CFG_STR_LIST("listen", NULL, CFGF_NODEFAULT),
    CFG_STR("tls-certificate", "", CFGF_NONE),
    CFG_STR("tls-key", "", CFGF_NONE),
    CFG_STR_LIST("http-listen", NULL, CFGF_NODEFAULT),
    CFG_STR("admin-listen", NULL, CFGF_NODEFAULT),
    CFG_STR("admin-socket", "admin.sock", CFGF_NONE),
    CFG_STR("database", "acme.db", CFGF_NONE),
    CFG_STR("log-format", "text", CFGF_NONE),
    CFG_STR("policy-file", "", CFGF_NONE),
    CFG_STR("policy-ct-file", "", CFGF_NONE),
    CFG_SEC("ca", ca_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
    CFG_SEC("classic", classic_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
    CFG_SEC("profile", profile_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
    CFG_SEC("ct", ct_options, CFGF_NODEFAULT),
    CFG_SEC("perspective", perspective_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
    CFG_SEC("validation", validation_options, CFGF_NONE),
    CFG_SEC("acme", acme_options, CFGF_NONE),
    CFG_SEC("eab", eab_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
    CFG_SEC("limits", limits_options, CFGF_NONE),
    DNS_CONFIG_SECTION,
    CFG_END(),
};

/* ---- paths and numbers ---- */

enum status run_config_number(cfg_t *section, const char *name, int64_t low, int64_t high,
                              int64_t *out, struct error *err)
{
    *out = cfg_getint(section, name);
    if (*out >= low && *out <= high)
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "%s: %lld to %lld", name, (long long)low, (long long)high);
}

enum status run_config_secret(const struct run_config *config, const char *file, struct builder *out,
                              struct error *err)
{
    char path[RUN_PATH_MAX];
    builder_init(out, RUN_SECRET_MAX);
    if (file == NULL)
        return error_set(err, STATUS_USAGE, "secret-file: the name of a file with at least 32 bytes");
    enum status s = config_file_path(config->directory, file, path, sizeof path, err);
    if (s == STATUS_OK)
        s = key_file_read_secret(path, RUN_SECRET_MAX, out, err);
    if (s == STATUS_OK && out->len < RUN_SECRET_MIN)
        s = error_set(err, STATUS_USAGE, "%s: a secret of at least %d bytes: openssl rand -base64 32 > FILE; chmod 600 FILE",
                      path, RUN_SECRET_MIN);
    return s;
}

/* ---- the parts that are a few settings ---- */

static bool is_loopback(const char *listener)
{
    return strncmp(listener, "127.", 4) == 0 || strncmp(listener, "[::1]", 5) == 0;
}

static enum status read_listeners(struct run_config *config, cfg_t *cfg, struct error *err)
{
    config->listener_count = cfg_size(cfg, "listen");
    if (config->listener_count == 0 || config->listener_count > RUN_LISTENERS_MAX)
        return error_set(err, STATUS_USAGE, "listen: 1 to %d of \"ADDRESS:PORT\"", RUN_LISTENERS_MAX);
    for (unsigned i = 0; i < config->listener_count; i++)
        config->listeners[i] = cfg_getnstr(cfg, "listen", i);
    config->http_listener_count = cfg_size(cfg, "http-listen");
    if (config->http_listener_count > RUN_LISTENERS_MAX)
        return error_set(err, STATUS_USAGE, "http-listen: at most %d of \"ADDRESS:PORT\"", RUN_LISTENERS_MAX);
    for (unsigned i = 0; i < config->http_listener_count; i++)
        config->http_listeners[i] = cfg_getnstr(cfg, "http-listen", i);
    enum status s = config_file_path(config->directory, cfg_getstr(cfg, "tls-certificate"),
                                     config->tls_certificate, sizeof config->tls_certificate, err);
    if (s == STATUS_OK)
        s = config_file_path(config->directory, cfg_getstr(cfg, "tls-key"),
                             config->tls_key, sizeof config->tls_key, err);
    if (s != STATUS_OK)
        return s;
    if ((config->tls_certificate[0] == '\0') != (config->tls_key[0] == '\0'))
        return error_set(err, STATUS_USAGE, "tls-certificate and tls-key go together");
    for (size_t i = 0; i < config->listener_count && config->tls_key[0] == '\0'; i++)
        if (!is_loopback(config->listeners[i]))
            return error_set(err, STATUS_USAGE, "listen %s without tls-certificate and tls-key: ACME clients speak "
                             "https; plain HTTP is for loopback, behind a proxy", config->listeners[i]);
    return STATUS_OK;
}

static enum status read_general(struct run_config *config, cfg_t *cfg, struct error *err)
{
    const char *format = cfg_getstr(cfg, "log-format");
    config->acme.base_url = cfg_getstr(cfg, "base-url");
    if (config->acme.base_url == NULL)
        return error_set(err, STATUS_USAGE, "base-url: the URL that clients know this server by");
    config->is_log_json = strcmp(format, "json") == 0;
    if (!config->is_log_json && strcmp(format, "text") != 0)
        return error_set(err, STATUS_USAGE, "log-format: \"text\" or \"json\"");
    config->admin_listen = cfg_getstr(cfg, "admin-listen");
    enum status s = read_listeners(config, cfg, err);
    if (s == STATUS_OK)
        s = config_file_path(config->directory, cfg_getstr(cfg, "admin-socket"),
                             config->admin_socket, sizeof config->admin_socket, err);
    if (s == STATUS_OK)
        s = config_file_path(config->directory, cfg_getstr(cfg, "database"),
                             config->database, sizeof config->database, err);
    return s;
}

/* Where mirrors publish what they have. */
static enum status read_monitoring(cfg_t *section, struct run_ca *ca, struct error *err)
{
    if (cfg_size(section, "mirror") > RUN_MONITORING_MAX)
        return error_set(err, STATUS_USAGE, "at most %d mirror blocks", RUN_MONITORING_MAX);
    for (unsigned i = 0; i < cfg_size(section, "mirror"); i++) {
        cfg_t *mirror = cfg_getnsec(section, "mirror", i);
        const char *url = cfg_getstr(mirror, "monitoring-url");
        if (url == NULL || strncmp(url, "http", 4) != 0)
            return error_set(err, STATUS_USAGE, "mirror \"%s\": monitoring-url is a URL, without a slash at its end", cfg_title(mirror));
        ca->monitoring[ca->monitoring_count++] = (struct run_monitoring){cfg_title(mirror), url};
    }
    return STATUS_OK;
}

static enum status read_ca(struct run_config *config, cfg_t *section, struct run_ca *ca,
                           struct error *err)
{
    int64_t pool = 0;
    const char *directory = cfg_getstr(section, "directory");
    ca->name = cfg_title(section);
    ca->prefix_url = cfg_getstr(section, "prefix-url");
    if (strlen(ca->name) >= ACME_NAME_SIZE || directory == NULL)
        return error_set(err, STATUS_USAGE, "a name of less than %d bytes, and a directory made by `cathaya ca init`", ACME_NAME_SIZE);
    enum status s = config_file_path(config->directory, directory, ca->directory, sizeof ca->directory, err);
    if (s == STATUS_OK)
        s = config_file_path(config->directory, cfg_getstr(section, "policy"), ca->policy, sizeof ca->policy, err);
    if (s == STATUS_OK)
        s = run_config_number(section, "checkpoint-interval-ms", 50, 60000, &ca->interval_ms, err);
    if (s == STATUS_OK)
        s = run_config_number(section, "pool-entries", 1, 65536, &pool, err);
    if (s == STATUS_OK)
        s = run_config_number(section, "landmark-interval", 1, 7 * DAY_S, &ca->landmark_interval_s, err);
    if (s == STATUS_OK)
        s = run_config_number(section, "prune-interval", 1, 366 * DAY_S, &ca->prune_interval_s, err);
    if (s == STATUS_OK)
        s = run_config_number(section, "prune-grace", 0, 366 * DAY_S, &ca->prune_grace_s, err);
    if (s == STATUS_OK)
        s = run_config_number(section, "mirror-watch-interval", 0, DAY_S, &ca->watch_s, err);
    if (s == STATUS_OK)
        s = read_monitoring(section, ca, err);
    ca->pool_entries = (uint64_t)pool;
    return s;
}

static enum status read_classic(struct run_config *config, cfg_t *section, struct run_classic *out, struct error *err)
{
    const char *directory = cfg_getstr(section, "directory");
    out->name = cfg_title(section);
    if (directory == NULL || strlen(out->name) >= ACME_NAME_SIZE)
        return error_set(err, STATUS_USAGE, "no directory; `cathaya ca classic init` makes one");
    out->has_ocsp = cfg_getbool(section, "ocsp") == cfg_true;
    out->has_ocsp_scts = cfg_getbool(section, "ocsp-scts") == cfg_true;
    out->has_ocsp_nonce = cfg_getbool(section, "ocsp-nonce") == cfg_true;
    out->ocsp_key = cfg_getstr(section, "ocsp-key");
    out->ocsp_key_provider = cfg_getstr(section, "ocsp-key-provider");
    if (!out->has_ocsp && (out->has_ocsp_scts || out->has_ocsp_nonce || out->ocsp_key != NULL))
        return error_set(err, STATUS_USAGE, "ocsp-key, ocsp-scts and ocsp-nonce go with `ocsp = true`");
    if (out->ocsp_key == NULL && out->ocsp_key_provider != NULL)
        return error_set(err, STATUS_USAGE, "ocsp-key-provider goes with ocsp-key");
    enum status s = run_config_number(section, "ocsp-validity", OCSP_RESPONDER_VALIDITY_MIN_S, OCSP_RESPONDER_VALIDITY_MAX_S,
                                      &out->ocsp_validity_s, err);
    return s == STATUS_OK ? config_file_path(config->directory, directory, out->directory, sizeof out->directory, err) : s;
}

static enum status read_cas(struct run_config *config, cfg_t *cfg, struct error *err)
{
    enum status s = STATUS_OK;
    if (cfg_size(cfg, "ca") > RUN_CAS_MAX || cfg_size(cfg, "classic") > RUN_CLASSICS_MAX)
        return error_set(err, STATUS_USAGE, "at most %d ca and %d classic blocks", RUN_CAS_MAX, RUN_CLASSICS_MAX);
    for (unsigned i = 0; s == STATUS_OK && i < cfg_size(cfg, "ca"); i++) {
        cfg_t *section = cfg_getnsec(cfg, "ca", i);
        s = read_ca(config, section, &config->cas[config->ca_count++], err);
        if (s != STATUS_OK)
            (void)error_prefix(err, s, "ca \"%s\"", cfg_title(section));
    }
    for (unsigned i = 0; s == STATUS_OK && i < cfg_size(cfg, "classic"); i++) {
        cfg_t *section = cfg_getnsec(cfg, "classic", i);
        s = read_classic(config, section, &config->classics[config->classic_count++], err);
        if (s != STATUS_OK)
            (void)error_prefix(err, s, "classic \"%s\"", cfg_title(section));
    }
    if (s == STATUS_OK && config->ca_count + config->classic_count == 0)
        s = error_set(err, STATUS_USAGE, "no ca and no classic block: nobody to issue");
    return s;
}

/* ---- all of it ---- */

static enum status read_policy(struct run_config *config, cfg_t *cfg, struct error *err)
{
    char file[RUN_PATH_MAX], ct_file[RUN_PATH_MAX];
    enum status s = config_file_path(config->directory, cfg_getstr(cfg, "policy-file"), file, sizeof file, err);
    if (s == STATUS_OK)
        s = config_file_path(config->directory, cfg_getstr(cfg, "policy-ct-file"), ct_file, sizeof ct_file, err);
    return s == STATUS_OK ? run_policy_read(file, ct_file, &config->policy, err) : s;
}

static enum status read_all(struct run_config *config, cfg_t *cfg, struct error *err)
{
    enum status s = read_general(config, cfg, err);
    if (s == STATUS_OK)
        s = read_policy(config, cfg, err);
    if (s == STATUS_OK)
        s = read_cas(config, cfg, err);
    if (s == STATUS_OK)
        s = run_config_read_profiles(config, cfg, err);
    if (s == STATUS_OK)
        s = run_config_read_ct(config, cfg, err);
    if (s == STATUS_OK)
        s = run_config_read_validation(config, cfg_getsec(cfg, "validation"), err);
    if (s == STATUS_OK)
        s = run_config_read_perspectives(config, cfg, err);
    if (s == STATUS_OK)
        s = dns_config_read(cfg, config->directory, &config->dns, err);
    if (s == STATUS_OK)
        s = run_config_read_acme(config, cfg, err);
    return s;
}

enum status run_config_read(const char *path, struct run_config **out, struct error *err)
{
    cfg_t *cfg = NULL;
    struct run_config *config = calloc(1, sizeof *config);
    *out = config;
    if (config == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    acme_config_default(&config->acme);
    enum status s = config_file_base(path, config->directory, sizeof config->directory, err);
    if (s == STATUS_OK)
        s = config_file_parse(path, options, &cfg, err);
    config->cfg = cfg;
    if (s == STATUS_OK && (s = read_all(config, cfg, err)) != STATUS_OK)
        s = config_file_locate(path, cfg, s == STATUS_NO_MEMORY ? s : STATUS_USAGE, err);
    return s;
}

enum status run_config_locate(const struct run_config *config, const char *path, enum status status, struct error *err)
{
    return config_file_locate(path, config->cfg, status, err);
}

void run_config_free(struct run_config *config)
{
    if (config == NULL)
        return;
    for (size_t i = 0; i < RUN_EAB_KEYS_MAX; i++)
        builder_clear(&config->eab_secrets[i]);
    for (size_t i = 0; i < RUN_PERSPECTIVES_MAX; i++)
        builder_clear(&config->perspectives[i].secret);
    dns_config_clear(&config->dns);
    policy_set_free(config->policy);
    if (config->cfg != NULL)
        (void)cfg_free(config->cfg);
    free(config);
}
