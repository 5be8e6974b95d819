#include "tls/classic_path.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/x509v3.h>

#include "codec/trust_bundle/trust_bundle.h"
#include "crypto/context.h"
#include "tls/classic_certificate.h"
#include "tls/classic_use.h"

#define SUBJECT_SIZE 120

STACK_OF(X509) *classic_path_parse(const struct bytes *certificates, size_t count)
{
    STACK_OF(X509) *certs = sk_X509_new_null();
    for (size_t i = 0; certs != NULL && i < count; i++) {
        X509 *cert = classic_certificate_parse(certificates[i]);
        if (cert == NULL || sk_X509_push(certs, cert) <= 0) {
            X509_free(cert);
            sk_X509_pop_free(certs, X509_free);
            return NULL;
        }
    }
    return certs;
}

void classic_path_subject(const X509 *cert, char *out, size_t size)
{
    char *text = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    long len = 0;
    if (bio != NULL && X509_NAME_print_ex(bio, X509_get_subject_name(cert), 0, XN_FLAG_RFC2253) >= 0)
        len = BIO_get_mem_data(bio, &text);
    size_t used = len > 0 ? (size_t)len : 0;
    if (used >= size)
        used = size - 1;
    if (used > 0)
        memcpy(out, text, used);
    out[used] = '\0';
    BIO_free(bio);
}

/* OpenSSL takes a name that begins with a dot for all that is below it, and will not be asked for one with a NUL or a wildcard. */
static bool is_name(struct bytes name)
{
    return name.len == 0 ||
           (name.data[0] != '.' && memchr(name.data, '\0', name.len) == NULL && memchr(name.data, '*', name.len) == NULL);
}

/* Without a policy that is asked for, all that are left are good: "any" [RFC5280 6.1.1 (c)]. A root is what is listed as one, whether it
 * has signed itself or another one has [RFC5280 6.1.1 (d)]. */
static bool set_rules(X509_VERIFY_PARAM *param)
{
    return X509_VERIFY_PARAM_add0_policy(param, OBJ_nid2obj(NID_any_policy)) == 1 &&
           X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_POLICY_CHECK | X509_V_FLAG_PARTIAL_CHAIN) == 1;
}

static bool ask_for(X509_VERIFY_PARAM *param, const struct classic_path *path)
{
    struct bytes name = path->dns_name;
    if (path->ip.len > 0)
        return X509_VERIFY_PARAM_set1_ip(param, path->ip.data, path->ip.len) == 1;
    if (name.len == 0)
        return true;
    if (name.len > 1 && name.data[name.len - 1] == '.')
        name.len--; /* the root's dot is not in certificates */
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(param, (const char *)name.data, name.len) == 1;
}

static enum status refuse_name(const struct classic_path *path, struct error *err)
{
    return error_set(err, STATUS_REFUSED, "the certificate is not for the name %.*s",
                     (int)(path->dns_name.len < 200 ? path->dns_name.len : 200), (const char *)path->dns_name.data);
}

static enum status refuse(X509_STORE_CTX *ctx, const struct classic_path *path, struct classic_path_failure *failure,
                          struct error *err)
{
    char subject[SUBJECT_SIZE] = "";
    int code = X509_STORE_CTX_get_error(ctx), depth = X509_STORE_CTX_get_error_depth(ctx);
    X509 *cert = X509_STORE_CTX_get_current_cert(ctx);
    if (failure != NULL)
        *failure = (struct classic_path_failure){code, depth};
    if (code == X509_V_ERR_HOSTNAME_MISMATCH)
        return refuse_name(path, err);
    if (code == X509_V_ERR_IP_ADDRESS_MISMATCH)
        return error_set(err, STATUS_REFUSED, "the certificate is not for this IP address");
    if (code == X509_V_ERR_OUT_OF_MEM)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    if (cert != NULL)
        classic_path_subject(cert, subject, sizeof subject);
    return error_set(err, STATUS_REFUSED, "%s (certificate %d of the path, \"%s\")", X509_verify_cert_error_string(code), depth,
                     subject);
}

static enum status failed(struct error *err)
{
    return error_set(err, STATUS_NO_MEMORY, "verification: %s", context_openssl_reason());
}

/* What OpenSSL does not know of the purpose, on the whole path. */
static enum status check_use(const struct classic_path *path, STACK_OF(X509) *chain, struct classic_path_failure *failure,
                             struct error *err)
{
    char subject[SUBJECT_SIZE];
    for (int i = 0; i < sk_X509_num(chain); i++) {
        bool is_root = i > 0 && i == sk_X509_num(chain) - 1;
        if (is_root || classic_use_allows(sk_X509_value(chain, i), path->purpose, i > 0))
            continue;
        if (failure != NULL)
            *failure = (struct classic_path_failure){X509_V_ERR_INVALID_PURPOSE, i};
        classic_path_subject(sk_X509_value(chain, i), subject, sizeof subject);
        return error_set(err, STATUS_REFUSED, "the uses in it do not allow this one (certificate %d of the path, \"%s\")", i, subject);
    }
    return STATUS_OK;
}

static enum status run(X509_STORE_CTX *ctx, const struct classic_path *path, STACK_OF(X509) **chain,
                       struct classic_path_failure *failure, struct error *err)
{
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
    X509_STORE_CTX_set0_trusted_stack(ctx, path->roots);
    X509_VERIFY_PARAM_set_time(param, (time_t)path->at_s);
    X509_VERIFY_PARAM_set_depth(param, CLASSIC_PATH_DEPTH_MAX);
    X509_VERIFY_PARAM_set_auth_level(param, CLASSIC_PATH_LEVEL);
    if (X509_STORE_CTX_set_purpose(ctx, classic_use_purpose(path->purpose, sk_X509_value(path->sent, 0))) != 1 ||
        !set_rules(param) || !ask_for(param, path))
        return failed(err);
    if (X509_verify_cert(ctx) != 1)
        return refuse(ctx, path, failure, err);
    enum status s = check_use(path, X509_STORE_CTX_get0_chain(ctx), failure, err);
    if (s != STATUS_OK)
        return s;
    *chain = X509_STORE_CTX_get1_chain(ctx);
    return *chain != NULL ? STATUS_OK : failed(err);
}

enum status classic_path_verify(const struct classic_path *path, STACK_OF(X509) **chain, struct classic_path_failure *failure,
                                struct error *err)
{
    *chain = NULL;
    if (!is_name(path->dns_name)) {
        if (failure != NULL)
            *failure = (struct classic_path_failure){X509_V_ERR_HOSTNAME_MISMATCH, 0};
        return refuse_name(path, err);
    }
    X509_STORE_CTX *ctx = X509_STORE_CTX_new_ex(context_library(), context_properties());
    enum status s = ctx != NULL && X509_STORE_CTX_init(ctx, NULL, sk_X509_value(path->sent, 0), path->sent) == 1
                        ? run(ctx, path, chain, failure, err)
                        : failed(err);
    X509_STORE_CTX_free(ctx);
    (void)context_openssl_reason();
    return s;
}
