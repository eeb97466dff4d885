"""Runs the app like a Space, in its own process, with a renderer without a model, without an example and torch.

Without torch, `spaces` still lends its GPU in a forked process, but does not look for a device.
"""

import sys
from unittest.mock import patch

sys.modules["torch"] = None  # type: ignore[assignment]  # so Python cannot import it

from storyboard.library import Mirror  # noqa: E402  after torch is out of reach
from storyboard.ui import serve  # noqa: E402
from tests.fakes import FlatRenderer  # noqa: E402

if __name__ == "__main__":
    chosen = serve.chosen_mirror
    with patch.multiple(
        serve,
        chosen_mirror=lambda named: (found := chosen(named)) and Mirror(found.repository, every=0.5),
        example_of=lambda folder: None,  # the first visit begins an empty story
        load_pipeline=lambda folder, tell, engine: FlatRenderer(size=32),
    ):
        sys.exit(serve.main(["--engine", "torch"], program="app.py"))
