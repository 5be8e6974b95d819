/* One request to one log: entries and proofs on the worker, the answer verified in the pool, and kept on the worker. */
#include <stdio.h>
#include <stdlib.h>

#include "base/http_date.h"
#include "codec/mtc/log_entry.h"
#include "codec/mtc/tbs_entry.h"
#include "ct_json/ct_json.h"
#include "merkle/proof.h"
#include "rules/sct_check.h"
#include "service/mtc_scts/mtc_scts_internal.h"

/* Entries and proofs of one request: in base64 they are two thirds of what a log takes. */
#define BYTES_MAX ((size_t)2 * 1024 * 1024)
#define ENTRY_MAX ((size_t)65535)
#define URL_MAX (LOG_LIST_TEXT_MAX + 64)
#define PATH "/ct/v1/add-mtc-entries"
/* Clocks of logs may be so much ahead of ours. */
#define SKEW_S 300

struct item {
    uint64_t index;
    size_t entry_at, entry_len, proof_at, proof_len; /* in memory */
};

struct round {
    struct mtc_ct *ct;
    struct log_list_log row; /* as it was when the round began */
    uint64_t size;           /* of the checkpoint's tree */
    struct builder note, memory, body, answer;
    size_t count, bulk;
    struct item items[MTC_SCTS_BULK];
    uint64_t end;            /* behind the last entry that was looked at */
    uint64_t min_index;      /* of the issuance log */
    struct ct_json_blobs scts;
    bool has_scts;
    enum status status;
    struct error err;
};

static void round_end(struct round *round)
{
    struct mtc_ct *ct = round->ct;
    struct mtc_scts *m = ct->m;
    if (round->has_scts)
        ct_json_blobs_clear(&round->scts);
    builder_clear(&round->answer);
    builder_clear(&round->body);
    builder_clear(&round->memory);
    builder_clear(&round->note);
    free(round);
    ct->is_busy = false;
    if (!m->is_stopped)
        mtc_scts_go_on(ct);
    mtc_scts_drop(m);
}

static int64_t now_s(const struct mtc_scts *m)
{
    return m->config.clock.now_ms(m->config.clock.context) / 1000;
}

static struct bytes part(const struct round *round, size_t at, size_t len)
{
    return bytes_of(round->memory.data + at, len);
}

/* What was put is durable, or after a failure undone: others use the store too. */
static enum status finish_puts(const struct object_store *store, enum status so_far, struct error *err)
{
    if (so_far == STATUS_OK)
        return store->sync(store->context, err);
    (void)!store->sync(store->context, NULL);
    return so_far;
}

/* ---- what is asked, on the worker ---- */

static enum status find_next(struct round *round, uint64_t min_index)
{
    struct mtc_ct *ct = round->ct;
    struct mtc_scts *m = ct->m;
    enum status s = STATUS_OK;
    if (!ct->has_next) {
        s = mtc_scts_store_next(&m->config, ct->id, &ct->next, &round->err);
        if (s == STATUS_NOT_FOUND) {
            /* Made durable, so that what comes now is not forgotten when we die before the first answer. */
            ct->next = m->config.first_index;
            s = mtc_scts_store_put_next(&m->config, ct->id, ct->next, &round->err);
            s = finish_puts(&m->config.store, s, &round->err);
        }
    }
    ct->has_next = s == STATUS_OK;
    if (ct->next < min_index)
        ct->next = min_index;
    return s;
}

/* Does a certificate come of it that this log takes? */
static bool is_wanted(const struct round *round, struct bytes encoded)
{
    struct log_entry entry;
    struct tbs_entry tbs;
    return log_entry_parse(encoded, &entry, NULL) == STATUS_OK && entry.type == LOG_ENTRY_TBS_CERT &&
           tbs_entry_parse(entry.data, &tbs, NULL) == STATUS_OK && tbs.not_after_s > now_s(round->ct->m) &&
           log_list_takes(&round->row, tbs.not_after_s);
}

static enum status add_item(struct round *round, uint64_t index)
{
    const struct mtc_scts_source *source = &round->ct->m->config.source;
    struct item item = {.index = index, .entry_at = round->memory.len};
    enum status s = source->read_entry(source->context, index, &round->memory, &round->err);
    if (s == STATUS_NOT_FOUND)
        return STATUS_OK;
    item.entry_len = round->memory.len - item.entry_at;
    if (s != STATUS_OK)
        return s;
    if (!is_wanted(round, part(round, item.entry_at, item.entry_len))) {
        round->memory.len = item.entry_at;
        return STATUS_OK;
    }
    item.proof_at = round->memory.len;
    s = source->make_inclusion(source->context, index, round->size, &round->memory, &round->err);
    item.proof_len = round->memory.len - item.proof_at;
    if (s == STATUS_OK)
        round->items[round->count++] = item;
    return s;
}

static enum status write_body(struct round *round)
{
    struct ct_json_mtc_entry entries[MTC_SCTS_BULK];
    for (size_t i = 0; i < round->count; i++) {
        const struct item *item = &round->items[i];
        entries[i] = (struct ct_json_mtc_entry){item->index, part(round, item->entry_at, item->entry_len),
                                                part(round, item->proof_at, item->proof_len)};
    }
    return ct_json_write_mtc(builder_view(&round->note), entries, round->count, &round->body, &round->err);
}

static void run_prepare(void *cookie)
{
    struct round *round = cookie;
    struct mtc_ct *ct = round->ct;
    const struct mtc_scts_source *source = &ct->m->config.source;
    uint64_t size;
    enum status s = source->get_state(source->context, &size, &round->min_index, &round->err);
    if (s == STATUS_OK)
        s = find_next(round, round->min_index);
    uint64_t block_end = (ct->next / MTC_SCTS_BULK + 1) * MTC_SCTS_BULK;
    round->end = ct->next;
    while (s == STATUS_OK && round->end < round->size && round->end < block_end && round->count < round->bulk &&
           round->memory.len + 2 * ENTRY_MAX < BYTES_MAX) {
        s = add_item(round, round->end);
        round->end++;
    }
    if (s == STATUS_OK)
        s = builder_status(&round->memory, "entries", &round->err);
    if (s == STATUS_OK && round->count > 0)
        s = write_body(round);
    round->status = s;
}

/* ---- what comes: verified in the pool ---- */

static enum status check_one(const struct round *round, const struct item *item, struct bytes serialized, struct error *err)
{
    const struct mtc_scts_config *config = &round->ct->m->config;
    uint8_t memory[1024];
    struct builder list;
    struct sct_list parsed;
    struct sct_check_subject subject = sct_check_mtc(tai_bytes(&config->log_id), item->index,
                                                     part(round, item->entry_at, item->entry_len), config->ca_spki);
    struct sct_check check = {.subject = &subject, .log = &round->row, .algorithms = config->algorithms, .key = round->ct->key,
                              .at_s = now_s(round->ct->m), .skew_s = SKEW_S};
    const struct sct one = {.serialized = serialized};
    builder_init_fixed(&list, memory, sizeof memory);
    enum status s = sct_list_write(&one, 1, &list, err);
    if (s == STATUS_OK)
        s = sct_list_parse(builder_view(&list), &parsed, err);
    return s == STATUS_OK ? sct_check(&check, &parsed.scts[0], err) : s;
}

static void run_verify(void *cookie)
{
    struct round *round = cookie;
    round->status = ct_json_parse_scts(builder_view(&round->answer), &round->scts, &round->err);
    round->has_scts = round->status == STATUS_OK;
    if (round->has_scts && round->scts.count != round->count)
        round->status = error_set(&round->err, STATUS_MALFORMED, "%zu SCTs for %zu entries", round->scts.count, round->count);
    for (size_t i = 0; round->status == STATUS_OK && i < round->count; i++)
        round->status = check_one(round, &round->items[i], round->scts.items[i], &round->err);
}

/* ---- and kept, on the worker ---- */

static void run_keep(void *cookie)
{
    struct round *round = cookie;
    const struct mtc_scts_config *config = &round->ct->m->config;
    uint64_t indexes[MTC_SCTS_BULK];
    for (size_t i = 0; i < round->count; i++)
        indexes[i] = round->items[i].index;
    round->status = mtc_scts_store_keep(config, round->ct->id, indexes, round->scts.items, round->count, &round->err);
    if (round->status == STATUS_OK)
        round->status = mtc_scts_store_put_next(config, round->ct->id, round->end, &round->err);
    if (round->status == STATUS_OK)
        round->status = mtc_scts_store_prune(config, round->min_index, &round->err);
    round->status = finish_puts(&config->store, round->status, &round->err);
}

static void done_keep(void *cookie)
{
    struct round *round = cookie;
    struct mtc_ct *ct = round->ct;
    struct mtc_scts *m = ct->m;
    if (m->is_stopped) {
        round_end(round);
        return;
    }
    if (round->status != STATUS_OK) {
        mtc_scts_fail(ct, "mtc-scts-not-kept", round->err.text, 0);
    } else {
        if (ct->failures > 0)
            events_report(&m->config.events, EVENT_INFO, "mtc-scts-log-well", {"ca", m->config.ca}, {"log", ct->row.description});
        ct->failures = ct->refusals = 0;
        ct->next = round->end;
        ct->bulk = ct->bulk > MTC_SCTS_BULK / 2 ? MTC_SCTS_BULK : 2 * ct->bulk;
        metric_add(m->kept, (double)round->count);
    }
    round_end(round);
}

static void done_verify(void *cookie)
{
    struct round *round = cookie;
    const struct work_port *worker = &round->ct->m->config.worker;
    if (round->status == STATUS_OK && !round->ct->m->is_stopped) {
        worker->submit(worker->context, run_keep, done_keep, round);
        return;
    }
    if (!round->ct->m->is_stopped)
        mtc_scts_fail(round->ct, "mtc-scts-bad-answer", round->err.text, 0);
    round_end(round);
}

/* ---- the exchange ---- */

/* The log does not want one of these: which one is found by halves. When it wants none of them it is the log. */
static void refused(struct round *round, int status)
{
    struct mtc_ct *ct = round->ct;
    char reason[64];
    if (round->count > 1) {
        ct->bulk = round->count / 2;
        return;
    }
    if (ct->refusals == 0)
        ct->refused_from = ct->next;
    (void)snprintf(reason, sizeof reason, "status %d, entry %llu", status, (unsigned long long)round->items[0].index);
    if (++ct->refusals < MTC_SCTS_REFUSALS_MAX) {
        ct->next = round->end;
        events_report(&ct->m->config.events, EVENT_WARNING, "mtc-scts-refused", {"ca", ct->m->config.ca},
                      {"log", ct->row.description}, {"reason", reason});
        return;
    }
    ct->next = ct->refused_from;
    ct->refusals = 0;
    if (ct->failures < MTC_SCTS_FAILURES_MAX)
        ct->failures = MTC_SCTS_FAILURES_MAX - 1; /* with this one it is enough */
    mtc_scts_fail(ct, "mtc-scts-log-refuses", reason, ct->m->config.retry_max_ms / 1000);
}

static void failed(struct round *round, const struct fetch_response *response)
{
    char reason[ERROR_TEXT_MAX];
    if (response->failure != FETCH_NO_FAILURE)
        (void)snprintf(reason, sizeof reason, "%s", response->failure_text);
    else
        (void)snprintf(reason, sizeof reason, "status %d", response->status);
    mtc_scts_fail(round->ct, "mtc-scts-log-failing", reason, http_date_retry_after(response->retry_after, now_s(round->ct->m)));
}

static void answered(void *cookie, const struct fetch_response *response)
{
    struct round *round = cookie;
    struct mtc_scts *m = round->ct->m;
    bool is_answer = response->failure == FETCH_NO_FAILURE;
    if (m->is_stopped || response->failure == FETCH_STOPPED) {
        round_end(round);
        return;
    }
    if (is_answer && response->status == 200 && !response->is_cut) {
        builder_bytes(&round->answer, response->body);
        if (builder_status(&round->answer, "answer", &round->err) == STATUS_OK) {
            m->config.pool.submit(m->config.pool.context, run_verify, done_verify, round);
            return;
        }
        mtc_scts_fail(round->ct, "mtc-scts-bad-answer", round->err.text, 0);
    } else if (is_answer && response->status >= 400 && response->status < 500 && response->status != 429 && response->status != 408) {
        refused(round, response->status);
    } else {
        failed(round, response);
    }
    round_end(round);
}

static enum status send_round(struct round *round)
{
    const struct mtc_scts_config *config = &round->ct->m->config;
    char url[URL_MAX];
    (void)snprintf(url, sizeof url, "%s" PATH, round->row.submission_url);
    struct fetch_request request = {
        .method = "POST", .url = url, .body = builder_view(&round->body), .content_type = "application/json",
        .accept = "application/json", .ca_file = config->ca_file, .timeout_ms = config->timeout_ms, .response_max = CT_JSON_ANSWER_MAX,
    };
    return config->fetch.start(config->fetch.context, &request, answered, round, &round->err);
}

static void done_prepare(void *cookie)
{
    struct round *round = cookie;
    struct mtc_ct *ct = round->ct;
    if (ct->m->is_stopped) {
        round_end(round);
        return;
    }
    if (round->status == STATUS_OK && round->count == 0) {
        ct->next = round->end; /* nothing there for this log */
        round_end(round);
        return;
    }
    if (round->status == STATUS_OK)
        round->status = send_round(round);
    if (round->status == STATUS_OK)
        return; /* answered goes on */
    mtc_scts_fail(ct, "mtc-scts-failed", round->err.text, 0);
    round_end(round);
}

void mtc_scts_round_start(struct mtc_ct *ct)
{
    struct mtc_scts *m = ct->m;
    struct round *round = calloc(1, sizeof *round);
    if (round == NULL) {
        mtc_scts_fail(ct, "mtc-scts-failed", "out of memory", 0);
        return;
    }
    round->ct = ct;
    round->row = ct->row;
    round->size = m->seen_size;
    round->bulk = ct->bulk;
    builder_init(&round->note, m->note.len + 1);
    builder_init(&round->memory, BYTES_MAX);
    builder_init(&round->body, CT_JSON_MTC_SUBMISSION_MAX);
    builder_init(&round->answer, CT_JSON_ANSWER_MAX);
    builder_bytes(&round->note, builder_view(&m->note));
    m->references++;
    ct->is_busy = true;
    m->config.worker.submit(m->config.worker.context, run_prepare, done_prepare, round);
}
