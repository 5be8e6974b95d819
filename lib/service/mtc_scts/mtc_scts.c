#include "service/mtc_scts/mtc_scts_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "codec/note/note.h"

/* ---- life ---- */

enum status mtc_scts_new(const struct mtc_scts_config *config, struct mtc_scts **out, struct error *err)
{
    *out = NULL;
    if (config->needed == 0 || config->needed > MTC_SCTS_NEEDED_MAX)
        return error_set(err, STATUS_USAGE, "1 to %d SCTs", MTC_SCTS_NEEDED_MAX);
    struct mtc_scts *m = calloc(1, sizeof *m);
    if (m == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    m->config = *config;
    m->references = 1;
    builder_init(&m->note, NOTE_SIZE_MAX);
    m->kept = metrics_counter(config->metrics, "cathaya_mtc_scts_total", config->metrics_labels,
                              "SCTs over entries of the issuance log that were kept.");
    m->failed = metrics_counter(config->metrics, "cathaya_mtc_scts_failures_total", config->metrics_labels,
                                "Requests for SCTs over entries that failed.");
    m->backlog = metrics_gauge(config->metrics, "cathaya_mtc_scts_backlog", config->metrics_labels,
                               "Entries that the slowest CT log has not been asked about yet.");
    *out = m;
    return STATUS_OK;
}

static void free_ct(struct mtc_ct *ct)
{
    public_key_free(ct->key);
    free(ct);
}

void mtc_scts_drop(struct mtc_scts *m)
{
    if (--m->references > 0)
        return;
    for (size_t i = 0; i < m->ct_count; i++)
        free_ct(m->cts[i]);
    builder_clear(&m->note);
    free(m);
}

void mtc_scts_free(struct mtc_scts *m)
{
    if (m == NULL)
        return;
    m->is_stopped = true;
    for (size_t i = 0; i < m->ct_count; i++) {
        m->config.timer.cancel(m->config.timer.context, m->cts[i]->timer);
        m->cts[i]->timer = 0;
    }
    mtc_scts_drop(m);
}

struct mtc_scts_state mtc_scts_state(const struct mtc_scts *m)
{
    struct mtc_scts_state state = {.done_size = m->seen_size};
    for (size_t i = 0; i < m->ct_count; i++) {
        const struct mtc_ct *ct = m->cts[i];
        state.log_count += ct->is_listed;
        state.active_count += ct->is_active;
        /* While it is asked its own count is the worker's. */
        uint64_t next = ct->is_busy || !ct->has_next ? 0 : ct->next;
        if (ct->is_active && next < state.done_size)
            state.done_size = next;
    }
    return state;
}

/* ---- which logs ---- */

static bool comes_into_question(const struct mtc_ct *ct, int64_t not_after_s)
{
    return ct->is_listed && log_list_takes(&ct->row, not_after_s);
}

/* Of an operator that is asked already it is the second choice. */
static bool has_operator(const struct mtc_scts *m, const struct mtc_ct *ct, int64_t not_after_s)
{
    for (size_t i = 0; i < m->ct_count; i++)
        if (m->cts[i]->is_active && comes_into_question(m->cts[i], not_after_s) &&
            strcmp(m->cts[i]->operator_name, ct->operator_name) == 0)
            return true;
    return false;
}

static struct mtc_ct *find_another(struct mtc_scts *m, int64_t not_after_s)
{
    struct mtc_ct *second = NULL;
    for (size_t i = 0; i < m->ct_count; i++) {
        struct mtc_ct *ct = m->cts[i];
        if (ct->is_active || !comes_into_question(ct, not_after_s))
            continue;
        if (!has_operator(m, ct, not_after_s))
            return ct;
        if (second == NULL)
            second = ct;
    }
    return second;
}

static size_t count_well(const struct mtc_scts *m, int64_t not_after_s)
{
    size_t count = 0;
    for (size_t i = 0; i < m->ct_count; i++)
        count += m->cts[i]->is_active && comes_into_question(m->cts[i], not_after_s) && m->cts[i]->failures < MTC_SCTS_FAILURES_MAX;
    return count;
}

/* One in the place of others begins where they stand: what they owe, it gives. */
static void activate(struct mtc_scts *m, struct mtc_ct *another)
{
    another->is_active = true;
    for (size_t i = 0; i < m->ct_count; i++) {
        const struct mtc_ct *ct = m->cts[i];
        if (ct == another || !ct->is_active || ct->failures < MTC_SCTS_FAILURES_MAX || ct->is_busy || !ct->has_next || another->is_busy)
            continue;
        if (!another->has_next || ct->next < another->next)
            another->next = ct->next;
        another->has_next = true;
    }
}

static void choose(struct mtc_scts *m)
{
    int64_t now_s = m->config.clock.now_ms(m->config.clock.context) / 1000;
    const int64_t times[] = {now_s, now_s + MTC_SCTS_LIFETIME_S};
    for (size_t i = 0; i < m->ct_count; i++)
        m->cts[i]->is_active = m->cts[i]->is_active && (comes_into_question(m->cts[i], times[0]) || comes_into_question(m->cts[i], times[1]));
    for (size_t t = 0; t < 2; t++) {
        struct mtc_ct *ct;
        while (count_well(m, times[t]) < m->config.needed && (ct = find_another(m, times[t])) != NULL)
            activate(m, ct);
    }
}

/* ---- what is next ---- */

static void on_timer(void *cookie)
{
    struct mtc_ct *ct = cookie;
    ct->timer = 0;
    mtc_scts_go_on(ct);
}

void mtc_scts_fail(struct mtc_ct *ct, const char *what, const char *reason, int64_t retry_after_s)
{
    struct mtc_scts *m = ct->m;
    const struct mtc_scts_config *config = &m->config;
    uint64_t delay = config->retry_min_ms > 0 ? config->retry_min_ms : 1;
    for (unsigned i = 0; i < ct->failures && delay < config->retry_max_ms; i++)
        delay *= 2;
    if (retry_after_s > 0 && delay < (uint64_t)retry_after_s * 1000)
        delay = (uint64_t)retry_after_s * 1000;
    if (delay > config->retry_max_ms)
        delay = config->retry_max_ms;
    ct->failures++;
    metric_add(m->failed, 1);
    /* The first failure is an event; of a log that stays away nobody wants a line a minute. */
    events_report(&config->events, (ct->failures & (ct->failures - 1)) == 0 ? EVENT_WARNING : EVENT_DEBUG, what, {"ca", config->ca},
                  {"log", ct->row.description}, {"reason", reason});
    config->timer.cancel(config->timer.context, ct->timer);
    ct->timer = config->timer.start(config->timer.context, delay, on_timer, ct);
}

static void tell_backlog(struct mtc_scts *m)
{
    uint64_t least = m->seen_size;
    for (size_t i = 0; i < m->ct_count; i++)
        if (m->cts[i]->is_active && !m->cts[i]->is_busy && m->cts[i]->has_next && m->cts[i]->next < least)
            least = m->cts[i]->next;
    metric_set(m->backlog, (double)(m->seen_size - least));
}

static void start(struct mtc_ct *ct)
{
    uint64_t size = ct->m->seen_size;
    if (!ct->is_busy && ct->is_active && ct->timer == 0 && size > 0 && (!ct->has_next || ct->next < size))
        mtc_scts_round_start(ct);
}

static void start_all(struct mtc_scts *m)
{
    choose(m);
    for (size_t i = 0; i < m->ct_count; i++)
        start(m->cts[i]);
}

void mtc_scts_go_on(struct mtc_ct *ct)
{
    struct mtc_scts *m = ct->m;
    if (m->is_stopped)
        return;
    tell_backlog(m);
    if (ct->failures == MTC_SCTS_FAILURES_MAX)
        start_all(m);
    else
        start(ct);
}

void mtc_scts_see(struct mtc_scts *m, uint64_t size, struct bytes note)
{
    if (m->is_stopped || size <= m->seen_size)
        return;
    builder_reset(&m->note);
    builder_bytes(&m->note, note);
    if (!builder_is_good(&m->note))
        return; /* the next one comes soon */
    m->seen_size = size;
    start_all(m);
}

/* ---- lists ---- */

static struct mtc_ct *find_ct(const struct mtc_scts *m, const uint8_t id[HASH_SIZE])
{
    for (size_t i = 0; i < m->ct_count; i++)
        if (memcmp(m->cts[i]->row.log_id, id, HASH_SIZE) == 0)
            return m->cts[i];
    return NULL;
}

static enum status add_ct(struct mtc_scts *m, const struct log_list_log *row, struct mtc_ct **out, struct error *err)
{
    const struct signature_alg *alg = algorithms_by_name(m->config.algorithms, bytes_of_text(row->suite->algorithm));
    if (m->ct_count == MTC_SCTS_LOGS_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d logs that take what CA %s issues", MTC_SCTS_LOGS_MAX, m->config.ca);
    struct mtc_ct *ct = calloc(1, sizeof *ct);
    if (ct == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status s = public_key_new(alg, log_list_key(row), &ct->key, err);
    if (s != STATUS_OK) {
        free_ct(ct);
        return error_prefix(err, s, "%s", row->description);
    }
    ct->m = m;
    ct->bulk = MTC_SCTS_BULK;
    text_hex(BYTES_OF(row->log_id), ct->id);
    m->cts[m->ct_count++] = *out = ct;
    return STATUS_OK;
}

enum status mtc_scts_set_logs(struct mtc_scts *m, const struct log_list *list, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; i < m->ct_count; i++)
        m->cts[i]->is_listed = false;
    for (size_t i = 0; s == STATUS_OK && i < log_list_count(list); i++) {
        const struct log_list_log *row = log_list_at(list, i);
        struct mtc_ct *ct = find_ct(m, row->log_id);
        if (row->suite != m->config.suite || (row->state != LOG_LIST_USABLE && row->state != LOG_LIST_QUALIFIED))
            continue;
        if (ct == NULL)
            s = add_ct(m, row, &ct, err);
        if (s != STATUS_OK)
            break;
        ct->row = *row;
        ct->is_listed = true;
        memcpy(ct->operator_name, log_list_operator(list, row), strlen(log_list_operator(list, row)) + 1);
    }
    if (!m->is_stopped)
        start_all(m);
    return s;
}
