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
        "preservation.audit.diagnosis", "_after", "return False", "return None", 0,
    ): "only asked whether it is true",
    (
        "preservation.audit.policy", "late", "2", "3", 0,
    ): "an object has one copy in a store: the order is decided before the third value is asked",
    (
        "preservation.audit.worklist", "retry", "0", "1", 1,
    ): "only asked whether it is before the day begins: no day begins in the first second of 1970",
    (
        "preservation.audit.worklist", "retry", "0", "-1", 1,
    ): "only asked whether it is before the day begins: no day begins in the first second of 1970",
    (
        "preservation.audit.worklist", "_spent", "break", "continue", 0,
    ): "the looks are in order: all that come after it are older still, and are passed over too",
    (
        "preservation.audit.worklist", "_behind", "0", "-1", 0,
    ): "only asked whether it is above nothing",
    (
        "preservation.audit.worklist", "_behind", "spread_days + 1", "spread_days - 1", 1,
    ): "what is left until the last two days is less than what is read by then: never behind",
    (
        "preservation.audit.worklist", "_behind", "1", "0", 3,
    ): "what is left until the last day is less than what is read by then: never behind",
    (
        "preservation.audit.worklist", "_behind", "1", "2", 3,
    ): "on the day after the last nothing is left that was not counted on the last",
    (
        "preservation.audit.worklist", "_behind", "youngest = following", "(removed)", 0,
    ): "the same copies counted again a day later have more room, and never ask for more",
    (
        "preservation.audit.worklist", "_behind", "done > 0", "done >= 0", 0,
    ): "the number of copies that make up nothing is nothing",
    (
        "preservation.audit.worklist", "_behind", "0", "-1", 1,
    ): "the number of copies that make up nothing is nothing",
    (
        "preservation.audit.worklist", "_behind", "0", "-1", 2,
    ): "the larger of this and of a number that is not below nothing",
    (
        "preservation.audit.worklist", "_within",
        "budget is not None and any_yet and (not late) and (used + size > budget)",
        "budget is not None and any_yet and (used + size > budget)", 0,
    ): "what is late and too much is taken, and then there is no room for the next in any case",
    (
        "preservation.audit.looking", "Looker._vouched",
        "said and said == history.files_digest([(row.path, row.sha512) for row in rows])",
        "said == history.files_digest([(row.path, row.sha512) for row in rows])", 0,
    ): "no digest is empty",
    (
        "preservation.audit.looking", "Looker._tried_again", "break", "continue", 0,
    ): "a wish to stop stays, and where nothing waits nothing comes: each try is passed over",
    (
        "preservation.audit.looking", "Looker._plain", "'full'", "''", 0,
    ): "a full look leaves nothing not checked: asked either way, a copy is intact or is not",
    (
        "preservation.audit.looking", "Looker._vouched", "return False", "return None", 0,
    ): "only asked whether it is true",
    (
        "preservation.audit.looking", "Looker._expected",
        "rows = self.services.catalogue.expected(object_id)", "(removed)", 0,
    ): "nobody is writing the object: its rows are those that were asked for a moment before",
    (
        "preservation.audit.looking", "Looker._taken_over",
        "waiting and time.monotonic() >= deadline", "time.monotonic() >= deadline", 0,
    ): "where nothing waits any more the loop ends as well",
    (
        "preservation.audit.looking", "Looker._found_since",
        "self.services.progress is None or not object_ids", "self.services.progress is None", 0,
    ): "of no copies nothing was found",
    (
        "preservation.audit.looking", "Looker._unknown_to_the_ledger",
        "return False", "return None", 0,
    ): "only asked whether it is true",
    (
        "preservation.audit.looking", "Looker._bring_to_the_ledger",
        "self.services.commitments is not None and object_id not in self._brought",
        "object_id not in self._brought", 0,
    ): "who asks has commitments, or has returned before",
    (
        "preservation.audit.looking", "Looker._vouched", "False", "True", 0,
    ): "what the ledger does not know was told before, and is not asked here",
    (
        "preservation.audit.looking", "Looker.recorded",
        "self._judged_ids.clear()", "(removed)", 0,
    ): "what was given back is not held, and giving it back again does nothing",
    (
        "preservation.audit.looking", "Looker._pass", "False", "True", 0,
    ): "in which order the copies of a store are looked at",
    (
        "preservation.audit.planning", "rate_of",
        "took < ENOUGH_SECONDS or not read", "took < ENOUGH_SECONDS", 0,
    ): "only runs that read bytes take time here",
    (
        "preservation.audit.sampling", "statement", "1", "2", 0,
    ): "a search by halves that asks another number between the two: the answer is the same",
    (
        "preservation.audit.sampling", "statement",
        "population - (drawn - bad)", "population + (drawn - bad)", 0,
    ): "more than were not seen intact cannot be bad: that has no chance, and is refuted",
    (
        "preservation.audit.recording", "to_record", "files and more", "files", 0,
    ): "with nothing more the first finding is written as it was",
    (
        "kho.cli.audit", "register", "'audit'", "''", 0,
    ): "a verb without a name has that of its function, which is the same",
    (
        "kho.cli.audit", "register", "'verify'", "''", 0,
    ): "a verb without a name has that of its function, which is the same",
    (
        "kho.selecting", "sampled", "''", "'mutated'", 0,
    ): "before every instant or before a word: all instants begin with a digit, and none is left out",
    (
        "preservation.ledger.verifying", "_Pass._take_record",
        "entry.record or {}", "entry.record", 0,
    ): "what tells of an anchor is a record",
    (
        "preservation.ledger.verifying", "_Pass._take_time",
        "at < self._time", "at <= self._time", 0,
    ): "one instant is not ten minutes apart from itself",
    (
        "preservation.ledger.verifying", "_Pass._was_kept", "return False", "return None", 0,
    ): "only asked whether it is true",
    (
        "preservation.ledger.comparing", "_lost", "1", "2", 0,
    ): "how many are asked for, of which the first is taken",
    (
        "preservation.ledger.comparing", "_lost", "0", "-1", 0,
    ): "the first of one is the last of one",
    (
        "preservation.ledger.verifying", "_Pass.__init__", "''", "'mutated'", 0,
    ): "what is no instant is no time apart from any",
    (
        "preservation.ledger.proving", "Prover.of_consistency",
        "earlier.size > later.size", "earlier.size >= later.size", 0,
    ): "of one size there is one checkpoint",
    (
        "preservation.ledger.proving", "Prover._lead_to_signer", "return False", "return None", 0,
    ): "only asked whether it is true",
    (
        "preservation.ledger.tree", "consistency_proof", "old < new", "old <= new", 0,
    ): "of one tree there is nothing to show either way",
    (
        "preservation.ledger.tree", "check_inclusion",
        "not place & 1 and place", "not place & 1", 0,
    ): "the place is the last one and not the first: it ends at a one",
    (
        "preservation.ledger.tree", "check_consistency",
        "not place & 1 and place", "not place & 1", 0,
    ): "the place is the last one and not the first: it ends at a one",
    (
        "preservation.audit.expectation", "_difference", "''", "'mutated'", 0,
    ): "the second half of a default of which only the first is taken",
    (
        "preservation.ledger.committed", "CommittedInventories._take",
        "digest == known or digest in before", "digest in before", 0,
    ): "what is the newest would stand among those before it too, and be the newest all the same",
}  # fmt: skip


def reason_of(mutant: Mutant) -> str:
    """Why a mutant is as good as the original; empty where nobody has argued so."""
    key = (mutant.module, mutant.function, mutant.before, mutant.after, mutant.nth)
    return EQUIVALENT.get(key, "")
