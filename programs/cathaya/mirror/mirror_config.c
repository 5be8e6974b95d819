#include "mirror/mirror_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/mtc/ca_certificate.h"
#include "config_file.h"
#include "input.h"

#define DAY_S 86400
#define RETENTION_MAX_DAYS 36500

static cfg_opt_t cosigner_options[] = {
    CFG_STR("role", "mirror", CFGF_NONE),
    CFG_STR("algorithm", NULL, CFGF_NODEFAULT),
    CFG_STR("key", NULL, CFGF_NODEFAULT),
    CFG_STR("key-provider", "", CFGF_NONE),
    CFG_BOOL("c2sp-ed25519", cfg_false, CFGF_NONE),
    CFG_END(),
};

static cfg_opt_t ca_options[] = {
    CFG_STR("certificate", NULL, CFGF_NODEFAULT),
    CFG_INT("next-logs", MIRROR_CONFIG_NEXT_LOGS, CFGF_NONE),
    CFG_STR("prefix-url", "", CFGF_NONE),
    CFG_STR("ca-file", "", CFGF_NONE),
    CFG_END(),
};

static cfg_opt_t log_options[] = {
    CFG_STR("suite", NULL, CFGF_NODEFAULT),
    CFG_STR_LIST("key", NULL, CFGF_NODEFAULT),
    CFG_END(),
};

static cfg_opt_t options[] = {
    CFG_STR("directory", "state", CFGF_NONE),
    CFG_STR("submission-path", "", CFGF_NONE),
    CFG_STR("monitoring-path", "/mirror", CFGF_NONE),
    CFG_STR("witness-path", "/witness", CFGF_NONE),
    CFG_INT("retention-days", 0, CFGF_NONE),
    CFG_INT("prune-interval", DAY_S, CFGF_NONE),
    CFG_INT("landmark-interval", 60, CFGF_NONE),
    CFG_SEC("cosigner", cosigner_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
    CFG_SEC("ca", ca_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
    CFG_SEC("log", log_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
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

/* ---- cosigners ---- */

static enum status read_key(struct mirror_config_file *config, cfg_t *section,
                            struct mirror_cosigner *c, struct error *err)
{
    const char *name = cfg_getstr(section, "algorithm");
    struct key_name place = {cfg_getstr(section, "key"), cfg_getstr(section, "key-provider"), config->base};
    struct service_key *key = &config->keys[config->cosigner_count];
    const struct signature_alg *alg =
        name == NULL ? NULL : algorithms_by_name(config->algorithms, bytes_of_text(name));
    if (alg == NULL || place.key == NULL)
        return wrong(err, "algorithm, of a known name, and key, a file with a private key");
    enum status s = key_file_open(&place, alg, key, err);
    if (s != STATUS_OK)
        return s;
    if (key->remote != NULL && c->role == MIRROR_ROLE_WITNESS)
        return wrong(err, "a witness's key is a file or a URI: it has no entries to prove to a signer that a log goes on");
    c->key = key_file_public(key);
    c->type = (enum note_key_type)alg->note_type;
    return STATUS_OK;
}

static enum status sign_message(void *context, struct bytes message, struct builder *out,
                                struct error *err)
{
    return private_key_sign(context, message, out, err);
}

static enum status set_name(struct mirror_config_file *config, cfg_t *section,
                            struct mirror_cosigner *c, struct error *err)
{
    const char *title = cfg_title(section);
    struct tai id;
    if (cfg_getbool(section, "c2sp-ed25519")) {
        if (c->role != MIRROR_ROLE_WITNESS || strcmp(public_key_alg(c->key)->name, "ed25519") != 0)
            return wrong(err, "c2sp-ed25519 is for a witness with an ed25519 key: it signs no subtrees");
        if (!note_is_name(bytes_of_text(title)) || !copy(c->name, sizeof c->name, title))
            return wrong(err, "a name of a note's key has no spaces and no \"+\"");
        c->type = NOTE_KEY_ED25519_COSIGNATURE;
        c->sign_message = sign_message;
        c->sign_message_context = config->keys[config->cosigner_count].local;
        return STATUS_OK;
    }
    enum status s = tai_parse_text(bytes_of_text(title), &id, err);
    if (s != STATUS_OK)
        return error_prefix(err, STATUS_USAGE, "a trust anchor ID such as 32473.9");
    tai_name(&id, c->name);
    c->port = key_file_cosigner(&config->keys[config->cosigner_count], &id);
    return STATUS_OK;
}

static enum status read_cosigner(struct mirror_config_file *config, cfg_t *section,
                                 struct error *err)
{
    const char *role = cfg_getstr(section, "role");
    if (config->cosigner_count == MIRROR_COSIGNERS_MAX)
        return error_set(err, STATUS_USAGE, "more than %d cosigners", MIRROR_COSIGNERS_MAX);
    struct mirror_cosigner *c = &config->cosigners[config->cosigner_count];
    bool is_witness = strcmp(role, "witness") == 0;
    if (!is_witness && strcmp(role, "mirror") != 0)
        return wrong(err, "role: \"mirror\" or \"witness\"");
    c->role = is_witness ? MIRROR_ROLE_WITNESS : MIRROR_ROLE_MIRROR;
    enum status s = read_key(config, section, c, err);
    if (s == STATUS_OK)
        s = set_name(config, section, c, err);
    config->cosigner_count++;
    return s;
}

/* ---- logs ---- */

static enum status use_certificate(struct mirror_config_file *config, struct bytes der,
                                   struct mirror_config_ca *ca, struct error *err)
{
    struct ca_certificate parsed;
    enum status s = ca_certificate_parse(der, &parsed, err);
    if (s != STATUS_OK)
        return s;
    const struct signature_alg *alg =
        algorithms_by_identifier(config->algorithms, parsed.sig_alg);
    if (alg == NULL)
        return wrong(err, "the algorithm of the CA's key is not known: add an algorithm block");
    ca->id = parsed.id;
    ca->hash = parsed.draft->hash;
    return public_key_new(alg, parsed.spki, &ca->key, err);
}

static enum status read_prefix_url(struct mirror_config_file *config, cfg_t *section, struct mirror_config_ca *ca,
                                   struct error *err)
{
    const char *url = cfg_getstr(section, "prefix-url");
    size_t len = strlen(url);
    bool is_http = strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0;
    if (len > 0 && (!is_http || url[len - 1] == '/' || !copy(ca->prefix_url, sizeof ca->prefix_url, url)))
        return wrong(err, "prefix-url: http:// or https://, without a '/' at its end");
    return config_file_path(config->base, cfg_getstr(section, "ca-file"), ca->ca_file, sizeof ca->ca_file, err);
}

static enum status read_ca(struct mirror_config_file *config, cfg_t *section, struct error *err)
{
    const char *file = cfg_getstr(section, "certificate");
    char path[MIRROR_CONFIG_PATH_MAX], id[TAI_NAME_SIZE];
    struct input_blocks blocks = {.count = 0};
    long next = cfg_getint(section, "next-logs");
    if (config->ca_count == MIRROR_CONFIG_CAS_MAX)
        return error_set(err, STATUS_USAGE, "more than %d CAs", MIRROR_CONFIG_CAS_MAX);
    struct mirror_config_ca *ca = &config->cas[config->ca_count++];
    if (file == NULL)
        return wrong(err, "certificate: the file of the CA certificate (ca.pem)");
    if (next < 1 || next > 16)
        return wrong(err, "next-logs: 1 to 16");
    ca->next_logs = (unsigned)next;
    enum status s = read_prefix_url(config, section, ca, err);
    if (s == STATUS_OK)
        s = config_file_path(config->base, file, path, sizeof path, err);
    if (s == STATUS_OK)
        s = input_read_certificates(path, &blocks, err);
    if (s == STATUS_OK)
        s = use_certificate(config, input_block_der(&blocks, 0), ca, err);
    input_blocks_clear(&blocks);
    if (s != STATUS_OK)
        return s;
    tai_name(&ca->id, id);
    if (strcmp(id + strlen("oid/1.3.6.1.4.1."), cfg_title(section)) != 0)
        return error_set(err, STATUS_USAGE, "the certificate is of the CA %s", id);
    return STATUS_OK;
}

static enum status read_log(struct mirror_config_file *config, cfg_t *section, struct error *err)
{
    const char *suite = cfg_getstr(section, "suite");
    unsigned count = cfg_size(section, "key");
    if (config->log_count == MIRROR_CONFIG_LOGS_MAX)
        return error_set(err, STATUS_USAGE, "more than %d logs", MIRROR_CONFIG_LOGS_MAX);
    struct mirror_config_log *log = &config->logs[config->log_count++];
    if (!copy(log->origin, sizeof log->origin, cfg_title(section)) || log->origin[0] == '\0')
        return wrong(err, "an origin has 1 to 255 bytes");
    if (suite == NULL || (strcmp(suite, "gm") != 0 && strcmp(suite, "intl") != 0))
        return wrong(err, "suite: \"gm\" (SM3) or \"intl\" (SHA-256)");
    log->hash = strcmp(suite, "gm") == 0 ? &hash_sm3 : &hash_sha256;
    if (count < 1 || count > MIRROR_LOG_KEYS_MAX)
        return error_set(err, STATUS_USAGE, "key: 1 to %d verifier keys", MIRROR_LOG_KEYS_MAX);
    enum status s = STATUS_OK;
    for (unsigned i = 0; i < count && s == STATUS_OK; i++) {
        s = vkey_parse(bytes_of_text(cfg_getnstr(section, "key", i)), config->algorithms,
                       &log->keys[i], err);
        log->key_count += s == STATUS_OK;
    }
    return s;
}

/* ---- the rest ---- */

static enum status read_paths(struct mirror_config_file *config, cfg_t *cfg, struct error *err)
{
    static const char *const names[] = {"submission-path", "monitoring-path", "witness-path"};
    char *const out[] = {config->submission, config->monitoring, config->witness};
    for (size_t i = 0; i < 3; i++) {
        const char *value = cfg_getstr(cfg, names[i]);
        size_t len = strlen(value);
        bool is_good = len == 0 ? i == 0 : value[0] == '/' && value[len - 1] != '/';
        if (!is_good || !copy(out[i], sizeof config->submission, value))
            return error_set(err, STATUS_USAGE, "%s: begins with '/' and does not end with one", names[i]);
    }
    if (strcmp(config->monitoring, config->witness) == 0)
        return wrong(err, "monitoring-path and witness-path are different: mirror and witness serve "
                          "different checkpoints [C2SP tlog-mirror]");
    enum status s = config_file_path(config->base, cfg_getstr(cfg, "directory"),
                                     config->directory, sizeof config->directory, err);
    return s;
}

static enum status read_values(struct mirror_config_file *config, cfg_t *cfg, struct error *err)
{
    long days = cfg_getint(cfg, "retention-days"), interval_s = cfg_getint(cfg, "prune-interval");
    long landmark_s = cfg_getint(cfg, "landmark-interval");
    if (days < 0 || days > RETENTION_MAX_DAYS)
        return wrong(err, "retention-days: 0 (nothing is pruned) to 36500");
    if (interval_s < 1 || interval_s > 365L * DAY_S)
        return wrong(err, "prune-interval: 1 second to 365 days");
    if (landmark_s < 1 || landmark_s > DAY_S)
        return wrong(err, "landmark-interval: 1 second to a day");
    config->landmark_interval_ms = (uint64_t)landmark_s * 1000;
    config->retention_s = (int64_t)days * DAY_S;
    config->prune_interval_ms = (uint64_t)interval_s * 1000;
    return STATUS_OK;
}

typedef enum status read_section(struct mirror_config_file *config, cfg_t *section,
                                 struct error *err);

static enum status read_sections(struct mirror_config_file *config, cfg_t *cfg, const char *name,
                                 read_section *read, struct error *err)
{
    for (unsigned i = 0; i < cfg_size(cfg, name); i++) {
        cfg_t *section = cfg_getnsec(cfg, name, i);
        enum status s = read(config, section, err);
        if (s != STATUS_OK)
            return error_prefix(err, s == STATUS_NO_MEMORY ? s : STATUS_USAGE, "%s \"%s\"", name, cfg_title(section));
    }
    return STATUS_OK;
}

static enum status read_all(struct mirror_config_file *config, const char *path, cfg_t *cfg,
                            struct error *err)
{
    enum status s = config_file_add_algorithms(path, cfg, algorithms_file_add_to_table,
                                               config->algorithms, err);
    if (s == STATUS_OK)
        s = read_paths(config, cfg, err);
    if (s == STATUS_OK)
        s = service_listen_read(cfg, config->base, &config->listen, err);
    if (s == STATUS_OK)
        s = read_values(config, cfg, err);
    if (s == STATUS_OK)
        s = read_sections(config, cfg, "cosigner", read_cosigner, err);
    if (s == STATUS_OK)
        s = read_sections(config, cfg, "ca", read_ca, err);
    if (s == STATUS_OK)
        s = read_sections(config, cfg, "log", read_log, err);
    if (s == STATUS_OK && config->cosigner_count == 0)
        s = wrong(err, "no cosigner block: `cathaya mirror init` makes one with its key");
    if (s == STATUS_OK && config->ca_count + config->log_count == 0)
        s = wrong(err, "no ca and no log block: nothing to mirror");
    return s;
}

enum status mirror_config_read(const char *path, const char *algorithms_file,
                               struct mirror_config_file **out, struct error *err)
{
    cfg_t *cfg = NULL;
    struct mirror_config_file *config = calloc(1, sizeof *config);
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
        s = config_file_locate(path, cfg, s, err);
    }
    if (cfg != NULL)
        (void)cfg_free(cfg);
    if (s != STATUS_OK) {
        mirror_config_free(config);
        return s;
    }
    *out = config;
    return STATUS_OK;
}

void mirror_config_free(struct mirror_config_file *config)
{
    if (config == NULL)
        return;
    for (size_t i = 0; i < MIRROR_COSIGNERS_MAX; i++)
        key_file_close(&config->keys[i]);
    for (size_t i = 0; i < config->ca_count; i++)
        public_key_free(config->cas[i].key);
    for (size_t i = 0; i < config->log_count; i++)
        for (size_t k = 0; k < config->logs[i].key_count; k++)
            vkey_clear(&config->logs[i].keys[k]);
    algorithms_free(config->algorithms);
    free(config);
}
