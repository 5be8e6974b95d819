/* What a watcher knows, and the keys in force.
 *
 * trust/NAME is a trust file with section 9 and the newest checkpoint; identity-log/NAME the text of the log of website identities;
 * identities/NAME:
 *   struct {
 *     uint8 label[16] = "watched-ids/001" LF;
 *     uint64 version; opaque digest[32]; uint64 log_size; opaque log_root[32];
 *     opaque check[32];     // SM3 of everything before it
 *   } WatchedIdentities;
 */
#include <stdio.h>
#include <string.h>

#include "codec/trust_bundle/trust_file.h"
#include "service/bundle_watcher/watcher_parts.h"

#define OBJECT_SIZE (BUNDLE_WATCHER_NAME_MAX + sizeof "identity-log/")
#define IDENTITIES_LABEL "watched-ids/001\n"
#define IDENTITIES_SIZE (16 + 8 + HASH_SIZE + 8 + HASH_SIZE + HASH_SIZE)

static void name_of(const struct bundle_watcher *w, const char *folder, char out[OBJECT_SIZE])
{
    (void)snprintf(out, OBJECT_SIZE, "%s/%s", folder, w->config.name);
}

enum status watcher_keep(struct bundle_watcher *w, struct error *err)
{
    const struct object_store *store = &w->config.state;
    struct trust_bundle bundle = w->key_section;
    struct builder file;
    char name[OBJECT_SIZE];
    name_of(w, "trust", name);
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

/* ---- website identities ---- */

static enum status put(struct bundle_watcher *w, const char *folder, struct bytes value, struct error *err)
{
    char name[OBJECT_SIZE];
    name_of(w, folder, name);
    return w->config.state.put(w->config.state.context, name, value, err);
}

static enum status get(struct bundle_watcher *w, const char *folder, struct builder *out, struct error *err)
{
    char name[OBJECT_SIZE];
    name_of(w, folder, name);
    return w->config.state.get(w->config.state.context, name, out, err);
}

enum status watcher_keep_identity_log(struct bundle_watcher *w, struct bytes text, struct error *err)
{
    return put(w, "identity-log", text, err);
}

enum status watcher_read_identity_log(struct bundle_watcher *w, struct builder *text, struct error *err)
{
    return get(w, "identity-log", text, err);
}

enum status watcher_keep_identities(struct bundle_watcher *w, struct error *err)
{
    uint8_t memory[IDENTITIES_SIZE], check[HASH_SIZE];
    struct builder b;
    builder_init_fixed(&b, memory, sizeof memory);
    builder_text(&b, IDENTITIES_LABEL);
    builder_u64(&b, w->identities.version);
    builder_bytes(&b, BYTES_OF(w->identities.digest));
    builder_u64(&b, w->identities.log_size);
    builder_bytes(&b, BYTES_OF(w->identities.log_root));
    enum status s = hash_message(&hash_sm3, builder_view(&b), check, err);
    builder_bytes(&b, BYTES_OF(check));
    if (s == STATUS_OK)
        s = put(w, "identities", builder_view(&b), err);
    return s == STATUS_OK ? w->config.state.sync(w->config.state.context, err) : s;
}

static enum status parse_identities(struct bundle_watcher *w, struct bytes content, struct error *err)
{
    struct watched_identities *ids = &w->identities;
    struct reader r;
    struct bytes label;
    uint8_t check[HASH_SIZE], is[HASH_SIZE];
    reader_init(&r, content);
    if (!reader_bytes(&r, sizeof IDENTITIES_LABEL - 1, &label) || !bytes_is_text(label, IDENTITIES_LABEL) ||
        !reader_u64(&r, &ids->version) || !reader_copy(&r, ids->digest, HASH_SIZE) || !reader_u64(&r, &ids->log_size) ||
        !reader_copy(&r, ids->log_root, HASH_SIZE) || !reader_copy(&r, check, HASH_SIZE) || !reader_is_at_end(&r))
        return error_set(err, STATUS_REFUSED, "it is cut short, or of another form");
    enum status s = hash_message(&hash_sm3, bytes_of(content.data, content.len - HASH_SIZE), is, err);
    if (s == STATUS_OK && memcmp(check, is, HASH_SIZE) != 0)
        s = error_set(err, STATUS_REFUSED, "it is damaged");
    return s;
}

static enum status read_identities(struct bundle_watcher *w, struct error *err)
{
    struct builder content;
    builder_init(&content, 2 * IDENTITIES_SIZE);
    enum status s = get(w, "identities", &content, err);
    if (s == STATUS_OK)
        s = error_prefix(err, parse_identities(w, builder_view(&content), err), "identities/%s", w->config.name);
    builder_clear(&content);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* ---- all ---- */

enum status watcher_read_state(struct bundle_watcher *w, struct error *err)
{
    const struct object_store *store = &w->config.state;
    struct builder content;
    char name[OBJECT_SIZE];
    name_of(w, "trust", name);
    builder_init(&content, TRUST_FILE_SIZE_MAX);
    enum status s = store->get(store->context, name, &content, err);
    if (s == STATUS_NOT_FOUND)
        s = STATUS_OK;
    else if (s == STATUS_OK)
        s = error_prefix(err, parse_state(w, builder_view(&content), err), "%s", name);
    builder_clear(&content);
    if (s == STATUS_OK)
        s = read_identities(w, err);
    return s == STATUS_MALFORMED ? STATUS_REFUSED : s;
}
