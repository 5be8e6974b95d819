/* Issuing with SCTs: precertificate, SCTs, certificate, each durable before the next; the power goes at every write. */
#include "unit/csr_maker.h"

#include "adapters/local_key/local_key.h"
#include "codec/asn1/der.h"
#include "codec/ct/sct_list.h"
#include "codec/pem/pem.h"
#include "codec/x509/certificate.h"
#include "fakes/default_policy.h"
#include "fakes/fake_timer.h"
#include "fakes/memory_disk.h"
#include "rules/precert.h"
#include "service/classic_issuer/acme_classic_issuer.h"

#define DAY_S ((int64_t)86400)
#define NOW_S ((int64_t)1795000000) /* 2026-11-17 */
#define SEEN_MAX 160

static struct error err;
static struct bytes spki;

/* ---- a CA and its logs in memory ---- */

struct asked {
    bool is_precert, is_answered;
    char policy[64];
    struct bytes der; /* on the heap */
    sct_done *done;
    void *cookie;
};

struct world {
    struct algorithms *algorithms;
    struct private_key *root_key, *key;
    struct builder root, issuing, chain;
    struct memory_disk *disk;
    struct fake_timer *timer;
    struct classic_issuer *issuer;
    struct acme_issuer port;
    void (*run[64])(void *);
    void (*done[64])(void *);
    void *cookies[64];
    size_t job_count;
    struct asked asked[SEEN_MAX]; /* since the last start */
    size_t asked_count;
    bool are_logs_full;
    bool is_alone; /* one order at a time: nothing is signed before what it is made of is durable */
    unsigned events;
    char event[64];
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
    while (w->job_count > 0) {
        void (*run)(void *) = w->run[0], (*done)(void *) = w->done[0];
        void *cookie = w->cookies[0];
        w->job_count--;
        memmove(w->run, w->run + 1, w->job_count * sizeof w->run[0]);
        memmove(w->done, w->done + 1, w->job_count * sizeof w->done[0]);
        memmove(w->cookies, w->cookies + 1, w->job_count * sizeof w->cookies[0]);
        run(cookie);
        done(cookie);
    }
}

static enum status start_scts(void *context, const struct sct_request *request, sct_done *done, void *cookie, struct error *e)
{
    struct world *w = context;
    assert_int_equal(request->chain_count, 2);
    assert_bytes(request->chain[1], builder_view(&w->issuing));
    assert_true(request->is_gm);
    if (w->are_logs_full)
        return error_set(e, STATUS_LIMIT, "too many certificates wait for SCTs");
    assert_true(w->asked_count < SEEN_MAX);
    struct asked *a = &w->asked[w->asked_count++];
    *a = (struct asked){.is_precert = request->is_precert, .der = heap_copy(request->chain[0]), .done = done, .cookie = cookie};
    (void)snprintf(a->policy, sizeof a->policy, "%s", request->policy);
    return STATUS_OK;
}

/* Two SCTs that nobody has verified: whoever gives them to a CA has done that. */
static void write_scts(uint8_t log, struct builder *out)
{
    uint8_t ids[2][SCT_LOG_ID_SIZE], memory[2][256];
    struct sct scts[2];
    for (uint8_t i = 0; i < 2; i++) {
        struct builder b;
        memset(ids[i], log + i, sizeof ids[i]);
        scts[i] = (struct sct){.version = SCT_V1, .log_id = BYTES_OF(ids[i]), .timestamp_ms = (uint64_t)NOW_S * 1000,
                               .algorithm = 0x0708, .signature = bytes_of_text("signature")};
        builder_init_fixed(&b, memory[i], sizeof memory[i]);
        OK(sct_write(&scts[i], &b, &err));
        scts[i].serialized = builder_view(&b);
    }
    OK(sct_list_write(scts, 2, out, &err));
}

static void answer(struct world *w, size_t i, enum status status)
{
    struct error why = {.status = STATUS_OK};
    struct builder list;
    assert_true(i < w->asked_count && !w->asked[i].is_answered);
    builder_init(&list, SCT_LIST_SIZE_MAX);
    if (status == STATUS_OK)
        write_scts((uint8_t)(1 + 2 * i), &list);
    else
        (void)error_set(&why, status, "log one: has not answered");
    w->asked[i].is_answered = true;
    w->asked[i].done(w->asked[i].cookie, status, builder_view(&list), &why);
    builder_clear(&list);
    turn(w);
}

static void report(void *context, enum event_level level, const char *what, const struct event_field *fields, size_t count)
{
    struct world *w = context;
    (void)level;
    (void)fields;
    (void)count;
    w->events++;
    (void)snprintf(w->event, sizeof w->event, "%s", what);
}

static struct certificate_profile profile = {
    .name = "gm-classic", .kind = PROFILE_CLASSIC, .is_gm = true, .lifetime_s = 47 * DAY_S, .backdate_s = 3600,
    .keys = PROFILE_KEY_SM2, .has_client_auth = true, .policy_oid = "2.23.140.1.2.1", .names_max = 100, .ct_policy = "gm-browser",
};
static uint8_t instance_id = 0xab;
static const struct certificate_profile *const profiles[] = {&profile};

static enum status sign(void *context, struct bytes document, struct builder *out, struct error *e)
{
    struct world *w = context;
    struct document_signer signer = local_key_document_signer(w->key);
    if (w->is_alone)
        assert_int_equal(memory_disk_changed_count(w->disk), 0);
    return signer.sign(signer.context, document, out, e);
}

static void open_issuer(struct world *w)
{
    struct classic_issuer_config config = {
        .ca = "classic", .certificate = builder_view(&w->issuing), .signer = {w, private_key_public(w->key), sign},
        .chain = builder_view(&w->chain), .profiles = profiles, .profile_count = 1, .issuer_url = "http://ca.example/i.cer",
        .crl_url = "http://ca.example/crl", .not_after_s = NOW_S + 3650 * DAY_S, .store = memory_disk_store(w->disk, 0),
        .worker = {w, submit}, .clock = fake_timer_clock(w->timer), .timer = fake_timer_port(w->timer), .scts = {w, start_scts},
        .events = {w, report}, .instance = {instance_id}, .root = builder_view(&w->root), .lint = {.policy = default_policy()},
    };
    OK(classic_issuer_new(&config, &w->issuer, &err));
    w->port = classic_issuer_port(w->issuer);
}

static void forget_asked(struct world *w)
{
    for (size_t i = 0; i < w->asked_count; i++)
        heap_free(w->asked[i].der);
    w->asked_count = 0;
}

/* The process ends: who still waits is told that it stops. */
static void close_issuer(struct world *w)
{
    classic_issuer_stop(w->issuer);
    for (size_t i = 0; i < w->asked_count; i++)
        if (!w->asked[i].is_answered)
            answer(w, i, STATUS_AGAIN);
    turn(w);
    classic_issuer_free(w->issuer);
    forget_asked(w);
}

static void start(struct world *w)
{
    struct classic_authority root;
    struct classic_ca_request request = {
        .country = "CN", .organisation = "Test Trust", .common_name = "Test Root", .not_before_s = NOW_S - DAY_S,
        .not_after_s = NOW_S + 3650 * DAY_S, .issuer_url = "http://ca.example/root.cer", .crl_url = "http://ca.example/root.crl",
    };
    *w = (struct world){.job_count = 0};
    OK(algorithms_new(&w->algorithms, &err));
    const struct signature_alg *alg = algorithms_by_name(w->algorithms, bytes_of_text("sm2_sm3"));
    OK(private_key_generate(alg, &w->root_key, &err));
    OK(private_key_generate(alg, &w->key, &err));
    builder_init(&w->root, CLASSIC_CERTIFICATE_MAX);
    builder_init(&w->issuing, CLASSIC_CERTIFICATE_MAX);
    builder_init(&w->chain, CLASSIC_CERTIFICATE_MAX);
    request.spki = public_key_spki(private_key_public(w->root_key));
    struct document_signer signer = local_key_document_signer(w->root_key);
    OK(classic_write_root(&request, &signer, &w->root, &err));
    OK(classic_authority_of(builder_view(&w->root), &signer, &root, &err));
    request.common_name = "Test Issuing CA";
    request.spki = public_key_spki(private_key_public(w->key));
    OK(classic_write_issuing_ca(&request, &root, &w->issuing, &err));
    OK(pem_write(PEM_CERTIFICATE, builder_view(&w->issuing), &w->chain, &err));
    w->disk = memory_disk_new();
    w->timer = fake_timer_new(NOW_S * 1000);
    open_issuer(w);
}

static void stop(struct world *w)
{
    close_issuer(w);
    fake_timer_free(w->timer);
    memory_disk_free(w->disk);
    builder_clear(&w->chain);
    builder_clear(&w->issuing);
    builder_clear(&w->root);
    private_key_free(w->key);
    private_key_free(w->root_key);
    algorithms_free(w->algorithms);
}

/* ---- orders ---- */

struct answered {
    int calls;
    enum status status;
    struct acme_issued issued;
    char text[ERROR_TEXT_MAX];
};

static void on_issued(void *cookie, enum status status, const struct acme_issued *issued, const struct error *why)
{
    struct answered *a = cookie;
    a->calls++;
    a->status = status;
    a->issued = *issued;
    (void)snprintf(a->text, sizeof a->text, "%s", why->text);
}

static void order(struct world *w, acme_id id, struct answered *a)
{
    struct acme_identifier identifier = {.type = ACME_DNS, .value = "www.example.com"};
    struct acme_issue_request request = {
        .order = id, .profile = "gm-classic", .identifiers = &identifier, .identifier_count = 1, .spki = spki};
    *a = (struct answered){.calls = 0};
    OK(w->port.issue(w->port.context, &request, on_issued, a, &err));
    assert_int_equal(a->calls, 0);
    turn(w);
}

/* An object of the store, on the heap; empty when there is none. */
static struct bytes object(struct world *w, const char *name)
{
    struct object_store store = memory_disk_store(w->disk, 0);
    struct builder b;
    builder_init(&b, CLASSIC_LEAF_MAX);
    enum status s = store.get(store.context, name, &b, &err);
    assert_true(s == STATUS_OK || s == STATUS_NOT_FOUND);
    struct bytes copy = heap_copy(builder_view(&b));
    builder_clear(&b);
    return copy;
}

static struct bytes order_object(struct world *w, const char *kind, acme_id id)
{
    static const uint8_t instance[CLASSIC_INSTANCE_SIZE] = {0xab};
    char name[OBJECT_NAME_MAX + 1];
    classic_order_name(kind, instance, id, name);
    return object(w, name);
}

static bool has_object(struct world *w, const char *kind, acme_id id)
{
    struct bytes value = order_object(w, kind, id);
    bool is_there = value.len > 0;
    heap_free(value);
    return is_there;
}

static struct builder identity(struct bytes der)
{
    struct certificate c;
    struct builder out;
    builder_init(&out, CLASSIC_LEAF_MAX);
    OK(certificate_parse(der, &c, &err));
    OK(precert_identity(&c, &out, &err));
    return out;
}

/* What logs have seen is what the certificate is. */
static void check_pair(struct bytes precert_der, struct bytes der)
{
    struct certificate precert, certificate;
    bool is_poisoned;
    struct bytes list;
    OK(certificate_parse(precert_der, &precert, &err));
    OK(certificate_parse(der, &certificate, &err));
    OK(precert_is_poisoned(&precert, &is_poisoned, &err));
    assert_true(is_poisoned);
    OK(precert_check_pair(&precert, &certificate, &err));
    OK(precert_sct_list(&certificate, &list, &err));
}

static void check_issued(struct world *w, struct bytes der, acme_id id)
{
    struct certificate c;
    struct classic_issued issued;
    char name[OBJECT_NAME_MAX + 1];
    OK(certificate_parse(der, &c, &err));
    classic_issued_name("issued", c.serial, name);
    struct bytes value = object(w, name);
    OK(classic_issued_parse(value, &issued, &err));
    assert_int_equal(issued.order, id);
    assert_int_equal(issued.not_after_s, c.not_after_s);
    assert_int_equal(issued.instance[0], 0xab);
    assert_true(issued.has_precert);
    heap_free(value);
}

/* ---- tests ---- */

static void in_steps(void **state)
{
    (void)state;
    struct world w;
    struct answered a;
    struct builder expected;
    start(&w);
    w.is_alone = true;
    order(&w, 5, &a);
    assert_int_equal(a.calls, 0);
    assert_int_equal(w.asked_count, 1);
    assert_true(w.asked[0].is_precert);
    assert_string_equal(w.asked[0].policy, "gm-browser");
    /* A log hears of what is durable and counts as issued. */
    struct bytes precert = order_object(&w, "precert", 5);
    assert_bytes(precert, w.asked[0].der);
    assert_int_equal(memory_disk_changed_count(w.disk), 0);
    check_issued(&w, precert, 5);
    assert_false(has_object(&w, "signed", 5));
    answer(&w, 0, STATUS_OK);
    assert_int_equal(a.calls, 1);
    assert_string_equal(a.text, "");
    assert_int_equal(a.status, STATUS_OK);
    struct bytes der = order_object(&w, "signed", 5), scts = order_object(&w, "scts", 5), list;
    struct certificate c;
    check_pair(precert, der);
    OK(certificate_parse(der, &c, &err));
    OK(precert_sct_list(&c, &list, &err));
    builder_init(&expected, SCT_LIST_SIZE_MAX);
    write_scts(1, &expected);
    assert_bytes(list, builder_view(&expected));
    assert_bytes(scts, list);
    assert_bytes(bytes_of(a.issued.serial, a.issued.serial_len), c.serial);
    builder_clear(&expected);
    heap_free(scts);
    heap_free(der);
    heap_free(precert);
    stop(&w);
}

/* Logs that do not answer: the order stays, and there is never a second precertificate. */
static void logs_are_late(void **state)
{
    (void)state;
    struct world w;
    struct answered a;
    start(&w);
    order(&w, 1, &a);
    answer(&w, 0, STATUS_AGAIN);
    assert_int_equal(a.status, STATUS_AGAIN);
    assert_non_null(strstr(a.text, "log one"));
    w.are_logs_full = true;
    order(&w, 1, &a);
    assert_int_equal(a.calls, 1);
    assert_int_equal(a.status, STATUS_AGAIN);
    w.are_logs_full = false;
    close_issuer(&w);
    open_issuer(&w);
    fake_timer_advance(w.timer, (uint64_t)3600 * 1000);
    struct bytes precert = order_object(&w, "precert", 1);
    order(&w, 1, &a);
    assert_bytes(w.asked[0].der, precert);
    answer(&w, 0, STATUS_OK);
    assert_int_equal(a.status, STATUS_OK);
    struct bytes der = order_object(&w, "signed", 1);
    check_pair(precert, der);
    heap_free(der);
    heap_free(precert);
    stop(&w);
}

/* [BR 7.1.2.7]: what was signed more than two days after its notBefore is refused; its serial number stays issued. */
static void logs_are_too_late(void **state)
{
    (void)state;
    struct world w;
    struct answered a;
    start(&w);
    order(&w, 1, &a);
    fake_timer_advance(w.timer, (uint64_t)48 * 3600 * 1000);
    answer(&w, 0, STATUS_OK);
    assert_int_equal(a.status, STATUS_REFUSED);
    assert_non_null(strstr(a.text, "br-backdate"));
    assert_false(has_object(&w, "signed", 1));
    check_issued(&w, w.asked[0].der, 1);
    stop(&w);
}

static void on_revoked(void *cookie, enum status status, const struct error *why)
{
    (void)why;
    *(enum status *)cookie = status;
}

/* No log is asked for SCTs of what will not be signed. */
static void logs_are_not_asked_in_vain(void **state)
{
    (void)state;
    struct world w;
    struct answered a;
    struct certificate c;
    enum status status = STATUS_IO;
    start(&w);
    order(&w, 1, &a);
    answer(&w, 0, STATUS_AGAIN);
    order(&w, 2, &a);
    answer(&w, 1, STATUS_AGAIN);
    OK(certificate_parse(w.asked[1].der, &c, &err));
    struct acme_certificate revoked = {.order = 2, .serial_len = c.serial.len, .not_after_s = c.not_after_s};
    memcpy(revoked.serial, c.serial.data, c.serial.len);
    w.port.revoke(w.port.context, &revoked, 4, on_revoked, &status);
    turn(&w);
    assert_int_equal(status, STATUS_OK);
    order(&w, 2, &a);
    assert_int_equal(a.status, STATUS_REFUSED);
    assert_non_null(strstr(a.text, "revoked"));
    fake_timer_advance(w.timer, (uint64_t)48 * 3600 * 1000);
    order(&w, 1, &a);
    assert_int_equal(a.calls, 1);
    assert_int_equal(a.status, STATUS_REFUSED);
    assert_non_null(strstr(a.text, "br-backdate"));
    assert_int_equal(w.asked_count, 2);
    stop(&w);
}

static void revoked_meanwhile(void **state)
{
    (void)state;
    struct world w;
    struct answered a;
    struct certificate c;
    enum status status = STATUS_IO;
    start(&w);
    order(&w, 1, &a);
    OK(certificate_parse(w.asked[0].der, &c, &err));
    struct acme_certificate revoked = {.order = 1, .serial_len = c.serial.len, .not_after_s = c.not_after_s};
    memcpy(revoked.serial, c.serial.data, c.serial.len);
    w.port.revoke(w.port.context, &revoked, 4, on_revoked, &status);
    turn(&w);
    assert_int_equal(status, STATUS_OK);
    answer(&w, 0, STATUS_OK);
    assert_int_equal(a.status, STATUS_REFUSED);
    assert_non_null(strstr(a.text, "revoked"));
    assert_false(has_object(&w, "signed", 1));
    stop(&w);
}

static void on_unfinished(void *cookie, enum status status, const struct error *why)
{
    (void)why;
    *(enum status *)cookie = status;
}

/* By its serial number, as the operator does it: one that waits, one that has its certificate, one of nobody. */
static void unfinished_is_revoked(void **state)
{
    (void)state;
    struct world w;
    struct answered a, b;
    struct certificate first, second;
    uint8_t other[] = {0x40, 1};
    enum status status = STATUS_IO;
    start(&w);
    order(&w, 1, &a);
    order(&w, 2, &b);
    answer(&w, 1, STATUS_OK);
    OK(certificate_parse(w.asked[0].der, &first, &err));
    OK(certificate_parse(w.asked[1].der, &second, &err));
    struct classic_unfinished items[] = {{.serial = first.serial}, {.serial = second.serial}, {.serial = BYTES_OF(other)}};
    for (int is_dry_run = 1; is_dry_run >= 0; is_dry_run--) {
        OK(classic_issuer_revoke_unfinished(w.issuer, items, LENGTH(items), 1, is_dry_run != 0, on_unfinished, &status, &err));
        turn(&w);
        assert_int_equal(status, STATUS_OK);
        assert_int_equal(items[0].status, STATUS_OK);
        assert_int_equal(items[0].not_after_s, first.not_after_s);
        assert_int_equal(items[1].status, STATUS_NOT_FOUND);
        assert_int_equal(items[2].status, STATUS_NOT_FOUND);
    }
    OK(classic_issuer_revoke_unfinished(w.issuer, items, 1, 4, false, on_unfinished, &status, &err));
    turn(&w);
    assert_int_equal(items[0].status, STATUS_NOT_FOUND); /* it is revoked */
    char name[OBJECT_NAME_MAX + 1];
    struct classic_revocation revocation;
    classic_issued_name("revoked", first.serial, name);
    struct bytes value = object(&w, name);
    OK(classic_revocation_parse(name, value, &revocation, &err));
    assert_int_equal(revocation.reason, 1);
    heap_free(value);
    answer(&w, 0, STATUS_OK);
    assert_int_equal(a.status, STATUS_REFUSED);
    stop(&w);
}

/* What a log has refused is not issued under another profile's rule: the operator's way out is "none". */
static void policy_goes(void **state)
{
    (void)state;
    struct world w;
    struct answered a;
    struct certificate c;
    struct bytes list;
    start(&w);
    order(&w, 1, &a);
    struct bytes precert = order_object(&w, "precert", 1);
    close_issuer(&w);
    profile.ct_policy[0] = '\0';
    open_issuer(&w);
    order(&w, 1, &a);
    assert_int_equal(w.asked_count, 0);
    assert_int_equal(a.status, STATUS_OK);
    struct bytes der = order_object(&w, "signed", 1);
    OK(certificate_parse(der, &c, &err));
    assert_int_equal(precert_sct_list(&c, &list, &err), STATUS_NOT_FOUND);
    struct builder one = identity(der), other = identity(precert);
    assert_bytes(builder_view(&one), builder_view(&other));
    builder_clear(&one);
    builder_clear(&other);
    assert_false(has_object(&w, "submit", 1));
    (void)snprintf(profile.ct_policy, sizeof profile.ct_policy, "gm-browser");
    heap_free(der);
    heap_free(precert);
    stop(&w);
}

/* A store that gives another order's TBSCertificate: nothing is signed that no log has seen. */
static void not_a_pair(void **state)
{
    (void)state;
    static const uint8_t instance[CLASSIC_INSTANCE_SIZE] = {0xab};
    char name[OBJECT_NAME_MAX + 1];
    struct world w;
    struct answered a, b;
    start(&w);
    order(&w, 1, &a);
    order(&w, 2, &b);
    close_issuer(&w);
    struct bytes other = order_object(&w, "tbs", 2);
    classic_order_name("tbs", instance, 1, name);
    assert_true(memory_disk_damage(w.disk, 0, name, &other));
    heap_free(other);
    open_issuer(&w);
    order(&w, 1, &a);
    answer(&w, 0, STATUS_OK);
    assert_int_equal(a.status, STATUS_REFUSED);
    assert_non_null(strstr(a.text, "not the certificate of its precertificate"));
    assert_false(has_object(&w, "signed", 1));
    stop(&w);
}

/* Many at once share their syncs, and each gets its own. */
static void together(void **state)
{
    (void)state;
    struct world w;
    struct answered a[40];
    start(&w);
    uint64_t before = memory_disk_operations(w.disk);
    struct acme_identifier identifier = {.type = ACME_DNS, .value = "www.example.com"};
    for (size_t i = 0; i < LENGTH(a); i++) {
        struct acme_issue_request request = {
            .order = i + 1, .profile = "gm-classic", .identifiers = &identifier, .identifier_count = 1, .spki = spki};
        a[i] = (struct answered){.calls = 0};
        OK(w.port.issue(w.port.context, &request, on_issued, &a[i], &err));
        assert_says(w.port.issue(w.port.context, &request, on_issued, &a[i], &err), &err, STATUS_AGAIN, "under way");
    }
    turn(&w);
    assert_int_equal(w.asked_count, LENGTH(a));
    /* Three puts each, and two batches (the first had one order) of two syncs. */
    assert_int_equal(memory_disk_operations(w.disk) - before, 3 * LENGTH(a) + 4);
    for (size_t i = 0; i < LENGTH(a); i++)
        answer(&w, i, i % 2 == 0 ? STATUS_OK : STATUS_AGAIN);
    for (size_t i = 0; i < LENGTH(a); i++) {
        assert_int_equal(a[i].calls, 1);
        assert_int_equal(a[i].status, i % 2 == 0 ? STATUS_OK : STATUS_AGAIN);
        assert_int_equal(has_object(&w, "signed", i + 1), i % 2 == 0);
        for (size_t k = 0; k < i; k++)
            assert_false(bytes_equal(w.asked[i].der, w.asked[k].der));
    }
    stop(&w);
}

/* Certificates go to the logs in the background, again until they are taken, and for a week. */
static void finals_are_submitted(void **state)
{
    (void)state;
    struct world w;
    struct answered a;
    start(&w);
    classic_issuer_start(w.issuer);
    turn(&w);
    order(&w, 1, &a);
    answer(&w, 0, STATUS_OK);
    order(&w, 2, &a);
    answer(&w, 1, STATUS_OK);
    assert_int_equal(w.asked_count, 2);
    assert_true(has_object(&w, "submit", 1));
    fake_timer_advance(w.timer, 1000);
    turn(&w);
    assert_int_equal(w.asked_count, 4);
    assert_false(w.asked[2].is_precert);
    assert_string_equal(w.asked[2].policy, "gm-browser");
    struct bytes der = order_object(&w, "signed", 1);
    assert_bytes(w.asked[2].der, der);
    heap_free(der);
    answer(&w, 2, STATUS_OK);
    answer(&w, 3, STATUS_AGAIN);
    assert_false(has_object(&w, "submit", 1));
    assert_true(has_object(&w, "submit", 2));
    /* Not at once, and after a restart too. */
    fake_timer_advance(w.timer, 30000);
    turn(&w);
    assert_int_equal(w.asked_count, 4);
    close_issuer(&w);
    open_issuer(&w);
    classic_issuer_start(w.issuer);
    turn(&w);
    fake_timer_advance(w.timer, 1000);
    turn(&w);
    assert_int_equal(w.asked_count, 1);
    answer(&w, 0, STATUS_AGAIN);
    assert_int_equal(w.events, 0);
    fake_timer_advance(w.timer, (uint64_t)7 * 86400 * 1000);
    turn(&w);
    assert_int_equal(w.asked_count, 2);
    answer(&w, 1, STATUS_AGAIN);
    assert_string_equal(w.event, "ct-submit-given-up");
    assert_false(has_object(&w, "submit", 2));
    stop(&w);
}

/* More than a sweep takes, and all come to their turn. */
static void many_finals(void **state)
{
    (void)state;
    struct world w;
    struct answered a;
    size_t sent = 0;
    start(&w);
    for (acme_id id = 1; id <= 300; id++) {
        order(&w, id, &a);
        answer(&w, 0, STATUS_OK);
        forget_asked(&w);
    }
    fake_timer_advance(w.timer, 1000);
    for (size_t i = 0; i < 3; i++) {
        (void)fake_timer_run(w.timer); /* at once */
        turn(&w);
        sent += w.asked_count;
        assert_int_equal(w.asked_count, i < 2 ? 128 : 44);
        for (size_t k = 0; k < w.asked_count; k++)
            answer(&w, k, STATUS_OK);
        forget_asked(&w);
    }
    assert_int_equal(sent, 300);
    fake_timer_advance(w.timer, 1000);
    turn(&w);
    assert_int_equal(fake_timer_pending(w.timer), 0);
    stop(&w);
}

/* A CA from before there was issued/. */
static void on_read(void *cookie, enum status status, struct bytes pem, int64_t retry_after_s, const struct error *why)
{
    (void)retry_after_s, (void)why;
    *(size_t *)cookie = status == STATUS_OK ? pem.len : 0;
}

/* An ACME database that was put back from a backup is another instance, with the certificates of the one before. */
static void read_after_a_backup(void **state)
{
    (void)state;
    struct world w;
    struct answered a;
    size_t len = 0;
    start(&w);
    order(&w, 7, &a);
    answer(&w, 0, STATUS_OK);
    OK(a.status);
    struct acme_certificate certificate = {.order = 7, .serial_len = a.issued.serial_len};
    memcpy(certificate.serial, a.issued.serial, a.issued.serial_len);
    close_issuer(&w);
    instance_id = 0xcd;
    open_issuer(&w);
    w.port.read_certificate(w.port.context, &certificate, ACME_FORM_STANDALONE, false, on_read, &len);
    turn(&w);
    assert_true(len > 0);
    /* And an order of that number is another one now. */
    order(&w, 7, &a);
    answer(&w, 0, STATUS_OK);
    OK(a.status);
    assert_memory_not_equal(a.issued.serial, certificate.serial, certificate.serial_len);
    instance_id = 0xab;
    stop(&w);
}

static void old_certificates(void **state)
{
    (void)state;
    struct world w;
    struct answered a;
    struct classic_issued issued;
    struct certificate c;
    char name[OBJECT_NAME_MAX + 1];
    start(&w);
    order(&w, 9, &a);
    answer(&w, 0, STATUS_OK);
    struct bytes der = order_object(&w, "signed", 9), value;
    OK(certificate_parse(der, &c, &err));
    classic_issued_name("issued", c.serial, name);
    assert_true(memory_disk_damage(w.disk, 0, name, NULL));
    classic_issuer_start(w.issuer);
    turn(&w);
    value = object(&w, name);
    OK(classic_issued_parse(value, &issued, &err));
    assert_int_equal(issued.order, 9);
    assert_int_equal(issued.issued_s, c.not_before_s);
    assert_int_equal(classic_issued_parse(bytes_of(value.data, value.len - 1), &issued, &err), STATUS_MALFORMED);
    heap_free(value);
    /* Once. */
    assert_true(memory_disk_damage(w.disk, 0, name, NULL));
    classic_issuer_start(w.issuer);
    turn(&w);
    value = object(&w, name);
    assert_int_equal(value.len, 0);
    heap_free(value);
    heap_free(der);
    stop(&w);
}

/* ---- the power goes ---- */

struct told {
    struct bytes precerts[4]; /* what logs have seen, on the heap */
    size_t precert_count;
    struct bytes final; /* what the client has got */
};

static void remember(struct world *w, struct told *told)
{
    for (size_t i = 0; i < w->asked_count; i++)
        if (w->asked[i].is_precert) {
            assert_true(told->precert_count < LENGTH(told->precerts));
            told->precerts[told->precert_count++] = heap_copy(w->asked[i].der);
        }
}

/* As far as it goes; true when the client has its certificate. */
static bool issue_once(struct world *w, struct told *told)
{
    struct answered a;
    order(w, 3, &a);
    if (a.calls == 0 && w->asked_count == 1)
        answer(w, 0, STATUS_OK);
    remember(w, told);
    assert_int_equal(a.calls, 1);
    if (a.status != STATUS_OK)
        return false;
    told->final = order_object(w, "signed", 3);
    return true;
}

static void check_told(struct world *w, const struct told *before, const struct told *after)
{
    check_pair(after->precert_count > 0 ? after->precerts[0] : before->precerts[0], after->final);
    check_issued(w, after->final, 3);
    for (size_t i = 0; i < before->precert_count; i++)
        check_pair(before->precerts[i], after->final);
    if (before->final.len > 0)
        assert_bytes(before->final, after->final);
}

static void clear_told(struct told *told)
{
    for (size_t i = 0; i < told->precert_count; i++)
        heap_free(told->precerts[i]);
    heap_free(told->final);
}

/* One run with a crash at that operation, and the next process; false when there was no such operation. */
static bool crash_at(uint64_t operation, enum memory_loss loss, uint64_t choice, bool *has_choice)
{
    struct world w;
    struct told before = {.precert_count = 0}, after = {.precert_count = 0};
    start(&w);
    w.is_alone = true;
    memory_disk_set_fault(w.disk, operation, MEMORY_FAULT_CRASH);
    bool is_done = issue_once(&w, &before), has_crashed = memory_disk_has_crashed(w.disk);
    assert_true(is_done || has_crashed);
    *has_choice = choice < memory_disk_changed_count(w.disk);
    close_issuer(&w);
    memory_disk_cut_power(w.disk, loss, choice);
    open_issuer(&w);
    assert_true(issue_once(&w, &after));
    check_told(&w, &before, &after);
    clear_told(&before);
    clear_told(&after);
    stop(&w);
    return has_crashed;
}

static void power_goes(void **state)
{
    (void)state;
    static const enum memory_loss all[] = {MEMORY_LOSE_ALL, MEMORY_KEEP_ALL, MEMORY_TEAR_ALL};
    static const enum memory_loss single[] = {MEMORY_LOSE_ONE, MEMORY_KEEP_ONE, MEMORY_TEAR_ONE};
    bool has_choice = true;
    uint64_t operations = 0;
    for (bool has_crashed = true; has_crashed; operations++)
        for (size_t i = 0; i < LENGTH(all); i++)
            has_crashed = crash_at(operations, all[i], 0, &has_choice);
    assert_true(operations > 9); /* tbs, precert and issued, scts, signed, issued and submit, four syncs */
    for (uint64_t operation = 0; operation < operations; operation++)
        for (size_t i = 0; i < LENGTH(single); i++)
            for (uint64_t choice = 0; choice < 3; choice++)
                (void)crash_at(operation, single[i], choice, &has_choice);
}

/* ---- ---- */

static int make_key(void **state)
{
    (void)state;
    EVP_PKEY *key = maker_key("SM2", NULL, 0);
    spki = maker_spki(key);
    EVP_PKEY_free(key);
    return 0;
}

static int free_key(void **state)
{
    (void)state;
    heap_free(spki);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_steps), cmocka_unit_test(logs_are_late), cmocka_unit_test(logs_are_too_late),
        cmocka_unit_test(logs_are_not_asked_in_vain),
        cmocka_unit_test(revoked_meanwhile), cmocka_unit_test(unfinished_is_revoked), cmocka_unit_test(policy_goes), cmocka_unit_test(not_a_pair), cmocka_unit_test(together),
        cmocka_unit_test(finals_are_submitted), cmocka_unit_test(many_finals), cmocka_unit_test(read_after_a_backup),
        cmocka_unit_test(old_certificates),
        cmocka_unit_test(power_goes),
    };
    return cmocka_run_group_tests(tests, make_key, free_key);
}
