/* What a signer remembers: what is read is written as it was. */
#include "fuzz/fuzz_checks.h"
#include "service/signer/signer_memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct signer_memory memory;
    struct builder out;
    struct error err = {.status = STATUS_OK};
    builder_init(&out, size + 8);
    enum status status = signer_memory_parse(bytes_of(data, size), &memory, &err);
    if (status == STATUS_OK) {
        signer_memory_write(&memory, &out);
        require_same(&out, bytes_of(data, size));
    } else {
        require_refusal(status, &err);
    }
    builder_clear(&out);
    return 0;
}
