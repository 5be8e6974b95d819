#include "adapters/sqlite/sqlite_state_store.h"

#include <stdlib.h>

#include "adapters/sqlite/sqlite_objects.h"

static const char *const migrations[] = {SQLITE_OBJECTS_TABLE};
static const char *const statements[] = {SQLITE_OBJECTS_PUT, SQLITE_OBJECTS_GET, SQLITE_OBJECTS_DROP, SQLITE_OBJECTS_LIST};

static const struct sqlite_kind kind = {
    .name = "a role's state",
    .application_id = 0x43544838, /* "CTH8" */
    .migrations = migrations,
    .version = sizeof migrations / sizeof migrations[0],
    .statements = statements,
    .statement_count = sizeof statements / sizeof statements[0],
};

struct sqlite_state_store {
    struct sqlite_database *db;
    struct sqlite_objects objects;
};

enum status sqlite_state_store_open(const char *path, enum sqlite_access access, struct sqlite_state_store **out,
                                    struct error *err)
{
    struct sqlite_state_store *s = calloc(1, sizeof *s);
    *out = NULL;
    if (s == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a store");
    enum status status = sqlite_database_open(path, access, &kind, &s->db, err);
    if (status != STATUS_OK) {
        sqlite_state_store_close(s);
        return status;
    }
    s->objects = (struct sqlite_objects){s->db, 0};
    *out = s;
    return STATUS_OK;
}

void sqlite_state_store_close(struct sqlite_state_store *s)
{
    if (s == NULL)
        return;
    sqlite_database_close(s->db);
    free(s);
}

struct object_store sqlite_state_store_port(struct sqlite_state_store *s)
{
    return sqlite_objects_port(&s->objects);
}
