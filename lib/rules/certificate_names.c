#include "rules/certificate_names.h"

#include <string.h>

#include "base/text.h"
#include "codec/asn1/der.h"
#include "codec/note/utf8.h"
#include "codec/x509/certificate.h"
#include "rules/certificate_walk.h"

/* The longest certificate that a log entry can hold has 16 MiB; a byte that cannot be read becomes three. */
#define ARENA_MAX ((size_t)64 * 1024 * 1024)

#define UTF8_REPLACEMENT 0xfffd

/* Contents of object identifiers. */
static const uint8_t oid_common_name[] = {0x55, 0x04, 0x03};
static const uint8_t oid_organisation[] = {0x55, 0x04, 0x0a};
static const uint8_t oid_email[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01};
static const uint8_t oid_subject_alt_name[] = {0x55, 0x1d, 0x11};
static const uint8_t oid_basic_constraints[] = {0x55, 0x1d, 0x13};
static const uint8_t oid_poison[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x03};

#define TAG_UTF8_STRING 0x0c
#define TAG_T61_STRING 0x14
#define TAG_UNIVERSAL_STRING 0x1c
#define TAG_BMP_STRING 0x1e
#define SAN_EMAIL 0x81
#define SAN_DNS 0x82
#define SAN_URI 0x86
#define SAN_IP 0x87

void certificate_names_init(struct certificate_names *names)
{
    *names = (struct certificate_names){.names = array_of(sizeof(struct certificate_name), CERTIFICATE_NAMES_MAX)};
    builder_init(&names->arena, ARENA_MAX);
}

void certificate_names_clear(struct certificate_names *names)
{
    array_clear(&names->names);
    builder_clear(&names->arena);
}

/* ---- values ---- */

static void write_utf8(struct builder *b, uint32_t code)
{
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        code = UTF8_REPLACEMENT;
    if (code < 0x80) {
        builder_u8(b, (uint8_t)code);
    } else if (code < 0x800) {
        builder_u8(b, (uint8_t)(0xc0 | code >> 6));
        builder_u8(b, (uint8_t)(0x80 | (code & 0x3f)));
    } else if (code < 0x10000) {
        builder_u8(b, (uint8_t)(0xe0 | code >> 12));
        builder_u8(b, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
        builder_u8(b, (uint8_t)(0x80 | (code & 0x3f)));
    } else {
        builder_u8(b, (uint8_t)(0xf0 | code >> 18));
        builder_u8(b, (uint8_t)(0x80 | (code >> 12 & 0x3f)));
        builder_u8(b, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
        builder_u8(b, (uint8_t)(0x80 | (code & 0x3f)));
    }
}

/* The next character of a string of that type. */
static bool next_character(struct reader *r, uint8_t tag, uint32_t *code)
{
    uint16_t wide;
    uint8_t byte;
    if (tag == TAG_UNIVERSAL_STRING)
        return reader_u32(r, code);
    if (tag == TAG_BMP_STRING) {
        if (!reader_u16(r, &wide))
            return false;
        *code = wide;
        return true;
    }
    if (tag != TAG_T61_STRING && utf8_next(r, code))
        return true;
    if (!reader_u8(r, &byte))
        return false;
    *code = tag == TAG_T61_STRING || byte < 0x80 ? byte : UTF8_REPLACEMENT;
    return true;
}

/* A name while its characters come. */
struct pending {
    enum certificate_name_kind kind;
    size_t start;
    bool is_ascii;
    bool is_odd;
};

static bool is_host_character(uint32_t code)
{
    return (code >= 'a' && code <= 'z') || (code >= '0' && code <= '9') || code == '-' || code == '.' || code == '_' ||
           code == '*' || code >= 0x80;
}

/* Ends the name that stands in the arena from pending.start on; an empty one is none. */
static enum status end_name(struct certificate_names *names, const struct pending *p, struct error *err)
{
    struct builder *b = &names->arena;
    bool is_host = p->kind == CERTIFICATE_NAME_DNS;
    if (is_host && b->len > p->start && b->data[b->len - 1] == '.')
        b->len--;
    if (b->len == p->start || !builder_is_good(b))
        return builder_status(b, "names of a certificate", err);
    if (names->names.count == CERTIFICATE_NAMES_MAX) {
        names->malformed |= CERTIFICATE_NAMES_TOO_MANY;
        return STATUS_OK;
    }
    if (is_host && p->is_odd)
        names->malformed |= CERTIFICATE_NAMES_CHARACTERS;
    const uint8_t *text = b->data + p->start;
    struct certificate_name name = {
        .kind = p->kind,
        .is_ascii = p->is_ascii,
        .is_wildcard = (is_host || p->kind == CERTIFICATE_NAME_COMMON_NAME) && b->len - p->start > 2 && text[0] == '*' &&
                       text[1] == '.',
        .value = bytes_of(NULL, b->len - p->start),
    };
    return array_insert(&names->names, names->names.count, &name, "names of a certificate", err);
}

static bool lowers(enum certificate_name_kind kind)
{
    return kind == CERTIFICATE_NAME_DNS || kind == CERTIFICATE_NAME_COMMON_NAME || kind == CERTIFICATE_NAME_EMAIL;
}

/* A NUL byte ends a name and begins another. */
static enum status add_text(struct certificate_names *names, enum certificate_name_kind kind, uint8_t tag,
                            struct bytes value, struct error *err)
{
    struct reader r;
    struct pending p = {.kind = kind, .start = names->arena.len, .is_ascii = true};
    uint32_t code;
    reader_init(&r, value);
    while (next_character(&r, tag, &code)) {
        if (code == 0) {
            names->malformed |= CERTIFICATE_NAMES_NUL;
            enum status s = end_name(names, &p, err);
            if (s != STATUS_OK)
                return s;
            p = (struct pending){.kind = kind, .start = names->arena.len, .is_ascii = true};
            continue;
        }
        if (lowers(kind) && code >= 'A' && code <= 'Z')
            code += 'a' - 'A';
        p.is_ascii = p.is_ascii && code < 0x80;
        p.is_odd = p.is_odd || !is_host_character(code) || code == UTF8_REPLACEMENT;
        write_utf8(&names->arena, code);
    }
    /* Half a character of two or four bytes. */
    if (!reader_is_at_end(&r))
        names->malformed |= CERTIFICATE_NAMES_CHARACTERS;
    return end_name(names, &p, err);
}

/* [RFC5952 4]: the longest run of zeros, of two at least, is left out. */
static void write_ipv6(struct builder *b, const uint8_t ip[16])
{
    unsigned best = 0, best_len = 1;
    uint16_t groups[8];
    for (unsigned i = 0; i < 8; i++)
        groups[i] = (uint16_t)(ip[2 * i] << 8 | ip[2 * i + 1]);
    for (unsigned i = 0; i < 8; i++) {
        unsigned len = 0;
        while (i + len < 8 && groups[i + len] == 0)
            len++;
        if (len > best_len) {
            best = i;
            best_len = len;
        }
    }
    for (unsigned i = 0; i < 8; i++) {
        if (best_len > 1 && i == best) {
            builder_text(b, "::");
            i += best_len - 1;
            continue;
        }
        bool follows_gap = best_len > 1 && i == best + best_len;
        builder_printf(b, "%s%x", i > 0 && !follows_gap ? ":" : "", groups[i]);
    }
}

static enum status add_ip(struct certificate_names *names, struct bytes value, struct error *err)
{
    size_t start = names->arena.len;
    struct certificate_name name = {.kind = CERTIFICATE_NAME_IP, .is_ascii = true, .ip_len = (uint8_t)value.len};
    if (value.len != 4 && value.len != 16) {
        names->malformed |= CERTIFICATE_NAMES_IP;
        return STATUS_OK;
    }
    if (names->names.count == CERTIFICATE_NAMES_MAX) {
        names->malformed |= CERTIFICATE_NAMES_TOO_MANY;
        return STATUS_OK;
    }
    memcpy(name.ip, value.data, value.len);
    if (value.len == 4)
        builder_printf(&names->arena, "%u.%u.%u.%u", name.ip[0], name.ip[1], name.ip[2], name.ip[3]);
    else
        write_ipv6(&names->arena, name.ip);
    name.value = bytes_of(NULL, names->arena.len - start);
    enum status s = builder_status(&names->arena, "names of a certificate", err);
    return s == STATUS_OK ? array_insert(&names->names, names->names.count, &name, "names of a certificate", err) : s;
}

/* ---- where they are ---- */

static enum status read_attribute(struct certificate_names *names, struct certificate_walk *attribute, struct error *err)
{
    struct der_element type, value;
    if (!certificate_walk_next(attribute, &type) || !certificate_walk_next(attribute, &value)) {
        names->malformed |= CERTIFICATE_NAMES_SUBJECT;
        return STATUS_OK;
    }
    if (bytes_equal(type.contents, BYTES_OF(oid_common_name)))
        return add_text(names, CERTIFICATE_NAME_COMMON_NAME, value.tag, value.contents, err);
    if (bytes_equal(type.contents, BYTES_OF(oid_organisation)))
        return add_text(names, CERTIFICATE_NAME_ORGANISATION, value.tag, value.contents, err);
    if (bytes_equal(type.contents, BYTES_OF(oid_email)))
        return add_text(names, CERTIFICATE_NAME_EMAIL, value.tag, value.contents, err);
    return STATUS_OK;
}

static enum status read_subject(struct certificate_names *names, struct bytes contents, struct error *err)
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

static enum status read_alt_name(struct certificate_names *names, const struct der_element *name, struct error *err)
{
    switch (name->tag) {
    case SAN_DNS:
        return add_text(names, CERTIFICATE_NAME_DNS, TAG_UTF8_STRING, name->contents, err);
    case SAN_EMAIL:
        return add_text(names, CERTIFICATE_NAME_EMAIL, TAG_UTF8_STRING, name->contents, err);
    case SAN_URI:
        return add_text(names, CERTIFICATE_NAME_URI, TAG_UTF8_STRING, name->contents, err);
    case SAN_IP:
        return add_ip(names, name->contents, err);
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

static enum status read_extensions(struct certificate_names *names, struct bytes contents, struct error *err)
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

static void read_validity(struct certificate_names *names, struct bytes whole)
{
    struct reader r;
    struct error err;
    struct bytes validity;
    reader_init(&r, whole);
    names->has_validity =
        certificate_read_validity(&r, &validity, &names->not_before_s, &names->not_after_s, &err) == STATUS_OK;
    if (!names->has_validity)
        names->malformed |= CERTIFICATE_NAMES_VALIDITY;
}

/* ---- the fields of a TBSCertificate ---- */

/* The next field, when it has that tag; otherwise it stays, and the flag says that it was missed. */
static bool take(struct certificate_names *names, struct certificate_walk *fields, uint8_t tag, unsigned flag,
                 struct der_element *out)
{
    if (certificate_walk_next_is(fields, tag) && certificate_walk_next(fields, out))
        return true;
    *out = (struct der_element){.tag = 0};
    names->malformed |= flag;
    return false;
}

/* [1], [2], [3] and whatever else stands behind the key. */
static enum status read_rest(struct certificate_names *names, struct certificate_walk *fields, struct error *err)
{
    struct der_element e, list;
    bool has_extensions = false;
    while (certificate_walk_next(fields, &e)) {
        if (e.tag != DER_CONTEXT_CONSTRUCTED(3)) {
            if (e.tag != DER_CONTEXT(1) && e.tag != DER_CONTEXT(2))
                names->malformed |= CERTIFICATE_NAMES_STRUCTURE;
            continue;
        }
        struct certificate_walk outer;
        certificate_walk_init(&outer, e.contents);
        if (has_extensions)
            names->malformed |= CERTIFICATE_NAMES_EXTENSIONS;
        has_extensions = true;
        bool has_list = certificate_walk_next(&outer, &list);
        if (!has_list || !certificate_walk_is_clean(&outer))
            names->malformed |= CERTIFICATE_NAMES_EXTENSIONS;
        enum status s = has_list ? read_extensions(names, list.contents, err) : STATUS_OK;
        if (s != STATUS_OK)
            return s;
    }
    if (!certificate_walk_is_clean(fields))
        names->malformed |= CERTIFICATE_NAMES_STRUCTURE;
    return STATUS_OK;
}

static enum status read_names_of(struct certificate_names *names, struct certificate_walk *fields, struct error *err)
{
    struct der_element e;
    if (take(names, fields, DER_SEQUENCE, CERTIFICATE_NAMES_STRUCTURE, &e))
        names->issuer = e.whole;
    if (take(names, fields, DER_SEQUENCE, CERTIFICATE_NAMES_VALIDITY, &e))
        read_validity(names, e.whole);
    if (!take(names, fields, DER_SEQUENCE, CERTIFICATE_NAMES_SUBJECT, &e))
        return STATUS_OK;
    names->subject = e.whole;
    return read_subject(names, e.contents, err);
}

static void skip_version(struct certificate_names *names, struct certificate_walk *fields)
{
    struct der_element e;
    if (certificate_walk_next_is(fields, DER_CONTEXT_CONSTRUCTED(0)))
        (void)take(names, fields, DER_CONTEXT_CONSTRUCTED(0), CERTIFICATE_NAMES_STRUCTURE, &e);
}

static enum status read_fields(struct certificate_names *names, struct bytes contents, struct error *err)
{
    struct certificate_walk fields;
    struct der_element e;
    certificate_walk_init(&fields, contents);
    skip_version(names, &fields);
    if (take(names, &fields, DER_INTEGER, CERTIFICATE_NAMES_SERIAL, &e)) {
        names->serial = e.contents;
        if (!der_is_integer(e.contents))
            names->malformed |= CERTIFICATE_NAMES_SERIAL;
    }
    (void)take(names, &fields, DER_SEQUENCE, CERTIFICATE_NAMES_STRUCTURE, &e); /* signature */
    enum status s = read_names_of(names, &fields, err);
    if (s != STATUS_OK)
        return s;
    if (take(names, &fields, DER_SEQUENCE, CERTIFICATE_NAMES_KEY, &e))
        names->spki = e.whole;
    return read_rest(names, &fields, err);
}

static void reset(struct certificate_names *names)
{
    names->names.count = 0;
    names->malformed = 0;
    names->is_ca = names->is_precert = names->has_validity = false;
    names->not_before_s = names->not_after_s = 0;
    names->serial = names->issuer = names->subject = names->spki = bytes_of(NULL, 0);
    builder_reset(&names->arena);
}

/* The values stand one after the other in the arena, which does not move any more. */
static enum status finish(struct certificate_names *names, enum status s, struct error *err)
{
    const uint8_t *at = names->arena.data;
    for (size_t i = 0; i < names->names.count; i++) {
        struct certificate_name *name = array_at(&names->names, i);
        name->value.data = at;
        at += name->value.len;
    }
    return s == STATUS_LIMIT ? error_set(err, STATUS_NO_MEMORY, "names of a certificate: out of memory") : s;
}

enum status certificate_names_read_tbs(struct certificate_names *names, struct bytes tbs, struct error *err)
{
    struct certificate_walk outer;
    struct der_element sequence;
    reset(names);
    certificate_walk_init(&outer, tbs);
    if (!certificate_walk_next(&outer, &sequence)) {
        names->malformed |= CERTIFICATE_NAMES_STRUCTURE;
        return STATUS_OK;
    }
    if (sequence.tag != DER_SEQUENCE || certificate_walk_has_more(&outer))
        names->malformed |= CERTIFICATE_NAMES_STRUCTURE;
    enum status s = read_fields(names, sequence.contents, err);
    if (!certificate_walk_is_clean(&outer))
        names->malformed |= CERTIFICATE_NAMES_STRUCTURE;
    return finish(names, s, err);
}

enum status certificate_names_read(struct certificate_names *names, struct bytes der, struct error *err)
{
    struct certificate_walk outer, parts;
    struct der_element certificate, tbs;
    reset(names);
    certificate_walk_init(&outer, der);
    if (!certificate_walk_next(&outer, &certificate)) {
        names->malformed |= CERTIFICATE_NAMES_STRUCTURE;
        return STATUS_OK;
    }
    bool is_odd = certificate.tag != DER_SEQUENCE || certificate_walk_has_more(&outer);
    certificate_walk_init(&parts, certificate.contents);
    if (!certificate_walk_next(&parts, &tbs)) {
        names->malformed |= CERTIFICATE_NAMES_STRUCTURE;
        return STATUS_OK;
    }
    enum status s = read_fields(names, tbs.contents, err);
    struct der_element e;
    is_odd = is_odd || tbs.tag != DER_SEQUENCE || !certificate_walk_next(&parts, &e) || e.tag != DER_SEQUENCE ||
             !certificate_walk_next(&parts, &e) || e.tag != DER_BIT_STRING || certificate_walk_has_more(&parts) ||
             !certificate_walk_is_clean(&outer) || !certificate_walk_is_clean(&parts);
    if (is_odd)
        names->malformed |= CERTIFICATE_NAMES_STRUCTURE;
    return finish(names, s, err);
}

enum status certificate_names_read_mtc_entry(struct certificate_names *names, struct bytes data, struct error *err)
{
    struct certificate_walk fields;
    struct der_element e;
    reset(names);
    certificate_walk_init(&fields, data);
    skip_version(names, &fields);
    enum status s = read_names_of(names, &fields, err);
    if (s == STATUS_OK) {
        (void)take(names, &fields, DER_SEQUENCE, CERTIFICATE_NAMES_KEY, &e);     /* the key's algorithm */
        (void)take(names, &fields, DER_OCTET_STRING, CERTIFICATE_NAMES_KEY, &e); /* its hash */
        s = read_rest(names, &fields, err);
    }
    return finish(names, s, err);
}

/* ---- what is said of them ---- */

void certificate_names_malformed(const struct certificate_names *names, struct builder *out)
{
    static const struct {
        unsigned flag;
        const char *words;
    } rows[] = {
        {CERTIFICATE_NAMES_STRUCTURE, "its structure: names may be missing"},
        {CERTIFICATE_NAMES_SUBJECT, "its subject"},
        {CERTIFICATE_NAMES_EXTENSIONS, "its extensions"},
        {CERTIFICATE_NAMES_ALT_NAME, "subjectAltName"},
        {CERTIFICATE_NAMES_NUL, "a name with a NUL byte"},
        {CERTIFICATE_NAMES_CHARACTERS, "a name with characters that it cannot have"},
        {CERTIFICATE_NAMES_IP, "an address that is not of 4 or 16 bytes"},
        {CERTIFICATE_NAMES_VALIDITY, "its validity"},
        {CERTIFICATE_NAMES_CONSTRAINTS, "basicConstraints"},
        {CERTIFICATE_NAMES_TOO_MANY, "more names than are looked at"},
        {CERTIFICATE_NAMES_KEY, "its key"},
        {CERTIFICATE_NAMES_SERIAL, "its serial number"},
    };
    const char *before = "malformed: ";
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if ((names->malformed & rows[i].flag) == 0)
            continue;
        builder_text(out, before);
        builder_text(out, rows[i].words);
        before = ", ";
    }
}

bool certificate_names_spki_hash(const struct certificate_names *names, struct hasher *h, uint8_t out[HASH_SIZE])
{
    if (names->spki.len == 0)
        return false;
    hasher_one(h, names->spki, out);
    return true;
}
