#include "classic/classic_root.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "codec/x509/signed.h"
#include "input.h"

#define DAY_S ((int64_t)86400)
/* A new list begins so long ago, for clients whose clock is behind. */
#define BACKDATE_S DAY_S
/* Issuing CAs of one root that were ever revoked. */
#define REVOKED_MAX 64

enum status classic_root_put_crl(const char *directory, const struct classic_authority *root,
                                 const struct crl_entry *entries, size_t entry_count, uint64_t number,
                                 int64_t this_update_s, struct error *err)
{
    char file[CLASSIC_DIRECTORY_PATH_MAX];
    struct builder tbs, signature, der;
    struct crl crl = {
        .algorithm = algorithm_identifier(public_key_alg(root->signer.key)), .issuer = root->subject,
        .key_id = root->key_id, .this_update_s = this_update_s, .next_update_s = this_update_s + CLASSIC_ROOT_CRL_LIFETIME_S,
        .number = number,
    };
    if (snprintf(file, sizeof file, "%s/" CLASSIC_ROOT_CRL, directory) >= (int)sizeof file)
        return error_set(err, STATUS_USAGE, "%.80s...: path too long", directory);
    builder_init(&tbs, CLASSIC_CERTIFICATE_MAX);
    builder_init(&signature, SIGNATURE_SIZE_MAX);
    builder_init(&der, CLASSIC_CERTIFICATE_MAX + SIGNATURE_SIZE_MAX);
    crl_write_tbs(&crl, entries, entry_count, &tbs);
    enum status s = builder_status(&tbs, "root.crl", err);
    if (s == STATUS_OK)
        s = root->signer.sign(root->signer.context, builder_view(&tbs), &signature, err);
    if (s == STATUS_OK) {
        signed_write(builder_view(&tbs), crl.algorithm, builder_view(&signature), &der);
        s = builder_status(&der, "root.crl", err);
    }
    if (s == STATUS_OK)
        s = input_write_file(file, builder_view(&der), 0644, err);
    builder_clear(&der);
    builder_clear(&signature);
    builder_clear(&tbs);
    return s;
}

/* ---- anew ---- */

struct renewal {
    struct builder old;
    struct crl_entry entries[REVOKED_MAX];
    size_t entry_count;
    uint64_t number; /* of the new list */
    int64_t this_update_s;
};

static enum status check_old(const struct classic_authority *root, const struct crl_parsed *old, int64_t now_s,
                             struct error *err)
{
    if (!bytes_equal(old->crl.issuer, root->subject))
        return error_set(err, STATUS_CONFLICT, "it is another CA's");
    enum status s = public_key_verify(root->signer.key, old->tbs, old->signature, err);
    if (s != STATUS_OK)
        return s == STATUS_REFUSED ? error_prefix(err, STATUS_CONFLICT, "not signed by this root") : s;
    if (old->crl.number == UINT64_MAX)
        return error_set(err, STATUS_LIMIT, "there is no larger number");
    return old->crl.this_update_s <= now_s
               ? STATUS_OK
               : error_set(err, STATUS_USAGE, "it is newer than the clock: a later list may not look older");
}

static enum status read_old(struct renewal *renewal, const struct classic_authority *root, int64_t now_s,
                            struct error *err)
{
    struct crl_parsed old;
    struct reader r;
    enum status s = crl_parse(builder_view(&renewal->old), &old, err);
    if (s == STATUS_OK)
        s = check_old(root, &old, now_s, err);
    if (s == STATUS_OK && old.count > REVOKED_MAX)
        s = error_set(err, STATUS_LIMIT, "more than %d entries", REVOKED_MAX);
    if (s != STATUS_OK)
        return s;
    reader_init(&r, old.entries);
    while (renewal->entry_count < old.count && crl_next(&r, &renewal->entries[renewal->entry_count]))
        renewal->entry_count++;
    renewal->number = old.crl.number + 1;
    if (old.crl.this_update_s > renewal->this_update_s)
        renewal->this_update_s = old.crl.this_update_s;
    return STATUS_OK;
}

static enum status take_old(struct renewal *renewal, const char *directory, const struct classic_authority *root,
                            int64_t now_s, struct error *err)
{
    char file[CLASSIC_DIRECTORY_PATH_MAX];
    if (snprintf(file, sizeof file, "%s/" CLASSIC_ROOT_CRL, directory) >= (int)sizeof file)
        return error_set(err, STATUS_USAGE, "%.80s...: path too long", directory);
    renewal->number = (uint64_t)now_s;
    renewal->this_update_s = now_s - BACKDATE_S;
    if (access(file, F_OK) != 0)
        return STATUS_OK;
    enum status s = input_read(file, CLASSIC_CERTIFICATE_MAX + SIGNATURE_SIZE_MAX, &renewal->old, err);
    return s == STATUS_OK ? error_prefix(err, read_old(renewal, root, now_s, err), "%s", file) : s;
}

static enum status renew(struct renewal *renewal, const struct classic_directory *dir, const struct document_signer *signer,
                         int64_t now_s, struct classic_root_crl *out, struct error *err)
{
    struct classic_authority root;
    enum status s = classic_authority_of(builder_view(&dir->root), signer, &root, err);
    if (s != STATUS_OK)
        return error_prefix(err, STATUS_USAGE, "%s/root.pem", dir->path);
    s = take_old(renewal, dir->path, &root, now_s, err);
    if (s == STATUS_OK)
        s = classic_root_put_crl(dir->path, &root, renewal->entries, renewal->entry_count, renewal->number,
                                 renewal->this_update_s, err);
    if (s == STATUS_OK)
        *out = (struct classic_root_crl){renewal->number, renewal->this_update_s + CLASSIC_ROOT_CRL_LIFETIME_S,
                                         renewal->entry_count};
    return s;
}

enum status classic_root_renew_crl(const struct classic_directory *dir, const struct key_name *key,
                                   const struct algorithms *algorithms, int64_t now_s,
                                   struct classic_root_crl *out, struct error *err)
{
    struct key_name usual = {"keys/root.pem", NULL, dir->path};
    const struct signature_alg *alg = algorithms_by_name(algorithms, bytes_of_text(dir->settings.algorithm));
    struct service_key opened;
    struct renewal *renewal = calloc(1, sizeof *renewal);
    if (renewal == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    if (alg == NULL) {
        free(renewal);
        return error_set(err, STATUS_USAGE, "%s/classic.conf: unknown algorithm %s", dir->path, dir->settings.algorithm);
    }
    builder_init(&renewal->old, CLASSIC_CERTIFICATE_MAX + SIGNATURE_SIZE_MAX);
    enum status s = key_file_open(key != NULL ? key : &usual, alg, &opened, err);
    if (s == STATUS_OK) {
        struct document_signer signer = key_file_document_signer(&opened);
        s = renew(renewal, dir, &signer, now_s, out, err);
    }
    key_file_close(&opened);
    builder_clear(&renewal->old);
    free(renewal);
    return s;
}
