/* Profiles: data with defaults by name, which the configuration changes. */
#include <stdio.h>
#include <string.h>

#include "adapters/posix/posix_clock.h"
#include "ca_run/run_config_parts.h"
#include "ca_run/run_policy.h"
#include "service/mtc_scts/mtc_scts.h"

#define DAY_S ((int64_t)86400)
#define DOMAIN_VALIDATED "2.23.140.1.2.1"
#define INTL_KEYS (PROFILE_KEY_P256 | PROFILE_KEY_P384 | PROFILE_KEY_RSA)
/* Not SM2: a GM certificate is GM throughout (root program RP-08), and an international CA's cannot be. */
#define MTC_KEYS (INTL_KEYS | PROFILE_KEY_ED25519 | PROFILE_KEY_MLDSA | PROFILE_KEY_P521)
/* The root program's arc for intranet certificates, domain validated (root program IN-06). */
#define INTRANET_POLICY "1.2.156.157933.81"

/* A profile of another name begins as the first of these with its kind of CA. */
static const struct certificate_profile known[] = {
    {.name = "gm-mtc", .description = "Merkle Tree Certificate with SM2 and SM3, 7 days", .kind = PROFILE_MTC,
     .is_gm = true, .lifetime_s = 7 * DAY_S, .backdate_s = 3600, .keys = PROFILE_KEY_SM2 | MTC_KEYS, .has_client_auth = true,
     .policy_oid = DOMAIN_VALIDATED, .has_wildcards = true, .has_ips = true, .names_max = 100, .mirrors_min = 1},
    {.name = "intl-mtc", .description = "Merkle Tree Certificate with SHA-256, 7 days", .kind = PROFILE_MTC,
     .lifetime_s = 7 * DAY_S, .backdate_s = 3600, .keys = MTC_KEYS,
     .policy_oid = DOMAIN_VALIDATED, .has_wildcards = true, .has_ips = true, .names_max = 100, .mirrors_min = 1},
    {.name = "gm-classic", .description = "SM2 certificate, signed directly", .kind = PROFILE_CLASSIC,
     .is_gm = true, .lifetime_s = 47 * DAY_S, .backdate_s = 3600, .keys = PROFILE_KEY_SM2, .has_client_auth = true,
     .policy_oid = DOMAIN_VALIDATED, .has_wildcards = true, .has_ips = true, .names_max = 100},
    {.name = "intl-classic", .description = "RSA or ECC certificate, signed directly", .kind = PROFILE_CLASSIC,
     .lifetime_s = 47 * DAY_S, .backdate_s = 3600, .keys = INTL_KEYS,
     .policy_oid = DOMAIN_VALIDATED, .has_wildcards = true, .has_ips = true, .names_max = 100},
    {.name = "gm-intranet", .description = "SM2 certificate for internal names", .kind = PROFILE_CLASSIC,
     .is_gm = true, .is_intranet = true, .lifetime_s = 397 * DAY_S, .backdate_s = 3600, .keys = PROFILE_KEY_SM2,
     .has_client_auth = true, .policy_oid = INTRANET_POLICY, .has_wildcards = true, .has_ips = true, .names_max = 100},
    {.name = "intl-intranet", .description = "RSA or ECC certificate for internal names", .kind = PROFILE_CLASSIC,
     .is_intranet = true, .lifetime_s = 397 * DAY_S, .backdate_s = 3600, .keys = INTL_KEYS,
     .policy_oid = INTRANET_POLICY, .has_wildcards = true, .has_ips = true, .names_max = 100},
};

static const struct {
    const char *name;
    unsigned bit;
} key_names[] = {
    {"sm2", PROFILE_KEY_SM2}, {"p256", PROFILE_KEY_P256}, {"p384", PROFILE_KEY_P384}, {"p521", PROFILE_KEY_P521},
    {"rsa", PROFILE_KEY_RSA}, {"ed25519", PROFILE_KEY_ED25519}, {"mldsa", PROFILE_KEY_MLDSA},
};

static bool is_given(cfg_t *section, const char *name)
{
    return cfg_size(section, name) > 0;
}

static enum status read_keys(cfg_t *section, struct certificate_profile *out, struct error *err)
{
    if (!is_given(section, "keys"))
        return STATUS_OK;
    out->keys = 0;
    for (unsigned i = 0; i < cfg_size(section, "keys"); i++) {
        const char *name = cfg_getnstr(section, "keys", i);
        unsigned bit = 0;
        for (size_t k = 0; k < sizeof key_names / sizeof key_names[0]; k++)
            if (strcmp(name, key_names[k].name) == 0)
                bit = key_names[k].bit;
        if (bit == 0)
            return error_set(err, STATUS_USAGE, "keys: no kind \"%s\"; there are sm2, p256, p384, p521, rsa, ed25519, mldsa", name);
        out->keys |= bit;
    }
    return STATUS_OK;
}

static bool copy(char *out, size_t size, const char *value)
{
    return (size_t)snprintf(out, size, "%s", value) < size;
}

static enum status read_texts(cfg_t *section, struct certificate_profile *out, struct error *err)
{
    const char *ca = cfg_getstr(section, "ca"), *description = cfg_getstr(section, "description");
    const char *policy = cfg_getstr(section, "policy-oid"), *ct = cfg_getstr(section, "ct-policy");
    if (ca == NULL || !copy(out->ca, sizeof out->ca, ca))
        return error_set(err, STATUS_USAGE, "ca: the name of the ca or classic block that issues");
    if (description != NULL && !copy(out->description, sizeof out->description, description))
        return error_set(err, STATUS_USAGE, "description: less than %d bytes", PROFILE_TEXT_SIZE);
    if (policy != NULL && !copy(out->policy_oid, sizeof out->policy_oid, policy))
        return error_set(err, STATUS_USAGE, "policy-oid: a dotted OID, or empty");
    if (strcmp(ct, "none") != 0 && (*ct == '\0' || !copy(out->ct_policy, sizeof out->ct_policy, ct)))
        return error_set(err, STATUS_USAGE, "ct-policy: the name of a policy of the ct block's policy-file, or \"none\"");
    return read_keys(section, out, err);
}

static enum status read_numbers(cfg_t *section, struct certificate_profile *out, struct error *err)
{
    int64_t value = 0;
    enum status s = run_config_number(section, "lifetime", 0, 1830 * DAY_S, &value, err);
    if (s == STATUS_OK && value > 0)
        out->lifetime_s = value;
    if (s == STATUS_OK)
        s = run_config_number(section, "backdate", -1, 2 * DAY_S, &value, err);
    if (s == STATUS_OK && value >= 0)
        out->backdate_s = value;
    if (s == STATUS_OK)
        s = run_config_number(section, "names", 0, ACME_IDENTIFIERS_MAX, &value, err);
    if (s == STATUS_OK && value > 0)
        out->names_max = (unsigned)value;
    if (s == STATUS_OK)
        s = run_config_number(section, "mirrors", -1, 16, &value, err);
    if (s == STATUS_OK && value >= 0)
        out->mirrors_min = (unsigned)value;
    if (s == STATUS_OK)
        s = run_config_number(section, "mtc-scts", 0, MTC_SCTS_NEEDED_MAX, &value, err);
    if (s == STATUS_OK)
        out->mtc_scts = (unsigned)value;
    if (s == STATUS_OK && out->mtc_scts > 0 && out->kind != PROFILE_MTC)
        s = error_set(err, STATUS_USAGE, "mtc-scts: a profile of Merkle Tree Certificates alone; others have a ct-policy");
    if (s == STATUS_OK && out->backdate_s >= out->lifetime_s)
        s = error_set(err, STATUS_USAGE, "backdate: less than lifetime");
    if (is_given(section, "client-auth"))
        out->has_client_auth = cfg_getbool(section, "client-auth") == cfg_true;
    if (is_given(section, "wildcards"))
        out->has_wildcards = cfg_getbool(section, "wildcards") == cfg_true;
    if (is_given(section, "ips"))
        out->has_ips = cfg_getbool(section, "ips") == cfg_true;
    return s;
}

static bool has_ca(const struct run_config *config, const struct certificate_profile *profile)
{
    if (profile->kind == PROFILE_MTC) {
        for (size_t i = 0; i < config->ca_count; i++)
            if (strcmp(config->cas[i].name, profile->ca) == 0)
                return true;
    } else {
        for (size_t i = 0; i < config->classic_count; i++)
            if (strcmp(config->classics[i].name, profile->ca) == 0)
                return true;
    }
    return false;
}

static bool is_good_name(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len < PROFILE_NAME_SIZE && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static enum status read_profile(struct run_config *config, cfg_t *section,
                                struct certificate_profile *out, struct error *err)
{
    const char *title = cfg_title(section);
    struct clock_port clock = posix_clock();
    const struct certificate_profile *base = NULL;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strncmp(title, known[i].name, strlen(known[i].name)) == 0)
            base = &known[i];
    if (!is_good_name(title) || base == NULL)
        return error_set(err, STATUS_USAGE, "a profile is called gm-mtc, intl-mtc, gm-classic, intl-classic, gm-intranet, "
                         "intl-intranet, or one of these with something behind it (\"gm-mtc-47d\")");
    *out = *base;
    (void)copy(out->name, sizeof out->name, title);
    enum status s = read_texts(section, out, err);
    if (s == STATUS_OK)
        s = read_numbers(section, out, err);
    if (s == STATUS_OK)
        s = run_policy_check_profile(config->policy, out, clock.now_ms(clock.context) / 1000, err);
    if (s == STATUS_OK && !has_ca(config, out))
        s = error_set(err, STATUS_USAGE, "ca: there is no %s block \"%s\"", out->kind == PROFILE_MTC ? "ca" : "classic", out->ca);
    return s;
}

enum status run_config_read_profiles(struct run_config *config, cfg_t *cfg, struct error *err)
{
    enum status s = STATUS_OK;
    unsigned count = cfg_size(cfg, "profile");
    if (count == 0 || count > ACME_PROFILES_MAX)
        return error_set(err, STATUS_USAGE, "1 to %d profile blocks", ACME_PROFILES_MAX);
    for (unsigned i = 0; s == STATUS_OK && i < count; i++) {
        cfg_t *section = cfg_getnsec(cfg, "profile", i);
        s = read_profile(config, section, &config->profiles[config->profile_count++], err);
        if (s != STATUS_OK)
            (void)error_prefix(err, s, "profile \"%s\"", cfg_title(section));
    }
    return s;
}
