#include "jose/jws.h"

#include <string.h>

#include "base/text.h"

/* The longest body: protected header, payload and signature in base64url, and what is around them. */
#define JWS_JSON_MAX (JWS_PROTECTED_MAX + JWS_PAYLOAD_MAX + 4096)

static enum status malformed(struct error *err, const char *what)
{
    return error_set(err, STATUS_MALFORMED, "JWS: %s", what);
}

/* The string of a member that must be there, at most max long. */
static enum status get_string(const json_t *object, const char *name, size_t max, struct bytes *out,
                              struct error *err)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_string(value))
        return error_set(err, STATUS_MALFORMED, "JWS: \"%s\" is missing or not a string", name);
    *out = bytes_of(json_string_value(value), json_string_length(value));
    if (out->len > max)
        return error_set(err, STATUS_LIMIT, "JWS: \"%s\" is longer than %zu bytes", name, max);
    return STATUS_OK;
}

static enum status read_signature(struct bytes text, struct jws *out, struct error *err)
{
    struct builder b;
    builder_init_fixed(&b, out->signature, sizeof out->signature);
    if (!text_parse_base64url(text, &b))
        return malformed(err, "\"signature\" is too long or not base64url without padding");
    out->signature_len = b.len;
    return STATUS_OK;
}

static enum status read_payload(struct bytes text, struct jws *out, struct error *err)
{
    builder_init(&out->texts[1], JWS_PAYLOAD_MAX);
    bool is_read = text_parse_base64url(text, &out->texts[1]);
    enum status s = builder_status(&out->texts[1], "JWS payload", err);
    if (s == STATUS_OK && !is_read)
        s = malformed(err, "\"payload\" is not base64url without padding");
    out->payload = builder_view(&out->texts[1]);
    return s;
}

static enum status read_header(struct bytes text, struct jws *out, struct error *err)
{
    struct builder b;
    builder_init(&b, JWS_PROTECTED_MAX);
    if (!text_parse_base64url(text, &b)) {
        builder_clear(&b);
        return malformed(err, "\"protected\" is not base64url without padding");
    }
    out->header = json_loadb((const char *)b.data, b.len, JSON_REJECT_DUPLICATES, NULL);
    builder_clear(&b);
    if (!json_is_object(out->header))
        return malformed(err, "the protected header is not a JSON object");
    if (json_object_get(out->header, "crit") != NULL || json_object_get(out->header, "b64") != NULL)
        return malformed(err, "extensions (\"crit\", \"b64\") are not understood");
    return STATUS_OK;
}

static enum status join(struct bytes protected, struct bytes payload, struct jws *out,
                        struct error *err)
{
    struct builder *b = &out->texts[0];
    builder_init(b, JWS_JSON_MAX);
    builder_bytes(b, protected);
    builder_u8(b, '.');
    builder_bytes(b, payload);
    out->signing_input = builder_view(b);
    return builder_status(b, "JWS", err);
}

static enum status split(const json_t *value, struct jws *out, struct error *err)
{
    if (!json_is_object(value))
        return malformed(err, "not a JSON object");
    if (json_object_get(value, "header") != NULL)
        return malformed(err, "an unprotected \"header\" is not allowed");
    if (json_object_get(value, "signatures") != NULL)
        return malformed(err, "one signature is allowed, in the flattened form; not \"signatures\"");
    struct bytes protected = {NULL, 0}, payload = {NULL, 0}, signature = {NULL, 0};
    enum status s = get_string(value, "protected", JWS_PROTECTED_MAX, &protected, err);
    if (s == STATUS_OK)
        s = get_string(value, "payload", JWS_PAYLOAD_MAX, &payload, err);
    if (s == STATUS_OK)
        s = get_string(value, "signature", 2 * JWS_SIGNATURE_MAX, &signature, err);
    if (s == STATUS_OK)
        s = read_signature(signature, out, err);
    if (s == STATUS_OK)
        s = read_header(protected, out, err);
    if (s == STATUS_OK)
        s = read_payload(payload, out, err);
    return s == STATUS_OK ? join(protected, payload, out, err) : s;
}

static enum status read_algorithm(enum jws_kind kind, struct jws *out, enum jws_fault *fault,
                                  struct error *err)
{
    struct bytes name;
    enum status s = get_string(out->header, "alg", 64, &name, err);
    if (s != STATUS_OK)
        return s;
    out->alg = jws_key_alg_parse((const char *)name.data);
    *fault = JWS_FAULT_ALGORITHM;
    bool is_mac = out->alg != 0 && jws_key_alg_is_mac(out->alg);
    if (kind == JWS_EAB && !is_mac)
        return error_set(err, STATUS_REFUSED, "JWS: \"alg\" must be HS256, HS384 or HS512 here");
    if (kind != JWS_EAB && (out->alg == 0 || is_mac))
        return error_set(err, STATUS_REFUSED, "JWS: \"alg\" must be ES256, ES384, RS256 or EdDSA");
    *fault = JWS_FAULT_MALFORMED;
    return STATUS_OK;
}

static enum status read_key(enum jws_kind kind, struct jws *out, enum jws_fault *fault,
                            struct error *err)
{
    const json_t *jwk = json_object_get(out->header, "jwk");
    const json_t *kid = json_object_get(out->header, "kid");
    if ((jwk != NULL) == (kid != NULL))
        return malformed(err, "either \"jwk\" or \"kid\" must be there, and not both");
    if ((kind == JWS_KEY_CHANGE && jwk == NULL) || (kind == JWS_EAB && kid == NULL))
        return malformed(err, kind == JWS_EAB ? "\"kid\" must name the binding's key"
                                              : "\"jwk\" must be the new key");
    if (kid != NULL) {
        struct bytes text;
        enum status s = get_string(out->header, "kid", JWS_KID_MAX, &text, err);
        out->kid = json_string_value(kid);
        return s;
    }
    enum status s = jwk_parse(jwk, &out->jwk, err);
    if (s != STATUS_OK) {
        *fault = s == STATUS_REFUSED ? JWS_FAULT_KEY : JWS_FAULT_MALFORMED;
        return s;
    }
    return out->jwk.alg == out->alg ? STATUS_OK : malformed(err, "\"alg\" does not belong to the key in \"jwk\"");
}

/* [RFC8555 6.5.2]: an octet string in base64url. */
static enum status read_nonce(enum jws_kind kind, struct jws *out, enum jws_fault *fault,
                              struct error *err)
{
    const json_t *value = json_object_get(out->header, "nonce");
    if (kind != JWS_REQUEST)
        return value == NULL ? STATUS_OK : malformed(err, "\"nonce\" is not allowed here");
    if (value == NULL) {
        *fault = JWS_FAULT_NONCE;
        return malformed(err, "\"nonce\" is missing");
    }
    struct bytes text;
    enum status s = get_string(out->header, "nonce", JWS_NONCE_MAX, &text, err);
    if (s != STATUS_OK)
        return s;
    uint8_t memory[JWS_NONCE_MAX];
    struct builder b;
    builder_init_fixed(&b, memory, sizeof memory);
    if (!text_parse_base64url(text, &b))
        return malformed(err, "\"nonce\" is not base64url without padding");
    out->nonce = json_string_value(value);
    return STATUS_OK;
}

enum status jws_parse_value(enum jws_kind kind, const json_t *value, struct jws *out,
                            enum jws_fault *fault, struct error *err)
{
    *out = (struct jws){.header = NULL};
    *fault = JWS_FAULT_MALFORMED;
    enum status s = split(value, out, err);
    if (s == STATUS_OK)
        s = read_algorithm(kind, out, fault, err);
    struct bytes url;
    if (s == STATUS_OK)
        s = get_string(out->header, "url", JWS_URL_MAX, &url, err);
    if (s == STATUS_OK)
        s = read_key(kind, out, fault, err);
    if (s == STATUS_OK)
        s = read_nonce(kind, out, fault, err);
    if (s == STATUS_OK)
        out->url = json_string_value(json_object_get(out->header, "url"));
    return s;
}

enum status jws_parse(enum jws_kind kind, struct bytes body, struct jws *out,
                      enum jws_fault *fault, struct error *err)
{
    *out = (struct jws){.header = NULL};
    *fault = JWS_FAULT_MALFORMED;
    if (body.len > JWS_JSON_MAX)
        return error_set(err, STATUS_LIMIT, "JWS: longer than %d bytes", JWS_JSON_MAX);
    json_t *value = json_loadb((const char *)body.data, body.len, JSON_REJECT_DUPLICATES, NULL);
    if (value == NULL)
        return malformed(err, "not a JSON object");
    enum status s = jws_parse_value(kind, value, out, fault, err);
    json_decref(value);
    return s;
}

void jws_clear(struct jws *jws)
{
    json_decref(jws->header);
    builder_clear(&jws->texts[0]);
    builder_clear(&jws->texts[1]);
    *jws = (struct jws){.header = NULL};
}
