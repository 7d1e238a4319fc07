"""The built dashboard: its files by name, and `index.html` for any path that is a page of the
dashboard's own.

Only files found by listing the folder are served, so no request can name one outside it. What the
build puts under `assets/` carries a hash in its name and never changes; everything else is asked
for again each time.
"""

import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from chalicelib.onebox.asgi import Headers, Receive, Scope, Send, header, respond, respond_problem

ENCODINGS = ((b"br", ".br"), (b"gzip", ".gz"))
RESERVED = ("/api", "/auth", "/mcp")
# Where an MCP client that was given no token looks for OAuth; it shows what it hears there. No page of the dashboard.
OAUTH = ("/.well-known", "/register")
NO_OAUTH = "There is no OAuth here. Put the workspace's MCP token into .mcp.json, as its Authorization header."
NOT_BUILT = b"The dashboard is not built yet: run `make run`, which builds it, or `npm run build` in dashboard/.\n"


@dataclass(frozen=True, slots=True)
class Asset:
    kind: bytes
    cache: bytes
    etag: bytes
    encoded: dict[bytes, bytes]
    """The content by content coding; the plain one under an empty name."""


class StaticSite:
    def __init__(self, folder: Path, content_security_policy: str, reserved: tuple[str, ...] = RESERVED) -> None:
        self._folder = folder
        self._reserved = reserved
        self._secure: Headers = [
            (b"content-security-policy", content_security_policy.encode("latin-1")),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),
            (b"cross-origin-opener-policy", b"same-origin"),
        ]
        self._built: tuple[int, ...] = ()
        self._assets: dict[str, Asset] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = str(scope["path"]), str(scope["method"])
        if _is_under(path, self._reserved):
            await respond_problem(send, 404, "not_found", f"There is nothing at {path}.")
        elif _is_under(path, OAUTH):
            await respond_problem(send, 404, "not_found", NO_OAUTH)
        elif method not in ("GET", "HEAD"):
            allow = [(b"allow", b"GET, HEAD")]
            await respond_problem(send, 405, "method_not_allowed", f"{method} is not possible here.", allow)
        else:
            await self._send(scope, send, path)

    async def _send(self, scope: Scope, send: Send, path: str) -> None:
        self._refresh()
        asset = self._assets.get(path)
        if asset is None and not path.startswith("/assets/"):
            asset = self._assets.get("/index.html")
        if asset is None and self._assets:
            await respond_problem(send, 404, "not_found", f"There is nothing at {path}.", self._secure)
        elif asset is None:
            plain = [(b"content-type", b"text/plain; charset=utf-8"), *self._secure]
            await respond(send, 503, plain, NOT_BUILT)
        else:
            await self._send_asset(scope, send, asset)

    async def _send_asset(self, scope: Scope, send: Send, asset: Asset) -> None:
        coding = _coding(header(scope["headers"], b"accept-encoding") or b"", asset)
        etag = asset.etag if not coding else asset.etag[:-1] + b"-" + coding + b'"'
        headers = [(b"etag", etag), (b"cache-control", asset.cache), (b"vary", b"accept-encoding"), *self._secure]
        known = header(scope["headers"], b"if-none-match") or b""
        if etag in (tag.strip().removeprefix(b"W/") for tag in known.split(b",")):
            await respond(send, 304, headers, b"")
            return
        headers.append((b"content-type", asset.kind))
        if coding:
            headers.append((b"content-encoding", coding))
        await respond(send, 200, headers, asset.encoded[coding], head=scope["method"] == "HEAD")

    def _refresh(self) -> None:
        """Read the folder again when it was built anew."""
        index = self._folder / "index.html"
        try:
            status = index.stat()
        except FileNotFoundError:
            self._built, self._assets = (), {}
            return
        built = (status.st_mtime_ns, status.st_ino, status.st_size)
        if built != self._built:
            self._built, self._assets = built, dict(self._read())

    def _read(self) -> list[tuple[str, Asset]]:
        files = [file for file in self._folder.rglob("*") if file.is_file() and not file.is_symlink()]
        suffixes = tuple(suffix for _, suffix in ENCODINGS)
        return [
            (f"/{file.relative_to(self._folder).as_posix()}", _asset(file, self._folder))
            for file in files
            if not file.name.endswith(suffixes) and not file.name.startswith(".")
        ]


def _is_under(path: str, prefixes: tuple[str, ...]) -> bool:
    return any(path == prefix or path.startswith(f"{prefix}/") for prefix in prefixes)


def kind_of(file: Path) -> str:
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    is_text = kind.startswith("text/") or kind in ("application/javascript", "application/json", "image/svg+xml")
    return f"{kind}; charset=utf-8" if is_text else kind


def caching_of(file: Path, folder: Path) -> str:
    hashed = file.relative_to(folder).parts[0] == "assets"
    return "public, max-age=31536000, immutable" if hashed else "no-cache"


def _asset(file: Path, folder: Path) -> Asset:
    plain = file.read_bytes()
    siblings = ((coding, file.with_name(file.name + suffix)) for coding, suffix in ENCODINGS)
    return Asset(
        kind=kind_of(file).encode(),
        cache=caching_of(file, folder).encode(),
        etag=b'"' + hashlib.sha256(plain).hexdigest()[:32].encode() + b'"',
        encoded={b"": plain} | {coding: path.read_bytes() for coding, path in siblings if path.is_file()},
    )


def _coding(accepted: bytes, asset: Asset) -> bytes:
    wanted = set()
    for part in accepted.lower().split(b","):
        name, _, weight = part.partition(b";")
        if weight.strip() not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000"):
            wanted.add(name.strip())
    return next((coding for coding, _ in ENCODINGS if coding in wanted and coding in asset.encoded), b"")
