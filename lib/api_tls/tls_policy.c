/* tls_policy.c - the public judgement by a policy, a thin face of tls/peer_judge. */
#include <cathaya/policy.h>

#include <stdlib.h>
#include <string.h>

#include "api/verify_parts.h"
#include "api_tls/tls_answer.h"

_Static_assert((int)CATHAYA_PURPOSE_TLS == (int)TRUST_BUNDLE_TLS, "purpose");
_Static_assert((int)CATHAYA_PURPOSE_TLS_INTRANET == (int)TRUST_BUNDLE_TLS_INTRANET, "purpose");
_Static_assert((int)CATHAYA_PURPOSE_TLS_CLIENT == (int)TRUST_BUNDLE_TLS_CLIENT, "purpose");
_Static_assert((int)CATHAYA_PURPOSE_EMAIL == (int)TRUST_BUNDLE_EMAIL, "purpose");
_Static_assert((int)CATHAYA_PURPOSE_CODE == (int)TRUST_BUNDLE_CODE, "purpose");
_Static_assert((int)CATHAYA_PURPOSE_TIMESTAMP == (int)TRUST_BUNDLE_TIMESTAMP, "purpose");
_Static_assert((int)CATHAYA_PURPOSE_DOCUMENT == (int)TRUST_BUNDLE_DOCUMENT, "purpose");
_Static_assert((int)CATHAYA_PURPOSE_E_INVOICE == (int)TRUST_BUNDLE_E_INVOICE, "purpose");

struct cathaya_policy {
    const struct cathaya_tls_trust *trust;
    struct policy_set *set;
    bool is_built_in;
};

/* ---- the policy ---- */

enum cathaya_status cathaya_policy_new(const struct cathaya_tls_trust *trust, struct cathaya_policy **out,
                                       struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    *out = NULL;
    struct cathaya_policy *policy = calloc(1, sizeof *policy);
    if (policy == NULL)
        return tls_parts_no_memory(err);
    policy->trust = trust;
    policy->is_built_in = trust->mtc->policy.len == 0;
    enum status s = policy->is_built_in ? policy_set_default(&policy->set, &inner)
                                        : policy_set_read(builder_view(&trust->mtc->policy), builder_view(&trust->mtc->ct_policies),
                                                          POLICY_FROM_BUNDLE, &policy->set, &inner);
    if (s == STATUS_OK)
        *out = policy;
    else
        cathaya_policy_free(policy);
    return verify_parts_give(s, &inner, err);
}

void cathaya_policy_free(struct cathaya_policy *policy)
{
    if (policy == NULL)
        return;
    policy_set_free(policy->set);
    free(policy);
}

const char *cathaya_policy_name(const struct cathaya_policy *policy)
{
    return policy_set_name(policy->set);
}

uint64_t cathaya_policy_version(const struct cathaya_policy *policy)
{
    return policy_set_version(policy->set);
}

int cathaya_policy_is_built_in(const struct cathaya_policy *policy)
{
    return policy->is_built_in ? 1 : 0;
}

/* ---- names ---- */

static bool is_public_suffix(void *context, const char *name)
{
    const struct cathaya_policy_names *names = context;
    return names->is_public_suffix(names->context, name) != 0;
}

static bool is_internal_name(void *context, const char *name)
{
    const struct cathaya_policy_names *names = context;
    return names->is_internal_name(names->context, name) != 0;
}

/* One function without the other says too little. */
static enum status take_names(const struct cathaya_policy_names *names, struct policy_names *out, struct error *err)
{
    if (names == NULL)
        return STATUS_OK;
    if (names->is_public_suffix == NULL || names->is_internal_name == NULL)
        return error_set(err, STATUS_USAGE, "names: both functions are needed");
    /* What the policy calls takes a context that it may change; here nobody does. */
    *out = (struct policy_names){.is_public_suffix = is_public_suffix, .is_internal_name = is_internal_name,
                                 .context = (void *)(uintptr_t)names};
    return STATUS_OK;
}

/* ---- a connection ---- */

static enum status judge_connection(const struct cathaya_policy *policy, const struct cathaya_tls *connection,
                                    const struct cathaya_policy_names *names, struct cathaya_answer **out, struct error *err)
{
    const struct tls_browser_report *report = tls_browser_report(connection->stream);
    struct bytes chain[PEER_CHAIN_MAX];
    struct peer_request request;
    struct policy_names asked;
    struct peer_judgement *judgement;
    if (connection->trust != policy->trust)
        return error_set(err, STATUS_USAGE, "the connection and the policy are of different trusts");
    if (report == NULL || !tls_browser_request(connection->stream, chain, &request))
        return error_set(err, STATUS_NOT_FOUND, "the connection has come to no certificate");
    enum status s = take_names(names, &asked, err);
    if (s != STATUS_OK)
        return s;
    const struct peer_subject_question question = {.trust = policy->trust->peer, .request = &request, .verdict = &report->peer,
                                                   .outcome = report->verdict, .why = report->reason,
                                                   .names = names != NULL ? &asked : NULL};
    s = peer_judge_verdict(policy->set, &question, &judgement, err);
    if (s != STATUS_OK)
        return s;
    s = tls_answer_new(policy->set, judgement, out, err);
    peer_judgement_free(judgement);
    return s;
}

enum cathaya_status cathaya_policy_judge_connection(const struct cathaya_policy *policy, const struct cathaya_tls *connection,
                                                    const struct cathaya_policy_names *names, struct cathaya_answer **out,
                                                    struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    *out = NULL;
    return verify_parts_give(judge_connection(policy, connection, names, out, &inner), &inner, err);
}

/* ---- certificates ---- */

/* 9999-12-31T23:59:59Z, the last second that certificates can name. */
#define AT_MAX INT64_C(253402300799)

static enum status check(const struct cathaya_policy_request *request, struct error *err)
{
    if (request->chain == NULL || request->chain_count == 0)
        return error_set(err, STATUS_USAGE, "there is no certificate");
    if (request->chain_count > PEER_CHAIN_MAX)
        return error_set(err, STATUS_LIMIT, "%zu certificates; a chain has at most %d", request->chain_count, PEER_CHAIN_MAX);
    if ((unsigned)request->purpose > CATHAYA_PURPOSE_E_INVOICE)
        return error_set(err, STATUS_USAGE, "%d is no purpose", (int)request->purpose);
    if (request->at < 0 || request->at > AT_MAX)
        return error_set(err, STATUS_USAGE, "at is %lld: no time that certificates can name", (long long)request->at);
    if (request->dns_name != NULL && request->dns_name[0] == '\0')
        return error_set(err, STATUS_USAGE, "dns_name is empty");
    if (request->dns_name != NULL && request->ip != NULL)
        return error_set(err, STATUS_USAGE, "dns_name and ip: one of them is asked for");
    if (request->ip != NULL ? request->ip_len != 4 && request->ip_len != 16 : request->ip_len != 0)
        return error_set(err, STATUS_USAGE, "ip_len is %zu: an address has 4 or 16 bytes", request->ip_len);
    return STATUS_OK;
}

static void fill(const struct cathaya_policy_request *from, struct bytes chain[PEER_CHAIN_MAX], struct peer_request *out)
{
    for (size_t i = 0; i < from->chain_count; i++)
        chain[i] = bytes_of(from->chain[i].data, from->chain[i].len);
    *out = (struct peer_request){
        .chain = chain, .count = from->chain_count, .at_s = from->at, .is_unpaired = true,
        .purpose = from->purpose != 0 ? (uint16_t)from->purpose : TRUST_BUNDLE_TLS,
        .scope = {.has_gm = true, .has_mtc = true, .has_landmarks = true},
        .ip = bytes_of(from->ip, from->ip_len),
        .sct_list = bytes_of(from->sct_list, from->sct_list != NULL ? from->sct_list_len : 0),
        .ocsp_response = bytes_of(from->ocsp_response, from->ocsp_response != NULL ? from->ocsp_response_len : 0)};
    if (from->dns_name != NULL)
        out->dns_name = bytes_of_text(from->dns_name);
}

static enum status judge(const struct cathaya_policy *policy, const struct cathaya_policy_request *request,
                         struct cathaya_answer **out, struct error *err)
{
    struct bytes chain[PEER_CHAIN_MAX];
    struct peer_request asked;
    struct policy_names names;
    struct peer_judgement *judgement;
    enum status s = check(request, err);
    if (s == STATUS_OK)
        s = take_names(request->names, &names, err);
    if (s != STATUS_OK)
        return s;
    fill(request, chain, &asked);
    s = peer_judge_request(policy->set, policy->trust->peer, &asked, request->names != NULL ? &names : NULL, &judgement, err);
    if (s != STATUS_OK)
        return s;
    s = tls_answer_new(policy->set, judgement, out, err);
    peer_judgement_free(judgement);
    return s;
}

enum cathaya_status cathaya_policy_judge(const struct cathaya_policy *policy, const struct cathaya_policy_request *request,
                                         struct cathaya_answer **out, struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    *out = NULL;
    return verify_parts_give(judge(policy, request, out, &inner), &inner, err);
}
