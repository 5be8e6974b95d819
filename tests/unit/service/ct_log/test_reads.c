/* What a log has, by RFC 6962: entries, proofs, and the reasons why there is none. */
#include "unit/service/ct_log/ct_checks.h"

#define ENTRIES 600 /* two full tiles and a part */

static uint8_t roots[ENTRIES + 1][HASH_SIZE];

/* 600 entries in batches of odd sizes; the root of every size that was published is kept. */
static int set_up_entries(const struct ct_suite *suite)
{
    struct builder body;
    unsigned serial = 0;
    (void)set_up_suite(suite);
    builder_init(&body, 65536);
    memset(roots, 0, sizeof roots);
    while (serial < ENTRIES) {
        struct ct_world_answer *answers[97];
        unsigned count = ENTRIES - serial < 97 ? ENTRIES - serial : 97;
        for (unsigned i = 0; i < count; i++, serial++) {
            builder_reset(&body);
            ct_world_chain(w, &(struct ct_world_certificate){.serial = serial, .is_precertificate = serial % 2 == 1}, serial % 3 == 0, &body);
            answers[i] = ct_world_post(w, serial % 2 == 1 ? "add-pre-chain" : "add-chain", builder_view(&body));
        }
        fake_loop_run(w->loop, 500);
        for (unsigned i = 0; i < count; i++) {
            assert_int_equal(answers[i]->status, 200);
            ct_world_forget(answers[i]);
        }
        struct tree_head head;
        get_head(&head);
        memcpy(roots[head.size], head.root, HASH_SIZE);
    }
    builder_clear(&body);
    return 0;
}

static int set_up_gm_entries(void **state)
{
    (void)state;
    return set_up_entries(&ct_suite_gm);
}

static int set_up_intl_entries(void **state)
{
    (void)state;
    return set_up_entries(&ct_suite_intl);
}

/* Two parameters by name. */
static struct ct_world_answer *get(const char *name, const char *first, unsigned a, const char *second, unsigned b)
{
    char query[128];
    (void)snprintf(query, sizeof query, "%s=%u&%s=%u", first, a, second, b);
    return ct_world_get(w, name, query);
}

/* ---- entries ---- */

static void check_entry(struct bytes leaf_input, struct bytes extra_data, uint64_t index)
{
    struct leaf leaf;
    struct leaf_extra extra;
    struct reader r;
    struct bytes certificate;
    uint64_t found = 0;
    OK(leaf_parse(leaf_input, &leaf, &err));
    OK(leaf_index(&leaf, &found, &err));
    assert_int_equal(found, index);
    OK(leaf_extra_parse(leaf.type, extra_data, &extra, &err));
    assert_int_equal(extra.chain_count, 2);
    reader_init(&r, extra.chain);
    assert_true(leaf_chain_next(&r, &certificate));
    assert_bytes(certificate, builder_view(&w->issuer.der));
    assert_true(leaf_chain_next(&r, &certificate));
    assert_bytes(certificate, builder_view(&w->root.der));
    if (leaf.type == LEAF_PRECERT)
        assert_true(extra.pre_certificate.len > leaf.tbs.len);
    else
        assert_int_equal(leaf.type, LEAF_X509);
}

static size_t check_entries(unsigned start, unsigned end)
{
    struct ct_world_answer *answer = get("get-entries", "start", start, "end", end);
    struct ct_json_entries entries;
    assert_int_equal(answer->status, 200);
    OK(ct_json_parse_entries(builder_view(&answer->body), &entries, &err));
    for (size_t i = 0; i < entries.count; i++)
        check_entry(entries.items[i].leaf_input, entries.items[i].extra_data, start + i);
    size_t count = entries.count;
    ct_json_entries_clear(&entries);
    ct_world_forget(answer);
    return count;
}

static void entries_are_as_they_were_submitted(void **state)
{
    (void)state;
    assert_int_equal(check_entries(0, 0), 1);
    assert_int_equal(check_entries(0, ENTRIES - 1), ENTRIES);
    assert_int_equal(check_entries(255, 256), 2);
    assert_int_equal(check_entries(ENTRIES - 1, ENTRIES + 1000), 1);
    w->config.limits.get_entries_max = 100;
    ct_world_restart(w);
    assert_int_equal(check_entries(200, 550), 100);
}

/* The root of all leaves is the tree head's: what get-entries says is what was signed. */
static void entries_lead_to_the_tree_head(void **state)
{
    (void)state;
    struct ct_world_answer *answer = get("get-entries", "start", 0, "end", ENTRIES - 1);
    struct ct_json_entries entries;
    struct hasher h;
    struct tree_head head;
    uint8_t hashes[ENTRIES][HASH_SIZE], root[HASH_SIZE];
    OK(hasher_init(&h, w->suite->hash, &err));
    OK(ct_json_parse_entries(builder_view(&answer->body), &entries, &err));
    for (size_t i = 0; i < ENTRIES; i++)
        leaf_hash(&h, bytes_of(entries.items[i].leaf_input.data + 2, entries.items[i].leaf_input.len - 2), hashes[i]);
    /* A slow reading of [RFC6962 2.1]: levels by pairs, the odd one goes up. */
    size_t count = ENTRIES;
    while (count > 1) {
        for (size_t i = 0; i < count / 2; i++) {
            const uint8_t one = 1;
            hasher_start(&h);
            hasher_update(&h, bytes_of(&one, 1));
            hasher_update(&h, BYTES_OF(hashes[2 * i]));
            hasher_update(&h, BYTES_OF(hashes[2 * i + 1]));
            hasher_finish(&h, root);
            memcpy(hashes[i], root, HASH_SIZE);
        }
        if (count % 2 == 1)
            memmove(hashes[count / 2], hashes[count - 1], HASH_SIZE);
        count = (count + 1) / 2;
    }
    get_head(&head);
    assert_memory_equal(hashes[0], head.root, HASH_SIZE);
    hasher_clear(&h);
    ct_json_entries_clear(&entries);
    ct_world_forget(answer);
}

static void an_entry_comes_with_its_proof(void **state)
{
    (void)state;
    static const struct {
        unsigned index, size;
    } cases[] = {{0, 97}, {96, 97}, {3, 194}, {255, 291}, {256, ENTRIES}, {ENTRIES - 1, ENTRIES}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct ct_world_answer *answer = get("get-entry-and-proof", "leaf_index", cases[i].index, "tree_size", cases[i].size);
        struct ct_json_blobs parts;
        struct hasher h;
        uint8_t hash[HASH_SIZE], root[HASH_SIZE];
        assert_int_equal(answer->status, 200);
        OK(ct_json_parse_entry_and_proof(builder_view(&answer->body), &parts, &err));
        check_entry(parts.items[0], parts.items[1], cases[i].index);
        OK(hasher_init(&h, w->suite->hash, &err));
        leaf_hash(&h, bytes_of(parts.items[0].data + 2, parts.items[0].len - 2), hash);
        OK(proof_evaluate_inclusion(&h, (struct subtree){0, cases[i].size}, cases[i].index, hash, parts.items[2], root, &err));
        assert_memory_equal(root, roots[cases[i].size], HASH_SIZE);
        hasher_clear(&h);
        ct_json_blobs_clear(&parts);
        ct_world_forget(answer);
    }
}

/* ---- proofs ---- */

static void tree_heads_are_consistent(void **state)
{
    (void)state;
    static const unsigned sizes[] = {97, 194, 291, 388, 485, 582, ENTRIES};
    for (size_t i = 0; i < LENGTH(sizes); i++) {
        for (size_t k = i; k < LENGTH(sizes); k++) {
            struct ct_world_answer *answer = get("get-sth-consistency", "first", sizes[i], "second", sizes[k]);
            struct builder proof;
            struct hasher h;
            builder_init(&proof, 65536);
            assert_int_equal(answer->status, 200);
            OK(ct_json_parse_consistency(builder_view(&answer->body), &proof, &err));
            OK(hasher_init(&h, w->suite->hash, &err));
            if (i == k)
                assert_int_equal(proof.len, 0);
            else
                OK(proof_check_consistency(&h, (struct subtree){0, sizes[i]}, sizes[k], roots[sizes[i]], roots[sizes[k]],
                                           builder_view(&proof), &err));
            hasher_clear(&h);
            builder_clear(&proof);
            ct_world_forget(answer);
        }
    }
    struct ct_world_answer *answer = get("get-sth-consistency", "first", 0, "second", 97);
    assert_int_equal(answer->status, 200);
    ct_world_forget(answer);
}

static void leaves_are_found_by_their_hashes(void **state)
{
    (void)state;
    struct ct_world_answer *answer = get("get-entries", "start", 0, "end", ENTRIES - 1);
    struct ct_json_entries entries;
    OK(ct_json_parse_entries(builder_view(&answer->body), &entries, &err));
    for (size_t i = 0; i < ENTRIES; i += 37) {
        struct leaf leaf;
        OK(leaf_parse(entries.items[i].leaf_input, &leaf, &err));
        assert_included(&leaf, i);
    }
    ct_json_entries_clear(&entries);
    ct_world_forget(answer);
}

/* ---- refusals ---- */

static void what_cannot_be_read_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *query;
        int status;
        const char *reason;
    } cases[] = {
        {"get-entries", "", 400, "start is missing"},
        {"get-entries", "start=0", 400, "end is missing"},
        {"get-entries", "start=5&end=4", 400, "more than"},
        {"get-entries", "start=-1&end=4", 400, "start is not a number"},
        {"get-entries", "start=0&end=99999999999999999999", 400, "end is not a number"},
        {"get-entries", "start=0&start=1&end=4", 400, "start is there twice"},
        {"get-entries", "start=%3&end=4", 400, "cannot be read"},
        {"get-entries", "start=600&end=601", 404, "600 entries"},
        {"get-sth-consistency", "first=7&second=3", 400, "more than"},
        {"get-sth-consistency", "first=1&second=601", 404, "beyond"},
        {"get-proof-by-hash", "hash=abc&tree_size=10", 400, "base64"},
        {"get-proof-by-hash", "hash=AAAA&tree_size=10", 400, "base64"},
        {"get-proof-by-hash", "hash=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%3D&tree_size=10", 404, "leaf hash"},
        {"get-proof-by-hash", "hash=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%3D&tree_size=601", 404, "beyond"},
        {"get-entry-and-proof", "leaf_index=4&tree_size=4", 400, "not in a tree"},
        {"get-entry-and-proof", "leaf_index=4&tree_size=601", 404, "beyond"},
        {"get-entry-and-proof", "leaf_index=4", 400, "tree_size is missing"},
        {"get-nothing", "", 404, "no such resource"},
        {"", "", 404, "no such resource"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++)
        assert_refused(ct_world_get(w, cases[i].name, cases[i].query), cases[i].status, cases[i].reason);
}

static void a_leaf_beyond_the_tree_asked_for_is_not_there(void **state)
{
    (void)state;
    struct ct_world_answer *answer = get("get-entries", "start", 300, "end", 300);
    struct ct_json_entries entries;
    struct hasher h;
    struct builder query;
    uint8_t hash[HASH_SIZE];
    OK(ct_json_parse_entries(builder_view(&answer->body), &entries, &err));
    OK(hasher_init(&h, w->suite->hash, &err));
    leaf_hash(&h, bytes_of(entries.items[0].leaf_input.data + 2, entries.items[0].leaf_input.len - 2), hash);
    builder_init(&query, 1024);
    builder_text(&query, "hash=");
    text_write_base64(&query, BYTES_OF(hash)); /* '+' and '=' as they are */
    builder_printf(&query, "&tree_size=300%c", 0);
    assert_refused(ct_world_get(w, "get-proof-by-hash", (const char *)query.data), 404, "leaf hash");
    query.data[query.len - 2] = '1';
    struct ct_world_answer *found = ct_world_get(w, "get-proof-by-hash", (const char *)query.data);
    assert_int_equal(found->status, 200);
    ct_world_forget(found);
    hasher_clear(&h);
    builder_clear(&query);
    ct_json_entries_clear(&entries);
    ct_world_forget(answer);
}

static void damage_is_not_served(void **state)
{
    (void)state;
    struct object_store store = memory_disk_store(w->disk, CT_WORLD_PUBLIC);
    struct builder tile;
    builder_init(&tile, (size_t)1 << 20);
    OK(store.get(store.context, "tile/0/000", &tile, &err));
    tile.data[40] ^= 1;
    struct bytes damaged = builder_view(&tile);
    assert_true(memory_disk_damage(w->disk, CT_WORLD_PUBLIC, "tile/0/000", &damaged));
    assert_refused(get("get-entry-and-proof", "leaf_index", 5, "tree_size", ENTRIES), 503, "cannot read");
    assert_true(memory_disk_damage(w->disk, CT_WORLD_PUBLIC, "tile/data/001", NULL));
    assert_refused(get("get-entries", "start", 300, "end", 301), 503, "cannot read");
    assert_int_equal(fake_loop_event_count(w->loop, "ct-log-read-failed"), 2);
    tile.data[40] ^= 1;
    assert_true(memory_disk_damage(w->disk, CT_WORLD_PUBLIC, "tile/0/000", &damaged));
    assert_int_equal(check_entries(0, 0), 1);
    builder_clear(&tile);
}

/* One byte of a certificate: it can be read as well as before. */
static void a_bent_entry_is_not_served(void **state)
{
    (void)state;
    struct object_store store = memory_disk_store(w->disk, CT_WORLD_PUBLIC);
    struct builder tile;
    builder_init(&tile, (size_t)1 << 20);
    OK(store.get(store.context, "tile/data/000", &tile, &err));
    tile.data[100] ^= 1;
    struct bytes damaged = builder_view(&tile);
    assert_true(memory_disk_damage(w->disk, CT_WORLD_PUBLIC, "tile/data/000", &damaged));
    assert_refused(get("get-entries", "start", 0, "end", 1), 503, "cannot read");
    assert_refused(get("get-entry-and-proof", "leaf_index", 7, "tree_size", ENTRIES), 503, "cannot read");
    assert_int_equal(fake_loop_event_count(w->loop, "ct-log-read-failed"), 2);
    assert_int_equal(check_entries(256, 256), 1);
    builder_clear(&tile);
}

static void reads_are_bounded(void **state)
{
    (void)state;
    struct ct_world_answer *answers[3];
    w->config.limits.reads_max = 2;
    ct_world_restart(w);
    for (size_t i = 0; i < 3; i++)
        answers[i] = ct_world_ask(w, "get-entries", "start=0&end=1");
    assert_true(ct_world_has_header(answers[2], "Retry-After: "));
    assert_refused(answers[2], 503, "too many reads");
    fake_loop_run(w->loop, 0);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(answers[i]->status, 200);
        ct_world_forget(answers[i]);
    }
}

/* ---- places ---- */

static void assert_got(const char *name, int status)
{
    struct ct_world_answer *answer = ct_world_get(w, name, "");
    assert_int_equal(answer->status, status);
    ct_world_forget(answer);
}

/* Requests go to /2027h1/ct/v1/. */
static void each_url_answers_what_is_there(void **state)
{
    (void)state;
    w->handler = ct_log_read_handler;
    assert_refused(ct_world_post(w, "add-chain", (struct bytes){0}), 404, "no such resource");
    assert_got("get-sth", 200);
    w->handler = ct_log_handler;
    /* What is read may have a place of its own; those who know only the log's URL of RFC 6962 read all the same. */
    w->config.monitoring_url = "https://read.example/elsewhere";
    ct_world_restart(w);
    assert_got("get-sth", 200);
    assert_got("get-roots", 200);
    struct ct_world_answer *answer = ct_world_post(w, "add-chain", (struct bytes){0});
    fake_loop_run(w->loop, 100);
    assert_refused(answer, 400, "");
}

#define GM_ENTRIES(function) cmocka_unit_test_setup_teardown(function, set_up_gm_entries, tear_down)
#define INTL_ENTRIES(function) {#function " (intl)", function, set_up_intl_entries, tear_down, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GM_ENTRIES(entries_are_as_they_were_submitted),
        INTL_ENTRIES(entries_are_as_they_were_submitted),
        GM_ENTRIES(entries_lead_to_the_tree_head),
        INTL_ENTRIES(entries_lead_to_the_tree_head),
        INTL_ENTRIES(an_entry_comes_with_its_proof),
        GM_ENTRIES(an_entry_comes_with_its_proof),
        INTL_ENTRIES(tree_heads_are_consistent),
        INTL_ENTRIES(leaves_are_found_by_their_hashes),
        INTL_ENTRIES(what_cannot_be_read_is_refused),
        INTL_ENTRIES(a_leaf_beyond_the_tree_asked_for_is_not_there),
        INTL_ENTRIES(damage_is_not_served),
        INTL_ENTRIES(a_bent_entry_is_not_served),
        INTL_ENTRIES(reads_are_bounded),
        INTL_ENTRIES(each_url_answers_what_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
