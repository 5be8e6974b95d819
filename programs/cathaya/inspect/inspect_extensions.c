#include "inspect/inspect.h"

#include <string.h>

#include "codec/asn1/der.h"
#include "codec/x509/extensions.h"
#include "inspect/oid_text.h"
#include "inspect/view.h"

/* [RFC5280 4.2.1.3], bit 0 first. */
static const char *const key_usages[] = {
    "digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement",
    "keyCertSign",      "cRLSign",        "encipherOnly",    "decipherOnly"};

static bool show_key_usage(json_t *out, struct reader *r)
{
    struct der_element bits;
    if (!der_tagged(r, DER_BIT_STRING, &bits) || bits.contents.len < 2)
        return false;
    json_t *list = view_list(out, "usages");
    size_t count = (bits.contents.len - 1) * 8;
    for (size_t i = 0; i < count && i < sizeof key_usages / sizeof key_usages[0]; i++)
        if ((bits.contents.data[1 + i / 8] >> (7 - i % 8) & 1) != 0)
            view_add(list, "%s", key_usages[i]);
    return true;
}

static bool show_basic_constraints(json_t *out, struct reader *r)
{
    struct reader fields;
    bool is_ca = false;
    uint64_t path_len;
    if (!der_enter(r, DER_SEQUENCE, &fields))
        return false;
    if (der_next_is(&fields, DER_BOOLEAN) && !der_read_boolean(&fields, &is_ca))
        return false;
    view_flag(out, "ca", is_ca);
    if (der_read_u64(&fields, &path_len))
        view_number(out, "path_length", path_len);
    return true;
}

static bool show_oids(json_t *out, const char *name, struct reader *r)
{
    struct reader fields;
    struct der_element item;
    char text[OID_TEXT_SIZE];
    if (!der_enter(r, DER_SEQUENCE, &fields))
        return false;
    json_t *list = view_list(out, name);
    while (der_any(&fields, &item)) {
        struct reader inside;
        struct der_element oid = item;
        reader_init(&inside, item.contents);
        /* PolicyInformation has its OID inside. */
        if (item.tag == DER_SEQUENCE && !der_tagged(&inside, DER_OID, &oid))
            return false;
        oid_describe(oid.contents, text);
        view_add(list, "%s", text);
    }
    return true;
}

static bool show_ext_key_usage(json_t *out, struct reader *r)
{
    return show_oids(out, "purposes", r);
}

static bool show_policies(json_t *out, struct reader *r)
{
    return show_oids(out, "policies", r);
}

static bool show_alt_name(json_t *out, struct reader *r)
{
    struct der_element names;
    if (!der_tagged(r, DER_SEQUENCE, &names))
        return false;
    inspect_general_names(out, "names", names.contents);
    return true;
}

/* A Merkle Tree CA's key identifier is its ID. */
static void show_key_id(json_t *out, struct bytes id)
{
    struct tai tai;
    char text[TAI_TEXT_SIZE];
    view_bytes(out, "key_identifier", id);
    if (id.len < 16 && tai_parse_binary(id, &tai, NULL) == STATUS_OK) {
        tai_text(&tai, text);
        view_text(out, "as_ca_id", "%s", text);
    }
}

static bool show_subject_key_id(json_t *out, struct reader *r)
{
    struct der_element id;
    if (!der_tagged(r, DER_OCTET_STRING, &id))
        return false;
    show_key_id(out, id.contents);
    return true;
}

static bool show_authority_key_id(json_t *out, struct reader *r)
{
    struct reader fields;
    struct der_element id;
    if (!der_enter(r, DER_SEQUENCE, &fields) || !der_tagged(&fields, DER_CONTEXT(0), &id))
        return false;
    show_key_id(out, id.contents);
    return true;
}

static bool show_scts(json_t *out, struct reader *r)
{
    struct der_element list;
    return der_tagged(r, DER_OCTET_STRING, &list) && inspect_scts(out, "scts", list.contents, NULL) == STATUS_OK;
}

static const struct {
    const char *dotted;
    bool (*show)(json_t *out, struct reader *r);
} known[] = {
    {"2.5.29.14", show_subject_key_id},    {"2.5.29.15", show_key_usage},
    {"2.5.29.17", show_alt_name},          {"2.5.29.19", show_basic_constraints},
    {"1.3.6.1.4.1.11129.2.4.2", show_scts},
    {"2.5.29.32", show_policies},          {"2.5.29.35", show_authority_key_id},
    {"2.5.29.37", show_ext_key_usage},
};

static void show_extension(json_t *out, const struct extension *e)
{
    char text[OID_TEXT_SIZE];
    struct reader r;
    oid_describe(e->oid, text);
    view_text(out, "extension", "%s", text);
    view_flag(out, "critical", e->is_critical);
    oid_text(e->oid, text);
    reader_init(&r, e->value);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i].dotted, text) == 0 && known[i].show(out, &r))
            return;
    view_bytes(out, "value", e->value);
}

enum status inspect_extensions(json_t *out, struct bytes list, struct error *err)
{
    struct reader r;
    struct extension e;
    struct extensions parsed;
    json_t *shown = view_list(out, "extensions");
    reader_init(&r, list);
    while (extensions_next(&r, &e))
        show_extension(view_item(shown), &e);
    return extensions_parse(list, &parsed, err);
}
