/* verify.c - is this Merkle Tree Certificate good for this name, at this time? All of libcathaya that a
 * program needs. The library reads no file and no clock: that is here.
 *
 *   cc verify.c $(pkg-config --cflags --libs cathaya) -o verify
 *   ./verify CA.der CERTIFICATE.der NAME SECONDS-SINCE-EPOCH [POLICY.txt]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cathaya/verify.h>

#define FILE_SIZE_MAX 262144

struct file {
    unsigned char data[FILE_SIZE_MAX];
    size_t len;
};

static struct file ca, certificate, policy;

static void read_file(const char *path, struct file *file)
{
    FILE *stream = fopen(path, "rb");
    if (stream == NULL || (file->len = fread(file->data, 1, FILE_SIZE_MAX, stream)) == 0 || !feof(stream)) {
        fprintf(stderr, "%s: cannot be read, is empty or too large\n", path);
        exit(2);
    }
    fclose(stream);
}

/* Only CATHAYA_OK means yes. */
static void must(enum cathaya_status status, const char *what, const struct cathaya_error *err)
{
    if (status == CATHAYA_OK)
        return;
    fprintf(stderr, "%s: %s\n", what, err->reason);
    exit(status == CATHAYA_USAGE || status == CATHAYA_CONFLICT ? 2 : 1);
}

int main(int argc, char **argv)
{
    struct cathaya_trust *trust;
    struct cathaya_verifier *verifier;
    struct cathaya_request request;
    struct cathaya_result result;
    struct cathaya_error err;
    if (argc < 5 || argc > 6) {
        fprintf(stderr, "usage: verify CA.der CERTIFICATE.der NAME SECONDS [POLICY.txt]\n");
        return 2;
    }
    read_file(argv[1], &ca);
    read_file(argv[2], &certificate);

    /* Once for a program: what is trusted. After this it is shared by all threads. */
    must(cathaya_trust_new(&trust, &err), "trust", &err);
    must(cathaya_trust_add_ca(trust, ca.data, ca.len, &err), argv[1], &err);
    if (argc == 6) {
        read_file(argv[5], &policy);
        must(cathaya_trust_add_policy(trust, (const char *)policy.data, policy.len, &err), argv[5], &err);
    }
    /* Once for a thread. */
    must(cathaya_verifier_new(trust, &verifier, &err), "verifier", &err);

    /* Once for a handshake. */
    memset(&request, 0, sizeof request);
    request.dns_name = argv[3];
    request.at = strtoll(argv[4], NULL, 10);
    must(cathaya_verify(verifier, certificate.data, certificate.len, &request, &result, &err), argv[2], &err);
    printf("OK: %s certificate of CA %s, log %u, index %llu\n",
           result.mode == CATHAYA_MODE_LANDMARK ? "landmark-relative" : "standalone", result.ca_id,
           result.log_number, (unsigned long long)result.index);
    cathaya_verifier_free(verifier);
    cathaya_trust_free(trust);
    return 0;
}
