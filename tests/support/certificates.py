"""Certificates for tests, made by the `openssl` binary."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

MISSING = "" if shutil.which("openssl") else "there is no openssl to make certificates with"

_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


@dataclass(frozen=True, slots=True)
class Authority:
    """Signs certificates; `trusting()` believes them and nothing else."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> Authority:
        _openssl(
            folder, "req", "-x509", *_KEY, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=test", "-days", "2"
        )
        return cls(folder)

    def server(self, names: str, days: int = 2) -> ssl.SSLContext:
        """A server's context. `names` as openssl writes them: "DNS:localhost,IP:127.0.0.1"."""
        asked = ["-keyout", "leaf.key", "-out", "leaf.csr", "-subj", "/CN=leaf", "-addext", f"subjectAltName={names}"]
        _openssl(self.folder, "req", *_KEY, *asked)
        signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-days", str(days), "-copy_extensions", "copy"]
        _openssl(self.folder, "x509", "-req", "-in", "leaf.csr", *signed, "-out", "leaf.pem")
        return self._context("leaf.pem", "leaf.key")

    def self_signed(self, names: str) -> ssl.SSLContext:
        named = ["-subj", "/CN=self", "-addext", f"subjectAltName={names}", "-days", "2"]
        _openssl(self.folder, "req", "-x509", *_KEY, "-keyout", "self.key", "-out", "self.pem", *named)
        return self._context("self.pem", "self.key")

    def trusting(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.folder / "ca.pem"))

    def _context(self, certificate: str, key: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / certificate, self.folder / key)
        return context


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=60)
