/* Configuration files as operators write them, for one machine without a network. */
#include <stdio.h>
#include <string.h>

#include "demo/demo_world.h"

#define CONFIG_MAX 65536

static enum status finish(const struct demo_world *w, const char *name, struct builder *b, struct error *err)
{
    enum status s = builder_status(b, name, err);
    if (s == STATUS_OK)
        s = demo_write(w, name, builder_view(b), 0644, err);
    builder_clear(b);
    return s;
}

static void write_dns(const struct demo_world *w, struct builder *b)
{
    builder_printf(b, "dns {\n    resolvers = {\"127.0.0.1@%u\"}\n    insecure = {\"test\"}\n    loopback-only = true\n}\n", w->dns_port);
}

enum status demo_config_perspective(const struct demo_world *w, size_t i, struct error *err)
{
    char name[32];
    struct builder b;
    builder_init(&b, CONFIG_MAX);
    builder_printf(&b, "listen = {\"127.0.0.1:0\"}\nsecret-files = {\"perspective-%zu.secret\"}\n", i + 1);
    builder_printf(&b, "caa-identities = {\"ca.demo.test\"}\nhttp-port = %u\ntls-port = %u\nreach = {\"127.0.0.0/8\", \"::1/128\"}\n",
                   w->http01_port, w->gateway_port);
    write_dns(w, &b);
    (void)snprintf(name, sizeof name, "perspective-%zu.conf", i + 1);
    return finish(w, name, &b, err);
}

enum status demo_config_mirror(const struct demo_world *w, size_t i, struct error *err)
{
    const struct demo_mirror *m = &w->mirrors[i];
    char path[DEMO_PATH_SIZE];
    struct builder b, name;
    builder_init(&b, CONFIG_MAX);
    enum status s = demo_path(w, path, err, "%s/ca.pem", m->suite);
    if (s != STATUS_OK)
        return s;
    builder_text(&b, "listen = {\"127.0.0.1:0\"}\ndirectory = \"state\"\n");
    builder_printf(&b, "cosigner \"%s\" {\n    role = \"mirror\"\n    algorithm = \"%s\"\n    key = \"keys/mirror-%s-1.pem\"\n}\n", m->id,
                   m->algorithm, m->algorithm);
    builder_printf(&b, "ca \"%s\" {\n    certificate = \"%s\"\n}\n",
                   w->issuers[strcmp(m->suite, w->issuers[0].suite) != 0].id, path);
    builder_init(&name, DEMO_PATH_SIZE);
    builder_printf(&name, "%s/mirror.conf", m->label);
    builder_u8(&name, 0);
    s = finish(w, (const char *)name.data, &b, err);
    builder_clear(&name);
    return s;
}

/* One mirror of the two has to sign: the other one may be slow, or away. */
static enum status write_policy(const struct demo_world *w, const char *suite, struct error *err)
{
    struct builder b;
    builder_init(&b, CONFIG_MAX);
    for (size_t i = 0; i < DEMO_MIRRORS; i++)
        if (strcmp(w->mirrors[i].suite, suite) == 0)
            builder_printf(&b, "witness %s %.*s %s\n", w->mirrors[i].label, (int)w->mirrors[i].vkey_text.len,
                           (const char *)w->mirrors[i].vkey_text.data, w->mirrors[i].url);
    builder_text(&b, "group mirrors 1");
    for (size_t i = 0; i < DEMO_MIRRORS; i++)
        if (strcmp(w->mirrors[i].suite, suite) == 0)
            builder_printf(&b, " %s", w->mirrors[i].label);
    builder_text(&b, "\nquorum mirrors\n");
    return finish(w, strcmp(suite, "gm") == 0 ? "gm.policy" : "intl.policy", &b, err);
}

enum status demo_config_policies(const struct demo_world *w, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < DEMO_SUITES; i++)
        s = write_policy(w, w->issuers[i].suite, err);
    return s;
}

static void write_cas(const struct demo_world *w, struct builder *b)
{
    for (size_t i = 0; i < DEMO_SUITES; i++) {
        const char *suite = w->issuers[i].suite;
        builder_printf(b, "ca \"%s\" {\n    directory = \"%s\"\n    policy = \"%s.policy\"\n    checkpoint-interval-ms = 500\n"
                          "    landmark-interval = 3\n}\n", suite, suite, suite);
        builder_printf(b, "classic \"%s-classic\" { directory = \"%s-classic\" }\n", suite, suite);
    }
    for (size_t i = 0; i < DEMO_PROFILES; i++) {
        const struct demo_profile *p = &demo_profiles[i];
        builder_printf(b, "profile \"%s\" {\n    ca = \"%s\"\n", p->name, p->is_mtc ? p->suite : p->name);
        if (p->is_mtc)
            builder_text(b, "    mirrors = 1\n}\n");
        else
            builder_printf(b, "    ct-policy = \"demo-%s\"\n}\n", p->suite);
    }
    builder_text(b, "ct {\n    policy-file = \"ct-policy.conf\"\n    log-list = {");
    for (size_t i = 0; i < DEMO_OPERATORS; i++)
        builder_printf(b, "%s\"ctlog-%s.json\"", i > 0 ? ", " : "", demo_ctlog_operator(i));
    builder_text(b, "}\n}\n");
}

static void write_validation(const struct demo_world *w, struct builder *b)
{
    static const char *const regions[DEMO_PERSPECTIVES] = {"RIPE", "APNIC"};
    builder_printf(b, "validation {\n    caa-identities = {\"ca.demo.test\"}\n    http-port = %u\n    tls-port = %u\n"
                      "    reach = {\"127.0.0.0/8\", \"::1/128\"}\n    public-labels = {\"test\"}\n", w->http01_port, w->gateway_port);
    builder_printf(b, "    quorum = \"relaxed\"\n    quorum-remote = %d\n    quorum-failures = 0\n}\n", DEMO_PERSPECTIVES);
    for (size_t i = 0; i < DEMO_PERSPECTIVES; i++)
        builder_printf(b, "perspective \"p%zu\" {\n    url = \"http://%s\"\n    region = \"%s\"\n    secret-file = \"perspective-%zu.secret\"\n}\n",
                       i + 1, w->perspectives[i], regions[i], i + 1);
    write_dns(w, b);
}

enum status demo_config_ca(const struct demo_world *w, struct error *err)
{
    static const char *const limits[] = {"accounts-per-address",    "accounts-per-range",   "orders-per-account",
                                         "certificates-per-domain", "certificates-per-set", "failed-validations"};
    struct builder b;
    builder_init(&b, CONFIG_MAX);
    builder_printf(&b, "base-url = \"%s\"\nlisten = {\"127.0.0.1:%u\"}\n", w->base_url, w->acme_port);
    builder_text(&b, "tls-certificate = \"tls.pem\"\ntls-key = \"tls.key\"\n");
    write_cas(w, &b);
    write_validation(w, &b);
    builder_text(&b, "acme {\n    default-profile = \"intl-classic\"\n    default-profile-sm2 = \"gm-classic\"\n}\nlimits {\n");
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        builder_printf(&b, "    %s = {none}\n", limits[i]);
    builder_text(&b, "}\n");
    return finish(w, "ca.conf", &b, err);
}

/* The gateway proves control at its own port: http-01 is for everybody else. What its clients would not call secure it does not deploy. */
enum status demo_config_gateway(const struct demo_world *w, const char *backend, struct error *err)
{
    struct builder b;
    builder_init(&b, CONFIG_MAX);
    builder_printf(&b, "directory = \"gateway\"\nworkers = 1\naccess-log = \"logs/gateway-access.log\"\n"
                      "trust = \"trust\"\npublic-labels = {\"test\"}\nlisten \"127.0.0.1:%u\" { kind = \"https\" }\n", w->gateway_port);
    for (size_t i = 0; i < DEMO_PROFILES; i++)
        builder_printf(&b, "issuer \"%s\" {\n    directory = \"%s/profile/%s/directory\"\n    ca-file = \"tls-root.pem\"\n"
                          "    challenge = \"tls-alpn-01\"\n}\n",
                       demo_profiles[i].name, w->base_url, demo_profiles[i].name);
    builder_printf(&b, "site \"%s\" {\n    default = true\n    backends = {\"%s\"}\n", DEMO_SITE, backend);
    for (size_t i = 0; i < DEMO_PROFILES; i++)
        builder_printf(&b, "    certificate \"%s\" { issuers = {\"%s\"} }\n", demo_profiles[i].name, demo_profiles[i].name);
    builder_text(&b, "}\n");
    return finish(w, "gateway.conf", &b, err);
}
