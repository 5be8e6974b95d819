#include "ca/ca_session.h"

#include "command.h"

static const struct option_row rows[] = {CA_SESSION_DIR, CA_SESSION_LOG, CA_SESSION_JSON, {.name = NULL}};

static void print(const struct ca_session *session, bool is_new)
{
    const struct landmarks *landmarks = log_landmarks(session->dir.log);
    const struct landmark *newest = &landmarks->at[0];
    if (session->is_json)
        output_json(json_pack("{s:i, s:I, s:I, s:I, s:b}", "log", (int)session->dir.log_number, "landmark",
                              (json_int_t)landmarks->latest, "tree_size", (json_int_t)newest->tree_size,
                              "expiry", (json_int_t)newest->expiry_s, "new", (int)is_new));
    else if (is_new)
        output_line("log %u: landmark %llu at %llu entries", session->dir.log_number,
                    (unsigned long long)landmarks->latest, (unsigned long long)newest->tree_size);
    else
        output_line("log %u: no entries since landmark %llu, so no new one", session->dir.log_number,
                    (unsigned long long)landmarks->latest);
}

static int run(const struct options *options)
{
    struct ca_session session;
    struct error err = {.status = STATUS_OK};
    int exit_status = EXIT_YES;
    bool is_new = false;
    if (ca_session_open(&session, options, CA_DIRECTORY_WRITE, &exit_status)) {
        enum status s = log_allocate_landmark(session.dir.log, session.dir.config.lifetime_s, &is_new, &err);
        if (s == STATUS_OK)
            print(&session, is_new);
        else
            exit_status = output_failure(ROLE_OBJECT, &err);
    }
    return ca_session_close(&session, exit_status);
}

const struct command command_ca_landmark = {
    .name = "ca landmark",
    .arguments = "",
    .summary = "allocate a landmark at the current size, and publish it",
    .details = "Does nothing when the log has not grown since the last landmark. Usually run once an hour.\n"
               "With --log, for what a closed log had not covered yet.\n",
    .options = rows,
    .run = run,
};
