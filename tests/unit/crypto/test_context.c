/* The surroundings of the process do not change what the algorithms are. */
#include "unit/checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/provider.h>

#include "crypto/algorithm.h"
#include "crypto/context.h"
#include "crypto/hash.h"
#include "crypto/key.h"

static struct error err;
static char path[] = "/tmp/cathaya-context.XXXXXX";

/* What a system for FIPS has in /etc/ssl/openssl.cnf, and a module that nobody asked for. */
static const char configuration[] = "openssl_conf = all\n"
                                    "[all]\nalg_section = algorithms\nproviders = providers\n"
                                    "[algorithms]\ndefault_properties = fips=yes\n"
                                    "[providers]\nnull = unasked\n"
                                    "[unasked]\nactivate = 1\n";

static int write_configuration(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    if (fd < 0)
        return -1;
    bool is_written = write(fd, configuration, sizeof configuration - 1) == sizeof configuration - 1;
    return close(fd) == 0 && is_written ? setenv("OPENSSL_CONF", path, 1) : -1;
}

static int remove_configuration(void **state)
{
    (void)state;
    return unlink(path);
}

static void openssl_conf_is_not_read(void **state)
{
    (void)state;
    struct hasher hasher;
    struct algorithms *table;
    struct private_key *key;
    OK(hasher_init(&hasher, &hash_sha256, &err));
    hasher_clear(&hasher);
    OK(algorithms_new(&table, &err));
    OK(private_key_generate(algorithms_by_name(table, bytes_of_text("sm2_sm3")), &key, &err));
    private_key_free(key);
    algorithms_free(table);
    assert_int_equal(OSSL_PROVIDER_available(context_library(), "null"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(openssl_conf_is_not_read)};
    return cmocka_run_group_tests(tests, write_configuration, remove_configuration);
}
