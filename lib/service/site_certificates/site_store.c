/* One certificate on disk:
 *
 *   sites/NAME/KIND/state.0.json, state.1.json   written in turn; that with the higher sequence number counts
 *   sites/NAME/KIND/000007/key.pem               of generation 7: first of all, before anything leaves the machine
 *   sites/NAME/KIND/000007/chain.pem, properties.pem
 *   sites/NAME/KIND/000007/properties-HASH.pem   in place of properties.pem, when SCTs have come beside the certificate
 *   sites/NAME/KIND/000007/landmark.pem, landmark-properties.pem
 *
 * Files of a generation never change. A state names only generations whose files are durable already, so whichever of
 * the two states survives, what it names is there. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "codec/pem/pem.h"
#include "service/site_certificates/site_internal.h"

/* Of the hash in a file's name. */
#define MORE_NAME_BYTES 4

static enum status sync(struct site_certificates *sc, struct error *err)
{
    enum status s = sc->config.store.sync(sc->config.store.context, err);
    if (s != STATUS_OK) {
        sc->is_store_broken = true;
        sc->mend_s = site_now_s(sc);
        (void)snprintf(sc->store_error, sizeof sc->store_error, "%.250s: nothing is ordered%s", err->text,
                       sc->config.reopen_store != NULL ? " until it works again" : " any more, start again");
    }
    return s;
}

static void path_of(const struct site_certificate *c, uint64_t number, const char *file, char out[OBJECT_NAME_MAX + 1])
{
    (void)snprintf(out, OBJECT_NAME_MAX + 1, "%s/%06llu/%s", c->directory, (unsigned long long)number, file);
}

static void slot_of(const struct site_certificate *c, uint64_t sequence, char out[OBJECT_NAME_MAX + 1])
{
    (void)snprintf(out, OBJECT_NAME_MAX + 1, "%s/state.%u.json", c->directory, (unsigned)(sequence & 1));
}

static enum status check_store(const struct site_certificates *sc, struct error *err)
{
    return sc->is_store_broken ? error_set(err, STATUS_IO, "%s", sc->store_error) : STATUS_OK;
}

static enum status put(struct site_certificate *c, const char *name, struct bytes value, struct error *err)
{
    const struct object_store *store = &c->owner->config.store;
    enum status s = check_store(c->owner, err);
    return s == STATUS_OK ? store->put(store->context, name, value, err) : s;
}

/* ---- writing ---- */

/* That the state could not be written is no error any more when it is. */
static void forget_failure(struct site_certificate *c)
{
    if (!c->is_unsaved || c->failures > 0)
        return;
    c->last_error[0] = '\0';
    c->last_error_s = 0;
}

enum status site_store_save(struct site_certificate *c, struct error *err)
{
    struct builder text;
    char name[OBJECT_NAME_MAX + 1];
    forget_failure(c);
    builder_init(&text, SITE_STATE_MAX);
    c->sequence++;
    slot_of(c, c->sequence, name);
    enum status s = site_state_write(c, &text, err);
    if (s == STATUS_OK)
        s = put(c, name, builder_view(&text), err);
    if (s != STATUS_OK)
        c->sequence--; /* the same slot again: the other one is whole */
    else
        s = sync(c->owner, err);
    c->is_unsaved = s != STATUS_OK;
    builder_clear(&text);
    return s;
}

bool site_store_keep(struct site_certificate *c)
{
    struct error err = {.status = STATUS_OK};
    if (site_store_save(c, &err) == STATUS_OK)
        return true;
    c->save_again_s = site_now_s(c->owner) + SITE_SAVE_AGAIN_S;
    site_certificates_fail(c, "site-state", &err);
    return false;
}

enum status site_store_put_key(struct site_certificate *c, uint64_t number, struct bytes key, struct error *err)
{
    char name[OBJECT_NAME_MAX + 1];
    path_of(c, number, "key.pem", name);
    enum status s = put(c, name, key, err);
    return s == STATUS_OK ? sync(c->owner, err) : s;
}

static enum status put_properties(struct site_certificate *c, const char *name, struct bytes list, struct error *err)
{
    struct builder pem;
    builder_init(&pem, SITE_CHAIN_MAX);
    enum status s = pem_write(PROPERTIES_PEM_LABEL, list, &pem, err);
    if (s == STATUS_OK)
        s = put(c, name, builder_view(&pem), err);
    builder_clear(&pem);
    return s;
}

/* SCTs come to a certificate that is there: what is there stays until the state says that the others count. The name has the
 * start of the hash that the state has. */
static void more_name(const struct site_certificate *c, uint64_t number, const uint8_t hash[32], char out[OBJECT_NAME_MAX + 1])
{
    char hex[2 * MORE_NAME_BYTES + 1];
    text_hex(bytes_of(hash, MORE_NAME_BYTES), hex);
    (void)snprintf(out, OBJECT_NAME_MAX + 1, "%s/%06llu/properties-%s.pem", c->directory, (unsigned long long)number, hex);
}

static enum status put_form(struct site_certificate *c, uint64_t number, const struct site_leaf *leaf, bool is_landmark, struct error *err)
{
    char name[OBJECT_NAME_MAX + 1];
    enum status s = STATUS_OK;
    path_of(c, number, is_landmark ? "landmark-properties.pem" : "properties.pem", name);
    if (leaf->properties.len > 0)
        s = put_properties(c, name, builder_view(&leaf->properties), err);
    path_of(c, number, is_landmark ? "landmark.pem" : "chain.pem", name);
    return s == STATUS_OK ? put(c, name, builder_view(&leaf->chain), err) : s;
}

enum status site_store_put_form(struct site_certificate *c, uint64_t number, const struct site_leaf *leaf, bool is_landmark,
                                struct error *err)
{
    enum status s = put_form(c, number, leaf, is_landmark, err);
    return s == STATUS_OK ? sync(c->owner, err) : s;
}

enum status site_store_put_scts(struct site_certificate *c, uint64_t number, const struct site_leaf *leaf, struct error *err)
{
    char name[OBJECT_NAME_MAX + 1];
    uint8_t hash[32];
    if (!site_state_hash(leaf, hash))
        return error_set(err, STATUS_NO_MEMORY, "SHA-256 failed");
    more_name(c, number, hash, name);
    enum status s = put_properties(c, name, builder_view(&leaf->properties), err);
    return s == STATUS_OK ? sync(c->owner, err) : s;
}

static enum status remove_one(void *context, const char *name, struct error *err)
{
    const struct object_store *store = &((struct site_certificates *)context)->config.store;
    return store->remove(store->context, name, err);
}

void site_store_drop(struct site_certificate *c, uint64_t number)
{
    const struct object_store *store = &c->owner->config.store;
    struct error err = {.status = STATUS_OK};
    char prefix[OBJECT_NAME_MAX + 1];
    path_of(c, number, "", prefix);
    if (number != 0 && !c->owner->is_store_broken && store->list(store->context, prefix, remove_one, c->owner, &err) != STATUS_OK)
        site_certificates_event(c, EVENT_WARNING, "site-files-left", err.text);
}

/* ---- reading ---- */

static enum status get(struct site_certificate *c, const char *name, struct builder *out, struct error *err)
{
    const struct object_store *store = &c->owner->config.store;
    enum status s = store->get(store->context, name, out, err);
    return s == STATUS_OK || s == STATUS_NOT_FOUND ? s : error_prefix(err, s, "%s", name);
}

static enum status load_with(struct site_certificate *c, uint64_t number, bool is_landmark, bool has_more, const uint8_t hash[32],
                             struct site_leaf *leaf, struct error *err)
{
    struct builder pem;
    char name[OBJECT_NAME_MAX + 1];
    uint8_t got[32];
    builder_init(&pem, SITE_CHAIN_MAX);
    if (has_more)
        more_name(c, number, hash, name);
    else
        path_of(c, number, is_landmark ? "landmark-properties.pem" : "properties.pem", name);
    enum status s = get(c, name, &pem, err);
    path_of(c, number, is_landmark ? "landmark.pem" : "chain.pem", name);
    if (s == STATUS_OK || s == STATUS_NOT_FOUND)
        s = get(c, name, &pem, err);
    if (s == STATUS_OK)
        s = site_leaf_read(builder_view(&pem), leaf, err);
    if (s == STATUS_OK && (!site_state_hash(leaf, got) || memcmp(got, hash, sizeof got) != 0))
        s = error_set(err, STATUS_MALFORMED, "not what was written there");
    builder_clear(&pem);
    return error_prefix(err, s, "%s", name);
}

static enum status load_form(struct site_certificate *c, uint64_t number, bool is_landmark, const uint8_t hash[32],
                             struct site_leaf *leaf, struct error *err)
{
    struct error why;
    if (!is_landmark && load_with(c, number, false, true, hash, leaf, &why) == STATUS_OK)
        return STATUS_OK;
    if (!is_landmark)
        site_leaf_clear(leaf);
    return load_with(c, number, is_landmark, false, hash, leaf, err);
}

static enum status load_key(struct site_certificate *c, uint64_t number, struct builder *key, struct error *err)
{
    char name[OBJECT_NAME_MAX + 1];
    builder_init(key, KEY_PEM_MAX);
    path_of(c, number, "key.pem", name);
    enum status s = get(c, name, key, err);
    return s == STATUS_OK && key->len == 0 ? error_set(err, STATUS_MALFORMED, "%s: empty", name) : s;
}

static void complain(struct site_certificate *c, const struct error *err)
{
    struct error said;
    (void)error_set(&said, err->status, "damaged state: %.280s", err->text);
    site_certificates_fail(c, "site-damaged", &said);
}

/* A landmark-relative form can be had again: then only that is forgotten. */
static void load_relative(struct site_certificate *c, struct site_generation *g, const uint8_t hash[32])
{
    struct error err = {.status = STATUS_OK};
    if (g->landmark != SITE_LANDMARK_HERE)
        return;
    enum status s = load_form(c, g->number, true, hash, &g->relative, &err);
    if (s == STATUS_OK && !site_leaf_is_same_entry(&g->leaf, &g->relative))
        s = error_set(&err, STATUS_MALFORMED, "the landmark-relative form is of another certificate");
    if (s == STATUS_OK)
        return;
    complain(c, &err);
    site_leaf_clear(&g->relative);
    g->landmark = SITE_LANDMARK_WAITING;
}

static enum status load_generation(struct site_certificate *c, struct site_generation *g, const struct site_hashes *hashes,
                                   struct error *err)
{
    enum status s = load_key(c, g->number, &g->key, err);
    if (s == STATUS_OK)
        s = load_form(c, g->number, false, hashes->standalone, &g->leaf, err);
    if (s == STATUS_OK) /* whether it has expired is looked at each time */
        s = site_leaf_check(&g->leaf, c->kind, builder_view(&g->key), g->leaf.not_before_s, err);
    if (s == STATUS_OK)
        load_relative(c, g, hashes->relative);
    return s;
}

/* What does not fit is left out, and its files stay for somebody to look at. */
static bool load_files(struct site_certificate *c, const struct site_hashes *hashes)
{
    struct error err = {.status = STATUS_OK};
    bool is_whole = true;
    size_t kept = 0, count = c->generation_count;
    for (size_t i = 0; i < count; i++) {
        if (load_generation(c, &c->generations[kept], &hashes[i], &err) == STATUS_OK) {
            kept++;
            continue;
        }
        complain(c, &err);
        c->is_damaged = c->is_due = c->is_due || kept == 0;
        is_whole = false;
        site_certificate_remove(c, kept);
    }
    if (c->order.number != 0 && load_key(c, c->order.number, &c->order.key, &err) != STATUS_OK) {
        complain(c, &err);
        site_certificate_clear_order(c);
        is_whole = false;
    }
    return is_whole;
}

/* ---- what else is in the directory ---- */

static uint64_t number_of(const struct site_certificate *c, const char *name)
{
    uint64_t number = 0;
    const char *digits = name + strlen(c->directory) + 1;
    size_t len = strcspn(digits, "/");
    while (len > 1 && *digits == '0')
        digits++, len--;
    return digits[len] == '/' && text_parse_u64(bytes_of(digits, len), UINT64_C(1) << 50, &number) ? number : 0;
}

static enum status note_number(void *context, const char *name, struct error *err)
{
    struct site_certificate *c = context;
    uint64_t number = number_of(c, name);
    (void)err;
    if (number > c->last_number)
        c->last_number = number;
    return STATUS_OK;
}

/* Begun and given up, or got and removed, when the process was killed. */
static enum status remove_orphan(void *context, const char *name, struct error *err)
{
    struct site_certificate *c = context;
    uint64_t number = number_of(c, name);
    bool is_named = number == 0 || number == c->order.number;
    for (size_t i = 0; !is_named && i < c->generation_count; i++)
        is_named = c->generations[i].number == number;
    return is_named ? STATUS_OK : c->owner->config.store.remove(c->owner->config.store.context, name, err);
}

static enum status refuse_chain(void *context, const char *name, struct error *err)
{
    (void)context;
    return strstr(name, "/chain.pem") != NULL ? error_set(err, STATUS_CONFLICT, "%s is there without a state", name) : STATUS_OK;
}

static bool list(struct site_certificate *c, enum status (*each)(void *context, const char *name, struct error *err))
{
    const struct object_store *store = &c->owner->config.store;
    struct error err = {.status = STATUS_OK};
    char prefix[SITE_DIRECTORY_SIZE + 1];
    (void)snprintf(prefix, sizeof prefix, "%s/", c->directory);
    return store->list(store->context, prefix, each, c, &err) == STATUS_OK;
}

/* An earlier process may have died between put and sync: what is built upon from now on is put again. */
static enum status put_again(struct site_certificate *c, struct bytes state, struct error *err)
{
    char name[OBJECT_NAME_MAX + 1];
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < c->generation_count; i++) {
        const struct site_generation *g = &c->generations[i];
        path_of(c, g->number, "key.pem", name);
        s = put(c, name, builder_view(&g->key), err);
        if (s == STATUS_OK)
            s = put_form(c, g->number, &g->leaf, false, err);
        if (s == STATUS_OK && g->landmark == SITE_LANDMARK_HERE)
            s = put_form(c, g->number, &g->relative, true, err);
    }
    if (s == STATUS_OK && c->order.number != 0) {
        path_of(c, c->order.number, "key.pem", name);
        s = put(c, name, builder_view(&c->order.key), err);
    }
    if (s == STATUS_OK)
        s = sync(c->owner, err);
    slot_of(c, c->sequence, name);
    if (s == STATUS_OK)
        s = put(c, name, state, err);
    return s == STATUS_OK ? sync(c->owner, err) : s;
}

/* Into the same slot: the other one may be the only state that is known to be durable. */
enum status site_store_mend(struct site_certificate *c, struct error *err)
{
    struct builder text;
    if (c->sequence == 0)
        return STATUS_OK; /* nothing was ever written */
    forget_failure(c);
    builder_init(&text, SITE_STATE_MAX);
    enum status s = site_state_write(c, &text, err);
    if (s == STATUS_OK)
        s = put_again(c, builder_view(&text), err);
    c->is_unsaved = s != STATUS_OK;
    c->order.is_kept = s == STATUS_OK && c->order.number != 0;
    builder_clear(&text);
    return s;
}

/* ---- the state ---- */

static void forget_all(struct site_certificate *c)
{
    c->sequence = c->last_number = 0;
    memset(c->generations, 0, sizeof c->generations); /* without files yet */
    c->generation_count = c->hold_count = 0;
    c->failures = 0;
    c->renew_s = c->window_start_s = c->window_end_s = 0;
    c->is_due = false;
    site_certificate_clear_order(c);
}

/* The newer of the two that can be read, into text. */
static bool read_state(struct site_certificate *c, struct builder *text, struct site_hashes *hashes)
{
    struct error err = {.status = STATUS_OK};
    uint64_t sequences[2] = {0, 0};
    char name[OBJECT_NAME_MAX + 1];
    for (unsigned i = 0; i < 2; i++) {
        builder_reset(text);
        slot_of(c, i, name);
        sequences[i] = get(c, name, text, &err) == STATUS_OK ? site_state_sequence(builder_view(text)) : 0;
    }
    for (unsigned i = 0, slot = sequences[1] > sequences[0] ? 1 : 0; i < 2; i++, slot = 1 - slot) {
        builder_reset(text);
        slot_of(c, slot, name);
        if (sequences[slot] == 0 || get(c, name, text, &err) != STATUS_OK)
            continue;
        if (site_state_read(builder_view(text), c, hashes, &err) == STATUS_OK && (c->sequence & 1) == slot)
            return true;
        forget_all(c);
    }
    return false;
}

void site_store_load(struct site_certificate *c)
{
    struct site_hashes hashes[SITE_GENERATIONS_MAX];
    struct builder text;
    struct error err = {.status = STATUS_OK};
    builder_init(&text, SITE_STATE_MAX);
    c->is_loaded = true;
    if (!read_state(c, &text, hashes)) {
        (void)list(c, note_number);
        /* Without a certificate nothing is lost: a first write that was torn, the key of an order that never came about. */
        if (list(c, refuse_chain)) {
            (void)list(c, remove_orphan);
        } else {
            (void)error_set(&err, STATUS_MALFORMED, "%s: neither state.0.json nor state.1.json can be read", c->directory);
            complain(c, &err);
            c->is_damaged = true;
        }
    } else {
        bool is_whole = load_files(c, hashes);
        (void)list(c, note_number);
        enum status s = is_whole ? put_again(c, builder_view(&text), &err) : site_store_save(c, &err);
        if (s != STATUS_OK)
            site_certificates_fail(c, "site-state", &err);
        else if (is_whole) /* only then: an older state may name them */
            (void)list(c, remove_orphan);
        c->order.is_kept = c->order.number != 0 && is_whole && s == STATUS_OK;
    }
    builder_clear(&text);
}
