/* Lists of landmarks, of both formats, at a time between the seeds' expiries. */
#include "fuzz/fuzz_checks.h"

#include "codec/landmarks/landmarks.h"

#define NOW 1793000000

static struct landmarks list;

/* Whoever finds a landmark for an entry finds the entry in one of its subtrees. */
static void check_find(uint64_t index)
{
    uint64_t number;
    struct subtree two[2];
    struct error err;
    enum status status = landmarks_find(&list, index, &number, &err);
    if (status != STATUS_OK) {
        require(status == STATUS_AGAIN || status == STATUS_NOT_FOUND);
        return;
    }
    require(landmarks_subtrees(&list, number, two, &err) == STATUS_OK);
    require(subtree_contains(two[0], index) != subtree_contains(two[1], index));
    require(subtree_is_valid(two[0]) && subtree_is_valid(two[1]));
}

static void check_add(void)
{
    struct landmark next = {list.at[0].tree_size + 1, list.at[0].expiry_s};
    struct error err;
    struct builder out;
    enum status status = landmarks_add(&list, next, NOW, &err);
    if (status != STATUS_OK)
        return;
    builder_init(&out, LANDMARKS_SIZE_MAX);
    require(landmarks_write(&list, &out, &err) == STATUS_OK);
    require(landmarks_parse(builder_view(&out), NOW, &list, &err) == STATUS_OK);
    builder_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes input = bytes_of(data, size);
    struct error err;
    enum status status = landmarks_parse(input, NOW, &list, &err);
    if (status != STATUS_OK) {
        require_refusal(status, &err);
        return 0;
    }
    struct builder again;
    builder_init(&again, size);
    require(landmarks_write(&list, &again, NULL) == STATUS_OK);
    require_same(&again, input);
    require(landmarks_active_count(&list, NOW) < list.count);
    for (size_t i = 0; i < list.count; i++) {
        check_find(list.at[i].tree_size);
        check_find(list.at[i].tree_size - 1);
    }
    check_add();
    return 0;
}
