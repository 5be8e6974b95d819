#include "adapters/http1/chunked_body.h"

#include <string.h>

/* What is between the pieces: llhttp has read it, and is sometimes lenient about it. */
static bool is_good_framing(struct chunked_body *b, const char *end)
{
    for (; b->framing_at < end; b->framing_at++) {
        char c = *b->framing_at, last = b->framing_last;
        bool is_control = (unsigned char)c < 0x20 && c != '\r' && c != '\n' && c != '\t';
        bool is_folded = last == '\n' && (c == ' ' || c == '\t');
        if (is_control || is_folded || c == 0x7f || (last == '\r') != (c == '\n') ||
            ++b->framing_len > CHUNKED_FRAMING_MAX)
            return false;
        b->framing_last = c;
    }
    return true;
}

static int on_body(llhttp_t *llhttp, const char *at, size_t len)
{
    struct chunked_body *b = llhttp->data;
    if (len == 0)
        return 0;
    if (!is_good_framing(b, at)) {
        b->state = CHUNKED_BAD;
        return -1;
    }
    b->framing_at = at + len;
    b->framing_len = 0;
    b->framing_last = '\0';
    switch (b->on_piece(b->cookie, bytes_of(at, len))) {
    case BODY_PIECE_TAKEN:
        return 0;
    case BODY_PIECE_PAUSE:
        return HPE_PAUSED;
    default:
        b->state = CHUNKED_STOPPED;
        return -1;
    }
}

static int on_message_complete(llhttp_t *llhttp)
{
    struct chunked_body *b = llhttp->data;
    b->state = CHUNKED_COMPLETE;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

void chunked_body_init(struct chunked_body *b, enum body_piece (*on_piece)(void *cookie, struct bytes piece),
                       void *cookie)
{
    /* llhttp reads messages: this one's head is always the same. */
    static const char head[] = "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    memset(b, 0, sizeof *b);
    b->on_piece = on_piece;
    b->cookie = cookie;
    llhttp_init(&b->llhttp, HTTP_REQUEST, &settings);
    b->llhttp.data = b;
    if (llhttp_execute(&b->llhttp, head, sizeof head - 1) != HPE_OK)
        b->state = CHUNKED_BAD;
}

size_t chunked_body_feed(struct chunked_body *b, struct bytes in)
{
    const char *start = (const char *)in.data, *end = start + in.len;
    if (in.len == 0 || b->state != CHUNKED_MORE)
        return 0;
    b->framing_at = start;
    llhttp_errno_t result = llhttp_execute(&b->llhttp, start, in.len);
    if (result == HPE_PAUSED) {
        end = llhttp_get_error_pos(&b->llhttp);
        llhttp_resume(&b->llhttp);
        result = HPE_OK;
    }
    if (b->state != CHUNKED_STOPPED && (result != HPE_OK || !is_good_framing(b, end)))
        b->state = CHUNKED_BAD;
    b->framing_at = NULL;
    return (size_t)(end - start);
}
