"""Pictures from outside: which files are read, how they look then, and what is refused."""

import io
import struct
import zlib

import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from storyboard.disk.uploads import UPLOAD_SIDE, read_upload
from storyboard.errors import StoryError
from tests.photos import HEIC


def encoded(picture: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format=kind, **options)
    return buffer.getvalue()


def png_header(width: int, height: int) -> bytes:
    """Returns a PNG that claims a size and has no pixels."""
    chunks = (b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), b"IDAT")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks
    )


def sixteen_bits(values: list[int]) -> bytes:
    """Returns a grey PNG with 16 bits for each pixel and one row of `values`."""
    row = b"\0" + struct.pack(f">{len(values)}H", *values)
    chunks = (
        b"IHDR" + struct.pack(">IIBBBBB", len(values), 1, 16, 0, 0, 0, 0),
        b"IDAT" + zlib.compress(row),
        b"IEND",
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks
    )


def swapped_profile() -> bytes:
    """Returns a colour profile in which the channel called red is blue."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"-XYZ").replace(b"bXYZ", b"rXYZ").replace(b"-XYZ", b"bXYZ")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_looks_as_its_colour_profile_says(kind):
    """The profile was ignored: photos in wide gamuts became dull, and this one had blue instead of red."""
    picture = Image.new("RGB", (16, 16), (200, 60, 60))
    red, _, blue = read_upload(encoded(picture, kind, icc_profile=swapped_profile())).getpixel((8, 8))
    assert blue > 180 and red < 80


def test_what_is_transparent_stays_so_under_a_colour_profile():
    clear = Image.new("RGBA", (4, 4), (200, 60, 60, 0))
    assert read_upload(encoded(clear, icc_profile=swapped_profile())).getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize(
    "profile",
    [b"no profile at all", swapped_profile()[:300], swapped_profile()[:40]],
    ids=(
        "none at all",
        "cut",
        "its beginning",
    ),  # a profile contains the time, and all processes must name a test alike
)
def test_a_damaged_profile_is_left_out(profile):
    picture = Image.new("RGB", (4, 4), (200, 60, 60))
    assert read_upload(encoded(picture, icc_profile=profile)).getpixel((0, 0)) == (200, 60, 60)


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_a_profile_for_other_colours_than_the_pictures_is_left_out(mode):
    picture = Image.new("RGB", (8, 8), (90, 90, 90)).convert(mode)
    seen = read_upload(encoded(picture, "JPEG", icc_profile=swapped_profile())).getpixel((4, 4))
    assert all(abs(value - 90) < 4 for value in seen)


def test_greys_of_16_bits_keep_their_shades():
    """Every value above 255 of 65,535 became white."""
    picture = read_upload(sixteen_bits([0, 257 * 64, 257 * 128, 65_535]))
    assert [picture.getpixel((x, 0))[0] for x in range(4)] == [0, 64, 128, 255]


def test_a_photo_of_50_million_pixels_is_shrunk():
    """Photos over 16 million pixels were refused, which is every photo of a modern phone."""
    assert read_upload(encoded(Image.new("RGB", (8_192, 6_144), "red"), "JPEG")).size == (1024, 768)


def test_a_heic_photo_is_read():
    picture = read_upload(HEIC)
    assert (picture.mode, picture.size, picture.info) == ("RGB", (48, 32), {})
    assert picture.getpixel((8, 8))[0] > 150 and picture.getpixel((40, 8))[2] > 150


def test_a_huge_picture_is_refused_before_it_is_decoded(monkeypatch):
    """Only the header tells its size. Memory for its pixels must never be requested."""
    monkeypatch.setattr(Image.Image, "load", lambda *_: pytest.fail("it was decoded"))
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda *_: pytest.fail("it was decoded"))
    with pytest.raises(StoryError, match="8000 x 8000 pixels"):
        read_upload(png_header(8_000, 8_000))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF"])
def test_picture_kinds_are_taken_from_bytes_and_from_a_file(kind, tmp_path):
    data = encoded(Image.new("RGB", (20, 10), "red"), kind)
    (tmp_path / "upload").write_bytes(data)
    for source in (data, tmp_path / "upload"):
        picture = read_upload(source)
        assert (picture.mode, picture.size, picture.info) == ("RGB", (20, 10), {})
        assert picture.getpixel((5, 5))[0] > 240


def test_an_upload_is_turned_upright_shrunk_and_laid_on_white():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held sideways
    turned = read_upload(encoded(Image.new("RGB", (2000, 1000)), "JPEG", exif=exif))
    assert turned.size == (UPLOAD_SIDE // 2, UPLOAD_SIDE)
    clear = read_upload(encoded(Image.new("RGBA", (4, 4), (255, 0, 0, 0))))
    assert clear.getpixel((0, 0)) == (255, 255, 255)
    assert not turned.getexif()


def test_text_in_a_png_does_not_survive():
    info = PngInfo()
    info.add_text("secret", "here")
    assert read_upload(encoded(Image.new("RGB", (4, 4)), pnginfo=info)).info == {}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a PNG, JPEG, WEBP, HEIC or AVIF"),
        (b"I am text", "not a PNG, JPEG, WEBP, HEIC or AVIF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a PNG, JPEG, WEBP, HEIC or AVIF"),
        (encoded(Image.new("RGB", (4, 4)), "GIF"), "not a PNG, JPEG, WEBP, HEIC or AVIF"),
        (encoded(Image.new("RGB", (64, 64), "red"))[:60], "damaged"),
        (HEIC[:90], "is a HEIC photo that cannot be read; save it as JPEG"),
        (png_header(50_000, 300), "50000 x 300 pixels"),
        (png_header(8_000, 8_000), "8000 x 8000 pixels"),
        (png_header(2**31 - 1, 2**31 - 1), "too many pixels; save a copy of at most 51 million"),
        (
            encoded(
                Image.new("RGB", (4, 4)),
                "WEBP",
                save_all=True,
                append_images=[Image.new("RGB", (4, 4), "red")],
            ),
            "animated",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_whatever_is_no_reasonable_picture_is_refused(data, reason):
    with pytest.raises(StoryError, match=reason):
        read_upload(data, what="The portrait of Rosa")


def test_an_oversized_or_missing_file_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr("storyboard.disk.uploads.MAX_UPLOAD_BYTES", 2**20)
    (tmp_path / "big").write_bytes(bytes(2**20 + 1))
    with pytest.raises(StoryError, match="over 1 MB"):
        read_upload(tmp_path / "big")
    with pytest.raises(StoryError, match="cannot be read"):
        read_upload(tmp_path / "none")
