#include "tls/classic_path.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/x509v3.h>

#include "crypto/context.h"
#include "tls/classic_certificate.h"

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

static enum status refuse(X509_STORE_CTX *ctx, const struct classic_path *path, struct error *err)
{
    char subject[SUBJECT_SIZE] = "";
    int code = X509_STORE_CTX_get_error(ctx), depth = X509_STORE_CTX_get_error_depth(ctx);
    X509 *cert = X509_STORE_CTX_get_current_cert(ctx);
    if (code == X509_V_ERR_HOSTNAME_MISMATCH)
        return error_set(err, STATUS_REFUSED, "the certificate is not for the name %.*s",
                         (int)(path->dns_name.len < 200 ? path->dns_name.len : 200), (const char *)path->dns_name.data);
    if (code == X509_V_ERR_IP_ADDRESS_MISMATCH)
        return error_set(err, STATUS_REFUSED, "the certificate is not for this IP address");
    if (code == X509_V_ERR_OUT_OF_MEM)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    if (cert != NULL)
        classic_path_subject(cert, subject, sizeof subject);
    return error_set(err, STATUS_REFUSED, "%s (certificate %d of the path, \"%s\")", X509_verify_cert_error_string(code), depth,
                     subject);
}

/* What the server sent and what is known besides; the certificates stay theirs. */
static STACK_OF(X509) *untrusted(const struct classic_path *path)
{
    STACK_OF(X509) *all = sk_X509_dup(path->sent);
    for (int i = 0; all != NULL && path->known != NULL && i < sk_X509_num(path->known); i++)
        if (sk_X509_push(all, sk_X509_value(path->known, i)) <= 0) {
            sk_X509_free(all);
            return NULL;
        }
    return all;
}

static enum status failed(struct error *err)
{
    return error_set(err, STATUS_NO_MEMORY, "verification: %s", context_openssl_reason());
}

enum status classic_path_verify(const struct classic_path *path, STACK_OF(X509) **chain, struct error *err)
{
    *chain = NULL;
    STACK_OF(X509) *all = untrusted(path);
    X509_STORE_CTX *ctx = X509_STORE_CTX_new_ex(context_library(), context_properties());
    enum status s = STATUS_OK;
    if (all == NULL || ctx == NULL || X509_STORE_CTX_init(ctx, path->roots, sk_X509_value(path->sent, 0), all) != 1)
        s = failed(err);
    if (s == STATUS_OK) {
        X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
        X509_VERIFY_PARAM_set_time(param, (time_t)path->at_s);
        X509_VERIFY_PARAM_set_depth(param, CLASSIC_PATH_DEPTH_MAX);
        X509_VERIFY_PARAM_set_auth_level(param, CLASSIC_PATH_LEVEL);
        if (X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER) != 1 || !ask_for(param, path))
            s = failed(err);
        else if (X509_verify_cert(ctx) != 1)
            s = refuse(ctx, path, err);
        else if ((*chain = X509_STORE_CTX_get1_chain(ctx)) == NULL)
            s = failed(err);
    }
    X509_STORE_CTX_free(ctx);
    sk_X509_free(all);
    (void)context_openssl_reason();
    return s;
}
