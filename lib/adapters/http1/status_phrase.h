/* status_phrase.h - what stands behind a status code in the first line of an answer [RFC9110 15]. */
#ifndef CATHAYA_ADAPTERS_HTTP1_STATUS_PHRASE_H
#define CATHAYA_ADAPTERS_HTTP1_STATUS_PHRASE_H

/* status_phrase_of never is NULL: the phrase may be anything [RFC9112 4]. */
const char *status_phrase_of(int status);

#endif
