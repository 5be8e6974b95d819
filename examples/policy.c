/* policy.c - what a browser tells its user about a certificate: verdict, level, and each rule that is not kept, in English and
 * Chinese; by the policy that is built into the library. C17 and C++17.
 *
 *   policy AT NAME ROOT.der LEAF.der [INTERMEDIATE.der...]
 *
 * AT: seconds since the Epoch. Exit status 0: secure; 1: not; 2: files or arguments cannot be used. A browser of a root program takes
 * its roots, its logs and its policy from a trust bundle instead: cathaya_tls_trust_add_bundles.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cathaya/policy.h>

#define FILE_MAX (1024 * 1024)

static void die(const char *what, const char *why)
{
    fprintf(stderr, "policy: %s: %s\n", what, why);
    exit(2);
}

static void must(enum cathaya_status status, const char *what, const struct cathaya_error *err)
{
    if (status != CATHAYA_OK)
        die(what, err->reason);
}

static struct cathaya_der read_file(const char *path)
{
    struct cathaya_der der;
    uint8_t *memory = (uint8_t *)malloc(FILE_MAX);
    FILE *file = fopen(path, "rb");
    if (memory == NULL || file == NULL)
        die(path, "cannot be read");
    der.data = memory;
    der.len = fread(memory, 1, FILE_MAX, file);
    fclose(file);
    return der;
}

/* ---- names ---- */

/* A browser asks its public suffix list; here the Internet has .com and .org. */
static int is_public_suffix(void *context, const char *name)
{
    (void)context;
    return strcmp(name, "com") == 0 || strcmp(name, "org") == 0;
}

static int is_internal_name(void *context, const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot == NULL || !is_public_suffix(context, dot + 1);
}

/* ---- the answer ---- */

static void print_answer(const struct cathaya_answer *answer)
{
    struct cathaya_answer_summary summary;
    struct cathaya_rule rule;
    struct cathaya_answer_sct sct;
    size_t i;
    cathaya_answer_summary(answer, &summary);
    printf("%s, T%u%s%s\n", cathaya_verdict_name(summary.verdict), summary.level, summary.kind[0] != '\0' ? " " : "", summary.kind);
    printf("%s\n%s\n", summary.saying[CATHAYA_LANGUAGE_EN], summary.saying[CATHAYA_LANGUAGE_ZH]);
    if (summary.reason[0] != '\0')
        printf("%s\n", summary.reason);
    for (i = 0; cathaya_answer_rule(answer, i, &rule); i++)
        if (rule.result == CATHAYA_RULE_FAIL || rule.result == CATHAYA_RULE_WARN)
            printf("%s %s: %s | %s\n", rule.id, cathaya_rule_result_name(rule.result), rule.title[CATHAYA_LANGUAGE_EN],
                   rule.title[CATHAYA_LANGUAGE_ZH]);
    for (i = 0; cathaya_answer_sct(answer, i, &sct); i++)
        printf("SCT %lu: %s\n", (unsigned long)(i + 1), sct.is_good ? sct.log_name : sct.reason);
}

int main(int argc, char **argv)
{
    struct cathaya_tls_trust *trust;
    struct cathaya_policy *policy;
    struct cathaya_answer *answer;
    struct cathaya_answer_summary summary;
    struct cathaya_policy_names names;
    struct cathaya_policy_request request;
    struct cathaya_der chain[CATHAYA_TLS_CHAIN_MAX], root;
    struct cathaya_error err;
    if (argc < 5 || argc - 4 > CATHAYA_TLS_CHAIN_MAX)
        die("usage", "policy AT NAME ROOT.der LEAF.der [INTERMEDIATE.der...]");
    must(cathaya_tls_trust_new(&trust, &err), "trust", &err);
    root = read_file(argv[3]);
    if (cathaya_tls_trust_add_root(trust, CATHAYA_WORLD_GM, root.data, root.len, &err) != CATHAYA_OK)
        must(cathaya_tls_trust_add_root(trust, CATHAYA_WORLD_INTL, root.data, root.len, &err), argv[3], &err);
    must(cathaya_policy_new(trust, &policy, &err), "policy", &err);

    memset(&names, 0, sizeof names);
    names.is_public_suffix = is_public_suffix;
    names.is_internal_name = is_internal_name;
    memset(&request, 0, sizeof request);
    request.at = strtoll(argv[1], NULL, 10);
    request.dns_name = argv[2];
    request.names = &names;
    request.chain = chain;
    for (int i = 4; i < argc; i++)
        chain[request.chain_count++] = read_file(argv[i]);
    must(cathaya_policy_judge(policy, &request, &answer, &err), argv[4], &err);

    printf("by %s, version %lu\n", cathaya_policy_name(policy), (unsigned long)cathaya_policy_version(policy));
    print_answer(answer);
    cathaya_answer_summary(answer, &summary);
    cathaya_answer_free(answer);
    cathaya_policy_free(policy);
    cathaya_tls_trust_free(trust);
    for (size_t i = 0; i < request.chain_count; i++)
        free((void *)chain[i].data);
    free((void *)root.data);
    return summary.verdict == CATHAYA_VERDICT_SECURE ? 0 : 1;
}
