/* program_certificates.c - a root program's trust directory, and certificates below it, for the tests of what the policy says.
 *
 *   program_certificates DIR AT [POLICY]
 *
 * AT: seconds since the Epoch; everything is as it is then. Writes DIR/trust/trust.bundle, DIR/NAME.pem (leaf and intermediate) and
 * DIR/NAME.key, and prints for each certificate "NAME VERDICT WORST LEVEL", with "-" for what is empty. The bundle brings the
 * built-in policy as its own, or that of the file POLICY.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/pem.h>

#include "unit/api_tls/program_world.h"

#include "codec/pem/pem.h"
#include "policy/policy.h"

#define FILE_MAX_SIZE ((size_t)1 << 24)

static struct program_world world;
static struct error err;

static void must(bool is_good, const char *what)
{
    if (is_good)
        return;
    (void)fprintf(stderr, "program_certificates: %s: %s\n", what, err.text);
    exit(3);
}

static void write_file(const char *dir, const char *name, const char *suffix, const struct builder *content)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s%s", dir, name, suffix);
    FILE *file = fopen(path, "wb");
    must(file != NULL && fwrite(content->data, 1, content->len, file) == content->len && fclose(file) == 0, path);
}

static void write_key(const char *dir, const char *name, EVP_PKEY *key)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s.key", dir, name);
    FILE *file = fopen(path, "wb");
    must(file != NULL && PEM_write_PKCS8PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1 && fclose(file) == 0, path);
    must(chmod(path, 0600) == 0, path);
}

static void write_certificate(const char *dir, size_t i)
{
    const struct program_row *row = &program_rows[i];
    struct builder pem;
    builder_init(&pem, FILE_MAX_SIZE);
    must(pem_write(PEM_CERTIFICATE, world.leaves[i].der, &pem, &err) == STATUS_OK, row->name);
    must(pem_write(PEM_CERTIFICATE, world.intermediates[row->issuer].der, &pem, &err) == STATUS_OK, row->name);
    write_file(dir, row->name, ".pem", &pem);
    write_key(dir, row->name, world.leaves[i].key);
    builder_clear(&pem);
    (void)printf("%s %s %s %s\n", row->name, row->verdict, row->worst[0] != '\0' ? row->worst : "-",
                 row->level[0] != '\0' ? row->level : "-");
}

int main(int argc, char **argv)
{
    struct builder file;
    char trust[4096];
    static uint8_t text[POLICY_TEXT_MAX];
    struct bytes policy = policy_set_default_text();
    must(argc == 3 || argc == 4, "want DIR AT [POLICY]");
    if (argc == 4) {
        FILE *in = fopen(argv[3], "rb");
        must(in != NULL, argv[3]);
        policy = bytes_of(text, fread(text, 1, sizeof text, in));
        must(fclose(in) == 0, argv[3]);
    }
    program_world_make(&world, strtoll(argv[2], NULL, 10), policy, policy_set_default_ct_text());
    builder_init(&file, FILE_MAX_SIZE);
    must(trust_file_write(&world.bundle, bytes_of(NULL, 0), bytes_of(NULL, 0), &file, &err) == STATUS_OK, "bundle");
    (void)snprintf(trust, sizeof trust, "%s/trust", argv[1]);
    (void)mkdir(trust, 0755);
    write_file(trust, "trust.bundle", "", &file);
    builder_clear(&file);
    for (size_t i = 0; i < PROGRAM_ROWS; i++)
        write_certificate(argv[1], i);
    program_world_clear(&world);
    return 0;
}
