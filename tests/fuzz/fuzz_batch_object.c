/* The lasting objects of batches. */
#include "fuzz/fuzz_checks.h"

#include "log_engine/batch_object.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes input = bytes_of(data, size);
    struct batch_object object;
    struct error err;
    enum status status = batch_object_parse(input, &object, &err);
    if (status != STATUS_OK) {
        require_refusal(status, &err);
        return 0;
    }
    struct builder again;
    builder_init(&again, size);
    require(batch_object_write(&object, &again, NULL) == STATUS_OK);
    require_same(&again, input);
    return 0;
}
