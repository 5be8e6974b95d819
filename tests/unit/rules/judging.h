/* judging.h - a store, a certificate, a verdict: what the tests of verification share. */
#ifndef CATHAYA_TESTS_UNIT_RULES_JUDGING_H
#define CATHAYA_TESTS_UNIT_RULES_JUDGING_H

#include "unit/checks.h"
#include "unit/rules/mtc_maker.h"

#include "rules/policy_text.h"
#include "rules/verify_certificate.h"

static struct error err;
static struct proof_verdict verdict;

static inline struct hasher_set *judging_hashers(void)
{
    static struct hasher_set hashers;
    static bool is_ready;
    if (!is_ready)
        OK(hasher_set_init(&hashers, &err));
    is_ready = true;
    return &hashers;
}

/* A store of these CAs (NULL ends them) and this policy; each text is followed by "\n". */
static inline struct trust_store *store_of(const struct maker_ca *a, const struct maker_ca *b, const char *policy)
{
    struct trust_store *store;
    OK(trust_store_new(maker_algorithms(), &store, &err));
    if (a != NULL)
        OK(trust_store_add_ca(store, a->der, &err));
    if (b != NULL)
        OK(trust_store_add_ca(store, b->der, &err));
    struct bytes text = heap_copy(bytes_of_text(policy));
    OK(policy_text_read(text, store, &err));
    heap_free(text);
    return store;
}

/* The verdict of the draft's section 7.2 alone, on DER in a block of its own size, which it frees. */
static inline enum status judge_der(const struct trust_store *store, struct bytes der)
{
    struct certificate cert;
    err = (struct error){.status = STATUS_OK};
    verdict = (struct proof_verdict){.ca = NULL};
    enum status s = certificate_parse(der, &cert, &err);
    if (s == STATUS_OK)
        s = verify_proof(store, judging_hashers(), &cert, false, &verdict, &err);
    free((uint8_t *)(uintptr_t)der.data);
    return s;
}

static inline enum status judge(const struct trust_store *store, const struct maker_cert *cert)
{
    return judge_der(store, maker_write(cert));
}

#define ACCEPTED(store, cert) assert_ok(judge((store), (cert)), &err, "line " STRING(__LINE__))
#define REFUSED(store, cert, fragment) assert_says(judge((store), (cert)), &err, STATUS_REFUSED, (fragment))
#define STRING(x) STRING_OF(x)
#define STRING_OF(x) #x

#endif
