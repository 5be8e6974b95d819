/* Lists of CT logs: what is read and written is read as the same list. */
#include "fuzz/fuzz_checks.h"

#include "ct_json/log_list_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err;
    struct log_list list;
    struct builder first, second;
    enum status status = log_list_json_parse(bytes_of(data, size), &list, &err);
    if (status != STATUS_OK) {
        require_refusal(status, &err);
        return 0;
    }
    builder_init(&first, 4 * LOG_LIST_JSON_SIZE_MAX);
    builder_init(&second, 4 * LOG_LIST_JSON_SIZE_MAX);
    require(log_list_json_write(&list, &first, &err) == STATUS_OK);
    size_t count = log_list_count(&list);
    log_list_clear(&list);
    if (first.len <= LOG_LIST_JSON_SIZE_MAX) {
        require(log_list_json_parse(builder_view(&first), &list, &err) == STATUS_OK);
        require(log_list_count(&list) == count);
        require(log_list_json_write(&list, &second, &err) == STATUS_OK);
        log_list_clear(&list);
        require(bytes_equal(builder_view(&first), builder_view(&second)));
    }
    builder_clear(&first);
    builder_clear(&second);
    return 0;
}
