#include "codec/x509/issuing_extensions.h"

#include "codec/asn1/der.h"
#include "codec/x509/extensions.h"

static const uint8_t oid_basic_constraints[] = {0x55, 0x1d, 0x13};
static const uint8_t oid_crl_points[] = {0x55, 0x1d, 0x1f};
static const uint8_t oid_authority_information[] = {0x2b, 6, 1, 5, 5, 7, 1, 1};
static const uint8_t oid_ocsp[] = {0x2b, 6, 1, 5, 5, 7, 0x30, 1};
static const uint8_t oid_ca_issuers[] = {0x2b, 6, 1, 5, 5, 7, 0x30, 2};

/* The longest value: two URLs of 255 bytes and their frames. */
#define VALUE_SIZE_MAX 1024
#define GENERAL_NAME_URI DER_CONTEXT(6)

void issuing_extensions_write_basic_constraints(struct builder *b, int path_len)
{
    uint8_t memory[16];
    struct builder value;
    builder_init_fixed(&value, memory, sizeof memory);
    size_t sequence = der_open(&value, DER_SEQUENCE);
    der_write_boolean_true(&value);
    if (path_len >= 0)
        der_write_u64(&value, (uint64_t)path_len);
    der_close(&value, sequence);
    extensions_write(b, BYTES_OF(oid_basic_constraints), true, builder_view(&value));
}

static void write_access(struct builder *b, struct bytes method, const char *url)
{
    if (url == NULL)
        return;
    size_t description = der_open(b, DER_SEQUENCE);
    der_write(b, DER_OID, method);
    der_write(b, GENERAL_NAME_URI, bytes_of_text(url));
    der_close(b, description);
}

/* A value that did not fit must not become an extension without it. */
static void write_extension(struct builder *b, struct bytes oid, struct builder *value)
{
    if (!builder_is_good(value) && builder_is_good(b))
        b->failure = value->failure;
    extensions_write(b, oid, false, builder_view(value));
}

void issuing_extensions_write_authority_information(struct builder *b, const char *ocsp_url,
                                                    const char *issuer_url)
{
    uint8_t memory[VALUE_SIZE_MAX];
    struct builder value;
    builder_init_fixed(&value, memory, sizeof memory);
    size_t sequence = der_open(&value, DER_SEQUENCE);
    write_access(&value, BYTES_OF(oid_ocsp), ocsp_url);
    write_access(&value, BYTES_OF(oid_ca_issuers), issuer_url);
    der_close(&value, sequence);
    write_extension(b, BYTES_OF(oid_authority_information), &value);
}

void issuing_extensions_write_crl_point(struct builder *b, const char *url)
{
    uint8_t memory[VALUE_SIZE_MAX];
    struct builder value;
    builder_init_fixed(&value, memory, sizeof memory);
    size_t points = der_open(&value, DER_SEQUENCE), point = der_open(&value, DER_SEQUENCE);
    size_t name = der_open(&value, DER_CONTEXT_CONSTRUCTED(0)), full = der_open(&value, DER_CONTEXT_CONSTRUCTED(0));
    der_write(&value, GENERAL_NAME_URI, bytes_of_text(url));
    der_close(&value, full);
    der_close(&value, name);
    der_close(&value, point);
    der_close(&value, points);
    write_extension(b, BYTES_OF(oid_crl_points), &value);
}
