#include "rules/log_finding.h"

static const struct {
    const char *name;
    enum finding_severity severity;
} rows[FINDING_IDS] = {
    [FINDING_SPLIT_VIEW] = {"split-view", FINDING_CRITICAL},
    [FINDING_NOT_A_PREFIX] = {"not-a-prefix", FINDING_CRITICAL},
    [FINDING_SHRANK] = {"shrank", FINDING_CRITICAL},
    [FINDING_WENT_BACK] = {"went-back", FINDING_WARNING},
    [FINDING_BAD_SIGNATURE] = {"bad-signature", FINDING_CRITICAL},
    [FINDING_BAD_HEAD] = {"bad-head", FINDING_WARNING},
    [FINDING_BAD_CONSISTENCY] = {"bad-consistency", FINDING_CRITICAL},
    [FINDING_ROOT_MISMATCH] = {"root-mismatch", FINDING_CRITICAL},
    [FINDING_MISSING_ENTRY] = {"missing-entry", FINDING_CRITICAL},
    [FINDING_HEAD_FROM_FUTURE] = {"head-from-future", FINDING_WARNING},
    [FINDING_HEAD_STALE] = {"head-stale", FINDING_WARNING},
    [FINDING_ENTRY_FROM_FUTURE] = {"entry-from-future", FINDING_WARNING},
    [FINDING_ENTRY_AFTER_HEAD] = {"entry-after-head", FINDING_CRITICAL},
    [FINDING_LATE_MERGE] = {"late-merge", FINDING_CRITICAL},
    [FINDING_SCT_NOT_HONOURED] = {"sct-not-honoured", FINDING_CRITICAL},
    [FINDING_READONLY_GREW] = {"readonly-grew", FINDING_CRITICAL},
    [FINDING_OUTSIDE_INTERVAL] = {"outside-interval", FINDING_WARNING},
    [FINDING_MALFORMED_ENTRY] = {"malformed-entry", FINDING_WARNING},
    [FINDING_UNKNOWN_ENTRY_TYPE] = {"unknown-entry-type", FINDING_WARNING},
    [FINDING_PRECERT_MISMATCH] = {"precert-mismatch", FINDING_WARNING},
    [FINDING_BAD_ISSUER] = {"bad-issuer", FINDING_WARNING},
    [FINDING_BAD_LANDMARKS] = {"bad-landmarks", FINDING_WARNING},
    [FINDING_LANDMARK_CHANGED] = {"landmark-changed", FINDING_CRITICAL},
    [FINDING_MIRROR_STALE] = {"mirror-stale", FINDING_WARNING},
    [FINDING_MIRROR_DISAGREES] = {"mirror-disagrees", FINDING_CRITICAL},
    [FINDING_COSIGNERS_MISSING] = {"cosigners-missing", FINDING_WARNING},
    [FINDING_PRUNED_EARLY] = {"pruned-early", FINDING_CRITICAL},
    [FINDING_UNREACHABLE] = {"unreachable", FINDING_WARNING},
    [FINDING_BAD_VERSION] = {"bad-version", FINDING_CRITICAL},
    [FINDING_VERSION_ORDER] = {"version-order", FINDING_CRITICAL},
    [FINDING_VERSION_CONTENTS] = {"version-contents", FINDING_CRITICAL},
    [FINDING_VERSION_LANDMARK] = {"version-landmark", FINDING_CRITICAL},
    [FINDING_VERSION_LATE] = {"version-late", FINDING_WARNING},
    [FINDING_VERSION_IDENTITIES] = {"version-identities", FINDING_CRITICAL},
    [FINDING_IDENTITIES_REWRITTEN] = {"identities-rewritten", FINDING_CRITICAL},
    [FINDING_IDENTITIES_MISSING] = {"identities-missing", FINDING_WARNING},
};

const char *log_finding_name(enum finding_id id)
{
    return rows[id].name;
}

enum finding_severity log_finding_severity_of(enum finding_id id)
{
    return rows[id].severity;
}

const char *log_finding_severity_name(enum finding_severity severity)
{
    static const char *const names[] = {
        [FINDING_NOTICE] = "notice", [FINDING_WARNING] = "warning", [FINDING_CRITICAL] = "critical"};
    return names[severity];
}
