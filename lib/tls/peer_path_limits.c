/* peer_path_limits.c - what can be said against a path without a signature: purposes, the list's limits, dates. */
#include <string.h>

#include <openssl/x509.h>

#include "base/text.h"
#include "codec/asn1/der.h"
#include "codec/x509/extensions.h"
#include "tls/peer_path_parts.h"

#define SAN_OTHER_NAME 0xa0
#define SAN_EMAIL 0x81
#define SAN_DIRECTORY_NAME 0xa4

static void refuse(struct peer_candidate *c, enum peer_path_reason reason, size_t at)
{
    c->reason = reason;
    c->at = at;
}

static bool is_good(const struct peer_candidate *c)
{
    return c->reason == PEER_PATH_GOOD;
}

/* ---- purposes ---- */

static uint16_t neighbour(uint16_t purpose)
{
    return purpose == TRUST_BUNDLE_TLS ? TRUST_BUNDLE_TLS_INTRANET : purpose == TRUST_BUNDLE_TLS_INTRANET ? TRUST_BUNDLE_TLS : 0;
}

static void judge_purposes(uint16_t asked, struct peer_candidate *c)
{
    const struct peer_anchor *root = &peer_candidate_root(c)->entry->anchor;
    uint16_t other = neighbour(asked);
    c->purpose = peer_anchor_is_for(root, asked) ? asked : other != 0 && peer_anchor_is_for(root, other) ? other : 0;
    if (c->purpose == 0) {
        refuse(c, PEER_PATH_OTHER_PURPOSE, c->count - 1);
        return;
    }
    other = neighbour(c->purpose);
    for (size_t i = 1; i + 1 < c->count && is_good(c); i++) {
        const struct peer_entry *entry = c->nodes[i].entry;
        if (entry == NULL || peer_anchor_is_for(&entry->anchor, c->purpose))
            continue;
        refuse(c, other != 0 && peer_anchor_is_for(&entry->anchor, other) ? PEER_PATH_MIXED : PEER_PATH_OTHER_PURPOSE, i);
    }
}

/* ---- names ---- */

/* Is name the domain, or below it? */
static bool is_within(struct bytes name, struct bytes domain)
{
    if (name.len < domain.len)
        return false;
    size_t before = name.len - domain.len;
    for (size_t i = 0; i < domain.len; i++)
        if (text_lower(name.data[before + i]) != text_lower(domain.data[i]))
            return false;
    return before == 0 || name.data[before - 1] == '.';
}

static bool is_within_any(struct bytes name, const struct bytes *domains, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_within(name, domains[i]))
            return true;
    return false;
}

/* id-on-SmtpUTF8Mailbox [RFC9598] */
static const uint8_t oid_mailbox[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x08, 0x09};

/* A name as limits speak of it. */
struct limited_name {
    struct bytes domain;   /* without "*.", behind the last "@"; empty: it has none */
    bool is_wildcard;
    bool is_never_limited; /* the name of a directory: limits are about the Internet's */
    bool is_incomparable;  /* a domain in other letters than the limits' */
};

static void take_mailbox(struct bytes mailbox, struct limited_name *out)
{
    size_t start = mailbox.len;
    while (start > 0 && mailbox.data[start - 1] != '@')
        start--;
    if (start > 0)
        out->domain = bytes_of(mailbox.data + start, mailbox.len - start);
    for (size_t i = 0; i < out->domain.len; i++)
        out->is_incomparable = out->is_incomparable || out->domain.data[i] >= 0x80;
}

static void take_other_name(struct bytes value, struct limited_name *out)
{
    struct reader r, inner;
    struct der_element oid, text;
    reader_init(&r, value);
    if (der_tagged(&r, DER_OID, &oid) && bytes_equal(oid.contents, BYTES_OF(oid_mailbox)) && der_enter(&r, 0xa0, &inner) &&
        der_any(&inner, &text))
        take_mailbox(text.contents, out);
}

static struct limited_name limited_name_of(const struct san_name *name)
{
    struct bytes value = name->value;
    struct limited_name out = {.is_never_limited = name->tag == SAN_DIRECTORY_NAME};
    if (name->tag == SAN_EMAIL)
        take_mailbox(value, &out);
    else if (name->tag == SAN_OTHER_NAME)
        take_other_name(value, &out);
    else if (name->tag == SAN_DNS_NAME) {
        out.is_wildcard = value.len > 2 && value.data[0] == '*' && value.data[1] == '.';
        out.domain = out.is_wildcard ? bytes_of(value.data + 2, value.len - 2) : value;
    }
    return out;
}

/* "*.example.com" is good for "www.example.com", where that is excluded. */
static bool does_wildcard_reach(struct bytes base, struct bytes domain)
{
    return is_within(domain, base) && domain.len > base.len &&
           memchr(domain.data, '.', domain.len - base.len - 1) == NULL;
}

/* Who is restricted to names may certify nothing else: neither an address nor names of other forms. */
static bool may_have(const struct peer_anchor *anchor, const struct limited_name *name)
{
    if (name->is_never_limited)
        return true;
    if (name->is_incomparable || is_within_any(name->domain, anchor->excluded, anchor->excluded_count))
        return false;
    for (size_t i = 0; name->is_wildcard && i < anchor->excluded_count; i++)
        if (does_wildcard_reach(name->domain, anchor->excluded[i]))
            return false;
    return anchor->permitted_count == 0 || is_within_any(name->domain, anchor->permitted, anchor->permitted_count);
}

static bool are_alternative_names_permitted(const struct peer_anchor *anchor, const struct certificate *leaf)
{
    struct extensions extensions;
    struct san_name name;
    struct reader r;
    struct error ignored;
    if (extensions_parse(leaf->extensions, &extensions, &ignored) != STATUS_OK)
        return false;
    reader_init(&r, extensions.subject_alt_name);
    while (!reader_is_at_end(&r) && san_next(&r, &name)) {
        struct limited_name one = limited_name_of(&name);
        if (!may_have(anchor, &one))
            return false;
    }
    return true;
}

/* Mail addresses in the subject count, too [RFC5280 4.2.1.10]. */
static bool is_subject_permitted(const struct peer_anchor *anchor, const X509 *leaf)
{
    const X509_NAME *subject = X509_get_subject_name(leaf);
    int at = -1;
    while ((at = X509_NAME_get_index_by_NID(subject, NID_pkcs9_emailAddress, at)) >= 0) {
        const ASN1_STRING *text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
        struct limited_name one = {.is_wildcard = false};
        take_mailbox(bytes_of(ASN1_STRING_get0_data(text), (size_t)ASN1_STRING_length(text)), &one);
        if (!may_have(anchor, &one))
            return false;
    }
    return true;
}

static bool are_names_permitted(const struct peer_anchor *anchor, const struct certificate *leaf, const X509 *cert)
{
    return (anchor->permitted_count == 0 && anchor->excluded_count == 0) ||
           (are_alternative_names_permitted(anchor, leaf) && is_subject_permitted(anchor, cert));
}

/* ---- serial numbers ---- */

static bool is_revoked(const struct peer_anchor *issuer, const X509 *cert)
{
    uint8_t serial[TRUST_BUNDLE_SERIAL_SIZE] = {0};
    const ASN1_INTEGER *number = X509_get0_serialNumber(cert);
    int len = ASN1_STRING_length(number);
    const uint8_t *data = ASN1_STRING_get0_data(number);
    while (len > 0 && *data == 0) {
        data++;
        len--;
    }
    if (len > TRUST_BUNDLE_SERIAL_SIZE || ASN1_STRING_type(number) == V_ASN1_NEG_INTEGER)
        return false; /* no range can speak of it */
    if (len > 0)
        memcpy(serial + TRUST_BUNDLE_SERIAL_SIZE - (size_t)len, data, (size_t)len);
    for (size_t i = 0; i < issuer->serial_count; i++)
        if (memcmp(serial, issuer->serials[i].first, sizeof serial) >= 0 && memcmp(serial, issuer->serials[i].last, sizeof serial) <= 0)
            return true;
    return false;
}

/* ---- limits of one anchor on what is below it ---- */

static void judge_anchor(const struct certificate *leaf, struct peer_candidate *c, size_t i)
{
    const struct peer_anchor *a = &c->nodes[i].entry->anchor;
    for (size_t below = 1; a->has_listed_intermediates_only && below < i; below++)
        if (c->nodes[below].entry == NULL) {
            refuse(c, PEER_PATH_UNLISTED_INTERMEDIATE, below);
            return;
        }
    /* Trust that ended before the certificate began is no trust. */
    if (a->distrust_after_s != 0 && ASN1_TIME_cmp_time_t(X509_get0_notBefore(c->nodes[i].cert), (time_t)a->distrust_after_s) > 0)
        refuse(c, PEER_PATH_REMOVED, i);
    else if (a->distrust_after_s != 0 && leaf->not_before_s > a->distrust_after_s)
        refuse(c, PEER_PATH_DISTRUSTED, i);
    else if (!are_names_permitted(a, leaf, c->nodes[0].cert))
        refuse(c, PEER_PATH_NAME_LIMIT, i);
}

/* A CA is its name with its key [RFC5280 6.1.4], whichever of its certificates stands in the path: what it has issued is revoked
 * below a cross certificate as well. */
static void judge_serial(const struct peer_anchors *listed, struct peer_candidate *c, size_t i)
{
    const X509 *issuer = c->nodes[i].cert;
    const X509_NAME *name = X509_get_subject_name(issuer);
    size_t first, count = peer_anchors_named(listed, name, &first);
    for (size_t k = first; k < first + count && is_good(c); k++) {
        const struct peer_entry *entry = peer_anchors_at(listed, k);
        if (entry->anchor.serial_count > 0 && X509_NAME_cmp(X509_get_subject_name(entry->cert), name) == 0 &&
            EVP_PKEY_eq(X509_get0_pubkey(entry->cert), X509_get0_pubkey(issuer)) == 1 &&
            is_revoked(&entry->anchor, c->nodes[i - 1].cert))
            refuse(c, PEER_PATH_SERIAL, i - 1);
    }
}

/* OpenSSL says this again, in its words; here it puts candidates in order. */
static void judge_dates(int64_t at_s, struct peer_candidate *c)
{
    for (size_t i = 0; i < c->count && is_good(c); i++) {
        const X509 *cert = c->nodes[i].cert;
        if (ASN1_TIME_cmp_time_t(X509_get0_notBefore(cert), (time_t)at_s) > 0)
            refuse(c, PEER_PATH_NOT_YET, i);
        else if (ASN1_TIME_cmp_time_t(X509_get0_notAfter(cert), (time_t)at_s) < 0)
            refuse(c, PEER_PATH_EXPIRED, i);
    }
}

void peer_path_limits_judge(const struct peer_path_request *request, const struct certificate *leaf, struct peer_candidate *c)
{
    c->reason = PEER_PATH_GOOD;
    c->unlisted_count = 0;
    for (size_t i = 1; i + 1 < c->count; i++)
        c->unlisted_count += c->nodes[i].entry == NULL ? 1 : 0;
    judge_purposes(request->purpose, c);
    for (size_t i = c->count; i > 0 && is_good(c); i--)
        if (c->nodes[i - 1].entry != NULL)
            judge_anchor(leaf, c, i - 1);
    for (size_t i = c->count; i > 1 && is_good(c); i--)
        judge_serial(peer_trust_listed(request->trust), c, i - 1);
    if (is_good(c))
        judge_dates(request->at_s, c);
}

int64_t peer_path_limits_sct_s(const struct peer_candidate *c, size_t *at)
{
    int64_t limit_s = INT64_MAX;
    *at = 0;
    for (size_t i = 0; i < c->count; i++) {
        const struct peer_entry *entry = c->nodes[i].entry;
        if (entry == NULL || entry->anchor.sct_distrust_after_s == 0 || entry->anchor.sct_distrust_after_s >= limit_s)
            continue;
        limit_s = entry->anchor.sct_distrust_after_s;
        *at = i;
    }
    return limit_s;
}
