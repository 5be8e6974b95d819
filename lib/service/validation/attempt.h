/* attempt.h - one validation under way: shared by the files of this role.
 *
 * An attempt goes on from answer to answer of its ports; each of them, and each timer, holds it alive until
 * it has come. Once it is over (failed, passed or out of time), later answers only let go. */
#ifndef CATHAYA_SERVICE_VALIDATION_ATTEMPT_H
#define CATHAYA_SERVICE_VALIDATION_ATTEMPT_H

#include "rules/dns_name.h"
#include "service/validation/http_url.h"
#include "service/validation/validation.h"

/* A token of 128 characters, its dot and a thumbprint are 172; RFC 8555 has them shorter. */
#define VALIDATION_TOKEN_MAX 128
#define VALIDATION_KEY_AUTHORIZATION_MAX 256
#define VALIDATION_ACCOUNT_URL_MAX 512
#define VALIDATION_DETAIL_SIZE 480
/* [RFC8555 10.2] leaves it open; browsers take 20, ten are what public CAs follow. */
#define VALIDATION_REDIRECTS_MAX 10
#define VALIDATION_METHODS 5
/* SHA-256 in base64url, with NUL. */
#define VALIDATION_DIGEST_TEXT_SIZE 44
/* "ddd.ddd.ddd.ddd", or eight groups; with NUL. */
#define VALIDATION_ADDRESS_SIZE 46

struct attempt;
typedef void attempt_step(struct attempt *a);

/* Where a host is, as far as we may connect there; "" when it is not. */
struct attempt_addresses {
    char ipv6[VALIDATION_ADDRESS_SIZE], ipv4[VALIDATION_ADDRESS_SIZE];
    char blocked[VALIDATION_ADDRESS_SIZE]; /* one that we may not connect to */
    const char *blocked_why;
    const char *failure; /* of a lookup; literal */
    unsigned pending;
    char host[DNS_NAME_MAX + 1];
    attempt_step *then;
};

struct attempt {
    struct validation *owner; /* NULL: abandoned */
    struct attempt *previous, *next;
    struct validation_request request; /* pointers are to what follows */
    char token[VALIDATION_TOKEN_MAX + 1];
    char key_authorization[VALIDATION_KEY_AUTHORIZATION_MAX + 1];
    char account_url[VALIDATION_ACCOUNT_URL_MAX + 1];
    uint8_t ip[16]; /* of an IP identifier */
    size_t ip_len;  /* 0 for a DNS name */
    validator_done *done;
    void *cookie;

    unsigned held; /* answers and timers that will still come */
    bool is_starting, is_over, is_answered;
    uint64_t deadline, answer_timer;
    int64_t started_ms;
    const char *problem;
    char detail[VALIDATION_DETAIL_SIZE];
    uint32_t reuse_max_s;

    uint8_t digest[32]; /* SHA-256 of the key authorization */
    char digest_text[VALIDATION_DIGEST_TEXT_SIZE];

    struct attempt_addresses addresses;
    struct http_url url;
    unsigned redirects;
    bool is_second_try; /* IPv4 after IPv6 */
    char dns_name[DNS_NAME_MAX + 1]; /* that is looked up */
    const char *caa_at;              /* where the climb is: within identifier.value */
    unsigned caa_tries;
};

struct validation {
    struct validation_config config;
    struct validation_ports ports;
    struct attempt *attempts;
    size_t attempt_count;
    struct metric *under_way, *seconds, *counters[VALIDATION_METHODS][2]; /* failed, passed */
};

/* validation_count counts an outcome. */
void validation_count(const struct validation *v, enum acme_challenge challenge, bool is_valid);

/* attempt_fail ends it with a problem; the caller returns at once. */
void attempt_fail(struct attempt *a, const char *problem, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* attempt_pass: control is shown; CAA follows. attempt_succeed: and CAA does not forbid it. */
void attempt_pass(struct attempt *a, uint32_t reuse_max_s);
void attempt_succeed(struct attempt *a);

/* attempt_hold before a port's start that will call back; attempt_release at the end of the callback. */
void attempt_hold(struct attempt *a);
void attempt_release(struct attempt *a);
/* attempt_busy fails it because a port would not start: ours is the fault, try again. */
void attempt_busy(struct attempt *a, const struct error *err);

/* lookup_start looks a name up; then is called once with the answer, or with DNS_FAILED when it takes too
 * long, unless the attempt is over by then. */
typedef void lookup_then(struct attempt *a, enum dns_type type, const struct dns_answer *answer);
void lookup_start(struct attempt *a, const char *name, enum dns_type type, lookup_then *then);
/* lookup_fail ends the attempt because of a lookup that failed or is bogus. */
void lookup_fail(struct attempt *a, const char *name, enum dns_type type, const struct dns_answer *answer);

/* addresses_find looks A and AAAA up and goes on with then when there is one to connect to. */
void addresses_find(struct attempt *a, const char *host, attempt_step *then);
/* addresses_set takes an address as it is; false, and the attempt failed, when we may not connect there. */
bool addresses_set(struct attempt *a, const uint8_t *address, size_t len);
/* addresses_is_allowed: may we connect there? */
bool addresses_is_allowed(const struct attempt *a, const uint8_t *address, size_t len, const char **why);
/* addresses_is_exempt: is it in one of the ranges of the configuration? */
bool addresses_is_exempt(const struct validation *v, const uint8_t *address, size_t len);

/* request_check says what is wrong with the request; NULL: nothing. Sets the address of an IP identifier. */
const char *request_check(struct attempt *a);

/* The methods. */
void http_01_start(struct attempt *a);
void dns_methods_start(struct attempt *a);
void tls_alpn_01_start(struct attempt *a);
void caa_walk_start(struct attempt *a);

#endif
