"""The one door for foreign pictures: uploads, portraits in folders, pictures in project files.

Imports neither torch nor Gradio and knows no stories. It keeps nothing of a file except its pixels, upright and in
sRGB.
"""

from __future__ import annotations

import io
import os
import threading
from contextlib import suppress

from PIL import Image, ImageCms, ImageOps

from storyboard.errors import StoryError

MAX_PIXELS = 51_000_000  # photos from phones have up to 50 million pixels
MAX_SIDE = 12_288  # a strip 50,000 pixels wide is under MAX_PIXELS and still no portrait
MAX_UPLOAD_BYTES = 32 * 2**20
UPLOAD_SIDE = 1024  # larger uploads are shrunk to this: no model reads more
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".heic", ".heif", ".avif")
_FORMATS = ("PNG", "JPEG", "WEBP", "HEIF", "AVIF")
_KINDS = "PNG, JPEG, WEBP, HEIC or AVIF"
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_ONE_OF_SEVERAL = ("MPO", "HEIF")  # phones keep more behind a photo: its depth, or the rest of a burst
_decoding = threading.Lock()  # a photo of 50 million pixels takes 150 to 400 MB while it is decoded


def read_upload(source: str | os.PathLike[str] | bytes, what: str = "The picture") -> Image.Image:
    """Returns a foreign picture as upright sRGB, at most UPLOAD_SIDE pixels a side.

    What was transparent becomes white. Takes still pictures of _KINDS up to MAX_PIXELS. Size and kind are checked
    before anything is decoded. Colours are converted from the file's colour profile; a damaged profile is ignored. Any
    other file raises a StoryError whose sentence begins with `what`.
    """
    data = source if isinstance(source, bytes) else read_at_most(source, MAX_UPLOAD_BYTES, what)
    if len(data) > MAX_UPLOAD_BYTES:
        raise StoryError(f"{what} is over {MAX_UPLOAD_BYTES // 2**20} MB; save a smaller copy and use that.")
    _read_heic_too()
    try:
        with _decoding, Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
            _check_before_decoding(picture, what)
            return _on_white(_in_srgb(ImageOps.exif_transpose(_shrunk(picture))))
    except StoryError:
        raise
    except Image.DecompressionBombError as error:
        raise StoryError(
            f"{what} has far too many pixels; save a copy of at most {MAX_PIXELS // 10**6} million and use that."
        ) from error
    except Exception as error:  # damaged bytes can make decoders raise any error
        raise StoryError(_refusal(data, what)) from error


def read_at_most(path: str | os.PathLike[str], most: int, what: str) -> bytes:
    """Returns the content of a file, or its first `most` + 1 bytes if it is longer.

    Raises a StoryError whose sentence begins with `what` if the file cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return file.read(most + 1)
    except OSError as error:
        raise StoryError(f"{what} cannot be read ({error.strerror}); check the file name.") from error


def _read_heic_too() -> None:
    """Registers the format that iPhones write with Pillow, on first use, so that importing this module does no work."""
    if "HEIF" not in Image.OPEN:
        from pi_heif import register_heif_opener

        register_heif_opener()


def _refusal(data: bytes, what: str) -> str:
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        return f"{what} is a HEIC photo that cannot be read; save it as JPEG and use that."
    return f"{what} is not a {_KINDS} picture, or is damaged; choose another file."


def _check_before_decoding(picture: Image.Image, what: str) -> None:
    width, height = picture.size
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise StoryError(
            f"{what} is {width} x {height} pixels; make it at most {MAX_SIDE} a side and {MAX_PIXELS // 10**6} million"
            " in all."
        )
    if picture.format not in _ONE_OF_SEVERAL and getattr(picture, "n_frames", 1) != 1:
        raise StoryError(f"{what} is animated; save one still picture of it and use that.")


def _shrunk(picture: Image.Image) -> Image.Image:
    """Returns the picture at most UPLOAD_SIDE a side, in a mode that can be resampled.

    Its colour profile and its orientation stay with it.
    """
    info = picture.info
    if picture.mode.startswith("I"):
        grey = picture if picture.mode == "I" else picture.convert("I")
        # These pixels have 16 bits; unscaled, all values above 255 would become white.
        picture = grey.point(lambda value: value * (1 / 257)).convert("L")
    elif picture.has_transparency_data:
        picture = picture.convert("RGBA")  # keeps transparent parts until they are put on white
    elif picture.mode not in ("RGB", "L", "CMYK"):
        picture = picture.convert("RGB")
    picture.thumbnail((UPLOAD_SIDE, UPLOAD_SIDE))  # JPEGs are decoded at about this size at once
    picture.info = {key: info[key] for key in ("icc_profile", "exif") if key in info}
    return picture


def _in_srgb(picture: Image.Image) -> Image.Image:
    """Returns the picture in sRGB as RGB or RGBA, converted from the colours of its own profile."""
    colours = picture.convert("RGB") if picture.mode == "RGBA" else picture
    profile = picture.info.get("icc_profile")
    if profile:
        # A profile that is damaged, or made for another kind of colours, is ignored.
        with suppress(ImageCms.PyCMSError, OSError, TypeError, ValueError):
            given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            colours = ImageCms.profileToProfile(colours, given, target, outputMode="RGB") or colours
    colours = colours.convert("RGB")
    if picture.mode == "RGBA":
        colours.putalpha(picture.getchannel("A"))
    return colours


def _on_white(picture: Image.Image) -> Image.Image:
    canvas = Image.new("RGB", picture.size, "white")
    canvas.paste(picture, mask=picture.getchannel("A") if picture.mode == "RGBA" else None)
    return canvas
