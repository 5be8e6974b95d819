#include "crypto/algorithm.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/builder.h"
#include "base/text.h"
#include "crypto/context.h"

struct algorithms {
    size_t count;
    struct signature_alg rows[ALGORITHMS_MAX];
};

/* The only list of algorithms in the code [GM 1]. Note types: C2SP signed-note gives a byte to
 * ML-DSA-44 (tree cosignatures) alone; Ed25519's 0x04 signs another message, so it is not used here. */
static const struct signature_alg built_in[] = {
    {.name = "sm2_sm3", .oid = "1.2.156.10197.1.501", .key_type = "SM2", .digest = "SM3",
     .has_sm2_id = true, .note_type = 0xff},
    {.name = "ecdsa_p256_sha256", .oid = "1.2.840.10045.4.3.2", .key_type = "EC",
     .group = "P-256", .digest = "SHA2-256", .note_type = 0xff},
    {.name = "ecdsa_p384_sha384", .oid = "1.2.840.10045.4.3.3", .key_type = "EC",
     .group = "P-384", .digest = "SHA2-384", .note_type = 0xff},
    {.name = "ed25519", .oid = "1.3.101.112", .key_type = "ED25519", .note_type = 0xff},
    {.name = "mldsa44", .oid = "2.16.840.1.101.3.4.3.17", .key_type = "ML-DSA-44",
     .note_type = 0x06},
    {.name = "mldsa65", .oid = "2.16.840.1.101.3.4.3.18", .key_type = "ML-DSA-65",
     .note_type = 0xff},
    {.name = "mldsa87", .oid = "2.16.840.1.101.3.4.3.19", .key_type = "ML-DSA-87",
     .note_type = 0xff},
};

/* The next dotted component; *rest moves behind it and its dot. */
static bool next_component(struct bytes *rest, uint64_t *component)
{
    const uint8_t *dot = memchr(rest->data, '.', rest->len);
    size_t len = dot != NULL ? (size_t)(dot - rest->data) : rest->len;
    if (!text_parse_u64(bytes_of(rest->data, len), UINT64_MAX, component))
        return false;
    size_t step = dot != NULL ? len + 1 : len;
    /* A dot at the very end leaves an empty component behind. */
    if (dot != NULL && step == rest->len)
        return false;
    *rest = bytes_of(rest->data + step, rest->len - step);
    return true;
}

bool algorithm_oid_to_der(const char *dotted, struct builder *out)
{
    struct bytes rest = bytes_of_text(dotted);
    uint64_t first, second;
    if (rest.len > ALGORITHM_OID_TEXT_MAX || !next_component(&rest, &first) || rest.len == 0 ||
        !next_component(&rest, &second) || first > 2 || (first < 2 && second > 39) ||
        second > UINT64_MAX - 80)
        return false;
    builder_u8(out, 0x06);
    size_t mark = builder_open_vector(out, 1);
    builder_base128(out, first * 40 + second);
    while (rest.len > 0) {
        uint64_t component;
        if (!next_component(&rest, &component))
            return false;
        builder_base128(out, component);
    }
    builder_close_vector(out, mark, 1);
    return builder_is_good(out) && out->len - mark - 1 < 128;
}

static bool write_identifier(struct signature_alg *alg)
{
    struct builder b;
    builder_init_fixed(&b, alg->identifier, sizeof alg->identifier);
    builder_u8(&b, 0x30);
    size_t mark = builder_open_vector(&b, 1);
    bool is_written = algorithm_oid_to_der(alg->oid, &b);
    builder_close_vector(&b, mark, 1);
    alg->identifier_len = b.len;
    return is_written && builder_is_good(&b);
}

enum status algorithms_new(struct algorithms **out, struct error *err)
{
    *out = NULL;
    struct algorithms *a = calloc(1, sizeof *a);
    if (a == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < sizeof built_in / sizeof built_in[0]; i++) {
        a->rows[i] = built_in[i];
        if (!write_identifier(&a->rows[i])) {
            free(a);
            return error_set(err, STATUS_LIMIT, "algorithm %s: bad built-in OID", built_in[i].name);
        }
        a->count++;
    }
    *out = a;
    return STATUS_OK;
}

void algorithms_free(struct algorithms *a)
{
    free(a);
}

static bool copy_text(char *out, size_t size, const char *text)
{
    size_t len = strlen(text);
    if (len >= size)
        return false;
    memcpy(out, text, len + 1);
    return true;
}

static bool is_name(const char *name)
{
    if (name[0] == '\0')
        return false;
    for (; *name != '\0'; name++)
        if (!((*name >= 'a' && *name <= 'z') || (*name >= '0' && *name <= '9') || *name == '_' ||
              *name == '-'))
            return false;
    return true;
}

/* Both the key type and its signature must be there: a KEM or a key exchange is no algorithm here. */
static bool evp_can_sign(const char *key_type)
{
    EVP_SIGNATURE *signature =
        EVP_SIGNATURE_fetch(context_library(), key_type, context_properties());
    EVP_KEYMGMT *keys = EVP_KEYMGMT_fetch(context_library(), key_type, context_properties());
    bool can = signature != NULL && keys != NULL;
    EVP_SIGNATURE_free(signature);
    EVP_KEYMGMT_free(keys);
    return can;
}

static bool is_same_row(const struct signature_alg *a, const struct signature_alg *b)
{
    return a->is_added && strcmp(a->name, b->name) == 0 && strcmp(a->oid, b->oid) == 0 &&
           strcmp(a->key_type, b->key_type) == 0 && strcmp(a->provider, b->provider) == 0;
}

static enum status check_new_row(const struct algorithms *a, const struct signature_alg *row,
                                 struct error *err)
{
    if (a->count == ALGORITHMS_MAX)
        return error_set(err, STATUS_LIMIT, "algorithm %s: at most %d algorithms are supported",
                         row->name, ALGORITHMS_MAX);
    if (algorithms_by_name(a, bytes_of_text(row->name)) != NULL)
        return error_set(err, STATUS_CONFLICT, "algorithm %s: the name is taken", row->name);
    const struct signature_alg *other = algorithms_by_identifier(a, algorithm_identifier(row));
    if (other != NULL)
        return error_set(err, STATUS_CONFLICT, "algorithm %s: OID %s belongs to %s already",
                         row->name, row->oid, other->name);
    return STATUS_OK;
}

enum status algorithms_add(struct algorithms *a, const char *name, const char *oid,
                           const char *evp_name, const char *provider, struct error *err)
{
    struct signature_alg row = {.note_type = 0xff, .is_added = true};
    if (!is_name(name) || !copy_text(row.name, sizeof row.name, name))
        return error_set(err, STATUS_USAGE, "algorithm name \"%.40s\": use a-z, 0-9, _ and -, at most %d characters",
                         name, ALGORITHM_NAME_MAX);
    if (!copy_text(row.oid, sizeof row.oid, oid) || !write_identifier(&row))
        return error_set(err, STATUS_USAGE, "algorithm %s: \"%.70s\" is not a dotted OID", name, oid);
    if (!copy_text(row.key_type, sizeof row.key_type, evp_name) ||
        !copy_text(row.provider, sizeof row.provider, provider))
        return error_set(err, STATUS_USAGE, "algorithm %s: EVP or provider name longer than %d characters",
                         name, ALGORITHM_EVP_NAME_MAX);
    const struct signature_alg *known = algorithms_by_name(a, bytes_of_text(name));
    if (known != NULL && is_same_row(known, &row))
        return STATUS_OK;
    enum status s = check_new_row(a, &row, err);
    if (s == STATUS_OK)
        s = context_load_provider(provider, err);
    if (s != STATUS_OK)
        return s;
    if (!evp_can_sign(evp_name))
        return error_set(err, STATUS_USAGE, "algorithm %s: no provider has keys and signatures named %s",
                         name, evp_name);
    a->rows[a->count++] = row;
    return STATUS_OK;
}

const struct signature_alg *algorithms_by_name(const struct algorithms *a, struct bytes name)
{
    for (size_t i = 0; i < a->count; i++)
        if (bytes_is_text(name, a->rows[i].name))
            return &a->rows[i];
    return NULL;
}

const struct signature_alg *algorithms_by_identifier(const struct algorithms *a,
                                                     struct bytes identifier)
{
    for (size_t i = 0; i < a->count; i++)
        if (bytes_equal(identifier, algorithm_identifier(&a->rows[i])))
            return &a->rows[i];
    return NULL;
}
