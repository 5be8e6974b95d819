#include "codec/x509/name.h"

#include <string.h>

#include "codec/asn1/der.h"

static bool read_attribute(struct reader *rdn, struct bytes *whole)
{
    struct reader start = *rdn, attribute;
    struct der_element type, value;
    if (!der_enter(rdn, DER_SEQUENCE, &attribute) || !der_tagged(&attribute, DER_OID, &type) ||
        !der_has_form(&type) || !der_any(&attribute, &value) || !der_has_form(&value) ||
        !reader_is_at_end(&attribute))
        return false;
    *whole = bytes_of(start.at, (size_t)(rdn->at - start.at));
    return true;
}

/* The order of a SET OF [X.690 11.6]. No element is the start of another: their lengths differ first. */
static bool is_ascending(struct bytes a, struct bytes b)
{
    return memcmp(a.data, b.data, a.len < b.len ? a.len : b.len) < 0;
}

static bool read_rdn(struct reader *rdns)
{
    struct reader rdn;
    struct bytes previous = {NULL, 0}, attribute;
    if (!der_enter(rdns, DER_SET, &rdn) || reader_is_at_end(&rdn))
        return false;
    while (!reader_is_at_end(&rdn)) {
        if (!read_attribute(&rdn, &attribute) ||
            (previous.len > 0 && !is_ascending(previous, attribute)))
            return false;
        previous = attribute;
    }
    return true;
}

bool name_read(struct reader *r, struct bytes *whole)
{
    struct reader at = *r, rdns;
    if (!der_enter(&at, DER_SEQUENCE, &rdns))
        return false;
    while (!reader_is_at_end(&rdns))
        if (!read_rdn(&rdns))
            return false;
    *whole = bytes_of(r->at, (size_t)(at.at - r->at));
    *r = at;
    return true;
}
