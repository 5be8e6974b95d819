#include "load/load_csr.h"

#include "codec/asn1/der.h"

#define CONTEXT_0 0xa0
#define CONTEXT_DNS 0x82
#define BIT_STRING 0x03
#define OCTET_STRING 0x04
#define OID 0x06
#define SEQUENCE 0x30
#define SET 0x31
#define CSR_MAX 65536

static void write_names(struct builder *b, const char *name)
{
    static const uint8_t request[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e}, san[] = {0x55, 0x1d, 0x11};
    size_t attributes = der_open(b, CONTEXT_0), attribute = der_open(b, SEQUENCE);
    der_write(b, OID, BYTES_OF(request));
    size_t set = der_open(b, SET), extensions = der_open(b, SEQUENCE), extension = der_open(b, SEQUENCE);
    der_write(b, OID, BYTES_OF(san));
    size_t value = der_open(b, OCTET_STRING), names = der_open(b, SEQUENCE);
    der_write(b, CONTEXT_DNS, bytes_of_text(name));
    der_close(b, names);
    der_close(b, value);
    der_close(b, extension);
    der_close(b, extensions);
    der_close(b, set);
    der_close(b, attribute);
    der_close(b, attributes);
}

enum status load_csr_write(struct private_key *key, const char *name, struct builder *out, struct error *err)
{
    const struct public_key *public_key = private_key_public(key);
    const struct signature_alg *alg = public_key_alg(public_key);
    size_t whole = der_open(out, SEQUENCE), begin = out->len, info = der_open(out, SEQUENCE);
    der_write_u64(out, 0);
    der_write(out, SEQUENCE, bytes_of(NULL, 0));
    builder_bytes(out, public_key_spki(public_key));
    write_names(out, name);
    der_close(out, info);
    struct builder signature;
    builder_init(&signature, CSR_MAX);
    builder_u8(&signature, 0); /* unused bits */
    enum status s = builder_status(out, "request", err);
    if (s == STATUS_OK)
        s = private_key_sign(key, bytes_of(out->data + begin, out->len - begin), &signature, err);
    builder_bytes(out, bytes_of(alg->identifier, alg->identifier_len));
    der_write(out, BIT_STRING, builder_view(&signature));
    der_close(out, whole);
    builder_clear(&signature);
    return s == STATUS_OK ? builder_status(out, "request", err) : s;
}
