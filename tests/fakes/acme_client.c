#include "fakes/acme_client.h"

#include <stdio.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#include "crypto/context.h"
#include "crypto/hash.h"
#include "jose/jwk.h"
#include "unit/checks.h"

#define REQUEST_MAX ((size_t)1 << 20)

/* ---- keys ---- */

static EVP_PKEY *make_key(enum jws_alg alg)
{
    EVP_PKEY *pkey = NULL;
    switch (alg) {
    case JWS_ES256:
        pkey = EVP_PKEY_Q_keygen(context_library(), NULL, "EC", "P-256");
        break;
    case JWS_ES384:
        pkey = EVP_PKEY_Q_keygen(context_library(), NULL, "EC", "P-384");
        break;
    case JWS_RS256:
        pkey = EVP_PKEY_Q_keygen(context_library(), NULL, "RSA", (size_t)2048);
        break;
    default:
        pkey = EVP_PKEY_Q_keygen(context_library(), NULL, "ED25519");
        break;
    }
    assert_non_null(pkey);
    return pkey;
}

void acme_client_init(struct acme_client *c, struct acme_world *world, enum jws_alg alg)
{
    *c = (struct acme_client){.world = world, .pkey = make_key(alg), .alg = alg, .peer = "192.0.2.1"};
}

void acme_answer_clear(struct acme_answer *a)
{
    builder_clear(&a->headers);
    builder_clear(&a->body);
    json_decref(a->json);
    *a = (struct acme_answer){.is_sent = false};
}

void acme_client_clear(struct acme_client *c)
{
    acme_answer_clear(&c->answer);
    EVP_PKEY_free(c->pkey);
}

static void set_base64(json_t *object, const char *name, struct bytes value)
{
    struct builder b;
    builder_init(&b, REQUEST_MAX);
    text_write_base64url(&b, value);
    assert_true(builder_is_good(&b));
    (void)json_object_set_new(object, name, json_stringn(b.data != NULL ? (const char *)b.data : "", b.len));
    builder_clear(&b);
}

/* Numbers of a curve have its length, those of RSA (len 0) their own. */
static void set_number(json_t *object, const char *name, EVP_PKEY *pkey, const char *param, int len)
{
    BIGNUM *number = NULL;
    uint8_t bytes[1024];
    assert_int_equal(EVP_PKEY_get_bn_param(pkey, param, &number), 1);
    int used = len > 0 ? BN_bn2binpad(number, bytes, len) : BN_bn2bin(number, bytes);
    assert_true(used > 0);
    set_base64(object, name, bytes_of(bytes, (size_t)used));
    BN_free(number);
}

json_t *acme_client_jwk(const struct acme_client *c)
{
    json_t *jwk = json_object();
    uint8_t raw[32];
    size_t raw_len = sizeof raw;
    int len = c->alg == JWS_ES256 ? 32 : 48;
    switch (c->alg) {
    case JWS_ES256:
    case JWS_ES384:
        (void)json_object_set_new(jwk, "kty", json_string("EC"));
        (void)json_object_set_new(jwk, "crv", json_string(c->alg == JWS_ES256 ? "P-256" : "P-384"));
        set_number(jwk, "x", c->pkey, OSSL_PKEY_PARAM_EC_PUB_X, len);
        set_number(jwk, "y", c->pkey, OSSL_PKEY_PARAM_EC_PUB_Y, len);
        break;
    case JWS_RS256:
        (void)json_object_set_new(jwk, "kty", json_string("RSA"));
        set_number(jwk, "n", c->pkey, OSSL_PKEY_PARAM_RSA_N, 0);
        set_number(jwk, "e", c->pkey, OSSL_PKEY_PARAM_RSA_E, 0);
        break;
    default:
        (void)json_object_set_new(jwk, "kty", json_string("OKP"));
        (void)json_object_set_new(jwk, "crv", json_string("Ed25519"));
        assert_int_equal(EVP_PKEY_get_raw_public_key(c->pkey, raw, &raw_len), 1);
        set_base64(jwk, "x", bytes_of(raw, raw_len));
        break;
    }
    return jwk;
}

void acme_client_thumbprint(const struct acme_client *c, char out[44])
{
    struct error err;
    struct jwk jwk;
    uint8_t hash[HASH_SIZE];
    json_t *value = acme_client_jwk(c);
    OK(jwk_parse(value, &jwk, &err));
    OK(jwk_thumbprint(&jwk, hash, &err));
    json_decref(value);
    struct builder b;
    builder_init_fixed(&b, out, 44);
    text_write_base64url(&b, BYTES_OF(hash));
    builder_u8(&b, 0);
    assert_true(builder_is_good(&b));
}

/* ---- signing ---- */

/* DER to r || s. */
static size_t to_fixed(const uint8_t *der, size_t der_len, int len, uint8_t *out)
{
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)der_len);
    assert_non_null(sig);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, len), len);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + len, len), len);
    ECDSA_SIG_free(sig);
    return 2 * (size_t)len;
}

static size_t sign(const struct acme_client *c, struct bytes message, uint8_t out[1024])
{
    uint8_t der[1024];
    size_t len = sizeof der;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const char *digest = c->alg == JWS_EDDSA ? NULL : c->alg == JWS_ES384 ? "SHA384" : "SHA256";
    assert_int_equal(EVP_DigestSignInit_ex(ctx, NULL, digest, context_library(), NULL, c->pkey, NULL), 1);
    assert_int_equal(EVP_DigestSign(ctx, der, &len, message.data, message.len), 1);
    EVP_MD_CTX_free(ctx);
    if (c->alg == JWS_ES256 || c->alg == JWS_ES384)
        return to_fixed(der, len, c->alg == JWS_ES256 ? 32 : 48, out);
    memcpy(out, der, len);
    return len;
}

json_t *acme_client_jws(const struct acme_client *c, json_t *header, const char *payload)
{
    json_t *jws = json_object();
    char *text = json_dumps(header, JSON_COMPACT);
    assert_non_null(text);
    set_base64(jws, "protected", bytes_of_text(text));
    set_base64(jws, "payload", bytes_of_text(payload));
    struct builder input;
    builder_init(&input, REQUEST_MAX);
    builder_printf(&input, "%s.%s", json_string_value(json_object_get(jws, "protected")),
                   json_string_value(json_object_get(jws, "payload")));
    uint8_t signature[1024];
    size_t len = sign(c, builder_view(&input), signature);
    set_base64(jws, "signature", bytes_of(signature, len));
    builder_clear(&input);
    free(text);
    json_decref(header);
    return jws;
}

json_t *acme_client_header(struct acme_client *c, const char *url)
{
    if (c->nonce[0] == '\0')
        (void)acme_client_send(c, "HEAD", ACME_WORLD_URL "/new-nonce", NULL, NULL, NULL);
    json_t *header = json_object();
    (void)json_object_set_new(header, "alg", json_string(jws_key_alg_name(c->alg)));
    (void)json_object_set_new(header, "nonce", json_string(c->nonce));
    (void)json_object_set_new(header, "url", json_string(url));
    if (c->kid[0] != '\0')
        (void)json_object_set_new(header, "kid", json_string(c->kid));
    else
        (void)json_object_set_new(header, "jwk", acme_client_jwk(c));
    c->nonce[0] = '\0';
    return header;
}

/* ---- exchanges ---- */

#define HEADERS_MAX 2

struct exchange {
    struct http_exchange x;
    struct acme_answer *answer;
    struct http_header headers[HEADERS_MAX];
    char *url, *body, *content_type;
};

static void sent(struct http_exchange *x)
{
    struct exchange *e = (struct exchange *)x;
    struct acme_answer *a = e->answer;
    assert_false(a->is_sent);
    assert_true(x->response.status >= 200);
    assert_true(builder_is_good(&x->response.headers) && builder_is_good(&x->response.body));
    acme_answer_clear(a);
    a->is_sent = true;
    a->status = x->response.status;
    a->headers = x->response.headers;
    a->body = x->response.body;
    builder_u8(&a->body, 0);
    a->body.len--;
    if (a->body.len > 0)
        a->json = json_loadb((const char *)a->body.data, a->body.len, 0, NULL);
    free(e->url);
    free(e->body);
    free(e->content_type);
    free(e);
}

static char *copy(const char *text)
{
    char *s = text != NULL ? strdup(text) : NULL;
    assert_true(text == NULL || s != NULL);
    return s;
}

/* Path and query of a URL: the server sees no more of it. */
static void set_target(struct http_request *r, const char *url)
{
    const char *path = strchr(strstr(url, "://") + 3, '/');
    assert_non_null(path);
    size_t len = strcspn(path, "?");
    r->path = bytes_of(path, len);
    if (path[len] == '?')
        r->query = bytes_of_text(path + len + 1);
}

static void begin(struct acme_client *c, const char *method, const char *url, const char *content_type,
                  const char *body, const char *header, struct acme_answer *answer)
{
    struct exchange *e = calloc(1, sizeof *e);
    assert_non_null(e);
    e->answer = answer;
    e->url = copy(url);
    e->body = copy(body);
    e->content_type = copy(content_type);
    struct http_request *r = &e->x.request;
    r->method = bytes_of_text(method);
    set_target(r, e->url);
    r->host = bytes_of_text("ca.example");
    r->headers = e->headers;
    if (content_type != NULL)
        e->headers[r->header_count++] =
            (struct http_header){bytes_of_text("content-type"), bytes_of_text(e->content_type)};
    if (header != NULL) {
        size_t name_len = strcspn(header, ":");
        e->headers[r->header_count++] =
            (struct http_header){bytes_of(header, name_len), bytes_of_text(header + name_len + 2)};
    }
    if (body != NULL)
        r->body = bytes_of_text(e->body);
    (void)snprintf(r->peer, sizeof r->peer, "%s", c->peer);
    builder_init(&e->x.response.headers, 16384);
    builder_init(&e->x.response.body, REQUEST_MAX);
    e->x.response.file = -1;
    e->x.send = sent;
    acme_answer_clear(answer);
    acme_handle(c->world->acme, &e->x);
}

static int finish(struct acme_client *c)
{
    acme_world_run(c->world);
    assert_true(c->answer.is_sent);
    char nonce[512];
    if (acme_answer_header(&c->answer, "Replay-Nonce", 0, nonce) != NULL)
        (void)snprintf(c->nonce, sizeof c->nonce, "%.128s", nonce);
    return c->answer.status;
}

int acme_client_send(struct acme_client *c, const char *method, const char *url,
                     const char *content_type, const char *body, const char *header)
{
    begin(c, method, url, content_type, body, header, &c->answer);
    return finish(c);
}

void acme_client_begin(struct acme_client *c, const char *url, json_t *payload,
                       struct acme_answer *answer)
{
    char *text = payload != NULL ? json_dumps(payload, JSON_COMPACT) : copy("");
    json_t *jws = acme_client_jws(c, acme_client_header(c, url), text);
    char *body = json_dumps(jws, 0);
    assert_non_null(body);
    begin(c, "POST", url, "application/jose+json", body, NULL, answer);
    free(body);
    free(text);
    json_decref(jws);
    json_decref(payload);
}

int acme_client_post(struct acme_client *c, const char *url, json_t *payload)
{
    acme_client_begin(c, url, payload, &c->answer);
    return finish(c);
}

int acme_client_post_jws(struct acme_client *c, const char *url, json_t *jws)
{
    char *body = json_dumps(jws, 0);
    assert_non_null(body);
    begin(c, "POST", url, "application/jose+json", body, NULL, &c->answer);
    free(body);
    json_decref(jws);
    return finish(c);
}

void acme_client_open(struct acme_client *c)
{
    char url[512];
    int status = acme_client_post(c, ACME_WORLD_URL "/new-account", json_pack("{s:b}", "termsOfServiceAgreed", 1));
    if (status != 201 && status != 200)
        fail_msg("new account: %d %.*s", status, (int)c->answer.body.len, (const char *)c->answer.body.data);
    assert_non_null(acme_answer_header(&c->answer, "Location", 0, url));
    (void)snprintf(c->kid, sizeof c->kid, "%s", url);
}

const char *acme_answer_header(const struct acme_answer *a, const char *name, unsigned nth, char out[512])
{
    struct bytes rest = builder_view(&a->headers), line;
    while (text_next_line(&rest, &line)) {
        size_t len = strlen(name);
        if (line.len < len + 2 || line.data[len] != ':' || !http_name_equal(bytes_of(line.data, len), name) || nth-- > 0)
            continue;
        (void)snprintf(out, 512, "%.*s", (int)(line.len - len - 2), (const char *)line.data + len + 2);
        return out;
    }
    return NULL;
}

const char *acme_answer_text(const struct acme_answer *a, const char *name)
{
    const char *text = json_string_value(json_object_get(a->json, name));
    return text != NULL ? text : "";
}
