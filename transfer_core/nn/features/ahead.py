"""What a run that is likely to come will need, made before it comes: its base, and that converted for LiteRT."""

from transfer_core.backbones.catalog import get_base
from transfer_core.backbones.weights import weights_id
from transfer_core.disk.workspace import Workspace
from transfer_core.jobs.standby import Likely
from transfer_core.nn.backbones.build import build_ahead
from transfer_core.nn.features.extract import Origin, convert_ahead
from transfer_core.nn.features.model import POOLED, feature_model

__all__ = ["get_ready_for"]


def get_ready_for(workspace: Workspace, likely: Likely) -> None:
    """Build the base and, where only a head will train on it, convert it, as the run would.

    Raises:
        TransferError: what the run would be refused for, too.
    """
    base = build_ahead(workspace, likely.base, likely.weights, likely.seed)
    if likely.head_only:
        spec = get_base(likely.base)
        origin = Origin(
            spec.name, weights_id(workspace, spec, likely.weights, likely.seed), spec.input_size, "", spec.litert
        )
        convert_ahead(workspace, feature_model(spec, base, [POOLED]), [POOLED], origin, likely.photos)
