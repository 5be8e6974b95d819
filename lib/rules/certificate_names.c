#include "rules/certificate_names.h"

#include "codec/asn1/der.h"
#include "codec/x509/certificate.h"
#include "rules/certificate_name_places.h"
#include "rules/certificate_walk.h"

/* The longest certificate that a log entry can hold has 16 MiB; a byte that cannot be read becomes three. */
#define ARENA_MAX ((size_t)64 * 1024 * 1024)

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
        enum status s = has_list ? certificate_name_places_extensions(names, list.contents, err) : STATUS_OK;
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
    return certificate_name_places_subject(names, e.contents, err);
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
