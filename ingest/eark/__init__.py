"""E-ARK information packages judged by the rules of CSIP 2.0–2.2 and SIP.

`judge_package` is the one verb: a tree in, a `Report` out, whose codes are the rule ids of the
standard (`CSIP1`, `CSIPSTR4`, `SIP3`). The rules stand as data in `schemas/eark/rules.json`; what XPath
cannot say is in the modules here. Nothing in this package opens a file; `zip_tree` reads a ZIP.
"""

from ingest.eark.judge import judge_package

__all__ = ["judge_package"]
