/* The account's key: its JWK and thumbprint, and signatures as JWS wants them. */
#include <string.h>

#include "base/text.h"
#include "codec/asn1/der.h"
#include "codec/x509/signed.h"
#include "jose/jwk.h"
#include "service/acme_client/client_internal.h"

#define POINT_SIZE 65 /* 04 || x || y */
#define FIELD_SIZE (CLIENT_SIGNATURE_SIZE / 2)

enum status client_keys(struct acme_client *client, struct error *err)
{
    struct bytes spki = public_key_spki(private_key_public(client->config.key));
    const char *alg = public_key_alg(private_key_public(client->config.key))->name;
    struct jwk jwk = {.alg = JWS_ES256, .main_len = FIELD_SIZE, .other_len = FIELD_SIZE};
    uint8_t hash[HASH_SIZE];
    struct builder text;
    if (strcmp(alg, "ecdsa_p256_sha256") != 0 || spki.len < POINT_SIZE || spki.data[spki.len - POINT_SIZE] != 4)
        return error_set(err, STATUS_USAGE, "an account key is one of ecdsa_p256_sha256, not %s", alg);
    memcpy(jwk.main, spki.data + spki.len - 2 * FIELD_SIZE, FIELD_SIZE);
    memcpy(jwk.other, spki.data + spki.len - FIELD_SIZE, FIELD_SIZE);
    jwk_write(&jwk, &client->jwk);
    enum status s = builder_status(&client->jwk, "JWK", err);
    if (s == STATUS_OK)
        s = jwk_thumbprint(&jwk, hash, err);
    builder_init_fixed(&text, client->thumbprint, sizeof client->thumbprint);
    if (s == STATUS_OK) {
        text_write_base64url(&text, BYTES_OF(hash));
        builder_u8(&text, 0);
        s = builder_status(&text, "thumbprint", err);
    }
    return s;
}

static bool read_number(struct reader *r, uint8_t out[FIELD_SIZE])
{
    struct der_element e;
    if (!der_tagged(r, DER_INTEGER, &e))
        return false;
    struct bytes n = e.contents;
    while (n.len > 0 && n.data[0] == 0)
        n = bytes_of(n.data + 1, n.len - 1);
    if (n.len > FIELD_SIZE)
        return false;
    memset(out, 0, FIELD_SIZE);
    memcpy(out + FIELD_SIZE - n.len, n.data, n.len);
    return true;
}

/* ECDSA signatures are r || s here, and DER elsewhere [RFC7518 3.4]. */
enum status client_sign(const struct acme_client *client, struct bytes input, uint8_t out[CLIENT_SIGNATURE_SIZE],
                        struct error *err)
{
    struct builder der;
    struct reader r, numbers;
    builder_init(&der, SIGNATURE_SIZE_MAX);
    enum status s = private_key_sign(client->config.key, input, &der, err);
    if (s == STATUS_OK) {
        reader_init(&r, builder_view(&der));
        if (!der_enter(&r, DER_SEQUENCE, &numbers) || !read_number(&numbers, out) ||
            !read_number(&numbers, out + FIELD_SIZE))
            s = error_set(err, STATUS_IO, "the account key gave no ECDSA signature");
    }
    builder_clear(&der);
    return s;
}

void client_write_jws(struct bytes input, size_t dot, struct bytes signature, struct builder *out)
{
    builder_text(out, "{\"protected\":\"");
    builder_bytes(out, bytes_of(input.data, dot));
    builder_text(out, "\",\"payload\":\"");
    builder_bytes(out, bytes_of(input.data + dot + 1, input.len - dot - 1));
    builder_text(out, "\",\"signature\":\"");
    text_write_base64url(out, signature);
    builder_text(out, "\"}");
}
