#include <string.h>

#include "log_engine/log_internal.h"

static enum status close_record(const struct log_config *config, const char *origin,
                                struct bytes text, struct builder *next, struct error *err)
{
    struct log_record record;
    enum status s = log_record_parse(text, &record, err);
    if (s != STATUS_OK)
        return error_prefix(err, s, "restore the record from a backup");
    if (strcmp(record.origin, origin) != 0)
        return error_set(err, STATUS_REFUSED, "the record is that of %s, not of %s", record.origin, origin);
    if (record.is_closed)
        return STATUS_OK;
    record.is_closed = true;
    s = log_record_write(&record, next, err);
    return s == STATUS_OK ? config->record.swap(config->record.context, text, builder_view(next), err) : s;
}

enum status log_close_for_good(const struct log_config *config, struct error *err)
{
    if (config->is_read_only)
        return error_set(err, STATUS_REFUSED, "the log was opened for reading only");
    if (config->tree_head_signer != NULL)
        return error_set(err, STATUS_USAGE, "a CT log is closed for good by freezing it: it has a final tree head");
    struct builder text, next;
    char origin[LOG_ORIGIN_SIZE];
    builder_init(&text, RECORD_MAX);
    builder_init(&next, RECORD_MAX);
    enum status s = log_config_origin(config, origin, err);
    if (s == STATUS_OK)
        s = config->record.load(config->record.context, &text, err);
    if (s == STATUS_OK)
        s = close_record(config, origin, builder_view(&text), &next, err);
    builder_clear(&text);
    builder_clear(&next);
    return s;
}
