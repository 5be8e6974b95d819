/* cathaya trust build - one version of the trust bundle, from the registry and the logs. */
#include <stdlib.h>

#include "command.h"
#include "output.h"
#include "secret_process.h"
#include "service/service_log.h"
#include "trust_publish/distributor.h"
#include "trust_publish/publish_report.h"

struct session {
    struct publish_config *config;
    struct event_loop *loop;
    struct curl_fetch *fetch;
    struct distributor *distributor;
    bool is_json;
    int exit_status;
};

/* What is refused stands in the report; events are for the service. */
static void ignore(void *context, enum event_level level, const char *what, const struct event_field *fields, size_t field_count)
{
    (void)context;
    (void)level;
    (void)what;
    (void)fields;
    (void)field_count;
}

static void on_built(void *cookie, const struct trust_publisher_report *report)
{
    struct session *s = cookie;
    s->exit_status = publish_report_print(report, distributor_input(s->distributor), s->is_json);
    event_loop_stop(s->loop);
}

static enum status build(struct session *s, struct error *err)
{
    const struct events_port events = {.report = ignore};
    enum status status = event_loop_new(&s->loop, err);
    if (status == STATUS_OK)
        status = curl_fetch_new(s->loop, &s->fetch, err);
    if (status == STATUS_OK)
        status = distributor_new(s->config, s->loop, s->fetch, &events, &s->distributor, err);
    if (status == STATUS_OK)
        status = distributor_build(s->distributor, on_built, s, err);
    if (status == STATUS_OK)
        event_loop_run(s->loop);
    return status;
}

static int run(const struct options *options)
{
    struct session s = {.is_json = options_has(options, "json"), .exit_status = EXIT_YES};
    struct error err = {.status = STATUS_OK};
    const char *file = options_value(options, "config");
    secret_process_hide();
    if (publish_config_read(file, options_value(options, "algorithms"), &s.config, &err) != STATUS_OK)
        return output_failure(ROLE_NEEDED, &err);
    if (options_has(options, "check-config"))
        output_line("%s: OK", file);
    else if (build(&s, &err) != STATUS_OK)
        s.exit_status = output_failure(ROLE_STATE, &err);
    distributor_free(s.distributor);
    curl_fetch_free(s.fetch);
    event_loop_free(s.loop);
    publish_config_free(s.config);
    return s.exit_status;
}

static const struct option_row rows[] = {
    {.name = "config", .metavar = "FILE", .help = "the configuration, see examples/trust.conf", .is_required = true},
    {.name = "check-config", .help = "read the configuration and the keys that it names, and end"},
    {.name = "json", .help = "one JSON object"},
    {.name = NULL},
};

const struct command command_trust_build = {
    .name = "trust build",
    .arguments = "",
    .summary = "make a version of the trust bundle from a registry and the logs",
    .details = "Follows every log of the registry's MTC CAs, signs the next version of the bundle and publishes it with its deltas.\n"
               "Exit status 1: something that a log says was refused (the version is made without it; what was held stays);\n"
               "3: a log could not be followed, or no version could be made.\n",
    .options = rows,
    .run = run,
};
