#include "rules/certificate_name_places.h"

#include "rules/certificate_name_values.h"
#include "rules/certificate_walk.h"

/* Contents of object identifiers. */
static const uint8_t oid_common_name[] = {0x55, 0x04, 0x03};
static const uint8_t oid_organisation[] = {0x55, 0x04, 0x0a};
static const uint8_t oid_email[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01};
static const uint8_t oid_subject_alt_name[] = {0x55, 0x1d, 0x11};
static const uint8_t oid_basic_constraints[] = {0x55, 0x1d, 0x13};
static const uint8_t oid_poison[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x03};

#define SAN_EMAIL 0x81
#define SAN_DNS 0x82
#define SAN_URI 0x86
#define SAN_IP 0x87
/* BER's other form of a string: pieces [X.690 8.21]. Not DER, and some clients put the pieces together all the same. */
#define TAG_CONSTRUCTED 0x20

static enum status read_attribute(struct certificate_names *names, struct certificate_walk *attribute, struct error *err)
{
    struct der_element type, value;
    if (!certificate_walk_next(attribute, &type) || !certificate_walk_next(attribute, &value)) {
        names->malformed |= CERTIFICATE_NAMES_SUBJECT;
        return STATUS_OK;
    }
    /* In pieces: their tags and lengths stand between them, and are no part of any name. */
    if ((value.tag & TAG_CONSTRUCTED) != 0)
        names->malformed |= CERTIFICATE_NAMES_SUBJECT;
    if (bytes_equal(type.contents, BYTES_OF(oid_common_name)))
        return certificate_name_values_text(names, CERTIFICATE_NAME_COMMON_NAME, value.tag, value.contents, err);
    if (bytes_equal(type.contents, BYTES_OF(oid_organisation)))
        return certificate_name_values_text(names, CERTIFICATE_NAME_ORGANISATION, value.tag, value.contents, err);
    if (bytes_equal(type.contents, BYTES_OF(oid_email)))
        return certificate_name_values_text(names, CERTIFICATE_NAME_EMAIL, value.tag, value.contents, err);
    return STATUS_OK;
}

enum status certificate_name_places_subject(struct certificate_names *names, struct bytes contents, struct error *err)
{
    struct certificate_walk rdns, rdn, attribute;
    struct der_element set, sequence;
    certificate_walk_init(&rdns, contents);
    while (certificate_walk_next(&rdns, &set)) {
        certificate_walk_init(&rdn, set.contents);
        while (certificate_walk_next(&rdn, &sequence)) {
            certificate_walk_init(&attribute, sequence.contents);
            enum status s = read_attribute(names, &attribute, err);
            if (s != STATUS_OK)
                return s;
        }
        if (!certificate_walk_is_clean(&rdn))
            names->malformed |= CERTIFICATE_NAMES_SUBJECT;
    }
    if (!certificate_walk_is_clean(&rdns))
        names->malformed |= CERTIFICATE_NAMES_SUBJECT;
    return STATUS_OK;
}

static enum status read_alt_name(struct certificate_names *names, const struct der_element *name, struct error *err);

/* The pieces together, and one level of them: what is nested deeper is said to be malformed as well. */
static enum status read_pieces(struct certificate_names *names, const struct der_element *name, struct error *err)
{
    struct certificate_walk walk;
    struct der_element piece, whole = {.tag = name->tag & (uint8_t)~TAG_CONSTRUCTED};
    struct builder b;
    names->malformed |= CERTIFICATE_NAMES_ALT_NAME;
    builder_init(&b, name->contents.len);
    certificate_walk_init(&walk, name->contents);
    while (certificate_walk_next(&walk, &piece))
        builder_bytes(&b, piece.contents);
    whole.contents = builder_view(&b);
    enum status s = builder_status(&b, "names of a certificate", err);
    if (s == STATUS_OK)
        s = read_alt_name(names, &whole, err);
    builder_clear(&b);
    return s;
}

static enum status read_alt_name(struct certificate_names *names, const struct der_element *name, struct error *err)
{
    switch (name->tag) {
    case SAN_DNS | TAG_CONSTRUCTED:
    case SAN_EMAIL | TAG_CONSTRUCTED:
    case SAN_URI | TAG_CONSTRUCTED:
    case SAN_IP | TAG_CONSTRUCTED:
        return read_pieces(names, name, err);
    case SAN_DNS:
        return certificate_name_values_text(names, CERTIFICATE_NAME_DNS, DER_UTF8_STRING, name->contents, err);
    case SAN_EMAIL:
        return certificate_name_values_text(names, CERTIFICATE_NAME_EMAIL, DER_UTF8_STRING, name->contents, err);
    case SAN_URI:
        return certificate_name_values_text(names, CERTIFICATE_NAME_URI, DER_UTF8_STRING, name->contents, err);
    case SAN_IP:
        return certificate_name_values_ip(names, name->contents, err);
    default:
        return STATUS_OK; /* otherName, directoryName...: names of no host */
    }
}

static enum status read_alt_names(struct certificate_names *names, struct bytes value, struct error *err)
{
    struct certificate_walk outer, list;
    struct der_element sequence, name;
    certificate_walk_init(&outer, value);
    if (!certificate_walk_next(&outer, &sequence) || !certificate_walk_is_clean(&outer)) {
        names->malformed |= CERTIFICATE_NAMES_ALT_NAME;
        if (outer.count == 0)
            return STATUS_OK;
    }
    certificate_walk_init(&list, sequence.contents);
    while (certificate_walk_next(&list, &name)) {
        enum status s = read_alt_name(names, &name, err);
        if (s != STATUS_OK)
            return s;
    }
    if (!certificate_walk_is_clean(&list))
        names->malformed |= CERTIFICATE_NAMES_ALT_NAME;
    return STATUS_OK;
}

/* Any BOOLEAN but 00 is TRUE to somebody. */
static void read_constraints(struct certificate_names *names, struct bytes value)
{
    struct certificate_walk outer, fields;
    struct der_element sequence, is_ca;
    certificate_walk_init(&outer, value);
    bool has = certificate_walk_next(&outer, &sequence);
    if (!has || sequence.tag != DER_SEQUENCE || !certificate_walk_is_clean(&outer))
        names->malformed |= CERTIFICATE_NAMES_CONSTRAINTS;
    if (!has)
        return;
    certificate_walk_init(&fields, sequence.contents);
    if (certificate_walk_next(&fields, &is_ca) && is_ca.tag == DER_BOOLEAN) {
        if (is_ca.contents.len != 1)
            names->malformed |= CERTIFICATE_NAMES_CONSTRAINTS;
        for (size_t i = 0; i < is_ca.contents.len; i++)
            names->is_ca = names->is_ca || is_ca.contents.data[i] != 0;
    }
    while (certificate_walk_next(&fields, &is_ca)) /* pathLenConstraint */
        if (is_ca.tag != DER_INTEGER)
            names->malformed |= CERTIFICATE_NAMES_CONSTRAINTS;
    if (!certificate_walk_is_clean(&fields))
        names->malformed |= CERTIFICATE_NAMES_CONSTRAINTS;
}

/* An Extension: OID, maybe BOOLEAN, OCTET STRING. */
static bool split_extension(struct bytes contents, struct bytes *oid, struct bytes *value)
{
    struct certificate_walk fields;
    struct der_element e;
    certificate_walk_init(&fields, contents);
    if (!certificate_walk_next(&fields, &e) || e.tag != DER_OID)
        return false;
    *oid = e.contents;
    while (certificate_walk_next(&fields, &e)) {
        *value = e.contents;
        if (e.tag == DER_OCTET_STRING)
            return certificate_walk_next(&fields, &e) ? false : certificate_walk_is_clean(&fields);
    }
    return false;
}

enum status certificate_name_places_extensions(struct certificate_names *names, struct bytes contents, struct error *err)
{
    struct certificate_walk list;
    struct der_element extension;
    struct bytes oid, value;
    unsigned alt_names = 0;
    certificate_walk_init(&list, contents);
    while (certificate_walk_next(&list, &extension)) {
        enum status s = STATUS_OK;
        oid = value = bytes_of(NULL, 0);
        if (!split_extension(extension.contents, &oid, &value))
            names->malformed |= CERTIFICATE_NAMES_EXTENSIONS;
        if (bytes_equal(oid, BYTES_OF(oid_subject_alt_name))) {
            s = read_alt_names(names, value, err);
            if (++alt_names > 1)
                names->malformed |= CERTIFICATE_NAMES_ALT_NAME;
        } else if (bytes_equal(oid, BYTES_OF(oid_basic_constraints))) {
            read_constraints(names, value);
        } else if (bytes_equal(oid, BYTES_OF(oid_poison))) {
            names->is_precert = true;
        }
        if (s != STATUS_OK)
            return s;
    }
    if (!certificate_walk_is_clean(&list))
        names->malformed |= CERTIFICATE_NAMES_EXTENSIONS;
    return STATUS_OK;
}
