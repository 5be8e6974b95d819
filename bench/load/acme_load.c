/* cathaya-acme-load - drives complete ACME issuances against a running CA: order, http-01 (answered here), finalize,
 * download. With --serve it only answers validations, for other clients. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "load/acme_load.h"
#include "load/load_csr.h"
#include "load/load_time.h"

#define FILE_MAX ((size_t)1 << 20)
#define CSR_MAX 65536
#define TICK_MS 2
/* What comes first fills pipes, caches and batches, and is not counted. */
#define WARM_S 3.0

struct account {
    struct load *load;
    struct private_key *key;
    struct acme_client *client;
    char thumbprint[64];
};

struct job {
    struct load *load;
    struct job *next;
    size_t name;
    double due_s, finalize_s, valid_s;
};

struct load {
    struct load_options options;
    struct event_loop *loop;
    struct timer_port timers;
    struct lean_http *http;
    struct load_world *world;
    struct algorithms *algorithms;
    struct account accounts[LOAD_ACCOUNTS_MAX];
    struct builder *csrs;
    struct private_key *keys[LOAD_KEYS];
    struct job *jobs, *spare;
    size_t started_count;
    const char *failure;

    /* The phase that runs: */
    struct load_result *result;
    double zero_s, end_s; /* end_s 0: by count */
    size_t next_name, name_limit, under_way, rate;
    size_t due_count; /* open loop: begun or waiting to be */
    bool is_cycling;
};

static _Noreturn void die(const char *what, const struct error *err)
{
    (void)fprintf(stderr, "cathaya-acme-load: %s: %s\n", what, err->text);
    exit(1);
}

/* ---- names: the number decides the account ---- */

static void name_of(const struct load *load, size_t i, char out[LOAD_NAME_SIZE])
{
    (void)snprintf(out, LOAD_NAME_SIZE, "load-%llu.demo.test", (unsigned long long)(load->options.first + i));
}

static struct account *account_of(struct load *load, size_t i)
{
    return &load->accounts[(load->options.first + i) % load->options.accounts];
}

static const char *thumbprint_of(void *context, const char *host, size_t len)
{
    struct load *load = context;
    const char *digits = len > 5 ? host + 5 : "0";
    return load->accounts[strtoull(digits, NULL, 10) % load->options.accounts].thumbprint;
}

/* The thumbprint is in the first key authorization; before that nobody asks for it. */
static void provision(void *solver, const struct acme_client_challenge *c, acme_client_provisioned *done, void *cookie)
{
    struct account *account = solver;
    struct error err = {.status = STATUS_OK};
    const char *dot = strchr(c->key_authorization, '.');
    if (dot == NULL)
        (void)error_set(&err, STATUS_REFUSED, "no key authorization");
    else if (account->thumbprint[0] == '\0')
        (void)snprintf(account->thumbprint, sizeof account->thumbprint, "%s", dot + 1);
    done(cookie, err.status, &err);
}

static void clean(void *solver, const struct acme_client_challenge *c)
{
    (void)solver, (void)c;
}

/* ---- orders ---- */

static void begin_more(struct load *load);

static void on_step(void *cookie, enum acme_client_step step)
{
    struct job *job = cookie;
    if (step == ACME_CLIENT_FINALIZING && job->finalize_s == 0)
        job->finalize_s = load_time_now_s();
    else if (step == ACME_CLIENT_VALID)
        job->valid_s = load_time_now_s();
}

static void job_end(struct job *job)
{
    struct load *load = job->load;
    job->next = load->spare;
    load->spare = job;
    load->under_way--;
}

static void on_issued(void *cookie, enum status status, const struct acme_client_certificate *certificate, int64_t retry_after_s,
                      const struct error *err)
{
    (void)retry_after_s;
    struct job *job = cookie;
    struct load *load = job->load;
    struct load_result *r = load->result;
    double now = load_time_now_s();
    if (status != STATUS_OK || certificate == NULL)
        load_result_error(r, err->text);
    else if (r->count < r->cap)
        r->samples[r->count++] = (struct load_sample){job->due_s - load->zero_s, now - load->zero_s, (now - job->due_s) * 1000,
                                                      (job->valid_s - job->finalize_s) * 1000};
    job_end(job);
    begin_more(load);
}

static bool begin_one(struct load *load, double due_s)
{
    struct job *job = load->spare;
    char name[LOAD_NAME_SIZE];
    const char *names = name;
    struct error err = {.status = STATUS_OK};
    if (job == NULL || (load->next_name == load->name_limit && !load->is_cycling))
        return false;
    if (load->next_name == load->name_limit)
        load->next_name = 0;
    load->spare = job->next;
    *job = (struct job){.load = load, .name = load->next_name++, .due_s = due_s};
    name_of(load, job->name, name);
    struct acme_client_request request = {.names = &names, .name_count = 1, .csr = builder_view(&load->csrs[job->name]),
                                          .profile = load->options.profile};
    load->under_way++;
    if (acme_client_issue(account_of(load, job->name)->client, &request, on_issued, job, &err) != STATUS_OK) {
        load_result_error(load->result, err.text);
        job_end(job);
    }
    return true;
}

static bool is_over(const struct load *load, double now)
{
    return (load->end_s > 0 && now >= load->end_s) || (load->next_name == load->name_limit && !load->is_cycling);
}

static void begin_more(struct load *load)
{
    double now = load_time_now_s();
    if (load->rate > 0) {
        size_t due = (size_t)((now - load->zero_s) * (double)load->rate);
        while (!is_over(load, now) && load->due_count < due && begin_one(load, load->zero_s + (double)load->due_count / (double)load->rate))
            load->due_count++;
        load->result->late_count = load->due_count < due ? due - load->due_count : 0;
    } else {
        while (!is_over(load, now) && begin_one(load, now))
            ;
    }
    if (is_over(load, now) && load->under_way == 0)
        event_loop_stop(load->loop);
}

static void on_tick(void *cookie)
{
    struct load *load = cookie;
    begin_more(load);
    if (!is_over(load, load_time_now_s()) || load->under_way > 0)
        (void)load->timers.start(load->timers.context, TICK_MS, on_tick, load);
}

/* ---- phases ---- */

static void run_phase(struct load *load, struct load_result *result, unsigned seconds, bool is_cycling, size_t rate)
{
    double cpu = load_time_own_cpu_s();
    for (size_t i = 0; i < load->options.watched_count; i++)
        result->watched_s[i] = load_time_cpu_s(load->options.watched[i]);
    uint64_t http = load_world_http_count(load->world), dns = load_world_dns_count(load->world);
    load->result = result;
    load->zero_s = load_time_now_s();
    load->end_s = seconds > 0 ? load->zero_s + seconds : 0;
    load->next_name = 0;
    load->is_cycling = is_cycling;
    load->rate = rate;
    load->due_count = 0;
    (void)load->timers.start(load->timers.context, 0, on_tick, load);
    event_loop_run(load->loop);
    result->window_end_s = load_time_now_s() - load->zero_s;
    if (seconds > 0 && result->window_end_s > seconds)
        result->window_end_s = seconds;
    result->window_begin_s = result->window_end_s > 3 * WARM_S ? WARM_S : 0;
    result->cpu_s = load_time_own_cpu_s() - cpu;
    for (size_t i = 0; i < load->options.watched_count; i++)
        result->watched_s[i] = load_time_cpu_s(load->options.watched[i]) - result->watched_s[i];
    result->connection_count = lean_http_connection_count(load->http);
    result->http_count = load_world_http_count(load->world) - http;
    result->dns_count = load_world_dns_count(load->world) - dns;
}

static void on_started(void *cookie, enum status status, const struct error *err)
{
    struct account *account = cookie;
    if (status != STATUS_OK)
        die("account", err);
    if (++account->load->started_count == account->load->options.accounts)
        event_loop_stop(account->load->loop);
}

static void start_accounts(struct load *load)
{
    struct error err = {.status = STATUS_OK};
    const struct signature_alg *alg = algorithms_by_name(load->algorithms, bytes_of_text("ecdsa_p256_sha256"));
    for (size_t i = 0; i < load->options.accounts; i++) {
        struct account *a = &load->accounts[i];
        a->load = load;
        if (private_key_generate(alg, &a->key, &err) != STATUS_OK)
            die("key", &err);
        struct acme_client_config config = {
            .directory_url = load->options.directory, .key = a->key, .challenge = "http-01", .solver = a, .provision = provision,
            .clean = clean, .progress = on_step, .fetch = lean_http_port(load->http), .timer = load->timers, .timeout_ms = 60000,
            .polls_max = 200};
        if (acme_client_new(&config, &a->client, &err) != STATUS_OK)
            die("client", &err);
        acme_client_start(a->client, on_started, a);
    }
    event_loop_run(load->loop);
}

static void make_requests(struct load *load)
{
    struct error err = {.status = STATUS_OK};
    const char *alg = strcmp(load->options.key_type, "sm2") == 0 ? "sm2_sm3" : "ecdsa_p256_sha256";
    for (size_t i = 0; i < LOAD_KEYS; i++)
        if (private_key_generate(algorithms_by_name(load->algorithms, bytes_of_text(alg)), &load->keys[i], &err) != STATUS_OK)
            die("key", &err);
    load->csrs = calloc(load->options.names, sizeof *load->csrs);
    load->jobs = calloc(load->options.concurrency, sizeof *load->jobs);
    if (load->csrs == NULL || load->jobs == NULL)
        abort();
    for (size_t i = 0; i < load->options.names; i++) {
        char name[LOAD_NAME_SIZE];
        name_of(load, i, name);
        builder_init(&load->csrs[i], CSR_MAX);
        if (load_csr_write(load->keys[i % LOAD_KEYS], name, &load->csrs[i], &err) != STATUS_OK)
            die("request", &err);
    }
    for (size_t i = 0; i < load->options.concurrency; i++) {
        load->jobs[i] = (struct job){.load = load, .next = load->spare};
        load->spare = &load->jobs[i];
    }
    load->name_limit = load->options.names;
}

static void read_file(const char *path, struct builder *out)
{
    uint8_t buffer[4096];
    size_t len;
    FILE *file = path != NULL ? fopen(path, "rb") : NULL;
    builder_init(out, FILE_MAX);
    if (path != NULL && file == NULL)
        die(path, &(struct error){.text = "cannot be read"});
    while (file != NULL && (len = fread(buffer, 1, sizeof buffer, file)) > 0)
        builder_bytes(out, bytes_of(buffer, len));
    if (file != NULL)
        (void)fclose(file);
}

static void open_load(struct load *load)
{
    struct error err = {.status = STATUS_OK};
    struct builder pem;
    const struct load_options *o = &load->options;
    struct load_world_config world = {.address = "127.0.0.1", .http_port = o->http_port, .dns_port = o->dns_port,
                                      .thumbprint = thumbprint_of, .context = load};
    if (event_loop_new(&load->loop, &err) != STATUS_OK || algorithms_new(&load->algorithms, &err) != STATUS_OK ||
        load_world_new(load->loop, &world, &load->world, &err) != STATUS_OK)
        die("starting", &err);
    load->timers = event_loop_timers(load->loop);
    if (o->is_world_only)
        return;
    read_file(o->ca_file, &pem);
    if (lean_http_new(load->loop, o->directory, builder_view(&pem), o->connections, &load->http, &err) != STATUS_OK)
        die(o->directory, &err);
    builder_clear(&pem);
}

static void close_load(struct load *load)
{
    for (size_t i = 0; i < load->options.accounts; i++) {
        acme_client_free(load->accounts[i].client);
        private_key_free(load->accounts[i].key);
    }
    for (size_t i = 0; i < LOAD_KEYS; i++)
        private_key_free(load->keys[i]);
    for (size_t i = 0; load->csrs != NULL && i < load->options.names; i++)
        builder_clear(&load->csrs[i]);
    free(load->csrs);
    free(load->jobs);
    lean_http_free(load->http);
    load_world_free(load->world);
    algorithms_free(load->algorithms);
    event_loop_free(load->loop);
}

static size_t samples_of(const struct load_options *o)
{
    /* Nobody is faster than this. */
    return o->is_renewal && o->seconds > 0 ? (size_t)o->seconds * 20000 : o->names;
}

int main(int argc, char **argv)
{
    static struct load load;
    struct load_result result, before;
    struct rlimit limit;
    load_options_read(argc, argv, &load.options);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    open_load(&load);
    if (load.options.is_world_only) {
        event_loop_run(load.loop);
        return 0;
    }
    load_result_init(&result, samples_of(&load.options));
    load_result_init(&before, load.options.names);
    make_requests(&load);
    start_accounts(&load);
    if (load.options.is_renewal)
        run_phase(&load, &before, 0, false, 0);
    for (size_t i = 0; i < before.error_count && i < 5; i++)
        (void)fprintf(stderr, "before the renewals: %s\n", before.errors[i]);
    run_phase(&load, &result, load.options.seconds, load.options.is_renewal && load.options.seconds > 0, load.options.rate);
    load_result_print(&load.options, &result);
    load_result_clear(&before);
    load_result_clear(&result);
    close_load(&load);
    return result.error_count == 0 ? 0 : 1;
}
