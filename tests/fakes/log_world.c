#include "fakes/log_world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/local_key/local_key.h"
#include "codec/ct/leaf.h"
#include "codec/ct/sct_list.h"
#include "codec/ct/tree_head.h"
#include "codec/mtc/log_entry.h"
#include "codec/note/checkpoint.h"
#include "codec/note/note.h"
#include "merkle/node.h"
#include "log_engine/log_record.h"

#define DAY_S          86400
#define CERTIFICATE_S  (1 * DAY_S)
#define LIFETIME_S     (7 * DAY_S)
#define BATCH_MAX      1024
#define START_MS       (INT64_C(1793283605) * 1000)
#define CT_ORIGIN      "ct.example/2027h1"
/* The entry with id n was submitted n ms after the start. */
#define CT_START_MS    (START_MS + WORLD_ENTRIES_MAX)

/* Keys are slow to make and the same for every branch of a run. */
static struct {
    struct algorithms *algorithms;
    char algorithm[ALGORITHM_NAME_MAX + 1];
    struct private_key *keys[2 + WORLD_MIRRORS];
} shared;

_Noreturn void world_fail(const struct world *w, const char *format, ...)
{
    va_list arguments;
    (void)fprintf(stderr, "FAILED (%s): ", w->label != NULL ? w->label : "");
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fputc('\n', stderr);
    exit(1);
}

static void make_keys(const char *algorithm)
{
    struct error err = {.status = STATUS_OK};
    if (strcmp(shared.algorithm, algorithm) == 0)
        return;
    world_end_keys();
    enum status s = algorithms_new(&shared.algorithms, &err);
    const struct signature_alg *alg = algorithms_by_name(shared.algorithms, bytes_of_text(algorithm));
    for (size_t i = 0; i < 2 + WORLD_MIRRORS; i++)
        s = s ? s : private_key_generate(alg, &shared.keys[i], &err);
    if (s != STATUS_OK || alg == NULL) {
        (void)fprintf(stderr, "no keys of %s: %s\n", algorithm, err.text);
        exit(1);
    }
    (void)snprintf(shared.algorithm, sizeof shared.algorithm, "%s", algorithm);
}

void world_end_keys(void)
{
    for (size_t i = 0; i < 2 + WORLD_MIRRORS; i++)
        private_key_free(shared.keys[i]);
    algorithms_free(shared.algorithms);
    memset(&shared, 0, sizeof shared);
}

/* ---- what is watched ---- */

static void remember(struct world *w, const struct statement *s)
{
    for (size_t i = 0; i < w->statement_count; i++) {
        const struct statement *old = &w->statements[i];
        if (old->start != s->start || old->end != s->end)
            continue;
        if (memcmp(old->hash, s->hash, HASH_SIZE) != 0)
            world_fail(w, "[%llu, %llu) was signed with two hashes", (unsigned long long)s->start,
                       (unsigned long long)s->end);
        return;
    }
    if (w->statement_count == WORLD_STATEMENTS_MAX)
        world_fail(w, "too many statements");
    w->statements[w->statement_count++] = *s;
}

/* A cosigner that signs nothing which the durable record has not committed to. */
static void check_committed(const struct world *w, const struct statement *s)
{
    struct log_record record;
    struct error err = {.status = STATUS_OK};
    if (log_record_parse(memory_disk_durable_record(w->disk), &record, &err) != STATUS_OK)
        world_fail(w, "asked to sign with the record: %s", err.text);
    if (s->end > record.size)
        world_fail(w, "asked to sign %llu entries, the record has %llu", (unsigned long long)s->end,
                   (unsigned long long)record.size);
    if (s->start == 0 && s->end == record.size && memcmp(s->hash, record.root, HASH_SIZE) != 0)
        world_fail(w, "asked to sign another root than the record has");
}

static bool is_ct(const struct world *w)
{
    return w->config.tree_head_signer != NULL;
}

static bool keeps_batches(const struct world *w)
{
    return !is_ct(w) || w->config.cosigns_subtrees;
}

static enum status sign_tree_head(void *context, uint64_t timestamp_ms, uint64_t tree_size,
                                  const uint8_t root[HASH_SIZE], struct builder *out, struct error *err)
{
    struct world *w = context;
    struct log_record record;
    struct statement s = {.start = 0, .end = tree_size};
    memcpy(s.hash, root, HASH_SIZE);
    if (memory_disk_has_crashed(w->disk))
        return error_set(err, STATUS_IO, "the process is gone");
    if (log_record_parse(memory_disk_durable_record(w->disk), &record, err) != STATUS_OK || record.is_closed)
        world_fail(w, "asked to sign a tree head after the log was closed");
    if (timestamp_ms <= w->head_ms)
        world_fail(w, "asked to sign a tree head that is not younger than the last one");
    check_committed(w, &s);
    remember(w, &s);
    struct ct_signer signer = local_key_ct_signer(shared.keys[0]);
    return signer.sign_tree_head(signer.context, timestamp_ms, tree_size, root, out, err);
}

/* A tree goes on from the one that was signed before, and is signed before its parts. */
static void check_proof(struct world *w, size_t key, const struct cosigned_message *m,
                        const struct subtree_prover *prover)
{
    struct statement *tree = &w->trees[key];
    uint8_t memory[PROOF_CONSISTENCY_HASHES_MAX * HASH_SIZE];
    struct builder proof;
    struct hasher h;
    struct error err = {.status = STATUS_OK};
    bool is_tree = m->timestamp != 0;
    struct subtree s = is_tree ? (struct subtree){0, tree->end} : m->subtree;
    const uint8_t *part = is_tree ? tree->hash : m->hash, *root = is_tree ? m->hash : tree->hash;
    builder_init_fixed(&proof, memory, sizeof memory);
    if (is_tree ? m->subtree.end < tree->end : m->subtree.end > tree->end)
        world_fail(w, "[%llu, %llu) is to be signed after the tree of %llu entries",
                   (unsigned long long)m->subtree.start, (unsigned long long)m->subtree.end,
                   (unsigned long long)tree->end);
    if (hasher_init(&h, w->config.hash, &err) != STATUS_OK)
        world_fail(w, "%s", err.text);
    if (s.end > 0 && (prover->prove(prover->context, s, &proof, &err) != STATUS_OK ||
                      proof_check_consistency(&h, s, is_tree ? m->subtree.end : tree->end, part, root,
                                              builder_view(&proof), &err) != STATUS_OK))
        world_fail(w, "the proof of [%llu, %llu) in the tree of %llu: %s", (unsigned long long)s.start,
                   (unsigned long long)s.end, (unsigned long long)tree->end, err.text);
    hasher_clear(&h);
    if (is_tree) {
        *tree = (struct statement){.start = 0, .end = m->subtree.end};
        memcpy(tree->hash, m->hash, HASH_SIZE);
    }
}

static enum status watch_and_sign(struct world *w, size_t key, const struct cosigned_message *m,
                                  const struct subtree_prover *prover, struct builder *out, struct error *err)
{
    struct statement s = {.start = m->subtree.start, .end = m->subtree.end};
    memcpy(s.hash, m->hash, HASH_SIZE);
    if (memory_disk_has_crashed(w->disk))
        return error_set(err, STATUS_IO, "the process is gone");
    check_committed(w, &s);
    remember(w, &s);
    check_proof(w, key, m, prover);
    struct cosigner signer = local_key_cosigner(&w->cosigners[key].id, shared.keys[key]);
    return signer.sign(signer.context, m, prover, out, err);
}

static enum status sign_ca(void *context, const struct cosigned_message *m,
                           const struct subtree_prover *prover, struct builder *out, struct error *err)
{
    return watch_and_sign(context, 0, m, prover, out, err);
}

static enum status sign_other(void *context, const struct cosigned_message *m,
                              const struct subtree_prover *prover, struct builder *out, struct error *err)
{
    return watch_and_sign(context, 1, m, prover, out, err);
}

static void watch_tree_head(struct world *w, const struct note *note, const struct checkpoint *checkpoint)
{
    struct tree_head head;
    struct error err = {.status = STATUS_OK};
    if (tree_head_from_note(note, checkpoint, bytes_of_text(CT_ORIGIN), w->ct_signer.key, &head, NULL, &err) !=
        STATUS_OK)
        world_fail(w, "a checkpoint without a tree head is published: %s", err.text);
    if (head.timestamp_ms < w->head_ms)
        world_fail(w, "a tree head is published that is older than the last one");
    if (w->final_ms != 0 && head.timestamp_ms != w->final_ms)
        world_fail(w, "another tree head than the final one is published");
    w->head_ms = head.timestamp_ms;
}

static void watch_checkpoint(struct world *w, struct bytes value)
{
    struct note note;
    struct checkpoint checkpoint;
    if (note_parse(value, &note, NULL) != STATUS_OK ||
        checkpoint_parse(note.text, &checkpoint, NULL) != STATUS_OK)
        world_fail(w, "a bad checkpoint is published");
    if (is_ct(w))
        watch_tree_head(w, &note, &checkpoint);
    const struct statement *last =
        w->published_count > 0 ? &w->published[w->published_count - 1] : NULL;
    if (last != NULL && checkpoint.size < last->end)
        world_fail(w, "a checkpoint of %llu entries is published after one of %llu",
                   (unsigned long long)checkpoint.size, (unsigned long long)last->end);
    if (last != NULL && checkpoint.size == last->end &&
        memcmp(checkpoint.root, last->hash, HASH_SIZE) != 0)
        world_fail(w, "two checkpoints of %llu entries", (unsigned long long)last->end);
    if (w->published_count == WORLD_STATEMENTS_MAX)
        world_fail(w, "too many checkpoints");
    struct statement *s = &w->published[w->published_count++];
    *s = (struct statement){.start = 0, .end = checkpoint.size};
    memcpy(s->hash, checkpoint.root, HASH_SIZE);
}

static void watch_landmarks(struct world *w, struct bytes value)
{
    static struct landmarks list;
    if (landmarks_parse(value, w->now_ms / 1000, &list, NULL) != STATUS_OK)
        world_fail(w, "bad landmarks are published");
    if (list.latest + 1 < w->landmark_count || list.latest >= WORLD_LANDMARKS_MAX)
        world_fail(w, "landmarks go back to %llu", (unsigned long long)list.latest);
    for (size_t i = 0; i < list.count; i++) {
        uint64_t number = list.latest - i;
        if (number < w->landmark_count &&
            (w->landmarks[number].tree_size != list.at[i].tree_size ||
             w->landmarks[number].expiry_s != list.at[i].expiry_s))
            world_fail(w, "landmark %llu has changed", (unsigned long long)number);
        w->landmarks[number] = list.at[i];
    }
    w->landmark_count = list.latest + 1;
}

static void watch_put(void *context, unsigned volume, const char *name, struct bytes value)
{
    if (volume == WORLD_PUBLIC && strcmp(name, "checkpoint") == 0)
        watch_checkpoint(context, value);
    if (volume == WORLD_PUBLIC && strcmp(name, "landmarks") == 0)
        watch_landmarks(context, value);
}

/* ---- the world ---- */

static int64_t now_ms(void *context)
{
    struct world *w = context;
    return is_ct(w) ? ++w->now_ms : w->now_ms;
}

static void bind(struct world *w)
{
    w->config.public_store = memory_disk_store(w->disk, WORLD_PUBLIC);
    w->config.private_store = memory_disk_store(w->disk, WORLD_PRIVATE);
    w->config.record = memory_disk_record(w->disk);
    w->config.clock = (struct clock_port){.context = w, .now_ms = now_ms};
    w->cosigners[0].context = w->cosigners[1].context = w;
    w->config.cosigners = w->cosigners + (is_ct(w) ? 1 : 0);
    w->config.cosigner_count = is_ct(w) ? 1 : 2;
    w->ct_signer.context = w;
    if (is_ct(w))
        w->config.tree_head_signer = &w->ct_signer;
    for (size_t i = 0; i < WORLD_MIRRORS; i++)
        w->externals[i].name = w->external_names[i];
    w->config.externals = w->externals;
    w->config.external_count = WORLD_MIRRORS;
    memory_disk_on_put(w->disk, watch_put, w);
}

struct world *world_new(const struct hash_alg *hash, const char *algorithm)
{
    struct world *w = calloc(1, sizeof *w);
    if (w == NULL)
        abort();
    make_keys(algorithm);
    w->disk = memory_disk_new();
    w->config.hash = hash;
    w->now_ms = START_MS;
    memset(w->ids, 0xff, sizeof w->ids);
    if (tai_parse_text(bytes_of_text("32473.1"), &w->cosigners[0].id, NULL) != STATUS_OK ||
        tai_parse_text(bytes_of_text("32473.5"), &w->cosigners[1].id, NULL) != STATUS_OK ||
        tai_log_id(&w->cosigners[0].id, 1, &w->config.log_id, NULL) != STATUS_OK)
        abort();
    for (size_t i = 0; i < 2; i++)
        w->cosigners[i].key = private_key_public(shared.keys[i]);
    for (size_t i = 0; i < WORLD_MIRRORS; i++) {
        struct log_external *e = &w->externals[i];
        if (tai_parse_text(bytes_of_text(i == 0 ? "32473.3" : "44363.9"), &e->id, NULL) != STATUS_OK)
            abort();
        tai_name(&e->id, w->external_names[i]);
        e->key = private_key_public(shared.keys[2 + i]);
        e->key_type = (enum note_key_type)public_key_alg(e->key)->note_type;
    }
    w->cosigners[0].sign = sign_ca;
    w->cosigners[1].sign = sign_other;
    bind(w);
    return w;
}

struct world *world_new_ct(const struct hash_alg *hash, const char *algorithm, bool cosigns_subtrees)
{
    struct world *w = world_new(hash, algorithm);
    w->config.log_id = (struct tai){.len = 0};
    w->config.origin = CT_ORIGIN;
    w->config.cosigns_subtrees = cosigns_subtrees;
    w->config.tree_head_signer = &w->ct_signer;
    w->ct_signer = (struct ct_signer){.key = w->cosigners[0].key, .sign_tree_head = sign_tree_head};
    w->now_ms = CT_START_MS;
    bind(w);
    return w;
}

struct world *world_copy(const struct world *from)
{
    struct world *w = malloc(sizeof *w);
    if (w == NULL)
        abort();
    *w = *from;
    w->disk = memory_disk_copy(from->disk);
    w->log = NULL;
    bind(w);
    return w;
}

void world_free(struct world *w)
{
    if (w == NULL)
        return;
    (void)log_close(w->log, NULL);
    memory_disk_free(w->disk);
    free(w);
}

/* ---- steps ---- */

enum status world_open(struct world *w, struct error *err)
{
    enum status status = log_open(&w->config, &w->log, err);
    if (status != STATUS_NOT_FOUND)
        return status;
    if (w->acknowledged_end > 0)
        world_fail(w, "the log has gone");
    status = log_create(&w->config, err);
    return status == STATUS_OK ? log_open(&w->config, &w->log, err) : status;
}

enum status world_close(struct world *w, struct error *err)
{
    enum status status = log_close(w->log, err);
    w->log = NULL;
    return status;
}

static void ct_entry(uint32_t id, uint64_t index, struct builder *out)
{
    uint8_t bytes[256], hash[HASH_SIZE] = {1}, chain[2 * HASH_SIZE] = {2}, extensions[8];
    struct builder written;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(id * 7 + i);
    builder_init_fixed(&written, extensions, sizeof extensions);
    struct bytes some = bytes_of(bytes, 1 + id * 37 % 255);
    struct leaf_tile tile = {.leaf = {.timestamp_ms = (uint64_t)START_MS + id}};
    enum status status = sct_write_leaf_index(index, &written, NULL);
    tile.leaf.extensions = builder_view(&written);
    tile.chain = bytes_of(chain, (1 + id % 2) * HASH_SIZE);
    tile.leaf.type = id % 3 == 0 ? LEAF_PRECERT : LEAF_X509;
    tile.leaf.certificate = tile.leaf.tbs = tile.pre_certificate = some;
    tile.leaf.issuer_key_hash = BYTES_OF(hash);
    if (status != STATUS_OK || leaf_tile_write(&tile, out, NULL) != STATUS_OK)
        abort();
}

void world_entry(const struct world *w, uint32_t id, uint64_t index, struct builder *out)
{
    if (is_ct(w)) {
        ct_entry(id, index, out);
        return;
    }
    log_entry_write_start(out, LOG_ENTRY_TBS_CERT);
    builder_u32(out, id);
    for (uint32_t i = 0; i < id * 37 % 60; i++)
        builder_u8(out, (uint8_t)(id * 7 + i));
}

static void acknowledge(struct world *w, uint64_t first, uint32_t id, size_t count)
{
    if (first < w->acknowledged_end)
        world_fail(w, "index %llu is given twice", (unsigned long long)first);
    if (first + count > WORLD_ENTRIES_MAX)
        world_fail(w, "too many entries");
    for (size_t i = 0; i < count; i++)
        w->ids[first + i] = id + (uint32_t)i;
    w->acknowledged_end = first + count;
}

enum status world_append(struct world *w, size_t count, struct error *err)
{
    static struct log_entry_input entries[BATCH_MAX];
    struct builder memory;
    uint64_t first;
    size_t offsets[BATCH_MAX + 1] = {0};
    uint32_t id = w->next_id;
    uint64_t size = log_state(w->log).size;
    builder_init(&memory, (size_t)1 << 20);
    for (size_t i = 0; i < count && i < BATCH_MAX; i++) {
        world_entry(w, id + (uint32_t)i, size + i, &memory);
        offsets[i + 1] = memory.len;
    }
    for (size_t i = 0; i < count && i < BATCH_MAX; i++) {
        entries[i].entry = bytes_of(memory.data + offsets[i], offsets[i + 1] - offsets[i]);
        entries[i].not_after_s = w->now_ms / 1000 + CERTIFICATE_S;
    }
    w->next_id += (uint32_t)count; /* used up, acknowledged or not */
    enum status status = log_append(w->log, entries, count, &first, err);
    if (status == STATUS_OK)
        acknowledge(w, first, id, count);
    builder_clear(&memory);
    return status;
}

void world_mirror_sign(struct world *w, size_t mirror, struct subtree subtree, const uint8_t hash[HASH_SIZE],
                       uint64_t timestamp_s, struct builder *out)
{
    char origin[TAI_NAME_SIZE] = CT_ORIGIN;
    struct error err = {.status = STATUS_OK};
    struct cosigner signer = local_key_cosigner(&w->externals[mirror].id, shared.keys[2 + mirror]);
    if (!is_ct(w))
        tai_name(&w->config.log_id, origin);
    struct cosigned_message m = {.cosigner_name = bytes_of_text(w->externals[mirror].name),
                                 .log_origin = bytes_of_text(origin),
                                 .timestamp = timestamp_s,
                                 .subtree = subtree};
    memcpy(m.hash, hash, HASH_SIZE);
    if (signer.sign(signer.context, &m, NULL, out, &err) != STATUS_OK)
        world_fail(w, "a mirror cannot sign: %s", err.text);
}

static enum status cosign_batch(struct world *w, size_t mirror, const struct log_batch *batch,
                                struct error *err)
{
    struct log_addition additions[2];
    struct builder signatures[2];
    size_t added;
    for (size_t i = 0; i < batch->subtree_count; i++) {
        const struct log_batch_subtree *s = &batch->subtrees[i];
        builder_init(&signatures[i], SIGNATURE_SIZE_MAX);
        world_mirror_sign(w, mirror, s->subtree, s->hash, 0, &signatures[i]);
        additions[i] = (struct log_addition){s->subtree, w->externals[mirror].id,
                                             builder_view(&signatures[i])};
    }
    enum status status =
        log_add_cosignatures(w->log, batch->start, additions, batch->subtree_count, &added, err);
    for (size_t i = 0; i < batch->subtree_count; i++)
        builder_clear(&signatures[i]);
    return status;
}

static enum status cosign_checkpoint(struct world *w, size_t mirror, struct error *err)
{
    struct log_state state = log_state(w->log);
    struct builder signature;
    size_t added;
    uint64_t now_s = (uint64_t)w->now_ms / 1000;
    builder_init(&signature, SIGNATURE_SIZE_MAX);
    world_mirror_sign(w, mirror, (struct subtree){0, state.size}, state.root, now_s, &signature);
    struct log_checkpoint_addition addition = {w->externals[mirror].name, now_s, builder_view(&signature)};
    enum status status = log_add_checkpoint_cosignatures(w->log, state.size, &addition, 1, &added, err);
    builder_clear(&signature);
    return status;
}

enum status world_cosign(struct world *w, size_t mirror, struct error *err)
{
    struct log_batch batch;
    if (!keeps_batches(w))
        return cosign_checkpoint(w, mirror, err);
    enum status status = log_batch_of(w->log, log_state(w->log).size - 1, &batch, err);
    if (status == STATUS_OK)
        status = cosign_batch(w, mirror, &batch, err);
    if (status == STATUS_OK && w->mirrored_count < WORLD_MIRRORED_MAX)
        w->mirrored[w->mirrored_count++] = (struct mirrored){batch.start, mirror};
    return status == STATUS_OK ? cosign_checkpoint(w, mirror, err) : status;
}

enum status world_landmark(struct world *w, struct error *err)
{
    bool is_new;
    if (is_ct(w))
        return log_refresh_checkpoint(w->log, err);
    enum status status = log_allocate_landmark(w->log, LIFETIME_S, &is_new, err);
    if (status == STATUS_OK && log_landmarks(w->log)->latest + 1 != w->landmark_count)
        world_fail(w, "a landmark was allocated, but is not published");
    return status;
}

enum status world_prune(struct world *w, struct error *err)
{
    uint64_t removed;
    if (is_ct(w))
        return log_prune_below(w->log, log_state(w->log).size / 2, &removed, err);
    return log_prune(w->log, 0, &removed, err);
}

static enum status freeze(struct world *w, struct error *err)
{
    enum status status = log_freeze(w->log, err);
    if (status == STATUS_OK) {
        w->is_closed = true;
        w->final_ms = log_tree_head(w->log)->timestamp_ms;
        status = world_close(w, err);
    }
    return status == STATUS_OK ? world_open(w, err) : status;
}

enum status world_close_for_good(struct world *w, struct error *err)
{
    if (is_ct(w))
        return freeze(w, err);
    enum status status = world_close(w, err);
    if (status == STATUS_OK)
        status = log_close_for_good(&w->config, err);
    w->is_closed = w->is_closed || status == STATUS_OK;
    return status == STATUS_OK ? world_open(w, err) : status;
}

/* ---- audit ---- */

static void report_problem(void *context, const char *text)
{
    world_fail(context, "fsck: %s", text);
}

static void audit_entries(struct world *w)
{
    struct error err = {.status = STATUS_OK};
    struct builder have, want;
    builder_init(&have, 65536);
    builder_init(&want, 65536);
    for (uint64_t i = log_state(w->log).min_index; i < w->acknowledged_end; i++) {
        if (w->ids[i] == WORLD_ID_UNKNOWN)
            continue;
        builder_reset(&have);
        builder_reset(&want);
        world_entry(w, w->ids[i], i, &want);
        if (log_read_entry(w->log, i, &have, &err) != STATUS_OK)
            world_fail(w, "acknowledged entry %llu: %s", (unsigned long long)i, err.text);
        if (!bytes_equal(builder_view(&have), builder_view(&want)))
            world_fail(w, "acknowledged entry %llu is another one", (unsigned long long)i);
    }
    builder_clear(&have);
    builder_clear(&want);
}

static void audit_checkpoints(struct world *w, struct hasher *h)
{
    struct error err = {.status = STATUS_OK};
    struct node_source source = log_node_source(w->log);
    struct log_state state = log_state(w->log);
    for (size_t i = 0; i < w->published_count; i++) {
        const struct statement *s = &w->published[i];
        uint8_t hash[HASH_SIZE];
        if (s->end > state.size)
            world_fail(w, "a checkpoint of %llu entries was published, the log has %llu",
                       (unsigned long long)s->end, (unsigned long long)state.size);
        if (s->end < state.min_index)
            continue;
        if (proof_subtree_hash(h, &source, (struct subtree){0, s->end}, hash, &err) != STATUS_OK)
            world_fail(w, "checkpoint of %llu: %s", (unsigned long long)s->end, err.text);
        if (memcmp(hash, s->hash, HASH_SIZE) != 0)
            world_fail(w, "the published checkpoint of %llu entries is no prefix of the log",
                       (unsigned long long)s->end);
    }
}

/* The leaf hash, made here from the entry. */
static void hash_leaf(const struct world *w, struct hasher *h, struct bytes entry, uint8_t out[HASH_SIZE])
{
    struct reader r;
    struct leaf_tile tile;
    if (!is_ct(w)) {
        node_leaf_hash(h, entry, out);
        return;
    }
    reader_init(&r, entry);
    if (leaf_tile_next(&r, &tile, NULL) != STATUS_OK)
        world_fail(w, "an entry is no TileLeaf");
    leaf_hash(h, tile.timestamped, out);
}

struct look {
    struct world *w;
    struct hasher *h;
    uint64_t next;
};

static enum status look_at(void *context, uint64_t index, const struct stored_leaf *leaf,
                           const uint8_t hash[HASH_SIZE], struct error *err)
{
    struct look *look = context;
    uint8_t want[HASH_SIZE];
    (void)err;
    hash_leaf(look->w, look->h, leaf->entry, want);
    if (index != look->next++ || memcmp(want, hash, HASH_SIZE) != 0)
        world_fail(look->w, "entry %llu is given with another hash, or out of order", (unsigned long long)index);
    return STATUS_OK;
}

static void audit_run(struct world *w, struct hasher *h)
{
    struct error err = {.status = STATUS_OK};
    struct log_state state = log_state(w->log);
    struct look look = {.w = w, .h = h, .next = state.min_index};
    if (log_read_entries(w->log, state.min_index, state.size, look_at, &look, &err) != STATUS_OK)
        world_fail(w, "reading all entries: %s", err.text);
    if (look.next != state.size)
        world_fail(w, "not all entries were read");
}

static void audit_tree_head(struct world *w)
{
    const struct log_tree_head *head = log_tree_head(w->log);
    struct log_state state = log_state(w->log);
    if (head->size != state.size || memcmp(head->root, state.root, HASH_SIZE) != 0 || head->signature_len == 0)
        world_fail(w, "the tree head is not that of the tree");
    if (head->timestamp_ms != w->head_ms)
        world_fail(w, "the tree head is not the one that was published last");
    if (w->final_ms != 0 && head->timestamp_ms != w->final_ms)
        world_fail(w, "the tree head is not the final one");
}

/* A certificate of this entry could be made: cosignatures over a subtree that its proof leads to. */
static void audit_certificate(struct world *w, struct hasher *h, uint64_t index)
{
    struct error err = {.status = STATUS_OK};
    struct node_source source = log_node_source(w->log);
    struct log_cosignature cosignatures[LOG_COSIGNERS_MAX];
    struct builder memory, entry, proof;
    struct subtree subtree;
    uint8_t leaf[HASH_SIZE], root[HASH_SIZE], want[HASH_SIZE];
    size_t count;
    builder_init(&memory, (size_t)1 << 20);
    builder_init(&entry, 65536);
    builder_init(&proof, 4096);
    enum status s = log_read_cosignatures(w->log, index, &subtree, &memory, cosignatures, &count, &err);
    s = s ? s : log_read_entry(w->log, index, &entry, &err);
    s = s ? s : proof_make_inclusion(h, &source, subtree, index, &proof, &err);
    hash_leaf(w, h, builder_view(&entry), leaf);
    s = s ? s : proof_evaluate_inclusion(h, subtree, index, leaf, builder_view(&proof), root, &err);
    if (s != STATUS_OK || count < w->config.cosigner_count)
        world_fail(w, "entry %llu has no certificate: %s", (unsigned long long)index, err.text);
    bool is_signed = false;
    for (size_t i = 0; i < w->statement_count; i++) {
        const struct statement *st = &w->statements[i];
        if (st->start == subtree.start && st->end == subtree.end) {
            memcpy(want, st->hash, HASH_SIZE);
            is_signed = memcmp(root, want, HASH_SIZE) == 0;
        }
    }
    if (!is_signed)
        world_fail(w, "the proof of entry %llu leads to a hash that was not signed",
                   (unsigned long long)index);
    builder_clear(&memory);
    builder_clear(&entry);
    builder_clear(&proof);
}

/* What was kept of a mirror's cosignatures is still there. */
static void audit_mirrored(struct world *w)
{
    struct log_batch batch;
    struct error err = {.status = STATUS_OK};
    for (size_t i = 0; i < w->mirrored_count; i++) {
        const struct mirrored *m = &w->mirrored[i];
        if (m->index < log_state(w->log).min_index)
            continue;
        if (log_batch_of(w->log, m->index, &batch, &err) != STATUS_OK)
            world_fail(w, "the batch of %llu: %s", (unsigned long long)m->index, err.text);
        for (size_t j = 0; j < batch.subtree_count; j++) {
            const struct log_batch_subtree *s = &batch.subtrees[j];
            bool is_there = false;
            for (size_t k = 0; k < s->cosigner_count; k++)
                is_there = is_there || tai_equal(&s->cosigners[k], &w->externals[m->mirror].id);
            if (!is_there)
                world_fail(w, "a cosignature of %s over the batch of %llu is lost",
                           w->externals[m->mirror].name, (unsigned long long)m->index);
        }
    }
}

void world_audit(struct world *w)
{
    struct log_fsck_report report;
    struct error err = {.status = STATUS_OK};
    struct hasher h;
    struct log_state state = log_state(w->log);
    if (state.size < w->acknowledged_end)
        world_fail(w, "%llu entries were acknowledged, the log has %llu",
                   (unsigned long long)w->acknowledged_end, (unsigned long long)state.size);
    if (w->is_closed && !state.is_closed)
        world_fail(w, "the log was closed for good and is open again");
    if (log_landmarks(w->log)->latest + 1 < w->landmark_count)
        world_fail(w, "a published landmark is lost");
    if (log_fsck(w->log, report_problem, NULL, w, &report, &err) != STATUS_OK)
        world_fail(w, "fsck: %s", err.text);
    if (hasher_init(&h, w->config.hash, &err) != STATUS_OK)
        world_fail(w, "%s", err.text);
    audit_entries(w);
    audit_mirrored(w);
    audit_checkpoints(w, &h);
    audit_run(w, &h);
    if (is_ct(w))
        audit_tree_head(w);
    if (keeps_batches(w) && w->acknowledged_end > state.min_index) {
        audit_certificate(w, &h, w->acknowledged_end - 1);
        audit_certificate(w, &h, state.min_index);
    }
    hasher_clear(&h);
}
