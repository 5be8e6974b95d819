/* A request as a client sends it, through the parser, to what a backend gets: what is written is one good request with
 * the same target and body framing, and says of the client only what we know. */
#include "fuzz/fuzz_checks.h"

#include <string.h>

#include "adapters/http1/request_parser.h"
#include "adapters/proxy/forward.h"

static enum body_piece take_piece(void *cookie, struct bytes piece)
{
    (void)cookie;
    (void)piece;
    return BODY_PIECE_TAKEN;
}

static size_t count_of(const struct request_parser *p, const char *name)
{
    struct bytes value;
    return head_find(p->headers, p->header_count, name, &value);
}

static void check(const struct request_parser *p, bool is_trusting)
{
    static const struct request_options options = {.line_max = 65536, .head_max = 1 << 20, .is_gateway = true};
    const struct proxy_site site = {.title = "site", .trusts_forwarded = is_trusting, .adds_via = true};
    const struct exchange x = {.request = {.method = p->method, .target = p->target, .authority = p->host,
                                           .fields = p->headers, .field_count = p->header_count,
                                           .has_body = p->state != REQUEST_COMPLETE, .has_length = p->has_length,
                                           .length = p->content_length, .expects_continue = p->expects_continue,
                                           .peer = "192.0.2.1"},
                               .site = &site};
    static struct request_parser again;
    struct builder out;
    builder_init(&out, 1 << 20);
    forward_write_request(&x, &out);
    require(builder_is_good(&out));
    request_parser_init(&again, &options, take_piece, NULL);
    size_t taken = request_parser_feed(&again, builder_view(&out));
    /* More fields than the parser takes may come of a request that had nearly as many. */
    if (again.state == REQUEST_FAILED && again.failure == 431) {
        require(p->header_count > HTTP_HEADERS_MAX - 10);
    } else {
        require(taken == out.len && (again.state == REQUEST_BODY || again.state == REQUEST_COMPLETE));
        require((again.state == REQUEST_COMPLETE) == !x.request.has_body && !again.is_http_1_0);
        require(again.content_length == p->content_length && again.is_chunked == p->is_chunked);
        require(bytes_equal(again.method, p->method) && count_of(&again, "Host") == 1);
        require(count_of(&again, "Connection") == 0 && count_of(&again, "X-Forwarded-For") == 1);
        struct bytes peer;
        (void)head_find(again.headers, again.header_count, "X-Forwarded-For", &peer);
        require(is_trusting || bytes_is_text(peer, "192.0.2.1"));
    }
    request_parser_clear(&again);
    builder_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct request_options options = {.line_max = 8192, .head_max = 32768, .is_gateway = true};
    static struct request_parser p;
    request_parser_init(&p, &options, take_piece, NULL);
    if (size > 0)
        (void)request_parser_feed(&p, bytes_of(data, size));
    if (p.state == REQUEST_BODY || p.state == REQUEST_COMPLETE) {
        check(&p, false);
        check(&p, true);
    }
    request_parser_clear(&p);
    return 0;
}
