/* cathaya ctlog status, list, freeze: what a running service is asked over its socket. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "ctlog/ctlog_config.h"
#include "output.h"
#include "service/control_client.h"

static enum status ask(const struct options *options, const char *path, const char *body, json_t **out, struct error *err)
{
    char socket[CTLOG_PATH_MAX];
    struct control_request request = {.socket = socket,
                                      .service = "cathaya ctlog run",
                                      .method = body != NULL ? "POST" : "GET",
                                      .path = path,
                                      .body = body};
    enum status s = ctlog_config_read_socket(options_value(options, "config"), socket, err);
    if (s == STATUS_OK)
        s = control_client_ask_json(&request, out, err);
    const char *refusal = s == STATUS_OK ? json_string_value(json_object_get(*out, "error")) : NULL;
    if (refusal != NULL) {
        s = error_set(err, STATUS_REFUSED, "%s", refusal);
        json_decref(*out);
    }
    return s;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "-";
}

static long long number_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* ---- status ---- */

static void print_log(const json_t *log)
{
    const char *word = json_is_true(json_object_get(log, "ready")) ? "ready" : "NOT READY";
    output_line("%-16s %-4s %-9s %-9s %10lld entries, tree head %.1f s old, %lld waiting, %lld roots", text_of(log, "title"),
                text_of(log, "suite"), json_is_true(json_object_get(log, "frozen")) ? "frozen" : text_of(log, "state"), word,
                number_of(log, "size"), (double)number_of(log, "tree_head_age_ms") / 1000, number_of(log, "pending"),
                number_of(log, "roots"));
}

static int run_status(const struct options *options)
{
    struct error err = {.status = STATUS_OK};
    json_t *answer = NULL, *log;
    size_t i;
    int status = EXIT_YES;
    if (ask(options, "/status", NULL, &answer, &err) != STATUS_OK)
        return output_failure(ROLE_STATE, &err);
    json_array_foreach(json_object_get(answer, "logs"), i, log) {
        if (!options_has(options, "json"))
            print_log(log);
        if (!json_is_true(json_object_get(log, "ready")))
            status = EXIT_NO;
    }
    if (options_has(options, "json"))
        output_json(answer);
    else
        json_decref(answer);
    return status;
}

/* ---- list ---- */

static int run_list(const struct options *options)
{
    struct error err = {.status = STATUS_OK};
    json_t *answer = NULL;
    if (ask(options, "/list", NULL, &answer, &err) != STATUS_OK)
        return output_failure(ROLE_STATE, &err);
    char *text = json_dumps(answer, JSON_INDENT(2));
    output_lines(text != NULL ? text : "{}");
    free(text);
    json_decref(answer);
    return EXIT_YES;
}

/* ---- freeze ---- */

static int run_freeze(const struct options *options)
{
    struct error err = {.status = STATUS_OK};
    json_t *question = json_pack("{s:s}", "log", options->arguments[0]), *answer = NULL;
    char *body = question != NULL ? json_dumps(question, JSON_COMPACT) : NULL;
    json_decref(question);
    if (body == NULL)
        abort();
    enum status s = ask(options, "/freeze", body, &answer, &err);
    free(body);
    if (s != STATUS_OK)
        return output_failure(ROLE_STATE, &err);
    if (options_has(options, "json")) {
        output_json(answer);
        return EXIT_YES;
    }
    output_line("%s: read-only for good with %lld entries, root %s", options->arguments[0], number_of(answer, "size"),
                text_of(answer, "root"));
    json_decref(answer);
    return EXIT_YES;
}

#define CONFIG_ROW {.name = "config", .metavar = "FILE", .help = "the configuration of the service", .is_required = true}

static const struct option_row rows[] = {
    CONFIG_ROW,
    {.name = "json", .help = "one JSON object"},
    {.name = NULL},
};

static const struct option_row list_rows[] = {
    CONFIG_ROW,
    {.name = NULL},
};

const struct command command_ctlog_status = {
    .name = "ctlog status",
    .arguments = "",
    .summary = "how the logs of a running service are",
    .details = "Exit status 1 when one of them is not ready.\n",
    .options = rows,
    .run = run_status,
};

const struct command command_ctlog_list = {
    .name = "ctlog list",
    .arguments = "",
    .summary = "print the log list of a running service, for CAs, monitors and clients",
    .details = "Schema 3 of log lists, with `suite` and `sm3_root_hash` for GM logs.\n",
    .options = list_rows,
    .run = run_list,
};

const struct command command_ctlog_freeze = {
    .name = "ctlog freeze",
    .arguments = "LOG",
    .summary = "make a log read-only for good",
    .details = "What was submitted is answered, the final tree head is signed, and nothing is ever signed after it. Set\n"
               "`state = \"readonly\"` in the log's block too.\n",
    .options = rows,
    .argument_min = 1,
    .argument_max = 1,
    .run = run_freeze,
};
