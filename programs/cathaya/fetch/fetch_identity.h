/* fetch_identity.h - whose website it is that was fetched, as signers of the root program have said it. */
#ifndef CATHAYA_PROGRAM_FETCH_FETCH_IDENTITY_H
#define CATHAYA_PROGRAM_FETCH_FETCH_IDENTITY_H

#include "identity/identity_ask.h"
#include "judging/judging_basis.h"

#define FETCH_IDENTITY_WHY_SIZE 700

struct fetch_identity {
    struct identity_view *view;
    struct identity_answer answer;
    char why[FETCH_IDENTITY_WHY_SIZE];
};

/* fetch_identity_find looks the host up in the trust directory, and asks its distributor for lists where the bundle has not all. NULL, and STATUS_OK,
 * without a directory, or when its bundle says nothing of identities. fetch_identity_free takes it back (NULL is fine). */
MUST_USE enum status fetch_identity_find(const struct judging_basis *basis, const char *directory, const char *host, int64_t at_s,
                                         struct fetch_identity **out, struct error *err);
void fetch_identity_free(struct fetch_identity *identity);

#endif
