/* The big logs: both CAs, 300 requests, a million entries each, and what their certificates weigh. */
#include <stdlib.h>

#include "demo/demo.h"
#include "output.h"

struct demo {
    struct demo_ca gm, intl;
    size_t gm_second_batch; /* the first site with both cosignatures */
    uint64_t entries;
    bool is_json;
    struct demo_checks checks;
};

/* Who asks for certificates: the mix of keys that a site owner may have. The first of a CA is in the
 * table. */
static enum status add_gm_sites(struct demo_ca *ca, struct error *err)
{
    enum status s = demo_ca_add_sites(ca, "sm2", 120, err);
    if (s == STATUS_OK)
        s = demo_ca_add_sites(ca, "p256", 20, err);
    return s == STATUS_OK ? demo_ca_add_sites(ca, "mldsa44", 10, err) : s;
}

static enum status add_intl_sites(struct demo_ca *ca, struct error *err)
{
    static const struct {
        const char *kind;
        size_t count;
    } mix[] = {{"mldsa44", 40}, {"p256", 60}, {"p384", 20}, {"ed25519", 20}, {"rsa2048", 10}};
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < sizeof mix / sizeof mix[0]; i++)
        s = demo_ca_add_sites(ca, mix[i].kind, mix[i].count, err);
    return s;
}

/* The GM CA lives through the transition: SM2 alone at first, then SM2 and ML-DSA-44 over one tree. */
static enum status run_gm(struct demo *demo, const char *state, struct algorithms *algorithms,
                          struct error *err)
{
    struct demo_ca *ca = &demo->gm;
    enum status s = demo_ca_create(ca, "gm", "32473.8", state, algorithms, err);
    if (s == STATUS_OK)
        s = add_gm_sites(ca, err);
    size_t half = ca->site_count / 2;
    demo->gm_second_batch = half;
    if (s == STATUS_OK)
        s = demo_ca_issue(ca, 0, half, err);
    if (s == STATUS_OK)
        s = demo_ca_generate(ca, demo->entries - (ca->site_count - half), err);
    if (s == STATUS_OK)
        s = demo_ca_add_cosigner(ca, "32473.9", "mldsa44", err);
    if (s == STATUS_OK)
        s = demo_ca_issue(ca, half, ca->site_count, err);
    return s == STATUS_OK ? demo_ca_finish(ca, err) : s;
}

static enum status run_intl(struct demo *demo, const char *state, struct algorithms *algorithms,
                            struct error *err)
{
    struct demo_ca *ca = &demo->intl;
    enum status s = demo_ca_create(ca, "intl", "32473.1", state, algorithms, err);
    if (s == STATUS_OK)
        s = add_intl_sites(ca, err);
    if (s == STATUS_OK)
        s = demo_ca_issue(ca, 0, ca->site_count, err);
    if (s == STATUS_OK)
        s = demo_ca_generate(ca, demo->entries, err);
    return s == STATUS_OK ? demo_ca_finish(ca, err) : s;
}

static void print_ca(const struct demo_ca *ca, bool is_json)
{
    if (is_json) {
        output_json(json_pack("{s:s, s:s, s:I, s:I, s:f, s:f}", "ca", ca->id, "suite", ca->suite, "csrs",
                              (json_int_t)ca->site_count, "entries", (json_int_t)ca->entry_count,
                              "entries_per_s", ca->generated_per_s, "csrs_per_s", ca->issued_per_s));
        return;
    }
    output_line("%s CA %s: %zu certificates for real CSRs (%.0f/s), %llu generated entries in %llu durable "
                "batches (%.0f/s), landmark %llu at %llu entries", ca->suite, ca->id, ca->site_count,
                ca->issued_per_s, (unsigned long long)ca->generated_count, (unsigned long long)ca->batch_count,
                ca->generated_per_s, (unsigned long long)log_landmarks(ca->dir.log)->latest,
                (unsigned long long)ca->entry_count);
}

static void print_checks(const struct demo *demo)
{
    const struct demo_checks *c = &demo->checks;
    if (demo->is_json) {
        output_json(json_pack("{s:I, s:I, s:I}", "accepted", (json_int_t)c->accepted, "refused",
                              (json_int_t)c->refused, "wrong", (json_int_t)c->wrong));
        return;
    }
    output_line("%s", "");
    output_line("Checked through the public library, on every certificate of both CAs:");
    output_line("  %llu accepted: standalone by its cosignatures, landmark-relative by the landmark",
                (unsigned long long)c->accepted);
    output_line("  %llu refused: without the landmark, for another name, expired, with one bit changed",
                (unsigned long long)c->refused);
    output_line("  %llu wrong", (unsigned long long)c->wrong);
}

static enum status run_all(struct demo *demo, const char *state, struct algorithms *algorithms,
                           struct error *err)
{
    enum status s = run_gm(demo, state, algorithms, err);
    if (s == STATUS_OK)
        s = run_intl(demo, state, algorithms, err);
    if (s == STATUS_OK)
        s = demo_checks_run(&demo->gm, &demo->checks, err);
    if (s == STATUS_OK)
        s = demo_checks_run(&demo->intl, &demo->checks, err);
    output_progress_end();
    if (s != STATUS_OK)
        return s;
    print_ca(&demo->gm, demo->is_json);
    print_ca(&demo->intl, demo->is_json);
    if (!demo->is_json)
        output_line("%s", "");
    s = demo_table_print(&demo->gm, 0, demo->gm_second_batch, &demo->intl, 0, demo->is_json, err);
    if (s == STATUS_OK)
        print_checks(demo);
    if (s == STATUS_OK && demo->checks.wrong > 0)
        s = error_set(err, STATUS_REFUSED, "%llu verdicts were wrong", (unsigned long long)demo->checks.wrong);
    return s;
}

static int measure(struct demo *demo, const char *state, struct algorithms *algorithms)
{
    struct error err = {.status = STATUS_OK};
    enum status s = run_all(demo, state, algorithms, &err);
    output_progress_end();
    demo_ca_clear(&demo->gm);
    demo_ca_clear(&demo->intl);
    return s == STATUS_OK ? EXIT_YES : output_failure(ROLE_OBJECT, &err);
}

int demo_measure(const char *state, struct algorithms *algorithms, uint64_t entries, bool is_json)
{
    struct demo *demo = calloc(1, sizeof *demo);
    if (demo == NULL)
        return EXIT_SURROUNDINGS;
    demo->entries = entries;
    demo->is_json = is_json;
    int exit_status = measure(demo, state, algorithms);
    free(demo);
    return exit_status;
}
