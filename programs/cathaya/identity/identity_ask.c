#include "identity/identity_ask.h"

#include <stdio.h>
#include <stdlib.h>

#include "adapters/event_loop/event_loop.h"
#include "adapters/http_client/curl_fetch.h"
#include "identity/identity_file.h"
#include "judging/judging_report.h"

#define URL_MAX 1200
#define HTTP_OK 200

/* ---- the lists ---- */

struct asking {
    const struct identity_ask *ask;
    struct event_loop *loop;
    struct curl_fetch *fetch;
    struct identity_view *view;
    size_t open_count;
    struct error failure; /* the first one */
};

static void fail(struct asking *a, enum status status, const char *text)
{
    if (a->failure.status == STATUS_OK)
        (void)error_set(&a->failure, status, "%s", text);
}

static void on_list(void *cookie, const struct fetch_response *response)
{
    struct asking *a = (struct asking *)cookie;
    struct error err = {.status = STATUS_OK};
    char text[64];
    (void)snprintf(text, sizeof text, "status %d", response->status);
    if (response->failure != FETCH_NO_FAILURE)
        fail(a, STATUS_IO, response->failure_text);
    else if (response->status != HTTP_OK || response->is_cut)
        fail(a, STATUS_IO, response->is_cut ? "the list is too long" : text);
    else if (identity_view_add(a->view, response->body, &err) != STATUS_OK)
        fail(a, err.status, err.text);
    if (--a->open_count == 0)
        event_loop_stop(a->loop);
}

static enum status start_all(struct asking *a, struct bytes host, struct error *err)
{
    char paths[IDENTITY_LOOKUP_NAMES_MAX][WEBSITE_IDENTITY_PATH_MAX], url[URL_MAX];
    size_t count;
    struct fetch_port port = curl_fetch_port(a->fetch);
    enum status s = identity_lookup_prefixes(a->view, host, paths, &count, err);
    for (size_t i = 0; s == STATUS_OK && i < count; i++) {
        if (snprintf(url, sizeof url, "%s/%s", a->ask->url, paths[i]) >= (int)sizeof url)
            return error_set(err, STATUS_USAGE, "the distributor's URL is too long");
        struct fetch_request request = {.method = "GET", .url = url, .ca_file = a->ask->ca_file,
                                        .timeout_ms = IDENTITY_ASK_TIMEOUT_MS,
                                        .response_max = WEBSITE_IDENTITY_ANSWER_SIZE_MAX};
        s = port.start(port.context, &request, on_list, a, err);
        a->open_count += s == STATUS_OK;
    }
    return s;
}

static enum status fetch_lists(const struct identity_ask *ask, struct identity_view *view, struct bytes host, struct error *err)
{
    struct asking a = {.ask = ask, .view = view};
    enum status s = event_loop_new(&a.loop, err);
    if (s == STATUS_OK)
        s = curl_fetch_new(a.loop, &a.fetch, err);
    if (s == STATUS_OK)
        s = start_all(&a, host, err);
    if (a.open_count > 0)
        event_loop_run(a.loop);
    if (a.fetch != NULL)
        curl_fetch_stop(a.fetch);
    curl_fetch_free(a.fetch);
    event_loop_free(a.loop);
    if (s == STATUS_OK && a.failure.status != STATUS_OK)
        s = error_set(err, a.failure.status, "%s", a.failure.text);
    return s;
}

/* ---- the answer ---- */

enum status identity_ask_host(const struct identity_ask *ask, struct bytes host, int64_t now_s, struct identity_view **view,
                              struct identity_answer *answer, char *why, size_t size, struct error *err)
{
    struct error lists = {.status = STATUS_OK};
    *view = NULL;
    why[0] = '\0';
    enum status s = identity_view_new(trust_directory_bundle(ask->directory), ask->algorithms, view, err);
    if (s == STATUS_OK)
        s = identity_lookup(*view, host, now_s, answer, err);
    if (s != STATUS_OK || answer->verdict != IDENTITY_ASK)
        return s;
    if (ask->url == NULL || ask->url[0] == '\0') {
        (void)snprintf(why, size, "the bundle does not have the records itself, and no distributor is known to ask");
        return STATUS_OK;
    }
    if (fetch_lists(ask, *view, host, &lists) != STATUS_OK) {
        (void)snprintf(why, size, "%s: %s", ask->url, lists.text);
        return STATUS_OK;
    }
    return identity_lookup(*view, host, now_s, answer, err);
}

const char *identity_ask_verdict(enum identity_verdict verdict)
{
    static const char *const names[] = {"none", "known", "conflict", "not_asked"};
    return names[verdict];
}

json_t *identity_ask_json(const struct identity_answer *answer, const char *why)
{
    char level[4] = {'T', (char)('0' + answer->level % 10), '\0'};
    json_t *o = json_object(), *records = json_array();
    json_object_set_new(o, "verdict", json_string(identity_ask_verdict(answer->verdict)));
    json_object_set_new(o, "level", answer->level > 0 ? json_string(level) : json_null());
    for (size_t i = 0; i < answer->count; i++) {
        const struct identity_record *r = &answer->records[i];
        struct website_identity_entry entry = {.record = r->identity};
        json_t *record = identity_file_json(&entry);
        json_object_del(record, "kind");
        json_object_set_new(record, "operator", json_stringn((const char *)r->operator_name.data, r->operator_name.len));
        json_object_set_new(record, "index", json_integer((json_int_t)r->index));
        json_array_append_new(records, record);
    }
    json_object_set_new(o, "records", records);
    json_object_set_new(o, "refused", json_integer((json_int_t)answer->refused_count));
    if (answer->refused_count > 0)
        output_json_text(o, "refused_reason", answer->refused);
    if (why[0] != '\0')
        output_json_text(o, "reason", why);
    return o;
}

static void print_record(const struct identity_record *r, enum policy_language language)
{
    const struct website_identity *i = &r->identity;
    bool is_zh = language == POLICY_ZH;
    struct bytes name = (is_zh && i->name_zh.len > 0) || i->name_en.len == 0 ? i->name_zh : i->name_en;
    judging_report_name(is_zh ? "网站身份" : "website", is_zh ? "%.*s (%.2s %.*s)，T%u，认证者 %.*s" : "%.*s (%.2s %.*s), T%u, as said by %.*s",
                        (int)name.len, (const char *)name.data, (const char *)i->country, (int)i->registration.len,
                        (const char *)i->registration.data, i->level, (int)r->operator_name.len, (const char *)r->operator_name.data);
}

void identity_ask_print(const struct identity_answer *answer, const char *why, enum policy_language language)
{
    bool is_zh = language == POLICY_ZH;
    const char *name = is_zh ? "网站身份" : "website";
    if (answer->verdict == IDENTITY_NONE && answer->refused_count == 0)
        judging_report_name(name, "%s", is_zh ? "没有记录" : "no record of whose it is");
    if (answer->verdict == IDENTITY_ASK)
        judging_report_name(name, is_zh ? "未知：%s" : "not known: %s", why);
    if (answer->verdict == IDENTITY_CONFLICT)
        judging_report_name(name, "%s", is_zh ? "记录相互矛盾，不显示级别" : "its records name different organisations: no level");
    for (size_t i = 0; i < answer->count; i++)
        print_record(&answer->records[i], language);
    if (answer->refused_count > 0)
        judging_report_name(name, is_zh ? "%zu 条记录不算数：%s" : "%zu records do not count: %s", answer->refused_count, answer->refused);
}
