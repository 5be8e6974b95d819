#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "codec/note/checkpoint_verify.h"
#include "codec/tai/tai.h"
#include "demo/demo_world.h"

static enum status read_checkpoint(struct demo_world *w, const char *url, struct builder *body, struct note *note,
                                   struct checkpoint *checkpoint, struct error *err)
{
    enum status s = demo_fetch(w, url, bytes_of(NULL, 0), body, err);
    if (s == STATUS_OK)
        s = note_parse(builder_view(body), note, err);
    if (s == STATUS_OK)
        s = checkpoint_parse(note->text, checkpoint, err);
    return error_prefix(err, s, "%s", url);
}

/* Lines of mirrors count when they verify. */
static void find_signers(const struct demo_world *w, size_t issuer, const struct note *note, const struct checkpoint *checkpoint,
                         struct demo_log_view *view)
{
    size_t at = 0;
    for (size_t i = 0; i < DEMO_MIRRORS; i++) {
        const struct demo_mirror *m = &w->mirrors[i];
        struct error err = {.status = STATUS_OK};
        struct checkpoint_verifier verifier = {.name = vkey_name(&m->vkey), .type = m->vkey.type, .key = m->vkey.key};
        if (strcmp(m->suite, w->issuers[issuer].suite) == 0 && checkpoint_verify(note, checkpoint, &verifier, &err) == STATUS_OK)
            at += (size_t)snprintf(view->signers + at, sizeof view->signers - at, "%s%s", at > 0 ? " " : "", m->id);
    }
}

static enum status look_at_mirrors(struct demo_world *w, size_t issuer, const char *origin, struct builder *body, struct error *err)
{
    static struct note note;
    struct checkpoint checkpoint;
    uint8_t digest[HASH_SIZE];
    char hex[2 * HASH_SIZE + 1], url[2 * DEMO_URL_SIZE + sizeof hex];
    enum status s = hash_message(&hash_sha256, bytes_of_text(origin), digest, err);
    if (s != STATUS_OK)
        return s;
    text_hex(BYTES_OF(digest), hex);
    for (size_t i = 0; s == STATUS_OK && i < DEMO_MIRRORS; i++) {
        if (strcmp(w->mirrors[i].suite, w->issuers[issuer].suite) != 0)
            continue;
        (void)snprintf(url, sizeof url, "%s/mirror/%s/checkpoint", w->mirrors[i].url, hex);
        s = read_checkpoint(w, url, body, &note, &checkpoint, err);
        if (s == STATUS_OK)
            w->logs[issuer].mirror_sizes[i] = checkpoint.size;
    }
    return s;
}

enum status demo_logs_look(struct demo_world *w, struct error *err)
{
    static struct note note;
    struct checkpoint checkpoint;
    struct builder body;
    enum status s = STATUS_OK;
    builder_init(&body, NOTE_SIZE_MAX);
    for (size_t i = 0; s == STATUS_OK && i < DEMO_SUITES; i++) {
        char url[DEMO_URL_SIZE + 16], origin[TAI_NAME_SIZE];
        (void)snprintf(url, sizeof url, "%s/checkpoint", w->issuers[i].log_url);
        s = read_checkpoint(w, url, &body, &note, &checkpoint, err);
        if (s != STATUS_OK)
            break;
        w->logs[i].size = checkpoint.size;
        (void)snprintf(origin, sizeof origin, "%.*s", (int)checkpoint.origin.len, (const char *)checkpoint.origin.data);
        find_signers(w, i, &note, &checkpoint, &w->logs[i]);
        s = look_at_mirrors(w, i, origin, &body, err);
    }
    builder_clear(&body);
    return s;
}
