#include "classic/classic_directory.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "adapters/local_key/local_key.h"
#include "classic/classic_root.h"
#include "codec/x509/certificate.h"
#include "config_file.h"
#include "input.h"
#include "key_file.h"

#define DAY_S ((int64_t)86400)
/* Root programs take roots for 15 to 25 years, and want issuing CAs replaced long before. */
#define ROOT_LIFETIME_S (20 * 365 * DAY_S)
#define ISSUING_LIFETIME_S (5 * 365 * DAY_S)
#define SETTINGS_SIZE_MAX 4096

static enum status make_path(const char *directory, const char *name,
                             char out[CLASSIC_DIRECTORY_PATH_MAX], struct error *err)
{
    if (snprintf(out, CLASSIC_DIRECTORY_PATH_MAX, "%s/%s", directory, name) < CLASSIC_DIRECTORY_PATH_MAX)
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "%.80s...: path too long", directory);
}

/* ---- making one ---- */

static enum status make_directory(const char *path, mode_t mode, bool may_be_empty, struct error *err)
{
    if (mkdir(path, mode) == 0)
        return STATUS_OK;
    if (errno != EEXIST || !may_be_empty)
        return error_set(err, errno == ENOENT ? STATUS_USAGE : STATUS_IO, "%s: %s", path, strerror(errno));
    DIR *d = opendir(path);
    if (d == NULL)
        return error_set(err, errno == ENOTDIR ? STATUS_USAGE : STATUS_IO, "%s: %s", path, strerror(errno));
    size_t count = 0;
    while (readdir(d) != NULL)
        count++;
    (void)closedir(d);
    return count <= 2 ? STATUS_OK : error_set(err, STATUS_USAGE, "%s: not empty; a new CA wants a directory of its own", path);
}

static enum status put_certificate(const char *path, const char *name, const struct builder *der,
                                   struct error *err)
{
    char file[CLASSIC_DIRECTORY_PATH_MAX];
    struct builder pem;
    builder_init(&pem, 4 * CLASSIC_CERTIFICATE_MAX);
    enum status s = make_path(path, name, file, err);
    if (s == STATUS_OK)
        s = pem_write(PEM_CERTIFICATE, builder_view(der), &pem, err);
    if (s == STATUS_OK)
        s = input_write_file(file, builder_view(&pem), 0644, err);
    builder_clear(&pem);
    return s;
}

static enum status put_public(const char *path, const char *name, struct bytes der, struct error *err)
{
    char file[CLASSIC_DIRECTORY_PATH_MAX];
    enum status s = make_path(path, name, file, err);
    return s == STATUS_OK ? input_write_file(file, der, 0644, err) : s;
}

static enum status put_settings(const char *path, const struct classic_settings *settings,
                                struct error *err)
{
    char file[CLASSIC_DIRECTORY_PATH_MAX];
    struct builder text;
    builder_init(&text, SETTINGS_SIZE_MAX);
    builder_printf(&text,
                   "# Settings of this CA of directly signed certificates; they are for life.\n\n"
                   "# gm: SM2 with SM3; intl: the other algorithms.\nsuite = \"%s\"\n\n"
                   "# Whether it issues for internal names, and for nothing else.\nintranet = %s\n\n"
                   "algorithm-of-ca = \"%s\"\n\norganisation = \"%s\"\n\n"
                   "# Where relying parties find root.cer, issuing.cer and crl/, as every certificate says.\n"
                   "url = \"%s\"\n",
                   settings->is_gm ? "gm" : "intl", settings->is_intranet ? "true" : "false",
                   settings->algorithm, settings->organisation, settings->url);
    if (settings->key[0] != '\0')
        builder_printf(&text, "\n# Where the issuing CA's key is.\nkey = \"%s\"\n", settings->key);
    if (settings->key_provider[0] != '\0')
        builder_printf(&text, "key-provider = \"%s\"\n", settings->key_provider);
    enum status s = make_path(path, "classic.conf", file, err);
    if (s == STATUS_OK)
        s = builder_status(&text, "classic.conf", err);
    if (s == STATUS_OK)
        s = input_write_file(file, builder_view(&text), 0644, err);
    builder_clear(&text);
    return s;
}

/* The issuing CA's key: a new one, kept, or the one that the settings name. */
static enum status take_issuing_key(const char *path, const struct classic_settings *settings,
                                    const struct signature_alg *alg, struct service_key *out, struct error *err)
{
    char file[CLASSIC_DIRECTORY_PATH_MAX];
    struct key_name place = {settings->key, settings->key_provider, path};
    *out = (struct service_key){.local = NULL};
    if (settings->key[0] != '\0')
        return key_file_open(&place, alg, out, err);
    enum status s = make_path(path, "keys/issuing.pem", file, err);
    return s == STATUS_OK ? key_file_make(file, alg, &out->local, err) : s;
}

/* Root and issuing CA, with the keys kept before anything is signed with them. */
static enum status make_certificates(const char *path, const struct classic_settings *settings,
                                     const struct signature_alg *alg, int64_t now_s,
                                     struct builder *root, struct builder *issuing,
                                     struct error *err)
{
    char file[CLASSIC_DIRECTORY_PATH_MAX], root_name[CLASSIC_NAME_MAX + 1], issuing_name[CLASSIC_NAME_MAX + 1];
    char issuer_url[CLASSIC_URL_MAX + 1], crl_url[CLASSIC_URL_MAX + 1];
    struct private_key *root_key = NULL;
    struct service_key issuing_key = {.local = NULL};
    struct document_signer signer;
    struct classic_authority authority;
    const char *suite = settings->is_gm ? "GM" : "International", *kind = settings->is_intranet ? "Intranet" : "TLS";
    if (snprintf(root_name, sizeof root_name, "%.30s %s %s Root 1", settings->organisation, suite, kind) < 0 ||
        snprintf(issuing_name, sizeof issuing_name, "%.30s %s %s CA 1", settings->organisation, suite, kind) < 0 ||
        snprintf(issuer_url, sizeof issuer_url, "%.200s/root.cer", settings->url) < 0 ||
        snprintf(crl_url, sizeof crl_url, "%.200s/root.crl", settings->url) < 0)
        return error_set(err, STATUS_USAGE, "bad names");
    struct classic_ca_request request = {
        .country = "CN", .organisation = settings->organisation, .common_name = root_name,
        .not_before_s = now_s - DAY_S, .not_after_s = now_s - DAY_S + ROOT_LIFETIME_S - 1,
        .is_intranet = settings->is_intranet, .has_client_auth = settings->is_gm, .issuer_url = issuer_url, .crl_url = crl_url,
    };
    enum status s = make_path(path, "keys/root.pem", file, err);
    if (s == STATUS_OK)
        s = key_file_make(file, alg, &root_key, err);
    if (s == STATUS_OK)
        s = take_issuing_key(path, settings, alg, &issuing_key, err);
    if (s == STATUS_OK) {
        request.spki = public_key_spki(private_key_public(root_key));
        signer = local_key_document_signer(root_key);
        s = classic_write_root(&request, &signer, root, err);
    }
    if (s == STATUS_OK)
        s = classic_authority_of(builder_view(root), &signer, &authority, err);
    if (s == STATUS_OK) {
        request.common_name = issuing_name;
        request.spki = public_key_spki(key_file_public(&issuing_key));
        request.not_after_s = request.not_before_s + ISSUING_LIFETIME_S - 1;
        s = classic_write_issuing_ca(&request, &authority, issuing, err);
    }
    if (s == STATUS_OK)
        s = classic_root_put_crl(path, &authority, NULL, 0, 1, request.not_before_s, err);
    key_file_close(&issuing_key);
    private_key_free(root_key);
    return s;
}

enum status classic_directory_create(const char *path, const struct classic_settings *settings,
                                     const struct algorithms *algorithms, int64_t now_s,
                                     struct error *err)
{
    char keys[CLASSIC_DIRECTORY_PATH_MAX], public[CLASSIC_DIRECTORY_PATH_MAX], database[CLASSIC_DIRECTORY_PATH_MAX];
    const struct signature_alg *alg = algorithms_by_name(algorithms, bytes_of_text(settings->algorithm));
    struct sqlite_ca_store *store = NULL;
    struct builder root, issuing;
    if (alg == NULL)
        return error_set(err, STATUS_USAGE, "unknown algorithm %s; --algorithms FILE adds one", settings->algorithm);
    builder_init(&root, CLASSIC_CERTIFICATE_MAX);
    builder_init(&issuing, CLASSIC_CERTIFICATE_MAX);
    enum status s = make_path(path, "keys", keys, err);
    if (s == STATUS_OK)
        s = make_directory(path, 0755, true, err);
    if (s == STATUS_OK)
        s = make_directory(keys, 0700, false, err);
    if (s == STATUS_OK)
        s = make_path(path, "public", public, err);
    if (s == STATUS_OK)
        s = make_directory(public, 0755, false, err);
    if (s == STATUS_OK)
        s = make_certificates(path, settings, alg, now_s, &root, &issuing, err);
    if (s == STATUS_OK)
        s = put_certificate(path, "root.pem", &root, err);
    if (s == STATUS_OK)
        s = put_certificate(path, "issuing.pem", &issuing, err);
    if (s == STATUS_OK)
        s = put_public(path, "public/root.cer", builder_view(&root), err);
    if (s == STATUS_OK)
        s = put_public(path, "public/issuing.cer", builder_view(&issuing), err);
    if (s == STATUS_OK)
        s = make_path(path, "ca.db", database, err);
    if (s == STATUS_OK)
        s = sqlite_ca_store_open(database, SQLITE_MAY_CREATE, &store, err);
    sqlite_ca_store_close(store);
    /* The settings come last: with them the CA is there. */
    if (s == STATUS_OK)
        s = put_settings(path, settings, err);
    builder_clear(&issuing);
    builder_clear(&root);
    return s;
}

/* ---- opening one ---- */

static cfg_opt_t options[] = {
    CFG_STR("suite", NULL, CFGF_NODEFAULT),
    CFG_BOOL("intranet", cfg_false, CFGF_NONE),
    CFG_STR("algorithm-of-ca", NULL, CFGF_NODEFAULT),
    CFG_STR("organisation", "", CFGF_NONE),
    CFG_STR("url", NULL, CFGF_NODEFAULT),
    CFG_STR("key", "", CFGF_NONE),
    CFG_STR("key-provider", "", CFGF_NONE),
    CFG_END(),
};

static bool copy(char *out, size_t size, const char *value)
{
    return value != NULL && (size_t)snprintf(out, size, "%s", value) < size;
}

static enum status read_settings(struct classic_directory *dir, struct error *err)
{
    char file[CLASSIC_DIRECTORY_PATH_MAX];
    struct classic_settings *settings = &dir->settings;
    cfg_t *cfg = NULL;
    enum status s = make_path(dir->path, "classic.conf", file, err);
    if (s == STATUS_OK)
        s = config_file_parse(file, options, &cfg, err);
    if (s == STATUS_OK) {
        const char *suite = cfg_getstr(cfg, "suite");
        settings->is_gm = suite != NULL && strcmp(suite, "gm") == 0;
        settings->is_intranet = cfg_getbool(cfg, "intranet") == cfg_true;
        if (suite == NULL || (!settings->is_gm && strcmp(suite, "intl") != 0))
            s = error_set(err, STATUS_USAGE, "%s: suite: \"gm\" or \"intl\"", file);
        else if (!copy(settings->algorithm, sizeof settings->algorithm, cfg_getstr(cfg, "algorithm-of-ca")) ||
                 !copy(settings->organisation, sizeof settings->organisation, cfg_getstr(cfg, "organisation")) ||
                 !copy(settings->key, sizeof settings->key, cfg_getstr(cfg, "key")) ||
                 !copy(settings->key_provider, sizeof settings->key_provider, cfg_getstr(cfg, "key-provider")) ||
                 !copy(settings->url, sizeof settings->url, cfg_getstr(cfg, "url")))
            s = error_set(err, STATUS_USAGE, "%s: algorithm-of-ca, organisation, key and url are texts of their lengths", file);
    }
    if (cfg != NULL)
        (void)cfg_free(cfg);
    return s;
}

static enum status read_certificate(const struct classic_directory *dir, const char *name,
                                    struct builder *der, struct error *err)
{
    char file[CLASSIC_DIRECTORY_PATH_MAX];
    struct input_blocks blocks = {.count = 0};
    enum status s = make_path(dir->path, name, file, err);
    if (s == STATUS_OK)
        s = input_read_certificates(file, &blocks, err);
    if (s == STATUS_OK && blocks.count != 1)
        s = error_set(err, STATUS_USAGE, "%s: not one certificate", file);
    if (s == STATUS_OK) {
        builder_bytes(der, input_block_der(&blocks, 0));
        s = builder_status(der, file, err);
    }
    input_blocks_clear(&blocks);
    return s;
}

static enum status read_key(struct classic_directory *dir, const struct algorithms *algorithms,
                            struct error *err)
{
    const char *name = dir->settings.key[0] != '\0' ? dir->settings.key : "keys/issuing.pem";
    struct key_name place = {name, dir->settings.key_provider, dir->path};
    const struct signature_alg *alg = algorithms_by_name(algorithms, bytes_of_text(dir->settings.algorithm));
    struct certificate certificate;
    if (alg == NULL)
        return error_set(err, STATUS_USAGE, "%s/classic.conf: unknown algorithm %s", dir->path, dir->settings.algorithm);
    enum status s = key_file_open(&place, alg, &dir->key, err);
    if (s == STATUS_OK)
        s = certificate_parse(builder_view(&dir->issuing), &certificate, err);
    if (s == STATUS_OK && !bytes_equal(certificate.spki, public_key_spki(key_file_public(&dir->key))))
        s = error_set(err, STATUS_USAGE, "%s: %s is not the key of issuing.pem", dir->path, name);
    if (s == STATUS_OK)
        dir->not_after_s = certificate.not_after_s;
    return s;
}

enum status classic_directory_read(struct classic_directory *dir, const char *path, struct error *err)
{
    builder_init(&dir->root, CLASSIC_CERTIFICATE_MAX);
    builder_init(&dir->issuing, CLASSIC_CERTIFICATE_MAX);
    builder_init(&dir->chain, 4 * CLASSIC_CERTIFICATE_MAX);
    if ((size_t)snprintf(dir->path, sizeof dir->path, "%s", path) >= sizeof dir->path)
        return error_set(err, STATUS_USAGE, "%.80s...: path too long", path);
    enum status s = read_settings(dir, err);
    if (s == STATUS_OK)
        s = read_certificate(dir, "root.pem", &dir->root, err);
    if (s == STATUS_OK)
        s = read_certificate(dir, "issuing.pem", &dir->issuing, err);
    return s == STATUS_OK ? pem_write(PEM_CERTIFICATE, builder_view(&dir->issuing), &dir->chain, err) : s;
}

static enum status open_files(struct classic_directory *dir, const char *path, const struct algorithms *algorithms,
                              struct error *err)
{
    enum status s = classic_directory_read(dir, path, err);
    return s == STATUS_OK ? read_key(dir, algorithms, err) : s;
}

enum status classic_directory_open(struct classic_directory *dir, const char *path,
                                   const struct algorithms *algorithms, struct error *err)
{
    char database[CLASSIC_DIRECTORY_PATH_MAX];
    enum status s = open_files(dir, path, algorithms, err);
    if (s == STATUS_OK)
        s = make_path(path, "ca.db", database, err);
    if (s == STATUS_OK)
        s = sqlite_ca_store_open(database, SQLITE_FOR_WRITING, &dir->store, err);
    return s;
}

enum status classic_directory_check(const char *path, const struct algorithms *algorithms, struct error *err)
{
    struct classic_directory dir = {.store = NULL};
    enum status s = open_files(&dir, path, algorithms, err);
    classic_directory_close(&dir);
    return s;
}

void classic_directory_close(struct classic_directory *dir)
{
    sqlite_ca_store_close(dir->store);
    key_file_close(&dir->key);
    builder_clear(&dir->chain);
    builder_clear(&dir->issuing);
    builder_clear(&dir->root);
    *dir = (struct classic_directory){.store = NULL};
}
