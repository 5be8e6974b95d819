#include "codec/x509/csr.h"

#include "codec/asn1/der.h"
#include "codec/x509/extensions.h"

/* 1.2.840.113549.1.9.14 */
static const uint8_t oid_extension_request[] = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                                                0x0d, 0x01, 0x09, 0x0e};

static enum status malformed(const struct reader *r, struct error *err, const char *field)
{
    return error_at(err, STATUS_MALFORMED, reader_offset(r), "certification request: bad %s", field);
}

static bool read_whole(struct reader *r, uint8_t tag, struct bytes *whole)
{
    struct der_element element;
    if (!der_tagged(r, tag, &element))
        return false;
    *whole = element.whole;
    return true;
}

static enum status read_spki(struct reader *r, struct csr *out, struct error *err)
{
    struct reader start = *r, child;
    struct bytes key;
    if (!der_enter(r, DER_SEQUENCE, &child) ||
        !read_whole(&child, DER_SEQUENCE, &out->spki_algorithm) ||
        !read_whole(&child, DER_BIT_STRING, &key) || !reader_is_at_end(&child))
        return malformed(&start, err, "subjectPKInfo");
    out->spki = bytes_of(start.at, (size_t)(r->at - start.at));
    return STATUS_OK;
}

/* The values of extensionRequest: exactly one Extensions. */
static enum status read_extension_request(struct reader *values, struct csr *out, struct error *err)
{
    struct reader start = *values;
    struct der_element list;
    if (!der_tagged(values, DER_SEQUENCE, &list) || !reader_is_at_end(values))
        return malformed(&start, err, "extensionRequest (one value)");
    struct extensions extensions;
    enum status s = extensions_parse(list.contents, &extensions, err);
    if (s != STATUS_OK) {
        (void)error_prefix(err, s, "certification request, extensionRequest at byte %zu",
                           reader_offset(&start));
        return s;
    }
    out->subject_alt_name = extensions.subject_alt_name;
    return STATUS_OK;
}

static enum status read_attributes(struct reader *r, struct csr *out, struct error *err)
{
    struct reader list, attribute, values;
    struct der_element type;
    bool has_request = false;
    if (!der_enter(r, DER_CONTEXT_CONSTRUCTED(0), &list))
        return malformed(r, err, "attributes (the [0] is needed even when there are none)");
    for (size_t count = 0; !reader_is_at_end(&list); count++) {
        struct reader start = list;
        if (count == CSR_ATTRIBUTES_MAX)
            return error_at(err, STATUS_LIMIT, reader_offset(&start),
                            "certification request: more than %d attributes", CSR_ATTRIBUTES_MAX);
        if (!der_enter(&list, DER_SEQUENCE, &attribute) || !der_tagged(&attribute, DER_OID, &type) ||
            !der_enter(&attribute, DER_SET, &values) || reader_is_at_end(&values) ||
            !reader_is_at_end(&attribute))
            return malformed(&start, err, "attribute");
        if (!bytes_equal(type.contents, BYTES_OF(oid_extension_request)))
            continue;
        if (has_request)
            return malformed(&start, err, "attributes: extensionRequest twice");
        has_request = true;
        enum status s = read_extension_request(&values, out, err);
        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}

static enum status read_info(struct reader *r, struct csr *out, struct error *err)
{
    struct reader start = *r;
    uint64_t version;
    if (!der_read_u64(r, &version) || version != 0)
        return malformed(&start, err, "version (0 is the only one)");
    if (!read_whole(r, DER_SEQUENCE, &out->subject))
        return malformed(r, err, "subject");
    enum status s = read_spki(r, out, err);
    if (s == STATUS_OK)
        s = read_attributes(r, out, err);
    if (s == STATUS_OK && !reader_is_at_end(r))
        return malformed(r, err, "certificationRequestInfo: bytes behind the attributes");
    return s;
}

enum status csr_parse(struct bytes der, struct csr *out, struct error *err)
{
    if (der.len > CSR_SIZE_MAX)
        return error_set(err, STATUS_LIMIT, "certification request: longer than %d bytes", CSR_SIZE_MAX);
    enum status s = der_check_nested(der, "certification request", err);
    if (s != STATUS_OK)
        return s;
    *out = (struct csr){.der = der};
    struct reader r, outer, info, bits;
    reader_init(&r, der);
    if (!der_enter(&r, DER_SEQUENCE, &outer) || !reader_is_at_end(&r))
        return malformed(&r, err, "outer SEQUENCE, or bytes behind it");
    struct reader start = outer;
    if (!der_enter(&outer, DER_SEQUENCE, &info))
        return malformed(&start, err, "certificationRequestInfo");
    out->info = bytes_of(start.at, (size_t)(outer.at - start.at));
    s = read_info(&info, out, err);
    if (s != STATUS_OK)
        return s;
    if (!read_whole(&outer, DER_SEQUENCE, &out->signature_algorithm))
        return malformed(&outer, err, "signatureAlgorithm");
    uint8_t unused_bits;
    start = outer;
    if (!der_enter(&outer, DER_BIT_STRING, &bits) || !reader_u8(&bits, &unused_bits) ||
        unused_bits != 0 || !reader_is_at_end(&outer))
        return malformed(&start, err, "signature (a BIT STRING of whole bytes, nothing behind it)");
    out->signature_value = reader_rest(&bits);
    return STATUS_OK;
}
