#include "unit/csr_maker.h"

#include "base/text.h"
#include "codec/x509/certificate.h"
#include "crypto/hash.h"
#include "service/ocsp_responder/ocsp_cache.h"
#include "service/ocsp_responder/ocsp_responder.h"

#define NOW_S ((int64_t)1795000000)
#define HOUR_S ((int64_t)3600)
#define DAY_S ((int64_t)86400)
#define PREFIX "/classic/r1/ocsp"

static struct error err;

static const uint8_t issuer_name[] = {0x30, 0x0d, 0x31, 0x0b, 0x30, 0x09, 6, 3, 0x55, 4, 6, 0x13, 2, 'C', 'N'};
static const uint8_t good_serial[] = {0x40, 1}, revoked_serial[] = {0x40, 2}, unknown_serial[] = {0x40, 3}, broken_serial[] = {0x40, 4};
static const uint8_t scts[] = {0, 5, 0, 3, 1, 2, 3};

struct world {
    struct algorithms *algorithms;
    struct private_key *key, *issuer_key;
    struct bytes certificate;
    struct ocsp_responder *responder;
    int64_t now_s;
    bool is_good_revoked; /* the good one is not any more */
    size_t sign_count, find_count;
    /* The worker that the test turns. */
    void (*run[OCSP_RESPONDER_PENDING_MAX + 1])(void *);
    void (*done[OCSP_RESPONDER_PENDING_MAX + 1])(void *);
    void *cookies[OCSP_RESPONDER_PENDING_MAX + 1];
    size_t job_count;
    /* What came last. */
    bool is_sent;
    struct builder body, headers;
    int status;
};

static void submit(void *context, void (*run)(void *), void (*done)(void *), void *cookie)
{
    struct world *w = context;
    assert_true(w->job_count < LENGTH(w->run));
    w->run[w->job_count] = run;
    w->done[w->job_count] = done;
    w->cookies[w->job_count++] = cookie;
}

static void turn(struct world *w)
{
    for (size_t i = 0; i < w->job_count; i++)
        w->run[i](w->cookies[i]);
    for (size_t i = 0; i < w->job_count; i++)
        w->done[i](w->cookies[i]);
    w->job_count = 0;
}

static int64_t now_ms(void *context)
{
    return ((struct world *)context)->now_s * 1000;
}

static void report(void *context, enum event_level level, const char *what, const struct event_field *fields, size_t count)
{
    (void)context, (void)level, (void)what, (void)fields, (void)count;
}

static enum status find(void *context, struct bytes serial, struct ocsp_record *out, struct builder *list, struct error *e)
{
    struct world *w = context;
    w->find_count++;
    if (bytes_equal(serial, BYTES_OF(broken_serial)))
        return error_set(e, STATUS_IO, "the disk is gone");
    if (bytes_equal(serial, BYTES_OF(unknown_serial)))
        return error_set(e, STATUS_NOT_FOUND, "never issued");
    out->is_revoked = bytes_equal(serial, BYTES_OF(revoked_serial)) || w->is_good_revoked;
    if (out->is_revoked) {
        out->revoked_s = NOW_S - 60;
        out->reason = 4;
    }
    if (list != NULL)
        builder_bytes(list, BYTES_OF(scts));
    return STATUS_OK;
}

static enum status sign(void *context, struct bytes document, struct builder *out, struct error *e)
{
    struct world *w = context;
    w->sign_count++;
    assert_true(ocsp_response_is_data(document));
    return private_key_sign(w->key, document, out, e);
}

/* A certificate of the key, by OpenSSL: who signed it does not matter here. */
static struct bytes make_certificate(struct world *w, int64_t not_after_s)
{
    const unsigned char *at;
    unsigned char *der = NULL;
    struct bytes spki = public_key_spki(private_key_public(w->key));
    X509 *x = X509_new();
    at = spki.data;
    EVP_PKEY *public = d2i_PUBKEY(NULL, &at, (long)spki.len), *signer = maker_key("EC", "P-256", 0);
    assert_non_null(public);
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 7);
    X509_NAME *subject = X509_NAME_new();
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)"OCSP", -1, -1, 0);
    X509_set_subject_name(x, subject);
    X509_set_issuer_name(x, subject);
    X509_NAME_free(subject);
    ASN1_TIME_set(X509_getm_notBefore(x), (time_t)(NOW_S - DAY_S));
    ASN1_TIME_set(X509_getm_notAfter(x), (time_t)not_after_s);
    X509_set_pubkey(x, public);
    assert_true(X509_sign(x, signer, EVP_sha256()) > 0);
    int len = i2d_X509(x, &der);
    EVP_PKEY_free(public);
    EVP_PKEY_free(signer);
    X509_free(x);
    return maker_take(der, len);
}

static void open_responder(struct world *w, bool has_scts, bool has_nonce)
{
    const struct signature_alg *alg;
    struct ocsp_responder_config config = {
        .ca = "r1", .prefix = PREFIX, .issuer_name = BYTES_OF(issuer_name), .source = {w, find},
        .validity_s = OCSP_RESPONDER_VALIDITY_S, .has_scts = has_scts, .has_nonce = has_nonce, .worker = {w, submit},
        .clock = {w, now_ms}, .events = {NULL, report}, .metrics_labels = "",
    };
    *w = (struct world){.now_s = NOW_S};
    builder_init(&w->body, OCSP_RESPONSE_SIZE_MAX);
    builder_init(&w->headers, 4096);
    OK(algorithms_new(&w->algorithms, &err));
    alg = algorithms_by_name(w->algorithms, bytes_of_text("sm2_sm3"));
    OK(private_key_generate(alg, &w->key, &err));
    OK(private_key_generate(alg, &w->issuer_key, &err));
    config.issuer_spki = public_key_spki(private_key_public(w->issuer_key));
    OK(ocsp_responder_new(&config, &w->responder, &err));
    w->certificate = make_certificate(w, NOW_S + 30 * DAY_S);
    struct document_signer signer = {w, private_key_public(w->key), sign};
    OK(ocsp_responder_set_signer(w->responder, &signer, w->certificate, &err));
}

static void close_responder(struct world *w)
{
    ocsp_responder_free(w->responder);
    heap_free(w->certificate);
    builder_clear(&w->body);
    builder_clear(&w->headers);
    private_key_free(w->key);
    private_key_free(w->issuer_key);
    algorithms_free(w->algorithms);
}

/* ---- asking ---- */

struct exchange {
    struct http_exchange x;
    struct world *w;
    struct bytes body, path;
};

static void sent(struct http_exchange *x)
{
    struct exchange *e = (struct exchange *)x;
    struct world *w = e->w;
    builder_clear(&w->body);
    builder_clear(&w->headers);
    w->body = x->response.body;
    w->headers = x->response.headers;
    w->status = x->response.status;
    w->is_sent = true;
    heap_free(e->body);
    heap_free(e->path);
    free(e);
}

static void ask_http(struct world *w, const char *method, struct bytes path, struct bytes body)
{
    struct exchange *e = calloc(1, sizeof *e);
    assert_non_null(e);
    e->w = w;
    e->body = heap_copy(body);
    e->path = heap_copy(path);
    e->x.request = (struct http_request){.method = bytes_of_text(method), .path = e->path, .body = e->body};
    e->x.response.file = -1;
    builder_init(&e->x.response.headers, 4096);
    builder_init(&e->x.response.body, OCSP_RESPONSE_SIZE_MAX);
    e->x.send = sent;
    w->is_sent = false;
    struct http_handler handler = ocsp_responder_handler(w->responder);
    handler.handle(handler.context, &e->x);
}

struct question {
    struct ocsp_request request;
    uint8_t name_hash[HASH_SIZE], key_hash[HASH_SIZE];
    struct builder der;
};

static void hash_issuer(struct world *w, enum cert_id_hash hash, struct question *q)
{
    /* The key's BIT STRING ends the SubjectPublicKeyInfo: an uncompressed point. */
    struct bytes spki = public_key_spki(private_key_public(w->issuer_key)), bits = bytes_of(spki.data + spki.len - 65, 65);
    const char *names[] = {"SHA1", "SHA256", "SM3"};
    EVP_MD *md = EVP_MD_fetch(NULL, names[hash], NULL);
    assert_non_null(md);
    assert_int_equal(EVP_Digest(issuer_name, sizeof issuer_name, q->name_hash, NULL, md, NULL), 1);
    assert_int_equal(EVP_Digest(bits.data, bits.len, q->key_hash, NULL, md, NULL), 1);
    EVP_MD_free(md);
}

static struct question question_of(struct world *w, enum cert_id_hash hash, struct bytes serial)
{
    struct question q = {.request = {.id_count = 1}};
    hash_issuer(w, hash, &q);
    q.request.ids[0] = (struct cert_id){.hash = hash, .has_null = true, .serial = serial};
    return q;
}

static void write_question(struct question *q, struct bytes nonce)
{
    size_t size = cert_id_hash_size(q->request.ids[0].hash);
    for (size_t i = 0; i < q->request.id_count; i++) {
        q->request.ids[i].issuer_name_hash = bytes_of(q->name_hash, size);
        q->request.ids[i].issuer_key_hash = bytes_of(q->key_hash, size);
    }
    q->request.nonce = nonce;
    builder_init(&q->der, OCSP_REQUEST_SIZE_MAX);
    ocsp_request_write(&q->request, &q->der);
    OK(builder_status(&q->der, "request", &err));
}

static void ask(struct world *w, enum cert_id_hash hash, struct bytes serial, struct bytes nonce)
{
    struct question q = question_of(w, hash, serial);
    write_question(&q, nonce);
    ask_http(w, "POST", bytes_of_text(PREFIX), builder_view(&q.der));
    builder_clear(&q.der);
}

static void read_answer(struct world *w, struct ocsp_response *out)
{
    assert_true(w->is_sent);
    assert_int_equal(w->status, 200);
    OK(ocsp_response_parse(builder_view(&w->body), out, &err));
    if (out->status == OCSP_SUCCESSFUL)
        OK(public_key_verify(private_key_public(w->key), out->tbs, out->signature, &err));
}

static enum ocsp_response_status status_of(struct world *w)
{
    struct ocsp_response response;
    read_answer(w, &response);
    return response.status;
}

#define NONE bytes_of(NULL, 0)

/* ---- tests ---- */

static void says_good_and_revoked(void **state)
{
    struct world w;
    struct ocsp_response response;
    (void)state;
    open_responder(&w, false, false);
    for (unsigned hash = 0; hash < CERT_ID_HASH_COUNT; hash++) {
        ask(&w, (enum cert_id_hash)hash, BYTES_OF(good_serial), NONE);
        turn(&w);
        read_answer(&w, &response);
        assert_int_equal(response.status, OCSP_SUCCESSFUL);
        assert_int_equal(response.data.single_count, 1);
        assert_int_equal(response.data.singles[0].status, OCSP_GOOD);
        assert_int_equal(response.data.singles[0].id.hash, hash);
        assert_bytes(response.data.singles[0].id.serial, BYTES_OF(good_serial));
        assert_int_equal(response.data.singles[0].this_update_s, NOW_S);
        assert_int_equal(response.data.singles[0].next_update_s, NOW_S + OCSP_RESPONDER_VALIDITY_S);
        assert_int_equal(response.data.singles[0].scts.len, 0);
        assert_true(response.certificates.len == w.certificate.len);
    }
    ask(&w, CERT_ID_SM3, BYTES_OF(revoked_serial), NONE);
    turn(&w);
    read_answer(&w, &response);
    assert_int_equal(response.data.singles[0].status, OCSP_REVOKED);
    assert_int_equal(response.data.singles[0].revoked_s, NOW_S - 60);
    assert_int_equal(response.data.singles[0].reason, 4);
    close_responder(&w);
}

/* What was never issued, and what another CA has issued, is never good: and costs no signature. */
static void says_nothing_of_others(void **state)
{
    struct world w;
    (void)state;
    open_responder(&w, false, false);
    ask(&w, CERT_ID_SHA256, BYTES_OF(unknown_serial), NONE);
    turn(&w);
    assert_int_equal(status_of(&w), OCSP_UNAUTHORIZED);
    struct question q = question_of(&w, CERT_ID_SHA256, BYTES_OF(good_serial));
    q.key_hash[5] ^= 1;
    write_question(&q, NONE);
    ask_http(&w, "POST", bytes_of_text(PREFIX), builder_view(&q.der));
    assert_int_equal(w.job_count, 0);
    assert_int_equal(status_of(&w), OCSP_UNAUTHORIZED);
    builder_clear(&q.der);
    assert_int_equal(w.sign_count, 0);
    ask(&w, CERT_ID_SHA256, BYTES_OF(broken_serial), NONE);
    turn(&w);
    assert_int_equal(status_of(&w), OCSP_INTERNAL_ERROR);
    ask_http(&w, "POST", bytes_of_text(PREFIX), bytes_of_text("nonsense"));
    assert_int_equal(status_of(&w), OCSP_MALFORMED_REQUEST);
    ask_http(&w, "GET", bytes_of_text(PREFIX), NONE);
    assert_int_equal(status_of(&w), OCSP_MALFORMED_REQUEST);
    ask_http(&w, "PUT", bytes_of_text(PREFIX), NONE);
    assert_int_equal(w.status, 405);
    close_responder(&w);
}

/* One signature for all who ask, until half of its time is over [BR 4.9.10], and none after a revocation. */
static void signs_once(void **state)
{
    struct world w;
    struct ocsp_response response;
    (void)state;
    open_responder(&w, false, false);
    for (int i = 0; i < 5; i++) {
        ask(&w, CERT_ID_SHA1, BYTES_OF(good_serial), NONE);
        turn(&w);
    }
    assert_int_equal(w.sign_count, 1);
    w.now_s += OCSP_RESPONDER_VALIDITY_S / 2 - 1;
    ask(&w, CERT_ID_SHA1, BYTES_OF(good_serial), NONE);
    assert_int_equal(w.job_count, 0);
    w.now_s += 1;
    ask(&w, CERT_ID_SHA1, BYTES_OF(good_serial), NONE);
    turn(&w);
    assert_int_equal(w.sign_count, 2);
    read_answer(&w, &response);
    assert_int_equal(response.data.singles[0].this_update_s, w.now_s);
    w.is_good_revoked = true;
    ocsp_responder_forget(w.responder, BYTES_OF(good_serial));
    ask(&w, CERT_ID_SHA1, BYTES_OF(good_serial), NONE);
    turn(&w);
    read_answer(&w, &response);
    assert_int_equal(response.data.singles[0].status, OCSP_REVOKED);
    close_responder(&w);
}

/* It was signed before the revocation, and comes after it: nobody gets it later. */
static void keeps_nothing_old(void **state)
{
    struct world w;
    struct ocsp_response response;
    (void)state;
    open_responder(&w, false, false);
    ask(&w, CERT_ID_SHA1, BYTES_OF(good_serial), NONE);
    w.run[0](w.cookies[0]);
    w.is_good_revoked = true;
    ocsp_responder_forget(w.responder, BYTES_OF(good_serial));
    w.done[0](w.cookies[0]);
    w.job_count = 0;
    ask(&w, CERT_ID_SHA1, BYTES_OF(good_serial), NONE);
    turn(&w);
    read_answer(&w, &response);
    assert_int_equal(response.data.singles[0].status, OCSP_REVOKED);
    close_responder(&w);
}

static const uint8_t nonce[] = {4, 4, 'a', 'b', 'c', 'd'};

static void nonces(void **state)
{
    struct world w;
    struct ocsp_response response;
    (void)state;
    open_responder(&w, false, false);
    ask(&w, CERT_ID_SHA1, BYTES_OF(good_serial), BYTES_OF(nonce));
    turn(&w);
    ask(&w, CERT_ID_SHA1, BYTES_OF(good_serial), BYTES_OF(nonce));
    turn(&w);
    read_answer(&w, &response);
    assert_int_equal(response.data.nonce.len, 0);
    assert_int_equal(w.sign_count, 1);
    close_responder(&w);
    open_responder(&w, false, true);
    for (int i = 0; i < 2; i++) {
        ask(&w, CERT_ID_SHA1, BYTES_OF(good_serial), BYTES_OF(nonce));
        turn(&w);
        read_answer(&w, &response);
        assert_bytes(response.data.nonce, BYTES_OF(nonce));
    }
    assert_int_equal(w.sign_count, 2);
    close_responder(&w);
}

static void gives_scts(void **state)
{
    struct world w;
    struct ocsp_response response;
    (void)state;
    open_responder(&w, true, false);
    ask(&w, CERT_ID_SM3, BYTES_OF(good_serial), NONE);
    turn(&w);
    read_answer(&w, &response);
    assert_bytes(response.data.singles[0].scts, BYTES_OF(scts));
    close_responder(&w);
}

static void several_at_once(void **state)
{
    struct world w;
    struct ocsp_response response;
    (void)state;
    open_responder(&w, false, false);
    struct question q = question_of(&w, CERT_ID_SHA256, BYTES_OF(good_serial));
    q.request.id_count = 3;
    q.request.ids[1] = q.request.ids[2] = q.request.ids[0];
    q.request.ids[1].serial = BYTES_OF(revoked_serial);
    q.request.ids[2].serial = BYTES_OF(unknown_serial);
    write_question(&q, NONE);
    ask_http(&w, "POST", bytes_of_text(PREFIX), builder_view(&q.der));
    turn(&w);
    read_answer(&w, &response);
    assert_int_equal(response.data.single_count, 3);
    assert_int_equal(response.data.singles[0].status, OCSP_GOOD);
    assert_int_equal(response.data.singles[1].status, OCSP_REVOKED);
    assert_int_equal(response.data.singles[2].status, OCSP_UNKNOWN);
    builder_clear(&q.der);
    close_responder(&w);
}

static void get_is_the_same(void **state)
{
    struct world w;
    struct builder path;
    (void)state;
    open_responder(&w, false, false);
    struct question q = question_of(&w, CERT_ID_SHA1, BYTES_OF(good_serial));
    write_question(&q, NONE);
    builder_init(&path, 4096);
    builder_text(&path, PREFIX "/");
    text_write_base64(&path, builder_view(&q.der));
    ask_http(&w, "GET", builder_view(&path), NONE);
    turn(&w);
    assert_int_equal(status_of(&w), OCSP_SUCCESSFUL);
    ask(&w, CERT_ID_SHA1, BYTES_OF(good_serial), NONE);
    assert_int_equal(w.sign_count, 1);
    builder_clear(&path);
    builder_clear(&q.der);
    close_responder(&w);
}

/* More than the worker can take is told to come later, but for what is signed already. */
static void bounded(void **state)
{
    struct world w;
    struct ocsp_response response;
    (void)state;
    open_responder(&w, false, false);
    ask(&w, CERT_ID_SHA1, BYTES_OF(good_serial), NONE);
    turn(&w);
    w.now_s += OCSP_RESPONDER_VALIDITY_S / 2;
    for (size_t i = 0; i < OCSP_RESPONDER_PENDING_MAX; i++)
        ask(&w, CERT_ID_SHA1, BYTES_OF(unknown_serial), NONE);
    assert_int_equal(w.job_count, OCSP_RESPONDER_PENDING_MAX);
    ask(&w, CERT_ID_SHA1, BYTES_OF(revoked_serial), NONE);
    assert_int_equal(status_of(&w), OCSP_TRY_LATER);
    ask(&w, CERT_ID_SHA1, BYTES_OF(good_serial), NONE);
    read_answer(&w, &response);
    assert_int_equal(response.data.singles[0].this_update_s, NOW_S);
    turn(&w);
    close_responder(&w);
}

static void ask_two(struct world *w)
{
    struct question q = question_of(w, CERT_ID_SHA256, BYTES_OF(good_serial));
    q.request.id_count = 2;
    q.request.ids[1] = q.request.ids[0];
    write_question(&q, NONE);
    ask_http(w, "POST", bytes_of_text(PREFIX), builder_view(&q.der));
    builder_clear(&q.der);
}

/* Signatures that are for one asker do not take the place of the others. */
static void few_for_one_asker(void **state)
{
    struct world w;
    (void)state;
    open_responder(&w, false, false);
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < OCSP_RESPONDER_UNSHARED_MAX; i++)
            ask_two(&w);
        assert_int_equal(w.job_count, OCSP_RESPONDER_UNSHARED_MAX);
        ask_two(&w);
        assert_int_equal(w.job_count, OCSP_RESPONDER_UNSHARED_MAX);
        assert_int_equal(status_of(&w), OCSP_TRY_LATER);
        ask(&w, CERT_ID_SHA1, BYTES_OF(unknown_serial), NONE);
        assert_int_equal(w.job_count, OCSP_RESPONDER_UNSHARED_MAX + 1);
        turn(&w);
    }
    close_responder(&w);
}

/* A store or signer that fails is left alone for a moment, and what was signed before is given meanwhile. */
static void rests_after_a_failure(void **state)
{
    struct world w;
    (void)state;
    open_responder(&w, false, false);
    ask(&w, CERT_ID_SHA1, BYTES_OF(good_serial), NONE);
    turn(&w);
    w.now_s += OCSP_RESPONDER_VALIDITY_S / 2;
    ask(&w, CERT_ID_SHA1, BYTES_OF(broken_serial), NONE);
    turn(&w);
    assert_int_equal(status_of(&w), OCSP_INTERNAL_ERROR);
    for (int i = 0; i < 5; i++)
        ask(&w, CERT_ID_SHA1, BYTES_OF(revoked_serial), NONE);
    assert_int_equal(status_of(&w), OCSP_TRY_LATER);
    ask(&w, CERT_ID_SHA1, BYTES_OF(good_serial), NONE);
    assert_int_equal(status_of(&w), OCSP_SUCCESSFUL);
    assert_int_equal(w.job_count, 0);
    w.now_s += 10;
    ask(&w, CERT_ID_SHA1, BYTES_OF(revoked_serial), NONE);
    turn(&w);
    assert_int_equal(status_of(&w), OCSP_SUCCESSFUL);
    close_responder(&w);
}

/* Nothing is said beyond the end of the responder's certificate, and nothing after it. */
static void ends_with_its_certificate(void **state)
{
    struct world w;
    struct ocsp_response response;
    (void)state;
    open_responder(&w, false, false);
    w.now_s = NOW_S + 30 * DAY_S - HOUR_S;
    ask(&w, CERT_ID_SHA1, BYTES_OF(good_serial), NONE);
    turn(&w);
    read_answer(&w, &response);
    assert_int_equal(response.data.singles[0].next_update_s, NOW_S + 30 * DAY_S);
    w.now_s = NOW_S + 30 * DAY_S;
    ask(&w, CERT_ID_SHA1, BYTES_OF(revoked_serial), NONE);
    turn(&w);
    assert_int_equal(status_of(&w), OCSP_TRY_LATER);
    close_responder(&w);
}

static void checks_settings(void **state)
{
    struct world w;
    struct ocsp_responder *other;
    struct ocsp_responder_config config = {.issuer_name = BYTES_OF(issuer_name), .validity_s = OCSP_RESPONDER_VALIDITY_MIN_S - 1};
    (void)state;
    open_responder(&w, false, false);
    assert_says(ocsp_responder_new(&config, &other, &err), &err, STATUS_USAGE, "8 hours");
    config.validity_s = OCSP_RESPONDER_VALIDITY_MAX_S + 1;
    assert_says(ocsp_responder_new(&config, &other, &err), &err, STATUS_USAGE, "10 days");
    struct document_signer signer = {&w, private_key_public(w.issuer_key), sign};
    assert_says(ocsp_responder_set_signer(w.responder, &signer, w.certificate, &err), &err, STATUS_USAGE, "not of its key");
    /* And then nobody answers. */
    ask(&w, CERT_ID_SHA1, BYTES_OF(good_serial), NONE);
    turn(&w);
    assert_int_equal(status_of(&w), OCSP_TRY_LATER);
    close_responder(&w);
}

/* The one that nobody has asked for longest makes room. */
static void cache_is_bounded(void **state)
{
    (void)state;
    struct ocsp_answer_times times = {0, 1, 1};
    struct ocsp_cache *cache = calloc(1, sizeof *cache);
    assert_non_null(cache);
    cache->max = 3;
    uint8_t serials[5] = {1, 2, 3, 4, 5};
    for (size_t i = 0; i < 3; i++) {
        struct cert_id id = {.serial = bytes_of(&serials[i], 1)};
        ocsp_cache_put(cache, &id, &times, bytes_of(&serials[i], 1));
    }
    struct cert_id first = {.serial = bytes_of(&serials[0], 1)}, second = {.serial = bytes_of(&serials[1], 1)};
    assert_non_null(ocsp_cache_find(cache, &first));
    struct cert_id fourth = {.serial = bytes_of(&serials[3], 1)};
    ocsp_cache_put(cache, &fourth, &times, bytes_of(&serials[3], 1));
    assert_null(ocsp_cache_find(cache, &second));
    assert_non_null(ocsp_cache_find(cache, &first));
    assert_int_equal(cache->count, 3);
    ocsp_cache_forget(cache, first.serial);
    assert_null(ocsp_cache_find(cache, &first));
    ocsp_cache_clear(cache);
    assert_int_equal(cache->count, 0);
    free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_good_and_revoked), cmocka_unit_test(says_nothing_of_others), cmocka_unit_test(signs_once),
        cmocka_unit_test(keeps_nothing_old), cmocka_unit_test(nonces), cmocka_unit_test(gives_scts), cmocka_unit_test(several_at_once),
        cmocka_unit_test(get_is_the_same), cmocka_unit_test(bounded), cmocka_unit_test(few_for_one_asker),
        cmocka_unit_test(rests_after_a_failure), cmocka_unit_test(ends_with_its_certificate),
        cmocka_unit_test(checks_settings), cmocka_unit_test(cache_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
