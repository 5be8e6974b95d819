/* The record of a log. */
#include "fuzz/fuzz_checks.h"

#include "log_engine/log_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes input = bytes_of(data, size);
    struct log_record record;
    struct error err;
    enum status status = log_record_parse(input, &record, &err);
    if (status != STATUS_OK) {
        require_refusal(status, &err);
        return 0;
    }
    struct builder again;
    builder_init(&again, size + 1); /* builder_printf wants room for a NUL */
    require(log_record_write(&record, &again, NULL) == STATUS_OK);
    require_same(&again, input);
    return 0;
}
