/* verify_client.h - `cathaya verify --trust`: certificates of every kind, judged as a client of a trust directory judges them. */
#ifndef CATHAYA_PROGRAM_JUDGING_VERIFY_CLIENT_H
#define CATHAYA_PROGRAM_JUDGING_VERIFY_CLIENT_H

#include <cathaya/verify.h>

#include "input.h"
#include "judging/judging.h"

struct verify_client {
    struct judging_basis *basis; /* NULL: there is no directory */
    uint16_t purpose;
    bool has_policy;             /* --policy-answer */
    bool is_verbose;
    enum policy_language language;
};

/* verify_client_read reads --purpose, --policy-answer, --verbose and --lang. STATUS_USAGE. */
MUST_USE enum status verify_client_read(struct verify_client *client, const struct options *options, struct error *err);

/* verify_client_open reads the directory of --trust, and what the policy needs when it is asked. */
MUST_USE enum status verify_client_open(struct verify_client *client, const struct options *options, int64_t at_s, struct error *err);

struct verify_answer {
    struct bytes certificates[PEER_CHAIN_MAX]; /* that were judged, the leaf first */
    struct judging *judging;          /* to be freed; it borrows from the certificates, and what follows from it */
    struct cathaya_result result;     /* of a Merkle Tree Certificate */
    struct cathaya_error err;
    const struct peer_verdict *chain; /* of a directly signed certificate; NULL: it is none */
    struct judging_report says;       /* with --policy-answer */
};

/* verify_client_judge judges the first certificate of a file, with the others of it and those of chain beside it; both have to stay
 * until judging_free. STATUS_MALFORMED when it cannot be read: then there is no answer. */
MUST_USE enum status verify_client_judge(const struct verify_client *client, const struct cathaya_request *request,
                                         const struct input_blocks *blocks, const struct input_blocks *chain,
                                         struct verify_answer *out, struct error *err);

#endif
