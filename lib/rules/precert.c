#include "rules/precert.h"

#include "codec/asn1/der.h"
#include "rules/precert_parts.h"

/* Contents of 1.3.6.1.4.1.11129.2.4.2 and .3. */
static const uint8_t oid_sct_list[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x02};
static const uint8_t oid_poison[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x03};
/* Contents of 1.3.6.1.4.1.11129.2.4.4 and of extKeyUsage. */
static const uint8_t oid_precert_signing[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x04};
static const uint8_t oid_key_usages[] = {0x55, 0x1d, 0x25};
static const uint8_t poison_value[] = {DER_NULL, 0x00};

static enum status malformed(struct error *err, const char *what)
{
    return error_set(err, STATUS_MALFORMED, "certificate: %s", what);
}

static enum status take_list(const struct extension *e, struct precert_found *out, struct error *err)
{
    struct reader r;
    struct der_element octets;
    if (out->has_list)
        return malformed(err, "two SCT lists");
    reader_init(&r, e->value);
    if (!der_tagged(&r, DER_OCTET_STRING, &octets) || !reader_is_at_end(&r))
        return malformed(err, "its SCT list is not an OCTET STRING");
    out->has_list = true;
    out->list = octets.contents;
    return STATUS_OK;
}

static enum status take_poison(const struct extension *e, struct precert_found *out, struct error *err)
{
    if (out->has_poison)
        return malformed(err, "poisoned twice");
    if (!e->is_critical || !bytes_equal(e->value, BYTES_OF(poison_value)))
        return malformed(err, "its poison is not critical, or not NULL");
    out->has_poison = true;
    return STATUS_OK;
}

enum status precert_find(const struct certificate *certificate, struct precert_found *out, struct error *err)
{
    struct reader r;
    struct extension e;
    enum status s = STATUS_OK;
    *out = (struct precert_found){.has_list = false};
    reader_init(&r, certificate->extensions);
    while (s == STATUS_OK && !reader_is_at_end(&r)) {
        if (!extensions_next(&r, &e))
            return malformed(err, "its extensions cannot be read");
        if (bytes_equal(e.oid, BYTES_OF(oid_poison)))
            s = take_poison(&e, out, err);
        else if (bytes_equal(e.oid, BYTES_OF(oid_sct_list)))
            s = take_list(&e, out, err);
    }
    return s;
}

bool precert_is_either(const struct extension *e)
{
    return bytes_equal(e->oid, BYTES_OF(oid_poison)) || bytes_equal(e->oid, BYTES_OF(oid_sct_list));
}

/* [3] with the Extensions but those two; without any, there is no [3] [RFC5280 4.1.2.9]. */
static void write_extensions(struct bytes list, struct builder *out)
{
    struct reader r;
    struct extension e;
    size_t start = out->len, outer = der_open(out, DER_CONTEXT_CONSTRUCTED(3)), inner = der_open(out, DER_SEQUENCE);
    size_t first = out->len;
    reader_init(&r, list);
    while (!reader_is_at_end(&r)) {
        const uint8_t *at = r.at;
        if (!extensions_next(&r, &e))
            break; /* find has read them all */
        if (!precert_is_either(&e))
            builder_bytes(out, bytes_of(at, (size_t)(r.at - at)));
    }
    bool is_empty = out->len == first;
    der_close(out, inner);
    der_close(out, outer);
    if (is_empty && builder_is_good(out))
        out->len = start;
}

struct bytes precert_unique_ids(const struct certificate *certificate)
{
    struct reader r;
    reader_init(&r, certificate->after_spki);
    while (!reader_is_at_end(&r) && !der_next_is(&r, DER_CONTEXT_CONSTRUCTED(3))) {
        struct der_element id;
        if (!der_any(&r, &id))
            break;
    }
    return bytes_of(certificate->after_spki.data, reader_offset(&r));
}

/* The whole TBSCertificate without both extensions: everything before them as it is. */
static enum status write_tbs(const struct certificate *certificate, struct builder *out, struct error *err)
{
    struct reader r, contents;
    reader_init(&r, certificate->tbs);
    if (!der_enter(&r, DER_SEQUENCE, &contents))
        return malformed(err, "no TBSCertificate");
    struct bytes ids = precert_unique_ids(certificate);
    size_t before = (size_t)(certificate->after_spki.data - contents.at) + ids.len;
    size_t mark = der_open(out, DER_SEQUENCE);
    builder_bytes(out, bytes_of(contents.at, before));
    write_extensions(certificate->extensions, out);
    der_close(out, mark);
    return builder_status(out, "TBSCertificate", err);
}

enum status precert_is_poisoned(const struct certificate *certificate, bool *is_poisoned, struct error *err)
{
    struct precert_found found;
    enum status s = precert_find(certificate, &found, err);
    *is_poisoned = s == STATUS_OK && found.has_poison;
    return s;
}

static enum status check_usages(struct bytes value, struct error *err)
{
    struct reader r, usages;
    struct der_element usage;
    reader_init(&r, value);
    if (!der_enter(&r, DER_SEQUENCE, &usages) || !reader_is_at_end(&r))
        return malformed(err, "its extKeyUsage cannot be read");
    while (!reader_is_at_end(&usages)) {
        if (!der_tagged(&usages, DER_OID, &usage))
            return malformed(err, "its extKeyUsage cannot be read");
        if (bytes_equal(usage.contents, BYTES_OF(oid_precert_signing)))
            return error_set(err, STATUS_REFUSED, "precertificate: it is signed by a Precertificate Signing Certificate");
    }
    return STATUS_OK;
}

enum status precert_check_issuer(const struct certificate *issuer, struct error *err)
{
    struct reader r;
    struct extension e;
    enum status s = STATUS_OK;
    reader_init(&r, issuer->extensions);
    while (s == STATUS_OK && !reader_is_at_end(&r)) {
        if (!extensions_next(&r, &e))
            return malformed(err, "its extensions cannot be read");
        if (bytes_equal(e.oid, BYTES_OF(oid_key_usages)))
            s = check_usages(e.value, err);
    }
    return s;
}

enum status precert_write_tbs(const struct certificate *precertificate, struct builder *out, struct error *err)
{
    struct precert_found found;
    enum status s = precert_find(precertificate, &found, err);
    if (s != STATUS_OK)
        return s;
    if (!found.has_poison)
        return error_set(err, STATUS_REFUSED, "certificate: it is no precertificate: it has no poison");
    if (found.has_list)
        return error_set(err, STATUS_REFUSED, "precertificate: it has an SCT list");
    return write_tbs(precertificate, out, err);
}

enum status precert_write_final_tbs(const struct certificate *certificate, struct builder *out, struct error *err)
{
    struct precert_found found;
    enum status s = precert_find(certificate, &found, err);
    if (s != STATUS_OK)
        return s;
    if (found.has_poison)
        return error_set(err, STATUS_REFUSED, "certificate: it is a precertificate");
    if (!found.has_list)
        return error_set(err, STATUS_NOT_FOUND, "certificate: it has no SCT list");
    return write_tbs(certificate, out, err);
}

enum status precert_identity(const struct certificate *certificate, struct builder *out, struct error *err)
{
    struct precert_found found;
    enum status s = precert_find(certificate, &found, err);
    return s == STATUS_OK ? write_tbs(certificate, out, err) : s;
}

enum status precert_sct_list(const struct certificate *certificate, struct bytes *list, struct error *err)
{
    struct precert_found found;
    enum status s = precert_find(certificate, &found, err);
    *list = found.list;
    if (s == STATUS_OK && !found.has_list)
        return error_set(err, STATUS_NOT_FOUND, "certificate: it has no SCT list");
    return s;
}

/* ---- writers ---- */

void precert_write_poison(struct builder *out)
{
    extensions_write(out, BYTES_OF(oid_poison), true, BYTES_OF(poison_value));
}

void precert_write_sct_list(struct builder *out, struct bytes list)
{
    size_t extension = der_open(out, DER_SEQUENCE);
    der_write(out, DER_OID, BYTES_OF(oid_sct_list));
    size_t value = der_open(out, DER_OCTET_STRING);
    der_write(out, DER_OCTET_STRING, list);
    der_close(out, value);
    der_close(out, extension);
}

enum status precert_append_extension(struct bytes tbs, struct bytes extension, struct builder *out, struct error *err)
{
    struct reader r, contents, extensions = {NULL, NULL, NULL};
    struct der_element field;
    reader_init(&r, tbs);
    if (!der_enter(&r, DER_SEQUENCE, &contents) || !reader_is_at_end(&r))
        return malformed(err, "no TBSCertificate");
    const uint8_t *start = contents.at;
    while (!reader_is_at_end(&contents) && !der_next_is(&contents, DER_CONTEXT_CONSTRUCTED(3)))
        if (!der_any(&contents, &field))
            return malformed(err, "no TBSCertificate");
    struct bytes before = bytes_of(start, (size_t)(contents.at - start));
    if (!der_enter(&contents, DER_CONTEXT_CONSTRUCTED(3), &r) || !reader_is_at_end(&contents) ||
        !der_enter(&r, DER_SEQUENCE, &extensions) || !reader_is_at_end(&r))
        return malformed(err, "a TBSCertificate without extensions");
    size_t whole = der_open(out, DER_SEQUENCE);
    builder_bytes(out, before);
    size_t outer = der_open(out, DER_CONTEXT_CONSTRUCTED(3)), inner = der_open(out, DER_SEQUENCE);
    builder_bytes(out, reader_rest(&extensions));
    builder_bytes(out, extension);
    der_close(out, inner);
    der_close(out, outer);
    der_close(out, whole);
    return builder_status(out, "TBSCertificate", err);
}
