"""A certificate of our own making, for serving a laptop's Labeler to the neighbours without plain http."""

import contextlib
import datetime
import ipaddress
import os
import re
import socket
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.utils import timezone

LIFETIME = datetime.timedelta(days=397)  # browsers refuse longer ones
RENEW_BEFORE = datetime.timedelta(days=30)
LOOPBACK_NAMES = ["localhost", "127.0.0.1", "::1"]


NAME = re.compile(r"[A-Za-z0-9.:-]+")


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def own_addresses() -> set[str]:
    """The IP addresses under which this machine is probably reached. No packet is sent."""
    found = set()
    for family, far_away in [(socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")]:
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((far_away, 9))
            found.add(probe.getsockname()[0])
    with contextlib.suppress(OSError):
        found |= {str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None)}
    return found


def names_of_host(host: str) -> list[str]:
    """Every name and address that should work in a browser when listening on `host`."""
    names = {*LOOPBACK_NAMES, host}
    if not is_loopback(host):
        names |= {socket.gethostname(), socket.getfqdn()}
    if host in ("0.0.0.0", "::"):  # noqa: S104
        names = names - {host} | own_addresses()
    return sorted(name for name in names if NAME.fullmatch(name))


def general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def still_good(path: Path, names: list[str]) -> bool:
    """Does the certificate exist, cover all the names, and live for a while yet?"""
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return False
    covered = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    left = certificate.not_valid_after_utc - timezone.now()
    return left > RENEW_BEFORE and {general_name(name) for name in names} <= set(covered)


def make_certificate(names: list[str]) -> tuple[bytes, bytes]:
    """A new P-256 key and a certificate signed by it, both PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Labeler on this computer")])
    now = timezone.now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectAlternativeName([general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private, certificate.public_bytes(serialization.Encoding.PEM)


def write_private(path: Path, content: bytes) -> None:
    """Replace a file by one that only its owner may read."""
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    temporary.replace(path)


def certificate_for(names: list[str], folder: Path) -> tuple[Path, Path]:
    """Paths of key and certificate in `folder`, made anew when missing, near their end, or for other names."""
    key_path, certificate_path = folder / "key.pem", folder / "certificate.pem"
    if not (key_path.is_file() and still_good(certificate_path, names)):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key, certificate = make_certificate(names)
        write_private(key_path, key)
        write_private(certificate_path, certificate)
    return key_path, certificate_path
