#include "policy/policy_view.h"

#include <string.h>

#include "codec/asn1/der.h"
#include "codec/mtc/draft.h"
#include "policy/policy_ct.h"
#include "policy/policy_level.h"
#include "policy/policy_set_parts.h"

struct policy_subject policy_subject_of_certificate(const struct certificate *cert, uint16_t purpose, int64_t at_s)
{
    struct extension poison;
    return (struct policy_subject){
        .purpose = purpose,
        .form = draft_is_proof(cert->signature_algorithm) ? POLICY_MTC : POLICY_CLASSIC,
        .serial = cert->serial,
        .subject = cert->subject,
        .spki = cert->spki,
        .extensions = cert->extensions,
        .signature = cert->signature_algorithm,
        .not_before_s = cert->not_before_s,
        .not_after_s = cert->not_after_s,
        .at_s = at_s,
        .is_precert = policy_view_find_extension(cert->extensions, POLICY_OID_POISON, &poison),
    };
}

/* ---- reading the leaf ---- */

static enum status read_extensions(struct policy_view *view, struct error *err)
{
    struct reader r;
    enum status s = extensions_parse(view->subject->extensions, &view->extensions, err);
    if (s != STATUS_OK)
        return s;
    reader_init(&r, view->subject->extensions);
    while (view->extension_count < EXTENSIONS_MAX && extensions_next(&r, &view->extension[view->extension_count]))
        view->extension_count++;
    return STATUS_OK;
}

/* Name ::= SEQUENCE OF SET OF SEQUENCE { type, value }. */
static enum status read_subject(struct policy_view *view, struct error *err)
{
    struct reader r, names, set, one;
    struct der_element oid, value;
    reader_init(&r, view->subject->subject);
    if (!der_enter(&r, DER_SEQUENCE, &names) || !reader_is_at_end(&r))
        return error_set(err, STATUS_MALFORMED, "the subject is no Name");
    while (!reader_is_at_end(&names)) {
        if (!der_enter(&names, DER_SET, &set))
            return error_set(err, STATUS_MALFORMED, "the subject is no Name");
        while (!reader_is_at_end(&set)) {
            if (!der_enter(&set, DER_SEQUENCE, &one) || !der_tagged(&one, DER_OID, &oid) || !der_any(&one, &value) ||
                !reader_is_at_end(&one))
                return error_set(err, STATUS_MALFORMED, "the subject is no Name");
            if (view->attribute_count == POLICY_ATTRIBUTES_MAX)
                return error_set(err, STATUS_LIMIT, "the subject has more than %d attributes", POLICY_ATTRIBUTES_MAX);
            view->attributes[view->attribute_count++] = (struct policy_attribute){oid.contents, value.tag, value.contents};
        }
    }
    return STATUS_OK;
}

/* CertificatePolicies ::= SEQUENCE OF SEQUENCE { policyIdentifier, policyQualifiers OPTIONAL } */
static void read_policies(struct policy_view *view)
{
    const struct extension *e = policy_view_extension(view, POLICY_OID_CERTIFICATE_POLICIES);
    struct reader r, list, one;
    struct der_element oid;
    if (e == NULL)
        return;
    reader_init(&r, e->value);
    view->are_policies_bad = !der_enter(&r, DER_SEQUENCE, &list) || !reader_is_at_end(&r) || reader_is_at_end(&list);
    while (!view->are_policies_bad && !reader_is_at_end(&list)) {
        view->are_policies_bad = view->policy_count == POLICY_POLICIES_MAX || !der_enter(&list, DER_SEQUENCE, &one) ||
                                 !der_tagged(&one, DER_OID, &oid);
        if (!view->are_policies_bad)
            view->policies[view->policy_count++] = oid.contents;
    }
}

static void read_path(struct policy_view *view)
{
    const struct policy_path *path = view->subject->path;
    if (path == NULL)
        return;
    view->certificate_count = path->count;
    for (size_t i = 0; i < path->count; i++) {
        struct policy_view_certificate *c = &view->certificates[i];
        c->row = &path->certificates[i];
        c->is_read = certificate_parse(c->row->der, &c->cert, NULL) == STATUS_OK &&
                     extensions_parse(c->cert.extensions, &c->extensions, NULL) == STATUS_OK;
        if (c->is_read)
            c->key = policy_key_read(c->cert.spki);
    }
}

/* ---- what kind it is ---- */

static bool has_intranet_name(const struct policy_view *view)
{
    struct reader r;
    struct san_name san;
    char name[POLICY_DNS_NAME_SIZE];
    bool is_wildcard;
    reader_init(&r, view->extensions.subject_alt_name);
    while (san_next(&r, &san))
        if (san.tag == SAN_IP_ADDRESS && policy_view_is_reserved(view, san.value))
            return true;
    reader_init(&r, view->extensions.subject_alt_name);
    while (policy_view_next_dns(&r, name, &is_wildcard))
        if (policy_view_is_internal(view, name))
            return true;
    return false;
}

/* Who issues knows what for, and has said it: there names of the other network are a mistake. */
static void find_network(struct policy_view *view)
{
    const struct policy_subject *subject = view->subject;
    bool is_server = subject->purpose == TRUST_BUNDLE_TLS || subject->purpose == TRUST_BUNDLE_TLS_INTRANET;
    view->has_intranet_name = is_server && has_intranet_name(view);
    view->has_intranet_oid = is_server && policy_level_has_oid_for(view, TRUST_BUNDLE_TLS_INTRANET);
    view->is_intranet = subject->purpose == TRUST_BUNDLE_TLS_INTRANET ||
                        (is_server && !subject->is_issuing && (view->has_intranet_name || view->has_intranet_oid));
    view->purpose = view->is_intranet ? TRUST_BUNDLE_TLS_INTRANET : subject->purpose;
}

static void begin(struct policy_view *view, const struct policy_set *set, const struct policy_subject *subject)
{
    memset(view, 0, sizeof *view);
    view->set = set;
    view->subject = subject;
    view->level = 1;
    view->issued_s = subject->is_issuing ? subject->at_s : subject->not_before_s;
    view->length_s = subject->not_after_s - subject->not_before_s +
                     (policy_view_is_set(view, POLICY_SETTING_LENGTH, POLICY_VALUE_INCLUSIVE) ? 1 : 0);
}

enum status policy_view_init(struct policy_view *view, const struct policy_set *set, const struct policy_subject *subject,
                             struct error *err)
{
    begin(view, set, subject);
    if (subject->path != NULL && subject->path->count > POLICY_PATH_MAX)
        return error_set(err, STATUS_LIMIT, "a path of more than %d certificates", POLICY_PATH_MAX);
    if (subject->transparency != NULL && (subject->transparency->sct_count > CT_POLICY_SCTS_MAX ||
                                          subject->transparency->cosigner_count > POLICY_COSIGNERS_MAX))
        return error_set(err, STATUS_LIMIT, "more than %d SCTs or %d cosigners", CT_POLICY_SCTS_MAX, POLICY_COSIGNERS_MAX);
    enum status s = read_extensions(view, err);
    if (s == STATUS_OK)
        s = read_subject(view, err);
    if (s != STATUS_OK)
        return s;
    view->key = policy_key_read(subject->spki);
    view->is_gm = view->key.kind == POLICY_KEY_SM2;
    read_policies(view);
    read_path(view);
    find_network(view);
    policy_level_find(view);
    return STATUS_OK;
}

void policy_view_init_names(struct policy_view *view, const struct policy_set *set, const struct policy_subject *subject, bool is_gm,
                            struct bytes general_names)
{
    begin(view, set, subject);
    view->is_gm = is_gm;
    view->extensions.subject_alt_name = general_names;
    find_network(view);
}

/* ---- questions ---- */

static unsigned whom_of(const struct policy_view *view)
{
    return (view->is_gm ? POLICY_FOR_GM : POLICY_FOR_INTL) |
           (view->subject->form == POLICY_MTC ? POLICY_FOR_MTC : POLICY_FOR_CLASSIC) |
           (view->is_intranet ? POLICY_FOR_INTRANET : POLICY_FOR_PUBLIC) | policy_set_whom(view->purpose);
}

enum policy_effect policy_view_effect(const struct policy_view *view, size_t rule)
{
    bool is_by_ct_date = (policy_rules_at(rule)->needs & POLICY_BY_CT_DATE) != 0;
    int64_t at_s = is_by_ct_date ? policy_ct_at_s(view) : view->subject->at_s;
    const struct policy_line *line = policy_set_line(view->set, rule, whom_of(view), at_s, view->issued_s);
    return line != NULL ? line->effect : POLICY_OFF;
}

int64_t policy_view_limit(const struct policy_view *view, enum policy_limit limit)
{
    return policy_set_limit(view->set, limit, view->issued_s);
}

bool policy_view_is_set(const struct policy_view *view, enum policy_setting setting, enum policy_value value)
{
    return policy_set_setting(view->set, setting) == value;
}

const struct extension *policy_view_extension(const struct policy_view *view, struct bytes oid)
{
    for (size_t i = 0; i < view->extension_count; i++)
        if (bytes_equal(view->extension[i].oid, oid))
            return &view->extension[i];
    return NULL;
}

const struct policy_attribute *policy_view_attribute(const struct policy_view *view, struct bytes oid)
{
    for (size_t i = 0; i < view->attribute_count; i++)
        if (bytes_equal(view->attributes[i].oid, oid))
            return &view->attributes[i];
    return NULL;
}

bool policy_view_find_extension(struct bytes extensions, struct bytes oid, struct extension *out)
{
    struct reader r;
    reader_init(&r, extensions);
    while (extensions_next(&r, out))
        if (bytes_equal(out->oid, oid))
            return true;
    return false;
}

/* AuthorityInfoAccessSyntax ::= SEQUENCE OF SEQUENCE { accessMethod OID, accessLocation GeneralName } */
bool policy_view_has_aia(const struct policy_view *view, struct bytes aia)
{
    static const char http[] = "http://";
    struct reader r, list, one;
    struct der_element method, location;
    reader_init(&r, aia);
    if (!der_enter(&r, DER_SEQUENCE, &list) || !reader_is_at_end(&r))
        return false;
    while (der_enter(&list, DER_SEQUENCE, &one)) {
        if (!der_tagged(&one, DER_OID, &method) || !der_any(&one, &location))
            return false;
        bool is_issuer = bytes_equal(method.contents, POLICY_OID("\x2b\x06\x01\x05\x05\x07\x30\x02"));
        bool is_ocsp = bytes_equal(method.contents, POLICY_OID("\x2b\x06\x01\x05\x05\x07\x30\x01"));
        bool counts = is_issuer || (is_ocsp && policy_view_is_set(view, POLICY_SETTING_AIA, POLICY_VALUE_ANY));
        if (counts && location.tag == DER_CONTEXT(6) && location.contents.len > sizeof http - 1 &&
            memcmp(location.contents.data, http, sizeof http - 1) == 0)
            return true;
    }
    return false;
}
