/* Signed requests: nonces, the JWS, and asking again: with a new nonce, or later. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "service/acme_client/client_internal.h"

struct post {
    struct acme_client *client;
    char url[ACME_CLIENT_URL_MAX];
    char *payload, *accept;
    unsigned nonce_tries, waits;
    client_post_done *done;
    void *cookie;
    struct error err;
    bool is_get;
};

static void send_again(void *cookie);

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
    uint8_t signature[CLIENT_SIGNATURE_SIZE];
    builder_init(&input, CLIENT_BODY_MAX);
    write_protected(post, nonce, &input);
    size_t dot = input.len;
    builder_text(&input, ".");
    text_write_base64url(&input, bytes_of_text(post->payload));
    enum status s = builder_status(&input, "request", err);
    if (s == STATUS_OK)
        s = client_sign(post->client, builder_view(&input), signature, err);
    if (s == STATUS_OK) {
        client_write_jws(builder_view(&input), dot, BYTES_OF(signature), out);
        s = builder_status(out, "request", err);
    }
    builder_clear(&input);
    return s;
}

/* ---- nonces ---- */

static void keep_nonce(struct acme_client *client, const struct fetch_response *r)
{
    struct bytes nonce = r->header != NULL ? r->header(r->headers, "Replay-Nonce", 0) : (struct bytes){NULL, 0};
    if (nonce.len == 0 || nonce.len >= CLIENT_NONCE_SIZE)
        return;
    for (size_t i = 0; i < nonce.len; i++) {
        uint8_t c = nonce.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
            return;
    }
    /* The oldest half makes room. */
    if (client->nonce_count == CLIENT_NONCES_MAX) {
        client->nonce_count /= 2;
        memmove(client->nonces, client->nonces + client->nonce_count, client->nonce_count * sizeof client->nonces[0]);
    }
    char *slot = client->nonces[client->nonce_count++];
    memcpy(slot, nonce.data, nonce.len);
    slot[nonce.len] = '\0';
}

/* ---- the end of a request ---- */

static void finish(struct post *post, const struct fetch_response *response, json_t *json)
{
    struct client_answer answer = {response, json, &post->err};
    post->done(post->cookie, &answer);
    json_decref(json);
    free(post->payload);
    free(post->accept);
    free(post);
}

/* What went wrong on this side of the wire, post->err says. */
static void fail_now(void *cookie)
{
    struct post *post = cookie;
    struct fetch_response nothing = {.failure = FETCH_STOPPED, .failure_text = post->err.text};
    finish(post, &nothing, NULL);
}

/* done is never called before client_post has returned. */
static void fail(struct post *post)
{
    post->client->config.timer.start(post->client->config.timer.context, 0, fail_now, post);
}

static void explain(struct post *post, const struct fetch_response *r, const json_t *json)
{
    const char *type = json_string_value(json_object_get(json, "type")), *detail = json_string_value(json_object_get(json, "detail"));
    if (r->failure != FETCH_NO_FAILURE)
        (void)error_set(&post->err, STATUS_IO, "%s: %s", post->url, r->failure_text);
    else if (r->status < 200 || r->status > 299)
        (void)error_set(&post->err, r->status >= 500 || r->status == 429 ? STATUS_AGAIN : STATUS_REFUSED, "%s: %d %s: %s", post->url,
                        r->status, type != NULL ? type : "", detail != NULL ? detail : "");
    else if (r->is_cut)
        (void)error_set(&post->err, STATUS_REFUSED, "%s: the answer is longer than %zu bytes", post->url, ACME_CLIENT_CHAIN_MAX);
}

/* ---- asking again ---- */

static bool is_worth_a_wait(const struct post *post, const struct fetch_response *r)
{
    uint64_t seconds = 0;
    switch (r->failure) {
    case FETCH_NO_FAILURE:
        if (r->status != 429 && r->status != 503)
            return false;
        return !client_retry_after_s(r, &seconds) || seconds <= CLIENT_WAIT_MAX_MS / 1000;
    case FETCH_CONNECT:
        /* A server that was there a moment ago; who mistyped its address wants to know at once. */
        return post->client->account[0] != '\0';
    case FETCH_TIMEOUT:
    case FETCH_PROTOCOL:
        return post->client->account[0] != '\0' && post->payload[0] == '\0';
    case FETCH_TLS:
    case FETCH_STOPPED:
        break;
    }
    return false;
}

/* Later, each time twice as much later; false: no more. */
static bool wait_for_server(struct post *post, const struct fetch_response *r)
{
    const struct timer_port *timer = &post->client->config.timer;
    if (post->waits >= CLIENT_WAITS_MAX || !is_worth_a_wait(post, r))
        return false;
    uint64_t delay_ms = client_retry_ms(r, (uint64_t)CLIENT_WAIT_MS << post->waits);
    post->waits++;
    timer->start(timer->context, delay_ms, send_again, post);
    return true;
}

/* A server that has forgotten one nonce has, as a rule, forgotten all: only the one that came with this
 * answer is left. */
static bool has_new_nonce(struct post *post, const struct client_answer *answer)
{
    if (post->is_get || !client_is_problem(answer, "badNonce") || ++post->nonce_tries >= CLIENT_NONCE_TRIES_MAX)
        return false;
    post->client->nonce_count = 0;
    keep_nonce(post->client, answer->response);
    return true;
}

static void on_answer(void *cookie, const struct fetch_response *response)
{
    struct post *post = cookie;
    json_t *json = json_loadb((const char *)response->body.data, response->body.len, JSON_REJECT_DUPLICATES, NULL);
    const struct client_answer answer = {response, json, &post->err};
    if (has_new_nonce(post, &answer)) {
        json_decref(json);
        send_again(post);
        return;
    }
    keep_nonce(post->client, response);
    if (wait_for_server(post, response)) {
        json_decref(json);
        return;
    }
    if (!post->is_get && client_is_problem(&answer, "accountDoesNotExist"))
        post->client->is_account_gone = true;
    explain(post, response, json);
    finish(post, response, json);
}

static void on_nonce(void *cookie, const struct fetch_response *response)
{
    struct post *post = cookie;
    keep_nonce(post->client, response);
    if (post->client->nonce_count > 0) {
        send_again(post);
    } else if (!wait_for_server(post, response)) {
        (void)error_set(&post->err, STATUS_IO, "%s: no nonce: %d %s", post->client->new_nonce, response->status,
                        response->failure_text);
        fail_now(post);
    }
}

/* ---- asking ---- */

static enum status fetch(struct post *post, const char *method, const char *url, struct bytes body, fetch_done *done)
{
    const struct acme_client *client = post->client;
    struct fetch_request request = {
        .method = method, .url = url, .body = body, .content_type = body.len > 0 ? "application/jose+json" : NULL,
        .accept = post->accept, .ca_file = client->ca_file[0] != '\0' ? client->ca_file : NULL,
        .timeout_ms = client->config.timeout_ms, .response_max = ACME_CLIENT_CHAIN_MAX,
    };
    return client->config.fetch.start(client->config.fetch.context, &request, done, post, &post->err);
}

static enum status send_signed(struct post *post)
{
    struct acme_client *client = post->client;
    struct builder body;
    if (client->nonce_count == 0)
        return fetch(post, "HEAD", client->new_nonce, (struct bytes){NULL, 0}, on_nonce);
    const char *nonce = client->nonces[--client->nonce_count];
    builder_init(&body, CLIENT_BODY_MAX);
    enum status s = write_body(post, nonce, &body, &post->err);
    if (s == STATUS_OK)
        s = fetch(post, "POST", post->url, builder_view(&body), on_answer);
    builder_clear(&body);
    return s;
}

static void send_again(void *cookie)
{
    struct post *post = cookie;
    enum status s = post->is_get ? fetch(post, "GET", post->url, (struct bytes){NULL, 0}, on_answer) : send_signed(post);
    if (s != STATUS_OK)
        fail(post);
}

static void start(struct post *post)
{
    if (post->err.status != STATUS_OK)
        fail(post);
    else
        send_again(post);
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
    if (post->payload == NULL || (accept != NULL && post->accept == NULL))
        (void)error_set(&post->err, STATUS_NO_MEMORY, "out of memory");
    else if (!client_copy_url(url, post->url))
        (void)error_set(&post->err, STATUS_REFUSED, "the server gave a URL that is none");
    else if (strncmp(client->directory_url, "https:", 6) == 0 && strncmp(url, "https:", 6) != 0)
        (void)error_set(&post->err, STATUS_REFUSED, "%.200s: the server leads out of TLS", url);
    return post;
}

void client_post(struct acme_client *client, const char *url, const char *payload, const char *accept,
                 client_post_done *done, void *cookie)
{
    start(post_new(client, url, payload, accept, done, cookie));
}

void client_get(struct acme_client *client, const char *url, client_post_done *done, void *cookie)
{
    struct post *post = post_new(client, url, "", NULL, done, cookie);
    post->is_get = true;
    start(post);
}
