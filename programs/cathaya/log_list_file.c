#include "log_list_file.h"

#include "ct_json/log_list_json.h"
#include "input.h"

enum status log_list_file_read(const char *path, struct log_list *out, struct error *err)
{
    struct builder text;
    builder_init(&text, LOG_LIST_JSON_SIZE_MAX);
    enum status s = input_read(path, LOG_LIST_JSON_SIZE_MAX, &text, err);
    if (s == STATUS_OK)
        s = error_prefix(err, log_list_json_parse(builder_view(&text), out, err), "%s", path);
    builder_clear(&text);
    return s;
}
