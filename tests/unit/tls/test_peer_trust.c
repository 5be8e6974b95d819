/* From a bundle to what a client trusts: nothing of the bundle is needed any more, and every limit of it holds. */
#include <pthread.h>

#include "unit/tls/chain_maker.h"

#include "rules/trust_contents.h"
#include "tls/peer_path.h"

#define NOW INT64_C(1800000000)

static struct error err;
static struct algorithms *algorithms;
static struct chain_cert root, intermediate, leaf;
static struct classic_log gm_log, intl_log;

static int make(void **state)
{
    (void)state;
    OK(algorithms_new(&algorithms, &err));
    OK(classic_log_init(&gm_log, algorithms, true, &err));
    OK(classic_log_init(&intl_log, algorithms, false, &err));
    struct chain_spec r = {.subject = "CN=Root", .alg = CHAIN_P256, .is_ca = true, .not_before_s = NOW - 1000 * CHAIN_DAY, .not_after_s = NOW + 1000 * CHAIN_DAY};
    struct chain_spec l = {.subject = "CN=www.example.com", .alg = CHAIN_P256, .not_before_s = NOW - CHAIN_DAY, .not_after_s = NOW + 89 * CHAIN_DAY,
                           .san = "DNS:www.example.com", .eku = "serverAuth", .serial = 0x1234};
    chain_make(&root, &r, NULL);
    r.subject = "CN=Intermediate";
    chain_make(&intermediate, &r, &root);
    chain_make(&leaf, &l, &intermediate);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    chain_clear(&root);
    chain_clear(&intermediate);
    chain_clear(&leaf);
    classic_log_clear(&gm_log);
    classic_log_clear(&intl_log);
    algorithms_free(algorithms);
    return 0;
}

static void push(struct array *a, const void *item)
{
    OK(array_insert(a, a->count, item, "items", &err));
}

static struct trust_bundle_ct_log ct_log_of(const struct classic_log *log, const char *operator_name)
{
    return (struct trust_bundle_ct_log){.suite = log == &gm_log ? TRUST_BUNDLE_GM : TRUST_BUNDLE_INTL, .kind = TRUST_BUNDLE_CT_RFC6962,
                                        .spki = public_key_spki(private_key_public(log->key)), .operator_name = bytes_of_text(operator_name),
                                        .description = bytes_of_text("A log"), .submission_url = bytes_of_text("https://log.example"),
                                        .monitoring_url = bytes_of_text("https://log.example"), .mmd_s = 86400,
                                        .state = TRUST_BUNDLE_CT_USABLE, .since_s = 1};
}

static void add_anchor(struct trust_bundle *b, const struct chain_cert *cert, const struct trust_bundle_limits *limits)
{
    struct trust_bundle_anchor a = {.kind = cert == &root ? TRUST_BUNDLE_ROOT : TRUST_BUNDLE_INTERMEDIATE, .purposes = {1, {TRUST_BUNDLE_TLS}},
                                    .limits = *limits, .certificate = cert->der};
    push(&b->anchors, &a);
}

static struct bytes copy_of(const struct trust_bundle *b)
{
    struct builder out;
    builder_init(&out, TRUST_BUNDLE_SIZE_MAX);
    OK(trust_bundle_write(b, &out, &err));
    struct bytes copy = heap_copy(builder_view(&out));
    builder_clear(&out);
    return copy;
}

/* A client of a bundle whose root has these limits, with these names and serial numbers; everything that it came from is gone. */
static struct peer_trust *trust_of(const struct trust_bundle_limits *limits, const char *const *names, size_t name_count,
                                   const struct trust_bundle_serials *serials, bool has_intermediate)
{
    struct trust_bundle b, parsed;
    struct trust_contents *contents;
    struct peer_trust *trust;
    const struct trust_bundle_limits none = {.level_max = 4};
    const struct trust_bundle_ct_log gm = ct_log_of(&gm_log, "GM Operator"), intl = ct_log_of(&intl_log, "Intl Operator");
    trust_bundle_init(&b);
    b.version = 1;
    b.issued_s = NOW - 60;
    b.expires_s = NOW + 60;
    bool is_root_first = memcmp(root.der.data, intermediate.der.data, root.der.len < intermediate.der.len ? root.der.len : intermediate.der.len) < 0;
    if (has_intermediate && !is_root_first)
        add_anchor(&b, &intermediate, &none);
    add_anchor(&b, &root, limits);
    if (has_intermediate && is_root_first)
        add_anchor(&b, &intermediate, &none);
    for (size_t i = 0; i < name_count; i++) {
        struct bytes name = bytes_of_text(names[i]);
        push(&b.names, &name);
    }
    if (limits->serial_count > 0)
        push(&b.serials, serials);
    push(&b.ct_logs, &gm);
    push(&b.ct_logs, &intl);
    struct bytes bytes = copy_of(&b);
    trust_bundle_clear(&b);
    trust_bundle_init(&parsed);
    OK(trust_bundle_parse(bytes, &parsed, &err));
    const struct trust_bundle *bundles[] = {&parsed};
    const struct trust_contents_settings settings = {.now_s = NOW};
    OK(trust_contents_new(bundles, 1, algorithms, &settings, &contents, &err));
    trust_bundle_clear(&parsed);
    OK(peer_trust_new(NULL, &trust, &err));
    OK(peer_trust_add_contents(trust, contents, &err));
    trust_contents_free(contents);
    heap_free(bytes);
    return trust;
}

static enum peer_path_reason reason_of(const struct peer_trust *trust)
{
    struct peer_path path;
    struct bytes chain[] = {leaf.der, intermediate.der};
    struct error why = {.status = STATUS_OK};
    (void)!peer_path_find(&(struct peer_path_request){.trust = trust, .chain = chain, .count = 2, .purpose = TRUST_BUNDLE_TLS, .at_s = NOW}, &path, &why);
    return path.reason;
}

static void limits_of_a_bundle(void **state)
{
    (void)state;
    static const struct {
        struct trust_bundle_limits limits;
        const char *names[2];
        size_t name_count;
        bool has_intermediate;
        enum peer_path_reason reason;
    } rows[] = {
        {{.level_max = 4}, {NULL}, 0, false, PEER_PATH_GOOD},
        {{.level_max = 4, .has_listed_intermediates_only = true}, {NULL}, 0, false, PEER_PATH_UNLISTED_INTERMEDIATE},
        {{.level_max = 4, .has_listed_intermediates_only = true}, {NULL}, 0, true, PEER_PATH_GOOD},
        {{.level_max = 4, .distrust_after_s = NOW - CHAIN_DAY}, {NULL}, 0, false, PEER_PATH_GOOD},
        {{.level_max = 4, .distrust_after_s = NOW - CHAIN_DAY - 1}, {NULL}, 0, false, PEER_PATH_DISTRUSTED},
        {{.level_max = 4, .permitted_count = 1}, {"example.com"}, 1, false, PEER_PATH_GOOD},
        {{.level_max = 4, .permitted_count = 1}, {"example.org"}, 1, false, PEER_PATH_NAME_LIMIT},
        {{.level_max = 4, .permitted_count = 1, .excluded_first = 1, .excluded_count = 1}, {"example.com", "www.example.com"}, 2, false, PEER_PATH_NAME_LIMIT},
        {{.level_max = 4, .excluded_count = 1}, {"mail.example.com"}, 1, false, PEER_PATH_GOOD},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct peer_trust *trust = trust_of(&rows[i].limits, rows[i].names, rows[i].name_count, NULL, rows[i].has_intermediate);
        if (reason_of(trust) != rows[i].reason)
            fail_msg("row %zu: %s", i, peer_path_reason_name(reason_of(trust)));
        peer_trust_free(trust);
    }
    /* The root's ranges are about what the root has issued: the intermediate. */
    const ASN1_INTEGER *number = X509_get0_serialNumber(intermediate.x509);
    struct trust_bundle_serials range = {{0}, {0}};
    size_t len = (size_t)ASN1_STRING_length(number);
    memcpy(range.first + TRUST_BUNDLE_SERIAL_SIZE - len, ASN1_STRING_get0_data(number), len);
    memcpy(range.last, range.first, sizeof range.last);
    struct peer_trust *trust = trust_of(&(struct trust_bundle_limits){.level_max = 4, .serial_count = 1}, NULL, 0, &range, false);
    assert_int_equal(reason_of(trust), PEER_PATH_SERIAL);
    peer_trust_free(trust);
    range.first[TRUST_BUNDLE_SERIAL_SIZE - 1]++;
    range.last[TRUST_BUNDLE_SERIAL_SIZE - 1]++;
    trust = trust_of(&(struct trust_bundle_limits){.level_max = 4, .serial_count = 1}, NULL, 0, &range, false);
    assert_int_equal(reason_of(trust), PEER_PATH_GOOD);
    peer_trust_free(trust);
}

static void logs_of_a_bundle(void **state)
{
    (void)state;
    struct peer_trust *trust = trust_of(&(struct trust_bundle_limits){.level_max = 4}, NULL, 0, NULL, false);
    const struct log_list *logs = peer_trust_logs(trust);
    assert_int_equal(log_list_count(logs), 2);
    assert_int_equal(logs->timestamp_s, NOW - 60);
    const struct log_list_log *row = log_list_find(logs, BYTES_OF(intl_log.row.log_id));
    assert_non_null(row);
    assert_string_equal(log_list_operator(logs, row), "Intl Operator");
    assert_true(bytes_equal(public_key_spki(peer_trust_log_key(trust, row)), log_list_key(row)));
    /* Another list takes its place; a key that is none is no key, and no failure. */
    struct log_list other;
    log_list_init(&other);
    struct log_list_operator o = {.name = "Nobody"};
    struct log_list_log bad = gm_log.row;
    bad.key_len = 3;
    push(&other.operators, &o);
    push(&other.logs, &bad);
    OK(peer_trust_set_logs(trust, &other, algorithms, &err));
    assert_int_equal(log_list_count(peer_trust_logs(trust)), 1);
    assert_null(peer_trust_log_key(trust, log_list_at(peer_trust_logs(trust), 0)));
    log_list_clear(&other);
    peer_trust_free(trust);
    OK(peer_trust_new(NULL, &trust, &err));
    assert_null(peer_trust_logs(trust));
    peer_trust_free(trust);
}

static void how_many(void **state)
{
    (void)state;
    struct peer_trust *trust;
    char subject[32];
    struct chain_spec spec = {.subject = subject, .key_of = &root, .is_ca = true, .not_before_s = NOW, .not_after_s = NOW + 1};
    enum status s = STATUS_OK;
    OK(peer_trust_new(NULL, &trust, &err));
    for (size_t i = 0; i <= PEER_TRUST_CERTIFICATES_MAX; i++) {
        struct chain_cert one;
        assert_int_equal(s, STATUS_OK);
        (void)snprintf(subject, sizeof subject, "CN=One of many %zu", i);
        chain_make(&one, &spec, NULL);
        s = peer_trust_add_intermediate(trust, one.der, &err);
        if (s == STATUS_OK) /* the same again takes no room */
            s = peer_trust_add_intermediate(trust, one.der, &err);
        chain_clear(&one);
    }
    assert_says(s, &err, STATUS_LIMIT, "trusted certificates");
    peer_trust_free(trust);
}

/* ---- one trust, many threads ---- */

struct asking {
    const struct peer_trust *trust;
    pthread_t thread;
    size_t good_count;
};

static void *ask(void *argument)
{
    struct asking *a = argument;
    for (int i = 0; i < 50; i++)
        a->good_count += reason_of(a->trust) == PEER_PATH_GOOD ? 1 : 0;
    return NULL;
}

static void many_threads(void **state)
{
    (void)state;
    struct asking all[4];
    struct peer_trust *trust = trust_of(&(struct trust_bundle_limits){.level_max = 4}, NULL, 0, NULL, true);
    for (size_t i = 0; i < LENGTH(all); i++) {
        all[i] = (struct asking){.trust = trust};
        assert_int_equal(pthread_create(&all[i].thread, NULL, ask, &all[i]), 0);
    }
    for (size_t i = 0; i < LENGTH(all); i++) {
        assert_int_equal(pthread_join(all[i].thread, NULL), 0);
        assert_int_equal(all[i].good_count, 50);
    }
    peer_trust_free(trust);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_of_a_bundle),
        cmocka_unit_test(logs_of_a_bundle),
        cmocka_unit_test(how_many),
        cmocka_unit_test(many_threads),
    };
    return cmocka_run_group_tests(tests, make, clear);
}
