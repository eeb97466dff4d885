"""What the autoencoder keeps of a picture: `python -m training.evaluate.autoencoder --json FILE`.

Real test frames go through a pipeline's autoencoder and back. The scores are the absolute error of the reconstructions,
their sharpness, and what the classifier still sees in them. With --drawn, the sharpness of pictures that the pipeline
draws from the same frames' plain captions is measured, too.

Sharpness is the variance of the Laplacian over all frames, divided by that of the real frames. 1 is as sharp as the
real frames. Ringing and dotted pictures have more.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from PIL import Image

from storyboard.disk.durable import write_json
from storyboard.errors import StoryError
from storyboard.models.latents import decode_latents, encode_pictures, to_picture
from storyboard.pipeline import StoryPipeline
from training.configs.arguments import parsed
from training.evaluate.classifier import real_picture
from training.evaluate.drawing import StoryArtist, System, weights_hash
from training.evaluate.frame_classifier import FrameClassifier, load_classifier
from training.evaluate.intervals import Estimate, estimate
from training.evaluate.metrics import score
from training.examples.pixels import pixels_of
from training.maple_lane import MapleStory, story
from training.pretrain.edges import laplacian_variance

SHOWN = 24  # frames on the sheet
ACROSS = 6


@dataclass
class AutoencoderArguments:
    json: str = field(
        metadata={"help": "file of the scores; a sheet, real over decoded, is written beside it"}
    )
    pipeline: str = field(default="assets/maple-lane", metadata={"help": "folder of the pipeline"})
    stories: int = field(default=50, metadata={"help": "test stories of four frames"})
    drawn: int = field(default=0, metadata={"help": "of them, stories that are also drawn"})
    classifier: str = field(
        default="assets/maple-lane/evaluator", metadata={"help": "folder of the classifier"}
    )
    out: str = field(default="runs/evaluate/pictures", metadata={"help": "folder of drawn pictures"})

    def __post_init__(self) -> None:
        if not 0 <= self.drawn <= self.stories or self.stories < 1:
            raise StoryError(
                f"--stories {self.stories} --drawn {self.drawn}: at least one story, and no more drawn than there are."
            )


def sharpness(pictures: Iterable[Image.Image], real: Iterable[Image.Image], groups: np.ndarray) -> Estimate:
    """Returns the sharpness of pictures, compared with the real pictures of the same frames. groups: (F,) story ids."""
    ours, theirs = (np.array([_variance(picture) for picture in some]) for some in (pictures, real))
    return estimate(lambda rows: ours[rows].mean() / theirs[rows].mean(), groups)


def _variance(picture: Image.Image) -> float:
    grey = np.asarray(picture.convert("L"), np.float64)
    return float(laplacian_variance(torch.from_numpy(grey)[None]))


@torch.inference_mode()
def decoded(vae: AutoencoderKL, picture: Image.Image) -> Image.Image:
    """Returns a picture after encoding it to latents and decoding it again."""
    pixels = pixels_of(np.array(picture))[None].to(vae.device)
    return to_picture(decode_latents(vae, encode_pictures(vae, pixels)))


def measure(
    pipeline: StoryPipeline, tales: Sequence[MapleStory], classifier: FrameClassifier
) -> tuple[dict, Image.Image]:
    """Returns the scores of the reconstructions as JSON, and their sheet."""
    scenes = [frame.scene for tale in tales for frame in tale.frames]
    groups = np.array([tale.id for tale in tales for _ in tale.frames])
    real = [real_picture(scene) for scene in scenes]
    back = [decoded(pipeline.vae, picture) for picture in real]
    off = (
        np.array(
            [np.abs(np.asarray(b, float) - np.asarray(r)).mean() for b, r in zip(back, real, strict=True)]
        )
        / 127.5
    )
    truth = classifier.names.labels_of(scenes)
    told = {
        "frames": len(real),
        "L1 of -1..1": asdict(estimate(lambda rows: off[rows].mean(), groups)),
        "sharpness": asdict(sharpness(back, real, groups)),
    }
    for name, pictures in (("decoded", back), ("real", real)):
        told[name] = {key: asdict(s) for key, s in score(truth, classifier.see(pictures), groups).items()}
    return told, sheet_of(real[:SHOWN], back[:SHOWN])


def sheet_of(real: Sequence[Image.Image], other: Sequence[Image.Image]) -> Image.Image:
    """Returns a sheet of pairs, with the real picture above. A row has ACROSS pairs."""
    width, height = real[0].size
    rows = -(-len(real) // ACROSS)
    sheet = Image.new("RGB", (ACROSS * width, 2 * rows * height), "white")
    for number, pair in enumerate(zip(real, other, strict=True)):
        for place, picture in enumerate(pair):
            sheet.paste(picture, (number % ACROSS * width, (2 * (number // ACROSS) + place) * height))
    return sheet


def measure_drawn(
    pipeline: StoryPipeline, folder: str, tales: Sequence[MapleStory], out: Path
) -> tuple[dict, Image.Image]:
    """Returns the sharpness of the pictures that the pipeline draws, and their sheet.

    The pictures are drawn from these stories' plain captions.
    """
    artist = StoryArtist(pipeline, System(weights_hash(folder), "plain", "char-ldm"), out)
    frames = [frame for tale in tales for frame in artist.draw(tale)]
    groups = np.array([frame.story.id for frame in frames])
    pictures, real = [frame.open() for frame in frames], [real_picture(f.truth.scene) for f in frames]
    told = {"frames": len(frames), "sharpness": asdict(sharpness(pictures, real, groups))}
    return told, sheet_of(real[:SHOWN], pictures[:SHOWN])


def table(told: dict) -> str:
    """Returns the scores as text to print."""
    lines = [f"{told['pipeline']}, {told['frames']} test frames"]
    for name in ("L1 of -1..1", "sharpness"):
        lines.append(
            f"{name:12} {told[name]['value']:.4f}  [{told[name]['low']:.4f}, {told[name]['high']:.4f}]"
        )
    if "drawn" in told:
        s = told["drawn"]["sharpness"]
        lines.append(
            f"{'  of drawn':12} {s['value']:.4f}  [{s['low']:.4f}, {s['high']:.4f}], {s['of']} frames"
        )
    for name, kept in told["decoded"].items():
        lines.append(f"{name:12} {kept['value']:.1f}, of real frames {told['real'][name]['value']:.1f}")
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> None:
    args = parsed(AutoencoderArguments, argv)
    classifier = load_classifier(args.classifier)
    pipeline = StoryPipeline.from_pretrained(args.pipeline, reader="carried")
    tales = [story("test", index) for index in range(args.stories)]
    file = Path(args.json)
    file.parent.mkdir(parents=True, exist_ok=True)
    told, sheet = measure(pipeline, tales, classifier)
    sheet.save(file.with_suffix(".png"))
    if args.drawn:
        drawn, sheet = measure_drawn(pipeline, args.pipeline, tales[: args.drawn], Path(args.out))
        told["drawn"] = drawn
        sheet.save(file.with_name(f"{file.stem}-drawn.png"))
    told = {"pipeline": args.pipeline, "pipeline hash": weights_hash(args.pipeline)[:16], **told}
    write_json(file, told)
    print(table(told))


if __name__ == "__main__":
    try:
        main()
    except (StoryError, OSError) as error:
        sys.exit(f"autoencoder: {error}")
