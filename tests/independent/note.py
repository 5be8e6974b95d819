"""C2SP signed notes, checkpoints, and the note signatures of MTC cosigners."""
import base64
import hashlib

import mtc


class BadNote(Exception):
    pass


def _base64(text, what):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise BadNote(f'{what}: bad base64') from error
    if base64.b64encode(data).decode() != text:
        raise BadNote(f'{what}: base64 is not canonical')
    return data


class Note:
    """text, and signatures as (name, key ID, payload)."""

    def __init__(self, data):
        try:
            note = data.decode('utf-8')
        except UnicodeDecodeError as error:
            raise BadNote('not UTF-8') from error
        if any(ord(c) < 0x20 and c != '\n' for c in note):
            raise BadNote('control character')
        cut = note.rfind('\n\n')
        if cut < 0:
            raise BadNote('no signatures')
        self.text, rest = note[:cut + 1], note[cut + 2:]
        if not rest or not rest.endswith('\n'):
            raise BadNote('no signature lines, or the last one is cut off')
        self.signatures = []
        for line in rest[:-1].split('\n'):
            if not line.startswith('\u2014 '):
                raise BadNote('malformed signature line')
            name, separator, signature = line[2:].partition(' ')
            if not separator or not name or '+' in name or any(c.isspace() for c in name):
                raise BadNote('malformed key name')
            payload = _base64(signature, 'signature')
            if len(payload) < 5:
                raise BadNote('signature is too short')
            self.signatures.append((name, payload[:4], payload[4:]))


class Checkpoint:
    def __init__(self, data):
        self.note = Note(data)
        lines = self.note.text[:-1].split('\n')
        if len(lines) < 3 or not all(lines):
            raise BadNote('checkpoint has less than three lines, or an empty one')
        self.origin = lines[0]
        self.size = mtc.decimal(lines[1])
        if self.size is None:
            raise BadNote('tree size is not a decimal number')
        self.root = _base64(lines[2], 'root hash')
        if len(self.root) != 32:
            raise BadNote('root hash is not 32 bytes')


def key_id(name, key):
    """Of a cosigner that signs CosignedMessages: type 0x06 for ML-DSA-44, a long
    identifier after 0xff for the others (GM profile, section 3)."""
    if key.name == 'mldsa44':
        material = b'\x06' + key.public
    else:
        material = b'\xff' + f'mtc-cosignature/v1/{key.oid}\n'.encode() + key.spki
    return hashlib.sha256(name.encode() + b'\n' + material).digest()[:4]


def check_signature(checkpoint, cosigner, log_id, key):
    """Number of valid signature lines of the cosigner; one that fails is an error."""
    name = mtc.cosigner_name(cosigner).decode()
    wanted, valid = key_id(name, key), 0
    for line_name, line_id, payload in checkpoint.note.signatures:
        if (line_name, line_id) != (name, wanted):
            continue
        timestamp = int.from_bytes(payload[:8], 'big')
        if len(payload) <= 8 or timestamp >= 2**63:
            raise BadNote(f'signature of {name} has no valid timestamp')
        message = mtc.cosigned_message(cosigner, log_id, timestamp, 0, checkpoint.size, checkpoint.root)
        if not key.verify(message, payload[8:]):
            raise BadNote(f'signature of {name} does not verify')
        valid += 1
    return valid
