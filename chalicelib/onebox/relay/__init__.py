from chalicelib.onebox.relay.grip import GripError
from chalicelib.onebox.relay.relay import Relay, Stats
from chalicelib.onebox.relay.surroundings import Limits

__all__ = ["GripError", "Limits", "Relay", "Stats"]
