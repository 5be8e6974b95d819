#include "perspective/perspective_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_file.h"
#include "input.h"
#include "key_file.h"
#include "service/service_tls.h"
#include "service/validation/perspective_client.h"

/* A chain of four certificates of any algorithm. */

static cfg_opt_t options[] = {
    CFG_STR_LIST("listen", NULL, CFGF_NODEFAULT),
    CFG_STR("tls-certificate", "", CFGF_NONE),
    CFG_STR("tls-key", "", CFGF_NONE),
    CFG_STR("admin-listen", "", CFGF_NONE),
    CFG_STR("log-format", "text", CFGF_NONE),
    CFG_STR("log-level", "info", CFGF_NONE),
    CFG_STR_LIST("secret-files", NULL, CFGF_NODEFAULT),
    CFG_STR_LIST("caa-identities", NULL, CFGF_NODEFAULT),
    CFG_INT("http-port", 80, CFGF_NONE),
    CFG_INT("tls-port", 443, CFGF_NONE),
    CFG_STR_LIST("reach", NULL, CFGF_NODEFAULT),
    CFG_BOOL("intranet", cfg_false, CFGF_NONE),
    DNS_CONFIG_SECTION,
    CFG_END(),
};

static bool is_local(const char *listener)
{
    return strncmp(listener, "127.", 4) == 0 || strncmp(listener, "[::1]", 5) == 0 ||
           strncmp(listener, "unix:", 5) == 0;
}

static enum status read_listeners(struct perspective_config *config, bool has_tls, struct error *err)
{
    config->listener_count = cfg_size(config->cfg, "listen");
    if (config->listener_count == 0 || config->listener_count > PERSPECTIVE_LISTENERS_MAX)
        return error_set(err, STATUS_USAGE, "listen: 1 to %d of \"ADDRESS:PORT\"", PERSPECTIVE_LISTENERS_MAX);
    for (unsigned i = 0; i < config->listener_count; i++) {
        config->listeners[i] = cfg_getnstr(config->cfg, "listen", i);
        if (!has_tls && !is_local(config->listeners[i]))
            return error_set(err, STATUS_USAGE,
                             "listen: %s without tls-certificate: secrets go in the clear only on this machine",
                             config->listeners[i]);
    }
    return STATUS_OK;
}

static enum status read_tls(struct perspective_config *config, struct error *err)
{
    char certificate[PERSPECTIVE_PATH_MAX], key[PERSPECTIVE_PATH_MAX];
    const char *certificate_name = cfg_getstr(config->cfg, "tls-certificate");
    const char *key_name = cfg_getstr(config->cfg, "tls-key");
    bool has_certificate = certificate_name[0] != '\0', has_key = key_name[0] != '\0';
    if (has_certificate != has_key)
        return error_set(err, STATUS_USAGE, "tls-certificate and tls-key come together");
    if (!has_key)
        return STATUS_OK;
    enum status s = config_file_path(config->directory, certificate_name, certificate, sizeof certificate, err);
    if (s == STATUS_OK)
        s = config_file_path(config->directory, key_name, key, sizeof key, err);
    return s == STATUS_OK ? service_tls_read(certificate, key, &config->tls_certificate, &config->tls_key, err) : s;
}

static enum status read_secret(struct perspective_config *config, const char *name, struct builder *out,
                               struct error *err)
{
    char path[PERSPECTIVE_PATH_MAX];
    enum status s = config_file_path(config->directory, name, path, sizeof path, err);
    if (s == STATUS_OK)
        s = key_file_read_secret(path, PERSPECTIVE_SECRET_MAX + 2, out, err);
    if (s != STATUS_OK)
        return s;
    builder_u8(out, 0);
    s = builder_status(out, path, err);
    if (s == STATUS_OK && memchr(out->data, 0, out->len) != out->data + out->len - 1)
        s = error_set(err, STATUS_USAGE, "a NUL character");
    if (s == STATUS_OK)
        s = perspective_secret_check((const char *)out->data, err);
    return s == STATUS_OK ? s : error_prefix(err, s, "%s", path);
}

static enum status read_secrets(struct perspective_config *config, struct error *err)
{
    enum status s = STATUS_OK;
    unsigned count = cfg_size(config->cfg, "secret-files");
    if (count == 0 || count > PERSPECTIVE_SECRETS_MAX)
        return error_set(err, STATUS_USAGE, "secret-files: 1 to %d files, each with a secret that a CA shows",
                         PERSPECTIVE_SECRETS_MAX);
    for (unsigned i = 0; s == STATUS_OK && i < count; i++)
        s = read_secret(config, cfg_getnstr(config->cfg, "secret-files", i),
                        &config->secrets[config->secret_count++], err);
    return s;
}

static enum status read_port(cfg_t *cfg, const char *name, uint16_t *out, struct error *err)
{
    long port = cfg_getint(cfg, name);
    if (port < 1 || port > 65535)
        return error_set(err, STATUS_USAGE, "%s: 1 to 65535", name);
    *out = (uint16_t)port;
    return STATUS_OK;
}

static enum status read_validation(struct perspective_config *config, struct error *err)
{
    cfg_t *cfg = config->cfg;
    struct validation_config *v = &config->validation;
    unsigned identities = cfg_size(cfg, "caa-identities"), ranges = cfg_size(cfg, "reach");
    if (identities == 0 || identities > PERSPECTIVE_IDENTITIES_MAX)
        return error_set(err, STATUS_USAGE, "caa-identities: the names that domain owners write into CAA records, "
                                            "such as {\"ca.example\"}");
    if (ranges > PERSPECTIVE_RANGES_MAX)
        return error_set(err, STATUS_USAGE, "reach: at most %d ranges", PERSPECTIVE_RANGES_MAX);
    for (unsigned i = 0; i < identities; i++)
        config->identities[i] = cfg_getnstr(cfg, "caa-identities", i);
    enum status s = STATUS_OK;
    for (unsigned i = 0; s == STATUS_OK && i < ranges; i++)
        s = validation_range_parse(cfg_getnstr(cfg, "reach", i), &config->reach[i], err);
    *v = (struct validation_config){.issuers = config->identities, .issuer_count = identities,
                                    .allowed = config->reach, .allowed_count = ranges};
    if (s == STATUS_OK)
        s = read_port(cfg, "http-port", &v->http_port, err);
    if (s == STATUS_OK)
        s = read_port(cfg, "tls-port", &v->tls_port, err);
    config->is_intranet_allowed = cfg_getbool(cfg, "intranet") == cfg_true;
    return s;
}

static enum status read_log(struct perspective_config *config, struct error *err)
{
    const char *format = cfg_getstr(config->cfg, "log-format");
    config->log = (struct service_log){.format = SERVICE_LOG_TEXT, .fd = 2};
    if (strcmp(format, "json") == 0)
        config->log.format = SERVICE_LOG_JSON;
    else if (strcmp(format, "text") != 0)
        return error_set(err, STATUS_USAGE, "log-format: text or json");
    if (!service_log_parse_level(cfg_getstr(config->cfg, "log-level"), &config->log.minimum))
        return error_set(err, STATUS_USAGE, "log-level: debug, info, warning or error");
    config->admin_listen = cfg_getstr(config->cfg, "admin-listen");
    return STATUS_OK;
}

static enum status read_all(struct perspective_config *config, struct error *err)
{
    enum status s = read_log(config, err);
    if (s == STATUS_OK)
        s = read_tls(config, err);
    if (s == STATUS_OK)
        s = read_listeners(config, config->tls_key.len > 0, err);
    if (s == STATUS_OK)
        s = read_secrets(config, err);
    if (s == STATUS_OK)
        s = read_validation(config, err);
    return s == STATUS_OK ? dns_config_read(config->cfg, config->directory, &config->dns, err) : s;
}

enum status perspective_config_read(const char *path, struct perspective_config **out, struct error *err)
{
    struct perspective_config *config = calloc(1, sizeof *config);
    *out = config;
    if (config == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    builder_init(&config->tls_certificate, SERVICE_TLS_FILE_MAX);
    builder_init(&config->tls_key, SERVICE_TLS_FILE_MAX);
    for (size_t i = 0; i < PERSPECTIVE_SECRETS_MAX; i++)
        builder_init(&config->secrets[i], PERSPECTIVE_SECRET_MAX + 3);
    enum status s = config_file_base(path, config->directory, sizeof config->directory, err);
    if (s == STATUS_OK)
        s = config_file_parse(path, options, &config->cfg, err);
    if (s != STATUS_OK)
        return s;
    s = read_all(config, err);
    return s == STATUS_OK ? s : config_file_locate(path, config->cfg, s == STATUS_NO_MEMORY ? s : STATUS_USAGE, err);
}

void perspective_config_free(struct perspective_config *config)
{
    if (config == NULL)
        return;
    builder_clear(&config->tls_certificate);
    builder_clear(&config->tls_key);
    for (size_t i = 0; i < PERSPECTIVE_SECRETS_MAX; i++)
        builder_clear(&config->secrets[i]);
    dns_config_clear(&config->dns);
    if (config->cfg != NULL)
        (void)cfg_free(config->cfg);
    free(config);
}
