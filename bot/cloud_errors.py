"""botocore's errors as ours: what AWS's codes mean, and in which words people hear of them."""

from __future__ import annotations

import re
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import ConnectionError as NotConnected
from botocore.parsers import ResponseParserError

from bot.rules.errors import CloudError, Forbidden, Gone, NoAnswer, NoCapacity, NoQuota, Unsure

# This zone cannot start it now; some arrive with HTTP 500, and are a definite no all the same.
CAPACITY = frozenset(
    {
        "InsufficientInstanceCapacity",
        "InsufficientCapacity",
        "InsufficientHostCapacity",
        "InsufficientReservedInstanceCapacity",
        "InsufficientCapacityOnOutpost",
        "UnfulfillableCapacity",
        "SpotMaxPriceTooLow",
        "Unsupported",  # the type is not offered in this zone
    }
)
QUOTA = frozenset(
    {
        "VcpuLimitExceeded",
        "InstanceLimitExceeded",
        "MaxSpotInstanceCountExceeded",
        "VolumeLimitExceeded",
        "MaxIOPSLimitExceeded",
        "AddressLimitExceeded",
        "ResourceLimitExceeded",
        "ServiceQuotaExceededException",
        "SnapshotLimitExceeded",
        "QuotaExceededException",
    }
)
RIGHTS = frozenset(
    {"UnauthorizedOperation", "AccessDenied", "AccessDeniedException", "OptInRequired", "NotSignedUp", "Blocked"}
)
ACCOUNT_WIDE = frozenset({"OptInRequired", "NotSignedUp", "Blocked"})  # no policy of the role helps
IAM_PREFIXES = {"monitoring": "cloudwatch"}  # where the name that signs a call is not the one of its rights
CREDENTIALS = frozenset(
    {
        "AuthFailure",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "ExpiredToken",
        "ExpiredTokenException",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
        "IncompleteSignature",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "NotAuthorized",
    }
)
THROTTLED = frozenset(
    {
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "TooManyRequestsException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "EC2ThrottledException",
        "SlowDown",
    }
)
GONE = frozenset(
    {
        "ResourceNotFound",
        "ResourceNotFoundException",
        "NoSuchResourceException",
        "ParameterNotFound",
        "NoSuchEntity",
        "InvalidPermission.NotFound",
    }
)
_BAD_CREDENTIALS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
_ENCODED = re.compile(r"\s*Encoded authorization failure message:.*", re.DOTALL)
_PERFORM = re.compile(r"not authorized to perform:? ([a-z0-9-]+:[A-Za-z*]+)")
_NO_RECORD = re.compile(r"could not find|RecordNotFound|does not exist", re.IGNORECASE)  # SageMaker has no code for it
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
LONGEST = 300  # characters of AWS's words that people get to read


def translated(error: Exception, operation: str, service: str = "") -> CloudError:
    """*error* of botocore as ours; *operation* is named when the error does not know it, *service* as it signs."""
    if isinstance(error, ClientError):
        return _refusal(error, service)
    if isinstance(error, _BAD_CREDENTIALS):
        return Forbidden(f"mlbot has no usable AWS credentials: {_plain(str(error))}", code=type(error).__name__)
    if isinstance(error, (HTTPClientError, NotConnected, OSError, ResponseParserError)):
        return NoAnswer(f"AWS did not answer {operation}.", code=type(error).__name__)
    return CloudError(f"AWS cannot be asked: {_plain(str(error))}", code=type(error).__name__)


CAUGHT = (ClientError, BotoCoreError, ResponseParserError, OSError)


def _refusal(error: ClientError, service: str) -> CloudError:
    answer: dict[str, Any] = error.response
    code = str(answer.get("Error", {}).get("Code", ""))
    words = _plain(str(answer.get("Error", {}).get("Message", "")))
    about = answer.get("ResponseMetadata", {})
    status = int(about.get("HTTPStatusCode") or 0)
    if code in RIGHTS:
        sentence = _missing(code, str(answer.get("Error", {}).get("Message", "")), error.operation_name, service)
        return Forbidden(sentence, code=code, request_id=str(about.get("RequestId") or ""))
    kind, sentence = _meaning(code, status, words, error.operation_name)
    return kind(sentence, code=code, request_id=str(about.get("RequestId") or ""))


def _missing(code: str, words: str, operation: str, service: str) -> str:
    """Which right is missing, by AWS's own words or else by the call, and the way out."""
    said = f"mlbot's AWS role may not call {operation} ({code})."
    if code in ACCOUNT_WIDE:
        return f"{said} The account itself is not open for it: {_plain(words)}"
    named = _PERFORM.search(words)
    action = named[1] if named else f"{IAM_PREFIXES.get(service, service)}:{operation}" if service else operation
    way_out = f"It lacks {action}: an AWS administrator adds it, as `mlbot policy iam` prints it."
    if "explicit deny" in words:
        way_out = f"A policy denies {action} here, as the tag mlbot:protect does; only who set it can lift it."
    return f"{said} {way_out}"


def _meaning(code: str, status: int, words: str, operation: str) -> tuple[type[CloudError], str]:
    if code in CAPACITY:
        return NoCapacity, f"AWS has no capacity for it there now ({code})."
    if code in QUOTA:
        return NoQuota, f"The account's quota does not allow it: {words} ({code})"
    if code in CREDENTIALS:
        return Forbidden, f"AWS does not accept mlbot's credentials ({code})."
    if code in GONE or ".NotFound" in code or (code == "ValidationException" and _NO_RECORD.search(words)):
        return Gone, f"AWS does not know it (any more): {words}"
    if code in THROTTLED:
        return Unsure, f"AWS is throttling {operation} ({code})."
    if status >= 500 or not code:
        return Unsure, f"AWS failed inside {operation} ({code or status})."
    return CloudError, f"AWS refused {operation}: {words} ({code})"


def _plain(words: str) -> str:
    words = _CONTROL.sub(" ", _ENCODED.sub("", words)).strip()
    return words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"
