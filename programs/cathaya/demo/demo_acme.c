/* Our own ACME client: one account, all orders at a time, and the landmark-relative certificates that follow. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "crypto/csr_make.h"
#include "demo/demo.h"
#include "demo/demo_world.h"
#include "ca/ca_directory.h"
#include "input.h"
#include "service/acme_client/acme_client.h"

#define REQUEST_MS 20000
#define POLLS_MAX 60
#define ORDERS_S 60
#define LANDMARK_S 60
/* The server says when to come back; it is asked sooner here, for the landmarks come every 3 s. */
#define ASK_AGAIN_MS 500
#define CHAIN_TYPE "application/pem-certificate-chain"

struct order {
    struct acme_run *run;
    struct demo_certificate *certificate, *landmark;
    struct builder csr, key;
    char alternate[ACME_CLIENT_URL_MAX];
    uint64_t begun_ns;
    bool is_done;
    enum status status;
    struct error error;
};

struct acme_run {
    struct demo_world *w;
    struct acme_client *client;
    struct private_key *key;
    struct timer_port timers;
    bool is_started;
    struct order start; /* its outcome alone */
    struct order orders[DEMO_PROFILES];
};

enum status demo_acme_add(struct demo_world *w, const char *client, const char *mode, const struct demo_profile *profile,
                          struct demo_certificate **out, struct error *err)
{
    if (w->certificate_count == DEMO_CERTIFICATES_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d certificates", DEMO_CERTIFICATES_MAX);
    struct demo_certificate *c = *out = &w->certificates[w->certificate_count++];
    *c = (struct demo_certificate){.client = client, .mode = mode, .profile = profile};
    (void)snprintf(c->host, sizeof c->host, "%s.%s.demo.test", profile->name, client);
    enum status s = demo_path(w, c->path, err, "certificates/%s-%s-%s.pem", client, profile->name, mode);
    return s == STATUS_OK ? demo_dns_add(w, c->host, w->http01_address, err) : s;
}

/* ---- http-01 ---- */

static void provision(void *solver, const struct acme_client_challenge *c, acme_client_provisioned *done, void *cookie)
{
    const struct demo_world *w = solver;
    struct error err = {.status = STATUS_OK};
    char name[256];
    (void)snprintf(name, sizeof name, "http-01/%.200s", c->token);
    done(cookie, demo_write(w, name, bytes_of_text(c->key_authorization), 0644, &err), &err);
}

static void clean(void *solver, const struct acme_client_challenge *c)
{
    const struct demo_world *w = solver;
    struct error err = {.status = STATUS_OK};
    char path[DEMO_PATH_SIZE];
    if (demo_path(w, path, &err, "http-01/%.200s", c->token) == STATUS_OK)
        (void)unlink(path);
}

/* ---- orders ---- */

static void finished(struct order *o, enum status status, const struct error *err)
{
    o->is_done = true;
    o->status = status;
    if (status != STATUS_OK && err != NULL)
        o->error = *err;
}

static double since_s(uint64_t begun_ns)
{
    return (double)(demo_clock_ns() - begun_ns) / 1e9;
}

static void on_started(void *cookie, enum status status, const struct error *err)
{
    finished(cookie, status, err);
}

static void on_issued(void *cookie, enum status status, const struct acme_client_certificate *certificate, int64_t retry_after_s,
                      const struct error *err)
{
    struct order *o = cookie;
    (void)retry_after_s;
    struct error own = {.status = STATUS_OK};
    if (status == STATUS_OK) {
        o->certificate->seconds = since_s(o->begun_ns);
        (void)snprintf(o->alternate, sizeof o->alternate, "%s", certificate->alternate_url);
        status = input_write_file(o->certificate->path, certificate->chain, 0644, &own);
        err = &own;
    }
    finished(o, status, err);
}

static void on_landmark(void *cookie, int http_status, struct bytes body, int64_t retry_after_s, const struct error *err);

static void ask_for_landmark(void *cookie)
{
    struct order *o = cookie;
    struct error err = {.status = STATUS_OK};
    enum status s = acme_client_fetch(o->run->client, o->alternate, CHAIN_TYPE, on_landmark, o, &err);
    if (s != STATUS_OK)
        finished(o, s, &err);
}

static void on_landmark(void *cookie, int http_status, struct bytes body, int64_t retry_after_s, const struct error *err)
{
    struct order *o = cookie;
    struct error own = {.status = STATUS_OK};
    (void)retry_after_s;
    if (http_status == 202 && since_s(o->begun_ns) < LANDMARK_S) {
        (void)o->run->timers.start(o->run->timers.context, ASK_AGAIN_MS, ask_for_landmark, o);
    } else if (http_status == 200) {
        o->landmark->seconds = since_s(o->begun_ns);
        finished(o, input_write_file(o->landmark->path, body, 0644, &own), &own);
    } else {
        (void)error_set(&own, STATUS_REFUSED, "status %d %s", http_status, err != NULL ? err->text : "");
        finished(o, STATUS_REFUSED, &own);
    }
}

static bool is_all_done(void *context)
{
    const struct acme_run *run = context;
    bool is_done = run->start.is_done;
    for (size_t i = 0; is_done && run->is_started && i < DEMO_PROFILES; i++)
        is_done = run->orders[i].is_done;
    return is_done;
}

static enum status outcome(const struct acme_run *run, struct error *err)
{
    if (run->start.status != STATUS_OK)
        return error_set(err, run->start.status, "ACME account: %s", run->start.error.text);
    for (size_t i = 0; run->is_started && i < DEMO_PROFILES; i++)
        if (run->orders[i].status != STATUS_OK)
            return error_set(err, run->orders[i].status, "%s for %s: %s", demo_profiles[i].name, run->orders[i].certificate->host,
                             run->orders[i].error.text);
    return STATUS_OK;
}

static enum status begin(struct acme_run *run, size_t i, struct error *err)
{
    struct order *o = &run->orders[i];
    const struct demo_profile *profile = &demo_profiles[i];
    enum status s = demo_acme_add(run->w, "cathaya", profile->is_mtc ? "standalone" : "classic", profile, &o->certificate, err);
    if (s == STATUS_OK)
        s = csr_make(profile->key_kind, o->certificate->host, &o->csr, &o->key, err);
    const char *name = o->certificate->host;
    struct acme_client_request request = {.names = &name, .name_count = 1, .csr = builder_view(&o->csr), .profile = profile->name};
    o->run = run;
    o->begun_ns = demo_clock_ns();
    return s == STATUS_OK ? acme_client_issue(run->client, &request, on_issued, o, err) : s;
}

static enum status get_landmarks(struct acme_run *run, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < DEMO_PROFILES; i++) {
        struct order *o = &run->orders[i];
        if (!demo_profiles[i].is_mtc)
            continue;
        if (o->alternate[0] == '\0')
            return error_set(err, STATUS_REFUSED, "%s: no landmark-relative certificate was offered", demo_profiles[i].name);
        s = demo_acme_add(run->w, "cathaya", "landmark", &demo_profiles[i], &o->landmark, err);
        o->is_done = false;
        if (s == STATUS_OK)
            ask_for_landmark(o);
    }
    if (s == STATUS_OK)
        s = demo_processes_wait(&run->w->processes, is_all_done, run, LANDMARK_S, "landmark-relative certificates", err);
    return s == STATUS_OK ? outcome(run, err) : s;
}

static enum status run_client(struct acme_run *run, struct error *err)
{
    struct demo_world *w = run->w;
    char directory[DEMO_URL_SIZE + 16];
    (void)snprintf(directory, sizeof directory, "%s/directory", w->base_url);
    struct acme_client_config config = {
        .directory_url = directory, .ca_file = w->ca_file, .key = run->key, .challenge = "http-01", .solver = w,
        .provision = provision, .clean = clean, .fetch = curl_fetch_port(w->fetch), .timer = run->timers, .timeout_ms = REQUEST_MS,
        .polls_max = POLLS_MAX};
    enum status s = acme_client_new(&config, &run->client, err);
    if (s != STATUS_OK)
        return s;
    acme_client_start(run->client, on_started, &run->start);
    s = demo_processes_wait(&w->processes, is_all_done, run, ORDERS_S, "ACME account", err);
    if (s == STATUS_OK)
        s = outcome(run, err);
    for (size_t i = 0; s == STATUS_OK && i < DEMO_PROFILES; i++)
        s = begin(run, i, err);
    run->is_started = true;
    if (s == STATUS_OK)
        s = demo_processes_wait(&w->processes, is_all_done, run, ORDERS_S, "certificates", err);
    if (s == STATUS_OK)
        s = outcome(run, err);
    return s == STATUS_OK ? get_landmarks(run, err) : s;
}

enum status demo_acme_run(struct demo_world *w, struct error *err)
{
    static struct acme_run run;
    run = (struct acme_run){.w = w, .timers = event_loop_timers(w->loop)};
    for (size_t i = 0; i < DEMO_PROFILES; i++) {
        builder_init(&run.orders[i].csr, CERTIFICATE_SIZE_MAX);
        builder_init(&run.orders[i].key, KEY_PEM_MAX);
    }
    enum status s = private_key_generate(algorithms_by_name(w->algorithms, bytes_of_text("ecdsa_p256_sha256")), &run.key, err);
    if (s == STATUS_OK)
        s = run_client(&run, err);
    if (s != STATUS_OK)
        return s; /* what is under way still uses it; the process ends now */
    acme_client_free(run.client);
    private_key_free(run.key);
    for (size_t i = 0; i < DEMO_PROFILES; i++) {
        builder_clear(&run.orders[i].csr);
        builder_clear(&run.orders[i].key);
    }
    return s;
}
