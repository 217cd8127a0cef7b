"""Who is told, and what -> values. Nothing about an address ever stops the start: whoever can't be
told is warned of, and the bridge trades.

No message here repeats any part of an address.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from webhook_core.notify.kinds import DEFAULT, KINDS
from webhook_core.settings import variables
from webhook_core.settings.secret_values import Secret, is_like_a_name, path_of, version_of
from webhook_core.trading import day_begins
from webhook_core.trading.day_begins import DayBegins

_NEXT = r"\s*,\s*(?=[A-Za-z][A-Za-z0-9+.-]{0,31}:/|projects/|env:)|\s+"
"""A comma may stand inside of an address, so only one before another address parts."""
_URL = r"(?a)[A-Za-z][A-Za-z0-9+.-]{0,31}://[!-~]{1,4000}"
_SHORTEST = 8
"""Shorter texts are in every line by chance."""
_SERVICES = """
46elks acs amqp amqps apprise apprises aprs atalk awswhatsapp azure bale bark barks betterstack
blink1 bluesky brevo bsky bulksms bulkvs burstsms chanify clickatell clicksend cliq cm d7sms
dapnet dbus deltachat deltachats dingtalk discord dot eight00com elks emby embys enigma2
enigma2s evolution evolutions exotel fcm feishu firehydrant flock flowtriq flowtriqs fluxer
fluxers form forms freemobile gchat gio github glib gnome goalert goalerts gorush gorushs gotify
gotifys groundmail groupme growl guilded gupshup hassio hassios httpsms humhub humhubs ifttt
ilert incidentio infobip instagram irc ircs jellyfin jellyfins jira join json jsons kakao
kakaotalk kaleyra kavenegar kde klr kodi kodis kook kudosity kumulos lametric lametrics lark
lauther lfg line macosx mailersend mailgun mailto mailtos mastodon mastodons matrix matrixs
misskey misskeys mmost mmosts mobilemessage mobilemsg mqtt mqtts msg91 msgbird ncloud nclouds
nctalk nctalks nexmo nostr notica noticas notifiarr notifico notificos notifyapp notifyre ntfy
ntfys o365 octopush onebot onebots onesignal opsgenie opsimate opsimates pagerduty pagertree
parsep parseps pbul pinglet pinglets pingram pjet pjets plivo postmark pover prowl psafer
psafers push pushdeer pushdeers pushed pushme pushplus pushward pushy qq qt reddit resend revolt
ringc rocket rockets rsyslog ryver schan sendgrid sendpulse serwersms ses session sessions seven
sfr signal signalgrid signals signl4 simplepush sinch slack smpp smpps smsc smseagle smseagles
smsmanager smsmgr smstunnel smtp2go sns sogs sparkpost spike splunk spugpush spush squadcast
stackfield strmlabs synology synologys syslog telesign telnyx tgram threema toot toots trigv
trigvs tweet twilio twist twitter vapid viber victorops voipms vonage webex wechat wecom
wecombot whapi whatsapp windows workflow workflows wpush wxpusher wxteams x xbmc xbmcs xmatters
xml xmls xmpp xmpps youlmk zalo zcliq zohocliq zoom zulip
"""
SERVICES = frozenset(_SERVICES.split())
"""How the addresses of apprise's services begin. To import it for that would cost each cold start a
tenth of a second; a test holds the list to the version that is installed."""
BESIDES = frozenset({"http", "https"})
"""What else an address begins with: what a service itself shows, such as a webhook of Discord
(apprise knows many of those), and what a sender of our own takes."""


def texts(value: str) -> tuple[Secret, ...]:
    """One or more addresses, or names of secrets that hold some; anything else stays as it is."""
    parts = (part.strip(" ,\t\r\n") for part in re.split(_NEXT, value.strip()))
    return tuple(Secret(part) for part in parts if part)


def about(value: str, default: Collection[str] = DEFAULT) -> frozenset[str]:
    """``+fill,-denied`` changes what is told by default; names alone stand in its place; ``all``
    and ``none``. Raises ValueError."""
    found: set[str] = set()
    parts = variables.entries(value.lower())
    signed = [part for part in parts if part[0] in "+-"]
    if signed and len(signed) < len(parts):
        raise ValueError("write every name with + or -, or every one without")
    if signed:
        found |= set(default)
    for part in parts:
        names = _kinds(part.lstrip("+-"), alone=len(parts) == 1 and not signed)
        found = found - names if part.startswith("-") else found | names
    return frozenset(found)


def _kinds(name: str, *, alone: bool) -> set[str]:
    if alone and name in ("all", "none"):
        return set(KINDS) if name == "all" else set()
    if name not in KINDS:
        hint = variables.suggestion(name, KINDS) or f"; there are {', '.join(KINDS)}, all and none"
        raise ValueError(f"{variables.shown(name)} is nothing that can be told{hint}")
    return {name}


def about_of_toml(value: object) -> str:
    """``notify_about`` of a strategy, as it is written: it changes what NOTIFY_ABOUT says."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError('must be a text such as "+fill,-denied"')
    about(value.strip())
    return value.strip()


def hour(value: str) -> DayBegins:
    """``07:00`` is in UTC; a zone may follow, with whose clock it moves."""
    try:
        return day_begins.parse(value if " " in value else f"{value} UTC")
    except ValueError as error:
        wrong = f" ({error})" if "zone;" in str(error) else ""
        raise ValueError(
            f"{variables.shown(value)} is no hour of a day such as 07:00 (UTC) or "
            f"07:00 Europe/Berlin{wrong}"
        ) from None


PARSERS: Mapping[str, Callable[[str], Any]] = {
    "NOTIFY": texts,
    "NOTIFY_ABOUT": about,
    "NOTIFY_SUMMARY": hour,
}


def of_toml(value: object, env: Mapping[str, str]) -> tuple[Secret, ...]:
    """``notify`` of a strategy. A variable that is not set leaves its name, which is warned of."""
    given = value if isinstance(value, list) else [value]
    entries = [entry.strip() for entry in given if isinstance(entry, str) and entry.strip()]
    if not entries or len(entries) < len(given):
        raise ValueError('must be a list such as ["env:TREND_NOTIFY"]')
    found: list[Secret] = []
    for entry in entries:
        name = entry.removeprefix("env:").strip()
        found += texts((env.get(name) if name != entry else entry) or entry)
    return tuple(found)


def to_mask(found: Collection[Secret]) -> tuple[Secret, ...]:
    """Those that may be secrets themselves, and no names of one."""
    named = ("env:", "file:", "projects/")
    return tuple(
        each
        for each in found
        if len(text := each.get_secret_value()) >= _SHORTEST and not text.startswith(named)
    )


def fault_of(text: str) -> str | None:
    """What is wrong with its form; None for a URL, and for a name that is read later."""
    if version_of(text) is not None or path_of(text) is not None:
        return None
    if re.fullmatch(_URL, text):
        known = text.partition("://")[0].lower() in SERVICES | BESIDES
        return None if known else "begins like no service of apprise"
    if text.startswith("env:"):
        return "names a variable that is not set"
    if is_like_a_name(text):
        return "holds a name of a secret in no form that can be read"
    return "is no address"
