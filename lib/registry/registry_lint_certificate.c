/* Certificates: how long, which key, by whom, with whom; and what is disclosed below them. */
#include <string.h>

#include "codec/x509/certificate.h"
#include "codec/x509/extensions.h"
#include "crypto/subject_key.h"
#include "registry/registry_lint_parts.h"

/* Deeper than any chain; a circle of files ends here. */
#define DEPTH_MAX 8

const struct registry_thing *registry_root_of(const struct registry *r, const struct registry_thing *thing)
{
    const struct registry_thing *at = thing;
    for (unsigned depth = 0; depth < DEPTH_MAX; depth++) {
        if (at->issuer_id[0] == '\0')
            return at;
        at = registry_find_certificate(r, at->issuer_id);
    }
    return thing;
}

bool registry_is_covered(const struct registry_linting *l, const struct registry_thing *thing, uint16_t purpose)
{
    const struct registry_thing *at = thing;
    if (registry_root_of(l->r, thing)->is_only_listed)
        return false;
    for (unsigned depth = 0; depth < DEPTH_MAX && at->issuer_id[0] != '\0'; depth++) {
        at = registry_find_certificate(l->r, at->issuer_id);
        if (strcmp(at->operator_id, thing->operator_id) != 0)
            return false;
        if (registry_is_trusted(l->r, at, purpose, l->at_s))
            return true;
    }
    return false;
}

/* ---- validity and keys ---- */

static void lint_validity(struct registry_linting *l, const struct registry_thing *thing, const struct certificate *c)
{
    const struct registry_place place = registry_place_of(thing, 0, REGISTRY_ITSELF);
    if (c->not_after_s < l->at_s)
        registry_lint_say(l, FINDING_CERTIFICATE_EXPIRED, place, "the certificate has expired on %s",
                          registry_day_of(c->not_after_s).text);
    else if (c->not_after_s <= l->at_s + l->r->program.warn_days * REGISTRY_DAY_S)
        registry_lint_say(l, FINDING_CERTIFICATE_ENDS, place, "the certificate expires on %s", registry_day_of(c->not_after_s).text);
}

static void lint_key(struct registry_linting *l, const struct registry_thing *thing, const struct certificate *c)
{
    struct extensions extensions;
    struct error err = {.status = STATUS_OK};
    const struct registry_place place = registry_place_of(thing, 0, REGISTRY_ITSELF);
    /* Its numbers were checked when it was added. */
    if (subject_key_check_form(c->spki, &err) != STATUS_OK)
        registry_lint_say(l, FINDING_KEY_WEAK, place, "%s", err.text);
    if (extensions_parse(c->extensions, &extensions, &err) != STATUS_OK)
        registry_lint_say(l, FINDING_CERTIFICATE_NOT_CA, place, "its extensions cannot be read: %s", err.text);
    else if (!extensions.has_basic_constraints || !extensions.is_ca ||
             (extensions.has_key_usage && (extensions.key_usage & KEY_USAGE_KEY_CERT_SIGN) == 0))
        registry_lint_say(l, FINDING_CERTIFICATE_NOT_CA, place, "the certificate is not one of a CA");
    if (thing->is_default && registry_is_sm2(thing))
        registry_lint_say(l, FINDING_DEFAULT_SM2, place, "an SM2 root is trusted by default");
}

static void lint_issuer(struct registry_linting *l, const struct registry_thing *thing, const struct certificate *c,
                        const struct trust_bundle_purposes *purposes)
{
    const struct registry_place place = registry_place_of(thing, 0, REGISTRY_ITSELF);
    struct certificate parsed;
    if (thing->head.kind == REGISTRY_ROOT) {
        if (!bytes_equal(c->issuer, c->subject))
            registry_lint_say(l, FINDING_ISSUER_MISMATCH, place, "the root was issued by another CA: is it an intermediate?");
        return;
    }
    const struct registry_thing *issuer = registry_find_certificate(l->r, thing->issuer_id);
    if (certificate_parse(issuer->der, &parsed, NULL) != STATUS_OK || !bytes_equal(parsed.subject, c->issuer))
        registry_lint_say(l, FINDING_ISSUER_MISMATCH, place, "%s is not who has issued it", thing->issuer_id);
    for (size_t i = 0; i < purposes->count; i++)
        if (!registry_is_trusted(l->r, registry_root_of(l->r, thing), purposes->at[i], l->at_s))
            registry_lint_say(l, FINDING_ISSUER_NOT_TRUSTED, registry_place_of(thing, 0, purposes->at[i]),
                              "%s: its root %s is not trusted for it", registry_purpose_name(purposes->at[i]),
                              registry_root_of(l->r, thing)->head.id);
}

/* ---- intranet, e-invoice ---- */

/* Is an intermediate below this root trusted for public servers? */
static bool has_public_below(const struct registry_linting *l, const struct registry_thing *root)
{
    for (size_t i = 0; i < l->r->things.count; i++) {
        const struct registry_thing *thing = registry_thing_at(l->r, i);
        if (thing->head.kind == REGISTRY_INTERMEDIATE && registry_is_trusted(l->r, thing, TRUST_BUNDLE_TLS, l->at_s) &&
            registry_root_of(l->r, thing) == root)
            return true;
    }
    return false;
}

static void lint_intranet(struct registry_linting *l, const struct registry_thing *thing)
{
    const struct registry_thing *root = registry_root_of(l->r, thing);
    bool is_intranet = registry_is_trusted(l->r, thing, TRUST_BUNDLE_TLS_INTRANET, l->at_s);
    bool is_public = registry_is_trusted(l->r, thing, TRUST_BUNDLE_TLS, l->at_s);
    bool is_root_public = registry_is_trusted(l->r, root, TRUST_BUNDLE_TLS, l->at_s);
    bool is_root_intranet = registry_is_trusted(l->r, root, TRUST_BUNDLE_TLS_INTRANET, l->at_s);
    bool is_beside_public = is_intranet && thing != root && has_public_below(l, root);
    if ((is_intranet && (is_public || is_root_public)) || (is_public && is_root_intranet) || is_beside_public)
        registry_lint_say(l, FINDING_INTRANET_WITH_PUBLIC, registry_place_of(thing, 0, TRUST_BUNDLE_TLS_INTRANET),
                          "one root is trusted for public and for intranet servers");
}

static bool has_dedicated_intermediate(const struct registry_linting *l, const struct registry_thing *root)
{
    for (size_t i = 0; i < l->r->things.count; i++) {
        const struct registry_thing *thing = registry_thing_at(l->r, i);
        if (thing->head.kind == REGISTRY_INTERMEDIATE && thing->e_invoice_oid[0] != '\0' && registry_root_of(l->r, thing) == root)
            return true;
    }
    return false;
}

static void lint_e_invoice(struct registry_linting *l, const struct registry_thing *thing, const struct certificate *c,
                           const struct trust_bundle_purposes *purposes)
{
    const struct registry_place place = registry_place_of(thing, 0, TRUST_BUNDLE_E_INVOICE);
    char key[SUBJECT_KEY_TEXT_SIZE];
    if (!trust_bundle_purposes_have(purposes, TRUST_BUNDLE_E_INVOICE) || thing->is_only_listed)
        return;
    if (thing->head.kind == REGISTRY_INTERMEDIATE) {
        if (thing->e_invoice_oid[0] == '\0' || purposes->count > 1)
            registry_lint_say(l, FINDING_E_INVOICE_INTERMEDIATE, place, "the intermediate %s",
                              purposes->count > 1 ? "has other purposes too" : "has no e-invoice-oid");
        return;
    }
    subject_key_describe(c->spki, key, sizeof key);
    if (strncmp(key, "RSA-", 4) == 0 && strcmp(key, "RSA-2048") != 0)
        registry_lint_say(l, FINDING_E_INVOICE_ROOT_KEY, place, "the root's key is %s", key);
    if (!has_dedicated_intermediate(l, thing))
        registry_lint_say(l, FINDING_E_INVOICE_INTERMEDIATE, place, "there is no intermediate with e-invoice-oid below it");
}

/* ---- disclosure ---- */

static size_t count_below(const struct registry_linting *l, const struct registry_thing *root)
{
    size_t count = 0;
    for (size_t i = 0; i < l->r->things.count; i++) {
        const struct registry_thing *thing = registry_thing_at(l->r, i);
        count += thing->head.kind == REGISTRY_INTERMEDIATE && registry_root_of(l->r, thing) == root ? 1 : 0;
    }
    return count;
}

static void lint_disclosure(struct registry_linting *l, const struct registry_thing *thing)
{
    const struct registry_disclosure *last = NULL;
    struct registry_place place = registry_place_of(thing, 0, REGISTRY_ITSELF);
    if (thing->head.kind == REGISTRY_INTERMEDIATE && (thing->disclosed_s == 0 || thing->disclosed_s > l->at_s))
        registry_lint_say(l, FINDING_INTERMEDIATE_UNDISCLOSED, place, "nobody has disclosed it");
    if (thing->head.kind != REGISTRY_ROOT || thing->is_only_listed || thing->is_default)
        return;
    for (size_t i = 0; i < thing->disclosures.count; i++) {
        const struct registry_disclosure *d = REGISTRY_PART(l->r, disclosure, disclosures, thing->disclosures, i);
        if (d->at_s <= l->at_s && (last == NULL || d->at_s >= last->at_s))
            last = d;
    }
    if (last == NULL) {
        registry_lint_say(l, FINDING_DISCLOSURE_MISSING, place, "its intermediates were never disclosed");
        return;
    }
    place.line = last->line;
    if (l->at_s >= last->at_s + ((int64_t)l->r->program.disclosure_days + 1) * REGISTRY_DAY_S)
        registry_lint_say(l, FINDING_DISCLOSURE_OLD, place, "the last disclosure is of %s", registry_day_of(last->at_s).text);
    size_t count = count_below(l, thing);
    if (count != last->count)
        registry_lint_say(l, FINDING_DISCLOSURE_COUNT, place, "%zu intermediates were disclosed, and %zu are here", last->count, count);
}

void registry_lint_disclosed(struct registry_linting *l, const struct registry_thing *thing)
{
    struct trust_bundle_purposes purposes;
    struct certificate c;
    registry_purposes_at(l->r, registry_root_of(l->r, thing), l->at_s, &purposes);
    if (purposes.count == 0 || certificate_parse(thing->der, &c, NULL) != STATUS_OK)
        return;
    if (c.not_after_s < l->at_s)
        registry_lint_say(l, FINDING_INTERMEDIATE_EXPIRED, registry_place_of(thing, 0, REGISTRY_ITSELF), "it has expired on %s",
                          registry_day_of(c.not_after_s).text);
    purposes.count = 0; /* of its own */
    lint_key(l, thing, &c);
    lint_issuer(l, thing, &c, &purposes);
    lint_disclosure(l, thing);
}

void registry_lint_certificate(struct registry_linting *l, const struct registry_thing *thing,
                               const struct trust_bundle_purposes *purposes)
{
    struct certificate c;
    /* The reader has parsed it before. */
    if (certificate_parse(thing->der, &c, NULL) != STATUS_OK)
        return;
    lint_validity(l, thing, &c);
    lint_intranet(l, thing);
    if (thing->head.kind == REGISTRY_MTC_CA)
        return;
    lint_key(l, thing, &c);
    lint_issuer(l, thing, &c, purposes);
    lint_e_invoice(l, thing, &c, purposes);
    lint_disclosure(l, thing);
}
