/* cathaya gateway explain - what a client would get from the running gateway, and why */
#include <jansson.h>
#include <stdlib.h>

#include "base/text.h"
#include "command.h"
#include "gateway/gateway_ask.h"
#include "input.h"
#include "output.h"
#include "rules/client_hello.h"

static enum status add_hello(const char *path, json_t *question, struct error *err)
{
    struct builder raw, text;
    builder_init(&raw, CLIENT_HELLO_SIZE_MAX);
    builder_init(&text, CLIENT_HELLO_SIZE_MAX * 2);
    enum status s = input_read(path, CLIENT_HELLO_SIZE_MAX, &raw, err);
    text_write_base64(&text, builder_view(&raw));
    if (s == STATUS_OK)
        s = builder_status(&text, path, err);
    if (s == STATUS_OK)
        (void)json_object_set_new(question, "client_hello", json_stringn((const char *)text.data, text.len));
    builder_clear(&raw);
    builder_clear(&text);
    return s;
}

static enum status make_question(const struct options *options, json_t *question, struct error *err)
{
    const char *client = options_value(options, "client"), *sni = options_value(options, "sni");
    if (options_has(options, "client") && options_has(options, "client-hello"))
        return error_set(err, STATUS_USAGE, "--client or --client-hello, not both");
    if (sni != NULL)
        (void)json_object_set_new(question, "sni", json_string(sni));
    if (options_has(options, "client-hello"))
        return add_hello(options_value(options, "client-hello"), question, err);
    (void)json_object_set_new(question, "client", json_string(client != NULL ? client : "gm"));
    return STATUS_OK;
}

/* What the policy says of the site's certificates. */
static void print_policy(const json_t *policy)
{
    const char *kind;
    json_t *says;
    json_object_foreach((json_t *)(uintptr_t)policy, kind, says) {
        const char *level = json_string_value(json_object_get(says, "level")), *fix = json_string_value(json_object_get(says, "fix"));
        if (!json_is_object(says))
            continue;
        output_line("policy: %s is %s%s%s: %s%s%s", kind, json_string_value(json_object_get(says, "verdict")),
                    level != NULL ? ", " : "", level != NULL ? level : "", json_string_value(json_object_get(says, "text")),
                    fix[0] != '\0' ? "; " : "", fix);
    }
}

static int run(const struct options *options)
{
    struct error err = {.status = STATUS_OK};
    json_t *question = json_object(), *answer = NULL;
    int status = EXIT_YES;
    enum status s = make_question(options, question, &err);
    if (s == STATUS_OK)
        s = gateway_ask(options, "/explain", question, &answer, &err);
    json_decref(question);
    if (s != STATUS_OK)
        return output_failure(s == STATUS_USAGE ? ROLE_NEEDED : ROLE_STATE, &err);
    if (json_object_get(answer, "text") == NULL) {
        output_error("%s", json_string_value(json_object_get(answer, "reason")));
        status = EXIT_NO;
    } else if (options_has(options, "json")) {
        output_json(json_incref(answer));
    } else {
        output_lines(json_string_value(json_object_get(answer, "text")));
        print_policy(json_object_get(answer, "policy"));
    }
    if (status == EXIT_YES && json_is_null(json_object_get(answer, "kind")))
        status = EXIT_NO;
    json_decref(answer);
    return status;
}

static const struct option_row rows[] = {
    {.name = "config", .metavar = "FILE", .help = "the configuration of the running gateway", .is_required = true},
    {.name = "sni", .metavar = "NAME", .help = "the name that the client asks for; none: the default site"},
    {.name = "client", .metavar = "PROFILE", .help = "gm (also when left out), gm-no-landmarks, intl or legacy: a client that "
                                                     "trusts every CA of the site"},
    {.name = "client-hello", .metavar = "FILE", .help = "a ClientHello as it was sent: TLS records, or the message alone"},
    {.name = "json", .help = "print JSON"},
    {.name = NULL},
};

const struct command command_gateway_explain = {
    .name = "gateway explain",
    .arguments = "",
    .summary = "which certificate a client gets from a running gateway, and why",
    .details = "Exit status 1 when the client would get none.\n",
    .options = rows,
    .run = run,
};
