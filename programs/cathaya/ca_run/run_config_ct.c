/* The `ct` block: which logs and policies profiles may name. */
#include <string.h>

#include "ca_run/run_config_parts.h"
#include "config_file.h"

/* Who orders waits no longer than this for logs; the order goes on behind it. */
#define DEADLINE_MAX_MS 120000

enum status run_config_read_ct(struct run_config *config, cfg_t *cfg, struct error *err)
{
    struct run_ct *ct = &config->ct;
    cfg_t *section = cfg_size(cfg, "ct") > 0 ? cfg_getnsec(cfg, "ct", 0) : NULL;
    for (size_t i = 0; section == NULL && i < config->profile_count; i++)
        if (config->profiles[i].ct_policy[0] != '\0')
            return error_set(err, STATUS_USAGE, "profile \"%s\": ct-policy \"%s\", and there is no ct block that says which logs",
                             config->profiles[i].name, config->profiles[i].ct_policy);
    for (size_t i = 0; section == NULL && i < config->profile_count; i++)
        if (config->profiles[i].mtc_scts > 0)
            return error_set(err, STATUS_USAGE, "profile \"%s\": mtc-scts, and there is no ct block that says which logs",
                             config->profiles[i].name);
    if (section == NULL)
        return STATUS_OK;
    ct->is_given = true;
    ct->list_count = cfg_size(section, "log-list");
    if (ct->list_count == 0 || ct->list_count > RUN_CT_LISTS_MAX)
        return error_set(err, STATUS_USAGE, "ct: log-list: 1 to %d files", RUN_CT_LISTS_MAX);
    if (cfg_getstr(section, "policy-file") == NULL)
        return error_set(err, STATUS_USAGE, "ct: policy-file: the file with the CT policies");
    enum status s = config_file_path(config->directory, cfg_getstr(section, "policy-file"), ct->policy_file, sizeof ct->policy_file, err);
    for (unsigned i = 0; s == STATUS_OK && i < ct->list_count; i++)
        s = config_file_path(config->directory, cfg_getnstr(section, "log-list", i), ct->lists[i], sizeof ct->lists[i], err);
    if (s == STATUS_OK)
        s = config_file_path(config->directory, cfg_getstr(section, "ca-file"), ct->ca_file, sizeof ct->ca_file, err);
    if (s == STATUS_OK)
        s = run_config_number(section, "deadline-ms", 100, DEADLINE_MAX_MS, &ct->deadline_ms, err);
    if (s == STATUS_OK)
        s = run_config_number(section, "log-timeout-ms", 50, DEADLINE_MAX_MS, &ct->log_timeout_ms, err);
    if (s == STATUS_OK && ct->log_timeout_ms >= ct->deadline_ms)
        s = error_set(err, STATUS_USAGE, "log-timeout-ms: less than deadline-ms, or no slow log is ever replaced");
    return s == STATUS_OK ? s : error_prefix(err, s, "ct");
}
