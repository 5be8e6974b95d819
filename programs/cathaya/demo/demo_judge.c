/* What a client's user is told about certificates, good and bad ones, in both languages. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "codec/pem/pem.h"
#include "demo/demo_world.h"
#include "tls/classic_chain.h"

#define PEM_MAX 65536

/* What is judged, and what has to come of it. */
static const struct {
    const char *what, *file, *host, *verdict;
} cases[DEMO_JUDGED] = {
    {"GM, with timestamps of the program's logs", "certificates/acme-tiny-gm-classic-classic.pem", NULL, "secure"},
    {"GM Merkle Tree Certificate, by a landmark", "certificates/cathaya-gm-mtc-landmark.pem", NULL, "secure"},
    {"international, with timestamps", "certificates/acme-tiny-intl-classic-classic.pem", NULL, "secure"},
    {"GM, in no log of the program", "old.pem", DEMO_OLD_SITE, "not_secure"},
    {"from a CA outside the program", "tls.pem", "localhost", "untrusted"},
};

static enum status write_old_chain(const struct demo_world *w, struct error *err)
{
    struct builder pem;
    builder_init(&pem, PEM_MAX);
    enum status s = pem_write("CERTIFICATE", classic_chain_leaf(w->old_chain), &pem, err);
    if (s == STATUS_OK)
        s = pem_write("CERTIFICATE", classic_chain_intermediate(w->old_chain), &pem, err);
    if (s == STATUS_OK)
        s = demo_write(w, "old.pem", builder_view(&pem), 0644, err);
    builder_clear(&pem);
    return s;
}

static void take(char *out, size_t size, const json_t *text)
{
    const char *value = json_string_value(text);
    (void)snprintf(out, size, "%s", value != NULL ? value : "");
}

/* The sentence of the rule that decided; of a good one the policy's sentence for it. */
static void read_saying(const json_t *o, const char *language, char *out, size_t size)
{
    const char *worst = json_string_value(json_object_get(o, "worst"));
    take(out, size, json_object_get(json_object_get(o, "saying"), language));
    for (size_t i = 0; worst != NULL && i < json_array_size(json_object_get(o, "rules")); i++) {
        const json_t *rule = json_array_get(json_object_get(o, "rules"), i);
        const char *id = json_string_value(json_object_get(rule, "id"));
        if (id != NULL && strcmp(id, worst) == 0)
            take(out, size, json_object_get(rule, "text"));
    }
}

static enum status explain(struct demo_world *w, size_t i, const char *language, json_t **out, struct error *err)
{
    char path[DEMO_PATH_SIZE], name[DEMO_PROCESS_NAME_SIZE];
    struct demo_process *process;
    const char *arguments[DEMO_ARGUMENTS_MAX] = {"cathaya", "trust",          "explain", "--trust", w->trust,
                                                 "--lang",  language, "--public-label", "test", "--json", path};
    if (cases[i].host != NULL) {
        arguments[11] = "--dns";
        arguments[12] = cases[i].host;
    }
    (void)snprintf(name, sizeof name, "explain-%zu-%s", i + 1, language);
    enum status s = demo_path(w, path, err, "%s", cases[i].file);
    if (s == STATUS_OK)
        s = demo_processes_ask(&w->processes, name, arguments, &process, err);
    *out = s == STATUS_OK ? json_loadb((const char *)process->output.data, process->output.len, JSON_REJECT_DUPLICATES, NULL) : NULL;
    return s;
}

static enum status judge(struct demo_world *w, size_t i, struct error *err)
{
    struct demo_judged *judged = &w->judged[i];
    json_t *o = NULL;
    judged->what = cases[i].what;
    enum status s = explain(w, i, "en", &o, err);
    take(judged->level, sizeof judged->level, json_object_get(o, "level"));
    take(judged->verdict, sizeof judged->verdict, json_object_get(o, "verdict"));
    take(judged->rule, sizeof judged->rule, json_object_get(o, "worst"));
    read_saying(o, "en", judged->said_en, sizeof judged->said_en);
    json_decref(o);
    if (s == STATUS_OK)
        s = explain(w, i, "zh", &o, err);
    if (s != STATUS_OK)
        return s;
    read_saying(o, "zh", judged->said_zh, sizeof judged->said_zh);
    json_decref(o);
    judged->is_right = strcmp(judged->verdict, cases[i].verdict) == 0;
    return STATUS_OK;
}

enum status demo_judge_run(struct demo_world *w, size_t *wrong_count, struct error *err)
{
    demo_say(w, "judging:  good and bad certificates, by the trust bundle's roots, logs, landmarks and policy");
    enum status s = write_old_chain(w, err);
    for (size_t i = 0; s == STATUS_OK && i < DEMO_JUDGED; i++) {
        s = judge(w, i, err);
        *wrong_count += s == STATUS_OK && !w->judged[i].is_right;
    }
    return s;
}
