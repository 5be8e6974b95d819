/* Precertificates: what is cut out of a certificate leaves a certificate's TBS, and what is added is cut out again. */
#include "fuzz/fuzz_checks.h"

#include "codec/ct/sct_list.h"
#include "rules/precert.h"

/* A TBSCertificate as a certificate of its own, unsigned: 30 len tbs 30 00 03 02 00 ff. */
static void parse_tbs(struct bytes tbs, struct builder *memory, struct certificate *out)
{
    static const uint8_t rest[] = {0x30, 0x00, 0x03, 0x02, 0x00, 0xff};
    struct error err;
    size_t len = tbs.len + sizeof rest;
    builder_init(memory, CERTIFICATE_SIZE_MAX + 64);
    builder_u8(memory, 0x30);
    if (len >= 0x10000) {
        builder_u8(memory, 0x83);
        builder_u24(memory, (uint32_t)len);
    } else if (len >= 0x100) {
        builder_u8(memory, 0x82);
        builder_u16(memory, (uint16_t)len);
    } else if (len >= 0x80) {
        builder_u8(memory, 0x81);
        builder_u8(memory, (uint8_t)len);
    } else {
        builder_u8(memory, (uint8_t)len);
    }
    builder_bytes(memory, tbs);
    builder_bytes(memory, BYTES_OF(rest));
    require(certificate_parse(builder_view(memory), out, &err) == STATUS_OK);
}

static void add_and_remove(struct bytes tbs)
{
    struct error err;
    struct builder extension, pre, again, memory;
    struct certificate precertificate;
    builder_init(&extension, 64);
    builder_init(&pre, CERTIFICATE_SIZE_MAX);
    builder_init(&again, CERTIFICATE_SIZE_MAX);
    precert_write_poison(&extension);
    if (precert_append_extension(tbs, builder_view(&extension), &pre, &err) == STATUS_OK) {
        parse_tbs(builder_view(&pre), &memory, &precertificate);
        require(precert_write_tbs(&precertificate, &again, &err) == STATUS_OK);
        require(bytes_equal(builder_view(&again), tbs));
        builder_clear(&memory);
    }
    builder_clear(&extension);
    builder_clear(&pre);
    builder_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err;
    struct certificate certificate, rest;
    struct builder identity, memory;
    struct bytes list;
    static struct sct_list scts;
    if (size > CERTIFICATE_SIZE_MAX - 128 || certificate_parse(bytes_of(data, size), &certificate, &err) != STATUS_OK)
        return 0;
    builder_init(&identity, CERTIFICATE_SIZE_MAX);
    if (precert_identity(&certificate, &identity, &err) == STATUS_OK) {
        bool is_poisoned;
        parse_tbs(builder_view(&identity), &memory, &rest);
        require(precert_is_poisoned(&rest, &is_poisoned, &err) == STATUS_OK && !is_poisoned);
        require(precert_sct_list(&rest, &list, &err) == STATUS_NOT_FOUND);
        require(bytes_equal(rest.serial, certificate.serial) && bytes_equal(rest.spki, certificate.spki));
        builder_clear(&memory);
        add_and_remove(builder_view(&identity));
        if (precert_sct_list(&certificate, &list, &err) == STATUS_OK)
            (void)!sct_list_parse(list, &scts, &err);
    } else {
        require(err.status == STATUS_MALFORMED);
    }
    builder_clear(&identity);
    return 0;
}
