/* base/certificate/ID [RFC8555 7.4.2] and its landmark-relative form [MTC 9]. */
#include <stdlib.h>

#include "codec/properties/properties.h"
#include "service/acme/acme_order_text.h"
#include "service/acme/acme_orders.h"

/* URLs of Link fields. */
#define LINKS_MAX 4096

struct reading {
    struct acme_call *call;
    enum acme_form form;
    bool with_properties;
    struct builder links;
};

/* ---- answers ---- */

static void reply_again(const struct reading *r, int64_t retry_after_s)
{
    struct acme_call *call = r->call;
    builder_printf(&call->x->response.headers, "Retry-After: %lld\r\n",
                   (long long)(retry_after_s > 0 ? retry_after_s : 1));
    if (r->form == ACME_FORM_LANDMARK)
        acme_reply_empty(call, 202); /* [MTC 9]: it does not exist yet */
    else
        acme_reply_problem(call, 503, "serverInternal", "the certificate cannot be put together now; try again");
}

static void was_read(void *cookie, enum status status, struct bytes pem, int64_t retry_after_s, const struct error *err)
{
    struct reading *r = cookie;
    struct acme_call *call = r->call;
    switch (status) {
    case STATUS_OK:
        builder_bytes(&call->x->response.headers, builder_view(&r->links));
        if (retry_after_s > 0) /* it is whole; there will be more beside it */
            builder_printf(&call->x->response.headers, "Retry-After: %lld\r\n", (long long)retry_after_s);
        acme_reply_bytes(call, 200, r->with_properties ? PROPERTIES_CHAIN_TYPE : ACME_TYPE_CHAIN, pem);
        break;
    case STATUS_AGAIN:
        reply_again(r, retry_after_s);
        break;
    case STATUS_NOT_FOUND:
        acme_reply_problem(call, 404, "malformed", "this certificate has ended and is not kept any more");
        break;
    default:
        acme_order_reply_outside(call, err);
    }
    builder_clear(&r->links);
    free(r);
}

/* Is it a CA of the international suite? */
static bool is_international(const struct acme *acme, const struct acme_issuer *issuer)
{
    for (size_t i = 0; i < acme->config->profile_count; i++)
        if (acme->config->profiles[i].issuer == issuer)
            return !acme->config->profiles[i].profile->is_gm;
    return false;
}

static void write_links(const struct acme *acme, const struct acme_issuer *issuer, acme_id id, struct reading *r)
{
    char url[ACME_URL_SIZE];
    if (issuer->is_mtc && r->form == ACME_FORM_STANDALONE) {
        acme_url(acme, ACME_URL_CERTIFICATE_LANDMARK, id, NULL, url);
        builder_printf(&r->links, "Link: <%s>;rel=\"acme-optional-alternate\"\r\n", url);
    }
    /* [C2SP mtc-tlog]: SHA-256 logs only. */
    if (issuer->is_mtc && issuer->prefix_url != NULL && is_international(acme, issuer))
        builder_printf(&r->links, "Link: <%s>;rel=\"c2sp.org/mtc-tlog/prefix-url\"\r\n", issuer->prefix_url);
}

static void read_it(struct acme_call *call, const struct acme_certificate *certificate, enum acme_form form)
{
    const struct acme_issuer *issuer = acme_find_issuer(call->acme, certificate->ca);
    struct error err;
    if (issuer == NULL) {
        (void)error_set(&err, STATUS_USAGE, "the configuration has no CA %s any more", certificate->ca);
        acme_reply_failure(call, &err);
        return;
    }
    if (form == ACME_FORM_LANDMARK && !issuer->is_mtc) {
        acme_reply_problem(call, 404, "malformed", "this certificate has no landmark-relative form");
        return;
    }
    struct bytes accept;
    struct reading *r = calloc(1, sizeof *r);
    if (r == NULL) {
        acme_order_reply_busy(call, "no memory for this certificate");
        return;
    }
    builder_init(&r->links, LINKS_MAX);
    r->call = call;
    r->form = form;
    r->with_properties = issuer->is_mtc && http_request_header(&call->x->request, "Accept", &accept) &&
                         acme_order_text_wants_properties(accept);
    write_links(call->acme, issuer, certificate->id, r);
    issuer->read_certificate(issuer->context, certificate, form, r->with_properties, was_read, r);
}

static void post(struct acme_call *call, enum acme_form form)
{
    struct acme_certificate_record record = {0};
    if (acme_certificate_open(call, &record))
        read_it(call, &record.certificate, form);
    acme_certificate_clear(&record);
}

void acme_certificate_post(struct acme_call *call)
{
    post(call, ACME_FORM_STANDALONE);
}

void acme_certificate_post_landmark(struct acme_call *call)
{
    post(call, ACME_FORM_LANDMARK);
}
