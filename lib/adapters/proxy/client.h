/* client.h - one client's connection, plain or TLS: bytes in and out, time, end. What the bytes mean is the
 * protocol's business: HTTP/1.1 (http1_client.c), HTTP/2 (h2_client.c), a tunnel. Private to this layer.
 *
 * A protocol is driven by run: it is called when there may be something to read, when output that waited has
 * gone, and after the TLS handshake. It reads, handles, writes until nothing goes on, and flushes at its end.
 * Nothing here calls the protocol back from within a call of it: a connection that fails in the middle is
 * only marked (c->is_dead), and closed after run.
 */
#ifndef CATHAYA_ADAPTERS_PROXY_CLIENT_H
#define CATHAYA_ADAPTERS_PROXY_CLIENT_H

#include <netinet/in.h>

#include "adapters/proxy/upstream.h"
#include "adapters/proxy/worker.h"

/* What the time is for. */
enum client_wait {
    CLIENT_WAIT_NONE,      /* somebody else's turn: the backend's */
    CLIENT_WAIT_HANDSHAKE,
    CLIENT_WAIT_IDLE,      /* a request that has not begun */
    CLIENT_WAIT_HEAD,
    CLIENT_WAIT_BODY,
    CLIENT_WAIT_WRITE,
    CLIENT_WAIT_TUNNEL,    /* any byte either way */
    CLIENT_WAIT_LINGER
};

struct client_protocol {
    void (*run)(struct client *c);
    /* The time for c->wait is over; without it, or when it says false, the connection is closed. */
    bool (*expired)(struct client *c);
    /* The worker ends gracefully: finish what is open, begin nothing. Idle connections are closed. */
    void (*drain)(struct client *c);
    /* The connection is gone, for whatever reason: abort what is open, free what is the protocol's. */
    void (*free)(struct client *c);
};

union client_address {
    uint64_t alignment; /* as struct sockaddr_storage */
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

struct client {
    struct deadline deadline; /* first */
    struct proxy_worker *worker;
    struct client *next, *previous, *next_woken;
    int fd;
    struct event_watch *watch;
    struct tls_stream *tls; /* NULL: plain */

    const struct client_protocol *protocol;
    void *data; /* the protocol's own */

    /* The state that its newest request uses (counted), and the TLS site in it. */
    struct proxy_state *state;
    const struct proxy_site *site; /* of the handshake; NULL on plain connections */
    enum proxy_listener_kind kind;
    uint32_t address_slot; /* of the table of addresses */
    struct upstream_client upstream;
    const char *tls_version, *tls_group, *tls_suite, *tls_kind, *sni, *alpn; /* of the handshake; NULL: none */
    char peer[INET6_ADDRSTRLEN];
    union client_address peer_address, local_address;

    bool is_running, is_dead, is_handshaken;
    bool is_listed_dead, is_woken;
    bool is_cut;        /* the answer was not finished: the client has to see that */
    bool can_read;      /* the descriptor may have something */
    bool is_read_ended; /* the client sends nothing more */
    bool is_read_paused; /* set by the protocol: do not even wait for input */
    bool is_write_blocked;
    bool is_closing;    /* client_close_after: nothing more is read or written but what is there */
    bool has_linger, is_shut;
    bool is_busy;       /* a request is under way: a graceful end waits for it */

    uint8_t *in; /* WORKER_BUFFER_SIZE, or NULL when nothing is in it */
    size_t in_at, in_len;
    struct builder out;
    size_t out_at;

    enum client_wait wait;
    uint64_t wait_start_ms, passed_len; /* since then */
};

/* client_read fills the input buffer; false when nothing came (now, or ever: is_read_ended, is_dead). The input
 * is c->in[c->in_at..c->in_len); the protocol moves in_at. At most one call to the system. */
MUST_USE bool client_read(struct client *c);
static inline struct bytes client_input(const struct client *c)
{
    return bytes_of(c->in != NULL ? c->in + c->in_at : NULL, c->in_len - c->in_at);
}

/* client_ready_output makes c->out ready to be appended to. */
void client_ready_output(struct client *c);

/* client_write takes all of data: it is gathered while it is small, else written at once as far as it goes. */
void client_write(struct client *c, const struct bytes *pieces, size_t count);
static inline size_t client_output_len(const struct client *c)
{
    return c->out.len - c->out_at;
}
/* client_flush writes what was gathered; true when nothing is left. */
bool client_flush(struct client *c);

/* client_release_buffers gives back what is empty. */
void client_release_buffers(struct client *c);

/* client_set_wait starts the time for something, unless it runs already. For BODY and WRITE it is longer the more
 * bytes pass (c->passed_len, counted by client_read and client_write). */
void client_set_wait(struct client *c, enum client_wait wait);
/* client_expired is what the deadline calls. */
void client_expired(struct deadline *d);

/* client_run runs the protocol, unless it runs already: for events and for calls that come from an exchange. A
 * client that turns out to be dead is closed at the end of the loop's round. */
void client_run(struct client *c);

/* client_wrote follows output that was made outside of run: flushes, waits. */
void client_wrote(struct client *c);

/* client_new takes the descriptor, and the place in limits that was counted for it. */
void client_new(struct proxy_worker *w, int fd, enum proxy_listener_kind kind, const union client_address *peer,
                uint32_t address_slot);
/* client_free closes it at once; client_kill at the end of the round. */
void client_free(struct client *c);
void client_kill(struct client *c);
/* client_cut is client_kill for one that may be in the middle of something. Then it ends with a reset: half an answer
 * never looks whole, and the system does not keep what a client does not take. */
void client_cut(struct client *c);
/* client_wake lets it run at the end of the round: for protocols that may not be called at once. */
void client_wake(struct client *c);
void client_run_woken(struct proxy_worker *w);
/* client_close_dead closes what was killed in this round. */
void client_close_dead(struct proxy_worker *w);
/* client_drain begins its graceful end. */
void client_drain(struct client *c);

/* client_handshake goes on with the TLS handshake (client_handshake.c). */
void client_handshake(struct client *c);

/* client_fill_request fills what the connection says of a request. */
void client_fill_request(struct client *c, struct exchange_request *r);

/* client_close_after ends it when the output has gone; has_linger: input that nobody reads is thrown away for a
 * while, so that the client gets to read the answer. */
void client_close_after(struct client *c, bool has_linger);

/* client_update_state lets the connection use the worker's newest state; false when its TLS site is no more. */
MUST_USE bool client_update_state(struct client *c);

/* client_find_site is the site for a request of this connection, for its Host or :authority; NULL: *status is the
 * answer (421: another site than that of the handshake; 404: nobody's). */
const struct proxy_site *client_find_site(struct client *c, struct bytes authority, int *status);

/* Given by the protocols. */
extern const struct client_protocol http1_protocol;  /* http1_client.c */
extern const struct client_protocol h2_protocol;     /* h2_client.c; data NULL at first: run makes it */
extern const struct client_protocol tunnel_protocol; /* tunnel.c */

#endif
