#include "gateway/bench_made.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench_kinds.h"
#include "codec/pem/pem.h"
#include "codec/properties/properties.h"

#define FILE_MAX 1000000
#define LOG_NUMBER 1
#define LANDMARK 4400

static _Noreturn void fail(const char *what, const struct error *err)
{
    (void)fprintf(stderr, "bench certificates: %s: %s\n", what, err->text);
    exit(3);
}

static void must(enum status s, const char *what, const struct error *err)
{
    if (s != STATUS_OK)
        fail(what, err);
}

static void write_file(const char *dir, const char *kind, const char *suffix, struct bytes content)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s.%s", dir, kind, suffix);
    FILE *file = fopen(path, "w");
    if (file == NULL || fchmod(fileno(file), 0600) != 0 || fwrite(content.data, 1, content.len, file) != content.len || fclose(file) != 0)
        fail(path, &(struct error){.text = "cannot be written"});
}

/* The ID with its length, as it stands in the extension's list. */
static void write_anchor(const char *dir, const char *kind, const struct tai *id)
{
    struct bytes binary = tai_bytes(id);
    struct builder text;
    builder_init(&text, 256);
    builder_printf(&text, "%02zx", binary.len);
    for (size_t i = 0; i < binary.len; i++)
        builder_printf(&text, "%02x", binary.data[i]);
    builder_text(&text, "\n");
    write_file(dir, kind, "anchors", builder_view(&text));
    builder_clear(&text);
}

static void write_chain(const char *dir, const char *kind, const struct properties *properties, const struct bytes *certificates, size_t count)
{
    struct error err = {.status = STATUS_OK};
    struct builder pem, list;
    builder_init(&pem, FILE_MAX);
    builder_init(&list, PROPERTIES_SIZE_MAX);
    if (properties != NULL) {
        must(properties_write(properties, PROPERTIES_WITH_PATTERNS, &list, &err), kind, &err);
        must(pem_write(PROPERTIES_PEM_LABEL, builder_view(&list), &pem, &err), kind, &err);
    }
    for (size_t i = 0; i < count; i++)
        must(pem_write("CERTIFICATE", certificates[i], &pem, &err), kind, &err);
    write_file(dir, kind, "pem", builder_view(&pem));
    builder_clear(&pem);
    builder_clear(&list);
}

static void make_mtc(const char *dir, const char *name, unsigned index, int64_t now_s, struct bench_made *made)
{
    struct error err = {.status = STATUS_OK};
    struct tai ca, asked;
    static struct properties properties;
    enum peer_world world = bench_kinds[index].kind.draft == &draft_gm ? PEER_WORLD_GM : PEER_WORLD_INTL;
    made->kind = bench_kinds[index].kind;
    made->kind.at_s = now_s;
    must(mtc_sample_init(&made->sample, &made->kind, &err), name, &err);
    must(peer_trust_new(made->sample.store, &made->trust, &err), name, &err);
    must(tai_parse_text(bytes_of_text("32473.1"), &ca, &err), name, &err);
    asked = ca;
    must(peer_trust_add_anchor(made->trust, world, &ca, &err), name, &err);
    if (made->kind.is_landmark) {
        must(properties_landmark(&ca, LOG_NUMBER, LANDMARK, &properties, &err), name, &err);
        must(tai_group(&ca, LOG_NUMBER, LANDMARK, &asked, &err), name, &err);
        must(peer_trust_add_landmarks(made->trust, world, &ca, LOG_NUMBER, LANDMARK, LANDMARK, &err), name, &err);
    } else {
        must(properties_standalone(&ca, &properties, &err), name, &err);
    }
    struct bytes der = builder_view(&made->sample.der);
    write_chain(dir, name, &properties, &der, 1);
    write_file(dir, name, "key", builder_view(&made->sample.key_pem));
    write_anchor(dir, name, &asked);
}

static void make_classic(const char *dir, const char *name, enum classic_alg alg, int64_t now_s, struct bench_made *made)
{
    struct error err = {.status = STATUS_OK};
    must(classic_chain_new(alg, MTC_SAMPLE_NAME, now_s, &made->chain, &err), name, &err);
    struct bytes certificates[] = {classic_chain_leaf(made->chain), classic_chain_intermediate(made->chain)};
    write_chain(dir, name, NULL, certificates, 2);
    write_file(dir, name, "key", classic_chain_key_pem(made->chain));
}

static const struct {
    const char *name;
    bool is_classic;
    unsigned index;        /* in bench_kinds */
    enum classic_alg alg;
} made_kinds[] = {
    {"gm-landmark", false, BENCH_GM_LANDMARK, 0}, {"gm-standalone", false, BENCH_GM_STANDALONE, 0},
    {"intl-landmark", false, BENCH_INTL_LANDMARK, 0}, {"gm-classic", true, 0, CLASSIC_SM2},
    {"p256", true, 0, CLASSIC_P256}, {"mldsa44", true, 0, CLASSIC_MLDSA44}};

const char *bench_made_kind(size_t i)
{
    return i < sizeof made_kinds / sizeof made_kinds[0] ? made_kinds[i].name : NULL;
}

void bench_made_make(const char *dir, const char *kind, int64_t now_s, struct bench_made *made)
{
    size_t i = 0;
    while (bench_made_kind(i) != NULL && strcmp(bench_made_kind(i), kind) != 0)
        i++;
    if (bench_made_kind(i) == NULL)
        fail(kind, &(struct error){.text = "no such kind"});
    *made = (struct bench_made){.trust = NULL};
    if (made_kinds[i].is_classic)
        make_classic(dir, kind, made_kinds[i].alg, now_s, made);
    else
        make_mtc(dir, kind, made_kinds[i].index, now_s, made);
}

void bench_made_clear(struct bench_made *made)
{
    peer_trust_free(made->trust);
    if (made->sample.kind != NULL)
        mtc_sample_clear(&made->sample);
    classic_chain_free(made->chain);
    *made = (struct bench_made){.trust = NULL};
}

enum status bench_made_judge(struct bench_made *made, const struct bytes *chain, size_t count, int64_t now_s, struct error *err)
{
    struct peer_verdict verdict;
    const struct peer_request request = {.chain = chain, .count = count, .dns_name = bytes_of_text(MTC_SAMPLE_NAME), .at_s = now_s,
                                         .scope = {true, true, true}, .is_unpaired = true, .is_tls13 = true};
    if (made->chain != NULL)
        return classic_chain_verify(made->chain, chain, count, MTC_SAMPLE_NAME, now_s, err);
    return peer_verify(made->trust, &made->sample.hashers, &request, &verdict, err);
}
