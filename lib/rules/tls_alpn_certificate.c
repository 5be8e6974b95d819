#include "rules/tls_alpn_certificate.h"

#include "codec/asn1/der.h"
#include "codec/x509/certificate.h"
#include "codec/x509/extensions.h"

/* id-pe-acmeIdentifier, 1.3.6.1.5.5.7.1.31. */
static const uint8_t oid_acme_identifier[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x1f};

static bool equal_ignoring_case(struct bytes a, struct bytes b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        uint8_t x = a.data[i], y = b.data[i];
        x = x >= 'A' && x <= 'Z' ? (uint8_t)(x + 32) : x;
        y = y >= 'A' && y <= 'Z' ? (uint8_t)(y + 32) : y;
        if (x != y)
            return false;
    }
    return true;
}

static enum status check_names(struct bytes names, bool is_ip, struct bytes name, struct error *err)
{
    struct reader r;
    struct san_name only;
    reader_init(&r, names);
    if (names.len == 0 || !san_next(&r, &only))
        return error_set(err, STATUS_REFUSED, "the certificate has no subjectAltName");
    if (!reader_is_at_end(&r))
        return error_set(err, STATUS_REFUSED, "the certificate has more than one name");
    bool is_same = is_ip ? only.tag == SAN_IP_ADDRESS && bytes_equal(only.value, name)
                         : only.tag == SAN_DNS_NAME && equal_ignoring_case(only.value, name);
    return is_same ? STATUS_OK : error_set(err, STATUS_REFUSED, "the certificate is for another name");
}

static enum status find_digest(struct bytes list, struct bytes *out, struct error *err)
{
    struct reader r, value;
    struct extension extension;
    struct der_element digest;
    reader_init(&r, list);
    while (extensions_next(&r, &extension)) {
        if (!bytes_equal(extension.oid, BYTES_OF(oid_acme_identifier)))
            continue;
        if (!extension.is_critical)
            return error_set(err, STATUS_REFUSED, "the acmeIdentifier extension is not critical");
        reader_init(&value, extension.value);
        if (!der_tagged(&value, DER_OCTET_STRING, &digest) || !reader_is_at_end(&value) ||
            digest.contents.len != 32)
            return error_set(err, STATUS_REFUSED, "the acmeIdentifier extension holds no SHA-256 hash");
        *out = digest.contents;
        return STATUS_OK;
    }
    return error_set(err, STATUS_REFUSED, "the certificate has no acmeIdentifier extension");
}

enum status tls_alpn_certificate_check(struct bytes der, bool is_ip, struct bytes name,
                                       const uint8_t digest[32], struct error *err)
{
    struct certificate certificate;
    struct extensions extensions;
    struct bytes found = {NULL, 0};
    /* [RFC8737 3] wants nothing of its times, and Go's zero time, the year 1, is what some servers give. */
    enum status s = certificate_parse_timeless(der, &certificate, err);
    if (s == STATUS_OK)
        s = extensions_parse(certificate.extensions, &extensions, err);
    if (s != STATUS_OK)
        return error_prefix(err, s, "the certificate");
    s = check_names(extensions.subject_alt_name, is_ip, name, err);
    if (s == STATUS_OK)
        s = find_digest(certificate.extensions, &found, err);
    if (s == STATUS_OK && !bytes_equal_secret(found, bytes_of(digest, 32)))
        s = error_set(err, STATUS_REFUSED, "the acmeIdentifier extension is not the hash of the key authorization");
    return s;
}
