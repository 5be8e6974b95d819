/* cathaya trust import-logs - a list of CT logs (schema 3) merged into a registry: new logs, changed ones, and those that are gone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil_time.h"
#include "base/text.h"
#include "command.h"
#include "log_list_file.h"
#include "output.h"
#include "registry/registry_add.h"
#include "registry/registry_edit.h"

struct merging {
    struct registry_command *c;
    const struct log_list *list;
    json_t *added, *changed, *gone, *kept;
    char reason[96]; /* "log list 12.3 of 2026-02-01" */
};

static void tell(json_t *where, const char *file, const char *text)
{
    json_t *item = json_object();
    output_json_text(item, "file", file);
    output_json_text(item, "text", text);
    json_array_append_new(where, item);
}

static void print_told(const char *word, const json_t *told)
{
    for (size_t i = 0; i < json_array_size(told); i++) {
        const json_t *item = json_array_get(told, i);
        output_line("%s: %s: %s", word, json_string_value(json_object_get(item, "file")), json_string_value(json_object_get(item, "text")));
    }
}

static const struct registry *registry_of(const struct merging *m)
{
    return registry_directory_registry(m->c->directory);
}

/* ---- IDs of new files ---- */

/* "Google 'Argon2026h1' log" becomes google-argon2026h1-log; "" when no letter is left. */
static void make_id(const char *name, char out[REGISTRY_ID_MAX + 1])
{
    size_t len = 0;
    for (; *name != '\0' && len < REGISTRY_ID_MAX - 8; name++) {
        char c = (char)text_lower((uint8_t)*name);
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (is_letter)
            out[len++] = c;
        else if (len > 0 && out[len - 1] != '-' && *name != '\'')
            out[len++] = '-';
    }
    while (len > 0 && out[len - 1] == '-')
        len--;
    out[len] = '\0';
}

/* One that no file has yet. Always found: a number is put behind it. */
static void make_free_id(const struct merging *m, const char *folder, const char *name, char out[REGISTRY_ID_MAX + 1])
{
    char base[REGISTRY_ID_MAX + 1], file[REGISTRY_COMMAND_NAME_SIZE];
    make_id(name, base);
    if (base[0] == '\0')
        snprintf(base, sizeof base, "%.3s", folder[0] == 'c' ? "log" : "who");
    for (unsigned number = 1;; number++) {
        if (number == 1)
            snprintf(out, REGISTRY_ID_MAX + 1, "%s", base);
        else
            snprintf(out, REGISTRY_ID_MAX + 1, "%.55s-%u", base, number);
        snprintf(file, sizeof file, "%s/%s.conf", folder, out);
        if (registry_directory_text(m->c->directory, file).data == NULL)
            return;
    }
}

/* ---- operators ---- */

/* IDs given to operators in this command, beside those of the registry. */
struct operator_id {
    char id[REGISTRY_ID_MAX + 1];
};

static bool find_operator(const struct merging *m, const char *name, struct operator_id *out)
{
    const struct registry *r = registry_of(m);
    for (size_t i = 0; i < r->operators.count; i++) {
        const struct registry_operator *o = registry_operator_at(r, i);
        if (strcmp(o->name_en, name) != 0)
            continue;
        snprintf(out->id, sizeof out->id, "%s", o->head.id);
        return true;
    }
    return false;
}

static const struct log_list_operator *listed_operator(const struct merging *m, const char *name)
{
    for (size_t i = 0; i < m->list->operators.count; i++) {
        const struct log_list_operator *o = array_at(&m->list->operators, i);
        if (strcmp(o->name, name) == 0)
            return o;
    }
    return NULL;
}

static enum status get_operator(struct merging *m, const char *name, struct operator_id *out, struct error *err)
{
    const struct log_list_operator *listed = listed_operator(m, name);
    const char *const words[] = {"name", "en", name[0] != '\0' ? name : "Unknown"};
    struct builder conf;
    char file[REGISTRY_COMMAND_NAME_SIZE];
    if (find_operator(m, words[2], out))
        return STATUS_OK;
    make_free_id(m, "operators", words[2], out->id);
    snprintf(file, sizeof file, "operators/%s.conf", out->id);
    builder_init(&conf, REGISTRY_FILE_SIZE_MAX);
    enum status s = registry_edit_write(words, 3, &conf, err);
    for (size_t i = 0; s == STATUS_OK && listed != NULL && i < listed->email_count; i++)
        if (strchr(listed->emails[i], '@') != NULL && strchr(listed->emails[i], ' ') == NULL)
            s = registry_add_line(&conf, "contact", listed->emails[i], err);
    if (s == STATUS_OK)
        s = registry_directory_put(m->c->directory, file, builder_view(&conf), err);
    /* The next log of this operator finds him. */
    if (s == STATUS_OK)
        s = registry_directory_check(m->c->directory, err);
    if (s == STATUS_OK)
        tell(m->added, file, words[2]);
    builder_clear(&conf);
    return s;
}

/* ---- what a log's file says ---- */

static void day_or_time(int64_t at_s, char out[CIVIL_TIME_TEXT_SIZE])
{
    civil_time_format(at_s, out);
    if (strlen(out) == CIVIL_TIME_TEXT_SIZE - 1 && strcmp(out + 10, "T00:00:00Z") == 0)
        out[10] = '\0';
}

/* A state without a time is of the list's. */
static enum status state_words(const struct merging *m, const struct log_list_log *log, char day[CIVIL_TIME_TEXT_SIZE],
                               const char *words[4])
{
    day_or_time(log->state_since_s != 0 ? log->state_since_s : m->list->timestamp_s, day);
    words[0] = "state";
    words[1] = log_list_state_name(log->state == LOG_LIST_UNKNOWN ? LOG_LIST_PENDING : log->state);
    words[2] = day;
    words[3] = m->reason;
    return STATUS_OK;
}

/* The statements that a list has a say in: set in a file, old or new. */
static enum status set_fields(struct merging *m, const char *file, const struct log_list_log *log, struct error *err)
{
    struct registry_directory *d = m->c->directory;
    char mmd[24], start[CIVIL_TIME_TEXT_SIZE], end[CIVIL_TIME_TEXT_SIZE], size[24], root[2 * HASH_SIZE + 1];
    snprintf(mmd, sizeof mmd, "%lld", (long long)log->mmd_s);
    const char *const name[] = {"name", log->description}, *const mmd_words[] = {"mmd", mmd};
    const char *const submission[] = {"submission-url", log->submission_url}, *const monitoring[] = {"monitoring-url", log->monitoring_url};
    const char *const interface[] = {"interface", log->is_tiled ? "static" : "rfc6962"}, *const test[] = {"test"};
    enum status s = log->description[0] != '\0' ? registry_directory_set(d, file, name, 2, 1, err) : STATUS_OK;
    if (s == STATUS_OK)
        s = registry_directory_set(d, file, interface, 2, 1, err);
    if (s == STATUS_OK)
        s = registry_directory_set(d, file, submission, 2, 1, err);
    if (s == STATUS_OK && log->is_tiled)
        s = registry_directory_set(d, file, monitoring, 2, 1, err);
    if (s == STATUS_OK)
        s = registry_directory_set(d, file, mmd_words, 2, 1, err);
    if (s == STATUS_OK && log->is_test)
        s = registry_directory_set(d, file, test, 1, 1, err);
    if (s == STATUS_OK && log->has_interval) {
        day_or_time(log->interval_start_s, start);
        day_or_time(log->interval_end_s, end);
        const char *const interval[] = {"interval", "from", start, "before", end};
        s = registry_directory_set(d, file, interval, 5, 1, err);
    }
    if (s == STATUS_OK && log->has_final_tree_head) {
        snprintf(size, sizeof size, "%llu", (unsigned long long)log->final_size);
        text_hex(BYTES_OF(log->final_root), root);
        const char *const head[] = {"final-tree-head", size, root};
        s = registry_directory_set(d, file, head, 3, 1, err);
    }
    return s;
}

static bool has_previous(const struct registry *r, const struct registry_thing *thing, const struct operator_id *id, int64_t end_s)
{
    for (size_t i = 0; thing != NULL && i < thing->previous.count; i++) {
        const struct registry_previous *previous = REGISTRY_PART(r, previous, previous, thing->previous, i);
        if (strcmp(previous->operator_id, id->id) == 0 && previous->until_s == end_s)
            return true;
    }
    return false;
}

static const struct registry_thing *find_log(const struct merging *m, const struct log_list_log *log)
{
    const struct registry *r = registry_of(m);
    for (size_t i = 0; i < r->things.count; i++) {
        const struct registry_thing *thing = registry_thing_at(r, i);
        if (thing->head.kind == REGISTRY_CT_LOG && thing->suite == log->suite && bytes_equal(thing->der, log_list_key(log)))
            return thing;
    }
    return NULL;
}

static enum status set_operators(struct merging *m, const char *file, const struct log_list_log *log, struct error *err)
{
    struct operator_id id;
    enum status s = get_operator(m, log_list_operator(m->list, log), &id, err);
    const char *const words[] = {"operator", id.id};
    if (s == STATUS_OK)
        s = registry_directory_set(m->c->directory, file, words, 2, 1, err);
    for (size_t i = 0; s == STATUS_OK && i < log->previous_count; i++) {
        char end[CIVIL_TIME_TEXT_SIZE];
        s = get_operator(m, log->previous[i].name, &id, err);
        day_or_time(log->previous[i].end_s, end);
        const char *const previous[] = {"previous-operator", id.id, "before", end};
        if (s == STATUS_OK && !has_previous(registry_of(m), find_log(m, log), &id, log->previous[i].end_s))
            s = registry_directory_add(m->c->directory, file, previous, 4, err);
    }
    return s;
}

/* ---- one log ---- */

static enum status add_log(struct merging *m, const struct log_list_log *log, struct error *err)
{
    struct registry_target target;
    struct operator_id id;
    char day[CIVIL_TIME_TEXT_SIZE], name[REGISTRY_COMMAND_NAME_SIZE];
    const char *state[4];
    const char *const suite[] = {"suite", log->suite->name};
    /* Operators are files of their own: they are there before the log's is begun. */
    enum status s = get_operator(m, log_list_operator(m->list, log), &id, err);
    for (size_t i = 0; s == STATUS_OK && i < log->previous_count; i++)
        s = get_operator(m, log->previous[i].name, &id, err);
    make_free_id(m, "ct-logs", log->description, id.id);
    snprintf(name, sizeof name, "ct-logs/%s", id.id);
    if (s == STATUS_OK)
        s = registry_command_target(m->c, name, false, &target, err);
    if (s == STATUS_OK)
        s = registry_directory_put(m->c->directory, target.conf, bytes_of_text(""), err);
    if (s == STATUS_OK)
        s = set_operators(m, target.conf, log, err);
    if (s == STATUS_OK)
        s = registry_directory_set(m->c->directory, target.conf, suite, 2, 1, err);
    if (s == STATUS_OK)
        s = set_fields(m, target.conf, log, err);
    if (s == STATUS_OK)
        s = state_words(m, log, day, state);
    if (s == STATUS_OK)
        s = registry_directory_add(m->c->directory, target.conf, state, 4, err);
    if (s == STATUS_OK)
        s = registry_add_pem(m->c, &target, log_list_key(log), err);
    if (s == STATUS_OK)
        tell(m->added, target.conf, state[1]);
    return s;
}

static enum status change_log(struct merging *m, const struct registry_thing *thing, const struct log_list_log *log, struct error *err)
{
    char day[CIVIL_TIME_TEXT_SIZE], text[160], file[REGISTRY_COMMAND_NAME_SIZE];
    const char *words[4];
    const struct registry_state *last =
        thing->states.count > 0 ? REGISTRY_PART(registry_of(m), state, states, thing->states, thing->states.count - 1) : NULL;
    bool is_other_state = log->state != LOG_LIST_UNKNOWN && (last == NULL || last->log_state != log->state);
    /* What the registry has of a later day was decided in knowledge of the list, or the list is an old one. */
    int64_t since_s = log->state_since_s != 0 ? log->state_since_s : m->list->timestamp_s;
    bool is_new_state = is_other_state && (last == NULL || since_s >= last->since_s);
    snprintf(text, sizeof text, "%s", "its entry in the list");
    snprintf(file, sizeof file, "%s", thing->head.file); /* thing goes when an operator is added */
    if (is_other_state && !is_new_state) {
        civil_time_format(last->since_s, day);
        snprintf(text, sizeof text, "%s in the list, of an earlier day; here it is %s since %.10s, and stays so", log_list_state_name(log->state),
                 log_list_state_name(last->log_state), day);
        tell(m->kept, file, text);
        snprintf(text, sizeof text, "%s", "its entry in the list");
    }
    struct builder before;
    builder_init(&before, REGISTRY_FILE_SIZE_MAX);
    builder_bytes(&before, registry_directory_text(m->c->directory, file));
    if (is_new_state)
        snprintf(text, sizeof text, "%s, before %s", log_list_state_name(log->state),
                 last != NULL ? log_list_state_name(last->log_state) : "without a state");
    enum status s = set_fields(m, file, log, err);
    if (s == STATUS_OK)
        s = set_operators(m, file, log, err);
    if (s == STATUS_OK && is_new_state)
        s = state_words(m, log, day, words);
    if (s == STATUS_OK && is_new_state)
        s = registry_directory_add(m->c->directory, file, words, 4, err);
    if (s == STATUS_OK && !bytes_equal(builder_view(&before), registry_directory_text(m->c->directory, file)))
        tell(m->changed, file, text);
    builder_clear(&before);
    return s;
}

/* ---- the list ---- */

static bool has_suite(const struct log_list *list, const struct ct_suite *suite)
{
    for (size_t i = 0; i < log_list_count(list); i++)
        if (log_list_at(list, i)->suite == suite)
            return true;
    return false;
}

/* Logs of the registry that the list does not have: whoever wrote the list has dropped them, or never had them. */
static void tell_gone(struct merging *m)
{
    const struct registry *r = registry_of(m);
    for (size_t i = 0; i < r->things.count; i++) {
        const struct registry_thing *thing = registry_thing_at(r, i);
        bool is_listed = thing->head.kind != REGISTRY_CT_LOG || !has_suite(m->list, thing->suite);
        for (size_t j = 0; !is_listed && j < log_list_count(m->list); j++)
            is_listed = log_list_at(m->list, j)->suite == thing->suite &&
                        bytes_equal(log_list_key(log_list_at(m->list, j)), thing->der);
        if (!is_listed)
            tell(m->gone, thing->head.file, "not in the list; nothing was changed: `cathaya trust state` retires it");
    }
}

static enum status merge(struct merging *m, struct error *err)
{
    enum status s = STATUS_OK;
    tell_gone(m);
    for (size_t i = 0; s == STATUS_OK && i < log_list_count(m->list); i++) {
        const struct log_list_log *log = log_list_at(m->list, i);
        const struct registry_thing *thing = find_log(m, log);
        s = thing == NULL ? add_log(m, log, err) : change_log(m, thing, log, err);
        if (s != STATUS_OK)
            s = error_prefix(err, s, "%s", log->description);
    }
    return s;
}

static int run(const struct options *options)
{
    struct registry_command c;
    struct log_list list = {.timestamp_s = 0};
    struct error err = {.status = STATUS_OK};
    char day[CIVIL_TIME_TEXT_SIZE];
    enum status s = registry_command_open(&c, options, REGISTRY_COMMAND_CHANGE, &err);
    bool has_list = s == STATUS_OK && (s = log_list_file_read(options_value(options, "list"), &list, &err)) == STATUS_OK;
    struct merging m = {.c = &c, .list = &list, .added = json_array(), .changed = json_array(), .gone = json_array(), .kept = json_array()};
    bool is_json = options_has(options, "json");
    civil_time_format(list.timestamp_s, day);
    snprintf(m.reason, sizeof m.reason, "log list %s of %.10s", list.version, day);
    if (s == STATUS_OK)
        s = merge(&m, &err);
    json_t *object = json_object();
    json_object_set(object, "new", m.added);
    json_object_set(object, "changed", m.changed);
    json_object_set(object, "gone", m.gone);
    json_object_set(object, "kept", m.kept);
    char done[128];
    snprintf(done, sizeof done, "%zu new, %zu changed, %zu not in the list", json_array_size(m.added), json_array_size(m.changed),
             json_array_size(m.gone));
    int exit_status = s == STATUS_OK ? registry_command_finish(&c, false, is_json ? NULL : done) : registry_command_fail(&err);
    if (is_json && exit_status == EXIT_YES) {
        output_json(object);
    } else {
        json_decref(object);
        if (exit_status == EXIT_YES) {
            print_told("new", m.added);
            print_told("changed", m.changed);
            print_told("gone", m.gone);
            print_told("kept", m.kept);
        }
    }
    json_decref(m.added);
    json_decref(m.changed);
    json_decref(m.gone);
    json_decref(m.kept);
    if (has_list)
        log_list_clear(&list);
    registry_command_close(&c);
    return exit_status;
}

static const struct option_row rows[] = {
    REGISTRY_COMMAND_REGISTRY,
    {.name = "list", .metavar = "FILE", .is_required = true, .help = "log list of schema 3 (log_list.json)"},
    {.name = "json", .help = "one JSON object"},
    REGISTRY_COMMAND_AT,
    {.name = NULL},
};

const struct command command_trust_import_logs = {
    .name = "trust import-logs",
    .arguments = "",
    .summary = "merge a list of CT logs into a registry",
    .details = "New logs and operators become files, states are added to histories; logs that the list does not have are told and stay.\n",
    .options = rows,
    .run = run,
};
