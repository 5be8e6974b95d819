#include "codec/x509/certificate.h"

#include "codec/asn1/der.h"
#include "codec/x509/name.h"
#include "codec/x509/signed.h"

static enum status malformed(const struct reader *r, struct error *err, const char *field)
{
    return error_at(err, STATUS_MALFORMED, reader_offset(r), "certificate: bad %s", field);
}

/* version [0] EXPLICIT INTEGER { v2(1), v3(2) }; v1 is the default and must be left out. */
enum status certificate_read_version(struct reader *r, struct bytes *whole, struct error *err)
{
    struct reader start = *r, child;
    *whole = bytes_of(NULL, 0);
    if (!der_next_is(r, DER_CONTEXT_CONSTRUCTED(0)))
        return STATUS_OK;
    uint64_t version;
    if (!der_enter(r, DER_CONTEXT_CONSTRUCTED(0), &child) || !der_read_u64(&child, &version) ||
        !reader_is_at_end(&child) || version < 1 || version > 2)
        return malformed(&start, err, "version");
    *whole = bytes_of(start.at, (size_t)(r->at - start.at));
    return STATUS_OK;
}

enum status certificate_read_validity(struct reader *r, struct bytes *whole, int64_t *not_before_s,
                                      int64_t *not_after_s, struct error *err)
{
    struct reader start = *r, child;
    if (!der_enter(r, DER_SEQUENCE, &child) || !der_read_time(&child, not_before_s) ||
        !der_read_time(&child, not_after_s) || !reader_is_at_end(&child))
        return malformed(&start, err, "validity (UTCTime until 2049, GeneralizedTime from 2050)");
    *whole = bytes_of(start.at, (size_t)(r->at - start.at));
    return STATUS_OK;
}

/* [RFC5280 4.1.2.1]: unique identifiers came with version 2, extensions with version 3. */
static enum status check_version(struct bytes version, struct bytes after_spki, struct bytes extensions,
                                 struct error *err)
{
    bool is_version_3 = version.len > 0 && version.data[version.len - 1] == 2;
    if (extensions.len > 0 && !is_version_3)
        return error_set(err, STATUS_MALFORMED, "certificate: extensions need version 3");
    if (after_spki.len > 0 && version.len == 0)
        return error_set(err, STATUS_MALFORMED, "certificate: unique identifiers need version 2 or 3");
    return STATUS_OK;
}

enum status certificate_read_after_spki(struct reader *r, struct bytes version, struct bytes *whole,
                                        struct bytes *extensions, struct error *err)
{
    struct der_element id;
    *whole = reader_rest(r);
    *extensions = bytes_of(NULL, 0);
    for (uint8_t n = 1; n <= 2; n++)
        if (der_next_is(r, DER_CONTEXT(n)) && !der_tagged(r, DER_CONTEXT(n), &id))
            return malformed(r, err, "uniqueID");
    if (reader_is_at_end(r))
        return check_version(version, *whole, *extensions, err);
    struct reader start = *r, child;
    struct der_element list;
    if (!der_enter(r, DER_CONTEXT_CONSTRUCTED(3), &child) ||
        !der_tagged(&child, DER_SEQUENCE, &list) || !reader_is_at_end(&child) ||
        list.contents.len == 0 || !reader_is_at_end(r))
        return malformed(&start, err, "extensions");
    *extensions = list.contents;
    return check_version(version, *whole, *extensions, err);
}

/* The times of what is no certificate of a CA's may be anything that stands where they belong. */
static enum status skip_validity(struct reader *r, struct bytes *whole, struct error *err)
{
    return der_whole(r, DER_SEQUENCE, whole) ? STATUS_OK : malformed(r, err, "validity");
}

static enum status read_tbs(struct reader *r, bool has_times, struct certificate *out, struct error *err)
{
    enum status s = certificate_read_version(r, &out->version, err);
    if (s != STATUS_OK)
        return s;
    struct der_element serial;
    struct reader start = *r;
    if (!der_tagged(r, DER_INTEGER, &serial) || !der_is_integer(serial.contents))
        return malformed(&start, err, "serialNumber");
    out->serial = serial.contents;
    if (!der_whole(r, DER_SEQUENCE, &out->signature))
        return malformed(r, err, "signature");
    if (!name_read(r, &out->issuer))
        return malformed(r, err, "issuer");
    s = has_times ? certificate_read_validity(r, &out->validity, &out->not_before_s, &out->not_after_s, err)
                  : skip_validity(r, &out->validity, err);
    if (s != STATUS_OK)
        return s;
    if (!name_read(r, &out->subject))
        return malformed(r, err, "subject");
    if (!signed_read_spki(r, &out->spki, &out->spki_algorithm))
        return malformed(r, err, "subjectPublicKeyInfo");
    return certificate_read_after_spki(r, out->version, &out->after_spki, &out->extensions, err);
}

static enum status parse(struct bytes der, bool has_times, struct certificate *out, struct error *err)
{
    struct signed_object object;
    enum status s = signed_parse(der, CERTIFICATE_SIZE_MAX, "certificate", "tbsCertificate", &object, err);
    if (s != STATUS_OK)
        return s;
    *out = (struct certificate){
        .der = der,
        .tbs = object.body,
        .signature_algorithm = object.algorithm,
        .signature_value = object.signature_value,
    };
    return read_tbs(&object.contents, has_times, out, err);
}

enum status certificate_parse(struct bytes der, struct certificate *out, struct error *err)
{
    return parse(der, true, out, err);
}

enum status certificate_parse_timeless(struct bytes der, struct certificate *out, struct error *err)
{
    return parse(der, false, out, err);
}
