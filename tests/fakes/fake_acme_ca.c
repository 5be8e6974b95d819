#include "fakes/fake_acme_ca.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/asn1/der.h"
#include "codec/mtc/draft.h"
#include "codec/pem/pem.h"
#include "codec/properties/properties.h"
#include "codec/x509/csr.h"
#include "codec/x509/extensions.h"
#include "codec/x509/issuing_extensions.h"
#include "crypto/csr_possession.h"

/* When there may be more beside a certificate. */
#define MORE_S 5
#define STEP_MS 500

static void require(bool is_good, const struct fake_acme_ca *ca, const char *what)
{
    if (is_good)
        return;
    fprintf(stderr, "fake_acme_ca %s: %s\n", ca->name, what);
    abort();
}

static struct bytes copy(struct bytes b)
{
    uint8_t *data = malloc(b.len + 1);
    if (data == NULL)
        abort();
    if (b.len > 0)
        memcpy(data, b.data, b.len);
    data[b.len] = '\0'; /* PEM is looked through as a text */
    return bytes_of(data, b.len);
}

static void drop(struct bytes *b)
{
    free((uint8_t *)(uintptr_t)b->data);
    *b = bytes_of(NULL, 0);
}

void fake_acme_ca_init(struct fake_acme_ca *ca, const char *name, bool is_mtc, bool is_gm, struct timer_port timer, struct clock_port clock)
{
    memset(ca, 0, sizeof *ca);
    ca->name = name;
    ca->is_mtc = is_mtc;
    ca->is_gm = is_gm;
    ca->timer = timer;
    ca->clock = clock;
    ca->lifetime_s = 7 * 86400;
    ca->landmark_delay_s = is_mtc ? 3600 : -1;
}

void fake_acme_ca_clear(struct fake_acme_ca *ca)
{
    for (size_t i = 0; i < ca->order_count; i++) {
        drop(&ca->orders[i].spki);
        drop(&ca->orders[i].chain);
        drop(&ca->orders[i].relative);
    }
    fake_acme_ca_forget(ca);
    for (size_t i = 0; i < FAKE_ACME_CALLS_MAX; i++)
        drop(&ca->calls[i].csr);
}

/* ---- certificates ---- */

static const uint8_t ecdsa_sha256[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
static const uint8_t sm2_sm3[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x83, 0x75};
static const uint8_t empty_name[] = {0x30, 0x00};

static struct bytes algorithm_of(const struct fake_acme_ca *ca)
{
    if (ca->is_mtc)
        return ca->is_gm ? draft_gm.proof_identifier : draft_07.proof_identifier;
    return ca->is_gm ? BYTES_OF(sm2_sm3) : BYTES_OF(ecdsa_sha256);
}

static struct tai ca_id(void)
{
    struct tai id;
    if (tai_parse_text(bytes_of_text("32473.7"), &id, NULL) != STATUS_OK)
        abort();
    return id;
}

static void write_extensions(const struct fake_acme_ca *ca, struct bytes san, struct builder *b)
{
    const struct tai id = ca_id();
    size_t outer = der_open(b, DER_CONTEXT_CONSTRUCTED(3)), list = der_open(b, DER_SEQUENCE);
    extensions_write_ext_key_usage(b, false);
    extensions_write_subject_alt_name(b, san, true);
    extensions_write_authority_key_id(b, tai_bytes(&id));
    if (ca->ocsp_url != NULL)
        issuing_extensions_write_authority_information(b, ca->ocsp_url, NULL);
    der_close(b, list);
    der_close(b, outer);
}

static void write_leaf(const struct fake_acme_ca *ca, struct bytes spki, struct bytes san, uint64_t serial, int64_t now_s, bool is_landmark,
                       struct builder *b)
{
    uint8_t signature[8] = {0, (uint8_t)is_landmark};
    size_t whole = der_open(b, DER_SEQUENCE), tbs = der_open(b, DER_SEQUENCE), version = der_open(b, DER_CONTEXT_CONSTRUCTED(0));
    der_write_u64(b, 2);
    der_close(b, version);
    der_write_u64(b, (UINT64_C(1) << 48) | serial);
    builder_bytes(b, algorithm_of(ca));
    builder_bytes(b, BYTES_OF(empty_name));
    size_t validity = der_open(b, DER_SEQUENCE);
    der_write_time(b, now_s);
    der_write_time(b, now_s + ca->lifetime_s);
    der_close(b, validity);
    builder_bytes(b, BYTES_OF(empty_name));
    builder_bytes(b, spki);
    write_extensions(ca, san, b);
    der_close(b, tbs);
    builder_bytes(b, algorithm_of(ca));
    der_write(b, DER_BIT_STRING, BYTES_OF(signature));
    der_close(b, whole);
}

void fake_acme_ca_write(const struct fake_acme_ca *ca, struct bytes spki, struct bytes san, uint64_t serial, int64_t now_s,
                        bool is_landmark, struct builder *out)
{
    static struct properties properties;
    struct builder der, list;
    const struct tai id = ca_id();
    enum status s = STATUS_OK;
    builder_init(&der, 65536);
    builder_init(&list, 65536);
    if (ca->is_mtc) {
        s = is_landmark ? properties_landmark(&id, 1, serial + 40, &properties, NULL) : properties_standalone(&id, &properties, NULL);
        if (s == STATUS_OK)
            s = properties_write(&properties, PROPERTIES_WITH_PATTERNS, &list, NULL);
        if (s == STATUS_OK)
            s = pem_write(PROPERTIES_PEM_LABEL, builder_view(&list), out, NULL);
    }
    write_leaf(ca, spki, san, serial, now_s, is_landmark, &der);
    if (s == STATUS_OK)
        s = pem_write(PEM_CERTIFICATE, builder_view(&der), out, NULL);
    require(s == STATUS_OK, ca, "the certificate cannot be written");
    builder_clear(&der);
    builder_clear(&list);
}

/* ---- calls ---- */

static int64_t now_of(const struct fake_acme_ca *ca)
{
    return ca->clock.now_ms(ca->clock.context) / 1000;
}

static struct fake_acme_call *call_new(struct fake_acme_ca *ca, int what)
{
    for (size_t i = 0; i < FAKE_ACME_CALLS_MAX; i++) {
        if (ca->calls[i].ca != NULL)
            continue;
        drop(&ca->calls[i].csr);
        ca->calls[i] = (struct fake_acme_call){.ca = ca};
        ca->calls[i].what = what;
        return &ca->calls[i];
    }
    require(false, ca, "too many questions at a time");
    return NULL;
}

static void call_end(struct fake_acme_call *call)
{
    if (call->ca != NULL)
        call->ca->timer.cancel(call->ca->timer.context, call->timer);
    call->timer = 0;
    call->what = FAKE_ACME_FREE;
    call->ca = NULL;
}

static void step(void *cookie);

static void later(struct fake_acme_call *call)
{
    call->timer = call->ca->timer.start(call->ca->timer.context, STEP_MS, step, call);
}

static void refuse(struct fake_acme_call *call, enum status status, int64_t retry_after_s)
{
    struct error err;
    (void)error_set(&err, status, "%s says no", call->ca->name);
    struct fake_acme_call own = *call;
    call_end(call);
    own.issued(own.cookie, status, NULL, retry_after_s, &err);
}

static void order_url(const struct fake_acme_call *call, char out[128])
{
    (void)snprintf(out, 128, "https://%s.example/order/%zu", call->ca->name, call->order);
}

static void issue_certificate(struct fake_acme_ca *ca, struct fake_acme_order *order, struct bytes csr_der, size_t index)
{
    struct csr csr;
    struct builder pem;
    require(csr_parse(csr_der, &csr, NULL) == STATUS_OK && csr_possession_verify(csr_der, NULL) == STATUS_OK, ca, "bad request");
    for (size_t i = 0; i < ca->order_count; i++)
        require(!ca->orders[i].is_issued || !bytes_equal(ca->orders[i].spki, csr.spki), ca, "a key that has a certificate already");
    order->is_issued = true;
    order->issued_s = now_of(ca);
    order->spki = copy(csr.spki);
    builder_init(&pem, 65536);
    fake_acme_ca_write(ca, csr.spki, csr.subject_alt_name, index, order->issued_s, false, &pem);
    order->chain = copy(builder_view(&pem));
    builder_reset(&pem);
    fake_acme_ca_write(ca, csr.spki, csr.subject_alt_name, index, order->issued_s, true, &pem);
    order->relative = copy(builder_view(&pem));
    builder_clear(&pem);
    ca->issued_count++;
}

static void finish(struct fake_acme_call *call)
{
    struct fake_acme_ca *ca = call->ca;
    const struct fake_acme_order *order = &ca->orders[call->order];
    struct error err = {.status = STATUS_OK};
    char alternate[128] = "";
    struct fake_acme_call own = *call;
    if (ca->landmark_delay_s >= 0)
        (void)snprintf(alternate, sizeof alternate, "https://%s.example/landmark/%zu", ca->name, call->order);
    char url[128];
    (void)snprintf(url, sizeof url, "https://%s.example/certificate/%zu", ca->name, call->order);
    const struct site_acme_certificate certificate = {order->chain, alternate, url};
    call_end(call);
    own.issued(own.cookie, STATUS_OK, &certificate, ca->scts_delay_s > 0 ? MORE_S : 0, &err);
}

/* The order exists; then the certificate does; then it is downloaded. */
static void step_issue(struct fake_acme_call *call)
{
    struct fake_acme_ca *ca = call->ca;
    struct error err = {.status = STATUS_OK};
    char url[128];
    switch (call->step++) {
    case 0:
        if (call->result != STATUS_OK) {
            refuse(call, call->result, 0);
            return;
        }
        if (ca->answer != STATUS_OK) {
            if (ca->answer == STATUS_AGAIN)
                ca->closed_until_s = now_of(ca) + ca->retry_after_s;
            refuse(call, ca->answer, ca->answer == STATUS_AGAIN ? ca->retry_after_s : 0);
            return;
        }
        if (call->url[0] == '\0') {
            require(ca->order_count < FAKE_ACME_ORDERS_MAX, ca, "too many orders");
            call->order = ca->order_count++;
            order_url(call, url);
            enum status s = call->ordered(call->cookie, url, &err);
            if (s != STATUS_OK) {
                refuse(call, s, 0);
                return;
            }
        }
        break;
    case 1:
        if (!ca->orders[call->order].is_issued)
            issue_certificate(ca, &ca->orders[call->order], call->csr, call->order);
        break;
    default:
        finish(call);
        return;
    }
    later(call);
}

static void step_alternate(struct fake_acme_call *call)
{
    struct fake_acme_ca *ca = call->ca;
    const struct fake_acme_order *order = &ca->orders[call->order];
    struct error err = {.status = STATUS_OK};
    struct fake_acme_call own = *call;
    call_end(call);
    int64_t left_s = ca->landmark_delay_s == INT64_MAX ? 3600 : order->issued_s + ca->landmark_delay_s - now_of(ca);
    if (left_s <= 0) {
        own.fetched(own.cookie, STATUS_OK, order->relative, 0, &err);
        return;
    }
    (void)error_set(&err, STATUS_AGAIN, "no landmark yet");
    own.fetched(own.cookie, STATUS_AGAIN, bytes_of(NULL, 0), left_s, &err);
}

/* The certificate with an SCT in its properties, and after a while with two. */
static void write_more(const struct fake_acme_order *order, bool is_all, struct builder *out)
{
    static const uint8_t one[] = {0, 5, 0, 3, 1, 2, 3}, two[] = {0, 10, 0, 3, 1, 2, 3, 0, 3, 4, 5, 6};
    static struct properties properties;
    struct builder list;
    const struct tai id = ca_id();
    const char *leaf = strstr((const char *)order->chain.data, "-----BEGIN CERTIFICATE-----");
    builder_init(&list, 65536);
    if (leaf == NULL || properties_standalone(&id, &properties, NULL) != STATUS_OK)
        abort();
    properties.has_sct_list = true;
    properties.sct_list = is_all ? BYTES_OF(two) : BYTES_OF(one);
    if (properties_write(&properties, PROPERTIES_WITH_PATTERNS, &list, NULL) != STATUS_OK ||
        pem_write(PROPERTIES_PEM_LABEL, builder_view(&list), out, NULL) != STATUS_OK)
        abort();
    builder_bytes(out, bytes_of(leaf, order->chain.len - (size_t)(leaf - (const char *)order->chain.data)));
    builder_clear(&list);
}

static void step_more(struct fake_acme_call *call)
{
    struct fake_acme_ca *ca = call->ca;
    const struct fake_acme_order *order = &ca->orders[call->order];
    struct error err = {.status = STATUS_OK};
    struct builder pem;
    struct fake_acme_call own = *call;
    call_end(call);
    if (order->issued_s + ca->scts_delay_s > now_of(ca)) {
        own.fetched(own.cookie, STATUS_OK, order->chain, MORE_S, &err);
        return;
    }
    bool is_all = order->issued_s + 2 * ca->scts_delay_s <= now_of(ca);
    builder_init(&pem, 65536);
    write_more(order, is_all, &pem);
    own.fetched(own.cookie, STATUS_OK, builder_view(&pem), is_all ? 0 : MORE_S, &err);
    builder_clear(&pem);
}

static void step_renewal(struct fake_acme_call *call)
{
    const struct fake_acme_ca *ca = call->ca;
    struct error err = {.status = STATUS_OK};
    struct fake_acme_call own = *call;
    const struct fake_acme_order *order = &ca->orders[ca->order_count - 1];
    int64_t start_s = ca->advice_start_s, end_s = ca->advice_end_s;
    if (end_s == 0) {
        start_s = order->issued_s + ca->lifetime_s * 6 / 10;
        end_s = order->issued_s + ca->lifetime_s * 7 / 10;
    }
    call_end(call);
    own.renewal(own.cookie, STATUS_OK, start_s, end_s, 3600, &err);
}

static void step(void *cookie)
{
    struct fake_acme_call *call = cookie;
    call->timer = 0;
    if (call->what == FAKE_ACME_ISSUE)
        step_issue(call);
    else if (call->what == FAKE_ACME_ALTERNATE)
        step_alternate(call);
    else if (call->what == FAKE_ACME_MORE)
        step_more(call);
    else
        step_renewal(call);
}

/* ---- the port ---- */

static void check_request(const struct fake_acme_ca *ca, const struct site_acme_request *request)
{
    struct csr csr;
    struct reader r;
    struct san_name san;
    size_t count = 0;
    require(request->name_count > 0 && csr_parse(request->csr, &csr, NULL) == STATUS_OK, ca, "what is asked for?");
    reader_init(&r, csr.subject_alt_name);
    while (san_next(&r, &san))
        count++;
    require(count == request->name_count, ca, "the request has other names");
    require(ca->closed_until_s <= now_of(ca), ca, "asked before the time that was named");
}

static void check_alone(const struct fake_acme_ca *ca, const char *url)
{
    for (size_t i = 0; i < FAKE_ACME_CALLS_MAX; i++)
        require(ca->calls[i].what != FAKE_ACME_ISSUE || ca->calls[i].ca == NULL || strcmp(ca->calls[i].url, url) != 0, ca,
                "an order that is gone on with already");
}

static enum status issue(void *context, const struct site_acme_request *request, site_acme_ordered *ordered, site_acme_issued *done,
                         void *cookie, struct error *err)
{
    struct fake_acme_ca *ca = context;
    (void)err;
    check_request(ca, request);
    struct fake_acme_call *call = call_new(ca, FAKE_ACME_ISSUE);
    call->csr = copy(request->csr);
    call->ordered = ordered;
    call->issued = done;
    call->cookie = cookie;
    ca->issue_count++;
    ca->replaces_count += request->replaces != NULL;
    if (request->order_url != NULL) {
        check_alone(ca, request->order_url);
        ca->resume_count++;
        (void)snprintf(call->url, sizeof call->url, "%s", request->order_url);
        call->order = strtoul(strrchr(request->order_url, '/') + 1, NULL, 10);
        require(call->order < ca->order_count, ca, "an order that never was");
        call->result = ca->is_forgetting_orders ? STATUS_NOT_FOUND : STATUS_OK;
    }
    if (request->replaces != NULL && ca->is_replaces_refused)
        call->result = STATUS_REFUSED;
    if (!ca->is_silent)
        later(call);
    return STATUS_OK;
}

static enum status fetch_alternate(void *context, const char *url, site_acme_fetched *done, void *cookie, struct error *err)
{
    struct fake_acme_ca *ca = context;
    (void)err;
    bool is_more = strstr(url, "/certificate/") != NULL;
    struct fake_acme_call *call = call_new(ca, is_more ? FAKE_ACME_MORE : FAKE_ACME_ALTERNATE);
    call->order = strtoul(strrchr(url, '/') + 1, NULL, 10);
    require((is_more ? ca->scts_delay_s > 0 : strstr(url, "/landmark/") != NULL) && call->order < ca->order_count, ca,
            "an alternate that never was");
    call->fetched = done;
    call->cookie = cookie;
    ca->alternate_count += !is_more;
    ca->more_count += is_more;
    later(call);
    return STATUS_OK;
}

static enum status renewal_info(void *context, const char *id, site_acme_renewal *done, void *cookie, struct error *err)
{
    struct fake_acme_ca *ca = context;
    if (!ca->has_advice)
        return error_set(err, STATUS_NOT_FOUND, "no renewal information");
    require(strchr(id, '.') != NULL, ca, "no ID of a certificate");
    struct fake_acme_call *call = call_new(ca, FAKE_ACME_RENEWAL);
    call->renewal = done;
    call->cookie = cookie;
    ca->advice_count++;
    later(call);
    return STATUS_OK;
}

struct site_acme_port fake_acme_ca_port(struct fake_acme_ca *ca)
{
    return (struct site_acme_port){ca, issue, fetch_alternate, renewal_info};
}

void fake_acme_ca_forget(struct fake_acme_ca *ca)
{
    for (size_t i = 0; i < FAKE_ACME_CALLS_MAX; i++)
        call_end(&ca->calls[i]);
}
