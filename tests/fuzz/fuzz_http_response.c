/* HTTP answers of backends: the first byte says in what pieces they come, and whether they answer HEAD. However
 * they are cut, the same answers with the same bodies have to come out, and the same refusal. */
#include "fuzz/fuzz_checks.h"

#include <string.h>

#include "adapters/http1/response_parser.h"

#define SEEN_MAX ((size_t)1 << 22)

static enum body_piece take_piece(void *cookie, struct bytes piece)
{
    builder_bytes(cookie, piece);
    return piece.len % 3 == 0 ? BODY_PIECE_PAUSE : BODY_PIECE_TAKEN;
}

static void note_head(struct builder *seen, const struct response_parser *p)
{
    require(p->status >= 100 && p->status <= 599 && p->header_count <= HTTP_HEADERS_MAX);
    require(!(p->is_chunked && p->has_length));
    require(!p->has_body || (p->status >= 200 && p->status != 204 && p->status != 304 && !p->is_head_request));
    require(p->has_body == (p->is_chunked || p->is_until_close || p->content_length > 0) || p->is_head_request ||
            p->status == 304);
    builder_printf(seen, "[%d]", p->status);
    for (size_t i = 0; i < p->header_count; i++) {
        builder_bytes(seen, p->headers[i].name);
        builder_u8(seen, ':');
        builder_bytes(seen, p->headers[i].value);
        require(p->headers[i].name.len > 0);
        for (size_t j = 0; j < p->headers[i].value.len; j++)
            require(strchr("\r\n", p->headers[i].value.data[j]) == NULL);
    }
}

/* Whether all of it was good. */
static bool read_all(struct bytes in, size_t step, bool is_head, struct builder *seen)
{
    struct response_parser p;
    size_t at = 0;
    response_parser_init(&p, 4096, take_piece, seen);
    response_parser_next(&p, is_head);
    while (at < in.len && p.state != RESPONSE_FAILED) {
        size_t len = in.len - at < step ? in.len - at : step;
        bool was_head = p.state == RESPONSE_HEAD;
        size_t taken = response_parser_feed(&p, bytes_of(in.data + at, len));
        require(taken <= len &&
                (taken > 0 || p.state == RESPONSE_FAILED || p.state == RESPONSE_COMPLETE));
        at += taken;
        if (was_head && (p.state == RESPONSE_BODY || p.state == RESPONSE_COMPLETE))
            note_head(seen, &p);
        if (p.state == RESPONSE_COMPLETE) {
            builder_text(seen, p.is_keep_alive ? "|" : "!");
            response_parser_next(&p, is_head);
        }
    }
    if (!response_parser_is_idle(&p))
        response_parser_end(&p);
    bool is_good = p.state != RESPONSE_FAILED;
    require(is_good || p.reason[0] != '\0');
    response_parser_clear(&p);
    return is_good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct builder whole, pieces;
    if (size < 1)
        return 0;
    builder_init(&whole, SEEN_MAX);
    builder_init(&pieces, SEEN_MAX);
    struct bytes in = bytes_of(data + 1, size - 1);
    bool is_head = (data[0] & 1) != 0;
    bool is_good = read_all(in, size, is_head, &whole);
    require(is_good == read_all(in, (size_t)(data[0] >> 1) + 1, is_head, &pieces));
    if (is_good)
        require(bytes_equal(builder_view(&whole), builder_view(&pieces)));
    builder_clear(&whole);
    builder_clear(&pieces);
    return 0;
}
