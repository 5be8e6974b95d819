/* bench_handshake.c - bytes on the wire and time of a TLS 1.3 handshake, both sides in one thread, with the
 * certificate really judged inside of it. */
#include "bench.h"

#include <stdio.h>

#include "bench_kinds.h"
#include "tls/classic_chain.h"
#include "tls/memory_handshake.h"

#define ROUNDS 20

static enum status judge_sample(void *context, const struct bytes *chain, size_t count, struct error *err)
{
    (void)count;
    return mtc_sample_verify(context, chain[0], err);
}

static enum status judge_chain(void *context, const struct bytes *chain, size_t count, struct error *err)
{
    return classic_chain_verify(context, chain, count, MTC_SAMPLE_NAME, MTC_SAMPLE_AT_S, err);
}

static int run(const char *name, struct memory_handshake *h, bool is_gm)
{
    struct error err;
    struct memory_handshake_result best = {.handshake_ns = UINT64_MAX}, r;
    h->group = is_gm ? "curveSM2MLKEM768" : "X25519MLKEM768";
    h->suite = is_gm ? "TLS_SM4_GCM_SM3" : "TLS_AES_128_GCM_SHA256";
    h->server_name = MTC_SAMPLE_NAME;
    for (int i = 0; i < ROUNDS; i++) {
        if (memory_handshake_run(h, &r, &err) != STATUS_OK)
            return bench_failed(name, &err);
        if (r.handshake_ns < best.handshake_ns)
            best = r;
    }
    (void)printf("  %-46s %7zu %8zu %8zu %10.0f %9.1f  %s\n", name, best.client_hello_size,
                 best.server_flight_size, best.certificate_message_size, (double)best.handshake_ns / 1e3,
                 (double)best.verify_ns / 1e3, best.group);
    return 0;
}

static int run_classic(enum classic_alg alg)
{
    struct error err;
    struct classic_chain *chain;
    static const char *const names[] = {[CLASSIC_SM2] = "SM2", [CLASSIC_P256] = "P-256", [CLASSIC_MLDSA44] = "ML-DSA-44"};
    char name[64];
    if (classic_chain_new(alg, MTC_SAMPLE_NAME, MTC_SAMPLE_AT_S, &chain, &err) != STATUS_OK)
        return bench_failed("classic chain", &err);
    struct bytes certs[] = {classic_chain_leaf(chain), classic_chain_intermediate(chain)};
    struct memory_handshake h = {.chain = certs, .chain_count = 2, .key_pem = classic_chain_key_pem(chain),
                                 .verify = judge_chain, .context = chain};
    (void)snprintf(name, sizeof name, "classic %s, 2 certificates, 2 SCTs", names[alg]);
    int result = run(name, &h, alg == CLASSIC_SM2);
    classic_chain_free(chain);
    return result;
}

/* The client asks by trust_anchors for the CA, and the server confirms; as for every MTC [GM 7]. */
static int run_mtc(const struct bench_kind *kind)
{
    static const struct tai ids[] = {{.len = 4, .data = {0x81, 0xfd, 0x59, 0x01}}}; /* 32473.1 */
    struct error err;
    struct mtc_sample sample;
    int result = mtc_sample_init(&sample, &kind->kind, &err) == STATUS_OK ? 0 : bench_failed(kind->name, &err);
    struct bytes der = builder_view(&sample.der);
    struct memory_handshake h = {.chain = &der, .chain_count = 1, .key_pem = builder_view(&sample.key_pem),
                                 .verify = judge_sample, .context = &sample,
                                 .has_trust_anchors = true, .requested = {ids, 1}, .is_requested_chain = true};
    if (result == 0)
        result = run(kind->name, &h, kind->kind.draft == &draft_gm);
    mtc_sample_clear(&sample);
    return result;
}

int bench_handshake(void)
{
    static const enum classic_alg algs[] = {CLASSIC_SM2, CLASSIC_P256, CLASSIC_MLDSA44};
    int result = 0;
    bench_title("TLS 1.3 handshake in memory: bytes on the wire, and time of both sides together");
    (void)printf("  %-46s %7s %8s %8s %10s %9s  %s\n", "", "client", "server", "of it", "handshake", "of it",
                 "group");
    (void)printf("  %-46s %7s %8s %8s %10s %9s\n", "", "hello", "flight", "certs", "us", "verify");
    for (size_t i = 0; i < sizeof algs / sizeof algs[0] && result == 0; i++)
        result = run_classic(algs[i]);
    for (size_t i = 0; i < BENCH_KINDS && result == 0; i++)
        result = run_mtc(&bench_kinds[i]);
    return result;
}
