#include "fakes/acme_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/sqlite/sqlite_acme_store.h"
#include "fakes/default_policy.h"
#include "unit/checks.h"

#define EVENT_TEXT_MAX ((size_t)1 << 20)
/* No test makes the server work for longer: it would be a loop. */
#define ROUNDS_MAX 10000

/* ---- clock, events, pool, timers ---- */

static int64_t now_ms(void *context)
{
    const struct acme_world *w = context;
    return w->now_ms;
}

static void report(void *context, enum event_level level, const char *what,
                   const struct event_field *fields, size_t field_count)
{
    struct acme_world *w = context;
    (void)level;
    builder_text(&w->event_text, what);
    for (size_t i = 0; i < field_count; i++)
        builder_printf(&w->event_text, " %s=%s", fields[i].name, fields[i].value);
    builder_text(&w->event_text, "\n");
    builder_u8(&w->event_text, 0);
    assert_true(builder_is_good(&w->event_text));
    w->event_text.len--;
}

static void submit(void *context, void (*run)(void *cookie), void (*done)(void *cookie), void *cookie)
{
    struct acme_world *w = context;
    assert_true(w->job_count < ACME_WORLD_JOBS_MAX);
    w->jobs[w->job_count++] = (struct acme_world_job){run, done, cookie};
}

static uint64_t start_timer(void *context, uint64_t delay_ms, void (*fire)(void *cookie), void *cookie)
{
    struct acme_world *w = context;
    assert_true(w->timer_count < ACME_WORLD_TIMERS_MAX);
    w->timers[w->timer_count++] =
        (struct acme_world_timer){++w->last_timer, w->now_ms + (int64_t)delay_ms, fire, cookie};
    return w->last_timer;
}

static void drop_timer(struct acme_world *w, size_t i)
{
    w->timers[i] = w->timers[--w->timer_count];
}

static void cancel_timer(void *context, uint64_t timer)
{
    struct acme_world *w = context;
    for (size_t i = 0; i < w->timer_count; i++)
        if (w->timers[i].name == timer) {
            drop_timer(w, i);
            return;
        }
}

/* ---- store: the real one, and what may go wrong with it ---- */

static enum status commit(void *context, struct error *err)
{
    struct acme_world *w = context;
    w->commit_count++;
    if (!w->must_commit_fail)
        return w->inner.commit(w->inner.context, err);
    w->must_commit_fail = false;
    return error_set(err, STATUS_IO, "the test wants the disk to be full");
}

#define FORWARD(name, parameters, ...)                                                               \
    static enum status forward_##name parameters                                                     \
    {                                                                                                \
        struct acme_world *w = context;                                                              \
        return w->inner.name(w->inner.context, __VA_ARGS__);                                         \
    }

FORWARD(put_account, (void *context, struct acme_account *a, struct error *err), a, err)
FORWARD(get_account, (void *context, acme_id id, struct builder *m, struct acme_account *a, struct error *err), id, m, a, err)
FORWARD(find_account, (void *context, const uint8_t t[32], struct builder *m, struct acme_account *a, struct error *err), t, m, a, err)
FORWARD(put_order, (void *context, struct acme_order *o, struct error *err), o, err)
FORWARD(get_order, (void *context, acme_id id, struct builder *m, struct acme_order *o, struct error *err), id, m, o, err)
FORWARD(list_orders, (void *context, acme_id a, int64_t now, acme_id after, acme_id *o, size_t max, size_t *n, struct error *err), a, now, after, o, max, n, err)
FORWARD(list_processing, (void *context, acme_id after, acme_id *o, size_t max, size_t *n, struct error *err), after, o, max, n, err)
FORWARD(list_authz_orders, (void *context, acme_id a, acme_id after, acme_id *o, size_t max, size_t *n, struct error *err), a, after, o, max, n, err)
FORWARD(put_authz, (void *context, struct acme_authz *a, struct error *err), a, err)
FORWARD(get_authz, (void *context, acme_id id, struct builder *m, struct acme_authz *a, struct error *err), id, m, a, err)
FORWARD(find_authz, (void *context, acme_id a, const struct acme_identifier *i, bool wild, bool intranet, bool pending, int64_t after_s, struct builder *m, struct acme_authz *o, struct error *err), a, i, wild, intranet, pending, after_s, m, o, err)
FORWARD(put_certificate, (void *context, struct acme_certificate *c, struct error *err), c, err)
FORWARD(get_certificate, (void *context, acme_id id, struct builder *m, struct acme_certificate *c, struct error *err), id, m, c, err)
FORWARD(find_certificate, (void *context, const char *ca, struct bytes serial, struct builder *m, struct acme_certificate *c, struct error *err), ca, serial, m, c, err)
FORWARD(list_certificates, (void *context, const struct acme_certificate_query *q, acme_id *o, size_t max, size_t *n, struct error *err), q, o, max, n, err)
FORWARD(take_token, (void *context, const char *key, uint64_t burst, uint64_t interval_ms, int64_t now, bool is_look, int64_t *retry, struct error *err), key, burst, interval_ms, now, is_look, retry, err)
FORWARD(expire, (void *context, int64_t now_s, int64_t keep_s, size_t max, size_t *removed, struct error *err), now_s, keep_s, max, removed, err)

static bool has_uncommitted(void *context)
{
    struct acme_world *w = context;
    return w->inner.has_uncommitted(w->inner.context);
}

static void rollback(void *context)
{
    struct acme_world *w = context;
    w->inner.rollback(w->inner.context);
}

static void open_store(struct acme_world *w)
{
    struct error err;
    struct sqlite_acme_store *store;
    OK(sqlite_acme_store_open(w->store_path, SQLITE_MAY_CREATE, &store, &err));
    w->store_owner = store;
    w->inner = sqlite_acme_store_port(store);
    w->store = (struct acme_store){
        w, forward_put_account, forward_get_account, forward_find_account, forward_put_order,
        forward_get_order, forward_list_orders, forward_list_processing, forward_list_authz_orders,
        forward_put_authz, forward_get_authz, forward_find_authz, forward_put_certificate,
        forward_get_certificate, forward_find_certificate, forward_list_certificates,
        forward_take_token, forward_expire, has_uncommitted, commit, rollback};
}

/* ---- validator and issuers ---- */

static enum status validate(void *context, const struct validation_request *r, validator_done *done,
                            void *cookie, struct error *err)
{
    struct acme_world *w = context;
    if (w->validation_count == ACME_WORLD_JOBS_MAX)
        return error_set(err, STATUS_LIMIT, "too many validations");
    struct acme_world_validation *v = &w->validations[w->validation_count++];
    *v = (struct acme_world_validation){
        .done = done, .cookie = cookie, .challenge = r->challenge, .identifier = r->identifier, .is_caa_only = r->is_caa_only,
        .is_intranet = r->is_intranet};
    (void)snprintf(v->token, sizeof v->token, "%s", r->token != NULL ? r->token : "");
    (void)snprintf(v->key_authorization, sizeof v->key_authorization, "%s",
                   r->key_authorization != NULL ? r->key_authorization : "");
    if (w->validation_total < ACME_WORLD_JOBS_MAX)
        w->seen[w->validation_total] = *v;
    w->validation_total++;
    return STATUS_OK;
}

static void finish_validation(struct acme_world *w)
{
    struct acme_world_validation v = w->validations[0];
    memmove(w->validations, w->validations + 1, --w->validation_count * sizeof v);
    struct validation_result result = {w->problem, w->problem != NULL ? "the test says so" : NULL, w->reuse_max_s};
    v.done(v.cookie, &result);
}

static enum status check_nothing(void *context, const struct acme_issue_request *request, struct error *err)
{
    (void)context;
    (void)request;
    (void)err;
    return STATUS_OK;
}

static bool is_corp(void *context, const struct acme_identifier *identifier)
{
    size_t len = strlen(identifier->value);
    (void)context;
    return len > 5 && strcmp(identifier->value + len - 5, ".corp") == 0;
}

static enum status issue(void *context, const struct acme_issue_request *request,
                         acme_issue_done *done, void *cookie, struct error *err)
{
    struct acme_world *w = context;
    if (w->issuance_count == ACME_WORLD_JOBS_MAX)
        return error_set(err, STATUS_LIMIT, "the pool is full");
    w->issuances[w->issuance_count++] = (struct acme_world_issuance){done, cookie, request->order};
    w->issuance_total++;
    w->last_new_until_s = request->new_until_s;
    return STATUS_OK;
}

static void finish_issuance(struct acme_world *w)
{
    struct acme_world_issuance i = w->issuances[0];
    memmove(w->issuances, w->issuances + 1, --w->issuance_count * sizeof i);
    struct error err = {.status = w->issue_status, .text = "the test says so"};
    struct acme_issued issued = {.not_before_s = w->now_ms / 1000, .not_after_s = w->now_ms / 1000 + 7 * 86400 - 1};
    /* The same order, the same serial number. */
    issued.serial[0] = 1;
    issued.serial[1] = (uint8_t)(i.order >> 8);
    issued.serial[2] = (uint8_t)i.order;
    issued.serial_len = 3;
    i.done(i.cookie, w->issue_status, w->issue_status == STATUS_OK ? &issued : NULL, &err);
}

/* Called back within the call: the port says "later", and whoever relies on it must not care. */
static void read_certificate(void *context, const struct acme_certificate *certificate,
                             enum acme_form form, bool with_properties, acme_read_done *done, void *cookie)
{
    struct acme_world *w = context;
    struct error err = {.status = STATUS_AGAIN, .text = "no landmark yet"};
    char pem[128];
    (void)snprintf(pem, sizeof pem, "%s %s %llu\n", form == ACME_FORM_STANDALONE ? "standalone" : "landmark",
                   with_properties ? "with properties" : "plain", (unsigned long long)certificate->id);
    if (form == ACME_FORM_LANDMARK && !w->has_landmark)
        done(cookie, STATUS_AGAIN, bytes_of(NULL, 0), 60, &err);
    else
        done(cookie, STATUS_OK, bytes_of_text(pem), 0, &err);
}

static void revoke_certificate(void *context, const struct acme_certificate *certificate, int reason,
                   acme_revoke_done *done, void *cookie)
{
    struct acme_world *w = context;
    struct error err = {.status = STATUS_OK};
    (void)certificate;
    (void)reason;
    w->revoked_count++;
    done(cookie, STATUS_OK, &err);
}

/* ---- the world ---- */

static void set_profile(struct acme_world *w, size_t i, const char *name, const char *ca, bool is_mtc)
{
    struct certificate_profile *p = &w->profiles[i];
    *p = (struct certificate_profile){
        .kind = is_mtc ? PROFILE_MTC : PROFILE_CLASSIC,
        .is_gm = strncmp(name, "gm-", 3) == 0,
        .is_intranet = strstr(name, "intranet") != NULL,
        .lifetime_s = 7 * 86400,
        .keys = PROFILE_KEY_P256 | PROFILE_KEY_SM2 | PROFILE_KEY_RSA,
        .has_wildcards = true,
        .has_ips = true,
        .names_max = 100,
    };
    (void)snprintf(p->name, sizeof p->name, "%s", name);
    (void)snprintf(p->ca, sizeof p->ca, "%s", ca);
    (void)snprintf(p->description, sizeof p->description, "what %s is", name);
    w->acme_profiles[i] = (struct acme_profile){
        p, is_mtc ? &w->issuer : &w->classic,
        ACME_HTTP_01 | ACME_DNS_01 | ACME_TLS_ALPN_01 | ACME_DNS_ACCOUNT_01 | ACME_DNS_PERSIST_01};
}

static void set_issuers(struct acme_world *w)
{
    static const uint8_t mtc_key_id[4] = {1, 2, 3, 4}, classic_key_id[4] = {5, 6, 7, 8};
    w->issuer = (struct acme_issuer){
        .context = w, .ca = "gm", .is_mtc = true, .ca_key_id = BYTES_OF(mtc_key_id), .prefix_url = "https://log.example/",
        .check = check_nothing, .is_internal = is_corp, .issue = issue, .read_certificate = read_certificate, .revoke = revoke_certificate};
    w->classic = w->issuer;
    w->classic.ca = "intl";
    w->classic.is_mtc = false;
    w->classic.prefix_url = NULL;
    w->classic.ca_key_id = BYTES_OF(classic_key_id);
}

void acme_world_init(struct acme_world *w)
{
    *w = (struct acme_world){.now_ms = 1800000000000, .reuse_max_s = UINT32_MAX, .issue_status = STATUS_OK};
    (void)snprintf(w->directory, sizeof w->directory, "/tmp/acme-world-XXXXXX");
    assert_non_null(mkdtemp(w->directory));
    (void)snprintf(w->store_path, sizeof w->store_path, "%s/acme.db", w->directory);
    builder_init(&w->event_text, EVENT_TEXT_MAX);
    builder_u8(&w->event_text, 0);
    w->event_text.len--;
    w->clock = (struct clock_port){w, now_ms};
    w->pool = (struct work_port){w, submit};
    w->timer = (struct timer_port){w, start_timer, cancel_timer};
    w->events = (struct events_port){w, report};
    w->validator = (struct validator_port){w, validate};
    set_issuers(w);
    set_profile(w, 0, "gm-mtc", "gm", true);
    set_profile(w, 1, "intl-classic", "intl", false);
    set_profile(w, 2, "gm-intranet", "gm", true);
    open_store(w);
    acme_config_default(&w->config);
    w->config.base_url = ACME_WORLD_URL;
    w->config.policy = default_policy();
    w->config.profiles = w->acme_profiles;
    w->config.profile_count = LENGTH(w->acme_profiles);
    w->config.default_profile = "gm-mtc";
    w->ports = (struct acme_ports){&w->store, &w->validator, &w->timer, &w->pool, &w->clock, &w->events, NULL};
}

void acme_world_start(struct acme_world *w)
{
    struct error err;
    OK(acme_new(&w->config, &w->ports, &w->acme, &err));
    OK(acme_start(w->acme, &err));
    acme_flush(w->acme);
}

static void close_server(struct acme_world *w)
{
    if (w->acme == NULL)
        return;
    acme_stop(w->acme);
    acme_world_run(w);
    assert_int_equal(acme_open_count(w->acme), 0);
    acme_free(w->acme);
    w->acme = NULL;
    assert_int_equal(w->timer_count, 0);
}

void acme_world_restart(struct acme_world *w)
{
    close_server(w);
    sqlite_acme_store_close(w->store_owner);
    open_store(w);
    acme_world_start(w);
}

void acme_world_clear(struct acme_world *w)
{
    static const char *const endings[] = {"", "-wal", "-shm", ".lock"};
    w->is_validation_held = w->is_issuance_held = false;
    close_server(w);
    sqlite_acme_store_close(w->store_owner);
    for (size_t i = 0; i < LENGTH(endings); i++) {
        char path[sizeof w->store_path + 8];
        (void)snprintf(path, sizeof path, "%s%s", w->store_path, endings[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(w->directory), 0);
    builder_clear(&w->event_text);
}

/* One thing of what there is to do. */
static bool do_something(struct acme_world *w)
{
    if (w->job_count > 0) {
        struct acme_world_job job = w->jobs[0];
        memmove(w->jobs, w->jobs + 1, --w->job_count * sizeof job);
        job.run(job.cookie);
        job.done(job.cookie);
        return true;
    }
    if (w->validation_count > 0 && !w->is_validation_held) {
        finish_validation(w);
        return true;
    }
    if (w->issuance_count > 0 && !w->is_issuance_held) {
        finish_issuance(w);
        return true;
    }
    for (size_t i = 0; i < w->timer_count; i++)
        if (w->timers[i].at_ms <= w->now_ms) {
            struct acme_world_timer t = w->timers[i];
            drop_timer(w, i);
            t.fire(t.cookie);
            return true;
        }
    return false;
}

void acme_world_run(struct acme_world *w)
{
    unsigned rounds = 0;
    do {
        assert_true(rounds++ < ROUNDS_MAX);
        acme_flush(w->acme);
    } while (do_something(w));
}

void acme_world_advance(struct acme_world *w, int64_t ms)
{
    int64_t end_ms = w->now_ms + ms;
    for (;;) {
        int64_t next_ms = end_ms;
        for (size_t i = 0; i < w->timer_count; i++)
            if (w->timers[i].at_ms < next_ms)
                next_ms = w->timers[i].at_ms;
        w->now_ms = next_ms > w->now_ms ? next_ms : w->now_ms;
        acme_world_run(w);
        if (w->now_ms >= end_ms)
            return;
    }
}
