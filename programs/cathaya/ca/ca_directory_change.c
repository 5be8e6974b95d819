/* ca_directory_change.c - adding a cosigner. */
#include "ca/ca_directory_files.h"

static enum status check_new_cosigner(const struct ca_directory *dir,
                                      const struct ca_config_cosigner *cosigner, struct error *err)
{
    if (dir->config.cosigner_count == CA_CONFIG_COSIGNERS_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d further cosigners", CA_CONFIG_COSIGNERS_MAX);
    /* IDs below the CA's own stand for its logs and landmarks. */
    if (tai_is_within(&cosigner->id, &dir->config.id))
        return error_set(err, STATUS_USAGE, "the ID is the CA's, or below it: a further cosigner has one of its own");
    for (size_t i = 0; i < dir->config.cosigner_count; i++)
        if (tai_equal(&dir->config.cosigners[i].id, &cosigner->id))
            return error_set(err, STATUS_CONFLICT, "there is a cosigner of this ID already");
    return STATUS_OK;
}

/* The CA does not depend on --algorithms ever after: what ca.conf does not have yet goes there. */
static enum status write_algorithm(const struct ca_directory *dir, const char *name,
                                   struct builder *out, struct error *err)
{
    char path[CA_DIRECTORY_PATH_MAX];
    struct algorithms *own = NULL;
    struct ca_config config;
    if (!ca_directory_path(dir, "ca.conf", path))
        return error_set(err, STATUS_USAGE, "%s: path too long", dir->path);
    enum status s = algorithms_new(&own, err);
    if (s == STATUS_OK)
        s = ca_config_read(path, own, &config, err);
    if (s == STATUS_OK && algorithms_by_name(own, bytes_of_text(name)) == NULL)
        ca_config_write_algorithm(algorithms_by_name(dir->algorithms, bytes_of_text(name)), out);
    algorithms_free(own);
    return s;
}

/* Key first, then the configuration that asks for it, then the policy for relying parties. */
static enum status add_cosigner(struct ca_directory *dir, const struct ca_config_cosigner *cosigner,
                                struct error *err)
{
    char name[CA_DIRECTORY_KEY_NAME_SIZE];
    struct service_key *key = &dir->keys[dir->cosigner_count];
    ca_directory_key_name(&cosigner->id, name);
    enum status s = ca_directory_make_key(dir, cosigner->algorithm, name, &cosigner->where, key, err);
    if (s != STATUS_OK)
        return s;
    dir->cosigners[dir->cosigner_count++] = key_file_cosigner(key, &cosigner->id);
    struct builder text;
    builder_init(&text, CA_CONFIG_SIZE_MAX);
    s = ca_directory_get(dir, "ca.conf", &text, err);
    if (s == STATUS_OK)
        s = write_algorithm(dir, cosigner->algorithm, &text, err);
    ca_config_write_cosigner(cosigner, &text);
    if (s == STATUS_OK)
        s = builder_status(&text, "ca.conf", err);
    if (s == STATUS_OK)
        s = ca_directory_put(dir, "ca.conf", builder_view(&text), err);
    if (s == STATUS_OK)
        s = ca_directory_put_policy(dir, err);
    builder_clear(&text);
    return s;
}

enum status ca_directory_add_cosigner(const char *path, const struct ca_config_cosigner *cosigner,
                                      struct algorithms *algorithms, struct error *err)
{
    struct ca_directory dir;
    /* Opened for writing: nobody issues while the set of cosigners changes. */
    enum status s = ca_directory_open(&dir, path, CA_DIRECTORY_WRITE, 0, algorithms, err);
    if (s == STATUS_OK) {
        char id[TAI_TEXT_SIZE];
        tai_text(&cosigner->id, id);
        s = error_prefix(err, check_new_cosigner(&dir, cosigner, err), "%s: cosigner %s", path, id);
    }
    if (s == STATUS_OK)
        s = add_cosigner(&dir, cosigner, err);
    enum status closed = ca_directory_close(&dir, s == STATUS_OK ? err : NULL);
    if (s == STATUS_OK)
        s = closed;
    /* Opening the log with the new set has the new one sign the published checkpoint. */
    if (s == STATUS_OK) {
        s = ca_directory_open(&dir, path, CA_DIRECTORY_WRITE, 0, algorithms, err);
        closed = ca_directory_close(&dir, s == STATUS_OK ? err : NULL);
    }
    return s == STATUS_OK ? closed : s;
}
