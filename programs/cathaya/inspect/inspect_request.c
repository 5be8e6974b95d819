#include "inspect/inspect.h"

#include "codec/x509/csr.h"
#include "crypto/csr_possession.h"
#include "inspect/oid_text.h"
#include "inspect/view.h"

enum status inspect_request(const struct inspect_input *in, json_t *out, struct error *err)
{
    struct csr csr;
    struct error why;
    char algorithm[OID_TEXT_SIZE];
    enum status s = csr_parse(in->content, &csr, err);
    if (s != STATUS_OK)
        return s;
    view_number(out, "bytes", csr.der.len);
    inspect_name(out, "subject", csr.subject);
    inspect_general_names(out, "names", csr.subject_alt_name);
    inspect_key(out, "subject_key", csr.spki);
    oid_describe_algorithm(csr.signature_algorithm, algorithm);
    view_text(out, "signature_algorithm", "%s", algorithm);
    bool is_proven = csr_possession_verify(csr.der, &why) == STATUS_OK;
    view_text(out, "possession", "%s", is_proven ? "proven: the signature is good" : why.text);
    view_bytes(out, "signature", csr.signature_value);
    return STATUS_OK;
}
