/* Leaves for other purposes than servers: e-mail, document signatures, time stamping, e-invoices, clients and code. Purposes of
 * keys and what goes with them [RFC3161 2.3], [RFC5280 4.2.1.12], [RFC9336], [S/MIME BR 7.1.2.3]; RP-09 of the root program. */
#include <inttypes.h>
#include <string.h>

#include "policy/policy_leaf_parts.h"
#include "policy/policy_names_parts.h"

static const uint8_t adobe_document[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x2f, 1, 1, 5};          /* 1.2.840.113583.1.1.5 */
static const uint8_t microsoft_document[] = {0x2b, 6, 1, 4, 1, 0x82, 0x37, 0x0a, 3, 0x0c};       /* 1.3.6.1.4.1.311.10.3.12 */

/* Last arcs of id-kp. */
#define KP_CODE_SIGNING 3
#define KP_EMAIL 4
#define KP_TIME_STAMPING 8
#define KP_DOCUMENT_SIGNING 36

#define EMAIL_NAME 0x81 /* rfc822Name */
#define OTHER_NAME 0xa0

#define DAY_S ((int64_t)86400)
#define SIGNS (KEY_USAGE_DIGITAL_SIGNATURE | POLICY_USAGE_NON_REPUDIATION)

/* ---- shared ---- */

static enum policy_outcome check_length(struct policy_view *view, enum policy_limit limit)
{
    int64_t most_s = policy_view_limit(view, limit);
    if (view->length_s <= most_s)
        return POLICY_KEPT;
    return policy_view_broken(view, "valid for %" PRId64 " days and %" PRId64 " s, and %" PRId64 " days are the most", view->length_s / DAY_S,
                              view->length_s % DAY_S, most_s / DAY_S);
}

/* A key that signs for servers or for everything signs nothing else. */
static enum policy_outcome check_not_for_others(struct policy_view *view)
{
    if (view->extensions.has_any_purpose)
        return policy_view_broken(view, "extKeyUsage has any purpose");
    return policy_view_unless(!view->extensions.has_server_auth, view, "extKeyUsage has serverAuth, too");
}

static enum policy_outcome check_signs(struct policy_view *view)
{
    bool is_good = !view->extensions.has_key_usage || (view->extensions.key_usage & SIGNS) != 0;
    return policy_view_unless(is_good, view, "keyUsage has neither digitalSignature nor nonRepudiation");
}

/* ---- e-mail ---- */

static enum policy_outcome check_email_purpose(struct policy_view *view)
{
    if (!policy_leaf_has_kp(view, KP_EMAIL))
        return policy_view_broken(view, "extKeyUsage has no emailProtection");
    return check_not_for_others(view);
}

static enum policy_outcome check_email_name(struct policy_view *view)
{
    struct reader r;
    struct san_name san;
    reader_init(&r, view->extensions.subject_alt_name);
    bool is_met = false;
    while (san_next(&r, &san)) {
        if (san.tag == SAN_DNS_NAME || san.tag == SAN_IP_ADDRESS)
            return policy_view_broken(view, "subjectAltName has names of servers");
        bool is_address = san.tag == EMAIL_NAME && san.value.len > 2 && memchr(san.value.data, '@', san.value.len) != NULL;
        is_met = is_met || is_address || san.tag == OTHER_NAME;
    }
    return policy_view_unless(is_met, view, "no mail address in subjectAltName");
}

static enum policy_outcome check_email_length(struct policy_view *view)
{
    return check_length(view, POLICY_LIMIT_EMAIL_LIFETIME);
}

/* ---- documents ---- */

static enum policy_outcome check_document_purpose(struct policy_view *view)
{
    if (!view->extensions.has_ext_key_usage)
        return POLICY_KEPT;
    bool is_met = policy_leaf_has_kp(view, KP_DOCUMENT_SIGNING) || policy_leaf_has_kp(view, KP_EMAIL) ||
                  policy_leaf_has_purpose(view, BYTES_OF(adobe_document)) || policy_leaf_has_purpose(view, BYTES_OF(microsoft_document));
    if (!is_met)
        return policy_view_broken(view, "extKeyUsage has no purpose that signatures of documents are made for");
    return check_not_for_others(view);
}

static enum policy_outcome check_document_length(struct policy_view *view)
{
    return check_length(view, POLICY_LIMIT_DOCUMENT_LIFETIME);
}

/* ---- time stamping ---- */

/* Critical, and nothing beside it [RFC3161 2.3]. */
static enum policy_outcome check_timestamp_purpose(struct policy_view *view)
{
    struct policy_leaf_purposes purposes;
    struct bytes oid;
    policy_leaf_purposes_init(&purposes, view);
    while (policy_leaf_purposes_next(&purposes, &oid))
        ;
    if (!policy_leaf_has_kp(view, KP_TIME_STAMPING) || purposes.count != 1)
        return policy_view_broken(view, "extKeyUsage is not timeStamping alone");
    return policy_view_unless(purposes.is_critical, view, "extKeyUsage is not critical");
}

static enum policy_outcome check_timestamp_usage(struct policy_view *view)
{
    uint8_t usage = view->extensions.key_usage;
    if (!view->extensions.has_key_usage)
        return POLICY_KEPT;
    return policy_view_unless((usage & SIGNS) != 0 && (usage & ~SIGNS) == 0, view, "keyUsage has something else than digitalSignature and nonRepudiation");
}

static enum policy_outcome check_timestamp_length(struct policy_view *view)
{
    return check_length(view, POLICY_LIMIT_TIMESTAMP_LIFETIME);
}

/* ---- e-invoices ---- */

static enum policy_outcome check_rsa_bits(struct policy_view *view, const struct policy_key *key, const char *whose)
{
    int64_t bits = policy_view_limit(view, POLICY_LIMIT_E_INVOICE_RSA_BITS);
    if (key->kind == POLICY_KEY_RSA && (int64_t)key->rsa_bits == bits)
        return POLICY_KEPT;
    return policy_view_broken(view, "%s key is not RSA of %" PRId64 " bits", whose, bits);
}

static enum policy_outcome check_invoice_rsa(struct policy_view *view)
{
    const struct policy_view_certificate *root = policy_names_root(view) != NULL ? &view->certificates[view->certificate_count - 1] : NULL;
    enum policy_outcome outcome = check_rsa_bits(view, &view->key, "its");
    if (outcome == POLICY_KEPT && root != NULL)
        outcome = root->is_read ? check_rsa_bits(view, &root->key, "the root's") : policy_view_broken(view, "the root cannot be read");
    if (outcome != POLICY_KEPT)
        return outcome;
    if (view->subject->signature.len > 0 && policy_leaf_signature(view->subject->signature) != POLICY_SIGNATURE_RSA)
        return policy_view_broken(view, "not signed by RSA with SHA-2");
    return root != NULL ? POLICY_KEPT : policy_view_unknown(view, "the root is not known");
}

static enum policy_outcome check_invoice_oid(struct policy_view *view)
{
    bool has_row = false;
    for (size_t k = 0; k < policy_set_oid_count(view->set); k++) {
        const struct policy_oid *row = policy_set_oid_at(view->set, k);
        if (row->purpose != TRUST_BUNDLE_E_INVOICE)
            continue;
        has_row = true;
        for (size_t i = 0; i < view->policy_count; i++)
            if (bytes_equal(view->policies[i], bytes_of(row->der, row->der_len)))
                return POLICY_KEPT;
    }
    return has_row ? policy_view_broken(view, "no policy of e-invoices in certificatePolicies")
                   : policy_view_unknown(view, "the policy file names no OID of e-invoices");
}

/* The intermediate that has signed it stands in the trust, and is for nothing else. */
static enum policy_outcome check_invoice_issuer(struct policy_view *view)
{
    const struct policy_path *path = view->subject->path;
    if (path->count < 3)
        return policy_view_broken(view, "no intermediate is between it and the root");
    const struct policy_path_certificate *issuer = &path->certificates[1];
    bool is_dedicated = issuer->is_listed && issuer->purposes.count == 1 && issuer->purposes.at[0] == TRUST_BUNDLE_E_INVOICE;
    return policy_view_unless(is_dedicated, view, "its intermediate is not listed for e-invoices alone");
}

static enum policy_outcome check_invoice_length(struct policy_view *view)
{
    return check_length(view, POLICY_LIMIT_E_INVOICE_LIFETIME);
}

/* ---- clients and code ---- */

static enum policy_outcome check_client_purpose(struct policy_view *view)
{
    return policy_view_unless(view->extensions.has_client_auth && !view->extensions.has_any_purpose, view, "extKeyUsage has no clientAuth, or any purpose");
}

static enum policy_outcome check_code_purpose(struct policy_view *view)
{
    if (!policy_leaf_has_kp(view, KP_CODE_SIGNING))
        return policy_view_broken(view, "extKeyUsage has no codeSigning");
    return check_not_for_others(view);
}

static const struct policy_rule rules[] = {
    {"EM-01", 0, check_email_purpose},
    {"EM-02", 0, check_email_name},
    {"EM-03", 0, check_email_length},
    {"DS-01", 0, check_document_purpose},
    {"DS-02", 0, check_signs},
    {"DS-03", 0, check_document_length},
    {"TS-01", 0, check_timestamp_purpose},
    {"TS-02", 0, check_timestamp_usage},
    {"TS-03", 0, check_timestamp_length},
    {"RP-09", 0, check_invoice_rsa},
    {"EI-01", 0, check_invoice_oid},
    {"EI-02", POLICY_NEEDS_PATH, check_invoice_issuer},
    {"EI-03", 0, check_invoice_length},
    {"EI-04", 0, check_signs},
    {"CL-01", 0, check_client_purpose},
    {"CS-01", 0, check_code_purpose},
    {"CS-02", 0, check_signs},
};
const struct policy_rule_table policy_rules_purpose = {rules, sizeof rules / sizeof rules[0]};
