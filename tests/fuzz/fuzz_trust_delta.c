/* Deltas, `latest` and proofs of versions: what is read is written again; a delta is applied to a base that it names, and makes no more
 * than a bundle may have. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz_checks.h"

#include "codec/trust_bundle/trust_delta.h"
#include "codec/trust_bundle/trust_latest.h"
#include "rules/version_proof.h"

/* Any contents will do. */
static uint8_t base[4096];

static void make_base(uint8_t sm3[HASH_SIZE])
{
    struct hasher h;
    uint32_t seed = 1;
    for (size_t i = 0; i < sizeof base; i++) {
        seed = seed * 1664525 + 1013904223;
        base[i] = (uint8_t)(seed >> 24);
    }
    require(hasher_init(&h, &hash_sm3, NULL) == STATUS_OK);
    hasher_one(&h, BYTES_OF(base), sm3);
    hasher_clear(&h);
}

static void apply(struct trust_delta *d)
{
    struct builder out;
    struct trust_envelope e;
    struct error err = {.status = STATUS_OK};
    make_base(d->base_sm3);
    builder_init(&out, TRUST_ENVELOPE_SIZE_MAX);
    enum status s = trust_delta_apply(d, BYTES_OF(base), &out, &err);
    if (s == STATUS_OK) {
        require(trust_envelope_parse(builder_view(&out), &e, &err) == STATUS_OK);
        require(e.contents.len > 0 && e.contents.len <= TRUST_BUNDLE_SIZE_MAX);
    } else {
        require(err.text[0] != '\0' && (out.len == 0 || !builder_is_good(&out)));
    }
    builder_clear(&out);
}

static void check_delta(struct bytes input)
{
    struct trust_delta d;
    struct error err = {.status = STATUS_OK};
    enum status s = trust_delta_parse(input, &d, &err);
    if (s == STATUS_OK)
        apply(&d);
    else
        require_refusal(s, &err);
}

/* From the base to the input, and back there by applying it. */
static void check_writing(struct bytes input)
{
    struct builder delta, envelope;
    struct trust_envelope e = {.contents = input};
    struct trust_delta d;
    struct error err = {.status = STATUS_OK};
    uint8_t sm3[HASH_SIZE];
    if (input.len == 0)
        return;
    make_base(sm3);
    builder_init(&delta, TRUST_DELTA_SIZE_MAX);
    builder_init(&envelope, TRUST_ENVELOPE_SIZE_MAX);
    require(trust_delta_write(BYTES_OF(base), 1, &e, &delta, &err) == STATUS_OK);
    require(trust_delta_parse(builder_view(&delta), &d, &err) == STATUS_OK);
    require(trust_delta_apply(&d, BYTES_OF(base), &envelope, &err) == STATUS_OK);
    require(trust_envelope_parse(builder_view(&envelope), &e, &err) == STATUS_OK);
    require(bytes_equal(e.contents, input));
    builder_clear(&delta);
    builder_clear(&envelope);
}

static void check_latest(struct bytes input)
{
    static struct trust_latest latest;
    struct builder again;
    struct error err = {.status = STATUS_OK};
    enum status s = trust_latest_parse(input, &latest, &err);
    if (s != STATUS_OK) {
        require_refusal(s, &err);
        return;
    }
    builder_init(&again, TRUST_LATEST_SIZE_MAX);
    require(trust_latest_write(&latest, &again, NULL) == STATUS_OK);
    require_same(&again, input);
}

static void check_proof(struct bytes input)
{
    static const struct bundle_keys none; /* no signature is good */
    struct trust_version_proof proof;
    struct version_checkpoint checkpoint;
    struct builder again;
    struct error err = {.status = STATUS_OK};
    static const uint8_t version[TRUST_ENVELOPE_VERSION_SIZE];
    require(version_proof_check(input, version, 1, &none, &checkpoint, &err) != STATUS_OK);
    enum status s = trust_version_proof_parse(input, &proof, &err);
    if (s != STATUS_OK) {
        require_refusal(s, &err);
        return;
    }
    builder_init(&again, 65535);
    require(trust_version_proof_write(&proof, &again, NULL) == STATUS_OK);
    require_same(&again, input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes input = bytes_of(data, size);
    check_delta(input);
    check_writing(input);
    check_latest(input);
    check_proof(input);
    return 0;
}
