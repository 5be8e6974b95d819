#include "rules/dns_persist.h"

#include "base/text.h"
#include "rules/issue_value.h"

static enum status find_once(const struct issue_value *v, const char *tag, bool *is_there,
                             struct bytes *value, struct error *err)
{
    size_t count = issue_value_find(v, tag, value);
    *is_there = count == 1;
    return count <= 1 ? STATUS_OK : error_set(err, STATUS_MALFORMED, "%s is there more than once", tag);
}

enum status dns_persist_parse(struct bytes text, struct dns_persist *out, struct error *err)
{
    struct issue_value v;
    struct bytes policy = {NULL, 0}, until = {NULL, 0};
    bool has_account, has_policy;
    *out = (struct dns_persist){.has_until = false};
    enum status s = issue_value_parse(text, &v, err);
    if (s == STATUS_OK)
        s = find_once(&v, "accounturi", &has_account, &out->account_uri, err);
    if (s == STATUS_OK && (!has_account || out->account_uri.len == 0))
        s = error_set(err, STATUS_MALFORMED, "accounturi is missing");
    if (s == STATUS_OK)
        s = find_once(&v, "policy", &has_policy, &policy, err);
    if (s == STATUS_OK)
        s = find_once(&v, "persistUntil", &out->has_until, &until, err);
    if (s == STATUS_OK && out->has_until && !text_parse_u64(until, INT64_MAX, &out->until_s))
        s = error_set(err, STATUS_MALFORMED, "persistUntil is no number of seconds");
    if (s != STATUS_OK)
        return s;
    out->issuer = v.domain;
    out->is_wildcard = has_policy && issue_value_is(policy, "wildcard");
    return STATUS_OK;
}

static enum status check_one(struct bytes text, const struct dns_persist_question *q, struct error *err)
{
    struct dns_persist record;
    enum status s = dns_persist_parse(text, &record, err);
    if (s != STATUS_OK)
        return error_prefix(err, s, "the record for us is malformed");
    if (q->account_url == NULL || !bytes_is_text(record.account_uri, q->account_url))
        return error_set(err, STATUS_REFUSED, "accounturi of the record names another account");
    /* "after": the second itself still counts. */
    if (record.has_until && (q->now_s < 0 || (uint64_t)q->now_s > record.until_s))
        return error_set(err, STATUS_REFUSED, "the time of persistUntil has passed");
    if (q->is_wildcard && !record.is_wildcard)
        return error_set(err, STATUS_REFUSED, "a wildcard needs policy=wildcard in the record");
    return STATUS_OK;
}

enum status dns_persist_check(const struct bytes *texts, size_t count,
                              const struct dns_persist_question *q, struct error *err)
{
    struct error best = {.status = STATUS_OK};
    for (size_t i = 0; i < count; i++) {
        struct error why = {.status = STATUS_OK};
        if (!issue_value_is_one_of(issue_value_domain(texts[i]), q->issuers, q->issuer_count))
            continue;
        enum status s = check_one(texts[i], q, &why);
        if (s == STATUS_OK)
            return STATUS_OK;
        if (best.status == STATUS_OK || (s == STATUS_MALFORMED && best.status != STATUS_MALFORMED))
            best = why;
    }
    if (best.status != STATUS_OK)
        return error_set(err, best.status, "%s", best.text);
    return error_set(err, STATUS_REFUSED, "none of %zu records names us as the issuer", count);
}
