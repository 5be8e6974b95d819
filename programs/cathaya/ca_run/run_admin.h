/* run_admin.h - what the operator asks of a running service, over its Unix socket: mass revocation.
 *
 *   POST /revoke   {"reason": N, "dry_run": bool, "account"?, "ca"?, "profile"?, "name"?, "serials"?: [hex],
 *                   "spki_sha256"?: hex, "not_after_from"?, "issued_from"?, "issued_to"?}
 *   answer         one JSON object a line: {"ca", "serial", "names": [...], "not_after", "status"} and at last
 *                  {"count", "failed", "status"}
 *
 * Trust: the socket has mode 0600; whoever can open it is the operator.
 */
#ifndef CATHAYA_PROGRAMS_CA_RUN_RUN_ADMIN_H
#define CATHAYA_PROGRAMS_CA_RUN_RUN_ADMIN_H

#include "ca_run/run_classic_ca.h"
#include "ports/http.h"
#include "service/acme/acme.h"

/* The serial numbers of a large query. */
#define RUN_ADMIN_BODY_MAX ((size_t)16 * 1024 * 1024)

/* Borrowed for the life of the server. */
struct run_admin {
    struct acme *acme;
    struct run_classic_ca *classics;
    size_t classic_count;
};

/* run_admin_handler is the route "/revoke". Serial numbers that ACME knows no certificate of, and no other condition than the CA,
 * are looked for among the precertificates of classic CAs that got no certificate. */
struct http_handler run_admin_handler(struct run_admin *admin);

#endif
