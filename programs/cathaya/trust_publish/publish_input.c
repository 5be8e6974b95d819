#include "trust_publish/publish_input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "identity/identity_file.h"
#include "input.h"
#include "page/page_published.h"
#include "policy/policy_set.h"
#include "registry/registry_bundle.h"
#include "registry/registry_directory.h"
#include "registry_page/registry_page.h"
#include "trust_publish/publish_identity_log.h"

struct publish_input {
    const struct publish_config *config;
    int64_t now_s;
    struct registry_directory *directory;
    const struct registry *registry;
    struct registry_report report;
    bool has_report;
    struct trust_bundle bundle;
    struct array left_out;
    struct identity_signers *signers;
    struct identity_log *identities;
    struct identity_publication *publication;
    struct array files;    /* struct trust_publisher_file */
    struct array contents; /* struct builder *: of the files */
    struct array names;    /* char * */
    struct trust_publisher_input input;
};

/* ---- keys of section 9 ---- */

static int order_of_keys(const struct trust_bundle_key *a, const struct trust_bundle_key *b)
{
    if (a->role != b->role)
        return a->role < b->role ? -1 : 1;
    size_t len = a->spki.len < b->spki.len ? a->spki.len : b->spki.len;
    int order = memcmp(a->spki.data, b->spki.data, len);
    return order != 0 ? order : (a->spki.len > b->spki.len) - (a->spki.len < b->spki.len);
}

static enum status add_key(struct publish_input *in, enum trust_bundle_key_role role, struct bytes algorithm, struct bytes spki,
                           struct error *err)
{
    const struct signature_alg *alg = algorithms_by_identifier(in->config->algorithms, algorithm);
    struct trust_bundle_key key = {.role = role, .algorithm = algorithm, .spki = spki};
    size_t at = 0;
    if (alg == NULL)
        return error_set(err, STATUS_REFUSED, "a bundle key has an algorithm that is not known");
    if (role == TRUST_BUNDLE_KEY_VERSIONS) {
        key.note_type = alg->note_type;
        key.note_name = key.origin = bytes_of_text(in->config->origin);
    }
    while (at < in->bundle.keys.count && order_of_keys(trust_bundle_key_at(&in->bundle, at), &key) < 0)
        at++;
    return array_insert(&in->bundle.keys, at, &key, "bundle keys", err);
}

static enum status add_configured(struct publish_input *in, enum trust_bundle_key_role role, const struct publish_config_key *keys,
                                  size_t count, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < count; i++) {
        const struct public_key *key = key_file_public(&keys[i].key);
        if (!keys[i].is_retiring)
            s = add_key(in, role, algorithm_identifier(public_key_alg(key)), public_key_spki(key), err);
    }
    return s;
}

/* The registry says who signs bundles; when it says nothing, the configuration. The log's keys are the same, unless the configuration
 * has others. */
static enum status name_keys(struct publish_input *in, struct error *err)
{
    const struct publish_config *config = in->config;
    enum status s = STATUS_OK;
    bool has_own = config->log_key_count > 0;
    if (in->bundle.keys.count == 0)
        s = add_configured(in, TRUST_BUNDLE_KEY_BUNDLE, config->keys, config->key_count, err);
    size_t count = in->bundle.keys.count; /* all of them of bundles: those of the log sort behind */
    for (size_t i = 0; s == STATUS_OK && !has_own && i < count; i++) {
        const struct trust_bundle_key key = *trust_bundle_key_at(&in->bundle, i);
        s = add_key(in, TRUST_BUNDLE_KEY_VERSIONS, key.algorithm, key.spki, err);
    }
    if (s == STATUS_OK && has_own)
        s = add_configured(in, TRUST_BUNDLE_KEY_VERSIONS, config->log_keys, config->log_key_count, err);
    return s;
}

/* ---- files ---- */

static enum status drop(struct builder *content, enum status s)
{
    builder_clear(content);
    free(content);
    return s;
}

/* Takes name and content. */
static enum status add_file(struct publish_input *in, const char *name, struct builder *content, struct error *err)
{
    char *copy = strdup(name);
    enum status s = copy == NULL ? error_set(err, STATUS_NO_MEMORY, "out of memory")
                                 : array_insert(&in->names, in->names.count, &copy, "files", err);
    if (s != STATUS_OK) {
        free(copy);
        return drop(content, s);
    }
    s = array_insert(&in->contents, in->contents.count, &content, "files", err);
    if (s != STATUS_OK)
        return drop(content, s);
    const struct trust_publisher_file file = {copy, builder_view(content)};
    return array_insert(&in->files, in->files.count, &file, "files", err);
}

static struct builder *new_content(size_t max)
{
    struct builder *content = malloc(sizeof *content);
    if (content != NULL)
        builder_init(content, max);
    return content;
}

/* ---- website identities ---- */

/* For monitors it is published as it stands. */
static enum status read_identity_log(struct publish_input *in, bool *is_there, struct error *err)
{
    char path[PUBLISH_CONFIG_PATH_MAX + sizeof IDENTITY_FILE_LOG];
    struct builder *text = new_content(IDENTITY_LOG_TEXT_MAX);
    *is_there = false;
    if (text == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    (void)snprintf(path, sizeof path, "%s/" IDENTITY_FILE_LOG, in->config->registry);
    enum status s = input_read(path, IDENTITY_LOG_TEXT_MAX, text, err);
    *is_there = s == STATUS_OK;
    if (!*is_there)
        return drop(text, s == STATUS_USAGE ? STATUS_OK : s); /* no such file: a registry need not have one */
    s = identity_log_new(&in->identities, err);
    if (s == STATUS_OK)
        s = error_prefix(err, identity_log_read(in->identities, builder_view(text), err), "%s", path);
    return s == STATUS_OK ? add_file(in, IDENTITY_FILE_PUBLISHED_LOG, text, err) : drop(text, s);
}

static enum status add_identity_file(struct publish_input *in, size_t i, struct error *err)
{
    char path[WEBSITE_IDENTITY_PATH_MAX];
    struct builder *content = new_content(WEBSITE_IDENTITY_ANSWER_SIZE_MAX);
    if (content == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status s = identity_publication_file(in->publication, i, path, content, err);
    return s == STATUS_OK ? add_file(in, path, content, err) : drop(content, s);
}

static enum status add_identities(struct publish_input *in, struct error *err)
{
    static const struct identity_publication_settings settings = {IDENTITY_PUBLICATION_EMBED_SIZE, IDENTITY_PUBLICATION_LIST_COUNT};
    bool is_there;
    enum status s = read_identity_log(in, &is_there, err);
    if (s == STATUS_OK)
        s = publish_identity_log_check(in->config->publish, in->identities, err);
    if (s != STATUS_OK || !is_there)
        return s;
    s = identity_signers_new(&in->bundle, in->config->algorithms, &in->signers, err);
    if (s == STATUS_OK)
        s = identity_publication_new(in->identities, in->signers, in->now_s, &settings, &in->publication, err);
    if (s != STATUS_OK)
        return s;
    in->bundle.identities = identity_publication_section(in->publication);
    for (size_t i = 0; s == STATUS_OK && i < identity_publication_count(in->publication); i++)
        s = add_identity_file(in, i, err);
    return s;
}

/* ---- pages ---- */

static enum status add_page(struct publish_input *in, const struct registry_page_input *page, size_t i, struct error *err)
{
    struct builder *content = new_content(REGISTRY_PAGE_SIZE_MAX);
    if (content == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status s = registry_page_write(page, i, content, err);
    return s == STATUS_OK ? add_file(in, registry_page_name(i), content, err) : drop(content, s);
}

static enum status add_pages(struct publish_input *in, struct error *err)
{
    struct policy_set *policy = NULL;
    enum status s = STATUS_OK;
    if (!in->config->has_pages)
        return s;
    if (in->registry->policy_text.len > 0)
        s = policy_set_read(in->registry->policy_text, in->registry->ct_policy_text, POLICY_FROM_AUTHOR, &policy, err);
    /* Of the versions until now. A file that cannot be read keeps nobody from a new version: they are told without. */
    struct page_published published = {.newest = {.version = 0}};
    struct error unread;
    bool is_read = s == STATUS_OK && page_published_read(in->config->publish, &published, &unread) == STATUS_OK;
    const struct registry_page_input page = {
        .registry = in->registry, .policy = policy, .at_s = in->now_s,
        .bundle = is_read && published.newest.version > 0 ? &published.newest : &in->bundle,
        .versions = is_read ? (const struct registry_page_version *)published.versions.items : NULL,
        .version_count = is_read ? published.versions.count : 0};
    for (size_t i = 0; s == STATUS_OK && i < REGISTRY_PAGES; i++)
        s = add_page(in, &page, i, err);
    page_published_clear(&published);
    policy_set_free(policy);
    return s;
}

/* ---- all ---- */

static enum status read_all(struct publish_input *in, struct error *err)
{
    const struct publish_config *config = in->config;
    enum status s = registry_directory_open(config->registry, config->algorithms, false, &in->directory, err);
    if (s != STATUS_OK)
        return s;
    in->registry = registry_directory_registry(in->directory);
    in->has_report = true;
    s = registry_lint(in->registry, in->now_s, &in->report, err);
    if (s == STATUS_OK)
        s = registry_to_bundle(in->registry, config->algorithms, in->now_s, &in->bundle, &in->left_out, err);
    if (s == STATUS_OK)
        s = name_keys(in, err);
    if (s == STATUS_OK)
        s = add_identities(in, err);
    if (s == STATUS_OK)
        s = add_pages(in, err);
    in->input = (struct trust_publisher_input){.bundle = &in->bundle, .files = in->files.items, .file_count = in->files.count};
    return s;
}

enum status publish_input_read(const struct publish_config *config, int64_t now_s, struct publish_input **out, struct error *err)
{
    struct publish_input *in = calloc(1, sizeof *in);
    *out = NULL;
    if (in == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    in->config = config;
    in->now_s = now_s;
    trust_bundle_init(&in->bundle);
    in->files = array_of(sizeof(struct trust_publisher_file), TRUST_PUBLISHER_FILES_MAX);
    in->contents = array_of(sizeof(struct builder *), TRUST_PUBLISHER_FILES_MAX);
    in->names = array_of(sizeof(char *), TRUST_PUBLISHER_FILES_MAX);
    in->left_out = array_of(sizeof(const struct registry_thing *), TRUST_BUNDLE_CAS_MAX);
    enum status s = read_all(in, err);
    if (s != STATUS_OK) {
        publish_input_free(in);
        return s;
    }
    *out = in;
    return STATUS_OK;
}

void publish_input_free(struct publish_input *in)
{
    if (in == NULL)
        return;
    for (size_t i = 0; i < in->contents.count; i++) {
        struct builder *content = *(struct builder *const *)array_at(&in->contents, i);
        builder_clear(content);
        free(content);
    }
    for (size_t i = 0; i < in->names.count; i++)
        free(*(char *const *)array_at(&in->names, i));
    array_clear(&in->contents);
    array_clear(&in->names);
    array_clear(&in->files);
    array_clear(&in->left_out);
    trust_bundle_clear(&in->bundle);
    identity_publication_free(in->publication);
    identity_signers_free(in->signers);
    identity_log_free(in->identities);
    if (in->has_report)
        registry_report_clear(&in->report);
    registry_directory_close(in->directory);
    free(in);
}

const struct trust_publisher_input *publish_input_get(const struct publish_input *in)
{
    return &in->input;
}

const struct registry_report *publish_input_report(const struct publish_input *in)
{
    return &in->report;
}

size_t publish_input_left_out(const struct publish_input *in)
{
    return in->left_out.count;
}
