#include "rules/tlog_policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "base/text.h"

#define NODES_MAX (TLOG_POLICY_WITNESSES_MAX + TLOG_POLICY_GROUPS_MAX)
#define NO_NODE SIZE_MAX

/* A witness or a group. A member is always older than its group, so that one pass in the order of the
 * file settles who has witnessed. */
struct node {
    char name[TLOG_POLICY_NAME_MAX + 1];
    size_t name_len;
    size_t witness;   /* its number, NO_NODE for a group */
    size_t parent;    /* the group that it is a member of, or NO_NODE */
    size_t threshold; /* of a group */
};

struct tlog_policy {
    size_t log_count, witness_count, node_count;
    struct tlog_policy_party logs[TLOG_POLICY_LOGS_MAX];
    struct tlog_policy_party witnesses[TLOG_POLICY_WITNESSES_MAX];
    struct node nodes[NODES_MAX];
    bool has_quorum;
    size_t quorum; /* NO_NODE: none is needed */
};

static enum status wrong(struct error *err, const char *what)
{
    return error_set(err, STATUS_USAGE, "%s", what);
}

static size_t find_node(const struct tlog_policy *policy, struct bytes name)
{
    for (size_t i = 0; i < policy->node_count; i++)
        if (bytes_equal(bytes_of(policy->nodes[i].name, policy->nodes[i].name_len), name))
            return i;
    return NO_NODE;
}

static enum status add_node(struct tlog_policy *policy, struct bytes name, struct node **out,
                            struct error *err)
{
    if (name.len > TLOG_POLICY_NAME_MAX)
        return error_set(err, STATUS_LIMIT, "a name of more than %d bytes", TLOG_POLICY_NAME_MAX);
    if (bytes_is_text(name, "none"))
        return wrong(err, "\"none\" cannot be defined");
    if (find_node(policy, name) != NO_NODE)
        return error_set(err, STATUS_USAGE, "%.*s is defined already", (int)name.len,
                         (const char *)name.data);
    struct node *node = &policy->nodes[policy->node_count];
    *node = (struct node){.name_len = name.len, .witness = NO_NODE, .parent = NO_NODE};
    memcpy(node->name, name.data, name.len);
    *out = node;
    return STATUS_OK;
}

/* ---- statements ---- */

static bool is_known_key(const struct tlog_policy_party *parties, size_t count,
                         const struct public_key *key)
{
    for (size_t i = 0; i < count; i++)
        if (bytes_equal(public_key_spki(parties[i].vkey.key), public_key_spki(key)))
            return true;
    return false;
}

/* VKEY [URL], to the end of the line. */
static enum status read_party(struct bytes *rest, const struct algorithms *algorithms,
                              struct tlog_policy_party *parties, size_t *count,
                              const char *what, struct error *err)
{
    struct bytes vkey, url = {NULL, 0}, more;
    struct tlog_policy_party *party = &parties[*count];
    if (!text_next_word(rest, &vkey))
        return error_set(err, STATUS_USAGE, "expected: %s VKEY [URL]", what);
    if (text_next_word(rest, &url) && text_next_word(rest, &more))
        return error_set(err, STATUS_USAGE, "more words than %s VKEY [URL]", what);
    if (url.len > TLOG_POLICY_URL_MAX)
        return error_set(err, STATUS_LIMIT, "a URL of more than %d bytes", TLOG_POLICY_URL_MAX);
    enum status s = vkey_parse(vkey, algorithms, &party->vkey, err);
    if (s == STATUS_MALFORMED || s == STATUS_REFUSED)
        return err == NULL ? STATUS_USAGE : (err->status = STATUS_USAGE);
    if (s != STATUS_OK)
        return s;
    if (is_known_key(parties, *count, party->vkey.key)) {
        vkey_clear(&party->vkey);
        return wrong(err, "the same key a second time");
    }
    memcpy(party->url, url.len > 0 ? (const char *)url.data : "", url.len);
    party->url[url.len] = '\0';
    ++*count;
    return STATUS_OK;
}

static enum status read_log(struct tlog_policy *policy, struct bytes rest,
                            const struct algorithms *algorithms, struct error *err)
{
    if (policy->log_count == TLOG_POLICY_LOGS_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d logs", TLOG_POLICY_LOGS_MAX);
    return read_party(&rest, algorithms, policy->logs, &policy->log_count, "log", err);
}

static enum status read_witness(struct tlog_policy *policy, struct bytes rest,
                                const struct algorithms *algorithms, struct error *err)
{
    struct bytes name;
    struct node *node;
    if (!text_next_word(&rest, &name))
        return wrong(err, "expected: witness NAME VKEY [URL]");
    if (policy->witness_count == TLOG_POLICY_WITNESSES_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d witnesses", TLOG_POLICY_WITNESSES_MAX);
    enum status s = add_node(policy, name, &node, err);
    if (s == STATUS_OK)
        s = read_party(&rest, algorithms, policy->witnesses, &policy->witness_count, "witness NAME", err);
    if (s != STATUS_OK)
        return s;
    node->witness = policy->witness_count - 1;
    policy->node_count++;
    return STATUS_OK;
}

/* Makes the names members of the group, which is not in the table yet. */
static enum status read_members(struct tlog_policy *policy, struct bytes rest, size_t group,
                                size_t *count, struct error *err)
{
    struct bytes name;
    for (*count = 0; text_next_word(&rest, &name); ++*count) {
        size_t member = find_node(policy, name);
        int len = name.len > TLOG_POLICY_NAME_MAX ? TLOG_POLICY_NAME_MAX : (int)name.len;
        if (member == NO_NODE)
            return error_set(err, STATUS_USAGE, "%.*s is not defined before this line", len,
                             (const char *)name.data);
        if (policy->nodes[member].parent != NO_NODE)
            return error_set(err, STATUS_USAGE, "%.*s is a member already, and can be one only once",
                             len, (const char *)name.data);
        policy->nodes[member].parent = group;
    }
    return *count > 0 ? STATUS_OK : wrong(err, "a group needs a member");
}

static enum status read_group(struct tlog_policy *policy, struct bytes rest, struct error *err)
{
    struct bytes name, mode;
    struct node *node;
    size_t count = 0;
    uint64_t threshold = 1;
    if (!text_next_word(&rest, &name) || !text_next_word(&rest, &mode))
        return wrong(err, "expected: group NAME all|any|K MEMBER...");
    if (policy->node_count - policy->witness_count == TLOG_POLICY_GROUPS_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d groups", TLOG_POLICY_GROUPS_MAX);
    bool is_all = bytes_is_text(mode, "all");
    if (!is_all && !bytes_is_text(mode, "any") && !text_parse_u64(mode, NODES_MAX, &threshold))
        return wrong(err, "expected all, any or a number of members");
    enum status s = add_node(policy, name, &node, err);
    if (s == STATUS_OK)
        s = read_members(policy, rest, policy->node_count, &count, err);
    if (s != STATUS_OK)
        return s;
    node->threshold = is_all ? count : (size_t)threshold;
    if (node->threshold < 1 || node->threshold > count)
        return error_set(err, STATUS_USAGE, "a group of %zu members cannot ask for %zu", count,
                         node->threshold);
    policy->node_count++;
    return STATUS_OK;
}

static enum status read_quorum(struct tlog_policy *policy, struct bytes rest, struct error *err)
{
    struct bytes name, more;
    if (!text_next_word(&rest, &name) || text_next_word(&rest, &more))
        return wrong(err, "expected: quorum NAME|none");
    if (policy->has_quorum)
        return wrong(err, "a second quorum line");
    policy->has_quorum = true;
    policy->quorum = bytes_is_text(name, "none") ? NO_NODE : find_node(policy, name);
    if (policy->quorum == NO_NODE && !bytes_is_text(name, "none"))
        return wrong(err, "the quorum is not defined before this line");
    return STATUS_OK;
}

static enum status read_statement(struct tlog_policy *policy, struct bytes line,
                                  const struct algorithms *algorithms, struct error *err)
{
    struct bytes word, rest = line;
    if (!text_next_word(&rest, &word) || word.data[0] == '#')
        return STATUS_OK;
    if (bytes_is_text(word, "log"))
        return read_log(policy, rest, algorithms, err);
    if (bytes_is_text(word, "witness"))
        return read_witness(policy, rest, algorithms, err);
    if (bytes_is_text(word, "group"))
        return read_group(policy, rest, err);
    if (bytes_is_text(word, "quorum"))
        return read_quorum(policy, rest, err);
    return wrong(err, "expected log, witness, group or quorum");
}

/* ---- the file ---- */

static bool has_bad_octet(struct bytes line)
{
    for (size_t i = 0; i < line.len; i++)
        if ((line.data[i] < 0x20 && line.data[i] != '\t') || line.data[i] == 0x7f)
            return true;
    return false;
}

static enum status read_lines(struct tlog_policy *policy, struct bytes text,
                              const struct algorithms *algorithms, struct error *err)
{
    struct reader r, line;
    reader_init(&r, text);
    size_t number = 1;
    for (; !reader_is_at_end(&r); number++) {
        if (!reader_line(&r, &line))
            return error_set(err, STATUS_USAGE, "line %zu: it has no line end", number);
        if (has_bad_octet(reader_rest(&line)))
            return error_set(err, STATUS_USAGE, "line %zu: a control character", number);
        enum status s = read_statement(policy, reader_rest(&line), algorithms, err);
        if (s != STATUS_OK)
            return error_prefix(err, s, "line %zu", number);
    }
    return policy->has_quorum ? STATUS_OK
                              : error_set(err, STATUS_USAGE, "line %zu: there is no quorum line", number);
}

enum status tlog_policy_read(struct bytes text, const struct algorithms *algorithms,
                             struct tlog_policy **out, struct error *err)
{
    if (text.len > TLOG_POLICY_SIZE_MAX)
        return error_set(err, STATUS_LIMIT, "line 1: a policy of more than %zu bytes",
                         TLOG_POLICY_SIZE_MAX);
    struct tlog_policy *policy = calloc(1, sizeof *policy);
    if (policy == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a policy");
    enum status s = read_lines(policy, text, algorithms, err);
    if (s != STATUS_OK) {
        tlog_policy_free(policy);
        return s;
    }
    *out = policy;
    return STATUS_OK;
}

void tlog_policy_free(struct tlog_policy *policy)
{
    if (policy == NULL)
        return;
    for (size_t i = 0; i < policy->log_count; i++)
        vkey_clear(&policy->logs[i].vkey);
    for (size_t i = 0; i < policy->witness_count; i++)
        vkey_clear(&policy->witnesses[i].vkey);
    free(policy);
}

size_t tlog_policy_log_count(const struct tlog_policy *policy)
{
    return policy->log_count;
}

size_t tlog_policy_witness_count(const struct tlog_policy *policy)
{
    return policy->witness_count;
}

const struct tlog_policy_party *tlog_policy_log(const struct tlog_policy *policy, size_t i)
{
    return &policy->logs[i];
}

const struct tlog_policy_party *tlog_policy_witness(const struct tlog_policy *policy, size_t i)
{
    return &policy->witnesses[i];
}

/* ---- the quorum ---- */

static bool is_quorum(const struct tlog_policy *policy, const bool has_signed[TLOG_POLICY_WITNESSES_MAX])
{
    size_t votes[NODES_MAX] = {0};
    if (policy->quorum == NO_NODE)
        return true;
    for (size_t i = 0; i < policy->node_count; i++) {
        const struct node *node = &policy->nodes[i];
        bool is_met = node->witness != NO_NODE ? has_signed[node->witness] : votes[i] >= node->threshold;
        if (is_met && i == policy->quorum)
            return true;
        if (is_met && node->parent != NO_NODE)
            votes[node->parent]++;
    }
    return false;
}

bool tlog_policy_is_met(const struct tlog_policy *policy, const char *const *key_names, size_t count)
{
    bool has_signed[TLOG_POLICY_WITNESSES_MAX] = {false};
    for (size_t i = 0; i < policy->witness_count; i++)
        for (size_t j = 0; j < count && !has_signed[i]; j++)
            has_signed[i] = strcmp(policy->witnesses[i].vkey.name, key_names[j]) == 0;
    return is_quorum(policy, has_signed);
}

bool tlog_policy_is_met_by(const struct tlog_policy *policy, const struct public_key *const *keys,
                           size_t count)
{
    bool has_signed[TLOG_POLICY_WITNESSES_MAX] = {false};
    for (size_t i = 0; i < policy->witness_count; i++)
        for (size_t j = 0; j < count && !has_signed[i]; j++)
            has_signed[i] = bytes_equal(public_key_spki(policy->witnesses[i].vkey.key),
                                        public_key_spki(keys[j]));
    return is_quorum(policy, has_signed);
}
