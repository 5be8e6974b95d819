#include "gateway/gateway_explain.h"

#include <stdlib.h>

#include "base/text.h"
#include "rules/choice_explain.h"
#include "rules/client_hello.h"
#include "rules/client_profiles.h"

/* The question that is being answered. A ClientHello and a list of IDs are tens of KiB: not on the stack. */
struct explanation {
    const struct choice_candidate *candidates;
    size_t count;
    struct choice_settings settings;
    struct choice_client client;
    struct choice choice;
    struct client_hello hello;
    struct trust_anchor_list anchors;
    struct builder bytes, memory; /* what hello borrows from */
};

static enum status load_hello(struct explanation *e, const char *base64, uint16_t code_point, struct error *err)
{
    if (!text_parse_base64(bytes_of_text(base64), &e->bytes))
        return error_set(err, STATUS_MALFORMED, "client_hello: no base64");
    enum status s = client_hello_load(builder_view(&e->bytes), code_point, &e->memory, &e->hello, err);
    if (s == STATUS_OK)
        e->client = client_hello_offer(&e->hello);
    return s;
}

static enum status use_profile(struct explanation *e, const char *name, struct error *err)
{
    const struct client_profile *profile = client_profiles_find(bytes_of_text(name));
    if (profile == NULL)
        return error_set(err, STATUS_USAGE, "client: gm, gm-no-landmarks, intl or legacy");
    client_profiles_anchors(profile, e->candidates, e->count, &e->anchors);
    e->client = client_profiles_offer(profile, e->anchors.ids, e->anchors.count);
    return STATUS_OK;
}

static json_t *list_candidates(const struct explanation *e)
{
    json_t *list = json_array();
    for (size_t i = 0; i < e->choice.candidate_count; i++) {
        struct choice_explain_row row;
        choice_explain_row(e->candidates, &e->choice, i, &row);
        (void)json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:s}", "kind", row.kind, "trust_anchor",
                                                    row.trust_anchor, "is_taken", (int)row.is_taken, "reason",
                                                    row.reason));
    }
    return list;
}

static const char *kind_of(const struct explanation *e)
{
    return e->choice.index == CHOICE_NONE
               ? NULL
               : certificate_choice_kind_name(e->candidates[e->choice.index].kind);
}

static enum status write_answer(struct explanation *e, json_t **out, struct error *err)
{
    struct builder text;
    builder_init(&text, CHOICE_EXPLAIN_SIZE_MAX);
    certificate_choice_make(&e->client, e->candidates, e->count, &e->settings, &e->choice);
    choice_explain_write(&e->client, e->candidates, &e->settings, &e->choice, &text);
    enum status s = builder_status(&text, "explanation", err);
    if (s == STATUS_OK)
        *out = json_pack("{s:s%, s:s?, s:s%, s:o}", "text", (const char *)text.data, text.len, "kind", kind_of(e), "sni",
                         e->client.server_name.data != NULL ? (const char *)e->client.server_name.data : "",
                         e->client.server_name.len, "candidates", list_candidates(e));
    builder_clear(&text);
    return s == STATUS_OK && *out == NULL ? error_set(err, STATUS_NO_MEMORY, "out of memory") : s;
}

/* The candidates are those of the name, so the name is needed first; a ClientHello may bring its own. */
static enum status explain(struct explanation *e, const struct tls_sites *sites,
                           const struct gateway_question *question, json_t **out, struct error *err)
{
    enum status s = STATUS_OK;
    if (question->client_hello != NULL)
        s = load_hello(e, question->client_hello, question->trust_anchors_code_point, err);
    struct bytes name = question->sni != NULL ? bytes_of_text(question->sni) : e->client.server_name;
    e->settings.now_s = question->now_s;
    if (s == STATUS_OK && !tls_sites_candidates(sites, name, &e->candidates, &e->count, &e->settings))
        s = error_set(err, STATUS_NOT_FOUND, "no site has the name %.*s, and there is no default site", (int)name.len,
                      (const char *)name.data);
    if (s == STATUS_OK && question->client_hello == NULL)
        s = use_profile(e, question->client, err);
    e->client.server_name = name;
    return s == STATUS_OK ? write_answer(e, out, err) : s;
}

enum status gateway_explain(const struct tls_sites *sites, const struct gateway_question *question, json_t **out,
                            struct error *err)
{
    struct explanation *e = calloc(1, sizeof *e);
    *out = NULL;
    if (e == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    builder_init(&e->bytes, CLIENT_HELLO_SIZE_MAX);
    builder_init(&e->memory, CLIENT_HELLO_SIZE_MAX);
    enum status s = explain(e, sites, question, out, err);
    builder_clear(&e->bytes);
    builder_clear(&e->memory);
    free(e);
    return s;
}
