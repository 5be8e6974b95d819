#include "jose/jwk.h"

#include <string.h>

#include "base/text.h"

/* A JWK is not deep, and no longer than its largest number needs; some clients add names to it. */
#define JWK_JSON_MAX 8192

static const struct curve {
    const char *kty, *crv;
    enum jws_alg alg;
    size_t len;
} curves[] = {
    {"EC", "P-256", JWS_ES256, 32},
    {"EC", "P-384", JWS_ES384, 48},
    {"OKP", "Ed25519", JWS_EDDSA, 32},
};

static enum status malformed(struct error *err, const char *what)
{
    return error_set(err, STATUS_MALFORMED, "JWK: %s", what);
}

/* A member that must be a string. */
static const char *member(const json_t *value, const char *name, struct error *err)
{
    const char *text = json_string_value(json_object_get(value, name));
    if (text == NULL)
        (void)error_set(err, STATUS_MALFORMED, "JWK: \"%s\" is missing or not a string", name);
    return text;
}

static enum status read_number(const json_t *value, const char *name, uint8_t *out, size_t max,
                               size_t *len, struct error *err)
{
    const char *text = member(value, name, err);
    if (text == NULL)
        return STATUS_MALFORMED;
    struct builder b;
    builder_init_fixed(&b, out, max);
    bool is_read = text_parse_base64url(bytes_of_text(text), &b);
    *len = b.len;
    if (!builder_is_good(&b))
        return error_set(err, STATUS_REFUSED, "JWK: \"%s\" is longer than %zu bytes", name, max);
    if (!is_read)
        return error_set(err, STATUS_MALFORMED, "JWK: \"%s\" is not base64url without padding", name);
    return STATUS_OK;
}

/* Whoever sends these has told everybody the secret. */
static enum status check_private_parts(const json_t *value, struct error *err)
{
    static const char *const names[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (json_object_get(value, names[i]) != NULL)
            return error_set(err, STATUS_MALFORMED,
                             "JWK: \"%s\" is a part of a private key; send the public key only", names[i]);
    return STATUS_OK;
}

static enum status parse_curve_key(const json_t *value, const char *kty, struct jwk *out,
                                   struct error *err)
{
    const char *crv = member(value, "crv", err);
    if (crv == NULL)
        return STATUS_MALFORMED;
    const struct curve *curve = NULL;
    for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++)
        if (strcmp(curves[i].kty, kty) == 0 && strcmp(curves[i].crv, crv) == 0)
            curve = &curves[i];
    if (curve == NULL)
        return error_set(err, STATUS_REFUSED,
                         "JWK: this curve is not taken; allowed are EC P-256, EC P-384 and OKP Ed25519");
    out->alg = curve->alg;
    enum status s = read_number(value, "x", out->main, sizeof out->main, &out->main_len, err);
    if (s == STATUS_OK && out->main_len != curve->len)
        s = malformed(err, "\"x\" does not have the length of the curve");
    if (s != STATUS_OK || curve->alg == JWS_EDDSA)
        return s;
    s = read_number(value, "y", out->other, sizeof out->other, &out->other_len, err);
    if (s == STATUS_OK && out->other_len != curve->len)
        s = malformed(err, "\"y\" does not have the length of the curve");
    return s;
}

static enum status parse_rsa(const json_t *value, struct jwk *out, struct error *err)
{
    out->alg = JWS_RS256;
    enum status s = read_number(value, "n", out->main, sizeof out->main, &out->main_len, err);
    if (s == STATUS_OK)
        s = read_number(value, "e", out->other, sizeof out->other, &out->other_len, err);
    if (s == STATUS_OK && (out->main_len == 0 || out->main[0] == 0 || out->other_len == 0 ||
                           out->other[0] == 0))
        s = malformed(err, "\"n\" or \"e\" is empty or starts with a zero byte");
    return s;
}

static enum status check_purpose(const json_t *value, enum jws_alg alg, struct error *err)
{
    const json_t *name = json_object_get(value, "alg"), *use = json_object_get(value, "use");
    if (name != NULL && (!json_is_string(name) ||
                         strcmp(json_string_value(name), jws_key_alg_name(alg)) != 0))
        return malformed(err, "\"alg\" does not belong to this key");
    if (use != NULL && (!json_is_string(use) || strcmp(json_string_value(use), "sig") != 0))
        return malformed(err, "\"use\" is not \"sig\"");
    return STATUS_OK;
}

enum status jwk_parse(const json_t *value, struct jwk *out, struct error *err)
{
    *out = (struct jwk){.alg = 0};
    if (!json_is_object(value))
        return malformed(err, "not an object");
    const char *kty = member(value, "kty", err);
    if (kty == NULL)
        return STATUS_MALFORMED;
    enum status s = check_private_parts(value, err);
    if (s != STATUS_OK)
        return s;
    if (strcmp(kty, "RSA") == 0)
        s = parse_rsa(value, out, err);
    else
        s = parse_curve_key(value, kty, out, err);
    return s == STATUS_OK ? check_purpose(value, out->alg, err) : s;
}

enum status jwk_parse_text(struct bytes text, struct jwk *out, struct error *err)
{
    *out = (struct jwk){.alg = 0};
    if (text.len > JWK_JSON_MAX)
        return error_set(err, STATUS_LIMIT, "JWK: longer than %d bytes", JWK_JSON_MAX);
    json_t *value = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
    if (value == NULL)
        return malformed(err, "not a JSON object");
    enum status s = jwk_parse(value, out, err);
    json_decref(value);
    return s;
}

static void write_member(struct builder *out, const char *before, const uint8_t *number, size_t len)
{
    builder_text(out, before);
    text_write_base64url(out, bytes_of(number, len));
}

void jwk_write(const struct jwk *jwk, struct builder *out)
{
    switch (jwk->alg) {
    case JWS_ES256:
    case JWS_ES384:
        builder_text(out, jwk->alg == JWS_ES256 ? "{\"crv\":\"P-256\"" : "{\"crv\":\"P-384\"");
        write_member(out, ",\"kty\":\"EC\",\"x\":\"", jwk->main, jwk->main_len);
        write_member(out, "\",\"y\":\"", jwk->other, jwk->other_len);
        break;
    case JWS_RS256:
        write_member(out, "{\"e\":\"", jwk->other, jwk->other_len);
        write_member(out, "\",\"kty\":\"RSA\",\"n\":\"", jwk->main, jwk->main_len);
        break;
    default:
        write_member(out, "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"", jwk->main, jwk->main_len);
        break;
    }
    builder_text(out, "\"}");
}

enum status jwk_thumbprint(const struct jwk *jwk, uint8_t out[HASH_SIZE], struct error *err)
{
    uint8_t memory[JWK_TEXT_MAX];
    struct builder b;
    builder_init_fixed(&b, memory, sizeof memory);
    jwk_write(jwk, &b);
    struct bytes text = builder_view(&b);
    if (!builder_is_good(&b) || !hash_label_sha256(&text, 1, out))
        return error_set(err, STATUS_NO_MEMORY, "JWK: the thumbprint cannot be computed");
    return STATUS_OK;
}

enum status jwk_key(const struct jwk *jwk, struct jws_key **out, struct error *err)
{
    struct bytes main = bytes_of(jwk->main, jwk->main_len);
    struct bytes other = bytes_of(jwk->other, jwk->other_len);
    switch (jwk->alg) {
    case JWS_ES256:
    case JWS_ES384:
        return jws_key_new_ec(jwk->alg, main, other, out, err);
    case JWS_RS256:
        return jws_key_new_rsa(main, other, out, err);
    default:
        return jws_key_new_ed25519(main, out, err);
    }
}
