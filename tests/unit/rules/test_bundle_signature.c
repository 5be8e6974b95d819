/* Which signed bundles a client takes. */
#include "unit/rules/bundle_maker.h"

#include "rules/bundle_signature.h"

static struct error err;
static struct bundle_world world;
static struct private_key *keys[3]; /* SM2, ML-DSA-44, and another SM2 */
static struct builder contents;

static int make_world(void **state)
{
    (void)state;
    static const char *const algorithms[] = {"sm2_sm3", "mldsa44", "sm2_sm3"};
    bundle_world_init(&world);
    for (size_t i = 0; i < 3; i++)
        keys[i] = maker_private_key(algorithms[i]);
    builder_init(&contents, TRUST_BUNDLE_SIZE_MAX);
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

static struct bundle_signature_pins pins(const struct public_key *pinned[2])
{
    pinned[0] = private_key_public(keys[0]);
    pinned[1] = private_key_public(keys[1]);
    return (struct bundle_signature_pins){.keys = pinned, .key_count = 2, .now_s = MAKER_NOW};
}

static enum status check(struct bytes input, const struct bundle_signature_pins *p)
{
    struct trust_envelope e;
    struct trust_bundle b;
    OK(trust_envelope_parse(input, &e, &err));
    trust_bundle_init(&b);
    OK(trust_bundle_parse(e.contents, &b, &err));
    err = (struct error){.status = STATUS_OK};
    enum status s = bundle_signature_check(&e, &b, p, &err);
    trust_bundle_clear(&b);
    return s;
}

static void both_have_to_sign(void **state)
{
    (void)state;
    const struct public_key *pinned[2];
    struct bundle_signature_pins p = pins(pinned);
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
    p.key_count = 1;
    assert_says(check(input, &p), &err, STATUS_REFUSED, "no mldsa44 key is pinned");
    p.key_count = 0;
    assert_says(check(input, &p), &err, STATUS_REFUSED, "no sm2_sm3 key is pinned");
    heap_free(input);
}

static void other_contents(void **state)
{
    (void)state;
    const struct public_key *pinned[2];
    struct bundle_signature_pins p = pins(pinned);
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
    const struct public_key *pinned[2];
    struct bundle_signature_pins p = pins(pinned);
    struct bytes input = envelope_of(3);
    p.now_s = MAKER_NOW + MAKER_WEEK;
    OK(check(input, &p));
    p.now_s++;
    assert_says(check(input, &p), &err, STATUS_REFUSED, "expired");
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

static void local_ones(void **state)
{
    (void)state;
    struct trust_bundle b = {.version = 1, .issued_s = MAKER_NOW};
    OK(bundle_signature_check_time(&b, MAKER_NOW - MAKER_YEAR, &err));
    OK(bundle_signature_check_time(&b, MAKER_NOW + MAKER_YEAR, &err));
    b.expires_s = MAKER_NOW + 1;
    assert_says(bundle_signature_check_time(&b, MAKER_NOW - MAKER_YEAR, &err), &err, STATUS_REFUSED, "in the future");
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
        cmocka_unit_test(local_ones),
        cmocka_unit_test(envelopes),
    };
    return cmocka_run_group_tests(tests, make_world, clear_world);
}
