/* identity_registry.h - the identity log of a registry, DIR/identities/log. A registry without the file has an empty log. */
#ifndef CATHAYA_PROGRAM_IDENTITY_IDENTITY_REGISTRY_H
#define CATHAYA_PROGRAM_IDENTITY_IDENTITY_REGISTRY_H

#include "registry/registry.h"
#include "rules/identity_log.h"

struct identity_registry {
    char *path; /* of the log */
    struct identity_log *log;
    struct builder text;             /* the log's file */
    struct trust_bundle bundle;      /* of that registry at that time: for the signers' names and keys */
    struct identity_signers *signers;
};

/* identity_registry_open reads the log below dir, and takes the signers that the registry has at at_s. Registry and algorithms have
 * to outlive it. STATUS_USAGE with the line for a log that is damaged. identity_registry_close follows in any case. */
MUST_USE enum status identity_registry_open(const char *dir, const struct registry *registry, const struct algorithms *algorithms,
                                            int64_t at_s, struct identity_registry *out, struct error *err);
void identity_registry_close(struct identity_registry *registry);

/* identity_registry_append adds an entry to the log in memory and to its text, when a signer of the registry has signed it, and a record
 * has not expired at now_s. identity_registry_write puts the file in place. Whoever writes has the registry open for change. */
MUST_USE enum status identity_registry_append(struct identity_registry *registry, struct bytes entry, int64_t now_s,
                                              struct error *err);
MUST_USE enum status identity_registry_write(const struct identity_registry *registry, struct error *err);

#endif
