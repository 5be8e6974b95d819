/* The part of certificate_choice.h that is words. */
#include "rules/certificate_choice.h"

static const char *const reasons[CHOICE_REASON_COUNT] = {
    [CHOICE_TAKEN] = "taken",
    [CHOICE_TAKEN_UNASKED] = "taken, though it was not asked for: nothing else serves this client",
    [CHOICE_TAKEN_EARLY] = "taken, though it is not valid yet by the clock here: nothing else serves this client",
    [CHOICE_BETTER_KIND] = "a better kind serves this client",
    [CHOICE_BETTER_MATCH] = "the client asked for the trust anchor of another one",
    [CHOICE_BETTER_CHAIN] = "the client knows the signatures of another chain better",
    [CHOICE_BETTER_KEY] = "the key of another one is preferred",
    [CHOICE_SHORTER_VALID] = "another one is valid for longer, or stands first",
    [CHOICE_NOT_YET_VALID] = "not yet valid",
    [CHOICE_EXPIRED] = "expired",
    [CHOICE_STAGE] = "the site's stage does not serve this kind",
    [CHOICE_KEY_OF_OTHER_WORLD] = "its key is not of its world: SM2 for GM, and nothing but GM",
    [CHOICE_NO_VERSION] = "the client has neither TLS 1.3 nor TLS 1.2",
    [CHOICE_NO_TLS13] = "the client has no TLS 1.3",
    [CHOICE_NO_SUITE] = "the client offers no cipher suite for it",
    [CHOICE_NO_GROUP] = "the client offers no group for it",
    [CHOICE_NO_SCHEME] = "the client takes no signature that its key makes",
    [CHOICE_CERTIFICATE_SCHEME] =
        "the client's signature_algorithms_cert leaves out how the certificate is signed",
    [CHOICE_SM2_WITH_EXTENSION_50] =
        "a certificate that SM2 signed cannot be served to a client with signature_algorithms_cert",
    [CHOICE_NO_TRUST_ANCHORS] = "the client sends no trust_anchors",
    [CHOICE_ANCHOR_NOT_ASKED] = "the client did not ask for its trust anchor",
};

const char *certificate_choice_reason_text(enum choice_reason reason)
{
    return (unsigned)reason < CHOICE_REASON_COUNT ? reasons[reason] : "unknown";
}

static const char *const kinds[CREDENTIAL_KIND_COUNT] = {
    [CREDENTIAL_GM_LANDMARK] = "gm-landmark",     [CREDENTIAL_GM_STANDALONE] = "gm-standalone",
    [CREDENTIAL_GM_CLASSIC] = "gm-classic",       [CREDENTIAL_INTL_LANDMARK] = "intl-landmark",
    [CREDENTIAL_INTL_STANDALONE] = "intl-standalone", [CREDENTIAL_INTL_CLASSIC] = "intl-classic",
};

const char *certificate_choice_kind_name(enum credential_kind kind)
{
    return (unsigned)kind < CREDENTIAL_KIND_COUNT ? kinds[kind] : "unknown";
}

#define STAGE_COUNT (STAGE_LANDMARK + 1)

static const char *const stages[STAGE_COUNT] = {
    [STAGE_CLASSIC] = "classic",
    [STAGE_STANDALONE] = "standalone",
    [STAGE_LANDMARK] = "landmark",
};

const char *certificate_choice_stage_name(enum transition_stage stage)
{
    return (unsigned)stage < STAGE_COUNT ? stages[stage] : "unknown";
}

bool certificate_choice_stage_by_name(struct bytes name, enum transition_stage *out)
{
    for (unsigned i = 0; i < STAGE_COUNT; i++) {
        if (bytes_is_text(name, stages[i])) {
            *out = (enum transition_stage)i;
            return true;
        }
    }
    return false;
}
