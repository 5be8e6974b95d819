/* Signed requests: nonces, the JWS, and asking again when a nonce was no good. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "codec/asn1/der.h"
#include "codec/x509/signed.h"
#include "jose/jwk.h"
#include "service/acme_client/client_internal.h"

#define POINT_SIZE 65 /* 04 || x || y */
#define FIELD_SIZE 32
#define RETRY_AFTER_MAX_MS 60000

struct post {
    struct acme_client *client;
    char url[ACME_CLIENT_URL_MAX];
    char *payload, *accept;
    unsigned tries;
    client_post_done *done;
    void *cookie;
    struct error err;
    bool is_get;
};

/* ---- the key ---- */

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

static bool write_number(struct reader *r, uint8_t out[FIELD_SIZE])
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
static enum status sign(const struct acme_client *client, struct bytes input, uint8_t out[2 * FIELD_SIZE],
                        struct error *err)
{
    struct builder der;
    struct reader r, numbers;
    builder_init(&der, SIGNATURE_SIZE_MAX);
    enum status s = private_key_sign(client->config.key, input, &der, err);
    if (s == STATUS_OK) {
        reader_init(&r, builder_view(&der));
        if (!der_enter(&r, DER_SEQUENCE, &numbers) || !write_number(&numbers, out) ||
            !write_number(&numbers, out + FIELD_SIZE))
            s = error_set(err, STATUS_IO, "the account key gave no ECDSA signature");
    }
    builder_clear(&der);
    return s;
}

/* ---- the request ---- */

static void write_protected(const struct post *post, const char *nonce, struct builder *out)
{
    const struct acme_client *client = post->client;
    struct builder json;
    builder_init(&json, CLIENT_BODY_MAX);
    builder_printf(&json, "{\"alg\":\"ES256\",\"nonce\":\"%s\",\"url\":\"%s\",", nonce, post->url);
    if (client->account[0] != '\0') {
        builder_printf(&json, "\"kid\":\"%s\"}", client->account);
    } else {
        builder_text(&json, "\"jwk\":");
        builder_bytes(&json, builder_view(&client->jwk));
        builder_text(&json, "}");
    }
    text_write_base64url(out, builder_view(&json));
    builder_clear(&json);
}

static enum status write_body(const struct post *post, const char *nonce, struct builder *out,
                              struct error *err)
{
    struct builder input;
    uint8_t signature[2 * FIELD_SIZE];
    builder_init(&input, CLIENT_BODY_MAX);
    write_protected(post, nonce, &input);
    size_t dot = input.len;
    builder_text(&input, ".");
    text_write_base64url(&input, bytes_of_text(post->payload));
    enum status s = builder_status(&input, "request", err);
    if (s == STATUS_OK)
        s = sign(post->client, builder_view(&input), signature, err);
    if (s == STATUS_OK) {
        builder_text(out, "{\"protected\":\"");
        builder_bytes(out, bytes_of(input.data, dot));
        builder_text(out, "\",\"payload\":\"");
        builder_bytes(out, bytes_of(input.data + dot + 1, input.len - dot - 1));
        builder_text(out, "\",\"signature\":\"");
        text_write_base64url(out, BYTES_OF(signature));
        builder_text(out, "\"}");
        s = builder_status(out, "request", err);
    }
    builder_clear(&input);
    return s;
}

static void keep_nonce(struct acme_client *client, const struct fetch_response *r)
{
    struct bytes nonce = r->header != NULL ? r->header(r->headers, "Replay-Nonce", 0) : (struct bytes){NULL, 0};
    if (nonce.len == 0 || nonce.len >= CLIENT_NONCE_SIZE || client->nonce_count == CLIENT_NONCES_MAX)
        return;
    for (size_t i = 0; i < nonce.len; i++) {
        uint8_t c = nonce.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
            return;
    }
    char *slot = client->nonces[client->nonce_count++];
    memcpy(slot, nonce.data, nonce.len);
    slot[nonce.len] = '\0';
}

/* ---- asking ---- */

static void finish(struct post *post, const struct fetch_response *response, json_t *json)
{
    struct client_answer answer = {response, json, &post->err};
    post->done(post->cookie, &answer);
    json_decref(json);
    free(post->payload);
    free(post->accept);
    free(post);
}

static void fail_now(void *cookie)
{
    struct post *post = cookie;
    struct fetch_response nothing = {.failure = FETCH_PROTOCOL, .failure_text = post->err.text};
    finish(post, &nothing, NULL);
}

/* done is never called before client_post has returned. */
static void fail(struct post *post)
{
    post->client->config.timer.start(post->client->config.timer.context, 0, fail_now, post);
}

static void send_post(struct post *post);

static void explain(struct post *post, const struct fetch_response *r, const json_t *json)
{
    const char *type = json_string_value(json_object_get(json, "type")), *detail = json_string_value(json_object_get(json, "detail"));
    if (r->failure != FETCH_NO_FAILURE)
        (void)error_set(&post->err, STATUS_IO, "%s: %s", post->url, r->failure_text);
    else if (r->status < 200 || r->status > 299)
        (void)error_set(&post->err, r->status >= 500 || r->status == 429 ? STATUS_AGAIN : STATUS_REFUSED, "%s: %d %s: %s", post->url,
                        r->status, type != NULL ? type : "", detail != NULL ? detail : "");
}

static void on_answer(void *cookie, const struct fetch_response *response)
{
    struct post *post = cookie;
    json_t *json = json_loadb((const char *)response->body.data, response->body.len, JSON_REJECT_DUPLICATES, NULL);
    keep_nonce(post->client, response);
    const char *type = json_string_value(json_object_get(json, "type"));
    bool is_bad_nonce = response->status == 400 && type != NULL && strcmp(type, "urn:ietf:params:acme:error:badNonce") == 0;
    if (is_bad_nonce && !post->is_get && ++post->tries < CLIENT_TRIES_MAX) {
        json_decref(json);
        send_post(post);
        return;
    }
    explain(post, response, json);
    finish(post, response, json);
}

static void on_nonce(void *cookie, const struct fetch_response *response)
{
    struct post *post = cookie;
    keep_nonce(post->client, response);
    if (post->client->nonce_count > 0) {
        send_post(post);
        return;
    }
    (void)error_set(&post->err, STATUS_IO, "%s: no nonce: %s", post->client->new_nonce, response->failure_text);
    finish(post, response, NULL);
}

static enum status fetch(const struct post *post, const char *method, const char *url, struct bytes body, fetch_done *done,
                         struct error *err)
{
    const struct acme_client *client = post->client;
    struct fetch_request request = {
        .method = method, .url = url, .body = body, .content_type = body.len > 0 ? "application/jose+json" : NULL,
        .accept = post->accept, .ca_file = client->ca_file[0] != '\0' ? client->ca_file : NULL,
        .timeout_ms = client->config.timeout_ms, .response_max = ACME_CLIENT_CHAIN_MAX,
    };
    return client->config.fetch.start(client->config.fetch.context, &request, done, (void *)(uintptr_t)post, err);
}

static void send_post(struct post *post)
{
    struct acme_client *client = post->client;
    const struct bytes nothing = {NULL, 0};
    struct builder body;
    enum status s;
    if (client->nonce_count == 0) {
        if (fetch(post, "HEAD", client->new_nonce, nothing, on_nonce, &post->err) != STATUS_OK)
            fail(post);
        return;
    }
    const char *nonce = client->nonces[--client->nonce_count];
    builder_init(&body, CLIENT_BODY_MAX);
    s = write_body(post, nonce, &body, &post->err);
    if (s == STATUS_OK)
        s = fetch(post, "POST", post->url, builder_view(&body), on_answer, &post->err);
    builder_clear(&body);
    if (s != STATUS_OK)
        fail(post);
}

static struct post *post_new(struct acme_client *client, const char *url, const char *payload, const char *accept,
                             client_post_done *done, void *cookie)
{
    struct post *post = calloc(1, sizeof *post);
    if (post == NULL)
        abort(); /* lint-allow: abort, because an operation must end with its done, and a timer needs memory too */
    post->client = client;
    post->payload = strdup(payload);
    post->accept = accept != NULL ? strdup(accept) : NULL;
    post->done = done;
    post->cookie = cookie;
    if (!client_copy_url(url, post->url) || post->payload == NULL)
        (void)error_set(&post->err, STATUS_REFUSED, "the server gave a URL that is none");
    return post;
}

void client_post(struct acme_client *client, const char *url, const char *payload, const char *accept,
                 client_post_done *done, void *cookie)
{
    struct post *post = post_new(client, url, payload, accept, done, cookie);
    if (post->err.status != STATUS_OK)
        fail(post);
    else
        send_post(post);
}

void client_get(struct acme_client *client, const char *url, client_post_done *done, void *cookie)
{
    struct post *post = post_new(client, url, "", NULL, done, cookie);
    post->is_get = true;
    if (post->err.status != STATUS_OK || fetch(post, "GET", post->url, (struct bytes){NULL, 0}, on_answer, &post->err) != STATUS_OK)
        fail(post);
}

/* ---- looking at answers ---- */

bool client_is_good(const struct client_answer *answer)
{
    return answer->response->failure == FETCH_NO_FAILURE && answer->response->status >= 200 && answer->response->status <= 299;
}

bool client_copy_url(const char *url, char out[ACME_CLIENT_URL_MAX])
{
    size_t len = url != NULL ? strlen(url) : 0;
    bool is_http = len > 7 && len < ACME_CLIENT_URL_MAX && (strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0);
    for (size_t i = 0; is_http && i < len; i++)
        is_http = url[i] > ' ' && url[i] < 0x7f && url[i] != '"' && url[i] != '\\';
    if (is_http)
        memcpy(out, url, len + 1);
    return is_http;
}

bool client_copy_header(const struct fetch_response *r, const char *name, char out[ACME_CLIENT_URL_MAX])
{
    char url[ACME_CLIENT_URL_MAX];
    struct bytes value = r->header != NULL ? r->header(r->headers, name, 0) : (struct bytes){NULL, 0};
    if (value.len == 0 || value.len >= sizeof url)
        return false;
    memcpy(url, value.data, value.len);
    url[value.len] = '\0';
    return client_copy_url(url, out);
}

uint64_t client_retry_ms(const struct fetch_response *r, uint64_t otherwise)
{
    uint64_t seconds;
    if (!text_parse_u64(r->retry_after, RETRY_AFTER_MAX_MS, &seconds))
        return otherwise;
    return seconds * 1000 < RETRY_AFTER_MAX_MS ? seconds * 1000 : RETRY_AFTER_MAX_MS;
}
