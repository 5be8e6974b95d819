"""X.509 certificates: strict parsing, and the checks of RFC 5280 on a leaf."""
import base64
import binascii
import ipaddress
import re

import der

KEY_USAGE, SUBJECT_ALT_NAME, BASIC_CONSTRAINTS = '2.5.29.15', '2.5.29.17', '2.5.29.19'
SUBJECT_KEY_IDENTIFIER = '2.5.29.14'
CERTIFICATE_POLICIES, EXT_KEY_USAGE = '2.5.29.32', '2.5.29.37'
SERVER_AUTH, ANY_EXT_KEY_USAGE = '1.3.6.1.5.5.7.3.1', '2.5.29.37.0'
DIGITAL_SIGNATURE, KEY_CERT_SIGN = 0, 5
UNDERSTOOD = {KEY_USAGE, SUBJECT_ALT_NAME, BASIC_CONSTRAINTS, CERTIFICATE_POLICIES, EXT_KEY_USAGE}


class Refused(Exception):
    """The certificate does not verify; the text says why."""


def from_file(data):
    """DER of the first certificate in a PEM (or DER) file."""
    if data[:1] == b'\x30':
        return data
    match = re.search(rb'-----BEGIN CERTIFICATE-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END CERTIFICATE-----',
                      data)
    if not match:
        raise der.DerError('no certificate in PEM form')
    text = re.sub(rb'[\r\n]', b'', match.group(1))
    try:
        decoded = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise der.DerError('bad base64') from error
    if base64.b64encode(decoded) != text:
        raise der.DerError('base64 is not canonical')
    return decoded


class Extension:
    def __init__(self, node):
        parts = der.sequence(node, 'Extension')
        if len(parts) not in (2, 3):
            raise der.DerError('Extension has a wrong number of fields')
        self.oid, self.critical = der.oid(parts[0]), False
        if len(parts) == 3:
            self.critical = der.boolean(parts[1])
            if not self.critical:
                raise der.DerError('critical FALSE is the default and not encoded in DER')
        self.value = parts[-1].expect(der.OCTET_STRING, 'extnValue').body


def check_name(node):
    for rdn in der.sequence(node, 'Name'):
        attributes = rdn.expect(der.SET, 'RelativeDistinguishedName').children()
        if not attributes:
            raise der.DerError('empty RelativeDistinguishedName')
        for attribute in attributes:
            parts = der.sequence(attribute, 'AttributeTypeAndValue')
            if len(parts) != 2:
                raise der.DerError('AttributeTypeAndValue has a wrong number of fields')
            der.oid(parts[0])


class Certificate:
    """Fields as DER nodes; the usual ones also decoded."""

    def __init__(self, encoding):
        self.encoding = encoding
        outer = der.sequence(der.read_all(encoding), 'Certificate')
        if len(outer) != 3:
            raise der.DerError('Certificate has a wrong number of fields')
        self.tbs, self.signature_algorithm, self.signature = outer
        der.bit_string(self.signature)
        der.algorithm(self.signature_algorithm)
        fields = der.sequence(self.tbs, 'TBSCertificate')

        def take(what):
            if not fields:
                raise der.DerError(f'TBSCertificate without {what}')
            return fields.pop(0)

        self.version_node, self.version = None, 1
        if fields and fields[0].tag == 0xa0:
            self.version_node = fields.pop(0)
            number = der.integer(der.read_all(self.version_node.body))
            if number not in (1, 2):
                raise der.DerError('version is not v2 or v3')
            self.version = number + 1
        self.serial = der.integer(take('serialNumber'))
        self.tbs_algorithm = take('signature')
        der.algorithm(self.tbs_algorithm)
        self.issuer, self.validity, self.subject = take('issuer'), take('validity'), take('subject')
        check_name(self.issuer)
        check_name(self.subject)
        times = der.sequence(self.validity, 'Validity')
        if len(times) != 2:
            raise der.DerError('Validity is not two times')
        self.not_before, self.not_after = map(der.time, times)
        self.spki = take('subjectPublicKeyInfo')
        parts = der.sequence(self.spki, 'SubjectPublicKeyInfo')
        if len(parts) != 2:
            raise der.DerError('SubjectPublicKeyInfo has a wrong number of fields')
        self.spki_algorithm = parts[0]
        der.algorithm(parts[0])
        der.bit_string(parts[1])
        self.after_spki = b''.join(field.raw for field in fields)
        self.extensions = []
        last = 0
        for field in fields:
            if field.tag not in (0x81, 0x82, 0xa3) or field.tag & 0x1f <= last:
                raise der.DerError('unexpected field at the end of TBSCertificate')
            last = field.tag & 0x1f
            if self.version < (3 if last == 3 else 2):
                raise der.DerError('field is not allowed in this version')
            if last == 3:
                self.extensions = [Extension(e) for e in der.sequence(der.read_all(field.body), 'Extensions')]
                if not self.extensions:
                    raise der.DerError('empty Extensions')
            else:
                der.bit_string(der.Node(der.BIT_STRING, b'', field.body))
        oids = [extension.oid for extension in self.extensions]
        if len(set(oids)) != len(oids):
            raise der.DerError('an extension appears twice')

    def extension(self, oid):
        return next((e for e in self.extensions if e.oid == oid), None)

    def basic_constraints(self):
        """(present, cA)."""
        extension = self.extension(BASIC_CONSTRAINTS)
        if not extension:
            return False, False
        parts = der.sequence(der.read_all(extension.value), 'BasicConstraints')
        ca = False
        if parts and parts[0].tag == der.BOOLEAN:
            ca = der.boolean(parts.pop(0))
            if not ca:
                raise der.DerError('cA FALSE is the default and not encoded in DER')
        if parts and (not ca or der.integer(parts[0]) < 0):
            raise der.DerError('pathLenConstraint out of place')
        if len(parts) > 1:
            raise der.DerError('BasicConstraints has too many fields')
        return True, ca

    def key_usage(self):
        extension = self.extension(KEY_USAGE)
        return extension and der.named_bits(der.read_all(extension.value))

    def ext_key_usage(self):
        extension = self.extension(EXT_KEY_USAGE)
        if not extension:
            return None
        purposes = {der.oid(node) for node in der.sequence(der.read_all(extension.value), 'ExtKeyUsage')}
        if not purposes:
            raise der.DerError('empty ExtKeyUsage')
        return purposes

    def alternative_names(self):
        """(dNSNames, iPAddresses)."""
        extension = self.extension(SUBJECT_ALT_NAME)
        if not extension:
            return [], []
        names = der.sequence(der.read_all(extension.value), 'SubjectAltName')
        if not names:
            raise der.DerError('empty SubjectAltName')
        dns, addresses = [], []
        for name in names:
            if name.tag == 0x82:
                if not name.body.isascii():
                    raise der.DerError('dNSName is not ASCII')
                dns.append(name.body.decode())
            elif name.tag == 0x87:
                if len(name.body) not in (4, 16):
                    raise der.DerError('iPAddress of a wrong length')
                addresses.append(name.body)
            elif name.tag not in (0xa0, 0x81, 0xa3, 0xa4, 0xa5, 0x86, 0x88):
                raise der.DerError('unknown kind of GeneralName')
        return dns, addresses


def matches_dns(pattern, name):
    pattern, name = pattern.lower(), name.lower()
    if not pattern or not name:
        return False
    if pattern.startswith('*.'):
        label, _, parent = name.partition('.')
        return bool(label) and '*' not in pattern[2:] and parent == pattern[2:] != ''
    return '*' not in pattern and pattern == name


def check_name_match(certificate, wanted):
    dns, addresses = certificate.alternative_names()
    try:
        address = ipaddress.ip_address(wanted).packed
    except ValueError:
        if not any(matches_dns(pattern, wanted.removesuffix('.')) for pattern in dns):
            raise Refused(f'certificate is not for {wanted}') from None
    else:
        if address not in addresses:
            raise Refused(f'certificate is not for address {wanted}')


def check_leaf(certificate, at, dns_name):
    """Everything beside the MTC proof that a TLS client asks of a server's leaf."""
    if at < certificate.not_before:
        raise Refused('not yet valid')
    if at > certificate.not_after:
        raise Refused('expired')
    for extension in certificate.extensions:
        if extension.critical and extension.oid not in UNDERSTOOD:
            raise Refused(f'unknown critical extension {extension.oid}')
    if certificate.basic_constraints()[1]:
        raise Refused('basicConstraints says CA')
    usage = certificate.key_usage()
    if usage is not None and DIGITAL_SIGNATURE not in usage:
        raise Refused('keyUsage without digitalSignature')
    if usage is not None and KEY_CERT_SIGN in usage:
        raise Refused('keyUsage with keyCertSign')
    purposes = certificate.ext_key_usage()
    if purposes is not None and not purposes & {SERVER_AUTH, ANY_EXT_KEY_USAGE}:
        raise Refused('extKeyUsage without serverAuth')
    certificate.alternative_names()
    if dns_name is not None:
        check_name_match(certificate, dns_name)
