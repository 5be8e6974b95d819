/* HTTP requests: the first byte says in what pieces the others come. However they are cut, the same
 * requests with the same bodies have to come out, and the same refusal. */
#include "fuzz/fuzz_checks.h"

#include <string.h>

#include "adapters/http1/request_parser.h"

#define SEEN_MAX ((size_t)1 << 22)

/* Everything that was understood, one after the other. */
static enum body_piece take_piece(void *cookie, struct bytes piece)
{
    builder_bytes(cookie, piece);
    return piece.len % 3 == 0 ? BODY_PIECE_PAUSE : BODY_PIECE_TAKEN;
}

static void note_head(struct builder *seen, const struct request_parser *p)
{
    builder_bytes(seen, p->method);
    builder_bytes(seen, p->path);
    builder_bytes(seen, p->query);
    builder_bytes(seen, p->host);
    require(p->path.len > 0 && p->header_count <= HTTP_HEADERS_MAX);
    require(p->host.len > 0 || p->is_http_1_0);
    for (size_t i = 0; i < p->header_count; i++) {
        builder_bytes(seen, p->headers[i].name);
        builder_u8(seen, ':');
        builder_bytes(seen, p->headers[i].value);
        require(p->headers[i].name.len > 0);
        for (size_t j = 0; j < p->headers[i].value.len; j++)
            require(strchr("\r\n", p->headers[i].value.data[j]) == NULL);
    }
}

static void read_all(struct bytes in, size_t step, struct builder *seen)
{
    struct request_parser p;
    size_t at = 0;
    request_parser_init(&p, NULL, take_piece, seen);
    while (at < in.len && p.state != REQUEST_FAILED) {
        size_t len = in.len - at < step ? in.len - at : step;
        bool was_head = p.state == REQUEST_HEAD;
        size_t taken = request_parser_feed(&p, bytes_of(in.data + at, len));
        require(taken <= len &&
                (taken > 0 || p.state == REQUEST_FAILED || p.state == REQUEST_COMPLETE));
        at += taken;
        if (was_head && (p.state == REQUEST_BODY || p.state == REQUEST_COMPLETE))
            note_head(seen, &p);
        if (p.state == REQUEST_COMPLETE) {
            builder_text(seen, p.is_keep_alive ? "|" : "!");
            request_parser_next(&p);
        }
    }
    if (p.state == REQUEST_FAILED) {
        require(p.failure >= 400 && p.failure < 600 && p.reason[0] != '\0');
        builder_printf(seen, "%d", p.failure >= 400 ? 1 : 0);
    }
    request_parser_clear(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct builder whole, pieces;
    if (size < 1)
        return 0;
    builder_init(&whole, SEEN_MAX);
    builder_init(&pieces, SEEN_MAX);
    struct bytes in = bytes_of(data + 1, size - 1);
    read_all(in, size, &whole);
    read_all(in, (size_t)data[0] + 1, &pieces);
    /* A body that is refused in the end may have given a piece less in one of them. */
    bool is_refused = whole.len > 0 && whole.data[whole.len - 1] == '1';
    bool is_refused_too = pieces.len > 0 && pieces.data[pieces.len - 1] == '1';
    if (!is_refused || !is_refused_too)
        require(bytes_equal(builder_view(&whole), builder_view(&pieces)));
    builder_clear(&whole);
    builder_clear(&pieces);
    return 0;
}
