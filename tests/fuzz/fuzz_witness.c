/* The bodies of add-checkpoint, sign-subtree and mirror-info, and a size alone: what is read is written again
 * byte for byte. */
#include "fuzz/fuzz_checks.h"

#include "codec/witness/add_checkpoint.h"
#include "codec/witness/mirror_info.h"
#include "codec/witness/sign_subtree.h"

static void check_add_checkpoint(struct bytes input)
{
    static struct add_checkpoint request;
    struct builder again;
    struct error err;
    enum status status = add_checkpoint_parse(input, &request, &err);
    if (status != STATUS_OK) {
        require_refusal(status, &err);
        return;
    }
    builder_init(&again, ADD_CHECKPOINT_SIZE_MAX);
    add_checkpoint_write(&request, &again);
    require_same(&again, input);
}

static void check_sign_subtree(struct bytes input)
{
    static struct sign_subtree request;
    struct builder again;
    struct error err;
    enum status status = sign_subtree_parse(input, &request, &err);
    if (status != STATUS_OK) {
        require_refusal(status, &err);
        return;
    }
    require(subtree_is_valid(request.subtree));
    builder_init(&again, SIGN_SUBTREE_SIZE_MAX);
    sign_subtree_write(&request, &again);
    require_same(&again, input);
}

static void check_mirror_info(struct bytes input)
{
    struct mirror_info info;
    struct builder memory, again;
    struct error err;
    builder_init(&memory, (size_t)1 << 20);
    enum status status = mirror_info_parse(input, &memory, &info, &err);
    if (status == STATUS_OK) {
        builder_init(&again, (size_t)1 << 20);
        mirror_info_write(&info, &again);
        require_same(&again, input);
    } else {
        require_refusal(status, &err);
    }
    builder_clear(&memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes input = bytes_of(data, size);
    struct error err;
    uint64_t number;
    check_add_checkpoint(input);
    check_sign_subtree(input);
    check_mirror_info(input);
    enum status status = proof_lines_parse_size(input, &number, &err);
    if (status != STATUS_OK)
        require_refusal(status, &err);
    return 0;
}
