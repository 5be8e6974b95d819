/* Signed trust bundles, as whoever publishes them would make them:
 *
 *   sign_bundle key ALGORITHM PRIVATE PUBLIC             a fresh key: PKCS#8 PEM, and the SubjectPublicKeyInfo as DER
 *   sign_bundle make VERSION ISSUED EXPIRES OUT FILE... -- [ALGORITHM PRIVATE]...
 *                                                        the contents of the first trust file, and logs of the others
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/trust_bundle/trust_envelope.h"
#include "codec/trust_bundle/trust_file.h"
#include "crypto/key.h"

static struct error err;
static struct algorithms *algorithms;

static void need(enum status status)
{
    if (status == STATUS_OK)
        return;
    (void)fprintf(stderr, "sign_bundle: %s\n", err.text);
    exit(1);
}

/* Files and signatures stay where they are until the end. */
static uint8_t memory[8 << 20];
static size_t used;

static struct bytes read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        need(error_set(&err, STATUS_IO, "%s", path));
    uint8_t *at = memory + used;
    size_t len = fread(at, 1, sizeof memory - used, file);
    used += len;
    (void)fclose(file);
    return bytes_of(at, len);
}

static void write_file(const char *path, struct bytes content)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(content.data, 1, content.len, file) != content.len || fclose(file) != 0)
        need(error_set(&err, STATUS_IO, "%s", path));
}

static const struct signature_alg *alg_named(const char *name)
{
    return algorithms_by_name(algorithms, bytes_of_text(name));
}

static int make_key(char **words)
{
    struct private_key *key;
    struct builder pem;
    builder_init(&pem, KEY_PEM_MAX);
    need(private_key_generate(alg_named(words[0]), &key, &err));
    need(private_key_write_pem(key, &pem, &err));
    write_file(words[1], builder_view(&pem));
    write_file(words[2], public_key_spki(private_key_public(key)));
    builder_clear(&pem);
    private_key_free(key);
    return 0;
}

static void append(struct array *to, const struct array *from)
{
    for (size_t i = 0; i < from->count; i++)
        need(array_insert(to, to->count, array_at(from, i), "items", &err));
}

/* The first file is what `trust import` made; what `trust update` took from logs comes behind, each a log of its own. */
static void read_bundle(const char *path, bool is_first, struct trust_bundle *bundle)
{
    struct trust_file file;
    struct trust_bundle more;
    need(trust_file_parse(read_file(path), &file, &err));
    if (is_first) {
        need(trust_bundle_parse(file.contents, bundle, &err));
        return;
    }
    trust_bundle_init(&more);
    need(trust_bundle_parse(file.contents, &more, &err));
    struct trust_bundle_log *log = array_at(&more.logs, 0);
    log->landmark_first += bundle->landmarks.count;
    append(&bundle->logs, &more.logs);
    append(&bundle->landmarks, &more.landmarks);
    append(&bundle->revoked, &more.revoked);
    trust_bundle_clear(&more);
}

static void sign(struct trust_envelope *e, struct bytes message, const char *algorithm, const char *path)
{
    struct private_key *key;
    struct trust_envelope_signature s;
    struct builder signature;
    builder_init_fixed(&signature, memory + used, sizeof memory - used);
    need(private_key_from_pem(alg_named(algorithm), read_file(path), &key, &err));
    need(private_key_sign(key, message, &signature, &err));
    if (!trust_envelope_key_id(public_key_spki(private_key_public(key)), s.key_id))
        exit(1);
    s.signature = builder_view(&signature);
    used += s.signature.len;
    size_t at = e->signature_count++;
    for (; at > 0 && memcmp(e->signatures[at - 1].key_id, s.key_id, sizeof s.key_id) > 0; at--)
        e->signatures[at] = e->signatures[at - 1];
    e->signatures[at] = s;
    private_key_free(key);
}

static int make_envelope(int count, char **words)
{
    uint8_t version[TRUST_ENVELOPE_VERSION_SIZE];
    struct trust_envelope e = {.signature_count = 0};
    struct trust_bundle bundle;
    struct builder contents, out;
    int at = 4;
    trust_bundle_init(&bundle);
    for (; at < count && strcmp(words[at], "--") != 0; at++)
        read_bundle(words[at], at == 4, &bundle);
    bundle.version = strtoull(words[0], NULL, 10);
    bundle.issued_s = strtoll(words[1], NULL, 10);
    bundle.expires_s = strtoll(words[2], NULL, 10);
    builder_init(&contents, TRUST_BUNDLE_SIZE_MAX);
    builder_init(&out, TRUST_ENVELOPE_SIZE_MAX);
    need(trust_bundle_write(&bundle, &contents, &err));
    e.contents = builder_view(&contents);
    need(trust_envelope_version(&bundle, e.contents, version, &err));
    for (at++; at + 1 < count; at += 2)
        sign(&e, BYTES_OF(version), words[at], words[at + 1]);
    need(trust_envelope_write(&e, &out, &err));
    write_file(words[3], builder_view(&out));
    builder_clear(&out);
    builder_clear(&contents);
    trust_bundle_clear(&bundle);
    return 0;
}

int main(int argc, char **argv)
{
    int exit_status = 2;
    need(algorithms_new(&algorithms, &err));
    if (argc == 5 && strcmp(argv[1], "key") == 0)
        exit_status = make_key(argv + 2);
    else if (argc >= 8 && strcmp(argv[1], "make") == 0)
        exit_status = make_envelope(argc - 2, argv + 2);
    algorithms_free(algorithms);
    return exit_status;
}
