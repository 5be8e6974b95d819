#include <stdio.h>
#include <string.h>

#include "service/validation/attempt.h"

#define CHALLENGE_PATH "/.well-known/acme-challenge/"
/* A key authorization with many line ends behind it; more is not the file that we asked for. */
#define HTTP_BODY_MAX 1024
/* A URL with scheme, brackets and port. */
#define URL_SIZE (HTTP_URL_MAX + DNS_NAME_MAX + 32)

static uint16_t port_of(const struct attempt *a)
{
    if (a->url.port != 0)
        return a->url.port;
    return a->url.is_https ? 443 : a->owner->config.http_port;
}

/* Where we are, without the path: the token is in it. */
static void show_place(const struct attempt *a, char out[DNS_NAME_MAX + 32])
{
    struct http_url place = a->url;
    struct builder text;
    place.path[0] = '\0';
    builder_init_fixed(&text, out, DNS_NAME_MAX + 31);
    http_url_write(&place, port_of(a), &text);
    out[text.len] = '\0';
}

static void go(struct attempt *a);

static void judge_body(struct attempt *a, const struct fetch_response *r)
{
    char place[DNS_NAME_MAX + 32];
    struct bytes body = r->body;
    while (body.len > 0 && memchr(" \t\r\n", body.data[body.len - 1], 4) != NULL)
        body.len--;
    show_place(a, place);
    if (r->is_cut)
        attempt_fail(a, "unauthorized", "the file at %s has more than %d bytes: it is not the key authorization",
                     place, HTTP_BODY_MAX);
    else if (!bytes_equal_secret(body, bytes_of_text(a->key_authorization)))
        attempt_fail(a, "unauthorized", "the file at %s (%zu bytes) is not the key authorization", place,
                     body.len);
    else
        attempt_pass(a, UINT32_MAX);
}

static bool is_port_allowed(const struct attempt *a, uint16_t port)
{
    return port == 80 || port == 443 || port == a->owner->config.http_port;
}

static void follow(struct attempt *a, const struct fetch_response *r)
{
    struct http_url target;
    struct error err = {.status = STATUS_OK};
    char place[DNS_NAME_MAX + 32];
    show_place(a, place);
    if (++a->redirects > VALIDATION_REDIRECTS_MAX) {
        attempt_fail(a, "connection", "more than %d redirects; the last was from %s", VALIDATION_REDIRECTS_MAX,
                     place);
    } else if (http_url_resolve(&a->url, r->location, &target, &err) != STATUS_OK) {
        attempt_fail(a, "connection", "%s redirects to %s", place, err.text);
    } else if (target.is_https == a->url.is_https && target.port == a->url.port &&
               strcmp(target.host, a->url.host) == 0 && strcmp(target.path, a->url.path) == 0) {
        attempt_fail(a, "connection", "%s redirects to itself", place);
    } else {
        a->url = target;
        go(a);
    }
}

static void on_response(void *cookie, const struct fetch_response *r);

static void ask(struct attempt *a, const char *address, bool has_another)
{
    struct validation *v = a->owner;
    struct error err = {.status = STATUS_OK};
    char url[URL_SIZE];
    struct builder text;
    builder_init_fixed(&text, url, sizeof url - 1);
    http_url_write(&a->url, port_of(a), &text);
    if (!builder_is_good(&text)) {
        attempt_fail(a, "malformed", "the URL is too long");
        return;
    }
    url[text.len] = '\0';
    struct fetch_request request = {
        .method = "GET", .url = url, .address = address, .is_any_certificate = a->url.is_https,
        /* A network without IPv6 must not use up the time of IPv4. */
        .timeout_ms = has_another ? v->config.fetch_timeout_ms / 2 + 1 : v->config.fetch_timeout_ms,
        .response_max = HTTP_BODY_MAX,
    };
    attempt_hold(a);
    enum status s = v->ports.fetch.start(v->ports.fetch.context, &request, on_response, a, &err);
    if (s == STATUS_OK)
        return;
    if (s == STATUS_USAGE)
        attempt_fail(a, "malformed", "the URL cannot be asked for");
    else
        attempt_busy(a, &err);
    attempt_release(a);
}

/* The addresses are known: IPv6 first, then, once, IPv4. */
static void connect_first(struct attempt *a)
{
    const struct attempt_addresses *found = &a->addresses;
    a->is_second_try = false;
    if (found->ipv6[0] != '\0')
        ask(a, found->ipv6, found->ipv4[0] != '\0');
    else
        ask(a, found->ipv4, false);
}

static void fail_fetch(struct attempt *a, const struct fetch_response *r)
{
    static const char *const words[] = {
        [FETCH_CONNECT] = "nobody answers", [FETCH_TIMEOUT] = "no answer in time",
        [FETCH_TLS] = "no TLS connection",  [FETCH_PROTOCOL] = "what came is not HTTP",
        [FETCH_STOPPED] = "we are shutting down",
    };
    char place[DNS_NAME_MAX + 32];
    const char *address = a->is_second_try || a->addresses.ipv6[0] == '\0' ? a->addresses.ipv4
                                                                          : a->addresses.ipv6;
    show_place(a, place);
    if (r->failure == FETCH_STOPPED)
        attempt_fail(a, "serverInternal", "%s", words[FETCH_STOPPED]);
    else
        attempt_fail(a, r->failure == FETCH_TLS ? "tls" : "connection", "%s at %s: %s", place, address,
                     words[r->failure]);
}

static bool has_second_try(const struct attempt *a, const struct fetch_response *r)
{
    return (r->failure == FETCH_CONNECT || r->failure == FETCH_TIMEOUT) && !a->is_second_try &&
           a->addresses.ipv6[0] != '\0' && a->addresses.ipv4[0] != '\0';
}

/* Only these, and nothing in the page itself, lead on [BR 3.2.2.4.19]. */
static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 307 || status == 308;
}

static void judge(struct attempt *a, const struct fetch_response *r)
{
    char place[DNS_NAME_MAX + 32];
    if (has_second_try(a, r)) {
        a->is_second_try = true;
        ask(a, a->addresses.ipv4, false);
    } else if (r->failure != FETCH_NO_FAILURE) {
        fail_fetch(a, r);
    } else if (is_redirect(r->status)) {
        follow(a, r);
    } else if (r->status < 200 || r->status > 299) {
        show_place(a, place);
        attempt_fail(a, "unauthorized", "%s answers with status %d for the challenge's file", place, r->status);
    } else {
        judge_body(a, r);
    }
}

static void on_response(void *cookie, const struct fetch_response *r)
{
    struct attempt *a = cookie;
    if (!a->is_over)
        judge(a, r);
    attempt_release(a);
}

/* Every host on the way is looked up and checked like the first. */
static void go(struct attempt *a)
{
    struct error err = {.status = STATUS_OK};
    if (a->url.port != 0 && !is_port_allowed(a, a->url.port)) {
        attempt_fail(a, "connection", "a redirect to port %u: only 80 and 443 are followed", a->url.port);
    } else if (a->url.ip_len > 0) {
        if (addresses_set(a, a->url.ip, a->url.ip_len))
            connect_first(a);
    } else if (!a->request.is_intranet &&
               dns_name_check(bytes_of_text(a->url.host), false, &err) != STATUS_OK) {
        attempt_fail(a, "connection", "a redirect to %s", err.text);
    } else {
        addresses_find(a, a->url.host, connect_first);
    }
}

void http_01_start(struct attempt *a)
{
    a->url = (struct http_url){.ip_len = a->ip_len};
    memcpy(a->url.ip, a->ip, sizeof a->url.ip);
    int host = snprintf(a->url.host, sizeof a->url.host, "%s", a->request.identifier.value);
    int path = snprintf(a->url.path, sizeof a->url.path, CHALLENGE_PATH "%s", a->token);
    a->redirects = 0;
    if (host < 0 || host >= (int)sizeof a->url.host || path < 0 || path >= (int)sizeof a->url.path)
        attempt_fail(a, "malformed", "the identifier is too long");
    else
        go(a);
}
