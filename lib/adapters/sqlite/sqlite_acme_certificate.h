/* sqlite_acme_certificate.h - a certificate's row as getting and querying read it; private to
 * adapters/sqlite. */
#ifndef CATHAYA_ADAPTERS_SQLITE_SQLITE_ACME_CERTIFICATE_H
#define CATHAYA_ADAPTERS_SQLITE_SQLITE_ACME_CERTIFICATE_H

#include "adapters/sqlite/sqlite_acme.h"

/* Numbers stand for profile and CA. names borrows from SQLite until the call's next step. */
struct sqlite_acme_certificate_row {
    struct acme_certificate certificate; /* without ca, profile and der */
    int64_t ca, profile;
};

/* sqlite_acme_certificate_row_read reads the row that the call stands on. */
MUST_USE enum status sqlite_acme_certificate_row_read(struct sqlite_acme_store *s,
                                                      struct sqlite_call *call,
                                                      struct sqlite_acme_certificate_row *out,
                                                      struct error *err);

#endif
