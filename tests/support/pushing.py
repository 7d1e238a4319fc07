"""The program with the push services led to a server on the loopback, whose port is in `PUSH_SERVICES_PORT`."""

from __future__ import annotations

import os
import sys

from chalicelib.onebox import __main__
from chalicelib.push.sending import https
from tests.support.push import Loopback

if __name__ == "__main__":
    https.send_through(Loopback(int(os.environ["PUSH_SERVICES_PORT"])))
    sys.exit(__main__.main())
