#include "signer/signer_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"

static cfg_opt_t key_options[] = {
    CFG_STR("algorithm", NULL, CFGF_NODEFAULT),
    CFG_STR("key", NULL, CFGF_NODEFAULT),
    CFG_STR("provider", "", CFGF_NONE),
    CFG_STR_LIST("kinds", NULL, CFGF_NODEFAULT),
    CFG_STR("hash", NULL, CFGF_NODEFAULT),
    CFG_STR("cosigner", NULL, CFGF_NODEFAULT),
    CFG_BOOL("own-logs", cfg_true, CFGF_NONE),
    CFG_STR_LIST("logs", NULL, CFGF_NODEFAULT),
    CFG_STR_LIST("adopt", NULL, CFGF_NODEFAULT),
    CFG_END(),
};

static cfg_opt_t options[] = {
    CFG_STR("socket", NULL, CFGF_NODEFAULT),
    CFG_STR("state", NULL, CFGF_NODEFAULT),
    CFG_STR_LIST("allow-uids", NULL, CFGF_NODEFAULT),
    CFG_SEC("key", key_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
    CONFIG_FILE_ALGORITHMS,
    CFG_END(),
};

static enum status take_path(const struct signer_config *config, const char *name, const char *value,
                             char out[PATH_MAX], struct error *err)
{
    if (value == NULL || value[0] == '\0')
        return error_set(err, STATUS_USAGE, "%s: a path", name);
    enum status s = config_file_path(config->directory, value, out, PATH_MAX, err);
    return s == STATUS_OK ? s : error_prefix(err, s, "%s", name);
}

static enum status read_uids(struct signer_config *config, struct error *err)
{
    config->uid_count = cfg_size(config->cfg, "allow-uids");
    if (config->uid_count > SIGNER_CONFIG_UIDS_MAX)
        return error_set(err, STATUS_USAGE, "allow-uids: at most %d", SIGNER_CONFIG_UIDS_MAX);
    for (unsigned i = 0; i < config->uid_count; i++) {
        uint64_t uid;
        if (!text_parse_u64(bytes_of_text(cfg_getnstr(config->cfg, "allow-uids", i)), UINT32_MAX - 1, &uid))
            return error_set(err, STATUS_USAGE, "allow-uids: numbers of users");
        config->uids[i] = (uid_t)uid;
    }
    return STATUS_OK;
}

/* ---- a key ---- */

static enum status read_kinds(cfg_t *section, unsigned *kinds, struct error *err)
{
    static const struct {
        const char *name;
        unsigned kind;
    } rows[] = {{"log", SIGNER_KIND_LOG}, {"crl", SIGNER_KIND_CRL}, {"revocations", SIGNER_KIND_REVOCATIONS},
                {"certificate", SIGNER_KIND_CERTIFICATE}, {"tls", SIGNER_KIND_TLS}, {"ocsp", SIGNER_KIND_OCSP}};
    *kinds = 0;
    for (unsigned i = 0; i < cfg_size(section, "kinds"); i++) {
        unsigned kind = 0;
        for (size_t j = 0; j < sizeof rows / sizeof rows[0]; j++)
            if (strcmp(cfg_getnstr(section, "kinds", i), rows[j].name) == 0)
                kind = rows[j].kind;
        if (kind == 0)
            return error_set(err, STATUS_USAGE, "kinds: \"%s\" is none of log, crl, revocations, certificate, tls, ocsp",
                             cfg_getnstr(section, "kinds", i));
        *kinds |= kind;
    }
    return *kinds != 0 ? STATUS_OK : error_set(err, STATUS_USAGE, "kinds: at least one of log, crl, revocations, certificate, tls, ocsp");
}

static enum status read_names(cfg_t *section, const char *option, const char **names, size_t *count,
                              struct error *err)
{
    *count = cfg_size(section, option);
    if (*count > SIGNER_CONFIG_NAMES_MAX)
        return error_set(err, STATUS_USAGE, "%s: at most %d logs", option, SIGNER_CONFIG_NAMES_MAX);
    for (unsigned i = 0; i < *count; i++) {
        names[i] = cfg_getnstr(section, option, i);
        if (!signer_memory_is_origin(bytes_of_text(names[i])))
            return error_set(err, STATUS_USAGE, "%s: \"%s\" is no origin of a log", option, names[i]);
    }
    return STATUS_OK;
}

static enum status read_rules(struct signer_config *config, cfg_t *section, struct signer_key *key, struct error *err)
{
    const char *hash = cfg_getstr(section, "hash"), *cosigner = cfg_getstr(section, "cosigner");
    enum status s = read_kinds(section, &key->kinds, err);
    if (s == STATUS_OK && hash != NULL && (key->hash = hash_by_name(hash)) == NULL)
        s = error_set(err, STATUS_USAGE, "hash: \"sm3\" or \"sha256\"");
    if (s == STATUS_OK && cosigner != NULL)
        s = error_prefix(err, tai_parse_text(bytes_of_text(cosigner), &key->cosigner, err), "cosigner");
    key->has_own_logs = cfg_getbool(section, "own-logs") == cfg_true;
    key->origins = config->origins[config->key_count];
    key->adopted = config->adopted[config->key_count];
    if (s == STATUS_OK)
        s = read_names(section, "logs", config->origins[config->key_count], &key->origin_count, err);
    if (s == STATUS_OK)
        s = read_names(section, "adopt", config->adopted[config->key_count], &key->adopted_count, err);
    return s;
}

/* The ID is a folder's name too. */
static bool is_id(const char *id)
{
    size_t len = strlen(id);
    return len > 0 && len <= SIGNER_KEY_ID_MAX && strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static enum status read_key(struct signer_config *config, cfg_t *section, const struct algorithms *algorithms,
                            struct error *err)
{
    struct signer_key *key = &config->keys[config->key_count];
    struct service_key *opened = &config->opened[config->key_count];
    const char *name = cfg_getstr(section, "algorithm");
    struct key_name where = {cfg_getstr(section, "key"), cfg_getstr(section, "provider"), config->directory};
    const struct signature_alg *alg = name != NULL ? algorithms_by_name(algorithms, bytes_of_text(name)) : NULL;
    if (!is_id(cfg_title(section)))
        return error_set(err, STATUS_USAGE, "its ID has 1 to %d of a-z, 0-9 and -", SIGNER_KEY_ID_MAX);
    if (alg == NULL)
        return error_set(err, STATUS_USAGE, "algorithm: the name of an algorithm");
    if (where.key == NULL)
        return error_set(err, STATUS_USAGE, "key: a file, or a URI with its provider");
    enum status s = read_rules(config, section, key, err);
    if (s == STATUS_OK)
        s = key_file_open(&where, alg, opened, err);
    if (s == STATUS_OK && opened->local == NULL)
        s = error_set(err, STATUS_USAGE, "key: a signer does not ask another signer");
    key->id = cfg_title(section);
    key->key = opened->local;
    config->key_count++;
    return s;
}

static enum status read_all(struct signer_config *config, const char *path, struct algorithms *algorithms, struct error *err)
{
    enum status s = take_path(config, "socket", cfg_getstr(config->cfg, "socket"), config->socket, err);
    if (s == STATUS_OK)
        s = take_path(config, "state", cfg_getstr(config->cfg, "state"), config->state, err);
    if (s == STATUS_OK)
        s = read_uids(config, err);
    if (s == STATUS_OK && (cfg_size(config->cfg, "key") == 0 || cfg_size(config->cfg, "key") > SIGNER_KEYS_MAX))
        s = error_set(err, STATUS_USAGE, "1 to %d key blocks", SIGNER_KEYS_MAX);
    if (s == STATUS_OK)
        s = config_file_add_algorithms(path, config->cfg, algorithms_file_add_to_table, algorithms, err);
    for (unsigned i = 0; s == STATUS_OK && i < cfg_size(config->cfg, "key"); i++) {
        cfg_t *section = cfg_getnsec(config->cfg, "key", i);
        s = error_prefix(err, read_key(config, section, algorithms, err), "key \"%s\"", cfg_title(section));
    }
    return s;
}

enum status signer_config_read(const char *path, struct algorithms *algorithms, struct signer_config **out,
                               struct error *err)
{
    struct signer_config *config = calloc(1, sizeof *config);
    *out = config;
    if (config == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status s = config_file_base(path, config->directory, sizeof config->directory, err);
    if (s == STATUS_OK)
        s = config_file_parse(path, options, &config->cfg, err);
    if (s == STATUS_OK && (s = read_all(config, path, algorithms, err)) != STATUS_OK && s != STATUS_IO)
        s = error_prefix(err, s == STATUS_NO_MEMORY ? s : STATUS_USAGE, "%s", path);
    return s;
}

void signer_config_free(struct signer_config *config)
{
    if (config == NULL)
        return;
    for (size_t i = 0; i < SIGNER_KEYS_MAX; i++) {
        posix_record_store_close(config->memories[i]);
        key_file_close(&config->opened[i]);
    }
    if (config->cfg != NULL)
        (void)cfg_free(config->cfg);
    free(config);
}

enum status signer_config_open_memories(struct signer_config *config, struct error *err)
{
    if (mkdir(config->state, 0700) != 0 && errno != EEXIST)
        return error_set(err, STATUS_IO, "%s: %s", config->state, strerror(errno));
    for (size_t i = 0; i < config->key_count; i++) {
        char path[2 * PATH_MAX];
        (void)snprintf(path, sizeof path, "%s/%s", config->state, config->keys[i].id);
        enum status s = posix_record_store_open(path, true, &config->memories[i], err);
        if (s != STATUS_OK)
            return s;
        config->keys[i].memory = posix_record_store_port(config->memories[i]);
    }
    return STATUS_OK;
}
