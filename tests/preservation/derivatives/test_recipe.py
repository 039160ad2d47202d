from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preservation.derivatives.recipe import (
    PAGE_IMAGE,
    TEXT,
    THUMBNAIL,
    Recipe,
    page_file,
    size_in,
)

WORDS = st.from_regex(r"[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,4}){0,2}", fullmatch=True)
VALUES = st.integers(0, 10**6) | st.from_regex(r"[a-z0-9]{1,6}", fullmatch=True)
RECIPES = st.builds(
    Recipe,
    name=WORDS,
    version=st.integers(1, 99),
    form=st.just("image"),
    parameters=st.dictionaries(WORDS, VALUES, max_size=3),
)


def test_the_keys_of_what_was_made_already_never_change():
    assert PAGE_IMAGE.key == "page-image_1_format-webp_quality-80_tallest-4960_width-1240"
    assert THUMBNAIL.key == "thumbnail_1_box-256_first-1_format-webp_quality-75"
    assert TEXT.key == "text_1_form-nfc"


@given(RECIPES, RECIPES)
def test_two_recipes_have_one_key_only_when_they_say_the_same(one, other):
    def told(recipe):
        return recipe.name, recipe.version, {k: str(v) for k, v in recipe.parameters.items()}

    # A dash may stand in a parameter's name, never in its value: so the last one divides.
    assert (one.key == other.key) == (told(one) == told(other))
    assert "/" not in one.key and not one.key.startswith(".")


@pytest.mark.parametrize("name", ["", "Text", "a/b", "..", "a_b", "a--b", "-a"])
def test_a_name_that_could_be_no_folder_is_refused(name):
    with pytest.raises(ValueError, match="not a recipe"):
        Recipe(name, 1, "text")


def test_a_parameter_that_could_be_two_is_refused():
    with pytest.raises(ValueError, match="not a recipe"):
        Recipe("text", 1, "text", {"form": "nfc_x-1"})


@given(st.floats(1e-3, 1e6), st.floats(1e-3, 1e6))
def test_every_page_shape_fits_its_picture(width, height):
    for recipe, wide, tall in ((PAGE_IMAGE, 1240, 4960), (THUMBNAIL, 256, 256)):
        got = size_in(recipe, width, height)
        assert 1 <= got[0] <= wide
        assert 1 <= got[1] <= tall
        assert got[0] == wide or got[1] == tall


def test_an_a4_page_is_1240_pixels_wide():
    assert size_in(PAGE_IMAGE, 595.28, 841.89) == (1240, 1754)


def test_page_files_sort_by_their_number():
    assert page_file(7) == "page-0007.webp"
    assert page_file(12345) == "page-12345.webp"
