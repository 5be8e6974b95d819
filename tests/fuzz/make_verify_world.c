/* make_verify_world.c - makes the world of fuzz_verify: make_verify_world WORLD.h CORPUS POLICY-CORPUS.
 * Keys are new each time, their private halves are never written. Run it again when a format changes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fuzz/verify_known.h"
#include "unit/rules/mtc_maker.h"

#define PATH_SIZE 4096

static FILE *header;
static const char *corpus;
static uint8_t known[64][HASH_SIZE];
static size_t known_count;
static struct maker_ca gm, v07, v06, v05, stranger;
static struct maker_cosigner cosigners[4];
static struct builder policy;

static void require(bool is_true, const char *what)
{
    if (is_true)
        return;
    (void)fprintf(stderr, "make_verify_world: %s\n", what);
    exit(1);
}

static FILE *open_new(const char *folder, const char *name)
{
    char path[PATH_SIZE];
    int len = snprintf(path, sizeof path, "%s/%s", folder, name);
    require(len > 0 && (size_t)len < sizeof path, "the path is too long");
    FILE *file = fopen(path, "wb");
    require(file != NULL, path);
    return file;
}

static void write_file(const char *folder, const char *name, struct bytes contents)
{
    FILE *file = open_new(folder, name);
    require(fwrite(contents.data, 1, contents.len, file) == contents.len && fclose(file) == 0, name);
}

static void write_array(const char *type, const char *name, const uint8_t *data, size_t len)
{
    (void)fprintf(header, "\nstatic const %s %s[] = {", type, name);
    for (size_t i = 0; i < len; i++)
        (void)fprintf(header, "%s0x%02x,", i % 20 == 0 ? "\n    " : " ", data[i]);
    (void)fprintf(header, "\n};\n");
}

/* Writes the seed; a good one is remembered. */
static void seed(const char *name, const struct maker_cert *cert, bool is_good)
{
    struct bytes der = maker_write(cert);
    write_file(corpus, name, der);
    if (is_good)
        require(verify_known_hash(der, known[known_count++]), name);
    free((uint8_t *)(uintptr_t)der.data);
}

static struct maker_cert start(const struct maker_ca *ca, uint64_t index, uint64_t from, uint64_t to)
{
    struct maker_cert cert;
    maker_cert_init(&cert, ca, 1, index, from, to);
    cert.not_after_s = cert.not_before_s + MAKER_YEAR / 2;
    return cert;
}

static void landmarks(void)
{
    struct maker_cert cert = start(&gm, 2121, 2048, 2122);
    maker_subtree_line(&cert, &policy);
    seed("gm-landmark", &cert, true);
    maker_grease(&cert, 0);
    seed("gm-landmark-grease", &cert, true);
    cert = start(&v07, 9, 8, 12);
    cert.entry_extensions = bytes_of("\xf0\x00\x00\x01x\xf0\x01\x00\x00", 9);
    maker_subtree_line(&cert, &policy);
    seed("07-landmark-entry-extensions", &cert, true);
    cert.not_after_s++;
    seed("07-landmark-mismatch", &cert, false);
    cert = start(&gm, 40, 40, 41);
    maker_subtree_line(&cert, &policy);
    seed("gm-landmark-alone", &cert, true);
    cert.end = 40;
    seed("gm-empty-subtree", &cert, false);
}

static void standalone(void)
{
    const struct maker_ca *const cas[] = {&gm, &v07, &v06, &v05};
    static const char *const names[] = {"gm-standalone", "07-standalone", "06-standalone", "05-standalone"};
    struct maker_cert cert;
    for (size_t i = 0; i < 4; i++) {
        cert = start(cas[i], 5, 4, 8);
        maker_ca_sign(&cert);
        maker_cosign(&cert, &cosigners[i]);
        seed(names[i], &cert, true);
    }
    cert = start(&gm, 21, 16, 32);
    maker_ca_sign(&cert);
    for (size_t i = 0; i < 4; i++)
        maker_cosign(&cert, &cosigners[i]);
    maker_grease(&cert, 64);
    seed("gm-mixed", &cert, true);
    cert.signatures[0].signature[9] ^= 1;
    seed("gm-bad-ca-signature", &cert, false);
    cert = start(&gm, 33, 32, 64);
    maker_ca_sign(&cert);
    seed("gm-nobody-else", &cert, false);
    cert = start(&gm, 33, 32, 64);
    cert.hash = &hash_sha256;
    maker_ca_sign(&cert);
    maker_cosign(&cert, &cosigners[0]);
    seed("gm-sha256", &cert, false);
    cert = start(&v07, 1000, 992, 1024);
    maker_ca_sign(&cert);
    maker_cosign(&cert, &cosigners[3]);
    seed("07-revoked", &cert, false);
    cert = start(&stranger, 5, 4, 8);
    maker_ca_sign(&cert);
    seed("stranger", &cert, false);
}

static void write_policies(const char *folder)
{
    write_file(folder, "whole", builder_view(&policy));
    static const char *const texts[][2] = {
        {"comments", "# one\r\n\n \t# two\r\nrevoked 1 2 3 # three"},
        {"revoked", "revoked 32473.1 1:5 1:9\nrevoked 32473.1 0 18446744073709551615\nrevoked 32473.2 7 6\n"},
        {"trusted-subtree", "trusted-subtree 32473.1 1 0 8 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"},
        {"two-hashes", "trusted-subtree 32473.1 1 4 8 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
                       "trusted-subtree 32473.1 1 4 8 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=\n"},
        {"no-key", "require-cosigners 2 32473.3.1 32473.3.2\n"},
        {"unknown", "\ntrust everything\n"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        write_file(folder, texts[i][0], bytes_of_text(texts[i][1]));
}

static void write_header(void)
{
    (void)fprintf(header, "/* The world of fuzz_verify, made by make_verify_world: CAs, a policy, and what has been certified. */\n"
                          "#ifndef CATHAYA_TESTS_FUZZ_VERIFY_WORLD_H\n#define CATHAYA_TESTS_FUZZ_VERIFY_WORLD_H\n\n"
                          "#include <stdint.h>\n\n#define WORLD_AT INT64_C(%lld)\n#define WORLD_KNOWN_COUNT %zu\n",
                  (long long)MAKER_NOW, known_count);
    write_array("uint8_t", "world_gm", gm.der.data, gm.der.len);
    write_array("uint8_t", "world_07", v07.der.data, v07.der.len);
    write_array("uint8_t", "world_06", v06.der.data, v06.der.len);
    write_array("uint8_t", "world_05", v05.der.data, v05.der.len);
    write_array("uint8_t", "world_policy", policy.data, policy.len);
    write_array("uint8_t", "world_known", known[0], known_count * HASH_SIZE);
    (void)fprintf(header, "\n#endif\n");
}

int main(int argc, char **argv)
{
    static const char *const algorithms[] = {"sm2_sm3", "mldsa44", "ecdsa_p256_sha256", "ed25519"};
    static const char *const ids[] = {"32473.3.1", "32473.3.2", "32473.3.3", "32473.3.4"};
    require(argc == 4, "usage: make_verify_world WORLD.h CORPUS POLICY-CORPUS");
    header = fopen(argv[1], "w");
    require(header != NULL, argv[1]);
    corpus = argv[2];
    maker_ca_init(&gm, &maker_gm, "32473.1", "sm2_sm3");
    maker_ca_init(&v07, &maker_07, "32473.2", "mldsa44");
    maker_ca_init(&v06, &maker_06, "32473.6", "ecdsa_p256_sha256");
    maker_ca_init(&v05, &maker_05, "32473.5", "ed25519");
    maker_ca_init(&stranger, &maker_07, "32473.9", "ed25519");
    builder_init(&policy, MAKER_SIZE_MAX);
    for (size_t i = 0; i < 4; i++) {
        maker_cosigner_init(&cosigners[i], ids[i], algorithms[i]);
        maker_cosigner_line(&cosigners[i], &policy);
    }
    builder_text(&policy, "require-cosigners any 32473.3.1 32473.3.2 32473.3.3 32473.3.4\nrevoked 32473.2 1:1000 1:1999\n");
    landmarks();
    standalone();
    write_file(corpus, "ca", gm.der);
    write_policies(argv[3]);
    write_header();
    require(fclose(header) == 0, argv[1]);
    return 0;
}
