#include "ca/ca_lint.h"
#include "ca/ca_session.h"

#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "input.h"

static const struct option_row rows[] = {
    CA_SESSION_DIR,
    {.name = "csr", .metavar = "FILE", .help = "PKCS#10 request, PEM or DER; several make one batch",
     .is_required = true, .is_repeatable = true},
    CA_LINT_OPTIONS,
    CA_SESSION_JSON,
    {.name = NULL},
};

/* The requests of a batch: the files, and what they hold. */
struct requests {
    size_t count;
    const char *files[ISSUER_BATCH_MAX];
    struct input_blocks blocks[ISSUER_BATCH_MAX];
    struct bytes ders[ISSUER_BATCH_MAX];
};

static enum status read_request(const char *path, struct input_blocks *blocks, struct bytes *der,
                                struct error *err)
{
    struct builder content;
    builder_init(&content, INPUT_SIZE_MAX);
    *blocks = (struct input_blocks){.count = 0};
    enum status s = input_read(path, INPUT_SIZE_MAX, &content, err);
    if (s == STATUS_OK) {
        s = input_split(builder_view(&content), blocks, err);
        if (s == STATUS_OK && (blocks->count != 1 ||
            (blocks->is_pem && !input_block_is(blocks, 0, "CERTIFICATE REQUEST") &&
             !input_block_is(blocks, 0, "NEW CERTIFICATE REQUEST"))))
            s = error_set(err, STATUS_MALFORMED, "not one CERTIFICATE REQUEST");
        if (s != STATUS_OK)
            (void)error_prefix(err, s, "%s", path);
    }
    if (s == STATUS_OK)
        *der = input_block_der(blocks, 0);
    builder_clear(&content);
    return s;
}

static enum status read_requests(const struct options *options, struct requests *requests,
                                 struct error *err)
{
    size_t at = 0;
    const char *path;
    while ((path = options_next(options, "csr", &at)) != NULL) {
        if (requests->count == ISSUER_BATCH_MAX)
            return error_set(err, STATUS_USAGE, "at most %d requests at a time", ISSUER_BATCH_MAX);
        size_t i = requests->count++;
        requests->files[i] = path;
        enum status s = read_request(path, &requests->blocks[i], &requests->ders[i], err);
        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}

static void print_issued(const struct ca_session *session, const struct requests *requests,
                         uint64_t first_index)
{
    unsigned log_number = session->dir.log_number;
    for (size_t i = 0; i < requests->count; i++) {
        unsigned long long index = first_index + i;
        char serial[24]; /* as text: JSON numbers are exact to 2^53 only */
        (void)snprintf(serial, sizeof serial, "%llu", (unsigned long long)log_number << 48 | index);
        if (session->is_json)
            output_json(json_pack("{s:s, s:i, s:I, s:s}", "file", requests->files[i], "log",
                                  (int)log_number, "index", (json_int_t)index, "serial", serial));
        else
            output_line("%s: log %u index %llu", requests->files[i], log_number, index);
    }
}

static int issue(struct ca_session *session, const struct requests *requests)
{
    struct error err = {.status = STATUS_OK};
    uint64_t first_index = 0;
    size_t bad = 0;
    enum status s = issuer_issue(&session->dir.issuer, requests->ders, requests->count, &first_index, &bad, &err);
    if (s == STATUS_OK) {
        print_issued(session, requests, first_index);
        return EXIT_YES;
    }
    if (bad < requests->count)
        (void)error_prefix(&err, s, "%s", requests->files[bad]);
    int exit_status = output_failure(ROLE_OBJECT, &err);
    if (exit_status == EXIT_SURROUNDINGS)
        output_error("nothing is acknowledged, but the entries may be in the log: see `cathaya ca status`");
    return exit_status;
}

static int run(const struct options *options)
{
    struct ca_session session = {.algorithms = NULL};
    struct ca_lint lint;
    struct error err = {.status = STATUS_OK};
    int exit_status = EXIT_YES;
    struct requests *requests = calloc(1, sizeof *requests);
    if (requests == NULL)
        return output_failure(ROLE_STATE, &(struct error){STATUS_NO_MEMORY, "out of memory"});
    /* The requests first: a bad one never touches the CA. */
    if (ca_lint_read(options, &lint, &err) != STATUS_OK)
        exit_status = output_failure(ROLE_NEEDED, &err);
    else if (read_requests(options, requests, &err) != STATUS_OK)
        exit_status = output_failure(ROLE_OBJECT, &err);
    else if (ca_session_open(&session, options, CA_DIRECTORY_WRITE, &exit_status)) {
        ca_lint_install(&lint, &session.dir, requests->files);
        exit_status = issue(&session, requests);
    }
    for (size_t i = 0; i < requests->count; i++)
        input_blocks_clear(&requests->blocks[i]);
    exit_status = ca_session_close(&session, exit_status);
    ca_lint_clear(&lint);
    free(requests);
    return exit_status;
}

const struct command command_ca_issue = {
    .name = "ca issue",
    .arguments = "",
    .summary = "log a certificate for a CSR, and print its log and index",
    .details = "Names come from the request's subjectAltName. What clients would call not secure is refused, by the rules that\n"
               "`cathaya ca run` asks: internal names, weak keys. When the index is printed, the entry is on\n"
               "disk, in the tree, and cosigned; `cathaya ca certificate` gives the certificate.\n",
    .options = rows,
    .run = run,
};
