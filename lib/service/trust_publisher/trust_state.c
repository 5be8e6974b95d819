#include "service/trust_publisher/trust_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/revocations/revocations.h"
#include "codec/trust_bundle/trust_file.h"
#include "rules/checkpoint_trust.h"

#define FOLDER "held/"
#define NUMBER_SIZE 24
#define NAME_SIZE (sizeof FOLDER + TAI_TEXT_SIZE + NUMBER_SIZE)

/* ---- logs in memory ---- */

struct key {
    const struct tai *ca_id;
    uint16_t log_number;
};

static int compare(const void *key, const void *item)
{
    const struct key *k = key;
    const struct trust_state_log *log = *(struct trust_state_log *const *)item;
    int order = tai_compare(k->ca_id, &log->ca_id);
    return order != 0 ? order : (int)k->log_number - (int)log->log_number;
}

static void free_log(struct trust_state_log *log)
{
    if (log == NULL)
        return;
    trust_bundle_clear(&log->bundle);
    builder_clear(&log->file);
    free(log);
}

/* Reads log->file. */
static enum status parse(struct trust_state_log *log, struct error *err)
{
    struct trust_file file;
    enum status s = trust_file_parse(builder_view(&log->file), &file, err);
    if (s == STATUS_OK)
        s = trust_bundle_parse(file.contents, &log->bundle, err);
    if (s == STATUS_OK && log->bundle.logs.count != 1)
        s = error_set(err, STATUS_MALFORMED, "it is not about one log");
    if (s != STATUS_OK)
        return s;
    log->ca_id = trust_bundle_log_at(&log->bundle, 0)->ca_id;
    log->log_number = trust_bundle_log_at(&log->bundle, 0)->log_number;
    log->note = file.note;
    log->revocations = file.revocations;
    return STATUS_OK;
}

static struct trust_state_log *new_log(void)
{
    struct trust_state_log *log = calloc(1, sizeof *log);
    if (log == NULL)
        return NULL;
    builder_init(&log->file, TRUST_FILE_SIZE_MAX);
    trust_bundle_init(&log->bundle);
    return log;
}

/* Takes log, also after a failure. The newer one of two stays. */
static enum status insert(struct trust_state *state, struct trust_state_log *log, struct error *err)
{
    size_t at;
    const struct key key = {&log->ca_id, log->log_number};
    if (array_find(&state->logs, &key, compare, &at)) {
        struct trust_state_log **old = array_at(&state->logs, at);
        bool is_newer = log->bundle.version > (*old)->bundle.version;
        free_log(is_newer ? *old : log);
        if (is_newer)
            *old = log;
        return STATUS_OK;
    }
    enum status s = array_insert(&state->logs, at, &log, "logs", err);
    if (s != STATUS_OK)
        free_log(log);
    return s;
}

const struct trust_state_log *trust_state_find(const struct trust_state *state, const struct tai *ca_id, uint16_t log_number)
{
    size_t at;
    const struct key key = {ca_id, log_number};
    return array_find(&state->logs, &key, compare, &at) ? trust_state_at(state, at) : NULL;
}

enum status trust_state_set(struct trust_state *state, const struct trust_bundle *bundle, struct bytes note,
                            struct bytes revocations, struct error *err)
{
    struct trust_state_log *log = new_log();
    if (log == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    log->is_new = true;
    enum status s = trust_file_write(bundle, note, revocations, &log->file, err);
    if (s == STATUS_OK)
        s = parse(log, err);
    if (s == STATUS_OK)
        return insert(state, log, err);
    free_log(log);
    return s;
}

/* ---- the store ---- */

static void folder_of(const struct trust_state_log *log, char out[NAME_SIZE])
{
    struct tai id;
    char text[TAI_TEXT_SIZE] = "";
    if (tai_log_id(&log->ca_id, log->log_number, &id, NULL) == STATUS_OK)
        tai_text(&id, text);
    (void)snprintf(out, NAME_SIZE, FOLDER "%s/", text);
}

static void name_of(const struct trust_state_log *log, char out[NAME_SIZE])
{
    char folder[NAME_SIZE];
    folder_of(log, folder);
    (void)snprintf(out, NAME_SIZE, "%.*s%llu", (int)(NAME_SIZE - NUMBER_SIZE), folder, (unsigned long long)log->bundle.version);
}

static bool is_below_one(const struct trust_state *state, const char *name)
{
    char folder[NAME_SIZE];
    for (size_t i = 0; i < state->logs.count; i++) {
        folder_of(trust_state_at(state, i), folder);
        if (strncmp(name, folder, strlen(folder)) == 0)
            return true;
    }
    return false;
}

struct loading {
    struct trust_state *state;
    bool is_second; /* the damaged ones alone are looked at */
};

static enum status read_one(const struct trust_state *state, const char *name, struct trust_state_log *log, struct error *err)
{
    char ought[NAME_SIZE];
    enum status s = state->store.get(state->store.context, name, &log->file, err);
    if (s == STATUS_OK)
        s = parse(log, err);
    if (s == STATUS_OK) {
        name_of(log, ought);
        if (!bytes_is_text(bytes_of_text(name), ought))
            s = error_set(err, STATUS_MALFORMED, "it is about another log");
    }
    return s;
}

static enum status load_one(void *context, const char *name, struct error *err)
{
    struct loading *l = context;
    struct error why = {.status = STATUS_OK};
    if (l->is_second && is_below_one(l->state, name))
        return STATUS_OK;
    struct trust_state_log *log = new_log();
    if (log == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status s = read_one(l->state, name, log, &why);
    if (s == STATUS_OK)
        return insert(l->state, log, err);
    free_log(log);
    if (s == STATUS_IO || s == STATUS_NO_MEMORY)
        return error_set(err, s, "%s", why.text);
    /* Cut short by a power cut, or damaged: it depends on what else there is. */
    if (!l->is_second)
        return STATUS_OK;
    return error_set(err, STATUS_REFUSED,
                     "%s is damaged (%s): put it back from a backup; without it, the log's landmarks are fetched anew, and what it "
                     "had revoked is forgotten as far as its file of today does not name it",
                     name, why.text);
}

enum status trust_state_load(const struct object_store *store, struct trust_state *out, struct error *err)
{
    struct loading l = {.state = out};
    *out = (struct trust_state){.store = *store, .logs = array_of(sizeof(struct trust_state_log *), TRUST_BUNDLE_LOGS_MAX)};
    enum status s = store->list(store->context, FOLDER, load_one, &l, err);
    l.is_second = true;
    return s == STATUS_OK ? store->list(store->context, FOLDER, load_one, &l, err) : s;
}

static enum status prune_one(void *context, const char *name, struct error *err)
{
    const struct trust_state *state = context;
    char ought[NAME_SIZE];
    for (size_t i = 0; i < state->logs.count; i++) {
        name_of(trust_state_at(state, i), ought);
        if (strcmp(name, ought) == 0)
            return STATUS_OK;
    }
    enum status s = state->store.remove(state->store.context, name, err);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

enum status trust_state_prune(struct trust_state *state, struct error *err)
{
    return state->store.list(state->store.context, FOLDER, prune_one, state, err);
}

void trust_state_clear(struct trust_state *state)
{
    for (size_t i = 0; i < state->logs.count; i++)
        free_log(trust_state_at(state, i));
    array_clear(&state->logs);
}

enum status trust_state_write(struct trust_state *state, struct error *err)
{
    char name[NAME_SIZE];
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < state->logs.count; i++) {
        struct trust_state_log *log = trust_state_at(state, i);
        if (!log->is_new)
            continue;
        name_of(log, name);
        s = state->store.put(state->store.context, name, builder_view(&log->file), err);
        log->is_new = s != STATUS_OK;
    }
    return s;
}

/* ---- other keys and rules ---- */

static bool is_file_of(const struct trust_state_log *log, const struct trust_ca *ca)
{
    struct revocations list;
    char name[TAI_NAME_SIZE];
    tai_name(&ca->id, name);
    revocations_init(&list);
    bool is_good = revocations_read(log->revocations, bytes_of_text(name), ca->key, &list, NULL) == STATUS_OK;
    revocations_clear(&list);
    return is_good;
}

/* The same without landmarks. */
static enum status hold_less(struct trust_state *state, const struct trust_state_log *log, struct bytes note,
                             struct bytes revocations, struct error *err)
{
    struct trust_bundle less;
    struct trust_bundle_log one = *trust_bundle_log_at(&log->bundle, 0);
    enum status s = STATUS_OK;
    one.first_landmark = one.size_before = one.landmark_first = one.landmark_count = 0;
    trust_bundle_init(&less);
    less.version = log->bundle.version + 1;
    less.issued_s = log->bundle.issued_s;
    s = array_insert(&less.logs, 0, &one, "logs", err);
    for (size_t i = 0; s == STATUS_OK && i < log->bundle.revoked.count; i++)
        s = array_insert(&less.revoked, i, trust_bundle_revoked_at(&log->bundle, i), "revoked ranges", err);
    if (s == STATUS_OK)
        s = trust_state_set(state, &less, note, revocations, err);
    trust_bundle_clear(&less);
    return s;
}

enum status trust_state_fit(struct trust_state *state, const struct trust_store *store, size_t *dropped, struct error *err)
{
    enum status s = STATUS_OK;
    *dropped = 0;
    for (size_t i = 0; s == STATUS_OK && i < state->logs.count; i++) {
        const struct trust_state_log *log = trust_state_at(state, i);
        const struct trust_ca *ca = trust_store_find_ca_by_id(store, &log->ca_id);
        struct checkpoint checkpoint;
        uint64_t time_s;
        if (ca == NULL)
            continue;
        enum status note = log->note.len == 0 ? STATUS_OK
                                              : checkpoint_trust_check(store, ca, log->log_number, log->note, &checkpoint, &time_s, NULL);
        bool is_other_key = (note != STATUS_OK && note != STATUS_AGAIN) || (log->revocations.len > 0 && !is_file_of(log, ca));
        bool has_less = trust_bundle_log_at(&log->bundle, 0)->landmark_count == 0;
        if (note == STATUS_NO_MEMORY)
            return error_set(err, note, "out of memory");
        if (!is_other_key && (note == STATUS_OK || has_less))
            continue;
        s = is_other_key ? hold_less(state, log, bytes_of(NULL, 0), bytes_of(NULL, 0), err)
                         : hold_less(state, log, log->note, log->revocations, err);
        ++*dropped;
    }
    return s;
}
