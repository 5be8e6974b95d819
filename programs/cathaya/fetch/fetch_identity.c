#include "fetch/fetch_identity.h"

#include <stdlib.h>

#include "trust/trust_held.h"

static enum status find(const struct judging_basis *basis, const char *directory, const char *host, int64_t at_s,
                        struct fetch_identity *out, struct error *err)
{
    struct builder url;
    builder_init(&url, TRUST_HELD_URL_MAX + 1);
    enum status s = trust_held_read_url(directory, &url, err);
    const struct identity_ask ask = {.directory = basis->directory, .algorithms = basis->algorithms, .url = (const char *)url.data};
    if (s == STATUS_OK)
        s = identity_ask_host(&ask, bytes_of_text(host), at_s, &out->view, &out->answer, out->why, sizeof out->why, err);
    builder_clear(&url);
    return s;
}

enum status fetch_identity_find(const struct judging_basis *basis, const char *directory, const char *host, int64_t at_s,
                                struct fetch_identity **out, struct error *err)
{
    *out = NULL;
    if (directory == NULL || basis->directory == NULL || trust_directory_bundle(basis->directory)->identities.len == 0)
        return STATUS_OK;
    struct fetch_identity *identity = calloc(1, sizeof *identity);
    if (identity == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status s = find(basis, directory, host, at_s, identity, err);
    if (s == STATUS_OK)
        *out = identity;
    else
        fetch_identity_free(identity);
    return s;
}

void fetch_identity_free(struct fetch_identity *identity)
{
    if (identity == NULL)
        return;
    identity_view_free(identity->view);
    free(identity);
}
