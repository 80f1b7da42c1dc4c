"""Numbers and addresses that are kept free for examples and fiction, so that a surrogate reaches nobody.

Sources: NANPA (555-0100 to 555-0199 of any area), Ofcom's numbers for drama, Arcep's décision 2018-0881, Bundesnetzagentur's
numbers for media, ACMA's numbers for creative works; RFC 5737 and 3849 (documentation addresses), RFC 2606 (example domains).
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final

_EXTENSION: Final = re.compile(r"(?:\s{0,3}(?:x|ext\.?|extension)\s{0,3}[0-9]{1,6})\Z", re.IGNORECASE)
# fmt: off
_AREAS: Final = (  # of the United States, each long in use
    "201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 224 225 228 229 231 234 239 240 248 251 252 253 "
    "254 256 260 262 267 269 270 276 281 301 302 303 304 305 307 308 309 310 312 313 314 315 316 317 318 319 320 321 323 "
    "325 330 334 336 337 339 347 351 352 360 361 386 401 402 404 405 406 407 408 409 410 412 413 414 415 417 419 423 425 "
    "432 434 435 440 443 469 478 479 480 484 501 502 503 504 505 507 508 509 510 512 513 515 516 517 518 520 530 540 541 "
    "559 561 562 563 567 570 571 573 574 580 585 586 601 602 603 605 606 607 608 609 610 612 614 615 616 617 618 619 620 "
    "623 626 630 631 636 641 646 650 651 660 661 662 678 682 701 702 703 704 706 707 708 712 713 714 715 716 717 718 719 "
    "720 724 727 731 732 734 740 757 760 763 765 770 772 773 774 775 781 785 786 801 802 803 804 805 806 808 810 812 813 "
    "814 815 816 817 818 828 830 831 832 843 845 847 850 856 857 858 859 860 862 863 864 865 870 901 903 904 906 907 908 "
    "909 910 912 913 914 915 916 917 918 919 920 925 928 931 936 937 940 941 947 949 951 952 954 956 970 971 972 973 978"
).split()
# country code: the national numbers (without a leading 0) that are free; x is any digit
_FREE: Final = {
    "44": {"mobile": ("7700900xxx",),
           "fixed": ("1632960xxx", "2079460xxx", "1134960xxx", "1144960xxx", "1154960xxx", "1164960xxx", "1174960xxx",
                     "1184960xxx", "1214960xxx", "1314960xxx", "1414960xxx", "1514960xxx", "1614960xxx", "1914980xxx")},
    "33": {"mobile": ("63998xxxx",), "fixed": ("19900xxxx", "26191xxxx", "35301xxxx", "46571xxxx", "53649xxxx")},
    "49": {"mobile": ("176040690xx", "17139200xx"), "fixed": ("3023125xxx", "6990009xxx", "4066969xxx", "2214710xxx", "8999998xxx")},
    "61": {"mobile": ("491570xxx",), "fixed": ("25550xxxx", "35550xxxx", "75550xxxx", "85550xxxx")},
}
_MOBILE: Final = {"44": "7", "33": "67", "49": "1", "61": "4"}
# fmt: on
_NETS: Final = tuple(ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"))
_NET6: Final = ipaddress.ip_network("2001:db8::/32")
_DOMAINS: Final = ("example.org", "example.com", "example.net")


def subscriber(text: str) -> str:
    """Return what makes a telephone number a different one: its digits, without prefix 1 and without an extension."""
    digits = "".join(char for char in _EXTENSION.sub("", text) if char in "0123456789")
    return digits[1:] if len(digits) == 11 and digits[0] == "1" else digits


def telephone(text: str, number: int) -> str | None:
    """Return a free telephone number, the `number`th or so, written as `text` is; None where its country has none.

    An extension becomes another one of as many digits.
    """
    extension = _EXTENSION.search(text)
    body = text[: extension.start()] if extension else text
    digits = "".join(char for char in body if char in "0123456789")
    free = _national(body, digits, number)
    if free is None:
        return None
    made = list(digits[: len(digits) - len(free)] + free)
    result = re.sub("[0-9]", lambda _: made.pop(0), body)
    if extension:
        result += re.sub("[0-9]", lambda found: str((int(found[0]) + 1 + number % 8) % 10), extension[0])
    return result


def _national(body: str, digits: str, number: int) -> str | None:
    international = body.lstrip(" (").startswith("+")
    if (len(digits) == 10 and digits[0] > "1" and not international) or (len(digits) == 11 and digits[0] == "1"):
        number, line = divmod(number, 100)
        return f"{_AREAS[number % len(_AREAS)]}55501{line:02d}"
    if len(digits) == 7 and not international:
        return f"55501{number % 100:02d}"
    country = next((code for code in _FREE if international and digits.startswith(code)), None)
    if country is not None:
        rest = digits[2:]
    elif not international and digits.startswith("0"):
        country, rest = {10: "33" if digits[1] in "1234567" else "", 11: "44"}.get(len(digits), ""), digits
    if not country:
        return None
    rest = rest.lstrip("0")
    kind = "mobile" if rest[:1] in _MOBILE[country] else "fixed"
    choices = [free for free in _FREE[country][kind] if len(free) == len(rest)]
    if not choices:
        return None
    number, index = divmod(number, len(choices))
    free = choices[index]
    width = free.count("x")
    return free[: len(free) - width] + f"{number % 10**width:0{width}d}"


def address_of(text: str, number: int) -> str | None:
    """Return a documentation address of the same version, the `number`th or so; a prefix length stays."""
    address, slash, length = text.partition("/")
    try:
        version = ipaddress.ip_address(address).version
    except ValueError:
        return None
    if version == 6:
        return f"{_NET6[number % (_NET6.num_addresses - 1) + 1]}{slash}{length}"
    number, index = divmod(number, len(_NETS))
    return f"{_NETS[index][number % 254 + 1]}{slash}{length}"


def example_domain(number: int) -> str:
    """Return a domain that nobody may register."""
    return _DOMAINS[number % len(_DOMAINS)]
