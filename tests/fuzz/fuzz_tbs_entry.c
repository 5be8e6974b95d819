/* TBSCertificateLogEntry: what parses is written again byte for byte, and makes a certificate with the
 * same fields. */
#include "fuzz/fuzz_checks.h"

#include "codec/mtc/tbs_entry.h"

/* A key that goes with no entry: the certificate's fields are compared, not its hash. */
static const uint8_t spki[] = {0x30, 0x0b, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x02, 0x00, 0x01};

static void check_certificate(const struct tbs_entry *e, size_t room)
{
    struct builder b;
    struct certificate c;
    builder_init(&b, room + 256);
    require(tbs_entry_write_certificate(e, &draft_gm, UINT64_MAX, BYTES_OF(spki), bytes_of("x", 1), &b, NULL) ==
            STATUS_OK);
    if (b.len <= CERTIFICATE_SIZE_MAX) {
        enum status s = certificate_parse(builder_view(&b), &c, NULL);
        /* A certificate wraps the entry two levels deeper. */
        require(s == STATUS_OK || s == STATUS_LIMIT);
        if (s == STATUS_OK) {
            require(bytes_equal(c.version, e->version) && bytes_equal(c.issuer, e->issuer));
            require(bytes_equal(c.validity, e->validity) && bytes_equal(c.subject, e->subject));
            require(bytes_equal(c.after_spki, e->after_spki) && bytes_equal(c.extensions, e->extensions));
            require(c.not_before_s == e->not_before_s && c.not_after_s == e->not_after_s);
        }
    }
    builder_clear(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tbs_entry e;
    struct error err;
    enum status s = tbs_entry_parse(bytes_of(data, size), &e, &err);
    if (s != STATUS_OK) {
        require_refusal(s, &err);
        return 0;
    }
    struct builder b;
    builder_init(&b, size);
    tbs_entry_write(&e, &b);
    require_same(&b, bytes_of(data, size));
    check_certificate(&e, size);
    return 0;
}
