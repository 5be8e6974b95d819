/* body_inflate.h - Content-Encoding: gzip of a request body, taken off piece by piece.
 *
 * What comes out is bounded by whoever takes it: never more than INFLATE_PIECE_MAX bytes are made before
 * it is asked whether there shall be more.
 */
#ifndef CATHAYA_ADAPTERS_HTTP_SERVER_BODY_INFLATE_H
#define CATHAYA_ADAPTERS_HTTP_SERVER_BODY_INFLATE_H

#include <zlib.h>

#include "base/bytes.h"
#include "base/status.h"

#define INFLATE_PIECE_MAX 16384

struct body_inflate {
    z_stream z;
    bool is_open, is_at_end;
};

/* The zero body_inflate is closed. */
MUST_USE enum status body_inflate_open(struct body_inflate *b);
void body_inflate_close(struct body_inflate *b);

/* body_inflate_next takes from the front of *in and makes at most one piece in out (INFLATE_PIECE_MAX
 * bytes): an empty one when all of *in was taken and more is needed. STATUS_MALFORMED when it is not
 * gzip, has a bad check sum, or goes on after its end. */
MUST_USE enum status body_inflate_next(struct body_inflate *b, struct bytes *in, uint8_t *out,
                                       size_t *out_len);

/* body_inflate_is_whole says whether the end was reached. */
bool body_inflate_is_whole(const struct body_inflate *b);

#endif
