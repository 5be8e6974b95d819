/* acme_world.h - what an ACME server needs around it in a test: clock, pool, timers, events, a store, a
 * validator and an issuer that do as they are told. */
#ifndef CATHAYA_TESTS_FAKES_ACME_WORLD_H
#define CATHAYA_TESTS_FAKES_ACME_WORLD_H

#include "service/acme/acme.h"

#define ACME_WORLD_URL "https://ca.example/acme"
#define ACME_WORLD_JOBS_MAX 256
#define ACME_WORLD_TIMERS_MAX 64

struct acme_world_job {
    void (*run)(void *cookie), (*done)(void *cookie);
    void *cookie;
};

struct acme_world_timer {
    uint64_t name;
    int64_t at_ms;
    void (*fire)(void *cookie);
    void *cookie;
};

struct acme_world_validation {
    validator_done *done;
    void *cookie;
    enum acme_challenge challenge;
    struct acme_identifier identifier;
    bool is_caa_only, is_intranet;
    char token[128], key_authorization[256];
};

struct acme_world_issuance {
    acme_issue_done *done;
    void *cookie;
    acme_id order;
};

struct acme_world {
    struct acme *acme;
    struct acme_config config;
    struct acme_ports ports;

    int64_t now_ms;
    struct clock_port clock;
    struct work_port pool;
    struct timer_port timer;
    struct events_port events;
    struct builder event_text; /* a line for each event: its name, and name=value; a NUL follows */
    struct acme_world_job jobs[ACME_WORLD_JOBS_MAX];
    size_t job_count;
    struct acme_world_timer timers[ACME_WORLD_TIMERS_MAX];
    size_t timer_count;
    uint64_t last_timer;

    struct acme_store store;      /* that of the server: inner's with faults */
    struct acme_store inner;
    void *store_owner;
    char directory[64], store_path[80];
    bool must_commit_fail;        /* the next commit does, and nothing of it is kept */
    unsigned commit_count;

    struct validator_port validator;
    const char *problem;          /* what the validator says; NULL: valid */
    uint32_t reuse_max_s;
    bool is_validation_held;      /* done is not called by acme_world_run */
    struct acme_world_validation validations[ACME_WORLD_JOBS_MAX];
    size_t validation_count, validation_total; /* waiting; ever asked for */
    struct acme_world_validation seen[ACME_WORLD_JOBS_MAX]; /* the first that were asked for */

    struct acme_issuer issuer;    /* of both MTC profiles */
    struct acme_issuer classic;   /* of "intl-classic" */
    enum status issue_status;     /* what it says */
    bool is_issuance_held;
    struct acme_world_issuance issuances[ACME_WORLD_JOBS_MAX];
    size_t issuance_count, issuance_total;
    int64_t last_new_until_s; /* of the last request */
    bool has_landmark;            /* else the landmark form is not there yet */
    size_t revoked_count;

    struct certificate_profile profiles[3]; /* gm-mtc (the default), intl-classic, gm-intranet; what ends in ".corp" is internal */
    struct acme_profile acme_profiles[3];
};

/* acme_world_init fills in all but the server, so that a test can change it; acme_world_start makes it.
 * acme_world_clear must follow. */
void acme_world_init(struct acme_world *w);
void acme_world_start(struct acme_world *w);
/* acme_world_restart is a new process on the same store. */
void acme_world_restart(struct acme_world *w);
void acme_world_clear(struct acme_world *w);

/* acme_world_run lets the server work until nothing is left but timers that are not due. */
void acme_world_run(struct acme_world *w);
/* acme_world_advance moves the clock, fires the timers in between, and runs. */
void acme_world_advance(struct acme_world *w, int64_t ms);

#endif
