/* log_round.h - asks every log of every MTC CA of a bundle once: landmarks, then what is revoked [GM-51, GM 11.5].
 *
 * The logs of a CA are asked one after the other, from the first of its window until one is not there; a log that has a successor
 * and no active landmarks is asked for what is revoked alone. CAs are asked side by side, if wanted.
 *
 * What a log says is judged by landmark_update.h and revocation_update.h; what is held is the caller's to keep. Nothing that
 * was revoked becomes good again, whatever the log says now. */
#ifndef CATHAYA_SERVICE_LANDMARK_UPDATE_LOG_ROUND_H
#define CATHAYA_SERVICE_LANDMARK_UPDATE_LOG_ROUND_H

#include "service/landmark_update/landmark_update.h"

/* CAs that are asked at once; each asks for LANDMARK_UPDATE_PARALLEL tiles at most. */
#define LOG_ROUND_PARALLEL_MAX 16

/* Behind this no further log of a CA is asked, and behind that none at all, until the next round: whoever is slow costs others minutes,
 * and an hourly round ends within its hour. What is held stays, and `failed` is told. */
#define LOG_ROUND_CA_MS 300000
#define LOG_ROUND_ALL_MS 1800000

/* What is held of a log; borrowed until its result was given. */
struct log_round_held {
    const struct trust_bundle *bundle; /* of this log alone; NULL: nothing is held */
    struct bytes note, revocations;    /* as in struct landmark_update_log */
};

/* What a log has said, and what to hold of it from now on. Borrowed for the duration of `ended`. */
struct log_round_result {
    const struct tai *ca_id;
    uint16_t log_number;
    const struct trust_bundle *bundle; /* what to hold; NULL: nothing */
    struct bytes note, revocations;
    bool is_changed;                   /* against what is held */
    bool is_over;                      /* its landmarks were not asked for: it has a successor, and none that is active */
    bool has_landmarks;                /* they were taken in this round */
    size_t new_landmarks, tile_count;
    const char *url;                   /* the prefix that the landmarks came from; NULL: they did not */
    enum status status;                /* of the first failure, which `failed` was told */
    const char *reason;
};

struct log_round_settings {
    struct landmark_update_ports ports;
    const struct trust_bundle *bundle; /* whose CAs are asked, those with a URL; borrowed until done */
    const struct trust_store *store;   /* made of it; borrowed too */
    const char *ca_file;               /* for https; NULL: the system's */
    unsigned parallel;                 /* CAs at once, up to LOG_ROUND_PARALLEL_MAX; 0: 1 */
    void *context;                     /* of the calls: */
    void (*held)(void *context, const struct tai *ca_id, uint16_t log_number, struct log_round_held *out);
    /* failed: once for each thing that went wrong. STATUS_IO: not reached; STATUS_AGAIN: too few have cosigned yet; all others:
     * what the log says is not to be believed. */
    void (*failed)(void *context, const struct tai *ca_id, uint16_t log_number, enum status status, const char *text);
    /* evidence: the log has signed two histories; a file of codec/evidence. Before `failed`. */
    void (*evidence)(void *context, const struct tai *ca_id, uint16_t log_number, struct bytes file);
    /* ended: once for each log that there is. */
    void (*ended)(void *context, const struct log_round_result *result);
    void (*done)(void *context);
};

/* log_round_start begins, and calls done exactly once, which may be before it returns. It frees itself after done. Only when it
 * fails done is not called. */
MUST_USE enum status log_round_start(const struct log_round_settings *settings, struct error *err);

/* log_round_has_work: does the bundle have a CA to be asked? */
bool log_round_has_work(const struct trust_bundle *bundle);

#endif
