/* Certificates: what parses is put together again from its fields, byte for byte, and the leaf hash
 * in one pass is the hash of the log entry written out. */
#include "fuzz/fuzz_checks.h"

#include <string.h>

#include "codec/asn1/der.h"
#include "codec/mtc/tbs_entry.h"
#include "merkle/node.h"

/* The parts of a certificate and the lengths round them. */
static void check_whole(const struct certificate *c)
{
    struct builder b;
    builder_init(&b, c->der.len);
    size_t whole = der_open(&b, DER_SEQUENCE), tbs = der_open(&b, DER_SEQUENCE);
    builder_bytes(&b, c->version);
    der_write(&b, DER_INTEGER, c->serial);
    builder_bytes(&b, c->signature);
    builder_bytes(&b, c->issuer);
    builder_bytes(&b, c->validity);
    builder_bytes(&b, c->subject);
    builder_bytes(&b, c->spki);
    builder_bytes(&b, c->after_spki);
    der_close(&b, tbs);
    builder_bytes(&b, c->signature_algorithm);
    size_t bits = der_open(&b, DER_BIT_STRING);
    builder_u8(&b, 0);
    builder_bytes(&b, c->signature_value);
    der_close(&b, bits);
    der_close(&b, whole);
    require_same(&b, c->der);
}

static void check_leaf_hash(const struct certificate *c, const struct hash_alg *alg)
{
    static const uint8_t no_extensions[2];
    struct hasher h;
    require(hasher_init(&h, alg, NULL) == STATUS_OK);
    uint8_t spki_hash[HASH_SIZE], fast[HASH_SIZE], slow[HASH_SIZE];
    hasher_one(&h, c->spki, spki_hash);
    const struct tbs_entry e = {
        .version = c->version,
        .issuer = c->issuer,
        .validity = c->validity,
        .subject = c->subject,
        .spki_algorithm = c->spki_algorithm,
        .spki_hash = BYTES_OF(spki_hash),
        .after_spki = c->after_spki,
    };
    struct builder entry;
    builder_init(&entry, c->der.len + 64);
    log_entry_write_start(&entry, LOG_ENTRY_TBS_CERT);
    tbs_entry_write(&e, &entry);
    require(builder_is_good(&entry));
    node_leaf_hash(&h, builder_view(&entry), slow);
    tbs_entry_leaf_hash(&h, c, BYTES_OF(no_extensions), fast);
    require(memcmp(fast, slow, HASH_SIZE) == 0);
    struct tbs_entry same;
    require(tbs_entry_parse(bytes_of(entry.data + 4, entry.len - 4), &same, NULL) == STATUS_OK);
    require(bytes_equal(same.extensions, c->extensions));
    require(same.not_before_s == c->not_before_s && same.not_after_s == c->not_after_s);
    builder_clear(&entry);
    hasher_clear(&h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct certificate c;
    struct error err;
    enum status s = certificate_parse(bytes_of(data, size), &c, &err);
    if (s != STATUS_OK) {
        require_refusal(s, &err);
        return 0;
    }
    check_whole(&c);
    check_leaf_hash(&c, &hash_sm3);
    check_leaf_hash(&c, &hash_sha256);
    return 0;
}
