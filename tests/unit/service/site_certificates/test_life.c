/* The life of a site: from nothing to landmarks, renewals, changes of what is wanted. */
#include "crypto/csr_make.h"
#include "crypto/subject_key.h"
#include "unit/service/site_certificates/site_world.h"

static void test_first(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    w.classic.ocsp_url = "http://ocsp.example/";
    world_configure(&w, world_wanted_all, LENGTH(world_wanted_all));
    assert_int_equal(w.changes, 1); /* nothing yet, and that is said */
    assert_int_equal(w.deployed_count, 0);
    assert_string_equal(world_status(&w, SITE_GM_MTC).state, "none");
    world_pass(&w, 1);
    assert_string_equal(world_status(&w, SITE_GM_MTC).state, "ordering");
    world_pass(&w, 59); /* all of them within a minute */
    assert_int_equal(w.deployed_count, 4);
    for (unsigned kind = 0; kind < SITE_KINDS; kind++)
        assert_string_equal(world_status(&w, kind).state, "deployed");
    assert_string_equal(world_status(&w, SITE_GM_MTC).landmark, "waiting");
    assert_string_equal(world_status(&w, SITE_GM_MTC).serial, "1/0");
    assert_string_equal(world_status(&w, SITE_GM_MTC).next_action, "landmark");
    assert_string_equal(world_status(&w, SITE_INTL_CLASSIC).landmark, "");
    assert_string_equal(world_status(&w, SITE_INTL_CLASSIC).next_action, "renew");
    assert_string_equal(world_find(&w, SITE_INTL_CLASSIC, false, false)->ocsp_url, "http://ocsp.example/");
    world_pass(&w, 3700);
    assert_int_equal(w.deployed_count, 6); /* the standalone ones stay beside */
    assert_non_null(world_find(&w, SITE_GM_MTC, true, false));
    assert_non_null(world_find(&w, SITE_INTL_MTC, true, false));
    assert_string_equal(world_find(&w, SITE_GM_MTC, true, false)->key, world_find(&w, SITE_GM_MTC, false, false)->key);
    assert_string_not_equal(world_find(&w, SITE_GM_MTC, true, false)->key, world_find(&w, SITE_INTL_MTC, true, false)->key);
    assert_string_equal(world_status(&w, SITE_GM_MTC).landmark, "40");
    assert_true(w.gm.alternate_count <= 4);
    assert_int_equal(w.errors, 0);
    world_end(&w);
}

/* SCTs come after the certificate: it is served at once, and with them as soon as the CA has them; also after a restart. */
static void test_scts(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    w.gm.scts_delay_s = 12;
    world_configure(&w, &world_wanted_gm, 1);
    world_pass(&w, 5);
    assert_int_equal(w.deployed_count, 1);
    assert_false(w.deployed[0].has_scts);
    assert_string_equal(world_status(&w, SITE_GM_MTC).state, "deployed");
    unsigned changes = w.changes;
    world_pass(&w, 30);
    assert_int_equal(w.changes, changes + 2); /* one, and then two */
    assert_true(world_find(&w, SITE_GM_MTC, false, false)->has_scts);
    unsigned asked = w.gm.more_count;
    assert_in_range(asked, 3, 6);
    world_pass(&w, 3700);
    assert_int_equal(w.deployed_count, 2); /* and with its landmark, as ever */
    assert_int_equal(w.gm.more_count, asked);
    world_kill(&w);
    memory_disk_next_process(w.disk);
    world_boot(&w);
    world_configure(&w, &world_wanted_gm, 1);
    world_pass(&w, 60);
    assert_true(world_find(&w, SITE_GM_MTC, false, false)->has_scts);
    assert_int_equal(w.gm.more_count, asked);
    assert_int_equal(w.gm.issued_count, 1);
    assert_int_equal(w.errors, 0);
    world_end(&w);
}

/* They never come: it is asked a few times, ever more slowly, and no more. */
static void test_no_scts(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    w.gm.scts_delay_s = 100 * DAY;
    world_configure(&w, &world_wanted_gm, 1);
    world_pass(&w, DAY);
    assert_in_range(w.gm.more_count, 10, 24);
    assert_false(world_find(&w, SITE_GM_MTC, false, false)->has_scts);
    assert_int_equal(w.errors, 0);
    world_end(&w);
}

static void ten_renewals(int64_t lifetime_s, int64_t landmark_s, bool has_advice)
{
    struct world w;
    uint64_t generation = 0;
    char key[4096] = "";
    unsigned renewals = 0;
    world_tick_s = lifetime_s > 3600 ? (uint32_t)(lifetime_s / 500) : 0;
    world_begin(&w);
    world_tick_s = 0;
    w.gm.lifetime_s = w.intl.lifetime_s = w.classic.lifetime_s = w.gm_classic.lifetime_s = lifetime_s;
    w.gm.landmark_delay_s = w.intl.landmark_delay_s = landmark_s;
    w.gm.has_advice = w.intl.has_advice = has_advice;
    world_configure(&w, world_wanted_all, LENGTH(world_wanted_all));
    for (int64_t t = 0; renewals < 10 && t < 12 * lifetime_s; t += lifetime_s / 40) {
        world_pass(&w, lifetime_s / 40);
        const struct deployed *d = world_find(&w, SITE_GM_MTC, false, false);
        if (t > lifetime_s / 10) /* never without one of each kind */
            for (unsigned kind = 0; kind < SITE_KINDS; kind++)
                assert_non_null(world_find(&w, kind, false, false));
        if (d == NULL || d->generation == generation)
            continue;
        assert_string_not_equal(d->key, key); /* a new key each time */
        (void)snprintf(key, sizeof key, "%s", d->key);
        if (generation > 0) {
            renewals++;
            /* The old one with its landmark stays until it expires. */
            assert_non_null(world_find(&w, SITE_GM_MTC, true, true));
            assert_int_equal(world_find(&w, SITE_GM_MTC, true, true)->generation, generation);
            assert_int_equal(world_status(&w, SITE_GM_MTC).old_count, 1);
            assert_null(world_find(&w, SITE_INTL_CLASSIC, false, true));
        }
        generation = d->generation;
    }
    assert_int_equal(renewals, 10);
    assert_int_equal(w.errors, 0);
    assert_int_equal(w.gm.issued_count, 11);
    /* All kinds went together. */
    assert_in_range(w.classic.issued_count, 10, 12);
    if (has_advice)
        assert_true(w.gm.replaces_count >= 10);
    world_end(&w);
}

static void test_renewals(void **state)
{
    (void)state;
    ten_renewals(7 * DAY, 3600, false);
    ten_renewals(7 * DAY, 3600, true);
    ten_renewals(200, 5, false);
    ten_renewals(400, 8, true);
    ten_renewals(90 * DAY, 4 * 3600, true);
}

/* When the old one has expired nothing of it is left, on disk too. */
static enum status count_keys(void *context, const char *name, struct error *err)
{
    (void)err;
    *(unsigned *)context += strstr(name, "key.pem") != NULL;
    return STATUS_OK;
}

static unsigned keys_on_disk(struct world *w)
{
    struct object_store store = memory_disk_store(w->disk, 0);
    struct error err;
    unsigned count = 0;
    OK(store.list(store.context, "sites/", count_keys, &count, &err));
    return count;
}

static void test_expiry(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_configure(&w, &world_wanted_gm, 1);
    world_pass(&w, 6 * DAY);
    assert_int_equal(w.gm.issued_count, 2);
    assert_int_equal(w.deployed_count, 4);
    assert_int_equal(keys_on_disk(&w), 2);
    world_pass(&w, DAY + 60);
    assert_int_equal(w.deployed_count, 2);
    assert_int_equal(keys_on_disk(&w), 1);
    world_end(&w);
}

static void test_restart(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_configure(&w, world_wanted_all, LENGTH(world_wanted_all));
    world_pass(&w, 2 * DAY);
    unsigned asked = w.gm.issue_count;
    char key[4096];
    (void)snprintf(key, sizeof key, "%s", world_find(&w, SITE_GM_MTC, true, false)->key);
    world_kill(&w);
    memory_disk_next_process(w.disk);
    world_boot(&w);
    world_configure(&w, world_wanted_all, LENGTH(world_wanted_all));
    assert_int_equal(w.deployed_count, 6); /* before the first round */
    assert_string_equal(world_find(&w, SITE_GM_MTC, true, false)->key, key);
    world_pass(&w, DAY);
    assert_int_equal(w.gm.issue_count, asked);
    assert_int_equal(w.errors, 0);
    world_end(&w);
}

static void test_names(void **state)
{
    static const char *const more[] = {"www.example.com", "example.com", "*.sub.example.com", "192.0.2.7"};
    static const char *const others[] = {"www.example.net"};
    struct world w;
    (void)state;
    world_begin(&w);
    world_configure(&w, world_wanted_all, LENGTH(world_wanted_all));
    world_pass(&w, 60);
    unsigned changes = w.changes;
    world_configure(&w, world_wanted_all, LENGTH(world_wanted_all)); /* the same again */
    world_pass(&w, 60);
    assert_int_equal(w.changes, changes);
    assert_int_equal(w.gm.issued_count, 1);
    world_configure_as(&w, more, LENGTH(more), world_wanted_all, LENGTH(world_wanted_all));
    assert_int_equal(w.deployed_count, 4); /* the old ones meanwhile */
    world_pass(&w, 60);
    assert_int_equal(w.gm.issued_count, 2);
    assert_int_equal(w.classic.issued_count, 2);
    assert_non_null(world_find(&w, SITE_GM_MTC, false, true));
    /* Fewer names wait for the renewal. */
    world_configure_as(&w, more, 2, world_wanted_all, LENGTH(world_wanted_all));
    world_pass(&w, 60);
    assert_int_equal(w.gm.issued_count, 2);
    /* What covers no name of the site is not served for it. */
    world_configure_as(&w, others, 1, world_wanted_all, LENGTH(world_wanted_all));
    assert_int_equal(w.deployed_count, 0);
    assert_string_equal(world_status(&w, SITE_GM_MTC).state, "other names");
    world_pass(&w, 60);
    assert_int_equal(w.deployed_count, 4);
    assert_int_equal(w.errors, 0);
    world_end(&w);
}

static void test_issuer(void **state)
{
    static const char *const other[] = {"gm2"}, *const turned[] = {"gm2", "gm"};
    struct site_wanted wanted = world_wanted_gm;
    struct world w;
    (void)state;
    world_begin(&w);
    world_configure(&w, &wanted, 1);
    world_pass(&w, 7200);
    assert_string_equal(world_status(&w, SITE_GM_MTC).issuer, "gm");
    wanted.issuers = turned; /* another one is preferred: at the next renewal */
    world_configure(&w, &wanted, 1);
    world_pass(&w, 60);
    assert_int_equal(w.gm2.issue_count, 0);
    wanted.issuers = other;
    wanted.issuer_count = 1; /* not wanted any more: now */
    world_configure(&w, &wanted, 1);
    assert_int_equal(w.deployed_count, 2);
    world_pass(&w, 60);
    assert_string_equal(world_status(&w, SITE_GM_MTC).issuer, "gm2");
    assert_int_equal(w.deployed_count, 3);
    assert_int_equal(w.gm2.replaces_count, 0);
    wanted.key_type = "p256";
    struct error err;
    const struct site_config site = {"www.example.com", world_names, 2, &wanted, 1};
    assert_int_equal(world_configure_sites(&w, &site, 1, &err), STATUS_USAGE);
    assert_int_equal(w.errors, 0);
    world_end(&w);
}

/* Another kind of key is a new certificate. */
static void test_key_type(void **state)
{
    struct site_wanted wanted = {.kind = SITE_INTL_CLASSIC, .issuers = world_classic, .issuer_count = 1};
    struct world w;
    (void)state;
    world_begin(&w);
    world_configure(&w, &wanted, 1);
    world_pass(&w, 60);
    wanted.key_type = "p384";
    world_configure(&w, &wanted, 1);
    world_pass(&w, 60);
    assert_int_equal(w.classic.issued_count, 2);
    assert_int_equal(w.deployed_count, 1);
    world_pass(&w, 3600);
    assert_int_equal(w.classic.issued_count, 2);
    world_end(&w);
}

static void test_sites(void **state)
{
    struct world w;
    struct error err;
    static const char *const other_names[] = {"other.example.org"};
    const struct site_config both[] = {{"www.example.com", world_names, 2, world_wanted_all, 4}, {"Other_site*", other_names, 1, world_wanted_all, 4}};
    (void)state;
    world_begin(&w);
    OK(world_configure_sites(&w, both, 2, &err));
    world_pass(&w, 60);
    assert_int_equal(w.gm.issued_count, 2);
    /* One goes away while its renewal is under way; and comes back. */
    OK(site_certificates_renew(w.sc, "Other_site*", NULL, false, &err));
    world_pass(&w, 1);
    OK(world_configure_sites(&w, both, 1, &err));
    assert_string_equal(w.last_site, "Other_site*");
    assert_int_equal(w.deployed_count, 0);
    world_pass(&w, 60);
    OK(world_configure_sites(&w, both, 2, &err));
    world_pass(&w, 60);
    assert_string_equal(w.last_site, "Other_site*");
    assert_true(w.deployed_count >= 4);
    assert_int_equal(w.errors, 0);
    assert_int_equal(site_certificates_renew(w.sc, "nobody", NULL, false, &err), STATUS_NOT_FOUND);
    OK(world_configure_sites(&w, NULL, 0, &err));
    assert_int_equal(w.deployed_count, 0);
    world_end(&w);
}

/* A site that goes and comes while an order is under way has that order once. */
static void test_revived(void **state)
{
    struct world w;
    struct error err;
    (void)state;
    world_begin(&w);
    world_configure(&w, &world_wanted_gm, 1);
    world_pass(&w, 1);
    OK(world_configure_sites(&w, NULL, 0, &err));
    world_configure(&w, &world_wanted_gm, 1);
    world_pass(&w, 60);
    assert_int_equal(w.gm.issue_count, 1);
    assert_int_equal(w.deployed_count, 1);
    world_end(&w);
}

static void test_revoked(void **state)
{
    struct world w;
    struct error err;
    const enum site_kind kind = SITE_GM_MTC;
    (void)state;
    world_begin(&w);
    world_configure(&w, world_wanted_all, 4);
    world_pass(&w, 7200);
    assert_int_equal(w.deployed_count, 6);
    w.gm.answer = w.gm2.answer = STATUS_IO;
    OK(site_certificates_renew(w.sc, "www.example.com", &kind, true, &err));
    world_pass(&w, 60);
    assert_int_equal(w.deployed_count, 4);
    assert_null(world_find(&w, SITE_GM_MTC, false, false));
    world_assert_waiting(&w, SITE_GM_MTC, "revoked");
    /* That is remembered. */
    world_kill(&w);
    memory_disk_next_process(w.disk);
    world_boot(&w);
    world_configure(&w, world_wanted_all, 4);
    assert_int_equal(w.deployed_count, 4);
    w.gm.answer = STATUS_OK;
    world_pass(&w, 600);
    assert_int_equal(w.deployed_count, 5);
    world_end(&w);
}

/* Answers that come after the end change nothing on a disk that may be somebody else's, and are no failures. */
static void test_stop(void **state)
{
    static const enum status answers[] = {STATUS_OK, STATUS_IO, STATUS_REFUSED};
    (void)state;
    for (size_t i = 0; i < LENGTH(answers); i++) {
        for (uint64_t at_ms = 0; at_ms < 2000; at_ms += 100) {
            struct world w;
            world_begin(&w);
            world_configure(&w, &world_wanted_gm, 1);
            fake_timer_advance(w.timer, at_ms);
            w.gm.answer = answers[i];
            site_certificates_stop(w.sc);
            uint64_t operations = memory_disk_operations(w.disk);
            unsigned changes = w.changes;
            world_pass(&w, 600);
            assert_int_equal(memory_disk_operations(w.disk), operations);
            assert_int_equal(w.changes, changes);
            assert_int_equal(w.errors, 0);
            world_end(&w);
        }
    }
}

/* ---- files ---- */

static void put_pair(struct world *w, uint64_t serial)
{
    static const uint8_t san[] = {0x82, 15, 'w', 'w', 'w', '.', 'e', 'x', 'a', 'm', 'p', 'l', 'e', '.', 'c', 'o', 'm'};
    struct builder key, spki, pem;
    struct error err;
    const char *name = "www.example.com";
    builder_init(&key, 65536);
    builder_init(&spki, 65536);
    builder_init(&pem, 65536);
    OK(csr_make_key("p256", &key, &err));
    OK(subject_key_of_private(builder_view(&key), &spki, &err));
    (void)name;
    fake_acme_ca_write(&w->classic, builder_view(&spki), BYTES_OF(san), serial, world_now_s(w), false, &pem);
    world_write_file(w, "chain.pem", builder_view(&pem));
    world_write_file(w, "key.pem", builder_view(&key));
    builder_clear(&key);
    builder_clear(&spki);
    builder_clear(&pem);
}

static void test_files(void **state)
{
    const struct site_wanted wanted = {.kind = SITE_INTL_CLASSIC, .chain_file = "chain.pem", .key_file = "key.pem"};
    struct world w;
    char chain[4096];
    (void)state;
    world_begin(&w);
    world_configure(&w, &wanted, 1);
    assert_int_equal(w.deployed_count, 0);
    assert_int_equal(w.errors, 1);
    world_pass(&w, 100);
    assert_int_equal(w.errors, 1); /* said once */
    put_pair(&w, 1);
    world_pass(&w, 20);
    assert_int_equal(w.deployed_count, 1);
    assert_string_equal(world_status(&w, SITE_INTL_CLASSIC).last_error, "");
    (void)snprintf(chain, sizeof chain, "%s", w.deployed[0].chain);
    /* The chain first, the key later: in between the old pair is served. */
    struct builder old_key;
    builder_init(&old_key, 65536);
    builder_bytes(&old_key, builder_view(&world_find_file(&w, "key.pem")->value));
    put_pair(&w, 2);
    struct builder new_key;
    builder_init(&new_key, 65536);
    builder_bytes(&new_key, builder_view(&world_find_file(&w, "key.pem")->value));
    world_write_file(&w, "key.pem", builder_view(&old_key));
    world_pass(&w, 20);
    assert_string_equal(w.deployed[0].chain, chain);
    assert_non_null(strstr(world_status(&w, SITE_INTL_CLASSIC).last_error, "another key"));
    world_write_file(&w, "key.pem", builder_view(&new_key));
    world_pass(&w, 10);
    assert_string_not_equal(w.deployed[0].chain, chain);
    world_write_file(&w, "chain.pem", bytes_of_text("no certificate"));
    world_pass(&w, 20);
    assert_int_equal(w.deployed_count, 1);
    assert_string_not_equal(world_status(&w, SITE_INTL_CLASSIC).last_error, "");
    world_pass(&w, 8 * DAY); /* it expires, and is not served any more */
    assert_int_equal(w.deployed_count, 0);
    builder_clear(&old_key);
    builder_clear(&new_key);
    world_end(&w);
}

/* Files are judged too, also with a key behind a URI, which nobody opens for that; and again when the judge has learned something. */
static void test_files_not_secure(void **state)
{
    static const struct site_wanted wanted = {.kind = SITE_INTL_CLASSIC, .chain_file = "chain.pem", .key_uri = "signer:socket#key"};
    struct world w;
    (void)state;
    world_begin(&w);
    put_pair(&w, 1);
    w.judgement = STATUS_REFUSED;
    world_configure(&w, &wanted, 1);
    world_pass(&w, 100);
    assert_int_equal(w.deployed_count, 0);
    assert_int_equal(w.check_count, 0);
    assert_int_equal(w.judge_count, 1); /* not in each round */
    assert_non_null(strstr(world_status(&w, SITE_INTL_CLASSIC).last_error, "not deployed: RP-06"));
    site_certificates_judge_again(w.sc);
    world_pass(&w, 1);
    assert_int_equal(w.judge_count, 2);
    assert_int_equal(w.errors, 1); /* said once */
    w.judgement = STATUS_OK;
    world_pass(&w, 100);
    assert_int_equal(w.deployed_count, 0);
    site_certificates_judge_again(w.sc);
    world_pass(&w, 1);
    assert_int_equal(w.deployed_count, 1);
    assert_string_equal(world_status(&w, SITE_INTL_CLASSIC).last_error, "");
    site_certificates_judge_again(w.sc);
    world_pass(&w, 100);
    assert_int_equal(w.judge_count, 3); /* what is fine is left alone */
    world_end(&w);
}

/* What was served is served after a restart, too, whatever the judge has learned; another one is not. */
static void test_files_after_restart(void **state)
{
    static const struct site_wanted wanted = {.kind = SITE_INTL_CLASSIC, .chain_file = "chain.pem", .key_uri = "signer:socket#key"};
    struct world w;
    (void)state;
    world_begin(&w);
    put_pair(&w, 1);
    world_configure(&w, &wanted, 1);
    world_pass(&w, 10);
    assert_int_equal(w.deployed_count, 1);
    w.judgement = STATUS_REFUSED;
    for (int i = 0; i < 2; i++) {
        world_kill(&w);
        memory_disk_next_process(w.disk);
        world_boot(&w);
        world_configure(&w, &wanted, 1);
        world_pass(&w, 10);
        assert_int_equal(w.deployed_count, 1);
        assert_string_equal(world_status(&w, SITE_INTL_CLASSIC).last_error, "");
    }
    put_pair(&w, 2);
    world_pass(&w, 10);
    assert_int_equal(w.deployed_count, 1);
    assert_non_null(strstr(world_status(&w, SITE_INTL_CLASSIC).last_error, "not deployed: RP-06"));
    world_kill(&w);
    memory_disk_next_process(w.disk);
    world_boot(&w);
    world_configure(&w, &wanted, 1);
    world_pass(&w, 10);
    assert_int_equal(w.deployed_count, 0);
    world_end(&w);
}

/* Files whose certificate has expired by a wrong clock are served as soon as it is right. */
static void test_files_and_clock(void **state)
{
    const struct site_wanted wanted = {.kind = SITE_INTL_CLASSIC, .chain_file = "chain.pem", .key_file = "key.pem"};
    struct world w;
    (void)state;
    world_begin(&w);
    put_pair(&w, 1);
    w.clock_error_ms = 90 * DAY * 1000;
    world_configure(&w, &wanted, 1);
    world_pass(&w, 60);
    assert_int_equal(w.deployed_count, 0);
    assert_string_equal(world_status(&w, SITE_INTL_CLASSIC).state, "expired");
    w.clock_error_ms = 0;
    world_pass(&w, 10);
    assert_int_equal(w.deployed_count, 1);
    world_end(&w);
}

/* A disk that cannot be read for a moment is tried again, and complained about once. */
static void test_files_unreadable(void **state)
{
    const struct site_wanted wanted = {.kind = SITE_INTL_CLASSIC, .chain_file = "chain.pem", .key_file = "key.pem"};
    struct world w;
    (void)state;
    world_begin(&w);
    put_pair(&w, 1);
    w.is_reading_refused = true;
    world_configure(&w, &wanted, 1);
    world_pass(&w, 60);
    assert_int_equal(w.errors, 1);
    w.is_reading_refused = false;
    world_pass(&w, 10);
    assert_int_equal(w.deployed_count, 1);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first), cmocka_unit_test(test_scts), cmocka_unit_test(test_no_scts), cmocka_unit_test(test_renewals), cmocka_unit_test(test_expiry), cmocka_unit_test(test_restart),
        cmocka_unit_test(test_names), cmocka_unit_test(test_issuer), cmocka_unit_test(test_key_type), cmocka_unit_test(test_sites),
        cmocka_unit_test(test_revived), cmocka_unit_test(test_revoked), cmocka_unit_test(test_files_not_secure), cmocka_unit_test(test_files),
        cmocka_unit_test(test_files_after_restart), cmocka_unit_test(test_stop),
        cmocka_unit_test(test_files_and_clock), cmocka_unit_test(test_files_unreadable)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
