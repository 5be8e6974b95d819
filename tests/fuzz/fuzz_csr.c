/* Certification requests: what parses is put together again from its fields, and a name that may be
 * issued is a name that the certificate then matches. */
#include "fuzz/fuzz_checks.h"

#include "codec/asn1/der.h"
#include "codec/x509/csr.h"
#include "codec/x509/extensions.h"
#include "rules/dns_name.h"

static void check_whole(const struct csr *csr)
{
    struct builder b;
    builder_init(&b, csr->der.len);
    size_t whole = der_open(&b, DER_SEQUENCE);
    builder_bytes(&b, csr->info);
    builder_bytes(&b, csr->signature_algorithm);
    size_t bits = der_open(&b, DER_BIT_STRING);
    builder_u8(&b, 0);
    builder_bytes(&b, csr->signature_value);
    der_close(&b, bits);
    der_close(&b, whole);
    require_same(&b, csr->der);
}

static void check_name(struct bytes name)
{
    struct error err;
    struct builder lower;
    if (dns_name_check(name, true, &err) != STATUS_OK) {
        require(err.status == STATUS_REFUSED && err.text[0] != '\0');
        return;
    }
    builder_init(&lower, DNS_NAME_MAX);
    dns_name_write_lower(name, &lower);
    require(builder_is_good(&lower) && lower.len == name.len);
    require(dns_name_check(builder_view(&lower), true, NULL) == STATUS_OK);
    bool is_wildcard = name.data[0] == '*';
    /* A wildcard is nobody's reference, but it stands for any one label. */
    require(dns_name_matches(name, builder_view(&lower)) == !is_wildcard);
    if (is_wildcard) {
        lower.data[0] = 'x';
        require(dns_name_matches(name, builder_view(&lower)));
    }
    builder_clear(&lower);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct csr csr;
    struct error err;
    enum status s = csr_parse(bytes_of(data, size), &csr, &err);
    if (s != STATUS_OK) {
        require_refusal(s, &err);
        return 0;
    }
    check_whole(&csr);
    struct reader r;
    struct san_name name;
    reader_init(&r, csr.subject_alt_name);
    while (san_next(&r, &name))
        if (name.tag == SAN_DNS_NAME)
            check_name(name.value);
    require(reader_is_at_end(&r));
    return 0;
}
