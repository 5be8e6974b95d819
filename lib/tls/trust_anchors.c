#include "tls/trust_anchors.h"

#include "crypto/context.h"

static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
static int slot = -1; /* of the connection's struct; written once */

static void take_slot(void)
{
    slot = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

static int say(struct bytes contents, const unsigned char **out, size_t *out_len)
{
    *out = contents.data;
    *out_len = contents.len;
    return 1;
}

static int add(SSL *ssl, unsigned type, unsigned context, const unsigned char **out, size_t *out_len,
               X509 *cert, size_t index, int *alert, void *argument)
{
    const struct trust_anchors *mine = SSL_get_ex_data(ssl, slot);
    (void)type;
    (void)cert;
    (void)argument;
    *alert = SSL_AD_INTERNAL_ERROR;
    if (mine == NULL)
        return 0;
    if (context == SSL_EXT_CLIENT_HELLO)
        return mine->is_requesting ? say(mine->requested, out, out_len) : 0;
    if (context == SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS)
        return mine->available.len > 0 ? say(mine->available, out, out_len) : 0;
    return index == 0 && mine->is_confirmed && SSL_is_server(ssl) == 1 ? say(bytes_of(NULL, 0), out, out_len)
                                                                       : 0;
}

static enum status hear(struct trust_anchors *mine, unsigned context, size_t index, struct bytes contents)
{
    struct trust_anchor_list list;
    struct error err;
    if (context == SSL_EXT_TLS1_3_CERTIFICATE) {
        enum status s = trust_anchor_list_check_certificate(contents, &err);
        if (s == STATUS_OK && index != 0)
            s = STATUS_MALFORMED;
        mine->is_confirmed = s == STATUS_OK;
        return s;
    }
    mine->has_heard = true;
    return trust_anchor_list_parse(contents,
                                   context == SSL_EXT_CLIENT_HELLO ? TRUST_ANCHOR_REQUESTED
                                                                   : TRUST_ANCHOR_AVAILABLE,
                                   mine->heard != NULL ? mine->heard : &list, &err);
}

static int parse(SSL *ssl, unsigned type, unsigned context, const unsigned char *in, size_t in_len,
                 X509 *cert, size_t index, int *alert, void *argument)
{
    struct trust_anchors *mine = SSL_get_ex_data(ssl, slot);
    struct trust_anchors nobody = {.heard = NULL};
    (void)type;
    (void)cert;
    (void)argument;
    *alert = SSL_AD_DECODE_ERROR;
    return hear(mine != NULL ? mine : &nobody, context, index, bytes_of(in, in_len)) == STATUS_OK ? 1 : 0;
}

enum status trust_anchors_install(SSL_CTX *ctx, uint16_t code_point, struct error *err)
{
    if (code_point == 0)
        code_point = TRUST_ANCHOR_LIST_CODE_POINT;
    if (CRYPTO_THREAD_run_once(&once, take_slot) != 1 || slot < 0)
        return error_set(err, STATUS_NO_MEMORY, "tls: out of memory");
    unsigned where = SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS |
                     SSL_EXT_TLS1_3_CERTIFICATE | SSL_EXT_TLS1_3_ONLY;
    if (SSL_CTX_add_custom_ext(ctx, code_point, where, add, NULL, NULL, parse, NULL) != 1)
        return error_set(err, STATUS_USAGE, "tls: the code point 0x%04x of trust_anchors is taken: %s",
                         code_point, context_openssl_reason());
    return STATUS_OK;
}

bool trust_anchors_attach(SSL *ssl, struct trust_anchors *mine)
{
    return slot >= 0 && SSL_set_ex_data(ssl, slot, mine) == 1;
}
