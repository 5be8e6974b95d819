/* acme_client.h - a client of an ACME server [RFC8555]: one account, any number of orders at a time.
 *
 * Everything happens on the thread of the event loop; each operation ends with exactly one call of its
 * done, later. A server is somebody else: what it says is bounded, and it is told nothing but what the
 * protocol wants.
 */
#ifndef CATHAYA_SERVICE_ACME_CLIENT_ACME_CLIENT_H
#define CATHAYA_SERVICE_ACME_CLIENT_ACME_CLIENT_H

#include "crypto/key.h"
#include "ports/clock.h"
#include "ports/fetch.h"
#include "ports/timer.h"

#define ACME_CLIENT_URL_MAX 1024
#define ACME_CLIENT_NAMES_MAX 100
/* A chain of ML-DSA-87 certificates with several cosignatures. */
#define ACME_CLIENT_CHAIN_MAX ((size_t)256 * 1024)

/* base64url of a SHA-256 hash, and a NUL. */
#define ACME_CLIENT_DNS_VALUE_SIZE 44

/* What is to be shown to the server for one identifier. Borrowed. */
struct acme_client_challenge {
    const char *type;       /* "http-01", "tls-alpn-01", "dns-01" */
    const char *identifier; /* a DNS name without "*.", or a numeric address */
    bool is_ip;
    const char *token;
    const char *key_authorization; /* what http-01 shows [RFC8555 8.3] */
    uint8_t digest[32];     /* its SHA-256: what the certificate of tls-alpn-01 holds [RFC8737 3] */
    char dns_value[ACME_CLIENT_DNS_VALUE_SIZE]; /* the TXT record at _acme-challenge.IDENTIFIER [RFC8555 8.4] */
};

/* STATUS_OK: it can be seen now, from everywhere. */
typedef void acme_client_provisioned(void *cookie, enum status status, const struct error *err);

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
    bool is_existing_only;          /* no account is made: there must be one with this key [RFC8555 7.3.1] */
    const char *eab_kid;            /* external account binding [RFC8555 7.3.4]; NULL: none */
    struct bytes eab_key;           /* its HMAC key, decoded; outlives the client */
    const char *challenge;          /* the type that is solved here */
    void *solver;
    /* provision makes the challenge visible, which may take its time, and calls done exactly once, later or before it
     * returns. clean takes it away again; it follows every provision, also one that has failed. */
    void (*provision)(void *solver, const struct acme_client_challenge *c, acme_client_provisioned *done, void *cookie);
    void (*clean)(void *solver, const struct acme_client_challenge *c);
    /* progress is told about each step of an order, with the cookie of acme_client_issue; the same step may come
     * again. NULL: nobody is. */
    void (*progress)(void *cookie, enum acme_client_step step);
    struct fetch_port fetch;
    struct timer_port timer;
    uint32_t timeout_ms;            /* of a request */
    unsigned polls_max;             /* of one authorization, and of one order after them */
    struct clock_port clock;        /* for order_s; nothing else depends on it */
    uint32_t order_s;               /* an order that has not ended after so long ends with STATUS_AGAIN; 0: no limit */
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

/* acme_client_start reads the directory and finds or makes the account; terms are agreed to. Again after a failure, or
 * when acme_client_is_started says no; who starts while it is under way waits with the first. */
void acme_client_start(struct acme_client *client, acme_client_done *done, void *cookie);

/* acme_client_is_started: is there an account? Not any more when the server has said that it knows none. */
bool acme_client_is_started(const struct acme_client *client);

/* acme_client_account borrows the account's URL; "" before it is started. */
const char *acme_client_account(const struct acme_client *client);

struct acme_client_request {
    const char *const *names; /* DNS names, numeric addresses [RFC8738]; borrowed during acme_client_issue */
    size_t name_count;
    struct bytes csr;         /* DER; copied */
    const char *profile;      /* NULL: the server's choice */
    const char *replaces;     /* ARI certificate ID; NULL: none */
    const char *order_url;    /* an order of this account, to go on with: names and profile are not sent; NULL: a new one */
    /* ordered is told the URL of the order before anything more is done with it, so that it can be kept. It may
     * refuse, and the order ends with that. NULL: nobody is told. */
    enum status (*ordered)(void *cookie, const char *order_url, struct error *err);
};

/* Borrowed for the duration of done. */
struct acme_client_certificate {
    const char *url;
    struct bytes chain;        /* as the media type that was asked for */
    const char *alternate_url; /* acme-optional-alternate; "" when there is none */
};

/* certificate is NULL unless STATUS_OK. STATUS_REFUSED: the server says no, for good; STATUS_NOT_FOUND: it does not
 * know (any more) the order to go on with; STATUS_AGAIN: not now; STATUS_IO: it could not be reached or understood. Or
 * the status of provision. retry_after_s: when the server, refusing, named a time to come back, or
 * said with the certificate that there will be more beside it then; 0: it did not. */
typedef void acme_client_issue_done(void *cookie, enum status status,
                                    const struct acme_client_certificate *certificate,
                                    int64_t retry_after_s, const struct error *err);

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

/* acme_client_renewal asks when a certificate should be renewed [RFC9773 4.1], unsigned: certificate_id is
 * base64url(keyIdentifier) "." base64url(serial). STATUS_OK: in [start_s, end_s). STATUS_NOT_FOUND: this server has no
 * renewal information, or does not know the certificate. The client must be started: STATUS_USAGE. */
typedef void acme_client_renewal_done(void *cookie, enum status status, int64_t start_s, int64_t end_s,
                                      int64_t retry_after_s, const struct error *err);
MUST_USE enum status acme_client_renewal(struct acme_client *client, const char *certificate_id,
                                         acme_client_renewal_done *done, void *cookie, struct error *err);

#endif
