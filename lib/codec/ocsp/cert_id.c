#include "codec/ocsp/cert_id.h"

#include "codec/asn1/der.h"

static const uint8_t oid_sha1[] = {0x2b, 0x0e, 3, 2, 0x1a};
static const uint8_t oid_sha256[] = {0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1};
static const uint8_t oid_sm3[] = {0x2a, 0x81, 0x1c, 0xcf, 0x55, 1, 0x83, 0x11};

static const struct {
    struct bytes oid;
    size_t size;
} hashes[CERT_ID_HASH_COUNT] = {
    [CERT_ID_SHA1] = {{oid_sha1, sizeof oid_sha1}, 20},
    [CERT_ID_SHA256] = {{oid_sha256, sizeof oid_sha256}, 32},
    [CERT_ID_SM3] = {{oid_sm3, sizeof oid_sm3}, 32},
};

size_t cert_id_hash_size(enum cert_id_hash hash)
{
    return hash < CERT_ID_HASH_COUNT ? hashes[hash].size : 0;
}

static bool read_algorithm(struct reader *r, struct cert_id *out)
{
    struct reader algorithm;
    struct der_element oid, null;
    if (!der_enter(r, DER_SEQUENCE, &algorithm) || !der_tagged(&algorithm, DER_OID, &oid) || !der_has_form(&oid))
        return false;
    out->has_null = der_tagged(&algorithm, DER_NULL, &null);
    out->hash = CERT_ID_OTHER_HASH;
    for (unsigned i = 0; i < CERT_ID_HASH_COUNT; i++)
        if (bytes_equal(oid.contents, hashes[i].oid))
            out->hash = (enum cert_id_hash)i;
    return (!out->has_null || null.contents.len == 0) && reader_is_at_end(&algorithm);
}

static bool has_right_size(const struct cert_id *id, struct bytes hash)
{
    size_t size = cert_id_hash_size(id->hash);
    return size > 0 ? hash.len == size : hash.len > 0 && hash.len <= CERT_ID_HASH_MAX;
}

bool cert_id_read(struct reader *r, struct cert_id *out)
{
    struct reader at = *r, sequence;
    struct der_element name, key, serial;
    if (!der_enter(&at, DER_SEQUENCE, &sequence) || !read_algorithm(&sequence, out) ||
        !der_tagged(&sequence, DER_OCTET_STRING, &name) || !has_right_size(out, name.contents) ||
        !der_tagged(&sequence, DER_OCTET_STRING, &key) || !has_right_size(out, key.contents) ||
        !der_tagged(&sequence, DER_INTEGER, &serial) || !der_is_integer(serial.contents) ||
        serial.contents.len > CERT_ID_SERIAL_MAX || !reader_is_at_end(&sequence))
        return false;
    out->issuer_name_hash = name.contents;
    out->issuer_key_hash = key.contents;
    out->serial = serial.contents;
    out->whole = bytes_of(r->at, (size_t)(at.at - r->at));
    *r = at;
    return true;
}

void cert_id_write(const struct cert_id *id, struct builder *out)
{
    size_t sequence = der_open(out, DER_SEQUENCE), algorithm = der_open(out, DER_SEQUENCE);
    if (id->hash >= CERT_ID_HASH_COUNT) {
        out->failure = STATUS_USAGE;
        return;
    }
    der_write(out, DER_OID, hashes[id->hash].oid);
    if (id->has_null)
        der_write(out, DER_NULL, bytes_of(NULL, 0));
    der_close(out, algorithm);
    der_write(out, DER_OCTET_STRING, id->issuer_name_hash);
    der_write(out, DER_OCTET_STRING, id->issuer_key_hash);
    der_write(out, DER_INTEGER, id->serial);
    der_close(out, sequence);
}

bool cert_id_is_same(const struct cert_id *a, const struct cert_id *b)
{
    return a->hash == b->hash && a->hash < CERT_ID_HASH_COUNT && bytes_equal(a->serial, b->serial) &&
           bytes_equal(a->issuer_name_hash, b->issuer_name_hash) && bytes_equal(a->issuer_key_hash, b->issuer_key_hash);
}
