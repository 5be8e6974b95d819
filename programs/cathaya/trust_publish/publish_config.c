#include "trust_publish/publish_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/note/note.h"
#include "config_file.h"
#include "rules/bundle_keys.h"

static cfg_opt_t key_options[] = {
    CFG_STR("key", "", CFGF_NONE),
    CFG_STR("key-provider", "", CFGF_NONE),
    CFG_STR("alg", "", CFGF_NONE),
    CFG_BOOL("retiring", cfg_false, CFGF_NONE),
    CFG_END(),
};

static cfg_opt_t options[] = {
    CFG_STR("registry", "registry", CFGF_NONE),
    CFG_STR("directory", "state", CFGF_NONE),
    CFG_STR("publish", "www", CFGF_NONE),
    CFG_STR("origin", "", CFGF_NONE),
    CFG_STR("ca-file", "", CFGF_NONE),
    CFG_SEC("key", key_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
    CFG_SEC("log-key", key_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
    CFG_INT("interval", 3600, CFGF_NONE),
    CFG_INT("valid-for", 604800, CFGF_NONE),
    CFG_INT("deltas", 168, CFGF_NONE),
    CFG_INT("bundles", 24, CFGF_NONE),
    CFG_BOOL("pages", cfg_true, CFGF_NONE),
    SERVICE_LISTEN_OPTIONS,
    CONFIG_FILE_ALGORITHMS,
    CFG_END(),
};

static enum status read_paths(struct publish_config *config, cfg_t *cfg, struct error *err)
{
    const struct {
        const char *name;
        char *out;
    } paths[] = {{"registry", config->registry}, {"directory", config->directory}, {"publish", config->publish},
                 {"ca-file", config->ca_file}};
    enum status s = STATUS_OK;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0] && s == STATUS_OK; i++) {
        s = config_file_path(config->base, cfg_getstr(cfg, paths[i].name), paths[i].out, PUBLISH_CONFIG_PATH_MAX, err);
        if (s == STATUS_OK && paths[i].out[0] == '\0' && paths[i].out != config->ca_file)
            s = error_set(err, STATUS_USAGE, "%s: is empty", paths[i].name);
    }
    return s;
}

static enum status read_numbers(struct publish_config *config, cfg_t *cfg, struct error *err)
{
    const struct {
        const char *name;
        long min, max;
    } rows[] = {{"interval", PUBLISH_CONFIG_INTERVAL_MIN_S, PUBLISH_CONFIG_INTERVAL_MAX_S},
                {"valid-for", 1, PUBLISH_CONFIG_VALID_MAX_S},
                {"deltas", 0, TRUST_PUBLISHER_DELTAS_MAX},
                {"bundles", 1, TRUST_PUBLISHER_BUNDLES_MAX}};
    long values[sizeof rows / sizeof rows[0]];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        values[i] = cfg_getint(cfg, rows[i].name);
        if (values[i] < rows[i].min || values[i] > rows[i].max)
            return error_set(err, STATUS_USAGE, "%s: %ld to %ld", rows[i].name, rows[i].min, rows[i].max);
    }
    config->interval_s = (uint32_t)values[0];
    config->valid_for_s = values[1];
    config->delta_count = (unsigned)values[2];
    config->bundle_count = (unsigned)values[3];
    config->has_pages = cfg_getbool(cfg, "pages");
    if (config->valid_for_s < 2 * (int64_t)config->interval_s)
        return error_set(err, STATUS_USAGE, "valid-for: at least two intervals, so that clients have something until the next version");
    return STATUS_OK;
}

static enum status read_origin(struct publish_config *config, cfg_t *cfg, struct error *err)
{
    const char *origin = cfg_getstr(cfg, "origin");
    if (!note_is_name(bytes_of_text(origin)) || strlen(origin) >= sizeof config->origin)
        return error_set(err, STATUS_USAGE, "origin: the name of the log of versions, such as \"trust.example/versions\": 1 to %d "
                         "bytes without blanks and \"+\"", TRUST_BUNDLE_TEXT_MAX);
    (void)snprintf(config->origin, sizeof config->origin, "%s", origin);
    return STATUS_OK;
}

/* ---- keys ---- */

static enum status open_key(struct publish_config *config, cfg_t *section, struct service_key *out, struct error *err)
{
    const struct key_name name = {cfg_getstr(section, "key"), cfg_getstr(section, "key-provider"), config->base};
    const char *wanted = cfg_getstr(section, "alg");
    enum status s = error_set(err, STATUS_USAGE, "alg: \"sm2_sm3\" or \"mldsa44\"");
    if (name.key[0] == '\0')
        return error_set(err, STATUS_USAGE, "key: is missing");
    for (size_t i = 0; i < BUNDLE_KEYS_ALGORITHMS && s != STATUS_OK; i++) {
        const char *alg = bundle_keys_algorithms[i];
        if (wanted[0] != '\0' && strcmp(wanted, alg) != 0)
            continue;
        key_file_close(out);
        s = key_file_open(&name, algorithms_by_name(config->algorithms, bytes_of_text(alg)), out, err);
    }
    return error_prefix(err, s, "key");
}

static enum status read_keys(struct publish_config *config, cfg_t *cfg, const char *block, struct publish_config_key *keys,
                             size_t *count, struct error *err)
{
    enum status s = STATUS_OK;
    for (unsigned i = 0; i < cfg_size(cfg, block) && s == STATUS_OK; i++) {
        cfg_t *section = cfg_getnsec(cfg, block, i);
        if (*count == TRUST_PUBLISHER_SIGNERS_MAX)
            return error_set(err, STATUS_USAGE, "%s: more than %d", block, TRUST_PUBLISHER_SIGNERS_MAX);
        struct publish_config_key *key = &keys[(*count)++];
        (void)snprintf(key->title, sizeof key->title, "%s", cfg_title(section));
        key->is_retiring = cfg_getbool(section, "retiring");
        s = open_key(config, section, &key->key, err);
        s = error_prefix(err, s == STATUS_NO_MEMORY || s == STATUS_OK ? s : STATUS_USAGE, "%s \"%s\"", block, key->title);
        for (size_t k = 0; s == STATUS_OK && k + 1 < *count; k++)
            if (bytes_equal(public_key_spki(key_file_public(&keys[k].key)), public_key_spki(key_file_public(&key->key))))
                s = error_set(err, STATUS_USAGE, "%s \"%s\": the key of \"%s\"", block, key->title, keys[k].title);
    }
    return s;
}

/* ---- all ---- */

static enum status read_all(struct publish_config *config, const char *path, cfg_t *cfg, struct error *err)
{
    enum status s = config_file_add_algorithms(path, cfg, algorithms_file_add_to_table, config->algorithms, err);
    if (s == STATUS_OK)
        s = read_paths(config, cfg, err);
    if (s == STATUS_OK)
        s = read_origin(config, cfg, err);
    if (s == STATUS_OK)
        s = read_numbers(config, cfg, err);
    if (s == STATUS_OK)
        s = service_listen_read(cfg, config->base, &config->listen, err);
    if (s == STATUS_OK)
        s = read_keys(config, cfg, "key", config->keys, &config->key_count, err);
    if (s == STATUS_OK)
        s = read_keys(config, cfg, "log-key", config->log_keys, &config->log_key_count, err);
    if (s == STATUS_OK && config->key_count == 0)
        s = error_set(err, STATUS_USAGE, "no key block: `cathaya trust keygen DIR` makes the keys");
    return s;
}

enum status publish_config_read(const char *path, const char *algorithms_file, struct publish_config **out, struct error *err)
{
    cfg_t *cfg = NULL;
    struct publish_config *config = calloc(1, sizeof *config);
    *out = NULL;
    if (config == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status s = config_file_base(path, config->base, sizeof config->base, err);
    if (s == STATUS_OK)
        s = algorithms_file_open(algorithms_file, &config->algorithms, err);
    if (s == STATUS_OK)
        s = config_file_parse(path, options, &cfg, err);
    if (s == STATUS_OK)
        s = config_file_locate(path, cfg, read_all(config, path, cfg, err), err);
    if (cfg != NULL)
        (void)cfg_free(cfg);
    if (s != STATUS_OK) {
        publish_config_free(config);
        return s;
    }
    *out = config;
    return STATUS_OK;
}

void publish_config_free(struct publish_config *config)
{
    if (config == NULL)
        return;
    for (size_t i = 0; i < config->key_count; i++)
        key_file_close(&config->keys[i].key);
    for (size_t i = 0; i < config->log_key_count; i++)
        key_file_close(&config->log_keys[i].key);
    algorithms_free(config->algorithms);
    free(config);
}
