#include "gateway/gateway_key.h"

#include <string.h>

#include "codec/pem/pem.h"
#include "codec/x509/certificate.h"
#include "gateway/gateway_signer.h"

/* The first certificate of a chain; what stands before it are its properties. */
static enum status read_leaf(struct bytes chain, struct builder *der, struct certificate *out, struct error *err)
{
    struct pem_reader r;
    struct pem_block block;
    pem_reader_init(&r, chain, PEM_LAX);
    enum status s;
    do {
        builder_reset(der);
        s = pem_next(&r, &block, der, err);
    } while (s == STATUS_OK && !bytes_is_text(block.label, PEM_CERTIFICATE));
    return s == STATUS_OK ? certificate_parse(builder_view(der), out, err) : s;
}

static enum status open_signer(const struct site_credential *credential, struct gateway_key *out, struct error *err)
{
    struct certificate leaf;
    struct builder der;
    builder_init(&der, PEM_DER_MAX);
    enum status s = read_leaf(credential->chain, &der, &leaf, err);
    if (s == STATUS_OK)
        s = gateway_signer_open(credential->key_uri, leaf.spki, &out->remote, err);
    out->is_remote = s == STATUS_OK;
    builder_clear(&der);
    return s;
}

enum status gateway_key_open(const struct site_credential *credential, struct gateway_key *out, struct error *err)
{
    const char *uri = credential->key_uri;
    *out = (struct gateway_key){.uri = NULL};
    if (uri != NULL && strncmp(uri, GATEWAY_SIGNER_SCHEME, sizeof GATEWAY_SIGNER_SCHEME - 1) == 0)
        return open_signer(credential, out, err);
    out->uri = uri;
    out->provider = credential->key_provider;
    return STATUS_OK;
}
