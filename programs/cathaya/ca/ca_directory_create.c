#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/posix/posix_clock.h"
#include "base/text.h"
#include "ca/ca_directory_files.h"
#include "ca/ca_service_config.h"
#include "codec/pem/pem.h"
#include "input.h"

/* A CA certificate is a trust anchor: it is replaced by distribution, not by expiry. */
#define CA_LIFETIME_S (10 * 365 * (int64_t)86400)

/* GM-32: the first log and the next four; more is a public matter of a new CA certificate. */
#define CA_LOGS_MAX 5

void ca_directory_key_name(const struct tai *id, char out[CA_DIRECTORY_KEY_NAME_SIZE])
{
    char text[TAI_TEXT_SIZE];
    tai_text(id, text);
    (void)snprintf(out, CA_DIRECTORY_KEY_NAME_SIZE, "%s.pem", text);
}

enum status ca_directory_put(const struct ca_directory *dir, const char *name, struct bytes value,
                       struct error *err)
{
    char path[CA_DIRECTORY_PATH_MAX];
    if (!ca_directory_path(dir, name, path))
        return error_set(err, STATUS_USAGE, "%s: path too long", dir->path);
    return input_write_file(path, value, 0644, err);
}

/* A path that nothing can be made at is a mistake of whoever typed it, not of the disk. */
static enum status check_parent(const char *path, struct error *err)
{
    char copy[CA_DIRECTORY_PATH_MAX];
    if (snprintf(copy, sizeof copy, "%s", path) >= (int)sizeof copy)
        return error_set(err, STATUS_USAGE, "%.80s...: path too long", path);
    if (access(dirname(copy), F_OK) == 0)
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "%s: there is no directory to make it in", path);
}

/* An empty or absent directory: anything else may be somebody's CA. */
static enum status check_empty(const char *path, struct error *err)
{
    DIR *d = opendir(path);
    if (d == NULL && errno == ENOENT)
        return check_parent(path, err);
    if (d == NULL)
        return error_set(err, errno == ENOTDIR ? STATUS_USAGE : STATUS_IO, "%s: %s", path, strerror(errno));
    size_t count = 0;
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d))
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            count++;
    closedir(d);
    if (count > 0)
        return error_set(err, STATUS_USAGE,
                         "%s: not empty; a new CA wants a directory of its own (one without ca.conf is what a "
                         "`ca init` that failed has left: remove it)", path);
    return STATUS_OK;
}

/* Keys get a store of their own, whose directory and files nobody else may read. */
static enum status keep_key(const struct ca_directory *dir, const char *name,
                            const struct private_key *key, struct error *err)
{
    char path[CA_DIRECTORY_PATH_MAX];
    struct posix_object_store *keys = NULL;
    struct builder pem, there;
    if (!ca_directory_path(dir, "keys", path))
        return error_set(err, STATUS_USAGE, "%s: path too long", dir->path);
    builder_init(&pem, KEY_PEM_MAX);
    builder_init(&there, KEY_PEM_MAX);
    enum status s = posix_object_store_open(path, POSIX_PRIVATE, true, &keys, err);
    if (s == STATUS_OK) {
        struct object_store store = posix_object_store_port(keys);
        s = store.get(store.context, name, &there, err);
        if (s == STATUS_OK)
            s = error_set(err, STATUS_CONFLICT,
                          "%s/%s: there is a key already; if ca.conf does not name it, a `cosigner add` was "
                          "interrupted: remove the key, and try again", path, name);
        else if (s == STATUS_NOT_FOUND)
            s = private_key_write_pem(key, &pem, err);
        if (s == STATUS_OK)
            s = store.put(store.context, name, builder_view(&pem), err);
        if (s == STATUS_OK)
            s = store.sync(store.context, err);
    }
    posix_object_store_close(keys);
    builder_clear(&pem);
    builder_clear(&there);
    return s;
}

enum status ca_directory_make_key(const struct ca_directory *dir, const char *algorithm,
                                  const char *name, const struct ca_config_key *where,
                                  struct service_key *out, struct error *err)
{
    struct key_name place = {where->key, where->provider, dir->path};
    const struct signature_alg *alg = algorithms_by_name(dir->algorithms, bytes_of_text(algorithm));
    if (alg == NULL)
        return error_set(err, STATUS_USAGE, "unknown algorithm %s; --algorithms FILE adds one", algorithm);
    *out = (struct service_key){.local = NULL};
    if (where->key[0] != '\0')
        return key_file_open(&place, alg, out, err);
    enum status s = private_key_generate(alg, &out->local, err);
    return s == STATUS_OK ? keep_key(dir, name, out->local, err) : s;
}

static enum status put_certificate(const struct ca_directory *dir, const struct public_key *public,
                                   struct error *err)
{
    struct clock_port clock = posix_clock();
    struct ca_certificate ca = {
        .draft = dir->config.draft,
        .id = dir->config.id,
        .spki = public_key_spki(public),
        .sig_alg = algorithm_identifier(public_key_alg(public)),
        .min_serial = CA_CERTIFICATE_SERIAL_MIN,
        .max_serial = ((uint64_t)(CA_LOGS_MAX + 1) << 48) - 1,
        .not_before_s = clock.now_ms(clock.context) / 1000 - dir->config.backdate_s,
    };
    ca.not_after_s = ca.not_before_s + CA_LIFETIME_S;
    struct builder der, pem;
    builder_init(&der, CERTIFICATE_SIZE_MAX);
    builder_init(&pem, 2 * CERTIFICATE_SIZE_MAX);
    enum status s = ca_certificate_write(&ca, &der, err);
    if (s == STATUS_OK)
        s = pem_write(PEM_CERTIFICATE, builder_view(&der), &pem, err);
    if (s == STATUS_OK)
        s = ca_directory_put(dir, "ca.pem", builder_view(&pem), err);
    builder_clear(&der);
    builder_clear(&pem);
    return s;
}

/* The further cosigners as a policy: all of them are required. */
enum status ca_directory_put_policy(const struct ca_directory *dir, struct error *err)
{
    struct builder text;
    builder_init(&text, CA_CONFIG_SIZE_MAX);
    builder_text(&text, "# For `cathaya verify --policy`: who signs beside the CA. ca.pem has the CA's own key.\n");
    for (size_t i = 1; i < dir->cosigner_count; i++) {
        const struct public_key *key = dir->cosigners[i].key;
        builder_text(&text, "cosigner ");
        tai_write_text(&dir->cosigners[i].id, &text);
        builder_printf(&text, " %s ", public_key_alg(key)->name);
        text_write_base64(&text, public_key_spki(key));
        builder_text(&text, "\n");
    }
    if (dir->cosigner_count > 1)
        builder_text(&text, "require-cosigners all");
    for (size_t i = 1; i < dir->cosigner_count; i++) {
        builder_text(&text, " ");
        tai_write_text(&dir->cosigners[i].id, &text);
    }
    if (dir->cosigner_count > 1)
        builder_text(&text, "\n");
    enum status s = builder_status(&text, "policy.txt", err);
    if (s == STATUS_OK)
        s = ca_directory_put(dir, "policy.txt", builder_view(&text), err);
    builder_clear(&text);
    return s;
}

static enum status make_directory(const struct ca_directory *dir, const char *name, mode_t mode,
                                  struct error *err)
{
    char path[CA_DIRECTORY_PATH_MAX];
    if (!ca_directory_path(dir, name, path))
        return error_set(err, STATUS_USAGE, "%s: path too long", dir->path);
    if (mkdir(path, mode) != 0 && errno != EEXIST)
        return error_set(err, STATUS_IO, "%s: %s", path, strerror(errno));
    return STATUS_OK;
}

/* Founds log log_number: an empty record and its first checkpoint. */
enum status ca_directory_found_log(struct ca_directory *dir, uint16_t log_number, struct error *err)
{
    struct log_config config;
    enum status s = make_directory(dir, "log", 0700, err);
    if (s == STATUS_OK)
        s = make_directory(dir, "public", 0755, err);
    if (s == STATUS_OK)
        s = ca_directory_open_log_stores(dir, log_number, false, true, &config, err);
    if (s == STATUS_OK)
        s = log_create(&config, err);
    if (s == STATUS_OK)
        s = log_open(&config, &dir->log, err);
    return s;
}

static enum status put_service_config(const struct ca_directory *dir, struct error *err)
{
    struct builder text;
    builder_init(&text, CA_CONFIG_SIZE_MAX);
    ca_service_config_write(&dir->config, &text);
    enum status s = builder_status(&text, "run.conf", err);
    if (s == STATUS_OK)
        s = ca_directory_put(dir, "run.conf", builder_view(&text), err);
    builder_clear(&text);
    return s;
}

/* ca.conf comes last: without it there is no CA, and init may be tried again elsewhere. */
static enum status put_config(const struct ca_directory *dir, struct bytes extra, struct error *err)
{
    struct builder text;
    builder_init(&text, CA_CONFIG_SIZE_MAX);
    ca_config_write(&dir->config, extra, &text);
    enum status s = builder_status(&text, "ca.conf", err);
    if (s == STATUS_OK)
        s = ca_directory_put(dir, "ca.conf", builder_view(&text), err);
    builder_clear(&text);
    return s;
}

static enum status create(struct ca_directory *dir, struct bytes extra_config, struct error *err)
{
    enum status s = ca_directory_make_key(dir, dir->config.algorithm, "ca.pem", &dir->config.where, &dir->keys[0], err);
    if (s == STATUS_OK)
        s = put_certificate(dir, key_file_public(&dir->keys[0]), err);
    if (s == STATUS_OK)
        s = ca_directory_put_policy(dir, err);
    if (s != STATUS_OK)
        return s;
    dir->cosigners[0] = key_file_cosigner(&dir->keys[0], &dir->config.id);
    dir->cosigner_count = 1;
    s = ca_directory_found_log(dir, 1, err);
    if (s == STATUS_OK)
        s = put_service_config(dir, err);
    return s == STATUS_OK ? put_config(dir, extra_config, err) : s;
}

enum status ca_directory_create(const char *path, const struct ca_config *config,
                                struct bytes extra_config, struct algorithms *algorithms,
                                struct error *err)
{
    struct ca_directory dir = {.algorithms = algorithms, .config = *config};
    enum status s = check_empty(path, err);
    if (s == STATUS_OK)
        s = ca_directory_open_root(&dir, path, true, err);
    if (s == STATUS_OK)
        s = create(&dir, extra_config, err);
    enum status closed = ca_directory_close(&dir, s == STATUS_OK ? err : NULL);
    return s == STATUS_OK ? closed : s;
}
