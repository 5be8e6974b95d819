/* Signed trust bundles, as whoever publishes them would make them:
 *
 *   sign_bundle key ALGORITHM PRIVATE PUBLIC             a fresh key: PKCS#8 PEM, and the SubjectPublicKeyInfo as DER
 *   sign_bundle vkey ORIGIN ALGORITHM PUBLIC             its verifier key in the log of versions
 *   sign_bundle make VERSION ISSUED EXPIRES OUT FILE... -- [ALGORITHM PRIVATE]...
 *               [--keys [ALGORITHM PUBLIC]...] [--log-keys ORIGIN [ALGORITHM PUBLIC]...]
 *               [--log STATE ORIGIN TILES SIZE [ALGORITHM PRIVATE]...]
 *                                                        the contents of the first trust file, and logs of the others; --keys and
 *                                                        --log-keys: section 9. --log: STATE has the versions before, and gets this
 *                                                        one; its checkpoint has SIZE (0: all) entries
 *   sign_bundle delta BASE BASE-VERSION ENVELOPE OUT     between two envelopes
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/trust_bundle/trust_delta.h"
#include "codec/trust_bundle/trust_file.h"
#include "crypto/key.h"
#include "fakes/version_log.h"
#include "merkle/tile.h"

static struct error err;
static struct algorithms *algorithms;

static void need(enum status status)
{
    if (status == STATUS_OK)
        return;
    (void)fprintf(stderr, "sign_bundle: %s\n", err.text);
    exit(1);
}

/* Files and signatures stay where they are until the end. */
static uint8_t memory[8 << 20];
static size_t used;

static struct bytes read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        need(error_set(&err, STATUS_IO, "%s", path));
    uint8_t *at = memory + used;
    size_t len = fread(at, 1, sizeof memory - used, file);
    used += len;
    (void)fclose(file);
    return bytes_of(at, len);
}

static void write_file(const char *path, struct bytes content)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(content.data, 1, content.len, file) != content.len || fclose(file) != 0)
        need(error_set(&err, STATUS_IO, "%s", path));
}

static const struct signature_alg *alg_named(const char *name)
{
    return algorithms_by_name(algorithms, bytes_of_text(name));
}

static int make_key(char **words)
{
    struct private_key *key;
    struct builder pem;
    builder_init(&pem, KEY_PEM_MAX);
    need(private_key_generate(alg_named(words[0]), &key, &err));
    need(private_key_write_pem(key, &pem, &err));
    write_file(words[1], builder_view(&pem));
    write_file(words[2], public_key_spki(private_key_public(key)));
    builder_clear(&pem);
    private_key_free(key);
    return 0;
}

static void append(struct array *to, const struct array *from)
{
    for (size_t i = 0; i < from->count; i++)
        need(array_insert(to, to->count, array_at(from, i), "items", &err));
}

/* The first file is what `trust import` made; what `trust update` took from logs comes behind, each a log of its own. */
static void read_bundle(const char *path, bool is_first, struct trust_bundle *bundle)
{
    struct trust_file file;
    struct trust_bundle more;
    need(trust_file_parse(read_file(path), &file, &err));
    if (is_first) {
        need(trust_bundle_parse(file.contents, bundle, &err));
        return;
    }
    trust_bundle_init(&more);
    need(trust_bundle_parse(file.contents, &more, &err));
    struct trust_bundle_log *log = array_at(&more.logs, 0);
    log->landmark_first += bundle->landmarks.count;
    append(&bundle->logs, &more.logs);
    append(&bundle->landmarks, &more.landmarks);
    append(&bundle->revoked, &more.revoked);
    trust_bundle_clear(&more);
}

static void sign(struct trust_envelope *e, struct bytes message, const char *algorithm, const char *path)
{
    struct private_key *key;
    struct trust_envelope_signature s;
    struct builder signature;
    builder_init_fixed(&signature, memory + used, sizeof memory - used);
    need(private_key_from_pem(alg_named(algorithm), read_file(path), &key, &err));
    need(private_key_sign(key, message, &signature, &err));
    if (!trust_envelope_key_id(public_key_spki(private_key_public(key)), s.key_id))
        exit(1);
    s.signature = builder_view(&signature);
    used += s.signature.len;
    size_t at = e->signature_count++;
    for (; at > 0 && memcmp(e->signatures[at - 1].key_id, s.key_id, sizeof s.key_id) > 0; at--)
        e->signatures[at] = e->signatures[at - 1];
    e->signatures[at] = s;
    private_key_free(key);
}

/* ---- keys for later versions ---- */

static const struct public_key *read_key(const char *algorithm, const char *path)
{
    static struct public_key *keys[32];
    static size_t count;
    need(public_key_new(alg_named(algorithm), read_file(path), &keys[count], &err));
    return keys[count++];
}

static uint8_t note_type(const struct public_key *key)
{
    return strcmp(public_key_alg(key)->name, "mldsa44") == 0 ? NOTE_KEY_MLDSA44_COSIGNATURE : NOTE_KEY_OTHER;
}

static int compare_keys(const void *key, const void *item)
{
    const struct trust_bundle_key *a = key, *b = item;
    return a->role != b->role ? (int)a->role - (int)b->role : bytes_compare(a->spki, b->spki);
}

/* origin: NULL for keys that sign bundles. */
static void add_key(struct trust_bundle *bundle, const char *origin, const char *algorithm, const char *path)
{
    const struct public_key *key = read_key(algorithm, path);
    struct trust_bundle_key k = {.role = origin == NULL ? TRUST_BUNDLE_KEY_BUNDLE : TRUST_BUNDLE_KEY_VERSIONS,
                                 .algorithm = algorithm_identifier(public_key_alg(key)), .spki = public_key_spki(key)};
    size_t at;
    if (origin != NULL) {
        k.note_type = note_type(key);
        k.note_name = k.origin = bytes_of_text(origin);
    }
    (void)array_find(&bundle->keys, &k, compare_keys, &at);
    need(array_insert(&bundle->keys, at, &k, "keys", &err));
}

/* ---- the log of versions ---- */

static void write_tile(const char *folder, const struct version_log *log)
{
    char path[4096];
    if (log->size >= TILE_WIDTH)
        need(error_set(&err, STATUS_LIMIT, "one tile is all that there is room for"));
    (void)snprintf(path, sizeof path, "%s/%llu", folder, (unsigned long long)log->size);
    write_file(path, bytes_of(log->leaves[0], log->size * HASH_SIZE));
}

static void prove(struct trust_envelope *e, uint64_t number, const uint8_t *version, char **words, int count)
{
    static struct version_log log;
    struct private_key *keys[8];
    struct builder state, note, proof;
    size_t key_count = 0;
    struct bytes before = read_file(words[0]);
    builder_init(&state, sizeof memory);
    builder_init(&note, NOTE_SIZE_MAX);
    builder_bytes(&state, before);
    /* Versions that were left out are something else. */
    while (state.len < (number - 1) * TRUST_ENVELOPE_VERSION_SIZE)
        builder_u8(&state, 0);
    if (state.len == (number - 1) * TRUST_ENVELOPE_VERSION_SIZE)
        builder_bytes(&state, bytes_of(version, TRUST_ENVELOPE_VERSION_SIZE));
    write_file(words[0], builder_view(&state));
    need(version_log_init(&log, words[1], &err));
    for (size_t i = 0; i < state.len; i += TRUST_ENVELOPE_VERSION_SIZE)
        need(version_log_add(&log, state.data + i, &err));
    write_tile(words[2], &log);
    uint64_t size = strtoull(words[3], NULL, 10);
    for (int i = 4; i + 1 < count; i += 2)
        need(private_key_from_pem(alg_named(words[i]), read_file(words[i + 1]), &keys[key_count++], &err));
    builder_init_fixed(&proof, memory + used, 65535);
    need(version_log_note(&log, size != 0 ? size : log.size, keys, key_count, &note, &err));
    need(version_log_prove(&log, number, size != 0 ? size : log.size, builder_view(&note), &proof, &err));
    e->log_proof = builder_view(&proof);
    used += proof.len;
    for (size_t i = 0; i < key_count; i++)
        private_key_free(keys[i]);
    builder_clear(&state);
    builder_clear(&note);
    version_log_clear(&log);
}

/* ---- envelopes ---- */

/* The words of an option, up to the next one. */
static char **option(int count, char **words, const char *name, int *found)
{
    for (int i = 0; i < count; i++)
        if (strcmp(words[i], name) == 0) {
            for (*found = 0; i + 1 + *found < count && strncmp(words[i + 1 + *found], "--", 2) != 0;)
                ++*found;
            return words + i + 1;
        }
    *found = 0;
    return NULL;
}

static void add_keys(struct trust_bundle *bundle, int count, char **words)
{
    int found;
    char **at = option(count, words, "--keys", &found);
    for (int i = 0; i + 1 < found; i += 2)
        add_key(bundle, NULL, at[i], at[i + 1]);
    at = option(count, words, "--log-keys", &found);
    for (int i = 1; i + 1 < found; i += 2)
        add_key(bundle, at[0], at[i], at[i + 1]);
}

static int make_envelope(int count, char **words)
{
    uint8_t version[TRUST_ENVELOPE_VERSION_SIZE];
    struct trust_envelope e = {.signature_count = 0};
    struct trust_bundle bundle;
    struct builder contents, out;
    int found, at = 4;
    trust_bundle_init(&bundle);
    for (; at < count && strcmp(words[at], "--") != 0; at++)
        read_bundle(words[at], at == 4, &bundle);
    bundle.version = strtoull(words[0], NULL, 10);
    bundle.issued_s = strtoll(words[1], NULL, 10);
    bundle.expires_s = strtoll(words[2], NULL, 10);
    add_keys(&bundle, count, words);
    builder_init(&contents, TRUST_BUNDLE_SIZE_MAX);
    builder_init(&out, TRUST_ENVELOPE_SIZE_MAX);
    need(trust_bundle_write(&bundle, &contents, &err));
    e.contents = builder_view(&contents);
    need(trust_envelope_version(&bundle, e.contents, version, &err));
    char **signers = option(count, words, "--", &found);
    for (int i = 0; i + 1 < found; i += 2)
        sign(&e, BYTES_OF(version), signers[i], signers[i + 1]);
    char **log = option(count, words, "--log", &found);
    if (log != NULL)
        prove(&e, bundle.version, version, log, found);
    need(trust_envelope_write(&e, &out, &err));
    write_file(words[3], builder_view(&out));
    builder_clear(&out);
    builder_clear(&contents);
    trust_bundle_clear(&bundle);
    return 0;
}

static int make_delta(char **words)
{
    struct trust_envelope base, result;
    struct builder out;
    builder_init(&out, TRUST_DELTA_SIZE_MAX);
    need(trust_envelope_parse(read_file(words[0]), &base, &err));
    need(trust_envelope_parse(read_file(words[2]), &result, &err));
    need(trust_delta_write(base.contents, strtoull(words[1], NULL, 10), &result, &out, &err));
    write_file(words[3], builder_view(&out));
    builder_clear(&out);
    return 0;
}

static int make_vkey(char **words)
{
    struct builder out;
    builder_init(&out, KEY_PEM_MAX);
    need(note_key_write_vkey(bytes_of_text(words[0]), read_key(words[1], words[2]), &out, &err));
    (void)printf("%.*s\n", (int)out.len, (const char *)out.data);
    builder_clear(&out);
    return 0;
}

int main(int argc, char **argv)
{
    int exit_status = 2;
    need(algorithms_new(&algorithms, &err));
    if (argc == 5 && strcmp(argv[1], "key") == 0)
        exit_status = make_key(argv + 2);
    else if (argc == 5 && strcmp(argv[1], "vkey") == 0)
        exit_status = make_vkey(argv + 2);
    else if (argc == 6 && strcmp(argv[1], "delta") == 0)
        exit_status = make_delta(argv + 2);
    else if (argc >= 8 && strcmp(argv[1], "make") == 0)
        exit_status = make_envelope(argc - 2, argv + 2);
    algorithms_free(algorithms);
    return exit_status;
}
