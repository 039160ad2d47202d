"""Rule by rule: a package that keeps all is clean, and one change breaks the rule it is made for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib.resources import files

import pytest

from ingest.eark import judge_package
from ingest.eark.rules import rules
from repository.problems import Problem, Severity
from schemas.problem_texts import problem_text
from tests.ingest.eark.packages import NAME, ROOT, made, representation
from tests.repository.ocfl.builder import MemoryTree

Change = tuple[str, str]
MD = {"dmdSec": "dmdSec", "digiprovMD": "digiprovMD", "rightsMD": "rightsMD"}


def judged(package: dict[str, bytes], **planted: object) -> list[Problem]:
    return list(judge_package(MemoryTree(package, **planted), NAME))  # type: ignore[arg-type]


def changed(*changes: Change, text: str = ROOT) -> str:
    for pattern, by in changes:
        text, count = re.subn(pattern, by, text, count=1, flags=re.DOTALL)
        assert count == 1, pattern
    return text


def mdref(section: str, part: str, by: str) -> Change:
    return (rf"(<{section} (?:(?!</{section}>).)*?){part}", rf"\1{by}")


def broken_references(section: str, first: int) -> dict[str, list[list[Change]]]:
    """For each attribute of mdRef: absent, and wrong."""
    sized = r"\{([^}]*)\}"
    cases = (
        [[mdref(section, 'LOCTYPE="URL"', "")], [mdref(section, 'LOCTYPE="URL"', 'LOCTYPE="URN"')]],
        [[mdref(section, 'xlink:type="simple"', "")], [mdref(section, '"simple"', '"locator"')]],
        [
            [mdref(section, r'xlink:href="[^"]*"', "")],
            [mdref(section, r'xlink:href="', 'xlink:href="no-')],
            [mdref(section, r'xlink:href="', 'xlink:href="../../')],
            [mdref(section, r'xlink:href="[^"]*"', 'xlink:href=""')],
        ],
        [[mdref(section, r'MDTYPE="\w+"', "")], [mdref(section, r'MDTYPE="\w+"', 'MDTYPE="EADX"')]],
        [
            [mdref(section, 'MIMETYPE="text/xml"', "")],
            [mdref(section, '"text/xml"', '"xml"')],
            [mdref(section, '"text/xml"', '"text/nosuch"')],
            [mdref(section, '"text/xml"', f'"text/{"x" * 300}"')],
        ],
        [
            [mdref(section, sized, 'CHECKSUM="0" CHECKSUMTYPE="MD5"')],
            [mdref(section, sized, 'SIZE="1" CHECKSUM="0" CHECKSUMTYPE="MD5"')],
            [mdref(section, sized, 'SIZE="big" CHECKSUM="0" CHECKSUMTYPE="MD5"')],
        ],
        [
            [mdref(section, r'CREATED="[^"]*"/>', "/>")],
            [mdref(section, r'CREATED="[^"]*"/>', 'CREATED="22.11.2026"/>')],
            [mdref(section, r'CREATED="[^"]*"/>', 'CREATED="2026-02-30T08:00:00"/>')],
        ],
        [
            [mdref(section, sized, 'SIZE="6" CHECKSUMTYPE="MD5"')],
            [mdref(section, sized, 'SIZE="6" CHECKSUM="00" CHECKSUMTYPE="MD5"')],
            [mdref(section, sized, 'SIZE="6" CHECKSUM="" CHECKSUMTYPE="MD5"')],
        ],
        [
            [mdref(section, sized, 'SIZE="6" CHECKSUM="00"')],
            [mdref(section, sized, 'SIZE="6" CHECKSUM="00" CHECKSUMTYPE="SHA256"')],
        ],
    )
    return {f"CSIP{first + i}": case for i, case in enumerate(cases)}


def absent_and_wrong(name: str, wrong: str) -> list[list[Change]]:
    return [[(rf' {name}="[^"]*"', " ")], [(rf'({name})="[^"]*"', rf'\1="{wrong}"')]]


def no_id(ident: str, other: str) -> list[list[Change]]:
    """Absent, no name, and twice in the document."""
    return [
        [(f' ID="{ident}"', "")],
        [(f' ID="{ident}"', ' ID="1 2"')],
        [(f' ID="{ident}"', f' ID="{other}"')],
        [(f' ID="{ident}"', ' ID=""')],
    ]


def agent(which: str, part: str, by: str) -> Change:
    return (rf"({which}(?:(?!</agent>).)*?){part}", rf"\1{by}")


SOFT = 'OTHERTYPE="SOFTWARE"'
ARCH, SUBM = 'ROLE="ARCHIVIST"', 'ROLE="CREATOR" TYPE="ORGANIZATION"'
CONT, PRES = 'ROLE="CREATOR" TYPE="INDIVIDUAL"', 'ROLE="PRESERVATION"'
CODE = 'csip:NOTETYPE="IDENTIFICATIONCODE"'
NOTE = "<note[^>]*>[^<]*</note>"
FILE = '<file ID="fd"'


def party(which: str, first: int) -> dict[str, list[list[Change]]]:
    return {
        f"SIP{first}": [
            [agent(which, "<name>[^<]*</name>", "")],
            [agent(which, "<name>[^<]*", "<name>")],
        ],
        f"SIP{first + 1}": [[agent(which, NOTE, "")], [agent(which, NOTE, f"<note {CODE}/>")]],
        f"SIP{first + 2}": [[agent(which, CODE, "")], [agent(which, "IDENTIFICATIONCODE", "X")]],
    }


def linked(label: str, div: str, group: str, first: str) -> dict[str, list[list[Change]]]:
    presence, naming, pointing, target = first.split()
    return {
        presence: [
            [(f'<div ID="{div}" LABEL="{label}"><fptr FILEID="{group}"/></div>', "")],
            [(f'(<div ID="{div}")', rf'<div ID="new" LABEL="{label}"/>\1')],
        ],
        naming: [[(f'ID="{div}" LABEL="{label}"', f'ID="{div}" LABEL="Else"')]],
        pointing: [[(f'<fptr FILEID="{group}"/>', "")]],
        target: [
            [(f'<fptr FILEID="{group}"/>', "<fptr/>")],
            [(f'<fptr FILEID="{group}"/>', '<fptr FILEID="dmd"/>')],
            [(f'<fptr FILEID="{group}"/>', "")],
        ],
    }


REPS = r'<div ID="r1".*</div></div></structMap>'
ONE = '<div ID="d4" LABEL="Representations">{}</div></div></structMap>'
BOTH = '<fptr FILEID="g1"/><fptr FILEID="g2"/>'
BROKEN: dict[str, list[list[Change]]] = {
    "CSIP1": [*absent_and_wrong("OBJID", ""), [('OBJID="[^"]*"', 'OBJID="other"')]],
    "CSIP2": [*absent_and_wrong("TYPE", "Dossiers"), [(' TYPE="Mixed"', ' TYPE=""')]],
    "CSIP3": [
        [('"Mixed"', '"OTHER"')],
        [('"Mixed"', '"OTHER" csip:OTHERTYPE=""')],
        [('"Mixed"', '"OTHER" csip:OTHERTYPE="Datasets"')],
        [('"Mixed"', '"Mixed" csip:OTHERTYPE="Hồ sơ"')],
    ],
    "CSIP4": absent_and_wrong("csip:CONTENTINFORMATIONTYPE", "TT05"),
    "CSIP5": [
        [('TYPE="MIXED"', 'TYPE="OTHER"')],
        [('TYPE="MIXED"', 'TYPE="OTHER" csip:OTHERCONTENTINFORMATIONTYPE=" "')],
        [('TYPE="MIXED"', 'TYPE="OTHER" csip:OTHERCONTENTINFORMATIONTYPE="ERMS"')],
        [('TYPE="MIXED"', 'TYPE="MIXED" csip:OTHERCONTENTINFORMATIONTYPE="TT05"')],
    ],
    "CSIP6": [*absent_and_wrong("PROFILE", ""), [('PROFILE="[^"]*"', 'PROFILE="E-ARK"')]],
    "CSIP117": [[("<metsHdr .*</metsHdr>", "")]],
    "CSIP7": absent_and_wrong("CREATEDATE", "today"),
    "CSIP8": [
        *absent_and_wrong("LASTMODDATE", "today"),
        [('LASTMODDATE="2026', 'LASTMODDATE="2025')],
    ],
    "CSIP9": absent_and_wrong("csip:OAISPACKAGETYPE", "ZIP"),
    "CSIP10": [[("<agent.*</agent>", "")]],
    "CSIP11": [
        [agent("<agent ", 'ROLE="CREATOR"', 'ROLE="EDITOR"')],
        [agent("<agent ", 'ROLE="CREATOR"', "")],
    ],
    "CSIP12": [[agent("<agent ", 'TYPE="OTHER"', 'TYPE="INDIVIDUAL"')]],
    "CSIP13": [[(SOFT, "")], [(SOFT, 'OTHERTYPE="PROGRAM"')]],
    "CSIP14": [
        [("<name>Kho</name>", "")],
        [("<name>Kho</name>", "<name/>")],
        [("(<name>Kho</name>)", r"\1\1")],
    ],
    "CSIP15": [
        [agent(SOFT, NOTE, "")],
        [agent(SOFT, f"({NOTE})", r"\2\2")],
        [agent(SOFT, ">1.0<", "> <")],
    ],
    "CSIP16": [[('csip:NOTETYPE="SOFTWARE VERSION"', "")], [('"SOFTWARE VERSION"', '"VERSION"')]],
    "CSIP17": [[("<dmdSec.*</dmdSec>", ""), (' DMDID="dmd"/>', "/>")]],
    "CSIP18": no_id("dmd", "rights"),
    "CSIP19": [
        [('<dmdSec ID="dmd" CREATED="[^"]*"', '<dmdSec ID="dmd"')],
        [('<dmdSec ID="dmd" CREATED="', '<dmdSec ID="dmd" CREATED="x')],
    ],
    "CSIP20": [[mdref("dmdSec", 'STATUS="CURRENT"', "")], [mdref("dmdSec", '"CURRENT"', '"NEW"')]],
    "CSIP21": [
        [mdref("dmdSec", "<mdRef[^>]*/>", "")],
        [mdref("dmdSec", "(<mdRef[^>]*/>)", r"\2\2")],
    ],
    **broken_references("dmdSec", 22),
    "CSIP31": [[("<amdSec>.*</amdSec>", "")], [("</amdSec>", "</amdSec><amdSec/>")]],
    "CSIP32": [[("<digiprovMD.*</digiprovMD>", "")]],
    "CSIP33": no_id("prov", "rights"),
    "CSIP34": [
        [mdref("digiprovMD", 'STATUS="CURRENT"', "")],
        [mdref("digiprovMD", '"CURRENT"', '"NEW"')],
    ],
    "CSIP35": [[mdref("digiprovMD", "<mdRef[^>]*/>", "")]],
    **broken_references("digiprovMD", 36),
    "CSIP46": no_id("rights", "prov"),
    "CSIP47": [
        [mdref("rightsMD", 'STATUS="CURRENT"', "")],
        [mdref("rightsMD", '"CURRENT"', '"NEW"')],
    ],
    "CSIP48": [[mdref("rightsMD", "<mdRef[^>]*/>", "")]],
    **broken_references("rightsMD", 49),
    "CSIP58": [[("<fileSec.*</fileSec>", "")], [("</fileSec>", '</fileSec><fileSec ID="fs2"/>')]],
    "CSIP59": no_id("fs", "gd"),
    "CSIP60": [[('USE="Documentation"', 'USE="Else"')], [('<fileGrp ID="gd".*?</fileGrp>', "")]],
    "CSIP113": [[('<fileGrp ID="gs".*?</fileGrp>', "")]],
    "CSIP114": [[('<fileGrp ID="g1".*</fileGrp>', "")]],
    "CSIP61": [[('USE="Documentation" ADMID="prov"', 'USE="Documentation" ADMID="prov dmd"')]],
    "CSIP62": [
        [('rep1" csip:CONTENTINFORMATIONTYPE="MIXED"', 'rep1"')],
        [('rep1" csip:CONTENTINFORMATIONTYPE="MIXED"', 'rep1" csip:CONTENTINFORMATIONTYPE="TT05"')],
    ],
    "CSIP63": [
        [
            (
                'rep1" csip:CONTENTINFORMATIONTYPE="MIXED"',
                'rep1" csip:CONTENTINFORMATIONTYPE="OTHER"',
            )
        ],
        [('rep1" csip:C', 'rep1" csip:OTHERCONTENTINFORMATIONTYPE="x" csip:C')],
    ],
    "CSIP64": [
        [(' USE="Schemas"', "")],
        [(' USE="Schemas"', ' USE=""')],
        [(' USE="Schemas"', ' USE="schema"')],
        [('USE="Representations/rep1"', 'USE="Representations/rep9"')],
    ],
    "CSIP65": no_id("gs", "gd"),
    "CSIP66": [[('(<fileGrp ID="gs" USE="Schemas">).*?</fileGrp>', r"\1</fileGrp>")]],
    "CSIP67": no_id("fd", "fx"),
    "CSIP68": [
        [mdref("file", 'MIMETYPE="text/plain"', "")],
        [mdref("file", '"text/plain"', '"TIFF"')],
        [mdref("file", '"text/plain"', '"text/nosuch"')],
    ],
    "CSIP69": [
        [mdref("file", r"\{[^}]*\}", 'CHECKSUM="0" CHECKSUMTYPE="MD5"')],
        [mdref("file", r"\{[^}]*\}", 'SIZE="4"')],
    ],
    "CSIP70": [[mdref("file", 'CREATED="[^"]*"', "")], [mdref("file", 'CREATED="', 'CREATED="x')]],
    "CSIP71": [
        [mdref("file", r"\{[^}]*\}", 'SIZE="3"')],
        [mdref("file", r"\{[^}]*\}", 'SIZE="3" CHECKSUM="0" CHECKSUMTYPE="SHA-512"')],
    ],
    "CSIP72": [
        [mdref("file", r"\{[^}]*\}", 'SIZE="3" CHECKSUM="0"')],
        [mdref("file", r"\{[^}]*\}", 'SIZE="3" CHECKSUM="0" CHECKSUMTYPE="md5"')],
    ],
    "CSIP73": [[('OWNERID="o1"', 'OWNERID=""')]],
    "CSIP74": [[('OWNERID="o1" ADMID="prov"', 'OWNERID="o1" ADMID="fd"')]],
    "CSIP75": [[('ADMID="prov" DMDID="dmd"', 'ADMID="prov" DMDID="prov"')]],
    "CSIP76": [[mdref("file", "<FLocat[^>]*/>", "")], [mdref("file", "(<FLocat[^>]*/>)", r"\2\2")]],
    "CSIP77": [[mdref("file", 'LOCTYPE="URL"', "")], [mdref("file", '"URL"', '"OTHER"')]],
    "CSIP78": [
        [mdref("file", 'xlink:type="simple"', "")],
        [mdref("file", '"simple"', '"extended"')],
    ],
    "CSIP79": [
        [mdref("file", 'xlink:href="[^"]*"', "")],
        [mdref("file", 'xlink:href="', 'xlink:href="x')],
    ],
    "CSIP80": [[("<structMap.*</structMap>", "")]],
    "CSIP81": [[(' TYPE="PHYSICAL"', "")], [('"PHYSICAL"', '"LOGICAL"')]],
    "CSIP82": [
        [(' LABEL="CSIP"', "")],
        [('"CSIP"', '"csip map"')],
        [("(<structMap.*</structMap>)", r"\1\1")],
    ],
    "CSIP83": no_id("sm", "fs"),
    "CSIP84": [
        [('<div ID="d0">.*</div></structMap>', "</structMap>")],
        [("</structMap>", '<div ID="d9"/></structMap>')],
    ],
    "CSIP85": no_id("d0", "d1"),
    "CSIP88": [
        [('<div ID="d1"[^>]*/>', "")],
        [('(<div ID="d1")', r'<div ID="dx" LABEL="Metadata"/>\1')],
    ],
    "CSIP89": no_id("d1", "d0"),
    "CSIP90": [[('LABEL="Metadata"', "")], [('"Metadata"', '"metadata"')]],
    "CSIP91": [
        [(' ADMID="rights prov"', "")],
        [('"rights prov"', '"prov"')],
        [('"rights prov"', '"rights prov dmd"')],
    ],
    "CSIP92": [
        [(' DMDID="dmd"/>', "/>")],
        [('DMDID="dmd"/>', 'DMDID=""/>')],
        [('DMDID="dmd"/>', 'DMDID="dmd fd"/>')],
    ],
    **linked("Documentation", "d2", "gd", "CSIP93 CSIP95 CSIP96 CSIP116"),
    "CSIP94": no_id("d2", "d1"),
    **linked("Schemas", "d3", "gs", "CSIP97 CSIP99 CSIP100 CSIP118"),
    "CSIP98": no_id("d3", "d1"),
    "CSIP101": [
        [(REPS, "</div></structMap>")],
        [(REPS, ONE.format(BOTH).replace("<div", '<div ID="dy" LABEL="Representations"/><div', 1))],
    ],
    "CSIP102": [[(REPS, ONE.format(BOTH).replace(' ID="d4"', ""))]],
    "CSIP103": [[(REPS, ONE.format(BOTH).replace('"Representations"', '"Content"'))]],
    "CSIP104": [[(REPS, ONE.format(""))]],
    "CSIP119": [
        [(REPS, ONE.format(""))],
        [(REPS, ONE.format('<fptr FILEID="gs"/>'))],
        [(REPS, "</div></structMap>")],
    ],
    "CSIP105": [[('<div ID="r1".*?</div>', "")]],
    "CSIP106": no_id("r1", "r2"),
    "CSIP107": [
        [('LABEL="Representations/rep1"', "")],
        [('"Representations/rep1"><m', '"Representations/rep9"><m')],
        [('"Representations/rep1"><m', '"rep1"><m')],
    ],
    "CSIP108": [[(' xlink:title="g1"', "")], [('xlink:title="g1"', 'xlink:title="gd"')]],
    "CSIP109": [
        [("(ID=.r1.[^>]*>)<mptr[^>]*/>", r"\1")],
        [("(ID=.r1.[^>]*>)(<mptr[^>]*/>)", r"\1\2\2")],
    ],
    "CSIP110": [
        [("(<mptr[^>]*)xlink:href=.[^ ]*", r"\1")],
        [("(<mptr[^>]*)rep1/METS", r"\1rep7/METS")],
        [("(<mptr[^>]*)rep1/METS.xml", r"\1rep1/metadata/x.txt")],
    ],
    "CSIP111": [
        [('(<mptr[^>]*)xlink:type="simple"', r"\1")],
        [('(<mptr[^>]*)"simple"', r'\1"METS"')],
    ],
    "CSIP112": [
        [('(<mptr )LOCTYPE="URL"', r"\1")],
        [('(<mptr )LOCTYPE="URL"', r'\1LOCTYPE="DOI"')],
    ],
    "SIP1": absent_and_wrong("LABEL", ""),
    "SIP2": [
        [("E-ARK-SIP-v2-2-0", "E-ARK-SIPX")],
        [("https://earksip.[^ ]*xml", "https://example.org/p.xml")],
    ],
    "SIP3": absent_and_wrong("RECORDSTATUS", "OLD"),
    "SIP4": absent_and_wrong("csip:OAISPACKAGETYPE", "AIP"),
    **{
        f"SIP{n}": [
            [(f'<altRecordID TYPE="{kind}">1</altRecordID>', "")],
            [(f'(TYPE="{kind}">)1<', r"\1<")],
        ]
        for n, kind in (
            (5, "SUBMISSIONAGREEMENT"),
            (6, "PREVIOUSSUBMISSIONAGREEMENT"),
            (7, "REFERENCECODE"),
            (8, "PREVIOUSREFERENCECODE"),
        )
    },
    "SIP9": [[(f"<agent {ARCH}.*?</agent>", "")]],
    "SIP10": [[(ARCH, "")]],
    "SIP11": [[agent(ARCH, "ORGANIZATION", "OTHER")], [agent(ARCH, 'TYPE="ORGANIZATION"', "")]],
    **party(ARCH, 12),
    "SIP15": [[(f"<agent {SUBM}.*?</agent>", ""), (f"<agent {CONT}.*?</agent>", "")]],
    "SIP16": [[(SUBM, 'TYPE="ORGANIZATION"')]],
    "SIP17": [[(SUBM, 'ROLE="CREATOR" TYPE="OTHER"')], [(SUBM, 'ROLE="CREATOR"')]],
    **party(SUBM, 18),
    "SIP21": [[(f"<agent {CONT}.*?</agent>", "")]],
    "SIP22": [[(CONT, 'TYPE="INDIVIDUAL"')], [(CONT, 'ROLE="EDITOR" TYPE="INDIVIDUAL"')]],
    "SIP23": [[(CONT, 'ROLE="CREATOR" TYPE="OTHER"')], [(CONT, 'ROLE="CREATOR"')]],
    "SIP24": [[agent(CONT, "<name>An</name>", "")]],
    "SIP25": [[agent(CONT, NOTE, "")]],
    "SIP26": [[(f"<agent {PRES}.*?</agent>", "")]],
    "SIP27": [[(PRES, "")]],
    "SIP28": [[agent(PRES, "ORGANIZATION", "INDIVIDUAL")]],
    **party(PRES, 29),
    **{
        f"SIP{n}": [[(f'sip:{name}="[^"]*"', "")], [(f'sip:{name}="[^"]*"', f'sip:{name}=""')]]
        for n, name in (
            (32, "FILEFORMATNAME"),
            (33, "FILEFORMATVERSION"),
            (34, "FILEFORMATREGISTRY"),
            (35, "FILEFORMATKEY"),
        )
    },
}
FOLDERS: dict[str, Callable[[str], str | None]] = {
    "CSIPSTR4": lambda p: None if p == "METS.xml" else p,
    "CSIPSTR5": lambda p: re.sub("^metadata/", "Metadata/", p),
    "CSIPSTR6": lambda p: p.replace("metadata/preservation/", "metadata/Preservation/"),
    "CSIPSTR7": lambda p: p.replace("metadata/descriptive/", "metadata/descriptivea/"),
    "CSIPSTR9": lambda p: p.replace("representations/", "REPRESENTATIONS/"),
    "CSIPSTR10": lambda p: p.replace("rep1/data/m", "m"),
    "CSIPSTR11": lambda p: p.replace("rep1/data/", "rep1/Data/"),
    "CSIPSTR12": lambda p: p.replace("rep1/METS.xml", "rep1/mets.xml"),
    "CSIPSTR13": lambda p: p.replace("rep1/metadata/", "rep1/meta/"),
    "CSIPSTR15": lambda p: p.replace("schemas/", "Schemas/"),
    "CSIPSTR16": lambda p: p.replace("documentation/", "documentation#/"),
}
NOTHING_TO_FIND = {"CSIP45", "CSIPSTR3", "CSIPSTR8", "CSIPSTR14"}
ELSEWHERE = {"CSIPSTR1", "CSIPSTR2"}  # in the tests of archives, and below
LEVELS = {"MUST": Severity.ERROR, "SHOULD": Severity.WARNING, "MAY": Severity.INFO}


def test_a_package_that_keeps_every_rule_has_no_finding():
    assert judged(made()) == []


@pytest.mark.parametrize(
    ("code", "number"), [(code, n) for code, cases in BROKEN.items() for n in range(len(cases))]
)
def test_one_change_breaks_the_rule_it_is_made_for(code: str, number: int):
    found = [p for p in judged(made(changed(*BROKEN[code][number]))) if p.code == code]
    assert found
    for lang in ("vi", "en"):
        assert "{" not in problem_text(code, found[0].params, lang)


@pytest.mark.parametrize("code", FOLDERS)
def test_one_folder_or_file_out_of_place_breaks_the_rule_it_is_made_for(code: str):
    moved = {FOLDERS[code](path): data for path, data in made().items()}
    found = judged({path: data for path, data in moved.items() if path is not None})
    assert code in [p.code for p in found]


def test_every_rule_of_the_standard_is_broken_by_a_test_or_gives_nothing_to_find():
    tested = BROKEN.keys() | FOLDERS.keys()
    assert tested | NOTHING_TO_FIND | ELSEWHERE == rules().keys()
    assert not tested & NOTHING_TO_FIND


def test_the_table_has_the_rules_of_the_profile_with_their_levels():
    table = [r for r in rules().values() if re.fullmatch(r"CSIP\d+", r.id)]
    assert len(table) == 116
    assert [sum(r.level == level for r in table) for level in LEVELS] == [86, 23, 7]
    assert sum(r.id.startswith("CSIPSTR") for r in rules().values()) == 16
    assert sum(r.id.startswith("SIP") for r in rules().values()) == 35


@pytest.mark.parametrize("code", [c for c in BROKEN if rules()[c].level == "MUST"])
def test_a_broken_must_is_an_error(code: str):
    found = [p for p in judged(made(changed(*BROKEN[code][0]))) if p.code == code]
    assert Severity.ERROR in {p.severity for p in found}


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_code_has_its_texts_in_both_forms(lang: str):
    texts = json.loads((files("schemas") / "texts" / f"eark.{lang}.json").read_bytes())
    assert {key for key in texts if "." not in key and not key.startswith("EARK")} == rules().keys()
    assert {f"{code}.absent" for code in rules()} <= texts.keys()


@pytest.mark.parametrize(
    "code", ["CSIP2", "CSIP7", "CSIP59", "CSIP67", "CSIP69", "CSIP71", "CSIP79", "CSIP83"]
)
def test_the_mets_of_a_representation_is_judged_too(code: str):
    text = {
        "CSIP2": (' TYPE="Mixed"', ""),
        "CSIP7": ('CREATEDATE="[^"]*"', ""),
        "CSIP59": (' ID="fs"', ""),
        "CSIP67": (' ID="f1"', ""),
        "CSIP69": (r"\{[^}]*\}", 'SIZE="99"'),
        "CSIP71": (r"\{[^}]*\}", 'SIZE="3" CHECKSUM="00" CHECKSUMTYPE="MD5"'),
        "CSIP79": ('xlink:href="data', 'xlink:href="representations/rep1/data'),
        "CSIP83": (' ID="sm"', ""),
    }[code]
    found = judged(made(representation=changed(text, text=representation())))
    places = [p.location for p in found if p.code == code]
    assert any(place.startswith("representations/rep1/METS.xml") for place in places)


def test_a_representation_must_say_its_content_information_type_and_be_named_as_its_folder():
    text = changed(
        (' csip:CONTENTINFORMATIONTYPE="MIXED"', ""),
        ('OBJID="rep1"', 'OBJID="x"'),
        text=representation(),
    )
    found = {p.code: p.severity for p in judged(made(representation=text))}
    assert found["CSIP4"] is Severity.ERROR
    assert found["CSIP1"] is Severity.WARNING
    assert "CSIPSTR2" not in found


def test_the_root_folder_is_named_as_the_package_with_unfit_characters_mapped():
    for name in ("urn:uuid:4422c185", "urn_uuid_4422c185", "urn%3Auuid%3A4422c185"):
        assert list(judge_package(MemoryTree(made()), name)) == []
    for name in ("urn:uuid:4422c186", "urn__uuid_4422c185", "urnauuid+4422c185"):
        codes = [p.code for p in judge_package(MemoryTree(made()), name)]
        assert sorted(codes) == ["CSIP1", "CSIPSTR2"]


def test_a_must_inside_an_optional_section_binds_only_where_the_section_is():
    text = changed(
        ("<rightsMD.*</rightsMD>", ""),
        ('"rights prov"', '"prov"'),
        ("<altRecordID.*</altRecordID>", ""),
    )
    codes = {p.code for p in judged(made(text)) if p.severity is Severity.ERROR}
    assert codes == set()


def test_the_software_is_one_agent_and_criteria_spread_over_several_do_not_count():
    apart = (
        '<agent ROLE="CREATOR" TYPE="INDIVIDUAL"><name>a</name></agent>'
        '<agent ROLE="EDITOR" TYPE="OTHER"><name>b</name></agent>'
        '<agent ROLE="EDITOR" TYPE="INDIVIDUAL" OTHERTYPE="SOFTWARE"><name>c</name></agent>'
    )
    codes = {p.code for p in judged(made(changed(("<agent.*</agent>", apart))))}
    assert {"CSIP11", "CSIP12", "CSIP13"} <= codes


def test_a_later_profile_is_judged_by_the_newest_known_and_said_so():
    found = judged(made(changed(("v2-2-0", "v2-3-0"))))
    assert [(p.code, p.severity) for p in found] == [("EARK-VERSION", Severity.INFO)]
    assert found[0].params["version"] == "2.3"
    assert judged(made(changed(("v2-2-0", "v2-0-4")))) == []


def test_a_package_that_is_a_sip_by_its_type_alone_is_judged_as_sip_with_warnings():
    text = changed(
        ("earksip.dilcis.eu/profile/E-ARK-SIP-v2-2-0", "earkcsip.dilcis.eu/profile/E-ARK-CSIP"),
        (f"<agent {SUBM}.*?</agent>", ""),
        (f"<agent {CONT}.*?</agent>", ""),
    )
    found = judged(made(text))
    assert {"SIP2", "SIP15", "EARK-SIP-BY-TYPE"} <= {p.code for p in found}
    assert Severity.ERROR not in {p.severity for p in found}


def test_an_aip_is_not_judged_as_sip():
    text = changed(
        ('"SIP"', '"AIP"'),
        ('earksip[^"]*', "https://earkaip.dilcis.eu/profile/E-ARK-AIP-v2-2-0.xml"),
    )
    text = text.replace("https://https://", "https://")
    assert not any(p.code.startswith("SIP") for p in judged(made(text)))


def test_a_folder_that_holds_only_the_package_is_not_its_root():
    inner = {f"{NAME}/{path}": data for path, data in made().items()}
    assert list(judge_package(MemoryTree(inner), "transfer-7")) == []
