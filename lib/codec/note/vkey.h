/* vkey.h - reading verifier keys [C2SP signed-note]; note_key.h writes them.
 *
 *   vkey = name "+" hex(key-id) "+" base64(type || public-key)
 *
 * Of the types, those that note_key.h names are read. The key ID must be the one that name, type and key
 * give: C2SP recommends this form, and a line of another ID could not be matched by anybody else.
 */
#ifndef CATHAYA_CODEC_NOTE_VKEY_H
#define CATHAYA_CODEC_NOTE_VKEY_H

#include "codec/note/note_key.h"

/* A name of 255 bytes [MTC 5.3.1], a key of KEY_SPKI_MAX bytes in base64 with the identifier before it. */
#define VKEY_TEXT_MAX 6144
#define VKEY_NAME_MAX 255

struct vkey {
    char name[VKEY_NAME_MAX + 1];
    uint8_t key_id[NOTE_KEY_ID_SIZE];
    enum note_key_type type;
    struct public_key *key; /* vkey_clear frees it */
};

/* vkey_parse reads a whole verifier key. STATUS_MALFORMED for anything but the grammar and for a key ID
 * that is not the key's, STATUS_REFUSED for a type or an algorithm that is not known. *out needs
 * vkey_clear after success only. algorithms must outlive the key. */
MUST_USE enum status vkey_parse(struct bytes text, const struct algorithms *algorithms,
                                struct vkey *out, struct error *err);

/* vkey_clear frees the key; the zero vkey is fine. */
void vkey_clear(struct vkey *vkey);

static inline struct bytes vkey_name(const struct vkey *vkey)
{
    return bytes_of_text(vkey->name);
}

#endif
