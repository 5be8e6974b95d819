/* Finding the steps between two contents. What is alike is found by hashes of short windows at every place of the base, and behind
 * what was copied last: elements of a bundle are in order and change little by little, so most of it continues right
 * there. A landmark that is new at the end of its log, while the oldest goes, is two copies and two inserts. */
#include <stdlib.h>
#include <string.h>

#include "codec/trust_bundle/trust_delta.h"
#include "codec/trust_bundle/trust_envelope_fields.h"

/* A copy is 2 to 8 bytes, and ends an insert: below this it gains nothing. */
#define WINDOW 12
/* Behind what was copied last a copy is 3 bytes. */
#define NEAR_MIN 6
/* Places with one hash that are looked at: runs of zeros have thousands. */
#define CANDIDATES_MAX 32
#define NONE UINT32_MAX

struct finding {
    struct bytes base, target;
    uint32_t *heads; /* by hash of a window: its last place in the base ... */
    uint32_t *before; /* ... and by place: the one before it with the same hash */
    unsigned bits;
    size_t copied; /* in the base: the end of what was copied last */
    size_t done;   /* in the target: what steps have been written for */
    struct builder *out;
};

static uint32_t hash_of(const struct finding *f, const uint8_t *window)
{
    uint64_t a;
    uint32_t b;
    memcpy(&a, window, sizeof a);
    memcpy(&b, window + sizeof a, sizeof b);
    /* Knuth's multiplicative hashing: the upper bits depend on all of them. */
    return (uint32_t)(((a ^ (uint64_t)b << 32 ^ b) * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - f->bits));
}

static enum status make_index(struct finding *f, struct error *err)
{
    f->bits = 8;
    while (f->bits < 24 && ((size_t)1 << f->bits) < f->base.len)
        f->bits++;
    f->heads = malloc(((size_t)1 << f->bits) * sizeof *f->heads);
    f->before = malloc((f->base.len + 1) * sizeof *f->before);
    if (f->heads == NULL || f->before == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    memset(f->heads, 0xff, ((size_t)1 << f->bits) * sizeof *f->heads);
    for (size_t i = 0; i + WINDOW <= f->base.len; i++) {
        uint32_t hash = hash_of(f, f->base.data + i);
        f->before[i] = f->heads[hash];
        f->heads[hash] = (uint32_t)i;
    }
    return STATUS_OK;
}

/* ---- writing ---- */

static void put_number(struct builder *b, size_t value)
{
    for (; value >= 0x80; value >>= 7)
        builder_u8(b, (uint8_t)(value | 0x80));
    builder_u8(b, (uint8_t)value);
}

static void put_insert(struct finding *f, size_t end)
{
    if (end == f->done)
        return;
    put_number(f->out, 2 * (end - f->done) + 1);
    builder_bytes(f->out, bytes_of(f->target.data + f->done, end - f->done));
    f->done = end;
}

static void put_copy(struct finding *f, size_t from, size_t len)
{
    put_number(f->out, 2 * len);
    put_number(f->out, from >= f->copied ? 2 * (from - f->copied) : 2 * (f->copied - from) - 1);
    f->copied = from + len;
    f->done += len;
}

/* ---- finding ---- */

/* How far base from `from` and target from `at` are alike. */
static size_t alike(const struct finding *f, size_t from, size_t at)
{
    size_t len = 0, most = f->base.len - from < f->target.len - at ? f->base.len - from : f->target.len - at;
    while (len < most && f->base.data[from + len] == f->target.data[at + len])
        len++;
    return len;
}

static size_t best_by_hash(const struct finding *f, size_t at, size_t *from)
{
    size_t best = 0;
    if (f->target.len - at < WINDOW)
        return 0;
    uint32_t place = f->heads[hash_of(f, f->target.data + at)];
    for (unsigned i = 0; i < CANDIDATES_MAX && place != NONE; i++, place = f->before[place]) {
        size_t len = alike(f, place, at);
        if (len > best) {
            best = len;
            *from = place;
        }
    }
    return best >= WINDOW ? best : 0;
}

/* The longest copy for the target from `at`; 0: none is worth it. */
static size_t best_copy(const struct finding *f, size_t at, size_t *from)
{
    size_t best = best_by_hash(f, at, from);
    /* What replaces as many bytes as it has, and what is inserted. */
    size_t near[2] = {f->copied + (at - f->done), f->copied};
    for (size_t i = 0; i < 2; i++) {
        size_t len = near[i] <= f->base.len ? alike(f, near[i], at) : 0;
        if (len >= NEAR_MIN && len >= best) {
            best = len;
            *from = near[i];
        }
    }
    return best;
}

static void find_steps(struct finding *f)
{
    size_t at = 0;
    while (at < f->target.len && builder_is_good(f->out)) {
        size_t from = 0, len = best_copy(f, at, &from);
        if (len == 0) {
            at++;
            continue;
        }
        /* It may have begun before. */
        for (; at > f->done && from > 0 && f->base.data[from - 1] == f->target.data[at - 1]; at--, from--)
            len++;
        put_insert(f, at);
        put_copy(f, from, len);
        at += len;
    }
    put_insert(f, f->target.len);
}

static enum status write_steps(struct bytes base, struct bytes target, struct builder *out, struct error *err)
{
    struct finding f = {.base = base, .target = target, .out = out};
    size_t mark = builder_open_vector(out, 3);
    enum status s = make_index(&f, err);
    if (s == STATUS_OK)
        find_steps(&f);
    builder_close_vector(out, mark, 3);
    free(f.heads);
    free(f.before);
    return s;
}

static enum status write_base(struct bytes base, uint64_t base_version, struct builder *out, struct error *err)
{
    struct hasher h;
    uint8_t sm3[HASH_SIZE];
    enum status s = hasher_init(&h, &hash_sm3, err);
    if (s != STATUS_OK)
        return s;
    hasher_one(&h, base, sm3);
    s = hasher_status(&h, err);
    hasher_clear(&h);
    builder_text(out, TRUST_DELTA_LABEL);
    builder_u64(out, base_version);
    builder_bytes(out, BYTES_OF(sm3));
    return s;
}

enum status trust_delta_write(struct bytes base, uint64_t base_version, const struct trust_envelope *result, struct builder *out,
                              struct error *err)
{
    if (base_version == 0 || base.len > TRUST_BUNDLE_SIZE_MAX || result->contents.len == 0 ||
        result->contents.len > TRUST_BUNDLE_SIZE_MAX)
        return error_set(err, STATUS_USAGE, "trust delta: no contents of bundles");
    enum status s = write_base(base, base_version, out, err);
    if (s == STATUS_OK)
        s = write_steps(base, result->contents, out, err);
    if (s == STATUS_OK)
        s = trust_envelope_fields_write(result, out, err);
    return s == STATUS_OK ? builder_status(out, "trust delta", err) : s;
}
