/* choosing.h - sites and clients for the tests of the certificate choice. */
#ifndef CATHAYA_TESTS_UNIT_RULES_CHOOSING_H
#define CATHAYA_TESTS_UNIT_RULES_CHOOSING_H

#include "unit/checks.h"

#include "rules/certificate_choice.h"
#include "rules/client_profiles.h"

#define NOW_S 1000000
#define FROM_S (NOW_S - 1000)
#define UNTIL_S (NOW_S + 1000)

static const uint16_t sm2_key[] = {0x0708};
static const uint16_t p256_key[] = {0x0403};
static const uint16_t p256_key12[] = {0x0403, 0x0503, 0x0603};
static const uint16_t rsa_key[] = {0x0804, 0x0805, 0x0806};
static const uint16_t rsa_key12[] = {0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601};
static const uint16_t sm2_chain[] = {0x0708, 0x0708};
static const uint16_t ecdsa_chain[] = {0x0403, 0x0503};
static const uint16_t rsa_chain[] = {0x0401, 0x0401};

static inline struct tai an_id(const char *text)
{
    struct tai id;
    struct error err;
    assert_ok(tai_parse_text(bytes_of_text(text), &id, &err), &err, text);
    return id;
}

/* The CAs of the tests: GM 32473.1, international 32473.2, and a second GM one 32473.3. */
#define GM_CA "32473.1"
#define INTL_CA "32473.2"
#define OTHER_GM_CA "32473.3"
#define LANDMARK 8

/* Properties live as long as the test program: a few of 9 KiB. */
static struct properties made_properties[16];
static size_t made_count;

static inline const struct properties *standalone_of(const char *ca)
{
    struct error err;
    struct tai id = an_id(ca);
    assert_true(made_count < LENGTH(made_properties));
    struct properties *made = &made_properties[made_count++];
    assert_ok(properties_standalone(&id, made, &err), &err, ca);
    return made;
}

static inline const struct properties *landmark_of(const char *ca, uint64_t landmark)
{
    struct error err;
    struct tai id = an_id(ca);
    assert_true(made_count < LENGTH(made_properties));
    struct properties *made = &made_properties[made_count++];
    assert_ok(properties_landmark(&id, 1, landmark, made, &err), &err, ca);
    return made;
}

static inline struct choice_candidate a_candidate(enum credential_kind kind)
{
    struct choice_candidate c = {.kind = kind, .not_before_s = FROM_S, .not_after_s = UNTIL_S};
    if (credential_kind_is_gm(kind)) {
        c.schemes13 = TLS_CODES_OF(sm2_key);
    } else {
        c.schemes13 = TLS_CODES_OF(p256_key);
        if (kind == CREDENTIAL_INTL_CLASSIC)
            c.schemes12 = TLS_CODES_OF(p256_key12);
    }
    if (kind == CREDENTIAL_GM_CLASSIC)
        c.chain_schemes = TLS_CODES_OF(sm2_chain);
    if (kind == CREDENTIAL_INTL_CLASSIC)
        c.chain_schemes = TLS_CODES_OF(ecdsa_chain);
    return c;
}

static inline struct choice_candidate an_rsa_candidate(void)
{
    struct choice_candidate c = a_candidate(CREDENTIAL_INTL_CLASSIC);
    c.schemes13 = TLS_CODES_OF(rsa_key);
    c.schemes12 = TLS_CODES_OF(rsa_key12);
    c.chain_schemes = TLS_CODES_OF(rsa_chain);
    return c;
}

static inline struct choice_settings settings_of(enum transition_stage stage)
{
    return (struct choice_settings){.stage = stage, .now_s = NOW_S};
}

#endif
