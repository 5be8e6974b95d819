/* site_internal.h - what the files of the role share; private to service/site_certificates. */
#ifndef CATHAYA_SERVICE_SITE_CERTIFICATES_SITE_INTERNAL_H
#define CATHAYA_SERVICE_SITE_CERTIFICATES_SITE_INTERNAL_H

#include "crypto/key.h"
#include "service/site_certificates/site_certificates.h"
#include "service/site_certificates/site_leaf.h"
#include "service/site_certificates/site_time.h"

#define SITE_SITES_MAX 10000
/* A state that could not be written is written again after this. */
#define SITE_SAVE_AGAIN_S 60
/* Names of sections in the configuration: issuers. */
#define SITE_ISSUER_SIZE 64
#define SITE_PATH_SIZE 1024
#define SITE_KEY_TYPE_SIZE 16
/* "sites/NAME/intl-classic": what comes below is short enough for OBJECT_NAME_MAX. */
#define SITE_DIRECTORY_SIZE 88

enum site_landmark { SITE_LANDMARK_NONE, SITE_LANDMARK_WAITING, SITE_LANDMARK_HERE };

/* One certificate with its key, on disk under its number. */
struct site_generation {
    uint64_t number;
    char issuer[SITE_ISSUER_SIZE];
    char key_type[SITE_KEY_TYPE_SIZE];
    int64_t obtained_s;
    bool is_revoked;
    struct builder key; /* PEM */
    struct site_leaf leaf;
    enum site_landmark landmark;
    struct site_leaf relative; /* its landmark-relative form, when here */
    char alternate_url[SITE_URL_SIZE];
    int64_t landmark_next_s;
    unsigned landmark_polls;
    char more_url[SITE_URL_SIZE]; /* of the standalone form, which will have more properties; "": it will not */
    int64_t more_next_s;
    unsigned more_polls;
};

/* What has been begun and has not ended. */
struct site_order {
    uint64_t number; /* of the generation that comes of it; 0: there is none */
    char issuer[SITE_ISSUER_SIZE];
    char key_type[SITE_KEY_TYPE_SIZE];
    char url[SITE_URL_SIZE]; /* "": the server has not been asked */
    int64_t begun_s;
    bool is_kept; /* key, and URL if there is one, are durable: else nobody is asked */
    struct builder key;
    char (*names)[SITE_NAME_SIZE];
    size_t name_count;
};

/* An issuer that is not asked for this certificate before until_s. */
struct site_hold {
    char issuer[SITE_ISSUER_SIZE];
    unsigned failures;
    int64_t until_s;
};

struct site_certificates;
struct site_entry;

struct site_certificate {
    struct site_certificates *owner;
    struct site_entry *site; /* NULL: not wanted any more, callbacks are still to come */
    enum site_kind kind;
    char directory[SITE_DIRECTORY_SIZE];

    /* as wanted */
    char key_type[SITE_KEY_TYPE_SIZE];
    char issuers[SITE_ISSUERS_MAX][SITE_ISSUER_SIZE];
    size_t issuer_count; /* 0: from files */
    char chain_file[SITE_PATH_SIZE], key_file[SITE_PATH_SIZE], key_uri[SITE_PATH_SIZE], key_provider[SITE_PATH_SIZE];

    /* as on disk: site_state.c */
    bool is_loaded;
    uint64_t sequence;    /* of the state that was written last */
    uint64_t last_number; /* of generations, ever */
    struct site_generation generations[SITE_GENERATIONS_MAX]; /* the newest first */
    size_t generation_count;
    struct site_order order;
    struct site_hold holds[SITE_ISSUERS_MAX];
    size_t hold_count;
    unsigned failures;
    char last_error[ERROR_TEXT_MAX];
    int64_t last_error_s;
    bool is_due;          /* whatever the time */
    bool is_damaged;      /* something on disk was, and nothing has come in its place */
    bool is_replacing;    /* the order under way says what it replaces */
    bool is_without_replaces; /* the server did not like it */
    bool is_store_failing;    /* what ends now ends because of the disk, and nobody else is to be blamed */
    bool is_unsaved;          /* the state on disk is older than what is here */
    int64_t save_again_s;
    int64_t pause_until_s;    /* so nobody is asked before then */
    int64_t window_start_s, window_end_s; /* advice of the CA; 0: none */
    int64_t renew_s, advice_next_s;

    /* under way */
    bool is_ordering, is_landmark_asked, is_advice_asked, is_more_asked;
    uint64_t landmark_number, advice_number, more_number; /* the generation that was asked for */
    char landmark_asked[SITE_ISSUER_SIZE], advice_asked[SITE_ISSUER_SIZE], more_asked[SITE_ISSUER_SIZE]; /* who was */

    /* files: site_files.c */
    uint64_t chain_stamp, key_stamp;
    bool has_stamps;
};

struct site_entry {
    char name[SITE_NAME_SIZE];
    char (*names)[SITE_NAME_SIZE];
    size_t name_count;
    struct site_certificate *certificates[SITE_KINDS]; /* NULL: not wanted */
    uint8_t deployed[32]; /* hash of what was given to on_change */
    bool is_deployed;     /* on_change has been called */
};

struct site_issuer_entry {
    char name[SITE_ISSUER_SIZE];
    struct site_acme_port acme;
    unsigned failures; /* in a row, in all: it could not be reached */
    int64_t until_s;
    unsigned orders_under_way, questions_under_way;
};

struct site_certificates {
    struct site_certificates_config config;
    struct site_entry **entries;
    size_t entry_count;
    struct site_issuer_entry *issuers;
    size_t issuer_count;
    struct site_certificate **leaving; /* not wanted any more, with callbacks to come */
    size_t leaving_count;
    bool is_store_broken; /* nothing is written any more, nothing is ordered, until it has been opened again */
    int64_t mend_s;       /* when that is tried */
    char store_error[ERROR_TEXT_MAX];
    uint64_t timer;
    bool is_stopped;
    bool is_soon; /* the timer fires as soon as it may */
};

static inline int64_t site_now_s(const struct site_certificates *sc)
{
    return sc->config.clock.now_ms(sc->config.clock.context) / 1000;
}

static inline struct site_generation *site_current(struct site_certificate *c)
{
    return c->generation_count > 0 ? &c->generations[0] : NULL;
}

/* ---- site_certificates.c, site_configure.c ---- */

/* site_certificates_schedule lets the role look at everything after delay_ms; 0: soon, once for all that comes together. */
void site_certificates_schedule(struct site_certificates *sc, uint64_t delay_ms);
/* site_certificates_random is 32 bits; without entropy the middle. */
uint32_t site_certificates_random(void);
void site_certificates_event(const struct site_certificate *c, enum event_level level, const char *what, const char *text);
/* site_certificates_fail keeps an error for status, and reports it. */
void site_certificates_fail(struct site_certificate *c, const char *what, const struct error *err);
struct site_issuer_entry *site_certificates_issuer(struct site_certificates *sc, const char *name);
/* site_certificates_count changes how much is under way with an issuer, if there is still one of that name. */
void site_certificates_count(struct site_certificates *sc, const char *issuer, int orders, int questions);
/* site_certificates_release frees a certificate that nobody wants any more, if no callback is to come; true: it is gone, or
 * the role has been stopped: nothing more is to be done with it. */
bool site_certificates_release(struct site_certificate *c);
/* site_certificates_free_entry frees a site, not its certificates. */
void site_certificates_free_entry(struct site_entry *entry);

/* ---- site_certificate.c: one in memory ---- */

struct site_certificate *site_certificate_new(struct site_certificates *owner, enum site_kind kind);
void site_certificate_free(struct site_certificate *c);
void site_certificate_clear_order(struct site_certificate *c);
/* site_certificate_push makes room for a new generation in front; what falls out is given to the caller to be dropped on
 * disk: its number, 0 for none. */
struct site_generation *site_certificate_push(struct site_certificate *c, uint64_t *dropped);
void site_certificate_remove(struct site_certificate *c, size_t index);
/* site_certificate_is_usable: may it be served now, for a site with these names? */
bool site_certificate_is_usable(const struct site_certificate *c, const struct site_generation *g, int64_t now_s);
/* site_certificate_is_wanting: is a new one to be got, whatever the time? why: a word for events. */
bool site_certificate_is_wanting(struct site_certificate *c, int64_t now_s, const char **why);

/* ---- site_state.c: one as text ---- */

#define SITE_STATE_MAX ((size_t)64 * 1024)
/* What the state says of a generation's files. */
struct site_hashes {
    uint8_t standalone[32], relative[32];
};
MUST_USE enum status site_state_write(const struct site_certificate *c, struct builder *out, struct error *err);
/* site_state_read fills c with all but the files; hashes: one per generation. STATUS_MALFORMED, and c is not to be used. */
MUST_USE enum status site_state_read(struct bytes text, struct site_certificate *c, struct site_hashes hashes[SITE_GENERATIONS_MAX],
                                     struct error *err);
/* site_state_sequence is the sequence number of a state that can be read; 0: it cannot. */
uint64_t site_state_sequence(struct bytes text);
MUST_USE bool site_state_hash(const struct site_leaf *leaf, uint8_t out[32]);

/* ---- site_store.c: one on disk ---- */

/* site_store_load reads what is there; what is damaged is left out and told. */
void site_store_load(struct site_certificate *c);
/* Each is durable when it returns STATUS_OK. */
MUST_USE enum status site_store_save(struct site_certificate *c, struct error *err);
MUST_USE enum status site_store_put_key(struct site_certificate *c, uint64_t number, struct bytes key, struct error *err);
MUST_USE enum status site_store_put_form(struct site_certificate *c, uint64_t number, const struct site_leaf *leaf, bool is_landmark,
                                         struct error *err);
/* site_store_put_scts puts the properties of a chain that is there already, beside those that were: nothing that the state on disk
 * needs is touched. */
MUST_USE enum status site_store_put_scts(struct site_certificate *c, uint64_t number, const struct site_leaf *leaf, struct error *err);
/* site_store_keep saves; a failure is told, and made up for later. */
bool site_store_keep(struct site_certificate *c);
/* site_store_mend puts all that is here into a store that was opened again. */
MUST_USE enum status site_store_mend(struct site_certificate *c, struct error *err);
/* site_store_drop removes the files of a generation, when the state does not name it any more. */
void site_store_drop(struct site_certificate *c, uint64_t number);

/* ---- site_issue.c, site_watch.c, site_files.c, site_deploy.c ---- */

/* site_issue_next is when an order may be begun, and with whom: the first issuer that may be asked now; NULL: at *when_s. */
struct site_issuer_entry *site_issue_choose(struct site_certificate *c, int64_t now_s, int64_t *when_s);
void site_issue_begin(struct site_certificate *c, struct site_issuer_entry *issuer, int64_t now_s);
/* site_watch_look asks for landmark and advice when it is time. */
void site_watch_look(struct site_certificate *c, int64_t now_s);
/* site_watch_more: the standalone form is asked for again after more_s, for it will have more properties; 0: it is not. */
void site_watch_more(struct site_generation *g, const char *url, int64_t more_s, int64_t now_s);
/* site_watch_begin plans for a new current certificate. */
void site_watch_begin(struct site_certificate *c, int64_t now_s);
void site_files_look(struct site_certificate *c, int64_t now_s);
/* site_files_was_served: nothing is served now, and this is what was when the process before this one ended. */
bool site_files_was_served(const struct site_certificate *c, const struct site_leaf *leaf);
/* site_deploy_check: can this be deployed? Old ones are not given away for what cannot. */
MUST_USE enum status site_deploy_check(const struct site_certificate *c, const struct site_leaf *leaf, const struct builder *key,
                                       struct error *err);
/* site_deploy_look calls on_change if what the site is to be served with is something else than before. */
void site_deploy_look(struct site_certificates *sc, struct site_entry *site, int64_t now_s);

#endif
