/* mirror_checks.h - what the mirror's tests share. */
#ifndef CATHAYA_TESTS_UNIT_SERVICE_MIRROR_MIRROR_CHECKS_H
#define CATHAYA_TESTS_UNIT_SERVICE_MIRROR_MIRROR_CHECKS_H

#include "unit/checks.h"

#include <stdio.h>

#include "codec/note/checkpoint_verify.h"
#include "fakes/mirror_world.h"

/* Everything that a test needs, opened. */
struct mirror_test {
    struct mirror_world *w;
    struct builder body, memory;
};

static inline void test_open(struct mirror_test *t, const struct hash_alg *hash,
                             enum world_algorithms which, bool has_witness)
{
    struct error err;
    t->w = mirror_world_new(hash, which, has_witness, 100);
    OK(mirror_world_open(t->w, &err));
    builder_init(&t->body, (size_t)1 << 24);
    builder_init(&t->memory, (size_t)1 << 24);
}

static inline void test_close(struct mirror_test *t)
{
    mirror_world_free(t->w);
    builder_clear(&t->body);
    builder_clear(&t->memory);
}

/* The same disk in a new process. */
static inline void test_reopen(struct mirror_test *t)
{
    struct error err;
    mirror_world_close(t->w);
    memory_disk_next_process(t->w->disk);
    OK(mirror_world_open(t->w, &err));
}

/* The object, or NULL when there is none. */
static inline bool test_object(struct mirror_test *t, unsigned volume, const char *name)
{
    struct object_store store = memory_disk_store(t->w->disk, volume);
    builder_reset(&t->memory);
    return store.get(store.context, name, &t->memory, NULL) == STATUS_OK;
}

static inline struct world_exchange *test_post(struct mirror_test *t, const char *path)
{
    assert_true(builder_is_good(&t->body));
    struct world_exchange *e = world_post(t->w, path, builder_view(&t->body), 777);
    builder_reset(&t->body);
    return e;
}

static inline int test_status(struct mirror_test *t, const char *path)
{
    struct world_exchange *e = test_post(t, path);
    int status = e->status;
    world_exchange_free(e);
    return status;
}

static inline int test_add_checkpoint(struct mirror_test *t, unsigned fork, uint64_t old_size,
                                      uint64_t size)
{
    mirror_world_add_checkpoint(t->w, fork, old_size, size, &t->body);
    return test_status(t, "/add-checkpoint");
}

static inline int test_add_entries(struct mirror_test *t, unsigned fork, uint64_t start,
                                   uint64_t end, uint64_t packages)
{
    mirror_world_add_entries(t->w, fork, start, end, packages, &t->body);
    return test_status(t, "/add-entries");
}

/* Is this the note of a checkpoint of that size and history with a signature of the cosigner? */
static inline void assert_signed(struct mirror_test *t, struct bytes text, unsigned fork,
                                 uint64_t size, const struct mirror_cosigner *c)
{
    struct note note;
    struct checkpoint checkpoint;
    uint8_t root[HASH_SIZE];
    struct error err;
    OK(note_parse(text, &note, &err));
    OK(checkpoint_parse(note.text, &checkpoint, &err));
    assert_int_equal(checkpoint.size, size);
    mirror_world_root(t->w, fork, size, root);
    assert_memory_equal(checkpoint.root, root, HASH_SIZE);
    struct checkpoint_verifier v = {
        .name = bytes_of_text(c->name), .type = c->type, .key = c->key};
    OK(checkpoint_verify(&note, &checkpoint, &v, &err));
}

/* The signature lines of an answer, over a checkpoint of that size. */
static inline void assert_lines(struct mirror_test *t, const struct world_exchange *e, unsigned fork,
                                uint64_t size, const struct mirror_cosigner *c)
{
    struct builder whole;
    builder_init(&whole, NOTE_SIZE_MAX);
    mirror_world_note(t->w, fork, size, &whole);
    builder_bytes(&whole, builder_view(&e->body));
    assert_signed(t, builder_view(&whole), fork, size, c);
    builder_clear(&whole);
}

static inline int end_keys(void **state)
{
    (void)state;
    mirror_world_end_keys();
    return 0;
}

#endif
