/* cmd_ca_look.c - looking at a CA: status, fsck, subtrees. */
#include "base/civil_time.h"
#include "base/text.h"
#include "ca/ca_session.h"
#include "command.h"

static const struct option_row rows[] = {CA_SESSION_DIR, CA_SESSION_LOG, CA_SESSION_JSON, {.name = NULL}};

static int64_t now_s(const struct ca_session *session)
{
    const struct clock_port *clock = &session->dir.issuer.clock;
    return clock->now_ms(clock->context) / 1000;
}

/* ---- ca status ---- */

static void print_status(const struct ca_session *session)
{
    struct log_state state = log_state(session->dir.log);
    const struct landmarks *landmarks = log_landmarks(session->dir.log);
    size_t active = landmarks_active_count(landmarks, now_s(session));
    char id[TAI_TEXT_SIZE], root[2 * HASH_SIZE + 1];
    tai_text(&session->dir.config.id, id);
    text_hex(BYTES_OF(state.root), root);
    if (session->is_json) {
        output_json(json_pack("{s:s, s:s, s:i, s:I, s:s, s:I, s:I, s:I, s:I, s:b}", "ca", id, "draft",
                              session->dir.config.draft->name, "log", (int)session->dir.log_number, "size",
                              (json_int_t)state.size, "root", root, "batches", (json_int_t)state.batch_count,
                              "min_index", (json_int_t)state.min_index, "landmark", (json_int_t)landmarks->latest,
                              "active_landmarks", (json_int_t)active, "closed", (int)state.is_closed));
        return;
    }
    output_line("CA            %s (%s), %zu cosigner(s)", id, session->dir.config.draft->name,
                1 + session->dir.config.cosigner_count);
    output_line("log           %u, %s", session->dir.log_number, state.is_closed ? "closed for good" : "open");
    output_line("entries       %llu in %llu batches; pruned below %llu", (unsigned long long)state.size,
                (unsigned long long)state.batch_count, (unsigned long long)state.min_index);
    output_line("root          %s", root);
    output_line("landmark      %llu at %llu entries, %zu active", (unsigned long long)landmarks->latest,
                (unsigned long long)landmarks->at[0].tree_size, active);
}

static int run_status(const struct options *options)
{
    struct ca_session session;
    int exit_status = EXIT_YES;
    if (ca_session_open(&session, options, CA_DIRECTORY_READ, &exit_status))
        print_status(&session);
    return ca_session_close(&session, exit_status);
}

const struct command command_ca_status = {
    .name = "ca status",
    .arguments = "",
    .summary = "say where a CA and its log stand",
    .options = rows,
    .run = run_status,
};

/* ---- ca subtrees ---- */

static enum status print_subtree(struct ca_session *session, struct subtree subtree, struct error *err)
{
    uint8_t hash[HASH_SIZE];
    char base64[48], id[TAI_TEXT_SIZE];
    struct builder b;
    if (subtree_size(subtree) == 0)
        return STATUS_OK;
    struct node_source source = log_node_source(session->dir.log);
    enum status s = proof_subtree_hash(&session->dir.hasher, &source, subtree, hash, err);
    if (s != STATUS_OK)
        return s;
    builder_init_fixed(&b, base64, sizeof base64 - 1);
    text_write_base64(&b, BYTES_OF(hash));
    base64[b.len] = '\0';
    tai_text(&session->dir.config.id, id);
    output_line("trusted-subtree %s %u %llu %llu %s", id, session->dir.log_number,
                (unsigned long long)subtree.start, (unsigned long long)subtree.end, base64);
    return STATUS_OK;
}

static enum status print_subtrees(struct ca_session *session, struct error *err)
{
    const struct landmarks *landmarks = log_landmarks(session->dir.log);
    size_t active = landmarks_active_count(landmarks, now_s(session));
    for (size_t i = 0; i < active; i++) {
        struct subtree both[2];
        enum status s = landmarks_subtrees(landmarks, landmarks->latest - i, both, err);
        for (size_t k = 0; s == STATUS_OK && k < 2; k++)
            s = print_subtree(session, both[k], err);
        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}

static int run_subtrees(const struct options *options)
{
    struct ca_session session;
    struct error err = {.status = STATUS_OK};
    int exit_status = EXIT_YES;
    if (ca_session_open(&session, options, CA_DIRECTORY_READ, &exit_status) &&
        print_subtrees(&session, &err) != STATUS_OK)
        exit_status = output_failure(ROLE_OBJECT, &err);
    return ca_session_close(&session, exit_status);
}

static const struct option_row subtrees_rows[] = {CA_SESSION_DIR, CA_SESSION_LOG, {.name = NULL}};

const struct command command_ca_subtrees = {
    .name = "ca subtrees",
    .arguments = "",
    .summary = "print the active landmark subtrees as lines of a verify policy",
    .details = "What a distributor of landmarks gives to relying parties, here by the CA itself.\n",
    .options = subtrees_rows,
    .run = run_subtrees,
};

/* ---- ca fsck ---- */

static void print_problem(void *context, const char *text)
{
    const struct ca_session *session = context;
    if (session->is_json)
        output_json(json_pack("{s:s}", "problem", text));
    else
        output_line("problem: %s", text);
}

static void print_progress(void *context, uint64_t done, uint64_t all)
{
    (void)context;
    output_progress("fsck: %llu of %llu entries", (unsigned long long)done, (unsigned long long)all);
}

/* ca.db too is read from end to end. */
static enum status check_database(struct ca_session *session, enum status log_status,
                                  struct log_fsck_report *report, struct error *err)
{
    struct error found = {.status = STATUS_OK};
    if (sqlite_ca_store_check(session->dir.database, &found) == STATUS_OK)
        return log_status;
    report->problem_count++;
    print_problem(session, found.text);
    return log_status == STATUS_OK ? error_set(err, STATUS_REFUSED, "%s", found.text) : log_status;
}

static int fsck(struct ca_session *session)
{
    struct error err = {.status = STATUS_OK};
    struct log_fsck_report report = {.problem_count = 0};
    enum status s = log_fsck(session->dir.log, print_problem, print_progress, session, &report, &err);
    output_progress_end();
    if (s == STATUS_OK || report.problem_count > 0)
        s = check_database(session, s, &report, &err);
    if (s != STATUS_OK && report.problem_count == 0)
        return output_failure(ROLE_STATE, &err);
    if (session->is_json)
        output_json(json_pack("{s:b, s:I, s:I, s:I, s:I, s:I}", "ok", s == STATUS_OK, "problems",
                              (json_int_t)report.problem_count, "entries", (json_int_t)report.entries_checked,
                              "tiles", (json_int_t)report.tiles_checked, "batches",
                              (json_int_t)report.batches_checked, "landmarks",
                              (json_int_t)report.landmarks_checked));
    else
        output_line("log %u: %s; recomputed %llu entries, %llu tiles, %llu batches, %llu landmarks",
                    session->dir.log_number, s == STATUS_OK ? "OK" : "FAIL",
                    (unsigned long long)report.entries_checked, (unsigned long long)report.tiles_checked,
                    (unsigned long long)report.batches_checked, (unsigned long long)report.landmarks_checked);
    return s == STATUS_OK ? EXIT_YES : EXIT_NO;
}

/* A log that is too damaged to be opened: what stops it is the first problem. */
static int report_closed(struct ca_session *session, const struct error *err)
{
    bool is_log_found = session->dir.database != NULL; /* the last of what comes before the log itself */
    if (err->status != STATUS_REFUSED || !is_log_found)
        return output_failure(ROLE_STATE, err);
    print_problem(session, err->text);
    if (session->is_json)
        output_json(json_pack("{s:b, s:I}", "ok", 0, "problems", (json_int_t)1));
    else
        output_line("log %u: FAIL; it cannot be opened, so this is the first problem only", session->dir.log_number);
    return EXIT_NO;
}

static int run_fsck(const struct options *options)
{
    struct ca_session session;
    struct error err = {.status = STATUS_OK};
    int exit_status = EXIT_YES;
    /* Recovery first: what a crash left is no damage. */
    if (!ca_session_start(&session, options, &exit_status))
        return ca_session_close(&session, exit_status);
    if (ca_session_try(&session, options, CA_DIRECTORY_WRITE, &err) == STATUS_OK)
        exit_status = fsck(&session);
    else
        exit_status = report_closed(&session, &err);
    return ca_session_close(&session, exit_status);
}

const struct command command_ca_fsck = {
    .name = "ca fsck",
    .arguments = "",
    .summary = "recompute a log from its entries, and report every disagreement",
    .details = "Exit status 1 when something is wrong; each problem is a line with what to do.\n",
    .options = rows,
    .run = run_fsck,
};
