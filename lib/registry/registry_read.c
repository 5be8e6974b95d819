#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "codec/pem/pem.h"
#include "registry/registry_parts.h"

#define POLICY_FILE "policies/root-program.conf"
#define CT_POLICY_FILE "policies/ct-policy.conf"

enum place { PLACE_CONF, PLACE_PEM, PLACE_POLICY, PLACE_CT_POLICY };

/* A file's name taken apart. */
struct place_of {
    const struct registry_file *file;
    enum place place;
    enum registry_kind kind;
    struct bytes id;
};

static bool is_id(struct bytes id)
{
    if (id.len == 0 || id.len > REGISTRY_ID_MAX)
        return false;
    for (size_t i = 0; i < id.len; i++) {
        uint8_t c = id.data[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!is_letter && (i == 0 || (c != '-' && c != '_' && c != '.')))
            return false;
    }
    return true;
}

static bool ends_with(struct bytes name, const char *end)
{
    size_t len = strlen(end);
    return name.len > len && bytes_is_text(bytes_of(name.data + name.len - len, len), end);
}

static bool find_place(struct bytes name, struct place_of *out)
{
    *out = (struct place_of){.kind = REGISTRY_PROGRAM};
    if (bytes_is_text(name, POLICY_FILE) || bytes_is_text(name, CT_POLICY_FILE)) {
        out->place = bytes_is_text(name, POLICY_FILE) ? PLACE_POLICY : PLACE_CT_POLICY;
        return true;
    }
    if (bytes_is_text(name, "registry.conf"))
        return true;
    const uint8_t *slash = memchr(name.data, '/', name.len);
    if (slash == NULL)
        return false;
    struct bytes folder = bytes_of(name.data, (size_t)(slash - name.data));
    struct bytes rest = bytes_of(slash + 1, name.len - folder.len - 1);
    out->kind = registry_kind_by_folder(folder);
    out->place = ends_with(rest, ".pem") ? PLACE_PEM : PLACE_CONF;
    if (out->kind == REGISTRY_KINDS || (out->place == PLACE_CONF && !ends_with(rest, ".conf")))
        return false;
    if (out->place == PLACE_PEM && !registry_kind_is_thing(out->kind))
        return false;
    out->id = bytes_of(rest.data, rest.len - (out->place == PLACE_PEM ? 4 : 5));
    return is_id(out->id);
}

bool registry_has_file(struct bytes name)
{
    struct place_of place;
    return name.len > 0 && find_place(name, &place);
}

/* By kind and ID, a thing's statements before its PEM; policies, which have no ID, come first. */
static int compare_places(const void *a, const void *b)
{
    const struct place_of *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    int order = bytes_compare(x->id, y->id);
    return order != 0 ? order : (int)x->place - (int)y->place;
}

/* ---- statements ---- */

static const char *keep_text(struct registry *r, struct bytes text)
{
    char *kept = registry_keep(r, text.len + 1);
    if (kept != NULL && text.len > 0)
        memcpy(kept, text.data, text.len);
    return kept;
}

static enum status keep_statement(struct registry *r, struct registry_head *head, unsigned line, const struct registry_words *words,
                                  struct error *err)
{
    struct registry_statement statement = {.line = line, .words = {r->words.count, words->count}};
    enum status s = STATUS_OK;
    if (head->statements.count == REGISTRY_STATEMENTS_PER_FILE_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d statements", REGISTRY_STATEMENTS_PER_FILE_MAX);
    for (size_t i = 0; s == STATUS_OK && i < words->count; i++)
        s = array_insert(&r->words, r->words.count, &words->at[i], "words", err);
    if (s == STATUS_OK)
        s = array_insert(&r->statements, r->statements.count, &statement, "statements", err);
    head->statements.count++;
    return s;
}

static enum status read_statements(struct registry *r, struct registry_head *head, struct bytes text, struct error *err)
{
    /* A word takes its bytes and what is behind it: never more than the file has. */
    char *memory = registry_keep(r, text.len + 1);
    struct registry_words words;
    struct bytes line;
    enum status s = memory != NULL ? STATUS_OK : error_set(err, STATUS_NO_MEMORY, "out of memory");
    head->statements = (struct registry_run){r->statements.count, 0};
    for (unsigned number = 1; s == STATUS_OK && text_next_line(&text, &line); number++) {
        s = line.len <= REGISTRY_LINE_MAX ? registry_words_split(line, memory, &words, err)
                                          : error_set(err, STATUS_USAGE, "longer than %d bytes", REGISTRY_LINE_MAX);
        if (s == STATUS_OK && words.count > 0 && words.at[0][0] == '\0')
            s = error_set(err, STATUS_USAGE, "a statement begins with its name");
        if (s == STATUS_OK && words.count > 0)
            s = keep_statement(r, head, number, &words, err);
        if (s != STATUS_OK)
            return error_prefix(err, s, "%s:%u", head->file, number);
        memory += line.len + 1;
    }
    return s;
}

/* ---- certificates and keys ---- */

static bool is_certificate(enum registry_kind kind)
{
    return registry_has_purposes(kind);
}

static enum status read_pem(struct registry *r, const struct place_of *place, struct bytes *out, struct error *err)
{
    const char *label = is_certificate(place->kind) ? PEM_CERTIFICATE : "PUBLIC KEY";
    struct pem_reader pem;
    struct pem_block block;
    struct builder der, more;
    builder_init(&der, PEM_DER_MAX);
    builder_init(&more, PEM_DER_MAX);
    pem_reader_init(&pem, place->file->content, PEM_LAX);
    enum status s = pem_next(&pem, &block, &der, err);
    if (s == STATUS_NOT_FOUND || (s == STATUS_OK && !bytes_is_text(block.label, label)))
        s = error_set(err, STATUS_USAGE, "one block of PEM belongs there, %s", label);
    if (s == STATUS_OK && pem_next(&pem, &block, &more, NULL) != STATUS_NOT_FOUND)
        s = error_set(err, STATUS_USAGE, "one block of PEM belongs there, and no more");
    if (s == STATUS_OK) {
        const char *kept = keep_text(r, builder_view(&der));
        *out = bytes_of(kept, der.len);
        s = kept != NULL ? STATUS_OK : error_set(err, STATUS_NO_MEMORY, "out of memory");
    }
    builder_clear(&der);
    builder_clear(&more);
    return s == STATUS_OK ? STATUS_OK
                          : error_prefix(err, s == STATUS_MALFORMED || s == STATUS_NOT_FOUND ? STATUS_USAGE : s, "%.*s",
                                         (int)place->file->name.len, (const char *)place->file->name.data);
}

/* ---- files ---- */

static enum status read_conf(struct registry *r, const struct place_of *place, const struct place_of *pem,
                             const struct algorithms *algorithms, struct error *err)
{
    struct registry_head head = {.kind = place->kind, .id = keep_text(r, place->id), .file = keep_text(r, place->file->name)};
    struct bytes der = {NULL, 0};
    if (head.id == NULL || head.file == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status s = read_statements(r, &head, place->file->content, err);
    if (s != STATUS_OK)
        return s;
    if (place->kind == REGISTRY_PROGRAM)
        return registry_read_program(r, &head, err);
    if (place->kind == REGISTRY_OPERATOR)
        return registry_read_operator(r, &head, err);
    if (!registry_kind_is_thing(place->kind))
        return registry_read_case(r, &head, err);
    if (pem == NULL)
        return error_set(err, STATUS_USAGE, "%s: its certificate or key is not there: %s/%s.pem", head.file,
                         registry_kind_folder(head.kind), head.id);
    s = read_pem(r, pem, &der, err);
    return s == STATUS_OK ? registry_read_thing(r, &head, der, algorithms, err) : s;
}

static enum status keep_policy(struct registry *r, const struct place_of *place, struct error *err)
{
    struct bytes *out = place->place == PLACE_POLICY ? &r->policy_text : &r->ct_policy_text;
    const char *kept = keep_text(r, place->file->content);
    if (kept == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    *out = bytes_of(kept, place->file->content.len);
    return STATUS_OK;
}

static enum status read_places(struct registry *r, const struct place_of *places, size_t count,
                               const struct algorithms *algorithms, struct error *err)
{
    enum status s = STATUS_OK;
    bool has_program = false;
    for (size_t i = 0; s == STATUS_OK && i < count; i++) {
        const struct place_of *place = &places[i];
        bool is_same_as_last = i > 0 && places[i - 1].kind == place->kind && bytes_equal(places[i - 1].id, place->id);
        if (is_same_as_last && places[i - 1].place == place->place)
            return error_set(err, STATUS_USAGE, "%.*s: it is there twice", (int)place->file->name.len,
                             (const char *)place->file->name.data);
        if (place->place == PLACE_POLICY || place->place == PLACE_CT_POLICY) {
            s = keep_policy(r, place, err);
        } else if (place->place == PLACE_CONF) {
            bool has_pem = i + 1 < count && places[i + 1].place == PLACE_PEM && places[i + 1].kind == place->kind &&
                           bytes_equal(places[i + 1].id, place->id);
            has_program = has_program || place->kind == REGISTRY_PROGRAM;
            s = read_conf(r, place, has_pem ? &places[i + 1] : NULL, algorithms, err);
        } else if (!is_same_as_last) {
            return error_set(err, STATUS_USAGE, "%.*s: what it belongs to is not there: %s/%.*s.conf", (int)place->file->name.len,
                             (const char *)place->file->name.data, registry_kind_folder(place->kind), (int)place->id.len,
                             (const char *)place->id.data);
        }
    }
    if (s == STATUS_OK && !has_program)
        s = error_set(err, STATUS_USAGE, "no registry.conf: this is no registry");
    return s;
}

static enum status find_places(const struct registry_file *files, size_t count, struct place_of *out, struct error *err)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        int len = files[i].name.len < 200 ? (int)files[i].name.len : 200;
        const char *name = (const char *)files[i].name.data;
        if (files[i].name.len == 0 || !find_place(files[i].name, &out[i]))
            return error_set(err, STATUS_USAGE, "\"%.*s\": no file of a registry has this name", len, name);
        if (files[i].content.len > REGISTRY_FILE_SIZE_MAX)
            return error_set(err, STATUS_LIMIT, "%.*s: more than %zu bytes", len, name, REGISTRY_FILE_SIZE_MAX);
        out[i].file = &files[i];
        total += files[i].content.len;
        if (total > REGISTRY_SIZE_MAX)
            return error_set(err, STATUS_LIMIT, "the files have more than %zu bytes", REGISTRY_SIZE_MAX);
    }
    qsort(out, count, sizeof *out, compare_places);
    return STATUS_OK;
}

static void init(struct registry *r)
{
    r->operators = array_of(sizeof(struct registry_operator), REGISTRY_FILES_MAX);
    r->things = array_of(sizeof(struct registry_thing), REGISTRY_FILES_MAX);
    r->applications = array_of(sizeof(struct registry_case), REGISTRY_FILES_MAX);
    r->incidents = array_of(sizeof(struct registry_case), REGISTRY_FILES_MAX);
    r->words = array_of(sizeof(char *), (size_t)REGISTRY_STATEMENTS_MAX * 8);
    r->memory = array_of(sizeof(void *), REGISTRY_STATEMENTS_MAX);
    /* A statement has as many parts as it lists purposes, at most. */
    const size_t max = (size_t)REGISTRY_STATEMENTS_MAX * REGISTRY_PURPOSE_MAX;
    r->statements = array_of(sizeof(struct registry_statement), REGISTRY_STATEMENTS_MAX);
    r->contacts = array_of(sizeof(struct registry_contact), max);
    r->states = array_of(sizeof(struct registry_state), max);
    r->audits = array_of(sizeof(struct registry_audit), max);
    r->licences = array_of(sizeof(struct registry_licence), max);
    r->inclusions = array_of(sizeof(struct registry_inclusion), max);
    r->disclosures = array_of(sizeof(struct registry_disclosure), max);
    r->controls = array_of(sizeof(struct registry_control), max);
    r->exceptions = array_of(sizeof(struct registry_exception), max);
    r->serials = array_of(sizeof(struct registry_serials), max);
    r->rules = array_of(sizeof(struct registry_rule), max);
    r->minimums = array_of(sizeof(struct registry_minimum), max);
    r->previous = array_of(sizeof(struct registry_previous), max);
    r->documents = array_of(sizeof(struct registry_document), max);
    r->test_sites = array_of(sizeof(struct registry_test_site), max);
    r->visits = array_of(sizeof(struct registry_visit), max);
    r->subjects = array_of(sizeof(struct registry_subject), max);
    r->steps = array_of(sizeof(struct registry_step), max);
}

enum status registry_read(const struct registry_file *files, size_t count, const struct algorithms *algorithms,
                          struct registry **out, struct error *err)
{
    *out = NULL;
    if (count > REGISTRY_FILES_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d files", REGISTRY_FILES_MAX);
    struct registry *r = calloc(1, sizeof *r);
    struct place_of *places = calloc(count + 1, sizeof *places);
    enum status s = r != NULL && places != NULL ? STATUS_OK : error_set(err, STATUS_NO_MEMORY, "out of memory");
    if (s == STATUS_OK) {
        init(r);
        s = find_places(files, count, places, err);
    }
    if (s == STATUS_OK)
        s = read_places(r, places, count, algorithms, err);
    if (s == STATUS_OK)
        s = registry_check_references(r, err);
    free(places);
    if (s != STATUS_OK) {
        registry_free(r);
        return s;
    }
    *out = r;
    return STATUS_OK;
}
