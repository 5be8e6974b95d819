/* client_hello.h - reading a ClientHello [RFC8446 4.1.2] [RFC5246 7.4.1.2]: its bytes as they were sent,
 * or single extensions of it as a TLS library gives them.
 *
 *   struct {
 *       ProtocolVersion legacy_version;  Random random;  opaque legacy_session_id<0..32>;
 *       CipherSuite cipher_suites<2..2^16-2>;  opaque legacy_compression_methods<1..2^8-1>;
 *       Extension extensions<8..2^16-1>;               (absent in old clients of TLS 1.2)
 *   } ClientHello;
 *
 * Lists are checked to the end. The functions for one extension take its contents (extension_data) and
 * fail with STATUS_MALFORMED, which is decode_error in TLS.
 */
#ifndef CATHAYA_RULES_CLIENT_HELLO_H
#define CATHAYA_RULES_CLIENT_HELLO_H

#include "codec/tai/trust_anchor_list.h"
#include "rules/certificate_choice.h"

/* Clients offer fewer than 100 of anything. Of a longer list (scanners) those beyond are not kept and
 * counted. */
#define CLIENT_HELLO_CODES_MAX 256
/* A DNS name [RFC1035 2.3.4]. */
#define CLIENT_HELLO_NAME_MAX 255
/* Two or three in practice; a longer list is only checked. */
#define CLIENT_HELLO_ALPN_MAX 16
/* What OpenSSL takes: 128 KiB and a bit; post-quantum key shares and tickets are a few KiB. */
#define CLIENT_HELLO_SIZE_MAX 131396

/* struct client_hello_codes keeps a list of code points. */
struct client_hello_codes {
    uint16_t codes[CLIENT_HELLO_CODES_MAX];
    size_t count;
    size_t left_out_count;
};

static inline struct tls_codes client_hello_codes_view(const struct client_hello_codes *list)
{
    return (struct tls_codes){list->codes, list->count};
}

/* Protocols of ALPN in the client's order [RFC7301 3.1]; each borrows. */
struct client_hello_alpn {
    struct bytes protocols[CLIENT_HELLO_ALPN_MAX];
    size_t count;
};

/* client_hello_read_suites reads the contents of cipher_suites: pairs of bytes without a length (as
 * SSL_client_hello_get0_ciphers gives them). */
MUST_USE enum status client_hello_read_suites(struct bytes suites, struct client_hello_codes *out,
                                              struct error *err);

/* client_hello_read_codes reads supported_groups (10), signature_algorithms (13) or
 * signature_algorithms_cert (50), which all have a 16-bit length and at least one code point. */
MUST_USE enum status client_hello_read_codes(struct bytes extension, struct client_hello_codes *out,
                                             struct error *err);

/* client_hello_read_key_shares reads key_share (51): the groups of its entries. It may be empty. A group
 * twice is malformed [RFC8446 4.2.8]. */
MUST_USE enum status client_hello_read_key_shares(struct bytes extension,
                                                  struct client_hello_codes *out, struct error *err);

/* client_hello_read_versions reads supported_versions (43). */
MUST_USE enum status client_hello_read_versions(struct bytes extension, bool *has_tls13,
                                                bool *has_tls12, struct error *err);

/* client_hello_read_server_name reads server_name (0) [RFC6066 3]: *name borrows the host name as it was
 * sent, which has 1 to 255 visible ASCII characters; whether it is a DNS name is the caller's question.
 * Empty when the list has other kinds of names alone. */
MUST_USE enum status client_hello_read_server_name(struct bytes extension, struct bytes *name,
                                                   struct error *err);

/* client_hello_read_alpn reads application_layer_protocol_negotiation (16). */
MUST_USE enum status client_hello_read_alpn(struct bytes extension, struct client_hello_alpn *out,
                                            struct error *err);

/* A whole ClientHello. 20 KiB: not for a deep stack. names and protocols borrow from the message. */
struct client_hello {
    uint16_t legacy_version;
    bool has_tls13;
    bool has_tls12;
    struct bytes server_name;
    struct client_hello_codes suites;
    struct client_hello_codes groups;
    struct client_hello_codes key_shares;
    struct client_hello_codes schemes;
    bool has_cert_schemes;
    struct client_hello_codes cert_schemes;
    bool has_trust_anchors;
    struct trust_anchor_list trust_anchors;
    struct client_hello_alpn alpn;
};

/* client_hello_parse reads a handshake message, its type and 24-bit length first. code_point is that of
 * trust_anchors. STATUS_MALFORMED with the offset: also an extension twice, one that is needed and not
 * there (supported_groups with key_share in TLS 1.3), bytes after the end. */
MUST_USE enum status client_hello_parse(struct bytes message, uint16_t trust_anchors_code_point,
                                        struct client_hello *out, struct error *err);

/* client_hello_gather puts together the handshake message from all bytes that a client has sent so far: TLS
 * records of handshake type [RFC8446 5.1], one or several. It is written to out, which is empty (and empty
 * again for the next try) and has room for CLIENT_HELLO_SIZE_MAX. STATUS_AGAIN when more bytes are needed;
 * STATUS_MALFORMED when it is no ClientHello, which shows at the first byte that is wrong; STATUS_LIMIT when
 * it is too long. What comes after the message in its last record is malformed; bytes after that record are
 * not looked at. Each try reads from the start: a caller that waits for bytes limits how many it takes. */
MUST_USE enum status client_hello_gather(struct bytes sent, struct builder *out, struct error *err);

/* client_hello_load takes either: a handshake message (first byte 01) or records (16), whole.
 * `memory` keeps a message that was put together, and what *out borrows from. */
MUST_USE enum status client_hello_load(struct bytes input, uint16_t trust_anchors_code_point,
                                       struct builder *memory, struct client_hello *out,
                                       struct error *err);

/* client_hello_offer is what the choice looks at. It borrows from hello. */
struct choice_client client_hello_offer(const struct client_hello *hello);

#endif
