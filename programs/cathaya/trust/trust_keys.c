#include "trust/trust_keys.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "codec/trust_bundle/trust_file.h"
#include "input.h"
#include "rules/bundle_signature.h"

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

void trust_keys_clear(struct trust_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        public_key_free(keys->at[i]);
    keys->count = 0;
}

static enum status read_bundle(struct bytes content, struct trust_bundle *bundle, struct error *err)
{
    struct trust_file file;
    enum status s = trust_file_parse(content, &file, err);
    return s == STATUS_OK ? trust_bundle_parse(file.contents, bundle, err) : s;
}

static enum status copy_keys(const struct trust_bundle *bundle, const struct algorithms *algorithms, struct trust_keys *out,
                             struct error *err)
{
    for (size_t i = 0; i < bundle->keys.count; i++) {
        const struct trust_bundle_key *key = trust_bundle_key_at(bundle, i);
        const struct signature_alg *alg = algorithms_by_identifier(algorithms, key->algorithm);
        enum status s = alg == NULL ? error_set(err, STATUS_REFUSED, "unknown algorithm of a signing key")
                                    : public_key_new(alg, key->spki, &out->at[out->count], err);
        if (s != STATUS_OK)
            return s;
        out->count++;
    }
    return STATUS_OK;
}

enum status trust_keys_read(const char *dir, const struct algorithms *algorithms, struct trust_keys *out, struct error *err)
{
    char path[PATH_MAX];
    struct builder content;
    struct trust_bundle bundle;
    out->count = 0;
    enum status s = path_of(dir, path, err);
    if (s != STATUS_OK)
        return s;
    builder_init(&content, TRUST_FILE_SIZE_MAX);
    trust_bundle_init(&bundle);
    s = input_read(path, TRUST_FILE_SIZE_MAX, &content, err);
    if (s == STATUS_OK) {
        s = read_bundle(builder_view(&content), &bundle, err);
        if (s == STATUS_OK)
            s = copy_keys(&bundle, algorithms, out, err);
        s = error_prefix(err, s, "%s", path);
    }
    trust_bundle_clear(&bundle);
    builder_clear(&content);
    return s;
}

/* ---- pinning ---- */

/* The algorithm is not said in the file: the type of the key says it. */
static enum status key_of(struct bytes spki, const struct algorithms *algorithms, struct public_key **out, struct error *err)
{
    for (size_t i = 0; i < BUNDLE_SIGNATURE_ALGORITHMS; i++) {
        const struct signature_alg *alg = algorithms_by_name(algorithms, bytes_of_text(bundle_signature_algorithms[i]));
        enum status s = public_key_new(alg, spki, out, err);
        if (s == STATUS_OK || s == STATUS_NO_MEMORY)
            return s;
    }
    return error_set(err, STATUS_MALFORMED, "not a public key of SM2 or of ML-DSA-44, which bundles are signed with");
}

static bool has_key(const struct trust_keys *keys, const struct public_key *key)
{
    for (size_t i = 0; i < keys->count; i++)
        if (bytes_equal(public_key_spki(keys->at[i]), public_key_spki(key)))
            return true;
    return false;
}

/* In the order of the bundle: by SubjectPublicKeyInfo. */
static void insert(struct trust_keys *keys, struct public_key *key)
{
    size_t at = keys->count++;
    for (; at > 0 && bytes_compare(public_key_spki(keys->at[at - 1]), public_key_spki(key)) > 0; at--)
        keys->at[at] = keys->at[at - 1];
    keys->at[at] = key;
}

static enum status add_block(struct trust_keys *keys, const struct input_blocks *blocks, const struct algorithms *algorithms,
                             struct error *err)
{
    struct public_key *key = NULL;
    if (blocks->count != 1)
        return error_set(err, STATUS_USAGE, "one public key is expected, and there are %zu blocks", blocks->count);
    enum status s = key_of(input_block_der(blocks, 0), algorithms, &key, err);
    if (s != STATUS_OK)
        return s;
    if (has_key(keys, key)) {
        public_key_free(key);
    } else if (keys->count == TRUST_BUNDLE_KEYS_MAX) {
        public_key_free(key);
        s = error_set(err, STATUS_LIMIT, "more than %d keys", TRUST_BUNDLE_KEYS_MAX);
    } else {
        insert(keys, key);
    }
    return s;
}

enum status trust_keys_add(struct trust_keys *keys, const char *file, const struct algorithms *algorithms, struct error *err)
{
    struct input_blocks blocks = {.count = 0};
    struct builder content;
    builder_init(&content, KEY_PEM_MAX);
    enum status s = input_read(file, KEY_PEM_MAX, &content, err);
    if (s == STATUS_OK) {
        s = input_split(builder_view(&content), &blocks, err);
        if (s == STATUS_OK)
            s = add_block(keys, &blocks, algorithms, err);
        s = error_prefix(err, s, "%s", file);
        input_blocks_clear(&blocks);
    }
    builder_clear(&content);
    return s;
}

static enum status check_complete(const struct trust_keys *keys, struct error *err)
{
    for (size_t a = 0; a < BUNDLE_SIGNATURE_ALGORITHMS; a++) {
        size_t found = 0;
        for (size_t i = 0; i < keys->count; i++)
            found += strcmp(public_key_alg(keys->at[i])->name, bundle_signature_algorithms[a]) == 0;
        if (found == 0)
            return error_set(err, STATUS_USAGE, "--bundle-key: a key of %s is missing: bundles have to be signed with both algorithms",
                             bundle_signature_algorithms[a]);
    }
    return STATUS_OK;
}

static enum status compare_pinned(const char *dir, const struct trust_keys *keys, const struct algorithms *algorithms, struct error *err)
{
    struct trust_keys pinned;
    enum status s = trust_keys_read(dir, algorithms, &pinned, err);
    bool is_same = s == STATUS_OK && pinned.count == keys->count;
    for (size_t i = 0; is_same && i < keys->count; i++)
        is_same = has_key(&pinned, keys->at[i]);
    if (s == STATUS_OK && !is_same)
        s = error_set(err, STATUS_CONFLICT, "%s: other keys are pinned there already (trust.keys), and pins are never replaced", dir);
    trust_keys_clear(&pinned);
    return s;
}

static enum status write_keys(const char *path, const struct trust_keys *keys, int64_t now_s, struct error *err)
{
    struct trust_bundle bundle;
    struct builder file;
    enum status s = STATUS_OK;
    trust_bundle_init(&bundle);
    bundle.version = 1;
    bundle.issued_s = now_s;
    builder_init(&file, TRUST_FILE_SIZE_MAX);
    for (size_t i = 0; s == STATUS_OK && i < keys->count; i++) {
        struct trust_bundle_key key = {.algorithm = algorithm_identifier(public_key_alg(keys->at[i])),
                                       .spki = public_key_spki(keys->at[i])};
        s = array_insert(&bundle.keys, i, &key, "signing keys", err);
    }
    if (s == STATUS_OK)
        s = trust_file_write(&bundle, bytes_of(NULL, 0), bytes_of(NULL, 0), &file, err);
    if (s == STATUS_OK)
        s = input_write_file(path, builder_view(&file), FILE_MODE, err);
    builder_clear(&file);
    trust_bundle_clear(&bundle);
    return s;
}

enum status trust_keys_pin(const char *dir, const struct trust_keys *keys, const struct algorithms *algorithms, int64_t now_s,
                           bool *is_changed, struct error *err)
{
    char path[PATH_MAX];
    *is_changed = false;
    enum status s = check_complete(keys, err);
    if (s == STATUS_OK && trust_keys_exist(dir))
        return compare_pinned(dir, keys, algorithms, err);
    if (s == STATUS_OK)
        s = path_of(dir, path, err);
    if (s == STATUS_OK)
        s = write_keys(path, keys, now_s, err);
    *is_changed = s == STATUS_OK;
    return s;
}
