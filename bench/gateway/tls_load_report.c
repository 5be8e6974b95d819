#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "gateway/tls_load.h"
#include "load/load_time.h"

void load_result_begin(const struct load_options *options, struct load_result *r)
{
    r->count = r->error_count = r->resumed_count = 0;
    r->body_bytes = 0;
    for (size_t i = 0; i < options->watched_count; i++)
        r->cpu_begin_s[i] = load_time_cpu_s(options->watched[i]);
    r->begin_s = load_time_now_s();
}

void load_result_add(struct load_result *r, double ms)
{
    if (r->count == r->cap) {
        r->cap = r->cap * 2 + 4096;
        r->ms = realloc(r->ms, r->cap * sizeof *r->ms);
        if (r->ms == NULL)
            abort();
    }
    r->ms[r->count++] = (float)ms;
}

void load_result_error(struct load_result *r, const char *what)
{
    if (r->error_count++ == 0)
        (void)snprintf(r->error, sizeof r->error, "%.250s", what);
}

static int compare(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double at(const struct load_result *r, double part)
{
    return r->count == 0 ? 0 : (double)r->ms[(size_t)((double)(r->count - 1) * part)];
}

void load_result_print(const struct load_options *o, struct load_result *r)
{
    double seconds = r->end_s - r->begin_s, watched_s = 0;
    for (size_t i = 0; i < o->watched_count; i++)
        watched_s += load_time_cpu_s(o->watched[i]) - r->cpu_begin_s[i];
    if (r->count > 0)
        qsort(r->ms, r->count, sizeof *r->ms, compare);
    for (char *c = r->error; *c != '\0'; c++)
        if (*c == '"' || *c == '\\' || *c < ' ')
            *c = ' ';
    (void)printf("{\"mode\": \"%s\", \"count\": %zu, \"errors\": %zu, \"error\": \"%s\", \"seconds\": %.3f, \"per_s\": %.1f, \"p50_ms\": %.3f, "
                 "\"p90_ms\": %.3f, \"p99_ms\": %.3f, \"body_bytes\": %llu, \"resumed\": %zu, \"client_hello\": %zu, \"server_flight\": %zu, "
                 "\"group\": \"%s\", \"suite\": \"%s\", \"server_cpu_s\": %.3f, \"client_cpu_s\": %.3f}\n",
                 o->mode_name, r->count, r->error_count, r->error, seconds, (double)r->count / seconds, at(r, 0.5), at(r, 0.9), at(r, 0.99),
                 (unsigned long long)r->body_bytes, r->resumed_count, r->client_hello_len, r->server_flight_len, r->group, r->suite,
                 watched_s, (double)clock() / CLOCKS_PER_SEC);
    free(r->ms);
}
