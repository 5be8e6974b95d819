/* test_publisher_power.c - power cuts and failing calls at every mutating call of a distributor's life.
 *
 * Three builds: the first, one with a new landmark, one that names new keys. For each call of them the process ends there; then the
 * power goes, or not, and what was not synced is lost in many ways; then the state is opened again, and builds go on. Somebody
 * looks at every file at the moment when it is put, and a client takes what is published: nobody ever sees two contents of a
 * version, or two trees of a size, and what was published is taken back by nothing. */
#include "unit/service/trust_publisher/publisher_world.h"

#include <stdio.h>

#include "codec/note/checkpoint.h"
#include "codec/note/note.h"

#define SECOND "2\n1300 1795824100\n700 1795824000\n0 0\n"
#define VERSIONS_MAX 16

struct loss {
    bool is_cut; /* false: the process alone ended */
    enum memory_loss loss;
    uint64_t choice;
};

static const struct loss losses[] = {{.is_cut = false},
                                     {true, MEMORY_LOSE_ALL, 0},
                                     {true, MEMORY_KEEP_ALL, 0},
                                     {true, MEMORY_TEAR_ALL, 0},
                                     {true, MEMORY_LOSE_SOME, 1},
                                     {true, MEMORY_LOSE_SOME, 2},
                                     {true, MEMORY_LOSE_ONE, 0},
                                     {true, MEMORY_KEEP_ONE, 0}};

/* All that anybody may have seen in one history. */
static struct {
    struct builder contents[VERSIONS_MAX];
    bool has_root[VERSIONS_MAX];
    uint8_t roots[VERSIONS_MAX][HASH_SIZE];
} seen;
static struct error err;

static void forget(void)
{
    for (size_t i = 0; i < VERSIONS_MAX; i++) {
        builder_clear(&seen.contents[i]);
        builder_init(&seen.contents[i], TRUST_BUNDLE_SIZE_MAX);
        seen.has_root[i] = false;
    }
}

static void see_bundle(struct bytes file)
{
    struct trust_envelope envelope;
    struct trust_bundle bundle;
    OK(trust_envelope_parse(file, &envelope, &err));
    trust_bundle_init(&bundle);
    OK(trust_bundle_parse(envelope.contents, &bundle, &err));
    assert_true(bundle.version < VERSIONS_MAX);
    struct builder *before = &seen.contents[bundle.version];
    if (before->len > 0)
        assert_bytes(envelope.contents, builder_view(before));
    else
        builder_bytes(before, envelope.contents);
    trust_bundle_clear(&bundle);
}

static void see_checkpoint(struct bytes file)
{
    static struct note note;
    struct checkpoint checkpoint;
    OK(note_parse(file, &note, &err));
    OK(checkpoint_parse(note.text, &checkpoint, &err));
    assert_true(checkpoint.size < VERSIONS_MAX);
    if (seen.has_root[checkpoint.size])
        assert_memory_equal(checkpoint.root, seen.roots[checkpoint.size], HASH_SIZE);
    seen.has_root[checkpoint.size] = true;
    memcpy(seen.roots[checkpoint.size], checkpoint.root, HASH_SIZE);
}

static void on_put(void *context, unsigned volume, const char *name, struct bytes value)
{
    (void)context;
    if (volume == PUBLISHER_PUBLISHED && (strncmp(name, "bundles/", 8) == 0 || strcmp(name, "bundle") == 0))
        see_bundle(value);
    if (volume == PUBLISHER_LOG && strcmp(name, "checkpoint") == 0)
        see_checkpoint(value);
}

static struct publisher_world *new_world(void)
{
    struct publisher_world *w = publisher_world_new();
    w->config.signer_count = w->config.log_signer_count = 4;
    memory_disk_on_put(w->disk, on_put, NULL);
    forget();
    return w;
}

/* Builds until one fails: how many have succeeded. */
static unsigned play(struct publisher_world *w)
{
    unsigned done = 0;
    if (publisher_world_open(w, &err) != STATUS_OK)
        return 0;
    for (; done < 3; done++) {
        if (done == 1) {
            w->net->sites[0].size = 1500;
            w->net->sites[0].list = SECOND;
        }
        if (done == 2)
            publisher_world_name_keys(w, 1);
        if (publisher_world_build(w) != STATUS_OK)
            break;
        publisher_world_take(w);
        fake_timer_advance(w->net->timer, 1000);
    }
    return done;
}

static void go_on(struct publisher_world *w, unsigned done, const char *label)
{
    if (publisher_world_open(w, &err) != STATUS_OK)
        fail_msg("%s: opening: %s", label, err.text);
    publisher_world_take(w);
    if (w->client.version < done)
        fail_msg("%s: %u versions were published, and the client finds %llu", label, done, (unsigned long long)w->client.version);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t before = w->client.version;
        fake_timer_advance(w->net->timer, 1000);
        if (publisher_world_build(w) != STATUS_OK)
            fail_msg("%s: building: %s", label, w->error.text);
        publisher_world_take(w);
        if (w->client.version != before + 1)
            fail_msg("%s: version %llu after %llu", label, (unsigned long long)w->client.version, (unsigned long long)before);
    }
}

static void try_one(uint64_t operation, enum memory_fault fault, const struct loss *loss)
{
    char label[80];
    struct publisher_world *w = new_world();
    (void)snprintf(label, sizeof label, "call %llu, fault %d, loss %d %d %llu", (unsigned long long)operation, (int)fault, loss->is_cut,
                   (int)loss->loss, (unsigned long long)loss->choice);
    memory_disk_set_fault(w->disk, operation, fault);
    unsigned done = play(w);
    publisher_world_close(w);
    memory_disk_set_fault(w->disk, UINT64_MAX, MEMORY_FAULT_NONE);
    if (loss->is_cut)
        memory_disk_cut_power(w->disk, loss->loss, loss->choice);
    else
        memory_disk_next_process(w->disk);
    go_on(w, done, label);
    publisher_world_free(w);
}

static void every_call_may_be_the_last(void **state)
{
    (void)state;
    struct publisher_world *w = new_world();
    assert_int_equal(play(w), 3);
    uint64_t count = memory_disk_operations(w->disk);
    publisher_world_free(w);
    assert_true(count > 30);
    for (uint64_t i = 0; i < count; i++) {
        try_one(i, MEMORY_FAULT_NOT_DONE, &losses[i % 2]);
        try_one(i, MEMORY_FAULT_DONE, &losses[i % 2]);
        for (size_t k = 0; k < LENGTH(losses); k++)
            if (k < 2 || (i + k) % 3 == 0)
                try_one(i, MEMORY_FAULT_CRASH, &losses[k]);
    }
    for (size_t i = 0; i < VERSIONS_MAX; i++)
        builder_clear(&seen.contents[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_call_may_be_the_last)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mirror_world_end_keys();
    return failed;
}
