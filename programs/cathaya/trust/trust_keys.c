#include "trust/trust_keys.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "codec/note/vkey.h"
#include "codec/trust_bundle/trust_file.h"
#include "input.h"

/* Nothing in it is secret, and clients of other users read it. */
#define FILE_MODE 0644

static enum status path_of(const char *dir, char out[PATH_MAX], struct error *err)
{
    if (snprintf(out, PATH_MAX, "%s/trust.keys", dir) >= PATH_MAX)
        return error_set(err, STATUS_USAGE, "%s: the path is too long", dir);
    return STATUS_OK;
}

bool trust_keys_exist(const char *dir)
{
    char path[PATH_MAX];
    return path_of(dir, path, NULL) != STATUS_OK || access(path, F_OK) == 0 || errno != ENOENT;
}

/* ---- files of keys ---- */

static enum status read_content(struct bytes content, const struct algorithms *algorithms, struct bundle_keys *out, struct builder *note,
                                struct error *err)
{
    struct trust_file file;
    struct trust_bundle bundle;
    trust_bundle_init(&bundle);
    enum status s = trust_file_parse(content, &file, err);
    if (s == STATUS_OK)
        s = trust_bundle_parse(file.contents, &bundle, err);
    if (s == STATUS_OK)
        s = bundle_keys_read(&bundle, algorithms, out, err);
    if (s == STATUS_OK && out->count == 0)
        s = error_set(err, STATUS_REFUSED, "no keys are in it");
    if (s == STATUS_OK && note != NULL) {
        builder_bytes(note, file.note);
        s = builder_status(note, "checkpoint", err);
    }
    trust_bundle_clear(&bundle);
    return s;
}

enum status trust_keys_read_file(const char *path, const struct algorithms *algorithms, struct bundle_keys *out, struct builder *note,
                                 struct error *err)
{
    struct builder content;
    out->count = 0;
    builder_init(&content, TRUST_FILE_SIZE_MAX);
    enum status s = input_read(path, TRUST_FILE_SIZE_MAX, &content, err);
    if (s == STATUS_OK)
        s = error_prefix(err, read_content(builder_view(&content), algorithms, out, note, err), "%s", path);
    builder_clear(&content);
    return s;
}

enum status trust_keys_read(const char *dir, const struct algorithms *algorithms, struct bundle_keys *out, struct error *err)
{
    char path[PATH_MAX];
    out->count = 0;
    enum status s = path_of(dir, path, err);
    return s == STATUS_OK ? trust_keys_read_file(path, algorithms, out, NULL, err) : s;
}

enum status trust_keys_write_file(const char *path, const struct bundle_keys *keys, uint64_t version, int64_t now_s, struct bytes note,
                                  struct error *err)
{
    struct trust_bundle bundle;
    struct builder file;
    trust_bundle_init(&bundle);
    bundle.version = version;
    bundle.issued_s = now_s;
    builder_init(&file, TRUST_FILE_SIZE_MAX);
    enum status s = bundle_keys_write(keys, &bundle, err);
    if (s == STATUS_OK)
        s = trust_file_write(&bundle, note, bytes_of(NULL, 0), &file, err);
    if (s == STATUS_OK)
        s = input_write_file(path, builder_view(&file), FILE_MODE, err);
    builder_clear(&file);
    trust_bundle_clear(&bundle);
    return s;
}

/* ---- pinning ---- */

/* The algorithm is not said in the file: the type of the key says it. */
static enum status key_of(struct bytes spki, const struct algorithms *algorithms, struct public_key **out, struct error *err)
{
    for (size_t i = 0; i < BUNDLE_KEYS_ALGORITHMS; i++) {
        const struct signature_alg *alg = algorithms_by_name(algorithms, bytes_of_text(bundle_keys_algorithms[i]));
        enum status s = public_key_new(alg, spki, out, err);
        if (s == STATUS_OK || s == STATUS_NO_MEMORY)
            return s;
    }
    return error_set(err, STATUS_MALFORMED, "not a public key of SM2 or of ML-DSA-44, which bundles are signed with");
}

static bool is_same(const struct bundle_key *a, const struct bundle_key *b)
{
    return a->role == b->role && bytes_equal(public_key_spki(a->key), public_key_spki(b->key)) && a->note_type == b->note_type &&
           strcmp(a->note_name, b->note_name) == 0;
}

static bool has_key(const struct bundle_keys *keys, const struct bundle_key *key)
{
    for (size_t i = 0; i < keys->count; i++)
        if (is_same(&keys->at[i], key))
            return true;
    return false;
}

/* Takes the key. */
static enum status add(struct bundle_keys *keys, struct bundle_key *key, struct error *err)
{
    enum status s = STATUS_OK;
    if (!has_key(keys, key) && keys->count < TRUST_BUNDLE_KEYS_MAX) {
        keys->at[keys->count++] = *key;
        return STATUS_OK;
    }
    if (!has_key(keys, key))
        s = error_set(err, STATUS_LIMIT, "more than %d keys", TRUST_BUNDLE_KEYS_MAX);
    public_key_free(key->key);
    return s;
}

static enum status set_origin(struct bundle_keys *keys, const char *origin, struct error *err)
{
    if (strlen(origin) > TRUST_BUNDLE_TEXT_MAX || (keys->origin[0] != '\0' && strcmp(keys->origin, origin) != 0))
        return error_set(err, STATUS_USAGE, "the keys of the log of versions have two origins: %s and %s", keys->origin, origin);
    memcpy(keys->origin, origin, strlen(origin) + 1);
    return STATUS_OK;
}

static enum status add_block(struct bundle_keys *keys, struct bytes content, const struct algorithms *algorithms, struct error *err)
{
    struct bundle_key key = {.role = TRUST_BUNDLE_KEY_BUNDLE};
    struct input_blocks blocks = {.count = 0};
    enum status s = input_split(content, &blocks, err);
    if (s == STATUS_OK && blocks.count != 1)
        s = error_set(err, STATUS_USAGE, "one public key is expected, and there are %zu blocks", blocks.count);
    if (s == STATUS_OK)
        s = key_of(input_block_der(&blocks, 0), algorithms, &key.key, err);
    input_blocks_clear(&blocks);
    return s == STATUS_OK ? add(keys, &key, err) : s;
}

/* What is moved is not for clearing any more. */
static enum status add_all(struct bundle_keys *keys, struct bytes content, const struct algorithms *algorithms, struct error *err)
{
    struct bundle_keys more = {.count = 0};
    enum status s = read_content(content, algorithms, &more, NULL, err);
    if (s == STATUS_OK && more.origin[0] != '\0')
        s = set_origin(keys, more.origin, err);
    while (s == STATUS_OK && more.count > 0)
        s = add(keys, &more.at[--more.count], err);
    bundle_keys_clear(&more);
    return s;
}

enum status trust_keys_add(struct bundle_keys *keys, const char *file, const struct algorithms *algorithms, struct error *err)
{
    struct builder content;
    builder_init(&content, TRUST_FILE_SIZE_MAX);
    enum status s = input_read(file, TRUST_FILE_SIZE_MAX, &content, err);
    if (s == STATUS_OK) {
        s = trust_file_is(builder_view(&content)) ? add_all(keys, builder_view(&content), algorithms, err)
                                                  : add_block(keys, builder_view(&content), algorithms, err);
        s = error_prefix(err, s, "%s", file);
    }
    builder_clear(&content);
    return s;
}

static enum status add_vkey(struct bundle_keys *keys, struct bytes text, const char *origin, const struct algorithms *algorithms,
                            struct error *err)
{
    struct vkey vkey;
    while (text.len > 0 && (text.data[text.len - 1] == '\n' || text.data[text.len - 1] == '\r'))
        text.len--;
    enum status s = vkey_parse(text, algorithms, &vkey, err);
    if (s != STATUS_OK)
        return s;
    struct bundle_key key = {.role = TRUST_BUNDLE_KEY_VERSIONS, .key = vkey.key, .note_type = vkey.type};
    memcpy(key.note_name, vkey.name, strlen(vkey.name) + 1);
    s = set_origin(keys, origin != NULL ? origin : vkey.name, err);
    if (s != STATUS_OK) {
        vkey_clear(&vkey);
        return s;
    }
    return add(keys, &key, err);
}

enum status trust_keys_add_log(struct bundle_keys *keys, const char *file, const char *origin, const struct algorithms *algorithms,
                               struct error *err)
{
    struct builder content;
    builder_init(&content, VKEY_TEXT_MAX);
    enum status s = input_read(file, VKEY_TEXT_MAX, &content, err);
    if (s == STATUS_OK)
        s = error_prefix(err, add_vkey(keys, builder_view(&content), origin, algorithms, err), "%s", file);
    builder_clear(&content);
    return s;
}

static enum status compare_pinned(const char *dir, const struct bundle_keys *keys, const struct algorithms *algorithms, struct error *err)
{
    struct bundle_keys pinned;
    enum status s = trust_keys_read(dir, algorithms, &pinned, err);
    bool is_equal = s == STATUS_OK && pinned.count == keys->count && strcmp(pinned.origin, keys->origin) == 0;
    for (size_t i = 0; is_equal && i < keys->count; i++)
        is_equal = has_key(&pinned, &keys->at[i]);
    if (s == STATUS_OK && !is_equal)
        s = error_set(err, STATUS_CONFLICT, "%s: other keys are pinned there already (trust.keys), and pins are never replaced", dir);
    bundle_keys_clear(&pinned);
    return s;
}

enum status trust_keys_pin(const char *dir, const struct bundle_keys *keys, const struct algorithms *algorithms, int64_t now_s,
                           bool *is_changed, struct error *err)
{
    char path[PATH_MAX];
    *is_changed = false;
    enum status s = bundle_keys_check_complete(keys, false, err);
    if (s != STATUS_OK)
        return error_prefix(err, STATUS_USAGE, "--bundle-key");
    if (trust_keys_exist(dir))
        return compare_pinned(dir, keys, algorithms, err);
    s = path_of(dir, path, err);
    if (s == STATUS_OK)
        s = trust_keys_write_file(path, keys, 1, now_s, bytes_of(NULL, 0), err);
    *is_changed = s == STATUS_OK;
    return s;
}
