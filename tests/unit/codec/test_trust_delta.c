/* Deltas between contents, `latest`, proofs of versions: what is written is read again, and nothing else is. */
#include <stdio.h>

#include "unit/rules/bundle_maker.h"

#include "codec/trust_bundle/trust_delta.h"
#include "codec/trust_bundle/trust_latest.h"
#include "codec/trust_bundle/trust_version_proof.h"

static struct error err;

/* ---- deltas ---- */

static struct trust_envelope envelope_of(struct bytes contents)
{
    static uint8_t signature[64] = {1};
    struct trust_envelope e = {.contents = contents, .signature_count = 1, .log_proof = bytes_of_text("proof")};
    e.signatures[0].signature = BYTES_OF(signature);
    return e;
}

static struct bytes delta_of(struct bytes base, struct bytes target)
{
    struct trust_envelope e = envelope_of(target);
    struct builder out;
    builder_init(&out, TRUST_DELTA_SIZE_MAX);
    OK(trust_delta_write(base, 5, &e, &out, &err));
    struct bytes copy = heap_copy(builder_view(&out));
    builder_clear(&out);
    return copy;
}

static enum status apply(struct bytes input, struct bytes base, struct builder *out)
{
    struct trust_delta d;
    builder_reset(out);
    enum status s = trust_delta_parse(input, &d, &err);
    return s == STATUS_OK ? trust_delta_apply(&d, base, out, &err) : s;
}

static void leads_to(struct bytes base, struct bytes target)
{
    struct bytes input = delta_of(base, target);
    struct trust_envelope e = envelope_of(target);
    struct builder made, whole;
    builder_init(&made, TRUST_ENVELOPE_SIZE_MAX);
    builder_init(&whole, TRUST_ENVELOPE_SIZE_MAX);
    OK(trust_envelope_write(&e, &whole, &err));
    OK(apply(input, base, &made));
    assert_bytes(builder_view(&made), builder_view(&whole));
    builder_clear(&made);
    builder_clear(&whole);
    heap_free(input);
}

static uint32_t seed = 7;

static uint8_t random_byte(void)
{
    seed = seed * 1664525 + 1013904223;
    return (uint8_t)(seed >> 24);
}

/* Contents that have to do with one another by edits, and some that have nothing in common. */
static void any_contents(void **state)
{
    (void)state;
    uint8_t base[3000], target[4000];
    for (size_t round = 0; round < 300; round++) {
        size_t base_len = random_byte() * 10U, len = 0;
        for (size_t i = 0; i < base_len; i++)
            base[i] = round % 3 == 0 ? 0 : random_byte();
        while (len < 300 || (random_byte() % 8 != 0 && len < 3000)) {
            size_t from = base_len > 0 ? (random_byte() * 256U + random_byte()) % base_len : 0, run = random_byte();
            for (size_t i = 0; i < run; i++)
                target[len++] = random_byte() % 4 != 0 && from + i < base_len ? base[from + i] : random_byte();
        }
        struct bytes a = heap_copy(bytes_of(base, base_len)), b = heap_copy(bytes_of(target, len));
        leads_to(a, b);
        heap_free(a);
        heap_free(b);
    }
}

static void refused(void **state)
{
    (void)state;
    uint8_t base[200], target[220], other[200];
    for (size_t i = 0; i < sizeof base; i++)
        other[i] = target[i] = base[i] = random_byte();
    for (size_t i = 200; i < sizeof target; i++)
        target[i] = random_byte();
    other[3] ^= 1;
    struct bytes input = delta_of(BYTES_OF(base), BYTES_OF(target));
    struct builder out;
    builder_init(&out, TRUST_ENVELOPE_SIZE_MAX);
    OK(apply(input, BYTES_OF(base), &out));
    assert_says(apply(input, BYTES_OF(other), &out), &err, STATUS_CONFLICT, "other contents");
    assert_int_equal(out.len, 0);
    for (size_t len = 0; len < input.len; len++)
        assert_int_not_equal(apply(bytes_of(input.data, len), BYTES_OF(base), &out), STATUS_OK);
    builder_clear(&out);
    heap_free(input);
}

/* Steps that were not made by us. */
static enum status run(const uint8_t *steps, size_t len, size_t *made)
{
    static const uint8_t base[10] = "0123456789";
    struct trust_delta d = {.base_version = 1, .steps = bytes_of(steps, len), .result = envelope_of(bytes_of(NULL, 0))};
    struct hasher h;
    struct builder out;
    struct trust_envelope e;
    OK(hasher_init(&h, &hash_sm3, &err));
    hasher_one(&h, BYTES_OF(base), d.base_sm3);
    hasher_clear(&h);
    builder_init(&out, TRUST_ENVELOPE_SIZE_MAX);
    enum status s = trust_delta_apply(&d, BYTES_OF(base), &out, &err);
    *made = 0;
    if (s == STATUS_OK) {
        OK(trust_envelope_parse(builder_view(&out), &e, &err));
        *made = e.contents.len;
    }
    builder_clear(&out);
    return s;
}

static void steps(void **state)
{
    (void)state;
    static const struct {
        uint8_t at[8];
        size_t len, made; /* 0: refused */
    } cases[] = {
        {{20, 0}, 2, 10},             /* all of the base */
        {{22, 0}, 2, 0},              /* one more */
        {{2, 18}, 2, 1},              /* its last byte */
        {{2, 20}, 2, 0},
        {{20, 0, 20, 19}, 4, 20},     /* ten back */
        {{20, 0, 20, 21}, 4, 0},
        {{2, 1}, 2, 0},               /* one back from the beginning */
        {{3, 'x'}, 2, 1},
        {{5, 'x'}, 2, 0},             /* two, and one is there */
        {{0, 0}, 2, 0},               /* of nothing */
        {{1}, 1, 0},
        {{20}, 1, 0},                 /* without its place */
        {{0x94, 0x00, 0}, 3, 0},      /* 20, with a zero in front */
        {{0x80, 0x80, 0x80, 0x80, 1}, 5, 0},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        size_t made;
        enum status s = run(cases[i].at, cases[i].len, &made);
        assert_int_equal(made, cases[i].made);
        assert_int_equal(s, cases[i].made > 0 ? STATUS_OK : STATUS_MALFORMED);
    }
}

/* A small delta makes no more than a bundle may have. */
static void bounded(void **state)
{
    (void)state;
    size_t base_len = (size_t)8 << 20, count = 4, made = 0;
    uint8_t *base = calloc(1, base_len), many[64];
    struct builder b, out;
    struct hasher h;
    struct trust_delta d = {.base_version = 1, .result = envelope_of(bytes_of(NULL, 0))};
    assert_non_null(base);
    OK(hasher_init(&h, &hash_sm3, &err));
    hasher_one(&h, bytes_of(base, base_len), d.base_sm3);
    hasher_clear(&h);
    builder_init_fixed(&b, many, sizeof many);
    for (size_t i = 0; i < count; i++) {
        static const uint8_t first[] = {0x80, 0x80, 0x80, 0x08, 0x00}, next[] = {0x80, 0x80, 0x80, 0x08, 0xff, 0xff, 0xff, 0x07};
        builder_bytes(&b, i == 0 ? BYTES_OF(first) : BYTES_OF(next));
    }
    d.steps = builder_view(&b);
    builder_init(&out, TRUST_ENVELOPE_SIZE_MAX);
    assert_int_equal(trust_delta_apply(&d, bytes_of(base, base_len), &out, &err), STATUS_LIMIT);
    (void)made;
    builder_clear(&out);
    free(base);
}

/* An hour of ten logs with 169 landmarks each: one more at the end, and the first one goes. */
#define LOGS 10
#define LANDMARKS 169

static void make_logs(struct trust_bundle *b, uint64_t hour)
{
    char id[32];
    trust_bundle_init(b);
    b->version = 1000 + hour;
    b->issued_s = MAKER_NOW + (int64_t)hour * 3600;
    b->expires_s = b->issued_s + MAKER_WEEK;
    for (unsigned i = 0; i < LOGS; i++) {
        (void)snprintf(id, sizeof id, "32473.%u", i + 1);
        struct trust_bundle_log log = {.ca_id = bundle_id(id), .log_number = 1, .first_landmark = 1 + hour,
                                       .size_before = 100000 * (uint64_t)(i + 1) + 1037 * hour, .landmark_first = b->landmarks.count,
                                       .landmark_count = LANDMARKS};
        for (uint64_t k = 1; k <= LANDMARKS; k++) {
            struct trust_bundle_landmark l = {.tree_size = log.size_before + 1037 * k, .expiry_s = MAKER_NOW + (int64_t)(hour + k) * 3600};
            uint32_t kept = seed;
            seed = (uint32_t)(i * 100000 + hour + k);
            for (size_t n = 0; n < 2 * (size_t)HASH_SIZE; n++)
                l.hashes[n / HASH_SIZE][n % HASH_SIZE] = random_byte();
            seed = kept;
            bundle_push(&b->landmarks, &l);
        }
        bundle_push(&b->logs, &log);
    }
}

static struct bytes contents_of_hour(uint64_t hour)
{
    struct trust_bundle b;
    struct builder out;
    make_logs(&b, hour);
    builder_init(&out, TRUST_BUNDLE_SIZE_MAX);
    OK(trust_bundle_write(&b, &out, &err));
    struct bytes copy = heap_copy(builder_view(&out));
    builder_clear(&out);
    trust_bundle_clear(&b);
    return copy;
}

static void an_hour(void **state)
{
    (void)state;
    struct bytes first = contents_of_hour(0), second = contents_of_hour(1), day = contents_of_hour(24);
    leads_to(first, second);
    struct bytes delta = delta_of(first, second), days = delta_of(first, day);
    struct trust_delta d;
    OK(trust_delta_parse(delta, &d, &err));
    print_message("a landmark a log: %zu bytes of steps, %.1f a log\n", d.steps.len, (double)d.steps.len / LOGS);
    assert_true(d.steps.len < LOGS * (size_t)100);
    OK(trust_delta_parse(days, &d, &err));
    assert_true(d.steps.len < LOGS * (size_t)24 * 82);
    leads_to(first, day);
    heap_free(delta);
    heap_free(days);
    heap_free(first);
    heap_free(second);
    heap_free(day);
}

/* ---- latest ---- */

static const char good[] = "trust-latest/v1\nversion 9\nissued 5\nexpires 6\nbundle 77 "
                           "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
                           "rotation 2\nrotation 9\ndelta 7 30\ndelta 8 20\n";

static void latest_round_trip(void **state)
{
    (void)state;
    struct trust_latest l;
    struct builder out;
    OK(trust_latest_parse(bytes_of_text(good), &l, &err));
    assert_int_equal(l.version, 9);
    assert_int_equal(l.bundle_sha256[31], 0x1f);
    assert_int_equal(trust_latest_delta(&l, 8)->size, 20);
    assert_null(trust_latest_delta(&l, 6));
    assert_int_equal(trust_latest_rotation(&l, 0), 2);
    assert_int_equal(trust_latest_rotation(&l, 2), 9);
    assert_int_equal(trust_latest_rotation(&l, 9), 0);
    builder_init(&out, TRUST_LATEST_SIZE_MAX);
    OK(trust_latest_write(&l, &out, &err));
    assert_bytes(builder_view(&out), bytes_of_text(good));
    l.deltas[1].from = 9;
    builder_reset(&out);
    assert_int_equal(trust_latest_write(&l, &out, &err), STATUS_USAGE);
    builder_clear(&out);
    for (size_t len = 0; len + 1 < sizeof good; len++) {
        struct bytes part = heap_copy(bytes_of(good, len));
        enum status s = trust_latest_parse(part, &l, &err);
        /* A whole line less of rotations or deltas is one that has fewer. */
        if (len > 0 && good[len - 1] == '\n' && len >= 120)
            OK(s);
        else
            assert_int_equal(s, STATUS_MALFORMED);
        heap_free(part);
    }
}

static void latest_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"latest/v1", "latest/v2"}, {"version 9", "version 0"}, {"version 9", "version 09"}, {"version 9", "version 8"},
        {"expires 6", "expires 4"}, {"bundle 77", "bundle 0"}, {"bundle 77", "bundle  77"}, {"1e1f\n", "1e1\n"}, {"1e1f\n", "1E1F\n"},
        {"rotation 2", "rotation 9"}, {"rotation 9", "rotation 10"}, {"delta 7 30", "delta 8 30"}, {"delta 7 30", "delta 0 30"},
        {"delta 8 20", "delta 9 20"}, {"delta 8 20", "delta 8 0"}, {"delta 8 20", "delta 8"}, {"delta 8 20\n", "delta 8 20\nmore 1\n"},
        {"issued 5\n", ""}, {"delta 8 20\n", "delta 8 20\r\n"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct trust_latest l;
        const char *at = strstr(good, cases[i].from);
        char changed[512];
        assert_non_null(at);
        (void)snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - good), good, cases[i].to, at + strlen(cases[i].from));
        assert_int_equal(trust_latest_parse(bytes_of_text(changed), &l, &err), STATUS_MALFORMED);
    }
}

/* ---- proofs ---- */

static void proofs(void **state)
{
    (void)state;
    uint8_t path[65 * HASH_SIZE] = {0};
    struct trust_version_proof p = {bytes_of_text("note"), bytes_of(path, 64 * (size_t)HASH_SIZE)}, again;
    struct builder out;
    builder_init(&out, 65535);
    OK(trust_version_proof_write(&p, &out, &err));
    OK(trust_version_proof_parse(builder_view(&out), &again, &err));
    assert_bytes(again.checkpoint, p.checkpoint);
    assert_bytes(again.path, p.path);
    for (size_t len = 0; len < out.len; len++)
        assert_int_equal(trust_version_proof_parse(bytes_of(out.data, len), &again, &err), STATUS_MALFORMED);
    builder_reset(&out);
    p.path.len = 0;
    OK(trust_version_proof_write(&p, &out, &err));
    builder_reset(&out);
    p.path = bytes_of(path, sizeof path);
    assert_int_equal(trust_version_proof_write(&p, &out, &err), STATUS_USAGE);
    builder_reset(&out);
    p.path = bytes_of(path, 33);
    assert_int_equal(trust_version_proof_write(&p, &out, &err), STATUS_USAGE);
    builder_reset(&out);
    p = (struct trust_version_proof){bytes_of(NULL, 0), bytes_of(NULL, 0)};
    assert_int_equal(trust_version_proof_write(&p, &out, &err), STATUS_USAGE);
    builder_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_contents), cmocka_unit_test(refused), cmocka_unit_test(steps), cmocka_unit_test(bounded),
        cmocka_unit_test(an_hour), cmocka_unit_test(latest_round_trip), cmocka_unit_test(latest_refused), cmocka_unit_test(proofs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
