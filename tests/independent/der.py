"""A strict reader of DER, for the few ASN.1 types that certificates use.

Everything that is not the one valid encoding of a value raises DerError.
"""


class DerError(Exception):
    pass


BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 1, 2, 3, 4, 5, 6
UTF8_STRING, RELATIVE_OID, UTC_TIME, GENERALIZED_TIME = 12, 13, 23, 24
SEQUENCE, SET = 0x30, 0x31


class Node:
    """One TLV: `raw` is the whole encoding, `body` the contents octets."""

    def __init__(self, tag, raw, body):
        self.tag, self.raw, self.body = tag, raw, body

    def expect(self, tag, what):
        if self.tag != tag:
            raise DerError(f'{what}: tag {self.tag:#04x} instead of {tag:#04x}')
        return self

    def children(self):
        out, rest = [], self.body
        while rest:
            node, rest = read(rest)
            out.append(node)
        return out


def read(data):
    """First TLV of data, and what follows it."""
    if len(data) < 2:
        raise DerError('truncated')
    tag = data[0]
    if tag & 0x1f == 0x1f:
        raise DerError('high tag number')
    first = data[1]
    if first < 0x80:
        length, offset = first, 2
    else:
        count = first & 0x7f
        if count == 0:
            raise DerError('indefinite length')
        if count > 4:
            raise DerError('length too large')
        if len(data) < 2 + count:
            raise DerError('truncated length')
        length, offset = int.from_bytes(data[2:2 + count], 'big'), 2 + count
        if length < 0x80 or data[2] == 0:
            raise DerError('length is not minimal')
    if len(data) < offset + length:
        raise DerError('truncated value')
    end = offset + length
    return Node(tag, data[:end], data[offset:end]), data[end:]


def read_all(data):
    """The one TLV that data consists of."""
    node, rest = read(data)
    if rest:
        raise DerError('trailing data')
    return node


def sequence(node, what='SEQUENCE'):
    return node.expect(SEQUENCE, what).children()


def boolean(node):
    body = node.expect(BOOLEAN, 'BOOLEAN').body
    if body not in (b'\x00', b'\xff'):
        raise DerError('BOOLEAN is not 00 or ff')
    return body == b'\xff'


def integer(node):
    body = node.expect(INTEGER, 'INTEGER').body
    if not body:
        raise DerError('empty INTEGER')
    if len(body) > 1 and (body[0], body[1] >> 7) in ((0x00, 0), (0xff, 1)):
        raise DerError('INTEGER is not minimal')
    return int.from_bytes(body, 'big', signed=True)


def bit_string(node):
    """(unused bits, octets)."""
    body = node.expect(BIT_STRING, 'BIT STRING').body
    if not body:
        raise DerError('empty BIT STRING')
    unused, octets = body[0], body[1:]
    if unused > 7 or (unused and not octets):
        raise DerError('BIT STRING: bad count of unused bits')
    if unused and octets[-1] & ((1 << unused) - 1):
        raise DerError('BIT STRING: unused bits are not zero')
    return unused, octets


def whole_bit_string(node):
    unused, octets = bit_string(node)
    if unused:
        raise DerError('BIT STRING has unused bits')
    return octets


def named_bits(node):
    """A named bit list as a set of bit numbers (DER: no trailing zero bits)."""
    unused, octets = bit_string(node)
    if octets and not octets[-1] >> unused & 1:
        raise DerError('named bit list has trailing zero bits')
    return {i for i in range(8 * len(octets) - unused) if octets[i // 8] >> (7 - i % 8) & 1}


def arcs(body):
    """The base-128 numbers of an OID's or RELATIVE-OID's contents octets."""
    if not body:
        raise DerError('empty object identifier')
    out, value, start = [], 0, True
    for octet in body:
        if start and octet == 0x80:
            raise DerError('object identifier component is not minimal')
        value, start = value << 7 | octet & 0x7f, False
        if value >> 4096:
            raise DerError('object identifier component is too large')
        if not octet & 0x80:
            out.append(value)
            value, start = 0, True
    if not start:
        raise DerError('truncated object identifier')
    return out


def relative_oid(node):
    return '.'.join(map(str, arcs(node.expect(RELATIVE_OID, 'RELATIVE-OID').body)))


def oid(node):
    first, *rest = arcs(node.expect(OID, 'OBJECT IDENTIFIER').body)
    top = min(first // 40, 2)
    return '.'.join(map(str, [top, first - 40 * top] + rest))


def base128(number):
    out = [number & 0x7f]
    while number := number >> 7:
        out.append(number & 0x7f | 0x80)
    return bytes(reversed(out))


def relative_oid_bytes(dotted):
    """Contents octets of a dotted relative OID."""
    parts = dotted.split('.')
    for part in parts:
        if not (part.isascii() and part.isdigit()) or (part[0] == '0' and part != '0') or len(part) > 600:
            raise DerError(f'not a dotted identifier: {dotted!r}')
    return b''.join(base128(int(part)) for part in parts)


def algorithm(node):
    """AlgorithmIdentifier: (dotted OID, parameters as Node or None)."""
    parts = sequence(node, 'AlgorithmIdentifier')
    if not 1 <= len(parts) <= 2:
        raise DerError('AlgorithmIdentifier has a wrong number of fields')
    return oid(parts[0]), (parts[1] if len(parts) == 2 else None)


def time(node):
    """UTCTime or GeneralizedTime of RFC 5280 as seconds since the epoch."""
    import calendar
    import datetime
    text = node.body
    if not text.isascii() or not text[:-1].isdigit() or text[-1:] != b'Z':
        raise DerError('malformed time')
    text = text[:-1].decode()
    if node.tag == UTC_TIME and len(text) == 12:
        text = ('20' if text[:2] < '50' else '19') + text
    elif node.tag != GENERALIZED_TIME or len(text) != 14:
        raise DerError('malformed time')
    try:
        when = datetime.datetime(*(int(text[a:b]) for a, b in
                                   ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12), (12, 14))))
    except ValueError as error:
        raise DerError('no such time') from error
    return calendar.timegm(when.timetuple())


# Writing, for the tests only.

def tlv(tag, *parts):
    body = b''.join(parts)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, 'big')
    return bytes([tag, 0x80 | len(size)]) + size + body


def tlv_integer(number):
    return tlv(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, 'big', signed=True))


def tlv_oid(dotted):
    top, second, *rest = map(int, dotted.split('.'))
    return tlv(OID, b''.join(map(base128, [40 * top + second] + rest)))
