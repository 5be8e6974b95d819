/* cathaya ctlog fsck - a log that is not running, recomputed from its entries. */
#include <string.h>

#include "adapters/posix/posix_clock.h"
#include "command.h"
#include "ctlog/ctlog_files.h"
#include "output.h"

struct checking {
    const struct ctlog_config *config;
    const struct ctlog_config_log *log;
    bool is_json;
    struct log_fsck_report report;
};

static void print_problem(void *context, const char *text)
{
    const struct checking *c = context;
    if (c->is_json)
        output_json(json_pack("{s:s, s:s}", "log", c->log->title, "problem", text));
    else
        output_line("%s: problem: %s", c->log->title, text);
}

static void print_progress(void *context, uint64_t done, uint64_t all)
{
    const struct checking *c = context;
    output_progress("fsck %s: %llu of %llu entries", c->log->title, (unsigned long long)done, (unsigned long long)all);
}

static void print_result(const struct checking *c, bool is_good)
{
    const struct log_fsck_report *r = &c->report;
    if (c->is_json)
        output_json(json_pack("{s:s, s:b, s:I, s:I, s:I}", "log", c->log->title, "ok", (int)is_good, "problems",
                              (json_int_t)r->problem_count, "entries", (json_int_t)r->entries_checked, "tiles",
                              (json_int_t)r->tiles_checked));
    else
        output_line("%s: %s; recomputed %llu entries, %llu tiles", c->log->title, is_good ? "OK" : "FAIL",
                    (unsigned long long)r->entries_checked, (unsigned long long)r->tiles_checked);
}

/* Recovery comes first, in opening: what a crash left is no damage. One that cannot be opened has its first problem. */
static enum status check_engine(struct checking *c, const struct log_config *settings, struct error *err)
{
    struct log_engine *engine;
    enum status s = log_open(settings, &engine, err);
    if (s == STATUS_REFUSED) {
        c->report.problem_count = 1;
        print_problem(c, err->text);
    }
    if (s != STATUS_OK)
        return s;
    s = log_fsck(engine, print_problem, print_progress, c, &c->report, err);
    output_progress_end();
    struct error ignored;
    (void)log_close(engine, &ignored);
    return s;
}

static enum status check_log(struct checking *c, struct error *err)
{
    struct ctlog_files files = {.record = NULL};
    struct ct_signer signer = key_file_ct_signer(&c->log->key);
    struct cosigner cosigners[CTLOG_COSIGNERS_MAX];
    struct log_config settings = {.origin = strstr(c->log->submission_url, "://") + 3,
                                  .hash = c->log->suite->hash,
                                  .leaf_format = &leaf_format_ct,
                                  .clock = posix_clock(),
                                  .tree_head_signer = &signer,
                                  .cosigners = cosigners,
                                  .cosigner_count = c->log->cosigner_count};
    for (size_t i = 0; i < c->log->cosigner_count; i++)
        cosigners[i] = key_file_cosigner(&c->log->cosigners[i].key, &c->log->cosigners[i].id);
    enum status s = ctlog_files_open(&files, c->config, c->log, false, err);
    if (s == STATUS_OK) {
        ctlog_files_set(&files, &settings);
        s = check_engine(c, &settings, err);
    }
    ctlog_files_close(&files);
    return s;
}

static int check_all(const struct ctlog_config *config, const struct options *options)
{
    int status = EXIT_YES;
    size_t count = 0;
    for (size_t i = 0; i < config->log_count; i++) {
        struct checking c = {.config = config, .log = &config->logs[i], .is_json = options_has(options, "json")};
        struct error err = {.status = STATUS_OK};
        if (options->argument_count > 0 && strcmp(options->arguments[0], c.log->title) != 0)
            continue;
        count++;
        enum status s = check_log(&c, &err);
        if (s != STATUS_OK && c.report.problem_count == 0)
            return output_failure(ROLE_STATE, &err);
        print_result(&c, s == STATUS_OK);
        status = s == STATUS_OK ? status : EXIT_NO;
    }
    if (count > 0)
        return status;
    output_error("ctlog fsck: the configuration has no log \"%s\"", options->arguments[0]);
    return EXIT_WRONG_USAGE;
}

static int run(const struct options *options)
{
    struct ctlog_config *config;
    struct error err = {.status = STATUS_OK};
    if (ctlog_config_read(options_value(options, "config"), options_value(options, "algorithms"), &config, &err) != STATUS_OK)
        return output_failure(ROLE_NEEDED, &err);
    int status = check_all(config, options);
    ctlog_config_free(config);
    return status;
}

static const struct option_row rows[] = {
    {.name = "config", .metavar = "FILE", .help = "the configuration of the service", .is_required = true},
    {.name = "json", .help = "JSON objects, one a line"},
    {.name = NULL},
};

const struct command command_ctlog_fsck = {
    .name = "ctlog fsck",
    .arguments = "[LOG]",
    .summary = "recompute the logs from their entries, and report every disagreement",
    .details = "The service must not be running. Exit status 1 when something is wrong; each problem is a line with what\n"
               "to do.\n",
    .options = rows,
    .argument_max = 1,
    .run = run,
};
