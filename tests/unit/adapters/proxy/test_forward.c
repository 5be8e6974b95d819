/* What a gateway changes in heads. */
#include "unit/checks.h"

#include "adapters/proxy/forward.h"

static struct http_header field(const char *name, const char *value)
{
    return (struct http_header){bytes_of_text(name), bytes_of_text(value)};
}

static struct proxy_site site;

static struct exchange make(const struct http_header *fields, size_t count)
{
    return (struct exchange){
        .request = {.method = bytes_of_text("GET"),
                    .target = bytes_of_text("/a?b"),
                    .authority = bytes_of_text("h.example:8443"),
                    .fields = fields,
                    .field_count = count,
                    .peer = "192.0.2.1",
                    .is_tls = true},
        .site = &site,
    };
}

static void check_request(const struct exchange *x, const char *want)
{
    struct builder out;
    builder_init(&out, 65536);
    forward_write_request(x, &out);
    assert_bytes(builder_view(&out), bytes_of_text(want));
    builder_clear(&out);
}

#define OURS                                                                                         \
    "X-Forwarded-For: 192.0.2.1\r\nX-Real-IP: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n"             \
    "X-Forwarded-Host: h.example:8443\r\nForwarded: for=192.0.2.1;host=\"h.example:8443\";proto=https\r\n"
#define LINE "GET /a?b HTTP/1.1\r\nHost: h.example:8443\r\n"

static void what_clients_say_of_themselves_is_dropped(void **state)
{
    (void)state;
    const struct http_header fields[] = {
        field("Host", "h.example:8443"),  field("Accept", "*/*"),         field("X-Forwarded-For", "1.1.1.1"),
        field("X_FORWARDED_FOR", "1"),    field("x-forwarded-port", "1"), field("X-Forwarded-Anything", "1"),
        field("x-real-ip", "1.1.1.1"),    field("X_Real_IP", "1"),        field("Forwarded", "for=1.1.1.1"),
        field("X-Forwarded-Host", "evil"), field("Proxy", "evil"),        field("Cookie", "a=b; c=d"),
    };
    struct exchange x = make(fields, LENGTH(fields));
    check_request(&x, LINE "Accept: */*\r\nCookie: a=b; c=d\r\n" OURS "\r\n");
}

static void trusted_proxies_are_believed(void **state)
{
    (void)state;
    const struct http_header fields[] = {
        field("X-Forwarded-For", "1.1.1.1"), field("X-Forwarded-For", "2.2.2.2"), field("X-Forwarded-Proto", "http"),
        field("Forwarded", "for=1.1.1.1"),   field("X-Real-IP", "1.1.1.1"),
    };
    struct exchange x = make(fields, LENGTH(fields));
    site.trusts_forwarded = site.adds_via = true;
    check_request(&x, LINE "X-Forwarded-Proto: http\r\nX-Real-IP: 1.1.1.1\r\n"
                           "X-Forwarded-For: 1.1.1.1, 2.2.2.2, 192.0.2.1\r\nX-Forwarded-Host: h.example:8443\r\n"
                           "Forwarded: for=1.1.1.1, for=192.0.2.1;host=\"h.example:8443\";proto=https\r\n"
                           "Via: 1.1 cathaya\r\n\r\n");
    site.trusts_forwarded = site.adds_via = false;
}

static void hop_by_hop_fields_stay_here(void **state)
{
    (void)state;
    const struct http_header fields[] = {
        field("Connection", "keep-alive, X-One ,Upgrade"), field("Connection", "x-two"), field("X-One", "1"),
        field("X-Two", "1"), field("X-Three", "1"), field("Keep-Alive", "1"), field("TE", "trailers"),
        field("Trailer", "X"), field("Transfer-Encoding", "chunked"), field("Upgrade", "h2c"),
        field("HTTP2-Settings", "x"), field("Proxy-Authorization", "x"), field("Proxy-Connection", "close"),
        field("Content-Length", "5"), field("Expect", "100-continue"),
    };
    struct exchange x = make(fields, LENGTH(fields));
    check_request(&x, LINE "X-Three: 1\r\n" OURS "\r\n");
    x.request.has_body = x.request.expects_continue = true;
    check_request(&x, LINE "X-Three: 1\r\nExpect: 100-continue\r\n" OURS "Transfer-Encoding: chunked\r\n\r\n");
    x.request.has_length = true;
    x.request.length = 5;
    x.request.upgrade = bytes_of_text("websocket");
    check_request(&x, LINE "X-Three: 1\r\nExpect: 100-continue\r\n" OURS
                           "Content-Length: 5\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
}

static void targets_and_addresses(void **state)
{
    (void)state;
    struct exchange x = make(NULL, 0);
    x.request.peer = "2001:db8::1";
    x.request.is_tls = false;
    x.request.target = bytes_of_text("?q");
    check_request(&x, "GET /?q HTTP/1.1\r\nHost: h.example:8443\r\nX-Forwarded-For: 2001:db8::1\r\n"
                      "X-Real-IP: 2001:db8::1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: h.example:8443\r\n"
                      "Forwarded: for=\"[2001:db8::1]\";host=\"h.example:8443\";proto=http\r\n\r\n");
    x = make(NULL, 0);
    site.title = "the-site";
    x.request.method = bytes_of_text("OPTIONS");
    x.request.target = bytes_of_text("*");
    x.request.authority = bytes_of(NULL, 0);
    check_request(&x, "OPTIONS * HTTP/1.1\r\nHost: the-site\r\nX-Forwarded-For: 192.0.2.1\r\nX-Real-IP: 192.0.2.1\r\n"
                      "X-Forwarded-Proto: https\r\nForwarded: for=192.0.2.1;proto=https\r\n\r\n");
}

static void answers(void **state)
{
    (void)state;
    const struct http_header fields[] = {
        field("Server", "x"),        field("Content-Length", "3"), field("Connection", "close, X-Hop"),
        field("X-Hop", "1"),         field("Set-Cookie", "a"),     field("Set-Cookie", "b"),
        field("Strict-Transport-Security", "max-age=1"), field("Transfer-Encoding", "chunked"),
    };
    struct exchange x = make(NULL, 0);
    const struct exchange_response r = {.status = 200, .fields = fields, .field_count = LENGTH(fields)};
    struct builder out;
    builder_init(&out, 65536);
    forward_write_answer_fields(&x, &r, &out);
    assert_bytes(builder_view(&out), bytes_of_text("Server: x\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n"
                                                   "Strict-Transport-Security: max-age=1\r\n"));
    builder_reset(&out);
    site.hsts_max_age_s = 31536000;
    forward_write_answer_fields(&x, &r, &out);
    assert_bytes(builder_view(&out), bytes_of_text("Server: x\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n"
                                                   "Strict-Transport-Security: max-age=31536000\r\n"));
    builder_reset(&out);
    x.request.is_tls = false; /* [RFC6797 7.2] */
    forward_write_answer_fields(&x, &r, &out);
    assert_null(memmem(out.data, out.len, "31536000", 8));
    builder_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_clients_say_of_themselves_is_dropped),
        cmocka_unit_test(trusted_proxies_are_believed),
        cmocka_unit_test(hop_by_hop_fields_stay_here),
        cmocka_unit_test(targets_and_addresses),
        cmocka_unit_test(answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
