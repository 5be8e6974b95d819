#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "base/text.h"
#include "config_file.h"
#include "gateway/gateway_config_parts.h"
#include "key_file.h"
#include "rules/dns_name.h"

/* A profile's name, a contact, a title: longer ones are a mistake. */
#define TEXT_MAX 255
#define HSTS_MAX 63072000 /* two years, what preload lists ask for */

cfg_opt_t gateway_config_issuer_options[] = {
    CFG_STR("directory", NULL, CFGF_NODEFAULT),
    CFG_STR("ca-file", "", CFGF_NONE),
    CFG_STR("contact", "", CFGF_NONE),
    CFG_STR("profile", "", CFGF_NONE),
    CFG_STR("eab-kid", "", CFGF_NONE),
    CFG_STR("eab-key-file", "", CFGF_NONE),
    CFG_STR("challenge", "http-01", CFGF_NONE),
    CFG_STR("dns-hook", "", CFGF_NONE),
    CFG_END(),
};

static cfg_opt_t certificate_options[] = {
    CFG_STR_LIST("issuers", NULL, CFGF_NODEFAULT),
    CFG_STR("key-type", "", CFGF_NONE),
    CFG_STR("chain-file", "", CFGF_NONE),
    CFG_STR("key", "", CFGF_NONE),
    CFG_STR("key-provider", "", CFGF_NONE),
    CFG_END(),
};

static cfg_opt_t health_options[] = {
    CFG_STR("path", "", CFGF_NONE),
    CFG_INT("interval-ms", 2000, CFGF_NONE),
    CFG_INT("timeout-ms", 1000, CFGF_NONE),
    CFG_INT("rise", 2, CFGF_NONE),
    CFG_INT("fall", 3, CFGF_NONE),
    CFG_END(),
};

cfg_opt_t gateway_config_site_options[] = {
    CFG_STR_LIST("names", NULL, CFGF_NODEFAULT),
    CFG_BOOL("default", cfg_false, CFGF_NONE),
    CFG_STR("stage", "", CFGF_NONE),
    CFG_BOOL("mtc-without-trust-anchors", cfg_false, CFGF_NONE),
    CFG_SEC("certificate", certificate_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
    CFG_STR("mode", "http", CFGF_NONE),
    CFG_STR_LIST("backends", NULL, CFGF_NODEFAULT),
    CFG_SEC("health", health_options, CFGF_NONE),
    CFG_BOOL("send-proxy", cfg_false, CFGF_NONE),
    CFG_BOOL("http2", cfg_true, CFGF_NONE),
    CFG_INT("hsts-max-age-s", 0, CFGF_NONE),
    CFG_BOOL("redirect-http", cfg_true, CFGF_NONE),
    CFG_END(),
};

/* ---- issuers ---- */

static enum status read_challenge(cfg_t *block, struct gateway_issuer *out, struct error *err)
{
    static const char *const names[] = {
        [GATEWAY_HTTP_01] = "http-01", [GATEWAY_TLS_ALPN_01] = "tls-alpn-01", [GATEWAY_DNS_01] = "dns-01"};
    const char *name = cfg_getstr(block, "challenge");
    size_t i = 0;
    while (i < sizeof names / sizeof names[0] && strcmp(names[i], name) != 0)
        i++;
    if (i == sizeof names / sizeof names[0])
        return error_set(err, STATUS_USAGE, "challenge: \"http-01\", \"tls-alpn-01\" or \"dns-01\"");
    out->challenge = (enum gateway_challenge)i;
    if ((out->challenge == GATEWAY_DNS_01) != (out->dns_hook[0] != '\0'))
        return error_set(err, STATUS_USAGE, "dns-hook: the program that makes and removes TXT records, with "
                                            "challenge = \"dns-01\" and only there");
    return STATUS_OK;
}

enum status gateway_config_read_issuer(struct gateway_config *config, cfg_t *block, struct gateway_issuer *out,
                                       struct error *err)
{
    out->name = cfg_title(block);
    out->directory = gateway_config_text(block, "directory");
    out->contact = gateway_config_text(block, "contact");
    out->profile = gateway_config_text(block, "profile");
    out->eab_kid = gateway_config_text(block, "eab-kid");
    if (out->directory == NULL || strncmp(out->directory, "https://", 8) != 0)
        return error_set(err, STATUS_USAGE, "directory: the https URL of an ACME directory");
    enum status s = config_file_path(config->base, cfg_getstr(block, "ca-file"),
                                     out->ca_file, sizeof out->ca_file, err);
    if (s == STATUS_OK)
        s = config_file_path(config->base, cfg_getstr(block, "eab-key-file"),
                             out->eab_key_file, sizeof out->eab_key_file, err);
    if (s == STATUS_OK)
        s = config_file_path(config->base, cfg_getstr(block, "dns-hook"), out->dns_hook, sizeof out->dns_hook, err);
    if (s == STATUS_OK && (out->eab_kid != NULL) != (out->eab_key_file[0] != '\0'))
        s = error_set(err, STATUS_USAGE, "eab-kid: eab-kid and eab-key-file come together");
    return s == STATUS_OK ? read_challenge(block, out, err) : s;
}

/* ---- certificates ---- */

static enum status find_issuer(const struct gateway_config *config, const char *name, size_t *out, struct error *err)
{
    for (*out = 0; *out < config->issuer_count; (*out)++)
        if (strcmp(config->issuers[*out].name, name) == 0)
            return STATUS_OK;
    return error_set(err, STATUS_USAGE, "issuers: there is no block: issuer \"%s\"", name);
}

/* A name that is no path. The socket of a signer is one: it begins where the file's other paths do. */
static enum status copy_key(const struct gateway_config *config, const char *key, struct gateway_certificate *out,
                            struct error *err)
{
    static const char scheme[] = "signer:";
    size_t len = sizeof scheme - 1;
    bool is_signer = strncmp(key, scheme, len) == 0;
    const char *hash = strrchr(key, '#');
    if (is_signer && (hash == NULL || hash == key + len || hash[1] == '\0'))
        return error_set(err, STATUS_USAGE, "key: %.80s: a key in a signer is named signer:SOCKET#KEYID", key);
    int written = is_signer && key[len] != '/'
                      ? snprintf(out->key, sizeof out->key, "%s%s/%s", scheme, config->base, key + len)
                      : snprintf(out->key, sizeof out->key, "%s", key);
    return written < (int)sizeof out->key ? STATUS_OK : error_set(err, STATUS_USAGE, "key: %.80s...: too long", key);
}

static enum status read_certificate_values(struct gateway_config *config, cfg_t *block,
                                           struct gateway_certificate *out, struct error *err)
{
    unsigned count = cfg_size(block, "issuers");
    if (count > SITE_ISSUERS_MAX)
        return error_set(err, STATUS_USAGE, "issuers: at most %d", SITE_ISSUERS_MAX);
    enum status s = config_file_path(config->base, cfg_getstr(block, "chain-file"),
                                     out->chain_file, sizeof out->chain_file, err);
    for (unsigned i = 0; s == STATUS_OK && i < count; i++)
        s = find_issuer(config, cfg_getnstr(block, "issuers", i), &out->issuers[out->issuer_count++], err);
    if (s != STATUS_OK)
        return s;
    out->is_wanted = true;
    out->key_type = gateway_config_text(block, "key-type");
    const char *key = cfg_getstr(block, "key");
    s = key_file_is_path(key) ? config_file_path(config->base, key,
                                                 out->key, sizeof out->key, err) : copy_key(config, key, out, err);
    if (s != STATUS_OK)
        return s;
    out->key_provider = gateway_config_text(block, "key-provider");
    bool has_files = out->chain_file[0] != '\0' && out->key[0] != '\0';
    bool has_a_file = out->chain_file[0] != '\0' || out->key[0] != '\0';
    if (has_files != has_a_file || has_files == (count > 0))
        return error_set(err, STATUS_USAGE, "issuers: either issuers, or chain-file and key");
    return STATUS_OK;
}

static enum status read_certificate(struct gateway_config *config, cfg_t *block, struct gateway_site *out,
                                    struct error *err)
{
    enum site_kind kind;
    if (!site_kind_parse(cfg_title(block), &kind))
        return error_set(err, STATUS_USAGE, "one of gm-mtc, gm-classic, intl-mtc, intl-classic");
    return read_certificate_values(config, block, &out->certificates[kind], err);
}

static enum status read_certificates(struct gateway_config *config, cfg_t *block, struct gateway_site *out,
                                     struct error *err)
{
    unsigned count = cfg_size(block, "certificate");
    enum status s = STATUS_OK;
    if (count == 0)
        return error_set(err, STATUS_USAGE, "1 to 4 blocks like: certificate \"gm-mtc\" { issuers = {\"NAME\"} }");
    for (unsigned i = 0; s == STATUS_OK && i < count; i++) {
        cfg_t *inner = cfg_getnsec(block, "certificate", i);
        s = read_certificate(config, inner, out, err);
        if (s != STATUS_OK)
            s = error_prefix(err, s, "certificate \"%s\"", cfg_title(inner));
    }
    return s;
}

/* ---- names and backends ---- */

static bool is_lower(const char *name)
{
    for (; *name != '\0'; name++)
        if (*name >= 'A' && *name <= 'Z')
            return false;
    return true;
}

static enum status add_name(struct gateway_site *out, const char *name, struct error *err)
{
    uint8_t ip[16];
    size_t len;
    if (!is_lower(name))
        return error_set(err, STATUS_USAGE, "names: %s: in lower case", name);
    if (!ip_address_parse(bytes_of_text(name), ip, &len)) {
        enum status s = dns_name_check_host(bytes_of_text(name), true, err);
        if (s != STATUS_OK)
            return error_prefix(err, STATUS_USAGE, "names: %.253s", name);
    }
    out->names[out->name_count++] = name;
    return STATUS_OK;
}

static enum status read_names(cfg_t *block, struct gateway_site *out, struct error *err)
{
    unsigned count = cfg_size(block, "names");
    if (count > SITE_NAMES_MAX)
        return error_set(err, STATUS_USAGE, "names: at most %d", SITE_NAMES_MAX);
    enum status s = count == 0 ? add_name(out, out->title, err) : STATUS_OK;
    for (unsigned i = 0; s == STATUS_OK && i < count; i++)
        s = add_name(out, cfg_getnstr(block, "names", i), err);
    return s;
}

/* A host may be a name: it is looked up when the gateway starts. */
static bool is_backend(const char *text)
{
    const char *colon = strrchr(text, ':');
    uint64_t port = 0;
    if (strncmp(text, "unix:", 5) == 0)
        return text[5] != '\0' && strlen(text + 5) < sizeof ((struct sockaddr_un *)NULL)->sun_path;
    return colon != NULL && colon != text && text_parse_u64(bytes_of_text(colon + 1), UINT16_MAX, &port) && port > 0;
}

static enum status read_backends(cfg_t *block, struct gateway_site *out, struct error *err)
{
    unsigned count = cfg_size(block, "backends");
    if (count < 1 || count > GATEWAY_BACKENDS_MAX)
        return error_set(err, STATUS_USAGE, "backends: 1 to %d of \"ADDRESS:PORT\" or \"unix:PATH\"",
                         GATEWAY_BACKENDS_MAX);
    for (unsigned i = 0; i < count; i++) {
        out->backends[i] = cfg_getnstr(block, "backends", i);
        if (!is_backend(out->backends[i]))
            return error_set(err, STATUS_USAGE, "backends: %.200s: \"ADDRESS:PORT\" or \"unix:PATH\"", out->backends[i]);
    }
    out->backend_count = count;
    return STATUS_OK;
}

static enum status read_health(cfg_t *block, struct gateway_health *out, struct error *err)
{
    out->path = gateway_config_text(block, "path");
    if (out->path != NULL && out->path[0] != '/')
        return error_set(err, STATUS_USAGE, "health: path: begins with '/'");
    enum status s = gateway_config_number(block, "interval-ms", 50, 3600000, &out->interval_ms, err);
    if (s == STATUS_OK)
        s = gateway_config_number(block, "timeout-ms", 10, 600000, &out->timeout_ms, err);
    if (s == STATUS_OK)
        s = gateway_config_number(block, "rise", 1, 100, &out->rise, err);
    return s == STATUS_OK ? gateway_config_number(block, "fall", 1, 100, &out->fall, err) : s;
}

/* ---- site ---- */

static enum status read_mode(cfg_t *block, struct gateway_site *out, struct error *err)
{
    const char *mode = cfg_getstr(block, "mode");
    uint32_t hsts = 0;
    out->is_tcp = strcmp(mode, "tcp") == 0;
    if (!out->is_tcp && strcmp(mode, "http") != 0)
        return error_set(err, STATUS_USAGE, "mode: \"http\" or \"tcp\"");
    enum status s = gateway_config_number(block, "hsts-max-age-s", 0, HSTS_MAX, &hsts, err);
    out->hsts_max_age_s = hsts;
    out->is_default = cfg_getbool(block, "default") == cfg_true;
    out->sends_proxy = cfg_getbool(block, "send-proxy") == cfg_true;
    out->has_http2 = cfg_getbool(block, "http2") == cfg_true;
    out->redirects_http = cfg_getbool(block, "redirect-http") == cfg_true;
    out->is_mtc_without_trust_anchors = cfg_getbool(block, "mtc-without-trust-anchors") == cfg_true;
    return s;
}

enum status gateway_config_read_site(struct gateway_config *config, cfg_t *block, enum transition_stage stage,
                                     struct gateway_site *out, struct error *err)
{
    const char *own_stage = gateway_config_text(block, "stage");
    out->title = cfg_title(block);
    out->stage = stage;
    if (strlen(out->title) > TEXT_MAX)
        return error_set(err, STATUS_USAGE, "a title of at most %d bytes", TEXT_MAX);
    if (own_stage != NULL && !certificate_choice_stage_by_name(bytes_of_text(own_stage), &out->stage))
        return error_set(err, STATUS_USAGE, "stage: \"classic\", \"standalone\" or \"landmark\"");
    enum status s = read_names(block, out, err);
    if (s == STATUS_OK)
        s = read_backends(block, out, err);
    if (s == STATUS_OK)
        s = read_mode(block, out, err);
    if (s == STATUS_OK)
        s = read_health(cfg_getsec(block, "health"), &out->health, err);
    return s == STATUS_OK ? read_certificates(config, block, out, err) : s;
}
