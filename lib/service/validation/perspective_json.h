/* perspective_json.h - what a CA asks a remote perspective, and what that answers. This is its definition.
 *
 *   POST URL/validate, Authorization: Bearer SECRET, Content-Type: application/json
 *   {"version": 1, "challenge": "http-01", "identifier": {"type": "dns"|"ip", "value": "example.com"},
 *    "wildcard": false, "intranet": false, "caa-only": false,
 *    "token": "...", "key-authorization": "...", "account-url": "..."}
 *
 * All members are there; token, key-authorization and account-url are null when there is none.
 *
 *   200, application/json
 *   {"version": 1, "valid": true, "reuse-max": 300}         reuse-max in seconds; null: no limit
 *   {"version": 1, "valid": false, "problem": "dns", "detail": "..."}
 *
 * Anything else than 200 is no answer: 400 not this JSON, 401 not the secret, 403 an intranet's name where
 * those are not validated, 404, 405, 413, 415, 503 too many validations under way. A member that is not
 * named here, a missing one, or one given twice makes the whole malformed. */
#ifndef CATHAYA_SERVICE_VALIDATION_PERSPECTIVE_JSON_H
#define CATHAYA_SERVICE_VALIDATION_PERSPECTIVE_JSON_H

#include "base/builder.h"
#include "ports/validator.h"

/* Every text at its longest, with some of it escaped. */
#define PERSPECTIVE_BODY_MAX 8192
#define PERSPECTIVE_TOKEN_MAX 128
#define PERSPECTIVE_KEY_AUTHORIZATION_MAX 256
#define PERSPECTIVE_ACCOUNT_URL_MAX 512
#define PERSPECTIVE_DETAIL_MAX 600

/* The request, and the memory of its texts. */
struct perspective_request {
    struct validation_request request;
    char token[PERSPECTIVE_TOKEN_MAX + 1];
    char key_authorization[PERSPECTIVE_KEY_AUTHORIZATION_MAX + 1];
    char account_url[PERSPECTIVE_ACCOUNT_URL_MAX + 1];
};

struct perspective_result {
    struct validation_result result; /* problem is one of the known ones, and a literal */
    char detail[PERSPECTIVE_DETAIL_MAX + 1]; /* printable ASCII */
};

MUST_USE enum status perspective_json_write_request(const struct validation_request *request,
                                                    struct builder *out, struct error *err);
/* perspective_json_read_request: STATUS_MALFORMED. What is in the texts is not looked at, only how long
 * they are. */
MUST_USE enum status perspective_json_read_request(struct bytes text, struct perspective_request *out,
                                                   struct error *err);
MUST_USE enum status perspective_json_write_result(const struct validation_result *result,
                                                   struct builder *out, struct error *err);
MUST_USE enum status perspective_json_read_result(struct bytes text, struct perspective_result *out,
                                                  struct error *err);

#endif
