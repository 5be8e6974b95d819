/* Certificates that somebody else puts into files: looked at for changes, and taken when they are whole. What was taken is known
 * after a restart by its hash, in sites/NAME/KIND/served. */
#include <stdio.h>
#include <string.h>

#include "service/site_certificates/site_internal.h"

static enum status read_file(const struct site_certificate *c, const char *path, struct builder *out, struct error *err)
{
    const struct site_files_port *files = &c->owner->config.files;
    return error_prefix(err, files->read(files->context, path, out, err), "%s", path);
}

/* ---- what was served before ---- */

static bool read_served(const struct site_certificate *c, uint8_t out[32])
{
    const struct object_store *store = &c->owner->config.store;
    char name[OBJECT_NAME_MAX + 1];
    struct builder hash;
    struct error ignored;
    (void)snprintf(name, sizeof name, "%s/served", c->directory);
    builder_init_fixed(&hash, out, 32);
    return store->get(store->context, name, &hash, &ignored) == STATUS_OK && hash.len == 32;
}

/* Without a sync: after a power cut a certificate may be a new one again. */
static void write_served(const struct site_certificate *c, const struct site_leaf *leaf)
{
    const struct object_store *store = &c->owner->config.store;
    uint8_t before[32], hash[32];
    char name[OBJECT_NAME_MAX + 1];
    struct error ignored;
    if (c->owner->is_store_broken || !site_state_hash(leaf, hash) || (read_served(c, before) && memcmp(before, hash, sizeof hash) == 0))
        return;
    (void)snprintf(name, sizeof name, "%s/served", c->directory);
    (void)!store->put(store->context, name, BYTES_OF(hash), &ignored);
}

bool site_files_was_served(const struct site_certificate *c, const struct site_leaf *leaf)
{
    uint8_t before[32], hash[32];
    return c->issuer_count == 0 && c->generation_count == 0 && site_state_hash(leaf, hash) && read_served(c, before) &&
           memcmp(before, hash, sizeof hash) == 0;
}

/* ---- reading ---- */

static enum status read_all(const struct site_certificate *c, struct site_leaf *leaf, struct builder *key, struct error *err)
{
    struct builder pem;
    builder_init(&pem, SITE_CHAIN_MAX);
    enum status s = read_file(c, c->chain_file, &pem, err);
    if (s == STATUS_OK)
        s = error_prefix(err, site_leaf_read(builder_view(&pem), leaf, err), "%s", c->chain_file);
    builder_clear(&pem);
    if (s == STATUS_OK && c->key_file[0] != '\0')
        s = read_file(c, c->key_file, key, err);
    if (s == STATUS_OK && c->key_file[0] != '\0' && key->len == 0)
        s = error_set(err, STATUS_MALFORMED, "%s: empty", c->key_file);
    if (s == STATUS_OK)
        s = site_leaf_check(leaf, c->kind, builder_view(key), leaf->not_before_s, err);
    return s == STATUS_OK ? site_deploy_check(c, leaf, key, err) : s;
}

/* An expired one is not served, but kept for a clock that is put right; it never takes the place of one that is served. */
static enum status check_time(const struct site_certificate *c, const struct site_leaf *leaf, struct error *err)
{
    int64_t now_s = site_now_s(c->owner);
    bool has_other = c->generation_count > 0 && site_certificate_is_usable(c, &c->generations[0], now_s);
    return has_other ? site_leaf_check(leaf, c->kind, bytes_of(NULL, 0), now_s, err) : STATUS_OK;
}

static void take(struct site_certificate *c)
{
    struct error err = {.status = STATUS_OK};
    struct site_leaf leaf;
    struct builder key;
    uint64_t dropped;
    site_leaf_init(&leaf);
    builder_init(&key, KEY_PEM_MAX);
    enum status s = read_all(c, &leaf, &key, &err);
    if (s == STATUS_OK)
        s = check_time(c, &leaf, &err);
    if (s != STATUS_OK) {
        bool is_new = strcmp(c->last_error, err.text) != 0;
        site_leaf_clear(&leaf);
        builder_clear(&key);
        c->has_stamps = s == STATUS_MALFORMED || s == STATUS_REFUSED || s == STATUS_USAGE; /* all else may pass by itself */
        c->failures++;
        if (is_new)
            site_certificates_fail(c, "site-files-refused", &err);
        return;
    }
    while (c->generation_count > 0)
        site_certificate_remove(c, 0);
    struct site_generation *g = site_certificate_push(c, &dropped);
    g->leaf = leaf;
    g->key = key;
    g->obtained_s = site_now_s(c->owner);
    write_served(c, &g->leaf);
    c->failures = 0;
    c->last_error[0] = '\0';
    c->last_error_s = 0;
    site_certificates_event(c, EVENT_INFO, "site-files", leaf.serial);
}

static bool stamp(struct site_certificate *c, const char *path, uint64_t *out)
{
    const struct site_files_port *files = &c->owner->config.files;
    struct error err = {.status = STATUS_OK};
    *out = 0;
    if (path[0] == '\0' || files->stamp(files->context, path, out, &err) == STATUS_OK)
        return true;
    /* Said once, not in each round. */
    if (c->has_stamps || c->last_error[0] == '\0') {
        struct error said;
        (void)error_set(&said, err.status, "%.150s: %.150s", path, err.text);
        site_certificates_fail(c, "site-files-refused", &said);
    }
    c->has_stamps = false;
    return false;
}

void site_files_look(struct site_certificate *c, int64_t now_s)
{
    uint64_t chain, key;
    (void)now_s;
    if (!stamp(c, c->chain_file, &chain) || !stamp(c, c->key_file, &key))
        return;
    if (c->has_stamps && chain == c->chain_stamp && key == c->key_stamp)
        return;
    c->has_stamps = true;
    c->chain_stamp = chain;
    c->key_stamp = key;
    take(c);
}
