/* oid_text.h - object identifiers for people: dotted, and by name where we know one. */
#ifndef CATHAYA_PROGRAM_OID_TEXT_H
#define CATHAYA_PROGRAM_OID_TEXT_H

#include "base/bytes.h"

/* The longest dotted OID that is shown, its name and brackets; longer ones are shown as hex. */
#define OID_TEXT_SIZE 200

/* oid_text writes "2.5.29.17" for the contents of an OBJECT IDENTIFIER, hex when they are none. */
void oid_text(struct bytes contents, char out[OID_TEXT_SIZE]);

/* oid_name is the name of a dotted OID, NULL when we know none. */
const char *oid_name(const char *dotted);

/* oid_describe writes "subjectAltName (2.5.29.17)", or oid_text alone. */
void oid_describe(struct bytes contents, char out[OID_TEXT_SIZE]);

/* oid_describe_algorithm does so for a whole AlgorithmIdentifier, and says when it has parameters. */
void oid_describe_algorithm(struct bytes identifier, char out[OID_TEXT_SIZE]);

#endif
