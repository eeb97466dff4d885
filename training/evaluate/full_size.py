"""`python -m training.evaluate.full_size --dataset DIR --drawn FOLDER --json FILE`: the paper's table, in two columns.

"authors" repeats the released evaluation, including its mistakes, so that the numbers can be compared with the paper's.
"corrected" is what the paper says is measured. The pictures come from `training.evaluate.draw_stories` or from the
authors' own code. Each metric needs its released weights. A metric without weights is left out, and the table says so.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from PIL import Image
from tqdm.auto import tqdm

from storyboard.disk.durable import write_json
from storyboard.errors import StoryError
from training.configs.arguments import parsed
from training.data import Story, StoryDataset, StoryFrame, open_reader
from training.evaluate import text_scores
from training.evaluate.captioning import BATCH, Captioner, load_captioner
from training.evaluate.captions_file import CaptionsFile
from training.evaluate.draw_stories import given_frames, picture_file
from training.evaluate.fid import authors_stories, fid
from training.evaluate.inception import (
    InceptionV3,
    classifier_pixels,
    fid_pixels,
    in_batches,
    load_classifier,
    load_fid_network,
)
from training.evaluate.metrics import bootstrap, char_accuracy, micro_f1

# The file in the dataset folder, the scores that it gives, and the field of a clip that holds the truth.
CLASSIFIERS = (
    ("classifier_char.pt", ("Char-Acc", "Char-F1"), "labels"),
    ("classifier_bg.pt", ("BG-Acc", "BG-F1"), "background"),
)
CAPTIONER_FILE = "captioner.pth"
DISCLOSED = "the released classifiers were trained on all splits, the test clips among them"


@dataclass
class FullSizeArguments:
    dataset: str = field(
        metadata={"help": "folder of the dataset; the released evaluation weights lie in it"}
    )
    drawn: str = field(metadata={"help": "folder of the drawn stories, STORY/CLIP.png"})
    json: str = field(metadata={"help": "file of the scores; captions are kept beside it"})
    split: Literal["train", "val", "test"] = field(default="test", metadata={"help": "whose stories"})
    frames: int = field(default=4, metadata={"help": "frames a story that are drawn"})
    stories: int | None = field(default=None, metadata={"help": "how many, from the first; all by default"})
    fid_weights: str | None = field(
        default=None, metadata={"help": "pt_inception-2015-12-05-6726825d.pth, for the FID"}
    )
    captioner: str | None = field(
        default=None, metadata={"help": "BLIP-2 with OPT-2.7B, a folder or Hub id, for BLEU and CIDEr"}
    )


@dataclass(frozen=True)
class Pictures:
    """Drawn pictures and the real pictures that they correspond to, frame by frame.

    Each real picture is read only once.
    """

    stories: list[Story]
    drawn: list[Path]  # the drawn picture of every frame of every story
    real: list[StoryFrame]  # each real frame once
    place: np.ndarray  # (F,) for each frame, its place in `real`

    @property
    def frames(self) -> list[StoryFrame]:
        return [frame for story in self.stories for frame in story.frames]

    @property
    def groups(self) -> np.ndarray:
        """The number (F,) of each frame's story."""
        return np.repeat(np.arange(len(self.stories)), [len(story.frames) for story in self.stories])

    def look(self, see: Callable[[Sequence[Any]], np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Returns the results of `see` for the drawn and for the real pictures, both (F, ...).

        see: gets a list of functions that open the pictures.
        """
        drawn = see([lambda path=path: _opened(path) for path in self.drawn])
        return drawn, see([frame.picture for frame in self.real])[self.place]


def gather(stories: list[Story], folder: Path) -> Pictures:
    """Returns the drawn and the real pictures of the stories.

    StoryError if a drawn picture is missing; it says how many more are missing.
    """
    drawn = [picture_file(folder, story, number) for story in stories for number in range(len(story.frames))]
    missing = [path for path in drawn if not path.is_file()]
    if missing:
        more = f", and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise StoryError(f"{missing[0]} is missing{more}; draw them with training.evaluate.draw_stories.")
    real: dict[tuple[str, int], StoryFrame] = {}
    keys = [(frame.clip.id, frame.number) for story in stories for frame in story.frames]
    for key, frame in zip(keys, (frame for story in stories for frame in story.frames), strict=True):
        real.setdefault(key, frame)
    order = {key: place for place, key in enumerate(real)}
    return Pictures(stories, drawn, list(real.values()), np.array([order[key] for key in keys]))


def _opened(path: Path) -> Image.Image:
    try:
        with Image.open(path) as picture:
            return picture.convert("RGB")
    except (OSError, ValueError) as error:
        raise StoryError(f"{path} is no picture that can be read: {error}") from error


def classified(
    pictures: Pictures, network: InceptionV3, names: Sequence[str], truth: str, device: torch.device
) -> dict[str, dict]:
    """Returns the accuracy and the F1 of drawn and of real pictures.

    A label counts as seen if its probability is above one half. StoryError if the classifier has another number of
    labels than the clips.
    """
    labels = [getattr(frame.clip, truth) for frame in pictures.frames]
    classes = network.fc.out_features
    odd = next((f for f, row in zip(pictures.frames, labels, strict=True) if len(row) != classes), None)
    if odd is not None:
        raise StoryError(
            f"The clip {odd.clip.id} has {len(getattr(odd.clip, truth))} values in {truth}, and the classifier "
            f"{classes}; labels and classifier are of different datasets, or a labels file is missing."
        )
    network.to(device)
    drawn, real = pictures.look(_inception(network, classifier_pixels, device))
    expected = np.array(labels, dtype=bool)
    return {
        who: {
            name: asdict(bootstrap(ratio(expected, seen > 0), pictures.groups))
            for name, ratio in zip(names, (char_accuracy, micro_f1), strict=True)
        }
        for who, seen in (("drawn", drawn), ("real", real))
    }


def _inception(function: Callable, prepare: Callable, device: torch.device) -> Callable:
    def see(pictures: Sequence[Callable[[], Image.Image]]) -> np.ndarray:
        bar = tqdm(pictures, desc=prepare.__name__, mininterval=5)
        return in_batches(function, (prepare(picture()) for picture in bar), device)

    return see


def fids(pictures: Pictures, network: InceptionV3, device: torch.device) -> dict[str, float | None]:
    """Returns the FID for both ways of preparing and choosing the pictures."""
    network.to(device)
    kept = authors_stories(len(pictures.stories))
    rows = pictures.groups < kept
    drawn, real = pictures.look(_inception(network.features, classifier_pixels, device))
    theirs = fid(drawn[rows], real[rows]) if kept else None
    drawn, real = pictures.look(_inception(network.features, fid_pixels, device))
    return {"authors": theirs, "corrected": fid(drawn, real)}


def captions(pictures: Pictures, captioner: Captioner, file: CaptionsFile) -> dict[str, dict[str, float]]:
    """Returns BLEU and CIDEr in both ways, from five captions of every drawn and every real picture."""

    def see(pictures: Sequence[Callable[[], Image.Image]]) -> np.ndarray:
        rows = []
        for start in tqdm(range(0, len(pictures), BATCH), desc="captions", mininterval=5):
            rows += file.of([picture() for picture in pictures[start : start + BATCH]], captioner)
        return np.array(rows, dtype=object)

    drawn, real = (rows.tolist() for rows in pictures.look(see))
    return {
        "authors": text_scores.authors_scores([made[0] for made in drawn], real),
        "corrected": text_scores.scores(drawn, real),
    }


def evaluate(args: FullSizeArguments, device: torch.device) -> dict:
    """Returns all scores for which there are weights."""
    given = given_frames(Path(args.drawn))
    dataset = StoryDataset(open_reader(args.dataset), args.split, args.frames + given)
    count = len(dataset) if args.stories is None else min(args.stories, len(dataset))
    if count < 1:
        raise StoryError(f"There are no {args.split} stories of {args.frames} frames to look at.")
    stories = [dataset.story(index) for index in range(count)]
    drawn = [replace(story, frames=story.frames[given:]) for story in stories]
    pictures = gather(drawn, Path(args.drawn))
    told: dict = {
        "dataset": args.dataset,
        "split": args.split,
        "stories": count,
        **({"given": given} if given else {}),
        "frames": len(pictures.drawn),
    }
    told |= {"authors": {}, "corrected": {}, "real": {}, "left out": []}
    _tell_classes(told, args, pictures, device)
    if args.fid_weights:
        for column, value in fids(pictures, load_fid_network(args.fid_weights), device).items():
            told[column]["FID"] = {"value": value}
    else:
        told["left out"].append("FID: give --fid_weights")
    if args.captioner:
        _tell_captions(told, args, args.captioner, pictures, device)
    else:
        told["left out"].append("BLEU4 and CIDEr: give --captioner")
    return told


def _tell_classes(told: dict, args: FullSizeArguments, pictures: Pictures, device: torch.device) -> None:
    """Adds the scores of the classifiers. They are the same in both columns."""
    for name, scores, truth in CLASSIFIERS:
        path = Path(args.dataset) / name
        if not path.is_file():
            told["left out"].append(f"{' and '.join(scores)}: there is no {path}")
            continue
        found = classified(pictures, load_classifier(path), scores, truth, device)
        for column, who in (("authors", "drawn"), ("corrected", "drawn"), ("real", "real")):
            told[column] |= found[who]
        told["disclosed"] = DISCLOSED


def _tell_captions(
    told: dict, args: FullSizeArguments, captioner: str, pictures: Pictures, device: torch.device
) -> None:
    released = Path(args.dataset) / CAPTIONER_FILE
    weights = released if released.is_file() else None
    made_by = {"captioner": captioner, "weights": str(weights or "as the captioner has them")}
    file = CaptionsFile(Path(args.json).with_suffix(".captions.jsonl"), made_by)
    found = captions(pictures, load_captioner(captioner, weights, device), file)
    for column, values in found.items():
        told[column] |= {name: {"value": value} for name, value in values.items()}
    told["captioner"] = made_by


def table(told: dict) -> str:
    """Returns both columns as text, with the classifiers' own scores on the real pictures."""
    lines = [
        f"{told['dataset']}, {told['stories']} {told['split']} stories, {told['frames']} frames",
        f"{'':10}{'authors':>12}{'corrected':>12}{'real':>12}",
    ]
    for name in dict.fromkeys([*told["authors"], *told["corrected"]]):
        cells = [told[column].get(name, {}).get("value") for column in ("authors", "corrected", "real")]
        digits = 4 if name in ("BLEU4", "CIDEr") else 2
        lines.append(f"{name:10}" + "".join(f"{'-' if v is None else f'{v:.{digits}f}':>12}" for v in cells))
    lines += [f"left out: {reason}" for reason in told["left out"]]
    return "\n".join(lines + ([f"note: {told['disclosed']}"] if "disclosed" in told else []))


def main(argv: list[str] | None = None) -> None:
    args = parsed(FullSizeArguments, argv)
    file = Path(args.json)
    file.parent.mkdir(parents=True, exist_ok=True)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    told = evaluate(args, device)
    write_json(file, told)
    print(table(told))


if __name__ == "__main__":
    try:
        main()
    except StoryError as error:
        sys.exit(str(error))
