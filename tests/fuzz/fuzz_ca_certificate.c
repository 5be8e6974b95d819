/* CA certificates: the fields are those of the certificate, the name is the ID written out, and what
 * is written from the fields parses to the same. */
#include "fuzz/fuzz_checks.h"

#include "codec/mtc/ca_certificate.h"
#include "codec/x509/extensions.h"

#define OUT_MAX (2 * CERTIFICATE_SIZE_MAX)

static void check_written(const struct ca_certificate *ca)
{
    struct builder b;
    struct ca_certificate same;
    struct error err;
    builder_init(&b, OUT_MAX);
    enum status s = ca_certificate_write(ca, &b, &err);
    /* A year before 1950 cannot be written, and a signature algorithm may be longer than any of ours. */
    if (s != STATUS_OK) {
        require(s == STATUS_LIMIT && err.text[0] != '\0');
        builder_clear(&b);
        return;
    }
    require(ca_certificate_parse(builder_view(&b), &same, NULL) == STATUS_OK);
    require(same.draft == ca->draft && tai_equal(&same.id, &ca->id));
    require(bytes_equal(same.name, ca->name) && bytes_equal(same.spki, ca->spki) &&
            bytes_equal(same.sig_alg, ca->sig_alg));
    require(same.min_serial == ca->min_serial && same.max_serial == ca->max_serial);
    require(same.not_before_s == ca->not_before_s && same.not_after_s == ca->not_after_s);
    builder_clear(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ca_certificate ca;
    struct certificate cert;
    struct extensions extensions;
    struct error err;
    enum status s = ca_certificate_parse(bytes_of(data, size), &ca, &err);
    if (s != STATUS_OK) {
        require(s == STATUS_MALFORMED || s == STATUS_LIMIT || s == STATUS_REFUSED);
        require(err.status == s && err.text[0] != '\0');
        return 0;
    }
    require(certificate_parse(bytes_of(data, size), &cert, NULL) == STATUS_OK);
    require(extensions_parse(cert.extensions, &extensions, NULL) == STATUS_OK);
    require(bytes_equal(ca.name, cert.subject) && bytes_equal(ca.spki, cert.spki));
    require(ca.not_before_s == cert.not_before_s && ca.not_after_s == cert.not_after_s);
    require(extensions.is_ca && extensions.mtc_ca.is_critical && extensions.unknown_critical.len == 0);
    require(ca.min_serial >= ca.draft->serial_min);
    struct builder name;
    builder_init(&name, OUT_MAX);
    draft_write_ca_name(ca.draft, &ca.id, &name);
    require_same(&name, ca.name);
    if (ca.draft->is_written)
        check_written(&ca);
    return 0;
}
