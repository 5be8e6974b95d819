#include "inspect/inspect.h"

#include "codec/mtc/log_entry.h"
#include "codec/mtc/mtc_proof.h"
#include "inspect/view.h"

static void show_hashes(json_t *out, struct bytes proof)
{
    struct reader r;
    struct bytes hash;
    json_t *list = view_list(out, "inclusion_proof");
    reader_init(&r, proof);
    while (reader_bytes(&r, HASH_SIZE, &hash)) {
        json_t *holder = json_object();
        view_bytes(holder, "hash", hash);
        json_array_append(list, json_object_get(holder, "hash"));
        json_decref(holder);
    }
    if (!reader_is_at_end(&r))
        view_bytes(out, "inclusion_proof_rest", reader_rest(&r));
}

static void show_cosignatures(json_t *out, struct bytes signatures)
{
    struct reader r;
    struct cosignature c;
    struct tai id;
    char text[TAI_TEXT_SIZE];
    json_t *list = view_list(out, "cosignatures");
    reader_init(&r, signatures);
    while (mtc_proof_next(&r, &c)) {
        json_t *item = view_item(list);
        if (tai_parse_binary(c.cosigner_id, &id, NULL) == STATUS_OK) {
            tai_text(&id, text);
            view_text(item, "cosigner", "%s", text);
        } else {
            view_bytes(item, "cosigner", c.cosigner_id);
        }
        view_number(item, "signature_bytes", c.signature.len);
        view_bytes(item, "signature", c.signature);
    }
}

enum status inspect_proof(json_t *out, struct bytes input, const struct draft *draft,
                          struct error *err)
{
    struct mtc_proof proof;
    view_number(out, "proof_bytes", input.len);
    enum status s = mtc_proof_parse(input, draft, &proof, err);
    if (s != STATUS_OK)
        return s;
    if (proof.extensions.len > 2)
        view_bytes(out, "entry_extensions", proof.extensions);
    view_number(out, "start", proof.subtree.start);
    view_number(out, "end", proof.subtree.end);
    view_flag(out, "is_valid_subtree", subtree_is_valid(proof.subtree));
    show_hashes(out, proof.inclusion_proof);
    show_cosignatures(out, proof.signatures);
    return STATUS_OK;
}
