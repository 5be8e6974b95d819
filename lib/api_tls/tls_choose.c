/* tls_choose.c - the choice of a certificate over a ClientHello as it came, for servers with a TLS of their own. */
#include <stdlib.h>
#include <string.h>

#include "api/verify_parts.h"
#include "api_tls/tls_parts.h"
#include "rules/choice_explain.h"
#include "rules/client_hello.h"

_Static_assert(CATHAYA_TLS_CANDIDATES_MAX == CHOICE_CANDIDATES_MAX, "candidates");
_Static_assert(CATHAYA_TLS_SUITES_MAX == CHOICE_SUITES_MAX, "suites");
_Static_assert(CATHAYA_TLS_HELLO_SIZE_MAX == CLIENT_HELLO_SIZE_MAX, "ClientHello");
_Static_assert(CATHAYA_TLS_SERVER_NAME_SIZE > CLIENT_HELLO_NAME_MAX, "server name");
/* A list of IDs with a byte of length each, and its own two. */
_Static_assert(CATHAYA_TLS_AVAILABLE_SIZE >= 2 + CHOICE_CANDIDATES_MAX * (1 + TAI_MAX), "available");

#define RECORD_HANDSHAKE 0x16
#define HANDSHAKE_CLIENT_HELLO 0x01

/* ---- candidates ---- */

enum cathaya_status cathaya_tls_candidate_new(const char *chain_pem, size_t chain_pem_len, const uint8_t *properties,
                                              size_t properties_len, struct cathaya_tls_candidate **out,
                                              struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    *out = NULL;
    struct cathaya_tls_candidate *candidate = calloc(1, sizeof *candidate);
    if (candidate == NULL)
        return tls_parts_no_memory(err);
    enum status s = tls_credential_new_public(bytes_of(chain_pem, chain_pem_len), bytes_of(properties, properties_len),
                                              &candidate->credential, &inner);
    if (s == STATUS_OK)
        *out = candidate;
    else
        free(candidate);
    return verify_parts_give(s, &inner, err);
}

void cathaya_tls_candidate_free(struct cathaya_tls_candidate *candidate)
{
    if (candidate == NULL)
        return;
    tls_credential_free(candidate->credential);
    free(candidate);
}

enum cathaya_tls_kind cathaya_tls_candidate_kind(const struct cathaya_tls_candidate *candidate)
{
    return tls_parts_kind(tls_credential_facts(candidate->credential)->kind);
}

/* ---- one choice ---- */

/* Too large for a stack. */
struct work {
    struct builder memory; /* a ClientHello put together from records */
    struct client_hello hello;
    struct choice_candidate own[CHOICE_CANDIDATES_MAX];
    const struct choice_candidate *candidates;
    size_t count;
    struct choice_client client;
    struct choice_settings settings;
    struct choice choice;
};

static struct work *work_new(void)
{
    struct work *w = calloc(1, sizeof *w);
    if (w != NULL)
        builder_init(&w->memory, CLIENT_HELLO_SIZE_MAX);
    return w;
}

static void work_free(struct work *w)
{
    builder_clear(&w->memory);
    free(w);
}

static enum status read_hello(struct work *w, const uint8_t *hello, size_t hello_len, uint16_t type, struct error *err)
{
    enum status s = client_hello_load(bytes_of(hello, hello_len), type != 0 ? type : TRUST_ANCHOR_LIST_CODE_POINT,
                                      &w->memory, &w->hello, err);
    if (s == STATUS_OK)
        w->client = client_hello_offer(&w->hello);
    return s;
}

static enum status prepare(struct work *w, const struct cathaya_tls_candidate *const *candidates, size_t count,
                           const uint8_t *hello, size_t hello_len, const struct cathaya_tls_choice_settings *settings,
                           struct error *err)
{
    if (count > CHOICE_CANDIDATES_MAX)
        return error_set(err, STATUS_LIMIT, "%zu candidates; at most %d are looked at", count, CHOICE_CANDIDATES_MAX);
    if ((int)settings->stage < CATHAYA_TLS_STAGE_CLASSIC || (int)settings->stage > CATHAYA_TLS_STAGE_LANDMARK)
        return error_set(err, STATUS_USAGE, "no such stage");
    for (size_t i = 0; i < count; i++)
        w->own[i] = *tls_credential_facts(candidates[i]->credential)->candidate;
    w->candidates = w->own;
    w->count = count;
    w->settings = (struct choice_settings){.stage = (enum transition_stage)settings->stage, .now_s = settings->at,
                                           .is_mtc_without_trust_anchors = settings->is_mtc_without_trust_anchors != 0};
    return read_hello(w, hello, hello_len, settings->trust_anchors_type, err);
}

static void decide(struct work *w)
{
    certificate_choice_make(&w->client, w->candidates, w->count, &w->settings, &w->choice);
}

/* ---- for the outside ---- */

static void end_text(struct builder *b, char *out)
{
    out[b->len] = '\0';
}

static void fill_available(const struct work *w, struct cathaya_tls_choice *out)
{
    struct tai ids[CHOICE_CANDIDATES_MAX];
    struct builder b;
    size_t count = 0;
    for (size_t i = 0; i < w->choice.available_count; i++) {
        const struct properties *properties = w->candidates[w->choice.available[i]].properties;
        if (properties != NULL)
            ids[count++] = properties->trust_anchor_id;
    }
    if (count == 0)
        return;
    builder_init_fixed(&b, out->available, sizeof out->available);
    if (trust_anchor_list_write(ids, count, TRUST_ANCHOR_AVAILABLE, &b, NULL) == STATUS_OK && builder_is_good(&b))
        out->available_len = b.len;
}

static void fill_choice(const struct work *w, struct cathaya_tls_choice *out)
{
    const struct choice *choice = &w->choice;
    struct builder b;
    out->index = choice->index;
    out->kind = tls_parts_kind(w->candidates[choice->index].kind);
    out->is_tls13 = choice->is_tls13 ? 1 : 0;
    out->suite_count = choice->suite_count;
    memcpy(out->suites, choice->suites, choice->suite_count * sizeof *choice->suites);
    out->group = choice->group;
    out->signature_scheme = choice->scheme;
    out->is_retry_needed = choice->is_retry_needed ? 1 : 0;
    out->is_anchor_matched = choice->is_anchor_matched ? 1 : 0;
    builder_init_fixed(&b, out->group_name, sizeof out->group_name - 1);
    tls_names_write_group(choice->group, &b);
    end_text(&b, out->group_name);
    builder_init_fixed(&b, out->signature_name, sizeof out->signature_name - 1);
    tls_names_write_scheme(choice->scheme, &b);
    end_text(&b, out->signature_name);
}

static enum status choose(struct work *w, struct cathaya_tls_choice *out, struct error *err)
{
    decide(w);
    out->candidate_count = w->choice.candidate_count;
    for (size_t i = 0; i < w->choice.candidate_count; i++)
        out->why[i] = certificate_choice_reason_text(w->choice.reasons[i]);
    fill_available(w, out);
    if (w->choice.index == CHOICE_NONE)
        return error_set(err, STATUS_REFUSED, "no certificate for this client");
    fill_choice(w, out);
    return STATUS_OK;
}

enum cathaya_status cathaya_tls_choose(const struct cathaya_tls_candidate *const *candidates, size_t count,
                                       const uint8_t *hello, size_t hello_len,
                                       const struct cathaya_tls_choice_settings *settings, struct cathaya_tls_choice *out,
                                       struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    *out = (struct cathaya_tls_choice){.index = CHOICE_NONE};
    struct work *w = work_new();
    if (w == NULL)
        return tls_parts_no_memory(err);
    enum status s = prepare(w, candidates, count, hello, hello_len, settings, &inner);
    if (s == STATUS_OK)
        s = choose(w, out, &inner);
    work_free(w);
    return verify_parts_give(s, &inner, err);
}

/* ---- a ClientHello ---- */

int cathaya_tls_hello_is_incomplete(const uint8_t *hello, size_t hello_len)
{
    struct builder memory;
    struct error ignored;
    if (hello_len == 0)
        return 1;
    if (hello[0] == HANDSHAKE_CLIENT_HELLO) {
        if (hello_len < 4)
            return 1;
        size_t whole = 4 + ((size_t)hello[1] << 16 | (size_t)hello[2] << 8 | hello[3]);
        return whole > hello_len && whole <= CLIENT_HELLO_SIZE_MAX ? 1 : 0;
    }
    if (hello[0] != RECORD_HANDSHAKE)
        return 0;
    builder_init(&memory, CLIENT_HELLO_SIZE_MAX);
    enum status s = client_hello_gather(bytes_of(hello, hello_len), &memory, &ignored);
    builder_clear(&memory);
    return s == STATUS_AGAIN ? 1 : 0;
}

enum cathaya_status cathaya_tls_hello_name(const uint8_t *hello, size_t hello_len, char out[CATHAYA_TLS_SERVER_NAME_SIZE],
                                           struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    out[0] = '\0';
    struct work *w = work_new();
    if (w == NULL)
        return tls_parts_no_memory(err);
    enum status s = read_hello(w, hello, hello_len, 0, &inner);
    if (s == STATUS_OK && w->hello.server_name.len > 0) {
        memcpy(out, w->hello.server_name.data, w->hello.server_name.len);
        out[w->hello.server_name.len] = '\0';
    }
    work_free(w);
    return verify_parts_give(s, &inner, err);
}

/* ---- in words ---- */

/* What does not fit is cut. */
static enum status explain(struct work *w, char *text, size_t size, struct error *err)
{
    struct builder b;
    decide(w);
    builder_init(&b, CHOICE_EXPLAIN_SIZE_MAX);
    choice_explain_write(&w->client, w->candidates, &w->settings, &w->choice, &b);
    enum status s = builder_status(&b, "explanation", err);
    if (s == STATUS_OK && size > 0) {
        size_t len = b.len < size - 1 ? b.len : size - 1;
        memcpy(text, b.data, len);
        text[len] = '\0';
    }
    builder_clear(&b);
    return s;
}

enum cathaya_status cathaya_tls_explain(const struct cathaya_tls_candidate *const *candidates, size_t count,
                                        const uint8_t *hello, size_t hello_len,
                                        const struct cathaya_tls_choice_settings *settings, char *text, size_t size,
                                        struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    if (size > 0)
        text[0] = '\0';
    struct work *w = work_new();
    if (w == NULL)
        return tls_parts_no_memory(err);
    enum status s = prepare(w, candidates, count, hello, hello_len, settings, &inner);
    if (s == STATUS_OK)
        s = explain(w, text, size, &inner);
    work_free(w);
    return verify_parts_give(s, &inner, err);
}

static enum status explain_site(struct work *w, const struct tls_sites *sites, char *text, size_t size, struct error *err)
{
    if (!tls_sites_candidates(sites, w->hello.server_name, &w->candidates, &w->count, &w->settings))
        return error_set(err, STATUS_NOT_FOUND, "no site of this name, and no default site");
    return explain(w, text, size, err);
}

enum cathaya_status cathaya_tls_sites_explain(const struct cathaya_tls_sites *sites, const uint8_t *hello, size_t hello_len,
                                              int64_t at, uint16_t trust_anchors_type, char *text, size_t size,
                                              struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    if (size > 0)
        text[0] = '\0';
    struct work *w = work_new();
    if (w == NULL)
        return tls_parts_no_memory(err);
    w->settings.now_s = at;
    enum status s = read_hello(w, hello, hello_len, trust_anchors_type, &inner);
    if (s == STATUS_OK)
        s = explain_site(w, sites->sites, text, size, &inner);
    work_free(w);
    return verify_parts_give(s, &inner, err);
}
