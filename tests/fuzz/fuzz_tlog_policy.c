/* Witness policies: taken whole or refused with a line; a quorum of everybody is met or there is none. And
 * verifier keys: the same text comes out again. */
#include <stdlib.h>
#include <string.h>

#include "rules/tlog_policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void check_vkey(const struct vkey *vkey, const struct algorithms *algorithms)
{
    struct builder text;
    struct vkey again;
    builder_init(&text, VKEY_TEXT_MAX);
    require(note_key_write_vkey_as(vkey->type, vkey_name(vkey), vkey->key, &text, NULL) == STATUS_OK);
    require(vkey_parse(builder_view(&text), algorithms, &again, NULL) == STATUS_OK);
    require(memcmp(again.key_id, vkey->key_id, sizeof again.key_id) == 0);
    vkey_clear(&again);
    builder_clear(&text);
}

static void check_policy(const struct tlog_policy *policy, const struct algorithms *algorithms)
{
    const struct public_key *keys[TLOG_POLICY_WITNESSES_MAX];
    size_t count = tlog_policy_witness_count(policy);
    for (size_t i = 0; i < count; i++) {
        keys[i] = tlog_policy_witness(policy, i)->vkey.key;
        check_vkey(&tlog_policy_witness(policy, i)->vkey, algorithms);
    }
    require(tlog_policy_is_met_by(policy, keys, count));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct algorithms *algorithms;
    if (algorithms == NULL)
        require(algorithms_new(&algorithms, NULL) == STATUS_OK);
    struct error err = {.status = STATUS_OK};
    struct tlog_policy *policy;
    enum status s = tlog_policy_read(bytes_of(data, size), algorithms, &policy, &err);
    if (s == STATUS_OK) {
        check_policy(policy, algorithms);
        tlog_policy_free(policy);
        return 0;
    }
    require((s == STATUS_USAGE || s == STATUS_LIMIT) && err.status == s);
    require(strncmp(err.text, "line ", 5) == 0 && strtoul(err.text + 5, NULL, 10) >= 1);
    return 0;
}
