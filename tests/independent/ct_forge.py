"""Writers for the tests: a CT log of one moment, in either suite, and all that is signed there."""
import base64
import hashlib
import json

import ct
import der
import ec
import forge
import merkle

TIME_MS = 1767225600000
ORIGIN = 'ct.example/2027h1'


class P256Signer:
    oid, name = '1.2.840.10045.4.3.2', 'ecdsa_p256_sha256'

    def __init__(self, d):
        self.d = d
        x, y = ec.P256.combine(d, ec.P256.g, 0, ec.P256.g)
        octets = b'\4' + x.to_bytes(32, 'big') + y.to_bytes(32, 'big')
        self.spki = der.tlv(der.SEQUENCE,
                            der.tlv(der.SEQUENCE, der.tlv_oid('1.2.840.10045.2.1'), der.tlv_oid(ec.P256.oid)),
                            der.tlv(der.BIT_STRING, b'\0' + octets))

    def sign(self, message):
        n, e = ec.P256.n, int.from_bytes(hashlib.sha256(message).digest(), 'big')
        counter = 0
        while True:
            counter += 1
            seed = self.d.to_bytes(32, 'big') + e.to_bytes(32, 'big') + bytes([counter])
            k = int.from_bytes(hashlib.sha256(seed).digest(), 'big') % n
            r = ec.P256.combine(k, ec.P256.g, 0, ec.P256.g)[0] % n if k else 0
            s = pow(k, -1, n) * (e + r * self.d) % n if r else 0
            if r and s:
                return der.tlv(der.SEQUENCE, der.tlv_integer(r), der.tlv_integer(s))


SIGNERS = {'gm': forge.Sm2Signer, 'intl': P256Signer}


def name(text):
    attribute = der.tlv(der.SEQUENCE, der.tlv_oid(forge.DN_COMMON_NAME), der.tlv(der.UTF8_STRING, text.encode()))
    return der.tlv(der.SEQUENCE, der.tlv(der.SET, attribute))


def certificate(signer, issuer, subject, spki, serial, extensions):
    algorithm = der.tlv(der.SEQUENCE, der.tlv_oid(signer.oid))
    tbs = der.tlv(der.SEQUENCE, b'\xa0\3\2\1\2', der.tlv_integer(serial), algorithm, name(issuer), forge.validity(),
                  name(subject), spki, der.tlv(0xa3, der.tlv(der.SEQUENCE, extensions)))
    return der.tlv(der.SEQUENCE, tbs, algorithm, der.tlv(der.BIT_STRING, b'\0', signer.sign(tbs)))


def without(data, oid):
    return ct.tbs_without(ct.x509.Certificate(data), oid)[0]


def vector(suite_name):
    suite, make = ct.SUITES[suite_name], SIGNERS[suite_name]
    log, issuer_key, leaf_key, ca_key = (make(d) for d in (0x1001, 0x2002, 0x3003, 0x4004))
    log_id = suite.hash(log.spki)
    issuer = certificate(issuer_key, 'Vector CA', 'Vector CA', issuer_key.spki, 1,
                         forge.extension('2.5.29.19', b'\x30\3\1\1\xff', True))
    body = forge.KEY_USAGE + forge.SERVER_AUTH + forge.SAN
    poison = forge.extension(ct.POISON, b'\5\0', True)
    precertificate = certificate(issuer_key, 'Vector CA', 'www.example.com', leaf_key.spki, 77, body + poison)
    plain = certificate(issuer_key, 'Vector CA', 'www.example.com', leaf_key.spki, 78, body)
    mtc_ca = certificate(ca_key, 'Vector MTC CA', 'Vector MTC CA', ca_key.spki, 1,
                         forge.extension('2.5.29.19', b'\x30\3\1\1\xff', True))
    tbs, mtc_entry = without(precertificate, ct.POISON), b'\0\0\0\1' + bytes(range(40))
    mtc_log_id, mtc_index = der.relative_oid_bytes('32473.7.0.1'), 0x112233445566
    signed = [b'\0\0' + ct.opaque(3, plain),
              b'\0\1' + suite.hash(issuer_key.spki) + ct.opaque(3, tbs),
              b'\xff\1' + suite.hash(ca_key.spki) + ct.opaque(1, mtc_log_id) + mtc_index.to_bytes(6, 'big')
              + ct.opaque(2, mtc_entry)]
    chains, pres = [[issuer], [issuer], [mtc_ca]], [b'', ct.opaque(3, precertificate), b'']
    entries, answers, leaves, tile, scts = [], [], [], b'', []
    for i, entry in enumerate(signed):
        timestamp, extensions = TIME_MS + 1000 * i, b'\0\0\5' + i.to_bytes(5, 'big')
        timestamped = timestamp.to_bytes(8, 'big') + entry + ct.opaque(2, extensions)
        signature = suite.signature_bytes + ct.opaque(2, log.sign(b'\0\0' + timestamped))
        sct = b'\0' + log_id + timestamp.to_bytes(8, 'big') + ct.opaque(2, extensions) + signature
        leaf_hash = suite.hash(b'\0\0\0' + timestamped)
        extra = pres[i] + ct.opaque(3, b''.join(ct.opaque(3, c) for c in chains[i]))
        tile += timestamped + pres[i] + ct.opaque(2, b''.join(suite.hash(c) for c in chains[i]))
        leaves.append(leaf_hash)
        scts.append(sct)
        entries.append({'sct': sct.hex(), 'merkle_leaf': (b'\0\0' + timestamped).hex(), 'leaf_hash': leaf_hash.hex(),
                        'extra_data': extra.hex()})
        answers.append(json.dumps({'sct_version': 0, 'id': base64.b64encode(log_id).decode(), 'timestamp': timestamp,
                                   'extensions': base64.b64encode(extensions).decode(),
                                   'signature': base64.b64encode(signature).decode()}))
    sct_list = ct.opaque(2, ct.opaque(2, scts[1]))
    final = certificate(issuer_key, 'Vector CA', 'www.example.com', leaf_key.spki, 77,
                        body + forge.extension(ct.SCT_LIST, der.tlv(der.OCTET_STRING, sct_list)))
    time_ms, size = TIME_MS + 9999, len(leaves)
    root = merkle.Tree(suite.hash_name, leaves).mth(0, size)
    head = suite.signature_bytes + ct.opaque(2, log.sign(ct.tree_head_input(time_ms, size, root)))
    payload = base64.b64encode(ct.key_id(ORIGIN, log_id) + time_ms.to_bytes(8, 'big') + head).decode()
    encoded_root = base64.b64encode(root).decode()
    return {
        'suite': suite_name, 'log_key': log.spki.hex(), 'log_id': log_id.hex(), 'origin': ORIGIN,
        'issuer': issuer.hex(), 'precertificate': precertificate.hex(), 'certificate': final.hex(), 'plain': plain.hex(),
        'tbs': tbs.hex(), 'mtc_ca': mtc_ca.hex(), 'mtc_log_id': mtc_log_id.hex(), 'mtc_index': mtc_index,
        'mtc_entry': mtc_entry.hex(), 'entries': entries, 'answers': answers, 'data_tile': tile.hex(),
        'checkpoint': f'{ORIGIN}\n{size}\n{encoded_root}\n\n\u2014 {ORIGIN} {payload}\n',
        'get_sth': json.dumps({'tree_size': size, 'timestamp': time_ms, suite.root_member: encoded_root,
                               'tree_head_signature': base64.b64encode(head).decode()}),
    }
