#include "rules/caa.h"

#include "base/reader.h"
#include "rules/issue_value.h"

#include <string.h>

/* What we understand: [RFC8659 4.2-4.4], [RFC9495] (mail, nothing to us), contacts of [BR A.1]. */
static const char *const known_tags[] = {"issue",        "issuewild",    "iodef",
                                         "issuemail",    "contactemail", "contactphone"};

static bool is_tag(struct bytes tag)
{
    for (size_t i = 0; i < tag.len; i++) {
        uint8_t c = tag.data[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
            return false;
    }
    return tag.len > 0;
}

enum status caa_record_parse(struct bytes rdata, struct caa_record *out, struct error *err)
{
    struct reader r;
    uint8_t tag_len;
    reader_init(&r, rdata);
    if (!reader_u8(&r, &out->flags) || !reader_u8(&r, &tag_len) ||
        !reader_bytes(&r, tag_len, &out->tag))
        return error_set(err, STATUS_MALFORMED, "a CAA record is cut short");
    if (!is_tag(out->tag))
        return error_set(err, STATUS_MALFORMED, "a CAA record's tag is not letters and digits");
    out->value = reader_rest(&r);
    return STATUS_OK;
}

static enum status check_understood(const struct bytes *records, size_t count, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        struct caa_record record;
        char shown[ISSUE_VALUE_SHOWN_SIZE];
        if (caa_record_parse(records[i], &record, err) != STATUS_OK)
            return error_set(err, STATUS_REFUSED, "a CAA record is malformed");
        if ((record.flags & CAA_CRITICAL) == 0 ||
            issue_value_is_one_of(record.tag, known_tags, sizeof known_tags / sizeof known_tags[0]))
            continue;
        issue_value_show(record.tag, shown);
        return error_set(err, STATUS_REFUSED, "CAA property \"%s\" is critical and unknown to us", shown);
    }
    return STATUS_OK;
}

/* [RFC8657 3]: a property with two accounturi is met by nobody. */
static enum status check_account(const struct issue_value *v, const struct caa_question *q,
                                 struct error *err)
{
    struct bytes value;
    size_t count = issue_value_find(v, "accounturi", &value);
    if (count == 0)
        return STATUS_OK;
    if (count > 1)
        return error_set(err, STATUS_REFUSED, "a CAA record for us has more than one accounturi");
    if (q->account_url != NULL && bytes_is_text(value, q->account_url))
        return STATUS_OK;
    return error_set(err, STATUS_REFUSED, "accounturi of the CAA record names another account");
}

static enum status check_method(const struct issue_value *v, const struct caa_question *q,
                                struct error *err)
{
    struct bytes value;
    size_t count = issue_value_find(v, "validationmethods", &value);
    if (count == 0)
        return STATUS_OK;
    if (count > 1)
        return error_set(err, STATUS_REFUSED, "a CAA record for us has more than one validationmethods");
    while (q->method != NULL && value.data != NULL) {
        const uint8_t *comma = value.len > 0 ? memchr(value.data, ',', value.len) : NULL;
        size_t len = comma != NULL ? (size_t)(comma - value.data) : value.len;
        if (bytes_is_text(bytes_of(value.data, len), q->method))
            return STATUS_OK;
        value = comma != NULL ? bytes_of(comma + 1, value.len - len - 1) : bytes_of(NULL, 0);
    }
    return error_set(err, STATUS_REFUSED, "validationmethods of the CAA record does not list %s",
                     q->method != NULL ? q->method : "the method");
}

/* A value that is not in the grammar permits nobody [RFC8659 4.2]. */
static enum status check_value(struct bytes text, const struct caa_question *q, struct error *err)
{
    struct issue_value v;
    char shown[ISSUE_VALUE_SHOWN_SIZE];
    issue_value_show(text, shown);
    if (issue_value_parse(text, &v, err) != STATUS_OK)
        return error_set(err, STATUS_REFUSED, "CAA value \"%s\" is malformed", shown);
    if (v.domain.len == 0)
        return error_set(err, STATUS_REFUSED, "CAA value \"%s\" permits no CA", shown);
    if (!issue_value_is_one_of(v.domain, q->issuers, q->issuer_count))
        return error_set(err, STATUS_REFUSED, "CAA permits only other CAs (\"%s\")", shown);
    enum status s = check_account(&v, q, err);
    return s == STATUS_OK ? check_method(&v, q, err) : s;
}

static size_t count_tag(const struct bytes *records, size_t count, const char *tag)
{
    size_t found = 0;
    struct caa_record record;
    for (size_t i = 0; i < count; i++)
        found += caa_record_parse(records[i], &record, NULL) == STATUS_OK && issue_value_is(record.tag, tag);
    return found;
}

enum status caa_check(const struct bytes *records, size_t count, const struct caa_question *q,
                      struct error *err)
{
    enum status s = check_understood(records, count, err);
    if (s != STATUS_OK)
        return s;
    /* issuewild, where there is one, is the only one that counts for wildcards [RFC8659 4.3]. */
    const char *tag = q->is_wildcard && count_tag(records, count, "issuewild") > 0 ? "issuewild" : "issue";
    struct error best = {.status = STATUS_OK};
    bool is_ours = false;
    for (size_t i = 0; i < count; i++) {
        struct caa_record record;
        struct error why = {.status = STATUS_OK};
        if (caa_record_parse(records[i], &record, NULL) != STATUS_OK || !issue_value_is(record.tag, tag))
            continue;
        if (check_value(record.value, q, &why) == STATUS_OK)
            return STATUS_OK;
        /* The reason of the record that names us says most. */
        bool names_us = issue_value_is_one_of(issue_value_domain(record.value), q->issuers, q->issuer_count);
        if (best.status == STATUS_OK || (names_us && !is_ours))
            best = why;
        is_ours |= names_us;
    }
    if (best.status == STATUS_OK)
        return STATUS_OK; /* no property of this kind restricts it */
    return error_set(err, STATUS_REFUSED, "%s", best.text);
}
