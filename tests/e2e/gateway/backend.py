"""A web server on loopback that tests can look into: it keeps every request as it came, byte for byte, and misbehaves on demand.

    GET /page             a page            POST /echo          the body comes back as it arrives
    POST /upload          length, SHA-256   GET /big/N          N bytes of a pattern
    GET /head             the request as JSON                   GET /events/N/MS    server-sent events, one every MS
    GET /ws               WebSocket (or Upgrade: echo) that echoes
    GET /slow/MS          after that time   GET /status/N       an empty answer with that status
    GET /chunked/N        N chunks          GET /odd-chunks     extensions, upper case sizes, trailers
    GET /until-close/N    no length         GET /die/N          N bytes of a million, then a reset
    GET /die-now          a reset at once   GET /garbage        no HTTP
    POST /early           answers before the body, then closes  GET /answer/NAME    bytes that a test has put into .answers
    GET /two-lengths, /cl-and-te, /bad-chunk, /huge-head        answers that no proxy may pass on as they are
"""
import hashlib
import json
import socket
import struct
import threading
import time

HEAD_MAX = 1 << 20
PATTERN = bytes(range(256)) * 256
PROXY_SIGNATURE = b'\r\n\r\n\0\r\nQUIT\n'


def pattern(count, at=0):
    """Bytes at..at+count of the endless pattern; at is a multiple of 256."""
    return (PATTERN * (count // len(PATTERN) + 1))[:count] if at % 256 == 0 else None


class Gone(Exception):
    """The peer has closed."""


class Request:
    def __init__(self, head, connection):
        self.raw, self.connection = head, connection
        lines = head.decode('latin-1').split('\r\n')
        self.method, self.target, self.version = lines[0].split(' ', 2)
        self.fields = [(n.strip().lower(), v.strip()) for n, _, v in (line.partition(':') for line in lines[1:] if line)]
        self.body_len, self.body_hash, self.is_whole = 0, hashlib.sha256(), False
        self.at = time.monotonic()

    def all(self, name):
        return [value for n, value in self.fields if n == name]

    def get(self, name, default=None):
        return next(iter(self.all(name)), default)

    @property
    def path(self):
        return self.target.split('?')[0]


class Connection:
    """One accepted connection, in a thread of its own."""

    def __init__(self, backend, sock):
        self.backend, self.sock, self.buffer, self.proxy_header = backend, sock, b'', None

    def more(self):
        data = self.sock.recv(65536)
        if not data:
            raise Gone
        self.buffer += data

    def take(self, count):
        while len(self.buffer) < count:
            self.more()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def line(self):
        while b'\r\n' not in self.buffer:
            self.more()
        line, self.buffer = self.buffer.split(b'\r\n', 1)
        return line

    def read_proxy_header(self):
        head = self.take(16)
        assert head[:12] == PROXY_SIGNATURE, head
        self.proxy_header = head + self.take(struct.unpack('>H', head[14:16])[0])

    def read_request(self):
        while b'\r\n\r\n' not in self.buffer:
            if len(self.buffer) > HEAD_MAX:
                raise Gone
            self.more()
        head, self.buffer = self.buffer.split(b'\r\n\r\n', 1)
        return Request(head, self)

    def pieces(self, request):
        """The body as it comes."""
        def note(data):
            request.body_len += len(data)
            request.body_hash.update(data)
            return data
        if request.get('transfer-encoding'):
            while True:
                size = int(self.line().split(b';')[0], 16)
                if size == 0:
                    while self.line():
                        pass
                    break
                yield note(self.take(size))
                assert self.take(2) == b'\r\n'
        else:
            left = int(request.get('content-length', '0'))
            while left:
                if not self.buffer:
                    self.more()
                data, self.buffer = self.buffer[:left], self.buffer[left:]
                left -= len(data)
                yield note(data)
        request.is_whole = True

    def serve(self):
        try:
            if self.backend.expects_proxy:
                self.read_proxy_header()
            while self.backend.is_open:
                request = self.read_request()
                self.backend.note(request)
                if request.get('expect', '').lower() == '100-continue' and request.path != '/early':
                    time.sleep(self.backend.continue_s)
                    self.send(b'HTTP/1.1 100 Continue\r\n\r\n')
                if not self.answer(request) or 'close' in request.get('connection', '').lower():
                    break
        except (Gone, OSError, ValueError, AssertionError):
            pass
        finally:
            self.sock.close()
            self.backend.forget(self)

    def send(self, data):
        self.sock.sendall(data)

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        return False

    def plain(self, body, status='200 OK', kind='text/plain', more='', head=False):
        text = f'HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n'
        self.send(text.encode() + (b'' if head else body))
        return True

    def answer(self, request):
        """False: close it."""
        words = request.path.strip('/').split('/')
        special = getattr(self, 'do_' + words[0].replace('-', '_'), None)
        if special is not None:
            return special(request, *words[1:])
        for _ in self.pieces(request):
            pass
        return self.plain(b'not here', '404 Not Found')

    # ---- what is there ----

    def drain(self, request):
        for _ in self.pieces(request):
            pass

    def do_page(self, request):
        self.drain(request)
        page = f'<!doctype html><title>{self.backend.title}</title><p id=who>this is {self.backend.title}</p>'.encode()
        return self.plain(page, kind='text/html', more='Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n', head=request.method == 'HEAD')

    def do_head(self, request):
        self.drain(request)
        told = {'method': request.method, 'target': request.target, 'fields': request.fields, 'backend': self.backend.title}
        return self.plain(json.dumps(told).encode(), kind='application/json')

    def do_echo(self, request):
        length = request.get('content-length')
        framing = f'Content-Length: {length}' if length else 'Transfer-Encoding: chunked'
        self.send(f'HTTP/1.1 200 OK\r\n{framing}\r\n\r\n'.encode())
        for data in self.pieces(request):
            self.send(data if length else b'%x\r\n%s\r\n' % (len(data), data))
        if not length:
            self.send(b'0\r\n\r\n')
        return True

    def do_upload(self, request):
        self.drain(request)
        return self.plain(json.dumps({'length': request.body_len, 'sha256': request.body_hash.hexdigest()}).encode())

    def do_big(self, request, count):
        self.drain(request)
        left = int(count)
        self.send(f'HTTP/1.1 200 OK\r\nContent-Length: {left}\r\n\r\n'.encode())
        while left > 0:
            self.send(PATTERN[:min(left, len(PATTERN))])
            left -= len(PATTERN)
        return True

    def do_events(self, request, count, ms):
        self.drain(request)
        self.send(b'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n')
        for number in range(int(count)):
            event = f'data: {number} {time.monotonic()}\n\n'.encode()
            self.send(b'%x\r\n%s\r\n' % (len(event), event))
            time.sleep(int(ms) / 1000)
        self.send(b'0\r\n\r\n')
        return True

    def do_ws(self, request):
        if 'upgrade' not in request.get('connection', '').lower():
            return self.plain(b'no upgrade', '400 Bad Request')
        import base64
        key = request.get('sec-websocket-key', '')
        accept = base64.b64encode(hashlib.sha1((key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').encode()).digest()).decode()
        self.send(f'HTTP/1.1 101 Switching Protocols\r\nUpgrade: {request.get("upgrade")}\r\nConnection: Upgrade\r\n'
                  f'Sec-WebSocket-Accept: {accept}\r\n\r\n'.encode())
        try:
            while True:
                if not self.buffer:
                    self.more()
                data, self.buffer = self.buffer, b''
                self.send(data)      # for frames of WebSocket the mask would have to go; a tunnel does not care
        except Gone:
            self.send(b'bye')        # half-closed: what comes back after the end must still arrive
        return False

    def do_slow(self, request, ms):
        self.drain(request)
        time.sleep(int(ms) / 1000)
        return self.plain(b'slow')

    def do_status(self, request, number):
        self.drain(request)
        length = '' if number in ('204', '304') else 'Content-Length: 0\r\n'
        self.send(f'HTTP/1.1 {number} As Asked\r\n{length}\r\n'.encode())
        return True

    def do_chunked(self, request, count):
        self.drain(request)
        self.send(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
        if request.method != 'HEAD':
            for number in range(int(count)):
                self.send(b'5\r\n%05d\r\n' % number)
            self.send(b'0\r\n\r\n')
        return True

    def do_odd_chunks(self, request):
        self.drain(request)
        self.send(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n0000A;name="value"\r\n0123456789\r\n')
        for byte in b'5\r\nabcde\r\n0\r\nX-Trailer: yes\r\n\r\n':
            self.send(bytes([byte]))
            time.sleep(0.001)
        return True

    def do_until_close(self, request, count):
        self.drain(request)
        self.send(b'HTTP/1.1 200 OK\r\n\r\n' + pattern(int(count)))
        return False

    def do_die(self, request, count):
        self.drain(request)
        self.send(b'HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n' + pattern(int(count)))
        time.sleep(0.05)
        return self.reset()

    def do_die_now(self, request):
        self.drain(request)
        return self.reset()

    def do_die_chunked(self, request):
        self.drain(request)
        self.send(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n')
        return False

    def do_garbage(self, request):
        self.drain(request)
        self.send(b'this is no HTTP at all\r\n\r\n')
        return False

    def do_early(self, request):
        self.plain(b'too much', '413 Content Too Large', more='Connection: close\r\n')
        self.sock.shutdown(socket.SHUT_WR)
        time.sleep(0.2)
        return False

    def do_answer(self, request, name):
        self.drain(request)
        self.send(self.backend.answers[name])
        return False

    def do_two_lengths(self, request):
        self.drain(request)
        self.send(b'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef')
        return False

    def do_cl_and_te(self, request):
        self.drain(request)
        self.send(b'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n')
        return False

    def do_bad_chunk(self, request):
        self.drain(request)
        self.send(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\nZZ\r\nxx\r\n0\r\n\r\n')
        return False

    def do_huge_head(self, request):
        self.drain(request)
        self.send(b'HTTP/1.1 200 OK\r\nX-A: ' + b'a' * 300000 + b'\r\nContent-Length: 2\r\n\r\nok')
        return False


class Backend:
    """expects_proxy: every connection begins with a PROXY protocol v2 header. Use as a context manager."""

    def __init__(self, title='backend', expects_proxy=False, port=0):
        self.title, self.expects_proxy, self.continue_s = title, expects_proxy, 0
        self.requests, self.connections, self.lock, self.answers = [], set(), threading.Lock(), {}
        self.connection_count = self.request_count = 0
        self.start(port)

    def start(self, port=0):
        self.is_open = True
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(('127.0.0.1', port))
        self.listener.listen(1024)
        self.port = self.listener.getsockname()[1]
        self.address = f'127.0.0.1:{self.port}'
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        listener = self.listener
        while self.is_open:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(self, sock)
            with self.lock:
                self.connections.add(connection)
                self.connection_count += 1
            threading.Thread(target=connection.serve, daemon=True).start()

    def note(self, request):
        with self.lock:
            self.request_count += 1
            self.requests.append(request)
            del self.requests[:-2000]

    def forget(self, connection):
        with self.lock:
            self.connections.discard(connection)

    def clear(self):
        with self.lock:
            self.requests.clear()

    def seen(self):
        """[method target] of the requests since clear()."""
        with self.lock:
            return [f'{r.method} {r.target}' for r in self.requests]

    def last(self):
        with self.lock:
            return self.requests[-1]

    def stop(self):
        """Nobody listens any more, and open connections are reset."""
        self.is_open = False
        for sock in (self.listener, *(c.sock for c in list(self.connections))):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
