/* CAs that are down, busy or wrong; clocks that jump; a disk that somebody has been at. */
#include "unit/service/site_certificates/site_world.h"

#define STATE_0 "sites/www.example.com/gm-mtc/state.0.json"
#define STATE_1 "sites/www.example.com/gm-mtc/state.1.json"

static void start(struct world *w)
{
    world_begin(w);
    world_configure(w, world_wanted_all, 4);
    world_pass(w, 2 * DAY);
    assert_int_equal(w->deployed_count, 6);
    assert_int_equal(w->errors, 0);
}

static void restart(struct world *w)
{
    world_kill(w);
    memory_disk_next_process(w->disk);
    world_boot(w);
    world_configure(w, world_wanted_all, 4);
}

/* The next issuer of the list is asked, and the first one again at the next renewal. */
static void test_fallback(void **state)
{
    static const enum status statuses[] = {STATUS_IO, STATUS_REFUSED};
    (void)state;
    for (size_t i = 0; i < LENGTH(statuses); i++) {
        struct world w;
        world_begin(&w);
        w.gm.answer = statuses[i];
        world_configure(&w, world_wanted_all, 4);
        world_pass(&w, 60);
        assert_int_equal(w.deployed_count, 4);
        assert_string_equal(world_status(&w, SITE_GM_MTC).issuer, "gm2");
        assert_string_equal(world_status(&w, SITE_GM_MTC).last_error, "");
        w.gm.answer = STATUS_OK;
        world_pass(&w, 6 * DAY);
        assert_string_equal(world_status(&w, SITE_GM_MTC).issuer, "gm");
        world_end(&w);
    }
}

/* Nobody answers for three days: asked politely, served all the time, renewed when they are back. */
static void test_down(void **state)
{
    struct world w;
    (void)state;
    start(&w);
    struct fake_acme_ca *const cas[] = {&w.gm, &w.gm2, &w.intl, &w.classic, &w.gm_classic};
    world_pass(&w, 5 * DAY / 2);
    for (size_t i = 0; i < LENGTH(cas); i++)
        cas[i]->answer = STATUS_IO;
    unsigned asked = w.gm.issue_count;
    world_pass(&w, 2 * DAY);
    assert_in_range(w.gm.issue_count - asked, 100, 800); /* every five minutes, more or less, from the time of renewal on */
    assert_true(w.deployed_count >= 6);
    struct world_row row = world_status(&w, SITE_GM_MTC);
    assert_string_equal(row.state, "deployed");
    assert_string_equal(row.next_action, "try again");
    assert_true(row.next_action_s > world_now_s(&w) && row.next_action_s <= world_now_s(&w) + 360);
    assert_true(row.failures > 50);
    assert_non_null(strstr(row.last_error, "says no"));
    for (size_t i = 0; i < LENGTH(cas); i++)
        cas[i]->answer = STATUS_OK;
    world_pass(&w, 400);
    assert_int_equal(world_status(&w, SITE_GM_MTC).failures, 0);
    assert_int_equal(world_status(&w, SITE_GM_MTC).old_count, 1);
    world_end(&w);
}

/* It stays down: what has expired is not served. */
static void test_down_too_long(void **state)
{
    struct world w;
    (void)state;
    start(&w);
    w.gm.answer = w.gm2.answer = STATUS_IO;
    world_pass(&w, 6 * DAY);
    assert_null(world_find(&w, SITE_GM_MTC, false, false));
    assert_null(world_find(&w, SITE_GM_MTC, true, false));
    assert_non_null(world_find(&w, SITE_INTL_MTC, false, false)); /* the others go on */
    assert_non_null(world_find(&w, SITE_GM_CLASSIC, false, false));
    world_assert_waiting(&w, SITE_GM_MTC, "expired");
    world_end(&w);
}

/* One of two fails from the beginning. */
static void test_one_kind(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    w.gm.answer = w.gm2.answer = STATUS_REFUSED;
    world_configure(&w, world_wanted_all, 4);
    world_pass(&w, 60);
    assert_int_equal(w.deployed_count, 3);
    world_assert_waiting(&w, SITE_GM_MTC, "none");
    assert_string_equal(world_status(&w, SITE_INTL_MTC).state, "deployed");
    assert_string_not_equal(world_status(&w, SITE_GM_MTC).last_error, "");
    assert_string_equal(world_status(&w, SITE_INTL_MTC).last_error, "");
    world_pass(&w, DAY);
    assert_in_range(w.gm.issue_count, 20, 40); /* once an hour in the end */
    w.gm.answer = STATUS_OK;
    world_pass(&w, 4400);
    assert_non_null(world_find(&w, SITE_GM_MTC, false, false));
    world_end(&w);
}

/* The fake ends the test when it is asked too early; after a restart too. */
static void test_retry_after(void **state)
{
    static const struct site_wanted only = {.kind = SITE_GM_MTC, .issuers = world_gm_only, .issuer_count = 1};
    struct world w;
    (void)state;
    world_begin(&w);
    w.gm.answer = STATUS_AGAIN;
    w.gm.retry_after_s = 7200;
    world_configure(&w, &only, 1);
    world_pass(&w, 3600);
    assert_int_equal(w.gm.issue_count, 1);
    assert_string_equal(world_status(&w, SITE_GM_MTC).next_action, "try again");
    world_kill(&w);
    memory_disk_next_process(w.disk);
    world_boot(&w);
    world_configure(&w, &only, 1);
    world_pass(&w, 3500);
    assert_int_equal(w.gm.issue_count, 1);
    w.gm.answer = STATUS_OK;
    world_pass(&w, 200);
    assert_int_equal(w.gm.issue_count, 2);
    assert_int_equal(w.deployed_count, 1);
    world_end(&w);
}

static void test_order_gone(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_configure(&w, &world_wanted_gm, 1);
    fake_timer_advance(w.timer, 700); /* ordered, not issued */
    world_kill(&w);
    memory_disk_next_process(w.disk);
    world_boot(&w);
    w.gm.is_forgetting_orders = true;
    world_configure(&w, &world_wanted_gm, 1);
    world_pass(&w, 60);
    assert_int_equal(w.gm.resume_count, 1);
    assert_int_equal(w.deployed_count, 1);
    assert_int_equal(w.errors, 0);
    world_end(&w);
}

/* ---- advice ---- */

static void test_advice_now(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    w.gm.has_advice = true;
    world_configure(&w, &world_wanted_gm, 1);
    world_pass(&w, DAY);
    assert_int_equal(w.gm.issued_count, 1);
    w.gm.advice_start_s = world_now_s(&w) - 3600;
    w.gm.advice_end_s = world_now_s(&w) - 1800;
    world_pass(&w, 3700); /* that is when it is asked again */
    assert_in_range(w.gm.issued_count, 2, 3);
    assert_true(w.gm.replaces_count >= 1);
    /* It goes on saying so: no storm. */
    world_pass(&w, DAY);
    assert_in_range(w.gm.issued_count, 3, 27);
    world_end(&w);
}

static void test_advice_too_late(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    w.gm.has_advice = true;
    w.gm.advice_start_s = WORLD_START_S + 100 * DAY;
    w.gm.advice_end_s = WORLD_START_S + 101 * DAY;
    world_configure(&w, &world_wanted_gm, 1);
    world_pass(&w, 6 * DAY);
    assert_int_equal(w.gm.issued_count, 1);
    world_pass(&w, DAY / 2);
    assert_int_equal(w.gm.issued_count, 2);
    world_end(&w);
}

static void test_replaces_refused(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    w.gm.has_advice = w.gm.is_replaces_refused = true;
    static const struct site_wanted only = {.kind = SITE_GM_MTC, .issuers = world_gm_only, .issuer_count = 1};
    world_configure(&w, &only, 1);
    world_pass(&w, 6 * DAY);
    assert_int_equal(w.gm.issued_count, 2);
    assert_int_equal(w.gm.replaces_count, 1);
    assert_int_equal(w.errors, 0);
    world_end(&w);
}

/* ---- landmarks ---- */

static void test_landmark_never(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    w.gm.landmark_delay_s = INT64_MAX;
    world_configure(&w, &world_wanted_gm, 1);
    world_pass(&w, 7 * DAY);
    assert_in_range(w.gm.alternate_count, 100, 200); /* once an hour, and no more */
    assert_int_equal(w.gm.issued_count, 2);
    assert_int_equal(w.errors, 0);
    assert_string_equal(world_status(&w, SITE_GM_MTC).landmark, "waiting");
    w.gm2.landmark_delay_s = -1;
    world_end(&w);
}

static void test_landmark_not_offered(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    w.gm.landmark_delay_s = -1;
    world_configure(&w, &world_wanted_gm, 1);
    world_pass(&w, DAY);
    assert_int_equal(w.gm.alternate_count, 0);
    assert_string_equal(world_status(&w, SITE_GM_MTC).landmark, "not offered");
    assert_string_equal(world_status(&w, SITE_GM_MTC).next_action, "renew");
    world_end(&w);
}

/* ---- what an issuer gives is looked at ---- */

static void test_wrong_certificate(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    w.gm.is_mtc = false; /* a classic one where an MTC is wanted */
    w.gm2.lifetime_s = -10; /* expired already */
    world_configure(&w, &world_wanted_gm, 1);
    world_pass(&w, 3600);
    assert_int_equal(w.deployed_count, 0);
    assert_string_not_equal(world_status(&w, SITE_GM_MTC).last_error, "");
    assert_in_range(w.gm.issue_count + w.gm2.issue_count, 8, 40);
    world_end(&w);
}

/* ---- clocks ---- */

static void test_clock_forward(void **state)
{
    struct world w;
    (void)state;
    start(&w);
    unsigned asked = w.gm.issue_count;
    w.clock_error_ms = 90 * DAY * 1000;
    world_pass(&w, DAY); /* nothing that it gets is valid by its clock: on_change would say so */
    assert_int_equal(w.deployed_count, 0);
    assert_in_range(w.gm.issue_count - asked, 10, 60);
    assert_non_null(strstr(world_status(&w, SITE_GM_MTC).last_error, "clock"));
    w.clock_error_ms = 0; /* somebody sees it: everything is there again, at once */
    world_pass(&w, 61);
    assert_true(w.deployed_count >= 6);
    asked = w.gm.issue_count;
    world_pass(&w, DAY);
    assert_true(w.gm.issue_count - asked <= 2);
    assert_true(w.deployed_count >= 6);
    world_end(&w);
}

static void test_clock_back(void **state)
{
    struct world w;
    (void)state;
    start(&w);
    unsigned asked = w.gm.issue_count;
    w.clock_error_ms = -90 * DAY * 1000;
    world_pass(&w, 2 * DAY);
    assert_int_equal(w.gm.issue_count, asked);
    assert_int_equal(w.deployed_count, 6); /* not before is the clients' matter: theirs is another clock */
    restart(&w);
    world_pass(&w, DAY);
    assert_int_equal(w.deployed_count, 6);
    w.clock_error_ms = 0;
    world_pass(&w, DAY);
    assert_int_equal(w.gm.issue_count, asked + 1); /* it was time */
    world_end(&w);
}

/* A pause of an hour that the clock puts 90 days ahead ends within a day. */
static void test_clock_and_pause(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    w.clock_error_ms = 90 * DAY * 1000;
    w.gm.answer = w.gm2.answer = STATUS_REFUSED;
    world_configure(&w, &world_wanted_gm, 1);
    world_pass(&w, 3600);
    w.gm.answer = w.gm2.answer = STATUS_OK;
    w.clock_error_ms = 0;
    world_pass(&w, DAY + 7200);
    assert_int_equal(w.deployed_count, 2);
    world_end(&w);
}

/* ---- what a CA may do ---- */

/* A certificate that cannot be served never takes the place of one that is. */
static void test_not_servable(void **state)
{
    struct world w;
    struct error err;
    (void)state;
    start(&w);
    assert_true(w.check_count >= 6);
    w.check = STATUS_MALFORMED;
    OK(site_certificates_renew(w.sc, NULL, NULL, false, &err));
    world_pass(&w, 600);
    assert_int_equal(w.deployed_count, 6);
    assert_int_equal(world_find(&w, SITE_INTL_CLASSIC, false, false)->generation, 1);
    assert_non_null(strstr(world_status(&w, SITE_INTL_CLASSIC).last_error, "cannot be served"));
    w.check = STATUS_OK;
    world_pass(&w, 7200);
    assert_true(world_find(&w, SITE_INTL_CLASSIC, false, false)->generation > 1);
    world_end(&w);
}

/* Nor one that clients would call not secure: the old one stays, and the reason is shown. */
static void test_not_secure(void **state)
{
    struct world w;
    struct error err;
    (void)state;
    start(&w);
    assert_true(w.judge_count >= 6);
    w.judgement = STATUS_REFUSED;
    OK(site_certificates_renew(w.sc, NULL, NULL, false, &err));
    world_pass(&w, 600);
    assert_int_equal(w.deployed_count, 6);
    assert_int_equal(world_find(&w, SITE_INTL_CLASSIC, false, false)->generation, 1);
    assert_non_null(strstr(world_status(&w, SITE_INTL_CLASSIC).last_error, "not deployed: RP-06: no AIA"));
    w.judgement = STATUS_OK;
    world_pass(&w, 7200);
    assert_true(world_find(&w, SITE_INTL_CLASSIC, false, false)->generation > 1);
    world_end(&w);
}

/* An order that neither ends nor fails is given up in the end, and a new one begun. */
static void test_order_without_end(void **state)
{
    static const struct site_wanted only = {.kind = SITE_GM_MTC, .issuers = world_gm_only, .issuer_count = 1};
    struct world w;
    (void)state;
    world_begin(&w);
    world_configure(&w, &only, 1);
    fake_timer_advance(w.timer, 700); /* ordered, not issued */
    world_kill(&w);
    memory_disk_next_process(w.disk);
    world_boot(&w);
    w.gm.answer = STATUS_AGAIN;
    world_configure(&w, &only, 1);
    world_pass(&w, DAY / 2);
    assert_int_equal(w.gm.resume_count, w.gm.issue_count - 1);
    world_pass(&w, DAY);
    unsigned resumed = w.gm.resume_count;
    world_pass(&w, 2 * DAY);
    assert_true(w.gm.resume_count <= resumed + 1);
    w.gm.answer = STATUS_OK;
    world_pass(&w, 7200);
    assert_true(w.deployed_count > 0);
    world_end(&w);
}

/* One CA that takes all the time in the world keeps nobody from another. */
static void test_slots(void **state)
{
    static const struct site_wanted gm = {.kind = SITE_GM_MTC, .issuers = world_gm_only, .issuer_count = 1},
                                    intl = {.kind = SITE_INTL_MTC, .issuers = world_intl, .issuer_count = 1};
    static const char *const name[] = {"www.example.com"};
    struct site_config sites[20];
    char titles[20][16];
    struct world w;
    struct error err;
    (void)state;
    world_begin(&w);
    w.gm.is_silent = true;
    for (unsigned i = 0; i < LENGTH(sites); i++) {
        (void)snprintf(titles[i], sizeof titles[i], "site%u", i);
        sites[i] = (struct site_config){titles[i], name, 1, i < 10 ? &gm : &intl, 1};
    }
    OK(world_configure_sites(&w, sites, LENGTH(sites), &err));
    world_pass(&w, 60);
    assert_int_equal(w.gm.issue_count, 8);
    assert_int_equal(w.intl.issued_count, 10);
    world_end(&w);
}

/* ---- a damaged disk ---- */

static void damage(struct world *w, const char *name, const char *text)
{
    const struct bytes value = bytes_of_text(text != NULL ? text : "");
    assert_true(memory_disk_damage(w->disk, 0, name, text != NULL ? &value : NULL));
}

static void test_damaged(void **state)
{
    static const struct {
        const char *name, *text;
        bool is_lost; /* else it can go on without, or get it again */
    } cases[] = {
        {"sites/www.example.com/gm-mtc/000001/key.pem", "", true},
        {"sites/www.example.com/gm-mtc/000001/key.pem", "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n", true},
        {"sites/www.example.com/gm-mtc/000001/key.pem", NULL, true},
        {"sites/www.example.com/gm-mtc/000001/chain.pem", "nothing", true},
        {"sites/www.example.com/gm-mtc/000001/chain.pem", NULL, true},
        {"sites/www.example.com/gm-mtc/000001/properties.pem", NULL, true},
        {"sites/www.example.com/gm-mtc/000001/landmark.pem", "nothing", false},
        {"sites/www.example.com/gm-mtc/000001/landmark-properties.pem", NULL, false},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct world w;
        start(&w);
        world_kill(&w);
        memory_disk_next_process(w.disk);
        damage(&w, cases[i].name, cases[i].text);
        world_boot(&w);
        world_configure(&w, world_wanted_all, 4);
        assert_int_equal(w.errors, 1);
        assert_string_equal(w.last_event, "site-damaged");
        assert_int_equal(w.deployed_count, cases[i].is_lost ? 4 : 5);
        assert_non_null(strstr(world_status(&w, SITE_GM_MTC).last_error, "damaged"));
        world_pass(&w, 60);
        assert_int_equal(w.deployed_count, cases[i].is_lost ? 5 : 6);
        assert_int_equal(w.gm.issued_count, cases[i].is_lost ? 2 : 1);
        world_end(&w);
    }
}

static void test_damaged_state(void **state)
{
    static const char *const texts[] = {"", "{", "[]", "{\"version\":1,\"sequence\":99}", "{\"version\":2,\"sequence\":1}"};
    (void)state;
    for (size_t i = 0; i < LENGTH(texts); i++) {
        struct world w;
        start(&w);
        world_kill(&w);
        memory_disk_next_process(w.disk);
        /* One of the two may be gone: the other one is as good, or a bit older. */
        damage(&w, STATE_1, texts[i]);
        world_boot(&w);
        world_configure(&w, world_wanted_all, 4);
        assert_true(w.deployed_count >= 5);
        world_pass(&w, 60);
        assert_int_equal(w.deployed_count, 6);
        assert_int_equal(w.gm.issued_count, 1);
        world_kill(&w);
        memory_disk_next_process(w.disk);
        damage(&w, STATE_0, texts[i]);
        damage(&w, STATE_1, texts[i]);
        world_boot(&w);
        world_configure(&w, world_wanted_all, 4);
        assert_int_equal(w.deployed_count, 4);
        assert_string_equal(world_status(&w, SITE_GM_MTC).state, "damaged");
        world_pass(&w, 60);
        assert_int_equal(w.deployed_count, 5); /* a new one, with a number of its own */
        assert_int_equal(world_find(&w, SITE_GM_MTC, false, false)->generation, 2);
        world_end(&w);
    }
}

/* ---- configuration ---- */

static void test_usage(void **state)
{
    static const char *const none[] = {"nobody"}, *const twice[] = {"gm", "gm"}, *const bad[] = {"no name"};
    static const struct site_wanted unknown = {.kind = SITE_GM_MTC, .issuers = none, .issuer_count = 1};
    static const struct site_wanted doubled = {.kind = SITE_GM_MTC, .issuers = twice, .issuer_count = 2};
    static const struct site_wanted nothing = {.kind = SITE_GM_MTC};
    static const struct site_wanted both = {.kind = SITE_GM_MTC, .issuers = world_gm, .issuer_count = 2, .chain_file = "chain.pem"};
    static const struct site_wanted keyless = {.kind = SITE_GM_MTC, .chain_file = "chain.pem"};
    static const struct site_wanted same[] = {{.kind = SITE_GM_MTC, .issuers = world_gm, .issuer_count = 2}, {.kind = SITE_GM_MTC, .issuers = world_gm, .issuer_count = 2}};
    static const struct site_wanted badkey = {.kind = SITE_GM_MTC, .issuers = world_gm, .issuer_count = 2, .key_type = "dsa"};
    const struct site_config cases[] = {
        {"a", world_names, 2, &unknown, 1}, {"a", world_names, 2, &doubled, 1}, {"a", world_names, 2, &nothing, 1},
        {"a", world_names, 2, &both, 1}, {"a", world_names, 2, &keyless, 1}, {"a", world_names, 2, same, 2},
        {"a", world_names, 2, &badkey, 1}, {"a", bad, 1, &world_wanted_gm, 1}, {"a", world_names, 0, &world_wanted_gm, 1},
        {"", world_names, 2, &world_wanted_gm, 1}};
    const struct site_config pair[] = {{"A", world_names, 2, &world_wanted_gm, 1}, {"a", world_names, 2, &world_wanted_gm, 1}};
    struct world w;
    struct error err;
    enum site_kind kind;
    (void)state;
    start(&w);
    unsigned changes = w.changes;
    for (size_t i = 0; i < LENGTH(cases); i++)
        assert_int_equal(world_configure_sites(&w, &cases[i], 1, &err), STATUS_USAGE);
    assert_int_equal(world_configure_sites(&w, pair, 2, &err), STATUS_USAGE);
    world_pass(&w, 60);
    assert_int_equal(w.changes, changes);
    assert_true(site_kind_parse("intl-mtc", &kind) && kind == SITE_INTL_MTC);
    assert_false(site_kind_parse("intl", &kind));
    world_end(&w);
}

int main(void)
{
    world_tick_s = 60; /* days go by */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fallback), cmocka_unit_test(test_down), cmocka_unit_test(test_down_too_long), cmocka_unit_test(test_one_kind),
        cmocka_unit_test(test_retry_after), cmocka_unit_test(test_order_gone), cmocka_unit_test(test_advice_now),
        cmocka_unit_test(test_advice_too_late), cmocka_unit_test(test_replaces_refused), cmocka_unit_test(test_landmark_never),
        cmocka_unit_test(test_landmark_not_offered), cmocka_unit_test(test_wrong_certificate), cmocka_unit_test(test_clock_forward),
        cmocka_unit_test(test_clock_back), cmocka_unit_test(test_clock_and_pause), cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_damaged_state), cmocka_unit_test(test_not_servable), cmocka_unit_test(test_not_secure), cmocka_unit_test(test_order_without_end),
        cmocka_unit_test(test_slots), cmocka_unit_test(test_usage)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
