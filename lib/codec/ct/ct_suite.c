#include "codec/ct/ct_suite.h"

#include "codec/ct/digitally_signed.h"

const struct ct_suite ct_suite_gm = {
    .name = "gm",
    .hash = &hash_sm3,
    .algorithm = "sm2_sm3",
    .signature = DIGITALLY_SIGNED_SM2_SM3,
    .root_member = "sm3_root_hash",
};

const struct ct_suite ct_suite_intl = {
    .name = "intl",
    .hash = &hash_sha256,
    .algorithm = "ecdsa_p256_sha256",
    .signature = DIGITALLY_SIGNED_ECDSA_SHA256,
    .root_member = "sha256_root_hash",
};

static const struct ct_suite *const suites[] = {&ct_suite_gm, &ct_suite_intl};
#define SUITE_COUNT (sizeof suites / sizeof suites[0])

const struct ct_suite *ct_suite_by_name(struct bytes name)
{
    for (size_t i = 0; i < SUITE_COUNT; i++)
        if (bytes_is_text(name, suites[i]->name))
            return suites[i];
    return NULL;
}

const struct ct_suite *ct_suite_by_algorithm(const struct signature_alg *alg)
{
    for (size_t i = 0; i < SUITE_COUNT; i++)
        if (bytes_is_text(bytes_of_text(alg->name), suites[i]->algorithm))
            return suites[i];
    return NULL;
}

enum status ct_suite_hash(const struct ct_suite *suite, struct bytes message, uint8_t out[HASH_SIZE],
                          struct error *err)
{
    return hash_message(suite->hash, message, out, err);
}
