#include "service/acme/acme_order_text.h"

#include <string.h>

#include "base/civil_time.h"
#include "base/text.h"
#include "codec/asn1/der.h"
#include "codec/properties/properties.h"
#include "ports/http.h"

/* Of an Accept field: browsers send five. */
#define MEDIA_RANGES_MAX 32

bool acme_order_text_time(const char *text, int64_t *epoch_s)
{
    char whole[CIVIL_TIME_TEXT_SIZE];
    size_t len = text == NULL ? 0 : strlen(text), digits;
    if (len < sizeof whole - 1 || text[10] != 'T' || text[len - 1] != 'Z')
        return false;
    memcpy(whole, text, sizeof whole - 2);
    memcpy(whole + sizeof whole - 2, "Z", 2);
    digits = strspn(text + 19 + (text[19] == '.'), "0123456789");
    if (text[19] == 'Z' ? len != 20 : text[19] != '.' || digits == 0 || 20 + digits + 1 != len)
        return false;
    return civil_time_parse(bytes_of_text(whole), epoch_s) && *epoch_s > 0;
}

bool acme_order_text_cursor(struct bytes query, uint64_t *after)
{
    struct reader r;
    struct bytes part;
    *after = 0;
    reader_init(&r, query);
    while (!reader_is_at_end(&r)) {
        if (!reader_until(&r, '&', &part)) {
            part = reader_rest(&r);
            reader_init(&r, bytes_of(NULL, 0));
        }
        if (part.len >= 7 && bytes_is_text(bytes_of(part.data, 7), "cursor="))
            return text_parse_u64(bytes_of(part.data + 7, part.len - 7), INT64_MAX, after);
    }
    return true;
}

bool acme_order_text_certificate_id(struct bytes text, struct builder *key_id, struct builder *serial)
{
    const uint8_t *dot = text.len == 0 ? NULL : memchr(text.data, '.', text.len);
    if (dot == NULL)
        return false;
    size_t len = (size_t)(dot - text.data);
    return text_parse_base64url(bytes_of(text.data, len), key_id) &&
           text_parse_base64url(bytes_of(dot + 1, text.len - len - 1), serial) && key_id->len > 0 && serial->len > 0;
}

/* ---- Accept ---- */

static struct bytes trim(struct bytes text)
{
    while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t'))
        text = bytes_of(text.data + 1, text.len - 1);
    while (text.len > 0 && (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t'))
        text.len--;
    return text;
}

/* The next part before `stop`, or the rest. */
static bool next_part(struct bytes *rest, char stop, struct bytes *part)
{
    if (rest->data == NULL)
        return false;
    const uint8_t *at = rest->len == 0 ? NULL : memchr(rest->data, stop, rest->len);
    size_t len = at == NULL ? rest->len : (size_t)(at - rest->data);
    *part = trim(bytes_of(rest->data, len));
    *rest = at == NULL ? bytes_of(NULL, 0) : bytes_of(at + 1, rest->len - len - 1);
    return true;
}

/* "0.75" in thousandths; what is no weight counts as 1. */
static unsigned weight_of(struct bytes text)
{
    unsigned weight = 0, unit = 1000;
    if (text.len == 0 || (text.data[0] != '0' && text.data[0] != '1'))
        return 1000;
    weight = text.data[0] == '1' ? 1000 : 0;
    for (size_t i = 2; i < text.len && i < 5 && text.data[i] >= '0' && text.data[i] <= '9'; i++) {
        unit /= 10;
        weight += unit * (unsigned)(text.data[i] - '0');
    }
    return weight > 1000 ? 1000 : weight;
}

static unsigned range_weight(struct bytes parameters)
{
    struct bytes parameter;
    while (next_part(&parameters, ';', &parameter))
        if (parameter.len >= 2 && (parameter.data[0] == 'q' || parameter.data[0] == 'Q') && parameter.data[1] == '=')
            return weight_of(bytes_of(parameter.data + 2, parameter.len - 2));
    return 1000;
}

bool acme_order_text_wants_properties(struct bytes accept)
{
    struct bytes range, type;
    unsigned plain = 0, properties = 0;
    for (unsigned i = 0; i < MEDIA_RANGES_MAX && next_part(&accept, ',', &range); i++) {
        if (!next_part(&range, ';', &type))
            continue;
        if (http_name_equal(type, PROPERTIES_CHAIN_TYPE))
            properties = range_weight(range);
        else if (http_name_equal(type, ACME_TYPE_CHAIN))
            plain = range_weight(range);
    }
    return properties > 0 && properties >= plain;
}

/* ---- common names ---- */

static bool looks_like_host(struct bytes text)
{
    bool has_dot = false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] <= ' ' || text.data[i] >= 0x7f)
            return false;
        has_dot = has_dot || text.data[i] == '.' || text.data[i] == ':';
    }
    return has_dot;
}

/* RelativeDistinguishedName: attributes of which one may be the common name, 2.5.4.3. */
static struct bytes common_name_of(struct reader *rdn)
{
    static const uint8_t common_name[] = {0x55, 0x04, 0x03};
    struct reader attribute;
    struct der_element type, value;
    while (der_enter(rdn, DER_SEQUENCE, &attribute))
        if (der_tagged(&attribute, DER_OID, &type) && der_any(&attribute, &value) &&
            bytes_equal(type.contents, BYTES_OF(common_name)) && looks_like_host(value.contents))
            return value.contents;
    return bytes_of(NULL, 0);
}

struct bytes acme_order_text_common_name(struct bytes name)
{
    struct reader outer, list, rdn;
    reader_init(&outer, name);
    if (!der_enter(&outer, DER_SEQUENCE, &list))
        return bytes_of(NULL, 0);
    while (der_enter(&list, DER_SET, &rdn)) {
        struct bytes found = common_name_of(&rdn);
        if (found.len > 0)
            return found;
    }
    return bytes_of(NULL, 0);
}
