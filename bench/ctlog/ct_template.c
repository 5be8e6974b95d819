#include "ctlog/ct_template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "codec/asn1/der.h"
#include "codec/pem/pem.h"

#define FILE_MAX ((size_t)1 << 20)
#define DER_MAX 65536
#define SERIAL_TAIL 8

static _Noreturn void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

static void read_file(const char *path, struct builder *out)
{
    uint8_t buffer[4096];
    size_t len;
    FILE *file = fopen(path, "rb");
    builder_init(out, FILE_MAX);
    if (file == NULL)
        die(path, "cannot be read");
    while ((len = fread(buffer, 1, sizeof buffer, file)) > 0)
        builder_bytes(out, bytes_of(buffer, len));
    (void)fclose(file);
}

/* TBSCertificate, AlgorithmIdentifier, and where the serial number ends. */
static bool read_leaf(struct ct_template *t)
{
    struct reader whole, certificate, tbs;
    struct der_element element;
    reader_init(&whole, builder_view(&t->ders[0]));
    if (!der_enter(&whole, DER_SEQUENCE, &certificate) || !der_whole(&certificate, DER_SEQUENCE, &t->tbs) ||
        !der_whole(&certificate, DER_SEQUENCE, &t->algorithm))
        return false;
    struct reader outer;
    reader_init(&outer, t->tbs);
    if (!der_enter(&outer, DER_SEQUENCE, &tbs) || !der_any(&tbs, &element) || !der_tagged(&tbs, DER_INTEGER, &element) ||
        element.contents.len <= SERIAL_TAIL)
        return false;
    t->serial_at = (size_t)(element.contents.data - t->tbs.data) + element.contents.len - SERIAL_TAIL;
    return true;
}

void ct_template_open(struct ct_template *t, const char *chain_path, const char *key_path, const struct signature_alg *alg)
{
    struct error err = {.status = STATUS_OK};
    struct pem_reader pem;
    struct pem_block block;
    struct builder key;
    *t = (struct ct_template){.count = 0};
    read_file(chain_path, &t->file);
    pem_reader_init(&pem, builder_view(&t->file), PEM_LAX);
    while (t->count < CT_TEMPLATE_CHAIN_MAX) {
        builder_init(&t->ders[t->count], DER_MAX);
        enum status s = pem_next(&pem, &block, &t->ders[t->count], &err);
        if (s == STATUS_NOT_FOUND)
            break;
        if (s != STATUS_OK)
            die(chain_path, err.text);
        t->count++;
    }
    if (t->count < 2 || !read_leaf(t))
        die(chain_path, "not a leaf with a long serial number, and its issuer");
    read_file(key_path, &key);
    if (private_key_from_pem(alg, builder_view(&key), &t->issuer_key, &err) != STATUS_OK)
        die(key_path, err.text);
    builder_clear(&key);
}

void ct_template_clear(struct ct_template *t)
{
    for (size_t i = 0; i < CT_TEMPLATE_CHAIN_MAX; i++)
        builder_clear(&t->ders[i]);
    builder_clear(&t->file);
    private_key_free(t->issuer_key);
}

void ct_template_tbs(const struct ct_template *t, uint64_t number, struct builder *out)
{
    static const char mark[] = "load-";
    char digits[CT_TEMPLATE_DIGITS + 1];
    size_t at = out->len;
    builder_bytes(out, t->tbs);
    if (!builder_is_good(out))
        return;
    uint8_t *tbs = out->data + at;
    for (size_t i = 0; i < SERIAL_TAIL; i++)
        tbs[t->serial_at + i] = (uint8_t)(number >> (8 * (SERIAL_TAIL - 1 - i)));
    (void)snprintf(digits, sizeof digits, "%08llu", (unsigned long long)(number % 100000000));
    size_t end = t->tbs.len - CT_TEMPLATE_DIGITS;
    for (size_t i = 0; i + sizeof mark - 1 <= end; i++)
        if (memcmp(tbs + i, mark, sizeof mark - 1) == 0)
            memcpy(tbs + i + sizeof mark - 1, digits, CT_TEMPLATE_DIGITS);
}

void ct_template_leaf(const struct ct_template *t, uint64_t number, bool is_signed, struct builder *out)
{
    struct error err = {.status = STATUS_OK};
    size_t mark = der_open(out, DER_SEQUENCE), at = out->len;
    ct_template_tbs(t, number, out);
    if (!is_signed) {
        /* What follows the TBSCertificate in the template. */
        size_t rest = (size_t)(t->tbs.data - t->ders[0].data) + t->tbs.len;
        builder_bytes(out, bytes_of(t->ders[0].data + rest, t->ders[0].len - rest));
        der_close(out, mark);
        return;
    }
    struct bytes tbs = bytes_of(out->data + at, out->len - at);
    struct builder signature;
    builder_init(&signature, 256);
    builder_u8(&signature, 0);
    if (!builder_is_good(out) || private_key_sign(t->issuer_key, tbs, &signature, &err) != STATUS_OK)
        die("signing a leaf", err.text);
    builder_bytes(out, t->algorithm);
    der_write(out, DER_BIT_STRING, builder_view(&signature));
    der_close(out, mark);
    builder_clear(&signature);
}

void ct_template_body(const struct ct_template *t, uint64_t number, struct builder *out)
{
    struct builder leaf;
    builder_init(&leaf, DER_MAX);
    ct_template_leaf(t, number, true, &leaf);
    builder_text(out, "{\"chain\":[\"");
    text_write_base64(out, builder_view(&leaf));
    for (size_t i = 1; i < t->count; i++) {
        builder_text(out, "\",\"");
        text_write_base64(out, builder_view(&t->ders[i]));
    }
    builder_text(out, "\"]}");
    builder_clear(&leaf);
}
