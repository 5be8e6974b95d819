#include "unit/service/mirror/mirror_checks.h"

#include "merkle/node.h"
#include "merkle/tile.h"
#include "service/mirror/mirror_record.h"

/* add-entries: every answer of C2SP tlog-mirror, and what is on disk afterwards. */

static void assert_info(struct world_exchange *e, int status, uint64_t tree_size, uint64_t next)
{
    struct builder memory;
    struct mirror_info info;
    struct error err;
    assert_int_equal(e->status, status);
    assert_string_equal(e->content_type, MIRROR_INFO_CONTENT_TYPE);
    builder_init(&memory, 1024);
    OK(mirror_info_parse(builder_view(&e->body), &memory, &info, &err));
    assert_int_equal(info.tree_size, tree_size);
    assert_int_equal(info.next_entry, next);
    builder_clear(&memory);
    world_exchange_free(e);
}

/* All tiles and bundles of a tree of this size are there and right, partial ones too. */
static void assert_stored(struct mirror_test *t, unsigned fork, uint64_t size)
{
    char path[TILE_PATH_SIZE];
    struct builder want;
    builder_init(&want, (size_t)1 << 24);
    for (unsigned level = 0; size >> (8 * level) != 0; level++)
        for (uint64_t n = 0; n < tile_count(size, level); n++) {
            struct tile tile = {.level = level, .index = n, .width = tile_width(size, level, n)};
            tile_path(&tile, path);
            if (!test_object(t, WORLD_TILES, path))
                fail_msg("%s is missing", path);
            builder_reset(&want);
            for (uint64_t i = 0; i < tile.width; i++)
                builder_bytes(&want, bytes_of(t->w->nodes[fork][8 * level][n * 256 + i], HASH_SIZE));
            assert_bytes(builder_view(&t->memory), builder_view(&want));
        }
    for (uint64_t n = 0; n < tile_count(size, 0); n++) {
        struct tile tile = {.is_entries = true, .index = n, .width = tile_width(size, 0, n)};
        struct builder entry;
        tile_path(&tile, path);
        assert_true(test_object(t, WORLD_TILES, path));
        builder_reset(&want);
        builder_init(&entry, 1024);
        for (uint64_t i = n * 256; i < n * 256 + tile.width; i++) {
            builder_reset(&entry);
            mirror_world_entry(i < t->w->fork_point ? 0 : fork, i, &entry);
            entry_bundle_append(&want, builder_view(&entry));
        }
        builder_clear(&entry);
        assert_bytes(builder_view(&t->memory), builder_view(&want));
    }
    builder_clear(&want);
}

static void assert_serves(struct mirror_test *t, unsigned fork, uint64_t size)
{
    assert_true(test_object(t, WORLD_TILES, "checkpoint"));
    struct bytes copy = heap_copy(builder_view(&t->memory));
    assert_signed(t, copy, fork, size, &t->w->cosigners[0]);
    heap_free(copy);
}

static void run_growth(const struct hash_alg *hash, enum world_algorithms which)
{
    static const uint64_t sizes[] = {1, 2, 255, 256, 257, 600, 1200, 1536, 2600};
    struct mirror_test t;
    uint64_t size = 0;
    test_open(&t, hash, which, true);
    for (size_t i = 0; i < LENGTH(sizes); size = sizes[i++]) {
        assert_int_equal(test_add_checkpoint(&t, 0, size, sizes[i]), 200);
        mirror_world_add_entries(t.w, 0, size, sizes[i], UINT64_MAX, &t.body);
        struct world_exchange *e = test_post(&t, "/add-entries");
        assert_int_equal(e->status, 200);
        assert_non_null(strstr((char *)e->headers.data, "Accept-Encoding: gzip"));
        assert_lines(&t, e, 0, sizes[i], &t.w->cosigners[0]);
        assert_null(strstr((char *)e->body.data, WORLD_WITNESS_NAME " "));
        world_exchange_free(e);
        assert_serves(&t, 0, sizes[i]);
        assert_stored(&t, 0, sizes[i]);
        if (i % 3 == 1)
            test_reopen(&t);
    }
    /* Again, and nothing at all: the same answer. */
    assert_int_equal(test_add_entries(&t, 0, 2600, 2600, 0), 200);
    assert_int_equal(test_add_entries(&t, 0, 1200, 2600, UINT64_MAX), 200);
    test_close(&t);
}

static void a_log_is_mirrored(void **state)
{
    (void)state;
    run_growth(&hash_sm3, WORLD_FAST);
    run_growth(&hash_sha256, WORLD_FAST);
    run_growth(&hash_sm3, WORLD_MIXED);
}

static void an_empty_log_is_mirrored(void **state)
{
    (void)state;
    struct mirror_test t;
    test_open(&t, &hash_sm3, WORLD_FAST, true);
    assert_int_equal(test_add_checkpoint(&t, 0, 0, 0), 200);
    assert_int_equal(test_add_entries(&t, 0, 0, 0, 0), 200);
    assert_serves(&t, 0, 0);
    test_reopen(&t);
    assert_serves(&t, 0, 0);
    test_close(&t);
}

static void parts_are_accepted(void **state)
{
    (void)state;
    struct mirror_test t;
    test_open(&t, &hash_sm3, WORLD_FAST, true);
    assert_int_equal(test_add_checkpoint(&t, 0, 0, 1000), 200);
    mirror_world_add_entries(t.w, 0, 0, 1000, 2, &t.body);
    assert_info(test_post(&t, "/add-entries"), 202, 1000, 512);
    assert_false(test_object(&t, WORLD_TILES, "checkpoint"));
    /* A part of a package more is dropped. */
    mirror_world_add_entries(t.w, 0, 512, 1000, 2, &t.body);
    t.body.len -= 40;
    assert_info(test_post(&t, "/add-entries"), 202, 1000, 768);
    /* What was accepted is durable. */
    mirror_world_close(t.w);
    memory_disk_cut_power(t.w->disk, MEMORY_LOSE_ALL, 0);
    struct error err;
    OK(mirror_world_open(t.w, &err));
    mirror_world_add_entries(t.w, 0, 900, 1000, 2, &t.body);
    assert_info(test_post(&t, "/add-entries"), 409, 1000, 768);
    assert_int_equal(test_add_entries(&t, 0, 700, 1000, 2), 200);
    assert_stored(&t, 0, 1000);
    test_close(&t);
}

static void nothing_whole_is_400(void **state)
{
    (void)state;
    struct mirror_test t;
    test_open(&t, &hash_sm3, WORLD_FAST, true);
    assert_int_equal(test_add_checkpoint(&t, 0, 0, 300), 200);
    assert_int_equal(test_add_entries(&t, 0, 0, 300, 0), 400);
    mirror_world_add_entries(t.w, 0, 0, 300, 1, &t.body);
    t.body.len--;
    assert_int_equal(test_status(&t, "/add-entries"), 400);
    assert_int_equal(test_status(&t, "/add-entries"), 400);
    mirror_world_add_entries(t.w, 0, 0, 300, 0, &t.body);
    t.body.len--;
    assert_int_equal(test_status(&t, "/add-entries"), 400);
    mirror_world_add_entries(t.w, 0, 299, 300, 0, &t.body);
    t.body.data[2 + strlen(WORLD_ORIGIN)] = 1; /* starts after its end */
    assert_int_equal(test_status(&t, "/add-entries"), 400);
    assert_int_equal(test_add_entries(&t, 0, 0, 300, 2), 200);
    test_close(&t);
}

static void the_header_decides(void **state)
{
    (void)state;
    struct mirror_test t;
    test_open(&t, &hash_sm3, WORLD_FAST, true);
    assert_int_equal(test_add_entries(&t, 0, 0, 300, 2), 422); /* never a checkpoint */
    assert_int_equal(test_add_checkpoint(&t, 0, 0, 300), 200);
    mirror_world_add_entries(t.w, 0, 0, 300, 2, &t.body);
    t.body.data[5]++;
    assert_int_equal(test_status(&t, "/add-entries"), 404);
    mirror_world_add_entries(t.w, 0, 0, 200, 2, &t.body); /* never pending */
    assert_info(test_post(&t, "/add-entries"), 409, 300, 0);
    mirror_world_add_entries(t.w, 0, 1, 300, 2, &t.body); /* a gap */
    assert_info(test_post(&t, "/add-entries"), 409, 300, 0);
    assert_int_equal(test_add_entries(&t, 0, 0, 300, 2), 200);
    assert_int_equal(test_add_checkpoint(&t, 0, 300, 400), 200);
    assert_int_equal(test_add_entries(&t, 0, 300, 400, 2), 200);
    mirror_world_add_entries(t.w, 0, 0, 300, 2, &t.body); /* before the mirror checkpoint */
    assert_info(test_post(&t, "/add-entries"), 409, 400, 400);
    test_close(&t);
}

/* Older pending checkpoints are still good, until there were many. */
static void recent_checkpoints_are_remembered(void **state)
{
    (void)state;
    struct mirror_test t;
    test_open(&t, &hash_sm3, WORLD_FAST, true);
    for (uint64_t i = 0; i <= MIRROR_RECENT_MAX; i++)
        assert_int_equal(test_add_checkpoint(&t, 0, i * 10, i * 10 + 10), 200);
    mirror_world_add_entries(t.w, 0, 0, 10, 1, &t.body);
    assert_info(test_post(&t, "/add-entries"), 409, MIRROR_RECENT_MAX * 10 + 10, 0);
    assert_int_equal(test_add_entries(&t, 0, 0, 20, 1), 200);
    assert_serves(&t, 0, 20);
    assert_int_equal(test_add_entries(&t, 0, 20, 50, 1), 200);
    assert_serves(&t, 0, 50);
    assert_int_equal(test_add_checkpoint(&t, 0, MIRROR_RECENT_MAX * 10 + 10, 500), 200);
    assert_int_equal(test_add_entries(&t, 0, 50, 500, 2), 200);
    assert_stored(&t, 0, 500);
    test_close(&t);
}

/* An upload to an older checkpoint ends after more was stored: its tree is all there, too. */
static void an_older_upload_ends_later(void **state)
{
    (void)state;
    struct mirror_test t;
    test_open(&t, &hash_sm3, WORLD_FAST, true);
    assert_int_equal(test_add_checkpoint(&t, 0, 0, 560), 200);
    assert_int_equal(test_add_checkpoint(&t, 0, 560, 900), 200);
    assert_int_equal(test_add_entries(&t, 0, 0, 900, 3), 202); /* to 768 */
    assert_int_equal(test_add_entries(&t, 0, 512, 560, 1), 200);
    assert_serves(&t, 0, 560);
    assert_int_equal(test_add_entries(&t, 0, 768, 900, 1), 200);
    assert_stored(&t, 0, 900);
    /* And inside the newest tile. */
    assert_int_equal(test_add_checkpoint(&t, 0, 900, 910), 200);
    assert_int_equal(test_add_checkpoint(&t, 0, 910, 1500), 200);
    struct builder part;
    builder_init(&part, (size_t)1 << 20);
    mirror_world_add_entries(t.w, 0, 900, 1500, 1, &part); /* to 1024 */
    struct world_exchange *e = world_start(t.w, "/add-entries", bytes_of(NULL, 0));
    assert_true(world_piece(e, builder_view(&part)));
    world_run(t.w);
    assert_int_equal(test_add_entries(&t, 0, 900, 910, 1), 200);
    assert_serves(&t, 0, 910);
    world_end_body(e);
    world_run(t.w);
    assert_info(e, 202, 1500, 1024);
    builder_clear(&part);
    test_close(&t);
}

static void wrong_entries_are_422(void **state)
{
    (void)state;
    struct mirror_test t;
    test_open(&t, &hash_sm3, WORLD_FAST, true);
    assert_int_equal(test_add_checkpoint(&t, 0, 0, 1000), 200);
    assert_int_equal(test_add_entries(&t, 1, 0, 1000, 4), 422); /* another history */
    mirror_world_add_entries(t.w, 0, 0, 1000, 4, &t.body);
    t.body.data[t.body.len - 1] ^= 1; /* the last proof */
    assert_int_equal(test_status(&t, "/add-entries"), 422);
    assert_int_equal(test_add_entries(&t, 0, 768, 1000, 4), 200); /* the first three are there */
    assert_stored(&t, 0, 1000);
    /* What is stored already must be right, too. */
    assert_int_equal(test_add_checkpoint(&t, 0, 1000, 1300), 200);
    assert_int_equal(test_add_entries(&t, 1, 700, 1300, 4), 422);
    assert_int_equal(test_add_entries(&t, 0, 700, 1300, 4), 200);
    test_close(&t);
}

static void a_proof_has_at_most_63_hashes(void **state)
{
    (void)state;
    struct mirror_test t;
    test_open(&t, &hash_sm3, WORLD_FAST, true);
    assert_int_equal(test_add_checkpoint(&t, 0, 0, 1), 200);
    mirror_world_add_entries(t.w, 0, 0, 1, 1, &t.body);
    t.body.data[t.body.len - 1] = 64; /* the number of hashes */
    for (int i = 0; i < 64 * HASH_SIZE; i++)
        builder_u8(&t.body, 0);
    assert_int_equal(test_status(&t, "/add-entries"), 400);
    test_close(&t);
}

/* Several at once, one of which stops in the middle. */
static void uploads_do_not_wait_for_each_other(void **state)
{
    (void)state;
    struct mirror_test t;
    struct builder bodies[3];
    struct world_exchange *e[3];
    test_open(&t, &hash_sm3, WORLD_FAST, true);
    assert_int_equal(test_add_checkpoint(&t, 0, 0, 1000), 200);
    for (size_t i = 0; i < 3; i++) {
        builder_init(&bodies[i], (size_t)1 << 20);
        mirror_world_add_entries(t.w, 0, 0, 1000, 4, &bodies[i]);
        e[i] = world_start(t.w, "/add-entries", bytes_of(NULL, 0));
    }
    assert_true(world_piece(e[0], bytes_of(bodies[0].data, 9)));
    for (size_t at = 0; at < bodies[1].len; at += 1000)
        for (size_t i = 1; i < 3; i++) {
            size_t len = bodies[i].len - at < 1000 ? bodies[i].len - at : 1000;
            assert_true(world_piece(e[i], bytes_of(bodies[i].data + at, len)));
            if (at % 3000 == 0)
                world_run(t.w);
        }
    world_end_body(e[1]);
    world_end_body(e[2]);
    world_run(t.w);
    assert_int_equal(e[1]->status, 200);
    assert_int_equal(e[2]->status, 200);
    assert_false(e[0]->is_sent);
    assert_true(world_piece(e[0], bytes_of(bodies[0].data + 9, bodies[0].len - 9)));
    world_end_body(e[0]);
    world_run(t.w);
    assert_int_equal(e[0]->status, 200);
    for (size_t i = 0; i < 3; i++) {
        builder_clear(&bodies[i]);
        world_exchange_free(e[i]);
    }
    assert_stored(&t, 0, 1000);
    test_close(&t);
}

static void uploads_are_limited(void **state)
{
    (void)state;
    struct mirror_test t;
    struct world_exchange *e[MIRROR_UPLOADS_MAX + 1];
    test_open(&t, &hash_sm3, WORLD_FAST, true);
    assert_int_equal(test_add_checkpoint(&t, 0, 0, 1000), 200);
    mirror_world_add_entries(t.w, 0, 0, 1000, 1, &t.body);
    for (size_t i = 0; i < LENGTH(e); i++) {
        e[i] = world_start(t.w, "/add-entries", bytes_of(NULL, 0));
        bool is_open = i < MIRROR_UPLOADS_PER_LOG_MAX;
        assert_int_equal(world_piece(e[i], bytes_of(t.body.data, 60)), is_open);
        assert_int_equal(e[i]->is_sent, !is_open);
        if (!is_open)
            assert_int_equal(e[i]->status, 503);
    }
    for (size_t i = 0; i < LENGTH(e); i++) {
        world_end_body(e[i]);
        world_run(t.w);
        world_exchange_free(e[i]);
    }
    builder_reset(&t.body);
    /* Without a header nobody knows which log it is. */
    for (size_t i = 0; i < LENGTH(e); i++) {
        e[i] = world_start(t.w, "/add-entries", bytes_of(NULL, 0));
        assert_int_equal(e[i]->is_sent, i == MIRROR_UPLOADS_MAX);
    }
    for (size_t i = 0; i < LENGTH(e); i++) {
        world_end_body(e[i]);
        assert_int_equal(e[i]->status, i == MIRROR_UPLOADS_MAX ? 503 : 400);
        world_exchange_free(e[i]);
    }
    assert_int_equal(test_add_entries(&t, 0, 0, 1000, 4), 200);
    test_close(&t);
}

/* Uploads that bring nothing new hold their places as long as nobody else wants them. */
static void a_stalled_upload_makes_room(void **state)
{
    (void)state;
    struct mirror_test t;
    struct world_exchange *e[MIRROR_UPLOADS_PER_LOG_MAX];
    test_open(&t, &hash_sm3, WORLD_FAST, true);
    assert_int_equal(mirror_world_update(t.w, 0, 0, 512), 200);
    assert_int_equal(test_add_checkpoint(&t, 0, 512, 1000), 200);
    mirror_world_add_entries(t.w, 0, 0, 1000, 4, &t.body);
    struct bytes old = heap_copy(builder_view(&t.body));
    for (size_t i = 0; i < LENGTH(e); i++) {
        e[i] = world_start(t.w, "/add-entries", bytes_of(NULL, 0));
        assert_true(world_piece(e[i], bytes_of(old.data, 60)));
        t.w->now_ms += 1;
    }
    builder_reset(&t.body);
    mirror_world_add_entries(t.w, 0, 512, 1000, 2, &t.body);
    t.w->now_ms += 2000 - LENGTH(e) - 1;
    assert_int_equal(test_status(&t, "/add-entries"), 503); /* none has stalled yet */
    t.w->now_ms += 1; /* the first has, although it sends what is known */
    assert_true(world_piece(e[0], bytes_of(old.data + 60, old.len / 2)));
    world_run(t.w);
    assert_false(e[0]->is_sent);
    assert_int_equal(test_add_entries(&t, 0, 512, 1000, 2), 200);
    assert_true(e[0]->is_sent);
    assert_int_equal(e[0]->status, 503);
    for (size_t i = 0; i < LENGTH(e); i++) {
        assert_int_equal(e[i]->is_sent, i == 0);
        world_end_body(e[i]);
        world_run(t.w);
        world_exchange_free(e[i]);
    }
    heap_free(old);
    test_close(&t);
}

/* A client that goes away leaves what was whole. */
static void an_aborted_upload_keeps_its_packages(void **state)
{
    (void)state;
    struct mirror_test t;
    test_open(&t, &hash_sm3, WORLD_FAST, true);
    assert_int_equal(test_add_checkpoint(&t, 0, 0, 1000), 200);
    mirror_world_add_entries(t.w, 0, 0, 1000, 3, &t.body);
    struct world_exchange *e = world_start(t.w, "/add-entries", bytes_of(NULL, 0));
    assert_true(world_piece(e, bytes_of(t.body.data, t.body.len - 5)));
    e->x.on_abort(&e->x);
    world_run(t.w);
    assert_true(e->is_sent);
    world_exchange_free(e);
    assert_false(mirror_has_work(t.w->mirror));
    e = world_start(t.w, "/add-entries", bytes_of(NULL, 0)); /* before its header */
    e->x.on_abort(&e->x);
    assert_true(e->is_sent);
    world_exchange_free(e);
    builder_reset(&t.body);
    assert_int_equal(test_add_entries(&t, 0, 512, 1000, 2), 200);
    test_close(&t);
}

/* A fast client is told to wait. */
static void a_fast_client_is_paused(void **state)
{
    (void)state;
    struct mirror_test t;
    test_open(&t, &hash_sm3, WORLD_FAST, true);
    assert_int_equal(test_add_checkpoint(&t, 0, 0, 2600), 200);
    mirror_world_add_entries(t.w, 0, 0, 2600, UINT64_MAX, &t.body);
    struct world_exchange *e = world_start(t.w, "/add-entries", bytes_of(NULL, 0));
    assert_true(world_piece(e, bytes_of(t.body.data, 100)));
    /* Garbage after the sequence is nobody's business, but it fills the inbox. */
    assert_true(world_piece(e, bytes_of(t.body.data + 100, t.body.len - 100)));
    static uint8_t much[1 << 20];
    assert_true(world_piece(e, BYTES_OF(much)));
    assert_true(e->is_paused);
    world_run(t.w);
    assert_false(e->is_paused);
    assert_true(e->is_sent);
    assert_int_equal(e->status, 200);
    world_exchange_free(e);
    builder_reset(&t.body);
    assert_stored(&t, 0, 2600);
    test_close(&t);
}

/* What is on disk must be what the record says. */
static void a_damaged_disk_is_noticed(void **state)
{
    (void)state;
    struct mirror_test t;
    struct error err;
    struct bytes other = bytes_of_text("other");
    test_open(&t, &hash_sm3, WORLD_FAST, true);
    assert_int_equal(mirror_world_update(t.w, 0, 0, 300), 200);
    mirror_world_close(t.w);
    assert_true(memory_disk_damage(t.w->disk, WORLD_TILES, "tile/0/001.p/44", &other));
    assert_says(mirror_world_open(t.w, &err), &err, STATUS_REFUSED, "tile 0/1");
    test_close(&t);
}

/* How many calls one update of 600 entries costs: what the program's fsyncs are counted from. */
static void an_update_writes_little(void **state)
{
    (void)state;
    struct mirror_test t;
    test_open(&t, &hash_sm3, WORLD_FAST, false);
    assert_int_equal(mirror_world_update(t.w, 0, 0, 700), 200);
    uint64_t before = memory_disk_operations(t.w->disk);
    assert_int_equal(test_add_checkpoint(&t, 0, 700, 1300), 200);
    assert_int_equal(memory_disk_operations(t.w->disk) - before, 1); /* the record */
    before = memory_disk_operations(t.w->disk);
    assert_int_equal(test_add_entries(&t, 0, 700, 1300, 9), 200);
    /* 3 full tiles and bundles, 2 partial tiles and a bundle, sync, record, the 2 partials of size 700 that
     * go, checkpoint. */
    assert_int_equal(memory_disk_operations(t.w->disk) - before, 6 + 3 + 1 + 1 + 2 + 1);
    test_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_is_mirrored),
        cmocka_unit_test(an_empty_log_is_mirrored),
        cmocka_unit_test(parts_are_accepted),
        cmocka_unit_test(nothing_whole_is_400),
        cmocka_unit_test(the_header_decides),
        cmocka_unit_test(recent_checkpoints_are_remembered),
        cmocka_unit_test(an_older_upload_ends_later),
        cmocka_unit_test(wrong_entries_are_422),
        cmocka_unit_test(a_proof_has_at_most_63_hashes),
        cmocka_unit_test(uploads_do_not_wait_for_each_other),
        cmocka_unit_test(uploads_are_limited),
        cmocka_unit_test(a_stalled_upload_makes_room),
        cmocka_unit_test(an_aborted_upload_keeps_its_packages),
        cmocka_unit_test(a_fast_client_is_paused),
        cmocka_unit_test(a_damaged_disk_is_noticed),
        cmocka_unit_test(an_update_writes_little),
    };
    return cmocka_run_group_tests(tests, NULL, end_keys);
}
