/* The identity log, what is published of it, and what a client makes of that. */
#include "unit/checks.h"
#include "unit/rules/mtc_maker.h"

#include <stdio.h>

#include "rules/identity_log.h"
#include "rules/identity_lookup.h"

#define NOW MAKER_NOW
#define SIGNERS 3

static struct error err;
static struct private_key *keys[SIGNERS];
static uint8_t ids[SIGNERS][32];
static const char *const algs[SIGNERS] = {"sm2_sm3", "ecdsa_p256_sha256", "mldsa44"};
static const struct identity_publication_settings all = {1 << 20, 16}, asked = {0, 1};

static int make_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIGNERS; i++) {
        keys[i] = maker_private_key(algs[i]);
        assert_true(identity_check_key_id(public_key_spki(private_key_public(keys[i])), ids[i]));
    }
    return 0;
}

static int free_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIGNERS; i++)
        private_key_free(keys[i]);
    return 0;
}

struct world {
    struct identity_log *log;
    struct trust_bundle bundle;
    struct identity_signers *signers;
    struct identity_publication *publication;
    struct identity_view *view;
};

static void add_signer(struct world *w, size_t i, uint8_t level_max)
{
    static const char *const operators[SIGNERS] = {"CA One", "CA Two", "CA Three"};
    struct trust_bundle_signer row = {algorithm_identifier(public_key_alg(private_key_public(keys[i]))),
                                      public_key_spki(private_key_public(keys[i])), bytes_of_text(operators[i]), level_max};
    OK(array_insert(&w->bundle.signers, w->bundle.signers.count, &row, "signers", &err));
}

static void world_init(struct world *w)
{
    *w = (struct world){.log = NULL};
    OK(identity_log_new(&w->log, &err));
    trust_bundle_init(&w->bundle);
    add_signer(w, 0, 4);
    add_signer(w, 1, 3);
    add_signer(w, 2, 4);
}

static void publish(struct world *w, const struct identity_publication_settings *settings)
{
    identity_view_free(w->view);
    identity_publication_free(w->publication);
    identity_signers_free(w->signers);
    w->view = NULL;
    w->publication = NULL;
    OK(identity_signers_new(&w->bundle, maker_algorithms(), &w->signers, &err));
    OK(identity_publication_new(w->log, w->signers, NOW, settings, &w->publication, &err));
    w->bundle.identities = identity_publication_section(w->publication);
    OK(identity_view_new(&w->bundle, maker_algorithms(), &w->view, &err));
}

static void world_clear(struct world *w)
{
    identity_view_free(w->view);
    identity_publication_free(w->publication);
    identity_signers_free(w->signers);
    trust_bundle_clear(&w->bundle);
    identity_log_free(w->log);
}

static struct website_identity record(uint64_t serial, const char *domain, const char *registration)
{
    struct website_identity r = {.serial = serial, .domain = bytes_of_text(domain), .scope = WEBSITE_IDENTITY_SUBDOMAINS,
                                 .name_en = bytes_of_text(registration), .country = {'C', 'N'},
                                 .registration = bytes_of_text(registration), .level = 3, .issued_s = NOW - 100,
                                 .until_s = NOW + 1000};
    return r;
}

static void sign(size_t signer, struct bytes statement, struct builder *entry)
{
    struct builder signature;
    builder_init(&signature, 8192);
    OK(private_key_sign(keys[signer], statement, &signature, &err));
    OK(website_identity_write_entry(statement, builder_view(&signature), entry, &err));
    builder_clear(&signature);
}

static void make_entry(size_t signer, struct website_identity r, struct builder *entry)
{
    struct builder statement;
    builder_init(&statement, 2048);
    memcpy(r.signer, ids[signer], sizeof r.signer);
    OK(website_identity_write(&r, &statement, &err));
    sign(signer, builder_view(&statement), entry);
    builder_clear(&statement);
}

static enum status append(struct world *w, size_t signer, struct website_identity r)
{
    struct builder entry;
    builder_init(&entry, 8192);
    make_entry(signer, r, &entry);
    enum status s = identity_log_append(w->log, builder_view(&entry), &err);
    builder_clear(&entry);
    return s;
}

static enum status revoke(struct world *w, size_t signer, uint64_t serial)
{
    struct website_identity_revocation r = {.serial = serial, .time_s = NOW};
    struct builder statement, entry;
    builder_init(&statement, 2048);
    builder_init(&entry, 8192);
    memcpy(r.signer, ids[signer], sizeof r.signer);
    OK(website_identity_write_revocation(&r, &statement, &err));
    sign(signer, builder_view(&statement), &entry);
    enum status s = identity_log_append(w->log, builder_view(&entry), &err);
    builder_clear(&entry);
    builder_clear(&statement);
    return s;
}

static struct identity_answer lookup_at(struct world *w, const char *host, int64_t now_s)
{
    struct identity_answer a;
    OK(identity_lookup(w->view, bytes_of_text(host), now_s, &a, &err));
    return a;
}

static void expect(struct world *w, const char *host, enum identity_verdict verdict, const char *registration)
{
    struct identity_answer a = lookup_at(w, host, NOW);
    if (a.verdict != verdict || (registration != NULL && !bytes_is_text(a.records[0].identity.registration, registration)))
        fail_msg("%s: %d, %zu records, refused: %s", host, a.verdict, a.count, a.refused);
    assert_int_equal(a.level != 0, verdict == IDENTITY_KNOWN);
}

/* ---- what is found ---- */

static void finds_the_most_specific(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct website_identity exact = record(3, "one.example.com", "exact");
    exact.scope = WEBSITE_IDENTITY_EXACT;
    assert_int_equal(append(&w, 0, record(1, "example.com", "wide")), STATUS_OK);
    assert_int_equal(append(&w, 1, record(1, "shop.example.com", "shop")), STATUS_OK);
    assert_int_equal(append(&w, 0, exact), STATUS_OK);
    for (int i = 0; i < 2; i++) {
        publish(&w, &all);
        expect(&w, "example.com", IDENTITY_KNOWN, "wide");
        expect(&w, "EXAMPLE.com.", IDENTITY_KNOWN, "wide");
        expect(&w, "www.example.com", IDENTITY_KNOWN, "wide");
        expect(&w, "shop.example.com", IDENTITY_KNOWN, "shop");
        expect(&w, "a.b.c.shop.example.com", IDENTITY_KNOWN, "shop");
        expect(&w, "one.example.com", IDENTITY_KNOWN, "exact");
        expect(&w, "a.one.example.com", IDENTITY_KNOWN, "wide");
        expect(&w, "example.org", IDENTITY_NONE, NULL);
        expect(&w, "notexample.com", IDENTITY_NONE, NULL);
        expect(&w, "com", IDENTITY_NONE, NULL);
        expect(&w, "192.0.2.1", IDENTITY_NONE, NULL);
        expect(&w, "", IDENTITY_NONE, NULL);
        struct identity_answer a = lookup_at(&w, "shop.example.com", NOW);
        assert_true(bytes_is_text(a.records[0].operator_name, "CA Two"));
        assert_int_equal(a.level, 3);
        assert_int_equal(a.records[0].index, 1);
        assert_int_equal(append(&w, 2, record((uint64_t)i + 1, "other.example", "x")), STATUS_OK);
    }
    world_clear(&w);
}

/* The newest of a signer; two signers that agree, and two that do not. */
static void newest_and_conflicts(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct website_identity r = record(1, "example.com", "old");
    r.issued_s -= 50;
    assert_int_equal(append(&w, 0, record(2, "example.com", "new")), STATUS_OK);
    assert_int_equal(append(&w, 0, r), STATUS_OK);
    publish(&w, &all);
    expect(&w, "example.com", IDENTITY_KNOWN, "new");
    r = record(1, "example.com", "new");
    r.level = 2;
    r.issued_s += 10;
    assert_int_equal(append(&w, 1, r), STATUS_OK);
    publish(&w, &all);
    struct identity_answer a = lookup_at(&w, "example.com", NOW);
    assert_int_equal(a.verdict, IDENTITY_KNOWN);
    assert_int_equal(a.count, 2);
    assert_int_equal(a.level, 2); /* of the newest */
    assert_int_equal(append(&w, 2, record(1, "example.com", "other")), STATUS_OK);
    publish(&w, &all);
    a = lookup_at(&w, "www.example.com", NOW);
    assert_int_equal(a.verdict, IDENTITY_CONFLICT);
    assert_int_equal(a.count, 3);
    assert_int_equal(a.level, 0);
    assert_int_equal(revoke(&w, 2, 1), STATUS_OK);
    publish(&w, &all);
    expect(&w, "www.example.com", IDENTITY_KNOWN, "new");
    world_clear(&w);
}

/* The same registration number in another country is somebody else. */
static void countries_tell_apart(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct website_identity r = record(1, "example.com", "7");
    assert_int_equal(append(&w, 0, r), STATUS_OK);
    r.country[0] = 'D';
    r.country[1] = 'E';
    assert_int_equal(append(&w, 1, r), STATUS_OK);
    publish(&w, &all);
    assert_int_equal(lookup_at(&w, "example.com", NOW).verdict, IDENTITY_CONFLICT);
    world_clear(&w);
}

static void times(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    assert_int_equal(append(&w, 0, record(1, "example.com", "x")), STATUS_OK);
    publish(&w, &all);
    static const struct {
        int64_t at_s;
        enum identity_verdict verdict;
    } rows[] = {{NOW - 101, IDENTITY_NONE}, {NOW - 100, IDENTITY_KNOWN}, {NOW + 1000, IDENTITY_KNOWN}, {NOW + 1001, IDENTITY_NONE}};
    for (size_t i = 0; i < LENGTH(rows); i++)
        assert_int_equal(lookup_at(&w, "example.com", rows[i].at_s).verdict, rows[i].verdict);
    assert_int_equal(lookup_at(&w, "example.com", NOW + 1001).refused_count, 1);
    world_clear(&w);
}

/* ---- what does not count ---- */

static void signers_are_the_bundles(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct website_identity r = record(1, "example.com", "x");
    r.level = 4; /* CA Two may say T3 at most */
    assert_int_equal(append(&w, 1, r), STATUS_OK);
    publish(&w, &all);
    assert_int_equal(identity_publication_records(w.publication), 0);
    expect(&w, "example.com", IDENTITY_NONE, NULL);
    ((struct trust_bundle_signer *)array_at(&w.bundle.signers, 1))->level_max = 4;
    publish(&w, &all);
    expect(&w, "example.com", IDENTITY_KNOWN, "x");
    /* A distributor that publishes what the signer may no longer say. */
    ((struct trust_bundle_signer *)array_at(&w.bundle.signers, 1))->level_max = 3;
    identity_view_free(w.view);
    OK(identity_view_new(&w.bundle, maker_algorithms(), &w.view, &err));
    struct identity_answer a = lookup_at(&w, "example.com", NOW);
    assert_int_equal(a.verdict, IDENTITY_NONE);
    assert_int_equal(a.refused_count, 1);
    assert_non_null(strstr(a.refused, "T3"));
    w.bundle.signers.count = 1;
    identity_view_free(w.view);
    OK(identity_view_new(&w.bundle, maker_algorithms(), &w.view, &err));
    a = lookup_at(&w, "example.com", NOW);
    assert_non_null(strstr(a.refused, "no identity signer"));
    world_clear(&w);
}

/* A signer with an algorithm that this program does not know costs the others nothing: a program may add one at any time. */
static void an_algorithm_of_later_days(void **state)
{
    (void)state;
    static const uint8_t later[] = {0x30, 0x05, 0x06, 0x03, 0x2a, 0x03, 0x04};
    struct world w;
    world_init(&w);
    assert_int_equal(append(&w, 0, record(1, "example.com", "good")), STATUS_OK);
    assert_int_equal(append(&w, 1, record(1, "example.org", "other")), STATUS_OK);
    publish(&w, &all);
    ((struct trust_bundle_signer *)array_at(&w.bundle.signers, 1))->algorithm = BYTES_OF(later);
    identity_view_free(w.view);
    OK(identity_view_new(&w.bundle, maker_algorithms(), &w.view, &err));
    expect(&w, "example.com", IDENTITY_KNOWN, "good");
    struct identity_answer a = lookup_at(&w, "example.org", NOW);
    assert_int_equal(a.verdict, IDENTITY_NONE);
    assert_int_equal(a.refused_count, 1);
    world_clear(&w);
}

/* Each byte of the section changed: never another organisation, never a level. */
static void every_byte_counts(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    assert_int_equal(append(&w, 0, record(1, "example.com", "good")), STATUS_OK);
    assert_int_equal(append(&w, 0, record(2, "example.org", "other")), STATUS_OK);
    publish(&w, &all);
    struct bytes good = w.bundle.identities;
    struct bytes copy = heap_copy(good);
    uint8_t *data = (uint8_t *)(uintptr_t)copy.data;
    w.bundle.identities = copy;
    size_t taken = 0;
    for (size_t i = 0; i < good.len; i++) {
        struct identity_view *view;
        data[i] ^= 1;
        if (identity_view_new(&w.bundle, maker_algorithms(), &view, &err) == STATUS_OK) {
            struct identity_answer a;
            OK(identity_lookup(view, bytes_of_text("example.com"), NOW, &a, &err));
            if (a.verdict == IDENTITY_KNOWN) {
                assert_true(bytes_is_text(a.records[0].identity.registration, "good"));
                taken++;
            }
            identity_view_free(view);
        }
        data[i] ^= 1;
    }
    /* Only what is about the other record, and the digits and root of the lists, which nobody asks for. */
    assert_true(taken > 0 && taken < good.len * 3 / 4);
    w.bundle.identities = good;
    heap_free(copy);
    world_clear(&w);
}

static void log_keeps_order(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    assert_int_equal(revoke(&w, 0, 1), STATUS_NOT_FOUND);
    assert_int_equal(append(&w, 0, record(1, "example.com", "x")), STATUS_OK);
    assert_int_equal(append(&w, 0, record(1, "example.org", "y")), STATUS_CONFLICT);
    assert_int_equal(append(&w, 1, record(1, "example.org", "y")), STATUS_OK);
    assert_int_equal(revoke(&w, 1, 2), STATUS_NOT_FOUND);
    assert_int_equal(revoke(&w, 0, 1), STATUS_OK);
    assert_int_equal(revoke(&w, 0, 1), STATUS_CONFLICT);
    assert_int_equal(identity_log_size(w.log), 3);
    assert_non_null(identity_log_revocation_of(w.log, 0));
    assert_null(identity_log_revocation_of(w.log, 1));
    /* As text, and back. */
    struct identity_log *again;
    struct builder text;
    uint8_t root[2][HASH_SIZE];
    builder_init(&text, 1 << 16);
    for (uint64_t i = 0; i < 3; i++)
        identity_log_write_line(identity_log_at(w.log, i)->whole, &text);
    OK(identity_log_new(&again, &err));
    OK(identity_log_read(again, builder_view(&text), &err));
    for (uint64_t size = 0; size <= 3; size++) {
        OK(identity_log_root(w.log, size, root[0], &err));
        OK(identity_log_root(again, size, root[1], &err));
        assert_memory_equal(root[0], root[1], HASH_SIZE);
    }
    assert_int_equal(identity_log_root(again, 4, root[0], &err), STATUS_NOT_FOUND);
    assert_int_equal(identity_log_read(again, bytes_of_text("no base64\n"), &err), STATUS_USAGE);
    assert_int_equal(identity_log_read(again, builder_view(&text), &err), STATUS_USAGE); /* all of it twice */
    assert_non_null(strstr(err.text, "line 1"));
    identity_log_free(again);
    builder_clear(&text);
    world_clear(&w);
}

/* A bundle of before, and one of a log that has lost or changed something. */
static void log_against_bundles(void **state)
{
    (void)state;
    struct world w, other;
    struct website_identity_section section;
    world_init(&w);
    world_init(&other);
    assert_int_equal(append(&w, 0, record(1, "example.com", "x")), STATUS_OK);
    assert_int_equal(append(&w, 0, record(2, "example.org", "y")), STATUS_OK);
    publish(&w, &all);
    website_identity_section_init(&section);
    OK(website_identity_section_parse(w.bundle.identities, &section, &err));
    OK(identity_log_check_section(w.log, &section, &err));
    assert_int_equal(append(&w, 0, record(3, "example.net", "z")), STATUS_OK);
    OK(identity_log_check_section(w.log, &section, &err)); /* it grew */
    assert_int_equal(append(&other, 0, record(1, "example.com", "x")), STATUS_OK);
    assert_int_equal(identity_log_check_section(other.log, &section, &err), STATUS_REFUSED);
    assert_int_equal(append(&other, 0, record(2, "example.org", "Z")), STATUS_OK);
    assert_int_equal(identity_log_check_section(other.log, &section, &err), STATUS_REFUSED);
    website_identity_section_clear(&section);
    world_clear(&other);
    world_clear(&w);
}

/* ---- lists that are asked for ---- */

static void add_lists(struct world *w, const char *host, size_t want)
{
    char paths[IDENTITY_LOOKUP_NAMES_MAX][WEBSITE_IDENTITY_PATH_MAX], path[WEBSITE_IDENTITY_PATH_MAX];
    size_t count, added = 0;
    OK(identity_lookup_prefixes(w->view, bytes_of_text(host), paths, &count, &err));
    assert_int_equal(count, want);
    for (size_t i = 0; i < identity_publication_count(w->publication); i++) {
        struct builder content;
        builder_init(&content, WEBSITE_IDENTITY_ANSWER_SIZE_MAX);
        OK(identity_publication_file(w->publication, i, path, &content, &err));
        for (size_t k = 0; k < count; k++)
            if (strcmp(paths[k], path) == 0) {
                OK(identity_view_add(w->view, builder_view(&content), &err));
                assert_int_equal(identity_view_add(w->view, builder_view(&content), &err), STATUS_CONFLICT);
                added++;
            }
        builder_clear(&content);
    }
    assert_int_equal(added, want);
}

static void asks_by_prefix(void **state)
{
    (void)state;
    struct world w;
    char domain[32];
    world_init(&w);
    for (unsigned i = 0; i < 20; i++) {
        (void)snprintf(domain, sizeof domain, "site%u.example", i);
        assert_int_equal(append(&w, i % 3, record(i + 1, domain, "org")), STATUS_OK);
    }
    publish(&w, &asked);
    assert_int_equal(identity_publication_count(w.publication), 256); /* 20 records, one a list */
    assert_int_equal(w.bundle.identities.len, 8 + 32 + 1 + 1 + 32);
    expect(&w, "site7.example", IDENTITY_ASK, NULL);
    expect(&w, "192.0.2.1", IDENTITY_NONE, NULL);
    add_lists(&w, "site7.example", 1);
    expect(&w, "site7.example", IDENTITY_KNOWN, "org");
    expect(&w, "www.site7.example", IDENTITY_ASK, NULL);
    add_lists(&w, "www.site7.example", 1);
    expect(&w, "www.site7.example", IDENTITY_KNOWN, "org");
    add_lists(&w, "nobody.example", 1); /* an answer like any other */
    expect(&w, "nobody.example", IDENTITY_NONE, NULL);
    world_clear(&w);
}

/* A list of another bundle, one with a byte changed, one with a record left out. */
static void lists_are_the_bundles(void **state)
{
    (void)state;
    struct world w;
    char path[WEBSITE_IDENTITY_PATH_MAX], before[WEBSITE_IDENTITY_PATH_MAX];
    struct builder old, now;
    struct identity_publication_settings one = {0, 16};
    world_init(&w);
    assert_int_equal(append(&w, 0, record(1, "example.com", "x")), STATUS_OK);
    publish(&w, &one);
    assert_int_equal(identity_publication_count(w.publication), 1);
    builder_init(&old, WEBSITE_IDENTITY_ANSWER_SIZE_MAX);
    builder_init(&now, WEBSITE_IDENTITY_ANSWER_SIZE_MAX);
    OK(identity_publication_file(w.publication, 0, before, &old, &err));
    assert_int_equal(revoke(&w, 0, 1), STATUS_OK);
    publish(&w, &one);
    OK(identity_publication_file(w.publication, 0, path, &now, &err));
    assert_string_not_equal(before, path);
    /* The list from before the revocation. */
    assert_int_equal(identity_view_add(w.view, builder_view(&old), &err), STATUS_REFUSED);
    for (size_t i = 0; i < now.len; i++) {
        now.data[i] ^= 0x40;
        if (identity_view_add(w.view, builder_view(&now), &err) == STATUS_OK)
            fail_msg("byte %zu", i);
        now.data[i] ^= 0x40;
    }
    for (size_t len = 0; len < now.len; len++)
        assert_int_not_equal(identity_view_add(w.view, bytes_of(now.data, len), &err), STATUS_OK);
    OK(identity_view_add(w.view, builder_view(&now), &err));
    expect(&w, "example.com", IDENTITY_NONE, NULL);
    builder_clear(&old);
    builder_clear(&now);
    world_clear(&w);
}

/* Around the size up to which the bundle has all records itself. */
static void embeds_up_to_a_size(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    assert_int_equal(append(&w, 0, record(1, "example.com", "x")), STATUS_OK);
    publish(&w, &all);
    struct identity_publication_settings s = {w.bundle.identities.len, 16};
    publish(&w, &s);
    expect(&w, "example.com", IDENTITY_KNOWN, "x");
    s.embed_size--;
    publish(&w, &s);
    expect(&w, "example.com", IDENTITY_ASK, NULL);
    world_clear(&w);
}

static void without_identities(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    OK(identity_view_new(&w.bundle, maker_algorithms(), &w.view, &err));
    expect(&w, "example.com", IDENTITY_NONE, NULL);
    assert_int_equal(identity_view_add(w.view, bytes_of_text("x"), &err), STATUS_REFUSED);
    publish(&w, &all); /* an empty log */
    expect(&w, "example.com", IDENTITY_NONE, NULL);
    publish(&w, &asked);
    add_lists(&w, "a.b.c.d.e.f.g.h.i.j.example.com", 1); /* one list for all names */
    expect(&w, "example.com", IDENTITY_NONE, NULL);
    world_clear(&w);
}

static void the_root_of_a_text(void **state)
{
    (void)state;
    struct world w;
    struct builder text;
    uint8_t root[HASH_SIZE], is[HASH_SIZE];
    world_init(&w);
    builder_init(&text, 65536);
    for (uint64_t i = 0; i < 6; i++) {
        OK(identity_log_text_root(builder_view(&text), is, &err));
        OK(identity_log_root(w.log, i, root, &err));
        assert_memory_equal(is, root, HASH_SIZE);
        OK(append(&w, 0, record(i + 1, "example.com", "9X")));
        identity_log_write_line(identity_log_at(w.log, i)->whole, &text);
    }
    text.data[text.len - 2] = '!';
    assert_int_equal(identity_log_text_root(builder_view(&text), is, &err), STATUS_USAGE);
    assert_int_equal(identity_log_text_root(bytes_of_text("\n"), is, &err), STATUS_USAGE);
    builder_clear(&text);
    world_clear(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_most_specific), cmocka_unit_test(newest_and_conflicts),
        cmocka_unit_test(countries_tell_apart),    cmocka_unit_test(times),
        cmocka_unit_test(signers_are_the_bundles), cmocka_unit_test(every_byte_counts),
        cmocka_unit_test(an_algorithm_of_later_days),
        cmocka_unit_test(log_keeps_order),         cmocka_unit_test(log_against_bundles),
        cmocka_unit_test(asks_by_prefix),          cmocka_unit_test(lists_are_the_bundles),
        cmocka_unit_test(embeds_up_to_a_size),     cmocka_unit_test(without_identities),
        cmocka_unit_test(the_root_of_a_text),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
