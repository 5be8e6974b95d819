#include "test_sites/site_ocsp.h"

#include <stdio.h>

#include "adapters/event_loop/event_loop.h"
#include "adapters/http_client/curl_fetch.h"
#include "codec/pem/pem.h"
#include "tls/tls_credential.h"

#define HTTP_OK 200

struct session {
    const struct site_ocsp *ocsp;
    struct tls_credential *credential;
    struct event_loop *loop;
    struct curl_fetch *fetch;
    struct builder pem, request;
    bool is_revoked;
    struct error err; /* what is known in the end */
};

static void on_answer(void *cookie, const struct fetch_response *response)
{
    struct session *s = (struct session *)cookie;
    struct tls_credential *stapled = NULL;
    if (response->failure != FETCH_NO_FAILURE)
        (void)error_set(&s->err, STATUS_IO, "OCSP responder: %s", response->failure_text);
    else if (response->status != HTTP_OK)
        (void)error_set(&s->err, STATUS_IO, "OCSP responder: status %d", response->status);
    else if (tls_credential_with_ocsp(s->credential, response->body, s->ocsp->now_s, &stapled, &s->err) == STATUS_OK)
        (void)error_set(&s->err, STATUS_OK, "its OCSP responder says that it is good");
    s->is_revoked = s->err.status == STATUS_REFUSED;
    tls_credential_free(stapled);
    event_loop_stop(s->loop);
}

static enum status write_chain(struct session *s, struct error *err)
{
    enum status status = STATUS_OK;
    bool has_issuer = false;
    for (size_t i = 0; status == STATUS_OK && i < s->ocsp->count; i++) {
        has_issuer = has_issuer || bytes_equal(s->ocsp->parts[i], s->ocsp->issuer);
        status = pem_write(PEM_CERTIFICATE, s->ocsp->parts[i], &s->pem, err);
    }
    return status != STATUS_OK || has_issuer ? status : pem_write(PEM_CERTIFICATE, s->ocsp->issuer, &s->pem, err);
}

static enum status ask(struct session *s, struct error *err)
{
    enum status status = write_chain(s, err);
    if (status == STATUS_OK)
        status = tls_credential_new_public(builder_view(&s->pem), bytes_of(NULL, 0), &s->credential, err);
    if (status == STATUS_OK)
        status = tls_credential_ocsp_request(s->credential, &s->request, err);
    if (status == STATUS_OK && tls_credential_facts(s->credential)->ocsp_url == NULL)
        status = error_set(err, STATUS_NOT_FOUND, "nothing is stapled, and its certificate names no OCSP responder");
    if (status == STATUS_OK)
        status = event_loop_new(&s->loop, err);
    if (status == STATUS_OK)
        status = curl_fetch_new(s->loop, &s->fetch, err);
    if (status != STATUS_OK)
        return status;
    struct fetch_port port = curl_fetch_port(s->fetch);
    struct fetch_request request = {.method = "POST", .url = tls_credential_facts(s->credential)->ocsp_url,
                                    .body = builder_view(&s->request), .content_type = "application/ocsp-request",
                                    .accept = "application/ocsp-response", .timeout_ms = (uint32_t)s->ocsp->timeout_ms,
                                    .response_max = TLS_CREDENTIAL_OCSP_MAX};
    status = port.start(port.context, &request, on_answer, s, err);
    if (status == STATUS_OK)
        event_loop_run(s->loop);
    return status;
}

bool site_ocsp_is_revoked(const struct site_ocsp *ocsp, char *text, size_t size)
{
    struct session s = {.ocsp = ocsp};
    struct error err = {.status = STATUS_OK};
    builder_init(&s.pem, TLS_CREDENTIAL_PEM_MAX);
    builder_init(&s.request, TLS_CREDENTIAL_OCSP_MAX);
    enum status status = ask(&s, &err);
    (void)snprintf(text, size, "%s", status == STATUS_OK ? s.err.text : err.text);
    if (s.fetch != NULL)
        curl_fetch_stop(s.fetch);
    curl_fetch_free(s.fetch);
    event_loop_free(s.loop);
    tls_credential_free(s.credential);
    builder_clear(&s.request);
    builder_clear(&s.pem);
    return s.is_revoked;
}
