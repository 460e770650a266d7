"""The verbs of accounts: made, in with two factors, out, proved again, looked after."""

from app.accounts.actions.joining import Factors, Joined, invite, join, way_in, welcome, welcomed
from app.accounts.actions.managing import close_sessions, create, disable, enable, end
from app.accounts.actions.proving import FRESH, change_password, is_closed, is_fresh, prove
from app.accounts.actions.sessions import OwnSession, close_one, close_others, own
from app.accounts.actions.signing_in import (
    IDLE,
    WRONG,
    Asked,
    Opened,
    asked,
    check_code,
    current,
    link_serves,
    send_link,
    sign_in,
    sign_out,
)

__all__ = [
    "FRESH",
    "IDLE",
    "WRONG",
    "Asked",
    "Factors",
    "Joined",
    "Opened",
    "OwnSession",
    "asked",
    "change_password",
    "check_code",
    "close_one",
    "close_others",
    "close_sessions",
    "create",
    "current",
    "disable",
    "enable",
    "end",
    "invite",
    "is_closed",
    "is_fresh",
    "join",
    "link_serves",
    "own",
    "prove",
    "send_link",
    "sign_in",
    "sign_out",
    "way_in",
    "welcome",
    "welcomed",
]
