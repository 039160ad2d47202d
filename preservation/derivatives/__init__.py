"""Access copies: page images, thumbnails and page text of held PDFs and images.

They are made from bytes that were proven first, by a child process that a hostile file may bring down,
and kept by the digest of those bytes and the recipe. They are no part of an object: the whole folder
may be deleted at any time and is made again. What cannot be made has a recorded reason.

Who may see them, and of which material they may be made at all, is the caller's to decide.
"""

from preservation.derivatives.derivative_store import DerivativeStore, Failure, Page, PageList
from preservation.derivatives.maker import Fetch, Made, Maker, SourceDamaged, SourceProblem
from preservation.derivatives.reasons import Reason
from preservation.derivatives.recipe import PAGE_IMAGE, TEXT, THUMBNAIL, Recipe
from preservation.derivatives.rendering import Limits
from preservation.derivatives.wanting import Task, media_of, wanted

__all__ = [
    "PAGE_IMAGE",
    "TEXT",
    "THUMBNAIL",
    "DerivativeStore",
    "Failure",
    "Fetch",
    "Limits",
    "Made",
    "Maker",
    "Page",
    "PageList",
    "Reason",
    "Recipe",
    "SourceDamaged",
    "SourceProblem",
    "Task",
    "media_of",
    "wanted",
]
