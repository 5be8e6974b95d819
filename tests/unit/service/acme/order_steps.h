/* order_steps.h - the steps of a client from an order to its certificate, for tests. */
#ifndef CATHAYA_TESTS_UNIT_SERVICE_ACME_ORDER_STEPS_H
#define CATHAYA_TESTS_UNIT_SERVICE_ACME_ORDER_STEPS_H

#include "fakes/acme_client.h"
#include "unit/csr_maker.h"

#define URL(path) ACME_WORLD_URL path
#define STEP_URL_SIZE 512

struct steps {
    struct acme_world w;
    struct acme_client c;
    char order[STEP_URL_SIZE]; /* of the last step_order */
};

/* JSON with ' for ". */
static inline json_t *step_json(const char *text)
{
    char *copy = strdup(text);
    assert_non_null(copy);
    for (char *at = copy; *at != '\0'; at++)
        if (*at == '\'')
            *at = '"';
    json_t *json = json_loads(copy, 0, NULL);
    assert_non_null(json);
    free(copy);
    return json;
}

static inline void step_init(struct steps *s)
{
    acme_world_init(&s->w);
    for (size_t i = 0; i < ACME_LIMITS; i++)
        s->w.config.limits.rates[i].count = 0;
}

static inline void step_start(struct steps *s)
{
    acme_world_start(&s->w);
    acme_client_init(&s->c, &s->w, JWS_ES256);
    acme_client_open(&s->c);
}

static inline void step_begin(struct steps *s)
{
    step_init(s);
    step_start(s);
}

static inline void step_end(struct steps *s)
{
    acme_client_clear(&s->c);
    acme_world_clear(&s->w);
}

static inline void step_want(struct acme_client *c, int got, int want)
{
    if (got != want)
        fail_msg("got %d, want %d: %.*s", got, want, (int)c->answer.body.len, (const char *)c->answer.body.data);
}

static inline void step_want_problem(struct acme_client *c, int got, int want, const char *type)
{
    char full[128];
    (void)snprintf(full, sizeof full, "urn:ietf:params:acme:error:%s", type);
    step_want(c, got, want);
    if (strcmp(acme_answer_text(&c->answer, "type"), full) != 0)
        fail_msg("want %s: %.*s", type, (int)c->answer.body.len, (const char *)c->answer.body.data);
}

/* The answer's text has this fragment in it. */
static inline void step_says(struct acme_client *c, const char *fragment)
{
    struct bytes body = builder_view(&c->answer.body);
    if (memmem(body.data, body.len, fragment, strlen(fragment)) == NULL)
        fail_msg("no '%s' in %.*s", fragment, (int)body.len, (const char *)body.data);
}

static inline void step_want_status(struct acme_client *c, const char *url, const char *status)
{
    step_want(c, acme_client_post(c, url, NULL), 200);
    assert_string_equal(acme_answer_text(&c->answer, "status"), status);
}

/* A new order of the JSON (with ' for "), which must be accepted. */
static inline void step_order_by(struct steps *s, struct acme_client *c, const char *json)
{
    step_want(c, acme_client_post(c, URL("/new-order"), step_json(json)), 201);
    assert_non_null(acme_answer_header(&c->answer, "Location", 0, s->order));
}

static inline void step_order(struct steps *s, const char *json)
{
    step_order_by(s, &s->c, json);
}

/* URL number i of the order's authorizations in the last answer. */
static inline void step_authz(const struct acme_client *c, size_t i, char out[STEP_URL_SIZE])
{
    const char *url = json_string_value(json_array_get(json_object_get(c->answer.json, "authorizations"), i));
    assert_non_null(url);
    (void)snprintf(out, STEP_URL_SIZE, "%s", url);
}

static inline void step_challenge_url(const char *authz, const char *type, char out[STEP_URL_SIZE])
{
    (void)snprintf(out, STEP_URL_SIZE, "%s/challenge/%s/%s", ACME_WORLD_URL, strrchr(authz, '/') + 1, type);
}

/* Answers the first challenge of every pending authorization of the order. */
static inline void step_authorize_by(struct acme_client *c, const char *order)
{
    char authzs[ACME_IDENTIFIERS_MAX][STEP_URL_SIZE], url[STEP_URL_SIZE];
    step_want(c, acme_client_post(c, order, NULL), 200);
    size_t count = json_array_size(json_object_get(c->answer.json, "authorizations"));
    for (size_t i = 0; i < count; i++)
        step_authz(c, i, authzs[i]);
    for (size_t i = 0; i < count; i++) {
        step_want(c, acme_client_post(c, authzs[i], NULL), 200);
        if (strcmp(acme_answer_text(&c->answer, "status"), "pending") != 0)
            continue;
        json_t *first = json_array_get(json_object_get(c->answer.json, "challenges"), 0);
        (void)snprintf(url, sizeof url, "%s", json_string_value(json_object_get(first, "url")));
        step_want(c, acme_client_post(c, url, json_object()), 200);
    }
}

/* An order whose authorizations are valid. */
static inline void step_ready(struct steps *s, const char *json)
{
    step_order(s, json);
    step_authorize_by(&s->c, s->order);
    step_want_status(&s->c, s->order, "ready");
}

/* {"csr": ...}; takes the request, which may be NULL. */
static inline json_t *step_csr_json(struct bytes csr)
{
    struct builder text;
    builder_init(&text, MAKER_SIZE_MAX);
    text_write_base64url(&text, csr);
    json_t *json = json_pack("{s:s%}", "csr", text.data, text.len);
    assert_non_null(json);
    builder_clear(&text);
    heap_free(csr);
    return json;
}

static inline json_t *step_csr(EVP_PKEY *key, const char *names)
{
    const char *digest = EVP_PKEY_is_a(key, "SM2") ? "SM3" : "SHA256";
    return step_csr_json(maker_csr(key, names, (struct maker_signing){.digest = digest}));
}

static inline const char *step_finalize_url(const char *order, char out[STEP_URL_SIZE + 16])
{
    (void)snprintf(out, STEP_URL_SIZE + 16, "%s/finalize", order);
    return out;
}

static inline int step_finalize(struct acme_client *c, const char *order, EVP_PKEY *key, const char *names)
{
    char url[STEP_URL_SIZE + 16];
    return acme_client_post(c, step_finalize_url(order, url), step_csr(key, names));
}

#endif
