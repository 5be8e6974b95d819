#include "codec/x509/signed.h"

#include "codec/asn1/der.h"

static enum status malformed(const struct reader *r, const char *what, const char *field,
                             struct error *err)
{
    return error_at(err, STATUS_MALFORMED, reader_offset(r), "%s: bad %s", what, field);
}

bool signed_read_spki(struct reader *r, struct bytes *whole, struct bytes *algorithm)
{
    struct reader at = *r, child;
    struct bytes key;
    if (!der_enter(&at, DER_SEQUENCE, &child) || !der_whole(&child, DER_SEQUENCE, algorithm) ||
        !der_whole(&child, DER_BIT_STRING, &key) || !reader_is_at_end(&child))
        return false;
    *whole = bytes_of(r->at, (size_t)(at.at - r->at));
    *r = at;
    return true;
}

enum status signed_parse(struct bytes der, size_t max, const char *what, const char *body,
                         struct signed_object *out, struct error *err)
{
    struct reader r, outer, bits;
    uint8_t unused_bits;
    if (der.len > max)
        return error_set(err, STATUS_LIMIT, "%s: longer than %zu bytes", what, max);
    enum status s = der_check_nested(der, what, err);
    if (s != STATUS_OK)
        return s;
    reader_init(&r, der);
    if (!der_enter(&r, DER_SEQUENCE, &outer) || !reader_is_at_end(&r))
        return malformed(&r, what, "outer SEQUENCE, or bytes behind it", err);
    struct reader start = outer;
    if (!der_enter(&outer, DER_SEQUENCE, &out->contents))
        return malformed(&start, what, body, err);
    out->body = bytes_of(start.at, (size_t)(outer.at - start.at));
    if (!der_whole(&outer, DER_SEQUENCE, &out->algorithm))
        return malformed(&outer, what, "signatureAlgorithm", err);
    start = outer;
    if (!der_enter(&outer, DER_BIT_STRING, &bits) || !reader_u8(&bits, &unused_bits) ||
        unused_bits != 0 || !reader_is_at_end(&outer))
        return malformed(&start, what, "signatureValue (a BIT STRING of whole bytes, nothing behind it)", err);
    out->signature_value = reader_rest(&bits);
    return STATUS_OK;
}

void signed_write(struct bytes body, struct bytes algorithm, struct bytes signature_value, struct builder *out)
{
    size_t sequence = der_open(out, DER_SEQUENCE);
    builder_bytes(out, body);
    builder_bytes(out, algorithm);
    der_write_bits(out, signature_value);
    der_close(out, sequence);
}
