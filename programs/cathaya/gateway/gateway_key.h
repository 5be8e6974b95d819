/* gateway_key.h - a site's private key that is not in the gateway's own state: behind a URI of OpenSSL's store, or in
 * `cathaya signer run`, as key_file.h names them. */
#ifndef CATHAYA_PROGRAM_GATEWAY_KEY_H
#define CATHAYA_PROGRAM_GATEWAY_KEY_H

#include "service/site_certificates/site_certificates.h"
#include "tls/remote_key.h"

/* What a tls_credential_settings asks for; neither when the key is in PEM. Texts borrow from the credential. */
struct gateway_key {
    const char *uri, *provider;
    bool is_remote;
    struct remote_signer remote; /* its context lives as long as the process */
};

/* gateway_key_open: STATUS_USAGE as gateway_signer_open, or for a chain that cannot be read. */
MUST_USE enum status gateway_key_open(const struct site_credential *credential, struct gateway_key *out,
                                      struct error *err);

#endif
