#include "ca/ca_session.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "algorithms_file.h"
#include "secret_process.h"

bool ca_session_algorithms(struct ca_session *session, const struct options *options, int *exit_status)
{
    struct error err = {.status = STATUS_OK};
    *session = (struct ca_session){.algorithms = NULL};
    enum status s = algorithms_file_open(options_value(options, "algorithms"), &session->algorithms, &err);
    if (s != STATUS_OK)
        *exit_status = output_failure(ROLE_NEEDED, &err);
    return s == STATUS_OK;
}

/* The options that only some of the commands have. */
static bool has_row(const struct options *options, const char *name)
{
    for (const struct option_row *row = options->rows; row->name != NULL; row++)
        if (bytes_is_text(bytes_of_text(row->name), name))
            return true;
    return false;
}

bool ca_session_start(struct ca_session *session, const struct options *options, int *exit_status)
{
    secret_process_hide();
    if (!ca_session_algorithms(session, options, exit_status))
        return false;
    session->is_json = has_row(options, "json") && options_has(options, "json");
    return true;
}

enum status ca_session_try(struct ca_session *session, const struct options *options,
                           enum ca_directory_access mode, struct error *err)
{
    uint64_t log_number = 0;
    enum status s = STATUS_OK;
    if (has_row(options, "log"))
        s = options_number(options, "log", UINT16_MAX, &log_number, err);
    if (s == STATUS_OK && has_row(options, "log") && options_has(options, "log") && log_number == 0)
        s = error_set(err, STATUS_USAGE, "--log: logs count from 1");
    if (s == STATUS_OK)
        s = ca_directory_open(&session->dir, options_value(options, "dir"), mode, (uint16_t)log_number,
                              session->algorithms, err);
    return s;
}

bool ca_session_open(struct ca_session *session, const struct options *options,
                     enum ca_directory_access mode, int *exit_status)
{
    struct error err = {.status = STATUS_OK};
    if (!ca_session_start(session, options, exit_status))
        return false;
    if (ca_session_try(session, options, mode, &err) == STATUS_OK)
        return true;
    *exit_status = output_failure(ROLE_STATE, &err);
    return false;
}

int ca_session_close(struct ca_session *session, int exit_status)
{
    struct error err = {.status = STATUS_OK};
    /* After a failure of the surroundings everything has been said. */
    if (ca_directory_close(&session->dir, &err) != STATUS_OK && exit_status != EXIT_SURROUNDINGS)
        output_error("warning: while closing: %s; nothing is lost, the next start recovers", err.text);
    algorithms_free(session->algorithms);
    session->algorithms = NULL;
    return exit_status;
}

enum status ca_session_key(const struct options *options, struct ca_config_key *where, struct error *err)
{
    const char *key = options_value(options, "key"), *provider = options_value(options, "key-provider");
    const char *signer = "signer:";
    char path[PATH_MAX], at[PATH_MAX];
    size_t skip = key != NULL && strncmp(key, signer, strlen(signer)) == 0 ? strlen(signer) : 0;
    if (key == NULL)
        return provider == NULL ? STATUS_OK : error_set(err, STATUS_USAGE, "--key-provider goes with --key");
    bool is_relative = (skip > 0 || key_file_is_path(key)) && key[skip] != '/';
    if (is_relative && getcwd(at, sizeof at) == NULL)
        return error_set(err, STATUS_USAGE, "--key: relative, and there is no working directory");
    int len = snprintf(path, sizeof path, "%.*s%s%s%s", (int)skip, key, is_relative ? at : "", is_relative ? "/" : "", key + skip);
    if (len < 0 || (size_t)len >= sizeof where->key ||
        snprintf(where->provider, sizeof where->provider, "%s", provider != NULL ? provider : "") > KEY_FILE_NAME_MAX)
        return error_set(err, STATUS_USAGE, "--key: at most %d bytes", KEY_FILE_NAME_MAX);
    memcpy(where->key, path, (size_t)len + 1);
    return STATUS_OK;
}
