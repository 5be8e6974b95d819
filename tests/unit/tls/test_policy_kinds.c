/* Certificates of every kind, made by OpenSSL, through path, SCTs and policy. What is expected is computed here from the root
 * program's text (seed: levels by OID; 180 days; 2025-01-01), not asked of what is tested. */
#include "unit/tls/policy_world.h"

#include <openssl/ocsp.h>

/* 2025-01-01T00:00:00Z: from here on GM certificates without SCTs are shown as not secure. */
#define GM_SWITCH INT64_C(1735689600)

enum kind { DV, IV, OV, EV, KINDS };

struct row {
    enum kind kind;
    enum chain_alg alg;
    enum policy_net net;
    int64_t difference_s; /* notAfter - notBefore */
    size_t sct_count;
    int64_t at_s;
};

static const char *const kind_names[] = {"DV", "IV", "OV", "EV"};
static const char *const alg_names[] = {"SM2", "RSA", "P-256"};

static const char *subject_of(enum kind kind)
{
    static const char *const subjects[] = {
        "CN=www.example.com",
        "C=CN/ST=Guangdong/L=Shenzhen/GN=Xiaoming/SN=Wang/CN=www.example.com",
        "C=CN/ST=Guangdong/L=Shenzhen/O=Example Ltd/CN=www.example.com",
        "businessCategory=Private Organization/jurisdictionC=CN/serialNumber=91440300MA5/C=CN/ST=Guangdong/L=Shenzhen/O=Example Ltd/CN=www.example.com",
    };
    return subjects[kind];
}

/* [digest 5.1] IV is .12 and OV .13 in the program's arc, but .3 and .2 in the CA/Browser Forum's. */
static const char *oid_of(const struct row *r)
{
    static const char *const gm[] = {"1.2.156.157933.11", "1.2.156.157933.12", "1.2.156.157933.13", "1.2.156.157933.14"};
    static const char *const cabf[] = {"2.23.140.1.2.1", "2.23.140.1.2.3", "2.23.140.1.2.2", "2.23.140.1.1"};
    static const char *const gm_intranet[] = {"1.2.156.157933.81", "1.2.156.157933.82", "1.2.156.157933.83", "1.2.156.157933.84"};
    static const char *const intl_intranet[] = {"1.3.6.1.4.1.57933.81", "1.3.6.1.4.1.57933.82", "1.3.6.1.4.1.57933.83",
                                                "1.3.6.1.4.1.57933.84"};
    bool is_gm = r->alg == CHAIN_SM2;
    return r->net == POLICY_INTRANET ? (is_gm ? gm_intranet : intl_intranet)[r->kind] : (is_gm ? gm : cabf)[r->kind];
}

static void make_leaf(struct chain_cert *leaf, const struct row *r, const struct chain_cert *issuer)
{
    int64_t not_before_s = r->at_s - 2 * CHAIN_DAY;
    struct chain_spec spec = {
        .subject = subject_of(r->kind), .alg = r->alg, .not_before_s = not_before_s, .not_after_s = not_before_s + r->difference_s,
        .san = r->net == POLICY_INTRANET ? "DNS:www.example.com,DNS:server.local,IP:10.0.0.1" : "DNS:www.example.com",
        .eku = r->alg == CHAIN_SM2 ? "serverAuth,clientAuth" : "serverAuth", .policies = oid_of(r),
        .aia = "caIssuers;URI:http://ca.example.com/i.cer", .crl = "URI:http://ca.example.com/i.crl",
        .logs = r->alg == CHAIN_SM2 ? program.gm_logs : program.intl_logs, .log_count = r->sct_count, .sct_ms = (uint64_t)not_before_s * 1000};
    chain_make(leaf, &spec, issuer);
}

/* How many SCTs it takes, as the texts say. The program counts both ends of the validity, Chrome does not. */
static size_t needed(const struct row *r)
{
    bool is_chrome = r->alg != CHAIN_SM2 && r->net == POLICY_PUBLIC;
    bool is_short = (is_chrome ? r->difference_s : r->difference_s + 1) <= 180 * CHAIN_DAY;
    if (is_chrome)
        return is_short ? 2 : 3;
    return is_short ? 1 : 2; /* while all GM logs are of one operator; intranets alike */
}

static enum policy_verdict expected(const struct row *r)
{
    if (r->sct_count >= needed(r))
        return POLICY_VERDICT_SECURE;
    if (r->alg != CHAIN_SM2 && r->net == POLICY_PUBLIC)
        return POLICY_VERDICT_NOT_SECURE;
    if (r->at_s >= GM_SWITCH)
        return POLICY_VERDICT_NOT_SECURE;
    return r->net == POLICY_PUBLIC && r->sct_count == 0 ? POLICY_VERDICT_NOT_TRANSPARENT : POLICY_VERDICT_SECURE;
}

static void check(const struct row *r)
{
    struct chain_cert leaf;
    make_leaf(&leaf, r, &program.intermediates[r->alg][r->net]);
    struct bytes chain[] = {leaf.der, program.intermediates[r->alg][r->net].der};
    enum policy_verdict got = policy_world_judge(&(struct peer_request){.chain = chain, .count = 2, .at_s = r->at_s,
                                                                        .dns_name = bytes_of_text("www.example.com")});
    if (got != expected(r) || answer.level != (uint8_t)r->kind + 1 || strcmp(answer.kind, kind_names[r->kind]) != 0 ||
        answer.is_intranet != (r->net == POLICY_INTRANET) || answer.is_gm != (r->alg == CHAIN_SM2)) {
        policy_world_print();
        fail_msg("%s %s %s, %lld s, %zu SCTs at %lld: %s T%u %s, not %s T%d", kind_names[r->kind], alg_names[r->alg],
                 policy_world_nets[r->net], (long long)r->difference_s, r->sct_count, (long long)r->at_s, policy_verdict_name(got),
                 answer.level, answer.kind, policy_verdict_name(expected(r)), (int)r->kind + 1);
    }
    const struct policy_transparency *t = peer_subject_policy(policy_world_subject)->transparency;
    assert_int_equal(t->sct_count, r->sct_count);
    for (size_t i = 0; i < t->sct_count; i++)
        assert_true(t->scts[i].is_good && t->scts[i].log != NULL && t->scts[i].delivery == CT_POLICY_EMBEDDED && t->scts[i].why == NULL);
    policy_world_forget();
    chain_clear(&leaf);
}

static void every_kind(void **state)
{
    (void)state;
    static const int64_t differences_s[] = {90 * CHAIN_DAY, 180 * CHAIN_DAY - 1, 180 * CHAIN_DAY, 180 * CHAIN_DAY + 1};
    size_t count = 0;
    for (int kind = DV; kind < KINDS; kind++)
        for (int alg = CHAIN_SM2; alg <= CHAIN_P256; alg++)
            for (int net = POLICY_PUBLIC; net <= POLICY_INTRANET; net++)
                for (size_t d = 0; d < LENGTH(differences_s); d++)
                    for (size_t scts = 0; scts <= 4; scts++, count++)
                        check(&(struct row){(enum kind)kind, (enum chain_alg)alg, (enum policy_net)net, differences_s[d], scts, POLICY_NOW});
    assert_int_equal(count, 4 * 3 * 2 * 4 * 5);
}

/* The last second of 2024 and the first of 2025. */
static void the_switch(void **state)
{
    (void)state;
    for (int later = 0; later < 2; later++) {
        int64_t at_s = GM_SWITCH - 1 + later;
        policy_world_logs(at_s);
        for (int alg = CHAIN_SM2; alg <= CHAIN_P256; alg++)
            for (int net = POLICY_PUBLIC; net <= POLICY_INTRANET; net++)
                for (size_t scts = 0; scts <= 3; scts++)
                    check(&(struct row){OV, (enum chain_alg)alg, (enum policy_net)net, 200 * CHAIN_DAY, scts, at_s});
    }
    policy_world_logs(POLICY_NOW);
}

/* ---- SCTs that are none ---- */

static struct chain_cert one;
static struct row plain = {OV, CHAIN_SM2, POLICY_PUBLIC, 90 * CHAIN_DAY, 1, POLICY_NOW};

static enum policy_verdict judge_one(const struct peer_request *more)
{
    struct bytes chain[] = {one.der, program.intermediates[plain.alg][plain.net].der};
    struct peer_request r = *more;
    r.chain = chain;
    r.count = 2;
    r.at_s = POLICY_NOW;
    return policy_world_judge(&r);
}

static const struct policy_sct *sct_at(size_t i)
{
    const struct policy_transparency *t = peer_subject_policy(policy_world_subject)->transparency;
    assert_true(i < t->sct_count);
    return &t->scts[i];
}

/* A list over the whole certificate, as TLS and OCSP bring it. */
static struct bytes list_over(const struct chain_cert *cert, size_t count, struct builder *memory)
{
    struct sct_check_subject subject = sct_check_certificate(cert->der);
    builder_init(memory, 4096);
    OK(classic_sct_write_list(program.gm_logs, count, &subject, (uint64_t)(POLICY_NOW - 10) * 1000, memory, &err));
    return builder_view(memory);
}

/* What a responder answers about `one`, with a list of SCTs over it. */
static struct bytes staple(struct bytes list, int status, const struct chain_cert *by)
{
    const struct chain_cert *issuer = &program.intermediates[CHAIN_SM2][POLICY_PUBLIC];
    unsigned char *der = NULL, *inner = NULL;
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    OCSP_CERTID *id = OCSP_cert_to_id(NULL, one.x509, issuer->x509);
    ASN1_TIME *from = ASN1_TIME_set(NULL, (time_t)(POLICY_NOW - 60)), *until = ASN1_TIME_set(NULL, (time_t)(POLICY_NOW + 3600));
    ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new(), *value = ASN1_OCTET_STRING_new();
    OCSP_SINGLERESP *single = OCSP_basic_add1_status(basic, id, status, OCSP_REVOKED_STATUS_KEYCOMPROMISE, status == V_OCSP_CERTSTATUS_REVOKED ? from : NULL, from, until);
    assert_int_equal(ASN1_OCTET_STRING_set(octets, list.data, (int)list.len), 1);
    int inner_len = i2d_ASN1_OCTET_STRING(octets, &inner);
    assert_int_equal(ASN1_OCTET_STRING_set(value, inner, inner_len), 1);
    X509_EXTENSION *extension = X509_EXTENSION_create_by_NID(NULL, NID_ct_cert_scts, 0, value);
    assert_int_equal(OCSP_SINGLERESP_add_ext(single, extension, -1), 1);
    assert_int_equal(OCSP_basic_sign(basic, by->x509, by->key, EVP_sm3(), NULL, 0), 1);
    OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    int len = i2d_OCSP_RESPONSE(response, &der);
    assert_true(len > 0);
    struct bytes copy = heap_copy(bytes_of(der, (size_t)len));
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(octets);
    ASN1_OCTET_STRING_free(value);
    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
    OCSP_CERTID_free(id);
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(response);
    OPENSSL_free(inner);
    OPENSSL_free(der);
    return copy;
}

static void ocsp_staples(void **state)
{
    (void)state;
    struct builder memory;
    const struct chain_cert *issuer = &program.intermediates[CHAIN_SM2][POLICY_PUBLIC];
    plain.sct_count = 0;
    make_leaf(&one, &plain, issuer);
    struct bytes list = list_over(&one, 2, &memory), response = staple(list, V_OCSP_CERTSTATUS_GOOD, issuer);
    assert_int_equal(judge_one(&(struct peer_request){.ocsp_response = response}), POLICY_VERDICT_SECURE);
    assert_int_equal(peer_found.ocsp, PEER_OCSP_GOOD);
    assert_int_equal(peer_found.sct_count, 2);
    assert_int_equal(sct_at(1)->delivery, CT_POLICY_OCSP);
    assert_true(sct_at(1)->is_good);
    /* Signed by nobody who may: what is in it counts for nothing. */
    heap_free(response);
    response = staple(list, V_OCSP_CERTSTATUS_GOOD, &program.roots[CHAIN_SM2][POLICY_INTRANET]);
    assert_int_equal(judge_one(&(struct peer_request){.ocsp_response = response}), POLICY_VERDICT_NOT_SECURE);
    assert_int_equal(peer_found.ocsp, PEER_OCSP_IGNORED);
    assert_int_equal(peer_found.sct_count, 0);
    heap_free(response);
    /* Revoked is untrusted, with a path that is otherwise good. */
    response = staple(list, V_OCSP_CERTSTATUS_REVOKED, issuer);
    assert_int_equal(judge_one(&(struct peer_request){.ocsp_response = response, .sct_list = list}), POLICY_VERDICT_UNTRUSTED);
    const struct policy_path *p = peer_subject_policy(policy_world_subject)->path;
    assert_true(!p->is_valid && p->count == 3);
    assert_non_null(strstr(p->why, "revoked"));
    assert_int_equal(policy_world_rule("rfc5280-path"), POLICY_FAIL);
    heap_free(response);
    builder_clear(&memory);
    policy_world_forget();
    chain_clear(&one);
}

/* More than are looked at, and one of another version: neither hides the others. */
static void many_scts(void **state)
{
    (void)state;
    struct builder memory, list;
    plain.sct_count = 0;
    make_leaf(&one, &plain, &program.intermediates[CHAIN_SM2][POLICY_PUBLIC]);
    struct sct_list good;
    OK(sct_list_parse(list_over(&one, 1, &memory), &good, &err));
    for (size_t junk = PEER_SCTS_MAX - 1; junk <= PEER_SCTS_MAX; junk++) {
        struct sct all[SCT_LIST_MAX];
        uint8_t version_2[] = {1, 2, 3};
        for (size_t i = 0; i < SCT_LIST_MAX; i++)
            all[i] = i + 1 < SCT_LIST_MAX ? (struct sct){.serialized = BYTES_OF(version_2)} : good.scts[0];
        builder_init(&list, 65537);
        OK(sct_list_write(all, SCT_LIST_MAX, &list, &err));
        /* The good one is the last of 32, or the first behind them. */
        struct bytes first = junk == PEER_SCTS_MAX - 1 ? bytes_of(NULL, 0) : builder_view(&list);
        assert_int_equal(judge_one(&(struct peer_request){.sct_list = first.len > 0 ? first : builder_view(&list), .property_scts = first.len > 0 ? builder_view(&memory) : first}),
                         POLICY_VERDICT_SECURE);
        assert_int_equal(peer_found.sct_count, PEER_SCTS_MAX);
        assert_int_equal(peer_found.left_out_sct_count, junk == PEER_SCTS_MAX - 1 ? 0 : 1);
        assert_false(sct_at(0)->is_good);
        assert_non_null(strstr(sct_at(0)->why, "version"));
        assert_true(sct_at(PEER_SCTS_MAX - 1)->is_good);
        builder_clear(&list);
    }
    builder_clear(&memory);
    policy_world_forget();
    chain_clear(&one);
}

static void ways_of_delivery(void **state)
{
    (void)state;
    struct builder memory, foreign;
    plain.sct_count = 0;
    make_leaf(&one, &plain, &program.intermediates[CHAIN_SM2][POLICY_PUBLIC]);
    assert_int_equal(judge_one(&(struct peer_request){.at_s = 0}), POLICY_VERDICT_NOT_SECURE);
    assert_int_equal(policy_world_rule("CT-02"), POLICY_FAIL);
    struct bytes list = list_over(&one, 1, &memory);
    assert_int_equal(judge_one(&(struct peer_request){.sct_list = list}), POLICY_VERDICT_SECURE);
    assert_int_equal(sct_at(0)->delivery, CT_POLICY_TLS);
    assert_int_equal(sct_at(0)->timestamp_ms, (uint64_t)(POLICY_NOW - 10) * 1000);
    assert_int_equal(judge_one(&(struct peer_request){.property_scts = list}), POLICY_VERDICT_SECURE);
    assert_int_equal(sct_at(0)->delivery, CT_POLICY_PROPERTY);
    /* Signed over another certificate: it says so, and does not count. */
    list = list_over(&program.roots[CHAIN_SM2][POLICY_PUBLIC], 1, &foreign);
    assert_int_equal(judge_one(&(struct peer_request){.sct_list = list}), POLICY_VERDICT_NOT_SECURE);
    assert_false(sct_at(0)->is_good);
    assert_non_null(sct_at(0)->log);
    assert_non_null(sct_at(0)->why);
    /* What cannot be read is none. */
    assert_int_equal(judge_one(&(struct peer_request){.sct_list = BYTES_OF("\0\5\0\1")}), POLICY_VERDICT_NOT_SECURE);
    assert_int_equal(peer_found.unread_list_count, 1);
    builder_clear(&memory);
    builder_clear(&foreign);
    policy_world_forget();
    chain_clear(&one);
}

static void logs_that_are_not_listed(void **state)
{
    (void)state;
    struct classic_log stranger;
    OK(classic_log_init(&stranger, program.algorithms, true, &err));
    struct classic_log known = program.gm_logs[0];
    program.gm_logs[0] = stranger;
    plain.sct_count = 2;
    make_leaf(&one, &plain, &program.intermediates[CHAIN_SM2][POLICY_PUBLIC]);
    program.gm_logs[0] = known;
    assert_int_equal(judge_one(&(struct peer_request){.at_s = 0}), POLICY_VERDICT_SECURE); /* by the second */
    assert_null(sct_at(0)->log);
    assert_false(sct_at(0)->is_good);
    assert_memory_equal(sct_at(0)->log_id, stranger.row.log_id, HASH_SIZE);
    assert_true(sct_at(1)->is_good);
    /* A client without a list judges none. */
    struct peer_trust *with = program.trust;
    OK(peer_trust_new(program.store, &program.trust, &err));
    struct peer_anchor r = {.der = program.roots[CHAIN_SM2][POLICY_PUBLIC].der, .is_root = true};
    OK(peer_trust_add_listed(program.trust, &r, &err));
    (void)judge_one(&(struct peer_request){.at_s = 0});
    assert_null(peer_subject_policy(policy_world_subject)->transparency->logs);
    assert_int_equal(policy_world_rule("CT-02"), POLICY_NOT_LOOKED_AT);
    policy_world_forget();
    peer_trust_free(program.trust);
    program.trust = with;
    chain_clear(&one);
    classic_log_clear(&stranger);
}

static void an_sct_from_the_future(void **state)
{
    (void)state;
    for (int later = 0; later < 2; later++) {
        struct chain_spec spec = {.subject = subject_of(OV), .alg = CHAIN_SM2, .not_before_s = POLICY_NOW - CHAIN_DAY,
                                  .not_after_s = POLICY_NOW + 90 * CHAIN_DAY, .san = "DNS:www.example.com", .eku = "serverAuth,clientAuth",
                                  .policies = "1.2.156.157933.13", .aia = "caIssuers;URI:http://ca.example.com/i.cer",
                                  .crl = "URI:http://ca.example.com/i.crl", .logs = program.gm_logs, .log_count = 1,
                                  .sct_ms = (uint64_t)(POLICY_NOW + 300 + later) * 1000};
        chain_make(&one, &spec, &program.intermediates[CHAIN_SM2][POLICY_PUBLIC]);
        assert_int_equal(judge_one(&(struct peer_request){.at_s = 0}), later ? POLICY_VERDICT_NOT_SECURE : POLICY_VERDICT_SECURE);
        if (later)
            assert_non_null(strstr(sct_at(0)->why, "future"));
        policy_world_forget();
        chain_clear(&one);
    }
}

/* ---- worlds and networks that do not mix ---- */

static enum policy_verdict judge_below(const struct row *r, enum policy_net net)
{
    struct chain_cert leaf;
    make_leaf(&leaf, r, &program.intermediates[r->alg][net]);
    struct bytes chain[] = {leaf.der, program.intermediates[r->alg][net].der};
    enum policy_verdict got = policy_world_judge(&(struct peer_request){.chain = chain, .count = 2, .at_s = r->at_s});
    policy_world_forget();
    chain_clear(&leaf);
    return got;
}

static void networks_do_not_mix(void **state)
{
    (void)state;
    for (int alg = CHAIN_SM2; alg <= CHAIN_P256; alg++) {
        const struct row internal = {OV, (enum chain_alg)alg, POLICY_INTRANET, 90 * CHAIN_DAY, 4, POLICY_NOW},
                         public = {OV, (enum chain_alg)alg, POLICY_PUBLIC, 90 * CHAIN_DAY, 4, POLICY_NOW};
        assert_int_equal(judge_below(&internal, POLICY_INTRANET), POLICY_VERDICT_SECURE);
        /* Internal names below a public root. */
        assert_int_equal(judge_below(&internal, POLICY_PUBLIC), POLICY_VERDICT_NOT_SECURE);
        assert_int_equal(policy_world_rule("IN-01"), POLICY_FAIL);
        assert_int_equal(peer_found.path.purpose, TRUST_BUNDLE_TLS);
        /* A public certificate below an intranet's root. */
        assert_true(judge_below(&public, POLICY_INTRANET) >= POLICY_VERDICT_NOT_SECURE);
        assert_int_equal(peer_found.path.purpose, TRUST_BUNDLE_TLS_INTRANET);
        /* A root of another purpose is no root. */
        assert_int_equal(judge_below(&public, POLICY_EMAIL), POLICY_VERDICT_UNTRUSTED);
        assert_int_equal(peer_found.path.reason, PEER_PATH_OTHER_PURPOSE);
        assert_int_equal(policy_world_rule("RP-01"), POLICY_FAIL);
    }
}

static void national_root(void **state)
{
    (void)state;
    struct chain_cert unlisted;
    struct peer_anchor r = {.der = program.roots[CHAIN_SM2][POLICY_PUBLIC].der, .is_root = true, .level_max = 4, .has_listed_intermediates_only = true,
                            .purposes = {1, {TRUST_BUNDLE_TLS}}};
    struct chain_spec spec = {.subject = "C=CN/O=Test CA/CN=Unlisted", .alg = CHAIN_SM2, .is_ca = true, .not_before_s = POLICY_NOW - 400 * CHAIN_DAY,
                              .not_after_s = POLICY_NOW + 400 * CHAIN_DAY, .aia = "caIssuers;URI:http://ca.example.com/root.cer"};
    chain_make(&unlisted, &spec, &program.roots[CHAIN_SM2][POLICY_PUBLIC]);
    OK(peer_trust_add_listed(program.trust, &r, &err));
    plain.sct_count = 2;
    for (int is_listed = 0; is_listed < 2; is_listed++) {
        const struct chain_cert *issuer = is_listed ? &program.intermediates[CHAIN_SM2][POLICY_PUBLIC] : &unlisted;
        make_leaf(&one, &plain, issuer);
        struct bytes chain[] = {one.der, issuer->der};
        assert_int_equal(policy_world_judge(&(struct peer_request){.chain = chain, .count = 2, .at_s = POLICY_NOW}),
                         is_listed ? POLICY_VERDICT_SECURE : POLICY_VERDICT_UNTRUSTED);
        assert_int_equal(policy_world_rule("RP-02"), is_listed ? POLICY_PASS : POLICY_FAIL);
        /* Its SCTs are checked all the same: the issuer is known. */
        assert_true(sct_at(0)->is_good);
        policy_world_forget();
        chain_clear(&one);
    }
    r.has_listed_intermediates_only = false;
    OK(peer_trust_add_listed(program.trust, &r, &err));
    chain_clear(&unlisted);
}

/* What a root may give at most. */
static void highest_level(void **state)
{
    (void)state;
    for (uint8_t level = 1; level <= 4; level++) {
        struct peer_anchor r = {.der = program.roots[CHAIN_RSA][POLICY_PUBLIC].der, .is_root = true, .level_max = level,
                                .purposes = {1, {TRUST_BUNDLE_TLS}}};
        OK(peer_trust_add_listed(program.trust, &r, &err));
        const struct row ev = {EV, CHAIN_RSA, POLICY_PUBLIC, 90 * CHAIN_DAY, 2, POLICY_NOW};
        assert_int_equal(judge_below(&ev, POLICY_PUBLIC), POLICY_VERDICT_SECURE);
        assert_int_equal(answer.level, level);
    }
}

/* Roots that are trusted for what was logged until some time. */
static void logged_too_late(void **state)
{
    (void)state;
    const struct row r = {OV, CHAIN_P256, POLICY_PUBLIC, 90 * CHAIN_DAY, 2, POLICY_NOW};
    const int64_t logged_s = POLICY_NOW - 2 * CHAIN_DAY;
    struct peer_anchor a = {.der = program.roots[CHAIN_P256][POLICY_PUBLIC].der, .is_root = true, .level_max = 4, .purposes = {1, {TRUST_BUNDLE_TLS}}};
    a.sct_distrust_after_s = logged_s;
    OK(peer_trust_add_listed(program.trust, &a, &err));
    assert_int_equal(judge_below(&r, POLICY_PUBLIC), POLICY_VERDICT_SECURE);
    a.sct_distrust_after_s = logged_s - 1;
    OK(peer_trust_add_listed(program.trust, &a, &err));
    assert_int_equal(judge_below(&r, POLICY_PUBLIC), POLICY_VERDICT_UNTRUSTED);
    assert_int_equal(peer_found.path.reason, PEER_PATH_SCT_DISTRUSTED);
    a.sct_distrust_after_s = 0;
    OK(peer_trust_add_listed(program.trust, &a, &err));
    assert_int_equal(judge_below(&r, POLICY_PUBLIC), POLICY_VERDICT_SECURE);
}

/* ---- other purposes ---- */

static void mail_and_documents(void **state)
{
    (void)state;
    static const char *const gm_mail[] = {"1.2.156.157933.31", "1.2.156.157933.32", "1.2.156.157933.33", "1.2.156.157933.34"};
    static const char *const cabf_mail[] = {"2.23.140.1.5.1.3", "2.23.140.1.5.4.3", "2.23.140.1.5.2.3", "2.23.140.1.5.3.3"};
    static const char *const gm_document[] = {"1.2.156.157933.41", "1.2.156.157933.42", "1.2.156.157933.43", "1.2.156.157933.44"};
    static const char *const intl_document[] = {"1.3.6.1.4.1.57933.41", "1.3.6.1.4.1.57933.42", "1.3.6.1.4.1.57933.43", "1.3.6.1.4.1.57933.44"};
    static const char *const subjects[] = {"CN=wang@example.com", "C=CN/GN=Xiaoming/SN=Wang/CN=Wang Xiaoming", "C=CN/O=Example Ltd/CN=Example Ltd",
                                           "C=CN/O=Example Ltd/GN=Xiaoming/SN=Wang/CN=Wang Xiaoming"};
    for (int alg = CHAIN_SM2; alg <= CHAIN_P256; alg++)
        for (int net = POLICY_EMAIL; net <= POLICY_DOCUMENT; net++)
            for (size_t level = 0; level < 4; level++) {
                bool is_mail = net == POLICY_EMAIL, is_gm = alg == CHAIN_SM2;
                struct chain_spec spec = {.subject = subjects[level], .alg = (enum chain_alg)alg, .not_before_s = POLICY_NOW - CHAIN_DAY,
                                          .not_after_s = POLICY_NOW + 300 * CHAIN_DAY, .san = "email:wang@example.com",
                                          .eku = is_mail ? "emailProtection" : "1.3.6.1.5.5.7.3.36",
                                          .policies = (is_mail ? is_gm ? gm_mail : cabf_mail : is_gm ? gm_document : intl_document)[level],
                                          .aia = "caIssuers;URI:http://ca.example.com/i.cer", .crl = "URI:http://ca.example.com/i.crl"};
                chain_make(&one, &spec, &program.intermediates[alg][net]);
                struct bytes chain[] = {one.der, program.intermediates[alg][net].der};
                enum policy_verdict got = policy_world_judge(&(struct peer_request){.chain = chain, .count = 2, .at_s = POLICY_NOW,
                                                                                    .purpose = policy_world_purposes[net]});
                if (got != POLICY_VERDICT_SECURE || answer.level != level + 1) {
                    policy_world_print();
                    fail_msg("%s %s level %zu: %s T%u", alg_names[alg], policy_world_nets[net], level + 1, policy_verdict_name(got), answer.level);
                }
                /* For servers it is nothing. */
                assert_int_equal(policy_world_judge(&(struct peer_request){.chain = chain, .count = 2, .at_s = POLICY_NOW}), POLICY_VERDICT_UNTRUSTED);
                policy_world_forget();
                chain_clear(&one);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind),
        cmocka_unit_test(the_switch),
        cmocka_unit_test(ways_of_delivery),
        cmocka_unit_test(ocsp_staples),
        cmocka_unit_test(many_scts),
        cmocka_unit_test(logs_that_are_not_listed),
        cmocka_unit_test(an_sct_from_the_future),
        cmocka_unit_test(networks_do_not_mix),
        cmocka_unit_test(national_root),
        cmocka_unit_test(highest_level),
        cmocka_unit_test(logged_too_late),
        cmocka_unit_test(mail_and_documents),
    };
    return cmocka_run_group_tests(tests, policy_world_make, policy_world_clear);
}
