/* cathaya-pool-load DIR gm|intl [SECONDS [KEYS]] - entries per second through the pool of a Merkle Tree CA that `cathaya ca init`
 * made: the service's own sequencer, log, database and linter on a real disk, without ACME in front of it. Submissions
 * are synthetic: a DNS name of its own and a P-256 key, as many different ones as there are KEYS. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "adapters/posix/posix_clock.h"
#include "base/text.h"
#include "ca_run/run_mtc_ca.h"
#include "codec/asn1/der.h"
#include "load/load_time.h"

#define POOL_ENTRIES 20000
#define INTERVAL_MS 1000
/* As long as the batches of the first seconds grow. */
#define WARM_S 3.0
#define TICK_MS 5
#define DAY_S 86400

struct pool {
    struct event_loop *loop;
    struct timer_port timers;
    struct run_mtc_ca ca;
    struct certificate_profile profile;
    struct builder *keys;
    size_t key_count;
    uint64_t submitted, issued, failed, issued_warm, batches;
    double zero_s, warm_s, end_s;
    struct error first;
};

static _Noreturn void die(const char *what, const struct error *err)
{
    (void)fprintf(stderr, "cathaya-pool-load: %s: %s\n", what, err->text);
    exit(1);
}

static void report(void *context, enum event_level level, const char *what, const struct event_field *fields, size_t count)
{
    (void)context;
    if (level < EVENT_ERROR)
        return;
    (void)fprintf(stderr, "%s", what);
    for (size_t i = 0; i < count; i++)
        (void)fprintf(stderr, " %s=%s", fields[i].name, fields[i].value);
    (void)fprintf(stderr, "\n");
}

/* ---- submissions ---- */

static void submit_more(struct pool *pool);

static void on_issued(void *cookie, enum status status, const struct sequencer_issued *issued, const struct error *err)
{
    struct pool *pool = cookie;
    (void)issued;
    if (status == STATUS_OK) {
        pool->issued++;
        pool->issued_warm += load_time_now_s() >= pool->zero_s + pool->warm_s && load_time_now_s() <= pool->end_s;
    } else if (pool->failed++ == 0) {
        pool->first = *err;
    }
}

static enum status submit_one(struct pool *pool, struct error *err)
{
    char name[64];
    struct builder names;
    struct sequencer_request request = {.entry = {.profile = &pool->profile}};
    (void)snprintf(name, sizeof name, "pool-%llu.demo.test", (unsigned long long)pool->submitted);
    builder_init(&names, 256);
    der_write(&names, 0x82, bytes_of_text(name));
    memcpy(request.id, &pool->submitted, sizeof pool->submitted);
    request.entry.general_names = builder_view(&names);
    request.entry.spki = builder_view(&pool->keys[pool->submitted % pool->key_count]);
    enum status s = sequencer_submit(pool->ca.sequencer, &request, on_issued, pool, err);
    builder_clear(&names);
    pool->submitted += s == STATUS_OK;
    return s;
}

static void submit_more(struct pool *pool)
{
    struct error err = {.status = STATUS_OK};
    enum status s = STATUS_OK;
    while (load_time_now_s() < pool->end_s && s == STATUS_OK)
        s = submit_one(pool, &err);
    if (s != STATUS_OK && s != STATUS_LIMIT)
        die("submitting", &err);
    if (load_time_now_s() >= pool->end_s && pool->issued + pool->failed == pool->submitted)
        event_loop_stop(pool->loop);
}

static void on_tick(void *cookie)
{
    struct pool *pool = cookie;
    if (run_mtc_ca_why_not_ready(&pool->ca) == NULL)
        submit_more(pool);
    (void)pool->timers.start(pool->timers.context, TICK_MS, on_tick, pool);
}

/* ---- the CA ---- */

static void make_keys(struct pool *pool, const struct algorithms *algorithms)
{
    struct error err = {.status = STATUS_OK};
    const struct signature_alg *alg = algorithms_by_name(algorithms, bytes_of_text("ecdsa_p256_sha256"));
    pool->keys = calloc(pool->key_count, sizeof *pool->keys);
    if (pool->keys == NULL)
        abort();
    for (size_t i = 0; i < pool->key_count; i++) {
        struct private_key *key;
        if (private_key_generate(alg, &key, &err) != STATUS_OK)
            die("key", &err);
        builder_init(&pool->keys[i], KEY_SPKI_MAX);
        builder_bytes(&pool->keys[i], public_key_spki(private_key_public(key)));
        private_key_free(key);
    }
}

static void run(struct pool *pool, const char *directory, unsigned seconds)
{
    static const char *const labels[] = {"test"};
    static const uint8_t instance[32] = {1};
    struct run_ca settings = {.name = "pool", .interval_ms = INTERVAL_MS, .pool_entries = POOL_ENTRIES};
    const struct certificate_profile *profiles[] = {&pool->profile};
    struct algorithms *algorithms = NULL;
    struct public_names *names = NULL;
    struct policy_set *policy = NULL;
    struct run_lint lint;
    struct error err = {.status = STATUS_OK};
    (void)snprintf(settings.directory, sizeof settings.directory, "%s", directory);
    if (event_loop_new(&pool->loop, &err) != STATUS_OK || algorithms_new(&algorithms, &err) != STATUS_OK ||
        public_names_new(NULL, labels, 1, &names, &err) != STATUS_OK ||
        policy_set_default(&policy, &err) != STATUS_OK)
        die("starting", &err);
    run_lint_init(&lint, names, policy);
    pool->timers = event_loop_timers(pool->loop);
    make_keys(pool, algorithms);
    struct run_mtc_ca_ports ports = {.loop = pool->loop, .algorithms = algorithms, .clock = posix_clock(), .events = {NULL, report},
                                     .instance = instance, .lint = &lint, .base_url = "https://ca.example"};
    if (run_mtc_ca_open(&pool->ca, &settings, profiles, 1, &ports, &err) != STATUS_OK)
        die(directory, &err);
    double cpu = load_time_own_cpu_s();
    pool->zero_s = load_time_now_s();
    pool->warm_s = seconds > 3 * WARM_S ? WARM_S : 0;
    pool->end_s = pool->zero_s + seconds;
    on_tick(pool);
    event_loop_run(pool->loop);
    cpu = load_time_own_cpu_s() - cpu;
    (void)printf("  %.0f entries/s through the pool over %.0f s (%llu in all, %llu failed), %.3f ms CPU per entry, %zu keys\n",
                 (double)pool->issued_warm / (seconds - pool->warm_s), seconds - pool->warm_s, (unsigned long long)pool->issued,
                 (unsigned long long)pool->failed, pool->issued > 0 ? cpu * 1000 / (double)pool->issued : 0, pool->key_count);
    if (pool->failed > 0)
        (void)fprintf(stderr, "  the first failure: %s\n", pool->first.text);
    run_mtc_ca_close(&pool->ca);
    for (size_t i = 0; i < pool->key_count; i++)
        builder_clear(&pool->keys[i]);
    free(pool->keys);
    public_names_free(names);
    policy_set_free(policy);
    event_loop_free(pool->loop);
    algorithms_free(algorithms);
}

static uint64_t number(const char *text, uint64_t otherwise)
{
    uint64_t value;
    return text != NULL && text_parse_u64(bytes_of_text(text), 10000000, &value) && value > 0 ? value : otherwise;
}

int main(int argc, char **argv)
{
    static struct pool pool = {
        .profile = {.name = "pool-mtc", .kind = PROFILE_MTC, .ca = "pool", .lifetime_s = 7 * DAY_S, .backdate_s = 3600,
                    .keys = PROFILE_KEY_P256 | PROFILE_KEY_SM2, .policy_oid = "2.23.140.1.2.1", .has_client_auth = true, .names_max = 100}};
    if (argc < 3) {
        (void)fprintf(stderr, "usage: cathaya-pool-load DIR gm|intl [SECONDS [KEYS]]\n");
        return 2;
    }
    pool.profile.is_gm = strcmp(argv[2], "gm") == 0;
    pool.key_count = number(argc > 4 ? argv[4] : NULL, 100000);
    run(&pool, argv[1], (unsigned)number(argc > 3 ? argv[3] : NULL, 15));
    return pool.failed == 0 && pool.issued > 0 ? 0 : 1;
}
