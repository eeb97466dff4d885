"""How attention maps are compared with masks."""

import pytest
import torch

from training.evaluate.attention_overlap import area_matched_iou, mass_inside


def corner_mask() -> torch.Tensor:
    mask = torch.zeros(8, 8)
    mask[:4, :4] = 1
    return mask


def test_a_map_that_is_highest_on_the_mask_overlaps_it_whatever_its_scale():
    attention = 0.1 + 1e-4 * corner_mask()
    assert area_matched_iou(attention, corner_mask()) == 1.0
    assert area_matched_iou(1 - attention, corner_mask()) == 0.0


def test_half_of_the_mask_found_is_a_third_of_the_union():
    attention = torch.zeros(8, 8)
    attention[:4, 2:6] = 1
    assert area_matched_iou(attention, corner_mask()) == pytest.approx(1 / 3)


def test_an_even_map_has_as_much_mass_inside_as_the_mask_has_area():
    assert mass_inside(torch.ones(8, 8), corner_mask()) == pytest.approx(16 / 64)


def test_a_character_hidden_behind_others_counts_as_not_found():
    assert area_matched_iou(torch.ones(8, 8), torch.zeros(8, 8)) == 0.0
