/* cathaya mirror init - a directory with the keys and the configuration of a new mirror. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "algorithms_file.h"
#include "codec/note/note_key.h"
#include "codec/tai/tai.h"
#include "command.h"
#include "input.h"
#include "key_file.h"
#include "output.h"

#define PATH_MAX_LEN 512
#define ALGS_MAX 4

struct making {
    const char *directory;
    struct algorithms *algorithms;
    struct tai id;
    const struct signature_alg *algs[ALGS_MAX];
    size_t alg_count;
    struct builder config, vkeys;
};

static enum status path_of(const struct making *m, const char *name, char out[PATH_MAX_LEN],
                           struct error *err)
{
    if (snprintf(out, PATH_MAX_LEN, "%s/%s", m->directory, name) < PATH_MAX_LEN)
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "%.80s...: path too long", m->directory);
}

static enum status make_directory(const struct making *m, const char *name, mode_t mode,
                                  struct error *err)
{
    char path[PATH_MAX_LEN];
    enum status s = path_of(m, name, path, err);
    if (s != STATUS_OK || mkdir(path, mode) == 0 || errno == EEXIST)
        return s;
    return error_set(err, STATUS_IO, "%s: %s", path, strerror(errno));
}

static enum status read_options(const struct options *options, struct making *m, struct error *err)
{
    size_t at = 0;
    const char *name;
    enum status s = tai_parse_text(bytes_of_text(options_value(options, "name")), &m->id, err);
    if (s != STATUS_OK)
        return error_prefix(err, STATUS_USAGE, "--name");
    while ((name = options_next(options, "alg", &at)) != NULL) {
        const struct signature_alg *alg = algorithms_by_name(m->algorithms, bytes_of_text(name));
        if (alg == NULL || m->alg_count == ALGS_MAX)
            return error_set(err, STATUS_USAGE, "--alg: %s is not known, or more than %d", name, ALGS_MAX);
        m->algs[m->alg_count++] = alg;
    }
    if (m->alg_count == 0)
        m->algs[m->alg_count++] = algorithms_by_name(m->algorithms, bytes_of_text("sm2_sm3"));
    return STATUS_OK;
}

/* The first key has the ID itself; further ones ID.1, ID.2: one key never serves two IDs [GM 1]. */
static void id_text(const struct making *m, size_t i, char out[TAI_NAME_SIZE + 8])
{
    char name[TAI_NAME_SIZE];
    tai_name(&m->id, name);
    (void)snprintf(out, TAI_NAME_SIZE + 8, i == 0 ? "%s" : "%s.%zu",
                   name + strlen("oid/1.3.6.1.4.1."), i);
}

static enum status make_key(struct making *m, size_t i, struct error *err)
{
    char file[64], path[PATH_MAX_LEN], id[TAI_NAME_SIZE + 8], name[TAI_NAME_SIZE + 32];
    struct private_key *key = NULL;
    id_text(m, i, id);
    (void)snprintf(name, sizeof name, "oid/1.3.6.1.4.1.%s", id);
    (void)snprintf(file, sizeof file, "keys/mirror-%s-%zu.pem", m->algs[i]->name, i + 1);
    enum status s = path_of(m, file, path, err);
    if (s == STATUS_OK)
        s = key_file_make(path, m->algs[i], &key, err);
    if (s != STATUS_OK)
        return s;
    builder_printf(&m->config,
                   "cosigner \"%s\" {\n    role = \"mirror\"\n    algorithm = \"%s\"\n    key = \"%s\"\n}\n",
                   id, m->algs[i]->name, file);
    s = note_key_write_vkey(bytes_of_text(name), private_key_public(key), &m->vkeys, err);
    builder_u8(&m->vkeys, '\n');
    private_key_free(key);
    return s;
}

static enum status write_config(struct making *m, struct error *err)
{
    char path[PATH_MAX_LEN];
    builder_text(&m->config,
                 "\n# A CA whose logs are mirrored: its ID, and the certificate that it gave out.\n"
                 "# ca \"32473.1\" {\n#     certificate = \"ca.pem\"\n# }\n");
    enum status s = path_of(m, "mirror.conf", path, err);
    if (s == STATUS_OK)
        s = builder_status(&m->config, "configuration", err);
    if (s == STATUS_OK)
        s = input_write_file(path, builder_view(&m->config), 0644, err);
    if (s == STATUS_OK)
        s = path_of(m, "mirror.vkeys", path, err);
    return s == STATUS_OK ? input_write_file(path, builder_view(&m->vkeys), 0644, err) : s;
}

static enum status make(struct making *m, struct error *err)
{
    enum status s = STATUS_OK;
    if (mkdir(m->directory, 0755) != 0)
        return error_set(err, errno == EEXIST ? STATUS_USAGE : STATUS_IO, "%s: %s", m->directory,
                         strerror(errno));
    builder_text(&m->config,
                 "# Configuration of `cathaya mirror run`; examples/mirror.conf explains every setting.\n"
                 "listen = {\"127.0.0.1:8464\"}\n"
                 "directory = \"state\"\n"
                 "log-format = \"text\"\n\n");
    s = make_directory(m, "keys", 0700, err);
    for (size_t i = 0; i < m->alg_count && s == STATUS_OK; i++)
        s = make_key(m, i, err);
    return s == STATUS_OK ? write_config(m, err) : s;
}

static int run(const struct options *options)
{
    struct making m = {.directory = options->arguments[0]};
    struct error err = {.status = STATUS_OK};
    int status = EXIT_YES;
    builder_init(&m.config, 65536);
    builder_init(&m.vkeys, 65536);
    enum status s = algorithms_file_open(options_value(options, "algorithms"), &m.algorithms, &err);
    if (s == STATUS_OK)
        s = read_options(options, &m, &err);
    if (s == STATUS_OK)
        s = make(&m, &err);
    if (s == STATUS_OK)
        output_line("%s: new mirror %s; add the CAs that it mirrors to %s/mirror.conf, give them %s/mirror.vkeys",
                    m.directory, options_value(options, "name"), m.directory, m.directory);
    else
        status = output_failure(ROLE_STATE, &err);
    builder_clear(&m.config);
    builder_clear(&m.vkeys);
    algorithms_free(m.algorithms);
    return status;
}

static const struct option_row rows[] = {
    {.name = "name", .metavar = "ID", .help = "trust anchor ID below your enterprise number, such as 32473.9", .is_required = true},
    {.name = "alg", .metavar = "ALG", .help = "algorithm of a cosigner key; sm2_sm3 when absent", .is_repeatable = true},
    {.name = NULL},
};

const struct command command_mirror_init = {
    .name = "mirror init",
    .arguments = "DIR",
    .summary = "make the keys and the configuration of a new mirror",
    .details = "DIR must not exist. The first --alg gets the ID itself, further ones ID.1, ID.2: one key never\n"
               "serves two IDs. DIR/mirror.vkeys has the verifier keys for those who trust the mirror.\n",
    .options = rows,
    .argument_min = 1,
    .argument_max = 1,
    .run = run,
};
