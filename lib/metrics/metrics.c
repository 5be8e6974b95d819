#include "metrics/metrics.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* 1, 2, 5 ms ... 50 s, 100 s, and everything. */
#define BUCKET_COUNT 16
/* Enough for every metric of every role; a registry that grows without bound counts something that
 * somebody else chooses. */
#define METRICS_MAX 4096
/* Whole numbers up to here are exact in a double, and printed without an exponent. */
#define EXACT_MAX 9007199254740992.0

enum kind { KIND_COUNTER, KIND_GAUGE, KIND_HISTOGRAM };

static const double bounds_s[BUCKET_COUNT] = {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2,
                                              0.5,   1,     2,     5,    10,   20,   50,  100};

struct metric {
    struct metrics *owner; /* NULL: counts nowhere */
    enum kind kind;
    const char *name, *labels, *help;
    double value; /* of a histogram: the sum */
    uint64_t buckets[BUCKET_COUNT + 1];
    struct metric *next;
};

struct metrics {
    pthread_mutex_t lock;
    struct metric *first, **end;
    size_t count;
};

/* Never written to: its owner is NULL. */
static struct metric nowhere;

enum status metrics_new(struct metrics **out, struct error *err)
{
    *out = NULL;
    struct metrics *m = calloc(1, sizeof *m);
    if (m == NULL)
        return error_set(err, STATUS_NO_MEMORY, "metrics: out of memory");
    if (pthread_mutex_init(&m->lock, NULL) != 0) {
        free(m);
        return error_set(err, STATUS_NO_MEMORY, "metrics: no lock");
    }
    m->end = &m->first;
    *out = m;
    return STATUS_OK;
}

void metrics_free(struct metrics *m)
{
    if (m == NULL)
        return;
    while (m->first != NULL) {
        struct metric *next = m->first->next;
        free(m->first);
        m->first = next;
    }
    (void)pthread_mutex_destroy(&m->lock);
    free(m);
}

static struct metric *find(const struct metrics *m, const char *name, const char *labels)
{
    for (struct metric *at = m->first; at != NULL; at = at->next)
        if (strcmp(at->name, name) == 0 && strcmp(at->labels, labels) == 0)
            return at;
    return NULL;
}

static struct metric *make_locked(struct metrics *m, enum kind kind, const char *name,
                                  const char *labels, const char *help)
{
    struct metric *found = find(m, name, labels);
    if (found != NULL)
        return found->kind == kind ? found : &nowhere;
    struct metric *made = m->count < METRICS_MAX ? calloc(1, sizeof *made) : NULL;
    if (made == NULL)
        return &nowhere;
    *made = (struct metric){
        .owner = m, .kind = kind, .name = name, .labels = labels, .help = help};
    *m->end = made;
    m->end = &made->next;
    m->count++;
    return made;
}

static struct metric *make(struct metrics *m, enum kind kind, const char *name, const char *labels,
                           const char *help)
{
    if (m == NULL)
        return &nowhere;
    (void)pthread_mutex_lock(&m->lock);
    struct metric *made = make_locked(m, kind, name, labels, help);
    (void)pthread_mutex_unlock(&m->lock);
    return made;
}

struct metric *metrics_counter(struct metrics *m, const char *name, const char *labels,
                               const char *help)
{
    return make(m, KIND_COUNTER, name, labels, help);
}

struct metric *metrics_gauge(struct metrics *m, const char *name, const char *labels, const char *help)
{
    return make(m, KIND_GAUGE, name, labels, help);
}

struct metric *metrics_histogram(struct metrics *m, const char *name, const char *labels,
                                 const char *help)
{
    return make(m, KIND_HISTOGRAM, name, labels, help);
}

void metric_add(struct metric *metric, double value)
{
    /* A counter that goes back would look like a restart; NaN fails the comparison too. */
    if (metric->owner == NULL || metric->kind == KIND_HISTOGRAM ||
        (metric->kind == KIND_COUNTER && !(value >= 0)))
        return;
    (void)pthread_mutex_lock(&metric->owner->lock);
    metric->value += value;
    (void)pthread_mutex_unlock(&metric->owner->lock);
}

void metric_set(struct metric *metric, double value)
{
    if (metric->owner == NULL || metric->kind != KIND_GAUGE)
        return;
    (void)pthread_mutex_lock(&metric->owner->lock);
    metric->value = value;
    (void)pthread_mutex_unlock(&metric->owner->lock);
}

void metric_observe(struct metric *metric, double value)
{
    if (metric->owner == NULL || metric->kind != KIND_HISTOGRAM || !(value >= 0))
        return;
    size_t i = 0;
    while (i < BUCKET_COUNT && value > bounds_s[i])
        i++;
    (void)pthread_mutex_lock(&metric->owner->lock);
    metric->buckets[i]++;
    metric->value += value;
    (void)pthread_mutex_unlock(&metric->owner->lock);
}

/* ---- text ---- */

static void write_value(struct builder *out, double value)
{
    if (value >= -EXACT_MAX && value <= EXACT_MAX && value == (double)(int64_t)value)
        builder_printf(out, " %lld\n", (long long)value);
    else
        builder_printf(out, " %.9g\n", value);
}

static void write_name(struct builder *out, const struct metric *at, const char *ending)
{
    builder_printf(out, "%s%s", at->name, ending);
    if (at->labels[0] != '\0')
        builder_printf(out, "{%s}", at->labels);
}

static void write_bucket(struct builder *out, const struct metric *at, const char *bound, uint64_t count)
{
    builder_printf(out, "%s_bucket{%s%sle=\"%s\"} %llu\n", at->name, at->labels,
                   at->labels[0] != '\0' ? "," : "", bound, (unsigned long long)count);
}

static void write_histogram(struct builder *out, const struct metric *at)
{
    uint64_t count = 0;
    char bound[16];
    struct builder text;
    for (size_t i = 0; i < BUCKET_COUNT; i++) {
        count += at->buckets[i];
        builder_init_fixed(&text, bound, sizeof bound);
        builder_printf(&text, "%g", bounds_s[i]);
        builder_u8(&text, 0);
        write_bucket(out, at, bound, count);
    }
    count += at->buckets[BUCKET_COUNT];
    write_bucket(out, at, "+Inf", count);
    write_name(out, at, "_sum");
    write_value(out, at->value);
    write_name(out, at, "_count");
    builder_printf(out, " %llu\n", (unsigned long long)count);
}

static void write_help(struct builder *out, const struct metric *at)
{
    static const char *const kinds[] = {"counter", "gauge", "histogram"};
    builder_printf(out, "# HELP %s ", at->name);
    for (const char *c = at->help; *c != '\0'; c++) {
        if (*c == '\\' || *c == '\n')
            builder_u8(out, '\\');
        builder_u8(out, (uint8_t)(*c == '\n' ? 'n' : *c));
    }
    builder_printf(out, "\n# TYPE %s %s\n", at->name, kinds[at->kind]);
}

static bool is_first_of_name(const struct metrics *m, const struct metric *metric)
{
    for (const struct metric *at = m->first; at != metric; at = at->next)
        if (strcmp(at->name, metric->name) == 0)
            return false;
    return true;
}

/* The format wants all lines of one name together. */
static void write_name_group(const struct metric *first, struct builder *out)
{
    write_help(out, first);
    for (const struct metric *at = first; at != NULL; at = at->next) {
        if (strcmp(at->name, first->name) != 0)
            continue;
        if (at->kind == KIND_HISTOGRAM) {
            write_histogram(out, at);
        } else {
            write_name(out, at, "");
            write_value(out, at->value);
        }
    }
}

void metrics_write(struct metrics *m, struct builder *out)
{
    (void)pthread_mutex_lock(&m->lock);
    for (const struct metric *at = m->first; at != NULL; at = at->next)
        if (is_first_of_name(m, at))
            write_name_group(at, out);
    (void)pthread_mutex_unlock(&m->lock);
}
