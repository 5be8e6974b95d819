/* The rules, each a function of a few lines and a row of the table at the end. */
#include "policy/lint_profile.h"

#include <stdio.h>
#include <string.h>

#include "codec/asn1/der.h"
#include "codec/ct/sct_list.h"
#include "crypto/algorithm.h"
#include "crypto/subject_key.h"
#include "policy/policy_rule.h"
#include "rules/dns_name.h"

static const uint8_t oid_sct_list[] = {0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2};

static bool wrong(struct lint_view *view, const char *what, const char *name)
{
    (void)snprintf(view->text, sizeof view->text, "%.70s%s%.120s", what, *name != '\0' ? ": " : "", name);
    return false;
}

static bool is_validity_of_profile(struct lint_view *view)
{
    return view->subject->not_after_s - view->subject->not_before_s + 1 <= view->subject->profile->lifetime_s ||
           wrong(view, "valid for longer than the profile says", view->subject->profile->name);
}

/* ---- names ---- */

static bool is_lower(struct bytes name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.data[i] >= 'A' && name.data[i] <= 'Z')
            return false;
    return true;
}

/* One spelling of a name is issued. */
static bool are_names_of_profile(struct lint_view *view)
{
    const struct certificate_profile *profile = view->subject->profile;
    struct reader r;
    struct san_name san;
    unsigned count = 0;
    reader_init(&r, view->extensions.subject_alt_name);
    for (; san_next(&r, &san); count++) {
        bool is_wildcard = san.tag == SAN_DNS_NAME && san.value.len > 2 && memcmp(san.value.data, "*.", 2) == 0;
        if (san.tag == SAN_IP_ADDRESS && !profile->has_ips)
            return wrong(view, "this profile has no IP addresses", profile->name);
        if (is_wildcard && !profile->has_wildcards)
            return wrong(view, "this profile has no wildcards", profile->name);
        if (san.tag == SAN_DNS_NAME && !is_lower(san.value))
            return wrong(view, "names are issued in small letters", "");
    }
    return count <= profile->names_max || wrong(view, "more names than the profile allows", profile->name);
}

/* ---- the key ---- */

static unsigned key_bit(struct bytes spki)
{
    switch (policy_key_read(spki).kind) {
    case POLICY_KEY_SM2:
        return PROFILE_KEY_SM2;
    case POLICY_KEY_P256:
        return PROFILE_KEY_P256;
    case POLICY_KEY_P384:
        return PROFILE_KEY_P384;
    case POLICY_KEY_P521:
        return PROFILE_KEY_P521;
    case POLICY_KEY_RSA:
        return PROFILE_KEY_RSA;
    case POLICY_KEY_ED25519:
        return PROFILE_KEY_ED25519;
    case POLICY_KEY_MLDSA:
        return PROFILE_KEY_MLDSA;
    case POLICY_KEY_UNKNOWN:
        break;
    }
    return 0;
}

static bool is_key_of_profile(struct lint_view *view)
{
    char name[SUBJECT_KEY_TEXT_SIZE];
    unsigned bit = key_bit(view->subject->spki);
    if ((bit & view->subject->profile->keys) != 0)
        return true;
    if (bit == PROFILE_KEY_SM2 && !view->subject->profile->is_gm)
        return wrong(view, "SM2 keys need a CA that is SM2 throughout (RP-08): use another key", "");
    subject_key_describe(view->subject->spki, name, sizeof name); /* decodes it: not for each good one */
    return wrong(view, "this profile is not for keys of this kind", name);
}

/* ---- extensions ---- */

static bool is_client_auth_of_profile(struct lint_view *view)
{
    bool wanted = view->subject->profile->has_client_auth;
    return view->extensions.has_client_auth == wanted ||
           wrong(view, wanted ? "clientAuth is missing" : "clientAuth is there", "");
}

/* certificatePolicies with exactly the one policy of the profile, without qualifiers. */
static bool is_policy_of_profile(struct lint_view *view)
{
    const char *dotted = view->subject->profile->policy_oid;
    uint8_t memory[128];
    struct builder expected;
    struct extension e;
    bool is_there = policy_view_find_extension(view->subject->extensions, POLICY_OID_CERTIFICATE_POLICIES, &e);
    if (*dotted == '\0')
        return !is_there || wrong(view, "the profile has no policy", "");
    builder_init_fixed(&expected, memory, sizeof memory);
    size_t list = der_open(&expected, DER_SEQUENCE), one = der_open(&expected, DER_SEQUENCE);
    bool ok = algorithm_oid_to_der(dotted, &expected);
    der_close(&expected, one);
    der_close(&expected, list);
    ok = ok && builder_is_good(&expected) && is_there && !e.is_critical && bytes_equal(e.value, builder_view(&expected));
    return ok || wrong(view, "certificatePolicies is not exactly the profile's", dotted);
}

/* SCTs of different logs in an SCT list. */
static size_t count_scts(const struct extension *e)
{
    struct sct_list list;
    struct reader r, contents;
    size_t count = 0;
    reader_init(&r, e->value);
    if (!der_enter(&r, DER_OCTET_STRING, &contents) || sct_list_parse(reader_rest(&contents), &list, NULL) != STATUS_OK)
        return 0;
    for (size_t i = 0; i < list.count; i++) {
        bool is_new = list.scts[i].version == SCT_V1;
        for (size_t k = 0; k < i && is_new; k++)
            is_new = list.scts[k].version != SCT_V1 || !bytes_equal(list.scts[k].log_id, list.scts[i].log_id);
        count += is_new;
    }
    return count;
}

/* What clients get has them; before that nobody has. A profile without a CT policy leaves it to the site to bring them. */
static bool has_scts_as_due(struct lint_view *view)
{
    const struct certificate_profile *profile = view->subject->profile;
    struct extension e;
    char numbers[48];
    if (profile->kind != PROFILE_CLASSIC || view->subject->is_precert || profile->ct_policy[0] == '\0')
        return true;
    if (!policy_view_find_extension(view->subject->extensions, BYTES_OF(oid_sct_list), &e))
        return wrong(view, "no SCT list, and the profile has a CT policy", profile->ct_policy);
    size_t count = count_scts(&e);
    (void)snprintf(numbers, sizeof numbers, "%zu of %zu", count, view->scts_needed);
    return count >= view->scts_needed || wrong(view, "fewer SCTs than the policy's CT rules ask for", numbers);
}

const struct lint_profile_rule lint_profile_rules[] = {
    {"profile-validity", false, is_validity_of_profile},
    {"profile-names", true, are_names_of_profile},
    {"profile-key", false, is_key_of_profile},
    {"profile-client-auth", false, is_client_auth_of_profile},
    {"profile-policy", false, is_policy_of_profile},
    {"profile-scts", false, has_scts_as_due},
};
const size_t lint_profile_rules_count = sizeof lint_profile_rules / sizeof lint_profile_rules[0];
