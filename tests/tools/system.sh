#!/bin/sh
# The browser tests need Chromium, and the GRIP contract Pushpin. On Debian as root they are installed; elsewhere this
# says what is missing.
set -eu
missing=""
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
command -v pushpin >/dev/null 2>&1 || missing="$missing pushpin"
[ -z "$missing" ] && exit 0
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "installing$missing"
    apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "The tests need$missing. Install it with your system's package manager, then run 'make test' again." >&2
    exit 1
fi
