#include "bench_kinds.h"

const struct bench_kind bench_kinds[BENCH_KINDS] = {
    [BENCH_GM_LANDMARK] = {"MTC GM landmark (SM3)",
                           {&draft_gm, "sm2_sm3", {"sm2_sm3"}, BENCH_LANDMARK_HEIGHT, true, 0}},
    [BENCH_GM_STANDALONE] = {"MTC GM standalone (SM2)",
                             {&draft_gm, "sm2_sm3", {"sm2_sm3"}, BENCH_BATCH_HEIGHT, false, 0}},
    [BENCH_GM_HYBRID] = {"MTC GM standalone (SM2 + ML-DSA-44)",
                         {&draft_gm, "sm2_sm3", {"sm2_sm3", "mldsa44"}, BENCH_BATCH_HEIGHT, false, 0}},
    [BENCH_INTL_LANDMARK] = {"MTC international landmark (SHA-256)",
                             {&draft_07, "ecdsa_p256_sha256", {"mldsa44"}, BENCH_LANDMARK_HEIGHT, true, 0}},
    [BENCH_INTL_STANDALONE] = {"MTC international standalone (ML-DSA-44)",
                               {&draft_07, "ecdsa_p256_sha256", {"mldsa44"}, BENCH_BATCH_HEIGHT, false, 0}},
};
