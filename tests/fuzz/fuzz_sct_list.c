/* SignedCertificateTimestampLists, and each SCT of version 1 from its fields. */
#include "fuzz/fuzz_checks.h"

#include "codec/ct/sct_list.h"

static struct sct_list list;

static void check_sct(const struct sct *sct)
{
    struct error err;
    uint64_t index;
    if (sct->version != SCT_V1)
        return;
    struct builder again;
    builder_init(&again, SCT_LIST_SIZE_MAX);
    require(sct_write(sct, &again, &err) == STATUS_OK);
    require_same(&again, sct->serialized);
    enum status status = sct_leaf_index(sct, &index, &err);
    if (status == STATUS_OK)
        require(index <= SCT_LEAF_INDEX_MAX);
    else
        require(status == STATUS_NOT_FOUND || status == STATUS_MALFORMED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err;
    enum status status = sct_list_parse(bytes_of(data, size), &list, &err);
    if (status != STATUS_OK) {
        require_refusal(status, &err);
        return 0;
    }
    require(list.count > 0);
    struct builder again;
    builder_init(&again, SCT_LIST_SIZE_MAX);
    require(sct_list_write(list.scts, list.count, &again, &err) == STATUS_OK);
    require_same(&again, bytes_of(data, size));
    for (size_t i = 0; i < list.count; i++)
        check_sct(&list.scts[i]);
    return 0;
}
