/* cathaya trust accept|restrict|remove|state - the history of what is trusted. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "output.h"
#include "registry/registry_command.h"

#define PURPOSES_TEXT_SIZE 160
/* Of one decision. */
#define THINGS_MAX 64

/* ---- which purposes ---- */

static void add_purpose(char *out, const char *name)
{
    size_t len = strlen(out);
    snprintf(out + len, PURPOSES_TEXT_SIZE - len, "%s%s", len > 0 ? "," : "", name);
}

/* Those that were given; else all that this state can follow on: what waits, or what is trusted. */
static enum status find_purposes(const struct registry_command *c, const struct registry_thing *thing, enum registry_state_kind to,
                                 char out[PURPOSES_TEXT_SIZE], struct error *err)
{
    size_t at = 0;
    const char *value;
    out[0] = '\0';
    while ((value = options_next(c->options, "purpose", &at)) != NULL)
        add_purpose(out, value);
    if (out[0] != '\0')
        return STATUS_OK;
    for (uint16_t purpose = 1; purpose <= REGISTRY_PURPOSE_MAX; purpose++) {
        const struct registry_state *state =
            registry_state_at(registry_directory_registry(c->directory), thing, purpose, c->at_s);
        bool is_waiting = state != NULL && state->state == REGISTRY_APPLIED;
        bool is_trusted = state != NULL && (state->state == REGISTRY_ACCEPTED || state->state == REGISTRY_RESTRICTED);
        if ((to == REGISTRY_ACCEPTED || to == REGISTRY_REFUSED) ? is_waiting : is_trusted)
            add_purpose(out, registry_purpose_name(purpose));
    }
    return out[0] != '\0' ? STATUS_OK : error_set(err, STATUS_USAGE, "there is no purpose for that state to follow on: say --purpose");
}

static bool is_trusted_now(const struct registry_command *c, const struct registry_thing *thing)
{
    bool is_trusted = false;
    for (uint16_t purpose = REGISTRY_ITSELF; purpose <= REGISTRY_PURPOSE_MAX; purpose++)
        is_trusted = is_trusted || registry_is_trusted(registry_directory_registry(c->directory), thing, purpose, c->at_s);
    return is_trusted;
}

static enum status add_state(struct registry_command *c, const char *argument, const char *state, enum registry_state_kind to,
                             struct registry_target *target, struct error *err)
{
    char purposes[PURPOSES_TEXT_SIZE];
    const char *words[5] = {"state"};
    size_t count = 1;
    enum status s = registry_command_target(c, argument, true, target, err);
    if (s == STATUS_OK && !registry_kind_is_thing(target->kind))
        s = error_set(err, STATUS_USAGE, "%s: it has no state", argument);
    if (s != STATUS_OK)
        return s;
    const struct registry_thing *thing =
        registry_find_thing(registry_directory_registry(c->directory), target->kind, target->id);
    if (to == REGISTRY_ACCEPTED || (to == REGISTRY_RESTRICTED && !is_trusted_now(c, thing)))
        registry_command_judge(c, target);
    bool has_purposes = target->kind == REGISTRY_ROOT || target->kind == REGISTRY_INTERMEDIATE || target->kind == REGISTRY_MTC_CA;
    if (!has_purposes && options_has(c->options, "purpose"))
        return error_set(err, STATUS_USAGE, "%s: it has no purposes", argument);
    if (has_purposes) {
        s = find_purposes(c, thing, to, purposes, err);
        words[count++] = purposes;
    }
    words[count++] = state;
    words[count++] = c->day;
    words[count++] = options_value(c->options, "reason");
    return s == STATUS_OK ? registry_directory_add(c->directory, target->conf, words, count, err) : s;
}

/* ---- limits ---- */

static enum status set_limit(struct registry_command *c, const struct registry_target *target, const char *option, const char *keyword,
                             size_t *count, struct error *err)
{
    const char *value = options_value(c->options, option);
    const char *const words[] = {keyword, value};
    if (value == NULL)
        return STATUS_OK;
    (*count)++;
    return registry_directory_set(c->directory, target->conf, words, 2, 1, err);
}

static enum status add_names(struct registry_command *c, const struct registry_target *target, const char *option, const char *keyword,
                             size_t *count, struct error *err)
{
    size_t at = 0;
    const char *value;
    enum status s = STATUS_OK;
    while (s == STATUS_OK && (value = options_next(c->options, option, &at)) != NULL) {
        const char *const words[] = {keyword, value};
        (*count)++;
        s = registry_directory_add(c->directory, target->conf, words, 2, err);
    }
    return s;
}

static enum status add_serials(struct registry_command *c, const struct registry_target *target, size_t *count, struct error *err)
{
    size_t at = 0;
    const char *value;
    enum status s = STATUS_OK;
    while (s == STATUS_OK && (value = options_next(c->options, "serials", &at)) != NULL) {
        char first[TRUST_BUNDLE_SERIAL_SIZE * 2 + 1];
        const char *dash = strchr(value, '-');
        size_t len = dash != NULL ? (size_t)(dash - value) : strlen(value);
        if (len >= sizeof first)
            return error_set(err, STATUS_USAGE, "--serials %s: FIRST-LAST", value);
        memcpy(first, value, len);
        first[len] = '\0';
        const char *const words[] = {"revoked", first, dash != NULL ? dash + 1 : first, options_value(c->options, "reason")};
        (*count)++;
        s = registry_directory_add(c->directory, target->conf, words, 4, err);
    }
    return s;
}

static enum status restrict_thing(struct registry_command *c, struct error *err)
{
    struct registry_target target;
    size_t count = 0;
    enum status s = add_state(c, c->options->arguments[0], "restricted", REGISTRY_RESTRICTED, &target, err);
    if (s == STATUS_OK)
        s = set_limit(c, &target, "not-after", "distrust-after", &count, err);
    if (s == STATUS_OK)
        s = set_limit(c, &target, "sct-not-after", "sct-distrust-after", &count, err);
    if (s == STATUS_OK)
        s = set_limit(c, &target, "level-max", "level-max", &count, err);
    if (s == STATUS_OK)
        s = add_names(c, &target, "permit-name", "permit-name", &count, err);
    if (s == STATUS_OK)
        s = add_names(c, &target, "exclude-name", "exclude-name", &count, err);
    if (s == STATUS_OK)
        s = add_serials(c, &target, &count, err);
    if (s == STATUS_OK && count == 0)
        s = error_set(err, STATUS_USAGE, "say how: --not-after, --sct-not-after, --level-max, --permit-name, --exclude-name or --serials");
    return s;
}

/* ---- the commands ---- */

static enum status state_thing(struct registry_command *c, struct error *err)
{
    struct registry_target target;
    const char *state = c->options->arguments[1];
    enum registry_state_kind to = strcmp(state, "accepted") == 0     ? REGISTRY_ACCEPTED
                                  : strcmp(state, "restricted") == 0 ? REGISTRY_RESTRICTED
                                  : strcmp(state, "refused") == 0    ? REGISTRY_REFUSED
                                                                     : REGISTRY_REMOVED;
    return add_state(c, c->options->arguments[0], state, to, &target, err);
}

/* Several at once: two bundle keys, of which one alone would be wrong. */
static enum status add_states(struct registry_command *c, const char *state, enum registry_state_kind to, struct error *err)
{
    struct registry_target target;
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < c->options->argument_count; i++)
        s = add_state(c, c->options->arguments[i], state, to, &target, err);
    return s;
}

static enum status accept_things(struct registry_command *c, struct error *err)
{
    return add_states(c, "accepted", REGISTRY_ACCEPTED, err);
}

static enum status remove_things(struct registry_command *c, struct error *err)
{
    return add_states(c, "removed", REGISTRY_REMOVED, err);
}

static int run_with(const struct options *options, enum status (*change)(struct registry_command *, struct error *), bool is_refusing,
                    const char *word)
{
    struct registry_command c;
    struct error err = {.status = STATUS_OK};
    char done[REGISTRY_COMMAND_NAME_SIZE * 2];
    enum status s = registry_command_open(&c, options, REGISTRY_COMMAND_CHANGE, &err);
    if (s == STATUS_OK)
        s = change(&c, &err);
    snprintf(done, sizeof done, "%.120s%s: %s from %s", options->arguments[0],
             options->argument_count > 1 && strcmp(word, options->arguments[1]) != 0 ? " and others" : "", word, c.day);
    int exit_status = s == STATUS_OK ? registry_command_finish(&c, is_refusing, done) : registry_command_fail(&err);
    registry_command_close(&c);
    return exit_status;
}

static int run_accept(const struct options *options)
{
    return run_with(options, accept_things, true, "accepted");
}

static int run_restrict(const struct options *options)
{
    return run_with(options, restrict_thing, true, "restricted");
}

static int run_remove(const struct options *options)
{
    return run_with(options, remove_things, false, "removed");
}

static int run_state(const struct options *options)
{
    const char *state = options->arguments[1];
    return run_with(options, state_thing, strcmp(state, "accepted") == 0 || strcmp(state, "restricted") == 0, state);
}

#define PURPOSE {.name = "purpose", .metavar = "NAME[,NAME]", .is_repeatable = true, .help = "tls, tls-intranet, tls-client, email, code, timestamp, document, e-invoice; all that it fits when not given"}
#define REASON {.name = "reason", .metavar = "TEXT", .is_required = true, .help = "why: it stands in the history"}

static const struct option_row state_rows[] = {REGISTRY_COMMAND_REGISTRY, PURPOSE, REASON, REGISTRY_COMMAND_AT, {.name = NULL}};

static const struct option_row restrict_rows[] = {
    REGISTRY_COMMAND_REGISTRY,
    PURPOSE,
    {.name = "not-after", .metavar = "TIME", .help = "certificates that begin later are not good"},
    {.name = "sct-not-after", .metavar = "TIME", .help = "certificates that were logged later are not good"},
    {.name = "level-max", .metavar = "N", .help = "no higher trust level than T1 to T4"},
    {.name = "permit-name", .metavar = "NAME", .is_repeatable = true, .help = "only this DNS name and those below it"},
    {.name = "exclude-name", .metavar = "NAME", .is_repeatable = true, .help = "not this DNS name and those below it"},
    {.name = "serials", .metavar = "FIRST[-LAST]", .is_repeatable = true, .help = "serial numbers that are revoked: hex; of an MTC CA numbers or LOG:INDEX"},
    REASON,
    REGISTRY_COMMAND_AT,
    {.name = NULL},
};

const struct command command_trust_accept = {
    .name = "trust accept", .arguments = "FOLDER/ID...", .summary = "trust a thing of the registry for its purposes",
    .details = "Refused, with what is missing, while lint finds that a condition is not met.\n",
    .options = state_rows, .argument_min = 1, .argument_max = THINGS_MAX, .run = run_accept,
};

const struct command command_trust_restrict = {
    .name = "trust restrict", .arguments = "FOLDER/ID", .summary = "trust a thing of the registry with limits only",
    .details = "Limits hold for all purposes of a certificate. What is not trusted yet has to meet the conditions of `cathaya trust accept`.\n",
    .options = restrict_rows, .argument_min = 1, .argument_max = 1, .run = run_restrict,
};

const struct command command_trust_remove = {
    .name = "trust remove", .arguments = "FOLDER/ID...", .summary = "do not trust a thing of the registry any more",
    .details = "Its file stays, with its history.\n",
    .options = state_rows, .argument_min = 1, .argument_max = THINGS_MAX, .run = run_remove,
};

const struct command command_trust_state = {
    .name = "trust state", .arguments = "FOLDER/ID STATE", .summary = "add a state to a thing's history",
    .details = "STATE is applied, accepted, restricted, refused or removed; of a CT log pending, qualified, usable, readonly, retired or rejected.\n",
    .options = state_rows, .argument_min = 2, .argument_max = 2, .run = run_state,
};
