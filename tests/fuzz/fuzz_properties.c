/* Certificate property lists, in both encodings of groups. */
#include "fuzz/fuzz_checks.h"

#include "codec/properties/properties.h"

static struct properties list;

static void parse_and_write(struct bytes input, enum properties_encoding encoding)
{
    struct error err;
    enum status status = properties_parse(input, encoding, &list, &err);
    if (status != STATUS_OK) {
        require_refusal(status, &err);
        return;
    }
    struct builder again;
    builder_init(&again, PROPERTIES_SIZE_MAX);
    require(properties_write(&list, encoding, &again, NULL) == STATUS_OK);
    require_same(&again, input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    parse_and_write(bytes_of(data, size), PROPERTIES_WITH_PATTERNS);
    parse_and_write(bytes_of(data, size), PROPERTIES_WITH_RANGES);
    return 0;
}
