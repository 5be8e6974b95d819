/* ocsp_http.h - OCSP over HTTP [RFC6960 A, RFC5019 5, 6]. Inside service/ocsp_responder; pure. */
#ifndef CATHAYA_SERVICE_OCSP_RESPONDER_OCSP_HTTP_H
#define CATHAYA_SERVICE_OCSP_RESPONDER_OCSP_HTTP_H

#include "codec/ocsp/ocsp_response.h"
#include "ports/http.h"
#include "service/ocsp_responder/ocsp_cache.h"

/* A cache between may keep an answer for so long: a revocation is seen after that. */
#define OCSP_HTTP_MAX_AGE_S ((int64_t)3600)

/* ocsp_http_read_path appends the request of a GET: base64 behind prefix and '/', with what a URL does not like escaped.
 * STATUS_MALFORMED. */
MUST_USE enum status ocsp_http_read_path(const char *prefix, struct bytes path, struct builder *der, struct error *err);

/* ocsp_http_answer fills x->response with a signed response, and what caches are to know [RFC5019 6.2]. */
void ocsp_http_answer(struct http_exchange *x, const struct ocsp_answer_times *times, struct bytes response, int64_t now_s);

/* ocsp_http_failure: with a response that says why there is no answer, and is kept by nobody. */
void ocsp_http_failure(struct http_exchange *x, enum ocsp_response_status status);

#endif
