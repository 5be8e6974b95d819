/* The contents of the TLS extension trust_anchors, in ClientHello and in EncryptedExtensions. */
#include "fuzz/fuzz_checks.h"

#include "codec/tai/trust_anchor_list.h"

static struct trust_anchor_list list;

static void parse_and_write(struct bytes input, enum trust_anchor_place place)
{
    struct error err;
    enum status status = trust_anchor_list_parse(input, place, &list, &err);
    if (status != STATUS_OK) {
        require(status == STATUS_MALFORMED);
        require_refusal(status, &err);
        return;
    }
    require(list.count <= TRUST_ANCHOR_LIST_MAX);
    require(list.left_out_count == 0 || list.count == TRUST_ANCHOR_LIST_MAX);
    if (list.unusable_count > 0 || list.left_out_count > 0)
        return;
    struct builder again;
    builder_init(&again, TRUST_ANCHOR_LIST_SIZE_MAX);
    require(trust_anchor_list_write(list.ids, list.count, place, &again, &err) == STATUS_OK);
    require_same(&again, input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    parse_and_write(bytes_of(data, size), TRUST_ANCHOR_REQUESTED);
    parse_and_write(bytes_of(data, size), TRUST_ANCHOR_AVAILABLE);
    return 0;
}
