/* cathaya/status.h - how libcathaya says yes, no and why. */
#ifndef CATHAYA_STATUS_H
#define CATHAYA_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define CATHAYA_API __attribute__((visibility("default")))
#define CATHAYA_MUST_USE __attribute__((warn_unused_result))
#else
#define CATHAYA_API
#define CATHAYA_MUST_USE
#endif

/* Only CATHAYA_OK means yes. */
enum cathaya_status {
    CATHAYA_OK = 0,
    CATHAYA_MALFORMED = 1, /* the bytes are not what the specification allows */
    CATHAYA_REFUSED = 2,   /* well-formed, but a rule says no */
    CATHAYA_NOT_FOUND = 3, /* nothing trusted goes with it: no CA of that name */
    CATHAYA_CONFLICT = 4,  /* two things that were configured contradict each other */
    CATHAYA_LIMIT = 5,     /* longer or more than this library takes */
    CATHAYA_NO_MEMORY = 8, /* memory, or the crypto library, failed: no verdict */
    CATHAYA_USAGE = 9      /* the configuration is wrong */
};

/* The reason in English, NUL-terminated: what, where (byte offset or line), what to do. */
#define CATHAYA_REASON_SIZE 320

struct cathaya_error {
    enum cathaya_status status;
    char reason[CATHAYA_REASON_SIZE];
};

#ifdef __cplusplus
}
#endif

#endif
