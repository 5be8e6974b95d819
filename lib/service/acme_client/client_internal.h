/* client_internal.h - what the files of the ACME client share; private to service/acme_client. */
#ifndef CATHAYA_SERVICE_ACME_CLIENT_CLIENT_INTERNAL_H
#define CATHAYA_SERVICE_ACME_CLIENT_CLIENT_INTERNAL_H

#include <jansson.h>

#include "base/builder.h"
#include "crypto/hash.h"
#include "service/acme_client/acme_client.h"

/* Nonces that are kept for the next requests; a server forgets them after a while. */
#define CLIENT_NONCES_MAX 64
#define CLIENT_NONCE_SIZE 129
/* A nonce may have been forgotten, a server restarted. */
#define CLIENT_TRIES_MAX 4
#define CLIENT_BODY_MAX ((size_t)512 * 1024)

struct acme_client {
    struct acme_client_config config;
    char directory_url[ACME_CLIENT_URL_MAX], ca_file[ACME_CLIENT_URL_MAX];
    char new_nonce[ACME_CLIENT_URL_MAX], new_account[ACME_CLIENT_URL_MAX], new_order[ACME_CLIENT_URL_MAX];
    char account[ACME_CLIENT_URL_MAX];
    struct builder jwk;           /* canonical JSON of the public key */
    char thumbprint[44];          /* base64url, with NUL */
    char nonces[CLIENT_NONCES_MAX][CLIENT_NONCE_SIZE];
    size_t nonce_count;
    acme_client_done *start_done;
    void *start_cookie;
};

/* The answer of a POST; borrowed for the call. json is NULL when the body is no JSON object. */
struct client_answer {
    const struct fetch_response *response;
    json_t *json;
    struct error *err; /* why, when response->status is not what was hoped for */
};
typedef void client_post_done(void *cookie, const struct client_answer *answer);

/* client_post signs and sends a request, again with a new nonce when the server wants that; payload is JSON
 * text, "" for POST-as-GET. done is called once, later. */
void client_post(struct acme_client *client, const char *url, const char *payload, const char *accept,
                 client_post_done *done, void *cookie);

/* client_get is an unsigned GET. */
void client_get(struct acme_client *client, const char *url, client_post_done *done, void *cookie);

/* client_is_good: 200 to 299? */
bool client_is_good(const struct client_answer *answer);

/* client_copy_url takes a URL out of JSON or a header: false when there is none that fits. */
MUST_USE bool client_copy_url(const char *url, char out[ACME_CLIENT_URL_MAX]);
MUST_USE bool client_copy_header(const struct fetch_response *r, const char *name,
                                 char out[ACME_CLIENT_URL_MAX]);

/* client_retry_ms is Retry-After in seconds as milliseconds, bounded; `otherwise` when there is none. */
uint64_t client_retry_ms(const struct fetch_response *r, uint64_t otherwise);

/* client_keys fills jwk and thumbprint. */
MUST_USE enum status client_keys(struct acme_client *client, struct error *err);

#endif
