#include <stdlib.h>
#include <string.h>

#include "service/acme/acme_frame.h"

/* A request between its arrival and the answer of the pool. */
struct acme_post {
    struct jws jws;
    acme_id account;        /* of the kid; 0: there is a jwk */
    struct jwk stored;      /* the account's, when its key is not at hand */
    struct jws_key *key;    /* made by the pool when NULL */
    uint8_t thumbprint[HASH_SIZE];
    bool is_key_bad;
    enum status status;     /* the pool's */
    struct error err;
};

const char *acme_post_kid(const struct acme_post *post)
{
    return post->jws.kid;
}

const char *acme_post_url(const struct acme_post *post)
{
    return post->jws.url;
}

const struct jwk *acme_post_jwk(const struct acme_post *post)
{
    return post->jws.jwk.alg != 0 ? &post->jws.jwk : NULL;
}

void acme_post_free(struct acme_post *post)
{
    if (post == NULL)
        return;
    jws_clear(&post->jws);
    jws_key_free(post->key);
    free(post);
}

/* ---- refusals ---- */

/* [RFC8555 6.2]: with the algorithms that are taken. */
static void refuse_algorithm(struct acme_call *call, const struct error *err)
{
    json_t *problem = acme_problem_new(400, "badSignatureAlgorithm", "%s", err->text);
    json_t *list = json_array();
    for (enum jws_alg alg = JWS_ES256; !jws_key_alg_is_mac(alg); alg++)
        (void)json_array_append_new(list, json_string(jws_key_alg_name(alg)));
    (void)json_object_set_new(problem, "algorithms", list);
    acme_reply_document(call, problem);
}

void acme_post_refuse(struct acme_call *call, enum jws_fault fault, const struct error *err)
{
    switch (fault) {
    case JWS_FAULT_ALGORITHM:
        refuse_algorithm(call, err);
        return;
    case JWS_FAULT_KEY:
        acme_reply_problem(call, 400, "badPublicKey", "%s", err->text);
        return;
    case JWS_FAULT_NONCE:
        acme_reply_problem(call, 400, "badNonce", "%s; take the one of the Replay-Nonce header", err->text);
        return;
    case JWS_FAULT_MALFORMED:
        break;
    }
    acme_reply_problem(call, 400, "malformed", "%s", err->text);
}

/* "application/jose+json", and nothing but blanks or parameters behind it. */
static bool is_jose(struct bytes type)
{
    size_t end = 0;
    while (end < type.len && type.data[end] != ';' && type.data[end] != ' ' && type.data[end] != '\t')
        end++;
    return type.len <= ACME_MEDIA_TYPE_MAX && http_name_equal(bytes_of(type.data, end), "application/jose+json");
}

/* ---- before the signature ---- */

static bool check_head(struct acme_call *call)
{
    struct bytes type = {NULL, 0};
    if (!http_request_header(&call->x->request, "Content-Type", &type) || !is_jose(type)) {
        acme_reply_problem(call, 415, "malformed", "Content-Type must be application/jose+json");
        return false;
    }
    if (call->x->request.body.len > ACME_BODY_MAX) {
        acme_reply_problem(call, 413, "malformed", "the body is longer than %d bytes", ACME_BODY_MAX);
        return false;
    }
    if (call->acme->post_count >= ACME_POSTS_MAX) {
        http_response_header(&call->x->response, "Retry-After", "1");
        acme_reply_problem(call, 503, "serverInternal", "too many requests at once; try again");
        return false;
    }
    return true;
}

static bool check_jws(struct acme_call *call, const struct jws *jws)
{
    enum acme_signer signer = call->resource->signer;
    if (signer == ACME_BY_JWK && jws->kid != NULL) {
        acme_reply_problem(call, 400, "malformed", "this resource takes a key (\"jwk\"), not a \"kid\"");
        return false;
    }
    if (signer == ACME_BY_ACCOUNT && jws->kid == NULL) {
        acme_reply_problem(call, 400, "malformed",
                           "this resource takes an account (\"kid\"), not a \"jwk\"");
        return false;
    }
    if (!acme_route_is_request_url(call, jws->url)) {
        acme_reply_problem(call, 403, "unauthorized", "\"url\" is not the URL of this request");
        return false;
    }
    if (!acme_nonces_use(call->acme->nonces, jws->nonce)) {
        acme_reply_problem(call, 400, "badNonce",
                           "the nonce was used before, is too old or not from here; take the new one");
        return false;
    }
    return true;
}

static void refuse_account(struct acme_call *call)
{
    acme_reply_problem(call, 400, "accountDoesNotExist", "there is no account with this \"kid\"");
}

/* Finds the key, or its numbers, of the account that the kid names. */
static bool find_account(struct acme_call *call)
{
    struct acme *acme = call->acme;
    struct acme_post *post = call->post;
    struct error err;
    if (!acme_route_account_of(acme, post->jws.kid, &post->account)) {
        refuse_account(call);
        return false;
    }
    const struct acme_known_key *known = acme_keys_find(acme->keys, post->account);
    if (known != NULL) {
        post->key = jws_key_ref(known->key);
        memcpy(post->thumbprint, known->thumbprint, sizeof post->thumbprint);
    } else {
        struct acme_account account;
        const struct acme_store *store = acme->ports.store;
        enum status s = store->get_account(store->context, post->account, &call->memory, &account, &err);
        if (s == STATUS_NOT_FOUND) {
            refuse_account(call);
            return false;
        }
        if (s == STATUS_OK)
            s = jwk_parse_text(account.jwk, &post->stored, &err);
        if (s != STATUS_OK) {
            acme_reply_failure(call, &err);
            return false;
        }
        memcpy(post->thumbprint, account.thumbprint, sizeof post->thumbprint);
        if (post->stored.alg != post->jws.alg)
            goto wrong_algorithm;
        return true;
    }
    if (jws_key_alg(post->key) == post->jws.alg)
        return true;
wrong_algorithm:
    acme_reply_problem(call, 400, "malformed", "\"alg\" does not belong to the account's key");
    return false;
}

/* ---- with the pool ---- */

static void verify(void *cookie)
{
    struct acme_call *call = cookie;
    struct acme_post *post = call->post;
    post->status = STATUS_OK;
    if (post->key == NULL) {
        const struct jwk *jwk = post->account != 0 ? &post->stored : &post->jws.jwk;
        post->status = jwk_key(jwk, &post->key, &post->err);
        if (post->status == STATUS_OK && post->account == 0)
            post->status = jwk_thumbprint(jwk, post->thumbprint, &post->err);
        post->is_key_bad = post->status == STATUS_REFUSED || post->status == STATUS_MALFORMED;
    }
    if (post->status == STATUS_OK)
        post->status = jws_key_verify(post->key, post->jws.signing_input,
                                      bytes_of(post->jws.signature, post->jws.signature_len), &post->err);
}

/* ---- behind the signature ---- */

/* The account as it is now: it may have changed while the pool was busy. */
static bool read_account(struct acme_call *call)
{
    struct acme_post *post = call->post;
    const struct acme_store *store = call->acme->ports.store;
    struct error err;
    builder_reset(&call->memory);
    enum status s = store->get_account(store->context, post->account, &call->memory, &call->account, &err);
    if (s != STATUS_OK) {
        call->account.id = 0;
        if (s == STATUS_NOT_FOUND)
            refuse_account(call);
        else
            acme_reply_failure(call, &err);
        return false;
    }
    if (memcmp(call->account.thumbprint, post->thumbprint, sizeof post->thumbprint) != 0) {
        acme_keys_forget(call->acme->keys, post->account);
        acme_reply_problem(call, 403, "unauthorized", "the account has another key now");
        return false;
    }
    acme_keys_put(call->acme->keys, post->account, call->key, post->thumbprint);
    if (call->account.status != ACME_ACCOUNT_VALID) {
        /* [RFC8555 7.3.6] */
        acme_reply_problem(call, 401, "unauthorized", "the account is %s",
                           call->account.status == ACME_ACCOUNT_DEACTIVATED ? "deactivated" : "revoked");
        return false;
    }
    return true;
}

static bool read_payload(struct acme_call *call)
{
    struct bytes payload = call->post->jws.payload;
    enum acme_payload wanted = call->resource->payload;
    call->is_post_as_get = payload.len == 0;
    if (call->is_post_as_get && wanted == ACME_PAYLOAD_OBJECT) {
        acme_reply_problem(call, 400, "malformed", "this resource needs a JSON object as payload");
        return false;
    }
    if (!call->is_post_as_get && wanted == ACME_PAYLOAD_EMPTY) {
        acme_reply_problem(call, 400, "malformed",
                           "this resource is read by POST-as-GET: the payload must be empty");
        return false;
    }
    if (call->is_post_as_get)
        return true;
    call->payload = json_loadb((const char *)payload.data, payload.len, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(call->payload))
        return true;
    acme_reply_problem(call, 400, "malformed", "the payload is not a JSON object");
    return false;
}

static void refuse_signature(struct acme_call *call)
{
    struct acme_post *post = call->post;
    if (post->is_key_bad)
        acme_reply_problem(call, 400, "badPublicKey", "%s", post->err.text);
    else if (post->status == STATUS_REFUSED)
        acme_reply_problem(call, 400, "malformed", "%s", post->err.text);
    else
        acme_reply_failure(call, &post->err);
}

static void verified(void *cookie)
{
    struct acme_call *call = cookie;
    struct acme_post *post = call->post;
    call->acme->post_count--;
    if (post->status != STATUS_OK) {
        refuse_signature(call);
        return;
    }
    call->key = jws_key_ref(post->key);
    memcpy(call->thumbprint, post->thumbprint, sizeof call->thumbprint);
    if (post->account != 0 && !read_account(call))
        return;
    if (!read_payload(call))
        return;
    /* A reload may have come. */
    if (call->profile_name[0] != '\0') {
        call->profile = acme_find_profile(call->acme, bytes_of_text(call->profile_name));
        if (call->profile == NULL) {
            acme_reply_problem(call, 404, "malformed", "there is no profile of this name any more");
            return;
        }
    }
    call->resource->handle(call);
}

void acme_post_begin(struct acme_call *call)
{
    struct error err;
    enum jws_fault fault;
    if (!check_head(call))
        return;
    call->post = calloc(1, sizeof *call->post);
    if (call->post == NULL) {
        (void)error_set(&err, STATUS_NO_MEMORY, "out of memory");
        acme_reply_failure(call, &err);
        return;
    }
    struct jws *jws = &call->post->jws;
    enum status s = jws_parse(JWS_REQUEST, call->x->request.body, jws, &fault, &err);
    if (s == STATUS_NO_MEMORY) {
        acme_reply_failure(call, &err);
        return;
    }
    if (s != STATUS_OK) {
        acme_post_refuse(call, fault, &err);
        return;
    }
    if (!check_jws(call, jws) || (jws->kid != NULL && !find_account(call)))
        return;
    call->acme->post_count++;
    call->acme->ports.pool->submit(call->acme->ports.pool->context, verify, verified, call);
}
