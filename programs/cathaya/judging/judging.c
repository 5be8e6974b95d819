#include "judging/judging.h"

#include <stdlib.h>

#include "codec/properties/properties.h"

/* SCTs beside a Merkle Tree Certificate [GM 4]. */
static struct bytes scts_of(struct bytes list)
{
    struct properties properties;
    struct error ignored;
    if (list.len == 0 || properties_parse(list, PROPERTIES_WITH_PATTERNS, &properties, &ignored) != STATUS_OK ||
        !properties.has_sct_list)
        return bytes_of(NULL, 0);
    return properties.sct_list;
}

/* Without anybody who is trusted there is the leaf. */
static enum status judge_leaf(const struct judging_basis *basis, const struct judging_question *question, struct judging *j,
                              struct error *err)
{
    struct certificate cert;
    enum status s = certificate_parse(question->chain[0], &cert, err);
    if (s != STATUS_OK)
        return s;
    j->leaf = policy_subject_of_certificate(&cert, j->request.purpose, question->at_s);
    j->leaf.dns_name = question->dns_name;
    j->leaf.ip = question->ip;
    j->leaf.names = &basis->names;
    return policy_judge(basis->set, &j->leaf, &j->answer, err);
}

static enum status judge_path(const struct judging_basis *basis, struct judging *j, struct error *err)
{
    enum status s = peer_judge_request(basis->set, basis->peer, &j->request, &basis->names, &j->judgement, err);
    if (s == STATUS_OK)
        j->answer = j->judgement->answer;
    return s;
}

enum status judging_new(const struct judging_basis *basis, const struct judging_question *question, struct judging **out,
                        struct error *err)
{
    *out = NULL;
    struct judging *j = calloc(1, sizeof *j);
    if (j == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    j->request = (struct peer_request){
        .chain = question->chain, .count = question->count < PEER_CHAIN_MAX ? question->count : PEER_CHAIN_MAX,
        .purpose = question->purpose != 0 ? question->purpose : TRUST_BUNDLE_TLS, .dns_name = question->dns_name,
        .ip = question->ip, .at_s = question->at_s, .is_unpaired = true, .sct_list = question->sct_list,
        .ocsp_response = question->ocsp_response, .property_scts = scts_of(question->properties), .scope = {.has_gm = true, .has_mtc = true, .has_landmarks = true}};
    enum status s = basis->has_trust ? judge_path(basis, j, err) : judge_leaf(basis, question, j, err);
    if (s == STATUS_OK)
        *out = j;
    else
        judging_free(j);
    return s;
}

void judging_free(struct judging *judging)
{
    if (judging == NULL)
        return;
    peer_judgement_free(judging->judgement);
    free(judging);
}

void judging_describe(const struct judging_basis *basis, const struct judging *judging, struct judging_report *out)
{
    *out = (struct judging_report){
        .set = basis->set, .is_built_in = basis->is_built_in, .answer = &judging->answer,
        .subject = judging->judgement != NULL ? peer_subject_policy(judging->judgement->subject) : &judging->leaf,
        .reason = judging->judgement != NULL ? judging->judgement->reason : ""};
}
