#include "ca/ca_session.h"

#include "algorithms_file.h"

bool ca_session_algorithms(struct ca_session *session, const struct options *options, int *exit_status)
{
    struct error err = {.status = STATUS_OK};
    *session = (struct ca_session){.algorithms = NULL};
    enum status s = algorithms_new(&session->algorithms, &err);
    if (s == STATUS_OK)
        s = algorithms_file_load(options_value(options, "algorithms"), session->algorithms, &err);
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

bool ca_session_open(struct ca_session *session, const struct options *options,
                     enum ca_directory_access mode, int *exit_status)
{
    struct error err = {.status = STATUS_OK};
    uint64_t log_number = 0;
    if (!ca_session_algorithms(session, options, exit_status))
        return false;
    session->is_json = has_row(options, "json") && options_has(options, "json");
    enum status s = STATUS_OK;
    if (has_row(options, "log"))
        s = options_number(options, "log", UINT16_MAX, &log_number, &err);
    if (s == STATUS_OK)
        s = ca_directory_open(&session->dir, options_value(options, "dir"), mode, (uint16_t)log_number,
                              session->algorithms, &err);
    if (s != STATUS_OK)
        *exit_status = output_failure(ROLE_STATE, &err);
    return s == STATUS_OK;
}

int ca_session_close(struct ca_session *session, int exit_status)
{
    struct error err = {.status = STATUS_OK};
    if (ca_directory_close(&session->dir, &err) != STATUS_OK)
        output_error("warning: while closing: %s; nothing is lost, the next start recovers", err.text);
    algorithms_free(session->algorithms);
    session->algorithms = NULL;
    return exit_status;
}
