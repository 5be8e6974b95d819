#include "codec/ocsp/ocsp_nonce.h"

#include "codec/asn1/der.h"
#include "codec/ocsp/ocsp_request.h"

static const uint8_t oid_nonce[] = {0x2b, 6, 1, 5, 5, 7, 0x30, 1, 2};

bool ocsp_nonce_is(const struct extension *e)
{
    return bytes_equal(e->oid, BYTES_OF(oid_nonce));
}

bool ocsp_nonce_read(const struct extension *e, struct bytes *nonce)
{
    struct reader r;
    struct der_element value;
    reader_init(&r, e->value);
    if (!der_tagged(&r, DER_OCTET_STRING, &value) || !reader_is_at_end(&r) || value.contents.len == 0 ||
        value.contents.len > OCSP_NONCE_MAX)
        return false;
    *nonce = value.whole;
    return true;
}

void ocsp_nonce_write(struct bytes nonce, struct builder *out)
{
    size_t list = der_open(out, DER_SEQUENCE);
    extensions_write(out, BYTES_OF(oid_nonce), false, nonce);
    der_close(out, list);
}
