#include "codec/mtc/draft.h"

#include "codec/asn1/der.h"

#define BYTES(array) {(array), sizeof(array)}

/* Experimental arc 1.3.6.1.4.1.44363.47 of the drafts up to -06. */
#define EXPERIMENTAL_ARC 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0xda, 0x4b, 0x2f

static const uint8_t ca_extension_05[] = {EXPERIMENTAL_ARC, 0x02};
static const uint8_t ca_extension_06[] = {EXPERIMENTAL_ARC, 0x04};
static const uint8_t ca_extension_07[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x26};
static const uint8_t ca_extension_gm[] = {DRAFT_PROJECT_ARC, 0x01};

static const uint8_t name_attribute_05[] = {EXPERIMENTAL_ARC, 0x01};
static const uint8_t name_attribute_06[] = {EXPERIMENTAL_ARC, 0x03};
static const uint8_t name_attribute_07[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x19, 0x03};

static const uint8_t proof_experimental[] = {0x30, 0x0c, 0x06, 0x0a, EXPERIMENTAL_ARC, 0x00};
static const uint8_t proof_07[] = {0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06,
                                   0x01, 0x05, 0x05, 0x07, 0x06, 0x43};

#define SERIAL_MIN_07 ((uint64_t)1 << 48)

static const struct draft draft_04 = {
    .name = "draft-04",
    .hash = &hash_sha256,
    .ca_extension = BYTES(ca_extension_05),
    .ca_fields = 3,
    .has_log_hash = true,
    .name_attribute = BYTES(name_attribute_05),
    .name_tag = DER_UTF8_STRING,
    .proof_identifier = BYTES(proof_experimental),
    .signatures_prefix = 2,
};

static const struct draft draft_05 = {
    .name = "draft-05",
    .hash = &hash_sha256,
    .ca_extension = BYTES(ca_extension_05),
    .ca_fields = 4,
    .has_log_hash = true,
    .has_max_serial = true,
    .name_attribute = BYTES(name_attribute_05),
    .name_tag = DER_UTF8_STRING,
    .proof_identifier = BYTES(proof_experimental),
    .signatures_prefix = 2,
};

static const struct draft draft_06 = {
    .name = "draft-06",
    .hash = &hash_sha256,
    .ca_extension = BYTES(ca_extension_06),
    .ca_fields = 3,
    .has_max_serial = true,
    .serial_min = SERIAL_MIN_07,
    .name_attribute = BYTES(name_attribute_06),
    .name_tag = DER_RELATIVE_OID,
    .proof_identifier = BYTES(proof_experimental),
    .signatures_prefix = 3,
};

const struct draft draft_07 = {
    .name = "draft-07",
    .hash = &hash_sha256,
    .is_written = true,
    .ca_extension = BYTES(ca_extension_07),
    .ca_fields = 3,
    .has_max_serial = true,
    .serial_min = SERIAL_MIN_07,
    .name_attribute = BYTES(name_attribute_07),
    .name_tag = DER_RELATIVE_OID,
    .proof_identifier = BYTES(proof_07),
    .signatures_prefix = 3,
};

const struct draft draft_gm = {
    .name = "gm-0",
    .hash = &hash_sm3,
    .is_written = true,
    .ca_extension = BYTES(ca_extension_gm),
    .ca_fields = 3,
    .has_max_serial = true,
    .serial_min = SERIAL_MIN_07,
    .name_attribute = BYTES(name_attribute_07),
    .name_tag = DER_RELATIVE_OID,
    .proof_identifier = BYTES(proof_07),
    .signatures_prefix = 3,
};

static const struct draft *const drafts[] = {&draft_gm, &draft_07, &draft_06, &draft_05, &draft_04};
#define DRAFT_COUNT (sizeof drafts / sizeof drafts[0])

const struct draft *draft_find(struct bytes extension_oid, unsigned ca_fields)
{
    for (size_t i = 0; i < DRAFT_COUNT; i++)
        if (bytes_equal(drafts[i]->ca_extension, extension_oid) && drafts[i]->ca_fields == ca_fields)
            return drafts[i];
    return NULL;
}

bool draft_is_proof(struct bytes algorithm)
{
    for (size_t i = 0; i < DRAFT_COUNT; i++)
        if (bytes_equal(drafts[i]->proof_identifier, algorithm))
            return true;
    return false;
}

bool draft_has_ca_extension(struct bytes extension_oid)
{
    for (size_t i = 0; i < DRAFT_COUNT; i++)
        if (bytes_equal(drafts[i]->ca_extension, extension_oid))
            return true;
    return false;
}

void draft_write_ca_name(const struct draft *draft, const struct tai *ca_id, struct builder *out)
{
    size_t name = der_open(out, DER_SEQUENCE), rdn = der_open(out, DER_SET);
    size_t attribute = der_open(out, DER_SEQUENCE);
    der_write(out, DER_OID, draft->name_attribute);
    size_t value = der_open(out, draft->name_tag);
    if (draft->name_tag == DER_RELATIVE_OID)
        builder_bytes(out, tai_bytes(ca_id));
    else
        tai_write_text(ca_id, out);
    der_close(out, value);
    der_close(out, attribute);
    der_close(out, rdn);
    der_close(out, name);
}

enum status draft_parse_ca_name(const struct draft *draft, struct bytes name, struct tai *ca_id,
                                struct error *err)
{
    struct reader r, rdns, rdn, attribute;
    struct der_element type, value;
    reader_init(&r, name);
    if (!der_enter(&r, DER_SEQUENCE, &rdns) || !reader_is_at_end(&r) ||
        !der_enter(&rdns, DER_SET, &rdn) || !reader_is_at_end(&rdns) ||
        !der_enter(&rdn, DER_SEQUENCE, &attribute) || !reader_is_at_end(&rdn) ||
        !der_tagged(&attribute, DER_OID, &type) ||
        !bytes_equal(type.contents, draft->name_attribute) ||
        !der_tagged(&attribute, draft->name_tag, &value) || !reader_is_at_end(&attribute))
        return error_set(err, STATUS_MALFORMED, "name: not one trust anchor ID attribute of %s",
                         draft->name);
    enum status s = draft->name_tag == DER_RELATIVE_OID
                        ? tai_parse_binary(value.contents, ca_id, err)
                        : tai_parse_text(value.contents, ca_id, err);
    return error_prefix(err, s, "name");
}
