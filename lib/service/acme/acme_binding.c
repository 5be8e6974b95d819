/* External account binding [RFC8555 7.3.4]: the operator's customer number, proven by a MAC over the
 * account's key. A key opens one account, unless it is reusable: that it was used is remembered as a
 * limit of one that never refills, so it lives and dies with the account in one commit. */
#include <stdio.h>
#include <string.h>

#include "service/acme/acme_frame.h"

static const struct acme_eab_key *find_key(const struct acme_config *config, const char *kid)
{
    for (size_t i = 0; i < config->eab_key_count; i++)
        if (strcmp(config->eab_keys[i].kid, kid) == 0)
            return &config->eab_keys[i];
    return NULL;
}

/* An unknown key and a wrong MAC look the same from outside. */
static bool is_authentic(const struct jws *jws, const struct acme_eab_key *key)
{
    static const uint8_t nothing[32];
    uint8_t mac[JWS_MAC_MAX];
    size_t len = 0;
    enum status s = jws_key_mac(jws->alg, key != NULL ? key->key : BYTES_OF(nothing), jws->signing_input,
                                mac, &len, NULL);
    bool is_same = bytes_equal_secret(bytes_of(mac, len), bytes_of(jws->signature, jws->signature_len));
    bytes_wipe(mac, sizeof mac);
    return s == STATUS_OK && is_same && key != NULL;
}

/* The payload must be the key that the account is opened with. */
static bool is_of_key(const struct acme_call *call, const struct jws *jws)
{
    struct jwk jwk;
    uint8_t thumbprint[HASH_SIZE];
    return jwk_parse_text(jws->payload, &jwk, NULL) == STATUS_OK &&
           jwk_thumbprint(&jwk, thumbprint, NULL) == STATUS_OK &&
           memcmp(thumbprint, call->thumbprint, sizeof thumbprint) == 0;
}

static const struct acme_eab_key *check(struct acme_call *call, const struct jws *jws)
{
    const struct acme_eab_key *key = find_key(call->acme->config, jws->kid);
    if (strcmp(jws->url, acme_post_url(call->post)) != 0) {
        acme_reply_problem(call, 403, "unauthorized",
                           "\"url\" of the external account binding is not that of the request");
        return NULL;
    }
    if (!is_authentic(jws, key)) {
        acme_reply_problem(call, 403, "unauthorized",
                           "the external account binding has an unknown \"kid\" or a wrong MAC");
        return NULL;
    }
    if (!is_of_key(call, jws)) {
        acme_reply_problem(call, 403, "unauthorized",
                           "the payload of the external account binding is not the account's key");
        return NULL;
    }
    return key;
}

const struct acme_eab_key *acme_binding_check(struct acme_call *call, const json_t *binding)
{
    struct error err;
    struct jws jws;
    enum jws_fault fault;
    const struct acme_eab_key *key = NULL;
    enum status s = jws_parse_value(JWS_EAB, binding, &jws, &fault, &err);
    if (s != STATUS_OK)
        acme_reply_problem(call, 400, "malformed", "externalAccountBinding: %s", err.text);
    else
        key = check(call, &jws);
    jws_clear(&jws);
    return key;
}

bool acme_binding_take(struct acme_call *call, const struct acme_eab_key *key)
{
    const struct acme_store *store = call->acme->ports.store;
    struct error err;
    char name[ACME_NAME_SIZE + 8];
    int64_t retry_after_ms;
    if (key->is_reusable)
        return true;
    (void)snprintf(name, sizeof name, "eab/%s", key->kid);
    enum status s = store->take_token(store->context, name, 1, ACME_NEVER_MS, acme_now_s(call->acme) * 1000,
                                      false, &retry_after_ms, &err);
    if (s == STATUS_LIMIT)
        acme_reply_problem(call, 403, "unauthorized", "the external account key was used before");
    else if (s != STATUS_OK)
        acme_reply_failure(call, &err);
    return s == STATUS_OK;
}
