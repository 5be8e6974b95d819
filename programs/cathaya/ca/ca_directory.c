#include "ca/ca_directory.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "adapters/posix/posix_clock.h"
#include "ca/ca_backup.h"
#include "ca/ca_database.h"
#include "ca/ca_directory_files.h"
#include "ca/ca_log_port.h"
#include "ca/ca_logs.h"
#include "codec/asn1/der.h"
#include "codec/pem/pem.h"

bool ca_directory_path(const struct ca_directory *dir, const char *name, char out[CA_DIRECTORY_PATH_MAX])
{
    return snprintf(out, CA_DIRECTORY_PATH_MAX, "%s/%s", dir->path, name) < CA_DIRECTORY_PATH_MAX;
}

enum status ca_directory_open_root(struct ca_directory *dir, const char *path, bool may_create,
                                   struct error *err)
{
    if (snprintf(dir->path, sizeof dir->path, "%s", path) >= (int)sizeof dir->path - 64)
        return error_set(err, STATUS_USAGE, "%.80s...: path too long", path);
    return posix_object_store_open(path, POSIX_PUBLIC, may_create, &dir->root, err);
}

enum status ca_directory_get(const struct ca_directory *dir, const char *name, struct builder *out,
                             struct error *err)
{
    struct object_store root = posix_object_store_port(dir->root);
    enum status s = root.get(root.context, name, out, err);
    if (s == STATUS_NOT_FOUND)
        return error_set(err, s, "%s/%s is missing: restore it from a backup", dir->path, name);
    /* The store says itself where the disk failed. */
    return s == STATUS_IO ? s : error_prefix(err, s, "%s/%s", dir->path, name);
}

static enum status read_config(struct ca_directory *dir, struct error *err)
{
    char path[CA_DIRECTORY_PATH_MAX];
    if (!ca_directory_path(dir, "ca.conf", path))
        return error_set(err, STATUS_USAGE, "%s: path too long", dir->path);
    if (access(path, F_OK) != 0)
        return error_set(err, STATUS_USAGE, "%s: no CA here (there is no ca.conf); `cathaya ca init` makes one",
                         dir->path);
    return ca_config_read(path, dir->algorithms, &dir->config, err);
}

static enum status read_certificate(struct ca_directory *dir, struct error *err)
{
    struct builder text;
    builder_init(&text, CERTIFICATE_SIZE_MAX);
    builder_init(&dir->ca_der, CERTIFICATE_SIZE_MAX);
    enum status s = ca_directory_get(dir, "ca.pem", &text, err);
    if (s == STATUS_OK) {
        struct pem_reader pem;
        struct pem_block block;
        pem_reader_init(&pem, builder_view(&text), PEM_STRICT);
        s = pem_next(&pem, &block, &dir->ca_der, err);
        if (s == STATUS_OK)
            s = ca_certificate_parse(builder_view(&dir->ca_der), &dir->ca, err);
        if (s != STATUS_OK)
            (void)error_prefix(err, s, "%s/ca.pem", dir->path);
    }
    if (s == STATUS_OK && (dir->ca.draft != dir->config.draft || !tai_equal(&dir->ca.id, &dir->config.id)))
        s = error_set(err, STATUS_USAGE, "%s: ca.conf and ca.pem do not say the same suite and ID", dir->path);
    builder_clear(&text);
    return s;
}

static enum status find_algorithm(const struct ca_directory *dir, const char *name,
                                  const struct signature_alg **out, struct error *err)
{
    *out = algorithms_by_name(dir->algorithms, bytes_of_text(name));
    if (*out != NULL)
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "%s/ca.conf: unknown algorithm %s: an `algorithm` block there adds it, or --algorithms FILE",
                     dir->path, name);
}

/* Its usual place is keys/NAME. */
static enum status open_key(const struct ca_directory *dir, const char *name, const struct ca_config_key *where,
                            const struct signature_alg *alg, struct service_key *key, struct error *err)
{
    char file[CA_DIRECTORY_KEY_NAME_SIZE + 8];
    (void)snprintf(file, sizeof file, "keys/%s", name);
    char path[CA_DIRECTORY_PATH_MAX];
    bool is_here = where->key[0] == '\0';
    struct key_name place = {is_here ? file : where->key, where->provider, dir->path};
    if (is_here && ca_directory_path(dir, file, path) && access(path, F_OK) != 0)
        return error_set(err, STATUS_NOT_FOUND, "%s is missing: restore it from a backup", path);
    return key_file_open(&place, alg, key, err);
}

static enum status read_key(struct ca_directory *dir, const char *name, const char *algorithm,
                            const struct ca_config_key *where, const struct tai *id, struct error *err)
{
    const struct signature_alg *alg;
    struct service_key *key = &dir->keys[dir->cosigner_count];
    enum status s = find_algorithm(dir, algorithm, &alg, err);
    if (s == STATUS_OK)
        s = open_key(dir, name, where, alg, key, err);
    if (s == STATUS_OK)
        dir->cosigners[dir->cosigner_count++] = key_file_cosigner(key, id);
    return s;
}

/* GM-8: the newest key is not one of those before it. */
static enum status check_own_key(const struct ca_directory *dir, struct error *err)
{
    const struct cosigner *newest = &dir->cosigners[dir->cosigner_count - 1];
    for (const struct cosigner *c = dir->cosigners; c < newest; c++) {
        char id[TAI_TEXT_SIZE], other[TAI_TEXT_SIZE];
        if (!bytes_equal(public_key_spki(c->key), public_key_spki(newest->key)))
            continue;
        tai_text(&c->id, id);
        tai_text(&newest->id, other);
        return error_set(err, STATUS_USAGE, "%s/keys: %s and %s have one key, but one key has one ID", dir->path,
                         id, other);
    }
    return STATUS_OK;
}

static enum status read_keys(struct ca_directory *dir, struct error *err)
{
    enum status s = read_key(dir, "ca.pem", dir->config.algorithm, &dir->config.where, &dir->config.id, err);
    if (s == STATUS_OK && !bytes_equal(public_key_spki(dir->cosigners[0].key), dir->ca.spki))
        s = error_set(err, STATUS_USAGE, "%s: %s is not the key of ca.pem", dir->path,
                      dir->config.where.key[0] != '\0' ? dir->config.where.key : "keys/ca.pem");
    for (size_t i = 0; s == STATUS_OK && i < dir->config.cosigner_count; i++) {
        const struct ca_config_cosigner *cosigner = &dir->config.cosigners[i];
        char name[CA_DIRECTORY_KEY_NAME_SIZE];
        ca_directory_key_name(&cosigner->id, name);
        s = read_key(dir, name, cosigner->algorithm, &cosigner->where, &cosigner->id, err);
        if (s == STATUS_OK)
            s = check_own_key(dir, err);
    }
    return s;
}

static enum status refuse_to_sign(void *context, const struct cosigned_message *m,
                                  const struct subtree_prover *prover, struct builder *out,
                                  struct error *err)
{
    (void)context;
    (void)m;
    (void)prover;
    (void)out;
    return error_set(err, STATUS_REFUSED, "opened for reading, without private keys");
}

/* A reader judges what the CA cosigner has signed, and needs no secret for it. */
static enum status read_public_key(struct ca_directory *dir, struct error *err)
{
    const struct signature_alg *alg;
    enum status s = find_algorithm(dir, dir->config.algorithm, &alg, err);
    if (s != STATUS_OK)
        return s;
    if (!bytes_equal(algorithm_identifier(alg), dir->ca.sig_alg))
        return error_set(err, STATUS_USAGE, "%s: ca.pem does not say %s, as ca.conf does", dir->path, alg->name);
    s = public_key_new(alg, dir->ca.spki, &dir->public_key, err);
    if (s != STATUS_OK)
        return error_prefix(err, s, "%s/ca.pem", dir->path);
    dir->cosigners[0] = (struct cosigner){.id = dir->config.id, .key = dir->public_key, .sign = refuse_to_sign};
    dir->cosigner_count = 1;
    return STATUS_OK;
}

enum status ca_directory_open_base(struct ca_directory *dir, const char *path, bool is_reader,
                                   struct algorithms *algorithms, struct error *err)
{
    *dir = (struct ca_directory){.algorithms = algorithms};
    enum status s = is_reader ? STATUS_OK : ca_backup_check_no_mark(path, err);
    if (s == STATUS_OK)
        s = ca_directory_open_root(dir, path, false, err);
    if (s == STATUS_NOT_FOUND)
        s = error_set(err, STATUS_USAGE, "%s: there is no such directory", path);
    if (s == STATUS_OK)
        s = read_config(dir, err);
    if (s == STATUS_OK)
        s = read_certificate(dir, err);
    if (s == STATUS_OK)
        s = hasher_init(&dir->hasher, dir->config.draft->hash, err);
    if (s == STATUS_OK)
        s = is_reader ? read_public_key(dir, err) : read_keys(dir, err);
    return s;
}

/* ---- the log ---- */

static enum status open_stores(struct ca_directory *dir, bool is_read_only, bool may_create,
                               struct error *err)
{
    char name[32], path[CA_DIRECTORY_PATH_MAX];
    (void)snprintf(name, sizeof name, "log/%u", dir->log_number);
    enum status s = ca_directory_path(dir, name, path) ? STATUS_OK : STATUS_USAGE;
    if (s == STATUS_OK)
        s = is_read_only ? posix_record_store_open_read_only(path, &dir->record, err)
                         : posix_record_store_open(path, may_create, &dir->record, err);
    if (s == STATUS_OK)
        s = posix_object_store_open(path, POSIX_PRIVATE, may_create, &dir->private_store, err);
    (void)snprintf(name, sizeof name, "public/%u", dir->log_number);
    if (s == STATUS_OK && ca_directory_path(dir, name, path))
        s = posix_object_store_open(path, POSIX_PUBLIC, may_create, &dir->public_store, err);
    if (s == STATUS_NOT_FOUND && !may_create)
        s = error_set(err, STATUS_REFUSED, "%s is missing: restore it from a backup, then run fsck", path);
    if (s != STATUS_OK || dir->database != NULL)
        return s;
    return ca_database_open(dir, is_read_only, may_create, err);
}

enum status ca_directory_open_log_stores(struct ca_directory *dir, uint16_t log_number,
                                         bool is_read_only, bool may_create,
                                         struct log_config *config, struct error *err)
{
    dir->log_number = log_number;
    enum status s = open_stores(dir, is_read_only, may_create, err);
    *config = (struct log_config){.hash = dir->config.draft->hash, .is_read_only = is_read_only};
    if (s == STATUS_OK)
        s = tai_log_id(&dir->config.id, log_number, &config->log_id, err);
    if (s != STATUS_OK)
        return s;
    config->public_store = posix_object_store_port(dir->public_store);
    config->private_store = posix_object_store_port(dir->private_store);
    config->record = posix_record_store_port(dir->record);
    config->clock = posix_clock();
    config->cosigners = dir->cosigners;
    config->cosigner_count = dir->cosigner_count;
    if (dir->peers != NULL) {
        config->externals = dir->peers->externals;
        config->external_count = dir->peers->external_count;
        config->quorum = dir->peers->quorum;
    }
    return STATUS_OK;
}

static enum status fill_issuer(struct ca_directory *dir, struct error *err)
{
    uint8_t memory[ALGORITHM_IDENTIFIER_MAX];
    struct builder oid;
    builder_init_fixed(&oid, memory, sizeof memory);
    if (dir->config.policy_oid[0] != '\0' && !algorithm_oid_to_der(dir->config.policy_oid, &oid))
        return error_set(err, STATUS_USAGE, "%s/ca.conf: policy: not a dotted OID", dir->path);
    dir->issuer = (struct issuer){
        .draft = dir->config.draft,
        .ca_id = dir->config.id,
        .not_before_s = dir->ca.not_before_s,
        .not_after_s = dir->ca.not_after_s,
        .cosigners = dir->cosigners,
        .cosigner_count = dir->cosigner_count,
        .log_number = dir->log_number,
        .hasher = &dir->hasher,
        .profile = {.lifetime_s = dir->config.lifetime_s, .backdate_s = dir->config.backdate_s,
                    .has_client_auth = dir->config.has_client_auth},
        .log = ca_log_port(dir),
        .subject_keys = sqlite_ca_store_subject_keys(dir->database),
        .clock = posix_clock(),
    };
    (void)snprintf(dir->issuer.profile.policy_oid, sizeof dir->issuer.profile.policy_oid, "%s",
                   dir->config.policy_oid);
    return STATUS_OK;
}

static enum status open_log(struct ca_directory *dir, bool is_read_only, uint16_t log_number,
                            struct error *err)
{
    struct log_config config;
    enum status s = ca_directory_open_log_stores(dir, log_number, is_read_only, false, &config, err);
    if (s == STATUS_OK)
        s = log_open(&config, &dir->log, err);
    return s == STATUS_OK ? fill_issuer(dir, err) : s;
}

enum status ca_directory_open(struct ca_directory *dir, const char *path,
                              enum ca_directory_access mode, uint16_t log_number,
                              struct algorithms *algorithms, struct error *err)
{
    enum status s = ca_directory_open_base(dir, path, mode == CA_DIRECTORY_READ, algorithms, err);
    if (s != STATUS_OK || mode == CA_DIRECTORY_NO_LOG)
        return s;
    if (log_number == 0)
        s = ca_logs_current(dir, &log_number, err);
    return s == STATUS_OK ? open_log(dir, mode == CA_DIRECTORY_READ, log_number, err) : s;
}

enum status ca_directory_open_for_service(struct ca_directory *dir, const char *path,
                                          const struct ca_directory_peers *peers,
                                          struct algorithms *algorithms, struct error *err)
{
    uint16_t log_number = 0;
    enum status s = ca_directory_open_base(dir, path, false, algorithms, err);
    dir->peers = peers;
    if (s == STATUS_OK)
        s = ca_logs_current(dir, &log_number, err);
    return s == STATUS_OK ? open_log(dir, false, log_number, err) : s;
}

enum status ca_directory_reopen_log(struct ca_directory *dir, struct error *err)
{
    /* The database stays: others have its ports. */
    struct sqlite_ca_store *database = dir->database;
    dir->database = NULL;
    (void)ca_directory_leave_log(dir, NULL); /* it has failed already: recovery is what opening does */
    dir->database = database;
    return open_log(dir, false, dir->log_number, err);
}

enum status ca_directory_leave_log(struct ca_directory *dir, struct error *err)
{
    enum status s = log_close(dir->log, err);
    sqlite_ca_store_close(dir->database);
    posix_object_store_close(dir->public_store);
    posix_object_store_close(dir->private_store);
    posix_record_store_close(dir->record);
    dir->log = NULL;
    dir->public_store = dir->private_store = NULL;
    dir->database = NULL;
    dir->record = NULL;
    return s;
}

enum status ca_directory_close(struct ca_directory *dir, struct error *err)
{
    enum status s = ca_directory_leave_log(dir, err);
    posix_object_store_close(dir->root);
    for (size_t i = 0; i < LOG_COSIGNERS_MAX; i++)
        key_file_close(&dir->keys[i]);
    public_key_free(dir->public_key);
    hasher_clear(&dir->hasher);
    builder_clear(&dir->ca_der);
    *dir = (struct ca_directory){.log = NULL};
    return s;
}
