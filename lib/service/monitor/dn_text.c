#include "service/monitor/dn_text.h"

#include <string.h>

#include "base/text.h"
#include "codec/asn1/der.h"

#define BMP_STRING 0x1e

/* id-at-N is 55 04 N. */
static const char *attribute_name(struct bytes oid)
{
    static const struct {
        uint8_t number;
        const char *name;
    } rows[] = {{3, "CN"}, {5, "serialNumber"}, {6, "C"}, {7, "L"}, {8, "ST"}, {9, "street"}, {10, "O"}, {11, "OU"}, {97, "organizationIdentifier"}};
    static const uint8_t email[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01};
    static const uint8_t trust_anchor[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x19, 0x03};
    if (oid.len == 3 && oid.data[0] == 0x55 && oid.data[1] == 0x04)
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
            if (rows[i].number == oid.data[2])
                return rows[i].name;
    if (bytes_equal(oid, BYTES_OF(email)))
        return "emailAddress";
    return bytes_equal(oid, BYTES_OF(trust_anchor)) ? "trustAnchorID" : "?";
}

static void write_components(struct builder *out, struct bytes value)
{
    uint64_t component = 0;
    bool is_first = true;
    for (size_t i = 0; i < value.len; i++) {
        component = component << 7 | (value.data[i] & 0x7f);
        if ((value.data[i] & 0x80) != 0)
            continue;
        builder_printf(out, "%s%llu", is_first ? "" : ".", (unsigned long long)component);
        component = 0;
        is_first = false;
    }
}

/* Of a BMPString the characters below 256. */
static void write_value(struct builder *out, const struct der_element *value)
{
    bool is_utf8 = text_is_printable_utf8(value->contents);
    if (value->tag == DER_RELATIVE_OID) {
        write_components(out, value->contents);
        return;
    }
    for (size_t i = 0; i < value->contents.len; i++) {
        uint8_t c = value->contents.data[i];
        if (value->tag == BMP_STRING && i % 2 == 0 && c == 0)
            continue;
        builder_u8(out, is_utf8 || (c >= 0x20 && c < 0x7f) ? c : '?');
    }
}

void dn_text_write(struct bytes name, char out[DN_TEXT_MAX])
{
    struct builder text;
    struct reader whole, sequence, set, attribute;
    struct der_element type, value;
    builder_init(&text, (size_t)64 * 1024);
    reader_init(&whole, name);
    if (der_enter(&whole, DER_SEQUENCE, &sequence))
        while (text.len < DN_TEXT_MAX && der_enter(&sequence, DER_SET, &set))
            while (der_enter(&set, DER_SEQUENCE, &attribute))
                if (der_tagged(&attribute, DER_OID, &type) && der_any(&attribute, &value)) {
                    builder_printf(&text, "%s%s=", text.len > 0 ? ", " : "", attribute_name(type.contents));
                    write_value(&text, &value);
                }
    size_t len = text.len < DN_TEXT_MAX - 1 ? text.len : DN_TEXT_MAX - 1;
    if (len > 0)
        memcpy(out, text.data, len);
    out[len] = '\0';
    builder_clear(&text);
}
