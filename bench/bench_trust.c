/* bench_trust.c - a signed trust bundle of ten Merkle Tree CAs with 169 landmarks each: what it weighs, what a delta of one hour and
 * of one day weigh, and what a client needs to load, judge and update it. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/trust_bundle/trust_delta.h"
#include "fakes/version_log.h"
#include "merkle/subtree.h"
#include "rules/bundle_signature.h"
#include "rules/trust_contents.h"
#include "unit/rules/mtc_maker.h"

#define CAS 10
#define LANDMARKS 169
#define ORIGIN "trust.example/versions"
/* Entries between two landmarks: some hundreds of certificates a minute. */
#define ENTRIES_AN_HOUR 36173
#define ENTRIES_BEFORE 40000000
#define VERSIONS 900
/* More would be heard of at users' lines, and the profile speaks of some 13 KB a log. */
#define BUNDLE_KB_MAX 200.0
#define DELTA_LOG_BYTES_MAX 100.0
#define LOAD_MS_MAX 20.0

struct trust_bench {
    struct maker_ca cas[CAS];
    struct private_key *mirrors[CAS];
    struct private_key *keys[2];
    struct bundle_keys pinned;
    struct version_log log;
    struct builder envelopes[3]; /* now, an hour and a day later */
    struct builder deltas[3];    /* from now to each */
    struct builder made;         /* by applying one */
    struct algorithms *algorithms;
};

/* ---- making ---- */

static void fill_hash(uint64_t a, uint64_t b, uint8_t out[HASH_SIZE])
{
    uint64_t words[2] = {a, b};
    struct bytes input = bytes_of(words, sizeof words);
    if (!hash_label_sha256(&input, 1, out))
        abort();
}

static enum status add(struct array *to, const void *item, struct error *err)
{
    return array_insert(to, to->count, item, "items", err);
}

static enum status add_log(struct trust_bundle *b, const struct trust_bundle_ca *ca, uint64_t number, uint64_t hour, struct error *err)
{
    struct trust_bundle_log log = {.ca_id = ca->id, .log_number = 1, .first_landmark = 1 + hour, .landmark_first = b->landmarks.count,
                                   .size_before = ENTRIES_BEFORE * (number + 1) + ENTRIES_AN_HOUR * hour, .landmark_count = LANDMARKS};
    enum status s = STATUS_OK;
    uint64_t before = log.size_before;
    for (uint64_t i = 1; s == STATUS_OK && i <= LANDMARKS; i++) {
        struct trust_bundle_landmark l = {.tree_size = log.size_before + i * ENTRIES_AN_HOUR,
                                          .expiry_s = MAKER_NOW + (int64_t)(hour + i) * 3600};
        struct subtree cover[2];
        subtree_cover(before, l.tree_size, cover);
        for (uint64_t k = 0; k < 2; k++)
            if (subtree_size(cover[k]) > 0)
                fill_hash(number, l.tree_size + k, l.hashes[k]);
        before = l.tree_size;
        s = add(&b->landmarks, &l, err);
    }
    return s == STATUS_OK ? add(&b->logs, &log, err) : s;
}

/* A CA with one mirror, which has to have signed. */
static enum status add_ca(struct trust_bench *t, struct trust_bundle *b, uint64_t number, uint64_t hour, struct error *err)
{
    static const struct bytes url = {(const uint8_t *)"https://ca.example/logs", 23};
    struct trust_bundle_ca ca = {.certificate = t->cas[number].der, .operator_name = bytes_of_text("Example CA"), .level_max = 4,
                                 .purposes = {.count = 1, .at = {TRUST_BUNDLE_TLS}}, .url_first = b->urls.count, .url_count = 1,
                                 .rule_first = b->rules.count, .rule_count = 1};
    struct trust_bundle_rule rule = {.kind = TRUST_BUNDLE_OPERATORS, .needed = 1, .member_first = b->members.count, .member_count = 1};
    struct public_key *const key = (struct public_key *)(uintptr_t)private_key_public(t->mirrors[number]);
    struct trust_bundle_cosigner mirror = {.role = TRUST_BUNDLE_MIRROR, .algorithm = algorithm_identifier(public_key_alg(key)),
                                           .spki = public_key_spki(key), .operator_name = bytes_of_text("Example mirror")};
    char id[32];
    enum status s = tai_parse_text(bytes_of_text(t->cas[number].id), &ca.id, err);
    (void)snprintf(id, sizeof id, "32473.%llu", 100 + (unsigned long long)number);
    if (s == STATUS_OK)
        s = tai_parse_text(bytes_of_text(id), &mirror.id, err);
    if (s == STATUS_OK && (add(&b->cosigners, &mirror, err) != STATUS_OK || add(&b->members, &mirror.id, err) != STATUS_OK ||
                           add(&b->rules, &rule, err) != STATUS_OK || add(&b->urls, &url, err) != STATUS_OK ||
                           add(&b->cas, &ca, err) != STATUS_OK))
        s = STATUS_NO_MEMORY;
    return s == STATUS_OK ? add_log(b, &ca, number, hour, err) : s;
}

static enum status sign(struct trust_bench *t, const uint8_t *version, struct trust_envelope *e, struct builder *memory, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < 2; i++) {
        struct trust_envelope_signature signature;
        size_t before = memory->len, at = e->signature_count;
        s = private_key_sign(t->keys[i], bytes_of(version, TRUST_ENVELOPE_VERSION_SIZE), memory, err);
        if (s != STATUS_OK || !trust_envelope_key_id(public_key_spki(private_key_public(t->keys[i])), signature.key_id))
            return s == STATUS_OK ? STATUS_NO_MEMORY : s;
        signature.signature = bytes_of(memory->data + before, memory->len - before);
        for (; at > 0 && memcmp(e->signatures[at - 1].key_id, signature.key_id, sizeof signature.key_id) > 0; at--)
            e->signatures[at] = e->signatures[at - 1];
        e->signatures[at] = signature;
        e->signature_count++;
    }
    return s;
}

/* In a log that had hourly versions for a month and more. */
static enum status prove(struct trust_bench *t, uint64_t number, const uint8_t *version, struct builder *out, struct error *err)
{
    struct builder note;
    enum status s = STATUS_OK;
    uint8_t other[TRUST_ENVELOPE_VERSION_SIZE] = {0};
    builder_init(&note, NOTE_SIZE_MAX);
    while (s == STATUS_OK && t->log.size + 1 < number)
        s = version_log_add(&t->log, other, err);
    if (s == STATUS_OK)
        s = version_log_add(&t->log, version, err);
    if (s == STATUS_OK)
        s = version_log_note(&t->log, t->log.size, t->keys, 2, &note, err);
    if (s == STATUS_OK)
        s = version_log_prove(&t->log, number, t->log.size, builder_view(&note), out, err);
    builder_clear(&note);
    return s;
}

static enum status make_envelope(struct trust_bench *t, uint64_t hour, struct builder *out, struct error *err)
{
    static uint8_t signatures[16384], proofs[65536];
    uint8_t version[TRUST_ENVELOPE_VERSION_SIZE];
    struct trust_envelope e = {.signature_count = 0};
    struct trust_bundle b;
    struct builder contents, memory, proof;
    enum status s = STATUS_OK;
    trust_bundle_init(&b);
    b.version = VERSIONS + hour;
    b.issued_s = MAKER_NOW + (int64_t)hour * 3600;
    b.expires_s = b.issued_s + MAKER_WEEK;
    builder_init(&contents, TRUST_BUNDLE_SIZE_MAX);
    builder_init(out, TRUST_ENVELOPE_SIZE_MAX);
    builder_init_fixed(&memory, signatures, sizeof signatures);
    builder_init_fixed(&proof, proofs, sizeof proofs);
    for (uint64_t i = 0; s == STATUS_OK && i < CAS; i++)
        s = add_ca(t, &b, i, hour, err);
    if (s == STATUS_OK)
        s = trust_bundle_write(&b, &contents, err);
    e.contents = builder_view(&contents);
    if (s == STATUS_OK)
        s = trust_envelope_version(&b, e.contents, version, err);
    if (s == STATUS_OK)
        s = sign(t, version, &e, &memory, err);
    if (s == STATUS_OK)
        s = prove(t, b.version, version, &proof, err);
    e.log_proof = builder_view(&proof);
    if (s == STATUS_OK)
        s = trust_envelope_write(&e, out, err);
    builder_clear(&contents);
    trust_bundle_clear(&b);
    return s;
}

static void make_keys(struct trust_bench *t)
{
    static const char *const algorithms[] = {"sm2_sm3", "mldsa44"};
    static char ids[CAS][32];
    for (size_t i = 0; i < CAS; i++) {
        (void)snprintf(ids[i], sizeof ids[i], "32473.%zu", 10 + i);
        maker_ca_init(&t->cas[i], &maker_gm, ids[i], "sm2_sm3");
        t->mirrors[i] = maker_private_key("sm2_sm3");
    }
    t->pinned.count = 4;
    memcpy(t->pinned.origin, ORIGIN, sizeof ORIGIN);
    for (size_t i = 0; i < 2; i++) {
        t->keys[i] = maker_private_key(algorithms[i]);
        struct public_key *key = (struct public_key *)(uintptr_t)private_key_public(t->keys[i]);
        t->pinned.at[i] = (struct bundle_key){.role = TRUST_BUNDLE_KEY_BUNDLE, .key = key};
        t->pinned.at[2 + i] = (struct bundle_key){.role = TRUST_BUNDLE_KEY_VERSIONS, .key = key,
                                                  .note_type = i == 0 ? NOTE_KEY_OTHER : NOTE_KEY_MLDSA44_COSIGNATURE,
                                                  .note_name = ORIGIN};
    }
}

static enum status make(struct trust_bench *t, struct error *err)
{
    static const uint64_t hours[] = {0, 1, 24};
    struct trust_envelope base, next;
    make_keys(t);
    t->algorithms = maker_algorithms();
    enum status s = version_log_init(&t->log, ORIGIN, err);
    for (size_t i = 0; s == STATUS_OK && i < 3; i++)
        s = make_envelope(t, hours[i], &t->envelopes[i], err);
    if (s == STATUS_OK)
        s = trust_envelope_parse(builder_view(&t->envelopes[0]), &base, err);
    builder_init(&t->made, TRUST_ENVELOPE_SIZE_MAX);
    for (size_t i = 0; s == STATUS_OK && i < 3; i++) {
        builder_init(&t->deltas[i], TRUST_DELTA_SIZE_MAX);
        s = trust_envelope_parse(builder_view(&t->envelopes[i]), &next, err);
        if (s == STATUS_OK)
            s = trust_delta_write(base.contents, VERSIONS, &next, &t->deltas[i], err);
    }
    return s;
}

static void clear(struct trust_bench *t)
{
    for (size_t i = 0; i < CAS; i++) {
        maker_ca_clear(&t->cas[i]);
        private_key_free(t->mirrors[i]);
    }
    for (size_t i = 0; i < 2; i++)
        private_key_free(t->keys[i]);
    for (size_t i = 0; i < 3; i++) {
        builder_clear(&t->envelopes[i]);
        builder_clear(&t->deltas[i]);
    }
    builder_clear(&t->made);
    version_log_clear(&t->log);
}

/* ---- what is timed ---- */

/* One bundle, parsed; then what is asked of it. */
static bool with_bundle(struct trust_bench *t, bool (*use)(struct trust_bench *t, const struct trust_envelope *e, const struct trust_bundle *b))
{
    struct trust_envelope e;
    struct trust_bundle b;
    trust_bundle_init(&b);
    bool ok = trust_envelope_parse(builder_view(&t->envelopes[0]), &e, NULL) == STATUS_OK &&
              trust_bundle_parse(e.contents, &b, NULL) == STATUS_OK && (use == NULL || use(t, &e, &b));
    trust_bundle_clear(&b);
    return ok;
}

static bool judge(struct trust_bench *t, const struct trust_envelope *e, const struct trust_bundle *b)
{
    struct bundle_signature_pins pins = {.keys = &t->pinned, .now_s = MAKER_NOW};
    return bundle_signature_check(e, b, &pins, NULL, NULL) == STATUS_OK;
}

static bool use(struct trust_bench *t, const struct trust_envelope *e, const struct trust_bundle *b)
{
    const struct trust_contents_settings settings = {.now_s = MAKER_NOW};
    struct trust_contents *contents;
    (void)e;
    if (trust_contents_new(&b, 1, t->algorithms, &settings, &contents, NULL) != STATUS_OK)
        return false;
    trust_contents_free(contents);
    return true;
}

static bool judge_and_use(struct trust_bench *t, const struct trust_envelope *e, const struct trust_bundle *b)
{
    return judge(t, e, b) && use(t, e, b);
}

static bool run_parse(void *context, size_t times)
{
    bool ok = true;
    while (ok && times-- > 0)
        ok = with_bundle(context, NULL);
    return ok;
}

static bool run_judge(void *context, size_t times)
{
    bool ok = true;
    while (ok && times-- > 0)
        ok = with_bundle(context, judge);
    return ok;
}

static bool run_load(void *context, size_t times)
{
    bool ok = true;
    while (ok && times-- > 0)
        ok = with_bundle(context, judge_and_use);
    return ok;
}

static bool apply(struct trust_bench *t, size_t which)
{
    struct trust_envelope base;
    struct trust_delta delta;
    builder_reset(&t->made);
    return trust_envelope_parse(builder_view(&t->envelopes[0]), &base, NULL) == STATUS_OK &&
           trust_delta_parse(builder_view(&t->deltas[which]), &delta, NULL) == STATUS_OK &&
           trust_delta_apply(&delta, base.contents, &t->made, NULL) == STATUS_OK &&
           bytes_equal(builder_view(&t->made), builder_view(&t->envelopes[which]));
}

static bool run_apply(void *context, size_t times)
{
    bool ok = true;
    while (ok && times-- > 0)
        ok = apply(context, 1);
    return ok;
}

static bool run_apply_day(void *context, size_t times)
{
    bool ok = true;
    while (ok && times-- > 0)
        ok = apply(context, 2);
    return ok;
}

static bool run_write(void *context, size_t times)
{
    struct trust_bench *t = context;
    struct trust_envelope base, next;
    bool ok = trust_envelope_parse(builder_view(&t->envelopes[0]), &base, NULL) == STATUS_OK &&
              trust_envelope_parse(builder_view(&t->envelopes[1]), &next, NULL) == STATUS_OK;
    while (ok && times-- > 0) {
        builder_reset(&t->made);
        ok = trust_delta_write(base.contents, VERSIONS, &next, &t->made, NULL) == STATUS_OK;
    }
    return ok;
}

/* ---- the figures ---- */

static bool print_sizes(const struct trust_bench *t)
{
    static const char *const names[] = {"to itself", "of an hour", "of a day"};
    struct trust_envelope e;
    struct trust_delta d;
    size_t hour = 0;
    if (trust_envelope_parse(builder_view(&t->envelopes[0]), &e, NULL) != STATUS_OK)
        return false;
    (void)printf("  %-26s %8zu bytes: contents %zu, log proof %zu\n", "bundle", t->envelopes[0].len, e.contents.len, e.log_proof.len);
    for (size_t i = 0; i < 3; i++) {
        if (trust_delta_parse(builder_view(&t->deltas[i]), &d, NULL) != STATUS_OK)
            return false;
        hour = i == 1 ? d.steps.len : hour;
        (void)printf("  delta %-20s %8zu bytes: steps %zu, signatures and log proof %zu\n", names[i], t->deltas[i].len, d.steps.len,
                     t->deltas[i].len - d.steps.len);
    }
    bench_target("bundle of 10 CAs with 169 landmarks", (double)t->envelopes[0].len / 1000, " KB",
                 (double)t->envelopes[0].len / 1000 <= BUNDLE_KB_MAX, "<= 200 KB");
    bench_target("delta of an hour, a log", (double)hour / CAS, " bytes", (double)hour / CAS <= DELTA_LOG_BYTES_MAX, "<= 100 bytes");
    return true;
}

int bench_trust(void)
{
    static struct trust_bench t;
    struct error err = {.status = STATUS_OK};
    int result = 0;
    bench_title("trust bundle: 10 Merkle Tree CAs with a mirror and 169 landmarks each");
    if (make(&t, &err) != STATUS_OK)
        result = bench_failed("trust bundle", &err);
    struct bench_case cases[] = {
        {"parsed", run_parse, &t, t.envelopes[0].len, 0},
        {"parsed and judged", run_judge, &t, t.envelopes[0].len, 0},
        {"loaded (judged, trust made)", run_load, &t, t.envelopes[0].len, 0},
        {"delta of an hour applied", run_apply, &t, t.deltas[1].len, 0},
        {"delta of a day applied", run_apply_day, &t, t.deltas[2].len, 0},
        {"delta of an hour written", run_write, &t, t.deltas[1].len, 0},
    };
    if (result == 0 && (!print_sizes(&t) || !bench_measure(cases, sizeof cases / sizeof cases[0])))
        result = 1;
    if (result == 0) {
        bench_print_rate(cases, sizeof cases / sizeof cases[0]);
        bench_target("bundle loaded", cases[2].best_s * 1000, " ms", cases[2].best_s * 1000 <= LOAD_MS_MAX, "<= 20 ms");
    }
    clear(&t);
    return result;
}
