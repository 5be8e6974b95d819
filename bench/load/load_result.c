#include <stdio.h>
#include <stdlib.h>

#include "load/acme_load.h"

void load_result_init(struct load_result *result, size_t cap)
{
    *result = (struct load_result){.samples = calloc(cap, sizeof *result->samples), .cap = cap};
    if (result->samples == NULL)
        abort();
}

void load_result_clear(struct load_result *result)
{
    free(result->samples);
}

void load_result_error(struct load_result *result, const char *text)
{
    if (result->error_count < sizeof result->errors / sizeof result->errors[0])
        (void)snprintf(result->errors[result->error_count], sizeof result->errors[0], "%.250s", text);
    result->error_count++;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double at(const double *sorted, size_t count, double part)
{
    return count == 0 ? 0 : sorted[(size_t)((double)(count - 1) * part + 0.5)];
}

/* Samples that ended within the window. */
static size_t collect(const struct load_result *r, bool is_valid, double *out)
{
    size_t count = 0;
    for (size_t i = 0; i < r->count; i++) {
        const struct load_sample *s = &r->samples[i];
        if (s->end_s >= r->window_begin_s && s->end_s <= r->window_end_s)
            out[count++] = is_valid ? s->valid_ms : s->issue_ms;
    }
    qsort(out, count, sizeof *out, compare);
    return count;
}

void load_result_print(const struct load_options *o, struct load_result *r)
{
    double *sorted = calloc(r->count + 1, sizeof *sorted), duration_s = r->window_end_s - r->window_begin_s;
    if (sorted == NULL)
        abort();
    size_t count = collect(r, true, sorted);
    double valid50 = at(sorted, count, 0.5), valid99 = at(sorted, count, 0.99), valid_max = at(sorted, count, 1);
    count = collect(r, false, sorted);
    double issue50 = at(sorted, count, 0.5), issue99 = at(sorted, count, 0.99), issue_max = at(sorted, count, 1);
    double rate = duration_s > 0 ? (double)count / duration_s : 0, cpu_ms = r->count > 0 ? r->cpu_s * 1000 / (double)r->count : 0;
    free(sorted);
    if (o->is_json) {
        (void)printf("{\"mix\": \"%s\", \"profile\": \"%s\", \"rate_wanted\": %u, \"concurrency\": %zu, \"certificates\": %zu, "
                     "\"window_s\": %.3f, \"per_s\": %.1f, \"errors\": %zu, \"late\": %zu, \"issue_p50_ms\": %.1f, \"issue_p99_ms\": %.1f, "
                     "\"issue_max_ms\": %.1f, \"valid_p50_ms\": %.1f, \"valid_p99_ms\": %.1f, \"valid_max_ms\": %.1f, "
                     "\"client_cpu_ms\": %.3f, \"connections\": %zu, \"http\": %llu, \"dns\": %llu, \"watched_ms\": [",
                     o->is_renewal ? "renew" : "new", o->profile != NULL ? o->profile : "", o->rate, o->concurrency, r->count,
                     duration_s, rate, r->error_count, r->late_count, issue50, issue99, issue_max, valid50, valid99, valid_max, cpu_ms,
                     r->connection_count, (unsigned long long)r->http_count, (unsigned long long)r->dns_count);
        for (size_t i = 0; i < o->watched_count; i++)
            (void)printf("%s%.3f", i > 0 ? ", " : "", r->watched_s[i] * 1000 / (double)(r->count > 0 ? r->count : 1));
        (void)printf("]}\n");
    } else {
        (void)printf("%s, %s: %zu certificates, %zu errors; %.1f/s over %.1f s\n", o->is_renewal ? "renewals" : "new",
                     o->profile != NULL ? o->profile : "default profile", r->count, r->error_count, rate, duration_s);
        (void)printf("  whole issuance      p50 %8.1f ms  p99 %8.1f ms  max %8.1f ms\n", issue50, issue99, issue_max);
        (void)printf("  finalize to valid   p50 %8.1f ms  p99 %8.1f ms  max %8.1f ms\n", valid50, valid99, valid_max);
        (void)printf("  client: %.3f ms CPU per certificate, %zu connections, %llu validations, %llu DNS queries\n", cpu_ms,
                     r->connection_count, (unsigned long long)r->http_count, (unsigned long long)r->dns_count);
        for (size_t i = 0; i < o->watched_count; i++)
            (void)printf("  process %u: %.3f ms CPU per certificate\n", o->watched[i],
                         r->watched_s[i] * 1000 / (double)(r->count > 0 ? r->count : 1));
    }
    for (size_t i = 0; i < r->error_count && i < sizeof r->errors / sizeof r->errors[0]; i++)
        (void)fprintf(stderr, "error: %s\n", r->errors[i]);
}
