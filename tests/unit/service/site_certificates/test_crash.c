/* The process, or the power, goes away at every write to the disk: nothing is lost, no key has two certificates (the CA
 * sees to that), and what is on the disk afterwards is what counts. */
#include "unit/service/site_certificates/site_world.h"

static const struct {
    bool is_power;
    enum memory_loss loss;
} ends[] = {{false, MEMORY_KEEP_ALL}, {true, MEMORY_LOSE_ALL}, {true, MEMORY_KEEP_ALL}, {true, MEMORY_TEAR_ALL}};

struct keys {
    struct world *w;
    unsigned count;
};

static enum status count_key(void *context, const char *name, struct error *err)
{
    struct keys *keys = context;
    (void)err;
    keys->count += strstr(name, "key.pem") != NULL;
    return STATUS_OK;
}

static void begin_again(struct world *w, size_t end)
{
    world_kill(w);
    if (ends[end].is_power)
        memory_disk_cut_power(w->disk, ends[end].loss, 0);
    else
        memory_disk_next_process(w->disk);
    world_boot(w);
    world_configure(w, &world_wanted_gm, 1);
}

/* Everything in its place, and no files but those of the certificates that are there. */
static void want_settled(struct world *w, unsigned generations)
{
    struct keys keys = {.w = w};
    struct object_store store = memory_disk_store(w->disk, 0);
    struct error err;
    assert_string_equal(world_status(w, SITE_GM_MTC).state, "deployed");
    assert_string_equal(world_status(w, SITE_GM_MTC).last_error, "");
    assert_non_null(world_find(w, SITE_GM_MTC, false, false));
    OK(store.list(store.context, "sites/", count_key, &keys, &err));
    assert_int_equal(keys.count, generations);
}

/* From nothing to a landmark, with the fault at operation `at`; false: that many there are not. */
static bool first_life(uint64_t at, size_t end, bool has_second_crash)
{
    struct world w;
    world_begin(&w);
    memory_disk_set_fault(w.disk, at, MEMORY_FAULT_CRASH);
    world_configure(&w, &world_wanted_gm, 1);
    world_pass(&w, 4000);
    bool has_crashed = memory_disk_has_crashed(w.disk);
    if (!has_crashed)
        assert_int_equal(w.deployed_count, 2);
    begin_again(&w, end);
    if (has_second_crash) {
        /* And once more, soon after. */
        memory_disk_set_fault(w.disk, memory_disk_operations(w.disk) + at % 5, MEMORY_FAULT_CRASH);
        world_pass(&w, 30);
        begin_again(&w, end);
    }
    world_pass(&w, 8000);
    want_settled(&w, 1);
    assert_int_equal(w.deployed_count, 2);
    /* An order that was kept is gone on with; only what the CA never heard of, or heard of when its URL could not be kept,
     * is begun anew. */
    assert_int_equal(w.gm.issued_count, 1);
    begin_again(&w, end);
    assert_int_equal(w.deployed_count, 2);
    assert_int_equal(w.gm.issued_count, 1);
    world_end(&w);
    return has_crashed;
}

static void test_first(void **state)
{
    (void)state;
    for (size_t end = 0; end < LENGTH(ends); end++) {
        uint64_t at = 0;
        while (first_life(at, end, false))
            at++;
        assert_in_range(at, 10, 60);
        for (uint64_t i = 0; i < at; i++)
            (void)first_life(i, end, true);
    }
}

/* SCTs come to what is there: with the fault at any write, and after any end, it is there, and they come again. */
static bool scts(uint64_t at, size_t end)
{
    struct world w;
    world_begin(&w);
    w.gm.scts_delay_s = 60;
    world_configure(&w, &world_wanted_gm, 1);
    world_pass(&w, 20);
    assert_int_equal(w.deployed_count, 1);
    memory_disk_set_fault(w.disk, memory_disk_operations(w.disk) + at, MEMORY_FAULT_CRASH);
    world_pass(&w, 300);
    bool has_crashed = memory_disk_has_crashed(w.disk);
    begin_again(&w, end);
    assert_true(w.deployed_count >= 1); /* at once, from disk */
    world_pass(&w, 4000);
    want_settled(&w, 1);
    assert_true(world_find(&w, SITE_GM_MTC, false, false)->has_scts);
    assert_int_equal(w.gm.issued_count, 1);
    world_end(&w);
    return has_crashed;
}

static void test_scts(void **state)
{
    (void)state;
    for (size_t end = 0; end < LENGTH(ends); end++) {
        uint64_t at = 0;
        while (scts(at, end))
            at++;
        assert_in_range(at, 4, 60);
    }
}

/* A renewal: the old certificate is served all the time. */
static bool renewal(uint64_t at, size_t end)
{
    struct world w;
    struct error err;
    world_begin(&w);
    world_configure(&w, &world_wanted_gm, 1);
    world_pass(&w, 4000);
    assert_int_equal(w.deployed_count, 2);
    memory_disk_set_fault(w.disk, memory_disk_operations(w.disk) + at, MEMORY_FAULT_CRASH);
    OK(site_certificates_renew(w.sc, NULL, NULL, false, &err));
    world_pass(&w, 4000);
    assert_true(w.deployed_count >= 2);
    bool has_crashed = memory_disk_has_crashed(w.disk);
    begin_again(&w, end);
    assert_true(w.deployed_count >= 2); /* at once, from disk */
    if (has_crashed && w.gm.issued_count == 1) /* that it was asked for may have been lost */
        OK(site_certificates_renew(w.sc, NULL, NULL, false, &err));
    world_pass(&w, 8000);
    want_settled(&w, 2);
    assert_int_equal(w.deployed_count, 4);
    assert_int_equal(w.gm.issued_count, 2);
    world_end(&w);
    return has_crashed;
}

static void test_renewal(void **state)
{
    (void)state;
    for (size_t end = 0; end < LENGTH(ends); end++) {
        uint64_t at = 0;
        while (renewal(at, end))
            at++;
        assert_in_range(at, 10, 60);
    }
}

/* A write fails once, and the process lives on. */
static bool one_fault(uint64_t at, enum memory_fault fault)
{
    struct world w;
    world_begin(&w);
    memory_disk_set_fault(w.disk, at, fault);
    world_configure(&w, &world_wanted_gm, 1);
    world_pass(&w, 4000);
    uint64_t operations = memory_disk_operations(w.disk);
    bool is_stuck = strcmp(world_status(&w, SITE_GM_MTC).next_action, "start again") == 0;
    if (is_stuck)
        assert_string_not_equal(world_status(&w, SITE_GM_MTC).last_error, "");
    else
        assert_int_equal(w.deployed_count, 2);
    begin_again(&w, 0);
    world_pass(&w, 8000);
    assert_int_equal(w.deployed_count, 2);
    assert_string_equal(world_status(&w, SITE_GM_MTC).state, "deployed");
    world_end(&w);
    return operations > at;
}

static void test_faults(void **state)
{
    (void)state;
    for (uint64_t at = 0; one_fault(at, MEMORY_FAULT_NOT_DONE); at++)
        assert_true(at < 60);
    for (uint64_t at = 0; one_fault(at, MEMORY_FAULT_DONE); at++)
        assert_true(at < 60);
}

/* The same, with a store that can be opened again: nobody has to do anything, and what is there then is durable. */
static bool one_mended(uint64_t at, enum memory_fault fault)
{
    struct world w;
    world_begin(&w);
    world_kill(&w);
    w.is_mending = true;
    world_boot(&w);
    memory_disk_set_fault(w.disk, at, fault);
    world_configure(&w, &world_wanted_gm, 1);
    world_pass(&w, 4000);
    uint64_t operations = memory_disk_operations(w.disk);
    assert_int_equal(w.deployed_count, 2);
    assert_string_equal(world_status(&w, SITE_GM_MTC).next_action, "renew");
    assert_string_equal(world_status(&w, SITE_GM_MTC).last_error, "");
    assert_int_equal(memory_disk_changed_count(w.disk), 0);
    size_t issued = w.gm.issued_count;
    assert_in_range(issued, 1, 2);
    world_kill(&w);
    memory_disk_cut_power(w.disk, MEMORY_LOSE_ALL, 0);
    world_boot(&w);
    world_configure(&w, &world_wanted_gm, 1);
    assert_int_equal(w.deployed_count, 2);
    world_pass(&w, 4000);
    assert_int_equal(w.gm.issued_count, issued);
    world_end(&w);
    return operations > at;
}

static void test_mended(void **state)
{
    (void)state;
    for (uint64_t at = 0; one_mended(at, MEMORY_FAULT_NOT_DONE); at++)
        assert_true(at < 80);
    for (uint64_t at = 0; one_mended(at, MEMORY_FAULT_DONE); at++)
        assert_true(at < 80);
}

/* The process is killed every second, wherever it is. */
static void test_killed(void **state)
{
    (void)state;
    for (int64_t after_s = 0; after_s < 4; after_s++) {
        struct world w;
        world_begin(&w);
        world_configure(&w, world_wanted_all, 4);
        for (unsigned i = 0; i < 12; i++) {
            fake_timer_advance(w.timer, (uint64_t)after_s * 1000 + 300 * i);
            world_kill(&w);
            memory_disk_next_process(w.disk);
            world_boot(&w);
            world_configure(&w, world_wanted_all, 4);
        }
        world_pass(&w, 60);
        assert_int_equal(w.deployed_count, 4);
        assert_int_equal(w.gm.issued_count, 1);
        assert_int_equal(w.classic.issued_count, 1);
        world_end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_first), cmocka_unit_test(test_scts), cmocka_unit_test(test_renewal), cmocka_unit_test(test_faults),
                                       cmocka_unit_test(test_killed), cmocka_unit_test(test_mended)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
