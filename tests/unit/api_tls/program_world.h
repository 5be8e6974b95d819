/* program_world.h - a root program as a client gets it: a trust bundle in bytes with roots, listed intermediates and CT logs, and
 * certificates below them, each with what the policy has to say of it. Real keys, real SCTs. For tests of what is shown, in
 * processes and against the library. */
#ifndef CATHAYA_TESTS_UNIT_API_TLS_PROGRAM_WORLD_H
#define CATHAYA_TESTS_UNIT_API_TLS_PROGRAM_WORLD_H

#include "unit/tls/chain_maker.h"

#include "codec/trust_bundle/trust_ct_logs.h"
#include "codec/trust_bundle/trust_file.h"

#define PROGRAM_LOGS 3 /* of each world, of one operator each */
#define PROGRAM_NAME "www.example.com"

enum program_issuer { PROGRAM_GM, PROGRAM_INTL, PROGRAM_UNLISTED, PROGRAM_INTRANET, PROGRAM_ISSUERS };

/* A certificate that is made, and what is expected of it. */
struct program_row {
    const char *name;
    enum program_issuer issuer;
    const char *subject, *san, *policies;
    int days;
    size_t sct_count;
    bool has_aia;
    const char *verdict; /* of policies/root-program.conf, after 2025-01-01 */
    const char *worst;   /* rule; "" when it is secure */
    const char *level;   /* "" when it is untrusted */
};

#define PROGRAM_OV_SUBJECT "C=CN/ST=Guangdong/L=Shenzhen/O=Example Ltd/CN=" PROGRAM_NAME
#define PROGRAM_EV_SUBJECT "businessCategory=Private Organization/jurisdictionC=CN/serialNumber=91440300MA5/" PROGRAM_OV_SUBJECT
#define PROGRAM_SAN "DNS:" PROGRAM_NAME

static const struct program_row program_rows[] = {
    {"gm-dv", PROGRAM_GM, "CN=" PROGRAM_NAME, PROGRAM_SAN, "1.2.156.157933.11", 90, 1, true, "secure", "", "T1"},
    {"gm-ov", PROGRAM_GM, PROGRAM_OV_SUBJECT, PROGRAM_SAN, "1.2.156.157933.13", 90, 2, true, "secure", "", "T3"},
    {"gm-ev", PROGRAM_GM, PROGRAM_EV_SUBJECT, PROGRAM_SAN, "1.2.156.157933.14", 90, 1, true, "secure", "", "T4"},
    {"gm-no-sct", PROGRAM_GM, PROGRAM_OV_SUBJECT, PROGRAM_SAN, "1.2.156.157933.13", 90, 0, true, "not_secure", "CT-02", "T3"},
    {"gm-no-aia", PROGRAM_GM, PROGRAM_OV_SUBJECT, PROGRAM_SAN, "1.2.156.157933.13", 90, 1, false, "not_secure", "RP-06", "T3"},
    {"gm-unlisted", PROGRAM_UNLISTED, PROGRAM_OV_SUBJECT, PROGRAM_SAN, "1.2.156.157933.13", 90, 1, true, "untrusted", "RP-02", ""},
    {"intl-ov", PROGRAM_INTL, PROGRAM_OV_SUBJECT, PROGRAM_SAN, "2.23.140.1.2.2", 90, 2, true, "secure", "", "T3"},
    {"intl-one-sct", PROGRAM_INTL, PROGRAM_OV_SUBJECT, PROGRAM_SAN, "2.23.140.1.2.2", 90, 1, true, "not_secure", "RP-10", "T3"},
    {"intl-long", PROGRAM_INTL, PROGRAM_OV_SUBJECT, PROGRAM_SAN, "2.23.140.1.2.2", 500, 3, true, "not_secure", "br-validity", "T3"},
    {"intranet", PROGRAM_INTRANET, PROGRAM_OV_SUBJECT, PROGRAM_SAN ",DNS:nas.lan,IP:10.0.0.1", "1.2.156.157933.83", 400, 2, true,
     "secure", "", "T3"},
};
#define PROGRAM_ROWS (sizeof program_rows / sizeof program_rows[0])

struct program_world {
    int64_t at_s;
    struct algorithms *algorithms;
    struct classic_log gm_logs[PROGRAM_LOGS], intl_logs[PROGRAM_LOGS];
    struct log_list list;
    struct chain_cert roots[PROGRAM_ISSUERS], intermediates[PROGRAM_ISSUERS];
    struct chain_cert leaves[PROGRAM_ROWS];
    struct trust_bundle bundle;
};

/* The unlisted intermediate is one of the GM root's. */
static inline void program_ca(struct program_world *w, enum program_issuer i)
{
    static const char *const names[] = {"GM", "International", "Unlisted", "Intranet"};
    char root[80], between[80];
    enum chain_alg alg = i == PROGRAM_INTL ? CHAIN_P256 : CHAIN_SM2;
    (void)snprintf(root, sizeof root, "C=CN/O=Test CA/CN=%s Root", names[i]);
    (void)snprintf(between, sizeof between, "C=CN/O=Test CA/CN=%s Intermediate", names[i]);
    struct chain_spec spec = {.subject = root, .alg = alg, .is_ca = true, .not_before_s = w->at_s - 1000 * CHAIN_DAY,
                              .not_after_s = w->at_s + 3000 * CHAIN_DAY};
    if (i != PROGRAM_UNLISTED)
        chain_make(&w->roots[i], &spec, NULL);
    spec.subject = between;
    spec.policies = "2.5.29.32.0";
    spec.aia = "caIssuers;URI:http://ca.example.com/root.cer";
    spec.crl = "URI:http://ca.example.com/root.crl";
    chain_make(&w->intermediates[i], &spec, &w->roots[i == PROGRAM_UNLISTED ? PROGRAM_GM : i]);
}

static inline void program_leaf(struct program_world *w, size_t i)
{
    const struct program_row *row = &program_rows[i];
    bool is_gm = row->issuer != PROGRAM_INTL;
    int64_t from_s = w->at_s - 2 * CHAIN_DAY;
    struct chain_spec spec = {
        .subject = row->subject, .alg = is_gm ? CHAIN_SM2 : CHAIN_P256, .not_before_s = from_s,
        .not_after_s = from_s + row->days * CHAIN_DAY - 1, .san = row->san, .eku = is_gm ? "serverAuth,clientAuth" : "serverAuth",
        .policies = row->policies, .aia = row->has_aia ? "caIssuers;URI:http://ca.example.com/i.cer" : NULL,
        .crl = "URI:http://ca.example.com/i.crl", .logs = is_gm ? w->gm_logs : w->intl_logs,
        .log_count = row->sct_count < PROGRAM_LOGS ? row->sct_count : PROGRAM_LOGS, .sct_ms = (uint64_t)from_s * 1000};
    chain_make(&w->leaves[i], &spec, &w->intermediates[row->issuer]);
}

static inline void program_log_list(struct program_world *w)
{
    struct error err;
    log_list_init(&w->list);
    w->list.timestamp_s = w->at_s;
    for (size_t i = 0; i < 2 * (size_t)PROGRAM_LOGS; i++) {
        struct log_list_operator o = {.email_count = 0};
        struct log_list_log row = i < PROGRAM_LOGS ? w->gm_logs[i].row : w->intl_logs[i - PROGRAM_LOGS].row;
        (void)snprintf(o.name, sizeof o.name, "Operator %zu", i);
        (void)snprintf(row.description, sizeof row.description, "Log %zu", i);
        (void)snprintf(row.submission_url, sizeof row.submission_url, "https://log%zu.example.com", i);
        (void)snprintf(row.monitoring_url, sizeof row.monitoring_url, "https://log%zu.example.com", i);
        row.operator_index = i;
        row.mmd_s = 86400;
        row.state = LOG_LIST_USABLE;
        row.state_since_s = 1;
        assert_ok(array_insert(&w->list.operators, i, &o, "operators", &err), &err, "operators");
        assert_ok(array_insert(&w->list.logs, i, &row, "logs", &err), &err, "logs");
    }
}

static inline int program_compare(struct bytes a, struct bytes b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = memcmp(a.data, b.data, len);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static inline void program_add_anchor(struct program_world *w, const struct chain_cert *cert, bool is_root, uint16_t purpose)
{
    struct error err;
    size_t at = 0;
    struct trust_bundle_anchor anchor = {.kind = is_root ? TRUST_BUNDLE_ROOT : TRUST_BUNDLE_INTERMEDIATE,
                                         .purposes = {1, {purpose}}, .limits = {.level_max = 4}, .certificate = cert->der};
    anchor.limits.has_listed_intermediates_only = is_root && cert->alg == CHAIN_SM2;
    while (at < w->bundle.anchors.count && program_compare(trust_bundle_anchor_at(&w->bundle, at)->certificate, cert->der) < 0)
        at++;
    assert_ok(array_insert(&w->bundle.anchors, at, &anchor, "anchors", &err), &err, "anchor");
}

static inline void program_add_log(struct program_world *w, const struct log_list_log *log)
{
    struct error err;
    size_t at = 0;
    struct trust_bundle_ct_log row;
    assert_ok(trust_ct_logs_of(&w->list, log, &w->bundle, &row, &err), &err, "log");
    for (; at < w->bundle.ct_logs.count; at++) {
        const struct trust_bundle_ct_log *other = trust_bundle_ct_log_at(&w->bundle, at);
        if (other->suite > row.suite || (other->suite == row.suite && program_compare(other->spki, row.spki) > 0))
            break;
    }
    assert_ok(array_insert(&w->bundle.ct_logs, at, &row, "logs", &err), &err, "logs");
}

/* program_world_make makes all of it as it is at a time. policy: texts of section 7; empty: without. */
static inline void program_world_make(struct program_world *w, int64_t at_s, struct bytes policy, struct bytes ct_policies)
{
    struct error err;
    *w = (struct program_world){.at_s = at_s};
    assert_ok(algorithms_new(&w->algorithms, &err), &err, "algorithms");
    for (size_t i = 0; i < PROGRAM_LOGS; i++) {
        assert_ok(classic_log_init(&w->gm_logs[i], w->algorithms, true, &err), &err, "log");
        assert_ok(classic_log_init(&w->intl_logs[i], w->algorithms, false, &err), &err, "log");
    }
    program_log_list(w);
    for (int i = 0; i < PROGRAM_ISSUERS; i++)
        program_ca(w, (enum program_issuer)i);
    for (size_t i = 0; i < PROGRAM_ROWS; i++)
        program_leaf(w, i);
    trust_bundle_init(&w->bundle);
    w->bundle.version = 7;
    w->bundle.issued_s = at_s;
    for (int i = 0; i < PROGRAM_ISSUERS; i++) {
        uint16_t purpose = i == PROGRAM_INTRANET ? TRUST_BUNDLE_TLS_INTRANET : TRUST_BUNDLE_TLS;
        if (i == PROGRAM_UNLISTED)
            continue;
        program_add_anchor(w, &w->roots[i], true, purpose);
        program_add_anchor(w, &w->intermediates[i], false, purpose);
    }
    for (size_t i = 0; i < log_list_count(&w->list); i++)
        program_add_log(w, log_list_at(&w->list, i));
    w->bundle.policy = (struct trust_bundle_policy){policy, ct_policies};
}

static inline void program_world_clear(struct program_world *w)
{
    trust_bundle_clear(&w->bundle);
    for (int i = 0; i < PROGRAM_ISSUERS; i++) {
        if (i != PROGRAM_UNLISTED)
            chain_clear(&w->roots[i]);
        chain_clear(&w->intermediates[i]);
    }
    for (size_t i = 0; i < PROGRAM_ROWS; i++)
        chain_clear(&w->leaves[i]);
    for (size_t i = 0; i < PROGRAM_LOGS; i++) {
        classic_log_clear(&w->gm_logs[i]);
        classic_log_clear(&w->intl_logs[i]);
    }
    log_list_clear(&w->list);
    algorithms_free(w->algorithms);
}

#endif
