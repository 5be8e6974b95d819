/* cathaya-bench-certificates DIR: a certificate of each kind for www.example.com, valid now, as DIR/KIND.pem (properties in front)
 * and DIR/KIND.key, and DIR/KIND.anchors: trust anchor IDs that a client asks with, in hexadecimal as in the extension. The
 * Merkle Tree Certificates are what our CA would issue from a tree of 2^22 entries; the tree itself is made up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "bench_kinds.h"
#include "codec/pem/pem.h"
#include "codec/properties/properties.h"
#include "tls/classic_chain.h"

#define FILE_MAX 1000000
#define LOG_NUMBER 1
#define LANDMARK 4400

static _Noreturn void fail(const char *what, const struct error *err)
{
    (void)fprintf(stderr, "cathaya-bench-certificates: %s: %s\n", what, err->text);
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

static void make_mtc(const char *dir, const char *name, unsigned index, int64_t now_s)
{
    struct error err = {.status = STATUS_OK};
    struct mtc_sample sample;
    struct mtc_sample_kind kind = bench_kinds[index].kind;
    struct tai ca, asked;
    static struct properties properties;
    kind.at_s = now_s;
    must(mtc_sample_init(&sample, &kind, &err), name, &err);
    must(tai_parse_text(bytes_of_text("32473.1"), &ca, &err), name, &err);
    asked = ca;
    if (kind.is_landmark) {
        must(properties_landmark(&ca, LOG_NUMBER, LANDMARK, &properties, &err), name, &err);
        must(tai_group(&ca, LOG_NUMBER, LANDMARK, &asked, &err), name, &err);
    } else {
        must(properties_standalone(&ca, &properties, &err), name, &err);
    }
    struct bytes der = builder_view(&sample.der);
    write_chain(dir, name, &properties, &der, 1);
    write_file(dir, name, "key", builder_view(&sample.key_pem));
    write_anchor(dir, name, &asked);
    mtc_sample_clear(&sample);
}

static void make_classic(const char *dir, const char *name, enum classic_alg alg, int64_t now_s)
{
    struct error err = {.status = STATUS_OK};
    struct classic_chain *chain;
    must(classic_chain_new(alg, MTC_SAMPLE_NAME, now_s, &chain, &err), name, &err);
    struct bytes certificates[] = {classic_chain_leaf(chain), classic_chain_intermediate(chain)};
    write_chain(dir, name, NULL, certificates, 2);
    write_file(dir, name, "key", classic_chain_key_pem(chain));
    classic_chain_free(chain);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: cathaya-bench-certificates DIR\n");
        return 2;
    }
    int64_t now_s = (int64_t)time(NULL);
    make_mtc(argv[1], "gm-landmark", BENCH_GM_LANDMARK, now_s);
    make_mtc(argv[1], "gm-standalone", BENCH_GM_STANDALONE, now_s);
    make_mtc(argv[1], "intl-landmark", BENCH_INTL_LANDMARK, now_s);
    make_classic(argv[1], "gm-classic", CLASSIC_SM2, now_s);
    make_classic(argv[1], "p256", CLASSIC_P256, now_s);
    make_classic(argv[1], "mldsa44", CLASSIC_MLDSA44, now_s);
    return 0;
}
