#include "rules/dns_name.h"

#include <string.h>

#include <arpa/inet.h>

#include "base/text.h"
#include "codec/asn1/der.h"
#include "codec/x509/extensions.h"

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter_or_digit(uint8_t c)
{
    return is_digit(c) || (text_lower(c) >= 'a' && text_lower(c) <= 'z');
}

static bool equal_ignoring_case(struct bytes a, struct bytes b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (text_lower(a.data[i]) != text_lower(b.data[i]))
            return false;
    return true;
}

/* The label in front of the next dot, or the rest; false at the end. A dot at the very end leaves an
 * empty label behind it. */
static bool next_label(struct bytes *rest, struct bytes *label)
{
    if (rest->data == NULL)
        return false;
    const uint8_t *dot = rest->len > 0 ? memchr(rest->data, '.', rest->len) : NULL;
    size_t len = dot != NULL ? (size_t)(dot - rest->data) : rest->len;
    *label = bytes_of(rest->data, len);
    *rest = dot != NULL ? bytes_of(dot + 1, rest->len - len - 1) : bytes_of(NULL, 0);
    return true;
}

static const char *label_fault(struct bytes label)
{
    if (label.len == 0)
        return "an empty label, or a dot at the end";
    if (label.len > DNS_NAME_LABEL_MAX)
        return "a label of more than 63 characters";
    for (size_t i = 0; i < label.len; i++)
        if (!is_letter_or_digit(label.data[i]) && label.data[i] != '-')
            return "a character other than letters, digits and hyphens";
    if (label.data[0] == '-' || label.data[label.len - 1] == '-')
        return "a hyphen at the start or end of a label";
    if (label.len >= 4 && label.data[2] == '-' && label.data[3] == '-' &&
        !equal_ignoring_case(bytes_of(label.data, 2), bytes_of_text("xn")))
        return "a label with \"--\" as third and fourth character that is not \"xn--\"";
    return NULL;
}

static bool is_all_digits(struct bytes label)
{
    for (size_t i = 0; i < label.len; i++)
        if (!is_digit(label.data[i]))
            return false;
    return true;
}

/* NULL when all labels are good; *count and *last are those of the name. */
static const char *labels_fault(struct bytes name, size_t *count, struct bytes *last)
{
    struct bytes rest = name;
    *last = bytes_of(NULL, 0);
    for (*count = 0; next_label(&rest, last); ++*count) {
        const char *fault = label_fault(*last);
        if (fault != NULL)
            return fault;
    }
    return NULL;
}

static bool is_wildcard(struct bytes name)
{
    return name.len >= 2 && name.data[0] == '*' && name.data[1] == '.';
}

static struct bytes without_wildcard(struct bytes name)
{
    return bytes_of(name.data + 2, name.len - 2);
}

static const char *name_fault(struct bytes name, bool allow_wildcard, bool may_be_single)
{
    size_t count;
    struct bytes last;
    if (name.len == 0)
        return "it is empty";
    if (name.len > DNS_NAME_MAX)
        return "more than 253 characters";
    bool has_wildcard = is_wildcard(name);
    if (has_wildcard && !allow_wildcard)
        return "a wildcard";
    const char *fault = labels_fault(has_wildcard ? without_wildcard(name) : name, &count, &last);
    if (fault != NULL)
        return fault;
    if (count < 2 && (has_wildcard || !may_be_single))
        return has_wildcard ? "a wildcard with fewer than two labels behind it" : "a single label";
    if (is_all_digits(last))
        return "a last label of digits only (an IP address is no DNS name)";
    return NULL;
}

static enum status refuse(struct bytes name, const char *fault, struct error *err)
{
    /* What a stranger sent is shown only as far as it cannot play tricks on a terminal. */
    char shown[64];
    size_t len = name.len < sizeof shown - 1 ? name.len : sizeof shown - 1;
    for (size_t i = 0; i < len; i++)
        shown[i] = name.data[i] > 0x20 && name.data[i] < 0x7f ? (char)name.data[i] : '?';
    shown[len] = '\0';
    return error_set(err, STATUS_REFUSED, "DNS name \"%s%s\": %s", shown,
                     len < name.len ? "..." : "", fault);
}

enum status dns_name_check(struct bytes name, bool allow_wildcard, struct error *err)
{
    const char *fault = name_fault(name, allow_wildcard, false);
    return fault == NULL ? STATUS_OK : refuse(name, fault, err);
}

enum status dns_name_check_host(struct bytes name, bool allow_wildcard, struct error *err)
{
    const char *fault = name_fault(name, allow_wildcard, true);
    return fault == NULL ? STATUS_OK : refuse(name, fault, err);
}

void dns_name_write_lower(struct bytes name, struct builder *out)
{
    uint8_t *space = builder_space(out, name.len);
    if (space == NULL)
        return;
    for (size_t i = 0; i < name.len; i++)
        space[i] = text_lower(name.data[i]);
}

/* A client may ask for names that nobody would issue publicly: one label, underscores. But what it
 * asks for must be a name. */
static bool is_reference(struct bytes name)
{
    struct bytes rest = name, label = {NULL, 0};
    if (name.len == 0 || name.len > DNS_NAME_MAX)
        return false;
    while (next_label(&rest, &label)) {
        if (label.len == 0 || label.len > DNS_NAME_LABEL_MAX)
            return false;
        for (size_t i = 0; i < label.len; i++)
            if (!is_letter_or_digit(label.data[i]) && label.data[i] != '-' && label.data[i] != '_')
                return false;
    }
    return !is_all_digits(label);
}

bool dns_name_matches(struct bytes presented, struct bytes reference)
{
    if (reference.len > 0 && reference.data[reference.len - 1] == '.')
        reference.len--;
    if (!is_reference(reference))
        return false;
    if (!is_wildcard(presented))
        return equal_ignoring_case(presented, reference);
    size_t count;
    struct bytes last, first, rest = reference, suffix = without_wildcard(presented);
    if (labels_fault(suffix, &count, &last) != NULL || count < 2 || !next_label(&rest, &first))
        return false;
    return rest.data != NULL && equal_ignoring_case(suffix, rest);
}

bool ip_address_parse(struct bytes text, uint8_t out[16], size_t *len)
{
    char copy[INET6_ADDRSTRLEN];
    if (text.len == 0 || text.len >= sizeof copy || memchr(text.data, '\0', text.len) != NULL)
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    bool is_ipv6 = memchr(text.data, ':', text.len) != NULL;
    *len = is_ipv6 ? 16 : 4;
    return inet_pton(is_ipv6 ? AF_INET6 : AF_INET, copy, out) == 1;
}

enum status dns_name_write_san(bool is_ip, const char *value, struct builder *out, struct error *err)
{
    uint8_t address[16];
    size_t len;
    if (!is_ip)
        der_write(out, SAN_DNS_NAME, bytes_of_text(value));
    else if (ip_address_parse(bytes_of_text(value), address, &len))
        der_write(out, SAN_IP_ADDRESS, bytes_of(address, len));
    else
        return error_set(err, STATUS_MALFORMED, "%s is no IP address", value);
    return STATUS_OK;
}
