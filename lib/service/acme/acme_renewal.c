/* When a certificate should be renewed [RFC9773]. */
#include "base/civil_time.h"
#include "crypto/hash.h"
#include "service/acme/acme_order_text.h"
#include "service/acme/acme_orders.h"

/* keyIdentifiers are a hash, or a CA ID. */
#define KEY_ID_MAX 64
/* [RFC9773 4.3.2] leaves it to the server. */
#define RETRY_AFTER_S 21600
/* Certificates of a test live for minutes: their clients shall not sleep through it. */
#define RETRY_AFTER_SHARE 24
/* The window opens at three quarters of the lifetime, plus up to a fiftieth that is each certificate's
 * own, and is a twentieth long: of a week 3.4 and 8.4 hours. */
#define WINDOW_SPREAD_SHARE 50
#define WINDOW_SHARE 20

/* Issuers of several profiles are one, and two CAs may have one key. */
static enum status find_by_issuer(struct acme *acme, struct bytes key_id, struct bytes serial,
                                  struct acme_certificate_record *out, struct error *err)
{
    const struct acme_store *store = acme->ports.store;
    enum status s = error_set(err, STATUS_NOT_FOUND, "no CA here has this key identifier");
    for (size_t i = 0; s == STATUS_NOT_FOUND && i < acme->config->profile_count; i++) {
        const struct acme_issuer *issuer = acme->config->profiles[i].issuer;
        if (bytes_equal(issuer->ca_key_id, key_id))
            s = store->find_certificate(store->context, issuer->ca, serial, &out->memory, &out->certificate, err);
    }
    return s;
}

enum status acme_renewal_find(struct acme *acme, struct bytes certificate_id, struct acme_certificate_record *out,
                              struct error *err)
{
    uint8_t key_id_memory[KEY_ID_MAX], serial_memory[ACME_SERIAL_MAX];
    struct builder key_id, serial;
    builder_init(&out->memory, ACME_RECORD_MAX);
    builder_init_fixed(&key_id, key_id_memory, sizeof key_id_memory);
    builder_init_fixed(&serial, serial_memory, sizeof serial_memory);
    if (!acme_order_text_certificate_id(certificate_id, &key_id, &serial))
        return error_set(err, STATUS_MALFORMED,
                         "not a certificate ID, base64url(key identifier).base64url(serial number) [RFC9773 4.1]");
    return find_by_issuer(acme, builder_view(&key_id), builder_view(&serial), out, err);
}

struct window {
    int64_t start_s, end_s;
};

/* The same whenever it is asked for, so that clients that chose a moment in it are not thrown about. */
static bool ordinary_window(const struct acme_certificate *c, struct window *out)
{
    int64_t lifetime_s = c->not_after_s - c->not_before_s;
    uint8_t digest[HASH_SIZE];
    uint64_t part = 0;
    struct bytes serial = bytes_of(c->serial, c->serial_len);
    if (lifetime_s < 0 || !hash_label_sha256(&serial, 1, digest))
        return false;
    for (size_t i = 0; i < 4; i++)
        part = part << 8 | digest[i];
    out->start_s = c->not_before_s + lifetime_s / 4 * 3 + (int64_t)(part % ((uint64_t)lifetime_s / WINDOW_SPREAD_SHARE + 1));
    out->end_s = out->start_s + lifetime_s / WINDOW_SHARE + 1;
    return true;
}

static bool window_of(const struct acme_certificate *c, struct window *out)
{
    if (c->revoked_s == 0)
        return ordinary_window(c, out);
    /* In the past: renew now [RFC9773 4.2]. */
    *out = (struct window){c->revoked_s - 2, c->revoked_s - 1};
    return true;
}

bool acme_renewal_is_due(const struct acme_certificate *c, int64_t now_s)
{
    struct window window;
    if (c->revoked_s != 0 && c->is_revoked_by_ca)
        return true;
    return ordinary_window(c, &window) && now_s >= window.start_s;
}

static void reply_window(struct acme_call *call, const struct acme_certificate *c)
{
    struct window window;
    char start[CIVIL_TIME_TEXT_SIZE], end[CIVIL_TIME_TEXT_SIZE];
    int64_t share_s = (c->not_after_s - c->not_before_s) / RETRY_AFTER_SHARE + 1;
    if (c->not_after_s < c->not_before_s || !window_of(c, &window)) {
        struct error err;
        (void)error_set(&err, STATUS_NO_MEMORY, "renewal information of certificate %llu", (unsigned long long)c->id);
        acme_reply_failure(call, &err);
        return;
    }
    civil_time_format(window.start_s, start);
    civil_time_format(window.end_s, end);
    builder_printf(&call->x->response.headers, "Retry-After: %lld\r\n",
                   (long long)(share_s < RETRY_AFTER_S ? share_s : RETRY_AFTER_S));
    acme_reply_json(call, 200, json_pack("{s:{s:s,s:s}}", "suggestedWindow", "start", start, "end", end));
}

void acme_renewal_get(struct acme_call *call)
{
    struct acme_certificate_record record = {0};
    struct error err = {0};
    enum status s = acme_renewal_find(call->acme, call->tail, &record, &err);
    if (s == STATUS_MALFORMED)
        acme_reply_problem(call, 400, "malformed", "%s", err.text);
    else if (s == STATUS_NOT_FOUND)
        acme_reply_problem(call, 404, "malformed", "there is no certificate of this ID here");
    else if (s != STATUS_OK)
        acme_reply_failure(call, &err);
    else
        reply_window(call, &record.certificate);
    acme_certificate_clear(&record);
}
