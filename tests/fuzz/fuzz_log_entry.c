/* Log entries: what parses is its three parts, one after the other. */
#include "fuzz/fuzz_checks.h"

#include "codec/mtc/log_entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct log_entry e;
    struct error err;
    enum status s = log_entry_parse(bytes_of(data, size), &e, &err);
    if (s != STATUS_OK) {
        require_refusal(s, &err);
        return 0;
    }
    require(e.type != LOG_ENTRY_NULL || e.data.len == 0);
    struct builder b;
    builder_init(&b, size);
    builder_bytes(&b, e.extensions);
    builder_u16(&b, e.type);
    builder_bytes(&b, e.data);
    require_same(&b, bytes_of(data, size));
    return 0;
}
