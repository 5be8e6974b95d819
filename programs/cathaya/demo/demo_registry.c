/* The registry of the demo's root program: text files, as its manager would write and keep them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/civil_time.h"
#include "codec/pem/pem.h"
#include "demo/demo.h"
#include "demo/demo_world.h"
#include "input.h"
#include "tls/classic_chain.h"

#define FILE_MAX 65536
#define DAY_S 86400
#define DAY_LEN 10 /* 2026-11-22 */

/* ---- writing ---- */

/* `<-30>` is the day of 30 days ago: conditions of the program are about dates, and the demo is run on any day. */
static void write_text(const char *text, struct builder *out)
{
    for (const char *at = text; *at != '\0';) {
        char *end, day[CIVIL_TIME_TEXT_SIZE];
        long days = at[0] == '<' && (at[1] == '-' || at[1] == '+') ? strtol(at + 1, &end, 10) : 0;
        if (days == 0) {
            builder_u8(out, (uint8_t)*at++);
            continue;
        }
        civil_time_format(demo_now_s() + days * DAY_S, day);
        builder_bytes(out, bytes_of(day, DAY_LEN));
        at = end + 1;
    }
}

static enum status put(const struct demo_world *w, const char *folder, const char *id, const struct builder *text, struct error *err)
{
    char path[DEMO_PATH_SIZE];
    enum status s = builder_status(text, id, err);
    if (s == STATUS_OK)
        s = demo_path(w, path, err, "registry/%s", folder);
    if (s == STATUS_OK && mkdir(path, 0755) != 0 && errno != EEXIST)
        s = error_set(err, STATUS_IO, "%s: %s", path, strerror(errno));
    if (s == STATUS_OK)
        s = demo_path(w, path, err, "registry/%s/%s", folder, id);
    return s == STATUS_OK ? input_write_file(path, builder_view(text), 0644, err) : s;
}

/* ID.conf, and ID.pem where there is one. */
static enum status put_thing(const struct demo_world *w, const char *folder, const char *id, const char *text, const char *label,
                             struct bytes der, struct error *err)
{
    char name[64];
    struct builder b;
    builder_init(&b, FILE_MAX);
    write_text(text, &b);
    (void)snprintf(name, sizeof name, "%s.conf", id);
    enum status s = put(w, folder, name, &b, err);
    builder_reset(&b);
    if (s == STATUS_OK && label != NULL)
        s = pem_write(label, der, &b, err);
    (void)snprintf(name, sizeof name, "%s.pem", id);
    if (s == STATUS_OK && label != NULL)
        s = put(w, folder, name, &b, err);
    builder_clear(&b);
    return s;
}

/* The same with a certificate of a file of services/. */
static enum status put_certificate(const struct demo_world *w, const char *folder, const char *id, const char *text,
                                   const char *path, struct error *err)
{
    struct input_blocks blocks;
    enum status s = input_read_certificates(path, &blocks, err);
    if (s == STATUS_OK)
        s = put_thing(w, folder, id, text, "CERTIFICATE", input_block_der(&blocks, 0), err);
    input_blocks_clear(&blocks);
    return s;
}

/* ---- what is in it ---- */

/* The program, with the policies that are shipped. */
static enum status put_program(struct demo_world *w, struct error *err)
{
    char path[DEMO_PATH_SIZE];
    struct demo_process *process;
    enum status s = demo_path(w, path, err, "registry");
    const char *const arguments[] = {"cathaya", "trust", "init", "--registry", path, "--name", "Demo Root Program", "--name-zh",
                                     "演示根证书计划", "--contact", "program@demo.test", NULL};
    return s == STATUS_OK ? demo_processes_run(&w->processes, "registry-init", arguments, &process, err) : s;
}

static const struct {
    const char *id, *text;
} operators[] = {
    {"demo-ca", "name en \"Cathaya Demo\"\nname zh \"演示 CA\"\ncountry CN\ncontact ca@demo.test \"CA on duty\"\n"
                "licence miit \"MIIT-1\" from <-400> until <+400>\nlicence sca \"SCA-1\" from <-400> until <+400>\n"},
    {"north", "name en \"Demo north\"\nname zh \"北方\"\ncontact north@demo.test\n"},
    {"south", "name en \"Demo south\"\nname zh \"南方\"\ncontact south@demo.test\n"},
    {"old-ca", "name en \"Old Demo\"\nname zh \"旧演示 CA\"\ncountry CN\ncontact old@demo.test\n"
               "licence miit \"MIIT-2\" from <-400> until <+400>\nlicence sca \"SCA-2\" from <-400> until <+400>\n"},
};

static enum status put_operators(const struct demo_world *w, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < sizeof operators / sizeof operators[0]; i++)
        s = put_thing(w, "operators", operators[i].id, operators[i].text, NULL, bytes_of(NULL, 0), err);
    return s;
}

#define AUDITS(purpose)                                                                                                     \
    "audit webtrust-ca " purpose " from <-400> until <-36> published <-20> https://ca.demo.test/audit\n"                    \
    "audit webtrust-baseline " purpose " from <-400> until <-36> published <-20> https://ca.demo.test/audit-tls\n"
#define ROOT_TEXT(name, operator_id)                                                                                        \
    "name \"" name "\"\noperator " operator_id "\nlevel-max 3\n"                                                            \
    "state tls applied <-60> \"application\"\nstate tls accepted <-10> \"all conditions are met\"\n" AUDITS("tls")          \
    "disclosure <-20> 1 https://ca.demo.test/intermediates\n"

/* A CA's root with its issuing CA. */
static enum status put_classic_ca(const struct demo_world *w, const char *suite, struct error *err)
{
    char path[DEMO_PATH_SIZE], id[32], text[512];
    bool is_gm = strcmp(suite, "gm") == 0;
    (void)snprintf(id, sizeof id, "%s-r1", suite);
    enum status s = demo_path(w, path, err, "%s-classic/root.pem", suite);
    if (s == STATUS_OK)
        s = put_certificate(w, "roots", id, is_gm ? ROOT_TEXT("Demo GM root", "demo-ca") : ROOT_TEXT("Demo international root", "demo-ca"),
                            path, err);
    if (s == STATUS_OK)
        s = demo_path(w, path, err, "%s-classic/issuing.pem", suite);
    (void)snprintf(text, sizeof text, "name \"Demo %s issuing CA\"\noperator demo-ca\nissuer %s\ndisclosed <-20>\n"
                   "state tls accepted <-10> \"disclosed with its root\"\n", suite, id);
    (void)snprintf(id, sizeof id, "%s-i1", suite);
    return s == STATUS_OK ? put_certificate(w, "intermediates", id, text, path, err) : s;
}

static const char *mirror_operator(size_t i)
{
    return i % DEMO_OPERATORS == 0 ? "north" : "south";
}

static enum status put_mirrors(const struct demo_world *w, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < DEMO_MIRRORS; i++) {
        const struct demo_mirror *m = &w->mirrors[i];
        char text[512];
        (void)snprintf(text, sizeof text, "operator %s\nid %s\nrole mirror\nalgorithm %s\nstate accepted <-10> \"mirrors all logs\"\n",
                       mirror_operator(i), m->id, m->algorithm);
        s = put_thing(w, "cosigners", m->label, text, "PUBLIC KEY", public_key_spki(m->vkey.key), err);
    }
    return s;
}

/* One mirror of another operator has to have signed. */
static enum status put_mtc_ca(const struct demo_world *w, const struct demo_issuer *issuer, struct error *err)
{
    char id[32], text[2048];
    (void)snprintf(id, sizeof id, "%s-mtc", issuer->suite);
    (void)snprintf(text, sizeof text,
                   "name \"Demo %s Merkle Tree CA\"\noperator demo-ca\nlevel-max 3\nstate tls applied <-60> \"application\"\n"
                   "state tls accepted <-10> \"all conditions are met\"\n" AUDITS("tls") "url %s/log/%s\n"
                   "require operators 1 mirror-%s-1 mirror-%s-2\n",
                   issuer->suite, w->base_url, issuer->suite, issuer->suite, issuer->suite);
    return put_certificate(w, "mtc-cas", id, text, issuer->ca_file, err);
}

static enum status put_identity_signer(const struct demo_world *w, struct error *err)
{
    struct private_key *key = NULL;
    enum status s = demo_identity_key(w, &key, err);
    if (s == STATUS_OK)
        s = put_thing(w, "identity-signers", "demo-ca",
                      "operator demo-ca\nalgorithm sm2_sm3\nlevel-max 3\nstate accepted <-10> \"its root is in the program\"\n", "PUBLIC KEY",
                      public_key_spki(private_key_public(key)), err);
    private_key_free(key);
    return s;
}

static enum status put_application(const struct demo_world *w, struct error *err)
{
    static const char text[] =
        "title \"Roots and Merkle Tree CAs of Cathaya Demo\"\noperator demo-ca\n"
        "subject roots/gm-r1 tls\nsubject roots/intl-r1 tls\nsubject roots/old-r1 tls\nsubject mtc-cas/gm-mtc tls\nsubject mtc-cas/intl-mtc tls\n"
        "step received <-60> \"form and documents\"\nstep reviewing <-50> \"complete\"\nstep accepted <-10> \"all conditions are met\"\n"
        "document form <-60> https://ca.demo.test/form\ndocument cps <-60> https://ca.demo.test/cps\n";
    static const char *const subjects[] = {"gm-r1", "intl-r1", "old-r1", "gm-mtc", "intl-mtc"}, *const kinds[] = {"good", "expired", "revoked"};
    struct builder b;
    builder_init(&b, FILE_MAX);
    builder_text(&b, text);
    for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++)
        for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
            builder_printf(&b, "test-site %s %s https://%s.%s.demo.test/\n", kinds[k], subjects[i], kinds[k], subjects[i]);
    builder_u8(&b, 0);
    enum status s = builder_status(&b, "application", err);
    if (s == STATUS_OK)
        s = put_thing(w, "applications", "demo-ca", (const char *)b.data, NULL, bytes_of(NULL, 0), err);
    builder_clear(&b);
    return s;
}

enum status demo_registry_write(struct demo_world *w, struct error *err)
{
    enum status s = put_program(w, err);
    if (s == STATUS_OK)
        s = put_operators(w, err);
    for (size_t i = 0; s == STATUS_OK && i < DEMO_SUITES; i++)
        s = put_classic_ca(w, w->issuers[i].suite, err);
    if (s == STATUS_OK)
        s = put_thing(w, "roots", "old-r1", ROOT_TEXT("Old Demo root", "old-ca"), "CERTIFICATE", classic_chain_root(w->old_chain), err);
    if (s == STATUS_OK)
        s = put_thing(w, "intermediates", "old-i1",
                      "name \"Old Demo issuing CA\"\noperator old-ca\nissuer old-r1\ndisclosed <-20>\n"
                      "state tls accepted <-10> \"disclosed with its root\"\n",
                      "CERTIFICATE", classic_chain_intermediate(w->old_chain), err);
    if (s == STATUS_OK)
        s = put_mirrors(w, err);
    for (size_t i = 0; s == STATUS_OK && i < DEMO_SUITES; i++)
        s = put_mtc_ca(w, &w->issuers[i], err);
    if (s == STATUS_OK)
        s = put_identity_signer(w, err);
    return s == STATUS_OK ? put_application(w, err) : s;
}
