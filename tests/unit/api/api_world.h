/* api_world.h - a trust and certificates for it, as the tests of the public library share them. The
 * certificates are made with the static layers; they are judged by the shared library. */
#ifndef CATHAYA_TESTS_UNIT_API_API_WORLD_H
#define CATHAYA_TESTS_UNIT_API_API_WORLD_H

#include <stdio.h>

#include <cathaya/verify.h>

#include "unit/checks.h"
#include "unit/rules/mtc_maker.h"

enum { WORLD_GM_LANDMARK, WORLD_INTL_LANDMARK, WORLD_GM_STANDALONE, WORLD_INTL_STANDALONE, WORLD_REFUSED, WORLD_COUNT };

struct api_world {
    struct maker_ca gm, intl;
    struct maker_cosigner mirror;
    struct maker_cert certs[WORLD_COUNT];
    struct bytes ders[WORLD_COUNT];
    struct builder policy;
};

static inline void assert_public(enum cathaya_status got, const struct cathaya_error *err, const char *what)
{
    if (got != CATHAYA_OK)
        fail_msg("%s: %d %s", what, (int)got, err->reason);
}

#define API_OK(expression) assert_public((expression), &error, #expression)

/* The status, in err too, and a reason with the fragment in it that ends where it should. */
static inline void assert_public_says(enum cathaya_status got, const struct cathaya_error *err,
                                      enum cathaya_status want, const char *fragment)
{
    assert_non_null(memchr(err->reason, '\0', sizeof err->reason));
    if (got != want || err->status != want || strstr(err->reason, fragment) == NULL)
        fail_msg("got %d (%d: %s), want %d (...%s...)", (int)got, (int)err->status, err->reason, (int)want, fragment);
}

static inline void api_world_make(struct api_world *w)
{
    maker_ca_init(&w->gm, &maker_gm, "32473.1", "sm2_sm3");
    maker_ca_init(&w->intl, &maker_07, "32473.2", "mldsa44");
    maker_cosigner_init(&w->mirror, "32473.3.1", "ecdsa_p256_sha256");
    maker_cert_init(&w->certs[WORLD_GM_LANDMARK], &w->gm, 1, 2121, 2048, 2122);
    maker_cert_init(&w->certs[WORLD_INTL_LANDMARK], &w->intl, 1, 2121, 2048, 2122);
    maker_cert_init(&w->certs[WORLD_GM_STANDALONE], &w->gm, 1, 5, 4, 8);
    maker_cert_init(&w->certs[WORLD_INTL_STANDALONE], &w->intl, 1, 5, 4, 8);
    maker_cert_init(&w->certs[WORLD_REFUSED], &w->gm, 1, 9, 8, 12);
    for (int i = WORLD_GM_STANDALONE; i < WORLD_COUNT; i++) {
        maker_ca_sign(&w->certs[i]);
        if (i != WORLD_REFUSED)
            maker_cosign(&w->certs[i], &w->mirror);
    }
    builder_init(&w->policy, MAKER_SIZE_MAX);
    maker_cosigner_line(&w->mirror, &w->policy);
    builder_printf(&w->policy, "require-cosigners all %s\n", w->mirror.id);
    maker_subtree_line(&w->certs[WORLD_GM_LANDMARK], &w->policy);
    maker_subtree_line(&w->certs[WORLD_INTL_LANDMARK], &w->policy);
    for (int i = 0; i < WORLD_COUNT; i++)
        w->ders[i] = maker_write(&w->certs[i]);
}

static inline void api_world_clear(struct api_world *w)
{
    for (int i = 0; i < WORLD_COUNT; i++)
        free((uint8_t *)(uintptr_t)w->ders[i].data);
    builder_clear(&w->policy);
    maker_cosigner_clear(&w->mirror);
    maker_ca_clear(&w->gm);
    maker_ca_clear(&w->intl);
}

static inline struct cathaya_trust *api_world_trust(const struct api_world *w)
{
    struct cathaya_trust *trust;
    struct cathaya_error error;
    API_OK(cathaya_trust_new(&trust, &error));
    API_OK(cathaya_trust_add_ca(trust, w->gm.der.data, w->gm.der.len, &error));
    API_OK(cathaya_trust_add_ca(trust, w->intl.der.data, w->intl.der.len, &error));
    API_OK(cathaya_trust_add_policy(trust, (const char *)w->policy.data, w->policy.len, &error));
    return trust;
}

#endif
