/* Revocations files: the text; what is read is written as it was. */
#include "codec/revocations/revocations.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct revocations r;
    struct builder out;
    revocations_init(&r);
    builder_init(&out, REVOCATIONS_SIZE_MAX);
    if (revocations_parse_text(bytes_of(data, size), &r, NULL) == STATUS_OK &&
        (revocations_write_text(&r, &out, NULL) != STATUS_OK || !bytes_equal(builder_view(&out), bytes_of(data, size))))
        __builtin_trap();
    builder_clear(&out);
    revocations_clear(&r);
    return 0;
}
