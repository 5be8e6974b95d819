/* curl_request.h - from a fetch_request to the options of a libcurl handle. Inside adapters/http_client. */
#ifndef CATHAYA_ADAPTERS_HTTP_CLIENT_CURL_REQUEST_H
#define CATHAYA_ADAPTERS_HTTP_CLIENT_CURL_REQUEST_H

#include <curl/curl.h>

#include "ports/fetch.h"

/* What libcurl borrows while a fetch is under way. */
struct curl_request {
    struct curl_slist *headers;
    struct curl_slist *connect_to;
    uint8_t *body; /* a copy */
};

/* curl_request_check refuses what is no request (STATUS_USAGE, STATUS_LIMIT). */
MUST_USE enum status curl_request_check(const struct fetch_request *request, struct error *err);

/* curl_request_apply sets a fresh or reset handle up for a request that has been checked. The handle
 * goes through curl_easy_reset before curl_request_clear, which must follow also after a failure. */
MUST_USE enum status curl_request_apply(struct curl_request *r, const struct fetch_request *request,
                                        CURL *easy, struct error *err);
void curl_request_clear(struct curl_request *r);

#endif
