#include "codec/x509/extensions.h"

#include "codec/asn1/der.h"
#include "codec/mtc/draft.h"

/* Contents of object identifiers below id-ce, 2.5.29. */
static const uint8_t oid_subject_key_id[] = {0x55, 0x1d, 0x0e};
static const uint8_t oid_key_usage[] = {0x55, 0x1d, 0x0f};
static const uint8_t oid_subject_alt_name[] = {0x55, 0x1d, 0x11};
static const uint8_t oid_issuer_alt_name[] = {0x55, 0x1d, 0x12};
static const uint8_t oid_basic_constraints[] = {0x55, 0x1d, 0x13};
static const uint8_t oid_certificate_policies[] = {0x55, 0x1d, 0x20};
static const uint8_t oid_authority_key_id[] = {0x55, 0x1d, 0x23};
static const uint8_t oid_ext_key_usage[] = {0x55, 0x1d, 0x25};
static const uint8_t oid_any_ext_key_usage[] = {0x55, 0x1d, 0x25, 0x00};
static const uint8_t oid_server_auth[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01};
static const uint8_t oid_client_auth[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02};

bool extensions_next(struct reader *r, struct extension *out)
{
    struct reader at = *r, child;
    struct der_element oid, value;
    if (!der_enter(&at, DER_SEQUENCE, &child) || !der_tagged(&child, DER_OID, &oid) ||
        !der_has_form(&oid))
        return false;
    out->is_critical = false;
    /* FALSE is the default, so the only value that may be written is TRUE. */
    if (der_next_is(&child, DER_BOOLEAN) &&
        (!der_read_boolean(&child, &out->is_critical) || !out->is_critical))
        return false;
    if (!der_tagged(&child, DER_OCTET_STRING, &value) || !reader_is_at_end(&child))
        return false;
    out->oid = oid.contents;
    out->value = value.contents;
    *r = at;
    return true;
}

static bool read_basic_constraints(struct reader *r, struct extensions *out)
{
    struct reader child;
    out->has_basic_constraints = true;
    if (!der_enter(r, DER_SEQUENCE, &child))
        return false;
    if (der_next_is(&child, DER_BOOLEAN) && (!der_read_boolean(&child, &out->is_ca) || !out->is_ca))
        return false;
    out->has_path_len = der_next_is(&child, DER_INTEGER);
    if (out->has_path_len && (!out->is_ca || !der_read_u64(&child, &out->path_len)))
        return false;
    return reader_is_at_end(&child);
}

/* A named bit list: no trailing zero bits, at least one bit set [RFC5280 4.2.1.3]. */
static bool read_key_usage(struct reader *r, struct extensions *out)
{
    struct reader bits;
    uint8_t unused;
    if (!der_enter(r, DER_BIT_STRING, &bits) || !reader_u8(&bits, &unused) || unused > 7)
        return false;
    struct bytes b = reader_rest(&bits);
    if (b.len < 1 || b.len > 2)
        return false;
    uint8_t last = b.data[b.len - 1];
    if (last == 0 || (last & ((1U << unused) - 1)) != 0 || (last >> unused & 1) == 0)
        return false;
    out->has_key_usage = true;
    out->key_usage = b.data[0];
    return true;
}

static bool read_ext_key_usage(struct reader *r, struct extensions *out)
{
    struct reader list;
    if (!der_enter(r, DER_SEQUENCE, &list) || reader_is_at_end(&list))
        return false;
    out->has_ext_key_usage = true;
    while (!reader_is_at_end(&list)) {
        struct der_element purpose;
        if (!der_tagged(&list, DER_OID, &purpose))
            return false;
        out->has_server_auth |= bytes_equal(purpose.contents, BYTES_OF(oid_server_auth));
        out->has_client_auth |= bytes_equal(purpose.contents, BYTES_OF(oid_client_auth));
        out->has_any_purpose |= bytes_equal(purpose.contents, BYTES_OF(oid_any_ext_key_usage));
    }
    return true;
}

bool san_next(struct reader *r, struct san_name *out)
{
    struct der_element name;
    if (!der_any(r, &name))
        return false;
    *out = (struct san_name){name.tag, name.contents};
    return true;
}

static bool read_subject_alt_name(struct reader *r, struct extensions *out)
{
    struct reader names;
    if (!der_enter(r, DER_SEQUENCE, &names) || reader_is_at_end(&names))
        return false;
    out->subject_alt_name = reader_rest(&names);
    while (!reader_is_at_end(&names)) {
        struct san_name name;
        if (!san_next(&names, &name))
            return false;
        if (name.tag == SAN_IP_ADDRESS && name.value.len != 4 && name.value.len != 16)
            return false;
    }
    return true;
}

/* keyIdentifier [0], authorityCertIssuer [1], authorityCertSerialNumber [2]: all optional, in order. */
static bool read_authority_key_id(struct reader *r, struct extensions *out)
{
    struct reader fields;
    struct der_element id, other;
    if (!der_enter(r, DER_SEQUENCE, &fields))
        return false;
    if (der_next_is(&fields, DER_CONTEXT(0))) {
        if (!der_any(&fields, &id))
            return false;
        out->authority_key_id = id.contents;
    }
    if (der_next_is(&fields, DER_CONTEXT_CONSTRUCTED(1)) && !der_any(&fields, &other))
        return false;
    if (der_next_is(&fields, DER_CONTEXT(2)) && !der_any(&fields, &other))
        return false;
    return reader_is_at_end(&fields);
}

static bool read_subject_key_id(struct reader *r, struct extensions *out)
{
    struct der_element id;
    if (!der_tagged(r, DER_OCTET_STRING, &id))
        return false;
    out->subject_key_id = id.contents;
    return true;
}

/* Names that verification must not look into [MTC 5.2.1]. */
static bool read_issuer_alt_name(struct reader *r, struct extensions *out)
{
    (void)out;
    struct der_element whole;
    return der_tagged(r, DER_SEQUENCE, &whole);
}

/* Policies, each an OID with or without qualifiers: any policy will do, so they have only to be there. */
static bool read_certificate_policies(struct reader *r, struct extensions *out)
{
    (void)out;
    struct reader list, info;
    if (!der_enter(r, DER_SEQUENCE, &list) || reader_is_at_end(&list))
        return false;
    while (!reader_is_at_end(&list)) {
        struct der_element oid, qualifiers;
        if (!der_enter(&list, DER_SEQUENCE, &info) || !der_tagged(&info, DER_OID, &oid) || !der_has_form(&oid) ||
            (der_next_is(&info, DER_SEQUENCE) && !der_any(&info, &qualifiers)) || !reader_is_at_end(&info))
            return false;
    }
    return true;
}

static const struct known_extension {
    struct bytes oid;
    const char *name;
    bool (*read)(struct reader *r, struct extensions *out);
    bool is_never_critical; /* [RFC5280 4.2.1.1, 4.2.1.2], [MTC 5.2.1] */
} known_extensions[] = {
    {{oid_basic_constraints, sizeof oid_basic_constraints}, "basicConstraints", read_basic_constraints, false},
    {{oid_key_usage, sizeof oid_key_usage}, "keyUsage", read_key_usage, false},
    {{oid_ext_key_usage, sizeof oid_ext_key_usage}, "extKeyUsage", read_ext_key_usage, false},
    {{oid_subject_alt_name, sizeof oid_subject_alt_name}, "subjectAltName", read_subject_alt_name, false},
    {{oid_authority_key_id, sizeof oid_authority_key_id}, "authorityKeyIdentifier", read_authority_key_id, true},
    {{oid_subject_key_id, sizeof oid_subject_key_id}, "subjectKeyIdentifier", read_subject_key_id, true},
    {{oid_issuer_alt_name, sizeof oid_issuer_alt_name}, "issuerAltName", read_issuer_alt_name, true},
    {{oid_certificate_policies, sizeof oid_certificate_policies}, "certificatePolicies", read_certificate_policies, false},
};

static enum status read_one(const struct reader *list, const struct extension *e,
                            struct extensions *out, struct error *err)
{
    for (size_t i = 0; i < sizeof known_extensions / sizeof known_extensions[0]; i++) {
        const struct known_extension *known = &known_extensions[i];
        if (!bytes_equal(e->oid, known->oid))
            continue;
        struct reader r;
        reader_init_within(&r, list, e->value);
        if (!known->read(&r, out) || !reader_is_at_end(&r))
            return error_at(err, STATUS_MALFORMED, reader_offset(&r), "extensions: bad %s", known->name);
        /* Marked so, it asks for what nobody can do with it. */
        if (known->is_never_critical && e->is_critical && out->unknown_critical.len == 0)
            out->unknown_critical = e->oid;
        return STATUS_OK;
    }
    if (draft_has_ca_extension(e->oid)) {
        if (out->mtc_ca.oid.len != 0)
            return error_set(err, STATUS_MALFORMED, "extensions: Merkle Tree CA extensions of two versions");
        out->mtc_ca = *e;
    } else if (e->is_critical && out->unknown_critical.len == 0) {
        out->unknown_critical = e->oid;
    }
    return STATUS_OK;
}

enum status extensions_parse(struct bytes list, struct extensions *out, struct error *err)
{
    struct bytes seen[EXTENSIONS_MAX];
    size_t count = 0;
    struct reader r;
    *out = (struct extensions){.is_ca = false};
    reader_init(&r, list);
    while (!reader_is_at_end(&r)) {
        struct extension e;
        size_t offset = reader_offset(&r);
        if (!extensions_next(&r, &e))
            return error_at(err, STATUS_MALFORMED, offset, "extensions: bad Extension");
        for (size_t i = 0; i < count; i++)
            if (bytes_equal(seen[i], e.oid))
                return error_at(err, STATUS_MALFORMED, offset, "extensions: the same one twice");
        if (count == EXTENSIONS_MAX)
            return error_set(err, STATUS_LIMIT, "extensions: more than %d", EXTENSIONS_MAX);
        seen[count++] = e.oid;
        enum status s = read_one(&r, &e, out, err);
        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}

/* Opens Extension and its extnValue; close_extension closes both. */
struct open_extension {
    size_t sequence, value;
};

static struct open_extension open_extension(struct builder *b, struct bytes oid, bool is_critical)
{
    struct open_extension e;
    e.sequence = der_open(b, DER_SEQUENCE);
    der_write(b, DER_OID, oid);
    if (is_critical)
        der_write_boolean_true(b);
    e.value = der_open(b, DER_OCTET_STRING);
    return e;
}

static void close_extension(struct builder *b, struct open_extension e)
{
    der_close(b, e.value);
    der_close(b, e.sequence);
}

void extensions_write(struct builder *b, struct bytes oid, bool is_critical, struct bytes value)
{
    struct open_extension e = open_extension(b, oid, is_critical);
    builder_bytes(b, value);
    close_extension(b, e);
}

void extensions_write_key_usage(struct builder *b, uint8_t bits)
{
    uint8_t unused = 0;
    while (unused < 7 && (bits >> unused & 1) == 0)
        unused++;
    const uint8_t value[] = {DER_BIT_STRING, 2, unused, bits};
    extensions_write(b, BYTES_OF(oid_key_usage), true, BYTES_OF(value));
}

void extensions_write_basic_constraints_ca(struct builder *b)
{
    static const uint8_t value[] = {DER_SEQUENCE, 3, DER_BOOLEAN, 1, 0xff};
    extensions_write(b, BYTES_OF(oid_basic_constraints), true, BYTES_OF(value));
}

void extensions_write_ext_key_usage(struct builder *b, bool has_client_auth)
{
    struct open_extension e = open_extension(b, BYTES_OF(oid_ext_key_usage), false);
    size_t mark = der_open(b, DER_SEQUENCE);
    der_write(b, DER_OID, BYTES_OF(oid_server_auth));
    if (has_client_auth)
        der_write(b, DER_OID, BYTES_OF(oid_client_auth));
    der_close(b, mark);
    close_extension(b, e);
}

void extensions_write_subject_alt_name(struct builder *b, struct bytes names, bool is_critical)
{
    struct open_extension e = open_extension(b, BYTES_OF(oid_subject_alt_name), is_critical);
    der_write(b, DER_SEQUENCE, names);
    close_extension(b, e);
}

void extensions_write_authority_key_id(struct builder *b, struct bytes key_id)
{
    struct open_extension e = open_extension(b, BYTES_OF(oid_authority_key_id), false);
    size_t mark = der_open(b, DER_SEQUENCE);
    der_write(b, DER_CONTEXT(0), key_id);
    der_close(b, mark);
    close_extension(b, e);
}

void extensions_write_subject_key_id(struct builder *b, struct bytes key_id)
{
    struct open_extension e = open_extension(b, BYTES_OF(oid_subject_key_id), false);
    der_write(b, DER_OCTET_STRING, key_id);
    close_extension(b, e);
}

void extensions_write_policy(struct builder *b, struct bytes policy_oid)
{
    struct open_extension e = open_extension(b, BYTES_OF(oid_certificate_policies), false);
    size_t list = der_open(b, DER_SEQUENCE), info = der_open(b, DER_SEQUENCE);
    der_write(b, DER_OID, policy_oid);
    der_close(b, info);
    der_close(b, list);
    close_extension(b, e);
}
