/* bench_policy.c - what the root program's policy costs a client for each certificate, beyond the signatures: the leaf is parsed, all
 * rules of the shipped policy are applied, with path, SCTs or cosigners that have been checked before. And reading the policy. */
#include "bench.h"

#include <stdio.h>
#include <string.h>

#include "mtc_sample.h"
#include "policy/policy.h"
#include "tls/classic_chain.h"

#define SCTS 2

/* A subject as peer_subject makes it, but for the signatures. */
struct policy_bench {
    const struct policy_set *set;
    struct bytes der;
    struct policy_path path;
    struct policy_transparency transparency;
    struct policy_sct scts[SCTS];
    struct policy_cosigner cosigners[2];
    struct policy_answer answer;
};

static bool is_internal_name(void *context, const char *name)
{
    (void)context;
    return strchr(name, '.') == NULL;
}

static bool is_public_suffix(void *context, const char *name)
{
    return is_internal_name(context, name);
}

static bool run_judge(void *context, size_t times)
{
    static const struct policy_names names = {is_public_suffix, is_internal_name, NULL};
    struct policy_bench *b = context;
    struct certificate cert;
    for (size_t i = 0; i < times; i++) {
        if (certificate_parse(b->der, &cert, NULL) != STATUS_OK)
            return false;
        struct policy_subject subject = policy_subject_of_certificate(&cert, TRUST_BUNDLE_TLS, MTC_SAMPLE_AT_S);
        subject.dns_name = bytes_of_text(MTC_SAMPLE_NAME);
        subject.path = &b->path;
        subject.transparency = &b->transparency;
        subject.names = &names;
        if (policy_judge(b->set, &subject, &b->answer, NULL) != STATUS_OK)
            return false;
    }
    return true;
}

static bool run_read(void *context, size_t times)
{
    (void)context;
    for (size_t i = 0; i < times; i++) {
        struct policy_set *set;
        if (policy_set_default(&set, NULL) != STATUS_OK)
            return false;
        policy_set_free(set);
    }
    return true;
}

/* Two logs of a world, of different operators. */
static enum status make_list(const struct ct_suite *suite, struct log_list *list, struct error *err)
{
    static const struct log_list_operator operators[SCTS] = {{.name = "ZoTrus"}, {.name = "Another"}};
    enum status s = STATUS_OK;
    log_list_init(list);
    list->timestamp_s = MTC_SAMPLE_AT_S;
    for (size_t i = 0; i < SCTS && s == STATUS_OK; i++) {
        struct log_list_log log = {.suite = suite, .operator_index = i, .description = "a log", .state = LOG_LIST_USABLE};
        s = array_insert(&list->operators, i, &operators[i], "operators", err);
        if (s == STATUS_OK)
            s = array_insert(&list->logs, i, &log, "logs", err);
    }
    return s;
}

static void add_row(struct policy_bench *b, struct bytes der, bool is_root)
{
    b->path.certificates[b->path.count] = (struct policy_path_certificate){.der = der, .is_listed = b->path.count > 0, .is_root = is_root,
        .purposes = {.count = b->path.count > 0, .at = {TRUST_BUNDLE_TLS}}, .level_max = 4};
    b->path.count++;
}

static void fill_classic(struct policy_bench *b, const struct policy_set *set, const struct classic_chain *chain, const struct log_list *list)
{
    *b = (struct policy_bench){.set = set, .der = classic_chain_leaf(chain), .path = {.is_valid = true}};
    add_row(b, classic_chain_leaf(chain), false);
    add_row(b, classic_chain_intermediate(chain), false);
    add_row(b, classic_chain_root(chain), true);
    for (size_t i = 0; i < SCTS; i++)
        b->scts[i] = (struct policy_sct){.log = log_list_at(list, i), .delivery = CT_POLICY_EMBEDDED, .is_good = true,
                                         .timestamp_ms = (uint64_t)MTC_SAMPLE_AT_S * 1000};
    b->transparency = (struct policy_transparency){.logs = list, .scts = b->scts, .sct_count = SCTS};
}

/* The CA's certificate is not made by the sample: any will do in its place. */
static void fill_mtc(struct policy_bench *b, const struct policy_set *set, const struct mtc_sample *sample, struct bytes ca,
                     const struct log_list *list)
{
    *b = (struct policy_bench){.set = set, .der = builder_view(&sample->der), .path = {.is_valid = true}};
    add_row(b, b->der, false);
    add_row(b, ca, true);
    b->cosigners[0] = (struct policy_cosigner){.role = POLICY_COSIGNER_CA, .operator_name = bytes_of_text("The CA"), .is_good = true};
    b->cosigners[1] = (struct policy_cosigner){.role = POLICY_COSIGNER_MIRROR, .operator_name = bytes_of_text("A mirror"), .is_good = true};
    b->transparency = (struct policy_transparency){.logs = list, .cosigners = b->cosigners, .cosigner_count = 2,
                                                   .ca_operator = bytes_of_text("The CA"), .are_rules_met = true};
}

static int print(struct policy_bench *subjects)
{
    static const char *const names[] = {"policy: classic SM2 leaf, 2 SCTs", "policy: classic P-256 leaf, 2 SCTs", "policy: GM MTC, 1 mirror"};
    struct bench_case cases[4];
    double worst_s = 0;
    for (size_t i = 0; i < 3; i++)
        cases[i] = (struct bench_case){.name = names[i], .run = run_judge, .context = &subjects[i], .size = subjects[i].der.len};
    cases[3] = (struct bench_case){.name = "policy: reading the shipped file", .run = run_read, .size = policy_set_default_text().len};
    if (!bench_measure(cases, 4))
        return 1;
    bench_print_rate(cases, 4);
    for (size_t i = 0; i < 3; i++) {
        (void)printf("  %s: %s, T%u, %zu rules\n", cases[i].name, policy_verdict_name(subjects[i].answer.verdict), subjects[i].answer.level,
                     subjects[i].answer.count);
        worst_s = cases[i].best_s > worst_s ? cases[i].best_s : worst_s;
    }
    bench_target("policy of one certificate, the slowest", worst_s * 1e6, " us", worst_s <= 50e-6, "<= 50 us");
    return 0;
}

int bench_policy(void)
{
    static const struct mtc_sample_kind kind = {.draft = &draft_gm, .subject_algorithm = "sm2_sm3", .cosigner_algorithms = {"sm2_sm3"},
                                                .height = 22};
    static struct policy_bench subjects[3];
    struct error err = {.status = STATUS_OK};
    struct policy_set *set = NULL;
    struct classic_chain *chains[2] = {NULL, NULL};
    struct mtc_sample sample = {.kind = NULL};
    struct log_list lists[2];
    log_list_init(&lists[0]);
    log_list_init(&lists[1]);
    enum status s = policy_set_default(&set, &err);
    if (s == STATUS_OK)
        s = classic_chain_new(CLASSIC_SM2, MTC_SAMPLE_NAME, MTC_SAMPLE_AT_S, &chains[0], &err);
    if (s == STATUS_OK)
        s = classic_chain_new(CLASSIC_P256, MTC_SAMPLE_NAME, MTC_SAMPLE_AT_S, &chains[1], &err);
    if (s == STATUS_OK)
        s = mtc_sample_init(&sample, &kind, &err);
    if (s == STATUS_OK)
        s = make_list(&ct_suite_gm, &lists[0], &err);
    if (s == STATUS_OK)
        s = make_list(&ct_suite_intl, &lists[1], &err);
    int result = s == STATUS_OK ? 0 : bench_failed("policy", &err);
    if (result == 0) {
        bench_title("the root program's policy for one certificate, beyond signatures, one thread");
        fill_classic(&subjects[0], set, chains[0], &lists[0]);
        fill_classic(&subjects[1], set, chains[1], &lists[1]);
        fill_mtc(&subjects[2], set, &sample, classic_chain_root(chains[0]), &lists[0]);
        result = print(subjects);
    }
    mtc_sample_clear(&sample);
    for (size_t i = 0; i < 2; i++) {
        classic_chain_free(chains[i]);
        log_list_clear(&lists[i]);
    }
    policy_set_free(set);
    return result;
}
