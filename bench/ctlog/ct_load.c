/* cathaya-ct-load - submits chains to a CT log over HTTP as fast as it answers, and tells how long each took.
 *
 *   cathaya-ct-load --url BASE --suite gm|intl --chain CHAIN.pem --key ISSUER.key [--pre] [--count N] [--first N]
 *                   [--concurrency C] [--rate R] [--watch PID] [--ca-file PEM] [--answers FILE]
 *
 * Chains are made beforehand (see ct_template.h). Prints one JSON object. The client is one thread of the same machine; what
 * the log's process itself takes is told by its CPU time (--watch). --answers keeps each SCT: "NUMBER JSON". */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctlog/ct_template.h"
#include "load/lean_http.h"
#include "load/load_time.h"

#define BODY_MAX 65536
#define ANSWER_MAX 4096
#define TIMEOUT_MS 60000
#define TICK_MS 2
#define CONNECTIONS_MAX 4000
#define URL_SIZE 512
/* The first ones fill caches and are not counted in the rate. */
#define WARM_SHARE 10

struct options {
    const char *url, *suite, *chain, *key, *ca_file, *answers;
    bool is_pre;
    uint64_t first;
    size_t count, concurrency, rate;
    unsigned watched;
};

/* Signatures alone, on one core. */
#define MEASURE_S 0.5

struct load {
    struct options options;
    struct event_loop *loop;
    struct timer_port timers;
    struct fetch_port fetch;
    struct builder *bodies;
    double sign_us, verify_us;
    double *took_ms, zero_s, warm_s, end_s;
    size_t begun, done, failed, busy;
    char url[URL_SIZE], failure[256];
    FILE *answers;
};

struct ask {
    struct load *load;
    size_t number;
    double begin_s;
};

static _Noreturn void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "cathaya-ct-load: %s: %s\n", what, why);
    exit(1);
}

static void begin_more(struct load *load);

static void on_answer(void *cookie, const struct fetch_response *r)
{
    struct ask *ask = cookie;
    struct load *load = ask->load;
    double now = load_time_now_s();
    if (r->failure == FETCH_NO_FAILURE && r->status == 200) {
        load->took_ms[load->done - load->failed] = (now - ask->begin_s) * 1000;
        if (load->answers != NULL)
            (void)fprintf(load->answers, "%llu %.*s\n", (unsigned long long)(load->options.first + ask->number), (int)r->body.len,
                          (const char *)r->body.data);
    } else {
        if (load->failed++ == 0)
            (void)snprintf(load->failure, sizeof load->failure, "%d %.100s %.*s", r->status, r->failure_text,
                           (int)(r->body.len < 120 ? r->body.len : 120), r->body.len > 0 ? (const char *)r->body.data : "");
        if (r->status == 429 || r->status == 503)
            load->busy++;
    }
    load->done++;
    if (load->done == load->options.count / WARM_SHARE)
        load->warm_s = now;
    load->end_s = now;
    free(ask);
    begin_more(load);
}

static void begin_one(struct load *load)
{
    struct error err = {.status = STATUS_OK};
    struct ask *ask = malloc(sizeof *ask);
    if (ask == NULL)
        abort();
    *ask = (struct ask){.load = load, .number = load->begun, .begin_s = load_time_now_s()};
    struct fetch_request request = {.method = "POST", .url = load->url, .body = builder_view(&load->bodies[load->begun]),
                                    .content_type = "application/json", .timeout_ms = TIMEOUT_MS, .response_max = ANSWER_MAX};
    load->begun++;
    if (load->fetch.start(load->fetch.context, &request, on_answer, ask, &err) != STATUS_OK)
        die("request", err.text);
}

static void begin_more(struct load *load)
{
    const struct options *o = &load->options;
    size_t due = o->count;
    if (o->rate > 0)
        due = (size_t)((load_time_now_s() - load->zero_s) * (double)o->rate);
    while (load->begun < o->count && load->begun < due && load->begun - load->done < o->concurrency)
        begin_one(load);
    if (load->done == o->count)
        event_loop_stop(load->loop);
}

static void on_tick(void *cookie)
{
    struct load *load = cookie;
    begin_more(load);
    if (load->begun < load->options.count)
        (void)load->timers.start(load->timers.context, TICK_MS, on_tick, load);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void print(struct load *load, double cpu_s, double own_s, double made_s)
{
    size_t good = load->done - load->failed, warm = load->options.count / WARM_SHARE;
    double rate = load->end_s > load->warm_s ? (double)(load->done - warm) / (load->end_s - load->warm_s) : 0;
    qsort(load->took_ms, good, sizeof *load->took_ms, compare);
    double p50 = good > 0 ? load->took_ms[good / 2] : 0, p99 = good > 0 ? load->took_ms[good * 99 / 100] : 0;
    (void)printf("{\"submitted\": %zu, \"scts\": %zu, \"refused_busy\": %zu, \"failed\": %zu, \"per_s\": %.1f, \"p50_ms\": %.2f, "
                 "\"p99_ms\": %.2f, \"log_cpu_us\": %.1f, \"client_cpu_us\": %.1f, \"made_per_s\": %.0f, \"sign_us\": %.1f, \"verify_us\": %.1f",
                 load->done, good, load->busy, load->failed - load->busy, rate, p50, p99, good > 0 ? cpu_s * 1e6 / (double)good : 0,
                 good > 0 ? own_s * 1e6 / (double)good : 0, made_s > 0 ? (double)load->options.count / made_s : 0,
                 load->sign_us, load->verify_us);
    if (load->failed > 0)
        (void)fprintf(stderr, "cathaya-ct-load: first failure: %s\n", load->failure);
    (void)printf("}\n");
}

static size_t number(const char *text)
{
    uint64_t value;
    if (!text_parse_u64(bytes_of_text(text), UINT32_MAX, &value))
        die(text, "not a number");
    return (size_t)value;
}

static void read_options(int argc, char **argv, struct options *o)
{
    static const struct option names[] = {{"url", 1, NULL, 'u'}, {"suite", 1, NULL, 's'}, {"chain", 1, NULL, 'c'}, {"key", 1, NULL, 'k'},
                                          {"pre", 0, NULL, 'p'}, {"count", 1, NULL, 'n'}, {"first", 1, NULL, 'f'}, {"ca-file", 1, NULL, 'a'},
                                          {"concurrency", 1, NULL, 'C'}, {"rate", 1, NULL, 'r'}, {"watch", 1, NULL, 'w'}, {"answers", 1, NULL, 'A'}, {0}};
    *o = (struct options){.count = 10000, .concurrency = 256, .suite = "gm"};
    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        switch (c) {
        case 'u': o->url = optarg; break;
        case 's': o->suite = optarg; break;
        case 'c': o->chain = optarg; break;
        case 'k': o->key = optarg; break;
        case 'p': o->is_pre = true; break;
        case 'n': o->count = number(optarg); break;
        case 'f': o->first = number(optarg); break;
        case 'a': o->ca_file = optarg; break;
        case 'C': o->concurrency = number(optarg); break;
        case 'r': o->rate = number(optarg); break;
        case 'w': o->watched = (unsigned)number(optarg); break;
        case 'A': o->answers = optarg; break;
        default: exit(2);
        }
    }
    if (o->url == NULL || o->chain == NULL || o->key == NULL || o->count == 0 || o->concurrency == 0)
        die("usage", "--url, --chain, --key, and a count");
}

/* CPU time of one signature of the suite, made and verified: over a TBSCertificate, by the issuer's key. */
static void measure(struct load *load, const struct ct_template *t)
{
    struct error err = {.status = STATUS_OK};
    struct builder signature;
    size_t signs = 0, verifies = 0;
    builder_init(&signature, 256);
    double begin = load_time_own_cpu_s(), end = begin;
    for (; end - begin < MEASURE_S; end = load_time_own_cpu_s(), signs++) {
        builder_reset(&signature);
        if (private_key_sign(t->issuer_key, t->tbs, &signature, &err) != STATUS_OK)
            die("signature", err.text);
    }
    load->sign_us = (end - begin) * 1e6 / (double)signs;
    for (begin = end; end - begin < MEASURE_S; end = load_time_own_cpu_s(), verifies++)
        if (public_key_verify(private_key_public(t->issuer_key), t->tbs, builder_view(&signature), &err) != STATUS_OK)
            die("signature", err.text);
    load->verify_us = (end - begin) * 1e6 / (double)verifies;
    builder_clear(&signature);
}

static void make_bodies(struct load *load, const struct algorithms *algorithms)
{
    struct ct_template template;
    const char *alg = strcmp(load->options.suite, "gm") == 0 ? "sm2_sm3" : "ecdsa_p256_sha256";
    ct_template_open(&template, load->options.chain, load->options.key, algorithms_by_name(algorithms, bytes_of_text(alg)));
    load->bodies = calloc(load->options.count, sizeof *load->bodies);
    load->took_ms = calloc(load->options.count, sizeof *load->took_ms);
    if (load->bodies == NULL || load->took_ms == NULL)
        abort();
    for (size_t i = 0; i < load->options.count; i++) {
        builder_init(&load->bodies[i], BODY_MAX);
        ct_template_body(&template, load->options.first + i, &load->bodies[i]);
    }
    measure(load, &template);
    ct_template_clear(&template);
}

static void read_ca(const char *path, struct builder *out)
{
    uint8_t buffer[4096];
    size_t len;
    builder_init(out, (size_t)1 << 20);
    FILE *file = path == NULL ? NULL : fopen(path, "rb");
    while (file != NULL && (len = fread(buffer, 1, sizeof buffer, file)) > 0)
        builder_bytes(out, bytes_of(buffer, len));
    if (file != NULL)
        (void)fclose(file);
}

int main(int argc, char **argv)
{
    static struct load load;
    struct error err = {.status = STATUS_OK};
    struct algorithms *algorithms = NULL;
    struct lean_http *http = NULL;
    struct builder ca;
    read_options(argc, argv, &load.options);
    const struct options *o = &load.options;
    if (snprintf(load.url, sizeof load.url, "%s/ct/v1/%s", o->url, o->is_pre ? "add-pre-chain" : "add-chain") >= (int)sizeof load.url)
        die(o->url, "too long");
    read_ca(o->ca_file, &ca);
    size_t connections = o->concurrency < CONNECTIONS_MAX ? o->concurrency : CONNECTIONS_MAX;
    if (algorithms_new(&algorithms, &err) != STATUS_OK || event_loop_new(&load.loop, &err) != STATUS_OK ||
        lean_http_new(load.loop, load.url, builder_view(&ca), connections, &http, &err) != STATUS_OK)
        die("starting", err.text);
    double begin = load_time_now_s();
    make_bodies(&load, algorithms);
    double made_s = load_time_now_s() - begin - 2 * MEASURE_S;
    load.answers = o->answers == NULL ? NULL : fopen(o->answers, "w");
    load.timers = event_loop_timers(load.loop);
    load.fetch = lean_http_port(http);
    double cpu = load_time_cpu_s(o->watched), own = load_time_own_cpu_s();
    load.zero_s = load.warm_s = load_time_now_s();
    (void)load.timers.start(load.timers.context, 0, on_tick, &load);
    event_loop_run(load.loop);
    print(&load, load_time_cpu_s(o->watched) - cpu, load_time_own_cpu_s() - own, made_s);
    if (load.answers != NULL && fclose(load.answers) != 0)
        die(o->answers, "cannot be written");
    for (size_t i = 0; i < o->count; i++)
        builder_clear(&load.bodies[i]);
    free(load.bodies);
    free(load.took_ms);
    lean_http_free(http);
    builder_clear(&ca);
    algorithms_free(algorithms);
    event_loop_free(load.loop);
    return load.failed == load.busy ? 0 : 1;
}
