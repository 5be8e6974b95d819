/* ca_chain.h - a certificate of a Merkle Tree CA as PEM, for `ca certificate` and for the service. */
#ifndef CATHAYA_PROGRAMS_CA_CA_CHAIN_H
#define CATHAYA_PROGRAMS_CA_CA_CHAIN_H

#include "ca/ca_directory.h"

/* ca_chain_write appends the standalone or landmark-relative certificate of an entry, the CERTIFICATE PROPERTIES block
 * before it when it is wanted: with the SCTs that objects, the store of the CA's database, has of the entry by now. *sct_count
 * (may be NULL) is how many are in it. Statuses as issuer_write_standalone and issuer_write_landmark. */
MUST_USE enum status ca_chain_write(const struct ca_directory *dir, uint64_t index, bool is_landmark, bool with_properties,
                                    const struct object_store *objects, struct builder *pem, size_t *sct_count, struct error *err);

#endif
