#include "trust/trust_versions.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "codec/evidence/evidence.h"
#include "input.h"
#include "merkle/tile_set.h"
#include "output.h"

#define FILE_MODE 0644
#define FOLDER_MODE 0755
/* A base URL and the longest path of a tile. */
#define URL_MAX 2048

struct trust_versions {
    struct trust_versions_settings settings;
    struct version_checkpoint held, offered;
    void (*done)(void *cookie, enum status status, struct error *err);
    void *cookie;
    struct hasher hasher;
    struct tile_set tiles;
    struct tile_set_tile *pending;
    bool is_full_asked; /* of the pending one, in place of a partial one */
    size_t fetched;
};

/* ---- evidence ---- */

static bool evidence_path(const char *dir, const char *name, char out[PATH_MAX])
{
    char folder[PATH_MAX];
    int len = snprintf(folder, sizeof folder, "%s/evidence", dir);
    int all = snprintf(out, PATH_MAX, "%s/evidence/%s", dir, name);
    return len > 0 && len < PATH_MAX && all > 0 && all < PATH_MAX && (mkdir(folder, FOLDER_MODE) == 0 || errno == EEXIST);
}

static void keep(const char *dir, const char *name, struct bytes content, bool is_bundle)
{
    struct error err = {.status = STATUS_OK};
    char path[PATH_MAX];
    if (!evidence_path(dir, name, path))
        output_error("%s/evidence: cannot be made: %s", dir, strerror(errno));
    else if (input_write_file(path, content, FILE_MODE, &err) != STATUS_OK)
        output_error("the proof could not be kept: %s", err.text);
    else if (is_bundle)
        output_error("%s is kept: two bundles of one version are signed", path);
    else
        output_error("%s proves it: show it with `cathaya evidence verify`", path);
}

static void keep_bundle(const char *dir, uint64_t version, struct bytes envelope)
{
    char name[64];
    uint8_t hash[HASH_SIZE];
    if (!hash_label_sha256(&envelope, 1, hash))
        return;
    (void)snprintf(name, sizeof name, "version-%llu-%02x%02x%02x%02x.bundle", (unsigned long long)version, hash[0], hash[1], hash[2], hash[3]);
    keep(dir, name, envelope, true);
}

/* What was signed, and by this key. */
struct signed_version {
    struct trust_envelope envelope;
    uint8_t version[TRUST_ENVELOPE_VERSION_SIZE];
};

static bool read_version(struct bytes input, struct signed_version *out)
{
    struct trust_bundle bundle;
    trust_bundle_init(&bundle);
    bool ok = trust_envelope_parse(input, &out->envelope, NULL) == STATUS_OK &&
              trust_bundle_parse(out->envelope.contents, &bundle, NULL) == STATUS_OK &&
              trust_envelope_version(&bundle, out->envelope.contents, out->version, NULL) == STATUS_OK;
    trust_bundle_clear(&bundle);
    return ok;
}

static bool find_signature(const struct signed_version *v, const struct public_key *key, struct bytes *out)
{
    uint8_t id[TRUST_ENVELOPE_KEY_ID_SIZE];
    for (size_t i = 0; trust_envelope_key_id(public_key_spki(key), id) && i < v->envelope.signature_count; i++) {
        *out = v->envelope.signatures[i].signature;
        if (memcmp(id, v->envelope.signatures[i].key_id, sizeof id) == 0 &&
            public_key_verify(key, BYTES_OF(v->version), *out, NULL) == STATUS_OK)
            return true;
    }
    return false;
}

/* By the first key in force that has signed both. */
static void write_versions(const struct trust_versions_settings *settings, const struct signed_version v[2], struct builder *out)
{
    struct evidence *e = calloc(1, sizeof *e);
    for (size_t i = 0; e != NULL && i < settings->keys->count && out->len == 0; i++) {
        const struct bundle_key *key = &settings->keys->at[i];
        struct bytes first, second;
        if (key->role != TRUST_BUNDLE_KEY_BUNDLE || !find_signature(&v[0], key->key, &first) || !find_signature(&v[1], key->key, &second))
            continue;
        *e = (struct evidence){.kind = EVIDENCE_TWO_VERSIONS, .hash = &hash_sm3, .key_name = bytes_of_text("bundle-key"),
                               .origin = bytes_of_text(settings->keys->origin[0] != '\0' ? settings->keys->origin : "trust-bundle"),
                               .key_oid = bytes_of_text(public_key_alg(key->key)->oid), .key_spki = public_key_spki(key->key),
                               .seen_s = settings->clock.now_ms(settings->clock.context) / 1000,
                               .where = bytes_of_text(settings->url != NULL ? settings->url : "a file")};
        e->statements[0] = (struct evidence_statement){.is_version = true, .version = BYTES_OF(v[0].version), .signature = first};
        e->statements[1] = (struct evidence_statement){.is_version = true, .version = BYTES_OF(v[1].version), .signature = second};
        if (evidence_write(e, out, NULL) != STATUS_OK)
            builder_reset(out);
    }
    free(e);
}

void trust_versions_keep_bundles(const struct trust_versions_settings *settings, uint64_t version, struct bytes held, struct bytes offered)
{
    struct signed_version both[2];
    struct builder out;
    char name[64];
    keep_bundle(settings->dir, version, held);
    keep_bundle(settings->dir, version, offered);
    builder_init(&out, EVIDENCE_SIZE_MAX);
    if (read_version(held, &both[0]) && read_version(offered, &both[1]))
        write_versions(settings, both, &out);
    (void)snprintf(name, sizeof name, "version-%llu-%lld.evidence", (unsigned long long)version,
                   (long long)settings->clock.now_ms(settings->clock.context));
    if (builder_is_good(&out) && out.len > 0)
        keep(settings->dir, name, builder_view(&out), false);
    builder_clear(&out);
}

/* proof empty: two roots of one size. The smaller one is the first. */
static void keep_checkpoints(const struct trust_versions_settings *settings, const struct version_checkpoint *first,
                             const struct version_checkpoint *second, const uint8_t part[HASH_SIZE], struct bytes proof)
{
    static struct evidence e; /* 3 KiB */
    struct builder out;
    char name[64];
    int64_t now_ms = settings->clock.now_ms(settings->clock.context);
    e = (struct evidence){.kind = first->size == second->size ? EVIDENCE_TWO_ROOTS : EVIDENCE_NOT_A_PREFIX, .hash = &hash_sm3,
                          .origin = bytes_of_text(settings->keys->origin), .seen_s = now_ms / 1000,
                          .where = bytes_of_text(settings->url != NULL ? settings->url : "a file")};
    for (size_t i = 0; i < settings->keys->count; i++) {
        const struct bundle_key *key = &settings->keys->at[i];
        if (key->role != TRUST_BUNDLE_KEY_VERSIONS || e.key_name.len > 0)
            continue;
        e.key_name = bytes_of_text(key->note_name);
        e.key_spki = public_key_spki(key->key);
        e.key_oid = bytes_of_text(public_key_alg(key->key)->oid);
    }
    e.statements[0] = (struct evidence_statement){.is_note = true, .note = first->note};
    e.statements[1] = (struct evidence_statement){.is_note = true, .note = second->note};
    memcpy(e.part_hash, part, HASH_SIZE);
    builder_init(&out, EVIDENCE_SIZE_MAX);
    if ((e.kind == EVIDENCE_TWO_ROOTS || proof_lines_set(&e.proof, proof)) && evidence_write(&e, &out, NULL) == STATUS_OK) {
        (void)snprintf(name, sizeof name, "versions-%llu-%lld.evidence", (unsigned long long)second->size, (long long)now_ms);
        keep(settings->dir, name, builder_view(&out), false);
    }
    builder_clear(&out);
}

void trust_versions_keep_roots(const struct trust_versions_settings *settings, const struct version_checkpoint *held,
                               const struct version_checkpoint *offered)
{
    keep_checkpoints(settings, held, offered, held->root, bytes_of(NULL, 0));
}

/* ---- tiles ---- */

static void step(struct trust_versions *v);

static void end(struct trust_versions *v, enum status status, struct error *err)
{
    v->done(v->cookie, status, err);
}

static enum status take_tile(struct trust_versions *v, const struct fetch_response *response, struct error *err)
{
    if (response->failure != FETCH_NO_FAILURE)
        return error_set(err, STATUS_IO, "tile of the log of versions: %s", response->failure_text);
    if (response->status == 404 && v->pending->tile.width < TILE_WIDTH && !v->is_full_asked) {
        v->is_full_asked = true; /* it has grown since, and partial ones go */
        return STATUS_OK;
    }
    if (response->status != 200 || response->is_cut)
        return error_set(err, STATUS_IO, "tile of the log of versions: status %d", response->status);
    v->fetched += response->body.len;
    v->is_full_asked = false;
    return error_prefix(err, tile_set_put(v->pending, response->body, err), "tile of the log of versions");
}

static void on_tile(void *cookie, const struct fetch_response *response)
{
    struct trust_versions *v = cookie;
    struct error err = {.status = STATUS_OK};
    if (response->failure == FETCH_STOPPED)
        return; /* by whoever frees this */
    enum status s = take_tile(v, response, &err);
    if (s == STATUS_OK)
        step(v);
    else
        end(v, s, &err);
}

static enum status ask(struct trust_versions *v, struct error *err)
{
    char path[TILE_PATH_SIZE], url[URL_MAX];
    size_t at = 0;
    v->pending = tile_set_next(&v->tiles, &at);
    if (v->pending == NULL)
        return error_set(err, STATUS_REFUSED, "the tiles of the log of versions lead to nothing");
    struct tile tile = v->pending->tile;
    if (v->is_full_asked)
        tile.width = TILE_WIDTH;
    tile_path(&tile, path);
    if (snprintf(url, sizeof url, "%s/log/%s", v->settings.url, path) >= (int)sizeof url)
        return error_set(err, STATUS_USAGE, "%s: the URL is too long", v->settings.url);
    struct fetch_request request = {.method = "GET", .url = url, .ca_file = v->settings.ca_file, .timeout_ms = TRUST_VERSIONS_FETCH_MS,
                                    .response_max = TILE_WIDTH * (size_t)HASH_SIZE};
    return v->settings.fetch.start(v->settings.fetch.context, &request, on_tile, v, err);
}

static enum status compare(struct trust_versions *v, const uint8_t hash[HASH_SIZE], struct bytes proof, struct error *err)
{
    bool is_held_first = v->held.size <= v->offered.size;
    const struct version_checkpoint *first = is_held_first ? &v->held : &v->offered, *second = is_held_first ? &v->offered : &v->held;
    if (memcmp(hash, first->root, HASH_SIZE) == 0)
        return STATUS_OK;
    keep_checkpoints(&v->settings, first, second, hash, proof);
    return error_set(err, STATUS_CONFLICT, "the log of versions was another one: its checkpoint at %llu versions is not part of the one at %llu",
                     (unsigned long long)first->size, (unsigned long long)second->size);
}

static void step(struct trust_versions *v)
{
    struct error err = {.status = STATUS_OK};
    uint8_t hash[HASH_SIZE], memory[PROOF_CONSISTENCY_HASHES_MAX * HASH_SIZE];
    struct builder proof;
    uint64_t small = v->held.size < v->offered.size ? v->held.size : v->offered.size;
    const uint8_t *root = v->held.size < v->offered.size ? v->offered.root : v->held.root;
    builder_init_fixed(&proof, memory, sizeof memory);
    enum status s = v->held.size == v->offered.size ? STATUS_OK
                                                    : tile_set_evaluate(&v->tiles, (struct subtree){0, small}, root, hash, &proof, &err);
    if (s == STATUS_AGAIN) {
        s = ask(v, &err);
        if (s == STATUS_OK)
            return;
    } else if (s == STATUS_OK) {
        s = compare(v, v->held.size == v->offered.size ? v->offered.root : hash, builder_view(&proof), &err);
    }
    end(v, s, &err);
}

enum status trust_versions_start(const struct trust_versions_settings *settings, const struct version_checkpoint *held,
                                 const struct version_checkpoint *offered,
                                 void (*done)(void *cookie, enum status status, struct error *err), void *cookie,
                                 struct trust_versions **out, struct error *err)
{
    struct trust_versions *v = calloc(1, sizeof *v);
    *out = NULL;
    if (v == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    *v = (struct trust_versions){.settings = *settings, .held = *held, .offered = *offered, .done = done, .cookie = cookie};
    enum status s = hasher_init(&v->hasher, &hash_sm3, err);
    if (s != STATUS_OK) {
        free(v);
        return s;
    }
    tile_set_init(&v->tiles, held->size < offered->size ? offered->size : held->size, &v->hasher);
    *out = v;
    step(v);
    return STATUS_OK;
}

void trust_versions_free(struct trust_versions *versions)
{
    if (versions == NULL)
        return;
    tile_set_clear(&versions->tiles);
    hasher_clear(&versions->hasher);
    free(versions);
}

size_t trust_versions_fetched(const struct trust_versions *versions)
{
    return versions->fetched;
}
