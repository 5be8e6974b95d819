/* bench_hash.c - the tree hashes: nodes of 65 bytes and leaves of 300, ours against EVP. */
#include "bench.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "crypto/context.h"
#include "crypto/hash.h"

/* What a full tile gives in one go. */
#define BATCH 128
#define LEAF_SIZE 300
#define NODE_SIZE (2 * HASH_SIZE)

struct job {
    struct hasher hasher;
    EVP_MD *md;
    EVP_MD_CTX *ctx;
    uint8_t prefix;
    struct bytes messages[BATCH];
    uint8_t memory[BATCH][1 + LEAF_SIZE]; /* with room for the prefix */
    uint8_t out[BATCH][HASH_SIZE];
};

static int init_job(struct job *j, const struct hash_alg *alg, uint8_t prefix, size_t size)
{
    struct error err;
    *j = (struct job){.prefix = prefix};
    if (hasher_init(&j->hasher, alg, &err) != STATUS_OK)
        return bench_failed("hash", &err);
    j->md = EVP_MD_fetch(context_library(), alg->evp_name, context_properties());
    j->ctx = EVP_MD_CTX_new();
    for (size_t i = 0; i < BATCH; i++) {
        memset(j->memory[i], (int)i, sizeof j->memory[i]);
        j->memory[i][0] = prefix;
        j->messages[i] = bytes_of(j->memory[i] + 1, size);
    }
    return j->md != NULL && j->ctx != NULL ? 0 : 1;
}

static void clear_job(struct job *j)
{
    hasher_clear(&j->hasher);
    EVP_MD_free(j->md);
    EVP_MD_CTX_free(j->ctx);
}

static bool run_many(void *context, size_t times)
{
    struct job *j = context;
    for (size_t done = 0; done < times; done += BATCH)
        hasher_many(&j->hasher, j->prefix, j->messages, times - done < BATCH ? times - done : BATCH, j->out);
    return hasher_is_good(&j->hasher);
}

/* The prefix is in the message's memory already: one update, as fast as EVP can be used. */
static bool run_reused(void *context, size_t times)
{
    struct job *j = context;
    bool ok = EVP_DigestInit_ex2(j->ctx, j->md, NULL) == 1;
    for (size_t i = 0; i < times; i++) {
        size_t at = i % BATCH;
        ok = EVP_DigestInit_ex2(j->ctx, NULL, NULL) == 1 && ok;
        ok = EVP_DigestUpdate(j->ctx, j->memory[at], 1 + j->messages[at].len) == 1 && ok;
        ok = EVP_DigestFinal_ex(j->ctx, j->out[at], NULL) == 1 && ok;
    }
    return ok;
}

static bool run_one_shot(void *context, size_t times)
{
    struct job *j = context;
    bool ok = true;
    for (size_t i = 0; i < times; i++) {
        size_t at = i % BATCH;
        ok = EVP_Digest(j->memory[at], 1 + j->messages[at].len, j->out[at], NULL, j->md, NULL) == 1 && ok;
    }
    return ok;
}

static int measure(const char *title, uint8_t prefix, size_t size, bool is_node)
{
    static struct job sm3, sha256;
    if (init_job(&sm3, &hash_sm3, prefix, size) != 0 || init_job(&sha256, &hash_sha256, prefix, size) != 0)
        return 1;
    struct bench_case cases[] = {
        {.name = "SM3, EVP, context reused", .run = run_reused, .context = &sm3},
        {.name = "SM3, EVP, one-shot", .run = run_one_shot, .context = &sm3},
        {.name = "SM3, ours (hasher_many)", .run = run_many, .context = &sm3},
        {.name = "SHA-256, ours (hasher_many over EVP)", .run = run_many, .context = &sha256},
        {.name = "SHA-256, EVP, context reused", .run = run_reused, .context = &sha256},
    };
    bench_title(title);
    bool ok = bench_measure(cases, sizeof cases / sizeof cases[0]);
    if (ok) {
        bench_print_rate(cases, sizeof cases / sizeof cases[0]);
        double hz = bench_clock_hz(), blocks = is_node ? 2 : 5;
        if (hz > 0)
            (void)printf("  SM3, ours: %.0f cycles for each of the %.0f compressions, at %.2f GHz\n",
                         cases[2].best_s * hz / blocks, blocks, hz / 1e9);
    }
    clear_job(&sm3);
    clear_job(&sha256);
    return ok ? 0 : 1;
}

int bench_hash(void)
{
    int node = measure("tree nodes: HASH(0x01 || left || right), one thread", 1, NODE_SIZE, true);
    int leaf = measure("leaves of 300 bytes: HASH(0x00 || entry), one thread", 0, LEAF_SIZE, false);
    return node != 0 || leaf != 0 ? 1 : 0;
}
