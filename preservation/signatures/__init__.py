"""Judging the digital signatures that files carry: a fact of the day of intake, told with its
reasons.

ETSI EN 319 102-1: VALID (TOTAL-PASSED), INVALID (TOTAL-FAILED), INDETERMINATE, with the
sub-indication as the reason. Everything is judged offline, against roots that the archive named and
with what the file brings; a signature of a root we do not know is INDETERMINATE, never INVALID.
Nothing is ever signed again, and no signed file is rewritten.

`trust` (the roots) and `facts` (an answer of the child made a fact of the record) are for
everybody; `pades` and `xades` load large libraries and are only imported in the examiner's child
process.
"""
