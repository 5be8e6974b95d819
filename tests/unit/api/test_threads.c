/* Eight threads on one trust, each with its own verifier: every verdict as it would be alone. */
#include <pthread.h>

#include "unit/api/api_world.h"

#define THREADS 8
#define LANDMARK_ROUNDS 2000
/* Signatures cost more: one round in so many. */
#define STANDALONE_EVERY 20

static struct api_world world;
static struct cathaya_trust *trust;

struct worker {
    pthread_t thread;
    unsigned number;
    unsigned long verdicts, wrong;
};

/* No assertion in a thread: cmocka's jump belongs to the main one. */
static void judge(struct worker *w, struct cathaya_verifier *verifier, int which, bool is_late)
{
    struct cathaya_result result;
    struct cathaya_error error;
    const struct cathaya_request request = {.at = is_late ? INT64_MAX : MAKER_NOW, .dns_name = "www.example.com"};
    enum cathaya_status got = cathaya_verify(verifier, world.ders[which].data, world.ders[which].len, &request, &result, &error);
    bool is_good = !is_late && which != WORLD_REFUSED;
    bool is_right = got == (is_good ? CATHAYA_OK : CATHAYA_REFUSED) && result.index == world.certs[which].index &&
                    strcmp(result.ca_id, world.certs[which].ca->id) == 0 && (error.reason[0] == '\0') == is_good;
    w->verdicts++;
    w->wrong += !is_right;
}

static void *work(void *context)
{
    struct worker *w = context;
    struct cathaya_verifier *verifier;
    if (cathaya_verifier_new(trust, &verifier, NULL) != CATHAYA_OK) {
        w->wrong++;
        return NULL;
    }
    for (unsigned i = 0; i < LANDMARK_ROUNDS; i++) {
        unsigned n = i + w->number;
        judge(w, verifier, n % 2 == 0 ? WORLD_GM_LANDMARK : WORLD_INTL_LANDMARK, n % 7 == 0);
        if (n % STANDALONE_EVERY == 0)
            judge(w, verifier, (int)(WORLD_GM_STANDALONE + i / STANDALONE_EVERY % 3), false);
    }
    cathaya_verifier_free(verifier);
    return NULL;
}

static void one_trust_many_threads(void **state)
{
    (void)state;
    struct worker workers[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.number = i};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
        assert_int_equal(workers[i].wrong, 0);
        assert_int_equal(workers[i].verdicts, LANDMARK_ROUNDS + LANDMARK_ROUNDS / STANDALONE_EVERY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_trust_many_threads)};
    api_world_make(&world);
    trust = api_world_trust(&world);
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    cathaya_trust_free(trust);
    api_world_clear(&world);
    return failures;
}
