#include "adapters/http_server/body_inflate.h"

#include <limits.h>
#include <string.h>

/* zlib's window of 32 KiB, and its gzip header alone. */
#define GZIP_ONLY (16 + MAX_WBITS)

enum status body_inflate_open(struct body_inflate *b)
{
    memset(b, 0, sizeof *b);
    if (inflateInit2(&b->z, GZIP_ONLY) != Z_OK)
        return STATUS_NO_MEMORY;
    b->is_open = true;
    return STATUS_OK;
}

void body_inflate_close(struct body_inflate *b)
{
    if (b->is_open)
        (void)inflateEnd(&b->z);
    b->is_open = false;
}

enum status body_inflate_next(struct body_inflate *b, struct bytes *in, uint8_t *out, size_t *out_len)
{
    *out_len = 0;
    if (b->is_at_end)
        return in->len == 0 ? STATUS_OK : STATUS_MALFORMED;
    size_t len = in->len < UINT_MAX ? in->len : UINT_MAX;
    /* zlib does not write to it; its type says otherwise. */
    b->z.next_in = (Bytef *)(uintptr_t)in->data;
    b->z.avail_in = (uInt)len;
    b->z.next_out = out;
    b->z.avail_out = INFLATE_PIECE_MAX;
    int result = inflate(&b->z, Z_NO_FLUSH);
    *in = bytes_of(in->data + (len - b->z.avail_in), in->len - (len - b->z.avail_in));
    *out_len = INFLATE_PIECE_MAX - b->z.avail_out;
    b->is_at_end = result == Z_STREAM_END;
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
        return STATUS_MALFORMED;
    return STATUS_OK;
}

bool body_inflate_is_whole(const struct body_inflate *b)
{
    return b->is_at_end;
}
