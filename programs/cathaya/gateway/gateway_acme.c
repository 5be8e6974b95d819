#include "gateway/gateway_acme.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "gateway/gateway_acme_parts.h"
#include "input.h"
#include "key_file.h"

#define REQUEST_MS 30000
/* CAs that wait for humans or for slow DNS answer "processing" for minutes. */
#define POLLS_MAX 120
/* Then the next issuer has its turn; this one is asked later whether it has made up its mind. */
#define ORDER_S 900
#define EAB_KEY_MAX 512
#define ACCOUNT_ALGORITHM "ecdsa_p256_sha256"

/* ---- accounts ---- */

static enum status make_directory(const char *path, struct error *err)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST
               ? STATUS_OK
               : error_set(err, STATUS_IO, "%s: %s", path, strerror(errno));
}

static enum status open_account(struct acme_issuer *issuer, const struct gateway_acme_ports *ports, struct error *err)
{
    char path[GATEWAY_PATH_MAX + 300];
    const struct signature_alg *alg = algorithms_by_name(ports->algorithms, bytes_of_text(ACCOUNT_ALGORITHM));
    (void)snprintf(path, sizeof path, "%s/accounts", ports->directory);
    enum status s = make_directory(path, err);
    if (s != STATUS_OK)
        return s;
    (void)snprintf(path, sizeof path, "%s/accounts/%.250s.pem", ports->directory, issuer->config->name);
    s = key_file_make(path, alg, &issuer->key, err);
    return s == STATUS_CONFLICT ? key_file_read(path, alg, &issuer->key, err) : s;
}

static enum status read_eab_key(struct acme_issuer *issuer, struct error *err)
{
    const char *path = issuer->config->eab_key_file;
    struct builder text;
    if (path[0] == '\0')
        return STATUS_OK;
    builder_init(&text, EAB_KEY_MAX);
    enum status s = key_file_read_secret(path, EAB_KEY_MAX, &text, err);
    if (s == STATUS_OK && (!text_parse_base64url(builder_view(&text), &issuer->eab_key) || issuer->eab_key.len == 0))
        s = error_set(err, STATUS_USAGE, "%s: a key in base64url is expected", path);
    builder_clear(&text);
    return s;
}

static enum status open_issuer(struct gateway_acme *acme, const struct gateway_issuer *config, struct error *err)
{
    struct acme_issuer *issuer = &acme->issuers[acme->count++];
    issuer->acme = acme;
    issuer->config = config;
    builder_init(&issuer->eab_key, EAB_KEY_MAX);
    enum status s = open_account(issuer, &acme->ports, err);
    if (s == STATUS_OK)
        s = read_eab_key(issuer, err);
    if (s != STATUS_OK)
        return s;
    struct acme_client_config client = {
        .directory_url = config->directory,
        .ca_file = config->ca_file[0] != '\0' ? config->ca_file : NULL,
        .key = issuer->key,
        .contact = config->contact,
        .eab_kid = config->eab_kid,
        .eab_key = builder_view(&issuer->eab_key),
        .challenge = gateway_challenge_name(config->challenge),
        .solver = issuer,
        .provision = gateway_acme_provision,
        .clean = gateway_acme_clean,
        .fetch = acme->ports.fetch,
        .timer = acme->ports.timer,
        .timeout_ms = REQUEST_MS,
        .polls_max = POLLS_MAX,
        .clock = acme->ports.clock,
        .order_s = ORDER_S,
    };
    s = acme_client_new(&client, &issuer->client, err);
    acme->ports_of_sites[acme->count - 1] = (struct site_issuer){.name = config->name, .acme = gateway_acme_port(issuer)};
    return s;
}

/* ---- all of them ---- */

enum status gateway_acme_new(const struct gateway_config *config, const struct gateway_acme_ports *ports,
                             struct gateway_acme **out, struct error *err)
{
    struct gateway_acme *acme = calloc(1, sizeof *acme);
    *out = NULL;
    if (acme == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    acme->ports = *ports;
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < config->issuer_count; i++) {
        s = open_issuer(acme, &config->issuers[i], err);
        if (s != STATUS_OK)
            s = error_prefix(err, s, "issuer \"%s\"", config->issuers[i].name);
    }
    if (s != STATUS_OK) {
        gateway_acme_free(acme);
        return s;
    }
    *out = acme;
    return STATUS_OK;
}

void gateway_acme_free(struct gateway_acme *acme)
{
    if (acme == NULL)
        return;
    for (size_t i = 0; i < acme->count; i++) {
        acme_client_free(acme->issuers[i].client);
        private_key_free(acme->issuers[i].key);
        builder_clear(&acme->issuers[i].eab_key);
    }
    free(acme);
}

const struct site_issuer *gateway_acme_issuers(const struct gateway_acme *acme, size_t *count)
{
    *count = acme->count;
    return acme->ports_of_sites;
}

bool gateway_acme_is_busy(const struct gateway_acme *acme)
{
    return acme->operation_count > 0;
}
