#include "service/classic_issuer/sign_tbs.h"

#include <string.h>

#include "codec/asn1/der.h"
#include "codec/x509/signed.h"
#include "crypto/hash.h"
#include "crypto/random.h"

static const uint8_t version_3[] = {0xa0, 0x03, 0x02, 0x01, 0x02};

enum status sign_tbs_key_id(struct bytes spki, uint8_t out[CLASSIC_KEY_ID_SIZE], struct error *err)
{
    uint8_t hash[HASH_SIZE];
    if (!hash_label_sha256(&spki, 1, hash))
        return error_set(err, STATUS_NO_MEMORY, "SHA-256 failed");
    memcpy(out, hash, CLASSIC_KEY_ID_SIZE);
    return STATUS_OK;
}

enum status sign_tbs_new_serial(struct sign_tbs *tbs, struct error *err)
{
    enum status s = random_bytes(tbs->serial, sizeof tbs->serial, err);
    tbs->serial[0] = (uint8_t)((tbs->serial[0] & 0x3f) | 0x40);
    return s;
}

static void write_tbs(const struct sign_tbs *tbs, const struct classic_authority *authority,
                      struct bytes algorithm, struct builder *b)
{
    size_t sequence = der_open(b, DER_SEQUENCE);
    builder_bytes(b, BYTES_OF(version_3));
    der_write(b, DER_INTEGER, BYTES_OF(tbs->serial));
    builder_bytes(b, algorithm);
    builder_bytes(b, authority->subject);
    size_t validity = der_open(b, DER_SEQUENCE);
    der_write_time(b, tbs->not_before_s);
    der_write_time(b, tbs->not_after_s);
    der_close(b, validity);
    builder_bytes(b, tbs->subject);
    builder_bytes(b, tbs->spki);
    size_t wrapper = der_open(b, DER_CONTEXT_CONSTRUCTED(3));
    der_write(b, DER_SEQUENCE, tbs->extensions);
    der_close(b, wrapper);
    der_close(b, sequence);
}

enum status sign_tbs_write_body(const struct sign_tbs *tbs, const struct classic_authority *authority, struct builder *out,
                                struct error *err)
{
    write_tbs(tbs, authority, algorithm_identifier(public_key_alg(authority->signer.key)), out);
    return builder_status(out, "certificate", err);
}

enum status sign_tbs_wrap(struct bytes body, struct bytes algorithm, struct bytes value, struct builder *out, struct error *err)
{
    signed_write(body, algorithm, value, out);
    return builder_status(out, "certificate", err);
}

enum status classic_sign_tbs(struct bytes body, const struct classic_authority *authority, struct builder *out, struct error *err)
{
    struct bytes algorithm = algorithm_identifier(public_key_alg(authority->signer.key));
    struct builder signature;
    builder_init(&signature, SIGNATURE_SIZE_MAX);
    enum status s = authority->signer.sign(authority->signer.context, body, &signature, err);
    if (s == STATUS_OK)
        s = sign_tbs_wrap(body, algorithm, builder_view(&signature), out, err);
    builder_clear(&signature);
    return s;
}

enum status sign_tbs_write(const struct sign_tbs *tbs, const struct classic_authority *authority, struct builder *out,
                           struct error *err)
{
    struct builder body;
    builder_init(&body, CLASSIC_CERTIFICATE_MAX);
    enum status s = sign_tbs_write_body(tbs, authority, &body, err);
    if (s == STATUS_OK)
        s = classic_sign_tbs(builder_view(&body), authority, out, err);
    builder_clear(&body);
    return s;
}
