"""The signature algorithms of cosigners: names, OIDs, keys."""
import der
import ec
import ed25519
import hashlib
import mldsa

EC_PUBLIC_KEY = '1.2.840.10045.2.1'
ED25519 = '1.3.101.112'


class BadKey(Exception):
    pass


class Key:
    """A public key bound to exactly one algorithm."""
    name = oid = None

    def __init__(self, spki, public):
        self.spki, self.public = spki, public

    def explain(self, message):
        """Intermediate values of a signature over message, for --explain."""
        return {}

    def verify(self, message, signature):
        try:
            return self._verify(message, signature)
        except der.DerError:
            return False


class EcKey(Key):
    curve = hash_name = None

    @classmethod
    def parse(cls, spki, algorithm, parameters, octets):
        if algorithm != EC_PUBLIC_KEY or parameters is None or der.oid(parameters) != cls.curve.oid:
            raise BadKey(f'not a key on {cls.curve.name}')
        try:
            return cls(spki, cls.curve.decode_point(octets))
        except ValueError as error:
            raise BadKey(str(error)) from error


class EcdsaKey(EcKey):
    def explain(self, message):
        return {'digest': hashlib.new(self.hash_name, message).digest()}

    def _verify(self, message, signature):
        return ec.ecdsa_verify(self.curve, self.hash_name, self.public, message, signature)


class P256Key(EcdsaKey):
    name, oid, curve, hash_name = 'ecdsa_p256_sha256', '1.2.840.10045.4.3.2', ec.P256, 'sha256'


class P384Key(EcdsaKey):
    name, oid, curve, hash_name = 'ecdsa_p384_sha384', '1.2.840.10045.4.3.3', ec.P384, 'sha384'


class Sm2Key(EcKey):
    name, oid, curve = 'sm2_sm3', '1.2.156.10197.1.501', ec.SM2

    def explain(self, message):
        return {'sm2_id': ec.SM2_DEFAULT_ID, 'sm2_za': ec.sm2_za(self.public),
                'sm2_e': ec.sm2_digest(self.public, message)}

    def _verify(self, message, signature):
        return ec.sm2_verify(self.public, message, signature)


class RawKey(Key):
    """Keys whose algorithm OID is also the signature's, without parameters."""
    size = None

    @classmethod
    def parse(cls, spki, algorithm, parameters, octets):
        if algorithm != cls.oid or parameters is not None or len(octets) != cls.size:
            raise BadKey(f'not an {cls.name} key')
        return cls(spki, octets)


class Ed25519Key(RawKey):
    name, oid, size = 'ed25519', ED25519, 32

    def _verify(self, message, signature):
        return ed25519.verify(self.public, message, signature)


class MldsaKey(RawKey):
    parameters = None

    def explain(self, message):
        return {'mldsa_mu': mldsa.mu(self.parameters, self.public, message)}

    def _verify(self, message, signature):
        return mldsa.verify(self.parameters, self.public, message, signature)


def _mldsa(name, parameters):
    return type(name, (MldsaKey,), {'name': name, 'oid': parameters.oid, 'parameters': parameters,
                                    'size': parameters.public_size})


CLASSES = [P256Key, P384Key, Sm2Key, Ed25519Key, _mldsa('mldsa44', mldsa.MLDSA44),
           _mldsa('mldsa65', mldsa.MLDSA65), _mldsa('mldsa87', mldsa.MLDSA87)]
BY_NAME = {cls.name: cls for cls in CLASSES}
BY_OID = {cls.oid: cls for cls in CLASSES}


def parse_key(cls, spki):
    """A key of the given class from DER SubjectPublicKeyInfo."""
    try:
        parts = der.sequence(der.read_all(spki), 'SubjectPublicKeyInfo')
        if len(parts) != 2:
            raise BadKey('SubjectPublicKeyInfo has a wrong number of fields')
        algorithm, parameters = der.algorithm(parts[0])
        return cls.parse(spki, algorithm, parameters, der.whole_bit_string(parts[1]))
    except der.DerError as error:
        raise BadKey(f'SubjectPublicKeyInfo: {error}') from error
