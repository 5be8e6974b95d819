#include <string.h>

#include "adapters/sqlite/sqlite_ca.h"
#include "base/text.h"

/* "ab/cdef...": a hash in hex, as subject_keys.c names a key. It is kept as its bytes. */
#define HASH_LEN      32
#define HASH_NAME_LEN (2 * HASH_LEN + 1)

static bool is_lower(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text >= 'A' && *text <= 'F')
            return false;
    return true;
}

static bool pack(const char *name, uint8_t out[HASH_LEN])
{
    return strlen(name) == HASH_NAME_LEN && name[2] == '/' && is_lower(name) &&
           text_parse_hex(bytes_of(name, 2), out, 1) &&
           text_parse_hex(bytes_of(name + 3, HASH_NAME_LEN - 3), out + 1, HASH_LEN - 1);
}

static void unpack(const uint8_t *hash, char out[HASH_NAME_LEN + 1])
{
    text_hex(bytes_of(hash, 1), out);
    out[2] = '/';
    text_hex(bytes_of(hash + 1, HASH_LEN - 1), out + 3);
}

static enum status find(struct sqlite_ca_store *s, const char *name, int64_t *id,
                        struct builder *out, struct error *err)
{
    struct sqlite_call call;
    uint8_t hash[HASH_LEN];
    *id = 0;
    if (!pack(name, hash))
        return error_set(err, STATUS_USAGE, "%.100s: not the name of a key", name);
    sqlite_call_read(&call, s->db, CA_SQL_KEY_FIND, err);
    sqlite_call_bytes(&call, BYTES_OF(hash));
    if (sqlite_call_next(&call)) {
        *id = sqlite_call_get_int(&call);
        if (out != NULL)
            builder_bytes(out, sqlite_call_get_bytes(&call));
    }
    enum status status = sqlite_call_end(&call);
    if (status == STATUS_OK && *id == 0)
        return error_set(err, STATUS_NOT_FOUND, "%s: not in %s", name, s->db->path);
    return status;
}

static enum status put(void *context, const char *name, struct bytes value, struct error *err)
{
    struct sqlite_ca_store *s = context;
    struct sqlite_call call;
    uint8_t hash[HASH_LEN];
    int64_t id;
    enum status status = find(s, name, &id, NULL, err);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return status;
    if (!pack(name, hash))
        return error_set(err, STATUS_USAGE, "%.100s: not the name of a key", name);
    sqlite_call_write(&call, s->db, id == 0 ? CA_SQL_KEY_ADD : CA_SQL_KEY_CHANGE, err);
    if (id == 0)
        sqlite_call_bytes(&call, BYTES_OF(hash));
    sqlite_call_bytes(&call, value);
    if (id != 0)
        sqlite_call_int(&call, id);
    return sqlite_call_run(&call);
}

static enum status get(void *context, const char *name, struct builder *out, struct error *err)
{
    int64_t id;
    enum status status = find(context, name, &id, out, err);
    return status == STATUS_OK ? builder_status(out, name, err) : status;
}

static enum status drop(void *context, const char *name, struct error *err)
{
    struct sqlite_ca_store *s = context;
    struct sqlite_call call;
    int64_t id;
    enum status status = find(s, name, &id, NULL, err);
    if (status != STATUS_OK)
        return status;
    sqlite_call_write(&call, s->db, CA_SQL_KEY_DROP, err);
    sqlite_call_int(&call, id);
    return sqlite_call_run(&call);
}

/* One row at a time: each may remove its own. */
static enum status next_name(struct sqlite_ca_store *s, int64_t *id, char name[HASH_NAME_LEN + 1],
                             struct error *err)
{
    struct sqlite_call call;
    enum status status = STATUS_OK;
    sqlite_call_read(&call, s->db, CA_SQL_KEY_LIST, err);
    sqlite_call_int(&call, *id);
    if (sqlite_call_next(&call)) {
        *id = sqlite_call_get_int(&call);
        struct bytes hash = sqlite_call_get_bytes(&call);
        if (hash.len == HASH_LEN)
            unpack(hash.data, name);
        else
            status = error_set(err, STATUS_IO, "%s: a key's row is damaged: restore it from a backup", s->db->path);
    } else {
        *id = INT64_MAX;
    }
    enum status ended = sqlite_call_end(&call);
    return status == STATUS_OK ? ended : status;
}

static enum status list(void *context, const char *prefix,
                        enum status (*each)(void *each_context, const char *name, struct error *err),
                        void *each_context, struct error *err)
{
    char name[HASH_NAME_LEN + 1];
    int64_t id = 0;
    enum status status = next_name(context, &id, name, err);
    while (status == STATUS_OK && id != INT64_MAX) {
        if (strncmp(name, prefix, strlen(prefix)) == 0)
            status = each(each_context, name, err);
        if (status == STATUS_OK)
            status = next_name(context, &id, name, err);
    }
    return status;
}

static enum status sync(void *context, struct error *err)
{
    struct sqlite_ca_store *s = context;
    return sqlite_database_commit(s->db, err);
}

struct object_store sqlite_ca_keys_port(struct sqlite_ca_store *s)
{
    return (struct object_store){.context = s, .put = put, .get = get, .remove = drop, .list = list, .sync = sync};
}
