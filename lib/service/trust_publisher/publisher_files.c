/* Files that others make: they are there before the version that may speak of them. */
#include <string.h>

#include "service/trust_publisher/publisher_parts.h"

/* Folders are few; a list of them for each version says until when their files stay. */
#define FOLDERS_SIZE_MAX ((size_t)1 << 20)
/* A store remembers the names of what it has not synced yet: so many at a time. */
#define SYNC_COUNT 4096

/* What is there already stays as it is: caches and browsers see no change. */
static enum status put_if_other(struct trust_publisher *p, const char *name, struct bytes value, struct error *err)
{
    const struct object_store *store = &p->config.published;
    struct builder is;
    builder_init(&is, value.len);
    bool is_same = store->get(store->context, name, &is, NULL) == STATUS_OK && bytes_equal(builder_view(&is), value);
    builder_clear(&is);
    return is_same ? STATUS_OK : error_prefix(err, store->put(store->context, name, value, err), "%s", name);
}

static size_t folder_len(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash != NULL ? (size_t)(slash - name) + 1 : 0;
}

/* The folders of the files, each in a line; files of one folder stand together. */
static enum status put_folders(struct trust_publisher *p, struct error *err)
{
    const struct object_store *store = &p->config.state;
    const struct trust_publisher_input *input = p->input;
    struct builder text;
    char name[VERSION_NAME_SIZE];
    builder_init(&text, FOLDERS_SIZE_MAX);
    for (size_t i = 0; i < input->file_count; i++) {
        const char *file = input->files[i].name;
        size_t len = folder_len(file);
        bool is_known = i > 0 && folder_len(input->files[i - 1].name) == len && strncmp(file, input->files[i - 1].name, len) == 0;
        if (len == 0 || is_known)
            continue;
        builder_bytes(&text, bytes_of((const uint8_t *)file, len));
        builder_u8(&text, '\n');
    }
    enum status s = builder_status(&text, "folders of files", err);
    publisher_name(FOLDER_FOLDERS, log_state(p->log).size + 1, name);
    if (s == STATUS_OK && text.len > 0)
        s = store->put(store->context, name, builder_view(&text), err); /* durable with the contents */
    builder_clear(&text);
    return s;
}

enum status publisher_put_files(struct trust_publisher *p, struct error *err)
{
    const struct object_store *store = &p->config.published;
    enum status s = p->input->file_count <= TRUST_PUBLISHER_FILES_MAX
                        ? STATUS_OK
                        : error_set(err, STATUS_LIMIT, "more than %d files", TRUST_PUBLISHER_FILES_MAX);
    for (size_t i = 0; s == STATUS_OK && i < p->input->file_count; i++) {
        s = put_if_other(p, p->input->files[i].name, p->input->files[i].content, err);
        if (s == STATUS_OK && i % SYNC_COUNT == SYNC_COUNT - 1)
            s = store->sync(store->context, err);
    }
    if (s == STATUS_OK)
        s = store->sync(store->context, err);
    return s == STATUS_OK ? put_folders(p, err) : s;
}

static enum status read_folders(void *context, const char *name, struct error *err)
{
    struct publisher_folders *folders = context;
    uint64_t version;
    if (!publisher_version(FOLDER_FOLDERS, name, &version))
        return STATUS_OK;
    return folders->store.get(folders->store.context, name, &folders->text, err);
}

enum status publisher_read_folders(struct trust_publisher *p, struct publisher_folders *out, struct error *err)
{
    *out = (struct publisher_folders){.store = p->config.state};
    builder_init(&out->text, (size_t)64 << 20);
    return out->store.list(out->store.context, FOLDER_FOLDERS, read_folders, out, err);
}

bool publisher_folders_have(const struct publisher_folders *folders, const char *name)
{
    size_t len = folder_len(name);
    struct bytes rest = builder_view(&folders->text);
    while (rest.len > 0) {
        const uint8_t *end = memchr(rest.data, '\n', rest.len);
        size_t line = end != NULL ? (size_t)(end - rest.data) : rest.len;
        if (line == len && memcmp(rest.data, name, len) == 0)
            return true;
        rest = bytes_of(rest.data + line, rest.len - line);
        if (rest.len > 0)
            rest = bytes_of(rest.data + 1, rest.len - 1);
    }
    return false;
}
