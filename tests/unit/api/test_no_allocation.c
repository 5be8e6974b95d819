/* A landmark-relative certificate is verified without a single allocation, libcrypto's included: this
 * program's own malloc stands before everybody's, the shared library's too. */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

#include "unit/api/api_world.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED
#endif
#endif

#ifdef IS_SANITIZED

int main(void)
{
    (void)printf("skipped: a sanitizer has its own malloc\n");
    return 77;
}

#else

static unsigned long allocations;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

/* Visible, or the shared library would take libc's. */
#pragma GCC visibility push(default)
void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    allocations++;
    return __libc_realloc(old, size);
}

void *reallocarray(void *old, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(old, count * size);
}

void *memalign(size_t alignment, size_t size)
{
    allocations++;
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    *out = memalign(alignment, size);
    return *out != NULL ? 0 : ENOMEM;
}

void free(void *memory)
{
    __libc_free(memory);
}
#pragma GCC visibility pop

static struct api_world world;
static struct cathaya_trust *trust;
static struct cathaya_verifier *verifier;

static int make_world(void **state)
{
    (void)state;
    struct cathaya_error error;
    api_world_make(&world);
    trust = api_world_trust(&world);
    API_OK(cathaya_verifier_new(trust, &verifier, &error));
    return 0;
}

static int clear_world(void **state)
{
    (void)state;
    cathaya_verifier_free(verifier);
    cathaya_trust_free(trust);
    api_world_clear(&world);
    return 0;
}

/* Allocations of one verification; the very first is not spared. */
static unsigned long count(struct bytes der, const struct cathaya_request *request, enum cathaya_status want)
{
    struct cathaya_result result;
    struct cathaya_error error;
    unsigned long before = allocations;
    enum cathaya_status got = cathaya_verify(verifier, der.data, der.len, request, &result, &error);
    unsigned long after = allocations;
    assert_int_equal(got, want);
    return after - before;
}

/* First of all tests: the first use of anything is in it. */
static void landmark(void **state)
{
    (void)state;
    const struct cathaya_request request = {.at = MAKER_NOW, .dns_name = "www.example.com"};
    for (int round = 0; round < 3; round++) {
        assert_int_equal(count(world.ders[WORLD_GM_LANDMARK], &request, CATHAYA_OK), 0);
        assert_int_equal(count(world.ders[WORLD_INTL_LANDMARK], &request, CATHAYA_OK), 0);
    }
}

static void refusals(void **state)
{
    (void)state;
    static const uint8_t ip[4] = {1};
    const struct cathaya_request late = {.at = INT64_MAX}, other = {.at = MAKER_NOW, .ip = ip, .ip_len = 4};
    for (int i = WORLD_GM_LANDMARK; i <= WORLD_INTL_LANDMARK; i++) {
        assert_int_equal(count(world.ders[i], &late, CATHAYA_REFUSED), 0);
        assert_int_equal(count(world.ders[i], &other, CATHAYA_REFUSED), 0);
        assert_int_equal(count(bytes_of(world.ders[i].data, 9), &late, CATHAYA_MALFORMED), 0);
    }
}

/* The counter does count what the shared library does: signatures are verified with memory of libcrypto's. */
static void counter_sees_the_library(void **state)
{
    (void)state;
    const struct cathaya_request request = {.at = MAKER_NOW};
    assert_true(count(world.ders[WORLD_GM_STANDALONE], &request, CATHAYA_OK) > 0);
    assert_true(count(world.ders[WORLD_INTL_STANDALONE], &request, CATHAYA_OK) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(landmark),
        cmocka_unit_test(refusals),
        cmocka_unit_test(counter_sees_the_library),
    };
    return cmocka_run_group_tests(tests, make_world, clear_world);
}

#endif
