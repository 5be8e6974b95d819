#include "codec/x509/csr.h"

#include "codec/asn1/der.h"
#include "codec/x509/extensions.h"
#include "codec/x509/signed.h"

/* 1.2.840.113549.1.9.14 */
static const uint8_t oid_extension_request[] = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                                                0x0d, 0x01, 0x09, 0x0e};

static enum status malformed(const struct reader *r, struct error *err, const char *field)
{
    return error_at(err, STATUS_MALFORMED, reader_offset(r), "certification request: bad %s", field);
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
    if (s != STATUS_OK)
        return error_prefix(err, s, "certification request, extensionRequest at byte %zu",
                            reader_offset(&start));
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
    if (!der_whole(r, DER_SEQUENCE, &out->subject))
        return malformed(r, err, "subject");
    if (!signed_read_spki(r, &out->spki, &out->spki_algorithm))
        return malformed(r, err, "subjectPKInfo");
    enum status s = read_attributes(r, out, err);
    if (s == STATUS_OK && !reader_is_at_end(r))
        return malformed(r, err, "certificationRequestInfo: bytes behind the attributes");
    return s;
}

enum status csr_parse(struct bytes der, struct csr *out, struct error *err)
{
    struct signed_object object;
    enum status s = signed_parse(der, CSR_SIZE_MAX, "certification request",
                                 "certificationRequestInfo", &object, err);
    if (s != STATUS_OK)
        return s;
    *out = (struct csr){
        .der = der,
        .info = object.body,
        .signature_algorithm = object.algorithm,
        .signature_value = object.signature_value,
    };
    return read_info(&object.contents, out, err);
}
