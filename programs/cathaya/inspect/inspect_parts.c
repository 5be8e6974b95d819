#include "inspect/inspect.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "base/text.h"
#include "codec/asn1/der.h"
#include "codec/tai/tai.h"
#include "codec/x509/extensions.h"
#include "crypto/algorithm.h"
#include "crypto/subject_key.h"
#include "inspect/oid_text.h"
#include "inspect/view.h"

#define NAME_TEXT_MAX 4096

static void write_attribute_value(struct builder *b, const struct der_element *value)
{
    struct tai id;
    char text[TAI_TEXT_SIZE];
    if (value->tag == DER_RELATIVE_OID && tai_parse_binary(value->contents, &id, NULL) == STATUS_OK) {
        tai_text(&id, text);
        builder_text(b, text);
    } else if (value->contents.len == 0) {
        builder_text(b, "(empty)");
    } else if (text_is_printable_utf8(value->contents)) {
        builder_bytes(b, value->contents);
    } else {
        builder_text(b, "#");
        text_write_hex(b, value->whole);
    }
}

static void write_attribute(struct builder *b, struct reader *attribute)
{
    struct der_element type, value;
    char dotted[OID_TEXT_SIZE];
    if (!der_tagged(attribute, DER_OID, &type) || !der_any(attribute, &value)) {
        builder_text(b, "?");
        return;
    }
    oid_text(type.contents, dotted);
    const char *name = oid_name(dotted);
    builder_text(b, name != NULL ? name : dotted);
    builder_text(b, "=");
    write_attribute_value(b, &value);
}

void inspect_name(json_t *out, const char *name, struct bytes whole)
{
    struct reader r, rdns, rdn, attribute;
    struct builder b;
    builder_init(&b, NAME_TEXT_MAX);
    reader_init(&r, whole);
    bool is_name = der_enter(&r, DER_SEQUENCE, &rdns);
    while (is_name && der_enter(&rdns, DER_SET, &rdn))
        while (der_enter(&rdn, DER_SEQUENCE, &attribute)) {
            if (b.len > 0)
                builder_text(&b, ", ");
            write_attribute(&b, &attribute);
        }
    if (b.len == 0)
        builder_text(&b, "(empty)");
    view_text(out, name, "%.*s", (int)b.len, b.data != NULL ? (const char *)b.data : "");
    builder_clear(&b);
}

static void add_general_name(json_t *list, const struct san_name *name)
{
    char address[INET6_ADDRSTRLEN];
    bool is_ip = name->tag == SAN_IP_ADDRESS && (name->value.len == 4 || name->value.len == 16);
    if (is_ip && inet_ntop(name->value.len == 4 ? AF_INET : AF_INET6, name->value.data, address, sizeof address) != NULL) {
        view_add(list, "IP:%s", address);
    } else if (name->tag == SAN_DNS_NAME) {
        view_add(list, "DNS:%.*s", (int)name->value.len, (const char *)name->value.data);
    } else {
        struct builder b;
        builder_init(&b, NAME_TEXT_MAX);
        text_write_hex(&b, name->value);
        view_add(list, "[%u]:%.*s", name->tag & 0x1fU, (int)b.len, b.data != NULL ? (const char *)b.data : "");
        builder_clear(&b);
    }
}

void inspect_general_names(json_t *out, const char *name, struct bytes contents)
{
    struct reader r;
    struct san_name item;
    json_t *list = view_list(out, name);
    reader_init(&r, contents);
    while (san_next(&r, &item))
        add_general_name(list, &item);
}

void inspect_key(json_t *out, const char *name, struct bytes spki)
{
    struct reader r, fields;
    struct der_element algorithm;
    char kind[SUBJECT_KEY_TEXT_SIZE], described[OID_TEXT_SIZE];
    json_t *key = view_object(out, name);
    subject_key_describe(spki, kind, sizeof kind);
    view_text(key, "kind", "%s", kind);
    reader_init(&r, spki);
    if (der_enter(&r, DER_SEQUENCE, &fields) && der_tagged(&fields, DER_SEQUENCE, &algorithm)) {
        oid_describe_algorithm(algorithm.whole, described);
        view_text(key, "algorithm", "%s", described);
    }
    view_number(key, "spki_bytes", spki.len);
    view_bytes(key, "spki", spki);
}

/* The versions before -07 by the extension of their CA certificates [GM 2]. */
static const struct draft *find_draft(const char *extension_oid, unsigned fields)
{
    uint8_t memory[ALGORITHM_IDENTIFIER_MAX];
    struct builder b;
    builder_init_fixed(&b, memory, sizeof memory);
    if (!algorithm_oid_to_der(extension_oid, &b) || b.len < 2)
        return NULL;
    return draft_find(bytes_of(memory + 2, b.len - 2), fields);
}

const struct draft *inspect_version(struct bytes issuer, struct tai *ca_id, const char **name)
{
    const struct {
        const struct draft *draft;
        const char *name;
    } versions[] = {
        {&draft_07, "draft-07 or gm-0: the CA certificate tells"},
        {find_draft("1.3.6.1.4.1.44363.47.4", 3), "draft-06"},
        {find_draft("1.3.6.1.4.1.44363.47.2", 4), "draft-04 or draft-05: the CA certificate tells"},
    };
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        if (versions[i].draft == NULL ||
            draft_parse_ca_name(versions[i].draft, issuer, ca_id, NULL) != STATUS_OK)
            continue;
        *name = versions[i].name;
        return versions[i].draft;
    }
    return NULL;
}
