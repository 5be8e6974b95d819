#include "unit/csr_maker.h"

#include <openssl/x509_vfy.h>

#include "adapters/local_key/local_key.h"
#include "codec/asn1/der.h"
#include "codec/pem/pem.h"
#include "codec/x509/certificate.h"
#include "codec/x509/extensions.h"
#include "fakes/default_policy.h"
#include "fakes/memory_disk.h"
#include "service/classic_issuer/acme_classic_issuer.h"

#define DAY_S ((int64_t)86400)
#define NOW_S ((int64_t)1795000000) /* 2026-11-17 */

static struct error err;

/* ---- a CA in memory ---- */

struct ca {
    struct algorithms *algorithms;
    struct private_key *root_key, *issuing_key;
    struct builder root, issuing, chain;
};

static bool has_no_pointers;

static void make_ca(struct ca *ca, const char *algorithm)
{
    struct classic_authority root;
    struct classic_ca_request request = {
        .country = "CN", .organisation = "Test Trust", .common_name = "Test Root",
        .not_before_s = NOW_S - DAY_S, .not_after_s = NOW_S + 3650 * DAY_S,
        .issuer_url = "http://ca.example/root.cer", .crl_url = "http://ca.example/root.crl",
        .has_client_auth = strcmp(algorithm, "sm2_sm3") == 0,
    };
    OK(algorithms_new(&ca->algorithms, &err));
    const struct signature_alg *alg = algorithms_by_name(ca->algorithms, bytes_of_text(algorithm));
    OK(private_key_generate(alg, &ca->root_key, &err));
    OK(private_key_generate(alg, &ca->issuing_key, &err));
    builder_init(&ca->root, CLASSIC_CERTIFICATE_MAX);
    builder_init(&ca->issuing, CLASSIC_CERTIFICATE_MAX);
    builder_init(&ca->chain, CLASSIC_CERTIFICATE_MAX);
    request.spki = public_key_spki(private_key_public(ca->root_key));
    struct document_signer signer = local_key_document_signer(ca->root_key);
    OK(classic_write_root(&request, &signer, &ca->root, &err));
    OK(classic_authority_of(builder_view(&ca->root), &signer, &root, &err));
    request.common_name = "Test Issuing CA";
    if (has_no_pointers)
        request.issuer_url = NULL;
    request.spki = public_key_spki(private_key_public(ca->issuing_key));
    OK(classic_write_issuing_ca(&request, &root, &ca->issuing, &err));
    OK(pem_write(PEM_CERTIFICATE, builder_view(&ca->issuing), &ca->chain, &err));
}

static void free_ca(struct ca *ca)
{
    builder_clear(&ca->chain);
    builder_clear(&ca->issuing);
    builder_clear(&ca->root);
    private_key_free(ca->issuing_key);
    private_key_free(ca->root_key);
    algorithms_free(ca->algorithms);
}

/* ---- OpenSSL's reading ---- */

static X509 *read_x509(struct bytes der)
{
    const unsigned char *at = der.data;
    X509 *x = d2i_X509(NULL, &at, (long)der.len);
    assert_non_null(x);
    assert_ptr_equal(at, der.data + der.len);
    return x;
}

static int verify(const struct ca *ca, struct bytes leaf, const char *host)
{
    X509 *root = read_x509(builder_view(&ca->root)), *issuing = read_x509(builder_view(&ca->issuing));
    X509 *x = read_x509(leaf);
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    STACK_OF(X509) *between = sk_X509_new_null();
    assert_int_equal(X509_STORE_add_cert(store, root), 1);
    assert_true(sk_X509_push(between, issuing) > 0);
    assert_int_equal(X509_STORE_CTX_init(ctx, store, x, between), 1);
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_time(param, (time_t)NOW_S);
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
    assert_int_equal(X509_VERIFY_PARAM_set1_host(param, host, 0), 1);
    assert_int_equal(X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER), 1);
    int is_good = X509_verify_cert(ctx);
    if (is_good != 1)
        print_message("%s\n", X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
    sk_X509_free(between);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    X509_free(x);
    X509_free(issuing);
    X509_free(root);
    return is_good;
}

/* ---- an issuer on a memory disk, with a worker that the test turns ---- */

struct world {
    struct ca ca;
    struct memory_disk *disk;
    struct classic_issuer *issuer;
    struct acme_issuer port;
    void (*run[8])(void *);
    void (*done[8])(void *);
    void *cookies[8];
    size_t job_count;
    int64_t now_s;
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
    for (size_t i = 0; i < w->job_count; i++) {
        w->run[i](w->cookies[i]);
        w->done[i](w->cookies[i]);
    }
    w->job_count = 0;
}

static int64_t now_ms(void *context)
{
    return ((struct world *)context)->now_s * 1000;
}

static struct certificate_profile profile = {
    .name = "gm-classic", .kind = PROFILE_CLASSIC, .is_gm = true, .lifetime_s = 47 * DAY_S, .backdate_s = 3600,
    .keys = PROFILE_KEY_SM2 | PROFILE_KEY_P256, .has_client_auth = true, .policy_oid = "2.23.140.1.2.1",
    .has_ips = true, .names_max = 100,
};
static const struct certificate_profile *const profiles[] = {&profile};

static bool is_suffix(void *context, const char *name)
{
    (void)context;
    return strcmp(name, "com") == 0;
}

static bool is_internal(void *context, const char *name)
{
    (void)context;
    return strstr(name, ".com") == NULL;
}

static const struct policy_names names = {is_suffix, is_internal, NULL};

static void open_issuer(struct world *w)
{
    struct classic_issuer_config config = {
        .ca = "classic", .certificate = builder_view(&w->ca.issuing), .signer = local_key_document_signer(w->ca.issuing_key),
        .chain = builder_view(&w->ca.chain), .profiles = profiles, .profile_count = 1,
        .issuer_url = "http://ca.example/i.cer", .crl_url = "http://ca.example/crl",
        .not_after_s = NOW_S + 3650 * DAY_S, .store = memory_disk_store(w->disk, 0),
        .worker = {w, submit}, .clock = {w, now_ms}, .root = builder_view(&w->ca.root), .lint = {.policy = default_policy(), .names = &names},
    };
    OK(classic_issuer_new(&config, &w->issuer, &err));
    w->port = classic_issuer_port(w->issuer);
}

static void start(struct world *w, const char *algorithm)
{
    *w = (struct world){.now_s = NOW_S};
    make_ca(&w->ca, algorithm);
    profile.is_gm = profile.has_client_auth = strcmp(algorithm, "sm2_sm3") == 0;
    w->disk = memory_disk_new();
    open_issuer(w);
}

static void stop(struct world *w)
{
    classic_issuer_free(w->issuer);
    memory_disk_free(w->disk);
    free_ca(&w->ca);
}

struct answer {
    int calls;
    enum status status;
    struct acme_issued issued;
    char text[ERROR_TEXT_MAX];
};

static void on_issued(void *cookie, enum status status, const struct acme_issued *issued,
                      const struct error *why)
{
    struct answer *a = cookie;
    a->calls++;
    a->status = status;
    a->issued = *issued;
    (void)snprintf(a->text, sizeof a->text, "%s", why->text);
}

static struct builder pem;
static enum status read_status;

static void on_read(void *cookie, enum status status, struct bytes text, int64_t retry_after_s,
                    const struct error *why)
{
    (void)cookie;
    (void)retry_after_s;
    (void)why;
    read_status = status;
    builder_reset(&pem);
    builder_bytes(&pem, text);
}

static int64_t new_until_s;

static struct answer issue(struct world *w, acme_id order, struct bytes spki, const char *name)
{
    struct answer a = {.calls = 0};
    struct acme_identifier identifier = {.type = ACME_DNS};
    (void)snprintf(identifier.value, sizeof identifier.value, "%s", name);
    struct acme_issue_request request = {.order = order, .profile = "gm-classic", .identifiers = &identifier,
                                         .identifier_count = 1, .spki = spki, .new_until_s = new_until_s};
    OK(w->port.issue(w->port.context, &request, on_issued, &a, &err));
    assert_int_equal(a.calls, 0); /* later */
    turn(w);
    assert_int_equal(a.calls, 1);
    return a;
}

/* The first certificate of the chain of an order that was answered so, on the heap. */
static struct bytes download(struct world *w, acme_id order, const struct acme_issued *issued)
{
    struct acme_certificate certificate = {.order = order, .serial_len = issued->serial_len};
    struct pem_reader r;
    struct pem_block block;
    struct builder der;
    memcpy(certificate.serial, issued->serial, issued->serial_len);
    w->port.read_certificate(w->port.context, &certificate, ACME_FORM_STANDALONE, false, on_read, NULL);
    turn(w);
    assert_int_equal(read_status, STATUS_OK);
    builder_init(&der, CLASSIC_CERTIFICATE_MAX);
    pem_reader_init(&r, builder_view(&pem), PEM_STRICT);
    OK(pem_next(&r, &block, &der, &err));
    struct bytes leaf = heap_copy(builder_view(&der));
    builder_reset(&der);
    OK(pem_next(&r, &block, &der, &err));
    assert_bytes(builder_view(&der), builder_view(&w->ca.issuing));
    builder_clear(&der);
    return leaf;
}

static void chains_verify(void **state)
{
    (void)state;
    static const char *const algorithms[][3] = {{"sm2_sm3", "SM2", NULL}, {"ecdsa_p256_sha256", "EC", "P-256"}};
    for (size_t i = 0; i < LENGTH(algorithms); i++) {
        struct world w;
        start(&w, algorithms[i][0]);
        EVP_PKEY *key = maker_key(algorithms[i][1], algorithms[i][2], 0);
        struct bytes spki = maker_spki(key);
        struct answer a = issue(&w, 1, spki, "www.example.com");
        assert_string_equal(a.text, "");
        assert_int_equal(a.status, STATUS_OK);
        assert_int_equal(a.issued.not_after_s - a.issued.not_before_s + 1, 47 * DAY_S);
        struct bytes leaf = download(&w, 1, &a.issued);
        assert_int_equal(verify(&w.ca, leaf, "www.example.com"), 1);
        assert_int_equal(verify(&w.ca, leaf, "www.example.org"), 0);
        heap_free(leaf);
        heap_free(spki);
        EVP_PKEY_free(key);
        stop(&w);
    }
}

/* The same order again, and after a restart: the same certificate; another order: another serial. */
static void once(void **state)
{
    (void)state;
    struct world w;
    start(&w, "sm2_sm3");
    EVP_PKEY *key = maker_key("SM2", NULL, 0);
    struct bytes spki = maker_spki(key);
    struct answer first = issue(&w, 7, spki, "a.example.com");
    classic_issuer_free(w.issuer);
    open_issuer(&w);
    w.now_s += 60;
    struct answer again = issue(&w, 7, spki, "a.example.com"), other = issue(&w, 8, spki, "a.example.com");
    assert_memory_equal(first.issued.serial, again.issued.serial, first.issued.serial_len);
    assert_int_equal(first.issued.not_after_s, again.issued.not_after_s);
    assert_memory_not_equal(first.issued.serial, other.issued.serial, first.issued.serial_len);
    heap_free(spki);
    EVP_PKEY_free(key);
    stop(&w);
}

/* An ACME database that was put back as a mere copy gives numbers a second time: nobody gets what was issued for another. */
static void another_of_that_number(void **state)
{
    (void)state;
    struct world w;
    start(&w, "sm2_sm3");
    EVP_PKEY *key = maker_key("SM2", NULL, 0), *other_key = maker_key("SM2", NULL, 0);
    struct bytes spki = maker_spki(key), other_spki = maker_spki(other_key);
    assert_int_equal(issue(&w, 7, spki, "a.example.com").status, STATUS_OK);
    struct answer a = issue(&w, 7, other_spki, "a.example.com");
    assert_int_equal(a.status, STATUS_REFUSED);
    assert_non_null(strstr(a.text, "another order"));
    assert_int_equal(issue(&w, 7, spki, "b.example.com").status, STATUS_REFUSED);
    assert_int_equal(issue(&w, 7, spki, "a.example.com").status, STATUS_OK);
    heap_free(other_spki);
    heap_free(spki);
    EVP_PKEY_free(other_key);
    EVP_PKEY_free(key);
    stop(&w);
}

/* What was validated too long ago gives nothing new, and what is signed all the same. */
static void too_late(void **state)
{
    (void)state;
    struct world w;
    start(&w, "sm2_sm3");
    EVP_PKEY *key = maker_key("SM2", NULL, 0);
    struct bytes spki = maker_spki(key);
    new_until_s = w.now_s;
    assert_int_equal(issue(&w, 1, spki, "a.example.com").status, STATUS_OK);
    w.now_s++;
    struct answer a = issue(&w, 2, spki, "a.example.com");
    assert_int_equal(a.status, STATUS_REFUSED);
    assert_non_null(strstr(a.text, "BR 3.2.2.8"));
    assert_int_equal(issue(&w, 1, spki, "a.example.com").status, STATUS_OK);
    new_until_s = 0;
    heap_free(spki);
    EVP_PKEY_free(key);
    stop(&w);
}

static void refusals(void **state)
{
    (void)state;
    struct world w;
    start(&w, "sm2_sm3");
    EVP_PKEY *key = maker_key("EC", "P-384", 0);
    struct bytes spki = maker_spki(key);
    struct answer a = issue(&w, 1, spki, "a.example.com");
    assert_int_equal(a.status, STATUS_REFUSED);
    assert_non_null(strstr(a.text, "profile-key"));
    w.now_s += 3640 * DAY_S;
    a = issue(&w, 2, spki, "a.example.com");
    assert_int_equal(a.status, STATUS_REFUSED);
    assert_non_null(strstr(a.text, "outlive"));
    struct acme_identifier wildcard = {.type = ACME_DNS, .value = "*.example.com"};
    struct acme_issue_request request = {.profile = "gm-classic", .identifiers = &wildcard, .identifier_count = 1};
    /* Better said before the order than after its validations. */
    assert_says(w.port.check(w.port.context, &request, &err), &err, STATUS_REFUSED, "outlive");
    w.now_s -= 3640 * DAY_S;
    assert_says(w.port.check(w.port.context, &request, &err), &err, STATUS_REFUSED, "profile-names");
    request.profile = "other";
    assert_says(w.port.check(w.port.context, &request, &err), &err, STATUS_REFUSED, "no profile other");
    heap_free(spki);
    EVP_PKEY_free(key);
    stop(&w);
}

/* The leaf is fine, and what is above it is not: clients would look at both. */
static void path_is_judged(void **state)
{
    (void)state;
    struct world w;
    has_no_pointers = true;
    start(&w, "sm2_sm3");
    EVP_PKEY *key = maker_key("SM2", NULL, 0);
    struct bytes spki = maker_spki(key);
    struct answer a = issue(&w, 1, spki, "a.example.com");
    assert_int_equal(a.status, STATUS_REFUSED);
    assert_non_null(strstr(a.text, "RP-06: the authorityInfoAccess of issuer 1"));
    heap_free(spki);
    EVP_PKEY_free(key);
    stop(&w);
    has_no_pointers = false;
}

/* The public name of the order is the subject [IN-02]; without one nothing is made, however the order came here. */
static void intranet_subject(void **state)
{
    (void)state;
    struct world w;
    const struct certificate_profile before = profile;
    struct certificate c;
    struct extensions extensions;
    EVP_PKEY *key = maker_key("SM2", NULL, 0);
    struct bytes spki = maker_spki(key);
    start(&w, "sm2_sm3");
    profile.is_intranet = true;
    (void)snprintf(profile.policy_oid, sizeof profile.policy_oid, "1.2.156.157933.81");
    struct acme_identifier identifiers[] = {{.type = ACME_DNS, .value = "nas.corp"}, {.type = ACME_DNS, .value = "www.example.com"}};
    struct acme_issue_request request = {.order = 1, .profile = "gm-classic", .identifiers = identifiers, .identifier_count = 2, .spki = spki};
    struct answer a = {.calls = 0};
    OK(w.port.check(w.port.context, &request, &err));
    OK(w.port.issue(w.port.context, &request, on_issued, &a, &err));
    turn(&w);
    assert_string_equal(a.text, "");
    struct bytes leaf = download(&w, 1, &a.issued);
    OK(certificate_parse(leaf, &c, &err));
    static const char subject[] = "0\x1a" "1\x18" "0\x16\6\3\x55\4\3\x0c\x0fwww.example.com";
    assert_bytes(c.subject, bytes_of(subject, sizeof subject - 1));
    OK(extensions_parse(c.extensions, &extensions, &err));
    heap_free(leaf);
    request.order = 2;
    request.identifier_count = 1;
    assert_says(w.port.check(w.port.context, &request, &err), &err, STATUS_REFUSED, "IN-02");
    OK(w.port.issue(w.port.context, &request, on_issued, &a, &err));
    turn(&w);
    assert_int_equal(a.status, STATUS_REFUSED);
    assert_non_null(strstr(a.text, "IN-02"));
    profile = before;
    heap_free(spki);
    EVP_PKEY_free(key);
    stop(&w);
}

static void on_revoked(void *cookie, enum status status, const struct error *why)
{
    (void)why;
    *(enum status *)cookie = status;
}

static struct classic_revocation seen;

static enum status see(void *context, const char *name, struct error *e)
{
    struct world *w = context;
    struct object_store store = memory_disk_store(w->disk, 0);
    struct builder value;
    builder_init(&value, 64);
    enum status s = store.get(store.context, name, &value, e);
    if (s == STATUS_OK)
        s = classic_revocation_parse(name, builder_view(&value), &seen, e);
    builder_clear(&value);
    return s;
}

static void revocation_is_kept(void **state)
{
    (void)state;
    struct world w;
    start(&w, "sm2_sm3");
    struct acme_certificate c = {.order = 3, .serial = {0x40, 0xff}, .serial_len = 2, .not_after_s = NOW_S + 9};
    enum status status = STATUS_IO;
    w.port.revoke(w.port.context, &c, 4, on_revoked, &status);
    turn(&w);
    assert_int_equal(status, STATUS_OK);
    w.now_s += 10;
    w.port.revoke(w.port.context, &c, 1, on_revoked, &status);
    turn(&w);
    struct object_store store = memory_disk_store(w.disk, 0);
    OK(store.list(store.context, "revoked/", see, &w, &err));
    assert_int_equal(seen.revoked_s, NOW_S);
    assert_int_equal(seen.reason, 4);
    assert_int_equal(seen.not_after_s, NOW_S + 9);
    assert_int_equal(seen.serial_len, 2);
    assert_int_equal(seen.serial[1], 0xff);
    assert_int_equal(classic_revocation_parse("revoked/4", bytes_of_text("x"), &seen, &err), STATUS_MALFORMED);
    stop(&w);
}

static int start_group(void **state)
{
    (void)state;
    builder_init(&pem, 65536);
    return 0;
}

static int stop_group(void **state)
{
    (void)state;
    builder_clear(&pem);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chains_verify),
        cmocka_unit_test(once), cmocka_unit_test(another_of_that_number), cmocka_unit_test(too_late),
        cmocka_unit_test(refusals), cmocka_unit_test(path_is_judged), cmocka_unit_test(intranet_subject),
        cmocka_unit_test(revocation_is_kept),
    };
    return cmocka_run_group_tests(tests, start_group, stop_group);
}
