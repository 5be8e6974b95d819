/* judging.h - one certificate, judged on a basis. */
#ifndef CATHAYA_PROGRAM_JUDGING_JUDGING_H
#define CATHAYA_PROGRAM_JUDGING_JUDGING_H

#include "judging/judging_basis.h"
#include "judging/judging_report.h"

/* What is asked. All borrowed until judging_free. */
struct judging_question {
    const struct bytes *chain; /* DER, the leaf first, then what came with it in any order; beyond PEER_CHAIN_MAX it is not looked at */
    size_t count;
    uint16_t purpose;          /* enum trust_bundle_purpose; 0: TLS */
    int64_t at_s;
    struct bytes dns_name, ip; /* what it has to be for; both empty: names are not compared */
    struct bytes sct_list, ocsp_response; /* that came beside it; empty: none */
    struct bytes properties;   /* CertificatePropertyList beside it [TAI 7]; empty, or not readable: none */
};

struct judging {
    struct peer_request request;
    struct peer_judgement *judgement; /* NULL: nobody is trusted, and the leaf alone was judged */
    struct policy_subject leaf;
    struct policy_answer answer;
};

/* judging_new judges. STATUS_MALFORMED when the leaf cannot be read, STATUS_NO_MEMORY. The basis has names when it has a policy; without one who is
 * trusted is all that is asked, and nobody may describe it. */
MUST_USE enum status judging_new(const struct judging_basis *basis, const struct judging_question *question, struct judging **out,
                                 struct error *err);
void judging_free(struct judging *judging);

/* judging_describe fills what the report is made of; language and detail are the caller's to set. Borrows both. */
void judging_describe(const struct judging_basis *basis, const struct judging *judging, struct judging_report *out);

#endif
