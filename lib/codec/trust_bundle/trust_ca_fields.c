/* The element of an MTC CA: where it is found, and whose signatures it needs. */
#include "codec/mtc/ca_certificate.h"
#include "codec/trust_bundle/trust_fields.h"

static enum status read_urls(struct reader *r, struct trust_bundle *b, struct trust_bundle_ca *ca, struct error *err)
{
    struct reader child;
    ca->url_first = b->urls.count;
    if (!reader_vector_u16(r, &child))
        return trust_fields_malformed(r, "URLs of a CA", err);
    while (!reader_is_at_end(&child)) {
        struct bytes url;
        if (!trust_fields_url(&child, false, &url))
            return trust_fields_malformed(&child, "URL of a CA", err);
        if (ca->url_count++ == TRUST_BUNDLE_URLS_PER_CA_MAX)
            return error_set(err, STATUS_LIMIT, "trust bundle: a CA has more than %d URLs", TRUST_BUNDLE_URLS_PER_CA_MAX);
        enum status s = trust_fields_append(&b->urls, &url, "URLs", err);
        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}

static bool has_cosigner(const struct trust_bundle *b, const struct tai *id)
{
    for (size_t i = 0; i < b->cosigners.count; i++)
        if (tai_equal(&trust_bundle_cosigner_at(b, i)->id, id))
            return true;
    return false;
}

static enum status read_members(struct reader *r, struct trust_bundle *b, struct trust_bundle_rule *rule, struct error *err)
{
    struct tai id, last = {.len = 0};
    rule->member_first = b->members.count;
    while (!reader_is_at_end(r)) {
        if (!trust_fields_id(r, &id) || (last.len > 0 && tai_compare(&last, &id) >= 0) || !has_cosigner(b, &id))
            return trust_fields_malformed(r, "member of a rule: out of order, or no cosigner of the bundle", err);
        if (rule->member_count++ == TRUST_BUNDLE_MEMBERS_PER_RULE_MAX)
            return error_set(err, STATUS_LIMIT, "trust bundle: a rule has more than %d members",
                             TRUST_BUNDLE_MEMBERS_PER_RULE_MAX);
        last = id;
        enum status s = trust_fields_append(&b->members, &id, "members of rules", err);
        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}

static enum status read_rule(struct reader *r, struct trust_bundle *b, struct error *err)
{
    struct trust_bundle_rule rule = {.member_count = 0};
    struct reader members;
    uint8_t kind;
    if (!reader_u8(r, &kind) || kind < TRUST_BUNDLE_SIGNATURES || kind > TRUST_BUNDLE_OPERATORS ||
        !reader_u16(r, &rule.needed) || !reader_vector_u16(r, &members))
        return trust_fields_malformed(r, "rule of a CA", err);
    rule.kind = (enum trust_bundle_rule_kind)kind;
    enum status s = read_members(&members, b, &rule, err);
    if (s == STATUS_OK && (rule.needed == 0 || rule.needed > rule.member_count))
        s = trust_fields_malformed(r, "a rule needs none, or more than its members", err);
    return s == STATUS_OK ? trust_fields_append(&b->rules, &rule, "rules", err) : s;
}

static enum status read_rules(struct reader *r, struct trust_bundle *b, struct trust_bundle_ca *ca, struct error *err)
{
    struct reader child;
    ca->rule_first = b->rules.count;
    if (!reader_vector_u16(r, &child))
        return trust_fields_malformed(r, "rules of a CA", err);
    while (!reader_is_at_end(&child)) {
        if (ca->rule_count++ == TRUST_BUNDLE_RULES_PER_CA_MAX)
            return error_set(err, STATUS_LIMIT, "trust bundle: a CA has more than %d rules", TRUST_BUNDLE_RULES_PER_CA_MAX);
        enum status s = read_rule(&child, b, err);
        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}

enum status trust_ca_fields_read(struct reader *r, struct trust_bundle *b, struct error *err)
{
    struct trust_bundle_ca ca = {.url_count = 0};
    struct ca_certificate parsed;
    if (!trust_fields_certificate(r, &ca.certificate) || !trust_fields_text(r, false, &ca.operator_name) ||
        !trust_fields_purposes(r, &ca.purposes) || !trust_fields_level(r, &ca.level_max))
        return trust_fields_malformed(r, "MTC CA", err);
    enum status s = ca_certificate_parse(ca.certificate, &parsed, err);
    if (s != STATUS_OK)
        return error_prefix(err, STATUS_MALFORMED, "trust bundle: certificate of an MTC CA");
    ca.id = parsed.id;
    size_t n = b->cas.count;
    if (n > 0 && tai_compare(&trust_bundle_ca_at(b, n - 1)->id, &ca.id) >= 0)
        return trust_fields_malformed(r, "MTC CAs are not in order", err);
    s = read_urls(r, b, &ca, err);
    if (s == STATUS_OK)
        s = read_rules(r, b, &ca, err);
    return s == STATUS_OK ? trust_fields_append(&b->cas, &ca, "MTC CAs", err) : s;
}
