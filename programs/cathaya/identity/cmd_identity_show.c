/* cathaya trust identity show, check - whose website a host is; and what is in files of entries. */
#include <time.h>

#include "algorithms_file.h"
#include "command.h"
#include "identity/identity_ask.h"
#include "identity/identity_file.h"
#include "judging/judging_words.h"
#include "trust/trust_held.h"

/* ---- show ---- */

struct show_session {
    struct algorithms *algorithms;
    struct trust_directory *directory;
    struct builder url;
    int64_t now_s;
    enum policy_language language;
};

static int show_host(struct show_session *s, const struct options *options, const char *host)
{
    struct identity_ask ask = {.directory = s->directory, .algorithms = s->algorithms, .ca_file = options_value(options, "ca-file"),
                               .url = options_has(options, "url") ? options_value(options, "url") : (const char *)s->url.data};
    struct identity_view *view;
    struct identity_answer answer;
    struct error err = {.status = STATUS_OK};
    char why[ERROR_TEXT_MAX * 2];
    if (identity_ask_host(&ask, bytes_of_text(host), s->now_s, &view, &answer, why, sizeof why, &err) != STATUS_OK) {
        identity_view_free(view);
        return output_failure(ROLE_NEEDED, &err);
    }
    int exit_status = answer.verdict == IDENTITY_KNOWN ? EXIT_YES : answer.verdict == IDENTITY_ASK ? EXIT_SURROUNDINGS : EXIT_NO;
    if (options_has(options, "json")) {
        json_t *o = identity_ask_json(&answer, why);
        output_json_text(o, "host", host);
        output_json(o);
    } else {
        output_line("%s: %s", host, identity_ask_verdict(answer.verdict));
        identity_ask_print(&answer, why, s->language);
    }
    identity_view_free(view);
    return exit_status;
}

static int run_show(const struct options *options)
{
    struct show_session s = {.now_s = (int64_t)time(NULL)};
    struct error err = {.status = STATUS_OK};
    int exit_status = EXIT_YES;
    builder_init(&s.url, TRUST_HELD_URL_MAX + 1);
    enum status status = options_time(options, "at", &s.now_s, &err);
    if (status == STATUS_OK)
        status = judging_language_parse(options_value(options, "lang"), &s.language, &err);
    if (status == STATUS_OK)
        status = algorithms_file_open(options_value(options, "algorithms"), &s.algorithms, &err);
    struct trust_contents_settings settings = {.now_s = s.now_s};
    if (status == STATUS_OK)
        status = trust_directory_load(options_value(options, "dir"), s.algorithms, &settings, &s.directory, &err);
    if (status == STATUS_OK)
        status = trust_held_read_url(options_value(options, "dir"), &s.url, &err);
    if (status != STATUS_OK)
        exit_status = output_failure(ROLE_NEEDED, &err);
    for (size_t i = 0; status == STATUS_OK && i < options->argument_count; i++)
        exit_status = output_worse(exit_status, show_host(&s, options, options->arguments[i]));
    builder_clear(&s.url);
    trust_directory_free(s.directory);
    algorithms_free(s.algorithms);
    return exit_status;
}

static const struct option_row show_rows[] = {
    {.name = "dir", .metavar = "DIR", .is_required = true, .help = "trust directory"},
    {.name = "url", .metavar = "URL", .help = "the distributor to ask; the directory's"},
    {.name = "ca-file", .metavar = "FILE", .help = "certificates that https servers have to chain to; the system's"},
    {.name = "at", .metavar = "TIME", .help = "as of this time, RFC 3339 or seconds; now"},
    {.name = "lang", .metavar = "LANG", .help = "en or zh; en"},
    {.name = "json", .help = "a JSON object for each host"},
    {.name = NULL},
};

const struct command command_trust_identity_show = {
    .name = "trust identity show",
    .arguments = "HOST...",
    .summary = "say whose website a host is, as signers of the root program have said it",
    .details = "When the bundle does not have all records, the distributor is asked by the beginning of a hash of the host's names.\n"
               "Exit status 1: nobody says it, or they say different things; 3: the distributor could not be asked.\n",
    .options = show_rows,
    .argument_min = 1,
    .argument_max = 1024,
    .run = run_show,
};

/* ---- check ---- */

struct check_session {
    const char *path;
    const struct identity_signers *signers; /* NULL: signatures are not looked at */
    bool is_json;
    int exit_status;
};

static void report_entry(const struct check_session *s, const struct website_identity_entry *entry, enum status status,
                         const char *reason)
{
    struct builder words;
    if (s->is_json) {
        json_t *o = entry != NULL ? identity_file_json(entry) : json_object();
        json_object_set_new(o, "good", json_boolean(status == STATUS_OK));
        json_object_set_new(o, "signature_checked", json_boolean(s->signers != NULL));
        if (status != STATUS_OK)
            output_json_text(o, "reason", reason);
        output_json(o);
        return;
    }
    builder_init(&words, 4096);
    if (entry != NULL)
        identity_file_words(entry, &words);
    if (status == STATUS_OK)
        output_line("%s: OK%s: %.*s", s->path, s->signers != NULL ? "" : ", signature not checked", (int)words.len, (const char *)words.data);
    else
        output_line("%s: FAIL: %s", s->path, reason);
    builder_clear(&words);
}

static enum status check_one(void *context, struct bytes bytes, struct error *err)
{
    struct check_session *s = (struct check_session *)context;
    struct website_identity_entry entry;
    struct error why = {.status = STATUS_OK};
    (void)err;
    enum status status = website_identity_parse_entry(bytes, &entry, &why);
    bool is_read = status == STATUS_OK;
    if (is_read && s->signers != NULL)
        status = identity_check_entry(s->signers, &entry, &why);
    report_entry(s, is_read ? &entry : NULL, status, why.text);
    if (status != STATUS_OK)
        s->exit_status = output_worse(s->exit_status, EXIT_NO);
    return STATUS_OK;
}

static int check_files(const struct options *options, const struct identity_signers *signers)
{
    struct check_session s = {.signers = signers, .is_json = options_has(options, "json")};
    for (size_t i = 0; i < options->argument_count; i++) {
        struct error err = {.status = STATUS_OK};
        s.path = options->arguments[i];
        if (identity_file_each(s.path, check_one, &s, &err) != STATUS_OK)
            s.exit_status = output_worse(s.exit_status, output_failure(ROLE_OBJECT, &err));
    }
    return s.exit_status;
}

static int run_check(const struct options *options)
{
    struct algorithms *algorithms = NULL;
    struct trust_directory *directory = NULL;
    struct identity_signers *signers = NULL;
    struct error err = {.status = STATUS_OK};
    enum status s = algorithms_file_open(options_value(options, "algorithms"), &algorithms, &err);
    if (s == STATUS_OK && options_has(options, "dir")) {
        s = trust_directory_read(options_value(options, "dir"), algorithms, &directory, &err);
        if (s == STATUS_OK)
            s = identity_signers_new(trust_directory_bundle(directory), algorithms, &signers, &err);
    }
    int exit_status = s == STATUS_OK ? check_files(options, signers) : output_failure(ROLE_NEEDED, &err);
    identity_signers_free(signers);
    trust_directory_free(directory);
    algorithms_free(algorithms);
    return exit_status;
}

static const struct option_row check_rows[] = {
    {.name = "dir", .metavar = "DIR", .help = "trust directory whose signers have to have signed; without it only the form is checked"},
    {.name = "json", .help = "a JSON object for each entry"},
    {.name = NULL},
};

const struct command command_trust_identity_check = {
    .name = "trust identity check",
    .arguments = "FILE...",
    .summary = "check records of websites' identities, and revocations of them",
    .options = check_rows,
    .argument_min = 1,
    .argument_max = 1024,
    .run = run_check,
};
