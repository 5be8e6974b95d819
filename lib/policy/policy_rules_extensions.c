/* Extensions of a leaf [BR 7.1.2.7.6 to 7.1.2.7.12, 7.1.2.11], [RFC5280 4.2], [RFC6962 3]. */
#include <string.h>

#include "codec/asn1/der.h"
#include "codec/ct/sct_list.h"
#include "policy/policy_leaf_parts.h"

static const uint8_t oid_key_usage[] = {0x55, 0x1d, 0x0f};
static const uint8_t oid_alt_name[] = {0x55, 0x1d, 0x11};
static const uint8_t oid_name_constraints[] = {0x55, 0x1d, 0x1e};
static const uint8_t oid_crl_points[] = {0x55, 0x1d, 0x1f};
static const uint8_t oid_any_policy[] = {0x55, 0x1d, 0x20, 0x00};
static const uint8_t oid_authority_key_id[] = {0x55, 0x1d, 0x23};
static const uint8_t oid_authority_information[] = {0x2b, 6, 1, 5, 5, 7, 1, 1};
static const uint8_t oid_ocsp[] = {0x2b, 6, 1, 5, 5, 7, 0x30, 1};
static const uint8_t oid_ca_issuers[] = {0x2b, 6, 1, 5, 5, 7, 0x30, 2};
static const uint8_t oid_poison[] = {0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 3};
static const uint8_t oid_sct_list[] = {0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2};

#define URI 0x86

static bool has(const struct policy_view *view, struct bytes oid)
{
    return policy_view_extension(view, oid) != NULL;
}

/* Of a precertificate the poison is meant to be unknown; another rule is about it. Each of the others is read by itself, so that
 * the poison hides nothing. */
static enum policy_outcome check_critical(struct policy_view *view)
{
    bool is_met = !view->subject->is_precert && view->extensions.unknown_critical.len > 0;
    struct extensions one;
    struct extension e;
    struct reader r;
    reader_init(&r, view->subject->extensions);
    for (struct bytes at = reader_rest(&r); view->subject->is_precert && !is_met && extensions_next(&r, &e); at = reader_rest(&r)) {
        struct bytes whole = bytes_of(at.data, at.len - reader_rest(&r).len);
        is_met = !bytes_equal(e.oid, BYTES_OF(oid_poison)) &&
                 (extensions_parse(whole, &one, NULL) != STATUS_OK || one.unknown_critical.len > 0);
    }
    return policy_view_unless(!is_met, view, "a critical extension that nobody knows, or one that is never critical");
}

static enum policy_outcome check_no_ca(struct policy_view *view)
{
    const struct extensions *e = &view->extensions;
    bool is_ca = e->is_ca || e->has_path_len || e->mtc_ca.oid.len > 0 || (e->key_usage & (KEY_USAGE_KEY_CERT_SIGN | KEY_USAGE_CRL_SIGN)) != 0;
    return policy_view_unless(!is_ca, view, "it is the certificate of a CA");
}

/* [BR 7.1.2.7.11]. Without it a key may do everything: who issues says what it is for. */
static enum policy_outcome check_key_usage(struct policy_view *view)
{
    const struct extension *e = policy_view_extension(view, BYTES_OF(oid_key_usage));
    uint8_t usage = view->extensions.key_usage, allowed = KEY_USAGE_DIGITAL_SIGNATURE | POLICY_USAGE_KEY_AGREEMENT;
    bool is_rsa = view->key.kind == POLICY_KEY_RSA;
    if (is_rsa)
        allowed = KEY_USAGE_DIGITAL_SIGNATURE | POLICY_USAGE_KEY_ENCIPHERMENT | POLICY_USAGE_DATA_ENCIPHERMENT;
    if (e == NULL) {
        (void)policy_view_broken(view, "no keyUsage");
        return view->subject->is_issuing ? POLICY_BROKEN : POLICY_BROKEN_MILDLY;
    }
    if (!e->is_critical)
        return policy_view_broken(view, "keyUsage is not critical");
    if ((usage & (is_rsa ? KEY_USAGE_DIGITAL_SIGNATURE | POLICY_USAGE_KEY_ENCIPHERMENT : KEY_USAGE_DIGITAL_SIGNATURE)) == 0)
        return policy_view_broken(view, "keyUsage has no digitalSignature");
    return policy_view_unless((usage & ~allowed) == 0, view, "keyUsage has more than a server's key does");
}

/* What servers' certificates must not be good for [BR 7.1.2.7.10]. */
static enum policy_outcome check_server_auth(struct policy_view *view)
{
    static const uint8_t prefix[] = {0x2b, 6, 1, 5, 5, 7, 3}, others[] = {3, 4, 8, 9};
    static const uint8_t precert_signing[] = {0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 4};
    struct policy_leaf_purposes purposes;
    struct bytes purpose;
    policy_leaf_purposes_init(&purposes, view);
    while (policy_leaf_purposes_next(&purposes, &purpose)) {
        bool is_met = bytes_equal(purpose, BYTES_OF(precert_signing));
        if (purpose.len == sizeof prefix + 1 && memcmp(purpose.data, prefix, sizeof prefix) == 0)
            is_met = memchr(others, purpose.data[sizeof prefix], sizeof others) != NULL;
        if (is_met)
            return policy_view_broken(view, "extKeyUsage has a purpose that no server's certificate may have");
    }
    if (view->extensions.has_any_purpose)
        return policy_view_broken(view, "extKeyUsage has any purpose");
    return policy_view_unless(view->extensions.has_server_auth, view, "extKeyUsage has no serverAuth");
}

static enum policy_outcome check_no_client_auth(struct policy_view *view)
{
    return policy_view_unless(!view->extensions.has_client_auth, view, "extKeyUsage has clientAuth");
}

static enum policy_outcome check_alt_name_critical(struct policy_view *view)
{
    const struct extension *e = policy_view_extension(view, BYTES_OF(oid_alt_name));
    bool is_empty = view->subject->subject.len <= 2; /* 30 00 */
    if (e == NULL)
        return POLICY_NO_CASE;
    if (e->is_critical == is_empty)
        return POLICY_KEPT;
    return policy_view_broken(view, is_empty ? "the subject is empty, and subjectAltName not critical" :
                                               "the subject is not empty, and subjectAltName critical");
}

/* keyIdentifier, nothing else, and that of the issuer [BR 7.1.2.11.1]. */
static enum policy_outcome check_authority_key_id(struct policy_view *view)
{
    const struct extension *e = policy_view_extension(view, BYTES_OF(oid_authority_key_id));
    struct reader r, fields;
    struct der_element id;
    if (e == NULL || view->extensions.authority_key_id.len == 0)
        return policy_view_broken(view, "no authorityKeyIdentifier with a keyIdentifier");
    reader_init(&r, e->value);
    bool is_alone = der_enter(&r, DER_SEQUENCE, &fields) && der_any(&fields, &id) && reader_is_at_end(&fields);
    if (!is_alone)
        return policy_view_broken(view, "authorityKeyIdentifier has an issuer or a serial number");
    if (view->certificate_count < 2 || !view->certificates[1].is_read || view->subject->form == POLICY_MTC)
        return POLICY_KEPT;
    struct bytes issuer = view->certificates[1].extensions.subject_key_id;
    bool is_same = issuer.len == 0 || bytes_equal(issuer, view->extensions.authority_key_id);
    return policy_view_unless(is_same, view, "authorityKeyIdentifier is not the issuer's subjectKeyIdentifier");
}

/* Exactly one reserved policy [BR 7.1.2.7.9, 7.1.6.1]. */
static enum policy_outcome check_policy(struct policy_view *view)
{
    size_t reserved = 0;
    if (view->are_policies_bad || view->policy_count == 0)
        return policy_view_broken(view, "no certificatePolicies that can be read");
    for (size_t i = 0; i < view->policy_count; i++) {
        if (bytes_equal(view->policies[i], BYTES_OF(oid_any_policy)))
            return policy_view_broken(view, "anyPolicy is for CAs");
        for (size_t k = 0; k < policy_set_oid_count(view->set); k++) {
            const struct policy_oid *row = policy_set_oid_at(view->set, k);
            if (row->purpose == TRUST_BUNDLE_TLS && strcmp(row->arc, "cabf") == 0 && bytes_equal(view->policies[i], bytes_of(row->der, row->der_len)))
                reserved++;
        }
    }
    return reserved == 1 ? POLICY_KEPT : policy_view_broken(view, "%zu of the CA/Browser Forum's reserved policies", reserved);
}

/* Access methods that there may be, each with an HTTP URL [BR 7.1.2.7.7]; *has_ocsp says whether one is OCSP. */
static bool is_good_information(struct bytes value, bool *has_ocsp)
{
    struct reader r, list, one;
    struct der_element method, location;
    *has_ocsp = false;
    reader_init(&r, value);
    if (!der_enter(&r, DER_SEQUENCE, &list) || !reader_is_at_end(&r) || reader_is_at_end(&list))
        return false;
    while (!reader_is_at_end(&list)) {
        if (!der_enter(&list, DER_SEQUENCE, &one) || !der_tagged(&one, DER_OID, &method) || !der_tagged(&one, URI, &location) ||
            !reader_is_at_end(&one))
            return false;
        bool is_ocsp = bytes_equal(method.contents, BYTES_OF(oid_ocsp));
        if (!is_ocsp && !bytes_equal(method.contents, BYTES_OF(oid_ca_issuers)))
            return false;
        if (location.contents.len <= 7 || memcmp(location.contents.data, "http://", 7) != 0)
            return false;
        *has_ocsp = *has_ocsp || is_ocsp;
    }
    return true;
}

static enum policy_outcome check_information(struct policy_view *view)
{
    const struct extension *e = policy_view_extension(view, BYTES_OF(oid_authority_information));
    bool has_ocsp;
    if (e == NULL)
        return policy_view_broken(view, "no authorityInfoAccess");
    return policy_view_unless(!e->is_critical && is_good_information(e->value, &has_ocsp), view,
                              "authorityInfoAccess has something else than http URLs of caIssuers and OCSP");
}

static enum policy_outcome check_crl(struct policy_view *view)
{
    const struct extension *information = policy_view_extension(view, BYTES_OF(oid_authority_information));
    bool has_ocsp = false;
    if (view->length_s <= policy_view_limit(view, POLICY_LIMIT_SHORT_LIVED) || has(view, BYTES_OF(oid_crl_points)))
        return POLICY_KEPT;
    if (information != NULL && is_good_information(information->value, &has_ocsp) && has_ocsp)
        return POLICY_KEPT;
    return policy_view_broken(view, "not short-lived, and neither a CRL distribution point nor OCSP");
}

static enum policy_outcome check_no_constraints(struct policy_view *view)
{
    return policy_view_unless(!has(view, BYTES_OF(oid_name_constraints)), view, "nameConstraints are for CAs");
}

/* ---- transparency, as far as the certificate shows it ---- */

static enum policy_outcome check_poison(struct policy_view *view)
{
    static const uint8_t null[] = {DER_NULL, 0};
    const struct extension *e = policy_view_extension(view, BYTES_OF(oid_poison));
    if (!view->subject->is_issuing || !view->subject->is_precert)
        return policy_view_unless(e == NULL, view, "the poison of a precertificate");
    return policy_view_unless(e != NULL && e->is_critical && bytes_equal(e->value, BYTES_OF(null)), view,
                              "a precertificate has the poison: critical, with NULL inside");
}

static enum policy_outcome check_scts(struct policy_view *view)
{
    const struct extension *e = policy_view_extension(view, BYTES_OF(oid_sct_list));
    struct sct_list list;
    struct reader r, contents;
    if (e == NULL)
        return POLICY_KEPT;
    if (view->subject->is_precert)
        return policy_view_broken(view, "a precertificate has no SCT list");
    reader_init(&r, e->value);
    bool is_good = !e->is_critical && der_enter(&r, DER_OCTET_STRING, &contents) && reader_is_at_end(&r) &&
                   sct_list_parse(reader_rest(&contents), &list, NULL) == STATUS_OK;
    return policy_view_unless(is_good, view, "an SCT list that is critical or cannot be read");
}

static enum policy_outcome check_mtc_scts(struct policy_view *view)
{
    return policy_view_unless(!has(view, BYTES_OF(oid_sct_list)), view, "a Merkle Tree Certificate has no SCT list");
}

static const struct policy_rule rules[] = {
    {"rfc5280-critical", 0, check_critical},
    {"br-no-ca", 0, check_no_ca},
    {"br-key-usage", 0, check_key_usage},
    {"br-server-auth", 0, check_server_auth},
    {"chrome-client-auth", 0, check_no_client_auth},
    {"rfc5280-san-critical", 0, check_alt_name_critical},
    {"br-aki", 0, check_authority_key_id},
    {"br-policy", 0, check_policy},
    {"br-aia", 0, check_information},
    {"br-crl", 0, check_crl},
    {"br-name-constraints", 0, check_no_constraints},
    {"rfc6962-poison", 0, check_poison},
    {"rfc6962-scts", 0, check_scts},
    {"cqrp-scts", 0, check_mtc_scts},
};
const struct policy_rule_table policy_rules_extensions = {rules, sizeof rules / sizeof rules[0]};
