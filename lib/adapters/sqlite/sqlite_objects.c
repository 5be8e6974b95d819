#include "adapters/sqlite/sqlite_objects.h"

#include <string.h>

static enum status check_name(const char *name, struct error *err)
{
    return object_name_is_valid(name) ? STATUS_OK : error_set(err, STATUS_USAGE, "%.100s: not the name of an object", name);
}

static enum status put(void *context, const char *name, struct bytes value, struct error *err)
{
    struct sqlite_objects *s = context;
    struct sqlite_call call;
    enum status status = check_name(name, err);
    if (status != STATUS_OK)
        return status;
    sqlite_call_write(&call, s->db, s->put, err);
    sqlite_call_bytes(&call, bytes_of_text(name));
    sqlite_call_bytes(&call, value);
    return sqlite_call_run(&call);
}

static enum status get(void *context, const char *name, struct builder *out, struct error *err)
{
    struct sqlite_objects *s = context;
    struct sqlite_call call;
    bool is_there = false;
    sqlite_call_read(&call, s->db, s->put + 1, err);
    sqlite_call_bytes(&call, bytes_of_text(name));
    if (sqlite_call_next(&call)) {
        is_there = true;
        builder_bytes(out, sqlite_call_get_bytes(&call));
    }
    enum status status = sqlite_call_end(&call);
    if (status == STATUS_OK && !is_there)
        return error_set(err, STATUS_NOT_FOUND, "%s: not in %s", name, s->db->path);
    return status == STATUS_OK ? builder_status(out, name, err) : status;
}

static enum status drop(void *context, const char *name, struct error *err)
{
    struct sqlite_objects *s = context;
    struct sqlite_call call;
    uint8_t nothing;
    struct builder value;
    builder_init_fixed(&value, &nothing, 0);
    enum status status = get(context, name, &value, err);
    if (status != STATUS_OK && status != STATUS_LIMIT) /* there, and longer than nothing */
        return status;
    sqlite_call_write(&call, s->db, s->put + 2, err);
    sqlite_call_bytes(&call, bytes_of_text(name));
    return sqlite_call_run(&call);
}

/* The name behind the last one; one row at a time: each may remove its own. False at the end. */
static bool next_name(struct sqlite_objects *s, char name[OBJECT_NAME_MAX + 1], enum status *status, struct error *err)
{
    struct sqlite_call call;
    bool is_there = false;
    sqlite_call_read(&call, s->db, s->put + 3, err);
    sqlite_call_bytes(&call, bytes_of_text(name));
    if (sqlite_call_next(&call)) {
        struct bytes found = sqlite_call_get_bytes(&call);
        is_there = found.len <= OBJECT_NAME_MAX;
        memcpy(name, found.data, is_there ? found.len : 0);
        name[is_there ? found.len : 0] = '\0';
    }
    *status = sqlite_call_end(&call);
    return *status == STATUS_OK && is_there;
}

static enum status list(void *context, const char *prefix,
                        enum status (*each)(void *each_context, const char *name, struct error *err),
                        void *each_context, struct error *err)
{
    char name[OBJECT_NAME_MAX + 1];
    enum status status = STATUS_OK;
    size_t len = strlen(prefix);
    if (len > OBJECT_NAME_MAX)
        return error_set(err, STATUS_USAGE, "%.100s: longer than any name", prefix);
    memcpy(name, prefix, len + 1);
    while (status == STATUS_OK && next_name(context, name, &status, err) && strncmp(name, prefix, len) == 0)
        status = each(each_context, name, err);
    return status;
}

static enum status sync(void *context, struct error *err)
{
    struct sqlite_objects *s = context;
    enum status status = sqlite_database_commit(s->db, err);
    /* Whoever put something has heard that it is not kept: nothing of it may come with what others put later. */
    if (status != STATUS_OK)
        sqlite_database_rollback(s->db);
    return status;
}

struct object_store sqlite_objects_port(struct sqlite_objects *s)
{
    return (struct object_store){.context = s, .put = put, .get = get, .remove = drop, .list = list, .sync = sync};
}
