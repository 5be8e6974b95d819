/* Which request is for whom. */
#include <string.h>

#include "service/ct_log/ct_log_internal.h"

/* What follows the log's path; false when the request is for something else. */
static bool name_of(const char *path, struct bytes request, struct bytes *name)
{
    size_t len = strlen(path);
    if (request.len < len || memcmp(request.data, path, len) != 0)
        return false;
    *name = bytes_of(request.data + len, request.len - len);
    return true;
}

static bool handle_submission(struct ct_log *log, struct http_exchange *x)
{
    static const char *const names[] = {
        [CT_LOG_ADD_CHAIN] = "add-chain", [CT_LOG_ADD_PRE_CHAIN] = "add-pre-chain", [CT_LOG_ADD_MTC] = "add-mtc-entries"};
    struct bytes name;
    size_t kind = 0;
    if (!name_of(log->submission_path, x->request.path, &name))
        return false;
    while (kind < 3 && !bytes_is_text(name, names[kind]))
        kind++;
    if (kind == 3)
        return false;
    if (bytes_is_text(x->request.method, "POST")) {
        ct_log_submit(log, x, (enum ct_log_kind)kind);
        return true;
    }
    http_response_header(&x->response, "Allow", "POST");
    ct_log_refuse(x, 405, 0, "only POST");
    return true;
}

/* At the submission URL too: it is the one that clients of RFC 6962 know. */
static bool handle_read(struct ct_log *log, struct http_exchange *x)
{
    struct bytes name;
    return (name_of(log->monitoring_path, x->request.path, &name) && ct_log_read(log, x, name)) ||
           (name_of(log->submission_path, x->request.path, &name) && ct_log_read(log, x, name));
}

static void handle_all(void *context, struct http_exchange *x)
{
    if (!handle_submission(context, x) && !handle_read(context, x))
        ct_log_refuse(x, 404, 0, "no such resource");
}

static void handle_reads(void *context, struct http_exchange *x)
{
    if (!handle_read(context, x))
        ct_log_refuse(x, 404, 0, "no such resource");
}

struct http_handler ct_log_handler(struct ct_log *log)
{
    size_t body_max = log->config.takes_mtc_entries ? CT_JSON_MTC_SUBMISSION_MAX : CT_JSON_SUBMISSION_MAX;
    return (struct http_handler){.context = log, .body_max = body_max, .handle = handle_all};
}

struct http_handler ct_log_read_handler(struct ct_log *log)
{
    return (struct http_handler){.context = log, .handle = handle_reads};
}
