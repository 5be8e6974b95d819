/* Relying parties: one knows a CA and its mirrors, one has its landmarks too, one has the classic roots. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ca/ca_directory.h"
#include "demo/demo.h"
#include "demo/demo_world.h"
#include "input.h"
#include "output.h"
#include "tls/classic_chain.h"

#define OTHER_HOST "other.demo.test"
#define CHAIN_MAX 4

struct relying {
    struct cathaya_trust *trust[2]; /* without landmarks, with them */
    struct cathaya_verifier *verifier[2];
    struct input_blocks root; /* of the classic CA */
};

static enum status outside(enum cathaya_status s, const struct cathaya_error *reason, struct error *err)
{
    return s == CATHAYA_OK ? STATUS_OK : error_set(err, (enum status)s, "%s", reason->reason);
}

/* ---- what they trust ---- */

/* docs/policy-file.md: one of the CA's mirrors has to have signed. */
void demo_relying_policy(const struct demo_world *w, const char *suite, struct builder *out)
{
    size_t arc = strlen("oid/1.3.6.1.4.1.");
    for (size_t i = 0; i < DEMO_MIRRORS; i++) {
        const struct demo_mirror *m = &w->mirrors[i];
        if (strcmp(m->suite, suite) != 0)
            continue;
        builder_printf(out, "cosigner %s %s ", m->vkey.name + arc, m->algorithm);
        text_write_base64(out, public_key_spki(m->vkey.key));
        builder_u8(out, '\n');
    }
    builder_text(out, "require-cosigners any");
    for (size_t i = 0; i < DEMO_MIRRORS; i++)
        if (strcmp(w->mirrors[i].suite, suite) == 0)
            builder_printf(out, " %s", w->mirrors[i].id);
    builder_u8(out, '\n');
}

/* A distributor of landmarks does this in a later version; here it is the CA's own command. */
static enum status add_landmarks(struct demo_world *w, const struct demo_issuer *issuer, struct builder *policy, struct error *err)
{
    struct demo_process *process;
    char path[DEMO_PATH_SIZE], name[DEMO_PROCESS_NAME_SIZE];
    (void)snprintf(name, sizeof name, "subtrees-%s", issuer->suite);
    enum status s = demo_path(w, path, err, "%s", issuer->suite);
    const char *const arguments[] = {"cathaya", "ca", "subtrees", "--dir", path, NULL};
    if (s == STATUS_OK)
        s = demo_processes_run(&w->processes, name, arguments, &process, err);
    if (s == STATUS_OK)
        builder_bytes(policy, builder_view(&process->output));
    return s;
}

static enum status add_trust(struct relying *r, size_t which, struct bytes ca, const struct builder *policy, struct error *err)
{
    struct cathaya_error reason;
    enum status s = outside(cathaya_trust_new(&r->trust[which], &reason), &reason, err);
    if (s == STATUS_OK)
        s = outside(cathaya_trust_add_ca(r->trust[which], ca.data, ca.len, &reason), &reason, err);
    if (s == STATUS_OK)
        s = outside(cathaya_trust_add_policy(r->trust[which], (const char *)policy->data, policy->len, &reason), &reason, err);
    return s == STATUS_OK ? outside(cathaya_verifier_new(r->trust[which], &r->verifier[which], &reason), &reason, err) : s;
}

/* The policies are kept, for `cathaya verify --policy`. */
static enum status keep_policy(struct demo_world *w, const char *suite, const struct builder *policy, struct error *err)
{
    char name[32];
    (void)snprintf(name, sizeof name, "%s-relying.policy", suite);
    enum status s = builder_status(policy, "policy", err);
    return s == STATUS_OK ? demo_write(w, name, builder_view(policy), 0644, err) : s;
}

static enum status make_relying(struct demo_world *w, const struct demo_issuer *issuer, struct relying *r, struct error *err)
{
    char path[DEMO_PATH_SIZE];
    struct builder policy;
    struct input_blocks ca = {.count = 0};
    builder_init(&policy, DEMO_PROCESS_OUTPUT_MAX);
    demo_relying_policy(w, issuer->suite, &policy);
    enum status s = input_read_certificates(issuer->ca_file, &ca, err);
    if (s == STATUS_OK)
        s = add_trust(r, 0, input_block_der(&ca, 0), &policy, err);
    if (s == STATUS_OK)
        s = add_landmarks(w, issuer, &policy, err);
    if (s == STATUS_OK)
        s = add_trust(r, 1, input_block_der(&ca, 0), &policy, err);
    if (s == STATUS_OK)
        s = keep_policy(w, issuer->suite, &policy, err);
    if (s == STATUS_OK)
        s = demo_path(w, path, err, "%s-classic/root.pem", issuer->suite);
    if (s == STATUS_OK)
        s = input_read_certificates(path, &r->root, err);
    input_blocks_clear(&ca);
    builder_clear(&policy);
    return s;
}

static void clear_relying(struct relying *r)
{
    for (size_t i = 0; i < 2; i++) {
        cathaya_verifier_free(r->verifier[i]);
        cathaya_trust_free(r->trust[i]);
    }
    input_blocks_clear(&r->root);
}

/* ---- what they say ---- */

/* Certificates alone: our client asks for properties too, which tell a server what to send to whom. */
static size_t certificates_of(const struct input_blocks *file, struct bytes out[CHAIN_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < file->count && count < CHAIN_MAX; i++)
        if (input_block_is(file, i, "CERTIFICATE"))
            out[count++] = input_block_der(file, i);
    return count;
}

/* A server sends the Merkle Tree Certificate alone: the CA's own stands behind it for clients of ACME that want two. */
static void judge_mtc(const struct relying *r, struct demo_certificate *c, struct bytes der)
{
    bool is_landmark = strcmp(c->mode, "landmark") == 0;
    struct cathaya_verifier *v = r->verifier[is_landmark];
    struct cathaya_request request = {.at = demo_now_s(), .dns_name = c->host}, other = request;
    struct cathaya_result result;
    struct cathaya_error reason = {.reason = ""};
    other.dns_name = OTHER_HOST;
    bool is_accepted = cathaya_verify(v, der.data, der.len, &request, &result, &reason) == CATHAYA_OK &&
                       result.mode == (is_landmark ? CATHAYA_MODE_LANDMARK : CATHAYA_MODE_STANDALONE);
    (void)snprintf(c->reason, sizeof c->reason, "%s", reason.reason);
    c->is_right = is_accepted && cathaya_verify(v, der.data, der.len, &other, NULL, NULL) == CATHAYA_REFUSED;
    if (is_landmark) /* without the landmark it is worth nothing */
        c->is_right = c->is_right && cathaya_verify(r->verifier[0], der.data, der.len, &request, NULL, NULL) != CATHAYA_OK;
    c->bytes = der.len;
    c->index = result.index;
    if (is_landmark)
        (void)snprintf(c->cosigners, sizeof c->cosigners, "-");
    else
        (void)snprintf(c->cosigners, sizeof c->cosigners, "%s%s%s", result.has_ca_signature ? result.ca_id : "",
                       result.cosigners[0] != '\0' ? " " : "", result.cosigners);
}

static void judge_classic(const struct demo_world *w, const struct relying *r, struct demo_certificate *c, const struct bytes *certificates, size_t count)
{
    struct error err = {.text = ""}, other = {.text = ""};
    struct bytes root = input_block_der(&r->root, 0);
    for (size_t i = 0; i < count; i++)
        c->bytes += certificates[i].len;
    bool is_accepted = classic_chain_verify_below(root, certificates, count, c->host, demo_now_s(), &err) == STATUS_OK;
    c->is_right = is_accepted && count > 1 &&
                  classic_chain_verify_below(root, certificates, count, OTHER_HOST, demo_now_s(), &other) == STATUS_REFUSED &&
                  demo_scts_judge(w, c->profile->suite, certificates[0], certificates[1], c->cosigners, sizeof c->cosigners, &err) ==
                      STATUS_OK;
    (void)snprintf(c->reason, sizeof c->reason, "%.*s", (int)sizeof c->reason - 1, err.text);
}

static enum status judge(const struct demo_world *w, const struct relying *r, struct demo_certificate *c, struct error *err)
{
    struct input_blocks file = {.count = 0};
    struct bytes certificates[CHAIN_MAX];
    enum status s = input_read_certificates(c->path, &file, err);
    size_t count = s == STATUS_OK ? certificates_of(&file, certificates) : 0;
    if (s == STATUS_OK && c->profile->is_mtc)
        judge_mtc(r, c, certificates[0]);
    else if (s == STATUS_OK)
        judge_classic(w, r, c, certificates, count);
    input_blocks_clear(&file);
    return s;
}

enum status demo_relying_run(struct demo_world *w, size_t *wrong_count, struct error *err)
{
    struct relying all[DEMO_SUITES] = {{.root = {.count = 0}}};
    enum status s = STATUS_OK;
    *wrong_count = 0;
    for (size_t i = 0; s == STATUS_OK && i < DEMO_SUITES; i++)
        s = make_relying(w, &w->issuers[i], &all[i], err);
    for (size_t i = 0; s == STATUS_OK && i < w->certificate_count; i++) {
        struct demo_certificate *c = &w->certificates[i];
        s = judge(w, &all[strcmp(c->profile->suite, w->issuers[0].suite) != 0], c, err);
        if (s == STATUS_OK && !c->is_right)
            output_error("demo: %s: the verdict is not right: %s", c->path, c->reason);
        *wrong_count += s == STATUS_OK && !c->is_right;
    }
    for (size_t i = 0; i < DEMO_SUITES; i++)
        clear_relying(&all[i]);
    return s;
}
