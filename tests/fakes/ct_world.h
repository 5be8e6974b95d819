/* ct_world.h - a CT log on a memory disk, a root and an issuer whose certificates it takes, and clients that ask it. */
#ifndef CATHAYA_TESTS_FAKES_CT_WORLD_H
#define CATHAYA_TESTS_FAKES_CT_WORLD_H

#include "ct_json/ct_json.h"
#include "fakes/fake_loop.h"
#include "fakes/memory_ct_index.h"
#include "fakes/memory_disk.h"
#include "service/ct_log/ct_log.h"

#define CT_WORLD_PUBLIC 0
#define CT_WORLD_PRIVATE 1
#define CT_WORLD_HEADS_MAX 512
/* 2026-11-22T00:00:00Z */
#define CT_WORLD_NOW_S INT64_C(1795305600)
#define CT_WORLD_DAY_S INT64_C(86400)

/* Somebody who signs certificates. */
struct ct_world_ca {
    char name[32];
    struct private_key *key;
    struct builder der;
};

struct ct_world {
    const struct ct_suite *suite;
    struct algorithms *algorithms;
    struct fake_loop *loop;
    struct memory_disk *disk;
    struct memory_ct_index index;
    struct private_key *log_key;
    struct ct_world_ca root, issuer, stranger; /* the stranger is no accepted root */
    struct builder roots_pem;
    struct ct_log_config config;
    struct ct_log *log; /* open, or NULL */
    unsigned reopened;
    struct http_handler (*handler)(struct ct_log *log); /* that is asked: ct_log_handler */
    /* Every tree head that was told, for the audit. */
    struct ct_world_head {
        uint64_t size;
        uint8_t root[HASH_SIZE];
    } heads[CT_WORLD_HEADS_MAX];
    size_t head_count;
};

/* A recipe of a certificate; what is 0 is as it should be. */
struct ct_world_certificate {
    unsigned serial;
    const struct ct_world_ca *issuer; /* NULL: the world's */
    int64_t not_after_s;              /* 0: in 90 days */
    bool is_precertificate, is_ca, has_bad_signature;
    bool signs_precertificates;       /* a Precertificate Signing Certificate [RFC6962 3.1] */
    const char *subject;
    struct bytes spki;                /* empty: a key that is somebody's */
    size_t padding;                   /* bytes of an extension that means nothing */
};

/* An answer; on the heap until ct_world_forget. */
struct ct_world_answer {
    struct http_exchange x;
    bool is_answered;
    int status;
    struct builder body, headers;
    char *path, *query;
    struct builder sent;
};

struct ct_world *ct_world_new(const struct ct_suite *suite);
void ct_world_free(struct ct_world *w);

MUST_USE enum status ct_world_open(struct ct_world *w, struct error *err);
/* ct_world_close stops and ends; ct_world_restart is that, and opening again, which must go well. */
void ct_world_close(struct ct_world *w);
void ct_world_restart(struct ct_world *w);
/* ct_world_cut_power: neither process nor machine does anything more; what was not synced is lost, and so is the index from row
 * index_count on. Opens again. */
void ct_world_cut_power(struct ct_world *w, enum memory_loss loss, size_t index_count);

/* ct_world_certificate appends the DER. */
void ct_world_certificate(struct ct_world *w, const struct ct_world_certificate *recipe, struct builder *out);
/* ct_world_chain is the body of a submission of the certificate and its issuer, and the root where with_root. */
void ct_world_chain(struct ct_world *w, const struct ct_world_certificate *recipe, bool with_root, struct builder *body);

/* ct_world_post and ct_world_get send a request; time passes only by fake_loop_run. */
struct ct_world_answer *ct_world_post(struct ct_world *w, const char *name, struct bytes body);
struct ct_world_answer *ct_world_get(struct ct_world *w, const char *name, const char *query);
/* ct_world_ask is ct_world_get, which is answered when time passes. */
struct ct_world_answer *ct_world_ask(struct ct_world *w, const char *name, const char *query);
void ct_world_forget(struct ct_world_answer *answer);
bool ct_world_has_header(const struct ct_world_answer *answer, const char *line);

/* ct_world_add submits a certificate, lets a second pass, and gives what came. */
struct ct_world_answer *ct_world_add(struct ct_world *w, const struct ct_world_certificate *recipe);

#endif
