/* Validation, perspectives, accounts and limits of the configuration. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ca_run/run_config_parts.h"
#include "config_file.h"
#include "rules/dns_name.h"
#include "rules/mpic.h"
#include "service/validation/perspective_client.h"

#define DAY_S ((int64_t)86400)
/* Clients wait some 30 s for an answer. */
#define WAIT_MAX_MS 25000

/* Without a word about it orders of SM2 keys get this one, where it is. */
#define RUN_DEFAULT_SM2 "gm-classic"

/* ---- validation ---- */

static const struct {
    const char *name;
    enum acme_challenge bit;
} challenge_names[] = {
    {"http-01", ACME_HTTP_01}, {"dns-01", ACME_DNS_01}, {"tls-alpn-01", ACME_TLS_ALPN_01},
    {"dns-account-01", ACME_DNS_ACCOUNT_01}, {"dns-persist-01", ACME_DNS_PERSIST_01},
};

static enum status read_challenges(struct run_config *config, cfg_t *section, struct error *err)
{
    for (unsigned i = 0; i < cfg_size(section, "challenges"); i++) {
        const char *name = cfg_getnstr(section, "challenges", i);
        size_t k = 0;
        while (k < sizeof challenge_names / sizeof challenge_names[0] && strcmp(name, challenge_names[k].name) != 0)
            k++;
        if (k == sizeof challenge_names / sizeof challenge_names[0])
            return error_set(err, STATUS_USAGE, "validation: challenges: no \"%s\"; there are http-01, dns-01, tls-alpn-01, "
                             "dns-account-01, dns-persist-01", name);
        config->challenges |= challenge_names[k].bit;
    }
    return config->challenges != 0 ? STATUS_OK : error_set(err, STATUS_USAGE, "validation: no challenges");
}

static enum status read_quorum(struct run_config *config, cfg_t *section, struct error *err)
{
    int64_t remote = 0, failures = 0;
    const char *quorum = cfg_getstr(section, "quorum");
    config->is_quorum_relaxed = strcmp(quorum, "relaxed") == 0;
    if (!config->is_quorum_relaxed && strcmp(quorum, "br") != 0)
        return error_set(err, STATUS_USAGE, "validation: quorum: \"br\", or \"relaxed\" with quorum-remote and quorum-failures");
    enum status s = run_config_number(section, "quorum-remote", 0, RUN_PERSPECTIVES_MAX, &remote, err);
    if (s == STATUS_OK)
        s = run_config_number(section, "quorum-failures", 0, RUN_PERSPECTIVES_MAX, &failures, err);
    config->quorum_remote = (unsigned)remote;
    config->quorum_failures = (unsigned)failures;
    return s;
}

/* Lower case, A-labels, no dot at the end: clients and records compare it [draft-ietf-acme-dns-persist 3.1]. */
static enum status read_caa_identity(const char *name, const char **out, struct error *err)
{
    bool is_lower = strpbrk(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == NULL;
    *out = name;
    if (is_lower && dns_name_check(bytes_of_text(name), false, NULL) == STATUS_OK)
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "validation: caa-identities: \"%.60s\" is no domain name in lower case without a dot "
                     "at its end, such as \"ca.example\"", name);
}

enum status run_config_read_validation(struct run_config *config, cfg_t *section, struct error *err)
{
    int64_t http_port = 0, tls_port = 0;
    enum status s = read_challenges(config, section, err);
    if (s == STATUS_OK)
        s = read_quorum(config, section, err);
    if (s == STATUS_OK)
        s = run_config_number(section, "http-port", 1, 65535, &http_port, err);
    if (s == STATUS_OK)
        s = run_config_number(section, "tls-port", 1, 65535, &tls_port, err);
    config->http_port = (uint16_t)http_port;
    config->tls_port = (uint16_t)tls_port;
    config->public_label_count = cfg_size(section, "public-labels");
    if (s == STATUS_OK && config->public_label_count > sizeof config->public_labels / sizeof config->public_labels[0])
        s = error_set(err, STATUS_USAGE, "validation: public-labels: too many");
    for (unsigned i = 0; s == STATUS_OK && i < config->public_label_count; i++)
        config->public_labels[i] = cfg_getnstr(section, "public-labels", i);
    config->reach_count = cfg_size(section, "reach");
    if (s == STATUS_OK && config->reach_count > RUN_REACH_MAX)
        s = error_set(err, STATUS_USAGE, "validation: reach: at most %d ranges", RUN_REACH_MAX);
    for (unsigned i = 0; s == STATUS_OK && i < config->reach_count; i++)
        s = validation_range_parse(cfg_getnstr(section, "reach", i), &config->reach[i], err);
    config->caa_count = cfg_size(section, "caa-identities");
    if (s == STATUS_OK && (config->caa_count == 0 || config->caa_count > sizeof config->caa_identities / sizeof config->caa_identities[0]))
        s = error_set(err, STATUS_USAGE, "validation: caa-identities: the names that domain owners write into CAA records, such as {\"ca.example\"}");
    for (unsigned i = 0; s == STATUS_OK && i < config->caa_count; i++)
        s = read_caa_identity(cfg_getnstr(section, "caa-identities", i), &config->caa_identities[i], err);
    return s;
}

static enum status read_perspective(struct run_config *config, cfg_t *section,
                                    struct run_perspective *out, struct error *err)
{
    out->name = cfg_title(section);
    out->url = cfg_getstr(section, "url");
    out->region = cfg_getstr(section, "region");
    if (out->url == NULL)
        return error_set(err, STATUS_USAGE, "url: where the perspective listens, such as \"https://perspective.example\"");
    /* The quorum counts regions: a second spelling would be a second region [BR 3.2.2.9]. */
    if (out->region == NULL || !mpic_rir_is_known(out->region))
        return error_set(err, STATUS_USAGE, "region: ARIN, RIPE, APNIC, LACNIC or AFRINIC, where the perspective is");
    enum status s = run_config_secret(config, cfg_getstr(section, "secret-file"), &out->secret, err);
    builder_u8(&out->secret, 0);
    if (s == STATUS_OK)
        s = builder_status(&out->secret, "secret-file", err);
    if (s == STATUS_OK)
        s = perspective_secret_check((const char *)out->secret.data, err);
    return s == STATUS_OK ? config_file_path(config->directory, cfg_getstr(section, "ca-file"),
                                             out->ca_file, sizeof out->ca_file, err) : s;
}

enum status run_config_read_perspectives(struct run_config *config, cfg_t *cfg, struct error *err)
{
    enum status s = STATUS_OK;
    unsigned count = cfg_size(cfg, "perspective");
    if (count > RUN_PERSPECTIVES_MAX)
        return error_set(err, STATUS_USAGE, "at most %d perspective blocks", RUN_PERSPECTIVES_MAX);
    for (unsigned i = 0; s == STATUS_OK && i < count; i++) {
        cfg_t *section = cfg_getnsec(cfg, "perspective", i);
        s = read_perspective(config, section, &config->perspectives[config->perspective_count++], err);
        if (s != STATUS_OK)
            (void)error_prefix(err, s, "perspective \"%s\"", cfg_title(section));
    }
    return s;
}

/* ---- accounts and limits ---- */

static enum status read_eab(struct run_config *config, cfg_t *cfg, struct error *err)
{
    enum status s = STATUS_OK;
    unsigned count = cfg_size(cfg, "eab");
    if (count > RUN_EAB_KEYS_MAX)
        return error_set(err, STATUS_USAGE, "at most %d eab blocks", RUN_EAB_KEYS_MAX);
    for (unsigned i = 0; s == STATUS_OK && i < count; i++) {
        cfg_t *section = cfg_getnsec(cfg, "eab", i);
        struct builder *secret = &config->eab_secrets[config->eab_count];
        s = run_config_secret(config, cfg_getstr(section, "secret-file"), secret, err);
        config->eab_keys[config->eab_count++] = (struct acme_eab_key){
            cfg_title(section), builder_view(secret), cfg_getbool(section, "reusable") == cfg_true};
        if (s != STATUS_OK)
            (void)error_prefix(err, s, "eab \"%s\"", cfg_title(section));
    }
    config->acme.eab_keys = config->eab_keys;
    config->acme.eab_key_count = config->eab_count;
    return s;
}

static const char *const limit_names[ACME_LIMITS] = {
    [ACME_LIMIT_ACCOUNTS] = "accounts-per-address", [ACME_LIMIT_ACCOUNTS_RANGE] = "accounts-per-range",
    [ACME_LIMIT_ORDERS] = "orders-per-account", [ACME_LIMIT_DOMAIN] = "certificates-per-domain",
    [ACME_LIMIT_SET] = "certificates-per-set", [ACME_LIMIT_FAILED_VALIDATION] = "failed-validations",
};

/* {"COUNT", "SECONDS"}, or {"none"}. */
static enum status read_rate(cfg_t *section, const char *name, struct acme_rate *out, struct error *err)
{
    uint64_t count = 0, period_s = 0;
    if (cfg_size(section, name) == 0)
        return STATUS_OK;
    if (strcmp(cfg_getnstr(section, name, 0), "none") == 0) {
        *out = (struct acme_rate){0, 0};
        return STATUS_OK;
    }
    if (cfg_size(section, name) != 2 || !text_parse_u64(bytes_of_text(cfg_getnstr(section, name, 0)), 1000000000, &count) ||
        !text_parse_u64(bytes_of_text(cfg_getnstr(section, name, 1)), 366 * DAY_S, &period_s) || count == 0 || period_s == 0)
        return error_set(err, STATUS_USAGE, "limits: %s: {COUNT, SECONDS}, or {none}", name);
    *out = (struct acme_rate){count, (int64_t)period_s};
    return STATUS_OK;
}

static enum status read_override(cfg_t *section, struct acme_limit_override *out, struct error *err)
{
    const char *name = cfg_getstr(section, "limit");
    int64_t count = 0, period_s = 0;
    size_t i = 0;
    while (name != NULL && i < ACME_LIMITS && strcmp(name, limit_names[i]) != 0)
        i++;
    if (name == NULL || i == ACME_LIMITS)
        return error_set(err, STATUS_USAGE, "limits: override \"%s\": limit: one of the names of limits", cfg_title(section));
    enum status s = run_config_number(section, "count", 0, 1000000000, &count, err);
    if (s == STATUS_OK)
        s = run_config_number(section, "period", count == 0 ? 0 : 1, 366 * DAY_S, &period_s, err);
    *out = (struct acme_limit_override){(enum acme_limit)i, cfg_title(section), {(uint64_t)count, period_s}};
    return s;
}

static enum status read_limits(struct run_config *config, cfg_t *section, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < ACME_LIMITS; i++)
        s = read_rate(section, limit_names[i], &config->acme.limits.rates[i], err);
    config->override_count = cfg_size(section, "override");
    if (s == STATUS_OK && config->override_count > RUN_OVERRIDES_MAX)
        return error_set(err, STATUS_USAGE, "limits: at most %d overrides", RUN_OVERRIDES_MAX);
    for (unsigned i = 0; s == STATUS_OK && i < config->override_count; i++)
        s = read_override(cfg_getnsec(section, "override", i), &config->overrides[i], err);
    config->acme.limits.overrides = config->overrides;
    config->acme.limits.override_count = config->override_count;
    const char *file = cfg_getstr(section, "public-suffix-file");
    config->acme.limits.public_suffix_file = *file != '\0' ? file : NULL;
    return s;
}

static enum status read_times(struct run_config *config, cfg_t *section, struct error *err)
{
    int64_t value = 0;
    enum status s = run_config_number(section, "order-lifetime", 0, 90 * DAY_S, &value, err);
    if (s == STATUS_OK && value > 0)
        config->acme.order_lifetime_s = value;
    if (s == STATUS_OK)
        s = run_config_number(section, "authorization-reuse", -1, 200 * DAY_S, &value, err);
    if (s == STATUS_OK && value >= 0)
        config->acme.authz_reuse_s = value;
    if (s == STATUS_OK)
        s = run_config_number(section, "finalize-wait-ms", -1, WAIT_MAX_MS, &value, err);
    if (s == STATUS_OK && value >= 0)
        config->acme.finalize_wait_ms = value;
    if (s == STATUS_OK)
        s = run_config_number(section, "challenge-wait-ms", -1, WAIT_MAX_MS, &value, err);
    if (s == STATUS_OK && value >= 0)
        config->acme.challenge_wait_ms = value;
    return s;
}

static const char *existing_profile(const struct run_config *config, const char *name)
{
    for (size_t i = 0; i < config->profile_count; i++)
        if (strcmp(config->profiles[i].name, name) == 0)
            return name;
    return NULL;
}

enum status run_config_read_acme(struct run_config *config, cfg_t *cfg, struct error *err)
{
    cfg_t *section = cfg_getsec(cfg, "acme");
    struct acme_config *acme = &config->acme;
    acme->terms_url = cfg_getstr(section, "terms-of-service");
    acme->website_url = cfg_getstr(section, "website");
    acme->is_eab_required = cfg_getbool(section, "external-account-required") == cfg_true;
    acme->caa_identities = config->caa_identities;
    acme->caa_identity_count = config->caa_count;
    acme->default_profile = existing_profile(config, cfg_getstr(section, "default-profile"));
    const char *sm2 = cfg_getstr(section, "default-profile-sm2");
    acme->default_profile_sm2 = existing_profile(config, sm2);
    /* That of the default need not be there. */
    if (acme->default_profile_sm2 == NULL && strcmp(sm2, RUN_DEFAULT_SM2) != 0 && sm2[0] != '\0')
        return error_set(err, STATUS_USAGE, "acme: default-profile-sm2: there is no profile \"%s\"", sm2);
    if (acme->default_profile == NULL)
        return error_set(err, STATUS_USAGE, "acme: default-profile: there is no profile \"%s\"", cfg_getstr(section, "default-profile"));
    enum status s = read_times(config, section, err);
    if (s == STATUS_OK)
        s = read_eab(config, cfg, err);
    return s == STATUS_OK ? read_limits(config, cfg_getsec(cfg, "limits"), err) : s;
}
