#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "ca/ca_directory.h"
#include "classic/classic_directory.h"
#include "codec/pem/pem.h"
#include "crypto/random.h"
#include "demo/demo.h"
#include "demo/demo_world.h"
#include "input.h"
#include "output.h"
#include "tls/classic_chain.h"

#define PEM_MAX 65536
#define LINE_SIZE 1024
/* What a perspective is told as proof of who asks. */
#define SECRET_LEN 33

const struct demo_profile demo_profiles[DEMO_PROFILES] = {
    {"gm-mtc", "gm", "sm2", true},
    {"intl-mtc", "intl", "p256", true},
    {"gm-classic", "gm", "sm2", false},
    {"intl-classic", "intl", "p256", false},
};

/* Below IANA's number for documentation; the big logs of the demo have others. */
static const struct demo_issuer issuers[DEMO_SUITES] = {{.suite = "gm", .id = "32473.20"}, {.suite = "intl", .id = "32473.10"}};
static const struct demo_mirror mirrors[DEMO_MIRRORS] = {
    {.suite = "gm", .id = "32473.21", .algorithm = "sm2_sm3", .label = "mirror-gm-1"},
    {.suite = "gm", .id = "32473.22", .algorithm = "sm2_sm3", .label = "mirror-gm-2"},
    {.suite = "intl", .id = "32473.11", .algorithm = "mldsa44", .label = "mirror-intl-1"},
    {.suite = "intl", .id = "32473.12", .algorithm = "mldsa44", .label = "mirror-intl-2"},
};

enum status demo_path(const struct demo_world *w, char out[DEMO_PATH_SIZE], struct error *err, const char *format, ...)
{
    int len = snprintf(out, DEMO_PATH_SIZE, "%s/services/", w->state);
    if (len < 0 || len >= DEMO_PATH_SIZE)
        return error_set(err, STATUS_USAGE, "%.80s...: path too long", w->state);
    va_list arguments;
    va_start(arguments, format);
    int more = vsnprintf(out + len, (size_t)(DEMO_PATH_SIZE - len), format, arguments);
    va_end(arguments);
    return more >= 0 && more < DEMO_PATH_SIZE - len ? STATUS_OK : error_set(err, STATUS_USAGE, "%.80s...: path too long", w->state);
}

enum status demo_write(const struct demo_world *w, const char *name, struct bytes content, unsigned mode, struct error *err)
{
    char path[DEMO_PATH_SIZE];
    enum status s = demo_path(w, path, err, "%s", name);
    return s == STATUS_OK ? input_write_file(path, content, (mode_t)mode, err) : s;
}

void demo_say(const struct demo_world *w, const char *format, ...)
{
    char line[LINE_SIZE];
    va_list arguments;
    if (w->is_json)
        return;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    output_line("%s", line);
    (void)fflush(stdout);
}

static enum status make_folder(const struct demo_world *w, const char *name, struct error *err)
{
    char path[DEMO_PATH_SIZE];
    enum status s = demo_path(w, path, err, "%s", name);
    if (s != STATUS_OK || mkdir(path, 0755) == 0)
        return s;
    return errno == EEXIST ? error_set(err, STATUS_USAGE, "%s: is there already; the demo wants a new or empty --state", path)
                           : error_set(err, STATUS_IO, "%s: %s", path, strerror(errno));
}

/* ---- CAs ---- */

static enum status make_mtc_ca(struct demo_world *w, struct demo_issuer *issuer, struct error *err)
{
    struct ca_config config;
    char path[DEMO_PATH_SIZE];
    if (!ca_config_suite(issuer->suite, &config))
        return error_set(err, STATUS_USAGE, "no suite %s", issuer->suite);
    enum status s = tai_parse_text(bytes_of_text(issuer->id), &config.id, err);
    if (s == STATUS_OK)
        s = demo_path(w, path, err, "%s", issuer->suite);
    if (s == STATUS_OK)
        s = ca_directory_create(path, &config, bytes_of(NULL, 0), w->algorithms, err);
    if (s == STATUS_OK)
        s = demo_path(w, issuer->ca_file, err, "%s/ca.pem", issuer->suite);
    (void)snprintf(issuer->log_url, sizeof issuer->log_url, "%s/log/%s/1", w->base_url, issuer->suite);
    return s;
}

static enum status make_classic_ca(struct demo_world *w, const char *suite, struct error *err)
{
    char path[DEMO_PATH_SIZE];
    struct classic_settings settings = {.is_gm = strcmp(suite, "gm") == 0};
    (void)snprintf(settings.algorithm, sizeof settings.algorithm, "%s", settings.is_gm ? "sm2_sm3" : "ecdsa_p256_sha256");
    (void)snprintf(settings.organisation, sizeof settings.organisation, "Cathaya Demo");
    (void)snprintf(settings.url, sizeof settings.url, "http://ca.demo.test/%s", suite);
    enum status s = demo_path(w, path, err, "%s-classic", suite);
    return s == STATUS_OK ? classic_directory_create(path, &settings, w->algorithms, demo_now_s(), err) : s;
}

/* The endpoint's own certificate comes from a root of its own, as if somebody else had issued it. */
static enum status make_endpoint(struct demo_world *w, struct error *err)
{
    struct classic_chain *chain = NULL;
    struct builder pem, root;
    builder_init(&pem, PEM_MAX);
    builder_init(&root, PEM_MAX);
    enum status s = classic_chain_new(CLASSIC_P256, "localhost", demo_now_s(), &chain, err);
    if (s == STATUS_OK)
        s = pem_write("CERTIFICATE", classic_chain_leaf(chain), &pem, err);
    if (s == STATUS_OK)
        s = pem_write("CERTIFICATE", classic_chain_intermediate(chain), &pem, err);
    if (s == STATUS_OK)
        s = pem_write("CERTIFICATE", classic_chain_root(chain), &root, err);
    if (s == STATUS_OK)
        s = demo_write(w, "tls.pem", builder_view(&pem), 0644, err);
    if (s == STATUS_OK)
        s = demo_write(w, "tls.key", classic_chain_key_pem(chain), 0600, err);
    if (s == STATUS_OK)
        s = demo_write(w, "tls-root.pem", builder_view(&root), 0644, err);
    if (s == STATUS_OK)
        s = demo_path(w, w->ca_file, err, "tls-root.pem");
    builder_clear(&pem);
    builder_clear(&root);
    classic_chain_free(chain);
    return s;
}

/* ---- mirrors and perspectives ---- */

static enum status make_mirror(struct demo_world *w, size_t i, struct error *err)
{
    struct demo_mirror *m = &w->mirrors[i];
    struct demo_process *process;
    char path[DEMO_PATH_SIZE], name[DEMO_PROCESS_NAME_SIZE];
    (void)snprintf(name, sizeof name, "%s-init", m->label);
    enum status s = demo_path(w, path, err, "%s", m->label);
    const char *const arguments[] = {"cathaya", "mirror", "init", "--name", m->id, "--alg", m->algorithm, path, NULL};
    if (s == STATUS_OK)
        s = demo_processes_run(&w->processes, name, arguments, &process, err);
    if (s == STATUS_OK)
        s = demo_path(w, path, err, "%s/mirror.vkeys", m->label);
    if (s == STATUS_OK)
        s = input_read(path, VKEY_TEXT_MAX, &m->vkey_text, err);
    while (m->vkey_text.len > 0 && m->vkey_text.data[m->vkey_text.len - 1] == '\n')
        m->vkey_text.len--;
    if (s == STATUS_OK)
        s = vkey_parse(builder_view(&m->vkey_text), w->algorithms, &m->vkey, err);
    return s == STATUS_OK ? demo_config_mirror(w, i, err) : s;
}

static enum status make_secret(struct demo_world *w, size_t i, struct error *err)
{
    uint8_t secret[SECRET_LEN];
    char name[32];
    struct builder text;
    builder_init(&text, LINE_SIZE);
    (void)snprintf(name, sizeof name, "perspective-%zu.secret", i + 1);
    enum status s = random_bytes(secret, sizeof secret, err);
    text_write_base64(&text, BYTES_OF(secret));
    builder_u8(&text, '\n');
    if (s == STATUS_OK)
        s = demo_write(w, name, builder_view(&text), 0600, err);
    bytes_wipe(secret, sizeof secret);
    builder_clear(&text);
    return s;
}

enum status demo_setup(struct demo_world *w, struct error *err)
{
    static const char *const folders[] = {"http-01", "certificates"};
    enum status s = demo_port(&w->acme_port, err);
    if (s == STATUS_OK)
        s = demo_port(&w->gateway_port, err);
    (void)snprintf(w->base_url, sizeof w->base_url, "https://localhost:%u", w->acme_port);
    memcpy(w->issuers, issuers, sizeof issuers);
    memcpy(w->mirrors, mirrors, sizeof mirrors);
    for (size_t i = 0; i < DEMO_MIRRORS; i++)
        builder_init(&w->mirrors[i].vkey_text, VKEY_TEXT_MAX);
    for (size_t i = 0; s == STATUS_OK && i < sizeof folders / sizeof folders[0]; i++)
        s = make_folder(w, folders[i], err);
    for (size_t i = 0; s == STATUS_OK && i < DEMO_SUITES; i++) {
        s = make_mtc_ca(w, &w->issuers[i], err);
        if (s == STATUS_OK)
            s = make_classic_ca(w, w->issuers[i].suite, err);
    }
    if (s == STATUS_OK)
        s = make_endpoint(w, err);
    for (size_t i = 0; s == STATUS_OK && i < DEMO_PERSPECTIVES; i++)
        s = make_secret(w, i, err);
    for (size_t i = 0; s == STATUS_OK && i < DEMO_MIRRORS; i++)
        s = make_mirror(w, i, err);
    return s;
}
