#include <zlib.h>

#include "service/cosigning/cosigning_internal.h"

/* Fast: entries are names and hashes, and the hashes do not compress. */
#define LEVEL 1
#define GZIP_WINDOW (15 + 16)

enum status gzip_compress(struct bytes input, struct builder *out, struct error *err)
{
    z_stream z = {.next_in = NULL};
    if (input.len > UINT32_MAX / 2 || deflateInit2(&z, LEVEL, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return error_set(err, STATUS_NO_MEMORY, "gzip: out of memory");
    size_t before = out->len, bound = deflateBound(&z, (uLong)input.len);
    uint8_t *space = builder_space(out, bound);
    int result = Z_BUF_ERROR;
    if (space != NULL) {
        z.next_in = (Bytef *)(uintptr_t)input.data;
        z.avail_in = (uInt)input.len;
        z.next_out = space;
        z.avail_out = (uInt)bound;
        result = deflate(&z, Z_FINISH);
        out->len = before + z.total_out;
    }
    (void)deflateEnd(&z);
    return result == Z_STREAM_END ? builder_status(out, "gzip", err)
                                  : error_set(err, STATUS_NO_MEMORY, "gzip: out of memory");
}
