#include "rules/dns_txt.h"

#include "base/reader.h"

enum status dns_txt_join(struct bytes rdata, struct builder *out, struct error *err)
{
    struct reader r, text;
    reader_init(&r, rdata);
    do {
        if (!reader_vector_u8(&r, &text))
            return error_at(err, STATUS_MALFORMED, reader_offset(&r), "a TXT record is cut short");
        builder_bytes(out, reader_rest(&text));
    } while (!reader_is_at_end(&r));
    return builder_status(out, "a TXT record", err);
}
