"""One call as it arrived over HTTP, and refusals in the shape that its protocol wants."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4
from xml.sax.saxutils import escape

Environ = dict[str, Any]
DEFAULT_ACCOUNT = "123456789012"
_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")
_OPERATION = re.compile(r"/operation/(\w+)$")


@dataclass(frozen=True, slots=True)
class Refused(Exception):
    """AWS's own kind of no: a code, its words and the HTTP status."""

    code: str
    message: str
    status: int = 400


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back over HTTP."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Request:
    """A parsed call; *params* are the flat form fields of EC2 and STS, or the JSON body of the others."""

    service: str
    action: str
    region: str
    account: str
    params: Mapping[str, Any]
    protocol: str  # ec2 | query | json | cbor

    def ids(self, name: str = "InstanceId") -> tuple[str, ...]:
        """The values of InstanceId.1, InstanceId.2, ... in their order."""
        numbered = [key for key in self.params if re.fullmatch(rf"{name}\.\d+", key)]
        return tuple(str(self.params[key]) for key in sorted(numbered, key=lambda key: int(key.rpartition(".")[2])))


def parse(environ: Environ) -> Request:
    """Read service, action, region and account of a signed call; the body can be read again afterwards."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    key, region, service = _credential(environ)
    path, target = environ.get("PATH_INFO", ""), environ.get("HTTP_X_AMZ_TARGET", "")
    if operation := _OPERATION.search(path):
        return Request(service, operation[1], region, account_of(key), {}, "cbor")
    if target:
        return Request(service, target.rpartition(".")[2], region, account_of(key), json.loads(body or b"{}"), "json")
    form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    protocol = "ec2" if service == "ec2" else "query"
    return Request(service, form.get("Action", ""), region, account_of(key), form, protocol)


def account_of(key: str) -> str:
    """The account whose access key signed the call."""
    from moto.iam.models import get_account_id_from

    account: str = get_account_id_from(key)
    return account


def refusal(request: Request, refused: Refused) -> Answer:
    """*refused* as the protocol of *request* writes it."""
    identity = str(uuid4())
    code, message = refused.code, refused.message
    if request.protocol == "cbor":
        headers = (("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor"))
        return Answer(refused.status, _cbor({"__type": code, "message": message}), headers)
    if request.protocol == "json":
        body = json.dumps({"__type": code, "message": message}).encode()
        headers = (("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-RequestId", identity))
        return Answer(refused.status, body, headers)
    code, message = escape(code), escape(message)
    if request.protocol == "ec2":
        error = f"<Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
        text = f"<Response>{error}<RequestID>{identity}</RequestID></Response>"
    else:
        error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        text = f"<ErrorResponse>{error}<RequestId>{identity}</RequestId></ErrorResponse>"
    return Answer(refused.status, text.encode(), (("Content-Type", "text/xml"),))


def as_json(found: Mapping[str, Any]) -> Answer:
    """A JSON service's answer."""
    headers = (("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-RequestId", str(uuid4())))
    return Answer(200, json.dumps(found).encode(), headers)


def as_xml(action: str, inner: str) -> Answer:
    """EC2's answer to *action* around *inner*."""
    namespace = "http://ec2.amazonaws.com/doc/2016-11-15/"
    text = f'<{action}Response xmlns="{namespace}"><requestId>{uuid4()}</requestId>{inner}</{action}Response>'
    return Answer(200, text.encode(), (("Content-Type", "text/xml"),))


def _credential(environ: Environ) -> tuple[str, str, str]:
    found = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    return (found[1], found[2], found[3].lower()) if found else ("", "us-east-1", "")


def _cbor(text: Mapping[str, str]) -> bytes:
    """A CBOR map of strings (RFC 8949): enough for an error."""
    parts = [bytes([0xA0 | len(text)])]
    for key, value in text.items():
        for word in (key.encode(), value.encode()):
            parts += [b"\x79", len(word).to_bytes(2, "big"), word]
    return b"".join(parts)
