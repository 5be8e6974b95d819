#include "registry/registry_parts.h"

static const struct {
    const char *folder, *name;
} kinds[REGISTRY_KINDS] = {
    [REGISTRY_PROGRAM] = {"", "program"},
    [REGISTRY_OPERATOR] = {"operators", "operator"},
    [REGISTRY_ROOT] = {"roots", "root"},
    [REGISTRY_INTERMEDIATE] = {"intermediates", "intermediate"},
    [REGISTRY_MTC_CA] = {"mtc-cas", "MTC CA"},
    [REGISTRY_COSIGNER] = {"cosigners", "cosigner"},
    [REGISTRY_CT_LOG] = {"ct-logs", "CT log"},
    [REGISTRY_IDENTITY_SIGNER] = {"identity-signers", "identity signer"},
    [REGISTRY_BUNDLE_KEY] = {"bundle-keys", "bundle key"},
    [REGISTRY_APPLICATION] = {"applications", "application"},
    [REGISTRY_INCIDENT] = {"incidents", "incident"},
};

const char *registry_kind_folder(enum registry_kind kind)
{
    return kinds[kind].folder;
}

const char *registry_kind_name(enum registry_kind kind)
{
    return kinds[kind].name;
}

enum registry_kind registry_kind_by_folder(struct bytes folder)
{
    unsigned i = REGISTRY_OPERATOR;
    while (i < REGISTRY_KINDS && !bytes_is_text(folder, kinds[i].folder))
        i++;
    return (enum registry_kind)i;
}

const char *registry_purpose_name(uint16_t purpose)
{
    return purpose == REGISTRY_ITSELF ? "" : trust_bundle_purpose_name(purpose);
}

const char *registry_state_name(enum registry_state_kind state)
{
    static const char *const names[] = {
        [REGISTRY_NO_STATE] = "none",         [REGISTRY_APPLIED] = "applied", [REGISTRY_ACCEPTED] = "accepted",
        [REGISTRY_RESTRICTED] = "restricted", [REGISTRY_REFUSED] = "refused", [REGISTRY_REMOVED] = "removed",
    };
    return names[state];
}

const char *registry_scheme_name(enum registry_scheme scheme)
{
    static const char *const names[REGISTRY_SCHEMES] = {
        [REGISTRY_WEBTRUST_CA] = "webtrust-ca",
        [REGISTRY_WEBTRUST_BASELINE] = "webtrust-baseline",
        [REGISTRY_WEBTRUST_EV] = "webtrust-ev",
        [REGISTRY_WEBTRUST_SMIME] = "webtrust-smime",
        [REGISTRY_WEBTRUST_CODE] = "webtrust-code",
        [REGISTRY_ETSI_LCP] = "etsi-lcp",
        [REGISTRY_ETSI_NCP] = "etsi-ncp",
        [REGISTRY_ETSI_NCP_PLUS] = "etsi-ncp+",
        [REGISTRY_ETSI_DVCP] = "etsi-dvcp",
        [REGISTRY_ETSI_OVCP] = "etsi-ovcp",
        [REGISTRY_ETSI_EVCP] = "etsi-evcp",
    };
    return names[scheme];
}

const char *registry_test_site_name(enum registry_test_site_kind kind)
{
    static const char *const names[] = {
        [REGISTRY_SITE_GOOD] = "good", [REGISTRY_SITE_EXPIRED] = "expired", [REGISTRY_SITE_REVOKED] = "revoked"};
    return names[kind];
}

const char *registry_step_name(enum registry_step_kind step)
{
    static const char *const names[] = {
        [REGISTRY_STEP_RECEIVED] = "received",     [REGISTRY_STEP_REVIEWING] = "reviewing",
        [REGISTRY_STEP_DISCUSSION] = "discussion", [REGISTRY_STEP_ACCEPTED] = "accepted",
        [REGISTRY_STEP_REFUSED] = "refused",       [REGISTRY_STEP_WITHDRAWN] = "withdrawn",
        [REGISTRY_STEP_OPENED] = "opened",         [REGISTRY_STEP_REPORT] = "report",
        [REGISTRY_STEP_UPDATE] = "update",         [REGISTRY_STEP_CLOSED] = "closed",
    };
    return names[step];
}
