#include "service/acme/acme_names.h"

#include <arpa/inet.h>
#include <idn2.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "codec/x509/extensions.h"
#include "rules/dns_name.h"

#define DNS_CHALLENGES (ACME_DNS_01 | ACME_DNS_ACCOUNT_01 | ACME_DNS_PERSIST_01)
#define IP_CHALLENGES (ACME_HTTP_01 | ACME_TLS_ALPN_01)

bool acme_names_equal(const struct acme_identifier *a, const struct acme_identifier *b)
{
    return a->type == b->type && strcmp(a->value, b->value) == 0;
}

/* ---- DNS names ---- */

/* Says how a name in Unicode is written in A-labels, when it can be. */
static enum status refuse_unicode(const char *name, struct error *err)
{
    char *ascii = NULL;
    enum status s;
    if (idn2_lookup_u8((const uint8_t *)name, (uint8_t **)&ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) ==
            IDN2_OK &&
        ascii != NULL)
        s = error_set(err, STATUS_MALFORMED, "a DNS name is written in A-labels [RFC8555 7.1.4]: send \"%s\"",
                      ascii);
    else
        s = error_set(err, STATUS_MALFORMED,
                      "a DNS name is written in ASCII letters, digits and hyphens; this one has other "
                      "characters, and no A-labels stand for it");
    idn2_free(ascii);
    return s;
}

static enum status check_a_label(struct bytes label, struct error *err)
{
    char text[DNS_NAME_LABEL_MAX + 1];
    uint8_t *out = NULL;
    if (label.len < 4 || label.len > DNS_NAME_LABEL_MAX || memcmp(label.data, "xn--", 4) != 0)
        return STATUS_OK;
    memcpy(text, label.data, label.len);
    text[label.len] = '\0';
    int rc = idn2_register_u8(NULL, (const uint8_t *)text, &out, 0);
    idn2_free(out);
    if (rc == IDN2_OK)
        return STATUS_OK;
    return error_set(err, STATUS_REFUSED, "%s is no A-label [RFC5890 2.3.2.1]: %s", text, idn2_strerror(rc));
}

static enum status check_a_labels(struct bytes name, struct error *err)
{
    size_t from = 0;
    for (size_t i = 0; i <= name.len; i++) {
        if (i < name.len && name.data[i] != '.')
            continue;
        enum status s = check_a_label(bytes_of(name.data + from, i - from), err);
        if (s != STATUS_OK)
            return s;
        from = i + 1;
    }
    return STATUS_OK;
}

static bool is_ascii(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] >= 0x80)
            return false;
    return true;
}

static enum status write_dns(struct bytes value, struct acme_identifier *out, struct error *err)
{
    struct builder lower;
    /* A single label is a host of an intranet: the profile's linter decides. */
    enum status s = dns_name_check_host(value, true, err);
    if (s != STATUS_OK)
        return s;
    *out = (struct acme_identifier){.type = ACME_DNS};
    builder_init_fixed(&lower, out->value, sizeof out->value - 1);
    dns_name_write_lower(value, &lower);
    return builder_status(&lower, "DNS name", err);
}

static enum status parse_dns(const char *text, size_t len, struct acme_identifier *out,
                             const char **problem, struct error *err)
{
    struct bytes value = bytes_of(text, len);
    if (!is_ascii(value)) {
        *problem = "malformed";
        return refuse_unicode(text, err);
    }
    *problem = "rejectedIdentifier";
    enum status s = write_dns(value, out, err);
    return s != STATUS_OK ? s : check_a_labels(bytes_of_text(out->value), err);
}

/* ---- addresses ---- */

static bool write_ip(const uint8_t *address, size_t len, struct acme_identifier *out)
{
    *out = (struct acme_identifier){.type = ACME_IP};
    return inet_ntop(len == 4 ? AF_INET : AF_INET6, address, out->value, sizeof out->value) != NULL;
}

static enum status parse_ip(struct bytes text, struct acme_identifier *out, const char **problem,
                            struct error *err)
{
    uint8_t address[16];
    size_t len;
    *problem = "malformed";
    if (!ip_address_parse(text, address, &len))
        return error_set(err, STATUS_MALFORMED,
                         "not an IPv4 or IPv6 address as text, without brackets and zone [RFC8738 3]");
    return write_ip(address, len, out) ? STATUS_OK : error_set(err, STATUS_MALFORMED, "no address");
}

enum status acme_names_parse(const json_t *identifier, struct acme_identifier *out,
                             const char **problem, struct error *err)
{
    const json_t *type = json_object_get(identifier, "type");
    const json_t *value = json_object_get(identifier, "value");
    *problem = "malformed";
    if (!json_is_string(type) || !json_is_string(value))
        return error_set(err, STATUS_MALFORMED,
                         "an identifier is an object with the strings \"type\" and \"value\" [RFC8555 7.4]");
    if (strcmp(json_string_value(type), "dns") == 0)
        return parse_dns(json_string_value(value), json_string_length(value), out, problem, err);
    if (strcmp(json_string_value(type), "ip") == 0)
        return parse_ip(bytes_of(json_string_value(value), json_string_length(value)), out, problem, err);
    *problem = "unsupportedIdentifier";
    return error_set(err, STATUS_REFUSED, "identifiers are of type \"dns\" or \"ip\" here, not \"%.32s\"",
                     json_string_value(type));
}

/* ---- lists ---- */

static bool is_in(const struct acme_identifier *list, size_t count, const struct acme_identifier *name)
{
    for (size_t i = 0; i < count; i++)
        if (acme_names_equal(&list[i], name))
            return true;
    return false;
}

void acme_names_add(struct acme_identifier *list, size_t *count, const struct acme_identifier *name)
{
    if (*count < ACME_IDENTIFIERS_MAX && !is_in(list, *count, name))
        list[(*count)++] = *name;
}

enum status acme_names_from_san(struct bytes general_names, struct acme_identifier *list,
                                size_t *count, struct error *err)
{
    struct reader r;
    struct san_name san;
    reader_init(&r, general_names);
    *count = 0;
    for (size_t asked = 0; san_next(&r, &san); asked++) {
        struct acme_identifier name;
        if (asked == ACME_IDENTIFIERS_MAX)
            return error_set(err, STATUS_LIMIT, "more than %d names", ACME_IDENTIFIERS_MAX);
        if (san.tag == SAN_DNS_NAME) {
            enum status s = write_dns(san.value, &name, err);
            if (s != STATUS_OK)
                return s;
        } else if (san.tag != SAN_IP_ADDRESS || (san.value.len != 4 && san.value.len != 16) ||
                   !write_ip(san.value.data, san.value.len, &name)) {
            return error_set(err, STATUS_REFUSED, "a name that is neither a DNS name nor an address");
        }
        acme_names_add(list, count, &name);
    }
    return STATUS_OK;
}

enum status acme_names_compare(const struct acme_identifier *want, size_t want_count,
                               const struct acme_identifier *got, size_t got_count,
                               struct error *err)
{
    for (size_t i = 0; i < want_count; i++)
        if (!is_in(got, got_count, &want[i]))
            return error_set(err, STATUS_REFUSED, "%s of the order is not among its names", want[i].value);
    for (size_t i = 0; i < got_count; i++)
        if (!is_in(want, want_count, &got[i]))
            return error_set(err, STATUS_REFUSED, "it asks for %s, which the order does not have", got[i].value);
    return STATUS_OK;
}

bool acme_names_base(const struct acme_identifier *name, struct acme_identifier *out)
{
    struct acme_identifier base = *name;
    bool is_wildcard = name->type == ACME_DNS && name->value[0] == '*' && name->value[1] == '.';
    if (is_wildcard)
        memmove(base.value, base.value + 2, strlen(base.value + 2) + 1);
    *out = base;
    return is_wildcard;
}

unsigned acme_names_challenges(const struct acme_identifier *name, unsigned offered)
{
    if (name->type == ACME_IP)
        return offered & IP_CHALLENGES;
    if (name->value[0] == '*')
        return offered & DNS_CHALLENGES;
    return offered;
}

void acme_names_write_lines(const struct acme_identifier *names, size_t count, struct builder *out)
{
    for (size_t i = 0; i < count; i++) {
        builder_text(out, names[i].value);
        builder_u8(out, '\n');
    }
}

bool acme_names_next_line(struct bytes *rest, struct acme_identifier *out)
{
    struct bytes line;
    uint8_t address[16];
    size_t len;
    if (!text_next_line(rest, &line) || line.len == 0 || line.len >= sizeof out->value)
        return false;
    *out = (struct acme_identifier){0};
    out->type = ip_address_parse(line, address, &len) ? ACME_IP : ACME_DNS;
    memcpy(out->value, line.data, line.len);
    return true;
}
