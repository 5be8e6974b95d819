/* acme_client.h - an ACME client for tests: keys, JWS, requests straight into acme_handle, answers.
 *
 * What goes wrong here fails the test. Everything happens in the caller's thread: acme_world_run lets
 * the server work until nothing is left to do.
 */
#ifndef CATHAYA_TESTS_FAKES_ACME_CLIENT_H
#define CATHAYA_TESTS_FAKES_ACME_CLIENT_H

#include <jansson.h>

#include "crypto/jws_key.h"
#include "fakes/acme_world.h"

struct acme_answer {
    bool is_sent;
    int status;
    struct builder headers, body; /* lines "Name: value\r\n"; a NUL follows the body */
    json_t *json;                 /* the body, NULL when it is not JSON */
};

struct acme_client {
    struct acme_world *world;
    void *pkey; /* EVP_PKEY */
    enum jws_alg alg;
    char kid[512];   /* the account's URL; "": sign with the jwk */
    char nonce[129]; /* of the last answer; "": fetched before the next POST */
    const char *peer;
    struct acme_answer answer; /* the last one of acme_client_post and acme_client_send */
};

/* acme_client_init makes a key of alg (ES256, ES384, RS256, EdDSA). acme_client_clear must follow. */
void acme_client_init(struct acme_client *c, struct acme_world *world, enum jws_alg alg);
void acme_client_clear(struct acme_client *c);
void acme_answer_clear(struct acme_answer *a);

/* acme_client_open makes an account and takes its URL as kid. */
void acme_client_open(struct acme_client *c);

/* acme_client_jwk is the public key; a new reference. */
json_t *acme_client_jwk(const struct acme_client *c);

/* acme_client_thumbprint is its RFC 7638 thumbprint as base64url; NUL-terminated. */
void acme_client_thumbprint(const struct acme_client *c, char out[44]);

/* acme_client_jws is a flattened JWS of the text payload ("" for POST-as-GET), with this header; takes
 * both references. The result is a new reference. */
json_t *acme_client_jws(const struct acme_client *c, json_t *header, const char *payload);

/* acme_client_header is what a request's protected header is made of: alg, kid or jwk, nonce, url. */
json_t *acme_client_header(struct acme_client *c, const char *url);

/* acme_client_post sends a signed request to a URL of the server and waits for the answer, whose status
 * it gives. payload NULL is POST-as-GET, otherwise its reference is taken. */
int acme_client_post(struct acme_client *c, const char *url, json_t *payload);
/* acme_client_begin does not wait: acme_world_run until answer->is_sent. */
void acme_client_begin(struct acme_client *c, const char *url, json_t *payload,
                       struct acme_answer *answer);
/* acme_client_post_jws sends a JWS made by hand; takes its reference. */
int acme_client_post_jws(struct acme_client *c, const char *url, json_t *jws);
/* acme_client_send is any other request: method, URL, one more header ("Accept: x", may be NULL). */
int acme_client_send(struct acme_client *c, const char *method, const char *url,
                     const char *content_type, const char *body, const char *header);

/* acme_answer_header copies a header's value; NULL when it is not there. `nth` counts from 0. */
const char *acme_answer_header(const struct acme_answer *a, const char *name, unsigned nth,
                               char out[512]);
/* acme_answer_text is a string member of the JSON body, "" when there is none. */
const char *acme_answer_text(const struct acme_answer *a, const char *name);

#endif
