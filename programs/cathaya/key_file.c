#include "key_file.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/local_key/local_key.h"
#include "adapters/signer_client/signer_client.h"
#include "input.h"

#define SIGNER_SCHEME "signer:"

enum status key_file_check_mode(const char *path, struct error *err)
{
    struct stat info;
    if (stat(path, &info) != 0 || (info.st_mode & 077) == 0)
        return STATUS_OK; /* what is not there is said when it is read */
    return error_set(err, STATUS_USAGE, "%s: others may read this private key (mode %04o): chmod 600", path,
                     (unsigned)info.st_mode & 07777);
}

enum status key_file_read_secret(const char *path, size_t max, struct builder *out, struct error *err)
{
    enum status s = key_file_check_mode(path, err);
    if (s == STATUS_OK)
        s = input_read(path, max, out, err);
    /* An editor ends the last line. */
    while (s == STATUS_OK && out->len > 0 && (out->data[out->len - 1] == '\n' || out->data[out->len - 1] == '\r'))
        out->len--;
    return s;
}

enum status key_file_read(const char *path, const struct signature_alg *alg,
                          struct private_key **out, struct error *err)
{
    struct builder pem;
    builder_init(&pem, KEY_PEM_MAX);
    enum status s = key_file_check_mode(path, err);
    if (s == STATUS_OK)
        s = input_read(path, KEY_PEM_MAX, &pem, err);
    if (s == STATUS_OK) {
        s = private_key_from_pem(alg, builder_view(&pem), out, err);
        if (s != STATUS_OK)
            s = error_prefix(err, STATUS_USAGE, "%s", path);
    }
    builder_clear(&pem);
    return s;
}

enum status key_file_make(const char *path, const struct signature_alg *alg,
                          struct private_key **out, struct error *err)
{
    struct builder pem;
    if (access(path, F_OK) == 0)
        return error_set(err, STATUS_CONFLICT, "%s: there is a key already", path);
    builder_init(&pem, KEY_PEM_MAX);
    enum status s = private_key_generate(alg, out, err);
    if (s == STATUS_OK)
        s = private_key_write_pem(*out, &pem, err);
    if (s == STATUS_OK)
        s = input_write_file(path, builder_view(&pem), 0600, err);
    builder_clear(&pem);
    return s;
}

/* ---- keys by name ---- */

/* A scheme is what RFC 3986 says; a path with a colon in its first component is written ./a:b. */
bool key_file_is_path(const char *key)
{
    size_t len = strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");
    bool has_letter = (key[0] >= 'a' && key[0] <= 'z') || (key[0] >= 'A' && key[0] <= 'Z');
    return !has_letter || key[len] != ':';
}

static enum status full_path(const struct key_name *name, const char *path, size_t path_len,
                             char out[PATH_MAX], struct error *err)
{
    bool is_relative = path[0] != '/' && name->directory != NULL;
    int len = snprintf(out, PATH_MAX, "%s%s%.*s", is_relative ? name->directory : "", is_relative ? "/" : "",
                       (int)path_len, path);
    return len > 0 && len < PATH_MAX ? STATUS_OK : error_set(err, STATUS_USAGE, "%.80s...: path too long", path);
}

static enum status open_signer(const struct key_name *name, const struct signature_alg *alg,
                               struct signer_client **out, struct error *err)
{
    char path[PATH_MAX];
    const char *socket = name->key + sizeof SIGNER_SCHEME - 1, *hash = strrchr(socket, '#');
    if (hash == NULL || hash == socket || hash[1] == '\0')
        return error_set(err, STATUS_USAGE, "%s: a key in a signer is named signer:SOCKET#KEYID", name->key);
    enum status s = full_path(name, socket, (size_t)(hash - socket), path, err);
    return s == STATUS_OK ? signer_client_open(path, hash + 1, alg, out, err) : s;
}

static enum status open_path(const struct key_name *name, const struct signature_alg *alg,
                             struct private_key **out, struct error *err)
{
    char path[PATH_MAX];
    enum status s = full_path(name, name->key, strlen(name->key), path, err);
    return s == STATUS_OK ? key_file_read(path, alg, out, err) : s;
}

enum status key_file_open(const struct key_name *name, const struct signature_alg *alg,
                          struct service_key *out, struct error *err)
{
    *out = (struct service_key){.local = NULL};
    if (strncmp(name->key, SIGNER_SCHEME, sizeof SIGNER_SCHEME - 1) == 0)
        return open_signer(name, alg, &out->remote, err);
    if (key_file_is_path(name->key))
        return open_path(name, alg, &out->local, err);
    enum status s = private_key_from_uri(alg, name->key, name->provider != NULL ? name->provider : "",
                                         &out->local, err);
    return s == STATUS_OK ? s : error_prefix(err, STATUS_USAGE, "%s", name->key);
}

void key_file_close(struct service_key *key)
{
    private_key_free(key->local);
    signer_client_close(key->remote);
    *key = (struct service_key){.local = NULL};
}

const struct public_key *key_file_public(const struct service_key *key)
{
    return key->local != NULL ? private_key_public(key->local) : signer_client_key(key->remote);
}

struct cosigner key_file_cosigner(const struct service_key *key, const struct tai *id)
{
    return key->local != NULL ? local_key_cosigner(id, key->local) : signer_client_cosigner(key->remote, id);
}

struct document_signer key_file_document_signer(const struct service_key *key)
{
    return key->local != NULL ? local_key_document_signer(key->local)
                              : signer_client_document_signer(key->remote);
}

struct ct_signer key_file_ct_signer(const struct service_key *key)
{
    return local_key_ct_signer(key->local);
}
