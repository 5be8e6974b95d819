#include "ca/ca_config.h"

#include <stdio.h>
#include <string.h>

#include "config_file.h"

#define DAY_S 86400

#define BACKDATE_MAX_S (2 * (int64_t)DAY_S)
#define RETAIN_MAX_DAYS 36500

bool ca_config_suite(const char *suite, struct ca_config *out)
{
    bool is_gm = strcmp(suite, "gm") == 0;
    if (!is_gm && strcmp(suite, "intl") != 0)
        return false;
    *out = (struct ca_config){
        .draft = is_gm ? &draft_gm : &draft_07,
        .lifetime_s = 7 * DAY_S,
        .backdate_s = 3600,
        .retain_s = 35 * (int64_t)DAY_S,
        .has_client_auth = is_gm, /* the GM root program asks for both purposes [GM 8.2] */
        .policy_oid = "2.23.140.1.2.1",
    };
    (void)snprintf(out->algorithm, sizeof out->algorithm, "%s", is_gm ? "sm2_sm3" : "mldsa44");
    return true;
}

static cfg_opt_t cosigner_options[] = {CFG_STR("algorithm", NULL, CFGF_NODEFAULT), CFG_STR("key", "", CFGF_NONE),
                                      CFG_STR("key-provider", "", CFGF_NONE), CFG_END()};

static cfg_opt_t options[] = {
    CFG_STR("suite", NULL, CFGF_NODEFAULT),
    CFG_STR("id", NULL, CFGF_NODEFAULT),
    CFG_STR("algorithm-of-ca", NULL, CFGF_NODEFAULT),
    CFG_STR("key", "", CFGF_NONE),
    CFG_STR("key-provider", "", CFGF_NONE),
    CFG_INT("lifetime", 7 * DAY_S, CFGF_NONE),
    CFG_INT("backdate", 3600, CFGF_NONE),
    CFG_INT("retain-days", 35, CFGF_NONE),
    CFG_BOOL("client-auth", cfg_false, CFGF_NONE),
    CFG_STR("policy", "", CFGF_NONE),
    CFG_SEC("cosigner", cosigner_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
    CONFIG_FILE_ALGORITHMS,
    CFG_END(),
};

static enum status wrong(struct error *err, const char *what)
{
    return error_set(err, STATUS_USAGE, "%s", what);
}

static bool copy_name(char out[ALGORITHM_NAME_MAX + 1], const char *name)
{
    return name != NULL && snprintf(out, ALGORITHM_NAME_MAX + 1, "%s", name) <= ALGORITHM_NAME_MAX;
}

static enum status read_key(cfg_t *section, struct ca_config_key *out, struct error *err)
{
    const char *key = cfg_getstr(section, "key"), *provider = cfg_getstr(section, "key-provider");
    if (snprintf(out->key, sizeof out->key, "%s", key) > KEY_FILE_NAME_MAX ||
        snprintf(out->provider, sizeof out->provider, "%s", provider) > KEY_FILE_NAME_MAX)
        return error_set(err, STATUS_USAGE, "key, key-provider: at most %d bytes", KEY_FILE_NAME_MAX);
    return STATUS_OK;
}

static enum status read_cosigners(cfg_t *cfg, struct ca_config *out, struct error *err)
{
    out->cosigner_count = cfg_size(cfg, "cosigner");
    if (out->cosigner_count > CA_CONFIG_COSIGNERS_MAX)
        return error_set(err, STATUS_USAGE, "more than %d cosigners", CA_CONFIG_COSIGNERS_MAX);
    for (unsigned i = 0; i < out->cosigner_count; i++) {
        cfg_t *section = cfg_getnsec(cfg, "cosigner", i);
        struct ca_config_cosigner *cosigner = &out->cosigners[i];
        enum status s = tai_parse_text(bytes_of_text(cfg_title(section)), &cosigner->id, err);
        if (s != STATUS_OK)
            return error_prefix(err, s, "cosigner \"%s\"", cfg_title(section));
        /* GM-12: IDs below the CA's own stand for its logs and landmarks. */
        if (tai_is_within(&cosigner->id, &out->id))
            return error_set(err, STATUS_USAGE, "cosigner \"%s\": the ID is the CA's, or below it: a further cosigner has one of its own",
                             cfg_title(section));
        if (!copy_name(cosigner->algorithm, cfg_getstr(section, "algorithm")))
            return error_set(err, STATUS_USAGE, "cosigner \"%s\": no algorithm", cfg_title(section));
        s = read_key(section, &cosigner->where, err);
        if (s != STATUS_OK)
            return error_prefix(err, s, "cosigner \"%s\"", cfg_title(section));
    }
    return STATUS_OK;
}

static enum status read_numbers(cfg_t *cfg, struct ca_config *out, struct error *err)
{
    out->lifetime_s = cfg_getint(cfg, "lifetime");
    out->backdate_s = cfg_getint(cfg, "backdate");
    int64_t retain_days = cfg_getint(cfg, "retain-days");
    if (out->lifetime_s < 1 || out->lifetime_s > CA_CONFIG_LIFETIME_MAX_S)
        return wrong(err, "lifetime: 1 second to 400 days, in seconds");
    if (out->backdate_s < 0 || out->backdate_s > BACKDATE_MAX_S || out->backdate_s >= out->lifetime_s)
        return wrong(err, "backdate: 0 to 2 days, in seconds, and less than lifetime");
    if (retain_days < 0 || retain_days > RETAIN_MAX_DAYS)
        return wrong(err, "retain-days: 0 to 36500");
    out->retain_s = retain_days * DAY_S;
    return STATUS_OK;
}

static enum status read_options(cfg_t *cfg, struct ca_config *out, struct error *err)
{
    const char *suite = cfg_getstr(cfg, "suite"), *id = cfg_getstr(cfg, "id");
    if (suite == NULL || !ca_config_suite(suite, out))
        return wrong(err, "suite: \"gm\" or \"intl\"");
    if (id == NULL || tai_parse_text(bytes_of_text(id), &out->id, NULL) != STATUS_OK)
        return wrong(err, "id: a trust anchor ID such as \"32473.1\"");
    if (!copy_name(out->algorithm, cfg_getstr(cfg, "algorithm-of-ca")))
        return wrong(err, "algorithm-of-ca: the name of an algorithm");
    enum status s = read_numbers(cfg, out, err);
    if (s == STATUS_OK)
        s = read_key(cfg, &out->where, err);
    if (s != STATUS_OK)
        return s;
    out->has_client_auth = cfg_getbool(cfg, "client-auth") == cfg_true;
    const char *policy = cfg_getstr(cfg, "policy");
    if (snprintf(out->policy_oid, sizeof out->policy_oid, "%s", policy) > ALGORITHM_OID_TEXT_MAX)
        return wrong(err, "policy: a dotted OID, or empty");
    return read_cosigners(cfg, out, err);
}

enum status ca_config_read(const char *path, struct algorithms *algorithms, struct ca_config *out,
                           struct error *err)
{
    cfg_t *cfg;
    enum status s = config_file_parse(path, options, &cfg, err);
    if (s == STATUS_OK && read_options(cfg, out, err) != STATUS_OK)
        s = error_prefix(err, STATUS_USAGE, "%s", path);
    if (s == STATUS_OK)
        s = config_file_add_algorithms(path, cfg, algorithms_file_add_to_table, algorithms, err);
    if (cfg != NULL)
        (void)cfg_free(cfg);
    return s;
}

static void write_quoted(const char *key, const char *value, struct builder *out)
{
    builder_printf(out, "%s = \"", key);
    for (; *value != '\0'; value++) {
        if (*value == '"' || *value == '\\')
            builder_u8(out, '\\');
        builder_u8(out, (uint8_t)*value);
    }
    builder_text(out, "\"\n");
}

/* Nothing for a key in its usual place. */
static void write_key(const struct ca_config_key *where, const char *indent, struct builder *out)
{
    if (where->key[0] == '\0')
        return;
    builder_text(out, indent);
    write_quoted("key", where->key, out);
    if (where->provider[0] == '\0')
        return;
    builder_text(out, indent);
    write_quoted("key-provider", where->provider, out);
}

void ca_config_write_cosigner(const struct ca_config_cosigner *cosigner, struct builder *out)
{
    builder_text(out, "\ncosigner \"");
    tai_write_text(&cosigner->id, out);
    builder_printf(out, "\" {\n    algorithm = \"%s\"\n", cosigner->algorithm);
    write_key(&cosigner->where, "    ", out);
    builder_text(out, "}\n");
}

void ca_config_write_algorithm(const struct signature_alg *alg, struct builder *out)
{
    builder_printf(out, "\nalgorithm \"%s\" {\n", alg->name);
    builder_text(out, "    ");
    write_quoted("oid", alg->oid, out);
    builder_text(out, "    ");
    write_quoted("evp", alg->key_type, out);
    builder_text(out, "    ");
    write_quoted("provider", alg->provider, out);
    builder_text(out, "}\n");
}

void ca_config_write(const struct ca_config *config, struct bytes extra, struct builder *out)
{
    bool is_gm = config->draft == &draft_gm;
    builder_printf(out,
                   "# Settings of this CA. suite, id and algorithm-of-ca are for life; the others hold\n"
                   "# for certificates issued from now on.\n\n"
                   "# gm: SM3 trees, Merkle Tree Certificates of the GM profile; intl: SHA-256, draft -07.\n"
                   "suite = \"%s\"\n\n# The trust anchor ID of the CA and of its cosigner, below 1.3.6.1.4.1.\nid = \"",
                   is_gm ? "gm" : "intl");
    tai_write_text(&config->id, out);
    builder_printf(out,
                   "\"\n\nalgorithm-of-ca = \"%s\"\n", config->algorithm);
    if (config->where.key[0] != '\0')
        builder_text(out, "\n# Where the CA's private key is, in place of keys/ca.pem (cathaya-ca(1)).\n");
    write_key(&config->where, "", out);
    builder_printf(out,
                   "\n# Seconds that a certificate is valid, both ends counted.\nlifetime = %lld\n\n"
                   "# Seconds before now at which it begins, for clients whose clocks are late.\nbackdate = %lld\n\n"
                   "# Days that `cathaya ca prune` keeps entries after they have expired.\nretain-days = %lld\n\n"
                   "# Whether certificates are good for TLS clients too.\nclient-auth = %s\n\n"
                   "# The one policy OID of every certificate, or \"\". 2.23.140.1.2.1: domain validated.\npolicy = \"%s\"\n",
                   (long long)config->lifetime_s, (long long)config->backdate_s,
                   (long long)(config->retain_s / DAY_S), config->has_client_auth ? "true" : "false",
                   config->policy_oid);
    builder_text(out, "\n# Further cosigners sign every batch beside the CA cosigner; `cathaya ca cosigner add`\n"
                      "# makes a key and appends a block here. Algorithms that cathaya does not name are\n"
                      "# described by `algorithm` blocks (cathaya(1)).\n");
    builder_bytes(out, extra);
}
