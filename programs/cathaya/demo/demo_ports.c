#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/random.h"
#include "demo/demo_world.h"

/* Below what Linux gives to connections by itself (from 32768 on), so that none of them takes the port before its
 * service has opened it. */
#define PORT_FIRST 20000
#define PORT_COUNT 12000
#define TRIES 200

static bool is_free(uint16_t port, int kind)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, kind | SOCK_CLOEXEC, 0);
    bool is_bound = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
    if (fd >= 0)
        (void)close(fd);
    return is_bound;
}

enum status demo_port(uint16_t *out, struct error *err)
{
    for (int i = 0; i < TRIES; i++) {
        uint8_t number[2];
        enum status s = random_bytes(number, sizeof number, err);
        if (s != STATUS_OK)
            return s;
        *out = (uint16_t)(PORT_FIRST + (number[0] << 8 | number[1]) % PORT_COUNT);
        if (is_free(*out, SOCK_STREAM) && is_free(*out, SOCK_DGRAM))
            return STATUS_OK;
    }
    return error_set(err, STATUS_IO, "no free port on 127.0.0.1");
}
