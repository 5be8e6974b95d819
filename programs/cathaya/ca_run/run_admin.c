#include "ca_run/run_admin.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "service/acme/acme_sweep.h"

#define ANSWER_MAX ((size_t)256 * 1024 * 1024)
#define SERIALS_MAX ((size_t)100000)

/* One query on its way, with all that it borrows. */
struct sweep {
    const struct run_admin *admin;
    struct http_exchange *x;
    json_t *body;
    struct acme_certificate_query query;
    struct bytes *serials;
    struct builder serial_bytes;
    uint8_t spki_hash[32];
    int reason;
    bool is_dry_run;
    /* Precertificates: the CA that is being asked, and what it is asked. */
    size_t classic;
    struct classic_unfinished *unfinished;
    uint64_t count, failed_count;
};

static void sweep_free(struct sweep *sweep)
{
    json_decref(sweep->body);
    free(sweep->unfinished);
    builder_clear(&sweep->serial_bytes);
    free(sweep->serials);
    free(sweep);
}

static void answer(struct http_exchange *x, int status, const char *text)
{
    http_respond_text(&x->response, status, "application/json", text);
    x->send(x);
}

static void refuse(struct sweep *sweep, int status, const char *why)
{
    json_t *object = json_pack("{s:s, s:s}", "status", "refused", "reason", why);
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    answer(sweep->x, status, text != NULL ? text : "{}");
    free(text);
    json_decref(object);
    sweep_free(sweep);
}

static void add_line(struct sweep *sweep, json_t *object)
{
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    if (text != NULL)
        builder_printf(&sweep->x->response.body, "%s\n", text);
    free(text);
    json_decref(object);
}

static void on_each(void *cookie, const struct acme_certificate *certificate, enum status status,
                    const struct error *err)
{
    char serial[2 * ACME_SERIAL_MAX + 1];
    struct bytes rest = certificate->names, name;
    json_t *names = json_array();
    text_hex(bytes_of(certificate->serial, certificate->serial_len), serial);
    while (text_next_line(&rest, &name))
        (void)json_array_append_new(names, json_stringn((const char *)name.data, name.len));
    json_t *line = json_pack("{s:s, s:s, s:o, s:I, s:s}", "ca", certificate->ca, "serial", serial, "names", names,
                             "not_after", (json_int_t)certificate->not_after_s, "status", status_name(status));
    if (status != STATUS_OK && line != NULL)
        (void)json_object_set_new(line, "reason", json_string(err->text));
    add_line(cookie, line);
}

static void end(struct sweep *sweep, enum status status, uint64_t count, uint64_t failed_count, const struct error *err)
{
    json_t *line = json_pack("{s:I, s:I, s:s}", "count", (json_int_t)count, "failed", (json_int_t)failed_count, "status",
                             status_name(status));
    if (status != STATUS_OK && line != NULL)
        (void)json_object_set_new(line, "reason", json_string(err->text));
    add_line(sweep, line);
    struct http_exchange *x = sweep->x;
    x->response.status = builder_is_good(&x->response.body) ? 200 : 500;
    http_response_header(&x->response, "Content-Type", "application/x-ndjson");
    sweep_free(sweep);
    x->send(x);
}

/* ---- precertificates ---- */

static void ask_next(struct sweep *sweep);

static void add_unfinished(struct sweep *sweep, const char *ca, const struct classic_unfinished *one)
{
    char serial[2 * ACME_SERIAL_MAX + 1];
    text_hex(one->serial, serial);
    sweep->count++;
    add_line(sweep, json_pack("{s:s, s:s, s:[s], s:I, s:s}", "ca", ca, "serial", serial, "names", "precertificate", "not_after",
                              (json_int_t)one->not_after_s, "status", status_name(STATUS_OK)));
}

static void on_unfinished(void *cookie, enum status status, const struct error *err)
{
    struct sweep *sweep = cookie;
    const struct run_classic_ca *ca = &sweep->admin->classics[sweep->classic++];
    for (size_t i = 0; status == STATUS_OK && i < sweep->query.serial_count; i++)
        if (sweep->unfinished[i].status == STATUS_OK)
            add_unfinished(sweep, ca->name, &sweep->unfinished[i]);
    if (status == STATUS_OK)
        ask_next(sweep);
    else
        end(sweep, status, sweep->count, sweep->failed_count, err);
}

static void ask_next(struct sweep *sweep)
{
    const struct run_admin *admin = sweep->admin;
    const struct acme_certificate_query *q = &sweep->query;
    struct error err = {.status = STATUS_OK};
    while (sweep->classic < admin->classic_count && q->ca != NULL && strcmp(q->ca, admin->classics[sweep->classic].name) != 0)
        sweep->classic++;
    enum status s = STATUS_OK;
    if (sweep->classic < admin->classic_count) {
        s = classic_issuer_revoke_unfinished(admin->classics[sweep->classic].issuer, sweep->unfinished, q->serial_count, sweep->reason,
                                             sweep->is_dry_run, on_unfinished, sweep, &err);
        if (s == STATUS_OK)
            return;
    }
    end(sweep, s, sweep->count, sweep->failed_count, &err);
}

/* Of a precertificate the serial number is all that is known here. */
static bool is_by_serial_alone(const struct acme_certificate_query *q)
{
    return q->serial_count > 0 && q->account == 0 && q->profile == NULL && q->name == NULL && q->spki_hash == NULL &&
           q->issued_from_s == 0 && q->issued_to_s == 0 && q->not_after_from_s == 0;
}

static void on_end(void *cookie, enum status status, uint64_t count, uint64_t failed_count, const struct error *err)
{
    struct sweep *sweep = cookie;
    sweep->count = count;
    sweep->failed_count = failed_count;
    if (status == STATUS_OK && is_by_serial_alone(&sweep->query))
        sweep->unfinished = calloc(sweep->query.serial_count, sizeof *sweep->unfinished);
    if (sweep->unfinished == NULL) {
        end(sweep, status, count, failed_count, err);
        return;
    }
    for (size_t i = 0; i < sweep->query.serial_count; i++)
        sweep->unfinished[i].serial = sweep->serials[i];
    ask_next(sweep);
}

/* ---- the query ---- */

static bool read_serials(struct sweep *sweep, const json_t *list)
{
    size_t count = json_array_size(list);
    if (list == NULL)
        return true;
    if (!json_is_array(list) || count == 0 || count > SERIALS_MAX || (sweep->serials = calloc(count, sizeof *sweep->serials)) == NULL)
        return false;
    builder_init(&sweep->serial_bytes, count * ACME_SERIAL_MAX);
    if (builder_space(&sweep->serial_bytes, count * ACME_SERIAL_MAX) == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *hex = json_string_value(json_array_get(list, i));
        uint8_t *out = sweep->serial_bytes.data + i * ACME_SERIAL_MAX;
        size_t len = hex != NULL ? strlen(hex) / 2 : 0;
        if (len == 0 || len > ACME_SERIAL_MAX || strlen(hex) % 2 != 0 || !text_parse_hex(bytes_of_text(hex), out, len))
            return false;
        sweep->serials[i] = bytes_of(out, len);
    }
    sweep->query.serials = sweep->serials;
    sweep->query.serial_count = count;
    return true;
}

static bool read_query(struct sweep *sweep, int *reason, int *is_dry_run)
{
    const char *spki = NULL;
    json_t *serials = NULL;
    json_int_t account = 0, not_after_from = 0, issued_from = 0, issued_to = 0;
    struct acme_certificate_query *q = &sweep->query;
    if (json_unpack(sweep->body, "{s:i, s:b, s?I, s?s, s?s, s?s, s?o, s?s, s?I, s?I, s?I !}", "reason", reason, "dry_run",
                    is_dry_run, "account", &account, "ca", &q->ca, "profile", &q->profile, "name", &q->name, "serials", &serials,
                    "spki_sha256", &spki, "not_after_from", &not_after_from, "issued_from", &issued_from, "issued_to",
                    &issued_to) != 0 || account < 0)
        return false;
    q->account = (acme_id)account;
    q->not_after_from_s = not_after_from;
    q->issued_from_s = issued_from;
    q->issued_to_s = issued_to;
    q->is_unrevoked_only = true;
    if (spki != NULL) {
        if (strlen(spki) != 2 * sizeof sweep->spki_hash || !text_parse_hex(bytes_of_text(spki), sweep->spki_hash, sizeof sweep->spki_hash))
            return false;
        q->spki_hash = sweep->spki_hash;
    }
    return read_serials(sweep, serials);
}

/* A typing mistake must not revoke everything. */
static bool has_condition(const struct acme_certificate_query *q)
{
    return q->account != 0 || q->ca != NULL || q->profile != NULL || q->name != NULL || q->spki_hash != NULL ||
           q->serial_count > 0 || q->issued_from_s != 0 || q->issued_to_s != 0;
}

static void handle(void *context, struct http_exchange *x)
{
    const struct run_admin *admin = context;
    struct error err = {.status = STATUS_OK};
    int reason = 0, is_dry_run = 1;
    struct sweep *sweep = calloc(1, sizeof *sweep);
    if (!bytes_is_text(x->request.method, "POST") || sweep == NULL) {
        free(sweep);
        answer(x, sweep == NULL ? 503 : 405, "{}");
        return;
    }
    sweep->x = x;
    sweep->admin = admin;
    sweep->body = json_loadb((const char *)x->request.body.data, x->request.body.len, JSON_REJECT_DUPLICATES, NULL);
    x->response.body.max = ANSWER_MAX;
    if (sweep->body == NULL || !read_query(sweep, &reason, &is_dry_run)) {
        refuse(sweep, 400, "not a query: run_admin.h says what one has");
        return;
    }
    if (!has_condition(&sweep->query)) {
        refuse(sweep, 400, "a query without a condition would revoke everything");
        return;
    }
    sweep->reason = reason;
    sweep->is_dry_run = is_dry_run != 0;
    const struct acme_sweep_report report = {sweep, on_each, on_end};
    enum status s = acme_revoke_matching(admin->acme, &sweep->query, reason, is_dry_run != 0, &report, &err);
    if (s != STATUS_OK)
        refuse(sweep, s == STATUS_AGAIN ? 503 : 400, err.text);
}

struct http_handler run_admin_handler(struct run_admin *admin)
{
    return (struct http_handler){.context = admin, .body_max = RUN_ADMIN_BODY_MAX, .handle = handle};
}
