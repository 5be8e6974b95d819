/* bench_sign.c - signatures through our keys, that is through the library: what cosigning costs. */
#include "bench.h"

#include "crypto/key.h"

/* Label, two names, timestamp, range and hash: the length of a usual CosignedMessage. */
#define MESSAGE_SIZE 122
#define ALGORITHMS 6

struct job {
    struct private_key *key;
    struct builder signature;
};

static const uint8_t message[MESSAGE_SIZE] = "subtree/v1\n";

static bool run_sign(void *context, size_t times)
{
    struct job *j = context;
    for (size_t i = 0; i < times; i++) {
        builder_reset(&j->signature);
        if (private_key_sign(j->key, BYTES_OF(message), &j->signature, NULL) != STATUS_OK)
            return false;
    }
    return true;
}

static bool run_verify(void *context, size_t times)
{
    const struct job *j = context;
    for (size_t i = 0; i < times; i++)
        if (public_key_verify(private_key_public(j->key), BYTES_OF(message), builder_view(&j->signature),
                              NULL) != STATUS_OK)
            return false;
    return true;
}

static int measure(struct job *jobs, struct bench_case *signs, struct bench_case *verifies)
{
    bench_title("cosigner signatures, one thread: sign");
    if (!bench_measure(signs, ALGORITHMS))
        return 1;
    for (size_t i = 0; i < ALGORITHMS; i++)
        signs[i].size = jobs[i].signature.len;
    bench_print_rate(signs, ALGORITHMS);
    bench_title("cosigner signatures, one thread: verify");
    if (!bench_measure(verifies, ALGORITHMS))
        return 1;
    bench_print_rate(verifies, ALGORITHMS);
    return 0;
}

int bench_sign(void)
{
    static const char *const names[ALGORITHMS] = {"sm2_sm3", "ecdsa_p256_sha256", "ecdsa_p384_sha384",
                                                  "ed25519", "mldsa44", "mldsa65"};
    struct error err;
    struct algorithms *algorithms;
    struct job jobs[ALGORITHMS] = {{.key = NULL}};
    struct bench_case signs[ALGORITHMS], verifies[ALGORITHMS];
    if (algorithms_new(&algorithms, &err) != STATUS_OK)
        return bench_failed("sign", &err);
    int result = 0;
    for (size_t i = 0; i < ALGORITHMS && result == 0; i++) {
        builder_init(&jobs[i].signature, SIGNATURE_SIZE_MAX);
        signs[i] = (struct bench_case){.name = names[i], .run = run_sign, .context = &jobs[i]};
        verifies[i] = (struct bench_case){.name = names[i], .run = run_verify, .context = &jobs[i]};
        if (private_key_generate(algorithms_by_name(algorithms, bytes_of_text(names[i])), &jobs[i].key,
                                 &err) != STATUS_OK)
            result = bench_failed(names[i], &err);
    }
    if (result == 0)
        result = measure(jobs, signs, verifies);
    for (size_t i = 0; i < ALGORITHMS; i++) {
        private_key_free(jobs[i].key);
        builder_clear(&jobs[i].signature);
    }
    algorithms_free(algorithms);
    return result;
}
