"""Finds the region of cells that name a country by calling code, ISO code or name."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from leadctl.model.errors import UsageError
from leadctl.phones.numbering_plan import code_dialled, code_of, is_region
from leadctl.phones.ranges import metadata
from leadctl.phones.spelling import BRACKETED_ZERO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadctl.model.leads import Json


class Country(NamedTuple):
    """The country of a phone according to other columns of its row.

    `region` is ISO 3166 alpha-2, or 001 for a calling code without a region. A number
    must have the calling `code`; it is empty for an address, which says nothing about
    a phone with +. `is_contradictory`: the columns name several calling codes.
    """

    region: str
    code: str = ""
    is_contradictory: bool = False


Countries: TypeAlias = "Sequence[Country | None] | None"
"""The country of each phone of a column; None if no column names countries."""


def require_region(text: str | None) -> str | None:
    """Return the code of --region in capitals; raises UsageError if there is none."""
    if text is None or is_region(text.upper()):
        return text.upper() if text else None
    raise UsageError(
        f"--region {text!r} is not a country code such as US (ISO 3166 alpha-2)"
        f"{region_meant(text)}"
    )


def region_meant(text: str) -> str:
    """Suggest the ISO code for a country's name or other code, such as UK or USA."""
    found = country_named(text)
    code = {"EL": "GR"}.get(text.upper()) or (found.region if found else "")
    return f" (did you mean {code!r}?)" if code else ""


def countries_of(
    codes: Sequence[Json] | None, addresses: Sequence[Json] | None, home: str | None
) -> tuple[Countries, list[int]]:
    """Return the country of each row, and the places of cells that name none.

    `codes` wins over `addresses`; a cell is a list where the columns of a row differ.
    `home` is the run's region.
    """
    if codes is None and addresses is None:
        return None, []
    found: list[Country | None] = [None] * len(codes or addresses or ())
    unknown: set[int] = set()
    for column, is_address in ((codes, False), (addresses, True)):
        for place, cell in enumerate(column or ()):
            if found[place] is None and cell is not None:
                country = _named(cell, home)
                if country is None:
                    unknown.add(place)
                elif is_address:
                    country = Country(country.region)
                found[place] = country
    return found, sorted(unknown)


Places: TypeAlias = dict[Country | None, list[int]]


def by_country(countries: Sequence[Country | None]) -> Places:
    """Return the places of each country in the column."""
    places: Places = {}
    for place, country in enumerate(countries):
        places.setdefault(country, []).append(place)
    return places


def _named(cell: Json, home: str | None) -> Country | None:
    cells = cell if isinstance(cell, list) else [cell]
    named = [country_named(str(each), home) for each in cells]
    countries = [*filter(None, named)]
    if len({country.code for country in countries}) > 1:
        return Country("", is_contradictory=True)
    return countries[0] if countries else None


LONGEST = 100
"""Characters of a cell; a longer one names no country."""


@lru_cache(maxsize=1000)
def country_named(cell: str, home: str | None = None) -> Country | None:
    """Return the country that a cell names; None if there is none."""
    if len(cell) > LONGEST:
        return None
    cell = _DECIMAL_TAIL.sub("", BRACKETED_ZERO.sub("", cell))
    numbers = ["".join(filter(str.isdecimal, run)) for run in _DIGITS.findall(cell)]
    name, plus = _DIGITS.sub(" ", cell), "+" in cell
    region = region_named(name)
    if not numbers:
        return Country(region, code_of(region)) if region else None
    if folded(name) and not region and not plus:
        return None
    found = {_by_code(n.lstrip("0"), region or home, plus=plus) for n in numbers}
    (country, *others) = found
    if country is None or others or region not in (None, country.region):
        return None
    return country


_DIGITS = re.compile(r"\d[\d -]*")
_DECIMAL_TAIL = re.compile(r"(?<=\d)\.0+(?!\d)")


def _by_code(digits: str, wanted: str | None, *, plus: bool) -> Country | None:
    """Return the country of a calling or area code (1876), if possible `wanted`."""
    code = code_dialled(digits[:3]) if digits else None
    if code is None:
        return None
    regions, begin = [*COUNTRY_CODE_TO_REGION_CODE[int(code)]], digits[len(code) :]
    if begin:
        plans = {region: metadata(int(code), region) for region in regions}
        narrowed = [
            region
            for region, plan in plans.items()
            if re.fullmatch(plan.leading_digits or "", begin)
        ]
        if not (narrowed or plus):
            return None
        regions = narrowed or regions
    return Country(wanted if wanted in regions else regions[0], code)


def region_named(text: str) -> str | None:
    """Return the region of an ISO code or of a country's name in some language."""
    name = folded(text)
    if name in _AMBIGUOUS:
        return None
    if region := _short().get(name):
        return region
    code = text.strip().upper()
    if len(code) == 2 and code.isascii() and code.isalpha():
        return code if is_region(code) else None
    names = _names() if name else {}
    return names.get(name) or names.get(name.removeprefix("the"))


def folded(text: str) -> str:
    """Reduce a name to its letters, without accents, for comparison."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(filter(str.isalpha, decomposed))


@cache
def _short() -> dict[str, str]:
    """Return the regions of alpha-3 codes and short names."""
    found = {word[:3].casefold(): word[3:] for word in _ALPHA_3.split()}
    for region, _, names in (word.partition(":") for word in _SHORT.split()):
        found |= dict.fromkeys(names.split(","), region)
    return found


@cache
def _names() -> dict[str, str]:
    """Return the names of all regions in all languages; slow at the first call."""
    from phonenumbers.geodata.locale import LOCALE_DATA  # noqa: PLC0415  slow to import

    return {
        folded(name): region
        for region, names in LOCALE_DATA.items()
        for name in names.values()  # *en: as in English
        if not name.startswith("*") and is_region(region)
    }


_AMBIGUOUS = frozenset(
    ["na", "korea", "corea", "congo", "kongo", "конго", "コンコ", "콩고", "刚果"]
)
"""Names of two countries each, and NA, which may mean "not available"."""

_SHORT = """
    GB:uk,greatbritain,britain,england,scotland,wales,northernireland
    GB:unitedkingdomofgreatbritainandnorthernireland
    US:us,usa,unitedstatesofamerica,america,eeuu AE:uae,emirates SA:ksa GR:el NL:holland
    IE:republicofireland CZ:czechia BA:bosnia XK:kosovo MK:northmacedonia
    RU:russianfederation CD:drc,drcongo,congodrc,congothedemocraticrepublicofthe
    CG:republicofthecongo CI:ivorycoast SZ:eswatini TL:easttimor TT:trinidad AG:antigua
    VA:vaticancity,holysee,holyseevaticancitystate IN:bharat MM:burma MO:macau
    CN:prc,mainlandchina TW:roc,taiwanprovinceofchina KR:korearepublicof,republicofkorea
    KP:koreademocraticpeoplesrepublicof BO:boliviaplurinationalstateof
    BN:bruneidarussalam FK:falklandislandsmalvinas IR:iranislamicrepublicof
    LA:laopeoplesdemocraticrepublic FM:micronesiafederatedstatesof MD:moldovarepublicof
    PS:palestinestateof SH:sainthelenaascensionandtristandacunha
    MF:saintmartinfrenchpart SY:syrianarabrepublic TZ:tanzaniaunitedrepublicof
    VE:venezuelabolivarianrepublicof VG:virginislandsbritish VI:virginislandsus
"""
"""Usual short forms, and ISO 3166's own names where they are nobody's usual ones."""


_ALPHA_3 = """
    ABWAW AFGAF AGOAO AIAAI ALAAX ALBAL ANDAD AREAE ARGAR ARMAM ASMAS ATGAG AUSAU AUTAT
    AZEAZ BDIBI BELBE BENBJ BESBQ BFABF BGDBD BGRBG BHRBH BHSBS BIHBA BLMBL BLRBY BLZBZ
    BMUBM BOLBO BRABR BRBBB BRNBN BTNBT BWABW CAFCF CANCA CCKCC CHECH CHLCL CHNCN CIVCI
    CMRCM CODCD COGCG COKCK COLCO COMKM CPVCV CRICR CUBCU CUWCW CXRCX CYMKY CYPCY CZECZ
    DEUDE DJIDJ DMADM DNKDK DOMDO DZADZ ECUEC EGYEG ERIER ESHEH ESPES ESTEE ETHET FINFI
    FJIFJ FLKFK FRAFR FROFO FSMFM GABGA GBRGB GEOGE GGYGG GHAGH GIBGI GINGN GLPGP GMBGM
    GNBGW GNQGQ GRCGR GRDGD GRLGL GTMGT GUFGF GUMGU GUYGY HKGHK HNDHN HRVHR HTIHT HUNHU
    IDNID IMNIM INDIN IOTIO IRLIE IRNIR IRQIQ ISLIS ISRIL ITAIT JAMJM JEYJE JORJO JPNJP
    KAZKZ KENKE KGZKG KHMKH KIRKI KNAKN KORKR KWTKW LAOLA LBNLB LBRLR LBYLY LCALC LIELI
    LKALK LSOLS LTULT LUXLU LVALV MACMO MAFMF MARMA MCOMC MDAMD MDGMG MDVMV MEXMX MHLMH
    MKDMK MLIML MLTMT MMRMM MNEME MNGMN MNPMP MOZMZ MRTMR MSRMS MTQMQ MUSMU MWIMW MYSMY
    MYTYT NAMNA NCLNC NERNE NFKNF NGANG NICNI NIUNU NLDNL NORNO NPLNP NRUNR NZLNZ OMNOM
    PAKPK PANPA PERPE PHLPH PLWPW PNGPG POLPL PRIPR PRKKP PRTPT PRYPY PSEPS PYFPF QATQA
    REURE ROURO RUSRU RWARW SAUSA SDNSD SENSN SGPSG SHNSH SJMSJ SLBSB SLESL SLVSV SMRSM
    SOMSO SPMPM SRBRS SSDSS STPST SURSR SVKSK SVNSI SWESE SWZSZ SXMSX SYCSC SYRSY TCATC
    TCDTD TGOTG THATH TJKTJ TKLTK TKMTM TLSTL TONTO TTOTT TUNTN TURTR TUVTV TWNTW TZATZ
    UGAUG UKRUA URYUY USAUS UZBUZ VATVA VCTVC VENVE VGBVG VIRVI VNMVN VUTVU WLFWF WSMWS
    XKXXK YEMYE ZAFZA ZMBZM ZWEZW
"""
"""ISO 3166: alpha-3 and alpha-2 codes of the regions that have numbers (2026), and XKX,
by which Kosovo goes."""
