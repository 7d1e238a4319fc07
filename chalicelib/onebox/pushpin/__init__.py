from chalicelib.onebox.pushpin.instance import NotStarted, Pushpin, must_be_installed, reserve
from chalicelib.onebox.pushpin.origin import PushpinOrigin, origin_server
from chalicelib.onebox.pushpin.supervisor import Supervisor

__all__ = ["NotStarted", "Pushpin", "PushpinOrigin", "Supervisor", "must_be_installed", "origin_server", "reserve"]
