"""Format identification: what a file is, by its bytes, in the terms of PRONOM.

What is found is a fact of one day, told with the tool and the version of its signatures
(`preservation.dossier.FormatFact`), so that files can be identified again after PRONOM has grown.
An identification is not a validation: a damaged TIFF may still be a TIFF by its first bytes.

Not here: what a format means for access or for preservation, and validation.
"""

from preservation.formats.facts import UNKNOWN, with_formats
from preservation.formats.identifier import FormatIdentifier, NullIdentifier
from preservation.formats.siegfried import SiegfriedIdentifier

__all__ = [
    "UNKNOWN",
    "FormatIdentifier",
    "NullIdentifier",
    "SiegfriedIdentifier",
    "with_formats",
]
