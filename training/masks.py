"""Character masks with segment-anything: `python -m training.masks DIR --checkpoint sam_vit_h_4b8939.pth`.

DIR is a dataset folder (`training.data`). Every annotated box of a clip is given to the predictor with every picture of
the clip. The result is `seg_mask_4x_comb/{clip}-frame{k}.npy` (H, W): for each pixel the id of its segment, or 0. A
mask that exists is never made again, so an interrupted run continues where it stopped. `accelerate launch -m
training.masks DIR ...` divides the work among the processes of one or more machines that share one folder.

torchvision is needed only here, by segment-anything. It must be built for the installed torch; docs/full-size.md says
with which versions this command ran.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from accelerate import Accelerator, InitProcessGroupKwargs
from PIL import Image, ImageDraw
from tqdm.auto import tqdm

from storyboard.disk.durable import part_of, settle
from storyboard.errors import StoryError
from training.data import Clip, Segment, StoryFrame, open_reader
from training.data.dataset import missing_sentence
from training.evaluate.sheet import SheetFrame, contact_sheet
from training.loop.processes import make_accelerator
from training.released.weights_file import fit, read_weights, tensors_of

LARGEST_ID = 2**31 - 1  # the largest id that a mask can hold
SHEET_CLIPS, SHEET_FRAMES = 12, 4
COLOURS = ("#e4572e", "#2e86ab", "#f3a712", "#5b8c5a", "#a23b72", "#6c5ce7", "#00a896", "#c06c00")
PATIENCE = timedelta(days=2)  # how long a process waits for the slowest process


class BoxPredictor(Protocol):
    """The part of `segment_anything.SamPredictor` that is used."""

    def set_image(self, image: np.ndarray) -> None:
        """Reads a picture, (H, W, 3) uint8 RGB."""

    def predict(self, *, box: np.ndarray, multimask_output: bool) -> tuple[np.ndarray, ...]:
        """Returns masks (1, H, W) bool of what is in `box` (x1, y1, x2, y2 in pixels); further results are not used."""


@dataclass
class Tally:
    """What one process has done."""

    masks: int = 0
    segments: int = 0  # segments that got pixels
    empty: int = 0  # segments whose box has no pixel, or in whose box nothing was found


def annotated_clips(folder: Path) -> list[Clip]:
    """Returns every clip that has at least one box. A StoryError names the first fault."""
    reader = open_reader(folder)
    clips = [clip for clip in map(reader.clip, reader.annotations) if clip.segments]
    missing = reader.missing(clip.id for clip in clips)
    if missing:
        raise StoryError(f"{folder}: {missing_sentence(missing)}")
    for clip in clips:
        ids = [segment.id for segment in clip.segments]
        if len(set(ids)) < len(ids) or max(ids) > LARGEST_ID:
            raise StoryError(
                f"{folder}: the segments of clip {clip.id} have the ids {ids}, two equal or one too large."
            )
    return clips


def mask_frame(predictor: BoxPredictor, picture: np.ndarray, segments: Sequence[Segment]) -> np.ndarray:
    """Returns (H, W) ints, the id of the segment at each pixel.

    Where two segments overlap, the smaller one is in front.
    """
    height, width = picture.shape[:2]
    predictor.set_image(np.ascontiguousarray(picture))
    found = []
    for segment in segments:
        box = np.array(segment.box_in(width, height))
        if box[2] - box[0] >= 1 and box[3] - box[1] >= 1:
            mask = predictor.predict(box=box, multimask_output=False)[0][0]
            found.append((segment.id, np.asarray(mask, dtype=bool)))
    largest = max(segment.id for segment in segments)
    combined = np.zeros((height, width), dtype=np.uint8 if largest < 256 else np.int32)
    for number, mask in sorted(found, key=lambda pair: -pair[1].sum()):
        combined[mask] = number
    return combined


def unfinished(clips: Iterable[Clip]) -> list[tuple[Clip, int]]:
    """Returns (clip, number of the picture) for every missing mask."""
    return [
        (clip, number)
        for clip in clips
        for number in range(len(clip.pictures()))
        if not clip.mask_file(number).exists()
    ]


def write_masks(todo: Sequence[tuple[Clip, int]], predictor: BoxPredictor, quiet: bool = False) -> Tally:
    """Makes the masks in `todo`. Each is either whole or not there. Returns the tally."""
    tally = Tally()
    for clip, number in tqdm(todo, desc="masks", mininterval=5, disable=quiet):
        combined = mask_frame(predictor, clip.pictures()[number], clip.segments)
        path = clip.mask_file(number)
        part = part_of(path)
        with open(part, "wb") as file:
            np.save(file, combined)
        settle(part, path)
        seen = len(np.setdiff1d(combined, [0]))
        tally.masks, tally.segments = tally.masks + 1, tally.segments + seen
        tally.empty += len(clip.segments) - seen
    return tally


def overview(clips: Sequence[Clip]) -> Image.Image:
    """Returns a sheet of clips from all parts of the dataset.

    It shows up to four pictures of each clip, with boxes, masks and names on top.
    """
    return contact_sheet(
        [
            (clip.id, [_laid_over(clip, number) for number in _spread(len(clip.pictures()), SHEET_FRAMES)])
            for clip in (clips[i] for i in _spread(len(clips), SHEET_CLIPS))
        ]
    )


def _spread(count: int, most: int) -> list[int]:
    return sorted({round(i) for i in np.linspace(0, count - 1, min(count, most))})


def _laid_over(clip: Clip, number: int) -> SheetFrame:
    frame = StoryFrame(clip, number, "")
    picture, mask = frame.picture(), frame.mask()
    if mask is None or mask.shape != picture.size[::-1]:
        found = "missing" if mask is None else mask.shape
        raise StoryError(f"{clip.mask_file(number)} is {found}, and its picture {picture.size[::-1]}.")
    for colour, segment in zip(cycle(COLOURS), clip.segments, strict=False):
        own = Image.fromarray(np.where(mask == segment.id, 150, 0).astype(np.uint8))
        picture.paste(Image.new("RGB", picture.size, colour), (0, 0), own)
        x1, y1, x2, y2 = segment.box_in(*picture.size)
        if x1 <= x2 and y1 <= y2:
            ImageDraw.Draw(picture).rectangle(
                (x1, y1, x2, y2), outline=colour, width=picture.width // 128 + 1
            )
    lost = [segment.word for segment in clip.segments if not (mask == segment.id).any()]
    words = ", ".join(f"{segment.id} {segment.word}" for segment in clip.segments)
    return SheetFrame(picture, f"picture {number}: {words}", f"no pixel: {', '.join(lost)}" if lost else "")


def load_predictor(checkpoint: str, model_type: str, device: torch.device) -> BoxPredictor:
    """Returns segment-anything with the weights of `checkpoint`.

    StoryError if the package, the type or the file do not fit.
    """
    try:
        from segment_anything import SamPredictor, sam_model_registry
    except (ImportError, RuntimeError) as error:  # a torchvision for another torch raises a RuntimeError
        raise StoryError(
            f"segment-anything does not load here ({error}); install requirements-full-size.txt in an "
            "environment of its own, with the torchvision that is built for its torch"
        ) from error
    if model_type not in sam_model_registry:
        raise StoryError(f"--model-type {model_type}: there are {', '.join(sorted(sam_model_registry))}")
    sam = sam_model_registry[model_type]()
    fit(sam, tensors_of(read_weights(checkpoint), checkpoint), checkpoint)
    return SamPredictor(sam.to(device))


def run(
    clips: Sequence[Clip], predictor: BoxPredictor, accelerator: Accelerator, sheet: Path | None = None
) -> Tally:
    """Does this process's share of the work. The first process then makes the sheet, once all have finished.

    Returns the tally of this share.
    """
    for folder in {clip.mask_file(0).parent for clip in clips}:
        folder.mkdir(exist_ok=True)
    todo = unfinished(clips)
    accelerator.wait_for_everyone()  # nobody may write before all have made the same list
    share = todo[accelerator.process_index :: accelerator.num_processes]
    tally = write_masks(share, predictor, quiet=not accelerator.is_main_process)
    accelerator.wait_for_everyone()
    if sheet is not None and accelerator.is_main_process and clips:
        sheet.parent.mkdir(parents=True, exist_ok=True)
        overview(clips).save(sheet)
    return tally


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m training.masks", description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, metavar="DIR", help="dataset in the authors' layout")
    parser.add_argument("--checkpoint", required=True, help="segment-anything's weights, a .pth file")
    parser.add_argument("--model-type", default="vit_h", help="vit_h (default), vit_l or vit_b")
    parser.add_argument("--sheet", type=Path, help="picture file of an overview, written at the end")
    args = parser.parse_args(argv)
    accelerator = make_accelerator(kwargs_handlers=[InitProcessGroupKwargs(timeout=PATIENCE)])
    try:
        clips = annotated_clips(args.folder)  # reports bad data before a large model is loaded
        predictor = load_predictor(args.checkpoint, args.model_type, accelerator.device)
        tally = run(clips, predictor, accelerator, args.sheet)
    except StoryError as error:
        sys.exit(str(error))
    done = f"{tally.masks} masks, {tally.segments} characters, {tally.empty} without a pixel"
    print(f"process {accelerator.process_index}: {done}")
    accelerator.end_training()


if __name__ == "__main__":
    main()
