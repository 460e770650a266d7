"""The verbs of accounts: made, in with two factors, out, proved again, looked after."""

from app.accounts.actions.codes import renew as renew_codes
from app.accounts.actions.factors import Factors, change_code
from app.accounts.actions.joining import Joined, invite, join, way_in, welcome, welcomed
from app.accounts.actions.keys import add as add_key
from app.accounts.actions.keys import enter, has_password_way
from app.accounts.actions.keys import remove as remove_key
from app.accounts.actions.keys import whose as whose_key
from app.accounts.actions.managing import close_sessions, create, disable, enable, end
from app.accounts.actions.moving import ask as ask_to_move
from app.accounts.actions.moving import confirm as confirm_move
from app.accounts.actions.moving import confirming as confirming_move
from app.accounts.actions.moving import veto as veto_move
from app.accounts.actions.moving import vetoing as vetoing_move
from app.accounts.actions.proving import FRESH, change_password, is_closed, is_fresh, prove
from app.accounts.actions.recovering import ask as ask_to_mend
from app.accounts.actions.recovering import mending, set_factor, set_password
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
    "add_key",
    "ask_to_mend",
    "ask_to_move",
    "asked",
    "change_code",
    "change_password",
    "check_code",
    "close_one",
    "close_others",
    "close_sessions",
    "confirm_move",
    "confirming_move",
    "create",
    "current",
    "disable",
    "enable",
    "end",
    "enter",
    "has_password_way",
    "invite",
    "is_closed",
    "is_fresh",
    "join",
    "link_serves",
    "mending",
    "own",
    "prove",
    "remove_key",
    "renew_codes",
    "send_link",
    "set_factor",
    "set_password",
    "sign_in",
    "sign_out",
    "veto_move",
    "vetoing_move",
    "way_in",
    "welcome",
    "welcomed",
    "whose_key",
]
