/* chunked_body.h - a body in chunks [RFC9112 7.1], of either direction. llhttp in its strict mode reads it; what
 * it is lenient about is refused before: bare CR or LF, control characters, folded trailers, framing without end.
 * Extensions and trailers are read and dropped.
 */
#ifndef CATHAYA_ADAPTERS_HTTP1_CHUNKED_BODY_H
#define CATHAYA_ADAPTERS_HTTP1_CHUNKED_BODY_H

#include <llhttp.h>

#include "base/bytes.h"

/* Between two pieces of data, and after the last: size line, extension, trailers. */
#define CHUNKED_FRAMING_MAX 4096

enum body_piece {
    BODY_PIECE_TAKEN,
    BODY_PIECE_PAUSE, /* taken, but feed shall return */
    BODY_PIECE_STOP   /* no more of it */
};

enum chunked_state { CHUNKED_MORE, CHUNKED_COMPLETE, CHUNKED_BAD, CHUNKED_STOPPED };

struct chunked_body {
    enum chunked_state state;
    enum body_piece (*on_piece)(void *cookie, struct bytes piece);
    void *cookie;
    llhttp_t llhttp;
    const char *framing_at; /* framing that was not yet looked at; NULL outside execute */
    size_t framing_len;
    char framing_last;
};

void chunked_body_init(struct chunked_body *b, enum body_piece (*on_piece)(void *cookie, struct bytes piece),
                       void *cookie);

/* chunked_body_feed takes bytes and returns how many: all of them, or those up to the end of the body, or where
 * a piece was paused. Only in the state CHUNKED_MORE. */
size_t chunked_body_feed(struct chunked_body *b, struct bytes in);

#endif
