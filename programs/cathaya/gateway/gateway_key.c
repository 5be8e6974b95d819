#include "gateway/gateway_key.h"

enum status gateway_key_open(const struct site_credential *credential, struct gateway_key *out, struct error *err)
{
    (void)err;
    *out = (struct gateway_key){.uri = credential->key_uri, .provider = credential->key_provider};
    return STATUS_OK;
}
