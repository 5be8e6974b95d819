/* The record of a mirrored log: what is read is written again byte for byte. */
#include "fuzz/fuzz_checks.h"

#include "service/mirror/mirror_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mirror_record record;
    struct bytes input = bytes_of(data, size);
    struct builder memory, again;
    struct error err;
    builder_init(&memory, (size_t)1 << 20);
    enum status status = mirror_record_parse(input, &memory, &record, &err);
    if (status == STATUS_OK) {
        builder_init(&again, (size_t)1 << 20);
        require(mirror_record_write(&record, &again, NULL) == STATUS_OK);
        require_same(&again, input);
    } else {
        require_refusal(status, &err);
    }
    builder_clear(&memory);
    return 0;
}
