/* What a watcher knows, and the keys in force. */
#include <stdio.h>

#include "codec/trust_bundle/trust_file.h"
#include "service/bundle_watcher/watcher_parts.h"

#define OBJECT_SIZE (BUNDLE_WATCHER_NAME_MAX + sizeof "trust/")

static void name_of(const struct bundle_watcher *w, char out[OBJECT_SIZE])
{
    (void)snprintf(out, OBJECT_SIZE, "trust/%s", w->config.name);
}

enum status watcher_keep(struct bundle_watcher *w, struct error *err)
{
    const struct object_store *store = &w->config.state;
    struct trust_bundle bundle = w->key_section;
    struct builder file;
    char name[OBJECT_SIZE];
    name_of(w, name);
    bundle.version = w->version > 0 ? w->version : 1;
    bundle.issued_s = w->issued_s;
    bundle.expires_s = 0;
    builder_init(&file, TRUST_FILE_SIZE_MAX);
    enum status s = trust_file_write(&bundle, builder_view(&w->note), bytes_of(NULL, 0), &file, err);
    if (s == STATUS_OK)
        s = store->put(store->context, name, builder_view(&file), err);
    if (s == STATUS_OK)
        s = store->sync(store->context, err);
    builder_clear(&file);
    return s;
}

enum status watcher_take_keys(struct bundle_watcher *w, const struct trust_bundle *from, struct error *err)
{
    struct trust_bundle section;
    if (from->keys.count == 0)
        return STATUS_OK;
    trust_bundle_init(&section);
    section.version = 1;
    section.keys = from->keys; /* borrowed for the call */
    builder_reset(&w->key_bytes);
    enum status s = trust_bundle_write(&section, &w->key_bytes, err);
    if (s != STATUS_OK)
        return s;
    trust_bundle_clear(&w->key_section);
    trust_bundle_init(&w->key_section);
    s = trust_bundle_parse(builder_view(&w->key_bytes), &w->key_section, err);
    bundle_keys_clear(&w->keys);
    if (s == STATUS_OK)
        s = bundle_keys_read(&w->key_section, w->config.algorithms, &w->keys, err);
    return s == STATUS_OK ? bundle_keys_check_complete(&w->keys, true, err) : s;
}

static enum status parse_state(struct bundle_watcher *w, struct bytes content, struct error *err)
{
    struct trust_file file;
    struct trust_bundle bundle;
    trust_bundle_init(&bundle);
    enum status s = trust_file_parse(content, &file, err);
    if (s == STATUS_OK)
        s = trust_bundle_parse(file.contents, &bundle, err);
    if (s == STATUS_OK)
        s = watcher_take_keys(w, &bundle, err);
    if (s == STATUS_OK) {
        w->version = bundle.version;
        w->issued_s = bundle.issued_s;
        builder_bytes(&w->note, file.note);
        s = builder_status(&w->note, "checkpoint", err);
    }
    if (s == STATUS_OK && w->note.len > 0)
        s = version_proof_parse_checkpoint(builder_view(&w->note), &w->held, err);
    w->held.note = builder_view(&w->note);
    trust_bundle_clear(&bundle);
    return s;
}

enum status watcher_read_state(struct bundle_watcher *w, struct error *err)
{
    const struct object_store *store = &w->config.state;
    struct builder content;
    char name[OBJECT_SIZE];
    name_of(w, name);
    builder_init(&content, TRUST_FILE_SIZE_MAX);
    enum status s = store->get(store->context, name, &content, err);
    if (s == STATUS_NOT_FOUND)
        s = STATUS_OK;
    else if (s == STATUS_OK)
        s = error_prefix(err, parse_state(w, builder_view(&content), err), "%s", name);
    builder_clear(&content);
    return s == STATUS_MALFORMED ? STATUS_REFUSED : s;
}
