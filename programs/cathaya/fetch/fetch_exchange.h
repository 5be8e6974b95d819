/* fetch_exchange.h - one connection of a browser: TLS, with the retry of trust anchors, and one HTTP/1.1 request. */
#ifndef CATHAYA_PROGRAM_FETCH_EXCHANGE_H
#define CATHAYA_PROGRAM_FETCH_EXCHANGE_H

#include <stdio.h>

#include "fetch/fetch_connection.h"
#include "service/validation/http_url.h"
#include "tls/peer_judge.h"
#include "tls/tls_browser.h"

/* What is read of an answer that goes to a file or nowhere: a page with all that a page has. */
#define FETCH_BODY_MAX ((uint64_t)1 << 30)
/* As browsers have it, roughly. */
#define FETCH_HEAD_MAX (64 * 1024)
#define FETCH_PHRASE_SIZE 64

struct fetch_request {
    struct http_url url;
    uint16_t port;
    struct fetch_addresses addresses;
    bool is_head;
    int64_t at_s, timeout_ms;
    FILE *body; /* borrowed; NULL: only counted */
    const struct policy_set *policies; /* NULL: the policy is not asked */
    const struct peer_trust *trust;    /* the browser's */
    const struct policy_names *names;
};

enum fetch_outcome {
    FETCH_OK,
    FETCH_UNTRUSTED,  /* there is no connection that this client may use */
    FETCH_BAD_ANSWER, /* the connection is fine, the answer is not HTTP or too long */
    FETCH_NO_PEER     /* the surroundings: no connection, no answer */
};

/* On the heap: some 60 KiB. */
struct fetch_result {
    enum fetch_outcome outcome;
    struct error err; /* when it is not FETCH_OK */
    char address[FETCH_ADDRESS_TEXT_SIZE];
    bool has_tls;     /* report is filled */
    struct tls_stream *stream; /* closed; what was judged last borrows from it */
    struct tls_browser_report report;
    struct builder chain, sct_list; /* what was judged, and what came in TLS beside it: as tls_browser.h gives them */
    struct bytes parts[PEER_CHAIN_MAX];
    struct peer_request asked;
    struct peer_judgement *judgement; /* NULL: the policy was not asked, or there was no certificate */
    bool is_retried;  /* a first connection was refused, and the server offered retry_id */
    struct tai retry_id;
    char first_reason[ERROR_TEXT_MAX]; /* what was wrong with that one */
    int64_t connect_ms, handshake_ms, total_ms;
    int http_status;  /* 0: none came */
    char phrase[FETCH_PHRASE_SIZE];
    uint64_t body_len;
};

/* fetch_exchange_clear frees what a result owns; the zero result is fine. */
void fetch_exchange_clear(struct fetch_result *result);

/* fetch_exchange_run fills result, which has to be one of before, or zero; fetch_exchange_clear follows at last. session: in, one to offer, or NULL; out, what the server has given for the next
 * connection, or NULL; the caller frees it. */
void fetch_exchange_run(const struct fetch_request *request, struct tls_browser *browser,
                        struct tls_browser_session **session, struct fetch_result *result);

#endif
