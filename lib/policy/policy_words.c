/* Words of the policy file, and of answers, each in one place. */
#include "policy/policy_words.h"

#include "policy/policy.h"

static const char *const effects[] = {"off", "info", "warn", "level-t1", "not-transparent", "not-secure", "untrusted"};
static const char *const verdicts[] = {"secure", "not_transparent", "not_secure", "untrusted"};
static const char *const results[] = {"pass", "fail", "warn", "info", "not_looked_at", "not_applicable"};

static const char *const values[POLICY_VALUES] = {
    "", "inclusive", "exact", "clock", "issued", "strict", "lenient", "cosigners", "scts", "either", "warn", "refuse", "off", "br",
    "own", "required", "gm-required", "any", "caissuers", "same-level", "one", "t1", "keep", "registry", "registry+multicast",
    "not-global", "internal", "public"};

#define OF(value) (1u << POLICY_VALUE_##value)
static const struct setting_row {
    const char *name;
    unsigned values; /* bits: the ones that it may have */
} settings[POLICY_SETTINGS] = {
    [POLICY_SETTING_LENGTH] = {"length", OF(INCLUSIVE) | OF(EXACT)},
    [POLICY_SETTING_CT_DATE] = {"ct-date", OF(CLOCK) | OF(ISSUED)},
    [POLICY_SETTING_CT_SHORTFALL] = {"ct-shortfall", OF(STRICT) | OF(LENIENT)},
    [POLICY_SETTING_MTC_TRANSPARENCY] = {"mtc-transparency", OF(COSIGNERS) | OF(SCTS) | OF(EITHER)},
    [POLICY_SETTING_INTRANET_LIFETIME_MIN] = {"intranet-lifetime-min", OF(WARN) | OF(REFUSE) | OF(OFF)},
    [POLICY_SETTING_GM_LIFETIME] = {"gm-lifetime", OF(BR) | OF(OWN)},
    [POLICY_SETTING_SUBJECT_FQDN_IN_SAN] = {"subject-fqdn-in-san", OF(REQUIRED) | OF(OFF)},
    [POLICY_SETTING_CLIENT_AUTH] = {"client-auth", OF(GM_REQUIRED) | OF(ANY)},
    [POLICY_SETTING_AIA] = {"aia", OF(CAISSUERS) | OF(ANY)},
    [POLICY_SETTING_POLICY_OIDS] = {"policy-oids", OF(SAME_LEVEL) | OF(ONE)},
    [POLICY_SETTING_OID_ARCS] = {"oid-arcs", OF(OWN) | OF(ANY)},
    [POLICY_SETTING_LEVEL_CONTENT] = {"level-content", OF(T1) | OF(KEEP)},
    [POLICY_SETTING_RESERVED_ADDRESSES] = {"reserved-addresses", OF(REGISTRY) | OF(REGISTRY_MULTICAST) | OF(NOT_GLOBAL)},
    [POLICY_SETTING_HOME_ARPA] = {"home-arpa", OF(INTERNAL) | OF(PUBLIC)},
    [POLICY_SETTING_ONION] = {"onion", OF(PUBLIC) | OF(INTERNAL)},
};

static const struct limit_row {
    const char *name;
    bool is_time; /* its values have a unit of time */
} limits[POLICY_LIMITS] = {
    [POLICY_LIMIT_TLS_LIFETIME] = {"tls-lifetime", true},
    [POLICY_LIMIT_TLS_LIFETIME_ADVISED] = {"tls-lifetime-advised", true},
    [POLICY_LIMIT_GM_LIFETIME] = {"gm-lifetime", true},
    [POLICY_LIMIT_DCV_REUSE] = {"dcv-reuse", true},
    [POLICY_LIMIT_SHORT_LIVED] = {"short-lived", true},
    [POLICY_LIMIT_BACKDATE] = {"backdate", true},
    [POLICY_LIMIT_SERIAL_BITS_MIN] = {"serial-bits-min", false},
    [POLICY_LIMIT_RSA_BITS_MIN] = {"rsa-bits-min", false},
    [POLICY_LIMIT_RSA_BITS_MAX] = {"rsa-bits-max", false},
    [POLICY_LIMIT_RSA_EXPONENT_MIN] = {"rsa-exponent-min", false},
    [POLICY_LIMIT_INTRANET_YEARS_MAX] = {"intranet-years-max", false},
    [POLICY_LIMIT_INTRANET_LIFETIME_MIN] = {"intranet-lifetime-min", true},
    [POLICY_LIMIT_EMAIL_LIFETIME] = {"email-lifetime", true},
    [POLICY_LIMIT_DOCUMENT_LIFETIME] = {"document-lifetime", true},
    [POLICY_LIMIT_TIMESTAMP_LIFETIME] = {"timestamp-lifetime", true},
    [POLICY_LIMIT_E_INVOICE_RSA_BITS] = {"e-invoice-rsa-bits", false},
    [POLICY_LIMIT_E_INVOICE_LIFETIME] = {"e-invoice-lifetime", true},
    [POLICY_LIMIT_MTC_MIRRORS] = {"mtc-mirrors", false},
};

const char *policy_effect_name(enum policy_effect effect)
{
    return effects[effect];
}

const char *policy_verdict_name(enum policy_verdict verdict)
{
    return verdicts[verdict];
}

const char *policy_result_name(enum policy_result result)
{
    return results[result];
}

const char *policy_setting_name(enum policy_setting setting)
{
    return settings[setting].name;
}

const char *policy_value_name(enum policy_value value)
{
    return values[value];
}

const char *policy_limit_name(enum policy_limit limit)
{
    return limits[limit].name;
}

bool policy_words_effect(struct bytes word, enum policy_effect *out)
{
    for (size_t i = 0; i < sizeof effects / sizeof effects[0]; i++) {
        if (!bytes_is_text(word, effects[i]))
            continue;
        *out = (enum policy_effect)i;
        return true;
    }
    return false;
}

bool policy_words_setting(struct bytes word, enum policy_setting *out)
{
    for (size_t i = 0; i < POLICY_SETTINGS; i++) {
        if (!bytes_is_text(word, settings[i].name))
            continue;
        *out = (enum policy_setting)i;
        return true;
    }
    return false;
}

bool policy_words_value(struct bytes word, enum policy_setting setting, enum policy_value *out)
{
    for (size_t i = POLICY_VALUE_NONE + 1; i < POLICY_VALUES; i++) {
        if (!bytes_is_text(word, values[i]) || !policy_words_may_be(setting, (enum policy_value)i))
            continue;
        *out = (enum policy_value)i;
        return true;
    }
    return false;
}

bool policy_words_may_be(enum policy_setting setting, enum policy_value value)
{
    return (settings[setting].values >> value & 1) != 0;
}

bool policy_words_limit(struct bytes word, enum policy_limit *out)
{
    for (size_t i = 0; i < POLICY_LIMITS; i++) {
        if (!bytes_is_text(word, limits[i].name))
            continue;
        *out = (enum policy_limit)i;
        return true;
    }
    return false;
}

bool policy_words_limit_is_time(enum policy_limit limit)
{
    return limits[limit].is_time;
}
