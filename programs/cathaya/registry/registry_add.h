/* registry_add.h - parts of `cathaya trust add` and `trust import-logs`. */
#ifndef CATHAYA_PROGRAM_REGISTRY_REGISTRY_ADD_H
#define CATHAYA_PROGRAM_REGISTRY_REGISTRY_ADD_H

#include "registry/registry_command.h"

/* registry_add_line appends the statement of words to a file in the making, when value (its last word) is not NULL. */
MUST_USE enum status registry_add_line(struct builder *conf, const char *keyword, const char *value, struct error *err);

/* registry_add_algorithm finds the algorithm of a key among those that cosigners and signers have. STATUS_USAGE when it is of none. */
MUST_USE enum status registry_add_algorithm(const struct algorithms *algorithms, struct bytes spki, const char **out, struct error *err);

/* registry_add_pem puts a certificate or key into the registry, as one block of PEM. */
MUST_USE enum status registry_add_pem(struct registry_command *c, const struct registry_target *target, struct bytes der, struct error *err);

/* registry_add_policy reads a policy file (docs/policy-file.md) for an MTC CA: its cosigners become files, each with the operator that
 * --cosigner-operator ID=OPERATOR names, and its rules and revoked ranges statements in conf. */
MUST_USE enum status registry_add_policy(struct registry_command *c, const char *path, struct builder *conf, struct error *err);

#endif
