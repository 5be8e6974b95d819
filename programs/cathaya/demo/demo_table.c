#include <stdio.h>
#include <string.h>

#include "demo/demo.h"
#include "output.h"
#include "tls/classic_chain.h"
#include "tls/memory_handshake.h"

/* Rounds of verification; the middle one is shown, because machines are shared. */
#define VERIFY_ROUNDS 101
#define VERIFIERS 5
#define CHAIN_MAX 2

/* A client that judges a chain: by a verifier of ours, or by the classic chain's root and logs. */
struct judge {
    struct cathaya_verifier *verifier;
    const struct classic_chain *chain;
    const char *name;
};

struct row {
    const char *label;
    struct bytes certificates[CHAIN_MAX];
    size_t certificate_count;
    struct bytes key_pem;
    const char *suite;
    struct judge judge;
    /* measured */
    size_t certificate_bytes;
    double verify_us;
    struct memory_handshake_result handshake;
};

static enum status judge(void *context, const struct bytes *chain, size_t count, struct error *err)
{
    const struct judge *j = context;
    if (j->chain != NULL)
        return classic_chain_verify(j->chain, chain, count, j->name, demo_now_s(), err);
    struct cathaya_error reason;
    struct cathaya_request request = {.at = demo_now_s(), .dns_name = j->name};
    if (count != 1)
        return error_set(err, STATUS_REFUSED, "a Merkle Tree Certificate comes alone");
    enum cathaya_status s = cathaya_verify(j->verifier, chain[0].data, chain[0].len, &request, NULL, &reason);
    return s == CATHAYA_OK ? STATUS_OK : error_set(err, (enum status)s, "%s", reason.reason);
}

static enum status time_verification(struct row *row, struct error *err)
{
    uint64_t rounds[VERIFY_ROUNDS] = {0};
    for (size_t i = 0; i < VERIFY_ROUNDS; i++) {
        uint64_t before = demo_clock_ns();
        enum status s = judge(&row->judge, row->certificates, row->certificate_count, err);
        uint64_t took = demo_clock_ns() - before;
        if (s != STATUS_OK)
            return s;
        size_t at = i;
        for (; at > 0 && rounds[at - 1] > took; at--)
            rounds[at] = rounds[at - 1];
        rounds[at] = took;
    }
    row->verify_us = (double)rounds[VERIFY_ROUNDS / 2] / 1000;
    return STATUS_OK;
}

static enum status measure(struct row *row, struct error *err)
{
    for (size_t i = 0; i < row->certificate_count; i++)
        row->certificate_bytes += row->certificates[i].len;
    struct memory_handshake handshake = {
        .chain = row->certificates,
        .chain_count = row->certificate_count,
        .key_pem = row->key_pem,
        .group = "curveSM2MLKEM768",
        .suite = row->suite,
        .server_name = row->judge.name,
        .verify = judge,
        .context = &row->judge,
    };
    enum status s = time_verification(row, err);
    if (s == STATUS_OK)
        s = memory_handshake_run(&handshake, &row->handshake, err);
    return error_prefix(err, s, "%s", row->label);
}

static struct row site_row(const char *label, const struct demo_site *site, bool is_landmark,
                           const char *suite, struct cathaya_verifier *verifier)
{
    return (struct row){
        .label = label,
        .certificates = {builder_view(is_landmark ? &site->landmark : &site->standalone)},
        .certificate_count = 1,
        .key_pem = builder_view(&site->key_pem),
        .suite = suite,
        .judge = {.verifier = verifier, .name = site->name},
    };
}

static struct row classic_row(const char *label, const struct classic_chain *chain,
                              const char *suite, const char *name)
{
    return (struct row){
        .label = label,
        .certificates = {classic_chain_leaf(chain), classic_chain_intermediate(chain)},
        .certificate_count = 2,
        .key_pem = classic_chain_key_pem(chain),
        .suite = suite,
        .judge = {.chain = chain, .name = name},
    };
}

static void print_row(const struct row *row, const struct row *classic, bool is_json)
{
    double times = classic->verify_us / row->verify_us;
    if (is_json)
        output_json(json_pack("{s:s, s:I, s:I, s:I, s:f, s:s, s:s, s:s}", "row", row->label, "certificate_bytes",
                              (json_int_t)row->certificate_bytes, "client_hello_bytes",
                              (json_int_t)row->handshake.client_hello_size, "server_flight_bytes",
                              (json_int_t)row->handshake.server_flight_size, "verify_us", row->verify_us,
                              "group", row->handshake.group, "suite", row->handshake.suite, "signature",
                              row->handshake.signature));
    else
        output_line("  %-46s %7zu  %7zu  %9.1f  %6.1fx", row->label, row->certificate_bytes,
                    row->handshake.server_flight_size, row->verify_us, times);
}

static enum status print_rows(struct row *rows, size_t count, size_t intl_first, bool is_json,
                              struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        output_progress("measuring: %s", rows[i].label);
        enum status s = measure(&rows[i], err);
        if (s != STATUS_OK)
            return s;
    }
    output_progress_end();
    if (!is_json)
        output_line("  %-46s %7s  %7s  %9s  %7s", "curveSM2MLKEM768, bytes and microseconds", "certs", "flight",
                    "verify", "faster");
    for (size_t i = 0; i < count; i++)
        print_row(&rows[i], &rows[i < intl_first ? 0 : intl_first], is_json);
    return STATUS_OK;
}

enum status demo_table_print(const struct demo_ca *gm, size_t sm2_only_site,
                             size_t both_cosigners_site, const struct demo_ca *intl,
                             size_t intl_site, bool is_json, struct error *err)
{
    static const char sm4[] = "TLS_SM4_GCM_SM3", aes[] = "TLS_AES_128_GCM_SHA256";
    struct classic_chain *sm2 = NULL, *mldsa = NULL;
    struct cathaya_verifier *v[VERIFIERS] = {NULL};
    const struct cathaya_trust *trusts[VERIFIERS] = {gm->without_landmark, gm->with_landmark, gm->all_cosigners,
                                                     intl->without_landmark, intl->with_landmark};
    struct cathaya_error reason;
    enum cathaya_status made = CATHAYA_OK;
    for (size_t i = 0; made == CATHAYA_OK && i < VERIFIERS; i++)
        made = cathaya_verifier_new(trusts[i], &v[i], &reason);
    enum status s = made == CATHAYA_OK ? STATUS_OK : error_set(err, (enum status)made, "%s", reason.reason);
    if (s == STATUS_OK)
        s = classic_chain_new(CLASSIC_SM2, "classic.gm.demo.test", demo_now_s(), &sm2, err);
    if (s == STATUS_OK)
        s = classic_chain_new(CLASSIC_MLDSA44, "classic.intl.demo.test", demo_now_s(), &mldsa, err);
    if (s == STATUS_OK) {
        struct row rows[] = {
            classic_row("GM classic: SM2 leaf + intermediate, 2 SCTs", sm2, sm4, "classic.gm.demo.test"),
            site_row("GM standalone: SM2", &gm->sites[sm2_only_site], false, sm4, v[0]),
            site_row("GM standalone: SM2 + ML-DSA-44", &gm->sites[both_cosigners_site], false, sm4, v[2]),
            site_row("GM landmark", &gm->sites[sm2_only_site], true, sm4, v[1]),
            classic_row("intl classic: ML-DSA-44 leaf + interm., 2 SCTs", mldsa, aes, "classic.intl.demo.test"),
            site_row("intl standalone: ML-DSA-44", &intl->sites[intl_site], false, aes, v[3]),
            site_row("intl landmark (ML-DSA-44 subject key)", &intl->sites[intl_site], true, aes, v[4]),
        };
        s = print_rows(rows, sizeof rows / sizeof rows[0], 4, is_json, err);
    }
    classic_chain_free(sm2);
    classic_chain_free(mldsa);
    for (size_t i = 0; i < VERIFIERS; i++)
        cathaya_verifier_free(v[i]);
    return s;
}
