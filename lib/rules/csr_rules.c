#include "rules/csr_rules.h"

#include "codec/asn1/der.h"
#include "codec/x509/extensions.h"
#include "crypto/csr_possession.h"
#include "rules/dns_name.h"

/* What a GeneralName is called by its tag [RFC5280 4.2.1.6]. */
static const char *kind_of(uint8_t tag)
{
    static const struct {
        uint8_t tag;
        const char *name;
    } kinds[] = {
        {0xa0, "otherName"},     {0x81, "rfc822Name"},   {0xa3, "x400Address"},
        {0xa4, "directoryName"}, {0xa5, "ediPartyName"}, {0x86, "uniformResourceIdentifier"},
        {0x88, "registeredID"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].tag == tag)
            return kinds[i].name;
    return "unknown";
}

static enum status check_ip_address(struct bytes address, struct error *err)
{
    if (address.len != 4 && address.len != 16)
        return error_set(err, STATUS_REFUSED, "IP address of %zu bytes: 4 or 16 are needed", address.len);
    uint8_t all = 0;
    for (size_t i = 0; i < address.len; i++)
        all |= address.data[i];
    if (all == 0)
        return error_set(err, STATUS_REFUSED, "IP address %s: stands for no host",
                         address.len == 4 ? "0.0.0.0" : "::");
    return STATUS_OK;
}

/* Appends the canonical GeneralName. */
static enum status write_name(const struct san_name *name, bool may_be_internal, struct builder *out, struct error *err)
{
    enum status s;
    switch (name->tag) {
    case SAN_DNS_NAME:
        s = may_be_internal ? dns_name_check_host(name->value, true, err) : dns_name_check(name->value, true, err);
        break;
    case SAN_IP_ADDRESS:
        s = check_ip_address(name->value, err);
        break;
    default:
        return error_set(err, STATUS_REFUSED, "a name of kind %s: only DNS names and IP addresses are issued",
                         kind_of(name->tag));
    }
    if (s != STATUS_OK)
        return s;
    size_t mark = der_open(out, name->tag);
    if (name->tag == SAN_DNS_NAME)
        dns_name_write_lower(name->value, out);
    else
        builder_bytes(out, name->value);
    der_close(out, mark);
    return builder_status(out, "names of the certificate", err);
}

/* Is the last name of the list, which starts at offset, one of those before it? */
static bool is_last_twice(const struct builder *list, size_t offset)
{
    struct bytes last = bytes_of(list->data + offset, list->len - offset);
    struct reader r;
    struct der_element name;
    reader_init(&r, bytes_of(list->data, offset));
    while (der_any(&r, &name))
        if (bytes_equal(name.whole, last))
            return true;
    return false;
}

static enum status write_names(struct bytes general_names, struct csr_names *out, struct error *err)
{
    struct reader r;
    struct san_name name;
    reader_init(&r, general_names);
    out->count = 0;
    for (size_t asked = 0; san_next(&r, &name); asked++) {
        if (asked == CSR_RULES_NAMES_MAX)
            return error_set(err, STATUS_REFUSED, "more than %d names", CSR_RULES_NAMES_MAX);
        size_t offset = out->general_names->len;
        enum status s = write_name(&name, out->may_be_internal, out->general_names, err);
        if (s != STATUS_OK)
            return s;
        if (is_last_twice(out->general_names, offset))
            out->general_names->len = offset;
        else
            out->count++;
    }
    return STATUS_OK;
}

enum status csr_rules_check(const struct csr *csr, struct csr_names *out, struct error *err)
{
    if (csr->subject_alt_name.len == 0)
        return error_set(err, STATUS_REFUSED,
                         "certification request: no subjectAltName asks for a name, and a common "
                         "name alone is not enough");
    enum status s = write_names(csr->subject_alt_name, out, err);
    if (s != STATUS_OK) {
        (void)error_prefix(err, s, "certification request");
        return s;
    }
    /* Checks the key too. Last, because it costs most. */
    return csr_possession_verify(csr->der, err);
}
