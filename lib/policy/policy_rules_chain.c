/* What leaf and issuers have in common: pointers of SM2 chains (RP-05 to RP-08 of the root program), keys and signatures of all
 * certificates of a path [BR 6.1.5, 7.1.3.2]. Without a path the leaf can break a rule, and not keep it. */
#include "policy/policy_leaf_parts.h"

static const uint8_t oid_authority_information[] = {0x2b, 6, 1, 5, 5, 7, 1, 1};

/* A Merkle Tree CA's certificate is no issuer's: nothing points from it to another one. Nor from a root; a path that is none ends
 * before it. */
static size_t issuers_of(const struct policy_view *view)
{
    size_t count = view->certificate_count;
    if (view->subject->form == POLICY_MTC || count < 2)
        return 0;
    return view->certificates[count - 1].row->is_root ? count - 2 : count - 1;
}

static const struct policy_view_certificate *issuer_at(const struct policy_view *view, size_t i)
{
    return &view->certificates[1 + i];
}

/* What is a rule for all of a path has not been kept by the leaf alone. */
static enum policy_outcome kept_by_all(struct policy_view *view)
{
    if (view->certificate_count >= 2)
        return POLICY_KEPT;
    return policy_view_unknown(view, "%s its issuers are not known", view->subject->signature.len > 0 ? "the leaf is fine;" : "not signed yet, and");
}

/* ---- what points to the issuer ---- */

static enum policy_outcome check_key_ids(struct policy_view *view)
{
    if (view->extensions.authority_key_id.len == 0)
        return policy_view_broken(view, "the leaf has no authorityKeyIdentifier with a keyIdentifier");
    for (size_t i = 0; i < issuers_of(view); i++)
        if (!issuer_at(view, i)->is_read || issuer_at(view, i)->extensions.authority_key_id.len == 0)
            return policy_view_broken(view, "issuer %zu has no authorityKeyIdentifier with a keyIdentifier", i + 1);
    return view->subject->form == POLICY_MTC ? POLICY_KEPT : kept_by_all(view);
}

static enum policy_outcome check_information(struct policy_view *view)
{
    const struct extension *leaf = policy_view_extension(view, BYTES_OF(oid_authority_information));
    struct extension e;
    if (leaf == NULL || !policy_view_has_aia(view, leaf->value))
        return policy_view_broken(view, "the leaf's authorityInfoAccess has no URL of its issuer's certificate");
    for (size_t i = 0; i < issuers_of(view); i++) {
        const struct policy_view_certificate *issuer = issuer_at(view, i);
        if (!issuer->is_read || !policy_view_find_extension(issuer->cert.extensions, BYTES_OF(oid_authority_information), &e) ||
            !policy_view_has_aia(view, e.value))
            return policy_view_broken(view, "the authorityInfoAccess of issuer %zu has no URL of its issuer's certificate", i + 1);
    }
    return view->subject->form == POLICY_MTC ? POLICY_KEPT : kept_by_all(view);
}

static enum policy_outcome check_purposes(struct policy_view *view)
{
    if (!view->extensions.has_server_auth)
        return policy_view_broken(view, "extKeyUsage has no serverAuth");
    if (!view->extensions.has_client_auth && policy_view_is_set(view, POLICY_SETTING_CLIENT_AUTH, POLICY_VALUE_GM_REQUIRED))
        return policy_view_broken(view, "extKeyUsage has no clientAuth");
    return POLICY_KEPT;
}

/* ---- one world from leaf to root ---- */

/* The leaf's key is SM2, or the rule is not for it. */
static enum policy_outcome check_sm2(struct policy_view *view)
{
    const struct policy_subject *subject = view->subject;
    if (subject->form == POLICY_CLASSIC && subject->signature.len > 0 && policy_leaf_signature(subject->signature) != POLICY_SIGNATURE_SM2)
        return policy_view_broken(view, "the leaf is not signed by SM2 with SM3");
    for (size_t i = 1; i < view->certificate_count; i++) {
        const struct policy_view_certificate *c = &view->certificates[i];
        if (!c->is_read || c->key.kind != POLICY_KEY_SM2)
            return policy_view_broken(view, "the key of issuer %zu is not SM2", i);
        if (i <= issuers_of(view) && policy_leaf_signature(c->cert.signature_algorithm) != POLICY_SIGNATURE_SM2)
            return policy_view_broken(view, "the certificate of issuer %zu is not signed by SM2 with SM3", i);
    }
    return kept_by_all(view);
}

/* ---- signatures and keys of all ---- */

static enum policy_outcome check_signature_of(struct policy_view *view, struct bytes algorithm, const char *whose, size_t i)
{
    enum policy_signature kind = policy_leaf_signature(algorithm);
    if (kind == POLICY_SIGNATURE_SHA1)
        return policy_view_broken(view, "the signature of %s %zu is made with SHA-1 or MD5", whose, i);
    if (kind == POLICY_SIGNATURE_OTHER || (kind == POLICY_SIGNATURE_SM2 && !view->is_gm))
        return policy_view_broken(view, "the signature of %s %zu is none of RSA or ECDSA with SHA-2 in a form that certificates have", whose, i);
    return POLICY_KEPT;
}

/* What stands in the trust needs no signature: a root signs itself. */
static enum policy_outcome check_signatures(struct policy_view *view)
{
    const struct policy_subject *subject = view->subject;
    enum policy_outcome outcome = POLICY_KEPT;
    if (subject->form == POLICY_MTC)
        return POLICY_NO_CASE; /* a proof stands there, which is verified as one */
    if (subject->signature.len > 0)
        outcome = check_signature_of(view, subject->signature, "certificate", 0);
    for (size_t i = 1; outcome == POLICY_KEPT && i <= issuers_of(view); i++)
        outcome = view->certificates[i].is_read ? check_signature_of(view, view->certificates[i].cert.signature_algorithm, "certificate", i)
                                                : policy_view_broken(view, "certificate %zu of the path cannot be read", i);
    return outcome == POLICY_KEPT ? kept_by_all(view) : outcome;
}

static enum policy_outcome check_keys(struct policy_view *view)
{
    enum policy_outcome outcome = POLICY_KEPT;
    for (size_t i = 1; outcome == POLICY_KEPT && i < view->certificate_count; i++) {
        const struct policy_view_certificate *c = &view->certificates[i];
        outcome = c->is_read ? policy_leaf_check_key(view, &c->key, view->subject->form == POLICY_MTC, "an issuer's key")
                             : policy_view_broken(view, "certificate %zu of the path cannot be read", i);
    }
    return outcome;
}

static const struct policy_rule rules[] = {
    {"RP-05", 0, check_key_ids},
    {"RP-06", 0, check_information},
    {"RP-07", 0, check_purposes},
    {"RP-08", 0, check_sm2},
    {"br-signature", 0, check_signatures},
    {"br-ca-key", POLICY_NEEDS_PATH, check_keys},
};
const struct policy_rule_table policy_rules_chain = {rules, sizeof rules / sizeof rules[0]};
