#include "ctlog/ctlog_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_file.h"
#include "rules/ct_chain.h"

#define FLUSH_MAX_MS 10000
#define LIMIT_MAX 1000000

static cfg_opt_t limit_options[] = {
    CFG_INT("submissions-per-address-per-s", 100, CFGF_NONE),
    CFG_INT("submissions-per-s", 5000, CFGF_NONE),
    CFG_INT("pending", 10000, CFGF_NONE),
    CFG_INT("chain-bytes", 524288, CFGF_NONE),
    CFG_INT("get-entries", 1000, CFGF_NONE),
    CFG_INT("reads", 256, CFGF_NONE),
    CFG_END(),
};

static cfg_opt_t options[] = {
    CFG_STR("directory", "state", CFGF_NONE),
    CFG_STR("admin-socket", "admin.sock", CFGF_NONE),
    CFG_STR("list-operator", "", CFGF_NONE),
    CFG_STR_LIST("list-email", NULL, CFGF_NODEFAULT),
    CFG_INT("flush-ms", 200, CFGF_NONE),
    CFG_STR("mirror-config", "", CFGF_NONE),
    CFG_SEC("log", ctlog_config_log_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
    CFG_SEC("limits", limit_options, CFGF_NONE),
    SERVICE_LISTEN_OPTIONS,
    CONFIG_FILE_ALGORITHMS,
    CFG_END(),
};

static enum status wrong(struct error *err, const char *what)
{
    return error_set(err, STATUS_USAGE, "%s", what);
}

static bool copy(char *out, size_t size, const char *value)
{
    return snprintf(out, size, "%s", value) < (int)size;
}

static enum status read_paths(struct ctlog_config *config, cfg_t *cfg, struct error *err)
{
    const struct {
        const char *name;
        char *out;
    } paths[] = {{"directory", config->directory},
                 {"admin-socket", config->socket}};
    enum status s = STATUS_OK;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0] && s == STATUS_OK; i++)
        s = config_file_path(config->base, cfg_getstr(cfg, paths[i].name), paths[i].out, CTLOG_PATH_MAX, err);
    return s;
}

static enum status read_operator(struct ctlog_config *config, cfg_t *cfg, struct error *err)
{
    config->email_count = cfg_size(cfg, "list-email");
    if (!copy(config->operator_name, sizeof config->operator_name, cfg_getstr(cfg, "list-operator")))
        return wrong(err, "list-operator: too long");
    if (config->email_count > CTLOG_EMAILS_MAX)
        return error_set(err, STATUS_USAGE, "list-email: at most %d", CTLOG_EMAILS_MAX);
    for (unsigned i = 0; i < config->email_count; i++)
        if (!copy(config->emails[i], sizeof config->emails[i], cfg_getnstr(cfg, "list-email", i)))
            return wrong(err, "list-email: too long");
    return STATUS_OK;
}

static enum status read_limits(struct ctlog_config *config, cfg_t *cfg, struct error *err)
{
    cfg_t *section = cfg_getsec(cfg, "limits");
    struct ct_log_limits *limits = &config->limits;
    const struct {
        const char *name;
        uint32_t *out;
        long min, max;
    } rows[] = {{"submissions-per-address-per-s", &limits->submissions_per_address_per_s, 0, LIMIT_MAX},
                {"submissions-per-s", &limits->submissions_per_s, 0, LIMIT_MAX},
                {"pending", &limits->pending_max, 1, LIMIT_MAX},
                {"chain-bytes", &limits->chain_bytes_max, 16384, CT_CHAIN_SIZE_MAX},
                {"get-entries", &limits->get_entries_max, 1, 10000},
                {"reads", &limits->reads_max, 1, LIMIT_MAX}};
    long flush = cfg_getint(cfg, "flush-ms");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        long value = cfg_getint(section, rows[i].name);
        if (value < rows[i].min || value > rows[i].max)
            return error_set(err, STATUS_USAGE, "limits: %s: %ld to %ld", rows[i].name, rows[i].min, rows[i].max);
        *rows[i].out = (uint32_t)value;
    }
    if (flush < 1 || flush > FLUSH_MAX_MS)
        return error_set(err, STATUS_USAGE, "flush-ms: 1 to %d", FLUSH_MAX_MS);
    config->flush_ms = (uint32_t)flush;
    return STATUS_OK;
}

static enum status read_logs(struct ctlog_config *config, cfg_t *cfg, struct error *err)
{
    for (unsigned i = 0; i < cfg_size(cfg, "log"); i++) {
        cfg_t *section = cfg_getnsec(cfg, "log", i);
        enum status s = ctlog_config_read_log(config, section, err);
        if (s != STATUS_OK)
            return error_prefix(err, s == STATUS_NO_MEMORY ? s : STATUS_USAGE, "log \"%s\"", cfg_title(section));
    }
    return config->log_count > 0 ? STATUS_OK : wrong(err, "no log block: `cathaya ctlog init` makes one with its key");
}

/* One key never serves two logs: an SCT says by it which log has promised [RFC 6962 3.2]. */
static enum status check_logs(const struct ctlog_config *config, struct error *err)
{
    for (size_t i = 0; i < config->log_count; i++)
        for (size_t k = 0; k < i; k++) {
            const struct ctlog_config_log *a = &config->logs[i], *b = &config->logs[k];
            if (strcmp(a->submission_url, b->submission_url) == 0)
                return error_set(err, STATUS_USAGE, "logs \"%s\" and \"%s\" have one submission-url", b->title, a->title);
            if (bytes_equal(public_key_spki(key_file_public(&a->key)), public_key_spki(key_file_public(&b->key))))
                return error_set(err, STATUS_USAGE, "logs \"%s\" and \"%s\" have one key: each log has its own", b->title,
                                 a->title);
        }
    return STATUS_OK;
}

static enum status read_mirror(struct ctlog_config *config, cfg_t *cfg, const char *algorithms_file, struct error *err)
{
    char path[CTLOG_PATH_MAX];
    if (cfg_getstr(cfg, "mirror-config")[0] == '\0')
        return STATUS_OK;
    enum status s = config_file_path(config->base, cfg_getstr(cfg, "mirror-config"), path, sizeof path, err);
    if (s == STATUS_OK)
        s = mirror_config_read(path, algorithms_file, &config->mirror, err);
    return s;
}

static enum status read_all(struct ctlog_config *config, const char *path, cfg_t *cfg, struct error *err)
{
    enum status s = config_file_add_algorithms(path, cfg, algorithms_file_add_to_table, config->algorithms, err);
    if (s == STATUS_OK)
        s = read_paths(config, cfg, err);
    if (s == STATUS_OK)
        s = service_listen_read(cfg, config->base, &config->listen, err);
    if (s == STATUS_OK)
        s = service_listen_required(&config->listen, err);
    if (s == STATUS_OK)
        s = read_operator(config, cfg, err);
    if (s == STATUS_OK)
        s = read_limits(config, cfg, err);
    if (s == STATUS_OK)
        s = read_logs(config, cfg, err);
    return s == STATUS_OK ? check_logs(config, err) : s;
}

enum status ctlog_config_read(const char *path, const char *algorithms_file, struct ctlog_config **out, struct error *err)
{
    cfg_t *cfg = NULL;
    struct ctlog_config *config = calloc(1, sizeof *config);
    *out = NULL;
    if (config == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status s = config_file_base(path, config->base, sizeof config->base, err);
    if (s == STATUS_OK)
        s = algorithms_file_open(algorithms_file, &config->algorithms, err);
    if (s == STATUS_OK)
        s = config_file_parse(path, options, &cfg, err);
    if (s == STATUS_OK) {
        s = read_all(config, path, cfg, err);
        if (s == STATUS_OK)
            s = read_mirror(config, cfg, algorithms_file, err);
        s = config_file_locate(path, cfg, s, err);
    }
    if (cfg != NULL)
        (void)cfg_free(cfg);
    if (s != STATUS_OK) {
        ctlog_config_free(config);
        return s;
    }
    *out = config;
    return STATUS_OK;
}

enum status ctlog_config_read_socket(const char *path, char out[CTLOG_PATH_MAX], struct error *err)
{
    cfg_t *cfg = NULL;
    char base[CTLOG_PATH_MAX];
    enum status s = config_file_base(path, base, sizeof base, err);
    if (s == STATUS_OK)
        s = config_file_parse(path, options, &cfg, err);
    if (s == STATUS_OK)
        s = config_file_path(base, cfg_getstr(cfg, "admin-socket"), out, CTLOG_PATH_MAX, err);
    if (cfg != NULL)
        (void)cfg_free(cfg);
    return s;
}

void ctlog_config_free(struct ctlog_config *config)
{
    if (config == NULL)
        return;
    for (size_t i = 0; i < config->log_count; i++)
        ctlog_config_clear_log(&config->logs[i]);
    mirror_config_free(config->mirror);
    algorithms_free(config->algorithms);
    free(config);
}
