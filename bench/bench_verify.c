/* bench_verify.c - what a client pays for a certificate: Merkle Tree Certificates in full (parsing, proof,
 * validity, name, usage) against classic chains in OpenSSL (two signatures and two SCTs). */
#include "bench.h"

#include <stdio.h>

#include "bench_kinds.h"
#include "merkle/node.h"
#include "tls/classic_chain.h"

static bool run_sample(void *context, size_t times)
{
    struct mtc_sample *s = context;
    for (size_t i = 0; i < times; i++)
        if (mtc_sample_verify(s, builder_view(&s->der), NULL) != STATUS_OK)
            return false;
    return true;
}

static bool run_parse(void *context, size_t times)
{
    const struct mtc_sample *s = context;
    struct certificate cert;
    struct mtc_proof proof;
    for (size_t i = 0; i < times; i++)
        if (certificate_parse(builder_view(&s->der), &cert, NULL) != STATUS_OK ||
            mtc_proof_parse(cert.signature_value, s->kind->draft, &proof, NULL) != STATUS_OK)
            return false;
    return true;
}

/* The floor under a landmark verification: its hashing without anything around it. Two blocks of key,
 * four of entry, two for each node. */
#define SPKI_SIZE 91
#define ENTRY_SIZE 240

static bool run_hashing(void *context, size_t times)
{
    struct mtc_sample *s = context;
    static const uint8_t bytes[ENTRY_SIZE];
    struct hasher *h = hasher_set_get(&s->hashers, s->kind->draft->hash);
    uint8_t hash[HASH_SIZE];
    for (size_t i = 0; i < times; i++) {
        hasher_one(h, bytes_of(bytes, SPKI_SIZE), hash);
        node_leaf_hash(h, BYTES_OF(bytes), hash);
        for (unsigned k = 0; k < s->kind->height; k++)
            node_hash(h, hash, bytes, hash);
    }
    return hasher_is_good(h);
}

static bool run_chain(void *context, size_t times)
{
    const struct classic_chain *chain = context;
    struct bytes certs[] = {classic_chain_leaf(chain), classic_chain_intermediate(chain)};
    for (size_t i = 0; i < times; i++)
        if (classic_chain_verify(chain, certs, 2, MTC_SAMPLE_NAME, MTC_SAMPLE_AT_S, NULL) != STATUS_OK)
            return false;
    return true;
}

#define CLASSICS 3
#define CLASSIC_CASE(i) (i)
#define SAMPLE_CASE(i) (CLASSICS + (i))

static int measure(struct mtc_sample *samples, struct classic_chain *const *chains)
{
    static const char *const chain_names[CLASSICS] = {"classic SM2: 2 signatures, 2 SM2 SCTs",
                                                      "classic P-256: 2 signatures, 2 P-256 SCTs",
                                                      "classic ML-DSA-44: 2 signatures, 2 P-256 SCTs"};
    struct bench_case cases[CLASSICS + BENCH_KINDS + 2];
    for (size_t i = 0; i < CLASSICS; i++)
        cases[CLASSIC_CASE(i)] = (struct bench_case){
            .name = chain_names[i], .run = run_chain, .context = chains[i],
            .size = classic_chain_leaf(chains[i]).len + classic_chain_intermediate(chains[i]).len};
    for (size_t i = 0; i < BENCH_KINDS; i++)
        cases[SAMPLE_CASE(i)] = (struct bench_case){.name = bench_kinds[i].name, .run = run_sample,
                                                    .context = &samples[i], .size = samples[i].der.len};
    struct bench_case *parse = &cases[SAMPLE_CASE(BENCH_KINDS)], *hashing = parse + 1;
    *parse = (struct bench_case){.name = "GM landmark: parsing alone", .run = run_parse,
                                 .context = &samples[BENCH_GM_LANDMARK]};
    *hashing = (struct bench_case){.name = "GM landmark: hashing alone (50 compressions)", .run = run_hashing,
                                   .context = &samples[BENCH_GM_LANDMARK]};
    bench_title("verification of one certificate, one thread; bytes of leaf and intermediate");
    if (!bench_measure(cases, sizeof cases / sizeof cases[0]))
        return 1;
    bench_print_rate(cases, sizeof cases / sizeof cases[0]);

    const struct bench_case *landmark = &cases[SAMPLE_CASE(BENCH_GM_LANDMARK)];
    double ratio = cases[CLASSIC_CASE(0)].best_s / landmark->best_s;
    (void)printf("  GM landmark: %.0f%% of the time is hashing; TBSCertificate of %zu bytes, proof of %u hashes\n",
                 100 * hashing->best_s / landmark->best_s, samples[BENCH_GM_LANDMARK].tbs_size,
                 bench_kinds[BENCH_GM_LANDMARK].kind.height);
    bench_target("GM landmark against the classic SM2 chain", ratio, " times faster", ratio >= 80, ">= 80");
    bench_target("GM landmark certificate, landmark of 4.4 M entries", (double)landmark->size, " bytes",
                 landmark->size <= 1150, "<= 1150");
    return 0;
}

int bench_verify(void)
{
    static const enum classic_alg algs[CLASSICS] = {CLASSIC_SM2, CLASSIC_P256, CLASSIC_MLDSA44};
    struct error err;
    struct mtc_sample samples[BENCH_KINDS] = {{.kind = NULL}};
    struct classic_chain *chains[CLASSICS] = {NULL};
    int result = 0;
    for (size_t i = 0; i < BENCH_KINDS && result == 0; i++)
        if (mtc_sample_init(&samples[i], &bench_kinds[i].kind, &err) != STATUS_OK)
            result = bench_failed(bench_kinds[i].name, &err);
    for (size_t i = 0; i < CLASSICS && result == 0; i++)
        if (classic_chain_new(algs[i], MTC_SAMPLE_NAME, MTC_SAMPLE_AT_S, &chains[i], &err) != STATUS_OK)
            result = bench_failed("classic chain", &err);
    if (result == 0)
        result = measure(samples, chains);
    for (size_t i = 0; i < BENCH_KINDS; i++)
        mtc_sample_clear(&samples[i]);
    for (size_t i = 0; i < CLASSICS; i++)
        classic_chain_free(chains[i]);
    return result;
}
