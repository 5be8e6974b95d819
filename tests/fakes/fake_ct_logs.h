/* fake_ct_logs.h - CT logs that sign what they are sent, or do what is wrong: behind a fetch port, without a tree.
 *
 * Also a CA: a precertificate and its issuer, to be submitted. */
#ifndef CATHAYA_TESTS_FAKES_FAKE_CT_LOGS_H
#define CATHAYA_TESTS_FAKES_FAKE_CT_LOGS_H

#include "codec/ct/log_list.h"
#include "crypto/key.h"
#include "fakes/fake_fetch.h"
#include "fakes/fake_timer.h"

#define FAKE_CT_LOGS_MAX 16

enum fake_ct_trouble {
    FAKE_CT_GOOD,
    FAKE_CT_DEAD,            /* nobody is at home */
    FAKE_CT_MUTE,            /* no answer, ever: the request's time goes by */
    FAKE_CT_WRONG_SIGNATURE, /* of something else */
    FAKE_CT_WRONG_KEY,       /* of the next log's key */
    FAKE_CT_WRONG_ID,
    FAKE_CT_FUTURE,          /* a timestamp of tomorrow */
    FAKE_CT_LONG,            /* an SCT with kilobytes of extensions, and a good signature */
    FAKE_CT_GARBAGE,         /* 200, and no JSON */
    FAKE_CT_BUSY,            /* 429 */
    FAKE_CT_BROKEN,          /* 503 */
    FAKE_CT_CLOSED,          /* 403 */
    FAKE_CT_GONE,            /* 404 */
    FAKE_CT_REFUSES          /* 400 */
};

struct fake_ct_log {
    char name[32], operator[32], url[64]; /* http://NAME.example */
    const struct ct_suite *suite;
    struct private_key *key;
    int64_t start_s, end_s; /* temporal interval; 0, 0: none */
    enum log_list_state state;
    enum fake_ct_trouble trouble;
    const char *retry_after; /* NULL: none */
    uint64_t delay_ms;
    unsigned asked_count, chain_count; /* requests; those to add-chain */
};

struct fake_ct_logs {
    struct algorithms *algorithms;
    struct fake_timer *timer;
    struct fake_fetch *fetch;
    size_t count;
    struct fake_ct_log logs[FAKE_CT_LOGS_MAX];
};

/* fake_ct_logs_init serves the URLs of the logs from then on. Borrows all three. */
void fake_ct_logs_init(struct fake_ct_logs *w, struct algorithms *algorithms, struct fake_timer *timer, struct fake_fetch *fetch);
void fake_ct_logs_clear(struct fake_ct_logs *w);

/* fake_ct_logs_add makes a usable log with a new key, of operator `operator`. */
struct fake_ct_log *fake_ct_logs_add(struct fake_ct_logs *w, const struct ct_suite *suite, const char *name, const char *operator);

/* fake_ct_logs_write_list appends the log list as JSON. */
void fake_ct_logs_write_list(const struct fake_ct_logs *w, int64_t now_s, struct builder *out);

/* fake_ct_logs_id is the log's ID. */
void fake_ct_logs_id(const struct fake_ct_log *log, uint8_t out[HASH_SIZE]);

#endif
