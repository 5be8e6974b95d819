/* acme_client.h - a client of an ACME server [RFC8555]: one account, any number of orders at a time.
 *
 * Everything happens on the thread of the event loop; each operation ends with exactly one call of its
 * done, later. A server is somebody else: what it says is bounded, and it is told nothing but what the
 * protocol wants.
 */
#ifndef CATHAYA_SERVICE_ACME_CLIENT_ACME_CLIENT_H
#define CATHAYA_SERVICE_ACME_CLIENT_ACME_CLIENT_H

#include "crypto/key.h"
#include "ports/fetch.h"
#include "ports/timer.h"

#define ACME_CLIENT_URL_MAX 1024
#define ACME_CLIENT_NAMES_MAX 100
/* A chain of ML-DSA-87 certificates with several cosignatures. */
#define ACME_CLIENT_CHAIN_MAX ((size_t)256 * 1024)

/* What is to be shown to the server for one identifier. Borrowed. */
struct acme_client_challenge {
    const char *type;       /* "http-01" */
    const char *identifier; /* without "*." */
    const char *token;
    const char *key_authorization;
};

/* How far an order is. */
enum acme_client_step {
    ACME_CLIENT_ORDERED,    /* the order exists */
    ACME_CLIENT_FINALIZING, /* all names are authorized; the CSR is sent now */
    ACME_CLIENT_VALID       /* the certificate exists; it is downloaded now */
};

struct acme_client_config {
    const char *directory_url;
    const char *ca_file;            /* of the server's TLS; NULL: the system's */
    const struct private_key *key;  /* of the account: P-256; outlives the client */
    const char *contact;            /* "mailto:..."; NULL: none */
    const char *challenge;          /* the type that is solved here */
    void *solver;
    /* provision makes the challenge visible; it may fail. clean takes it away again. */
    enum status (*provision)(void *solver, const struct acme_client_challenge *c, struct error *err);
    void (*clean)(void *solver, const struct acme_client_challenge *c);
    /* progress is told about each step of an order, with the cookie of acme_client_issue; the same step may come
     * again. NULL: nobody is. */
    void (*progress)(void *cookie, enum acme_client_step step);
    struct fetch_port fetch;
    struct timer_port timer;
    uint32_t timeout_ms;            /* of a request */
    unsigned polls_max;             /* of one authorization, and of one order after them */
};

struct acme_client;

/* acme_client_new copies the configuration; what it points to is borrowed. */
MUST_USE enum status acme_client_new(const struct acme_client_config *config,
                                     struct acme_client **out, struct error *err);
/* acme_client_free: no operation may be under way. NULL is fine.
 *
 * An operation comes to its end by itself: what the server does not answer times out, what it puts off is asked for
 * a bounded number of times. Whoever stops in the middle frees timer and fetch first (their callbacks are never
 * called then), and leaves the operations' memory to the end of the process. */
void acme_client_free(struct acme_client *client);

typedef void acme_client_done(void *cookie, enum status status, const struct error *err);

/* acme_client_start reads the directory and finds or makes the account; terms are agreed to. Once at a time; again,
 * after a failure. */
void acme_client_start(struct acme_client *client, acme_client_done *done, void *cookie);

/* acme_client_account borrows the account's URL; "" before it is started. */
const char *acme_client_account(const struct acme_client *client);

struct acme_client_request {
    const char *const *names; /* DNS names; borrowed during acme_client_issue */
    size_t name_count;
    struct bytes csr;         /* DER; copied */
    const char *profile;      /* NULL: the server's choice */
    const char *replaces;     /* ARI certificate ID; NULL: none */
};

/* Borrowed for the duration of done. */
struct acme_client_certificate {
    const char *url;
    struct bytes chain;        /* as the media type that was asked for */
    const char *alternate_url; /* acme-optional-alternate; "" when there is none */
};

/* certificate is NULL unless STATUS_OK. STATUS_REFUSED: the server says no, for good; STATUS_AGAIN: not now;
 * STATUS_IO: it could not be reached or understood. Or the status of provision. */
typedef void acme_client_issue_done(void *cookie, enum status status,
                                    const struct acme_client_certificate *certificate,
                                    const struct error *err);

/* acme_client_issue orders, proves control, finalizes and downloads. STATUS_USAGE, STATUS_NO_MEMORY: not
 * begun, done is not called. */
MUST_USE enum status acme_client_issue(struct acme_client *client,
                                       const struct acme_client_request *request,
                                       acme_client_issue_done *done, void *cookie,
                                       struct error *err);

/* acme_client_fetch gets a URL of the server by POST-as-GET: http_status 0 on failure, retry_after_s 0 when the server
 * gives no time. For the alternate, which is answered 202 until it exists. */
typedef void acme_client_fetch_done(void *cookie, int http_status, struct bytes body, int64_t retry_after_s,
                                    const struct error *err);
MUST_USE enum status acme_client_fetch(struct acme_client *client, const char *url,
                                       const char *accept, acme_client_fetch_done *done, void *cookie,
                                       struct error *err);

#endif
