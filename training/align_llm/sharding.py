"""Spreads the frozen language model of stage 2 over processes (FSDP2), for GPUs that cannot hold it whole.

Each process keeps its part of every layer. While it computes a layer, it borrows the parts of the other processes. The
trained weights stay whole on each process (DDP), so the checkpoints are the same as in any other run. Imports nothing
of the training code.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard


def shard_language_model(language_model: Any, device: torch.device, processes: int) -> None:
    """Spreads the layers of a frozen OPT or Llama over all processes, each on its `device`. The rest stays whole.

    The rest is the word embeddings, the output matrix, positions and norms. The embeddings and the output matrix are
    read outside the model's own forward pass, and FSDP2 would not fetch their parts there.
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
    fully_shard(body, mesh=mesh, ignored_params=whole)  # only the body knows which layer comes next
