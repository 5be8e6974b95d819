/* tls_answer.c - what a policy has said, for the outside. */
#include "api_tls/tls_answer.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

_Static_assert((int)CATHAYA_VERDICT_SECURE == (int)POLICY_VERDICT_SECURE, "verdict");
_Static_assert((int)CATHAYA_VERDICT_NOT_TRANSPARENT == (int)POLICY_VERDICT_NOT_TRANSPARENT, "verdict");
_Static_assert((int)CATHAYA_VERDICT_NOT_SECURE == (int)POLICY_VERDICT_NOT_SECURE, "verdict");
_Static_assert((int)CATHAYA_VERDICT_UNTRUSTED == (int)POLICY_VERDICT_UNTRUSTED, "verdict");
_Static_assert((int)CATHAYA_LANGUAGE_EN == (int)POLICY_EN && (int)CATHAYA_LANGUAGE_ZH == (int)POLICY_ZH, "language");
_Static_assert(CATHAYA_LANGUAGES == POLICY_LANGUAGES, "languages");
_Static_assert((int)CATHAYA_RULE_PASS == (int)POLICY_PASS && (int)CATHAYA_RULE_FAIL == (int)POLICY_FAIL, "result");
_Static_assert((int)CATHAYA_RULE_WARN == (int)POLICY_WARNING && (int)CATHAYA_RULE_INFO == (int)POLICY_NOTE, "result");
_Static_assert((int)CATHAYA_RULE_NOT_LOOKED_AT == (int)POLICY_NOT_LOOKED_AT, "result");
_Static_assert((int)CATHAYA_RULE_NOT_APPLICABLE == (int)POLICY_NOT_APPLICABLE, "result");
_Static_assert((int)CATHAYA_EFFECT_OFF == (int)POLICY_OFF && (int)CATHAYA_EFFECT_INFO == (int)POLICY_INFO, "effect");
_Static_assert((int)CATHAYA_EFFECT_WARN == (int)POLICY_WARN && (int)CATHAYA_EFFECT_LEVEL_T1 == (int)POLICY_LEVEL_T1, "effect");
_Static_assert((int)CATHAYA_EFFECT_NOT_TRANSPARENT == (int)POLICY_NOT_TRANSPARENT, "effect");
_Static_assert((int)CATHAYA_EFFECT_NOT_SECURE == (int)POLICY_NOT_SECURE, "effect");
_Static_assert((int)CATHAYA_EFFECT_UNTRUSTED == (int)POLICY_UNTRUSTED, "effect");
_Static_assert(CATHAYA_DELIVERY_CERTIFICATE == CT_POLICY_EMBEDDED && CATHAYA_DELIVERY_TLS == CT_POLICY_TLS, "delivery");
_Static_assert(CATHAYA_DELIVERY_OCSP == CT_POLICY_OCSP && CATHAYA_DELIVERY_PROPERTY == CT_POLICY_PROPERTY, "delivery");
_Static_assert((int)CATHAYA_COSIGNER_CA == (int)POLICY_COSIGNER_CA, "role");
_Static_assert((int)CATHAYA_COSIGNER_CERTIFYING == (int)POLICY_COSIGNER_CERTIFYING, "role");
_Static_assert((int)CATHAYA_COSIGNER_WITNESS == (int)POLICY_COSIGNER_WITNESS, "role");
_Static_assert((int)CATHAYA_COSIGNER_MIRROR == (int)POLICY_COSIGNER_MIRROR, "role");
_Static_assert((int)CATHAYA_COSIGNER_UNKNOWN == (int)POLICY_COSIGNER_UNKNOWN, "role");
_Static_assert(CATHAYA_RULES_MAX == POLICY_RULES_MAX, "rules");
_Static_assert(CATHAYA_ANSWER_SCTS_MAX == CT_POLICY_SCTS_MAX, "SCTs");
_Static_assert(CATHAYA_ANSWER_COSIGNERS_MAX == POLICY_COSIGNERS_MAX, "cosigners");
_Static_assert(CATHAYA_KIND_SIZE == sizeof((struct policy_answer *)0)->kind, "kind");
_Static_assert(CATHAYA_ID_SIZE >= TAI_TEXT_SIZE, "ID");

/* Descriptions and operators of log lists have 255 bytes, reasons of checks less. */
#define TEXT_SIZE 256

struct answer_sct {
    struct cathaya_answer_sct row; /* points to what follows */
    char log_name[TEXT_SIZE], log_operator[TEXT_SIZE], reason[TEXT_SIZE];
};

struct answer_cosigner {
    struct cathaya_answer_cosigner row;
    char id[CATHAYA_ID_SIZE], operator_name[TEXT_SIZE], reason[TEXT_SIZE];
};

struct cathaya_answer {
    const struct policy_set *set;
    struct policy_answer answer;
    char reason[ERROR_TEXT_MAX];
    size_t sct_count, cosigner_count;
    struct answer_sct *scts;
    struct answer_cosigner *cosigners;
};

/* What others wrote, cut to fit, in UTF-8 without control characters; where it is not, '?' for all that is not ASCII. text may
 * be what is in out. */
static const char *keep(char *out, size_t size, struct bytes text)
{
    size_t len = text.len < size - 1 ? text.len : size - 1;
    while (len < text.len && len > 0 && (text.data[len] & 0xc0) == 0x80)
        len--;
    bool is_fine = text_is_printable_utf8(bytes_of(text.data, len));
    for (size_t i = 0; i < len; i++)
        out[i] = (char)(is_fine || (text.data[i] >= ' ' && text.data[i] <= '~') ? text.data[i] : '?');
    out[len] = '\0';
    return out;
}

static const char *keep_text(char *out, size_t size, const char *text)
{
    return keep(out, size, text != NULL ? bytes_of_text(text) : bytes_of(NULL, 0));
}

/* ---- making it ---- */

static void take_sct(const struct log_list *logs, const struct policy_sct *from, struct answer_sct *to)
{
    struct cathaya_answer_sct *row = &to->row;
    bool is_known = logs != NULL && from->log != NULL;
    memcpy(row->log_id, from->log_id, sizeof row->log_id);
    row->timestamp_ms = from->timestamp_ms;
    row->delivery = from->delivery;
    row->is_good = from->is_good ? 1 : 0;
    row->log_name = keep_text(to->log_name, sizeof to->log_name, is_known ? from->log->description : NULL);
    row->log_operator = keep_text(to->log_operator, sizeof to->log_operator, is_known ? log_list_operator(logs, from->log) : NULL);
    row->reason = keep_text(to->reason, sizeof to->reason, from->why);
}

static void take_cosigner(const struct policy_cosigner *from, struct answer_cosigner *to)
{
    struct cathaya_answer_cosigner *row = &to->row;
    tai_text(&from->id, to->id);
    row->id = to->id;
    row->role = (enum cathaya_cosigner_role)from->role;
    row->operator_name = keep(to->operator_name, sizeof to->operator_name, from->operator_name);
    row->is_good = from->is_good ? 1 : 0;
    row->reason = keep_text(to->reason, sizeof to->reason, from->why);
}

/* Evidence may quote a certificate, and so does the organisation. */
static void clean(struct policy_answer *answer)
{
    for (size_t i = 0; i < answer->count; i++)
        (void)keep_text(answer->rules[i].evidence, sizeof answer->rules[i].evidence, answer->rules[i].evidence);
    (void)keep_text(answer->organisation, sizeof answer->organisation, answer->organisation);
}

static enum status take_transparency(struct cathaya_answer *answer, const struct policy_transparency *t, struct error *err)
{
    if (t == NULL)
        return STATUS_OK;
    answer->scts = calloc(t->sct_count + 1, sizeof *answer->scts);
    answer->cosigners = calloc(t->cosigner_count + 1, sizeof *answer->cosigners);
    if (answer->scts == NULL || answer->cosigners == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    for (; answer->sct_count < t->sct_count; answer->sct_count++)
        take_sct(t->logs, &t->scts[answer->sct_count], &answer->scts[answer->sct_count]);
    for (; answer->cosigner_count < t->cosigner_count; answer->cosigner_count++)
        take_cosigner(&t->cosigners[answer->cosigner_count], &answer->cosigners[answer->cosigner_count]);
    return STATUS_OK;
}

static const char *why_untrusted(const struct peer_judgement *j)
{
    const struct policy_path *path = peer_subject_policy(j->subject)->path;
    if (j->outcome != STATUS_OK)
        return j->reason;
    return path != NULL && path->count == 0 && path->why != NULL ? path->why : "";
}

enum status tls_answer_new(const struct policy_set *set, const struct peer_judgement *judgement, struct cathaya_answer **out,
                           struct error *err)
{
    struct cathaya_answer *answer = calloc(1, sizeof *answer);
    if (answer == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    answer->set = set;
    answer->answer = judgement->answer;
    clean(&answer->answer);
    (void)keep_text(answer->reason, sizeof answer->reason, why_untrusted(judgement));
    enum status s = take_transparency(answer, peer_subject_policy(judgement->subject)->transparency, err);
    if (s == STATUS_OK)
        *out = answer;
    else
        cathaya_answer_free(answer);
    return s;
}

void cathaya_answer_free(struct cathaya_answer *answer)
{
    if (answer == NULL)
        return;
    free(answer->scts);
    free(answer->cosigners);
    free(answer);
}

/* ---- reading it ---- */

static enum cathaya_icon icon_of(const struct policy_answer *a)
{
    if (a->verdict != POLICY_VERDICT_SECURE)
        return a->verdict == POLICY_VERDICT_UNTRUSTED    ? CATHAYA_ICON_UNTRUSTED
               : a->verdict == POLICY_VERDICT_NOT_SECURE ? CATHAYA_ICON_NOT_SECURE
                                                         : CATHAYA_ICON_NOT_TRANSPARENT;
    return a->level >= 1 && a->level <= 4 ? (enum cathaya_icon)(CATHAYA_ICON_LOCK_T1 + a->level - 1) : CATHAYA_ICON_LOCK_T1;
}

void cathaya_answer_summary(const struct cathaya_answer *answer, struct cathaya_answer_summary *out)
{
    const struct policy_answer *a = &answer->answer;
    *out = (struct cathaya_answer_summary){
        .verdict = (enum cathaya_verdict)a->verdict, .level = a->level, .icon = icon_of(a),
        .icon_name = policy_icon(answer->set, a), .organisation = a->organisation,
        .worst_rule = a->worst != NULL ? a->worst : "", .reason = answer->reason, .is_intranet = a->is_intranet ? 1 : 0,
        .is_gm = a->is_gm ? 1 : 0, .purpose = (enum cathaya_purpose)a->purpose, .rule_count = a->count,
        .sct_count = answer->sct_count, .cosigner_count = answer->cosigner_count};
    memcpy(out->kind, a->kind, sizeof out->kind);
    for (int i = 0; i < CATHAYA_LANGUAGES; i++)
        out->saying[i] = policy_saying(answer->set, a, (enum policy_language)i);
}

int cathaya_answer_rule(const struct cathaya_answer *answer, size_t i, struct cathaya_rule *out)
{
    if (i >= answer->answer.count)
        return 0;
    const struct policy_rule_result *from = &answer->answer.rules[i];
    *out = (struct cathaya_rule){.id = from->id, .result = (enum cathaya_rule_result)from->result,
                                 .effect = (enum cathaya_rule_effect)from->effect, .evidence = from->evidence};
    for (int language = 0; language < CATHAYA_LANGUAGES; language++) {
        out->title[language] = policy_set_title(answer->set, from->id, (enum policy_language)language);
        out->fix[language] = policy_set_fix(answer->set, from->id, (enum policy_language)language);
    }
    return 1;
}

int cathaya_answer_sct(const struct cathaya_answer *answer, size_t i, struct cathaya_answer_sct *out)
{
    if (i >= answer->sct_count)
        return 0;
    *out = answer->scts[i].row;
    return 1;
}

int cathaya_answer_cosigner(const struct cathaya_answer *answer, size_t i, struct cathaya_answer_cosigner *out)
{
    if (i >= answer->cosigner_count)
        return 0;
    *out = answer->cosigners[i].row;
    return 1;
}

const char *cathaya_verdict_name(enum cathaya_verdict verdict)
{
    return (unsigned)verdict < POLICY_VERDICTS ? policy_verdict_name((enum policy_verdict)verdict) : "";
}

const char *cathaya_rule_result_name(enum cathaya_rule_result result)
{
    return (unsigned)result <= CATHAYA_RULE_NOT_APPLICABLE ? policy_result_name((enum policy_result)result) : "";
}
