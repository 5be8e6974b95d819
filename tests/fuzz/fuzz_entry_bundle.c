/* Entry bundles: the first byte is the number of entries less one. */
#include "fuzz/fuzz_checks.h"

#include "codec/tiles/entry_bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    static struct entry_bundle bundle;
    struct bytes input = bytes_of(data + 1, size - 1);
    struct error err;
    enum status status = entry_bundle_parse(input, 1U + data[0], &bundle, &err);
    if (status != STATUS_OK) {
        require_refusal(status, &err);
        return 0;
    }
    struct builder again;
    builder_init(&again, ENTRY_BUNDLE_SIZE_MAX);
    for (unsigned i = 0; i < bundle.count; i++)
        entry_bundle_append(&again, bundle.entries[i]);
    require_same(&again, input);
    return 0;
}
