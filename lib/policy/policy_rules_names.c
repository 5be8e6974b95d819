/* Names in certificates of TLS servers [BR 3.2.2.6, 4.2.2, 7.1.2.7.12, 7.1.4.3], and PU-01 of the root program. */
#include <stdio.h>
#include <string.h>

#include "policy/policy_names_parts.h"

static const uint8_t oid_common_name[] = {0x55, 0x04, 0x03};

static struct reader names_of(const struct policy_view *view)
{
    struct reader r;
    reader_init(&r, view->extensions.subject_alt_name);
    return r;
}

static enum policy_outcome check_san(struct policy_view *view)
{
    return policy_view_unless(view->extensions.subject_alt_name.len > 0, view, "no subjectAltName");
}

/* ---- form ---- */

/* Inside, a host may be a single label. */
static enum status check_dns(const struct policy_view *view, struct bytes name, struct error *err)
{
    return policy_names_is_meant_for_intranet(view) ? dns_name_check_host(name, true, err) : dns_name_check(name, true, err);
}

static enum policy_outcome check_names(struct policy_view *view)
{
    struct reader r = names_of(view);
    struct san_name san;
    while (san_next(&r, &san)) {
        struct error err = {.status = STATUS_OK};
        if (san.tag == SAN_IP_ADDRESS) {
            if (san.value.len != 4 && san.value.len != 16)
                return policy_view_broken(view, "an IP address of %zu bytes", san.value.len);
            continue;
        }
        if (san.tag != SAN_DNS_NAME)
            return policy_view_broken(view, "a name that is neither a DNS name nor an IP address");
        if (check_dns(view, san.value, &err) != STATUS_OK)
            return policy_view_broken(view, "%s", err.text);
    }
    return POLICY_KEPT;
}

/* ---- public suffixes ---- */

static enum policy_outcome find_suffix(struct policy_view *view, bool is_wildcard_wanted, const char *what)
{
    const struct policy_names *names = view->subject->names;
    struct reader r = names_of(view);
    char name[DNS_NAME_MAX + 1];
    bool is_wildcard;
    while (policy_view_next_dns(&r, name, &is_wildcard))
        if (is_wildcard == is_wildcard_wanted && names->is_public_suffix(names->context, name))
            return policy_view_broken(view, "%s: %s", what, name);
    return POLICY_KEPT;
}

static enum policy_outcome check_wildcard(struct policy_view *view)
{
    return find_suffix(view, true, "a wildcard for all of a public suffix");
}

static enum policy_outcome check_suffix(struct policy_view *view)
{
    return find_suffix(view, false, "a public suffix, which is nobody's name");
}

static enum policy_outcome check_arpa(struct policy_view *view)
{
    struct reader r = names_of(view);
    char name[DNS_NAME_MAX + 1];
    bool is_wildcard;
    if (policy_names_is_meant_for_intranet(view))
        return POLICY_NO_CASE;
    while (policy_view_next_dns(&r, name, &is_wildcard))
        if (policy_view_is_below(name, "in-addr.arpa") || policy_view_is_below(name, "ip6.arpa"))
            return policy_view_broken(view, "a name of a reverse zone: %s", name);
    return POLICY_KEPT;
}

/* ---- what nobody has in the Internet ---- */

static bool has_purpose(const struct policy_path_certificate *row, uint16_t purpose)
{
    return trust_bundle_purposes_have(&row->purposes, purpose);
}

const struct policy_path_certificate *policy_names_root(const struct policy_view *view)
{
    const struct policy_path *path = view->subject->path;
    if (path == NULL || path->count < 2)
        return NULL;
    const struct policy_path_certificate *last = &path->certificates[path->count - 1];
    return last->is_listed && last->is_root ? last : NULL;
}

bool policy_names_is_meant_for_intranet(const struct policy_view *view)
{
    const struct policy_path_certificate *root = policy_names_root(view);
    if (view->subject->purpose == TRUST_BUNDLE_TLS_INTRANET || view->has_intranet_oid)
        return true;
    return root != NULL && has_purpose(root, TRUST_BUNDLE_TLS_INTRANET) && !has_purpose(root, TRUST_BUNDLE_TLS);
}

bool policy_names_find_internal(const struct policy_view *view, struct bytes general_names, char *name)
{
    struct reader r;
    bool is_wildcard;
    reader_init(&r, general_names);
    while (policy_view_next_dns(&r, name, &is_wildcard))
        if (policy_view_is_internal(view, name))
            return true;
    return false;
}

static void write_address(struct bytes address, char out[POLICY_NAMES_ADDRESS_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    size_t len = 0;
    if (address.len == 4) {
        (void)snprintf(out, POLICY_NAMES_ADDRESS_SIZE, "%u.%u.%u.%u", address.data[0], address.data[1], address.data[2], address.data[3]);
        return;
    }
    for (size_t i = 0; i < address.len && i < 16; i++) {
        out[len++] = digits[address.data[i] >> 4];
        out[len++] = digits[address.data[i] & 15];
        if (i % 2 == 1 && i != 15)
            out[len++] = ':';
    }
    out[len] = '\0';
}

bool policy_names_find_reserved(const struct policy_view *view, struct bytes general_names, char *address)
{
    struct reader r;
    struct san_name san;
    reader_init(&r, general_names);
    while (san_next(&r, &san)) {
        if (san.tag != SAN_IP_ADDRESS || !policy_view_is_reserved(view, san.value))
            continue;
        write_address(san.value, address);
        return true;
    }
    return false;
}

static enum policy_outcome check_internal(struct policy_view *view)
{
    char name[DNS_NAME_MAX + 1];
    if (policy_names_is_meant_for_intranet(view))
        return POLICY_NO_CASE;
    if (policy_names_find_internal(view, view->extensions.subject_alt_name, name))
        return policy_view_broken(view, "an internal name: %s", name);
    return POLICY_KEPT;
}

static enum policy_outcome check_reserved(struct policy_view *view)
{
    char address[POLICY_NAMES_ADDRESS_SIZE];
    if (policy_names_is_meant_for_intranet(view))
        return POLICY_NO_CASE;
    if (policy_names_find_reserved(view, view->extensions.subject_alt_name, address))
        return policy_view_broken(view, "a reserved address: %s", address);
    return POLICY_KEPT;
}

bool policy_names_subject_is_inside(const struct policy_view *view, char *text, size_t size)
{
    for (size_t i = 0; i < view->attribute_count; i++) {
        const struct policy_attribute *a = &view->attributes[i];
        uint8_t address[16];
        size_t len;
        if (!bytes_equal(a->oid, BYTES_OF(oid_common_name)) || !policy_view_attribute_text(a, text, size))
            continue;
        if (ip_address_parse(bytes_of_text(text), address, &len)) {
            if (policy_view_is_reserved(view, bytes_of(address, len)))
                return true;
            continue;
        }
        char lower[DNS_NAME_MAX + 1];
        if (policy_names_lower(bytes_of_text(text), lower) && policy_view_is_internal(view, lower))
            return true;
    }
    return false;
}

/* Nobody could have validated it, and whoever has the same name in another network may have one, too. */
static enum policy_outcome check_public(struct policy_view *view)
{
    char text[DNS_NAME_MAX + 1];
    struct bytes names = view->extensions.subject_alt_name;
    if (policy_names_is_meant_for_intranet(view))
        return POLICY_NO_CASE;
    if (policy_names_find_internal(view, names, text) || policy_names_find_reserved(view, names, text) ||
        policy_names_subject_is_inside(view, text, sizeof text))
        return policy_view_broken(view, "a certificate of the public for %s", text);
    return POLICY_KEPT;
}

/* ---- the common name ---- */

bool policy_names_lower(struct bytes name, char out[DNS_NAME_MAX + 1])
{
    size_t start = name.len > 2 && name.data[0] == '*' && name.data[1] == '.' ? 2 : 0;
    struct builder lower;
    uint8_t memory[DNS_NAME_MAX];
    if (name.len - start > DNS_NAME_MAX || dns_name_check_host(name, true, NULL) != STATUS_OK)
        return false;
    builder_init_fixed(&lower, memory, sizeof memory);
    dns_name_write_lower(bytes_of(name.data + start, name.len - start), &lower);
    memcpy(out, memory, lower.len);
    out[lower.len] = '\0';
    return true;
}

bool policy_names_has(const struct policy_view *view, struct bytes text)
{
    struct reader r = names_of(view);
    struct san_name san;
    uint8_t address[16];
    size_t len = 0;
    bool is_address = ip_address_parse(text, address, &len);
    while (san_next(&r, &san)) {
        if (san.tag == SAN_DNS_NAME && bytes_equal(san.value, text))
            return true;
        if (san.tag == SAN_IP_ADDRESS && is_address && bytes_equal(san.value, bytes_of(address, len)))
            return true;
    }
    return false;
}

/* An old client looks at it alone: it says nothing that was not validated. */
static enum policy_outcome check_common_name(struct policy_view *view)
{
    size_t count = 0;
    for (size_t i = 0; i < view->attribute_count; i++) {
        const struct policy_attribute *a = &view->attributes[i];
        char text[DNS_NAME_MAX + 1];
        if (!bytes_equal(a->oid, BYTES_OF(oid_common_name)))
            continue;
        if (++count > 1)
            return policy_view_broken(view, "two common names");
        if (a->value.len > DNS_NAME_MAX || !policy_view_attribute_text(a, text, sizeof text))
            return policy_view_broken(view, "a common name that is no text, or too long for a name");
        if (!policy_names_has(view, bytes_of_text(text)))
            return policy_view_broken(view, "the common name is not in subjectAltName: %.120s", text);
    }
    return count > 0 ? POLICY_KEPT : POLICY_NO_CASE;
}

static const struct policy_rule rules[] = {
    {"br-san", POLICY_ON_NAMES, check_san},
    {"br-names", POLICY_ON_NAMES, check_names},
    {"br-wildcard", POLICY_ON_NAMES | POLICY_NEEDS_NAMES, check_wildcard},
    {"br-public-suffix", POLICY_ON_NAMES | POLICY_NEEDS_NAMES, check_suffix},
    {"br-internal-name", POLICY_ON_NAMES | POLICY_NEEDS_NAMES, check_internal},
    {"br-arpa", POLICY_ON_NAMES, check_arpa},
    {"br-reserved-address", POLICY_ON_NAMES, check_reserved},
    {"PU-01", POLICY_NEEDS_NAMES, check_public},
    {"br-common-name", 0, check_common_name},
};
const struct policy_rule_table policy_rules_names = {rules, sizeof rules / sizeof rules[0]};
