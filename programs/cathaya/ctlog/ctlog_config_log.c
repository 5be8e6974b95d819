/* The `log` blocks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil_time.h"
#include "base/text.h"
#include "config_file.h"
#include "ctlog/ctlog_config.h"

#define DAY_S 86400
#define MMD_MAX_S DAY_S
#define RETAIN_MAX_DAYS 36500

static cfg_opt_t witness_options[] = {
    CFG_STR("key", NULL, CFGF_NODEFAULT),
    CFG_STR("ca-file", "", CFGF_NONE),
    CFG_END(),
};

static cfg_opt_t cosigner_options[] = {
    CFG_STR("algorithm", NULL, CFGF_NODEFAULT),
    CFG_STR("key", NULL, CFGF_NODEFAULT),
    CFG_STR("key-provider", "", CFGF_NONE),
    CFG_END(),
};

cfg_opt_t ctlog_config_log_options[] = {
    CFG_STR("suite", NULL, CFGF_NODEFAULT),
    CFG_STR("submission-url", NULL, CFGF_NODEFAULT),
    CFG_STR("monitoring-url", "", CFGF_NONE),
    CFG_STR("description", "", CFGF_NONE),
    CFG_STR("key", NULL, CFGF_NODEFAULT),
    CFG_STR("key-provider", "", CFGF_NONE),
    CFG_STR("roots", NULL, CFGF_NODEFAULT),
    CFG_STR_LIST("removed-roots", NULL, CFGF_NODEFAULT),
    CFG_STR("not-after-start", "", CFGF_NONE),
    CFG_STR("not-after-end", "", CFGF_NONE),
    CFG_STR("state", "usable", CFGF_NONE),
    CFG_STR("state-since", "", CFGF_NONE),
    CFG_INT("mmd", 60, CFGF_NONE),
    CFG_INT("tree-head-refresh", 10, CFGF_NONE),
    CFG_INT("retain-after-end-days", 365, CFGF_NONE),
    CFG_BOOL("refuse-expired", cfg_false, CFGF_NONE),
    CFG_STR("mtc-entries", "", CFGF_NONE),
    CFG_STR_LIST("mtc-ca", NULL, CFGF_NODEFAULT),
    CFG_SEC("witness", witness_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
    CFG_SEC("cosigner", cosigner_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
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

/* ---- what it is ---- */

static bool is_url(const char *url)
{
    size_t len = strlen(url);
    bool is_http = strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0;
    return is_http && len <= CTLOG_URL_MAX && url[len - 1] != '/';
}

/* The path tells the logs of a server apart. */
static bool is_log_url(const char *url)
{
    return is_url(url) && strchr(strstr(url, "://") + 3, '/') != NULL;
}

/* The folder of a log is named like it. */
static bool is_title(const char *title)
{
    return strlen(title) <= CTLOG_TITLE_MAX && strchr(title, '/') == NULL && object_name_is_valid(title);
}

static enum status read_place(struct ctlog_config_log *log, cfg_t *section, struct error *err)
{
    const char *suite = cfg_getstr(section, "suite"), *submission = cfg_getstr(section, "submission-url");
    const char *monitoring = cfg_getstr(section, "monitoring-url");
    if (!is_title(cfg_title(section)) || !copy(log->title, sizeof log->title, cfg_title(section)))
        return wrong(err, "a title of at most 64 of a-z, 0-9, '.', '_' and '-': it names the log's folder");
    log->suite = suite != NULL ? ct_suite_by_name(bytes_of_text(suite)) : NULL;
    if (log->suite == NULL)
        return wrong(err, "suite: \"gm\" (SM3, SM2) or \"intl\" (SHA-256, ECDSA P-256)");
    if (submission == NULL || !is_log_url(submission) || !copy(log->submission_url, sizeof log->submission_url, submission))
        return wrong(err, "submission-url: such as https://ct.example/2027h1, without a '/' at its end");
    if (monitoring[0] == '\0')
        monitoring = submission;
    if (!is_log_url(monitoring) || !copy(log->monitoring_url, sizeof log->monitoring_url, monitoring))
        return wrong(err, "monitoring-url: such as https://ct.example/2027h1, without a '/' at its end");
    if (!copy(log->description, sizeof log->description, cfg_getstr(section, "description")))
        return wrong(err, "description: too long");
    return STATUS_OK;
}

static enum status read_log_key(struct ctlog_config *config, struct ctlog_config_log *log, cfg_t *section, struct error *err)
{
    struct key_name place = {cfg_getstr(section, "key"), cfg_getstr(section, "key-provider"), config->base};
    if (place.key == NULL)
        return wrong(err, "key: a file with the log's private key; `cathaya ctlog init` makes one");
    enum status s = key_file_open(&place, algorithms_by_name(config->algorithms, bytes_of_text(log->suite->algorithm)), &log->key, err);
    if (s == STATUS_OK && log->key.remote != NULL)
        return wrong(err, "key: a file or a URI of OpenSSL's store: `cathaya signer run` signs no SCTs");
    return s;
}

/* ---- times and states ---- */

static enum status read_time(cfg_t *section, const char *name, int64_t *out, struct error *err)
{
    const char *value = cfg_getstr(section, name);
    *out = 0;
    if (value[0] == '\0' || (civil_time_parse(bytes_of_text(value), out) && *out > 0))
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "%s: a time such as 2027-01-01T00:00:00Z", name);
}

static enum status read_times(struct ctlog_config_log *log, cfg_t *section, struct error *err)
{
    enum status s = read_time(section, "not-after-start", &log->not_after_start_s, err);
    if (s == STATUS_OK)
        s = read_time(section, "not-after-end", &log->not_after_end_s, err);
    if (s == STATUS_OK)
        s = read_time(section, "state-since", &log->state_since_s, err);
    if (s != STATUS_OK)
        return s;
    if ((log->not_after_start_s == 0) != (log->not_after_end_s == 0) ||
        (log->not_after_end_s != 0 && log->not_after_end_s <= log->not_after_start_s))
        return wrong(err, "not-after-start and not-after-end: both, and the end after the start, or none");
    return STATUS_OK;
}

static enum status read_state(struct ctlog_config_log *log, cfg_t *section, struct error *err)
{
    static const char *const names[] = {"pending", "qualified", "usable", "readonly", "retired"};
    static const enum ct_log_state states[] = {CT_LOG_PENDING, CT_LOG_QUALIFIED, CT_LOG_USABLE, CT_LOG_READONLY,
                                               CT_LOG_RETIRED};
    const char *value = cfg_getstr(section, "state");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(value, names[i]) == 0) {
            log->state = states[i];
            return STATUS_OK;
        }
    return wrong(err, "state: pending, qualified, usable, readonly or retired");
}

static enum status read_numbers(const struct ctlog_config *config, struct ctlog_config_log *log, cfg_t *section, struct error *err)
{
    long mmd = cfg_getint(section, "mmd"), refresh = cfg_getint(section, "tree-head-refresh");
    long retain = cfg_getint(section, "retain-after-end-days");
    if (mmd < 2 || mmd > MMD_MAX_S)
        return wrong(err, "mmd: 2 to 86400 seconds [RFC 6962]");
    if (refresh < 1 || refresh >= mmd)
        return wrong(err, "tree-head-refresh: 1 second, and less than mmd: no tree head may be older than that");
    if (retain < 0 || retain > RETAIN_MAX_DAYS)
        return wrong(err, "retain-after-end-days: 0 (for ever) to 36500");
    if (config->flush_ms >= mmd * 1000)
        return wrong(err, "mmd: longer than flush-ms");
    log->mmd_s = (uint32_t)mmd;
    log->refresh_s = (uint32_t)refresh;
    log->retain_s = (int64_t)retain * DAY_S;
    log->refuses_expired = cfg_getbool(section, "refuse-expired");
    return STATUS_OK;
}

/* ---- roots and Merkle Tree CAs ---- */

static enum status read_roots(struct ctlog_config *config, struct ctlog_config_log *log, cfg_t *section, struct error *err)
{
    const char *file = cfg_getstr(section, "roots");
    uint8_t fingerprint[HASH_SIZE];
    if (file == NULL)
        return wrong(err, "roots: a file with the accepted roots in PEM");
    if (cfg_size(section, "removed-roots") > CT_LOG_REMOVED_ROOTS_MAX)
        return error_set(err, STATUS_USAGE, "removed-roots: more than %d", CT_LOG_REMOVED_ROOTS_MAX);
    for (unsigned i = 0; i < cfg_size(section, "removed-roots"); i++) {
        const char *hex = cfg_getnstr(section, "removed-roots", i);
        if (!text_parse_hex(bytes_of_text(hex), fingerprint, sizeof fingerprint))
            return error_set(err, STATUS_USAGE, "removed-roots: \"%.80s\" is no SHA-256 fingerprint in hex", hex);
        if ((log->removed_roots[i] = strdup(hex)) == NULL)
            return error_set(err, STATUS_NO_MEMORY, "out of memory");
        log->removed_root_count++;
    }
    return config_file_path(config->base, file, log->roots, sizeof log->roots, err);
}

/* A GM log takes them unless it is told not to; older clients call the type malformed, so an international one does not [GM 4]. */
static enum status read_mtc(struct ctlog_config *config, struct ctlog_config_log *log, cfg_t *section, struct error *err)
{
    const char *value = cfg_getstr(section, "mtc-entries");
    enum status s = STATUS_OK;
    if (value[0] != '\0' && strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
        return wrong(err, "mtc-entries: \"true\" or \"false\"");
    log->takes_mtc_entries = value[0] == '\0' ? log->suite == &ct_suite_gm : strcmp(value, "true") == 0;
    if (cfg_size(section, "mtc-ca") > CT_LOG_MTC_CAS_MAX)
        return error_set(err, STATUS_USAGE, "mtc-ca: more than %d", CT_LOG_MTC_CAS_MAX);
    for (unsigned i = 0; i < cfg_size(section, "mtc-ca") && s == STATUS_OK; i++)
        s = config_file_path(config->base, cfg_getnstr(section, "mtc-ca", i), log->mtc_cas[log->mtc_ca_count++],
                             CTLOG_PATH_MAX, err);
    return s;
}

/* ---- witnesses and cosigners ---- */

static enum status read_witness(struct ctlog_config *config, struct ctlog_config_log *log, cfg_t *section, struct error *err)
{
    const char *key = cfg_getstr(section, "key");
    if (log->witness_count == CTLOG_WITNESSES_MAX)
        return error_set(err, STATUS_USAGE, "more than %d witnesses", CTLOG_WITNESSES_MAX);
    struct ctlog_witness *w = &log->witnesses[log->witness_count];
    if (!is_url(cfg_title(section)) || !copy(w->url, sizeof w->url, cfg_title(section)))
        return wrong(err, "the title is the witness's URL, without a '/' at its end");
    if (key == NULL)
        return wrong(err, "key: the witness's verifier key");
    enum status s = config_file_path(config->base, cfg_getstr(section, "ca-file"), w->ca_file, sizeof w->ca_file, err);
    if (s == STATUS_OK)
        s = vkey_parse(bytes_of_text(key), config->algorithms, &w->vkey, err);
    log->witness_count += s == STATUS_OK;
    return s;
}

static enum status read_cosigner(struct ctlog_config *config, struct ctlog_config_log *log, cfg_t *section, struct error *err)
{
    const char *name = cfg_getstr(section, "algorithm");
    struct key_name place = {cfg_getstr(section, "key"), cfg_getstr(section, "key-provider"), config->base};
    const struct signature_alg *alg = name == NULL ? NULL : algorithms_by_name(config->algorithms, bytes_of_text(name));
    if (log->cosigner_count == CTLOG_COSIGNERS_MAX)
        return error_set(err, STATUS_USAGE, "more than %d cosigners", CTLOG_COSIGNERS_MAX);
    struct ctlog_cosigner *c = &log->cosigners[log->cosigner_count];
    if (alg == NULL || place.key == NULL)
        return wrong(err, "algorithm, of a known name, and key, a file with a private key");
    enum status s = tai_parse_text(bytes_of_text(cfg_title(section)), &c->id, err);
    if (s != STATUS_OK)
        return error_prefix(err, STATUS_USAGE, "a trust anchor ID such as 32473.77");
    s = key_file_open(&place, alg, &c->key, err);
    log->cosigner_count += s == STATUS_OK;
    if (s == STATUS_OK && bytes_equal(public_key_spki(key_file_public(&c->key)), public_key_spki(key_file_public(&log->key))))
        return wrong(err, "the log's own key: a cosigner has a key and an ID of its own [GM 3]");
    return s;
}

typedef enum status read_part(struct ctlog_config *config, struct ctlog_config_log *log, cfg_t *section, struct error *err);

static enum status read_parts(struct ctlog_config *config, struct ctlog_config_log *log, cfg_t *section, const char *name,
                              read_part *read, struct error *err)
{
    enum status s = STATUS_OK;
    for (unsigned i = 0; i < cfg_size(section, name) && s == STATUS_OK; i++) {
        cfg_t *part = cfg_getnsec(section, name, i);
        s = read(config, log, part, err);
        if (s != STATUS_OK)
            (void)error_prefix(err, s, "%s \"%s\"", name, cfg_title(part));
    }
    return s;
}

enum status ctlog_config_read_log(struct ctlog_config *config, cfg_t *section, struct error *err)
{
    if (config->log_count == CTLOG_LOGS_MAX)
        return error_set(err, STATUS_USAGE, "more than %d logs", CTLOG_LOGS_MAX);
    struct ctlog_config_log *log = &config->logs[config->log_count++];
    enum status s = read_place(log, section, err);
    if (s == STATUS_OK)
        s = read_times(log, section, err);
    if (s == STATUS_OK)
        s = read_state(log, section, err);
    if (s == STATUS_OK)
        s = read_numbers(config, log, section, err);
    if (s == STATUS_OK)
        s = read_roots(config, log, section, err);
    if (s == STATUS_OK)
        s = read_mtc(config, log, section, err);
    if (s == STATUS_OK)
        s = read_log_key(config, log, section, err);
    if (s == STATUS_OK)
        s = read_parts(config, log, section, "witness", read_witness, err);
    return s == STATUS_OK ? read_parts(config, log, section, "cosigner", read_cosigner, err) : s;
}

void ctlog_config_clear_log(struct ctlog_config_log *log)
{
    for (size_t i = 0; i < log->removed_root_count; i++)
        free(log->removed_roots[i]);
    for (size_t i = 0; i < log->witness_count; i++)
        vkey_clear(&log->witnesses[i].vkey);
    for (size_t i = 0; i < CTLOG_COSIGNERS_MAX; i++)
        key_file_close(&log->cosigners[i].key);
    key_file_close(&log->key);
}
