/* server_parts.h - the inside of the server; the files of this folder alone include it. */
#ifndef CATHAYA_ADAPTERS_HTTP_SERVER_SERVER_PARTS_H
#define CATHAYA_ADAPTERS_HTTP_SERVER_SERVER_PARTS_H

#include "adapters/http_server/address_table.h"
#include "adapters/http_server/body_inflate.h"
#include "adapters/http_server/http_server.h"
#include "adapters/http1/request_parser.h"
#include "tls/tls_stream.h"

/* One TLS record, and most requests whole. */
#define INPUT_SIZE 16384
/* Bodies up to here are copied behind their head and sent with it; larger ones stay where they are. */
#define SMALL_BODY_MAX 16384
/* Answers to pipelined requests are gathered up to here before they have to be taken. */
#define OUTPUT_HIGH 65536
#define OUTPUT_MAX (OUTPUT_HIGH + SMALL_BODY_MAX + RESPONSE_HEAD_MAX)
/* A Link header for every alternate certificate and the like. */
#define RESPONSE_HEAD_MAX 65536
/* Larger things are sent from files. */
#define RESPONSE_BODY_MAX ((size_t)64 << 20)

struct http_listener {
    struct http_server *server;
    int fd;
    struct event_watch *watch;
    struct tls_context *tls;
    char address[HTTP_SERVER_ADDRESS_SIZE];
    bool is_unix, is_resting; /* resting: no descriptors were left */
};

struct http_route {
    const char *prefix;
    struct http_handler handler;
};

struct http_server {
    struct event_loop *loop;
    struct timer_port timers;
    struct http_server_limits limits;
    struct http_listener listeners[HTTP_SERVER_LISTENERS_MAX];
    size_t listener_count;
    struct http_route routes[HTTP_SERVER_ROUTES_MAX]; /* the longest prefix first */
    size_t route_count;
    struct http_connection *connections;
    size_t connection_count;
    struct address_table addresses;
    size_t bodies_size; /* of all connections */
    uint64_t sweep_timer, sweep_ms;
    void (*observer)(void *context, const struct http_server_answer *answer);
    void *observer_context;
    bool is_draining;
    uint64_t drain_timer;
    void (*drained)(void *cookie);
    void *drained_cookie;
    int64_t date_s; /* the second that date is for */
    char date[64];
};

enum connection_stage {
    STAGE_HANDSHAKE,
    STAGE_REQUEST,  /* a request is awaited, or coming */
    STAGE_HANDLING, /* all that is wanted of it has come; the response has not */
    STAGE_CLOSING,  /* the last response is being written */
    STAGE_LINGER    /* waiting for the client to have read it */
};

/* What the time is for. */
enum connection_wait { WAIT_NONE, WAIT_HEAD, WAIT_IDLE, WAIT_BODY, WAIT_WRITE, WAIT_LINGER };

enum connection_exchange {
    EXCHANGE_NONE,    /* no head yet, or the server answers itself */
    EXCHANGE_OPEN,    /* begin was called, and nothing kept */
    EXCHANGE_OUT,     /* the handler will send */
    EXCHANGE_ABORTED, /* the handler will send, for nothing */
    EXCHANGE_SENT     /* the response is there */
};

struct http_connection {
    struct http_exchange exchange; /* first: send gets back from it */
    struct http_server *server;
    struct http_connection *next, *previous;
    int fd; /* -1: closed; only the exchange is left */
    struct event_watch *watch;
    struct tls_stream *tls;
    uint64_t address_key;

    enum connection_stage stage;
    enum connection_exchange state;
    bool is_running, is_dead, is_paused, has_begun, has_answered;
    bool can_read;       /* the descriptor may have something */
    bool is_read_ended;  /* the client sends nothing more */
    bool must_write_wait, tls_wants_write;
    bool closes_after;   /* after the responses that are pending */
    const struct http_route *route;

    struct request_parser parser;
    uint8_t *in;
    size_t in_at, in_len;
    struct builder body;
    size_t counted_size; /* of the body, with server and address */
    struct body_inflate inflate;
    struct bytes held; /* compressed input that waits for set_paused (false); on the heap */
    bool is_holding;

    struct builder out;
    size_t out_at;
    uint8_t *big; /* a body of its own, behind out */
    size_t big_at, big_len;
    int file; /* behind big */
    uint64_t file_at, file_left;

    uint64_t start_ms; /* when the head was there */
    enum connection_wait wait;
    uint64_t wait_start_ms;
    uint64_t passed_len; /* bytes that came or went in that time */
};

/* connection.c */
struct http_connection *connection_new(struct http_server *server, int fd, struct tls_context *tls,
                                       uint64_t address_key, const char *peer);
void connection_run(struct http_connection *c);
/* connection_expire is called when connection_is_expired. */
void connection_expire(struct http_connection *c);
/* connection_close ends it at once; the exchange stays with the handler that has it. */
void connection_close(struct http_connection *c);

/* connection_wait.c */
bool connection_is_idle(const struct http_connection *c);
bool connection_is_expired(const struct http_connection *c);
/* connection_set_waits asks the loop for the events that are awaited, and starts their time. */
void connection_set_waits(struct http_connection *c);
/* connection_release_idle_memory gives back what a connection does not need between requests. */
void connection_release_idle_memory(struct http_connection *c);

/* connection_body.c: what to do with a piece of a body as it came. */
enum body_piece connection_body_piece(void *cookie, struct bytes piece);
/* connection_body_resume goes on with what was held. */
void connection_body_resume(struct http_connection *c);
/* connection_body_end says whether the body is whole, as decompression sees it. */
bool connection_body_end(struct http_connection *c);
void connection_body_clear(struct http_connection *c);
/* connection_body_uncount: what is left of the body is not the connection's any more. */
void connection_body_uncount(struct http_connection *c);

/* connection_io.c */
/* connection_handshake is false when it has to wait, or has failed (is_dead). */
bool connection_handshake(struct http_connection *c);
/* connection_read fills the input; false when nothing came. */
bool connection_read(struct http_connection *c);
/* connection_flush writes what there is; false when some is left. */
bool connection_flush(struct http_connection *c);
bool connection_has_output(const struct http_connection *c);
/* connection_discard reads and forgets; false when the client has closed. */
bool connection_discard(struct http_connection *c);

/* connection_response.c */
void connection_respond(struct http_connection *c);
/* connection_respond_error answers in the server's own name, and closes afterwards. */
void connection_respond_error(struct http_connection *c, int status, const char *reason);
void connection_observe(struct http_connection *c, int status, uint64_t body_len);

/* listener.c */
enum status listener_open(struct http_listener *l, const char *address, struct error *err);
void listener_close(struct http_listener *l);
void listener_wake(struct http_listener *l);

/* http_server.c */
const struct http_route *server_find_route(const struct http_server *server, struct bytes path);
const char *server_date(struct http_server *server);
void server_connection_gone(struct http_server *server);

#endif
