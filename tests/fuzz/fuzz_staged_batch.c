/* Staged batches. */
#include "fuzz/fuzz_checks.h"

#include "log_engine/staged_batch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes input = bytes_of(data, size);
    struct staged_batch batch;
    struct error err;
    enum status status = staged_batch_parse(input, &batch, &err);
    if (status != STATUS_OK) {
        require_refusal(status, &err);
        return 0;
    }
    struct builder again;
    builder_init(&again, size);
    staged_batch_write_header(&batch, &again);
    builder_bytes(&again, batch.entries);
    require_same(&again, input);
    return 0;
}
