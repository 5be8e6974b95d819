/* Accounts, external bindings, key rollover. */
#include "fakes/acme_client.h"
#include "unit/checks.h"

#define URL ACME_WORLD_URL
#define NEW_ACCOUNT URL "/new-account"
#define KEY_CHANGE URL "/key-change"

static struct acme_world w;
static struct acme_client c, other;

static int setup(void **state)
{
    (void)state;
    acme_world_init(&w);
    acme_world_start(&w);
    acme_client_init(&c, &w, JWS_ES256);
    acme_client_init(&other, &w, JWS_EDDSA);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    acme_client_clear(&c);
    acme_client_clear(&other);
    acme_world_clear(&w);
    return 0;
}

static void expect_problem(int status, const char *type)
{
    char want[128];
    (void)snprintf(want, sizeof want, "urn:ietf:params:acme:error:%s", type);
    if (c.answer.status != status || strcmp(acme_answer_text(&c.answer, "type"), want) != 0)
        fail_msg("%d %.*s, want %d %s", c.answer.status, (int)c.answer.body.len, (const char *)c.answer.body.data, status, type);
}

static void expect_header(const char *name, const char *want)
{
    char value[512] = "";
    (void)acme_answer_header(&c.answer, name, 0, value);
    assert_string_equal(value, want);
}

/* ---- new accounts ---- */

static void opened(void **state)
{
    (void)state;
    json_t *payload = json_pack("{s:[s,s],s:b}", "contact", "mailto:admin@ca.example", "mailto:a.b+c@xn--fiq228c.example",
                                "termsOfServiceAgreed", 1);
    assert_int_equal(acme_client_post(&c, NEW_ACCOUNT, payload), 201);
    expect_header("Location", URL "/account/1");
    assert_string_equal(acme_answer_text(&c.answer, "status"), "valid");
    assert_string_equal(acme_answer_text(&c.answer, "orders"), URL "/account/1/orders");
    const json_t *contacts = json_object_get(c.answer.json, "contact");
    assert_int_equal(json_array_size(contacts), 2);
    assert_string_equal(json_string_value(json_array_get(contacts, 0)), "mailto:admin@ca.example");
    assert_true(json_is_true(json_object_get(c.answer.json, "termsOfServiceAgreed")));
    /* Again: the same one, unchanged. */
    assert_int_equal(acme_client_post(&c, NEW_ACCOUNT, json_object()), 200);
    expect_header("Location", URL "/account/1");
    assert_int_equal(json_array_size(json_object_get(c.answer.json, "contact")), 2);
    assert_int_equal(acme_client_post(&c, NEW_ACCOUNT, json_pack("{s:b}", "onlyReturnExisting", 1)), 200);
    /* And after a restart. */
    acme_world_restart(&w);
    (void)acme_client_post(&c, NEW_ACCOUNT, json_pack("{s:b}", "onlyReturnExisting", 1));
    assert_int_equal(acme_client_post(&c, NEW_ACCOUNT, json_pack("{s:b}", "onlyReturnExisting", 1)), 200);
    expect_header("Location", URL "/account/1");
    assert_null(strstr((const char *)w.event_text.data, "admin@"));
    assert_non_null(strstr((const char *)w.event_text.data, "acme-account-new account=1 address=192.0.2.1"));
}

static void only_existing(void **state)
{
    (void)state;
    (void)acme_client_post(&c, NEW_ACCOUNT, json_pack("{s:b}", "onlyReturnExisting", 1));
    expect_problem(400, "accountDoesNotExist");
    (void)acme_client_post(&c, NEW_ACCOUNT, json_pack("{s:s}", "onlyReturnExisting", "yes"));
    expect_problem(400, "malformed");
}

static void contacts(void **state)
{
    (void)state;
    static const struct {
        const char *contact, *type;
    } bad[] = {
        {"tel:+12025551212", "unsupportedContact"},
        {"https://ca.example", "unsupportedContact"},
        {"MAILTO", "unsupportedContact"},
        {"mailto:", "invalidContact"},
        {"mailto:a", "invalidContact"},
        {"mailto:@b.example", "invalidContact"},
        {"mailto:a@", "invalidContact"},
        {"mailto:a@localhost", "invalidContact"},
        {"mailto:a@b.example?subject=x", "invalidContact"},
        {"mailto:a?b@c.example", "invalidContact"},
        {"mailto:a@b.example,c@d.example", "invalidContact"},
        {"mailto:a,b@c.example", "invalidContact"},
        {"mailto:a%20b@c.example", "invalidContact"},
        {"mailto:a b@c.example", "invalidContact"},
        {"mailto:\"a\"@c.example", "invalidContact"},
        {"mailto:a@b@c.example", "invalidContact"},
        {"mailto:a@[192.0.2.1]", "invalidContact"},
        {"mailto:\xc3\xa4@c.example", "invalidContact"},
        {"mailto:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@c.example", "invalidContact"},
    };
    for (size_t i = 0; i < LENGTH(bad); i++) {
        (void)acme_client_post(&c, NEW_ACCOUNT, json_pack("{s:[s]}", "contact", bad[i].contact));
        expect_problem(400, bad[i].type);
    }
    (void)acme_client_post(&c, NEW_ACCOUNT, json_pack("{s:s}", "contact", "mailto:a@b.example"));
    expect_problem(400, "malformed");
    (void)acme_client_post(&c, NEW_ACCOUNT, json_pack("{s:[i]}", "contact", 1));
    expect_problem(400, "malformed");
    json_t *many = json_array();
    for (size_t i = 0; i < 11; i++)
        (void)json_array_append_new(many, json_string("mailto:a@b.example"));
    (void)acme_client_post(&c, NEW_ACCOUNT, json_pack("{s:o}", "contact", many));
    expect_problem(400, "invalidContact");
    (void)acme_client_post(&c, NEW_ACCOUNT, json_pack("{s:b}", "onlyReturnExisting", 1));
    expect_problem(400, "accountDoesNotExist");
}

static void terms(void **state)
{
    (void)state;
    struct error err;
    struct acme_config config = w.config;
    config.terms_url = "https://ca.example/terms";
    OK(acme_reload(w.acme, &config, &err));
    (void)acme_client_post(&c, NEW_ACCOUNT, json_object());
    expect_problem(403, "userActionRequired");
    expect_header("Link", "<https://ca.example/terms>;rel=\"terms-of-service\"");
    (void)acme_client_post(&c, NEW_ACCOUNT, json_pack("{s:b}", "termsOfServiceAgreed", 0));
    expect_problem(403, "userActionRequired");
    (void)acme_client_post(&c, NEW_ACCOUNT, json_pack("{s:s}", "termsOfServiceAgreed", "true"));
    expect_problem(400, "malformed");
    assert_int_equal(acme_client_post(&c, NEW_ACCOUNT, json_pack("{s:b}", "termsOfServiceAgreed", 1)), 201);
    OK(acme_reload(w.acme, &w.config, &err));
}

/* ---- changes ---- */

static void updates(void **state)
{
    (void)state;
    acme_client_open(&c);
    assert_int_equal(acme_client_post(&c, c.kid, NULL), 200);
    assert_int_equal(acme_client_post(&c, c.kid, json_pack("{s:[s]}", "contact", "mailto:new@ca.example")), 200);
    assert_int_equal(acme_client_post(&c, c.kid, json_object()), 200);
    assert_string_equal(json_string_value(json_array_get(json_object_get(c.answer.json, "contact"), 0)), "mailto:new@ca.example");
    (void)acme_client_post(&c, c.kid, json_pack("{s:[s]}", "contact", "mailto:x"));
    expect_problem(400, "invalidContact");
    assert_int_equal(acme_client_post(&c, c.kid, json_pack("{s:[]}", "contact")), 200);
    assert_int_equal(json_array_size(json_object_get(c.answer.json, "contact")), 0);
    (void)acme_client_post(&c, c.kid, json_pack("{s:s}", "status", "revoked"));
    expect_problem(400, "malformed");
    (void)acme_client_post(&c, c.kid, json_pack("{s:i}", "status", 1));
    expect_problem(400, "malformed");
    assert_int_equal(acme_client_post(&c, c.kid, json_pack("{s:s}", "status", "valid")), 200);
}

static void of_others(void **state)
{
    (void)state;
    acme_client_open(&c);
    acme_client_open(&other);
    (void)acme_client_post(&c, other.kid, NULL);
    expect_problem(403, "unauthorized");
    (void)acme_client_post(&c, other.kid, json_pack("{s:s}", "status", "deactivated"));
    expect_problem(403, "unauthorized");
    (void)acme_client_post(&c, URL "/account/2/orders", NULL);
    expect_problem(403, "unauthorized");
    assert_int_equal(acme_client_post(&c, URL "/account/1/orders", NULL), 200);
    assert_int_equal(acme_client_post(&other, other.kid, NULL), 200);
}

static void deactivated(void **state)
{
    (void)state;
    acme_client_open(&c);
    assert_int_equal(acme_client_post(&c, c.kid, json_pack("{s:s}", "status", "deactivated")), 200);
    assert_string_equal(acme_answer_text(&c.answer, "status"), "deactivated");
    (void)acme_client_post(&c, c.kid, NULL);
    expect_problem(401, "unauthorized");
    (void)acme_client_post(&c, c.kid, json_pack("{s:s}", "status", "valid"));
    expect_problem(401, "unauthorized");
    (void)acme_client_post(&c, URL "/new-order", json_object());
    expect_problem(401, "unauthorized");
    c.kid[0] = '\0';
    (void)acme_client_post(&c, NEW_ACCOUNT, json_object());
    expect_problem(401, "unauthorized");
}

/* Deactivated while another request's signature is with the pool. */
static void deactivated_meanwhile(void **state)
{
    (void)state;
    struct acme_answer first = {.is_sent = false}, second = {.is_sent = false};
    char nonce[129], text[512];
    acme_client_open(&c);
    (void)snprintf(nonce, sizeof nonce, "%s", c.nonce);
    (void)acme_client_send(&c, "HEAD", URL "/new-nonce", NULL, NULL, NULL);
    acme_client_begin(&c, c.kid, json_pack("{s:s}", "status", "deactivated"), &first);
    (void)snprintf(c.nonce, sizeof c.nonce, "%s", nonce);
    acme_client_begin(&c, c.kid, NULL, &second);
    acme_world_run(&w);
    assert_int_equal(first.status, 200);
    assert_int_equal(second.status, 401);
    assert_non_null(acme_answer_header(&second, "Replay-Nonce", 0, text));
    acme_answer_clear(&first);
    acme_answer_clear(&second);
}

/* ---- external account bindings ---- */

static const uint8_t secret[32] = "0123456789abcdef0123456789abcde";

static json_t *binding(const char *alg, const char *kid, const char *url, json_t *jwk, struct bytes key)
{
    json_t *jws = json_object(), *header = json_pack("{s:s,s:s,s:s}", "alg", alg, "kid", kid, "url", url);
    char *texts[2] = {json_dumps(header, 0), json_dumps(jwk, 0)};
    static const char *const names[2] = {"protected", "payload"};
    struct builder input, b;
    uint8_t mac[JWS_MAC_MAX];
    size_t len = 0;
    builder_init(&input, 1 << 16);
    builder_init(&b, 1 << 16);
    for (size_t i = 0; i < 2; i++) {
        builder_reset(&b);
        text_write_base64url(&b, bytes_of_text(texts[i]));
        builder_printf(&input, "%s%.*s", i > 0 ? "." : "", (int)b.len, (const char *)b.data);
        (void)json_object_set_new(jws, names[i], json_stringn((const char *)b.data, b.len));
        free(texts[i]);
    }
    enum jws_alg mac_alg = jws_key_alg_parse(alg);
    if (mac_alg != 0 && jws_key_alg_is_mac(mac_alg))
        assert_int_equal(jws_key_mac(mac_alg, key, builder_view(&input), mac, &len, NULL), STATUS_OK);
    builder_reset(&b);
    text_write_base64url(&b, bytes_of(mac, len));
    (void)json_object_set_new(jws, "signature", json_stringn(b.data != NULL ? (const char *)b.data : "", b.len));
    builder_clear(&b);
    builder_clear(&input);
    json_decref(header);
    json_decref(jwk);
    return json_pack("{s:o}", "externalAccountBinding", jws);
}

static void bindings(void **state)
{
    (void)state;
    struct error err;
    struct acme_config config = w.config;
    const struct acme_eab_key keys[] = {{"once", BYTES_OF(secret), false}, {"often", BYTES_OF(secret), true}};
    config.is_eab_required = true;
    config.eab_keys = keys;
    config.eab_key_count = LENGTH(keys);
    OK(acme_reload(w.acme, &config, &err));
    struct bytes key = BYTES_OF(secret), wrong = bytes_of("x123456789abcdef0123456789abcdef", 32);

    (void)acme_client_post(&c, NEW_ACCOUNT, json_object());
    expect_problem(403, "externalAccountRequired");
    (void)acme_client_post(&c, NEW_ACCOUNT, json_pack("{s:s}", "externalAccountBinding", "x"));
    expect_problem(400, "malformed");
    (void)acme_client_post(&c, NEW_ACCOUNT, binding("ES256", "once", NEW_ACCOUNT, acme_client_jwk(&c), key));
    expect_problem(400, "malformed");
    (void)acme_client_post(&c, NEW_ACCOUNT, binding("none", "once", NEW_ACCOUNT, acme_client_jwk(&c), key));
    expect_problem(400, "malformed");
    (void)acme_client_post(&c, NEW_ACCOUNT, binding("HS256", "other", NEW_ACCOUNT, acme_client_jwk(&c), key));
    expect_problem(403, "unauthorized");
    char *unknown_kid = strdup(acme_answer_text(&c.answer, "detail"));
    (void)acme_client_post(&c, NEW_ACCOUNT, binding("HS256", "once", NEW_ACCOUNT, acme_client_jwk(&c), wrong));
    expect_problem(403, "unauthorized");
    assert_string_equal(acme_answer_text(&c.answer, "detail"), unknown_kid);
    free(unknown_kid);
    /* An unknown key ID is no key of zeros. */
    static const uint8_t zeros[32];
    (void)acme_client_post(&c, NEW_ACCOUNT, binding("HS256", "other", NEW_ACCOUNT, acme_client_jwk(&c), BYTES_OF(zeros)));
    expect_problem(403, "unauthorized");
    (void)acme_client_post(&c, NEW_ACCOUNT, binding("HS256", "once", URL "/new-order", acme_client_jwk(&c), key));
    expect_problem(403, "unauthorized");
    (void)acme_client_post(&c, NEW_ACCOUNT, binding("HS256", "once", NEW_ACCOUNT, acme_client_jwk(&other), key));
    expect_problem(403, "unauthorized");
    (void)acme_client_post(&c, NEW_ACCOUNT, binding("HS256", "once", NEW_ACCOUNT, json_object(), key));
    expect_problem(403, "unauthorized");

    /* A commit that fails takes nothing. */
    w.must_commit_fail = true;
    (void)acme_client_post(&c, NEW_ACCOUNT, binding("HS256", "once", NEW_ACCOUNT, acme_client_jwk(&c), key));
    expect_problem(503, "serverInternal");
    assert_int_equal(acme_client_post(&c, NEW_ACCOUNT, binding("HS256", "once", NEW_ACCOUNT, acme_client_jwk(&c), key)), 201);
    assert_int_equal(acme_client_post(&c, NEW_ACCOUNT, binding("HS256", "once", NEW_ACCOUNT, acme_client_jwk(&c), key)), 200);
    assert_int_equal(acme_client_post(&other, NEW_ACCOUNT, binding("HS384", "once", NEW_ACCOUNT, acme_client_jwk(&other), key)), 403);
    assert_int_equal(acme_client_post(&other, NEW_ACCOUNT, binding("HS384", "often", NEW_ACCOUNT, acme_client_jwk(&other), key)), 201);
    struct acme_client third;
    acme_client_init(&third, &w, JWS_ES384);
    assert_int_equal(acme_client_post(&third, NEW_ACCOUNT, binding("HS512", "often", NEW_ACCOUNT, acme_client_jwk(&third), key)), 201);
    acme_client_clear(&third);
    assert_null(strstr((const char *)w.event_text.data, (const char *)secret));
    OK(acme_reload(w.acme, &w.config, &err));
}

/* ---- key rollover ---- */

struct rollover {
    const char *inner_url, *account;
    const struct acme_client *old_key, *jwk, *signer;
    bool has_nonce;
};

static int roll(const struct rollover *r)
{
    json_t *payload = json_pack("{s:s,s:o}", "account", r->account, "oldKey", acme_client_jwk(r->old_key));
    json_t *header = json_pack("{s:s,s:s,s:o}", "alg", jws_key_alg_name(r->signer->alg), "url", r->inner_url, "jwk",
                               acme_client_jwk(r->jwk));
    if (r->has_nonce)
        (void)json_object_set_new(header, "nonce", json_string("AAAA"));
    char *text = json_dumps(payload, 0);
    json_t *inner = acme_client_jws(r->signer, header, text);
    free(text);
    json_decref(payload);
    return acme_client_post(&c, KEY_CHANGE, inner);
}

static void key_changes(void **state)
{
    (void)state;
    acme_client_open(&c);
    const struct rollover good = {KEY_CHANGE, URL "/account/1", &c, &other, &other, false};
    struct rollover r = good;
    r.inner_url = NEW_ACCOUNT;
    (void)roll(&r);
    expect_problem(400, "malformed");
    r = good;
    r.account = URL "/account/2";
    (void)roll(&r);
    expect_problem(400, "malformed");
    r = good;
    r.old_key = &other;
    (void)roll(&r);
    expect_problem(400, "malformed");
    r = good;
    r.has_nonce = true;
    (void)roll(&r);
    expect_problem(400, "malformed");
    /* The new key has not signed. */
    struct acme_client same_type;
    acme_client_init(&same_type, &w, JWS_EDDSA);
    r = good;
    r.signer = &same_type;
    (void)roll(&r);
    expect_problem(400, "malformed");
    acme_client_clear(&same_type);
    (void)acme_client_post(&c, KEY_CHANGE, json_object());
    expect_problem(400, "malformed");
    /* The key is that of an account: its own, and another's. */
    r = good;
    r.jwk = r.signer = &c;
    assert_int_equal(roll(&r), 409);
    expect_header("Location", URL "/account/1");
    acme_client_open(&other);
    assert_int_equal(roll(&good), 409);
    expect_header("Location", URL "/account/2");

    struct acme_client fresh;
    acme_client_init(&fresh, &w, JWS_ES384);
    r = good;
    r.jwk = r.signer = &fresh;
    w.must_commit_fail = true;
    assert_int_equal(roll(&r), 503);
    assert_int_equal(acme_client_post(&c, c.kid, NULL), 200);
    assert_int_equal(roll(&r), 200);
    assert_string_equal(acme_answer_text(&c.answer, "status"), "valid");
    /* The old key is nobody's now; the new one is the account's. */
    (void)acme_client_post(&c, c.kid, NULL);
    expect_problem(400, "malformed");
    (void)snprintf(fresh.kid, sizeof fresh.kid, "%s", c.kid);
    assert_int_equal(acme_client_post(&fresh, fresh.kid, NULL), 200);
    acme_world_restart(&w);
    (void)acme_client_post(&fresh, fresh.kid, NULL);
    assert_int_equal(acme_client_post(&fresh, fresh.kid, NULL), 200);
    c.kid[0] = '\0';
    (void)acme_client_post(&c, NEW_ACCOUNT, json_pack("{s:b}", "onlyReturnExisting", 1)); /* its nonce is a former process's */
    expect_problem(400, "badNonce");
    (void)acme_client_post(&c, NEW_ACCOUNT, json_pack("{s:b}", "onlyReturnExisting", 1));
    expect_problem(400, "accountDoesNotExist");
    acme_client_clear(&fresh);
}

/* Two changes at once: the one that comes second is of a key that is not the account's any more. */
static void racing_key_changes(void **state)
{
    (void)state;
    struct acme_answer answer = {.is_sent = false};
    acme_client_open(&c);
    struct acme_client fresh;
    acme_client_init(&fresh, &w, JWS_ES256);
    char nonce[129];
    (void)snprintf(nonce, sizeof nonce, "%s", c.nonce);
    (void)acme_client_send(&c, "HEAD", URL "/new-nonce", NULL, NULL, NULL);
    json_t *payload = json_pack("{s:s,s:o}", "account", c.kid, "oldKey", acme_client_jwk(&c));
    char *text = json_dumps(payload, 0);
    json_t *header = json_pack("{s:s,s:s,s:o}", "alg", "ES256", "url", KEY_CHANGE, "jwk", acme_client_jwk(&fresh));
    acme_client_begin(&c, KEY_CHANGE, acme_client_jws(&fresh, header, text), &answer);
    (void)snprintf(c.nonce, sizeof c.nonce, "%s", nonce);
    free(text);
    json_decref(payload);
    const struct rollover second = {KEY_CHANGE, c.kid, &c, &other, &other, false};
    assert_int_equal(roll(&second), 403);
    assert_int_equal(answer.status, 200);
    acme_answer_clear(&answer);
    acme_client_clear(&fresh);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(opened),   CASE(only_existing),         CASE(contacts), CASE(terms),       CASE(updates),           CASE(of_others),
        CASE(deactivated), CASE(deactivated_meanwhile), CASE(bindings), CASE(key_changes), CASE(racing_key_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
