"""The mutants that change nothing that can be seen, each argued for by itself."""

from __future__ import annotations

from tests.mutation.mutator import Mutant

# (module, function, before, after, which of those alike) → why no verdict, total or status can differ.
EQUIVALENT: dict[tuple[str, str, str, str, int], str] = {
    (
        "preservation.audit.fixity", "Sums.as_dict", "True", "False", 0,
    ): "`strict` of two sequences that come from the same tuple of names: always of one length",
    (
        "preservation.audit.fixity", "_all_intact", "return False", "return None", 0,
    ): "only asked whether it is true",
    (
        "preservation.audit.fixity", "_all_intact",
        "return len(found) == len(expected) and found == {row.path: row.sha512 for row in expected}",
        "return None", 0,
    ): "the short way is never taken; the long way judges a whole copy alike, only slower",
    (
        "preservation.audit.fixity", "_verdict", "''", "'mutated'", 3,
    ): "the reason of an intact file, which has no finding to say it",
    (
        "preservation.audit.fixity", "_sums", "assert_never(verdict)", "(removed)", 0,
    ): "not reached: every verdict has its case, which the type checker proves",
    (
        "preservation.audit.diagnosis", "_of_copy", "-counted[cause]", "counted[cause]", 0,
    ): "no two causes stand at one place of the order: the count is never asked",
    (
        "preservation.audit.policy", "late", "2", "3", 0,
    ): "an object has one copy in a store: the order is decided before the third value is asked",
    (
        "preservation.audit.expectation", "_difference", "''", "'mutated'", 0,
    ): "the second half of a default of which only the first is taken",
}  # fmt: skip


def reason_of(mutant: Mutant) -> str:
    """Why a mutant is as good as the original; empty where nobody has argued so."""
    key = (mutant.module, mutant.function, mutant.before, mutant.after, mutant.nth)
    return EQUIVALENT.get(key, "")
