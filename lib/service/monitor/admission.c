#include "service/monitor/admission.h"

#include <stdio.h>
#include <string.h>

#define DAY_MS ((int64_t)86400000)

static const char *const names[ADMISSION_CRITERIA] = {"observed", "uptime", "outage", "verified", "append-only", "mmd", "policy"};

const char *admission_criterion_name(enum admission_criterion criterion)
{
    return names[criterion];
}

/* ---- uptime ---- */

static void judge_observed(const struct uptime *u, int64_t now_ms, struct admission_answer *out)
{
    unsigned since, with;
    uptime_observed_days(u, now_ms, &since, &with);
    out->is_yes = since >= UPTIME_DAYS && with >= ADMISSION_DAYS_MIN;
    (void)snprintf(out->reason, sizeof out->reason, "observed for %u of %d days, with samples on %u of them", since,
                   UPTIME_DAYS, with);
}

static void judge_uptime(const struct uptime *u, int64_t now_ms, struct admission_answer *out)
{
    struct uptime_figures f;
    size_t endpoint;
    if (!uptime_minimum(u, now_ms, &endpoint, &f)) {
        (void)snprintf(out->reason, sizeof out->reason, "no endpoint was ever asked");
        return;
    }
    out->is_yes = f.ratio >= ADMISSION_RATIO;
    (void)snprintf(out->reason, sizeof out->reason, "the lowest of %zu endpoints is %s with %.3f %% (%llu of %llu intervals), %s %.0f %%",
                   u->endpoint_count, u->endpoints[endpoint].name, f.ratio * 100, (unsigned long long)f.good,
                   (unsigned long long)(f.good + f.bad), out->is_yes ? "at least" : "below", ADMISSION_RATIO * 100);
}

static void judge_outage(const struct uptime *u, int64_t now_ms, struct admission_answer *out)
{
    int64_t longest = 0;
    const char *name = "";
    for (size_t i = 0; i < u->endpoint_count; i++) {
        struct uptime_figures f;
        uptime_figures(u, i, now_ms, &f);
        if (f.longest_outage_ms > longest) {
            longest = f.longest_outage_ms;
            name = u->endpoints[i].name;
        }
    }
    out->is_yes = longest < ADMISSION_OUTAGE_MAX_MS;
    (void)snprintf(out->reason, sizeof out->reason, longest == 0 ? "no outage was seen" : "the longest outage was %lld minutes (%s)",
                   (long long)(longest / 60000), name);
}

/* ---- findings ---- */

enum scope { FOR_EVER, IN_WINDOW };

/* Which of some findings were made; out says so. */
static void judge_findings(const struct log_facts *facts, const enum finding_id *ids, size_t count, enum scope scope,
                           int64_t now_ms, struct admission_answer *out)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        const struct log_facts_finding *f = &facts->findings[ids[i]];
        if (f->count == 0 || (scope == IN_WINDOW && now_ms - f->last_ms > UPTIME_DAYS * DAY_MS))
            continue;
        int n = snprintf(out->reason + len, sizeof out->reason - len, "%s%s (%llu)", len > 0 ? ", " : "",
                         log_finding_name(ids[i]), (unsigned long long)f->count);
        len += n > 0 && (size_t)n < sizeof out->reason - len ? (size_t)n : 0;
    }
    out->is_yes = len == 0;
    if (len == 0)
        (void)snprintf(out->reason, sizeof out->reason, scope == FOR_EVER ? "nothing against it was ever found"
                                                                         : "nothing against it was found in %d days", UPTIME_DAYS);
}

static void judge_verified(const struct log_facts *facts, struct admission_answer *out)
{
    out->is_yes = facts->tree_head_ms > 0 && facts->verified_size == facts->tree_size;
    (void)snprintf(out->reason, sizeof out->reason, "%llu of %llu entries lead to the newest tree head",
                   (unsigned long long)facts->verified_size, (unsigned long long)facts->tree_size);
}

void admission_judge(const struct uptime *uptime, const struct log_facts *facts, int64_t now_ms, struct admission_report *out)
{
    static const enum finding_id append_only[] = {
        FINDING_SPLIT_VIEW, FINDING_NOT_A_PREFIX, FINDING_SHRANK, FINDING_BAD_SIGNATURE, FINDING_BAD_CONSISTENCY,
        FINDING_ROOT_MISMATCH, FINDING_MISSING_ENTRY, FINDING_READONLY_GREW, FINDING_LANDMARK_CHANGED, FINDING_MIRROR_DISAGREES,
        FINDING_PRUNED_EARLY};
    static const enum finding_id mmd[] = {FINDING_HEAD_STALE, FINDING_LATE_MERGE, FINDING_SCT_NOT_HONOURED};
    static const enum finding_id policy[] = {
        FINDING_WENT_BACK, FINDING_BAD_HEAD, FINDING_HEAD_FROM_FUTURE, FINDING_ENTRY_FROM_FUTURE, FINDING_ENTRY_AFTER_HEAD,
        FINDING_OUTSIDE_INTERVAL, FINDING_MALFORMED_ENTRY, FINDING_UNKNOWN_ENTRY_TYPE, FINDING_PRECERT_MISMATCH,
        FINDING_BAD_ISSUER, FINDING_BAD_LANDMARKS, FINDING_COSIGNERS_MISSING};
    memset(out, 0, sizeof *out);
    judge_observed(uptime, now_ms, &out->answers[ADMISSION_OBSERVED]);
    judge_uptime(uptime, now_ms, &out->answers[ADMISSION_UPTIME]);
    judge_outage(uptime, now_ms, &out->answers[ADMISSION_OUTAGE]);
    judge_verified(facts, &out->answers[ADMISSION_VERIFIED]);
    judge_findings(facts, append_only, sizeof append_only / sizeof append_only[0], FOR_EVER, now_ms,
                   &out->answers[ADMISSION_APPEND_ONLY]);
    judge_findings(facts, mmd, sizeof mmd / sizeof mmd[0], IN_WINDOW, now_ms, &out->answers[ADMISSION_MMD]);
    judge_findings(facts, policy, sizeof policy / sizeof policy[0], IN_WINDOW, now_ms, &out->answers[ADMISSION_POLICY]);
    out->is_yes = true;
    for (size_t i = 0; i < ADMISSION_CRITERIA; i++)
        out->is_yes = out->is_yes && out->answers[i].is_yes;
}
