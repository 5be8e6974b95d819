/* cathaya ctlog init - a directory with the key and the configuration of a new log. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "algorithms_file.h"
#include "base/civil_time.h"
#include "base/text.h"
#include "codec/ct/ct_suite.h"
#include "command.h"
#include "ctlog/ctlog_config.h"
#include "input.h"
#include "output.h"

struct making {
    const char *directory, *url, *title;
    const struct ct_suite *suite;
    int64_t start_s, end_s;
    struct builder config, vkey;
    char log_id[64];
};

static enum status path_of(const struct making *m, const char *name, char out[CTLOG_PATH_MAX], struct error *err)
{
    if (snprintf(out, CTLOG_PATH_MAX, "%s/%s", m->directory, name) < CTLOG_PATH_MAX)
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "%.80s...: path too long", m->directory);
}

static enum status make_directory(const struct making *m, const char *name, mode_t mode, struct error *err)
{
    char path[CTLOG_PATH_MAX];
    enum status s = path_of(m, name, path, err);
    if (s == STATUS_OK && mkdir(path, mode) != 0)
        s = error_set(err, errno == EEXIST ? STATUS_USAGE : STATUS_IO, "%s: %s", path, strerror(errno));
    return s;
}

/* ---- options ---- */

static enum status read_time(const struct options *options, const char *name, int64_t *out, struct error *err)
{
    const char *value = options_value(options, name);
    if (value == NULL || civil_time_parse(bytes_of_text(value), out))
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "--%s: a time such as 2027-01-01T00:00:00Z", name);
}

static enum status read_options(const struct options *options, struct making *m, struct error *err)
{
    const char *suite = options_value(options, "suite"), *slash;
    m->directory = options->arguments[0];
    m->url = options_value(options, "url");
    m->suite = ct_suite_by_name(bytes_of_text(suite));
    if (m->suite == NULL)
        return error_set(err, STATUS_USAGE, "--suite: \"gm\" or \"intl\"");
    slash = strrchr(m->url, '/');
    m->title = slash != NULL ? slash + 1 : "";
    if ((strncmp(m->url, "https://", 8) != 0 && strncmp(m->url, "http://", 7) != 0) || slash < m->url + 8 ||
        !object_name_is_valid(m->title) || strchr(m->url, '"') != NULL)
        return error_set(err, STATUS_USAGE,
                         "--url: such as https://ct.example/2027h1, whose last part is the log's name, in a-z, 0-9, '.', '_', '-'");
    enum status s = read_time(options, "not-after-start", &m->start_s, err);
    if (s == STATUS_OK)
        s = read_time(options, "not-after-end", &m->end_s, err);
    if (s == STATUS_OK && ((m->start_s == 0) != (m->end_s == 0) || (m->end_s != 0 && m->end_s <= m->start_s)))
        s = error_set(err, STATUS_USAGE, "--not-after-start and --not-after-end: both, and the end after the start, or none");
    return s;
}

/* ---- files ---- */

static enum status make_key(struct making *m, const struct algorithms *algorithms, struct error *err)
{
    char name[CTLOG_TITLE_MAX + 16], path[CTLOG_PATH_MAX];
    uint8_t log_id[HASH_SIZE];
    struct builder text;
    struct private_key *key = NULL;
    if (snprintf(name, sizeof name, "keys/%s.pem", m->title) >= (int)sizeof name)
        return error_set(err, STATUS_USAGE, "--url: the log's name is longer than %d", CTLOG_TITLE_MAX);
    enum status s = path_of(m, name, path, err);
    if (s == STATUS_OK)
        s = key_file_make(path, algorithms_by_name(algorithms, bytes_of_text(m->suite->algorithm)), &key, err);
    if (s == STATUS_OK)
        s = ct_suite_hash(m->suite, public_key_spki(private_key_public(key)), log_id, err);
    if (s == STATUS_OK)
        s = note_key_write_vkey_as(NOTE_KEY_RFC6962, bytes_of_text(strstr(m->url, "://") + 3), private_key_public(key), &m->vkey,
                                   err);
    private_key_free(key);
    builder_init_fixed(&text, (uint8_t *)m->log_id, sizeof m->log_id - 1);
    text_write_base64(&text, BYTES_OF(log_id));
    return s;
}

static void write_interval(struct making *m)
{
    char start[CIVIL_TIME_TEXT_SIZE], end[CIVIL_TIME_TEXT_SIZE];
    if (m->end_s == 0) {
        builder_text(&m->config, "    # not-after-start = \"2027-01-01T00:00:00Z\"\n"
                                 "    # not-after-end = \"2027-07-01T00:00:00Z\"\n");
        return;
    }
    civil_time_format(m->start_s, start);
    civil_time_format(m->end_s, end);
    builder_printf(&m->config, "    not-after-start = \"%s\"\n    not-after-end = \"%s\"\n", start, end);
}

static enum status write_files(struct making *m, struct error *err)
{
    char path[CTLOG_PATH_MAX];
    builder_printf(&m->config,
                   "# Configuration of `cathaya ctlog run`; examples/ctlog.conf explains every setting.\n"
                   "listen = {\"127.0.0.1:8466\"}\n"
                   "directory = \"state\"\n"
                   "log-format = \"text\"\n"
                   "list-operator = \"Example Log Operator\"\n"
                   "\n"
                   "log \"%s\" {\n"
                   "    suite = \"%s\"\n"
                   "    submission-url = \"%s\"\n"
                   "    key = \"keys/%s.pem\"\n"
                   "    # The accepted roots. SIGHUP reads the file again.\n"
                   "    roots = \"roots.pem\"\n",
                   m->title, m->suite->name, m->url, m->title);
    write_interval(m);
    builder_text(&m->config, "}\n");
    enum status s = path_of(m, "ctlog.conf", path, err);
    if (s == STATUS_OK)
        s = builder_status(&m->config, "configuration", err);
    if (s == STATUS_OK)
        s = input_write_file(path, builder_view(&m->config), 0644, err);
    if (s == STATUS_OK)
        s = path_of(m, "roots.pem", path, err);
    if (s == STATUS_OK)
        s = input_write_file(path, bytes_of_text(""), 0644, err);
    if (s == STATUS_OK)
        s = path_of(m, "log.vkey", path, err);
    builder_u8(&m->vkey, '\n');
    return s == STATUS_OK ? input_write_file(path, builder_view(&m->vkey), 0644, err) : s;
}

static enum status make(struct making *m, const struct algorithms *algorithms, struct error *err)
{
    if (mkdir(m->directory, 0755) != 0)
        return error_set(err, errno == EEXIST ? STATUS_USAGE : STATUS_IO, "%s: %s", m->directory, strerror(errno));
    enum status s = make_directory(m, "keys", 0700, err);
    if (s == STATUS_OK)
        s = make_key(m, algorithms, err);
    return s == STATUS_OK ? write_files(m, err) : s;
}

static int run(const struct options *options)
{
    struct making m = {.directory = NULL};
    struct algorithms *algorithms = NULL;
    struct error err = {.status = STATUS_OK};
    int status = EXIT_YES;
    builder_init(&m.config, 65536);
    builder_init(&m.vkey, VKEY_TEXT_MAX + 1);
    enum status s = algorithms_file_open(options_value(options, "algorithms"), &algorithms, &err);
    if (s == STATUS_OK)
        s = read_options(options, &m, &err);
    if (s == STATUS_OK)
        s = make(&m, algorithms, &err);
    if (s == STATUS_OK)
        output_line("%s: new %s log %s, log ID %s; put the roots that it accepts into %s/roots.pem", m.directory,
                    m.suite->name, m.url, m.log_id, m.directory);
    else
        status = output_failure(ROLE_STATE, &err);
    builder_clear(&m.config);
    builder_clear(&m.vkey);
    algorithms_free(algorithms);
    return status;
}

static const struct option_row rows[] = {
    {.name = "suite", .metavar = "gm|intl", .help = "SM3 and SM2, or SHA-256 and ECDSA P-256", .is_required = true},
    {.name = "url", .metavar = "URL", .help = "submission URL; its last part names the log", .is_required = true},
    {.name = "not-after-start", .metavar = "TIME", .help = "the log takes certificates that end then or later"},
    {.name = "not-after-end", .metavar = "TIME", .help = "... and before that"},
    {.name = NULL},
};

const struct command command_ctlog_init = {
    .name = "ctlog init",
    .arguments = "DIR",
    .summary = "make the key and the configuration of a new log",
    .details = "DIR must not exist. DIR/log.vkey has the verifier key, for witnesses.\n",
    .options = rows,
    .argument_min = 1,
    .argument_max = 1,
    .run = run,
};
