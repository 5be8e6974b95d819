#include "judging/verify_client.h"

#include <stdio.h>

#include "api/verify_parts.h"
#include "codec/properties/properties.h"

enum status verify_client_read(struct verify_client *client, const struct options *options, struct error *err)
{
    const char *purpose = options_value(options, "purpose");
    client->has_policy = options_has(options, "policy-answer");
    client->is_verbose = options_has(options, "verbose");
    client->purpose = purpose == NULL ? TRUST_BUNDLE_TLS : trust_bundle_purpose_by_name(bytes_of_text(purpose));
    if (client->purpose == 0)
        return error_set(err, STATUS_USAGE, "--purpose %.40s: tls, tls-intranet, tls-client, email, code, timestamp, document or e-invoice",
                         purpose);
    return judging_language_parse(options_value(options, "lang"), &client->language, err);
}

enum status verify_client_open(struct verify_client *client, const struct options *options, int64_t at_s, struct error *err)
{
    enum status s = judging_basis_new(options_value(options, "algorithms"), &client->basis, err);
    if (s == STATUS_OK)
        s = judging_basis_take_directory(client->basis, options_value(options, "trust"), at_s, 0, err);
    if (s == STATUS_OK && client->has_policy)
        s = judging_basis_take_policy(client->basis, NULL, NULL, err);
    return s == STATUS_OK && client->has_policy ? judging_basis_take_options(client->basis, options, err) : s;
}

/* ---- one certificate ---- */

static void add_others(const struct input_blocks *blocks, struct bytes chain[PEER_CHAIN_MAX], struct judging_question *out)
{
    for (size_t i = 0; i < blocks->count; i++) {
        struct bytes der = input_block_der(blocks, i);
        if (input_block_is(blocks, i, PROPERTIES_PEM_LABEL))
            out->properties = der;
        else if (input_block_is(blocks, i, PEM_CERTIFICATE) && out->count < PEER_CHAIN_MAX &&
                 (out->count == 0 || !bytes_equal(der, chain[0])))
            chain[out->count++] = der;
    }
}

static void fill_question(const struct verify_client *client, const struct cathaya_request *asked, struct judging_question *out)
{
    *out = (struct judging_question){.purpose = client->purpose, .at_s = asked->at, .ip = bytes_of(asked->ip, asked->ip_len)};
    if (asked->dns_name != NULL)
        out->dns_name = bytes_of_text(asked->dns_name);
}

static void describe(const struct verify_client *client, struct verify_answer *out)
{
    const struct peer_judgement *j = out->judging->judgement;
    struct error why = {.status = j->outcome};
    (void)snprintf(why.text, sizeof why.text, "%s", j->reason);
    (void)verify_parts_give(j->outcome, &why, &out->err);
    verify_parts_fill_result(peer_trust_store(client->basis->peer), &j->peer.proof, j->outcome == STATUS_OK, &out->result);
    out->chain = j->peer.mode == PEER_MODE_CLASSIC ? &j->peer : NULL;
    if (!client->has_policy)
        return;
    judging_describe(client->basis, out->judging, &out->says);
    out->says.language = client->language;
    out->says.detail = client->is_verbose ? JUDGING_VERBOSE : JUDGING_BRIEF;
}

enum status verify_client_judge(const struct verify_client *client, const struct cathaya_request *request,
                                const struct input_blocks *blocks, const struct input_blocks *chain, struct verify_answer *out,
                                struct error *err)
{
    struct judging_question question;
    *out = (struct verify_answer){.judging = NULL};
    fill_question(client, request, &question);
    question.chain = out->certificates;
    add_others(blocks, out->certificates, &question);
    add_others(chain, out->certificates, &question);
    enum status s = judging_new(client->basis, &question, &out->judging, err);
    if (s == STATUS_OK)
        describe(client, out);
    return s;
}
