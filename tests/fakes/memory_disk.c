#include "fakes/memory_disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A value that a name has or had; data NULL: no object. Shared by copies, so counted. */
struct blob {
    size_t uses, len;
    bool is_torn; /* by a power cut: may be replaced by other bytes */
    uint8_t data[];
};

struct version {
    struct blob *value;
    unsigned process;
};

struct object {
    unsigned volume;
    char name[OBJECT_NAME_MAX + 1];
    struct blob *durable;
    struct version *pending; /* oldest first */
    size_t pending_count;
};

struct volume {
    struct memory_disk *disk;
    unsigned number;
    bool is_dead; /* a sync failed in this process */
};

struct memory_disk {
    struct object *objects;
    size_t object_count, object_cap;
    struct volume volumes[MEMORY_DISK_VOLUMES];
    struct blob *record;
    uint64_t operations, fault_at;
    enum memory_fault fault;
    bool has_crashed;
    unsigned process;
    void (*hook)(void *context, unsigned volume, const char *name, struct bytes value);
    void *hook_context;
};

static _Noreturn void misuse(const char *what, const char *name)
{
    (void)fprintf(stderr, "memory disk: misuse: %s: %s\n", what, name);
    abort();
}

static void *must(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

static struct blob *new_blob(struct bytes value)
{
    struct blob *b = must(malloc(sizeof *b + value.len + 1));
    b->uses = 1;
    b->is_torn = false;
    b->len = value.len;
    if (value.len > 0)
        memcpy(b->data, value.data, value.len);
    return b;
}

static struct blob *use(struct blob *b)
{
    if (b != NULL)
        b->uses++;
    return b;
}

static void drop(struct blob *b)
{
    if (b != NULL && --b->uses == 0)
        free(b);
}

static struct blob *visible(const struct object *o)
{
    return o->pending_count > 0 ? o->pending[o->pending_count - 1].value : o->durable;
}

static void drop_pending(struct object *o)
{
    for (size_t i = 0; i < o->pending_count; i++)
        drop(o->pending[i].value);
    free(o->pending);
    o->pending = NULL;
    o->pending_count = 0;
}

static struct object *find(const struct memory_disk *disk, unsigned volume, const char *name)
{
    for (size_t i = 0; i < disk->object_count; i++) {
        if (disk->objects[i].volume == volume && strcmp(disk->objects[i].name, name) == 0)
            return &disk->objects[i];
    }
    return NULL;
}

static struct object *find_or_make(struct memory_disk *disk, unsigned volume, const char *name)
{
    struct object *o = find(disk, volume, name);
    if (o != NULL)
        return o;
    if (disk->object_count == disk->object_cap) {
        disk->object_cap = disk->object_cap == 0 ? 64 : 2 * disk->object_cap;
        disk->objects = must(realloc(disk->objects, disk->object_cap * sizeof *disk->objects));
    }
    o = &disk->objects[disk->object_count++];
    *o = (struct object){.volume = volume};
    (void)snprintf(o->name, sizeof o->name, "%s", name);
    return o;
}

static void add_version(struct memory_disk *disk, struct object *o, struct blob *value)
{
    o->pending = must(realloc(o->pending, (o->pending_count + 1) * sizeof *o->pending));
    o->pending[o->pending_count++] = (struct version){.value = value, .process = disk->process};
}

/* ---- the fault ---- */

/* What becomes of the next mutating call: *is_done whether to do it. */
static enum status begin(struct memory_disk *disk, bool *is_done, struct error *err)
{
    enum memory_fault fault = MEMORY_FAULT_NONE;
    if (disk->operations++ == disk->fault_at)
        fault = disk->fault;
    if (fault == MEMORY_FAULT_CRASH)
        disk->has_crashed = true;
    *is_done = !disk->has_crashed && fault != MEMORY_FAULT_NOT_DONE;
    if (disk->has_crashed)
        return error_set(err, STATUS_IO, "the process is gone");
    if (fault != MEMORY_FAULT_NONE)
        return error_set(err, STATUS_IO, "the disk failed at call %llu",
                         (unsigned long long)(disk->operations - 1));
    return STATUS_OK;
}

static void check_use(const struct volume *v, const char *name)
{
    if (!object_name_is_valid(name))
        misuse("not an object name", name);
    if (v->is_dead && !v->disk->has_crashed)
        misuse("used after a failed sync", name);
}

/* ---- the object store ---- */

static enum status put(void *context, const char *name, struct bytes value, struct error *err)
{
    struct volume *v = context;
    bool is_done;
    check_use(v, name);
    if (value.len == 0)
        misuse("an empty object", name);
    const struct object *old = find(v->disk, v->number, name);
    const struct blob *have = old != NULL ? visible(old) : NULL;
    if (strncmp(name, "tile/", 5) == 0 && have != NULL && !have->is_torn &&
        !bytes_equal(bytes_of(have->data, have->len), value))
        misuse("an immutable object is changed", name);
    enum status status = begin(v->disk, &is_done, err);
    if (is_done) {
        struct object *o = find_or_make(v->disk, v->number, name);
        add_version(v->disk, o, new_blob(value));
        if (v->disk->hook != NULL)
            v->disk->hook(v->disk->hook_context, v->number, name, value);
    }
    return status;
}

static enum status get(void *context, const char *name, struct builder *out, struct error *err)
{
    struct volume *v = context;
    if (!object_name_is_valid(name))
        misuse("not an object name", name);
    const struct object *o = find(v->disk, v->number, name);
    const struct blob *value = o != NULL ? visible(o) : NULL;
    if (value == NULL)
        return error_set(err, STATUS_NOT_FOUND, "%s: there is none", name);
    builder_bytes(out, bytes_of(value->data, value->len));
    return builder_status(out, name, err);
}

static enum status remove_object(void *context, const char *name, struct error *err)
{
    struct volume *v = context;
    bool is_done;
    check_use(v, name);
    struct object *o = find(v->disk, v->number, name);
    if (o == NULL || visible(o) == NULL)
        return error_set(err, STATUS_NOT_FOUND, "%s: there is none", name);
    enum status status = begin(v->disk, &is_done, err);
    if (is_done)
        add_version(v->disk, o, NULL);
    return status;
}

static enum status list(void *context, const char *prefix,
                        enum status (*each)(void *each_context, const char *name,
                                            struct error *err),
                        void *each_context, struct error *err)
{
    struct volume *v = context;
    size_t len = strlen(prefix);
    if (len == 0 || prefix[len - 1] != '/')
        misuse("not a prefix", prefix);
    for (size_t i = 0; i < v->disk->object_count; i++) {
        const struct object *o = &v->disk->objects[i];
        if (o->volume != v->number || strncmp(o->name, prefix, len) != 0 || visible(o) == NULL)
            continue;
        char name[OBJECT_NAME_MAX + 1];
        memcpy(name, o->name, sizeof name);
        enum status status = each(each_context, name, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static void make_durable(struct memory_disk *disk, unsigned volume)
{
    for (size_t i = 0; i < disk->object_count; i++) {
        struct object *o = &disk->objects[i];
        if (o->volume != volume || o->pending_count == 0 ||
            o->pending[o->pending_count - 1].process != disk->process)
            continue;
        struct blob *value = use(visible(o));
        drop(o->durable);
        drop_pending(o);
        o->durable = value;
    }
}

static enum status sync_volume(void *context, struct error *err)
{
    struct volume *v = context;
    bool is_done;
    check_use(v, "sync");
    enum status status = begin(v->disk, &is_done, err);
    if (is_done)
        make_durable(v->disk, v->number);
    if (status != STATUS_OK)
        v->is_dead = true;
    return status;
}

/* ---- the record ---- */

static enum status load(void *context, struct builder *out, struct error *err)
{
    const struct memory_disk *disk = context;
    if (disk->record == NULL)
        return error_set(err, STATUS_NOT_FOUND, "no record");
    builder_bytes(out, bytes_of(disk->record->data, disk->record->len));
    return builder_status(out, "record", err);
}

static enum status swap(void *context, struct bytes expected, struct bytes next, struct error *err)
{
    struct memory_disk *disk = context;
    bool is_done;
    if (next.len == 0 || next.len > RECORD_MAX)
        misuse("a record of no or too many bytes", "swap");
    enum status status = begin(disk, &is_done, err);
    if (!is_done)
        return status;
    if (!bytes_equal(expected, memory_disk_durable_record(disk)))
        return error_set(err, STATUS_CONFLICT, "the record is another one");
    drop(disk->record);
    disk->record = new_blob(next);
    return status;
}

/* ---- the disk ---- */

static void bind(struct memory_disk *disk)
{
    for (unsigned i = 0; i < MEMORY_DISK_VOLUMES; i++)
        disk->volumes[i] = (struct volume){.disk = disk, .number = i};
}

struct memory_disk *memory_disk_new(void)
{
    struct memory_disk *disk = must(calloc(1, sizeof *disk));
    disk->fault_at = UINT64_MAX;
    bind(disk);
    return disk;
}

struct memory_disk *memory_disk_copy(const struct memory_disk *from)
{
    struct memory_disk *disk = must(malloc(sizeof *disk));
    *disk = *from;
    bind(disk);
    disk->hook = NULL;
    disk->record = use(from->record);
    disk->objects = must(malloc((from->object_cap + 1) * sizeof *disk->objects));
    for (size_t i = 0; i < from->object_count; i++) {
        struct object *o = &disk->objects[i];
        *o = from->objects[i];
        use(o->durable);
        o->pending = must(malloc((o->pending_count + 1) * sizeof *o->pending));
        for (size_t j = 0; j < o->pending_count; j++) {
            o->pending[j] = from->objects[i].pending[j];
            use(o->pending[j].value);
        }
    }
    return disk;
}

void memory_disk_free(struct memory_disk *disk)
{
    if (disk == NULL)
        return;
    for (size_t i = 0; i < disk->object_count; i++) {
        drop(disk->objects[i].durable);
        drop_pending(&disk->objects[i]);
    }
    drop(disk->record);
    free(disk->objects);
    free(disk);
}

struct object_store memory_disk_store(struct memory_disk *disk, unsigned volume)
{
    return (struct object_store){.context = &disk->volumes[volume],
                                 .put = put,
                                 .get = get,
                                 .remove = remove_object,
                                 .list = list,
                                 .sync = sync_volume};
}

struct record_store memory_disk_record(struct memory_disk *disk)
{
    return (struct record_store){.context = disk, .load = load, .swap = swap};
}

void memory_disk_set_fault(struct memory_disk *disk, uint64_t operation, enum memory_fault fault)
{
    disk->fault_at = operation;
    disk->fault = fault;
}

uint64_t memory_disk_operations(const struct memory_disk *disk)
{
    return disk->operations;
}

bool memory_disk_has_crashed(const struct memory_disk *disk)
{
    return disk->has_crashed;
}

void memory_disk_next_process(struct memory_disk *disk)
{
    disk->process++;
    disk->has_crashed = false;
    disk->fault_at = UINT64_MAX;
    for (unsigned i = 0; i < MEMORY_DISK_VOLUMES; i++)
        disk->volumes[i].is_dead = false;
}

/* ---- power cuts ---- */

/* splitmix64: small, and the same everywhere, so that a seed means one thing. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Empty, cut short, or with the end as zeros: what file systems leave of unsynced bytes. */
static struct blob *torn(const struct blob *value, uint64_t random)
{
    struct blob *b = new_blob(bytes_of(value->data, value->len));
    b->is_torn = true;
    size_t kept = value->len == 0 ? 0 : (size_t)((random >> 8) % value->len);
    if (random % 3 == 0)
        b->len = 0;
    else if (random % 3 == 1)
        b->len = kept;
    else
        memset(b->data + kept, 0, b->len - kept);
    return b;
}

static void settle_object(struct object *o, bool is_lost, bool is_torn, size_t version,
                          uint64_t random)
{
    struct blob *value = is_lost ? use(o->durable) : use(o->pending[version].value);
    if (!is_lost && is_torn && value != NULL) {
        struct blob *damaged = torn(value, random);
        drop(value);
        value = damaged;
    }
    drop(o->durable);
    drop_pending(o);
    o->durable = value;
}

void memory_disk_cut_power(struct memory_disk *disk, enum memory_loss loss, uint64_t choice)
{
    uint64_t random = choice, number = 0;
    memory_disk_next_process(disk);
    for (size_t i = 0; i < disk->object_count; i++) {
        struct object *o = &disk->objects[i];
        if (o->pending_count == 0)
            continue;
        bool is_chosen = number++ == choice;
        uint64_t dice = next_random(&random);
        bool is_lost = loss == MEMORY_LOSE_ALL || (loss == MEMORY_LOSE_ONE && is_chosen) ||
                       (loss == MEMORY_KEEP_ONE && !is_chosen) ||
                       (loss == MEMORY_LOSE_SOME && dice % 4 == 0);
        bool is_torn = loss == MEMORY_TEAR_ALL || (loss == MEMORY_TEAR_ONE && is_chosen) ||
                       (loss == MEMORY_LOSE_SOME && dice % 4 == 1);
        size_t version = o->pending_count - 1;
        if (loss == MEMORY_LOSE_SOME && dice % 4 == 2)
            version = (size_t)(next_random(&random) % o->pending_count);
        settle_object(o, is_lost, is_torn, version, next_random(&random));
    }
}

uint64_t memory_disk_changed_count(const struct memory_disk *disk)
{
    uint64_t count = 0;
    for (size_t i = 0; i < disk->object_count; i++)
        count += disk->objects[i].pending_count > 0;
    return count;
}

struct bytes memory_disk_durable_record(const struct memory_disk *disk)
{
    return disk->record == NULL ? bytes_of(NULL, 0) : bytes_of(disk->record->data, disk->record->len);
}

void memory_disk_on_put(struct memory_disk *disk,
                        void (*hook)(void *context, unsigned volume, const char *name,
                                     struct bytes value),
                        void *context)
{
    disk->hook = hook;
    disk->hook_context = context;
}

bool memory_disk_damage(struct memory_disk *disk, unsigned volume, const char *name,
                        const struct bytes *value)
{
    struct object *o = find(disk, volume, name);
    if (o == NULL || visible(o) == NULL)
        return false;
    struct blob *next = value == NULL ? NULL : new_blob(*value);
    drop(o->durable);
    drop_pending(o);
    o->durable = next;
    return true;
}
