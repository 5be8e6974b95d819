/* Which signed bundles a client takes. */
#include "unit/rules/bundle_maker.h"

#include "fakes/version_log.h"
#include "rules/bundle_signature.h"

static struct error err;
static struct bundle_world world;
static struct private_key *keys[3]; /* SM2, ML-DSA-44, and another SM2 */
static struct builder contents;
static struct version_checkpoint offered; /* of the last check */

static int make_world(void **state)
{
    (void)state;
    static const char *const algorithms[] = {"sm2_sm3", "mldsa44", "sm2_sm3"};
    bundle_world_init(&world);
    for (size_t i = 0; i < 3; i++)
        keys[i] = maker_private_key(algorithms[i]);
    builder_init(&contents, TRUST_BUNDLE_SIZE_MAX);
    world.bundle.keys.count = 0; /* those are none that could be used */
    OK(trust_bundle_write(&world.bundle, &contents, &err));
    return 0;
}

static int clear_world(void **state)
{
    (void)state;
    builder_clear(&contents);
    for (size_t i = 0; i < 3; i++)
        private_key_free(keys[i]);
    bundle_world_clear(&world);
    return 0;
}

/* An envelope with signatures of these keys; bit i: key i. */
static struct bytes envelope_of(unsigned which)
{
    uint8_t version[TRUST_ENVELOPE_VERSION_SIZE];
    struct trust_envelope e = {.contents = builder_view(&contents)};
    struct builder signatures[3], out;
    OK(trust_envelope_version(&world.bundle, e.contents, version, &err));
    for (size_t i = 0; i < 3; i++) {
        builder_init(&signatures[i], SIGNATURE_SIZE_MAX);
        if ((which >> i & 1) == 0)
            continue;
        struct trust_envelope_signature s;
        OK(private_key_sign(keys[i], BYTES_OF(version), &signatures[i], &err));
        assert_true(trust_envelope_key_id(public_key_spki(private_key_public(keys[i])), s.key_id));
        s.signature = builder_view(&signatures[i]);
        size_t at = e.signature_count++;
        for (; at > 0 && memcmp(e.signatures[at - 1].key_id, s.key_id, sizeof s.key_id) > 0; at--)
            e.signatures[at] = e.signatures[at - 1];
        e.signatures[at] = s;
    }
    builder_init(&out, TRUST_ENVELOPE_SIZE_MAX);
    OK(trust_envelope_write(&e, &out, &err));
    struct bytes copy = heap_copy(builder_view(&out));
    builder_clear(&out);
    for (size_t i = 0; i < 3; i++)
        builder_clear(&signatures[i]);
    return copy;
}

/* Borrows: nothing is to be cleared. */
static struct bundle_keys pinned_keys(void)
{
    struct bundle_keys k = {.count = 2};
    for (size_t i = 0; i < 2; i++)
        k.at[i] = (struct bundle_key){.role = TRUST_BUNDLE_KEY_BUNDLE, .key = (struct public_key *)(uintptr_t)private_key_public(keys[i])};
    return k;
}

static struct bundle_signature_pins pins(const struct bundle_keys *k)
{
    return (struct bundle_signature_pins){.keys = k, .now_s = MAKER_NOW};
}

static enum status check(struct bytes input, const struct bundle_signature_pins *p)
{
    struct trust_envelope e;
    struct trust_bundle b;
    OK(trust_envelope_parse(input, &e, &err));
    trust_bundle_init(&b);
    OK(trust_bundle_parse(e.contents, &b, &err));
    err = (struct error){.status = STATUS_OK};
    enum status s = bundle_signature_check(&e, &b, p, &offered, &err);
    trust_bundle_clear(&b);
    return s;
}

static void both_have_to_sign(void **state)
{
    (void)state;
    struct bundle_keys pinned = pinned_keys();
    struct bundle_signature_pins p = pins(&pinned);
    for (unsigned which = 0; which < 8; which++) {
        struct bytes input = envelope_of(which);
        enum status s = check(input, &p);
        if ((which & 3) == 3)
            OK(s);
        else
            assert_says(s, &err, STATUS_REFUSED, (which & 1) != 0 ? "mldsa44" : "sm2_sm3");
        heap_free(input);
    }
    struct bytes input = envelope_of(3);
    pinned.count = 1;
    assert_says(check(input, &p), &err, STATUS_REFUSED, "no mldsa44 key is pinned");
    pinned.count = 0;
    assert_says(check(input, &p), &err, STATUS_REFUSED, "no sm2_sm3 key is pinned");
    heap_free(input);
}

static void other_contents(void **state)
{
    (void)state;
    struct bundle_keys pinned = pinned_keys();
    struct bundle_signature_pins p = pins(&pinned);
    struct bytes input = envelope_of(3);
    uint8_t *changed = (uint8_t *)(uintptr_t)input.data;
    size_t at = 16 + 3 + 16 + 8 + 7; /* last byte of issued */
    changed[at] ^= 1;
    assert_says(check(input, &p), &err, STATUS_REFUSED, "no good sm2_sm3 signature");
    changed[at] ^= 1;
    OK(check(input, &p));
    heap_free(input);
}

static void times_and_versions(void **state)
{
    (void)state;
    struct bundle_keys pinned = pinned_keys();
    struct bundle_signature_pins p = pins(&pinned);
    struct bytes input = envelope_of(3);
    p.now_s = MAKER_NOW + MAKER_WEEK;
    OK(check(input, &p));
    p.now_s++;
    assert_says(check(input, &p), &err, STATUS_REFUSED, "expired");
    p.is_step = true; /* on the way to a newer one */
    OK(check(input, &p));
    p.is_step = false;
    p.now_s = MAKER_NOW - BUNDLE_SIGNATURE_SKEW_S;
    OK(check(input, &p));
    p.now_s--;
    assert_says(check(input, &p), &err, STATUS_REFUSED, "in the future");
    p.now_s = MAKER_NOW;
    p.held_version = 8;
    assert_says(check(input, &p), &err, STATUS_REFUSED, "older");
    p.held_version = 6;
    OK(check(input, &p));
    p.held_version = 7;
    assert_says(check(input, &p), &err, STATUS_CONFLICT, "other contents");
    struct hasher_set hashers;
    OK(hasher_set_init(&hashers, &err));
    hasher_one(hasher_set_get(&hashers, &hash_sm3), builder_view(&contents), p.held_sm3);
    hasher_set_clear(&hashers);
    OK(check(input, &p));
    heap_free(input);
}

/* ---- the log of versions ---- */

#define ORIGIN "trust.example/versions"

static struct bundle_keys with_log(void)
{
    struct bundle_keys k = pinned_keys();
    for (size_t i = 0; i < 2; i++) {
        struct bundle_key *key = &k.at[k.count++];
        *key = k.at[i];
        key->role = TRUST_BUNDLE_KEY_VERSIONS;
        key->note_type = i == 0 ? NOTE_KEY_OTHER : NOTE_KEY_MLDSA44_COSIGNATURE;
        memcpy(key->note_name, ORIGIN, sizeof ORIGIN);
    }
    memcpy(k.origin, ORIGIN, sizeof ORIGIN);
    return k;
}

/* What a log has: version 7 as entry 6 of size entries; the others are filled with fill. */
struct log_case {
    const char *origin;
    uint64_t size, number;
    uint8_t fill;
    size_t first_key, key_count;
};

static struct bytes proof_of(const struct log_case *c)
{
    struct version_log *log = calloc(1, sizeof *log);
    uint8_t version[TRUST_ENVELOPE_VERSION_SIZE];
    struct builder note, out;
    assert_non_null(log);
    builder_init(&note, NOTE_SIZE_MAX);
    builder_init(&out, 65535);
    OK(version_log_init(log, c->origin, &err));
    OK(trust_envelope_version(&world.bundle, builder_view(&contents), version, &err));
    for (uint64_t i = 0; i < c->size; i++) {
        uint8_t other[TRUST_ENVELOPE_VERSION_SIZE];
        memset(other, c->fill, sizeof other);
        OK(version_log_add(log, i == 6 ? version : other, &err));
    }
    OK(version_log_note(log, c->size, keys + c->first_key, c->key_count, &note, &err));
    OK(version_log_prove(log, c->number, c->size, builder_view(&note), &out, &err));
    struct bytes copy = heap_copy(builder_view(&out));
    builder_clear(&note);
    builder_clear(&out);
    version_log_clear(log);
    free(log);
    return copy;
}

/* A signed envelope with this proof. */
static struct bytes with_proof(struct bytes proof)
{
    struct bytes plain = envelope_of(3);
    struct trust_envelope e;
    struct builder out;
    OK(trust_envelope_parse(plain, &e, &err));
    e.log_proof = proof;
    builder_init(&out, TRUST_ENVELOPE_SIZE_MAX);
    OK(trust_envelope_write(&e, &out, &err));
    struct bytes copy = heap_copy(builder_view(&out));
    builder_clear(&out);
    heap_free(plain);
    return copy;
}

static enum status check_proof(const struct log_case *c, const struct bundle_signature_pins *p)
{
    struct bytes proof = proof_of(c), input = with_proof(proof);
    enum status s = check(input, p);
    offered.note = bytes_of(NULL, 0);
    heap_free(input);
    heap_free(proof);
    return s;
}

static void in_the_log(void **state)
{
    (void)state;
    struct bundle_keys k = with_log();
    struct bundle_signature_pins p = pins(&k);
    struct log_case c = {ORIGIN, 7, 7, 0x55, 0, 2};
    OK(check_proof(&c, &p));
    assert_int_equal(offered.size, 7);
    c.size = 20;
    OK(check_proof(&c, &p));
    assert_int_equal(offered.size, 20);
    struct bytes none = envelope_of(3);
    assert_says(check(none, &p), &err, STATUS_REFUSED, "without a proof");
    heap_free(none);
    c.number = 8; /* the path of its neighbour */
    assert_says(check_proof(&c, &p), &err, STATUS_REFUSED, "root");
    c.number = 7;
    c.key_count = 1;
    assert_says(check_proof(&c, &p), &err, STATUS_REFUSED, "mldsa44");
    c.first_key = 1;
    assert_says(check_proof(&c, &p), &err, STATUS_REFUSED, "sm2_sm3");
    c.key_count = 2; /* ML-DSA-44, and an SM2 key that is not ours */
    assert_says(check_proof(&c, &p), &err, STATUS_REFUSED, "sm2_sm3");
    c = (struct log_case){"other.example/versions", 7, 7, 0x55, 0, 2};
    assert_says(check_proof(&c, &p), &err, STATUS_REFUSED, "another log");
    /* Who has pinned no keys of a log needs none. */
    struct bundle_keys without = pinned_keys();
    p.keys = &without;
    OK(check_proof(&c, &p));
    assert_int_equal(offered.size, 0);
}

/* A checkpoint that ends before the version. */
static void not_in_the_tree(void **state)
{
    (void)state;
    struct bundle_keys k = with_log();
    struct bundle_signature_pins p = pins(&k);
    struct version_log *log = calloc(1, sizeof *log);
    struct builder note, out;
    uint8_t other[TRUST_ENVELOPE_VERSION_SIZE] = {1};
    assert_non_null(log);
    builder_init(&note, NOTE_SIZE_MAX);
    builder_init(&out, 65535);
    OK(version_log_init(log, ORIGIN, &err));
    for (size_t i = 0; i < 6; i++)
        OK(version_log_add(log, other, &err));
    OK(version_log_note(log, 6, keys, 2, &note, &err));
    OK(version_log_prove(log, 6, 6, builder_view(&note), &out, &err));
    struct bytes input = with_proof(builder_view(&out));
    assert_says(check(input, &p), &err, STATUS_REFUSED, "of 6 versions");
    heap_free(input);
    builder_clear(&note);
    builder_clear(&out);
    version_log_clear(log);
    free(log);
}

static void two_logs(void **state)
{
    (void)state;
    struct bundle_keys k = with_log();
    struct bundle_signature_pins p = pins(&k);
    struct log_case c = {ORIGIN, 9, 7, 0x55, 0, 2};
    OK(check_proof(&c, &p));
    p.held_checkpoint = offered;
    OK(check_proof(&c, &p));
    c.fill = 0x66;
    assert_says(check_proof(&c, &p), &err, STATUS_CONFLICT, "another root");
    c.size = 10; /* needs tiles: whoever has them compares */
    OK(check_proof(&c, &p));
}

/* ---- keys for later versions ---- */

static void add_key(enum trust_bundle_key_role role, const struct private_key *key)
{
    const struct public_key *public = private_key_public(key);
    struct trust_bundle_key k = {.role = role, .algorithm = algorithm_identifier(public_key_alg(public)), .spki = public_key_spki(public)};
    if (role == TRUST_BUNDLE_KEY_VERSIONS) {
        k.note_type = 255;
        k.note_name = k.origin = bytes_of_text(ORIGIN);
    }
    bundle_push(&world.bundle.keys, &k);
}

static void new_keys(void **state)
{
    (void)state;
    struct bundle_keys k = pinned_keys(), log = with_log();
    struct trust_bundle *b = &world.bundle;
    OK(bundle_signature_check_new_keys(b, &log, &err));
    add_key(TRUST_BUNDLE_KEY_BUNDLE, keys[2]);
    assert_says(bundle_signature_check_new_keys(b, &k, &err), &err, STATUS_REFUSED, "none of mldsa44 for bundles");
    add_key(TRUST_BUNDLE_KEY_BUNDLE, keys[1]);
    OK(bundle_signature_check_new_keys(b, &k, &err));
    /* The log of versions is not given up. */
    assert_says(bundle_signature_check_new_keys(b, &log, &err), &err, STATUS_REFUSED, "for the log of versions");
    add_key(TRUST_BUNDLE_KEY_VERSIONS, keys[2]);
    assert_says(bundle_signature_check_new_keys(b, &log, &err), &err, STATUS_REFUSED, "none of mldsa44 for the log of versions");
    assert_says(bundle_signature_check_new_keys(b, &k, &err), &err, STATUS_REFUSED, "none of mldsa44 for the log of versions");
    add_key(TRUST_BUNDLE_KEY_VERSIONS, keys[1]);
    OK(bundle_signature_check_new_keys(b, &log, &err));
    OK(bundle_signature_check_new_keys(b, &k, &err));
    b->keys.count = 0;
}

static void local_ones(void **state)
{
    (void)state;
    struct trust_bundle b = {.version = 1, .issued_s = MAKER_NOW};
    OK(bundle_signature_check_time(&b, MAKER_NOW - MAKER_YEAR, &err));
    OK(bundle_signature_check_time(&b, MAKER_NOW + MAKER_YEAR, &err));
    b.expires_s = MAKER_NOW + 1;
    assert_says(bundle_signature_check_time(&b, MAKER_NOW - MAKER_YEAR, &err), &err, STATUS_REFUSED, "in the future");
}

/* Both neighbours of each time at which something changes. */
static void use_behind_the_end(void **state)
{
    (void)state;
    const int64_t end = MAKER_NOW + MAKER_WEEK;
    struct trust_bundle b = {.version = 1, .issued_s = MAKER_NOW, .expires_s = end};
    bool is_without = true;
    OK(bundle_signature_check_use(&b, end, &is_without, &err));
    assert_false(is_without);
    OK(bundle_signature_check_use(&b, end + 1, &is_without, &err));
    assert_true(is_without);
    OK(bundle_signature_check_use(&b, end + BUNDLE_SIGNATURE_GRACE_S, &is_without, &err));
    assert_true(is_without);
    assert_says(bundle_signature_check_use(&b, end + BUNDLE_SIGNATURE_GRACE_S + 1, &is_without, &err), &err, STATUS_REFUSED, "expired");
    OK(bundle_signature_check_use(&b, MAKER_NOW - BUNDLE_SIGNATURE_SKEW_S, &is_without, &err));
    assert_says(bundle_signature_check_use(&b, MAKER_NOW - BUNDLE_SIGNATURE_SKEW_S - 1, &is_without, &err), &err, STATUS_REFUSED, "in the future");
    b.expires_s = 0; /* a local one */
    OK(bundle_signature_check_use(&b, MAKER_NOW + MAKER_YEAR, &is_without, &err));
    assert_false(is_without);
}

static void envelopes(void **state)
{
    (void)state;
    struct bytes input = envelope_of(7);
    struct trust_envelope e;
    for (size_t len = 0; len < input.len; len += 7)
        assert_int_equal(trust_envelope_parse(bytes_of(input.data, len), &e, &err), STATUS_MALFORMED);
    OK(trust_envelope_parse(input, &e, &err));
    struct trust_envelope_signature first = e.signatures[0];
    e.signatures[0] = e.signatures[1];
    e.signatures[1] = first;
    struct builder out;
    builder_init(&out, TRUST_ENVELOPE_SIZE_MAX);
    assert_says(trust_envelope_write(&e, &out, &err), &err, STATUS_USAGE, "order");
    builder_clear(&out);
    heap_free(input);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_have_to_sign),
        cmocka_unit_test(other_contents),
        cmocka_unit_test(times_and_versions),
        cmocka_unit_test(in_the_log),
        cmocka_unit_test(not_in_the_tree),
        cmocka_unit_test(two_logs),
        cmocka_unit_test(new_keys),
        cmocka_unit_test(local_ones),
        cmocka_unit_test(use_behind_the_end),
        cmocka_unit_test(envelopes),
    };
    return cmocka_run_group_tests(tests, make_world, clear_world);
}
