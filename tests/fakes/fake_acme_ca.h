/* fake_acme_ca.h - an ACME server behind the table that site_certificates wants, on a fake timer. It outlives the process
 * that asks it: orders stay when fake_acme_ca_forget says that the process is gone.
 *
 * It ends the test when it is misused: asked again before the time that it named, a request that does not fit its names, a
 * key that has a certificate already, an order that is gone on with twice at a time.
 *
 * Certificates have the right form and no signature that anybody could verify.
 */
#ifndef CATHAYA_TESTS_FAKES_FAKE_ACME_CA_H
#define CATHAYA_TESTS_FAKES_FAKE_ACME_CA_H

#include "fakes/fake_timer.h"
#include "service/site_certificates/site_certificates.h"

#define FAKE_ACME_ORDERS_MAX 512
#define FAKE_ACME_CALLS_MAX 512

struct fake_acme_order {
    bool is_issued;
    struct bytes spki, chain, relative; /* on the heap */
    int64_t issued_s;
};

struct fake_acme_ca;

/* A question on its way to its answer. */
struct fake_acme_call {
    struct fake_acme_ca *ca;
    enum { FAKE_ACME_FREE, FAKE_ACME_ISSUE, FAKE_ACME_ALTERNATE, FAKE_ACME_MORE, FAKE_ACME_RENEWAL } what;
    unsigned step;
    uint64_t timer;
    enum status result; /* of an order that is refused */
    size_t order;
    struct bytes csr; /* on the heap */
    char url[128];
    site_acme_ordered *ordered;
    site_acme_issued *issued;
    site_acme_fetched *fetched;
    site_acme_renewal *renewal;
    void *cookie;
};

struct fake_acme_ca {
    const char *name;
    struct timer_port timer;
    struct clock_port clock; /* its own: right, whatever that of the site says */
    bool is_mtc, is_gm;

    /* as the test wants it */
    enum status answer;      /* of issue; STATUS_OK: does it */
    int64_t retry_after_s;   /* with STATUS_AGAIN: it may not be asked before that */
    int64_t lifetime_s;
    int64_t landmark_delay_s; /* after issuance; < 0: none is offered; INT64_MAX: never comes */
    int64_t scts_delay_s;     /* after issuance there are SCTs beside the certificate, and that is said; 0: there are none */
    bool has_advice;
    int64_t advice_start_s, advice_end_s; /* 0: none of its own, then 60 to 70 % of the lifetime is said */
    bool is_replaces_refused;
    bool is_silent;          /* orders never get an answer */
    bool is_forgetting_orders; /* those of before are not found */
    const char *ocsp_url;

    /* as it was */
    unsigned issue_count, resume_count, alternate_count, advice_count, replaces_count, more_count;
    int64_t closed_until_s;  /* by retry_after_s */
    struct fake_acme_order orders[FAKE_ACME_ORDERS_MAX];
    size_t order_count;
    size_t issued_count;
    struct fake_acme_call calls[FAKE_ACME_CALLS_MAX];
};

void fake_acme_ca_init(struct fake_acme_ca *ca, const char *name, bool is_mtc, bool is_gm, struct timer_port timer, struct clock_port clock);
void fake_acme_ca_clear(struct fake_acme_ca *ca);
struct site_acme_port fake_acme_ca_port(struct fake_acme_ca *ca);

/* fake_acme_ca_forget: who asked is gone and is not called any more. */
void fake_acme_ca_forget(struct fake_acme_ca *ca);

/* fake_acme_ca_write makes a chain for a public key, as this CA would; appends PEM. */
void fake_acme_ca_write(const struct fake_acme_ca *ca, struct bytes spki, struct bytes san, uint64_t serial, int64_t now_s,
                        bool is_landmark, struct builder *out);

#endif
