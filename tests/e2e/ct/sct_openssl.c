/* sct_openssl - OpenSSL's own Certificate Transparency code looks at SCTs: a reading that is not ours.
 *
 *   sct_openssl CTLOG.CNF CERT.pem ISSUER.pem            the SCT list in the certificate
 *   sct_openssl CTLOG.CNF CERT.pem ISSUER.pem LIST.bin   a SignedCertificateTimestampList that came beside it
 *
 * Prints "STATUS timestamp extensions" for each (STATUS as SCT_validation_status_string says it); exit 0 when all are valid,
 * 1 when one is not, 2 when something cannot be read. */
#include <openssl/ct.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LIST_MAX 65538

static void give_up(const char *what)
{
    (void)fprintf(stderr, "sct_openssl: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(2);
}

static X509 *read_certificate(const char *path)
{
    FILE *file = fopen(path, "rb");
    X509 *certificate = file == NULL ? NULL : PEM_read_X509(file, NULL, NULL, NULL);
    if (certificate == NULL)
        give_up(path);
    (void)fclose(file);
    return certificate;
}

static STACK_OF(SCT) *read_list(const char *path)
{
    static unsigned char content[LIST_MAX];
    const unsigned char *at = content;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        give_up(path);
    size_t len = fread(content, 1, sizeof content, file);
    (void)fclose(file);
    STACK_OF(SCT) *list = o2i_SCT_LIST(NULL, &at, len);
    for (int i = 0; i < sk_SCT_num(list); i++)
        if (SCT_set_source(sk_SCT_value(list, i), SCT_SOURCE_TLS_EXTENSION) != 1)
            give_up("SCT_set_source");
    return list;
}

static void print(const SCT *sct)
{
    unsigned char *extensions;
    size_t len = SCT_get0_extensions(sct, &extensions);
    (void)printf("%s %llu ", SCT_validation_status_string(sct), (unsigned long long)SCT_get_timestamp(sct));
    for (size_t i = 0; i < len; i++)
        (void)printf("%02x", extensions[i]);
    (void)printf("\n");
}

int main(int argc, char **argv)
{
    if (argc < 4 || argc > 5)
        give_up("usage: sct_openssl CTLOG.CNF CERT.pem ISSUER.pem [LIST.bin]");
    CTLOG_STORE *store = CTLOG_STORE_new();
    CT_POLICY_EVAL_CTX *context = CT_POLICY_EVAL_CTX_new();
    if (store == NULL || context == NULL || CTLOG_STORE_load_file(store, argv[1]) != 1)
        give_up("the list of logs");
    X509 *certificate = read_certificate(argv[2]), *issuer = read_certificate(argv[3]);
    STACK_OF(SCT) *list = argc == 5 ? read_list(argv[4]) : X509_get_ext_d2i(certificate, NID_ct_precert_scts, NULL, NULL);
    if (list == NULL || sk_SCT_num(list) == 0)
        give_up("no SCTs");
    (void)CT_POLICY_EVAL_CTX_set1_cert(context, certificate);
    (void)CT_POLICY_EVAL_CTX_set1_issuer(context, issuer);
    CT_POLICY_EVAL_CTX_set_shared_CTLOG_STORE(context, store);
    /* An SCT may be a moment ahead of this second. */
    CT_POLICY_EVAL_CTX_set_time(context, ((uint64_t)time(NULL) + 5) * 1000);
    int all_valid = SCT_LIST_validate(list, context);
    for (int i = 0; i < sk_SCT_num(list); i++)
        print(sk_SCT_value(list, i));
    SCT_LIST_free(list);
    X509_free(certificate);
    X509_free(issuer);
    CT_POLICY_EVAL_CTX_free(context);
    CTLOG_STORE_free(store);
    if (all_valid < 0)
        give_up("SCT_LIST_validate");
    return all_valid == 1 ? 0 : 1;
}
