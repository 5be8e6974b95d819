/* The text of checkpoints. */
#include "fuzz/fuzz_checks.h"

#include "codec/note/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes input = bytes_of(data, size);
    struct checkpoint checkpoint;
    struct error err;
    enum status status = checkpoint_parse(input, &checkpoint, &err);
    if (status != STATUS_OK) {
        require_refusal(status, &err);
        return 0;
    }
    struct builder again;
    builder_init(&again, size);
    require(checkpoint_write(&checkpoint, &again, NULL) == STATUS_OK);
    require_same(&again, input);
    return 0;
}
