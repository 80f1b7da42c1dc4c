"""One tree of errors: a code, an HTTP status and a sentence that is safe to show. Never payload text."""

from __future__ import annotations


class FirewallError(Exception):
    """The root. `detail` is written by us and holds nothing of what was inspected.

    `pointer` is the RFC 6901 pointer of the offending place in the request, where there is one.
    """

    status = 500
    code = "internal"
    title = "Internal error"

    def __init__(self, detail: str, *, pointer: str | None = None) -> None:
        """Keep the safe sentence and the place."""
        super().__init__(detail)
        self.detail = detail
        self.pointer = pointer


class MalformedInputError(FirewallError):
    """The bytes are not what the content type says, or are ambiguous (duplicate keys, NaN, lone surrogates)."""

    status = 400
    code = "malformed"
    title = "Malformed input"


class RestoreRefusedError(FirewallError):
    """The originals may not be given back to this caller, in its session, or for its purpose."""

    status = 403
    code = "restore_refused"
    title = "Restore refused"


class NoLongerKeptError(FirewallError):
    """A token is genuine, and the vault has forgotten its text."""

    status = 410
    code = "no_longer_kept"
    title = "No longer kept"


class LimitExceededError(FirewallError):
    """A limit on size, depth or number of nodes was passed."""

    status = 413
    code = "too_large"
    title = "Input over a limit"


class UnsupportedMediaTypeError(FirewallError):
    """The content type or encoding is not one that is read here."""

    status = 415
    code = "unsupported_media_type"
    title = "Unsupported media type"


class InvalidRequestError(FirewallError):
    """Well-formed JSON that is not a request of the contract."""

    status = 422
    code = "invalid_request"
    title = "Invalid request"


class OverloadedError(FirewallError):
    """Refused before any work, because the queue is full."""

    status = 429
    code = "overloaded"
    title = "Overloaded"
    retry_after_s = 1


class AuditUnavailableError(FirewallError):
    """The audit record could not be written, so no answer may be given."""

    status = 503
    code = "audit_unavailable"
    title = "Audit trail unavailable"


class VaultUnavailableError(FirewallError):
    """The vault cannot be written or read, so neither may a token be given out nor an original be had back."""

    status = 503
    code = "vault_unavailable"
    title = "Vault unavailable"


class NotReadyError(FirewallError):
    """The service has not finished its checks, or one of them failed."""

    status = 503
    code = "not_ready"
    title = "Not ready"


class ConfigurationError(FirewallError):
    """A rule, policy, registry, model or setting is wrong. `detail` names file and line."""

    status = 500
    code = "configuration"
    title = "Configuration error"


class ModelIntegrityError(ConfigurationError):
    """A model file is missing, changed, or not named in its manifest."""

    code = "model_integrity"
    title = "Model failed verification"
