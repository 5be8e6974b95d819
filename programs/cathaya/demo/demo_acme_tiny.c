/* acme-tiny, as Debian has it: it writes tokens into a folder, and the chain on stdout. */
#include <stdio.h>
#include <string.h>

#include "codec/pem/pem.h"
#include "crypto/csr_make.h"
#include "demo/demo_world.h"
#include "ca/ca_directory.h"
#include "input.h"

#define PEM_MAX 65536
#define RUN_S 90

struct tiny {
    struct demo_certificate *certificate; /* of the list */
    struct demo_process *process;
    char name[DEMO_PROCESS_NAME_SIZE], csr[DEMO_PATH_SIZE], directory[DEMO_URL_SIZE + 32];
};

/* A key and a request in PEM below `name`. */
static enum status make_request(const struct demo_world *w, const char *kind, const char *host, const char *name, struct error *err)
{
    char file[96];
    struct builder csr, pem, key;
    builder_init(&csr, CERTIFICATE_SIZE_MAX);
    builder_init(&pem, PEM_MAX);
    builder_init(&key, KEY_PEM_MAX);
    enum status s = csr_make(kind, host, &csr, &key, err);
    if (s == STATUS_OK)
        s = pem_write("CERTIFICATE REQUEST", builder_view(&csr), &pem, err);
    (void)snprintf(file, sizeof file, "%s.csr", name);
    if (s == STATUS_OK)
        s = demo_write(w, file, builder_view(&pem), 0644, err);
    (void)snprintf(file, sizeof file, "%s.key", name);
    if (s == STATUS_OK)
        s = demo_write(w, file, builder_view(&key), 0600, err);
    builder_clear(&csr);
    builder_clear(&pem);
    builder_clear(&key);
    return s;
}

/* t has its name. */
static enum status order(struct demo_world *w, const struct demo_profile *profile, const char *host, const char *account,
                         struct tiny *t, struct error *err)
{
    char folder[DEMO_PATH_SIZE], variable[DEMO_PATH_SIZE + 32];
    enum status s = make_request(w, profile->key_kind, host, t->name, err);
    if (s == STATUS_OK)
        s = demo_path(w, t->csr, err, "%s.csr", t->name);
    if (s == STATUS_OK)
        s = demo_path(w, folder, err, "http-01");
    (void)snprintf(t->directory, sizeof t->directory, "%s/profile/%s/directory", w->base_url, profile->name);
    (void)snprintf(variable, sizeof variable, "SSL_CERT_FILE=%s", w->ca_file);
    const char *const arguments[] = {"acme-tiny", "--account-key", account, "--csr", t->csr, "--acme-dir", folder,
                                     "--directory-url", t->directory, "--disable-check", NULL};
    return s == STATUS_OK ? demo_processes_start(&w->processes, t->name, arguments, variable, &t->process, err) : s;
}

static enum status begin(struct demo_world *w, const struct demo_profile *profile, const char *account, struct tiny *t,
                         struct error *err)
{
    (void)snprintf(t->name, sizeof t->name, "acme-tiny-%s", profile->name);
    enum status s = demo_acme_add(w, "acme-tiny", profile->is_mtc ? "standalone" : "classic", profile, &t->certificate, err);
    return s == STATUS_OK ? order(w, profile, t->certificate->host, account, t, err) : s;
}

enum status demo_acme_tiny_get(struct demo_world *w, const struct demo_profile *profile, const char *host, struct error *err)
{
    struct tiny t = {.process = NULL};
    char account[DEMO_PATH_SIZE], name[DEMO_HOST_SIZE + 8];
    (void)snprintf(t.name, sizeof t.name, "acme-tiny-other");
    enum status s = make_request(w, "rsa2048", "other.demo.test", "acme-tiny-other-account", err);
    if (s == STATUS_OK)
        s = demo_path(w, account, err, "acme-tiny-other-account.key");
    if (s == STATUS_OK)
        s = order(w, profile, host, account, &t, err);
    if (s == STATUS_OK)
        s = demo_process_finish(t.process, RUN_S, err);
    (void)snprintf(name, sizeof name, "%s.pem", host);
    return s == STATUS_OK ? demo_write(w, name, builder_view(&t.process->output), 0644, err) : s;
}

enum status demo_acme_tiny_run(struct demo_world *w, struct error *err)
{
    static struct tiny all[DEMO_PROFILES];
    char account[DEMO_PATH_SIZE];
    enum status s = make_request(w, "rsa2048", "account.demo.test", "acme-tiny-account", err);
    if (s == STATUS_OK)
        s = demo_path(w, account, err, "acme-tiny-account.key");
    for (size_t i = 0; s == STATUS_OK && i < DEMO_PROFILES; i++)
        s = begin(w, &demo_profiles[i], account, &all[i], err);
    for (size_t i = 0; s == STATUS_OK && i < DEMO_PROFILES; i++) {
        s = demo_process_finish(all[i].process, RUN_S, err);
        if (s != STATUS_OK)
            break;
        all[i].certificate->seconds = all[i].process->ended_s - all[i].process->started_s;
        s = input_write_file(all[i].certificate->path, builder_view(&all[i].process->output), 0644, err);
    }
    return s;
}
