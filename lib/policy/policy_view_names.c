/* Names and addresses, for rules and for what kind of certificate it is. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "policy/policy_rule.h"
#include "rules/special_address.h"

bool policy_view_next_dns(struct reader *r, char name[POLICY_DNS_NAME_SIZE], bool *is_wildcard)
{
    struct san_name san;
    while (san_next(r, &san)) {
        struct bytes value = san.value;
        if (san.tag != SAN_DNS_NAME || memchr(value.data, 0, value.len) != NULL)
            continue;
        *is_wildcard = value.len > 2 && memcmp(value.data, "*.", 2) == 0;
        if (*is_wildcard)
            value = bytes_of(value.data + 2, value.len - 2);
        if (value.len == 0 || value.len >= POLICY_DNS_NAME_SIZE)
            continue;
        for (size_t i = 0; i < value.len; i++)
            name[i] = (char)text_lower(value.data[i]);
        name[value.len] = '\0';
        return true;
    }
    return false;
}

bool policy_view_is_below(const char *name, const char *end)
{
    size_t a = strlen(name), b = strlen(end);
    return a >= b && strcmp(name + a - b, end) == 0 && (a == b || name[a - b - 1] == '.');
}

bool policy_view_is_internal(const struct policy_view *view, const char *name)
{
    const struct policy_names *names = view->subject->names;
    /* The public suffix list has both, and nobody is given a name below either by a registry of the Internet. */
    if (policy_view_is_below(name, "home.arpa"))
        return policy_view_is_set(view, POLICY_SETTING_HOME_ARPA, POLICY_VALUE_INTERNAL);
    if (policy_view_is_below(name, "onion"))
        return policy_view_is_set(view, POLICY_SETTING_ONION, POLICY_VALUE_INTERNAL);
    return names != NULL && names->is_internal_name(names->context, name);
}

bool policy_view_is_reserved(const struct policy_view *view, struct bytes address)
{
    if (address.len != 4 && address.len != 16)
        return false;
    if (policy_view_is_set(view, POLICY_SETTING_RESERVED_ADDRESSES, POLICY_VALUE_NOT_GLOBAL))
        return special_address_is_reserved(address.data, address.len, NULL);
    bool is_multicast = address.len == 4 ? address.data[0] >> 4 == 0xe : address.data[0] == 0xff;
    return special_address_is_registered(address.data, address.len) ||
           (is_multicast && policy_view_is_set(view, POLICY_SETTING_RESERVED_ADDRESSES, POLICY_VALUE_REGISTRY_MULTICAST));
}

/* ---- evidence ---- */

/* It may have names of a hostile certificate in it, and it may be cut: what is shown has no control characters and is UTF-8. */
__attribute__((format(printf, 2, 0))) static void say(struct policy_view *view, const char *format, va_list args)
{
    (void)vsnprintf(view->evidence, POLICY_EVIDENCE_SIZE, format, args);
    if (text_is_printable_utf8(bytes_of_text(view->evidence)))
        return;
    for (char *c = view->evidence; *c != '\0'; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
}

enum policy_outcome policy_view_broken(struct policy_view *view, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(view, format, args);
    va_end(args);
    return POLICY_BROKEN;
}

enum policy_outcome policy_view_kept(struct policy_view *view, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(view, format, args);
    va_end(args);
    return POLICY_KEPT;
}

enum policy_outcome policy_view_unknown(struct policy_view *view, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(view, format, args);
    va_end(args);
    return POLICY_UNKNOWN;
}

enum policy_outcome policy_view_unless(bool is_kept, struct policy_view *view, const char *text)
{
    return is_kept ? POLICY_KEPT : policy_view_broken(view, "%s", text);
}

/* ---- attributes ---- */

#define PRINTABLE_STRING 0x13
#define NUMERIC_STRING 0x12
#define IA5_STRING 0x16
#define UTF8_STRING 0x0c
#define BMP_STRING 0x1e

/* UCS-2 to UTF-8; surrogates have no place in a BMPString. */
static bool write_bmp(struct bytes value, struct builder *out)
{
    for (size_t i = 0; i + 1 < value.len; i += 2) {
        unsigned c = (unsigned)value.data[i] << 8 | value.data[i + 1];
        if (c == 0 || (c >= 0xd800 && c < 0xe000))
            return false;
        if (c < 0x80) {
            builder_u8(out, (uint8_t)c);
        } else if (c < 0x800) {
            builder_u8(out, (uint8_t)(0xc0 | c >> 6));
            builder_u8(out, (uint8_t)(0x80 | (c & 0x3f)));
        } else {
            builder_u8(out, (uint8_t)(0xe0 | c >> 12));
            builder_u8(out, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
            builder_u8(out, (uint8_t)(0x80 | (c & 0x3f)));
        }
    }
    return value.len % 2 == 0;
}

bool policy_view_attribute_text(const struct policy_attribute *attribute, char *out, size_t size)
{
    uint8_t memory[512];
    struct builder b;
    struct bytes text = attribute->value;
    builder_init_fixed(&b, memory, sizeof memory);
    if (attribute->tag == BMP_STRING) {
        if (!write_bmp(attribute->value, &b) || !builder_is_good(&b))
            return false;
        text = builder_view(&b);
    } else if (attribute->tag != UTF8_STRING && attribute->tag != PRINTABLE_STRING && attribute->tag != IA5_STRING &&
               attribute->tag != NUMERIC_STRING) {
        return false;
    }
    if (text.len == 0 || !text_is_printable_utf8(text))
        return false;
    size_t len = text.len < size ? text.len : size - 1;
    while (len < text.len && len > 0 && (text.data[len] & 0xc0) == 0x80)
        len--; /* a character is whole, or not there */
    memcpy(out, text.data, len);
    out[len] = '\0';
    return true;
}
