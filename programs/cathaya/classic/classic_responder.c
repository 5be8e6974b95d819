#include "classic/classic_responder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/pem/pem.h"
#include "codec/x509/certificate.h"
#include "input.h"
#include "service/classic_issuer/classic_ocsp.h"

/* Clocks of clients differ. */
#define BACKDATE_S ((int64_t)3600)

static enum status make_path(const struct classic_directory *dir, const char *name, char out[CLASSIC_DIRECTORY_PATH_MAX],
                             struct error *err)
{
    if (snprintf(out, CLASSIC_DIRECTORY_PATH_MAX, "%s/%s", dir->path, name) < CLASSIC_DIRECTORY_PATH_MAX)
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "%.80s...: path too long", dir->path);
}

static enum status open_key(struct classic_responder *responder, const struct classic_directory *dir, const struct key_name *key,
                            const struct algorithms *algorithms, struct error *err)
{
    char path[CLASSIC_DIRECTORY_PATH_MAX];
    const char *name = dir->settings.is_gm ? "sm2_sm3" : "ecdsa_p256_sha256";
    const struct signature_alg *alg = algorithms_by_name(algorithms, bytes_of_text(name));
    if (key != NULL)
        return key_file_open(key, alg, &responder->key, err);
    /* A CA whose own key is elsewhere may have no folder for keys. */
    enum status s = make_path(dir, "keys", path, err);
    if (s == STATUS_OK && mkdir(path, 0700) != 0 && errno != EEXIST)
        s = error_set(err, STATUS_IO, "%s: %s", path, strerror(errno));
    if (s == STATUS_OK)
        s = make_path(dir, "keys/ocsp.pem", path, err);
    if (s != STATUS_OK)
        return s;
    return access(path, F_OK) == 0 ? key_file_read(path, alg, &responder->key.local, err)
                                   : key_file_make(path, alg, &responder->key.local, err);
}

/* ---- the certificate ---- */

static enum status put_certificate(struct classic_responder *responder, const struct classic_directory *dir, struct error *err)
{
    char path[CLASSIC_DIRECTORY_PATH_MAX];
    struct builder pem;
    builder_init(&pem, 4 * CLASSIC_CERTIFICATE_MAX);
    enum status s = make_path(dir, "ocsp.pem", path, err);
    if (s == STATUS_OK)
        s = pem_write(PEM_CERTIFICATE, builder_view(&responder->certificate), &pem, err);
    if (s == STATUS_OK)
        s = input_write_file(path, builder_view(&pem), 0644, err);
    builder_clear(&pem);
    return s;
}

static enum status make_certificate(struct classic_responder *responder, const struct classic_directory *dir, int64_t now_s,
                                    struct error *err)
{
    char name[CLASSIC_NAME_MAX + 1];
    struct classic_authority issuing;
    struct document_signer signer = key_file_document_signer(&dir->key);
    struct classic_ca_request request = {
        .country = "CN", .organisation = dir->settings.organisation, .common_name = name,
        .spki = public_key_spki(key_file_public(&responder->key)), .not_before_s = now_s - BACKDATE_S,
        .not_after_s = now_s + CLASSIC_RESPONDER_LIFETIME_S - 1,
    };
    if (request.not_after_s > dir->not_after_s)
        request.not_after_s = dir->not_after_s;
    (void)snprintf(name, sizeof name, "%.30s %s %s OCSP 1", dir->settings.organisation, dir->settings.is_gm ? "GM" : "International",
                   dir->settings.is_intranet ? "Intranet" : "TLS");
    enum status s = classic_authority_of(builder_view(&dir->issuing), &signer, &issuing, err);
    builder_reset(&responder->certificate);
    if (s == STATUS_OK)
        s = classic_write_ocsp_responder(&request, &issuing, &responder->certificate, err);
    if (s == STATUS_OK)
        s = put_certificate(responder, dir, err);
    if (s == STATUS_OK)
        responder->not_after_s = request.not_after_s;
    return s;
}

/* Is it of this key, and by this CA? */
static bool is_ours(const struct classic_responder *responder, const struct classic_directory *dir, const struct certificate *c)
{
    struct certificate issuing;
    return certificate_parse(builder_view(&dir->issuing), &issuing, NULL) == STATUS_OK && bytes_equal(c->issuer, issuing.subject) &&
           bytes_equal(c->spki, public_key_spki(key_file_public(&responder->key))) &&
           public_key_verify(key_file_public(&dir->key), c->tbs, c->signature_value, NULL) == STATUS_OK;
}

/* What is there and no good is made anew. */
static bool read_certificate(struct classic_responder *responder, const struct classic_directory *dir)
{
    char path[CLASSIC_DIRECTORY_PATH_MAX];
    struct input_blocks blocks = {.count = 0};
    struct certificate parsed;
    bool ok = make_path(dir, "ocsp.pem", path, NULL) == STATUS_OK && access(path, F_OK) == 0 &&
              input_read_certificates(path, &blocks, NULL) == STATUS_OK && blocks.count == 1;
    builder_reset(&responder->certificate);
    if (ok)
        builder_bytes(&responder->certificate, input_block_der(&blocks, 0));
    ok = ok && builder_is_good(&responder->certificate) &&
         certificate_parse(builder_view(&responder->certificate), &parsed, NULL) == STATUS_OK && is_ours(responder, dir, &parsed);
    responder->not_after_s = ok ? parsed.not_after_s : 0;
    input_blocks_clear(&blocks);
    return ok;
}

enum status classic_responder_renew(struct classic_responder *responder, const struct classic_directory *dir, int64_t now_s,
                                    bool *is_new, struct error *err)
{
    /* Near the CA's own end there is nothing longer to be had. */
    *is_new = responder->not_after_s - now_s < CLASSIC_RESPONDER_RENEW_S && responder->not_after_s < dir->not_after_s;
    return *is_new ? make_certificate(responder, dir, now_s, err) : STATUS_OK;
}

enum status classic_responder_open(struct classic_responder *responder, const struct classic_directory *dir,
                                   const struct key_name *key, const struct algorithms *algorithms, int64_t now_s, struct error *err)
{
    bool is_new;
    builder_init(&responder->certificate, CLASSIC_CERTIFICATE_MAX);
    enum status s = open_key(responder, dir, key, algorithms, err);
    if (s != STATUS_OK)
        return s;
    return read_certificate(responder, dir) ? classic_responder_renew(responder, dir, now_s, &is_new, err)
                                            : make_certificate(responder, dir, now_s, err);
}

void classic_responder_close(struct classic_responder *responder)
{
    builder_clear(&responder->certificate);
    key_file_close(&responder->key);
    *responder = (struct classic_responder){.not_after_s = 0};
}
