#include "fakes/fake_ct_logs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/ct/sct_input.h"
#include "codec/x509/certificate.h"
#include "ct_json/ct_json.h"
#include "ct_json/log_list_json.h"
#include "rules/precert.h"
#include "rules/sct_check.h"

#define DAY_MS ((uint64_t)86400 * 1000)

static void require(enum status s, const struct error *err, const char *what)
{
    if (s == STATUS_OK)
        return;
    (void)fprintf(stderr, "fake_ct_logs: %s: %s\n", what, err->text);
    abort();
}

/* A request that is answered later. */
struct late {
    struct fake_ct_logs *world;
    struct fake_ct_log *log;
    void *token;
    int status;
    struct builder body;
};

static void answer(void *cookie)
{
    struct late *late = cookie;
    fake_fetch_answer(late->world->fetch, late->token, late->status, "application/json", builder_view(&late->body));
    builder_clear(&late->body);
    free(late);
}

static void write_sct(struct late *late, struct bytes request_body, bool is_precert)
{
    struct fake_ct_logs *w = late->world;
    struct fake_ct_log *log = late->log, *signer = log;
    struct error err = {.status = STATUS_OK};
    struct ct_json_blobs chain;
    struct certificate leaf, issuer;
    struct builder tbs, extensions, input, signature;
    uint8_t key_hash[HASH_SIZE], id[HASH_SIZE];
    struct leaf entry;
    builder_init(&tbs, 65536);
    builder_init(&extensions, 8192);
    builder_init(&input, 65536);
    builder_init(&signature, SIGNATURE_SIZE_MAX);
    require(ct_json_parse_chain(request_body, &chain, &err), &err, "chain");
    require(certificate_parse(chain.items[0], &leaf, &err), &err, "leaf");
    require(certificate_parse(chain.items[1], &issuer, &err), &err, "issuer");
    if (is_precert)
        require(precert_write_tbs(&leaf, &tbs, &err), &err, "precertificate");
    struct sct_check_subject subject =
        is_precert ? sct_check_precert(builder_view(&tbs), issuer.spki) : sct_check_certificate(chain.items[0]);
    require(sct_check_leaf(&subject, log->suite, key_hash, &entry, &err), &err, "entry");
    require(sct_write_leaf_index(7, &extensions, &err), &err, "leaf_index");
    if (log->trouble == FAKE_CT_LONG) {
        builder_u8(&extensions, 200); /* a type that nobody knows */
        builder_u16(&extensions, 4000);
        for (size_t i = 0; i < 4000; i++)
            builder_u8(&extensions, 0);
    }
    fake_ct_logs_id(log, id);
    if (log->trouble == FAKE_CT_WRONG_ID)
        id[0] ^= 1;
    if (log->trouble == FAKE_CT_WRONG_KEY)
        signer = &w->logs[((size_t)(log - w->logs) + 1) % w->count];
    struct clock_port clock = fake_timer_clock(w->timer);
    struct sct sct = {
        .version = SCT_V1, .log_id = BYTES_OF(id), .timestamp_ms = (uint64_t)clock.now_ms(clock.context),
        .extensions = builder_view(&extensions), .algorithm = log->suite->signature,
    };
    if (log->trouble == FAKE_CT_FUTURE)
        sct.timestamp_ms += DAY_MS;
    entry = sct_input_leaf(&sct, &entry);
    if (log->trouble == FAKE_CT_WRONG_SIGNATURE)
        entry.timestamp_ms++;
    require(sct_input_write(&entry, &input, &err), &err, "input");
    require(private_key_sign(signer->key, builder_view(&input), &signature, &err), &err, "signature");
    sct.signature = builder_view(&signature);
    require(ct_json_write_sct(&sct, &late->body, &err), &err, "answer");
    builder_clear(&signature);
    builder_clear(&input);
    builder_clear(&extensions);
    builder_clear(&tbs);
    ct_json_blobs_clear(&chain);
}

static struct fake_ct_log *find(struct fake_ct_logs *w, const char *url)
{
    for (size_t i = 0; i < w->count; i++)
        if (strncmp(url, w->logs[i].url, strlen(w->logs[i].url)) == 0)
            return &w->logs[i];
    return NULL;
}

static void serve(void *context, const struct fetch_request *request, void *token)
{
    struct fake_ct_logs *w = context;
    struct fake_ct_log *log = find(w, request->url);
    struct timer_port timer = fake_timer_port(w->timer);
    struct late *late = calloc(1, sizeof *late);
    bool is_precert = strstr(request->url, "/ct/v1/add-pre-chain") != NULL;
    if (late == NULL)
        abort();
    *late = (struct late){.world = w, .log = log, .token = token};
    builder_init(&late->body, 65536);
    if (log == NULL || log->trouble == FAKE_CT_DEAD) {
        answer(late); /* status 0: no connection */
        return;
    }
    log->asked_count++;
    if (!is_precert)
        log->chain_count++;
    if (log->retry_after != NULL)
        fake_fetch_retry_after(token, log->retry_after);
    uint64_t delay_ms = log->delay_ms;
    switch (log->trouble) {
    case FAKE_CT_MUTE: delay_ms = request->timeout_ms; break; /* and then status 0 */
    case FAKE_CT_GARBAGE: late->status = 200; builder_text(&late->body, "<html>"); break;
    case FAKE_CT_BUSY: late->status = 429; break;
    case FAKE_CT_BROKEN: late->status = 503; break;
    case FAKE_CT_CLOSED: late->status = 403; break;
    case FAKE_CT_GONE: late->status = 404; break;
    case FAKE_CT_REFUSES: late->status = 400; builder_text(&late->body, "{\"error_message\":\"no such root\"}"); break;
    default: late->status = 200; write_sct(late, request->body, is_precert);
    }
    (void)timer.start(timer.context, delay_ms, answer, late);
}

void fake_ct_logs_init(struct fake_ct_logs *w, struct algorithms *algorithms, struct fake_timer *timer, struct fake_fetch *fetch)
{
    *w = (struct fake_ct_logs){.algorithms = algorithms, .timer = timer, .fetch = fetch};
    fake_fetch_serve(fetch, serve, w);
}

void fake_ct_logs_clear(struct fake_ct_logs *w)
{
    for (size_t i = 0; i < w->count; i++)
        private_key_free(w->logs[i].key);
    w->count = 0;
}

struct fake_ct_log *fake_ct_logs_add(struct fake_ct_logs *w, const struct ct_suite *suite, const char *name, const char *operator)
{
    struct error err = {.status = STATUS_OK};
    if (w->count == FAKE_CT_LOGS_MAX)
        abort();
    struct fake_ct_log *log = &w->logs[w->count++];
    *log = (struct fake_ct_log){.suite = suite, .state = LOG_LIST_USABLE};
    (void)snprintf(log->name, sizeof log->name, "%s", name);
    (void)snprintf(log->operator, sizeof log->operator, "%s", operator);
    (void)snprintf(log->url, sizeof log->url, "http://%s.example", name);
    require(private_key_generate(algorithms_by_name(w->algorithms, bytes_of_text(suite->algorithm)), &log->key, &err), &err, "key");
    return log;
}

void fake_ct_logs_id(const struct fake_ct_log *log, uint8_t out[HASH_SIZE])
{
    struct error err = {.status = STATUS_OK};
    require(ct_suite_hash(log->suite, public_key_spki(private_key_public(log->key)), out, &err), &err, "log ID");
}

void fake_ct_logs_write_list(const struct fake_ct_logs *w, int64_t now_s, struct builder *out)
{
    struct error err = {.status = STATUS_OK};
    struct log_list list, one;
    log_list_init(&list);
    list.timestamp_s = now_s;
    for (size_t i = 0; i < w->count; i++) {
        const struct fake_ct_log *log = &w->logs[i];
        struct log_list_operator *operator = calloc(1, sizeof *operator);
        struct log_list_log *row = calloc(1, sizeof *row);
        if (operator == NULL || row == NULL)
            abort();
        log_list_init(&one);
        (void)snprintf(operator->name, sizeof operator->name, "%s", log->operator);
        (void)snprintf(row->description, sizeof row->description, "%s", log->name);
        (void)snprintf(row->submission_url, sizeof row->submission_url, "%s", log->url);
        (void)snprintf(row->monitoring_url, sizeof row->monitoring_url, "%s", log->url);
        row->suite = log->suite;
        row->is_tiled = true;
        row->mmd_s = 60;
        row->state = log->state;
        row->state_since_s = now_s - 86400;
        row->has_interval = log->end_s != 0;
        row->interval_start_s = log->start_s;
        row->interval_end_s = log->end_s;
        require(log_list_set_key(row, public_key_spki(private_key_public(log->key)), &err), &err, "log");
        require(array_insert(&one.operators, 0, operator, "operators", &err), &err, "list");
        require(array_insert(&one.logs, 0, row, "logs", &err), &err, "list");
        require(log_list_merge(&list, &one, &err), &err, "list");
        log_list_clear(&one);
        free(row);
        free(operator);
    }
    require(log_list_json_write(&list, out, &err), &err, "list");
    log_list_clear(&list);
}
