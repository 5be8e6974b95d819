"""HTTP/1.1 and HTTP/2 byte by byte over sockets, for tests of what a server does with bytes that no library would send. It
shares nothing with the program."""
import socket
import struct
import threading
import time


class Closed(Exception):
    """The server has closed; what it had said is in args[0]."""


class Answer:
    def __init__(self, head, body, is_whole=True):
        self.head, self.body, self.is_whole = head, body, is_whole
        lines = head.decode('latin-1').split('\r\n')
        self.status = int(lines[0].split(' ')[1])
        self.fields = [(n.strip().lower(), v.strip()) for n, _, v in (line.partition(':') for line in lines[1:])]

    def all(self, name):
        return [value for n, value in self.fields if n == name]

    def get(self, name, default=None):
        return next(iter(self.all(name)), default)


class Http1:
    """A connection (socket or TLS) that bytes are sent on, and answers are read from."""

    def __init__(self, sock):
        self.sock, self.buffer = sock, b''

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def more(self):
        try:
            data = self.sock.recv(65536)
        except (ConnectionError, OSError) as error:
            if isinstance(error, (socket.timeout, TimeoutError)):
                raise
            data = b''
        if not data:
            raise Closed(self.buffer)
        self.buffer += data

    def until(self, what):
        while what not in self.buffer:
            self.more()
        head, self.buffer = self.buffer.split(what, 1)
        return head

    def take(self, count):
        while len(self.buffer) < count:
            self.more()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def head(self):
        return Answer(self.until(b'\r\n\r\n'), b'')

    def answer(self, is_head=False):
        """One answer that is final, whole or as much as came."""
        while True:
            found = self.head()
            if found.status >= 200 or found.status == 101:
                break
        if is_head or found.status in (101, 204, 304):
            return found
        try:
            if found.get('transfer-encoding'):
                while True:
                    size = int(self.until(b'\r\n').split(b';')[0], 16)
                    if size == 0:
                        while self.until(b'\r\n'):
                            pass
                        return found
                    found.body += self.take(size)
                    assert self.take(2) == b'\r\n'
            elif found.get('content-length') is not None:
                found.body = self.take(int(found.get('content-length')))
            else:
                while True:
                    self.more()
        except Closed:
            found.is_whole = not found.get('transfer-encoding') and found.get('content-length') is None
            found.body += self.buffer
            self.buffer = b''
        return found

    def request(self, method, path, *fields, body=None, host='www.test'):
        head = [f'{method} {path} HTTP/1.1', f'Host: {host}', *fields]
        if body is not None and not any(f.lower().startswith(('content-length', 'transfer-encoding')) for f in fields):
            head.append(f'Content-Length: {len(body)}')
        self.send(('\r\n'.join(head) + '\r\n\r\n').encode('latin-1') + (body or b''))
        return self.answer(method == 'HEAD')

    def is_closed(self, seconds=5):
        """The server closes (or has closed) within that time, without saying anything more."""
        self.sock.settimeout(seconds)
        try:
            self.more()
            return False
        except Closed:
            return True
        except (socket.timeout, TimeoutError):
            return False


# ---- HTTP/2 [RFC9113] ----

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, END_HEADERS, ACK = 1, 4, 1
PREFACE = b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
STATUS = {8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500}


def frame(kind, flags, stream, payload=b''):
    return struct.pack('>I', len(payload))[1:] + struct.pack('>BBI', kind, flags, stream) + payload


def integer(value, bits):
    """[RFC7541 5.1], first byte's upper bits 0."""
    limit = (1 << bits) - 1
    if value < limit:
        return bytes([value])
    out, value = bytes([limit]), value - limit
    while value >= 128:
        out, value = out + bytes([value % 128 | 128]), value >> 7
    return out + bytes([value])


def literal(name, value):
    """Without indexing, without Huffman [RFC7541 6.2.2]."""
    name, value = (t if isinstance(t, bytes) else t.encode('latin-1') for t in (name, value))
    return b'\0' + integer(len(name), 7) + name + integer(len(value), 7) + value


def block_of(fields):
    return b''.join(literal(name, value) for name, value in fields)


def read_integer(data, at, bits):
    limit = (1 << bits) - 1
    value, at = data[at] & limit, at + 1
    if value == limit:
        shift = 0
        while True:
            byte, at = data[at], at + 1
            value, shift = value + ((byte & 127) << shift), shift + 7
            if byte < 128:
                break
    return value, at


def huffman_digits(data):
    """Digits alone [RFC7541 B]: 0, 1, 2 are five bits, the others six."""
    bits, out = ''.join(f'{byte:08b}' for byte in data), ''
    while len(bits) >= 5:
        if bits[:5] in ('00000', '00001', '00010'):
            out, bits = out + str(int(bits[:5], 2)), bits[5:]
        elif bits[:1] == '0' and len(bits) >= 6 and 25 <= int(bits[:6], 2) <= 31:
            out, bits = out + str(int(bits[:6], 2) - 22), bits[6:]
        else:
            break
    return out


def status_of(data):
    """:status is the first field of an answer; the table has no entries of ours, for we allow none."""
    at = 0
    while data[at] & 0xe0 == 0x20:
        _, at = read_integer(data, at, 5)
    if data[at] & 0x80:
        return STATUS[read_integer(data, at, 7)[0]]
    index, at = read_integer(data, at, 6 if data[at] & 0x40 else 4)
    if index == 0:
        length, begin = read_integer(data, at, 7)
        at = begin + length
    is_huffman = data[at] & 0x80
    length, at = read_integer(data, at, 7)
    text = data[at:at + length]
    return int(huffman_digits(text) if is_huffman else text)


class Http2:
    """A client; frames of the server are kept by stream. Windows are opened as data comes unless is_greedy is False."""

    def __init__(self, sock, is_greedy=True, window=65535):
        self.sock, self.buffer, self.is_greedy, self.next = sock, b'', is_greedy, 1
        self.answers, self.resets, self.goaway, self.is_open, self.settings, self.pings = {}, {}, None, True, {}, 0
        self.lock = threading.Lock()
        self.send(PREFACE + frame(SETTINGS, 0, 0, struct.pack('>HIHI', 1, 0, 4, window)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, data):
        try:
            with self.lock:
                self.sock.sendall(data)
        except (BrokenPipeError, ConnectionError, OSError) as error:
            if isinstance(error, (socket.timeout, TimeoutError)):
                raise
            self.is_open = False

    def step(self):
        """Reads what comes and handles the whole frames. False: the server has closed."""
        try:
            data = self.sock.recv(65536)
        except (socket.timeout, TimeoutError):
            raise
        except (ConnectionError, OSError):
            data = b''
        if not data:
            self.is_open = False
            return False
        self.buffer += data
        while len(self.buffer) >= 9:
            length = int.from_bytes(self.buffer[:3], 'big')
            if len(self.buffer) < 9 + length:
                break
            kind, flags, stream = struct.unpack('>BBI', self.buffer[3:9])
            payload, self.buffer = self.buffer[9:9 + length], self.buffer[9 + length:]
            self.handle(kind, flags, stream & 0x7fffffff, payload)
        return True

    def handle(self, kind, flags, stream, payload):
        found = self.answers.setdefault(stream, {'status': None, 'body': b'', 'is_whole': False}) if stream else None
        if kind == SETTINGS and not flags & ACK:
            self.settings.update({struct.unpack('>H', payload[i:i + 2])[0]: struct.unpack('>I', payload[i + 2:i + 6])[0]
                                  for i in range(0, len(payload), 6)})
            self.send(frame(SETTINGS, ACK, 0))
        elif kind == PING:
            self.pings += 1
            if not flags & ACK:
                self.send(frame(PING, ACK, 0, payload))
        elif kind == GOAWAY:
            self.goaway = struct.unpack('>II', payload[:8])
        elif kind == RST_STREAM:
            self.resets[stream] = struct.unpack('>I', payload)[0]
        elif kind == HEADERS:
            status = status_of(payload) if found['status'] is None else found['status']
            found['status'] = status if status >= 200 else None
        elif kind == DATA:
            found['body'] += payload
            if self.is_greedy and payload:
                self.send(frame(WINDOW_UPDATE, 0, 0, struct.pack('>I', len(payload))))
                if not flags & END_STREAM:
                    self.send(frame(WINDOW_UPDATE, 0, stream, struct.pack('>I', len(payload))))
        if kind in (HEADERS, DATA) and flags & END_STREAM:
            found['is_whole'] = True

    def headers(self, fields, is_end=True, stream=None):
        stream, self.next = stream or self.next, max(self.next, stream or 0) + 2 if stream is None else self.next
        self.send(frame(HEADERS, END_HEADERS | (END_STREAM if is_end else 0), stream, block_of(fields)))
        return stream

    def wait(self, stream, seconds=10):
        """The stream's end: its answer, or {'reset': code}, or {'closed': goaway}."""
        end = time.monotonic() + seconds
        while True:
            if stream in self.resets:
                return {**self.answers.get(stream, {}), 'reset': self.resets[stream]}
            if self.answers.get(stream, {}).get('is_whole'):
                return self.answers[stream]
            if not self.is_open or (self.goaway is not None and self.goaway[0] < stream):
                return {**self.answers.get(stream, {}), 'closed': self.goaway}
            self.sock.settimeout(max(end - time.monotonic(), 0.01))
            self.step()

    def get(self, path, *more, authority='www.test', method='GET'):
        return self.wait(self.headers([(':method', method), (':scheme', 'https'), (':authority', authority), (':path', path), *more]))

    def wait_closed(self, seconds=10):
        """True when the server ends the connection in that time."""
        end = time.monotonic() + seconds
        try:
            while self.is_open and time.monotonic() < end:
                self.sock.settimeout(max(end - time.monotonic(), 0.01))
                self.step()
        except (socket.timeout, TimeoutError):
            pass
        return not self.is_open or self.goaway is not None
