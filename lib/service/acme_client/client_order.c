/* One order, from its names to its chain. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "codec/properties/properties.h"
#include "service/acme_client/client_internal.h"

/* The first wait for a state that the server gives no time for; then twice as long each time, up to the last. */
#define POLL_MS 250
#define POLL_MAX_MS 8000
#define CHAIN_TYPE "application/pem-certificate-chain"

/* ---- the end ---- */

static void order_free(struct client_order *order)
{
    json_decref(order->identifiers);
    json_decref(order->authorizations);
    builder_clear(&order->csr);
    free(order);
}

static void finish(struct client_order *order, enum status status, const struct acme_client_certificate *certificate,
                   int64_t retry_after_s, const struct error *err)
{
    client_authorization_clean(order);
    order->done(order->cookie, status, certificate, retry_after_s, err);
    order_free(order);
}

void client_order_fail(struct client_order *order, enum status status, const struct error *err)
{
    finish(order, status, NULL, 0, err);
}

void client_order_refuse(struct client_order *order, const struct client_answer *answer, const char *what)
{
    if (client_is_good(answer))
        (void)error_set(answer->err, STATUS_REFUSED, "%s: %s", order->url[0] != '\0' ? order->url : order->client->new_order, what);
    uint64_t seconds = 0;
    bool is_put_off = answer->err->status == STATUS_AGAIN && client_retry_after_s(answer->response, &seconds);
    finish(order, answer->err->status, NULL, is_put_off ? (int64_t)seconds : 0, answer->err);
}

/* ---- states ---- */

static void tell(const struct client_order *order, enum acme_client_step step)
{
    if (order->client->config.progress != NULL)
        order->client->config.progress(order->cookie, step);
}

static int64_t now_ms(const struct acme_client *client)
{
    return client->config.order_s != 0 ? client->config.clock.now_ms(client->config.clock.context) : 0;
}

bool client_order_is_late(const struct client_order *order)
{
    int64_t limit_ms = (int64_t)order->client->config.order_s * 1000;
    return limit_ms != 0 && now_ms(order->client) - order->begun_ms >= limit_ms;
}

void client_order_wait(struct client_order *order, const struct client_answer *answer, void (*then)(void *cookie))
{
    const struct acme_client_config *config = &order->client->config;
    uint64_t delay_ms = order->polls < 5 ? (uint64_t)POLL_MS << order->polls : POLL_MAX_MS;
    if (++order->polls > config->polls_max || client_order_is_late(order)) {
        (void)error_set(answer->err, STATUS_AGAIN, "%s: no end of it after %u polls", order->url, order->polls - 1);
        client_order_fail(order, STATUS_AGAIN, answer->err);
        return;
    }
    config->timer.start(config->timer.context, client_retry_ms(answer->response, delay_ms), then, order);
}

/* ---- download ---- */

static void on_certificate(void *cookie, const struct client_answer *answer)
{
    struct client_order *order = cookie;
    char alternate[ACME_CLIENT_URL_MAX];
    if (!client_is_good(answer) || answer->response->body.len == 0) {
        client_order_refuse(order, answer, "no certificate came");
        return;
    }
    uint64_t more_s = 0;
    (void)client_find_link(answer->response, "acme-optional-alternate", alternate);
    struct acme_client_certificate certificate = {order->certificate, answer->response->body, alternate};
    if (!client_retry_after_s(answer->response, &more_s) || more_s > INT32_MAX)
        more_s = 0;
    finish(order, STATUS_OK, &certificate, (int64_t)more_s, answer->err);
}

static void download(struct client_order *order)
{
    tell(order, ACME_CLIENT_VALID);
    client_post(order->client, order->certificate, "", PROPERTIES_CHAIN_TYPE ", " CHAIN_TYPE ";q=0.5", on_certificate, order);
}

/* ---- finalize ---- */

static void poll_order(void *cookie);

/* After finalize, and for polls: where is the order? */
static void on_order_state(void *cookie, const struct client_answer *answer)
{
    struct client_order *order = cookie;
    enum fetch_failure failure = answer->response->failure;
    /* Somebody (a request of ours whose answer was lost, as a rule) was there before, or the server is not as far
     * as its authorizations; or the answer was lost now. */
    bool is_unclear = client_is_problem(answer, "orderNotReady") || failure == FETCH_TIMEOUT || failure == FETCH_PROTOCOL;
    if (is_unclear || client_has_status(answer, "processing") || client_has_status(answer, "pending"))
        client_order_wait(order, answer, poll_order);
    else if (client_has_status(answer, "valid") &&
             client_copy_url(json_string_value(json_object_get(answer->json, "certificate")), order->certificate))
        download(order);
    else
        client_order_refuse(order, answer, client_find_reason(answer->json, "the order did not become valid"));
}

static void on_polled(void *cookie, const struct client_answer *answer)
{
    if (client_has_status(answer, "ready"))
        client_order_finalize(cookie);
    else
        on_order_state(cookie, answer);
}

static void poll_order(void *cookie)
{
    struct client_order *order = cookie;
    client_post(order->client, order->url, "", NULL, on_polled, order);
}

/* A server that could not take it says "ready" again. */
static void on_finalized(void *cookie, const struct client_answer *answer)
{
    if (client_has_status(answer, "ready"))
        client_order_wait(cookie, answer, poll_order);
    else
        on_order_state(cookie, answer);
}

void client_order_finalize(struct client_order *order)
{
    struct builder payload;
    builder_init(&payload, CLIENT_BODY_MAX);
    builder_text(&payload, "{\"csr\":\"");
    builder_bytes(&payload, builder_view(&order->csr));
    builder_text(&payload, "\"}");
    builder_u8(&payload, 0);
    tell(order, ACME_CLIENT_FINALIZING);
    client_post(order->client, order->finalize, builder_is_good(&payload) ? (const char *)payload.data : "{}", NULL, on_finalized,
                order);
    builder_clear(&payload);
}

/* ---- the order ---- */

static bool read_order(struct client_order *order, const struct client_answer *answer)
{
    order->authorizations = json_incref(json_object_get(answer->json, "authorizations"));
    size_t count = json_array_size(order->authorizations);
    bool has_url = order->is_resumed || client_copy_header(answer->response, "Location", order->url);
    return has_url && count > 0 && count <= ACME_CLIENT_NAMES_MAX &&
           client_copy_url(json_string_value(json_object_get(answer->json, "finalize")), order->finalize);
}

/* Whoever does not know it, or does not give it to us, will not later either. */
static bool is_gone(const struct client_order *order, const struct client_answer *answer)
{
    int status = answer->response->status;
    return order->is_resumed && answer->response->failure == FETCH_NO_FAILURE && status >= 400 && status < 500 && status != 429;
}

static bool is_kept(struct client_order *order, struct error *err)
{
    return order->is_resumed || order->ordered == NULL || order->ordered(order->cookie, order->url, err) == STATUS_OK;
}

static void on_order(void *cookie, const struct client_answer *answer)
{
    struct client_order *order = cookie;
    struct error err = {.status = STATUS_OK};
    if (is_gone(order, answer)) {
        client_order_fail(order, error_set(&err, STATUS_NOT_FOUND, "%s", answer->err->text), &err);
    } else if (!client_is_good(answer) || !read_order(order, answer)) {
        client_order_refuse(order, answer, "the server gave no order");
    } else if (!is_kept(order, &err)) {
        client_order_fail(order, err.status, &err);
    } else {
        tell(order, ACME_CLIENT_ORDERED);
        if (client_has_status(answer, "pending"))
            client_authorization_next(order);
        else
            on_polled(order, answer); /* ready, or an older one for the same names, or one to go on with */
    }
}

/* Does it look like an address? What is no name either, the server refuses. */
static bool is_address(const char *name)
{
    return strchr(name, ':') != NULL || (name[0] != '\0' && strspn(name, "0123456789.") == strlen(name));
}

static json_t *identifiers_of(const struct acme_client_request *request)
{
    json_t *list = json_array();
    for (size_t i = 0; i < request->name_count; i++) {
        json_t *one = json_pack("{s:s, s:s}", "type", is_address(request->names[i]) ? "ip" : "dns", "value",
                                request->names[i]);
        if (json_array_append_new(list, one) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* NULL: no memory, or a text that is not UTF-8. */
static char *order_payload(const struct acme_client_request *request)
{
    json_t *payload = json_pack("{s:o, s:s*, s:s*}", "identifiers", identifiers_of(request), "profile", request->profile,
                                "replaces", request->replaces);
    char *text = json_dumps(payload, JSON_COMPACT);
    json_decref(payload);
    return text;
}

static enum status check_request(const struct acme_client *client, const struct acme_client_request *request, struct error *err)
{
    char url[ACME_CLIENT_URL_MAX];
    if (request->name_count == 0 || request->name_count > ACME_CLIENT_NAMES_MAX || client->account[0] == '\0')
        return error_set(err, STATUS_USAGE, "an order has 1 to %d names, and an account", ACME_CLIENT_NAMES_MAX);
    if (request->order_url != NULL && !client_copy_url(request->order_url, url))
        return error_set(err, STATUS_USAGE, "%.200s is no URL of an order", request->order_url);
    return STATUS_OK;
}

static struct client_order *order_new(struct acme_client *client, const struct acme_client_request *request,
                                      acme_client_issue_done *done, void *cookie)
{
    struct client_order *order = calloc(1, sizeof *order);
    if (order == NULL)
        return NULL;
    order->client = client;
    order->ordered = request->ordered;
    order->done = done;
    order->cookie = cookie;
    order->begun_ms = now_ms(client);
    order->is_resumed = request->order_url != NULL && client_copy_url(request->order_url, order->url);
    order->identifiers = identifiers_of(request);
    builder_init(&order->csr, CLIENT_BODY_MAX / 4); /* room for two more encodings around it */
    text_write_base64url(&order->csr, request->csr);
    return order;
}

/* The issuer has got another server since. Its old one may be gone for good, and would be asked for ever. */
static void is_elsewhere(void *cookie)
{
    struct client_order *order = cookie;
    struct error err;
    client_order_fail(order, error_set(&err, STATUS_NOT_FOUND, "%s: not an order of %s", order->url, order->client->directory_url), &err);
}

enum status acme_client_issue(struct acme_client *client, const struct acme_client_request *request,
                              acme_client_issue_done *done, void *cookie, struct error *err)
{
    enum status s = check_request(client, request, err);
    if (s != STATUS_OK)
        return s;
    struct client_order *order = order_new(client, request, done, cookie);
    if (order == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    char *payload = order_payload(request);
    s = builder_status(&order->csr, "request for a certificate", err);
    if (s == STATUS_OK && payload == NULL)
        s = error_set(err, STATUS_USAGE, "names, profile and replaces are UTF-8");
    if (s != STATUS_OK)
        order_free(order);
    else if (order->is_resumed && !client_is_same_origin(order->url, client->new_order))
        client->config.timer.start(client->config.timer.context, 0, is_elsewhere, order);
    else if (order->is_resumed)
        client_post(client, order->url, "", NULL, on_order, order);
    else
        client_post(client, client->new_order, payload, NULL, on_order, order);
    free(payload);
    return s;
}
