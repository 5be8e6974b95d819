#include "service/monitor/uptime.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define DAY_MS ((int64_t)86400000)
#define HEADER "cathaya-uptime v1"
#define NUMBER_MAX ((uint64_t)INT64_MAX)

/* ---- counting ---- */

static struct uptime_endpoint *find(struct uptime *u, const char *name)
{
    for (size_t i = 0; i < u->endpoint_count; i++)
        if (strcmp(u->endpoints[i].name, name) == 0)
            return &u->endpoints[i];
    if (u->endpoint_count == UPTIME_ENDPOINTS_MAX || strlen(name) > UPTIME_NAME_MAX || name[0] == '\0')
        return NULL;
    struct uptime_endpoint *e = &u->endpoints[u->endpoint_count++];
    *e = (struct uptime_endpoint){.sample_ms = 0};
    (void)snprintf(e->name, sizeof e->name, "%s", name);
    return e;
}

static struct uptime_day *day_of(struct uptime_endpoint *e, int64_t now_ms)
{
    int64_t number = now_ms / DAY_MS;
    struct uptime_day *day = &e->days[number % UPTIME_DAYS];
    if (day->day != number)
        *day = (struct uptime_day){.day = number};
    return day;
}

/* What lies between two samples that are far apart was not seen. */
#define GAP_INTERVALS 10

static int64_t gap_of(const struct uptime *u)
{
    return (int64_t)(u->gap_ms != 0 ? u->gap_ms : u->interval_ms * GAP_INTERVALS);
}

/* How many intervals a sample stands for. */
static uint32_t weight_of(const struct uptime *u, const struct uptime_endpoint *e, int64_t now_ms)
{
    int64_t passed = now_ms - e->sample_ms;
    bool is_near = e->sample_ms != 0 && passed > (int64_t)u->interval_ms && passed <= gap_of(u) && u->interval_ms > 0;
    return is_near ? (uint32_t)(passed / (int64_t)u->interval_ms) : 1;
}

static void note_outage(struct uptime_endpoint *e, int64_t gap_ms, bool is_good, int64_t now_ms)
{
    if (now_ms - e->sample_ms > gap_ms)
        e->bad_since_ms = 0;
    if (!is_good && e->bad_since_ms == 0)
        e->bad_since_ms = now_ms;
    int64_t length = e->bad_since_ms == 0 ? 0 : now_ms - e->bad_since_ms;
    if (length > 0 && (length >= e->longest_outage_ms || now_ms - e->longest_outage_at_ms > UPTIME_DAYS * DAY_MS)) {
        e->longest_outage_ms = length;
        e->longest_outage_at_ms = now_ms;
    }
    if (is_good)
        e->bad_since_ms = 0;
}

void uptime_note(struct uptime *u, const char *endpoint, bool is_good, bool is_ours, int64_t now_ms)
{
    if (!is_good && is_ours) { /* a gap, which stands for nothing */
        for (size_t i = 0; i < u->endpoint_count; i++)
            if (strcmp(u->endpoints[i].name, endpoint) == 0)
                u->endpoints[i].sample_ms = 0;
        return;
    }
    struct uptime_endpoint *e = find(u, endpoint);
    if (e == NULL || now_ms <= 0)
        return;
    if (u->first_ms == 0)
        u->first_ms = now_ms;
    note_outage(e, gap_of(u), is_good, now_ms);
    /* A clock that was set back does not stop the counting. */
    if (e->sample_ms != 0 && now_ms >= e->sample_ms && now_ms - e->sample_ms < (int64_t)u->interval_ms)
        return;
    uint32_t weight = weight_of(u, e, now_ms);
    e->sample_ms = now_ms;
    struct uptime_day *day = day_of(e, now_ms);
    if (is_good)
        day->good += weight;
    else
        day->bad += weight;
    u->is_dirty = true;
}

/* ---- figures ---- */

static bool is_in_window(const struct uptime_day *day, int64_t now_ms)
{
    int64_t today = now_ms / DAY_MS;
    return day->day > today - UPTIME_DAYS && day->day <= today && day->good + day->bad > 0;
}

void uptime_figures(const struct uptime *u, size_t endpoint, int64_t now_ms, struct uptime_figures *out)
{
    const struct uptime_endpoint *e = &u->endpoints[endpoint];
    *out = (struct uptime_figures){.ratio = 1};
    for (size_t i = 0; i < UPTIME_DAYS; i++) {
        if (!is_in_window(&e->days[i], now_ms))
            continue;
        out->good += e->days[i].good;
        out->bad += e->days[i].bad;
        out->days++;
    }
    if (out->good + out->bad > 0)
        out->ratio = (double)out->good / (double)(out->good + out->bad);
    if (now_ms - e->longest_outage_at_ms <= UPTIME_DAYS * DAY_MS)
        out->longest_outage_ms = e->longest_outage_ms;
}

bool uptime_minimum(const struct uptime *u, int64_t now_ms, size_t *endpoint, struct uptime_figures *out)
{
    bool is_found = false;
    for (size_t i = 0; i < u->endpoint_count; i++) {
        struct uptime_figures figures;
        uptime_figures(u, i, now_ms, &figures);
        if (figures.days == 0 || (is_found && figures.ratio >= out->ratio))
            continue;
        *endpoint = i;
        *out = figures;
        is_found = true;
    }
    return is_found;
}

void uptime_observed_days(const struct uptime *u, int64_t now_ms, unsigned *since_days, unsigned *with_samples)
{
    int64_t since = u->first_ms == 0 ? 0 : now_ms / DAY_MS - u->first_ms / DAY_MS;
    *since_days = (unsigned)(since < 0 ? 0 : since > UPTIME_DAYS ? UPTIME_DAYS : since);
    *with_samples = 0;
    for (size_t day = 0; day < UPTIME_DAYS; day++) {
        bool is_any = false;
        for (size_t i = 0; i < u->endpoint_count; i++)
            is_any = is_any || is_in_window(&u->endpoints[i].days[day], now_ms);
        *with_samples += is_any;
    }
}

/* ---- text ----
 *
 *   cathaya-uptime v1
 *   first MS
 *   endpoint NAME SAMPLE-MS BAD-SINCE-MS LONGEST-MS LONGEST-AT-MS
 *   day DAY GOOD BAD                  ; of the endpoint before it
 */

void uptime_write(const struct uptime *u, struct builder *out)
{
    builder_printf(out, HEADER "\nfirst %lld\n", (long long)u->first_ms);
    for (size_t i = 0; i < u->endpoint_count; i++) {
        const struct uptime_endpoint *e = &u->endpoints[i];
        builder_printf(out, "endpoint %s %lld %lld %lld %lld\n", e->name, (long long)e->sample_ms, (long long)e->bad_since_ms,
                       (long long)e->longest_outage_ms, (long long)e->longest_outage_at_ms);
        for (size_t k = 0; k < UPTIME_DAYS; k++)
            if (e->days[k].good + e->days[k].bad > 0)
                builder_printf(out, "day %lld %u %u\n", (long long)e->days[k].day, e->days[k].good, e->days[k].bad);
    }
}

/* count numbers and the end of the line. */
static bool read_numbers(struct bytes line, int64_t *out, size_t count)
{
    struct bytes word;
    for (size_t i = 0; i < count; i++) {
        uint64_t number;
        if (!text_next_word(&line, &word) || !text_parse_u64(word, NUMBER_MAX, &number))
            return false;
        out[i] = (int64_t)number;
    }
    return !text_next_word(&line, &word);
}

static struct uptime_endpoint *read_endpoint(struct bytes line, struct uptime *out)
{
    struct bytes name;
    char text[UPTIME_NAME_MAX + 1];
    int64_t n[4];
    size_t before = out->endpoint_count;
    if (!text_next_word(&line, &name) || name.len > UPTIME_NAME_MAX || !read_numbers(line, n, 4))
        return NULL;
    (void)snprintf(text, sizeof text, "%.*s", (int)name.len, (const char *)name.data);
    struct uptime_endpoint *e = find(out, text);
    if (e == NULL || out->endpoint_count == before) /* too many, or one twice */
        return NULL;
    e->sample_ms = n[0];
    e->bad_since_ms = n[1];
    e->longest_outage_ms = n[2];
    e->longest_outage_at_ms = n[3];
    return e;
}

static bool read_day(struct bytes line, struct uptime_endpoint *e)
{
    int64_t n[3];
    if (e == NULL || !read_numbers(line, n, 3) || n[0] == 0 || n[1] > UINT32_MAX || n[2] > UINT32_MAX)
        return false;
    struct uptime_day *day = &e->days[n[0] % UPTIME_DAYS];
    if (day->day >= n[0])
        return false;
    *day = (struct uptime_day){n[0], (uint32_t)n[1], (uint32_t)n[2]};
    return true;
}

enum status uptime_read(struct bytes text, struct uptime *out, struct error *err)
{
    struct bytes line, word;
    struct uptime_endpoint *e = NULL;
    unsigned number = 1;
    bool is_good = text_next_line(&text, &line) && bytes_is_text(line, HEADER);
    while (is_good && text_next_line(&text, &line)) {
        number++;
        is_good = text_next_word(&line, &word);
        if (is_good && bytes_is_text(word, "first"))
            is_good = read_numbers(line, &out->first_ms, 1);
        else if (is_good && bytes_is_text(word, "endpoint"))
            is_good = (e = read_endpoint(line, out)) != NULL;
        else
            is_good = is_good && bytes_is_text(word, "day") && read_day(line, e);
    }
    return is_good ? STATUS_OK : error_set(err, STATUS_MALFORMED, "figures of uptime: line %u", number);
}
