/* The `trust` blocks: distributors of trust bundles that are watched. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_file.h"
#include "monitor/monitor_settings_parts.h"
#include "trust/trust_keys.h"

#define INTERVAL_MAX_S 86400
#define LATE_MAX_S ((long)31 * 86400)

cfg_opt_t monitor_settings_trust_options[] = {
    CFG_STR("url", "", CFGF_NONE),
    CFG_STR_LIST("key", NULL, CFGF_NODEFAULT),
    CFG_STR_LIST("log-key", NULL, CFGF_NODEFAULT),
    CFG_STR("origin", "", CFGF_NONE),
    CFG_INT("interval", 60, CFGF_NONE),
    CFG_INT("late", 7800, CFGF_NONE),
    CFG_END(),
};

static enum status read_keys(struct monitor_settings *m, struct monitor_settings_trust *t, cfg_t *section, struct error *err)
{
    const char *origin = cfg_getstr(section, "origin");
    char path[MONITOR_PATH_MAX];
    enum status s = STATUS_OK;
    for (unsigned i = 0; s == STATUS_OK && i < cfg_size(section, "key"); i++) {
        s = config_file_path(m->base, cfg_getnstr(section, "key", i), path, sizeof path, err);
        if (s == STATUS_OK)
            s = trust_keys_add(&t->keys, path, m->algorithms, err);
    }
    for (unsigned i = 0; s == STATUS_OK && i < cfg_size(section, "log-key"); i++) {
        s = config_file_path(m->base, cfg_getnstr(section, "log-key", i), path, sizeof path, err);
        if (s == STATUS_OK)
            s = trust_keys_add_log(&t->keys, path, origin[0] != '\0' ? origin : NULL, m->algorithms, err);
    }
    if (s == STATUS_OK)
        s = bundle_keys_check_complete(&t->keys, true, err);
    t->section.version = 1;
    return s == STATUS_OK ? bundle_keys_write(&t->keys, &t->section, err) : s;
}

static enum status read_values(struct monitor_settings_trust *t, cfg_t *section, struct error *err)
{
    const char *name = cfg_title(section), *url = cfg_getstr(section, "url");
    long interval = cfg_getint(section, "interval"), late = cfg_getint(section, "late");
    if (strlen(name) > LOG_FOLLOWER_NAME_MAX || name[0] == '\0' || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") != strlen(name) ||
        name[0] == '.')
        return error_set(err, STATUS_USAGE, "its name has 1 to %d of a-z 0-9 . _ -", LOG_FOLLOWER_NAME_MAX);
    if (!monitor_settings_is_url(url, sizeof t->url))
        return error_set(err, STATUS_USAGE, "url: http: or https:, without a slash at its end");
    if (interval < 1 || interval > INTERVAL_MAX_S)
        return error_set(err, STATUS_USAGE, "interval: 1 to %d", INTERVAL_MAX_S);
    if (late < 0 || late > LATE_MAX_S)
        return error_set(err, STATUS_USAGE, "late: 0 to %ld", LATE_MAX_S);
    (void)snprintf(t->name, sizeof t->name, "%s", name);
    (void)snprintf(t->url, sizeof t->url, "%s", url);
    t->interval_ms = (uint64_t)interval * 1000;
    t->late_ms = (uint64_t)late * 1000;
    return STATUS_OK;
}

enum status monitor_settings_read_trust(struct monitor_settings *m, cfg_t *section, struct error *err)
{
    if (m->trust_count == MONITOR_TRUSTS_MAX)
        return error_set(err, STATUS_USAGE, "more than %d", MONITOR_TRUSTS_MAX);
    struct monitor_settings_trust *t = calloc(1, sizeof *t);
    if (t == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    trust_bundle_init(&t->section);
    m->trusts[m->trust_count++] = t;
    enum status s = read_values(t, section, err);
    return s == STATUS_OK ? read_keys(m, t, section, err) : s;
}

void monitor_settings_free_trust(struct monitor_settings_trust *t)
{
    trust_bundle_clear(&t->section);
    bundle_keys_clear(&t->keys);
    free(t);
}
