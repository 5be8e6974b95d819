/* registry_maker.h - a registry in memory that lint has nothing against, and edits of it. Certificates are made by OpenSSL's own
 * functions; nobody verifies their signatures here, so that one key signs them all. Whatever fails here ends the test. */
#ifndef CATHAYA_TESTS_UNIT_REGISTRY_REGISTRY_MAKER_H
#define CATHAYA_TESTS_UNIT_REGISTRY_REGISTRY_MAKER_H

#include "codec/mtc/ca_certificate.h"
#include "codec/pem/pem.h"
#include "crypto/key.h"
#include "policy/policy_set.h"
#include "registry/registry_edit.h"
#include "registry/registry_lint.h"
#include "unit/csr_maker.h"

#define MAKER_FILES_MAX 64
#define MAKER_LINE_MAX 1000
#define MAKER_DAY_S INT64_C(86400)

struct maker_file {
    char name[96];
    struct builder content;
};

struct maker {
    struct algorithms *algorithms;
    struct maker_file files[MAKER_FILES_MAX];
    size_t count;
};

/* Seconds of a day. */
static inline int64_t maker_day(const char *text)
{
    int64_t at_s;
    assert_true(registry_parse_day(bytes_of_text(text), false, &at_s));
    return at_s;
}

static inline struct maker_file *maker_find(struct maker *m, const char *name)
{
    for (size_t i = 0; i < m->count; i++)
        if (strcmp(m->files[i].name, name) == 0)
            return &m->files[i];
    return NULL;
}

static inline void maker_put(struct maker *m, const char *name, struct bytes content)
{
    struct maker_file *file = maker_find(m, name);
    if (file == NULL) {
        assert_true(m->count < MAKER_FILES_MAX);
        file = &m->files[m->count++];
        assert_true(strlen(name) < sizeof file->name);
        memcpy(file->name, name, strlen(name) + 1);
        builder_init(&file->content, REGISTRY_FILE_SIZE_MAX + 1);
    }
    builder_reset(&file->content);
    builder_bytes(&file->content, content);
    assert_true(builder_is_good(&file->content));
}

static inline void maker_text(struct maker *m, const char *name, const char *text)
{
    maker_put(m, name, bytes_of_text(text));
}

static inline void maker_drop(struct maker *m, const char *name)
{
    struct maker_file *file = maker_find(m, name);
    assert_non_null(file);
    builder_clear(&file->content);
    *file = m->files[--m->count];
}

/* One statement more, at the end. */
static inline void maker_add(struct maker *m, const char *name, const char *line)
{
    struct maker_file *file = maker_find(m, name);
    if (file == NULL) {
        maker_text(m, name, line);
        file = maker_find(m, name);
    } else {
        builder_text(&file->content, line);
    }
    builder_text(&file->content, "\n");
}

/* The lines that begin with text go. At least one has to be there. */
static inline void maker_cut(struct maker *m, const char *name, const char *text)
{
    struct maker_file *file = maker_find(m, name);
    struct builder kept;
    assert_non_null(file);
    struct bytes rest = builder_view(&file->content), line;
    bool is_cut = false;
    builder_init(&kept, REGISTRY_FILE_SIZE_MAX);
    while (text_next_line(&rest, &line)) {
        if (line.len >= strlen(text) && memcmp(line.data, text, strlen(text)) == 0) {
            is_cut = true;
            continue;
        }
        builder_bytes(&kept, line);
        builder_text(&kept, "\n");
    }
    assert_true(is_cut);
    builder_clear(&file->content);
    file->content = kept;
}

/* ---- certificates and keys ---- */

static inline void maker_pem(struct maker *m, const char *name, const char *label, struct bytes der)
{
    struct builder pem;
    struct error err;
    builder_init(&pem, REGISTRY_FILE_SIZE_MAX);
    OK(pem_write(label, der, &pem, &err));
    maker_put(m, name, builder_view(&pem));
    builder_clear(&pem);
}

static inline void maker_name(X509_NAME *name, const char *text)
{
    assert_int_equal(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, (const unsigned char *)text, -1, -1, 0), 1);
}

static inline void maker_constraints(X509 *cert, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(cert, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

struct maker_certificate {
    const char *file, *subject, *issuer;
    const char *key; /* "SM2", "P-256", "RSA-2048" ... */
    const char *until; /* its last day; NULL: 2040-01-01 */
    bool is_leaf;
};

static inline EVP_PKEY *maker_key_of(const char *kind)
{
    if (strncmp(kind, "RSA-", 4) == 0)
        return maker_key("RSA", NULL, (unsigned)atoi(kind + 4));
    return strcmp(kind, "SM2") == 0 ? maker_key("SM2", NULL, 0) : maker_key("EC", kind, 0);
}

static inline void maker_certificate(struct maker *m, struct maker_certificate want)
{
    X509 *cert = X509_new();
    X509_NAME *subject = X509_NAME_new(), *issuer = X509_NAME_new();
    EVP_PKEY *key = maker_key_of(want.key), *signer = maker_key_of("P-256");
    unsigned char *der = NULL;
    maker_name(subject, want.subject);
    maker_name(issuer, want.issuer != NULL ? want.issuer : want.subject);
    assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), 77), 1);
    assert_int_equal(X509_set_subject_name(cert, subject), 1);
    assert_int_equal(X509_set_issuer_name(cert, issuer), 1);
    assert_non_null(ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)maker_day("2020-01-01")));
    assert_non_null(ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)maker_day(want.until != NULL ? want.until : "2040-01-01")));
    assert_int_equal(X509_set_pubkey(cert, key), 1);
    maker_constraints(cert, want.is_leaf ? "critical,CA:FALSE" : "critical,CA:TRUE");
    assert_true(X509_sign(cert, signer, EVP_sha256()) > 0);
    int len = i2d_X509(cert, &der);
    assert_true(len > 0);
    maker_pem(m, want.file, PEM_CERTIFICATE, bytes_of(der, (size_t)len));
    OPENSSL_free(der);
    EVP_PKEY_free(key);
    EVP_PKEY_free(signer);
    X509_NAME_free(subject);
    X509_NAME_free(issuer);
    X509_free(cert);
}

static inline void maker_public_key(struct maker *m, const char *file, const char *algorithm)
{
    struct private_key *key;
    struct error err;
    OK(private_key_generate(algorithms_by_name(m->algorithms, bytes_of_text(algorithm)), &key, &err));
    maker_pem(m, file, "PUBLIC KEY", public_key_spki(private_key_public(key)));
    private_key_free(key);
}

static inline void maker_mtc_ca(struct maker *m, const char *file, const char *id)
{
    const struct signature_alg *alg = algorithms_by_name(m->algorithms, bytes_of_text("sm2_sm3"));
    struct private_key *key;
    struct error err;
    struct builder der;
    OK(private_key_generate(alg, &key, &err));
    struct ca_certificate ca = {.draft = &draft_gm,
                                .spki = public_key_spki(private_key_public(key)),
                                .sig_alg = algorithm_identifier(alg),
                                .min_serial = CA_CERTIFICATE_SERIAL_MIN,
                                .max_serial = CA_CERTIFICATE_SERIAL_MAX,
                                .not_before_s = maker_day("2020-01-01"),
                                .not_after_s = maker_day("2040-01-01")};
    OK(tai_parse_text(bytes_of_text(id), &ca.id, &err));
    builder_init(&der, 8192);
    OK(ca_certificate_write(&ca, &der, &err));
    maker_pem(m, file, PEM_CERTIFICATE, builder_view(&der));
    builder_clear(&der);
    private_key_free(key);
}

/* ---- the registry ---- */

#define MAKER_AT "2026-06-01"

static inline void maker_texts(struct maker *m)
{
    maker_text(m, "registry.conf", "registry-format 1\nname en \"Test Program\"\nname zh 测试计划\ncontact root@program.test\n");
    maker_put(m, "policies/root-program.conf", policy_set_default_text());
    maker_put(m, "policies/ct-policy.conf", policy_set_default_ct_text());
    maker_text(m, "operators/ca.conf",
               "name en \"Example CA\"\nname zh 示例认证\ncountry CN\ncontact ca@ca.test \"Zhang San\"\n"
               "licence miit \"M 1\" from 2022-01-01 until 2027-01-31\nlicence sca \"S 1\" from 2022-01-01 until 2027-01-31\n");
    maker_text(m, "operators/mirror.conf", "name en Mirrors\ncontact m@mirror.test\n");
    maker_text(m, "roots/rsa.conf",
               "operator ca\nname \"Example RSA\"\nlevel-max 3\n"
               "state tls,email applied 2026-01-02 \"application 1\"\nstate tls,email accepted 2026-03-01 \"all is there\"\n"
               "audit webtrust-ca tls,email from 2025-01-01 until 2025-12-31 published 2026-02-01 https://a.test/1\n"
               "audit webtrust-baseline tls from 2025-01-01 until 2025-12-31 published 2026-02-01 https://a.test/2\n"
               "disclosure 2026-01-05 1 https://ca.test/intermediates\n");
    maker_text(m, "roots/sm2.conf",
               "operator ca\nname \"Example SM2\"\n"
               "state tls applied 2026-01-02 \"application 1\"\nstate tls accepted 2026-03-01 \"all is there\"\n"
               "disclosure 2026-01-05 0 https://ca.test/intermediates\n");
    maker_text(m, "intermediates/i1.conf", "operator ca\nissuer rsa\ndisclosed 2026-01-05\n");
    maker_text(m, "mtc-cas/mtc.conf",
               "operator ca\nstate tls accepted 2026-03-01 \"all is there\"\nurl https://mtc.ca.test\nrequire operators 1 m1\n");
    maker_text(m, "cosigners/m1.conf",
               "operator mirror\nid 32473.2\nrole mirror\nalgorithm sm2_sm3\nstate accepted 2026-02-01 \"runs well\"\n");
    maker_text(m, "ct-logs/l1.conf",
               "operator mirror\nsuite gm\ninterface rfc6962\nsubmission-url https://l1.test\nmmd 86400\n"
               "state pending 2025-10-01 \"asked\"\nstate usable 2026-01-10 \"90 days watched\"\n");
    maker_text(m, "identity-signers/s1.conf", "operator ca\nalgorithm sm2_sm3\nlevel-max 4\nstate accepted 2026-03-02 \"a CA of the program\"\n");
    maker_text(m, "bundle-keys/k1.conf", "role bundle\nalgorithm sm2_sm3\nstate accepted 2026-01-01 first\n");
    maker_text(m, "bundle-keys/k2.conf", "role bundle\nalgorithm mldsa44\nstate accepted 2026-01-01 first\n");
    maker_text(m, "applications/a1.conf",
               "title \"Example CA\"\noperator ca\nsubject roots/rsa tls,email\nsubject roots/sm2 tls\nsubject mtc-cas/mtc tls\n"
               "step received 2026-01-02 form\nstep accepted 2026-03-01 \"all is there\"\n"
               "document form 2026-01-02 documents/a1-form.pdf\ndocument cps 2026-01-02 https://ca.test/cps\n"
               "signed-document email 2026-01-02 documents/a1.eml\n");
}

static inline void maker_test_sites(struct maker *m)
{
    static const char *const kinds[] = {"good", "expired", "revoked"}, *const things[] = {"rsa", "sm2", "mtc"};
    char line[MAKER_LINE_MAX];
    for (size_t i = 0; i < 9; i++) {
        snprintf(line, sizeof line, "test-site %s %s https://%s.%s.test/", kinds[i % 3], things[i / 3], kinds[i % 3], things[i / 3]);
        maker_add(m, "applications/a1.conf", line);
        snprintf(line, sizeof line, "visit 2026-02-20 passed https://%s.%s.test/ \"as it should be\"", kinds[i % 3], things[i / 3]);
        maker_add(m, "applications/a1.conf", line);
    }
}

static inline void maker_init(struct maker *m)
{
    struct error err;
    *m = (struct maker){.count = 0};
    OK(algorithms_new(&m->algorithms, &err));
    maker_texts(m);
    maker_test_sites(m);
    maker_certificate(m, (struct maker_certificate){.file = "roots/rsa.pem", .subject = "Example RSA", .key = "RSA-2048"});
    maker_certificate(m, (struct maker_certificate){.file = "roots/sm2.pem", .subject = "Example SM2", .key = "SM2"});
    maker_certificate(m, (struct maker_certificate){.file = "intermediates/i1.pem", .subject = "Example RSA CA 1", .issuer = "Example RSA",
                                                    .key = "P-256"});
    maker_mtc_ca(m, "mtc-cas/mtc.pem", "32473.1");
    maker_public_key(m, "cosigners/m1.pem", "sm2_sm3");
    maker_public_key(m, "ct-logs/l1.pem", "sm2_sm3");
    maker_public_key(m, "identity-signers/s1.pem", "sm2_sm3");
    maker_public_key(m, "bundle-keys/k1.pem", "sm2_sm3");
    maker_public_key(m, "bundle-keys/k2.pem", "mldsa44");
}

static inline void maker_clear(struct maker *m)
{
    for (size_t i = 0; i < m->count; i++)
        builder_clear(&m->files[i].content);
    algorithms_free(m->algorithms);
}

/* The same files in a maker of their own, to be changed; the algorithms are shared: clear the copy by maker_clear_copy. */
static inline void maker_copy(const struct maker *from, struct maker *to)
{
    *to = (struct maker){.algorithms = from->algorithms};
    for (size_t i = 0; i < from->count; i++)
        maker_put(to, from->files[i].name, builder_view(&from->files[i].content));
}

static inline void maker_clear_copy(struct maker *m)
{
    m->algorithms = NULL;
    maker_clear(m);
}

static inline enum status maker_try(const struct maker *m, struct registry **out, struct error *err)
{
    struct registry_file files[MAKER_FILES_MAX];
    for (size_t i = 0; i < m->count; i++)
        files[i] = (struct registry_file){bytes_of_text(m->files[i].name), builder_view(&m->files[i].content)};
    return registry_read(files, m->count, m->algorithms, out, err);
}

static inline struct registry *maker_read(const struct maker *m)
{
    struct registry *r;
    struct error err;
    OK(maker_try(m, &r, &err));
    return r;
}

#endif
