#include "ca_run/run_ct.h"

#include <stdio.h>
#include <string.h>

#include "adapters/posix/posix_clock.h"
#include "ca_run/run_policy.h"
#include "ct_json/log_list_json.h"
#include "input.h"
#include "log_list_file.h"
#include "rules/ct_policy.h"

/* ---- files ---- */

static enum status read_lists(const struct run_ct *settings, struct builder *lists, struct bytes *texts, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < settings->list_count; i++) {
        struct log_list list;
        s = input_read(settings->lists[i], LOG_LIST_JSON_SIZE_MAX, &lists[i], err);
        texts[i] = builder_view(&lists[i]);
        if (s != STATUS_OK)
            break;
        /* Here the file's name is known. */
        s = log_list_json_parse(texts[i], &list, err);
        if (s == STATUS_OK)
            log_list_clear(&list);
        else
            (void)error_prefix(err, s, "%s", settings->lists[i]);
    }
    return s;
}

static enum status add_list(const char *path, struct log_list *out, struct error *err)
{
    struct log_list list;
    enum status s = log_list_file_read(path, &list, err);
    if (s != STATUS_OK)
        return s;
    s = error_prefix(err, log_list_merge(out, &list, err), "%s", path);
    log_list_clear(&list);
    return s;
}

enum status run_ct_read_list(const struct run_ct *settings, struct log_list *out, struct error *err)
{
    enum status s = STATUS_OK;
    log_list_init(out);
    for (size_t i = 0; s == STATUS_OK && i < settings->list_count; i++)
        s = add_list(settings->lists[i], out, err);
    return s;
}

static enum status read_policies(const struct run_ct *settings, struct builder *out, struct error *err)
{
    struct ct_policy_set *policies = NULL;
    enum status s = input_read(settings->policy_file, CT_POLICY_TEXT_MAX, out, err);
    if (s != STATUS_OK)
        return s;
    s = ct_policy_set_read(builder_view(out), &policies, err);
    if (s != STATUS_OK)
        return error_prefix(err, s, "%s", settings->policy_file);
    ct_policy_set_free(policies);
    return STATUS_OK;
}

/* Of the profiles of config; next: where text is from, and the root program's policy. */
static enum status find_policies(const struct run_config *config, const struct run_config *next, struct bytes text, struct error *err)
{
    struct ct_policy_set *policies = NULL;
    enum status s = ct_policy_set_read(text, &policies, err);
    for (size_t i = 0; s == STATUS_OK && i < config->profile_count; i++) {
        const struct certificate_profile *profile = &config->profiles[i];
        if (profile->ct_policy[0] == '\0')
            continue;
        const struct ct_policy *own = ct_policy_set_find(policies, bytes_of_text(profile->ct_policy));
        s = own != NULL ? run_policy_check_ct(next->policy, profile, own, err)
                        : error_set(err, STATUS_USAGE, "profile \"%s\": ct-policy: %s has no policy \"%s\"", profile->name,
                                    next->ct.policy_file, profile->ct_policy);
    }
    if (policies != NULL)
        ct_policy_set_free(policies);
    return s;
}

enum status run_ct_read(const struct run_config *config, const struct run_config *running, struct ct_submission *ct, struct error *err)
{
    const struct run_ct *settings = &config->ct;
    struct builder lists[RUN_CT_LISTS_MAX], policies;
    struct bytes texts[RUN_CT_LISTS_MAX];
    for (size_t i = 0; i < RUN_CT_LISTS_MAX; i++)
        builder_init(&lists[i], LOG_LIST_JSON_SIZE_MAX);
    builder_init(&policies, CT_POLICY_TEXT_MAX);
    enum status s = read_lists(settings, lists, texts, err);
    if (s == STATUS_OK)
        s = read_policies(settings, &policies, err);
    if (s == STATUS_OK)
        s = find_policies(config, config, builder_view(&policies), err);
    if (s == STATUS_OK && running != config)
        s = find_policies(running, config, builder_view(&policies), err);
    if (s == STATUS_OK)
        s = ct_submission_set(ct, texts, settings->list_count, builder_view(&policies), err);
    builder_clear(&policies);
    for (size_t i = 0; i < RUN_CT_LISTS_MAX; i++)
        builder_clear(&lists[i]);
    return s == STATUS_OK || s == STATUS_NO_MEMORY ? s : error_prefix(err, STATUS_USAGE, "ct");
}

/* ---- profiles ---- */

static enum status check_profile(const struct certificate_profile *profile, struct ct_submission *ct, int64_t now_s,
                                 struct error *err)
{
    if (profile->ct_policy[0] == '\0')
        return STATUS_OK;
    return ct_submission_check_policy(ct, profile->ct_policy, profile->is_gm, now_s - profile->backdate_s,
                                      now_s - profile->backdate_s + profile->lifetime_s - 1, err);
}

void run_ct_warn(const struct run_config *config, struct ct_submission *ct, const struct events_port *events)
{
    struct clock_port clock = posix_clock();
    for (size_t i = 0; ct != NULL && i < config->profile_count; i++) {
        struct error err = {.status = STATUS_OK};
        if (check_profile(&config->profiles[i], ct, clock.now_ms(clock.context) / 1000, &err) != STATUS_OK)
            events_report(events, EVENT_WARNING, "ct-logs-too-few", {"profile", config->profiles[i].name}, {"reason", err.text});
    }
}

enum status run_ct_open(const struct run_config *config, const struct ct_submission_config *ports, struct ct_submission **out,
                        struct error *err)
{
    struct ct_submission_config settings = *ports;
    if (!config->ct.is_given)
        return STATUS_OK;
    settings.ca_file = config->ct.ca_file[0] != '\0' ? config->ct.ca_file : NULL;
    settings.deadline_ms = (uint32_t)config->ct.deadline_ms;
    settings.log_timeout_ms = (uint32_t)config->ct.log_timeout_ms;
    enum status s = ct_submission_new(&settings, out, err);
    return s == STATUS_OK ? run_ct_read(config, config, *out, err) : s;
}

enum status run_ct_check(const struct run_config *config, const struct algorithms *algorithms, struct error *err)
{
    struct ct_submission_config ports = {.clock = posix_clock(), .algorithms = algorithms};
    struct ct_submission *ct = NULL;
    enum status s = run_ct_open(config, &ports, &ct, err);
    for (size_t i = 0; s == STATUS_OK && ct != NULL && i < config->profile_count; i++) {
        s = check_profile(&config->profiles[i], ct, ports.clock.now_ms(ports.clock.context) / 1000, err);
        if (s != STATUS_OK)
            s = error_prefix(err, STATUS_USAGE, "profile \"%s\"", config->profiles[i].name);
    }
    ct_submission_free(ct);
    return s;
}
