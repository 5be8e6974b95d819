#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "registry/registry_add.h"
#include "registry/registry_edit.h"
#include "rules/policy_text.h"

/* --cosigner-operator ID=OPERATOR */
static const char *operator_for(const struct registry_command *c, const char *id)
{
    size_t at = 0, len = strlen(id);
    const char *value;
    while ((value = options_next(c->options, "cosigner-operator", &at)) != NULL)
        if (strncmp(value, id, len) == 0 && value[len] == '=')
            return value + len + 1;
    return NULL;
}

/* The registry's name of a cosigner; NULL when it has none of that ID. */
static const struct registry_thing *find_cosigner(const struct registry_command *c, const struct tai *id)
{
    const struct registry *r = registry_directory_registry(c->directory);
    for (size_t i = 0; i < r->things.count; i++) {
        const struct registry_thing *thing = registry_thing_at(r, i);
        if (thing->head.kind == REGISTRY_COSIGNER && tai_equal(&thing->tai, id))
            return thing;
    }
    return NULL;
}

static enum status write_cosigner(const struct registry_command *c, const struct trust_cosigner *from, const char *id,
                                  const char *operator_id, struct builder *conf, struct error *err)
{
    const char *const state[] = {"state", "accepted", c->day, options_value(c->options, "reason")};
    enum status s = registry_add_line(conf, "operator", operator_id, err);
    if (s == STATUS_OK)
        s = registry_add_line(conf, "id", id, err);
    if (s == STATUS_OK)
        s = registry_add_line(conf, "role", "mirror", err);
    if (s == STATUS_OK)
        s = registry_add_line(conf, "algorithm", public_key_alg(from->key)->name, err);
    return s == STATUS_OK ? registry_edit_write(state, 4, conf, err) : s;
}

static enum status add_cosigner(struct registry_command *c, const struct trust_cosigner *from, struct error *err)
{
    const struct registry_thing *there = find_cosigner(c, &from->id);
    struct registry_target target;
    struct builder conf;
    char id[TAI_TEXT_SIZE], name[TAI_TEXT_SIZE + 16];
    tai_text(&from->id, id);
    if (there != NULL && bytes_equal(there->der, public_key_spki(from->key)))
        return STATUS_OK;
    if (there != NULL)
        return error_set(err, STATUS_CONFLICT, "cosigner %s is in the registry with another key: %s", id, there->head.file);
    if (operator_for(c, id) == NULL)
        return error_set(err, STATUS_USAGE, "who runs cosigner %s? --cosigner-operator %s=OPERATOR", id, id);
    snprintf(name, sizeof name, "cosigners/%s", id);
    enum status s = registry_command_target(c, name, false, &target, err);
    if (s != STATUS_OK)
        return s;
    builder_init(&conf, REGISTRY_FILE_SIZE_MAX);
    s = write_cosigner(c, from, id, operator_for(c, id), &conf, err);
    if (s == STATUS_OK)
        s = registry_directory_put(c->directory, target.conf, builder_view(&conf), err);
    if (s == STATUS_OK)
        s = registry_add_pem(c, &target, public_key_spki(from->key), err);
    builder_clear(&conf);
    return s;
}

/* A rule names cosigners as the registry does. */
static enum status write_rule(const struct registry_command *c, const struct trust_requirement *from, struct builder *conf,
                              struct error *err)
{
    const char *words[REGISTRY_WORDS_MAX] = {"require", "signatures"};
    char needed[24], names[TRUST_BUNDLE_MEMBERS_PER_RULE_MAX][TAI_TEXT_SIZE];
    if (from->count > TRUST_BUNDLE_MEMBERS_PER_RULE_MAX)
        return error_set(err, STATUS_LIMIT, "a rule has more than %d cosigners", TRUST_BUNDLE_MEMBERS_PER_RULE_MAX);
    snprintf(needed, sizeof needed, "%zu", from->needed);
    words[2] = needed;
    for (size_t i = 0; i < from->count; i++) {
        const struct registry_thing *there = find_cosigner(c, &from->ids[i]);
        tai_text(&from->ids[i], names[i]);
        words[3 + i] = there != NULL ? there->head.id : names[i];
    }
    return registry_edit_write(words, 3 + from->count, conf, err);
}

static enum status take(struct registry_command *c, const struct trust_store *store, struct builder *conf, struct error *err)
{
    const struct trust_cosigner *cosigner;
    const struct trust_requirement *required;
    enum status s = STATUS_OK;
    size_t count;
    for (size_t i = 0; s == STATUS_OK && (cosigner = trust_store_cosigner(store, i)) != NULL; i++)
        s = add_cosigner(c, cosigner, err);
    required = trust_store_requirements(store, &count);
    for (size_t i = 0; s == STATUS_OK && i < count; i++)
        s = write_rule(c, &required[i], conf, err);
    struct tai ca_id;
    uint64_t first, last;
    for (size_t i = 0; s == STATUS_OK && trust_store_revoked(store, i, &ca_id, &first, &last); i++) {
        char from[24], to[24];
        snprintf(from, sizeof from, "%llu", (unsigned long long)first);
        snprintf(to, sizeof to, "%llu", (unsigned long long)last);
        const char *const words[] = {"revoked", from, to, options_value(c->options, "reason")};
        s = registry_edit_write(words, 4, conf, err);
    }
    return s;
}

enum status registry_add_policy(struct registry_command *c, const char *path, struct builder *conf, struct error *err)
{
    struct trust_store *store;
    struct builder text;
    enum status s = trust_store_new(c->algorithms, &store, err);
    if (s != STATUS_OK)
        return s;
    builder_init(&text, INPUT_SIZE_MAX);
    s = input_read(path, INPUT_SIZE_MAX, &text, err);
    if (s == STATUS_OK)
        s = error_prefix(err, policy_text_read(builder_view(&text), store, err), "%s", path);
    if (s == STATUS_OK && trust_store_subtree_count(store) > 0)
        s = error_set(err, STATUS_USAGE, "%s: trusted-subtree: subtrees come from the log, not from a registry", path);
    if (s == STATUS_OK)
        s = take(c, store, conf, err);
    builder_clear(&text);
    trust_store_free(store);
    return s;
}
