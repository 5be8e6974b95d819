"""Merkle Tree Certificates: drafts -04 to -07 and the GM profile."""
import base64

import algorithms
import der
import merkle
import x509
from x509 import Refused

OID_PREFIX = b'oid/1.3.6.1.4.1.'
GM_ARC = '1.3.6.1.4.1.32473.1000'
EXPERIMENTAL = '1.3.6.1.4.1.44363.47'
UNSIGNED = '1.3.6.1.5.5.7.6.36'
SHA256 = '2.16.840.1.101.3.4.2.1'
TLOG_PREFIX_URL = '1.3.6.1.4.1.64829.2.1'


class Profile:
    """What depends on the version of the draft."""

    def __init__(self, name, hash_name, proof_oid, name_oid, name_tag, fields, count_size,
                 min_serial, max_id):
        self.name, self.hash_name = name, hash_name
        self.proof_algorithm = der.tlv(der.SEQUENCE, der.tlv_oid(proof_oid))
        self.name_oid, self.name_tag = name_oid, name_tag
        self.fields = fields                    # of MTCCertificationAuthority
        self.signatures_length_size = count_size
        self.min_serial, self.max_id = min_serial, max_id
        self.landmarks_with_expiry = count_size == 3

    def distinguished_name(self, ca_id):
        value = ca_id.encode() if self.name_tag == der.UTF8_STRING else der.relative_oid_bytes(ca_id)
        attribute = der.tlv(der.SEQUENCE, der.tlv_oid(self.name_oid), der.tlv(self.name_tag, value))
        return der.tlv(der.SEQUENCE, der.tlv(der.SET, attribute))


def _pkix(name, hash_name):
    return Profile(name, hash_name, '1.3.6.1.5.5.7.6.67', '1.3.6.1.5.5.7.25.3', der.RELATIVE_OID,
                   3, 3, 2**48, 32)


# The extension that marks the CA decides; -04 and -05 share one and differ in its fields.
PROFILES = {
    '1.3.6.1.5.5.7.1.38': [_pkix('draft-07', 'sha256')],
    GM_ARC + '.1': [_pkix('gm', 'sm3')],
    EXPERIMENTAL + '.4': [Profile('draft-06', 'sha256', EXPERIMENTAL + '.0', EXPERIMENTAL + '.3',
                                  der.RELATIVE_OID, 3, 3, 2**48, 32)],
    EXPERIMENTAL + '.2': [Profile(name, 'sha256', EXPERIMENTAL + '.0', EXPERIMENTAL + '.1',
                                  der.UTF8_STRING, fields, 2, 0, 255)
                          for name, fields in (('draft-04', 3), ('draft-05', 4))],
}


class BadCa(Exception):
    """The CA certificate cannot be used."""


class BadPolicy(Exception):
    pass


class Ca:
    """A Merkle Tree CA as its certificate describes it."""

    def __init__(self, encoding):
        try:
            self._read(x509.Certificate(encoding))
        except (der.DerError, algorithms.BadKey) as error:
            raise BadCa(str(error)) from error

    def _read(self, certificate):
        self.certificate = certificate
        if certificate.version != 3:
            raise BadCa('not an X.509 v3 certificate')
        if certificate.tbs_algorithm.raw != certificate.signature_algorithm.raw:
            raise BadCa('inner and outer signature algorithm differ')
        oid, parameters = der.algorithm(certificate.signature_algorithm)
        if oid == UNSIGNED and (parameters is not None or certificate.signature.body != b'\x00'):
            raise BadCa('not the form of an unsigned certificate')
        marks = [e for e in certificate.extensions if e.oid in PROFILES]
        if len(marks) != 1:
            raise BadCa('not exactly one Merkle Tree CA extension')
        if not marks[0].critical:
            raise BadCa('Merkle Tree CA extension is not critical')
        for extension in certificate.extensions:
            known = {x509.KEY_USAGE, x509.BASIC_CONSTRAINTS, x509.CERTIFICATE_POLICIES, marks[0].oid}
            if extension.critical and extension.oid not in known:
                raise BadCa(f'unknown critical extension {extension.oid}')
        if x509.KEY_CERT_SIGN not in (certificate.key_usage() or ()):
            raise BadCa('keyUsage without keyCertSign')
        if not certificate.basic_constraints()[1]:
            raise BadCa('basicConstraints does not say CA')
        self._read_extension(marks[0])
        self._read_subject()
        if self.profile.name == 'gm':
            self._check_gm()

    def _check_gm(self):
        """What the GM profile asks of the CA certificate beyond the draft."""
        find = self.certificate.extension
        if self.key.name != 'sm2_sm3':
            raise BadCa('the CA cosigner of an SM3 CA signs with SM2')
        if self.min_serial > self.max_serial:
            raise BadCa('minSerial is larger than maxSerial')
        if not (find(x509.KEY_USAGE).critical and find(x509.BASIC_CONSTRAINTS).critical):
            raise BadCa('keyUsage or basicConstraints is not critical')
        identifier = find(x509.SUBJECT_KEY_IDENTIFIER)
        if not identifier or identifier.value != der.tlv(der.OCTET_STRING, self.id_bytes):
            raise BadCa('subjectKeyIdentifier is not the CA ID')
        if find(TLOG_PREFIX_URL):
            raise BadCa('the C2SP prefix URL extension asserts SHA-256')

    def _read_extension(self, mark):
        fields = der.sequence(der.read_all(mark.value), 'MTCCertificationAuthority')
        self.profile = next((p for p in PROFILES[mark.oid] if p.fields == len(fields)), None)
        if not self.profile:
            raise BadCa('MTCCertificationAuthority has a wrong number of fields')
        self.hash_name = self.profile.hash_name
        if self.profile.name in ('draft-04', 'draft-05'):
            oid, parameters = der.algorithm(fields.pop(0))
            if oid != SHA256 or (parameters is not None and parameters.raw != b'\x05\x00'):
                raise BadCa('logHash is not SHA-256')
        oid, parameters = der.algorithm(fields.pop(0))
        if oid not in algorithms.BY_OID or parameters is not None:
            raise BadCa(f'unknown sigAlg {oid}, or one with parameters')
        self.key = algorithms.parse_key(algorithms.BY_OID[oid], self.certificate.spki.raw)
        serials = [der.integer(field) for field in fields]
        self.min_serial, self.max_serial = serials if len(serials) == 2 else (serials[0], 2**64 - 1)
        if not all(self.profile.min_serial <= serial < 2**64 for serial in serials):
            raise BadCa('minSerial or maxSerial out of range')

    def _read_subject(self):
        rdns = der.sequence(self.certificate.subject)
        attributes = rdns[0].children() if len(rdns) == 1 else []
        if len(attributes) != 1:
            raise BadCa('subject is not one attribute')
        kind, value = attributes[0].children()
        if der.oid(kind) != self.profile.name_oid or value.tag != self.profile.name_tag:
            raise BadCa('subject is not a trust anchor ID of this version')
        if value.tag == der.RELATIVE_OID:
            self.id = der.relative_oid(value)
        else:
            self.id = value.body.decode('ascii', 'replace')
        self.id_bytes = der.relative_oid_bytes(self.id)
        if not 1 <= len(self.id_bytes) <= self.profile.max_id:
            raise BadCa('trust anchor ID is too long')
        if len(cosigner_name(self.log_id(65535))) > 255:
            raise BadCa('trust anchor ID is too long for a CosignedMessage')
        if self.certificate.subject.raw != self.profile.distinguished_name(self.id):
            raise BadCa('subject is not the name of a trust anchor ID')

    def log_id(self, log_number):
        return f'{self.id}.0.{log_number}'


# MTCProof

class Reader:
    """TLS presentation language."""

    def __init__(self, data):
        self.data = data

    def take(self, size):
        if len(self.data) < size:
            raise Refused('MTCProof or log entry is truncated')
        out, self.data = self.data[:size], self.data[size:]
        return out

    def number(self, size):
        return int.from_bytes(self.take(size), 'big')

    def vector(self, length_size):
        return self.take(self.number(length_size))


def check_entry_extensions(data):
    """MTCLogEntryExtension list: strictly ascending types."""
    reader, last, types = Reader(data), -1, []
    while reader.data:
        kind = reader.number(2)
        reader.vector(2)
        if kind <= last:
            raise Refused('log entry extensions are not in ascending order')
        last = kind
        types.append(kind)
    return types


class Proof:
    def __init__(self, data, profile):
        reader = Reader(data)
        self.extensions = reader.vector(2)
        check_entry_extensions(self.extensions)
        self.start, self.end = reader.number(6), reader.number(6)
        hashes = reader.vector(2)
        if len(hashes) % merkle.HASH_SIZE:
            raise Refused('inclusion proof is not a whole number of hashes')
        self.inclusion = [hashes[i:i + merkle.HASH_SIZE] for i in range(0, len(hashes), merkle.HASH_SIZE)]
        signatures = Reader(reader.vector(profile.signatures_length_size))
        if reader.data:
            raise Refused('data after the MTCProof')
        self.signatures = []
        while signatures.data:
            cosigner_id = signatures.vector(1)
            if not cosigner_id:
                raise Refused('empty cosigner ID')
            if self.signatures:
                last = self.signatures[-1][0]
                if (len(cosigner_id), cosigner_id) <= (len(last), last):
                    raise Refused('cosigners are not in strictly ascending order')
            self.signatures.append((cosigner_id, signatures.vector(2)))


def cosigner_name(dotted):
    return OID_PREFIX + dotted.encode()


def cosigned_message(cosigner, log_id, timestamp, start, end, subtree_hash):
    name, origin = cosigner_name(cosigner), cosigner_name(log_id)
    return (b'subtree/v1\n\0' + bytes([len(name)]) + name + timestamp.to_bytes(8, 'big')
            + bytes([len(origin)]) + origin + start.to_bytes(8, 'big') + end.to_bytes(8, 'big')
            + subtree_hash)


# Policy

def decimal(text):
    """A decimal integer without leading zeros, None if text is something else."""
    if not (text.isascii() and text.isdigit()) or len(text) > 20 or str(int(text)) != text:
        return None
    return int(text)


def _decode(text, what):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise BadPolicy(f'{what}: bad base64') from error
    if base64.b64encode(data).decode() != text:
        raise BadPolicy(f'{what}: base64 is not canonical')
    return data


def _number(text, limit):
    number = decimal(text)
    if number is None or number >= limit:
        raise BadPolicy(f'not a number in range: {text!r}')
    return number


def _id(text):
    try:
        der.relative_oid_bytes(text)
    except der.DerError as error:
        raise BadPolicy(str(error)) from error
    if len(cosigner_name(text)) > 255:
        raise BadPolicy(f'identifier is too long: {text}')
    return text


class Policy:
    """The text of the verify policy file."""

    def __init__(self, text='', ca=None):
        self.cosigners, self.trusted, self.requirements, self.revoked = {}, {}, [], []
        if ca:
            self.cosigners[ca.id] = ca.key
        for number, line in enumerate(text.split('\n'), 1):
            words = line.split('#', 1)[0].split()
            if words:
                try:
                    self._statement(*words)
                except (BadPolicy, TypeError, algorithms.BadKey) as error:
                    raise BadPolicy(f'line {number}: {error}') from error
        for _, ids in self.requirements:
            for cosigner in ids:
                if cosigner not in self.cosigners:
                    raise BadPolicy(f'required cosigner {cosigner} has no key')
        keys = [key.spki for key in self.cosigners.values()]
        if len(set(keys)) != len(keys):
            raise BadPolicy('one key has two cosigner IDs')

    def _statement(self, word, *arguments):
        known = {'cosigner': self._cosigner, 'trusted-subtree': self._trusted_subtree,
                 'require-cosigners': self._require, 'revoked': self._revoked}
        if word not in known:
            raise BadPolicy(f'unknown statement {word!r}')
        known[word](*arguments)

    def _cosigner(self, cosigner, algorithm, spki):
        if algorithm not in algorithms.BY_NAME:
            raise BadPolicy(f'unknown algorithm {algorithm!r}')
        key = algorithms.parse_key(algorithms.BY_NAME[algorithm], _decode(spki, 'SPKI'))
        old = self.cosigners.setdefault(_id(cosigner), key)
        if (old.spki, old.name) != (key.spki, key.name):
            raise BadPolicy(f'cosigner {cosigner} has two keys')

    def _trusted_subtree(self, ca_id, log, start, end, digest):
        place = (_id(ca_id), _number(log, 2**16), _number(start, 2**48), _number(end, 2**48))
        value = _decode(digest, 'hash')
        if len(value) != merkle.HASH_SIZE:
            raise BadPolicy('hash of a wrong length')
        if not merkle.is_valid_subtree(*place[2:]):
            raise BadPolicy('not a valid subtree')
        if self.trusted.setdefault(place, value) != value:
            raise BadPolicy('a trusted subtree has two hashes')

    def _require(self, count, *ids):
        if not ids or len(set(ids)) != len(ids):
            raise BadPolicy('require-cosigners needs distinct cosigner IDs')
        need = {'all': len(ids), 'any': 1}.get(count) or _number(count, len(ids) + 1)
        if need == 0:
            raise BadPolicy('require-cosigners 0 requires nothing')
        self.requirements.append((need, [_id(i) for i in ids]))

    def _revoked(self, ca_id, first, last):
        window = _number(first, 2**64), _number(last, 2**64)
        if window[0] > window[1]:
            raise BadPolicy('revoked range is empty')
        self.revoked.append((_id(ca_id), *window))


# Verification, section 7.2

def log_entry(certificate, hash_name, entry_extensions):
    """(subjectPublicKeyInfoHash, tbs_cert_entry_data, MTCLogEntry) of a certificate."""
    spki_hash = merkle.HASHES[hash_name](certificate.spki.raw)
    data = b''.join([certificate.version_node.raw if certificate.version_node else b'',
                     certificate.issuer.raw, certificate.validity.raw, certificate.subject.raw,
                     certificate.spki_algorithm.raw,
                     der.tlv(der.OCTET_STRING, spki_hash), certificate.after_spki])
    entry = len(entry_extensions).to_bytes(2, 'big') + entry_extensions + b'\x00\x01' + data
    return spki_hash, data, entry


def check_proof(certificate, ca, policy, trace=None):
    """The reason for accepting; Refused otherwise. `trace` takes (name, value)."""
    tell = trace or (lambda name, value: None)
    profile = ca.profile
    tell('profile', profile.name)
    tell('tree_hash', ca.hash_name)
    tell('ca_id', ca.id_bytes)
    tell('certificate', certificate.encoding)
    tell('tbs', certificate.tbs.raw)
    if certificate.tbs_algorithm.raw != profile.proof_algorithm:
        raise Refused('TBSCertificate.signature is not id-alg-mtcProof of this CA')
    if certificate.signature_algorithm.raw != profile.proof_algorithm:
        raise Refused('signatureAlgorithm is not id-alg-mtcProof of this CA')
    if certificate.issuer.raw != ca.certificate.subject.raw:
        raise Refused('issuer is not this CA')
    unused, octets = der.bit_string(certificate.signature)
    if unused:
        raise Refused('signatureValue has unused bits')
    tell('mtc_proof', octets)
    proof = Proof(octets, profile)

    serial = certificate.serial
    if not 0 <= serial < 2**64:
        raise Refused('serial number out of range')
    tell('serial', serial.to_bytes(8, 'big'))
    if not ca.min_serial <= serial <= ca.max_serial:
        raise Refused('serial number is outside minSerial..maxSerial')
    for ca_id, first, last in policy.revoked:
        if ca_id == ca.id and first <= serial <= last:
            raise Refused('serial number is revoked')
    log_number, index = serial >> 48, serial & 2**48 - 1
    if log_number == 0:
        raise Refused('log number is zero')
    log_id = ca.log_id(log_number)
    tell('log_number', log_number.to_bytes(2, 'big'))
    tell('index', index.to_bytes(6, 'big'))
    tell('log_id', der.relative_oid_bytes(log_id))

    spki_hash, data, entry = log_entry(certificate, ca.hash_name, proof.extensions)
    tell('spki', certificate.spki.raw)
    tell('spki_hash', spki_hash)
    tell('entry_extensions', proof.extensions)
    tell('tbs_cert_entry_data', data)
    tell('log_entry', entry)
    subtree_hash = entry_hash = merkle.leaf_hash(ca.hash_name, entry)
    tell('entry_hash', entry_hash)
    tell('subtree_start', proof.start.to_bytes(6, 'big'))
    tell('subtree_end', proof.end.to_bytes(6, 'big'))
    try:
        steps = merkle.inclusion_steps(ca.hash_name, index, entry_hash, proof.start, proof.end,
                                       proof.inclusion)
        for i, (sibling, side, subtree_hash) in enumerate(steps):
            tell(f'inclusion_{i}_{side}', sibling)
            tell(f'inclusion_{i}_result', subtree_hash)
    except merkle.ProofError as error:
        raise Refused(str(error)) from error
    tell('subtree_hash', subtree_hash)

    trusted = policy.trusted.get((ca.id, log_number, proof.start, proof.end))
    if trusted is not None:
        tell('trusted_subtree_hash', trusted)
    good = []
    if trusted is None or trace:
        good = _good_cosigners(proof, log_id, subtree_hash, policy, tell)
    if trusted is not None:
        if trusted != subtree_hash:
            raise Refused('trusted subtree has another hash')
        return 'trusted subtree'
    if ca.id not in good:
        raise Refused(f'no valid signature of the CA cosigner {ca.id}')
    for need, ids in policy.requirements:
        have = [i for i in ids if i in good]
        if len(have) < need:
            raise Refused(f'{len(have)} of {need} required cosignatures are valid')
    return 'cosigned by ' + ' '.join(good)


def _good_cosigners(proof, log_id, subtree_hash, policy, tell):
    by_bytes = {der.relative_oid_bytes(i): i for i in policy.cosigners}
    good = []
    for i, (cosigner_id, signature) in enumerate(proof.signatures):
        name = f'cosignature_{i}'
        tell(f'{name}_cosigner_id', cosigner_id)
        tell(f'{name}_signature', signature)
        cosigner = by_bytes.get(cosigner_id)
        if cosigner is None:
            try:
                dotted = '.'.join(map(str, der.arcs(cosigner_id)))
                tell(f'{name}_message', cosigned_message(dotted, log_id, 0, proof.start, proof.end,
                                                         subtree_hash))
            except (der.DerError, ValueError):
                pass
            tell(f'{name}_verdict', 'ignored')
            continue
        key = policy.cosigners[cosigner]
        message = cosigned_message(cosigner, log_id, 0, proof.start, proof.end, subtree_hash)
        tell(f'{name}_algorithm', key.name)
        tell(f'{name}_spki', key.spki)
        tell(f'{name}_message', message)
        for what, value in key.explain(message).items():
            tell(f'{name}_{what}', value)
        valid = key.verify(message, signature)
        tell(f'{name}_verdict', 'good' if valid else 'bad')
        if valid:
            good.append(cosigner)
    return good


def judge(encoding, ca, policy, at=None, dns_name=None, proof_only=False, trace=None):
    """(accepted, reason) for one certificate in DER."""
    try:
        certificate = x509.Certificate(encoding)
        reason = check_proof(certificate, ca, policy, trace)
        if not proof_only:
            if not ca.certificate.not_before <= at <= ca.certificate.not_after:
                raise Refused('the CA certificate is not valid at this time')
            x509.check_leaf(certificate, at, dns_name)
        return True, reason
    except der.DerError as error:
        return False, f'malformed: {error}'
    except Refused as error:
        return False, str(error)
