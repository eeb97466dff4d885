"""The frozen language model of stage 2 shared out over processes (FSDP2), for GPUs on which it does not fit whole.

Each process keeps its part of every layer, and borrows the others' for as long as it computes that layer. What is
trained stays whole on each (DDP), so checkpoints are those of any other run. Knows nothing of training.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard


def shard_language_model(language_model: Any, device: torch.device, processes: int) -> None:
    """Spread the layers of a frozen OPT or Llama over all processes, each on its `device`; the rest stays whole.

    Word embeddings and the output matrix are read outside of the model's own forward pass, where nothing would fetch
    them, so they, with positions and norms, are the rest.
    """
    if processes == 1:
        language_model.to(device)
        return
    body = language_model.model
    layers = getattr(body, "decoder", body).layers
    spread = {id(parameter) for parameter in layers.parameters()}
    whole = {parameter for parameter in language_model.parameters() if id(parameter) not in spread}
    for parameter in whole:
        parameter.data = parameter.data.to(device)  # in place: OPT's output matrix is its word embeddings
    mesh = init_device_mesh(device.type, (processes,))
    for layer in layers:
        fully_shard(layer, mesh=mesh)
    fully_shard(body, mesh=mesh, ignored_params=whole)  # it alone knows which layer comes next
