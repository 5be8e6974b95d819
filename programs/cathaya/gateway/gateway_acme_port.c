#include <stdlib.h>
#include <string.h>

#include "codec/properties/properties.h"
#include "gateway/gateway_acme_parts.h"

/* One thing that a site wants from an issuer. What is asked is kept until the account is there. */
struct operation {
    struct acme_issuer *issuer;
    void (*begin)(struct operation *op);
    void (*fail)(struct operation *op, enum status status, const struct error *err);
    void *cookie;
    char *names[SITE_NAMES_MAX];
    size_t name_count;
    struct builder csr;
    char *text;     /* the order's URL, the alternate's, or a certificate's ID */
    char *replaces;
    site_acme_ordered *ordered;
    union {
        site_acme_issued *issued;
        site_acme_fetched *fetched;
        site_acme_renewal *renewal;
    } done;
};

/* ---- operations ---- */

static char *copy(const char *text)
{
    char *out = text != NULL ? strdup(text) : NULL;
    if (text != NULL && out == NULL)
        abort();
    return out;
}

static struct operation *operation_new(struct acme_issuer *issuer, const char *text, void *cookie)
{
    struct operation *op = calloc(1, sizeof *op);
    if (op == NULL)
        abort();
    op->issuer = issuer;
    op->cookie = cookie;
    op->text = copy(text);
    builder_init(&op->csr, ACME_CLIENT_CHAIN_MAX);
    issuer->acme->operation_count++;
    return op;
}

/* operation_end comes before the last callback: it may begin the next operation. */
static void operation_end(struct operation *op)
{
    op->issuer->acme->operation_count--;
    for (size_t i = 0; i < op->name_count; i++)
        free(op->names[i]);
    builder_clear(&op->csr);
    free(op->text);
    free(op->replaces);
    free(op);
}

static void started(void *cookie, enum status status, const struct error *err)
{
    struct operation *op = cookie;
    if (status == STATUS_OK)
        op->begin(op);
    else
        op->fail(op, status, err);
}

static void start(struct operation *op)
{
    /* done of acme_client_start comes later in any case. */
    if (acme_client_is_started(op->issuer->client))
        op->begin(op);
    else
        acme_client_start(op->issuer->client, started, op);
}

/* ---- issue ---- */

static enum status order_exists(void *cookie, const char *order_url, struct error *err)
{
    struct operation *op = cookie;
    return op->ordered(op->cookie, order_url, err);
}

static void issued(void *cookie, enum status status, const struct acme_client_certificate *certificate,
                   int64_t retry_after_s, const struct error *err)
{
    struct operation *op = cookie;
    site_acme_issued *done = op->done.issued;
    void *done_cookie = op->cookie;
    struct site_acme_certificate out = {.alternate_url = ""};
    if (certificate != NULL)
        out = (struct site_acme_certificate){certificate->chain, certificate->alternate_url, certificate->url};
    operation_end(op);
    done(done_cookie, status, certificate != NULL ? &out : NULL, retry_after_s, err);
}

static void issue_failed(struct operation *op, enum status status, const struct error *err)
{
    issued(op, status, NULL, 0, err);
}

static void issue_begin(struct operation *op)
{
    struct error err;
    const char *names[SITE_NAMES_MAX];
    for (size_t i = 0; i < op->name_count; i++)
        names[i] = op->names[i];
    struct acme_client_request request = {
        .names = names,
        .name_count = op->name_count,
        .csr = builder_view(&op->csr),
        .profile = op->issuer->config->profile,
        .replaces = op->replaces,
        .order_url = op->text,
        .ordered = order_exists,
    };
    enum status s = acme_client_issue(op->issuer->client, &request, issued, op, &err);
    if (s != STATUS_OK)
        issue_failed(op, s, &err);
}

static enum status issue(void *context, const struct site_acme_request *request, site_acme_ordered *ordered,
                         site_acme_issued *done, void *cookie, struct error *err)
{
    if (request->name_count > SITE_NAMES_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d names", SITE_NAMES_MAX);
    struct operation *op = operation_new(context, request->order_url, cookie);
    for (size_t i = 0; i < request->name_count; i++)
        op->names[op->name_count++] = copy(request->names[i]);
    builder_bytes(&op->csr, request->csr);
    op->replaces = copy(request->replaces);
    op->ordered = ordered;
    op->done.issued = done;
    op->begin = issue_begin;
    op->fail = issue_failed;
    enum status s = builder_status(&op->csr, "certificate request", err);
    if (s == STATUS_OK)
        start(op);
    else
        operation_end(op);
    return s;
}

/* ---- the landmark-relative form ---- */

static void fetched(void *cookie, int http_status, struct bytes body, int64_t retry_after_s, const struct error *err)
{
    struct operation *op = cookie;
    site_acme_fetched *done = op->done.fetched;
    void *done_cookie = op->cookie;
    enum status s = http_status == 200                            ? STATUS_OK
                    : http_status == 202 || http_status == 503    ? STATUS_AGAIN
                    : http_status == 404 || http_status == 410    ? STATUS_NOT_FOUND
                                                                  : STATUS_IO;
    operation_end(op);
    done(done_cookie, s, s == STATUS_OK ? body : bytes_of(NULL, 0), retry_after_s, err);
}

static void fetch_failed(struct operation *op, enum status status, const struct error *err)
{
    site_acme_fetched *done = op->done.fetched;
    void *done_cookie = op->cookie;
    operation_end(op);
    done(done_cookie, status, bytes_of(NULL, 0), 0, err);
}

static void fetch_begin(struct operation *op)
{
    struct error err;
    enum status s = acme_client_fetch(op->issuer->client, op->text, PROPERTIES_CHAIN_TYPE, fetched, op, &err);
    if (s != STATUS_OK)
        fetch_failed(op, s, &err);
}

static enum status fetch_alternate(void *context, const char *url, site_acme_fetched *done, void *cookie,
                                   struct error *err)
{
    struct operation *op = operation_new(context, url, cookie);
    (void)err;
    op->done.fetched = done;
    op->begin = fetch_begin;
    op->fail = fetch_failed;
    start(op);
    return STATUS_OK;
}

/* ---- renewal information ---- */

static void renewed(void *cookie, enum status status, int64_t start_s, int64_t end_s, int64_t retry_after_s,
                    const struct error *err)
{
    struct operation *op = cookie;
    site_acme_renewal *done = op->done.renewal;
    void *done_cookie = op->cookie;
    operation_end(op);
    done(done_cookie, status, start_s, end_s, retry_after_s, err);
}

static void renewal_failed(struct operation *op, enum status status, const struct error *err)
{
    renewed(op, status, 0, 0, 0, err);
}

static void renewal_begin(struct operation *op)
{
    struct error err;
    enum status s = acme_client_renewal(op->issuer->client, op->text, renewed, op, &err);
    if (s != STATUS_OK)
        renewal_failed(op, s, &err);
}

static enum status renewal_info(void *context, const char *certificate_id, site_acme_renewal *done, void *cookie,
                                struct error *err)
{
    struct operation *op = operation_new(context, certificate_id, cookie);
    (void)err;
    op->done.renewal = done;
    op->begin = renewal_begin;
    op->fail = renewal_failed;
    start(op);
    return STATUS_OK;
}

struct site_acme_port gateway_acme_port(struct acme_issuer *issuer)
{
    return (struct site_acme_port){issuer, issue, fetch_alternate, renewal_info};
}
