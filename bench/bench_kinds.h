/* bench_kinds.h - the Merkle Tree Certificates that are measured. */
#ifndef CATHAYA_BENCH_BENCH_KINDS_H
#define CATHAYA_BENCH_BENCH_KINDS_H

#include "mtc_sample.h"

/* A landmark of 4.4 million entries is covered by subtrees of up to 2^22; a batch of a second at a busy
 * CA has about a thousand. */
#define BENCH_LANDMARK_HEIGHT 22
#define BENCH_BATCH_HEIGHT 10

enum {
    BENCH_GM_LANDMARK,
    BENCH_GM_STANDALONE,
    BENCH_GM_HYBRID,
    BENCH_INTL_LANDMARK,
    BENCH_INTL_STANDALONE,
    BENCH_KINDS
};

struct bench_kind {
    const char *name;
    struct mtc_sample_kind kind;
};

extern const struct bench_kind bench_kinds[BENCH_KINDS];

#endif
