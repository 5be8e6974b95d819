/* identity_check.h - who may say who a website is: the identity signers of a root program, and whether an entry is signed by
 * one of them [docs/website-identity.md]. Pure; immutable after creation, shared by threads. */
#ifndef CATHAYA_RULES_IDENTITY_CHECK_H
#define CATHAYA_RULES_IDENTITY_CHECK_H

#include "codec/identity/website_identity.h"
#include "codec/trust_bundle/trust_bundle.h"
#include "crypto/key.h"

struct identity_signer {
    uint8_t id[WEBSITE_IDENTITY_SIGNER_SIZE];
    struct public_key *key;
    struct bytes operator_name; /* borrowed */
    unsigned level_max;
};

struct identity_signers; /* of a bundle */

/* identity_signers_new reads section 10 of a bundle, which has to outlive it (names). A signer whose algorithm this
 * program does not know is left out; another key that cannot be used is an error with its operator's name: STATUS_REFUSED. identity_signers_free; NULL is fine. */
MUST_USE enum status identity_signers_new(const struct trust_bundle *bundle, const struct algorithms *algorithms,
                                          struct identity_signers **out, struct error *err);
void identity_signers_free(struct identity_signers *signers);

/* identity_signers_find is the signer with that key ID, NULL when there is none. */
const struct identity_signer *identity_signers_find(const struct identity_signers *signers,
                                                    const uint8_t id[WEBSITE_IDENTITY_SIGNER_SIZE]);

/* identity_check_entry: is it signed by one of the signers, and the level not above what he may say? STATUS_OK is the only
 * yes; STATUS_REFUSED with the reason. Times are not looked at. */
MUST_USE enum status identity_check_entry(const struct identity_signers *signers, const struct website_identity_entry *entry,
                                          struct error *err);

/* identity_check_key_id is the key ID of a SubjectPublicKeyInfo. False when the library underneath fails. */
MUST_USE bool identity_check_key_id(struct bytes spki, uint8_t out[WEBSITE_IDENTITY_SIGNER_SIZE]);

#endif
