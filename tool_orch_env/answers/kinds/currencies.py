"""Currencies as they are written: ISO 4217 codes, symbols and English names, folded.

A spelling may be used for several currencies: "$" and "dollars" for the US dollar and others, "kr" for four. The names
and symbols are those of CLDR (English), with the short names people use. The table is kept here because Babel, which
has all of CLDR, weighs 36 MB.
"""

import re

_TABLE = """
AED|uae dirham,uae dirhams|dirham,dirhams|
ARS|argentine peso,argentine pesos|peso,pesos|$
AUD|australian dollar,australian dollars|dollar,dollars|a$,au$,$
BGN|bulgarian lev,bulgarian leva|lev,leva|
BRL|brazilian real,brazilian reals,brazilian reais|reals,reais|r$
CAD|canadian dollar,canadian dollars|dollar,dollars|ca$,c$,can$,$
CHF|swiss franc,swiss francs|franc,francs|fr.,sfr
CLP|chilean peso,chilean pesos|peso,pesos|$
CNY|chinese yuan,renminbi,chinese yuan renminbi,yuan renminbi|yuan,rmb|cn¥,¥
COP|colombian peso,colombian pesos|peso,pesos|$
CYP|cypriot pound,cypriot pounds,cyprus pounds|pound,pounds|
CZK|czech koruna,czech korunas,czech crowns,czech koruny|koruna,korunas,koruny,crowns|kc
DKK|danish krone,danish kroner,danish crowns|krone,kroner,crowns|kr.,kr
EEK|estonian kroon,estonian kroons|kroon,kroons,krooni|
EGP|egyptian pound,egyptian pounds|pound,pounds|
EUR||euro,euros|€
GBP|british pound,british pounds,pound sterling,pounds sterling|pound,pounds,sterling,quid|£
HKD|hong kong dollar,hong kong dollars|dollar,dollars|hk$,$
HRK|croatian kuna,croatian kunas,croatian kune|kuna,kunas,kune|
HUF|hungarian forint,hungarian forints|forint,forints|ft
IDR|indonesian rupiah,indonesian rupiahs|rupiah,rupiahs|rp
ILS|israeli new shekel,israeli new shekels,israeli shekels,israeli shekel,new shekels|shekel,shekels|₪
INR|indian rupee,indian rupees|rupee,rupees|₹,rs.,rs
ISK|icelandic krona,icelandic kronur|krona,kronur,crowns|kr.,kr
JPY|japanese yen|yen|¥,jp¥
KES|kenyan shilling,kenyan shillings|shilling,shillings|ksh
KRW|south korean won,korean won|won|₩
KWD|kuwaiti dinar,kuwaiti dinars|dinar,dinars|
LTL|lithuanian litas,lithuanian litai|litas,litai|
LVL|latvian lats,latvian lati|lats,lati|
MAD|moroccan dirham,moroccan dirhams|dirham,dirhams|
MTL|maltese lira,maltese liri|lira,liri|
MXN|mexican peso,mexican pesos|peso,pesos|mx$,mex$,$
MYR|malaysian ringgit,malaysian ringgits|ringgit,ringgits|rm
NGN|nigerian naira,nigerian nairas|naira,nairas|₦
NOK|norwegian krone,norwegian kroner,norwegian crowns|krone,kroner,crowns|kr.,kr
NZD|new zealand dollar,new zealand dollars|dollar,dollars|nz$,$
PEN|peruvian sol,peruvian soles|soles|s/
PHP|philippine peso,philippine pesos|peso,pesos|₱
PKR|pakistani rupee,pakistani rupees|rupee,rupees|rs.,rs
PLN|polish zloty,polish zlotys,polish zlotych|zloty,zlotys,zlotych|zl
QAR|qatari riyal,qatari riyals|riyal,riyals|
ROL|old romanian leu,old romanian lei|lei|
RON|romanian leu,romanian lei,new romanian lei|leu,lei|
RUB|russian ruble,russian rubles,russian roubles|ruble,rubles,rouble,roubles|₽
SAR|saudi riyal,saudi riyals|riyal,riyals|
SEK|swedish krona,swedish kronor,swedish crowns|krona,kronor,crowns|kr.,kr
SGD|singapore dollar,singapore dollars|dollar,dollars|s$,sg$,$
SIT|slovenian tolar,slovenian tolars|tolar,tolars|
SKK|slovak koruna,slovak korunas,slovak crowns|koruna,korunas,koruny,crowns|sk
THB|thai baht|baht|฿
TRL|old turkish lira,old turkish liras|lira,liras|
TRY|turkish lira,turkish liras,new turkish lira,new turkish liras|lira,liras|₺,tl
TWD|new taiwan dollar,new taiwan dollars,taiwan dollars|dollar,dollars|nt$
UAH|ukrainian hryvnia,ukrainian hryvnias|hryvnia,hryvnias|₴
USD|us dollar,us dollars,u.s. dollars,u.s. dollar,american dollars|dollar,dollars,bucks|$,us$,u.s.$
VND|vietnamese dong|dong|₫
ZAR|south african rand|rand|
"""


def _read() -> tuple[dict[str, frozenset[str]], dict[str, tuple[str, str, str]]]:
    spelled: dict[str, set[str]] = {}
    plain: dict[str, tuple[str, str, str]] = {}
    for line in _TABLE.strip().splitlines():
        code, *fields = line.split("|")
        names, short, symbols = ([word for word in field.split(",") if word] for field in fields)
        for word in (code.lower(), *names, *short, *symbols):
            spelled.setdefault(word, set()).add(code)
        plural = names[1] if len(names) > 1 else names[0] if names else short[-1]
        symbol = symbols[0] if symbols and len(symbols[0]) == 1 else ""
        plain[code] = plural, symbol, next((name for name in (*names, *short)), code)
    return {word: frozenset(codes) for word, codes in spelled.items()}, plain


CODES: dict[str, frozenset[str]]
"""Folded spelling -> the ISO codes it may mean."""
PLAIN: dict[str, tuple[str, str, str]]
"""ISO code -> its name in the plural, its one-character symbol or "", its name in the singular."""
CODES, PLAIN = _read()

_BY_FIRST: dict[str, list[str]] = {}
for _word in sorted(CODES, key=len, reverse=True):
    _BY_FIRST.setdefault(_word[0], []).append(re.escape(_word))
_AFTER = {first: re.compile(rf"(?:{'|'.join(words)})(?!\w)") for first, words in _BY_FIRST.items()}


def after(text: str, end: int) -> tuple[frozenset[str], int] | None:
    """The currencies that may be meant by what follows an amount which ends at `end`, and where their name ends."""
    start = end + 1 if text[end : end + 1] in (" ", "-") else end
    pattern = _AFTER.get(text[start : start + 1])
    match = pattern.match(text, start) if pattern is not None else None
    return (CODES[match[0]], match.end()) if match is not None else None


def named(text: str) -> str:
    """The ISO code of the one currency that a folded text names without doubt, "" if there is none."""
    for start in (match.start() for match in re.finditer(r"(?<!\w)\w", text)):
        pattern = _AFTER.get(text[start])
        match = pattern.match(text, start) if pattern is not None else None
        if match is not None and len(match[0]) > 2 and len(CODES[match[0]]) == 1:
            return next(iter(CODES[match[0]]))
    return ""


def spellings(code: str) -> tuple[str, ...]:
    """The code and the words, in singular and plural, that mean this currency only; empty for an unknown code."""
    return tuple(
        word for word, codes in CODES.items() if codes == {code} and len(word) > 2 and word[0].isalpha()
    )


def before(text: str, first: int, start: int) -> tuple[frozenset[str], int] | None:
    """The currencies that may be meant by the word before an amount, not before `first`, and where it begins."""
    near = text[first:start].rstrip(" ").rstrip("-+")
    words = near.rsplit(None, 1)
    word = words[-1].lstrip("([{|:=,;/\"'~≈<>-+") if words else ""
    if word not in CODES:
        word = word[-1:] if word[-1:] in _SIGNS else ""
    if not word or (word == near and first and text[first - 1].isalnum() and word[0].isalpha()):
        return None
    return CODES[word], first + len(near) - len(word)


_SIGNS = frozenset(word for word in CODES if len(word) == 1 and not word.isalpha())
