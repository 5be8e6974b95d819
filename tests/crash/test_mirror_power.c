/* test_mirror_power.c - power cuts and failing calls at every mutating call of a mirror's life.
 *
 * For each call of a few updates, the process ends there; then the power goes and what was not synced is lost in
 * many ways; then the mirror is opened, and asked about everything that it has ever signed: it has the entries
 * of every checkpoint that it cosigned, never signs a second root for a size, and goes on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "codec/note/checkpoint_verify.h"
#include "fakes/mirror_world.h"
#include "merkle/node.h"
#include "merkle/tile.h"

static const uint64_t sizes[] = {3, 250, 256, 600, 1100, 1300};
#define STEPS (sizeof sizes / sizeof sizes[0])

struct promise {
    uint64_t witnessed, mirrored; /* the largest sizes that were answered with 200 */
};

static const char *label = "";

_Noreturn static void fail(const char *what)
{
    (void)fprintf(stderr, "%s: %s\n", label, what);
    exit(1);
}

static uint64_t pending_size(struct mirror_world *w)
{
    struct builder body;
    builder_init(&body, 1 << 20);
    mirror_world_add_checkpoint(w, 0, 2599, 2600, &body);
    struct world_exchange *e = world_post(w, "/add-checkpoint", builder_view(&body), 4096);
    uint64_t size = 0;
    if (e->status != 409 ||
        !text_parse_u64(bytes_of(e->body.data, e->body.len - 1), UINT64_MAX, &size))
        fail("no pending size is said");
    world_exchange_free(e);
    builder_clear(&body);
    return size;
}

/* One step: false when it failed. What was promised is remembered. */
static bool take(struct mirror_world *w, uint64_t size, struct promise *promise)
{
    struct builder body;
    builder_init(&body, (size_t)1 << 20);
    uint64_t old = pending_size(w);
    bool is_good = true;
    if (old < size) {
        mirror_world_add_checkpoint(w, 0, old, size, &body);
        is_good = world_post_status(w, "/add-checkpoint", &body) == 200;
        if (is_good)
            promise->witnessed = size;
        builder_reset(&body);
    }
    if (is_good) {
        mirror_world_add_entries(w, 0, promise->mirrored, size, UINT64_MAX, &body);
        is_good = world_post_status(w, "/add-entries", &body) == 200;
        if (is_good)
            promise->mirrored = size;
    }
    builder_clear(&body);
    return is_good;
}

static bool get(struct mirror_world *w, unsigned volume, const char *name, struct builder *out)
{
    struct object_store store = memory_disk_store(w->disk, volume);
    builder_reset(out);
    return store.get(store.context, name, out, NULL) == STATUS_OK;
}

/* The entries [0, size) are there as bundles, full or partial, and are the log's. */
static void check_entries(struct mirror_world *w, uint64_t size)
{
    struct builder bundle, entry;
    builder_init(&bundle, (size_t)1 << 20);
    builder_init(&entry, 1024);
    for (uint64_t n = 0; n < tile_count(size, 0); n++) {
        struct tile tile = {.is_entries = true, .index = n, .width = tile_width(size, 0, n)};
        char path[TILE_PATH_SIZE];
        tile_path(&tile, path);
        if (!get(w, WORLD_TILES, path, &bundle)) {
            tile.width = TILE_WIDTH;
            tile_path(&tile, path);
            if (!get(w, WORLD_TILES, path, &bundle))
                fail("entries that were cosigned are gone");
        }
        struct entry_bundle parsed;
        if (entry_bundle_parse(builder_view(&bundle), tile.width, &parsed, NULL) != STATUS_OK)
            fail("a bundle is torn");
        for (uint64_t i = 0; i < parsed.count && n * TILE_WIDTH + i < size; i++) {
            builder_reset(&entry);
            mirror_world_entry(0, n * TILE_WIDTH + i, &entry);
            if (!bytes_equal(builder_view(&entry), parsed.entries[i]))
                fail("an entry is another one");
        }
    }
    builder_clear(&bundle);
    builder_clear(&entry);
}

/* What is served is signed by us and of the log's one history, and as new as was promised. */
static void check_served(struct mirror_world *w, unsigned volume, unsigned cosigner,
                         uint64_t at_least)
{
    struct builder text;
    struct note note;
    struct checkpoint checkpoint;
    uint8_t root[HASH_SIZE];
    builder_init(&text, NOTE_SIZE_MAX);
    if (!get(w, volume, "checkpoint", &text)) {
        if (at_least > 0)
            fail("no checkpoint is served");
    } else {
        const struct mirror_cosigner *c = &w->cosigners[cosigner];
        struct checkpoint_verifier v = {
            .name = bytes_of_text(c->name), .type = c->type, .key = c->key};
        if (note_parse(builder_view(&text), &note, NULL) != STATUS_OK ||
            checkpoint_parse(note.text, &checkpoint, NULL) != STATUS_OK ||
            checkpoint_verify(&note, &checkpoint, &v, NULL) != STATUS_OK)
            fail("what is served is not our checkpoint");
        mirror_world_root(w, 0, checkpoint.size, root);
        if (memcmp(root, checkpoint.root, HASH_SIZE) != 0)
            fail("what is served is of another history");
        if (checkpoint.size < at_least)
            fail("what is served is older than what was promised");
        if (volume == WORLD_TILES)
            check_entries(w, checkpoint.size);
    }
    builder_clear(&text);
}

static void check_and_go_on(struct mirror_world *w, struct promise promise)
{
    struct error err;
    if (mirror_world_open(w, &err) != STATUS_OK)
        fail(err.text);
    check_served(w, WORLD_TILES, 0, promise.mirrored);
    check_served(w, WORLD_WITNESS, 1, promise.witnessed);
    if (pending_size(w) < promise.witnessed)
        fail("a pending checkpoint was forgotten");
    /* The other history, different from entry 100 on, has no chance once more than that was seen. */
    if (promise.witnessed > 100) {
        struct builder body;
        builder_init(&body, (size_t)1 << 20);
        uint64_t old = pending_size(w);
        mirror_world_add_checkpoint(w, 1, old, 2600, &body);
        if (world_post_status(w, "/add-checkpoint", &body) != 422)
            fail("a second history was taken");
        builder_clear(&body);
    }
    for (size_t i = 0; i < STEPS; i++)
        if (sizes[i] > promise.mirrored && sizes[i] >= pending_size(w) && !take(w, sizes[i], &promise))
            fail("an update after the crash");
    mirror_world_close(w);
    if (mirror_world_open(w, &err) != STATUS_OK)
        fail(err.text);
    check_served(w, WORLD_TILES, 0, sizes[STEPS - 1]);
    mirror_world_close(w);
}

static void try_loss(const struct mirror_world *crashed, struct promise promise,
                     enum memory_loss loss, uint64_t choice)
{
    struct mirror_world *w = mirror_world_copy(crashed);
    memory_disk_cut_power(w->disk, loss, choice);
    check_and_go_on(w, promise);
    mirror_world_free(w);
}

/* Killed, the next process goes on, and only then the power goes. */
static void try_kill_then_cut(const struct mirror_world *crashed, struct promise promise)
{
    struct error err;
    struct mirror_world *w = mirror_world_copy(crashed);
    memory_disk_next_process(w->disk);
    if (mirror_world_open(w, &err) != STATUS_OK)
        fail(err.text);
    for (size_t i = 0; i < STEPS; i++)
        if (sizes[i] > promise.mirrored && sizes[i] >= pending_size(w)) {
            if (!take(w, sizes[i], &promise))
                fail("an update after the kill");
            break;
        }
    mirror_world_close(w);
    memory_disk_cut_power(w->disk, MEMORY_LOSE_ALL, 0);
    check_and_go_on(w, promise);
    mirror_world_free(w);
}

/* The world as it is when call `at` of its life has the fault; false: there is no such call. */
static bool crash_at(const struct mirror_world *fresh, uint64_t at, enum memory_fault fault,
                     uint64_t *recoveries)
{
    char text[96];
    struct promise promise = {0, 0};
    struct error err;
    struct mirror_world *w = mirror_world_copy(fresh);
    (void)snprintf(text, sizeof text, "call %llu, fault %d", (unsigned long long)at, (int)fault);
    label = text;
    memory_disk_set_fault(w->disk, at, fault);
    bool is_good = mirror_world_open(w, &err) == STATUS_OK;
    for (size_t i = 0; i < STEPS && is_good; i++)
        is_good = take(w, sizes[i], &promise);
    bool has_happened = memory_disk_operations(w->disk) > at;
    if (!is_good && w->mirror != NULL && fault != MEMORY_FAULT_CRASH && mirror_is_ready(w->mirror))
        fail("a failure was not noticed");
    mirror_world_close(w);
    memory_disk_set_fault(w->disk, UINT64_MAX, MEMORY_FAULT_NONE);
    if (has_happened) {
        uint64_t changed = memory_disk_changed_count(w->disk);
        try_loss(w, promise, MEMORY_LOSE_ALL, 0);
        try_loss(w, promise, MEMORY_KEEP_ALL, 0);
        try_loss(w, promise, MEMORY_TEAR_ALL, 0);
        for (uint64_t i = 0; i < changed && i < 12; i++) {
            try_loss(w, promise, MEMORY_LOSE_ONE, i);
            try_loss(w, promise, MEMORY_TEAR_ONE, i);
            try_loss(w, promise, MEMORY_KEEP_ONE, i);
        }
        for (uint64_t seed = 0; seed < 4; seed++)
            try_loss(w, promise, MEMORY_LOSE_SOME, at * 16 + seed);
        try_kill_then_cut(w, promise);
        *recoveries += 8 + 3 * (changed < 12 ? changed : 12);
    }
    mirror_world_free(w);
    return has_happened;
}

int main(void)
{
    struct mirror_world *fresh = mirror_world_new(&hash_sm3, WORLD_FAST, true, 100);
    uint64_t calls = 0, recoveries = 0;
    while (crash_at(fresh, calls, MEMORY_FAULT_CRASH, &recoveries)) {
        (void)crash_at(fresh, calls, MEMORY_FAULT_NOT_DONE, &recoveries);
        (void)crash_at(fresh, calls, MEMORY_FAULT_DONE, &recoveries);
        calls++;
    }
    (void)printf("a mirror's life: %llu calls, %llu recoveries, all right\n",
                 (unsigned long long)calls, (unsigned long long)recoveries);
    mirror_world_free(fresh);
    mirror_world_end_keys();
    return calls > 50 ? 0 : 1;
}
