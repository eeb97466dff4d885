"""Drawing by replicas of a pipeline on other machines, or on other cores of this one, with Ray Serve.

A `ServedRenderer` on a `Cluster` is a `Renderer` for the app. Importing this package does not import Ray; the thread of
a cluster does, once there is one. Knows no stories and no pages.
"""

from storyboard.served.cluster import Cluster
from storyboard.served.local import LocalRay
from storyboard.served.opens import HubModel, Opens, PipelineFolder
from storyboard.served.renderer import ServedRenderer

__all__ = ["Cluster", "HubModel", "LocalRay", "Opens", "PipelineFolder", "ServedRenderer"]
