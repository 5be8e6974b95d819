/* What changed is read from the statements, so that nothing can change without being told; a table says it in words. */
#include "registry/registry_diff.h"

#include <stdlib.h>
#include <string.h>

#include "registry/registry_parts.h"

const char *registry_change_name(enum registry_change_kind kind)
{
    static const char *const names[] = {"added", "gone", "state", "key", "limits", "record"};
    return names[kind];
}

void registry_changes_clear(struct registry_changes *changes)
{
    array_clear(&changes->changes);
}

/* ---- words for statements ---- */

struct phrase {
    const char *keyword;
    enum registry_change_kind kind;
    const char *words; /* before what the statement says; "" : the keyword itself */
};

static const struct phrase phrases[] = {
    {"state", REGISTRY_STATE, ""},
    {"level-max", REGISTRY_LIMITS, "trust level at most"},
    {"distrust-after", REGISTRY_LIMITS, "nothing issued after"},
    {"sct-distrust-after", REGISTRY_LIMITS, "nothing logged after"},
    {"permit-name", REGISTRY_LIMITS, "only names below"},
    {"exclude-name", REGISTRY_LIMITS, "no names below"},
    {"revoked", REGISTRY_LIMITS, "revoked serial numbers"},
    {"minimum-index", REGISTRY_LIMITS, "revoked entries of a log below"},
    {"only-listed-intermediates", REGISTRY_LIMITS, "only intermediates that are listed"},
    {"default-trusted", REGISTRY_LIMITS, "trusted because Chromium trusts it"},
    {"require", REGISTRY_LIMITS, "has to be cosigned:"},
    {"interval", REGISTRY_LIMITS, "takes certificates that end"},
    {"audit", REGISTRY_RECORD, "audit statement"},
    {"licence", REGISTRY_RECORD, "licence"},
    {"included", REGISTRY_RECORD, "in the program of"},
    {"control", REGISTRY_RECORD, "change of control"},
    {"disclosure", REGISTRY_RECORD, "disclosure of intermediates"},
    {"disclosed", REGISTRY_RECORD, "disclosed on"},
    {"exception", REGISTRY_RECORD, "exception from"},
    {"step", REGISTRY_RECORD, ""},
    {"document", REGISTRY_RECORD, "document"},
    {"signed-document", REGISTRY_RECORD, "signed test document"},
    {"test-site", REGISTRY_RECORD, "test site"},
    {"visit", REGISTRY_RECORD, "test site visited"},
    {"subject", REGISTRY_RECORD, "about"},
};

static struct phrase phrase_of(const char *keyword)
{
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++)
        if (strcmp(phrases[i].keyword, keyword) == 0)
            return phrases[i];
    return (struct phrase){keyword, REGISTRY_RECORD, keyword};
}

/* ---- one file of either registry ---- */

struct side {
    const struct registry *r;
    const struct registry_head *head;
    const char *name;
    struct bytes der;
};

struct diffing {
    const struct registry *before, *after;
    struct registry_changes *out;
    struct error *err;
};

static void say_name(const struct side *side, char *out, size_t size)
{
    const struct registry_head *head = side->head;
    if (head->id[0] == '\0')
        registry_format(out, size, "%s %s", registry_kind_name(head->kind), side->name);
    else if (strcmp(side->name, head->id) == 0)
        registry_format(out, size, "%s %s", registry_kind_name(head->kind), head->id);
    else
        registry_format(out, size, "%s %s (%s)", registry_kind_name(head->kind), side->name, head->id);
}

static enum status add(struct diffing *d, enum registry_change_kind kind, const struct side *side, const char *text)
{
    struct registry_change change = {.kind = kind, .head = side->head};
    char name[TRUST_BUNDLE_TEXT_MAX + REGISTRY_ID_MAX + 32];
    say_name(side, name, sizeof name);
    registry_format(change.text, sizeof change.text, "%s: %s", name, text);
    return array_insert(&d->out->changes, d->out->changes.count, &change, "changes", d->err);
}

static const struct registry_statement *statement_at(const struct side *side, size_t i)
{
    return array_at(&side->r->statements, side->head->statements.first + i);
}

static const char *keyword_at(const struct side *side, size_t i)
{
    return registry_word(side->r, statement_at(side, i)->words, 0);
}

static bool is_same(const struct side *a, size_t i, const struct side *b, size_t j)
{
    const struct registry_run x = statement_at(a, i)->words, y = statement_at(b, j)->words;
    if (x.count != y.count)
        return false;
    for (size_t k = 0; k < x.count; k++)
        if (strcmp(registry_word(a->r, x, k), registry_word(b->r, y, k)) != 0)
            return false;
    return true;
}

/* How often it stands in side a up to and with i, against how often in b: the second of two equal lines is a change too. */
static bool has_match(const struct side *a, size_t i, const struct side *b)
{
    size_t mine = 0, theirs = 0;
    for (size_t k = 0; k <= i; k++)
        mine += is_same(a, k, a, i) ? 1 : 0;
    for (size_t k = 0; k < b->head->statements.count; k++)
        theirs += is_same(a, i, b, k) ? 1 : 0;
    return mine <= theirs;
}

static void say_words(const struct side *side, size_t i, size_t from, char *out, size_t size)
{
    const struct registry_run words = statement_at(side, i)->words;
    size_t len = 0;
    out[0] = '\0';
    for (size_t k = from; k < words.count; k++) {
        registry_format(out + len, size - len, "%s%s", k > from ? " " : "", registry_word(side->r, words, k));
        len = strlen(out);
    }
}

/* A state is the sentence that an announcement is about: "tls is accepted from 2026-02-01: reason". */
static void say_state(const struct side *side, size_t i, char *out, size_t size)
{
    const struct registry_run words = statement_at(side, i)->words;
    size_t at = 1;
    const char *purposes = registry_has_purposes(side->head->kind) ? registry_word(side->r, words, at++) : "it";
    const char *state = registry_word(side->r, words, at), *day = registry_word(side->r, words, at + 1);
    registry_format(out, size, "%s is %s from %s: %s", purposes, state, day, registry_word(side->r, words, at + 2));
}

static void say_statement(const struct side *side, size_t i, char *out, size_t size)
{
    const struct phrase phrase = phrase_of(keyword_at(side, i));
    char rest[REGISTRY_CHANGE_TEXT_MAX];
    if (phrase.kind == REGISTRY_STATE) {
        say_state(side, i, out, size);
        return;
    }
    say_words(side, i, 1, rest, sizeof rest);
    registry_format(out, size, "%s%s%s", phrase.words, phrase.words[0] != '\0' && rest[0] != '\0' ? " " : "", rest);
}

/* A statement that stands once on both sides, with other words: "from X to Y". SIZE_MAX: none. */
static size_t find_changed(const struct side *a, size_t i, const struct side *b)
{
    size_t found = SIZE_MAX, mine = 0, theirs = 0;
    for (size_t k = 0; k < a->head->statements.count; k++)
        mine += strcmp(keyword_at(a, k), keyword_at(a, i)) == 0 ? 1 : 0;
    for (size_t k = 0; k < b->head->statements.count; k++) {
        if (strcmp(keyword_at(b, k), keyword_at(a, i)) != 0)
            continue;
        theirs++;
        found = k;
    }
    bool is_list = phrase_of(keyword_at(a, i)).kind == REGISTRY_STATE;
    return mine == 1 && theirs == 1 && !is_list ? found : SIZE_MAX;
}

static enum status say_changed(struct diffing *d, const struct side *before, size_t i, const struct side *after, size_t j)
{
    char old[REGISTRY_CHANGE_TEXT_MAX / 3], new[REGISTRY_CHANGE_TEXT_MAX / 3], text[REGISTRY_CHANGE_TEXT_MAX];
    const struct phrase phrase = phrase_of(keyword_at(after, j));
    say_words(before, i, 1, old, sizeof old);
    say_statement(after, j, new, sizeof new);
    registry_format(text, sizeof text, "%s (before: %s)", new, old);
    return add(d, phrase.kind, after, text);
}

static enum status compare_statements(struct diffing *d, const struct side *before, const struct side *after)
{
    char words[REGISTRY_CHANGE_TEXT_MAX - 32], text[REGISTRY_CHANGE_TEXT_MAX];
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < before->head->statements.count; i++) {
        if (has_match(before, i, after) || find_changed(before, i, after) != SIZE_MAX)
            continue;
        say_statement(before, i, words, sizeof words);
        registry_format(text, sizeof text, "no longer: %s", words);
        s = add(d, phrase_of(keyword_at(before, i)).kind, after, text);
    }
    for (size_t i = 0; s == STATUS_OK && i < after->head->statements.count; i++) {
        if (has_match(after, i, before))
            continue;
        size_t old = find_changed(after, i, before);
        say_statement(after, i, words, sizeof words);
        s = old != SIZE_MAX ? say_changed(d, before, old, after, i) : add(d, phrase_of(keyword_at(after, i)).kind, after, words);
    }
    return s;
}

/* Of statements with this keyword, the next one from i on that the other side has too. */
static size_t next_common(const struct side *side, size_t i, const struct side *other, const char *keyword)
{
    while (i < side->head->statements.count && (strcmp(keyword_at(side, i), keyword) != 0 || !has_match(side, i, other)))
        i++;
    return i;
}

/* The last state or step of a day is the one in force, and the first URL is the CA's own. */
static enum status compare_order(struct diffing *d, const struct side *before, const struct side *after)
{
    static const char *const keywords[] = {"state", "step", "url"};
    char words[REGISTRY_CHANGE_TEXT_MAX - 32], text[REGISTRY_CHANGE_TEXT_MAX];
    enum status s = STATUS_OK;
    for (size_t k = 0; s == STATUS_OK && k < sizeof keywords / sizeof keywords[0]; k++) {
        size_t i = next_common(before, 0, after, keywords[k]), j = next_common(after, 0, before, keywords[k]);
        while (j < after->head->statements.count && i < before->head->statements.count && is_same(before, i, after, j)) {
            i = next_common(before, i + 1, after, keywords[k]);
            j = next_common(after, j + 1, before, keywords[k]);
        }
        if (j == after->head->statements.count)
            continue;
        say_statement(after, j, words, sizeof words);
        registry_format(text, sizeof text, "in another order: %s", words);
        s = add(d, phrase_of(keywords[k]).kind, after, text);
    }
    return s;
}

static enum status compare_one(struct diffing *d, const struct side *before, const struct side *after)
{
    enum status s = STATUS_OK;
    if (!bytes_equal(before->der, after->der))
        s = add(d, REGISTRY_KEY, after, "it has another certificate or key");
    if (s == STATUS_OK)
        s = compare_statements(d, before, after);
    return s == STATUS_OK ? compare_order(d, before, after) : s;
}

/* A new file says of itself what clients will do with it. */
static enum status say_added(struct diffing *d, const struct side *side)
{
    char text[REGISTRY_CHANGE_TEXT_MAX];
    enum status s = add(d, REGISTRY_ADDED, side, "it is new in the registry");
    for (size_t i = 0; s == STATUS_OK && i < side->head->statements.count; i++) {
        enum registry_change_kind kind = phrase_of(keyword_at(side, i)).kind;
        bool is_told = kind == REGISTRY_STATE || kind == REGISTRY_LIMITS || strcmp(keyword_at(side, i), "step") == 0;
        if (!is_told)
            continue;
        say_statement(side, i, text, sizeof text);
        s = add(d, kind, side, text);
    }
    return s;
}

/* ---- all files, in the order of both ---- */

static struct side side_of(const struct registry *r, enum registry_kind kind, size_t i)
{
    if (kind == REGISTRY_OPERATOR) {
        const struct registry_operator *o = registry_operator_at(r, i);
        return (struct side){r, &o->head, o->name_en, {NULL, 0}};
    }
    if (registry_kind_is_thing(kind)) {
        const struct registry_thing *thing = registry_thing_at(r, i);
        return (struct side){r, &thing->head, thing->name, thing->der};
    }
    const struct registry_case *c = kind == REGISTRY_APPLICATION ? registry_application_at(r, i) : registry_incident_at(r, i);
    return (struct side){r, &c->head, c->title, {NULL, 0}};
}

static int compare_heads(const struct registry_head *a, const struct registry_head *b)
{
    return a->kind != b->kind ? (a->kind > b->kind) - (a->kind < b->kind) : strcmp(a->id, b->id);
}

/* kind names one of the four lists: all things stand in one. */
static enum status compare_list(struct diffing *d, enum registry_kind kind, size_t before_count, size_t after_count)
{
    size_t i = 0, j = 0;
    enum status s = STATUS_OK;
    while (s == STATUS_OK && (i < before_count || j < after_count)) {
        struct side before = {0}, after = {0};
        if (i < before_count)
            before = side_of(d->before, kind, i);
        if (j < after_count)
            after = side_of(d->after, kind, j);
        int order = i == before_count ? 1 : j == after_count ? -1 : compare_heads(before.head, after.head);
        if (order == 0)
            s = compare_one(d, &before, &after);
        else
            s = order < 0 ? add(d, REGISTRY_GONE, &before, "it is not in the registry any more") : say_added(d, &after);
        i += order <= 0 ? 1 : 0;
        j += order >= 0 ? 1 : 0;
    }
    return s;
}

static enum status compare_policies(struct diffing *d, const struct side *after)
{
    enum status s = STATUS_OK;
    if (!bytes_equal(d->before->policy_text, d->after->policy_text))
        s = add(d, REGISTRY_RECORD, after, "policies/root-program.conf has changed");
    if (s == STATUS_OK && !bytes_equal(d->before->ct_policy_text, d->after->ct_policy_text))
        s = add(d, REGISTRY_RECORD, after, "policies/ct-policy.conf has changed");
    return s;
}

enum status registry_diff(const struct registry *before, const struct registry *after, struct registry_changes *out, struct error *err)
{
    struct diffing d = {before, after, out, err};
    const struct side old = {before, &before->program.head, before->program.name_en, {NULL, 0}};
    const struct side new = {after, &after->program.head, after->program.name_en, {NULL, 0}};
    *out = (struct registry_changes){.changes = array_of(sizeof(struct registry_change), REGISTRY_CHANGES_MAX)};
    enum status s = compare_one(&d, &old, &new);
    if (s == STATUS_OK)
        s = compare_policies(&d, &new);
    if (s == STATUS_OK)
        s = compare_list(&d, REGISTRY_OPERATOR, before->operators.count, after->operators.count);
    if (s == STATUS_OK)
        s = compare_list(&d, REGISTRY_ROOT, before->things.count, after->things.count);
    if (s == STATUS_OK)
        s = compare_list(&d, REGISTRY_APPLICATION, before->applications.count, after->applications.count);
    return s == STATUS_OK ? compare_list(&d, REGISTRY_INCIDENT, before->incidents.count, after->incidents.count) : s;
}
