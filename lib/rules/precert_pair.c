#include "rules/precert.h"

#include "rules/precert_parts.h"

/* Longer than any object identifier in use; what is longer is cut. */
#define OID_TEXT_MAX 96

static void write_oid(struct bytes oid, char out[OID_TEXT_MAX])
{
    uint64_t component = 0;
    size_t len = 0;
    bool is_first = true;
    out[0] = '\0';
    for (size_t i = 0; i < oid.len && len < OID_TEXT_MAX - 24; i++) {
        component = component << 7 | (oid.data[i] & 0x7f);
        if ((oid.data[i] & 0x80) != 0)
            continue;
        struct builder b;
        builder_init_fixed(&b, out + len, OID_TEXT_MAX - 1 - len);
        if (is_first) {
            uint64_t root = component < 80 ? component / 40 : 2;
            builder_printf(&b, "%llu.%llu", (unsigned long long)root, (unsigned long long)(component - 40 * root));
        } else {
            builder_printf(&b, ".%llu", (unsigned long long)component);
        }
        len += b.len;
        out[len] = '\0';
        component = 0;
        is_first = false;
    }
}

/* The next extension that is neither of both; false at the end. */
static bool next_other(struct reader *r, struct extension *e, struct bytes *whole)
{
    while (!reader_is_at_end(r)) {
        const uint8_t *at = r->at;
        if (!extensions_next(r, e))
            return false;
        *whole = bytes_of(at, (size_t)(r->at - at));
        if (!precert_is_either(e))
            return true;
    }
    return false;
}

static enum status differ(struct error *err, const char *what)
{
    return error_set(err, STATUS_REFUSED, "the certificate is not that of its precertificate: %s", what);
}

static enum status compare_extensions(const struct certificate *a, const struct certificate *b, struct error *err)
{
    struct reader ra, rb;
    struct extension ea, eb;
    struct bytes wa, wb;
    char oid[OID_TEXT_MAX], text[OID_TEXT_MAX + 40];
    reader_init(&ra, a->extensions);
    reader_init(&rb, b->extensions);
    for (;;) {
        bool has_a = next_other(&ra, &ea, &wa), has_b = next_other(&rb, &eb, &wb);
        if (!has_a && !has_b)
            return STATUS_OK;
        if (has_a && has_b && bytes_equal(wa, wb))
            continue;
        write_oid(has_a ? ea.oid : eb.oid, oid);
        struct builder words;
        builder_init_fixed(&words, text, sizeof text - 1);
        builder_printf(&words, "extension %s %s", oid,
                       !has_b ? "is missing" : !has_a ? "is new" : "differs, or stands elsewhere");
        text[words.len] = '\0';
        return differ(err, text);
    }
}

enum status precert_check_pair(const struct certificate *precertificate, const struct certificate *certificate,
                               struct error *err)
{
    struct precert_found pre, final;
    enum status s = error_prefix(err, precert_find(precertificate, &pre, err), "precertificate");
    if (s == STATUS_OK)
        s = precert_find(certificate, &final, err);
    if (s != STATUS_OK)
        return s;
    if (!pre.has_poison || pre.has_list)
        return error_set(err, STATUS_REFUSED, "the first of both is no precertificate");
    if (final.has_poison)
        return differ(err, "it has the poison");
    const struct {
        const char *name;
        struct bytes pre, final;
    } fields[] = {
        {"serial number", precertificate->serial, certificate->serial},
        {"version", precertificate->version, certificate->version},
        {"signature algorithm", precertificate->signature, certificate->signature},
        {"issuer", precertificate->issuer, certificate->issuer},
        {"validity", precertificate->validity, certificate->validity},
        {"subject", precertificate->subject, certificate->subject},
        {"public key", precertificate->spki, certificate->spki},
        {"unique identifiers", precert_unique_ids(precertificate), precert_unique_ids(certificate)},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (!bytes_equal(fields[i].pre, fields[i].final))
            return differ(err, fields[i].name);
    return compare_extensions(precertificate, certificate, err);
}
