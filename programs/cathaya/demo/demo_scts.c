/* A relying party that counts the timestamps in a classic certificate, by a policy and the logs that it knows. */
#include <stdio.h>
#include <string.h>

#include "codec/ct/sct_list.h"
#include "demo/demo.h"
#include "demo/demo_world.h"
#include "input.h"
#include "rules/ct_policy.h"
#include "rules/precert.h"
#include "rules/sct_check.h"

struct counting {
    const struct demo_world *w;
    struct certificate leaf, issuer;
    struct builder tbs; /* of the leaf, without the list */
    struct sct_list list;
    struct ct_policy_sct good[SCT_LIST_MAX];
    size_t good_count;
};

/* Those of logs that it knows, that verify. */
static enum status check_each(struct counting *c, struct error *err)
{
    struct sct_check_subject subject = sct_check_precert(builder_view(&c->tbs), c->issuer.spki);
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < c->list.count; i++) {
        struct sct_check check = {.subject = &subject,
                                  .log = log_list_find(&c->w->ctlogs, c->list.scts[i].log_id),
                                  .algorithms = c->w->algorithms,
                                  .at_s = demo_now_s() + 1};
        if (check.log == NULL)
            return error_set(err, STATUS_REFUSED, "an SCT of a log that nobody knows");
        s = sct_check(&check, &c->list.scts[i], err);
        c->good[c->good_count++] = (struct ct_policy_sct){check.log, c->list.scts[i].timestamp_ms, CT_POLICY_EMBEDDED};
    }
    return s;
}

static enum status read_certificates(struct counting *c, struct bytes leaf, struct bytes issuer, struct error *err)
{
    struct bytes list;
    enum status s = certificate_parse(leaf, &c->leaf, err);
    if (s == STATUS_OK)
        s = certificate_parse(issuer, &c->issuer, err);
    if (s == STATUS_OK)
        s = precert_sct_list(&c->leaf, &list, err);
    if (s == STATUS_OK)
        s = sct_list_parse(list, &c->list, err);
    return s == STATUS_OK ? precert_write_final_tbs(&c->leaf, &c->tbs, err) : s;
}

/* With all of them it is enough, and with one less it is not. */
static enum status judge(const struct counting *c, const struct ct_policy *policy, struct error *err)
{
    struct error fewer;
    const struct certificate *leaf = &c->leaf;
    enum status s = ct_policy_judge(policy, &c->w->ctlogs, leaf->not_before_s, leaf->not_after_s, c->good, c->good_count,
                                    demo_now_s(), err);
    if (s == STATUS_OK && ct_policy_judge(policy, &c->w->ctlogs, leaf->not_before_s, leaf->not_after_s, c->good, c->good_count - 1,
                                          demo_now_s(), &fewer) != STATUS_REFUSED)
        s = error_set(err, STATUS_REFUSED, "one SCT less would have been enough");
    return s;
}

static enum status read_policy(const struct demo_world *w, struct ct_policy_set **out, struct error *err)
{
    char path[DEMO_PATH_SIZE];
    struct builder text;
    builder_init(&text, CT_POLICY_TEXT_MAX);
    enum status s = demo_path(w, path, err, "ct-policy.conf");
    if (s == STATUS_OK)
        s = input_read(path, CT_POLICY_TEXT_MAX, &text, err);
    if (s == STATUS_OK)
        s = ct_policy_set_read(builder_view(&text), out, err);
    builder_clear(&text);
    return s;
}

static void tell(const struct counting *c, char *who, size_t size)
{
    size_t at = (size_t)snprintf(who, size, "SCTs of");
    for (size_t i = 0; i < c->good_count && at < size; i++)
        at += (size_t)snprintf(who + at, size - at, "%s %s", i > 0 ? "," : "",
                               log_list_operator(&c->w->ctlogs, c->good[i].log) + strlen("Demo "));
}

enum status demo_scts_judge(const struct demo_world *w, const char *suite, struct bytes leaf, struct bytes issuer, char *who,
                            size_t size, struct error *err)
{
    char name[32];
    struct ct_policy_set *policies = NULL;
    static struct counting c;
    c = (struct counting){.w = w};
    builder_init(&c.tbs, CERTIFICATE_SIZE_MAX);
    (void)snprintf(name, sizeof name, "demo-%s", suite);
    enum status s = read_policy(w, &policies, err);
    if (s == STATUS_OK)
        s = read_certificates(&c, leaf, issuer, err);
    if (s == STATUS_OK)
        s = check_each(&c, err);
    if (s == STATUS_OK)
        s = judge(&c, ct_policy_set_find(policies, bytes_of_text(name)), err);
    tell(&c, who, size);
    ct_policy_set_free(policies);
    builder_clear(&c.tbs);
    return s;
}
