/* cathaya trust keygen - the keys of a distributor of trust bundles. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "algorithms_file.h"
#include "codec/note/vkey.h"
#include "codec/pem/pem.h"
#include "command.h"
#include "input.h"
#include "key_file.h"
#include "output.h"
#include "rules/bundle_keys.h"

#define PATH_SIZE 1024

static enum status path_of(const char *dir, const char *name, const char *end, char out[PATH_SIZE], struct error *err)
{
    if (snprintf(out, PATH_SIZE, "%s/%s%s", dir, name, end) < PATH_SIZE)
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "%.80s...: path too long", dir);
}

static enum status write_public(const char *dir, const char *name, const struct private_key *key, struct error *err)
{
    char path[PATH_SIZE];
    struct builder pem;
    builder_init(&pem, KEY_PEM_MAX);
    enum status s = pem_write("PUBLIC KEY", public_key_spki(private_key_public(key)), &pem, err);
    if (s == STATUS_OK)
        s = path_of(dir, name, ".pub.pem", path, err);
    if (s == STATUS_OK)
        s = input_write_file(path, builder_view(&pem), 0644, err);
    builder_clear(&pem);
    return s;
}

/* How clients and monitors pin the key of the log of versions. */
static enum status write_vkey(const char *dir, const char *name, const char *origin, const struct private_key *key, struct error *err)
{
    char path[PATH_SIZE];
    struct builder vkey;
    builder_init(&vkey, VKEY_TEXT_MAX + 1);
    enum status s = note_key_write_vkey(bytes_of_text(origin), private_key_public(key), &vkey, err);
    builder_u8(&vkey, '\n');
    if (s == STATUS_OK)
        s = path_of(dir, name, ".vkey", path, err);
    if (s == STATUS_OK)
        s = input_write_file(path, builder_view(&vkey), 0644, err);
    builder_clear(&vkey);
    return s;
}

static enum status make_one(const char *dir, const char *name, const char *origin, const struct signature_alg *alg, struct error *err)
{
    char path[PATH_SIZE];
    struct private_key *key = NULL;
    enum status s = path_of(dir, name, ".pem", path, err);
    if (s == STATUS_OK)
        s = key_file_make(path, alg, &key, err);
    if (s == STATUS_OK)
        s = write_public(dir, name, key, err);
    if (s == STATUS_OK)
        s = write_vkey(dir, name, origin, key, err);
    if (s == STATUS_OK)
        output_line("%s/%s.pem (keep it secret), %s.pub.pem and %s.vkey (for registry and clients)", dir, name, name, name);
    private_key_free(key);
    return s;
}

static int run(const struct options *options)
{
    struct algorithms *algorithms = NULL;
    struct error err = {.status = STATUS_OK};
    const char *dir = options->arguments[0];
    enum status s = algorithms_file_open(options_value(options, "algorithms"), &algorithms, &err);
    if (s == STATUS_OK && mkdir(dir, 0700) != 0 && errno != EEXIST)
        s = error_set(&err, STATUS_IO, "%s: %s", dir, strerror(errno));
    for (size_t i = 0; s == STATUS_OK && i < BUNDLE_KEYS_ALGORITHMS; i++) {
        const char *name = bundle_keys_algorithms[i];
        s = make_one(dir, name, options_value(options, "origin"), algorithms_by_name(algorithms, bytes_of_text(name)), &err);
    }
    algorithms_free(algorithms);
    return s == STATUS_OK ? EXIT_YES : output_failure(ROLE_STATE, &err);
}

static const struct option_row rows[] = {
    {.name = "origin", .metavar = "NAME", .help = "of the log of versions, as trust.conf has it", .is_required = true},
    {.name = NULL},
};

const struct command command_trust_keygen = {
    .name = "trust keygen",
    .arguments = "DIR",
    .summary = "make the keys that sign trust bundles, one of each algorithm",
    .details = "DIR/sm2_sm3.pem and DIR/mldsa44.pem, of mode 0600; beside each its public half (.pub.pem, for `trust import\n"
               "--bundle-key` and the registry) and its verifier key (.vkey, for `trust import --log-key`). Keys that are there stay.\n",
    .options = rows,
    .argument_min = 1,
    .argument_max = 1,
    .run = run,
};
