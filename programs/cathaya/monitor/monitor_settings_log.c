/* Which logs are followed: `log` blocks and log lists. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil_time.h"
#include "base/text.h"
#include "codec/ct/ct_suite.h"
#include "codec/tai/tai.h"
#include "config_file.h"
#include "input.h"
#include "log_list_file.h"
#include "monitor/monitor_settings_parts.h"
#include "rules/policy_text.h"

#define MMD_MAX_S 604800

cfg_opt_t monitor_settings_log_options[] = {
    CFG_STR("kind", NULL, CFGF_NODEFAULT),
    CFG_STR("suite", "intl", CFGF_NONE),
    CFG_STR("url", NULL, CFGF_NODEFAULT),
    CFG_STR("submission-url", "", CFGF_NONE),
    CFG_STR("origin", "", CFGF_NONE),
    CFG_STR("key", "", CFGF_NONE),
    CFG_INT("mmd", 86400, CFGF_NONE),
    CFG_STR("not-after-start", "", CFGF_NONE),
    CFG_STR("not-after-end", "", CFGF_NONE),
    CFG_STR("state", "usable", CFGF_NONE),
    CFG_STR("ca", "", CFGF_NONE),
    CFG_STR("policy", "", CFGF_NONE),
    CFG_STR_LIST("mirror", NULL, CFGF_NODEFAULT),
    CFG_INT("mirror-lag", 0, CFGF_NONE),
    CFG_INT("minimum-index", 0, CFGF_NONE),
    CFG_END(),
};

static enum status wrong(struct error *err, const char *what)
{
    return error_set(err, STATUS_USAGE, "%s", what);
}

bool monitor_settings_is_url(const char *text, size_t size)
{
    size_t len = strlen(text);
    return (strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0) && len < size && len > 8 &&
           text[len - 1] != '/';
}

void monitor_settings_free_log(struct monitor_settings_log *log)
{
    if (log == NULL)
        return;
    public_key_free(log->key);
    trust_store_free(log->store);
    free(log);
}

/* ---- CT logs ---- */

static enum status set_key(const struct monitor_settings *settings, struct monitor_settings_log *log,
                           const struct ct_suite *suite, struct bytes spki, struct error *err)
{
    uint8_t id[HASH_SIZE];
    const struct signature_alg *alg = algorithms_by_name(settings->algorithms, bytes_of_text(suite->algorithm));
    enum status s = alg == NULL ? error_set(err, STATUS_USAGE, "%s: no such algorithm", suite->algorithm)
                                : public_key_new(alg, spki, &log->key, err);
    if (s == STATUS_OK)
        s = ct_suite_hash(suite, spki, id, err);
    if (s != STATUS_OK)
        return error_prefix(err, STATUS_USAGE, "key");
    log->hash = suite->hash;
    text_hex(BYTES_OF(id), log->id);
    return STATUS_OK;
}

static enum status read_interval(cfg_t *section, struct monitor_settings_log *log, struct error *err)
{
    const char *start = cfg_getstr(section, "not-after-start"), *end = cfg_getstr(section, "not-after-end");
    if (start[0] == '\0' && end[0] == '\0')
        return STATUS_OK;
    if (!civil_time_parse(bytes_of_text(start), &log->not_after_start_s) ||
        !civil_time_parse(bytes_of_text(end), &log->not_after_end_s) || log->not_after_start_s >= log->not_after_end_s)
        return wrong(err, "not-after-start and not-after-end are times such as 2027-01-01T00:00:00Z, in this order");
    log->has_interval = true;
    return STATUS_OK;
}

static enum status read_state(cfg_t *section, struct monitor_settings_log *log, struct error *err)
{
    const char *state = cfg_getstr(section, "state");
    log->state = strcmp(state, "readonly") == 0  ? FOLLOWED_READONLY
                 : strcmp(state, "retired") == 0 ? FOLLOWED_RETIRED
                                                 : FOLLOWED_USABLE;
    return log->state != FOLLOWED_USABLE || strcmp(state, "usable") == 0 || strcmp(state, "pending") == 0 ||
                   strcmp(state, "qualified") == 0
               ? STATUS_OK
               : wrong(err, "state: pending, qualified, usable, readonly or retired");
}

static enum status read_ct(const struct monitor_settings *settings, cfg_t *section, struct monitor_settings_log *log,
                           struct error *err)
{
    const struct ct_suite *suite = ct_suite_by_name(bytes_of_text(cfg_getstr(section, "suite")));
    long mmd = cfg_getint(section, "mmd");
    struct builder spki;
    if (suite == NULL)
        return wrong(err, "suite: \"gm\" or \"intl\"");
    if (mmd < 1 || mmd > MMD_MAX_S)
        return error_set(err, STATUS_USAGE, "mmd: 1 to %d seconds", MMD_MAX_S);
    log->mmd_ms = (uint64_t)mmd * 1000;
    builder_init(&spki, KEY_SPKI_MAX);
    enum status s = text_parse_base64(bytes_of_text(cfg_getstr(section, "key")), &spki) && spki.len > 0
                        ? set_key(settings, log, suite, builder_view(&spki), err)
                        : wrong(err, "key: the log's SubjectPublicKeyInfo in base64");
    builder_clear(&spki);
    if (s == STATUS_OK)
        s = read_interval(section, log, err);
    return s == STATUS_OK ? read_state(section, log, err) : s;
}

/* ---- issuance logs ---- */

/* The log's number is the last part of its URL; without one it is 1. */
static enum status set_number(struct monitor_settings_log *log, struct error *err)
{
    const char *slash = strrchr(log->url, '/');
    uint64_t number = 0;
    if (slash == NULL || !text_parse_u64(bytes_of_text(slash + 1), UINT16_MAX, &number) || number == 0) {
        size_t len = strlen(log->url);
        number = 1;
        if (len + 3 > sizeof log->url)
            return wrong(err, "url: too long");
        memcpy(log->url + len, "/1", 3);
    }
    log->log_number = (uint16_t)number;
    return STATUS_OK;
}

static enum status add_ca(const char *file, struct monitor_settings_log *log, struct error *err)
{
    struct input_blocks blocks;
    struct certificate certificate;
    enum status s = input_read_certificates(file, &blocks, err);
    if (s == STATUS_OK)
        s = trust_store_add_ca(log->store, input_block_der(&blocks, 0), err);
    if (s == STATUS_OK)
        s = certificate_parse(input_block_der(&blocks, 0), &certificate, err);
    if (s == STATUS_OK)
        log->ca = trust_store_find_ca(log->store, certificate.subject);
    if (s == STATUS_OK && log->ca == NULL)
        s = error_set(err, STATUS_USAGE, "no certificate of a Merkle Tree CA");
    input_blocks_clear(&blocks);
    return error_prefix(err, s, "%s", file);
}

static enum status add_policy(const char *file, struct trust_store *store, struct error *err)
{
    struct builder text;
    if (file[0] == '\0')
        return STATUS_OK;
    builder_init(&text, INPUT_SIZE_MAX);
    enum status s = input_read(file, INPUT_SIZE_MAX, &text, err);
    if (s == STATUS_OK) {
        s = policy_text_read(builder_view(&text), store, err);
        s = error_prefix(err, s, "%s", file);
    }
    builder_clear(&text);
    return s;
}

static enum status read_mtc(const struct monitor_settings *settings, cfg_t *section, struct monitor_settings_log *log,
                            struct error *err)
{
    char ca[MONITOR_PATH_MAX], policy[MONITOR_PATH_MAX], name[TAI_NAME_SIZE];
    long minimum = cfg_getint(section, "minimum-index");
    if (cfg_getstr(section, "ca")[0] == '\0')
        return wrong(err, "ca: the certificate of the Merkle Tree CA whose log it is");
    if (minimum < 0)
        return wrong(err, "minimum-index: an index, from 0");
    log->minimum_index = (uint64_t)minimum;
    enum status s = set_number(log, err);
    if (s == STATUS_OK)
        s = config_file_path(settings->base, cfg_getstr(section, "ca"), ca, sizeof ca, err);
    if (s == STATUS_OK)
        s = config_file_path(settings->base, cfg_getstr(section, "policy"), policy, sizeof policy, err);
    if (s == STATUS_OK)
        s = trust_store_new(settings->algorithms, &log->store, err);
    if (s == STATUS_OK)
        s = add_ca(ca, log, err);
    if (s == STATUS_OK)
        s = add_policy(policy, log->store, err);
    if (s != STATUS_OK)
        return s;
    log->hash = log->ca->draft->hash;
    tai_name(&log->ca->id, name);
    (void)snprintf(log->id, sizeof log->id, "%s.0.%u", name, log->log_number);
    return STATUS_OK;
}

/* ---- a block ---- */

static enum status read_mirrors(cfg_t *section, struct monitor_settings_log *log, struct error *err)
{
    unsigned count = cfg_size(section, "mirror");
    long lag_s = cfg_getint(section, "mirror-lag");
    if (lag_s < 0 || lag_s > MMD_MAX_S)
        return error_set(err, STATUS_USAGE, "mirror-lag: 0 to %d seconds", MMD_MAX_S);
    log->mirror_lag_ms = (uint64_t)lag_s * 1000;
    if (count > LOG_FOLLOWER_MIRRORS_MAX)
        return error_set(err, STATUS_USAGE, "mirror: more than %d", LOG_FOLLOWER_MIRRORS_MAX);
    for (unsigned i = 0; i < count; i++) {
        const char *url = cfg_getnstr(section, "mirror", i);
        if (!monitor_settings_is_url(url, LOG_FOLLOWER_URL_MAX))
            return wrong(err, "mirror: a URL without a slash at its end");
        (void)snprintf(log->mirrors[i], sizeof log->mirrors[i], "%s", url);
        log->mirror_urls[i] = log->mirrors[i];
    }
    log->mirror_count = count;
    return STATUS_OK;
}

static enum status add_log(struct monitor_settings *settings, struct monitor_settings_log *log, struct error *err)
{
    if (settings->log_count == MONITOR_LOGS_MAX)
        return error_set(err, STATUS_USAGE, "more than %d logs", MONITOR_LOGS_MAX);
    settings->logs[settings->log_count++] = log;
    return STATUS_OK;
}

enum status monitor_settings_read_log(struct monitor_settings *settings, cfg_t *section, struct error *err)
{
    struct monitor_settings_log *log = calloc(1, sizeof *log);
    const char *kind = cfg_getstr(section, "kind"), *url = cfg_getstr(section, "url");
    if (log == NULL)
        abort();
    enum status s = add_log(settings, log, err);
    if (s != STATUS_OK) {
        free(log);
        return s;
    }
    (void)snprintf(log->name, sizeof log->name, "%s", cfg_title(section));
    if (strlen(cfg_title(section)) > LOG_FOLLOWER_NAME_MAX ||
        cfg_title(section)[strspn(cfg_title(section), "abcdefghijklmnopqrstuvwxyz0123456789._-")] != '\0')
        return error_set(err, STATUS_USAGE, "a log's name has 1 to %d of a-z 0-9 . _ -", LOG_FOLLOWER_NAME_MAX);
    if (kind == NULL || !log_kind_parse(kind, &log->kind))
        return wrong(err, "kind: \"rfc6962\", \"static-ct\" or \"mtc\"");
    if (url == NULL || !monitor_settings_is_url(url, sizeof log->url))
        return wrong(err, "url: http: or https:, without a slash at its end");
    (void)snprintf(log->url, sizeof log->url, "%s", url);
    (void)snprintf(log->submission_url, sizeof log->submission_url, "%s", cfg_getstr(section, "submission-url"));
    (void)snprintf(log->origin, sizeof log->origin, "%s", cfg_getstr(section, "origin"));
    s = log->kind == LOG_KIND_MTC ? read_mtc(settings, section, log, err) : read_ct(settings, section, log, err);
    return s == STATUS_OK ? read_mirrors(section, log, err) : s;
}

/* ---- lists ---- */

static bool is_followed(const struct monitor_settings *settings, const char *id)
{
    for (size_t i = 0; i < settings->log_count; i++)
        if (strcmp(settings->logs[i]->id, id) == 0)
            return true;
    return false;
}

/* "Example 'Log' 2027h1" of an ID that begins with 01020304 is "example-log-2027h1-01020304". */
static void name_row(const struct log_list_log *row, const char *id, char out[LOG_FOLLOWER_NAME_MAX + 1])
{
    size_t len = 0;
    for (const char *at = row->description; *at != '\0' && len < LOG_FOLLOWER_NAME_MAX - 12; at++) {
        char c = *at >= 'A' && *at <= 'Z' ? (char)(*at + 32) : *at;
        bool is_good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.';
        if (is_good)
            out[len++] = c;
        else if (len > 0 && out[len - 1] != '-')
            out[len++] = '-';
    }
    (void)snprintf(out + len, LOG_FOLLOWER_NAME_MAX + 1 - len, "%s%.8s", len > 0 && out[len - 1] != '-' ? "-" : "", id);
}

/* A list that describes a log in other words shall not make it another log, whose history would be believed anew: the name under which
 * there is a state already stays. */
static void keep_name(const struct monitor_settings *settings, const char *id, char name[LOG_FOLLOWER_NAME_MAX + 1])
{
    char path[MONITOR_PATH_MAX + 16], suffix[10];
    (void)snprintf(path, sizeof path, "%s/logs", settings->directory);
    (void)snprintf(suffix, sizeof suffix, "-%.8s", id);
    DIR *folder = opendir(path);
    const struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        size_t len = strlen(entry->d_name);
        if (len > LOG_FOLLOWER_NAME_MAX || len < strlen(suffix) || strcmp(entry->d_name + len - strlen(suffix), suffix) != 0)
            continue;
        (void)snprintf(name, LOG_FOLLOWER_NAME_MAX + 1, "%.*s", LOG_FOLLOWER_NAME_MAX, entry->d_name);
        break;
    }
    if (folder != NULL)
        (void)closedir(folder);
}

static enum status add_row(struct monitor_settings *settings, const struct log_list_log *row, struct error *err)
{
    struct monitor_settings_log *log = calloc(1, sizeof *log);
    if (log == NULL)
        abort();
    enum status s = set_key(settings, log, row->suite, log_list_key(row), err);
    /* A log that is in two lists, or in a block too, is followed once; a rejected one not at all. */
    if (s != STATUS_OK || row->state == LOG_LIST_REJECTED || is_followed(settings, log->id)) {
        monitor_settings_free_log(log);
        return s;
    }
    name_row(row, log->id, log->name);
    keep_name(settings, log->id, log->name);
    log->kind = row->is_tiled ? LOG_KIND_STATIC_CT : LOG_KIND_RFC6962;
    (void)snprintf(log->url, sizeof log->url, "%s", row->monitoring_url);
    (void)snprintf(log->submission_url, sizeof log->submission_url, "%s", row->submission_url);
    log->mmd_ms = (uint64_t)row->mmd_s * 1000;
    log->has_interval = row->has_interval;
    log->not_after_start_s = row->interval_start_s;
    log->not_after_end_s = row->interval_end_s;
    log->state = row->state == LOG_LIST_READONLY  ? FOLLOWED_READONLY
                 : row->state == LOG_LIST_RETIRED ? FOLLOWED_RETIRED
                                                  : FOLLOWED_USABLE;
    log->has_final = row->has_final_tree_head;
    log->final_size = row->final_size;
    memcpy(log->final_root, row->final_root, sizeof log->final_root);
    s = add_log(settings, log, err);
    if (s != STATUS_OK)
        monitor_settings_free_log(log);
    return s;
}

enum status monitor_settings_read_list(struct monitor_settings *settings, const char *name, struct error *err)
{
    char path[MONITOR_PATH_MAX];
    struct log_list list;
    enum status s = config_file_path(settings->base, name, path, sizeof path, err);
    if (s == STATUS_OK)
        s = log_list_file_read(path, &list, err);
    if (s != STATUS_OK)
        return s;
    for (size_t i = 0; s == STATUS_OK && i < log_list_count(&list); i++)
        s = add_row(settings, log_list_at(&list, i), err);
    log_list_clear(&list);
    return s;
}
