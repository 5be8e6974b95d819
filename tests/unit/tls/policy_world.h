/* policy_world.h - a root program in memory: roots of every kind with their intermediates, CT logs with real keys, and a client
 * that is told what a policy says of what it is shown. */
#ifndef CATHAYA_TESTS_UNIT_TLS_POLICY_WORLD_H
#define CATHAYA_TESTS_UNIT_TLS_POLICY_WORLD_H

#include "unit/tls/chain_maker.h"
#include "unit/rules/judging.h"

#include "policy/policy.h"
#include "tls/peer_subject.h"

#define POLICY_LOGS 4
/* 2026-02-01: certificates of the public live 398 days. */
#define POLICY_NOW INT64_C(1769904000)

struct policy_world {
    struct algorithms *algorithms;
    struct trust_store *store;
    struct peer_trust *trust;
    struct policy_set *set;
    struct classic_log gm_logs[POLICY_LOGS], intl_logs[POLICY_LOGS];
    struct log_list list;
    /* By algorithm, and for the public network, intranets, e-mail and documents. */
    struct chain_cert roots[3][4], intermediates[3][4];
};

enum policy_net { POLICY_PUBLIC, POLICY_INTRANET, POLICY_EMAIL, POLICY_DOCUMENT };

static struct policy_world program;
static struct policy_answer answer;
static struct peer_verdict peer_found;

static bool policy_world_is_suffix(void *context, const char *name)
{
    (void)context;
    return strcmp(name, "com") == 0;
}

static bool policy_world_is_internal(void *context, const char *name)
{
    size_t len = strlen(name);
    (void)context;
    return len < 4 || strcmp(name + len - 4, ".com") != 0;
}

static const struct policy_names policy_world_names = {policy_world_is_suffix, policy_world_is_internal, NULL};

/* Operators take turns: two logs each of "Operator 0" and "Operator 1". */
static inline void policy_world_logs(int64_t listed_s)
{
    log_list_clear(&program.list);
    log_list_init(&program.list);
    program.list.timestamp_s = listed_s;
    for (size_t i = 0; i < 2; i++) {
        struct log_list_operator o = {.email_count = 0};
        (void)snprintf(o.name, sizeof o.name, "Operator %zu", i);
        OK(array_insert(&program.list.operators, i, &o, "operators", &err));
    }
    for (size_t i = 0; i < 2 * (size_t)POLICY_LOGS; i++) {
        struct log_list_log row = i < POLICY_LOGS ? program.gm_logs[i].row : program.intl_logs[i - POLICY_LOGS].row;
        (void)snprintf(row.description, sizeof row.description, "Log %zu", i);
        row.operator_index = i % 2;
        row.mmd_s = 86400;
        row.state = LOG_LIST_USABLE;
        row.state_since_s = 1;
        OK(array_insert(&program.list.logs, i, &row, "logs", &err));
    }
    OK(peer_trust_set_logs(program.trust, &program.list, program.algorithms, &err));
}

static const char *const policy_world_nets[] = {"Public", "Intranet", "Email", "Document"};
static const uint16_t policy_world_purposes[] = {TRUST_BUNDLE_TLS, TRUST_BUNDLE_TLS_INTRANET, TRUST_BUNDLE_EMAIL, TRUST_BUNDLE_DOCUMENT};

static inline void policy_world_ca(enum chain_alg alg, int net)
{
    char root[64], intermediate[64];
    (void)snprintf(root, sizeof root, "C=CN/O=Test CA/CN=%s Root %d", policy_world_nets[net], (int)alg);
    (void)snprintf(intermediate, sizeof intermediate, "C=CN/O=Test CA/CN=%s Intermediate %d", policy_world_nets[net], (int)alg);
    struct chain_spec spec = {.subject = root, .alg = alg, .is_ca = true, .not_before_s = POLICY_NOW - 4000 * CHAIN_DAY,
                              .not_after_s = POLICY_NOW + 4000 * CHAIN_DAY};
    chain_make(&program.roots[alg][net], &spec, NULL);
    spec.subject = intermediate;
    spec.policies = "2.5.29.32.0";
    spec.aia = "caIssuers;URI:http://ca.example.com/root.cer";
    spec.crl = "URI:http://ca.example.com/root.crl";
    chain_make(&program.intermediates[alg][net], &spec, &program.roots[alg][net]);
    struct peer_anchor r = {.der = program.roots[alg][net].der, .is_root = true, .level_max = 4, .purposes = {1, {policy_world_purposes[net]}}};
    struct peer_anchor i = {.der = program.intermediates[alg][net].der, .level_max = 4, .purposes = r.purposes};
    OK(peer_trust_add_listed(program.trust, &r, &err));
    OK(peer_trust_add_listed(program.trust, &i, &err));
}

static inline int policy_world_make(void **state)
{
    (void)state;
    OK(algorithms_new(&program.algorithms, &err));
    OK(trust_store_new(program.algorithms, &program.store, &err));
    OK(peer_trust_new(program.store, &program.trust, &err));
    OK(policy_set_default(&program.set, &err));
    for (size_t i = 0; i < POLICY_LOGS; i++) {
        OK(classic_log_init(&program.gm_logs[i], program.algorithms, true, &err));
        OK(classic_log_init(&program.intl_logs[i], program.algorithms, false, &err));
    }
    for (int alg = CHAIN_SM2; alg <= CHAIN_P256; alg++)
        for (int net = POLICY_PUBLIC; net <= POLICY_DOCUMENT; net++)
            policy_world_ca((enum chain_alg)alg, net);
    policy_world_logs(POLICY_NOW);
    return 0;
}

static inline int policy_world_clear(void **state)
{
    (void)state;
    for (size_t i = 0; i < POLICY_LOGS; i++) {
        classic_log_clear(&program.gm_logs[i]);
        classic_log_clear(&program.intl_logs[i]);
    }
    for (int alg = CHAIN_SM2; alg <= CHAIN_P256; alg++)
        for (int net = POLICY_PUBLIC; net <= POLICY_DOCUMENT; net++) {
            chain_clear(&program.roots[alg][net]);
            chain_clear(&program.intermediates[alg][net]);
        }
    log_list_clear(&program.list);
    policy_set_free(program.set);
    peer_trust_free(program.trust);
    trust_store_free(program.store);
    algorithms_free(program.algorithms);
    return 0;
}

/* What a client says of what it was shown: all steps of peer_subject.h. The subject is kept until the next one. */
static struct peer_subject *policy_world_subject;

static inline void policy_world_forget(void)
{
    peer_subject_free(policy_world_subject);
    policy_world_subject = NULL;
}

static inline enum policy_verdict policy_world_judge(const struct peer_request *request)
{
    struct error why = {.status = STATUS_OK};
    struct peer_request asked = *request;
    asked.scope = (struct peer_scope){.has_gm = true, .has_mtc = true, .has_landmarks = true};
    asked.is_unpaired = true;
    policy_world_forget();
    enum status outcome = peer_verify(program.trust, judging_hashers(), &asked, &peer_found, &why);
    OK(peer_subject_new(&(struct peer_subject_question){.trust = program.trust, .request = &asked, .verdict = &peer_found, .outcome = outcome,
                                                        .why = why.text, .names = &policy_world_names},
                        &policy_world_subject, &err));
    OK(policy_judge(program.set, peer_subject_policy(policy_world_subject), &answer, &err));
    return answer.verdict;
}

static inline enum policy_result policy_world_rule(const char *id)
{
    const struct policy_rule_result *row = policy_answer_find(&answer, id);
    assert_non_null(row);
    return row->result;
}

/* Every rule that is not kept, to see why a test has failed. */
static inline void policy_world_print(void)
{
    for (size_t i = 0; i < answer.count; i++)
        if (answer.rules[i].result == POLICY_FAIL || answer.rules[i].result == POLICY_WARNING)
            print_message("    %s %s: %s\n", answer.rules[i].id, policy_result_name(answer.rules[i].result), answer.rules[i].evidence);
}

#endif
