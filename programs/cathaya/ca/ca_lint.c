#include "ca/ca_lint.h"

#include <stdio.h>

#include "judging/policy_files.h"
#include "output.h"
#include "rules/csr_rules.h"

static enum status read_policy(const struct options *options, struct ca_lint *lint, struct error *err)
{
    size_t count;
    enum status s = judging_labels_read(options, lint->labels, &count, err);
    if (s == STATUS_OK)
        s = policy_files_read(options_value(options, "policy"), options_value(options, "ct-policies"), &lint->set, err);
    if (s == STATUS_OK)
        s = public_names_new(NULL, lint->labels, count, &lint->names, err);
    if (s != STATUS_OK)
        return s;
    run_lint_init(&lint->lint, lint->names, lint->set);
    run_lint_fill(&lint->lint, &lint->subject);
    return STATUS_OK;
}

enum status ca_lint_read(const struct options *options, struct ca_lint *out, struct error *err)
{
    *out = (struct ca_lint){.set = NULL};
    if (options_has(options, "ct-policies") && !options_has(options, "policy"))
        return error_set(err, STATUS_USAGE, "--ct-policies goes with --policy");
    enum status s = judging_check_read(options, &out->check, err);
    return s == STATUS_OK && out->check != JUDGING_OFF ? read_policy(options, out, err) : s;
}

void ca_lint_clear(struct ca_lint *lint)
{
    public_names_free(lint->names);
    policy_set_free(lint->set);
    *lint = (struct ca_lint){.set = NULL};
}

static void warn(void *context, size_t at, const struct lint_report *report)
{
    const struct ca_lint *lint = context;
    for (size_t i = 0; i < report->count; i++)
        output_error("warning: %s: %s: %s", lint->files[at], report->findings[i].rule, report->findings[i].text);
}

void ca_lint_install(struct ca_lint *lint, struct ca_directory *dir, const char *const *files)
{
    struct issuer *issuer = &dir->issuer;
    struct certificate_profile *profile = &issuer->profile;
    bool is_gm = dir->config.draft == &draft_gm;
    if (lint->check == JUDGING_OFF)
        return;
    /* Which keys are strong enough, and of a kind that clients know, the policy says. Not SM2 in the international world: a GM certificate is
     * GM throughout (root program RP-08), and such a CA's cannot be. */
    (void)snprintf(profile->name, sizeof profile->name, "%s", is_gm ? "suite gm" : "suite intl");
    profile->kind = PROFILE_MTC;
    profile->is_gm = is_gm;
    profile->keys = is_gm ? ~0U : ~(unsigned)PROFILE_KEY_SM2;
    profile->has_wildcards = true;
    profile->has_ips = true;
    profile->names_max = CSR_RULES_NAMES_MAX;
    issuer->lint = &lint->subject;
    lint->files = files;
    if (lint->check == JUDGING_WARN) {
        issuer->on_findings = warn;
        issuer->findings_context = lint;
    }
}
